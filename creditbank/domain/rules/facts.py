"""The facts of an outcome: what a form asks for, and how answers become typed values."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from creditbank.domain.explanation import Line, Refusal, Verdict
from creditbank.domain.rules.decision import Outcome
from creditbank.domain.rules.model import Accept, Choice, Condition, Fact, FactType, Interval, OneOf, RuleSet, Value
from creditbank.domain.values import Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MESSAGES: dict[str, str] = {
    "rules.fact_missing": "{fact} is missing.",
    "rules.fact_unknown": "{name} is not a fact of this rule set; its facts are {known}.",
    "rules.fact_not_a_choice": "{fact}: {value} is none of {choices}.",
    "rules.fact_not_a_whole_number": "{fact}: {value} is not a whole number.",
    "rules.fact_not_a_number": "{fact}: {value} is not a number.",
    "rules.fact_not_a_day": "{fact}: {value} is not a day such as 2026-03-01.",
    "rules.fact_not_yes_or_no": "{fact}: {value} is neither yes nor no.",
    "rules.fact_not_a_text": "{fact}: a text of at most 400 characters is expected.",
    "rules.fact_out_of_range": "{fact}: {value} is outside {range}.",
}

_WHOLE = re.compile(r"-?\d{1,15}")
_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,9})?")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_LONGEST_TEXT = 400
_YES_NO = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}


@dataclass(frozen=True, slots=True)
class Field:
    """One input of a deposit form, from a declared fact.

    ``kind`` is the fact's type. ``when`` names, for each earlier fact, the values for which this field is
    asked; empty means always. ``range`` has the smallest and largest value allowed, as text, empty where
    unbounded.
    """

    name: str
    label: Text
    kind: FactType
    choices: tuple[Choice, ...]
    required: bool
    when: tuple[tuple[str, tuple[str, ...]], ...]
    range: tuple[str, str]
    help: Text | None


def form_fields(rule_set: RuleSet) -> tuple[Field, ...]:
    """The inputs a form needs for one outcome, in the order the rule set declares them."""
    return tuple(
        Field(
            name=fact.name,
            label=fact.label,
            kind=fact.type,
            choices=fact.choices,
            required=not fact.optional,
            when=tuple(
                (test.fact, tuple(_shown(value) for value in test.accept.values))
                for test in fact.when
                if isinstance(test.accept, OneOf)
            ),
            range=_ends(fact.range),
            help=fact.help,
        )
        for fact in rule_set.facts
    )


def read_outcome(rule_set: RuleSet, raw: Mapping[str, Any]) -> Outcome | Refusal:
    """The typed facts of one outcome for a rule set; see :func:`read_answers`."""
    return read_answers(rule_set.facts, raw)


def read_answers(facts: Sequence[Fact], raw: Mapping[str, Any]) -> Outcome | Refusal:
    """The typed facts of one outcome; a text is understood for every type, as a form or a table sends it.

    A fact whose condition does not hold is not asked, and an answer to it is left out. A refusal has one line
    for each problem, whose facts hold ``name`` (the fact's name) and ``fact`` (its label).
    """
    problems: list[Line] = []
    values: dict[str, Value | None] = {}
    for fact in facts:
        values[fact.name] = None
        if fact.when and not holds(fact.when, values):
            continue
        given = raw.get(fact.name)
        if given is None or (isinstance(given, str) and not given.strip()):
            if not fact.optional:
                problems.append(_problem("rules.fact_missing", name=fact.name, fact=fact.label))
            continue
        answer = _value(fact, given)
        if isinstance(answer, Line):
            problems.append(answer)
        else:
            values[fact.name] = answer
    problems += [
        _problem("rules.fact_unknown", name=str(name), known=", ".join(values)) for name in raw if name not in values
    ]
    if problems:
        return Refusal(tuple(problems))
    return Outcome(tuple(values.values()))


def read_known(facts: Sequence[Fact], offered: Mapping[str, Sequence[Any]]) -> Outcome:
    """The typed values of the first that can be read of what is offered for each; else unknown, and nothing refuses.

    For what a bank knows of credit that was recognised under other rules: no form asked these questions.
    """
    values: dict[str, Value | None] = {}
    for fact in facts:
        values[fact.name] = None
        if not holds(fact.when, values):
            continue
        for given in offered.get(fact.name, ()):
            if given is None or (isinstance(given, str) and not given.strip()):
                continue
            answer = _value(fact, given)
            if not isinstance(answer, Line):
                values[fact.name] = answer
                break
    return Outcome(tuple(values.values()))


def read_part(facts: Sequence[Fact], raw: Mapping[str, Any], names: frozenset[str]) -> Outcome | None:
    """The typed values of the named facts alone, the others as if not asked; ``None`` where one cannot be read.

    For what facts alone decide: names must hold those that say whether another one is asked.
    """
    values: dict[str, Value | None] = {}
    for fact in facts:
        values[fact.name] = None
        if fact.name not in names or (fact.when and not holds(fact.when, values)):
            continue
        given = raw.get(fact.name)
        if given is None or (isinstance(given, str) and not given.strip()):
            if not fact.optional:
                return None
            continue
        answer = _value(fact, given)
        if isinstance(answer, Line):
            return None
        values[fact.name] = answer
    return Outcome(tuple(values.values()))


def asked_with(facts: Sequence[Fact], names: frozenset[str]) -> frozenset[str]:
    """The names with all facts on which it depends whether they are asked."""
    found = set(names)
    for fact in reversed(facts):
        if fact.name in found:
            found |= {cell.fact for cell in fact.when}
    return frozenset(found)


def holds(condition: Condition, values: Mapping[str, Value | None]) -> bool:
    """Whether all cells of a condition hold; a fact without a value fulfils no cell."""
    for test in condition:
        value = values[test.fact]
        if value is None or not test.accept.accepts(value):
            return False
    return True


def fact_shown(fact: Fact, value: Value) -> Text | str:
    """A fact's value as an explanation mentions it: an enum's label, else its plain text."""
    if fact.type is FactType.ENUM:
        return next(choice.label for choice in fact.choices if choice.code == value)
    if fact.type is FactType.BOOLEAN:
        return Text("是", "yes") if value else Text("否", "no")
    return _shown(value)


def cell_shown(fact: Fact, accept: Accept) -> Text:
    """What a cell accepts, in words: values by their labels, the ends of an interval."""
    if isinstance(accept, OneOf):
        words = [fact_shown(fact, value) for value in accept.values]
        texts = [word if isinstance(word, Text) else Text(word, word) for word in words]
        return Text("、".join(text.zh for text in texts), ", ".join(text.en or text.zh for text in texts))
    low, high = _ends(accept)
    if low and low == high:
        return Text(low, low)
    signs = (">" if accept.low_open else "≥", "<" if accept.high_open else "≤")
    parts = [f"{sign} {end}" for sign, end in zip(signs, (low, high), strict=True) if end]
    return Text("，".join(parts), ", ".join(parts))


def value_data(value: Value) -> str | int | bool:
    """A fact's value as a document of outcomes writes it."""
    return value if isinstance(value, bool | int) else _shown(value)


def _shown(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else str(value)


def _ends(interval: Interval | None) -> tuple[str, str]:
    if interval is None:
        return "", ""
    low, high = interval.low, interval.high
    return "" if low is None else _shown(low), "" if high is None else _shown(high)


def _range_shown(interval: Interval) -> str:
    low, high = _ends(interval)
    return f"{'(' if interval.low_open else '['}{low or '…'}, {high or '…'}{')' if interval.high_open else ']'}"


def _problem(code: str, **facts: str | Text) -> Line:
    return Line(code, Verdict.NO, facts)


def _value(fact: Fact, given: Any) -> Value | Line:
    """The typed value, or the line that says why it is none."""
    text = _plain(given) if isinstance(given, str) else None

    def refused(code: str, **more: str) -> Line:
        return _problem(code, name=fact.name, fact=fact.label, value=str(given).strip()[:80], **more)

    value: Value | None
    match fact.type:
        case FactType.ENUM:
            for choice in fact.choices:
                if choice.code == text:
                    return choice.code
            return refused("rules.fact_not_a_choice", choices=", ".join(choice.code for choice in fact.choices))
        case FactType.BOOLEAN:
            value = given if isinstance(given, bool) else _YES_NO.get(text.casefold()) if text else None
            return refused("rules.fact_not_yes_or_no") if value is None else value
        case FactType.INTEGER:
            value = _whole(given, text)
            if value is None:
                return refused("rules.fact_not_a_whole_number")
        case FactType.NUMBER:
            value = _number(given, text)
            if value is None:
                return refused("rules.fact_not_a_number")
        case FactType.DATE:
            value = _day(given, text)
            if value is None:
                return refused("rules.fact_not_a_day")
        case FactType.CODE | FactType.TEXT:
            if text is None or len(text) > _LONGEST_TEXT or not text.isprintable():
                return refused("rules.fact_not_a_text")
            return text
    if fact.range is not None and not fact.range.accepts(value):
        return refused("rules.fact_out_of_range", range=_range_shown(fact.range))
    return value


def _plain(text: str) -> str:
    """A text as it is compared: full-width digits and letters are the plain ones."""
    return text.strip() if text.isascii() else unicodedata.normalize("NFKC", text).strip()


def _whole(given: Any, text: str | None) -> int | None:
    if text is not None:
        return int(text) if _WHOLE.fullmatch(text) else None
    if isinstance(given, Decimal) and given.is_finite() and given == given.to_integral_value():
        return int(given)
    return given if isinstance(given, int) and not isinstance(given, bool) else None


def _number(given: Any, text: str | None) -> Decimal | None:
    """An exact number in one form, so that 4.50 and 4.5 are the same answer."""
    if isinstance(given, Decimal) and given.is_finite():
        text = format(given, "f")
    elif isinstance(given, int) and not isinstance(given, bool):
        text = str(given)
    if text is None or _NUMBER.fullmatch(text) is None:
        return None
    number = Decimal(text).normalize()
    return number.quantize(Decimal(1)) if number == number.to_integral_value() else number


def _day(given: Any, text: str | None) -> date | None:
    if text is not None and _DAY.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            return None
    return given if type(given) is date else None
