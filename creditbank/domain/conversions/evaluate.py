"""Evaluates conversion rules: the items a learner holds in, what they could become out."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from creditbank.domain.conversions import trace
from creditbank.domain.conversions.choose import Chosen, choose, order
from creditbank.domain.conversions.model import (
    Around,
    ConversionRow,
    Course,
    CreditOnly,
    FixedGrade,
    Full,
    Group,
    Held,
    Item,
    KeptGrade,
    Made,
    Possibility,
    Standing,
    Surplus,
    Target,
    TargetKind,
    Use,
)
from creditbank.domain.rules.days import in_time
from creditbank.domain.rules.facts import holds as condition_holds
from creditbank.domain.rules.grant import holds
from creditbank.domain.rules.limits import left_under, prepared
from creditbank.domain.rules.model import Ruling
from creditbank.domain.values import Hundredths, round_fraction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from creditbank.domain.conversions.compile import CompiledConversions
    from creditbank.domain.explanation import Line

ELECTIVE = "elective"
"""The category in which unspecified elective credit counts."""

_NONE = Hundredths(0)
_WORST = (Ruling.REFUSE, Ruling.MANUAL, Ruling.RECOGNISE)
_COURSES = (TargetKind.COURSE, TargetKind.WAIVER)


@dataclass(slots=True)
class _Held:
    """The items of a learner sorted into the groups they serve in, once for all rows."""

    serving: dict[tuple[int, int], list[Item]]
    barred: list[Line]
    doubts: dict[str, Line]
    """By item why a person has to say whether it may be used; they serve where the others do not suffice."""
    settled: dict[tuple[object, ...], _Settled]


@dataclass(frozen=True, slots=True)
class _Settled:
    """What a row does for targets of such credit and categories, whichever they are; nothing is made where it ends.

    ``first`` are the lines above those of the targets, ``then`` those underneath.
    """

    ruling: Ruling
    then: tuple[Line, ...]
    first: tuple[Line, ...] = ()
    uses: tuple[Use, ...] = ()
    made: tuple[Made, ...] = ()
    grade: str | None = None
    surplus: Hundredths = _NONE


def possibilities(compiled: CompiledConversions, items: Sequence[Item], around: Around) -> tuple[Possibility, ...]:
    """What every row would do with the items, in the order of the rows; those that cannot say why not.

    A row into any course of a category is one possibility for each of its courses that is still offered.
    """
    held = _sorted(compiled, items, around)
    return tuple(
        _row(compiled, number, targets, held, around)
        for number, row in enumerate(compiled.rules.rows)
        for targets in _opened(row, around)
    )


def convert(
    compiled: CompiledConversions, row: str, items: Sequence[Item], around: Around, *, course: str | None = None
) -> Possibility:
    """What one row would do with the items; pass only those that may be used to pin them.

    ``course`` names the course for a row into any course of a category.

    Raises:
        KeyError: the rules have no such row.
        ValueError: the row goes into any course of a category and none of it was named.
    """
    number = compiled.number[row]
    opened = [
        targets
        for targets in _opened(compiled.rules.rows[number], around)
        if course is None or Target(TargetKind.COURSE, course) in targets
    ]
    if len(opened) != 1:
        raise ValueError(f"row {row} goes into {len(opened)} courses; name one")
    return _row(compiled, number, opened[0], _sorted(compiled, items, around), around)


def serving(compiled: CompiledConversions, row: str, items: Sequence[Item], around: Around) -> tuple[Item, ...]:
    """The items that may be used in a row, those that are used first coming first.

    Raises:
        KeyError: the rules have no such row.
    """
    number, held = compiled.number[row], _sorted(compiled, items, around)
    groups = range(len(compiled.rules.rows[number].groups))
    ids = {item.id for at in groups for item in held.serving.get((number, at), ())}
    return tuple(item for item in sorted(items, key=order) if item.id in ids)


def best_for(
    compiled: CompiledConversions,
    target: Target,
    items: Sequence[Item],
    around: Around,
    more: Sequence[Target] = (),
) -> Possibility | None:
    """The row that serves a target best: one that can, of those the one that uses least; ``None`` where none has it.

    With ``more`` targets the row makes all of them at once.
    """
    held = _sorted(compiled, items, around)
    asked = [
        _row(compiled, number, targets, held, around)
        for number, row in enumerate(compiled.rules.rows)
        if (targets := _opened_for(row, target, around)) is not None and all(other in targets for other in more)
    ]
    return min(asked, key=_preference, default=None)


def _opened_for(row: ConversionRow, target: Target, around: Around) -> tuple[Target, ...] | None:
    """A row's targets with one named, without a look at the rest of a category; nothing where it has none."""
    if row.targets[0].kind is not TargetKind.COURSE_OF:
        return row.targets if target in row.targets else None
    course = around.courses.get(target.code) if target.kind is TargetKind.COURSE else None
    if course is None or course.retired or course.category != row.targets[0].code:
        return None
    return (target,)


def _opened(row: ConversionRow, around: Around) -> list[tuple[Target, ...]]:
    """The targets of a row with courses named: its own, or each course of a category by itself."""
    if row.targets[0].kind is not TargetKind.COURSE_OF:
        return [row.targets]
    category = row.targets[0].code
    codes = [one.code for one in around.courses.values() if one.category == category and not one.retired]
    return [(Target(TargetKind.COURSE, code),) for code in sorted(codes)]


def _preference(one: Possibility) -> tuple[int, int, int, str]:
    used = sum(use.credit for use in one.uses)
    return (-_WORST.index(one.ruling), one.surplus, used, one.row)


def _sorted(compiled: CompiledConversions, items: Sequence[Item], around: Around) -> _Held:
    held = _Held({}, [], {}, {})
    # In their order once, and not again for every row and course.
    for item in sorted(items, key=order):
        reasons: list[Line] = []
        values = item.outcome.values
        part = next((part for part, tests in compiled.excludes if holds(tests, values)), None)
        ruling = part.otherwise if part is not None else Ruling.RECOGNISE
        if ruling is not Ruling.REFUSE:
            ruling = _worse(ruling, in_time(compiled.dates, values, around.context.claimed_on, reasons))
        if ruling is Ruling.REFUSE:
            held.barred.append(trace.excluded(item, part, reasons))
            continue
        if ruling is Ruling.MANUAL:
            held.doubts[item.id] = trace.doubted(item, part, reasons)
        if item.credit > 0:
            units = compiled.units_of(values, around.units)
            for place in compiled.places(values, item.credit, units):
                held.serving.setdefault(place, []).append(item)
    return held


def _row(
    compiled: CompiledConversions, number: int, targets: tuple[Target, ...], held: _Held, around: Around
) -> Possibility:
    """One row, from its targets to its items, its amounts and its limits; the first that refuses ends it.

    What only a person can settle ends nothing: the answer says what would be used and made if they settle it.
    """
    row = compiled.rules.rows[number]
    said = trace.targets_said(targets, around.courses, compiled.categories)
    reasons: list[Line] = []
    if row.ruling is not Ruling.RECOGNISE:
        reasons.append(trace.ruled(row))
    ruling = row.ruling
    if ruling is not Ruling.REFUSE:
        ruling = _worse(ruling, _targets(compiled, targets, around, reasons))
    if ruling is Ruling.REFUSE:
        explanation = trace.summary(ruling, said, 0, reasons)
        return Possibility(ruling, row.id, targets, (), (), None, row.counts, _NONE, explanation)
    courses = [around.courses.get(target.code) if target.kind in _COURSES else None for target in targets]
    # Courses of one category and credit differ in nothing but their names: the rest is the same for all of them.
    alike = (number, *[course and (course.credit, course.category) for course in courses])
    rest = held.settled.get(alike)
    if rest is None:
        rest = held.settled[alike] = _settle(compiled, number, targets, held, around)
    ruling = _worse(ruling, rest.ruling)
    named = [Made(target, one.credit, one.category) for target, one in zip(targets, rest.made, strict=False)]
    made = (*named, *rest.made[len(named) :])
    explanation = trace.summary(ruling, said, trace.total(named), [*rest.first, *reasons, *rest.then])
    return Possibility(ruling, row.id, targets, rest.uses, made, rest.grade, row.counts, rest.surplus, explanation)


def _settle(
    compiled: CompiledConversions, number: int, targets: tuple[Target, ...], held: _Held, around: Around
) -> _Settled:
    """What a row does once its targets are open: its items, its amounts, its limits, its grade."""
    row, ruling = compiled.rules.rows[number], Ruling.RECOGNISE
    reasons: list[Line] = []
    need = _need(row, targets, around)
    chosen = _items(compiled, number, row, held, need, reasons)
    if chosen is None:
        return _Settled(Ruling.REFUSE, tuple(reasons))
    if any(target.code not in around.courses for target in targets if target.kind in _COURSES):
        return _Settled(Ruling.MANUAL, tuple(reasons))
    if any(item.id in held.doubts for item in chosen.items):
        ruling = Ruling.MANUAL
    for part in compiled.rules.prerequisite:
        ready = prepared(part, compiled.categories, around.context, reasons)
        if ready is Ruling.REFUSE:
            return _Settled(ready, tuple(reasons))
        ruling = _worse(ruling, ready)
    amounts = _amounts(compiled, row, targets, chosen, around, reasons)
    made, known = _limited(compiled, row, amounts, around, reasons)
    ruling = ruling if known else Ruling.MANUAL
    credit = trace.total(made)
    if credit == 0 and any(target.kind is not TargetKind.WAIVER for target in targets):
        reasons.append(trace.nothing())
        return _Settled(Ruling.REFUSE, tuple(reasons))
    grade, known = _grade(compiled, row, chosen, reasons)
    ruling = ruling if known else Ruling.MANUAL
    uses, surplus = _uses(row, chosen, credit)
    if surplus and row.surplus is Surplus.ELECTIVE:
        made = (*made, Made(Target(TargetKind.ELECTIVE), surplus, ELECTIVE))
    spent = {use.item: use for use in uses}
    below = [
        trace.used(item, spent[item.id].credit, _by_units(compiled, group, item, around))
        for group, items in zip(row.groups, chosen.groups, strict=True)
        for item in items
    ]
    if not chosen.complete:
        below.append(trace.not_all_tried())
    kept = sum(use.left for use in uses)
    if surplus or (kept and row.surplus is Surplus.KEPT):
        reasons.append(trace.surplus_said(row.surplus, kept if row.surplus is Surplus.KEPT else surplus))
    reasons.append(trace.counts_said(row.counts))
    return _Settled(ruling, tuple(reasons), (trace.applies(row, below),), uses, made, grade, surplus)


def _targets(compiled: CompiledConversions, targets: Sequence[Target], around: Around, reasons: list[Line]) -> Ruling:
    """Whether the target courses can be converted into at all, and how the learner stands to them."""
    worst = Ruling.RECOGNISE
    for target in targets:
        if target.kind not in _COURSES:
            continue
        course = around.courses.get(target.code)
        if course is None and around.complete:
            reasons.append(trace.not_offered(target.code))
            worst = Ruling.REFUSE
            continue
        if course is None:
            reasons.append(trace.course_unknown(target.code))
            worst = _worse(worst, Ruling.MANUAL)
            continue
        worst = _worse(worst, _course(compiled, course, reasons))
    return worst


def _worse(one: Ruling, other: Ruling) -> Ruling:
    return min(one, other, key=_WORST.index)


def _course(compiled: CompiledConversions, course: Course, reasons: list[Line]) -> Ruling:
    if course.retired:
        reasons.append(trace.course_retired(course))
        return Ruling.REFUSE
    for part in compiled.rules.closed:
        if course.code in part.courses or course.nature in part.natures or course.category in part.categories:
            reasons.append(trace.course_closed(course, part))
            return Ruling.REFUSE
    reasons.append(trace.course_said(course))
    ruling = compiled.rules.standings[course.standing]
    if course.standing is not Standing.OPEN:
        clause = compiled.rules.standing_clauses.get(course.standing)
        reasons.append(trace.stands(course, course.standing, ruling, clause))
    return ruling


def _need(row: ConversionRow, targets: Sequence[Target], around: Around) -> int:
    """What the targets need together, in hundredths; 0 where they take what is held."""
    if isinstance(row.worth, Full):
        courses = [around.courses.get(target.code) for target in targets if target.kind is TargetKind.COURSE]
        return sum(course.credit for course in courses if course is not None)
    return 0 if isinstance(row.worth, Held) else row.worth


def _items(
    compiled: CompiledConversions, number: int, row: ConversionRow, held: _Held, need: int, reasons: list[Line]
) -> Chosen | None:
    serving = [held.serving.get((number, at), []) for at in range(len(row.groups))]
    least = 0 if isinstance(row.worth, Full) and row.worth.short else need
    everything = isinstance(row.worth, Held)
    sure = [[item for item in items if item.id not in held.doubts] for items in serving] if held.doubts else serving
    for usable in (sure, serving) if held.doubts else (sure,):
        chosen = choose(row.groups, usable, need=least, everything=everything, surplus=row.surplus)
        if chosen is not None:
            reasons += [held.doubts[item.id] for item in chosen.items if item.id in held.doubts]
            return chosen
    facts = {fact.name: fact for fact in compiled.rules.facts}
    before = len(reasons)
    for group, items in zip(row.groups, serving, strict=True):
        enough = len(items) >= (group.count or 1) and sum(item.credit for item in items) >= (group.credit or 0)
        if not enough:
            reasons.append(trace.wanting(row, group, facts, sorted(items, key=order)))
    if before == len(reasons):
        together = {item.id: item.credit for items in serving for item in items}
        reasons.append(trace.not_together(row, least, sum(together.values())))
    reasons += held.barred
    return None


def _by_units(compiled: CompiledConversions, group: Group, item: Item, around: Around) -> list[str]:
    """The certification units by which an item serves in a group."""
    asked = {unit for source in group.sources for unit in source.units}
    return sorted(asked & compiled.units_of(item.outcome.values, around.units)) if asked else []


def _amounts(
    compiled: CompiledConversions,
    row: ConversionRow,
    targets: Sequence[Target],
    chosen: Chosen,
    around: Around,
    reasons: list[Line],
) -> tuple[Made, ...]:
    """What each target would be worth before limits."""
    worth = row.worth
    if isinstance(worth, Full):
        made = []
        for target in targets:
            course = around.courses[target.code]
            credit = Hundredths(0) if target.kind is TargetKind.WAIVER else course.credit
            made.append(Made(target, credit, course.category))
        need = trace.total(made)
        if need:
            reasons.append(trace.worth("conversion.worth_full", need))
        if chosen.credit < need:
            reasons.append(trace.short(need, chosen.credit))
        return tuple(made)
    (target,) = targets
    if isinstance(worth, Held):
        rounding = compiled.rules.rounding
        exact = Fraction(chosen.credit) * worth.times
        credit = round_fraction(exact, rounding.step, rounding.mode)
        if worth.times != 1:
            reasons.append(trace.worth("conversion.worth_held", credit, chosen.credit, str(worth.times)))
        elif credit != chosen.credit:
            reasons.append(trace.worth("conversion.rounded", credit))
    else:
        credit = worth
        reasons.append(trace.worth("conversion.worth_fixed", credit))
    return (Made(target, credit, _category(target)),)


def _category(target: Target) -> str:
    if target.kind is TargetKind.CATEGORY:
        return target.code
    return ELECTIVE if target.kind is TargetKind.ELECTIVE else ""


def _limited(
    compiled: CompiledConversions, row: ConversionRow, made: tuple[Made, ...], around: Around, reasons: list[Line]
) -> tuple[tuple[Made, ...], bool]:
    """What the limits leave; a course is converted whole or not at all. ``False`` where a person has to decide."""
    whole, known = isinstance(row.worth, Full), True
    for cap in compiled.rules.cap:
        bound = [one for one in made if one.credit and cap.binds(one.category)]
        if not bound:
            continue
        credit = trace.total(bound)
        left = left_under(cap, around.context, credit, reasons, whole=whole)
        if left is None:
            known = False
        elif left < credit:
            if whole:
                return tuple(Made(one.target, Hundredths(0), one.category) for one in made), known
            made = tuple(Made(one.target, left, one.category) for one in made)
    return made, known


def _grade(
    compiled: CompiledConversions, row: ConversionRow, chosen: Chosen, reasons: list[Line]
) -> tuple[str | None, bool]:
    """The grade that is recorded, and whether the rules say one at all."""
    match row.grade:
        case CreditOnly():
            reasons.append(trace.grade_said("conversion.grade_credit_only"))
            return None, True
        case FixedGrade(grade=grade):
            reasons.append(trace.grade_said("conversion.grade_fixed", grade))
            return grade, True
        case KeptGrade(fact=name):
            value = chosen.groups[0][0].outcome.values[compiled.position[name]]
            if value is None:
                reasons.append(trace.grade_missing())
                return None, False
            reasons.append(trace.grade_said("conversion.grade_kept", str(value)))
            return str(value), True
        case mapped:
            values = dict(zip(compiled.position, chosen.groups[0][0].outcome.values, strict=True))
            for condition, grade in mapped.rows:
                if condition_holds(condition, values):
                    reasons.append(trace.grade_said("conversion.grade_mapped", grade))
                    return grade, True
            reasons.append(trace.grade_missing())
            return None, False


def _uses(row: ConversionRow, chosen: Chosen, credit: int) -> tuple[tuple[Use, ...], Hundredths]:
    """How much of each item is used up, and what is used beyond what was needed.

    Where the rest is kept, items are used in their order until what is made is covered, for a waiver not at all; else
    they are used whole.
    """
    covered: int = credit
    if isinstance(row.worth, Held):
        covered = -(-credit * row.worth.times.denominator // row.worth.times.numerator)
    needed = min(covered, chosen.credit)
    if row.surplus is not Surplus.KEPT:
        uses = tuple(Use(item.id, item.credit, Hundredths(0)) for item in chosen.items)
        return uses, Hundredths(chosen.credit - needed if needed else 0)
    uses, left = (), needed
    for item in chosen.items:
        taken = Hundredths(min(item.credit, left))
        left -= taken
        uses += (Use(item.id, taken, Hundredths(item.credit - taken)),)
    return uses, Hundredths(0)
