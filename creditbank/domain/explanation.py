"""Explanations: why a decision came out as it did, as data that any language can say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Self

from creditbank.domain.values import Amount, Text, format_credit

Fact = str | int | Text | Amount
"""What an explanation may mention: words, whole numbers, bilingual text, amounts of credit."""

_PLACE = re.compile(r"\{([a-z_][a-z0-9_]*)\}")


class Sentence(str):
    """An English sentence that still knows its code and its facts, so that a page says it in the reader's language.

    It is made where a text is expected, such as the message of an exception; whoever only prints it sees a text.
    """

    __slots__ = ("code", "facts")
    code: str
    facts: Mapping[str, Fact]

    def __new__(cls, messages: Mapping[str, str], code: str, /, **facts: Fact) -> Self:
        """The sentence of a code in its module's ``MESSAGES``, with these facts in its places."""
        said = {name: _in_english(fact) for name, fact in facts.items()}
        made = super().__new__(cls, _PLACE.sub(lambda place: said.get(place[1], place[0]), messages[code]))
        made.code, made.facts = code, MappingProxyType(facts)
        return made


def _in_english(fact: Fact) -> str:
    match fact:
        case Text():
            return fact.said_in("en")
        case Amount(hundredths):
            return format_credit(hundredths)
        case _:
            return str(fact)


class Verdict(StrEnum):
    """What one line says about the matter; the order is from harmless to blocking."""

    NOTE = "note"
    YES = "yes"
    ASK = "ask"
    NO = "no"


_RANK = {verdict: rank for rank, verdict in enumerate(Verdict)}


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence of an explanation.

    ``code`` names the sentence in its module's ``MESSAGES`` (English with ``{fact}`` places, translated in the
    rooms of ``creditbank/locale``); ``facts`` fill the places; ``clause`` quotes the regulation; ``lines`` are the
    reasons underneath.
    """

    code: str
    verdict: Verdict = Verdict.NOTE
    facts: Mapping[str, Fact] = field(default_factory=lambda: MappingProxyType({}))
    clause: Text | None = None
    lines: tuple[Line, ...] = ()

    def worst(self) -> Verdict:
        """The most serious verdict here or underneath."""
        return max((self.verdict, *(line.worst() for line in self.lines)), key=_RANK.__getitem__)


Explanation = tuple[Line, ...]
"""The sentences of one decision, in reading order."""


def worst(explanation: Explanation) -> Verdict:
    """The most serious verdict of an explanation; an empty one is a note."""
    return max((line.worst() for line in explanation), key=_RANK.__getitem__, default=Verdict.NOTE)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A decision not to act: a value with its reasons, never an exception."""

    explanation: Explanation

    @classmethod
    def because(cls, code: str, **facts: Fact) -> Refusal:
        """A refusal with a single reason."""
        return cls((Line(code, Verdict.NO, facts),))


def to_data(explanation: Explanation) -> list[dict[str, Any]]:
    """Plain JSON data of an explanation; :func:`from_data` reads it back."""
    return [_line_data(line) for line in explanation]


def from_data(data: list[dict[str, Any]]) -> Explanation:
    """The explanation that :func:`to_data` wrote."""
    return tuple(_line(item) for item in data)


def fact_data(fact: Fact) -> Any:
    """Plain JSON data of one fact; :func:`fact_of` reads it back."""
    match fact:
        case Amount(hundredths):
            return {"credit": hundredths}
        case Text(zh, en):
            return {"zh": zh, "en": en}
        case _:
            return fact


def fact_of(data: Any) -> Fact:
    """The fact that :func:`fact_data` wrote."""
    if isinstance(data, dict):
        return Amount(data["credit"]) if "credit" in data else Text(data["zh"], data["en"])
    return data  # type: ignore[no-any-return]


def _line_data(line: Line) -> dict[str, Any]:
    data: dict[str, Any] = {"code": line.code, "verdict": line.verdict.value}
    if line.facts:
        data["facts"] = {name: fact_data(fact) for name, fact in line.facts.items()}
    if line.clause is not None:
        data["clause"] = {"zh": line.clause.zh, "en": line.clause.en}
    if line.lines:
        data["lines"] = [_line_data(below) for below in line.lines]
    return data


def _line(data: Mapping[str, Any]) -> Line:
    clause = data.get("clause")
    return Line(
        code=data["code"],
        verdict=Verdict(data["verdict"]),
        facts={name: fact_of(value) for name, value in data.get("facts", {}).items()},
        clause=Text(clause["zh"], clause["en"]) if clause else None,
        lines=tuple(_line(below) for below in data.get("lines", ())),
    )
