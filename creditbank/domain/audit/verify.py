"""Re-checks an allocation from the programme alone, sharing no code with the search that found it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from creditbank.domain.programmes.model import Filter, Kind, Programme, Requirement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from creditbank.domain.audit.model import Allocation, Credit


class VerificationError(AssertionError):
    """An allocation that breaks its programme: a defect of the search, never of the learner's record."""


def verify(
    programme: Programme,
    credits_: Sequence[Credit],
    allocation: Allocation,
    *,
    shortage: int,
    counted: Mapping[str, int],
    on: date | None = None,
) -> None:
    """Check that an allocation is allowed and that the figures given with it are its figures.

    Args:
        programme: what is asked.
        credits_: every credit of the learner, expired ones too.
        allocation: what is counted where.
        shortage: the total claimed to be missing, in hundredths.
        counted: hundredths claimed to be counted, by id of requirement and part.
        on: the day of the audit.

    Raises:
        VerificationError: with every fault found, one a line.
    """
    faults = list(_faults(programme, credits_, allocation, shortage, counted, on))
    if faults:
        raise VerificationError("\n".join(faults))


def _faults(
    programme: Programme,
    credits_: Sequence[Credit],
    allocation: Allocation,
    shortage: int,
    counted: Mapping[str, int],
    on: date | None,
) -> list[str]:
    faults: list[str] = []
    lots = {lot.id: lot for lot in credits_}
    if len(lots) != len(credits_):
        faults.append("two credits have the same id")
    leaves = {node.id: node for node in programme.requirement.walk() if not node.children}
    region = _regions(programme.requirement)
    held: dict[str, dict[str, Credit]] = {}
    places: dict[tuple[str, str], str] = {}
    codes: dict[tuple[str, str], str] = {}
    for lot_id, leaf_id in sorted(allocation):
        lot, leaf = lots.get(lot_id), leaves.get(leaf_id)
        if lot is None or leaf is None:
            faults.append(f"{lot_id} -> {leaf_id}: no such credit or no such leaf")
            continue
        if on is not None and lot.expires_on is not None and lot.expires_on < on:
            faults.append(f"{lot_id} -> {leaf_id}: expired on {lot.expires_on}")
        if not _allows(leaf.accepts, lot):
            faults.append(f"{lot_id} -> {leaf_id}: not accepted there")
        first = places.setdefault((region[leaf_id], lot_id), leaf_id)
        if first != leaf_id:
            faults.append(f"{lot_id} is counted in {first} and in {leaf_id}")
        if lot.code and not programme.repeats:
            other = codes.setdefault((region[leaf_id], lot.code), lot_id)
            if other != lot_id:
                faults.append(f"{other} and {lot_id} repeat {lot.code}")
        held.setdefault(leaf_id, {})[lot_id] = lot
    missing, _ = _count(programme.requirement, programme, held, counted, faults)
    if missing != shortage:
        faults.append(f"the shortage is {missing}, not {shortage}")
    return faults


def _count(
    node: Requirement,
    programme: Programme,
    held: Mapping[str, Mapping[str, Credit]],
    counted: Mapping[str, int],
    faults: list[str],
) -> tuple[int, dict[str, Credit]]:
    inside: dict[str, Credit] = {}
    shortages = []
    for child in node.children:
        missing, below = _count(child, programme, held, counted, faults)
        shortages.append(missing)
        inside.update(below)
    if not node.children:
        inside.update(held.get(node.id, {}))
    shortages.sort()
    match node.kind:
        case Kind.ALL:
            missing = sum(shortages)
        case Kind.ANY:
            missing = shortages[0]
        case Kind.N_OF:
            missing = sum(shortages[: node.n])
        case Kind.CREDITS_FROM:
            missing = node.minimum - sum(lot.hundredths for lot in inside.values())
        case Kind.COURSES_FROM:
            missing = (node.n - len(inside)) * programme.course_credits
    missing = max(missing, 0)
    total = sum(lot.hundredths for lot in inside.values())
    if counted.get(node.id) != total:
        faults.append(f"{node.id} counts {total}, not {counted.get(node.id)}")
    for part in node.parts:
        of_it = sum(lot.hundredths for lot in inside.values() if _allows(part.accepts, lot))
        if counted.get(part.id) != of_it:
            faults.append(f"{part.id} counts {of_it}, not {counted.get(part.id)}")
        if part.maximum is not None and of_it > part.maximum:
            faults.append(f"{part.id} counts {of_it}, more than its maximum {part.maximum}")
        if part.minimum is not None and of_it < part.minimum:
            missing += part.minimum - of_it
    return missing, inside


def _regions(root: Requirement) -> dict[str, str]:
    """For every requirement the id of the tree in which a credit counts once."""
    found: dict[str, str] = {}
    waiting = [(root, "")]
    while waiting:
        node, region = waiting.pop()
        if not node.shared and not region:
            region = node.id
        found[node.id] = region
        waiting.extend((child, region) for child in node.children)
    return found


def _allows(wanted: Filter, lot: Credit) -> bool:
    level, grade, day = lot.level, lot.grade, lot.earned_on
    return not (
        (wanted.fields and lot.field not in wanted.fields)
        or (wanted.categories and lot.category not in wanted.categories)
        or (wanted.levels and level not in wanted.levels)
        or (wanted.codes and lot.code not in wanted.codes)
        or (wanted.sources and lot.source not in wanted.sources)
        or (wanted.level_at_least is not None and not (level is not None and level >= wanted.level_at_least))
        or (wanted.grade_at_least is not None and not (grade is not None and grade >= wanted.grade_at_least))
        or (wanted.earned_from is not None and not (day is not None and day >= wanted.earned_from))
        or (wanted.earned_until is not None and not (day is not None and day <= wanted.earned_until))
        or any(_allows(exception, lot) for exception in wanted.besides)
    )
