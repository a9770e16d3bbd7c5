"""Outcomes and golden cases as documents: reads them, runs them, says what differs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from creditbank.domain.explanation import Line, Refusal
from creditbank.domain.rules.decision import Context, Proposal
from creditbank.domain.rules.evaluate import evaluate
from creditbank.domain.rules.facts import read_outcome
from creditbank.domain.rules.model import Count, RuleSet, Ruling
from creditbank.domain.rules.places import Place, Problem, UnreadableError
from creditbank.domain.values import Hundredths, format_credit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from creditbank.domain.explanation import Explanation
    from creditbank.domain.rules.compile import Compiled

OUTCOMES_SCHEMA = "creditbank.outcomes/1"
CASES_SCHEMA = "creditbank.cases/1"
MOST_OUTCOMES = 100_000

_ASKED = ("id", "facts", "claimed_on")
_KNOWN = ("name", "used", "beside", "earlier", "held", "planned", "passed")


@dataclass(frozen=True, slots=True)
class Expected:
    """What a case demands; ``None`` and empty parts demand nothing.

    ``codes`` must all occur somewhere in the explanation; ``figures`` are demanded by the id of the figure.
    ``problems`` are the facts that must be complained about; then there is no ruling.
    """

    ruling: Ruling | None
    credit: Hundredths | None
    row: str | None
    category: str | None
    level: str | None
    expires_on: date | None
    codes: tuple[str, ...]
    figures: Mapping[str, Hundredths]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One outcome with what is known around it, and what a golden case expects."""

    id: str
    name: str
    facts: Mapping[str, Any]
    context: Context
    expected: Expected | None = None


@dataclass(frozen=True, slots=True)
class CaseFile:
    """The cases of one document; ``rules`` is the code of the rule set they belong to."""

    rules: str
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """One demand that was not met."""

    what: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class CaseResult:
    """A case that was run; it is green when nothing differs."""

    case: Case
    answer: Proposal | Refusal
    differences: tuple[Difference, ...]


def read_outcomes(data: Mapping[str, Any], rule_set: RuleSet) -> tuple[Case, ...]:
    """The outcomes of a document; their facts are judged only when they are evaluated.

    Raises:
        UnreadableError: with every problem found, each with its path.
    """
    place = _headed(data, OUTCOMES_SCHEMA, ("outcomes",))
    return _unique(place.named("outcomes"), lambda item: _case(item, rule_set, expects=False))


def read_cases(data: Mapping[str, Any], rule_set: RuleSet) -> CaseFile:
    """The golden cases of a document, which must belong to the rule set.

    Raises:
        UnreadableError: with every problem found, each with its path.
    """
    place = _headed(data, CASES_SCHEMA, ("rules", "cases"))
    rules = place.named("rules").code()
    if rules != rule_set.code:
        place.named("rules").fail(f"these cases belong to {rules}, not to {rule_set.code}")
    return CaseFile(rules, _unique(place.named("cases"), lambda item: _case(item, rule_set, expects=True)))


def answer_case(compiled: Compiled, case: Case) -> Proposal | Refusal:
    """The proposal for a case's outcome, or why its facts cannot be evaluated."""
    outcome = read_outcome(compiled.rules, case.facts)
    return outcome if isinstance(outcome, Refusal) else evaluate(compiled, outcome, case.context)


def run_case(compiled: Compiled, case: Case) -> CaseResult:
    """Evaluate a golden case and compare."""
    answer = answer_case(compiled, case)
    expected = case.expected
    if expected is None:
        return CaseResult(case, answer, ())
    pairs: list[tuple[str, object, object]] = []
    if isinstance(answer, Refusal):
        named = sorted({str(line.facts.get("name", "")) for line in answer.explanation})
        pairs.append(("problems", ", ".join(sorted(expected.problems)) or "none", ", ".join(named)))
    else:
        pairs.append(("problems", ", ".join(sorted(expected.problems)) or "none", "none"))
        pairs += [
            (name, wanted, getattr(answer, name))
            for name in ("ruling", "credit", "row", "category", "level", "expires_on")
            if (wanted := getattr(expected, name)) is not None
        ]
        said = codes_of(answer.explanation)
        given = {figure.id: figure.amount for figure in answer.figures}
        pairs += [
            (f"figures.{name}", format_credit(amount), format_credit(given[name]) if name in given else "")
            for name, amount in expected.figures.items()
        ]
        pairs += [("codes", code, "" if code not in said else code) for code in expected.codes]
    return CaseResult(
        case,
        answer,
        tuple(
            Difference(what, _shown(what, wanted), _shown(what, found))
            for what, wanted, found in pairs
            if wanted != found
        ),
    )


def codes_of(explanation: Explanation) -> tuple[str, ...]:
    """Every code of an explanation, from the top down."""

    def below(line: Line) -> tuple[str, ...]:
        return (line.code, *(code for inner in line.lines for code in below(inner)))

    return tuple(code for line in explanation for code in below(line))


def _shown(what: str, value: object) -> str:
    return format_credit(value) if what == "credit" and isinstance(value, int) else str(value)


def _headed(data: Mapping[str, Any], schema: str, names: tuple[str, ...]) -> Place:
    place = Place(data).object(("schema", *names))
    if place.named("schema").value != schema:
        place.named("schema").fail(f"expected {schema}")
    return place


def _unique(place: Place, read: Any) -> tuple[Case, ...]:
    cases: tuple[Case, ...] = place.each(read, MOST_OUTCOMES)
    seen: set[str] = set()
    doubles = [case.id for case in cases if case.id in seen or seen.add(case.id)]  # type: ignore[func-returns-value]
    if doubles:
        raise UnreadableError(tuple(Problem(place.path, f"the id {double} is used twice") for double in doubles))
    return cases


def _case(place: Place, rule_set: RuleSet, *, expects: bool) -> Case:
    place.object((*_ASKED, "expect") if expects else _ASKED, _KNOWN)
    facts = {name: at.value for name, at in place.named("facts").names()}
    return Case(
        id=place.named("id").code(),
        name=place.named("name").text() if place.given("name") else "",
        facts=facts,
        context=Context(
            place.named("claimed_on").day(),
            used=_used(place.named("used"), rule_set),
            beside=_amounts(place.named("beside"), [cap.id for cap in rule_set.cap if cap.beside]),
            earlier=_amounts(place.named("earlier"), [choose.id for choose in rule_set.choose]),
            held=_amounts(place.named("held"), [part.id for part in rule_set.prerequisite]),
            passed=frozenset(place.named("passed").each(Place.code))
            if place.named("passed").value is not None
            else None,
            planned={name: at.amount() for name, at in place.named("planned").names()}
            if place.given("planned")
            else {},
        ),
        expected=_expected(place.named("expect"), rule_set) if expects else None,
    )


def _used(place: Place, rule_set: RuleSet) -> dict[str, int]:
    """What is used of each cap: an amount of credit, or a count where the cap counts."""
    if place.value is None:
        return {}
    counted = {cap.id for cap in rule_set.cap if isinstance(cap.maximum, Count)}
    place.object((), tuple(cap.id for cap in rule_set.cap))
    return {name: at.whole(0, 10_000) if name in counted else at.amount() for name, at in place.names()}


def _amounts(place: Place, known: list[str]) -> dict[str, Hundredths]:
    if place.value is None:
        return {}
    place.object((), tuple(known))
    return {name: at.amount() for name, at in place.names()}


def _expected(place: Place, rule_set: RuleSet) -> Expected:
    place.object((), ("ruling", "credit", "row", "category", "level", "expires_on", "figures", "codes", "problems"))
    ruling, problems = place.named("ruling"), place.named("problems").each(Place.name)
    if (ruling.value is None) != bool(problems):
        place.fail("a case expects either a ruling or problems with facts")

    def code(name: str) -> str | None:
        return place.named(name).code() if place.given(name) else None

    return Expected(
        ruling=None if problems else Ruling(ruling.one_of(tuple(Ruling))),
        credit=place.named("credit").amount() if place.given("credit") else None,
        row=code("row"),
        category=code("category"),
        level=code("level"),
        expires_on=place.named("expires_on").day() if place.given("expires_on") else None,
        codes=place.named("codes").each(Place.code),
        figures=_amounts(place.named("figures"), [figure.id for figure in rule_set.figures]),
        problems=problems,
    )
