"""What is wrong with conversion rules whatever is held: two answers, dead rows and targets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from creditbank.domain.conversions.model import (
    ConversionRow,
    ConversionRules,
    Course,
    Full,
    Held,
    Source,
    Target,
    TargetKind,
)
from creditbank.domain.conversions.tightening import implies
from creditbank.domain.explanation import Fact as Said
from creditbank.domain.explanation import Line, Verdict
from creditbank.domain.rules.facts import cell_shown
from creditbank.domain.rules.finding import Finding
from creditbank.domain.rules.model import Condition, Fact, OneOf, Ruling
from creditbank.domain.rules.tables import conditions_meet
from creditbank.domain.values import Amount, Text

MESSAGES: dict[str, str] = {
    "lint.two_answers": "Rows {first} and {second} make {targets} of the same items on other terms: {what}.",
    "lint.said_twice": "Rows {first} and {second} say the same of {what}.",
    "lint.more_answers": "There are {count} more pairs of rows that answer differently.",
    "lint.course_unknown": "Row {row} converts into {code}, which is not in the library.",
    "lint.course_retired": "Row {row} converts into {course}, which is no longer offered.",
    "lint.course_closed": "Row {row} converts into {code}, but {part} closes it.",
    "lint.never_serves": "Row {row} asks for {what}, but {part} bars all of that.",
    "lint.target_over_limit": "Row {row} makes {amount}, but the limit {cap} lets {maximum} through at most.",
    "lint.unit_one_to_one": "Row {row} takes one {held} for one {made}; say the factor.",
    "lint.rounding_gains": "Amounts are not rounded down, so credit that comes in small parts makes more than in one.",
}

MOST_PAIRS = 200
MOST_LOOKED_AT = 2_000_000


def lint_conversions(rules: ConversionRules, library: Mapping[str, Course] | None = None) -> tuple[Finding, ...]:
    """Everything that is wrong with conversion rules; targets are looked up where a library is given."""
    return (
        *_answers(rules),
        *_targets(rules, library),
        *_sources(rules),
        *_amounts(rules, library),
    )


def _answers(rules: ConversionRules) -> Iterator[Finding]:
    """Pairs of rows of one item each that make the same targets of items they both take."""
    facts = {fact.name: fact for fact in rules.facts}
    listed, more = 0, 0
    for (first, one), (second, other), box in _meeting(rules):
        alike = (one.worth, one.grade, one.counts, one.surplus) == (
            other.worth,
            other.grade,
            other.counts,
            other.surplus,
        )
        if listed == MOST_PAIRS:
            more += 1
            continue
        listed += 1
        said: dict[str, Said] = {"first": one.id, "second": other.id, "what": _said(facts, box)}
        places = (f"rules[{first}]", f"rules[{second}]")
        if alike:
            yield Finding(Line("lint.said_twice", Verdict.ASK, said), places)
        else:
            said["targets"] = ", ".join(str(target) for target in one.targets)
            yield Finding(Line("lint.two_answers", Verdict.NO, said), places)
    if more:
        yield Finding(Line("lint.more_answers", Verdict.NO, {"count": more}), ("rules",))


def _meeting(
    rules: ConversionRules,
) -> Iterator[tuple[tuple[int, ConversionRow], tuple[int, ConversionRow], Condition]]:
    """The pairs, found through an index on the targets and on the values of the cell that lists fewest."""
    buckets: dict[tuple[object, ...], list[tuple[int, ConversionRow, Source]]] = {}
    for number, row in enumerate(rules.rows):
        if _refused(row) or len(row.groups) != 1 or row.groups[0].count != 1:
            continue
        targets = tuple(sorted(str(target) for target in row.targets))
        for source in row.groups[0].sources:
            listed = [(len(cell.accept.values), cell) for cell in source.when if isinstance(cell.accept, OneOf)]
            keys: Sequence[object] = min(listed, key=lambda pair: pair[0])[1].accept.values if listed else [None]  # type: ignore[union-attr]
            name = min(listed, key=lambda pair: pair[0])[1].fact if listed else None
            for key in keys:
                buckets.setdefault((targets, name, key), []).append((number, row, source))
    seen: set[tuple[int, int]] = set()
    for together in buckets.values():
        for (first, one, left), (second, other, right) in combinations(together, 2):
            if first == second or (first, second) in seen or not _sources_meet(left, right):
                continue
            seen.add((first, second))
            yield (first, one), (second, other), _both(left.when, right.when)
    yield from _meeting_by_other_cells(buckets, seen)


def _sources_meet(left: Source, right: Source) -> bool:
    """Whether one item serves in both; what names different certification units is taken for different items."""
    apart = left.units and right.units and not set(left.units) & set(right.units)
    return not apart and conditions_meet(left.when, right.when)


def _meeting_by_other_cells(
    buckets: Mapping[tuple[object, ...], list[tuple[int, ConversionRow, Source]]], seen: set[tuple[int, int]]
) -> Iterator[tuple[tuple[int, ConversionRow], tuple[int, ConversionRow], Condition]]:
    """Sources entered under different cells, or under none, can meet as well; those are few."""
    by_targets: dict[object, dict[object, list[tuple[int, ConversionRow, Source]]]] = {}
    for (targets, name, _key), together in buckets.items():
        by_targets.setdefault(targets, {}).setdefault(name, []).extend(together)
    for by_name in by_targets.values():
        for one_name, other_name in combinations(by_name, 2):
            for first, one, left in by_name[one_name]:
                for second, other, right in by_name[other_name]:
                    pair = (min(first, second), max(first, second))
                    if first == second or pair in seen or not _sources_meet(left, right):
                        continue
                    seen.add(pair)
                    rows = sorted(((first, one), (second, other)), key=lambda found: found[0])
                    yield rows[0], rows[1], _both(left.when, right.when)


def _both(one: Condition, other: Condition) -> Condition:
    """The cells of two conditions that meet; of a fact that both name, the first one's is enough to show where."""
    named = {cell.fact for cell in one}
    return (*one, *(cell for cell in other if cell.fact not in named))


def _said(facts: Mapping[str, Fact], condition: Condition) -> Text:
    parts = [(facts[cell.fact].label, cell_shown(facts[cell.fact], cell.accept)) for cell in condition]
    if not parts:
        return Text("任何成果", "any outcome")
    return Text(
        "；".join(f"{label.zh}：{shown.zh}" for label, shown in parts),
        "; ".join(f"{label.en or label.zh}: {shown.en or shown.zh}" for label, shown in parts),
    )


def _targets(rules: ConversionRules, library: Mapping[str, Course] | None) -> Iterator[Finding]:
    for number, row in enumerate(rules.rows):
        for target in row.targets if not _refused(row) else ():
            if target.kind not in (TargetKind.COURSE, TargetKind.WAIVER):
                continue
            place = (f"rules[{number}].to",)
            course = library.get(target.code) if library is not None else None
            closed = next((part for part in rules.closed if _closes(part, target, course)), None)
            if closed is not None:
                facts: dict[str, Said] = {"row": row.id, "code": target.code, "part": closed.id}
                yield Finding(Line("lint.course_closed", Verdict.NO, facts), place)
            if library is None:
                continue
            if course is None:
                facts = {"row": row.id, "code": target.code}
                yield Finding(Line("lint.course_unknown", Verdict.NO, facts), place)
            elif course.retired:
                facts = {"row": row.id, "course": course.title}
                yield Finding(Line("lint.course_retired", Verdict.NO, facts), place)


def _closes(part: object, target: Target, course: Course | None) -> bool:
    codes, natures, categories = (getattr(part, name) for name in ("courses", "natures", "categories"))
    return target.code in codes or (course is not None and (course.nature in natures or course.category in categories))


def _sources(rules: ConversionRules) -> Iterator[Finding]:
    facts = {fact.name: fact for fact in rules.facts}
    for number, row in enumerate(rules.rows):
        for at, group in enumerate(row.groups if not _refused(row) else ()):
            barred = [
                next((part for part in rules.exclude if implies(facts, source.when, part.when)), None)
                for source in group.sources
            ]
            for source, part in zip(group.sources, barred, strict=True):
                if part is not None:
                    said: dict[str, Said] = {"row": row.id, "what": _said(facts, source.when), "part": part.id}
                    verdict = Verdict.NO if all(barred) else Verdict.ASK
                    yield Finding(Line("lint.never_serves", verdict, said), (f"rules[{number}].from[{at}]",))


def _amounts(rules: ConversionRules, library: Mapping[str, Course] | None) -> Iterator[Finding]:
    for number, row in enumerate(rules.rows):
        if _refused(row):
            continue
        place = (f"rules[{number}]",)
        if rules.held_unit != rules.unit and not (isinstance(row.worth, Held) and row.worth.times != 1):
            said: dict[str, Said] = {"row": row.id, "held": rules.held_unit, "made": rules.unit}
            yield Finding(Line("lint.unit_one_to_one", Verdict.ASK, said), place)
        for target in row.targets:
            amount, category = _made(row, target, library)
            for cap in rules.cap:
                if amount and isinstance(cap.maximum, int) and cap.binds(category) and amount > cap.maximum:
                    amounts = {"amount": Amount(amount), "maximum": Amount(cap.maximum)}
                    said = {"row": row.id, "cap": cap.id, **amounts}
                    verdict = Verdict.NO if isinstance(row.worth, Full) or cap.whole else Verdict.ASK
                    yield Finding(Line("lint.target_over_limit", verdict, said), place)
    if rules.rounding.mode != "down" and any(isinstance(row.worth, Held) for row in rules.rows):
        yield Finding(Line("lint.rounding_gains", Verdict.ASK), ("rounding.mode",))


def _refused(row: ConversionRow) -> bool:
    """Whether a row gives nothing, whatever is held, so that nothing can be wrong with what it gives."""
    return row.ruling is Ruling.REFUSE


def _made(row: ConversionRow, target: Target, library: Mapping[str, Course] | None) -> tuple[int, str]:
    """How much a target is worth at least, where that is known without items, and its category."""
    if isinstance(row.worth, int):
        return row.worth, target.code if target.kind is TargetKind.CATEGORY else ""
    course = library.get(target.code) if library is not None and target.kind is TargetKind.COURSE else None
    if isinstance(row.worth, Full) and course is not None:
        return course.credit, course.category
    return 0, ""
