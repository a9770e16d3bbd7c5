"""Golden cases of conversion rules as documents: reads them, runs them, says what differs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from creditbank.domain.conversions.evaluate import best_for, convert
from creditbank.domain.conversions.model import (
    UNIT_CARRIERS,
    Around,
    Course,
    Item,
    Possibility,
    Standing,
    Target,
    TargetKind,
)
from creditbank.domain.explanation import Refusal
from creditbank.domain.rules.cases import Difference, codes_of
from creditbank.domain.rules.decision import Context, Outcome
from creditbank.domain.rules.facts import read_answers
from creditbank.domain.rules.model import Count, Ruling
from creditbank.domain.rules.places import Place, Problem, UnreadableError
from creditbank.domain.rules.read_cells import no_doubles
from creditbank.domain.values import Hundredths, Text, format_credit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from creditbank.domain.conversions.compile import CompiledConversions
    from creditbank.domain.conversions.model import ConversionRules

SCHEMA = "creditbank.conversion_cases/1"
COURSES_SCHEMA = "creditbank.courses/1"
MOST_CASES = 10_000
MOST_COURSES = 100_000


@dataclass(frozen=True, slots=True)
class Expected:
    """What a case demands; ``None`` and empty parts demand nothing. ``makes`` is credit by target."""

    ruling: Ruling
    row: str | None
    uses: Mapping[str, Hundredths] | None
    makes: Mapping[str, Hundredths] | None
    grade: str | None
    surplus: Hundredths | None
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConversionCase:
    """Items with what is known around them, the row or target asked for, and what is expected."""

    id: str
    name: str
    items: tuple[Item, ...]
    around: Around
    asked: str | Target
    course: str | None
    """The course meant, where the row asked for goes into any course of a category."""
    expected: Expected


@dataclass(frozen=True, slots=True)
class CaseResult:
    """A case that was run; it is green when nothing differs. No answer: no row has the target."""

    case: ConversionCase
    answer: Possibility | None
    differences: tuple[Difference, ...]


def read_conversion_cases(data: Mapping[str, Any], rules: ConversionRules) -> tuple[ConversionCase, ...]:
    """The golden cases of a document, which must belong to the rules.

    Raises:
        UnreadableError: with every problem found, each with its path.
    """
    place = Place(data).object(("schema", "rules", "cases"))
    if place.named("schema").value != SCHEMA:
        place.named("schema").fail(f"expected {SCHEMA}")
    if place.named("rules").code() != rules.code:
        place.named("rules").fail(f"these cases belong to {place.named('rules').value}, not to {rules.code}")
    cases = place.named("cases").each(lambda item: _case(item, rules), MOST_CASES)
    no_doubles(place.named("cases"), [case.id for case in cases])
    return cases


def read_courses(data: Mapping[str, Any]) -> dict[str, Course]:
    """The courses of a document by code, which rules on files are checked against.

    Raises:
        UnreadableError: with every problem found, each with its path.
    """
    place = Place(data).object(("schema", "courses"))
    if place.named("schema").value != COURSES_SCHEMA:
        place.named("schema").fail(f"expected {COURSES_SCHEMA}")
    courses = place.named("courses").each(_course, MOST_COURSES)
    no_doubles(place.named("courses"), [course.code for course in courses])
    return {course.code: course for course in courses}


def run_conversion_case(compiled: CompiledConversions, case: ConversionCase) -> CaseResult:
    """Evaluate a golden case and compare."""
    if isinstance(case.asked, Target):
        answer = best_for(compiled, case.asked, case.items, case.around)
    else:
        answer = convert(compiled, case.asked, case.items, case.around, course=case.course)
    if answer is None:
        return CaseResult(case, None, (Difference("row", "a row with this target", "none"),))
    wanted = case.expected
    uses = {use.item: use.credit for use in answer.uses}
    makes = {str(made.target): made.credit for made in answer.made}
    pairs: list[tuple[str, object, object]] = [("ruling", wanted.ruling, answer.ruling)]
    pairs += [
        (name, one, other)
        for name, one, other in (
            ("row", wanted.row, answer.row),
            ("uses", _amounts_said(wanted.uses), _amounts_said(uses)),
            ("makes", _amounts_said(wanted.makes), _amounts_said(makes)),
            ("grade", wanted.grade, answer.grade),
            ("surplus", wanted.surplus, answer.surplus),
        )
        if one is not None
    ]
    said = codes_of(answer.explanation)
    pairs += [("codes", code, code if code in said else "") for code in wanted.codes]
    return CaseResult(
        case, answer, tuple(Difference(what, str(one), str(other)) for what, one, other in pairs if one != other)
    )


def _amounts_said(amounts: Mapping[str, Hundredths] | None) -> str | None:
    if amounts is None:
        return None
    return ", ".join(f"{name} {format_credit(credit)}" for name, credit in sorted(amounts.items()))


def _case(place: Place, rules: ConversionRules) -> ConversionCase:
    place.object(
        ("id", "on", "items", "expect"),
        ("name", "row", "to", "course", "courses", "complete", "used", "held", "planned", "passed", "units"),
    )
    if place.given("row") == place.given("to"):
        place.fail("a case asks for exactly one of row, to")
    counted = {cap.id for cap in rules.cap if isinstance(cap.maximum, Count)}
    used, held = place.named("used"), place.named("held")
    if used.value is not None:
        used.object((), tuple(cap.id for cap in rules.cap))
    if held.value is not None:
        held.object((), tuple(part.id for part in rules.prerequisite))
    courses = place.named("courses").each(_course)
    context = Context(
        place.named("on").day(),
        used={
            name: at.whole(0, MOST_CASES) if name in counted else at.amount()
            for name, at in (used.names() if used.value is not None else ())
        },
        held=_amounts(held) or {},
        passed=frozenset(place.named("passed").each(Place.code)) if place.given("passed") else None,
        planned=_amounts(place.named("planned")) or {},
    )
    asked: str | Target
    if place.given("row"):
        asked = place.named("row").one_of(tuple(row.id for row in rules.rows))
    else:
        asked = _target(place.named("to"))
    items = place.named("items").each(lambda item: _item(item, rules))
    no_doubles(place.named("items"), [item.id for item in items])
    return ConversionCase(
        id=place.named("id").code(),
        name=place.named("name").text() if place.given("name") else "",
        items=items,
        around=Around(
            context,
            {course.code: course for course in courses},
            _units(place.named("units")),
            complete=place.named("complete").flag(),
        ),
        asked=asked,
        course=place.named("course").code() if place.given("course") else None,
        expected=_expected(place.named("expect")),
    )


def _units(place: Place) -> dict[tuple[str, str], frozenset[str]]:
    """What the table of certification units says: lines of a unit and what carries it."""
    found: dict[tuple[str, str], set[str]] = {}
    for at in place.items(MOST_CASES) if place.value is not None else ():
        at.object(("unit", "kind", "code"))
        carrier = at.named("kind").one_of(UNIT_CARRIERS), at.named("code").code()
        found.setdefault(carrier, set()).add(at.named("unit").code())
    return {carrier: frozenset(units) for carrier, units in found.items()}


def _item(place: Place, rules: ConversionRules) -> Item:
    place.object(("id", "facts", "credit"), ("expires_on",))
    facts = {name: at.value for name, at in place.named("facts").names()}
    outcome = read_answers(rules.facts, facts)
    if isinstance(outcome, Refusal):
        path = place.named("facts").path
        raise UnreadableError(
            tuple(Problem(path, f"{line.facts.get('name')}: {line.code}") for line in outcome.explanation)
        )
    assert isinstance(outcome, Outcome)
    name = place.named("id").code()
    expires = place.named("expires_on").day() if place.given("expires_on") else None
    return Item(name, Text(name, name), outcome, place.named("credit").amount(), expires)


def _course(place: Place) -> Course:
    place.object(("code", "credit"), ("category", "nature", "retired", "standing"))
    code = place.named("code").code()
    standing = place.named("standing")
    return Course(
        code,
        Text(code, code),
        place.named("credit").amount(),
        place.named("category").code() if place.given("category") else "",
        place.named("nature").code() if place.given("nature") else "",
        place.named("retired").flag(),
        Standing(standing.one_of(tuple(Standing))) if standing.value is not None else Standing.OPEN,
    )


def _target(place: Place) -> Target:
    if isinstance(place.value, str):
        return Target(TargetKind(place.one_of((TargetKind.ELECTIVE,))))
    kinds = tuple(kind.value for kind in TargetKind if kind is not TargetKind.ELECTIVE)
    place.object((), kinds)
    if len(place.value) != 1:
        place.fail(f"a target is elective or exactly one of {', '.join(kinds)}")
    [(kind, at)] = place.names()
    return Target(TargetKind(kind), at.code())


def _amounts(place: Place) -> dict[str, Hundredths] | None:
    return None if place.value is None else {name: at.amount() for name, at in place.names()}


def _expected(place: Place) -> Expected:
    place.object(("ruling",), ("row", "uses", "makes", "grade", "surplus", "codes"))
    return Expected(
        ruling=Ruling(place.named("ruling").one_of(tuple(Ruling))),
        row=place.named("row").code() if place.given("row") else None,
        uses=_amounts(place.named("uses")),
        makes=_amounts(place.named("makes")),
        grade=place.named("grade").text() if place.given("grade") else None,
        surplus=place.named("surplus").amount() if place.given("surplus") else None,
        codes=place.named("codes").each(Place.code),
    )
