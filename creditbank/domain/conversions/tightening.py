"""Whether a changed row of conversion rules can only give less, and which rows a change would touch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from creditbank.domain.conversions.model import (
    ConversionRow,
    Full,
    Group,
    Held,
    Source,
    Surplus,
    Target,
    TargetKind,
)
from creditbank.domain.rules.axes import Axis
from creditbank.domain.rules.tables import conditions_meet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from creditbank.domain.conversions.model import Closed, Worth
    from creditbank.domain.rules.model import Cap, Cell, Condition, Fact

ELECTIVE = "elective"
COURSES = (TargetKind.COURSE, TargetKind.COURSE_OF, TargetKind.WAIVER)


def implies(facts: Mapping[str, Fact], narrow: Condition, wide: Condition) -> bool:
    """Whether everything that fulfils one condition fulfils the other; exact, as facts are independent."""
    cells: dict[str, Cell] = {cell.fact: cell for cell in narrow}
    for cell in wide:
        mine = cells.get(cell.fact)
        if mine is None:
            return False
        axis = Axis(facts[cell.fact], (mine.accept, cell.accept))
        if axis.mask(mine.accept) & ~axis.mask(cell.accept):
            return False
    return True


def takes_no_more(facts: Mapping[str, Fact], before: ConversionRow, after: ConversionRow) -> str | None:
    """Why it cannot be shown that whatever a row takes now, it would have taken before and made as much of it.

    Shown is: of any items with which the row ``after`` makes something, ``before`` makes at least that, and uses no
    more of them. Both make the same amounts otherwise. Nothing where it can be shown, else the code of the sentence.
    """
    if len(before.groups) != len(after.groups):
        return "overlay.groups_differ"
    for old, new in zip(before.groups, after.groups, strict=True):
        if not all(any(_within(facts, source, other) for other in old.sources) for source in new.sources):
            return "overlay.takes_more"
        if old.credit is not None and (new.credit is None or new.credit < old.credit):
            return "overlay.takes_less"
        if (reason := _counted(old, new, before.worth, alone=len(before.groups) == 1)) is not None:
            return reason
    # What is made of what is held, or of the rest of it, is the same only where the same items are used.
    depends = isinstance(before.worth, Held) or after.surplus is Surplus.ELECTIVE
    return "overlay.uses_differ" if depends and not _uses_same(before, after) else None


def _within(facts: Mapping[str, Fact], source: Source, other: Source) -> bool:
    """Whether every item of one kind is of the other."""
    if other.units and (not source.units or not set(source.units) <= set(other.units)):
        return False
    if other.credit is not None and (source.credit is None or source.credit < other.credit):
        return False
    return implies(facts, source.when, other.when)


def _counted(old: Group, new: Group, worth: Worth, *, alone: bool) -> str | None:
    """Why another number of items may not do: fewer ask for less, and of more no part need suffice by itself."""
    if old.count is None:
        # Of what is taken as needed no more than ``credit`` is looked at, so that has to be enough for what is made.
        same = (old.count, old.credit) == (new.count, new.credit)
        enough = old.credit is None or not _needs(worth) or (isinstance(worth, int) and worth <= old.credit)
        return None if same or enough else "overlay.each_enough"
    if old.count == new.count:
        return None
    if new.count is None or new.count < old.count:
        return "overlay.takes_less"
    # Of so many items, any as many as before have to be enough for what is made.
    least = min(source.credit or 0 for source in new.sources) * old.count
    needed: int | None = old.credit or 0
    if isinstance(worth, int) and alone:
        needed = max(worth, old.credit or 0)
    elif _needs(worth):
        needed = None  # what a course needs is known by its library alone, what others bring by nobody
    return None if needed is not None and least >= needed else "overlay.each_enough"


def _needs(worth: Worth) -> bool:
    """Whether items have to hold what is made."""
    return not isinstance(worth, Held) and not (isinstance(worth, Full) and worth.short)


def _uses_same(before: ConversionRow, after: ConversionRow) -> bool:
    """Whether of the items that the row ``after`` uses, ``before`` uses exactly all."""
    pairs = list(zip(before.groups, after.groups, strict=True))
    if all(old.count is not None and old.count == new.count for old, new in pairs):
        return True
    if len(pairs) > 1:
        return before.groups == after.groups
    ((old, new),) = pairs
    if old.count is not None:
        return False
    if isinstance(before.worth, Held) and old.credit is None:
        return True
    return new.count is None and new.credit == old.credit


def worth_kept(before: Worth, after: Worth) -> bool | None:
    """Whether no more is made of the same items; ``None`` where the two cannot be compared."""
    match before, after:
        case Full(), Full():
            return before.short or not after.short
        case Held(), Held():
            return after.times <= before.times
        case int(), int():
            return after <= before
    return None


def category_of(target: Target) -> str | None:
    """The category in which a target's credit counts; ``None`` for a course, whose library says it."""
    if target.kind in (TargetKind.CATEGORY, TargetKind.COURSE_OF):
        return target.code
    if target.kind in (TargetKind.COURSE, TargetKind.WAIVER):
        return None
    return ELECTIVE if target.kind is TargetKind.ELECTIVE else ""


def bound(row: ConversionRow, cap: Cap) -> bool:
    """Whether some credit that a row makes may fall under a limit."""
    makes = (target for target in row.targets if target.kind is not TargetKind.WAIVER)
    return any((category := category_of(target)) is None or cap.binds(category) for target in makes)


def leaves_over(row: ConversionRow, cap: Cap) -> bool:
    """Whether a stricter limit would make more elective credit of what the row then leaves over."""
    return row.surplus is Surplus.ELECTIVE and not isinstance(row.worth, Full) and bound(row, cap)


def into_courses(row: ConversionRow) -> bool:
    """Whether it matters to a row how a learner stands to a course."""
    return any(target.kind in COURSES for target in row.targets)


def closes(part: Closed, row: ConversionRow) -> bool:
    """Whether some course that a row leads to may be among those that are closed; its library is not known here."""
    for target in row.targets:
        if target.kind is TargetKind.COURSE_OF and (part.courses or part.natures or target.code in part.categories):
            return True
        if target.kind in (TargetKind.COURSE, TargetKind.WAIVER) and (
            target.code in part.courses or part.natures or part.categories
        ):
            return True
    return False


def takes(row: ConversionRow, condition: Condition) -> bool:
    """Whether some item that fulfils a condition may serve in a row."""
    return any(conditions_meet(source.when, condition) for group in row.groups for source in group.sources)


def meeting(one: ConversionRow, other: ConversionRow) -> tuple[Target, Condition] | None:
    """A target that two rows share, and what an item is like that may serve in both.

    Which category a course is of is not known here, so any course of a category may be the same as any course.
    """
    shared = next((target for target in one.targets if any(_same(target, mine) for mine in other.targets)), None)
    if shared is None:
        return None
    for left in _sources(one):
        for right in _sources(other):
            if conditions_meet(left.when, right.when):
                named = {cell.fact for cell in left.when}
                return shared, (*left.when, *(cell for cell in right.when if cell.fact not in named))
    return None


def _sources(row: ConversionRow) -> Sequence[Source]:
    return [source for group in row.groups for source in group.sources]


def _same(one: Target, other: Target) -> bool:
    kinds = {one.kind, other.kind}
    if kinds <= set(COURSES):
        if TargetKind.COURSE_OF in kinds:
            return len(kinds) > 1 or one.code == other.code
        return one.code == other.code
    return one == other
