"""A place in a document: its value, its path, and what is allowed to stand there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from creditbank.domain.values import Hundredths, Text, parse_credit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_T = TypeVar("_T")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,79}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_FACTOR = re.compile(r"\d{1,9}(?:/[1-9]\d{0,8}|\.\d{1,6})?")
_DECIMAL = re.compile(r"-?\d{1,15}(?:\.\d{1,9})?")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_LONGEST_TEXT = 4_000


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a document: where it stands and what to do about it."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class UnreadableError(ValueError):
    """A document that cannot be read; ``problems`` names every place that was found."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("; ".join(str(problem) for problem in problems))


@dataclass(frozen=True, slots=True)
class Place:
    """A value of a parsed document with the path that leads to it, such as ``tables[0].rows[2].when``."""

    value: Any
    path: str = ""

    def fail(self, message: str) -> NoReturn:
        """Refuse the document because of this place."""
        raise UnreadableError((Problem(self.path, message),))

    def named(self, name: str) -> Place:
        """The place of a known name inside an object, also when it is absent (its value is then ``None``)."""
        return Place(self.value.get(name), f"{self.path}.{name}" if self.path else name)

    def given(self, name: str) -> bool:
        """Whether an object holds a name with a value."""
        return self.value.get(name) is not None

    def object(self, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> Place:
        """This place, checked to be an object with these names and no others."""
        if not isinstance(self.value, dict):
            self.fail(f"expected an object with {', '.join(required + optional)}")
        known = {*required, *optional}
        problems = [
            Problem(
                f"{self.path}.{name}" if self.path else str(name),
                # A name without a value is what is left of a text after a comma inside braces.
                f"unknown key; known are {', '.join(sorted(known))}"
                + (". If this is part of a text with a comma, put the text in quotes" if value is None else ""),
            )
            for name, value in self.value.items()
            if name not in known
        ]
        problems += [Problem(self.path, f"the key {name} is missing") for name in required if not self.given(name)]
        if problems:
            raise UnreadableError(tuple(problems))
        return self

    def names(self) -> Iterator[tuple[str, Place]]:
        """The names and places of an object whose names are free."""
        if not isinstance(self.value, dict):
            self.fail("expected an object")
        for name in self.value:
            yield str(name), self.named(name)

    def items(self, most: int = 1_000) -> list[Place]:
        """The places of a list with at most so many items."""
        if not isinstance(self.value, list | tuple):
            self.fail("expected a list")
        if len(self.value) > most:
            self.fail(f"at most {most} items are allowed here, not {len(self.value)}")
        return [Place(item, f"{self.path}[{index}]") for index, item in enumerate(self.value)]

    def each(self, read: Callable[[Place], _T], most: int = 1_000) -> tuple[_T, ...]:
        """Every item read, with the problems of all items collected; nothing when the place is absent."""
        if self.value is None:
            return ()
        done: list[_T] = []
        problems: list[Problem] = []
        for item in self.items(most):
            try:
                done.append(read(item))
            except UnreadableError as unreadable:
                problems.extend(unreadable.problems)
        if problems:
            raise UnreadableError(tuple(problems))
        return tuple(done)

    def text(self) -> str:
        """A text that is not empty."""
        if not isinstance(self.value, str) or not self.value.strip():
            self.fail("expected a text; numbers that are meant as text are written in quotes")
        if len(self.value) > _LONGEST_TEXT:
            self.fail(f"a text of at most {_LONGEST_TEXT} characters is allowed here")
        return self.value

    def both(self) -> Text:
        """One text in both languages: ``{zh: ..., en: ...}``."""
        self.object(("zh", "en"))
        return Text(self.named("zh").text(), self.named("en").text())

    def code(self) -> str:
        """A short identifier: letters, digits, ``_ . : -``."""
        if not isinstance(self.value, str) or _CODE.fullmatch(self.value) is None:
            self.fail("expected a code of letters, digits and _ . : - (at most 80, in quotes if it is a number)")
        return self.value

    def name(self) -> str:
        """A name for facts: small letters, digits and ``_``, beginning with a letter."""
        if not isinstance(self.value, str) or _NAME.fullmatch(self.value) is None:
            self.fail("expected a name of small letters, digits and _ that begins with a letter (at most 40)")
        return self.value

    def one_of(self, allowed: tuple[str, ...]) -> str:
        """One of a few words."""
        if self.value not in allowed or not isinstance(self.value, str):
            self.fail(f"expected one of {', '.join(allowed)}")
        return self.value

    def flag(self) -> bool:
        """``true`` or ``false``; absent is ``false``."""
        if self.value is None:
            return False
        if not isinstance(self.value, bool):
            self.fail("expected true or false")
        return self.value

    def whole(self, least: int, most: int) -> int:
        """A whole number between two bounds."""
        if isinstance(self.value, bool) or not isinstance(self.value, int) or not least <= self.value <= most:
            self.fail(f"expected a whole number from {least} to {most}")
        return self.value

    def amount(self, *, signed: bool = False) -> Hundredths:
        """An amount of credit such as ``"3"`` or ``"0.5"``, in hundredths."""
        if isinstance(self.value, str | int | Decimal) and not isinstance(self.value, bool):
            try:
                amount = parse_credit(str(self.value))
            except ValueError:
                self.fail('expected an amount of credit with at most two decimals, such as "3.5"')
            if amount >= 0 or signed:
                return amount
            self.fail("an amount of credit below zero is not allowed here")
        return self.fail('expected an amount of credit, such as "3.5"')

    def factor(self) -> Fraction:
        """An exact share such as ``"1/2"`` or ``"0.75"``."""
        if isinstance(self.value, str | int | Decimal) and not isinstance(self.value, bool):
            text = str(self.value)
            if _FACTOR.fullmatch(text):
                return Fraction(text)
        return self.fail('expected a factor such as "1/2" or "0.75"')

    def number(self) -> Decimal:
        """An exact decimal number."""
        if isinstance(self.value, str | int | Decimal) and not isinstance(self.value, bool):
            text = str(self.value)
            if _DECIMAL.fullmatch(text):
                return Decimal(text)
        return self.fail("expected a number")

    def day(self) -> date:
        """A calendar day written ``2026-03-01``."""
        if isinstance(self.value, date):
            return self.value
        if isinstance(self.value, str) and _DAY.fullmatch(self.value):
            try:
                return date.fromisoformat(self.value)
            except ValueError:
                pass
        return self.fail("expected a day such as 2026-03-01")
