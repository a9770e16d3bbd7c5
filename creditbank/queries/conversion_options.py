"""What a learner's credit can become at an institution: every target by all rules, and why not."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from creditbank.domain.conversions.application import OPEN, fingerprint
from creditbank.domain.conversions.compile import CompiledConversions, compile_conversions
from creditbank.domain.conversions.credit_lots import Lot, item_of
from creditbank.domain.conversions.evaluate import convert, possibilities, serving
from creditbank.domain.conversions.model import (
    Around,
    ConversionRules,
    Course,
    Possibility,
    Standing,
    Target,
    TargetKind,
)
from creditbank.domain.conversions.read import KIND
from creditbank.domain.conversions.trace import targets_said
from creditbank.domain.rules.decision import Context
from creditbank.domain.rules.model import Ruling
from creditbank.domain.values import Hundredths, Text
from creditbank.gateways.clock import day_in
from creditbank.queries import credit_lots
from creditbank.queries.courses import course_library
from creditbank.queries.frameworks import library_at, public_library, whole_units
from creditbank.queries.rule_context import Period, known_of_learner, period_of
from creditbank.queries.rules import CompositionOf, RulesInForce, all_in_force, stored_conversions
from creditbank.records.conversions import ConversionApplication
from creditbank.records.institutions import Institution
from creditbank.records.rules import RuleVersion
from creditbank.records.scope import Scope

_ORDER = (Ruling.RECOGNISE, Ruling.MANUAL, Ruling.REFUSE)


@dataclass(frozen=True, slots=True)
class Regulation:
    """A version of conversion rules in force at an institution."""

    version_id: UUID
    code: str
    number: int
    name: Text
    compiled: CompiledConversions
    composed: CompositionOf | None = None
    """Whose rules these are, where an overlay is laid on what is inherited."""
    composed_of: tuple[str, ...] = ()
    """The versions it was laid on, from the top down, as an application stores them."""


@dataclass(frozen=True, slots=True)
class Option:
    """One thing the learner's credit could become by one row, with its rules; ``open`` where it is applied for."""

    regulation: Regulation
    one: Possibility
    targets: Text
    credit: Hundredths
    open: str = ""
    """The number of the application that is open for it."""

    @property
    def course(self) -> str:
        """The course, where the row leads into any course of a category and this is one of them."""
        row = self.regulation.compiled.rules.rows[self.regulation.compiled.number[self.one.row]]
        return self.one.targets[0].code if row.targets[0].kind is TargetKind.COURSE_OF else ""

    @property
    def seen(self) -> str:
        """What a person saw of it, so that nothing else is applied for."""
        return fingerprint(self.regulation.version_id, self.one)


@dataclass(frozen=True, slots=True)
class Holdings:
    """All that answers what a learner's credit can become on a day, read once."""

    regulations: tuple[Regulation, ...]
    lots: tuple[Lot, ...]
    courses: Mapping[str, Course]
    units: Mapping[tuple[str, str], frozenset[str]]
    waiting: tuple[tuple[str, str, str, int], ...]
    """Of each open application its number, targets, category and hundredths of what it would make."""
    around: Mapping[UUID, Around]


_LOTS = f"""
SELECT coalesce(balance.amount, 0), institution.code, {credit_lots.COLUMNS}
FROM lot
LEFT JOIN balance ON balance.learner_id = lot.learner_id AND balance.lot_id = lot.lot_id
  AND balance.state = 'available'
JOIN institution ON institution.id = lot.institution_id
{credit_lots.JOINS}
WHERE lot.learner_id = %(learner)s AND lot.institution_id = %(institution)s
  AND (lot.expires_on IS NULL OR lot.expires_on > %(on)s)
  AND CASE WHEN %(only)s::uuid[] IS NULL THEN balance.amount > 0 ELSE lot.lot_id = ANY(%(only)s::uuid[]) END
ORDER BY lot.lot_id
"""  # noqa: S608 - fixed fragments only
_HOLDS = """
SELECT conversion_use.lot_id, conversion_use.amount FROM conversion_use
WHERE learner_id = %(learner)s AND application_id = %(application)s AND institution_id = %(institution)s
"""
# The last word on each sitting counts; whoever passed once has passed.
_STANDINGS = """
SELECT course, bool_or(outcome IN ('pass', 'distinction', 'exempt')),
  bool_or(outcome IN ('fail', 'misconduct')) FROM (
  SELECT DISTINCT ON (course, presentation, sitting) course, outcome FROM result
  WHERE learner_id = %(learner)s AND institution_id = %(institution)s
  ORDER BY course, presentation, sitting, as_of DESC
) AS latest GROUP BY course
"""
_HELD_COURSES = """
SELECT lot.code, bool_or(lot.source_kind = 'conversion') FROM lot
JOIN balance ON balance.learner_id = lot.learner_id AND balance.lot_id = lot.lot_id AND balance.amount > 0
  AND balance.state IN ('available', 'held', 'converted', 'redeemed')
WHERE lot.learner_id = %(learner)s AND lot.institution_id = %(institution)s AND lot.code <> '' GROUP BY lot.code
"""


def regulations_of(scope: Scope, institution: UUID, on: date) -> tuple[Regulation, ...]:
    """The conversion rules in force at an institution on a day, its own and those it inherits, by code."""
    return tuple(
        _regulation(now, now.rules)
        for now in all_in_force(scope, institution=institution, kind=KIND, on=on)
        if isinstance(now.rules, ConversionRules)
    )


def regulation_at(scope: Scope, version_id: UUID, composed_of: Sequence[str] = ()) -> Regulation:
    """A stored version of conversion rules, whatever became of it since; of an overlay with what it was laid on."""
    stored = stored_conversions(scope, scope.rows(RuleVersion).get(pk=version_id), composed_of)
    assert isinstance(stored.rules, ConversionRules)
    return _regulation(stored, stored.rules)


def _regulation(now: RulesInForce, rules: ConversionRules) -> Regulation:
    compiled = compile_conversions(rules)
    return Regulation(
        now.version_id, rules.code, now.number, rules.name, compiled, now.composed, tuple(now.composed_of)
    )


def holdings_of(
    scope: Scope,
    learner: UUID,
    *,
    on: date,
    regulations: Sequence[Regulation] | None = None,
    excluding: UUID | None = None,
) -> Holdings:
    """What answers for a learner at the scope's institution on a day.

    Args:
        scope: acts for the institution.
        learner: whose credit.
        on: the day, in the institution's zone.
        regulations: those to ask; without them all in force.
        excluding: an application under decision: what it holds is all there is to use, and it does not count against
            itself.

    Raises:
        ValueError: the scope acts for no institution.
    """
    institution = scope.institution
    if institution is None:
        raise ValueError("conversion is asked of an institution")
    values = {"learner": learner, "institution": institution, "on": on, "application": excluding}
    asked = tuple(regulations) if regulations is not None else regulations_of(scope, institution, on)
    holds = None if excluding is None else dict(scope.fetch(_HOLDS, values))
    lots = [
        credit_lots.lot_of(tuple(row), credit=available if holds is None else holds[row[0]], institution=place)
        for available, place, *row in scope.fetch(_LOTS, values | {"only": None if holds is None else list(holds)})
    ]
    waiting = tuple(_waiting(scope, learner, excluding))
    courses = _courses(scope, institution, on, values)
    units, period = whole_units(library_at(scope)), period_of(scope, institution, on)
    around = {
        one.version_id: Around(
            _context(scope, learner, one, waiting, on, period), _called(one, courses), units, complete=bool(courses)
        )
        for one in asked
    }
    return Holdings(asked, tuple(lots), courses, units, waiting, around)


def holdings_of_nobody(scope: Scope, institution: UUID, lots: Sequence[Lot], *, on: date) -> Holdings:
    """What answers for somebody who holds these lots at an institution and nothing else, by what is published.

    Courses that a level above hands down are not public: a target that is not found is left to a person, not refused.
    """
    asked = regulations_of(scope, institution, on)
    courses = course_library(scope, institution, on) if asked else {}
    units, period = whole_units(public_library(scope)), period_of(scope, institution, on)
    around = {}
    for one in asked:
        rules = one.compiled.rules
        context = known_of_learner(
            scope, institution=institution, learner=None, caps=rules.cap, prerequisites=rules.prerequisite,
            version=one.version_id, on=on, period=period,
        )  # fmt: skip
        around[one.version_id] = Around(context, _called(one, courses), units)
    return Holdings(asked, tuple(lots), courses, units, (), around)


def options_of(held: Holdings) -> tuple[Option, ...]:
    """Everything the credit could become, what is possible first; of one row and target each stands once."""
    found = [
        _option(held, regulation, one)
        for regulation in held.regulations
        for one in possibilities(
            regulation.compiled,
            [item_of(regulation.compiled.rules, lot) for lot in held.lots],
            held.around[regulation.version_id],
        )
    ]
    return tuple(sorted(found, key=lambda one: (_ORDER.index(one.one.ruling), one.targets.zh, one.one.row)))


def option_of(held: Holdings, code: str, row: str, course: str = "") -> Option | None:
    """What one row of a rule set would do, or None where it is not among them."""
    regulation = next((one for one in held.regulations if one.code == code), None)
    if regulation is None or row not in regulation.compiled.number:
        return None
    around = held.around[regulation.version_id]
    try:
        one = convert(
            regulation.compiled,
            row,
            [item_of(regulation.compiled.rules, lot) for lot in held.lots],
            around,
            course=course or None,
        )
    except ValueError:
        return None
    return _option(held, regulation, one)


def pinned(held: Holdings, lots: Collection[str] | None) -> Holdings:
    """The same with these lots alone to be used; with all where none are named."""
    if lots is None:
        return held
    return replace(held, lots=tuple(lot for lot in held.lots if lot.id in lots))


def usable(held: Holdings, option: Option) -> tuple[Lot, ...]:
    """The lots that may be used for an option, those that are used first coming first."""
    regulation = option.regulation
    items = [item_of(regulation.compiled.rules, lot) for lot in held.lots]
    lots = {lot.id: lot for lot in held.lots}
    found = serving(regulation.compiled, option.one.row, items, held.around[regulation.version_id])
    return tuple(lots[item.id] for item in found)


def ask_again(scope: Scope, application: ConversionApplication) -> Option | None:
    """What the rules of an application answer now, of what is held for it; None where its row leads nowhere now."""
    zone = scope.rows(Institution).values_list("zone", flat=True).get(pk=application.institution_id)
    regulation = regulation_at(scope, application.rule_version_id, application.composed_of)
    held = holdings_of(
        scope,
        application.learner_id,
        on=day_in(application.submitted_at, zone),
        regulations=[regulation],
        excluding=application.application_id,
    )
    return option_of(held, regulation.code, application.row, application.course)


def asks_grade(option: Option) -> bool:
    """Whether the rules leave the grade to a person."""
    return any(line.code == "conversion.grade_missing" for top in option.one.explanation for line in top.lines)


def target_key(targets: Sequence[Target]) -> str:
    """The targets of a row in one text, for which an application is open once."""
    return " ".join(str(target) for target in targets)


def made_titles(held: Holdings, one: Possibility, compiled: CompiledConversions) -> list[Text]:
    """The title of each thing that is made."""
    return [
        course.title
        if made.target.kind is TargetKind.COURSE and (course := held.courses.get(made.target.code)) is not None
        else targets_said([made.target], held.courses, compiled.categories)
        for made in one.made
    ]


def _option(held: Holdings, regulation: Regulation, one: Possibility) -> Option:
    key = target_key(one.targets)
    if regulation.composed is not None:
        one = replace(one, explanation=regulation.composed.attributed(one.explanation))
    return Option(
        regulation,
        one,
        targets_said(one.targets, held.courses, regulation.compiled.categories),
        Hundredths(sum(made.credit for made in one.made)),
        next((number for number, targets, *_rest in held.waiting if targets == key), ""),
    )


def _courses(scope: Scope, institution: UUID, on: date, values: Mapping[str, Any]) -> Mapping[str, Course]:
    """The library with the learner's standing to each course, as far as results and credit tell."""
    standing = {
        course: Standing.PASSED if passed else Standing.FAILED
        for course, passed, failed in scope.fetch(_STANDINGS, values)
        if passed or failed
    }
    for course, converted in scope.fetch(_HELD_COURSES, values):
        standing[course] = Standing.CONVERTED if converted else Standing.PASSED
    library = course_library(scope, institution, on)
    return {
        code: replace(course, standing=standing[code]) if code in standing else course
        for code, course in library.items()
    }


def _called(regulation: Regulation, courses: Mapping[str, Course]) -> Mapping[str, Course]:
    """The courses with their category as the rules call it: a library often has the name where rules have a code."""
    codes = {
        name: category.code
        for category in regulation.compiled.rules.categories
        for name in (category.label.zh, category.label.en)
        if name
    }
    return {
        code: replace(course, category=codes[course.category]) if course.category in codes else course
        for code, course in courses.items()
    }


def _waiting(scope: Scope, learner: UUID, excluding: UUID | None) -> Iterator[tuple[str, str, str, int]]:
    rows = scope.rows(ConversionApplication).filter(
        learner_id=learner, institution_id=scope.institution, state__in=[state.value for state in OPEN]
    )
    for number, target, made in rows.exclude(application_id=excluding).values_list("number", "target", "made"):
        for one in made or [{"category": "", "credit": 0}]:
            yield number, target, one["category"], one["credit"]


def _context(
    scope: Scope,
    learner: UUID,
    one: Regulation,
    waiting: Sequence[tuple[str, str, str, int]],
    on: date,
    period: Period,
) -> Context:
    """Limits count what was made and what open applications would make."""
    rules = one.compiled.rules
    assert scope.institution is not None
    known = known_of_learner(
        scope, institution=scope.institution, learner=learner, caps=rules.cap, prerequisites=rules.prerequisite,
        version=one.version_id, on=on, period=period,
    )  # fmt: skip
    used = dict(known.used)
    for cap in rules.cap:
        if cap.id in used:
            used[cap.id] += sum(credit for *_said, category, credit in waiting if cap.binds(category))
    return replace(known, used=used)
