"""Whether one amount, limit or period can only be stricter than another, and what a condition meets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from creditbank.domain.rules.lint import example_said
from creditbank.domain.rules.model import (
    Cap,
    Condition,
    Count,
    CreditOf,
    FromFact,
    Give,
    Hit,
    Lower,
    PerUnit,
    Portion,
    Rank,
    Row,
    RuleSet,
    Ruling,
    Table,
    Tiers,
    Validity,
    Within,
)
from creditbank.domain.rules.space import Space, TooManyError
from creditbank.domain.rules.tables import conditions_meet
from creditbank.domain.rules.walks import witness
from creditbank.domain.values import Hundredths, Text

_RANK = {Ruling.REFUSE: 0, Ruling.MANUAL: 1}
_UNKNOWN = Text("无法逐一核对", "too intertwined for an example")


def never_more(before: CreditOf, after: CreditOf) -> bool | None:
    """Whether an amount gives at no outcome more than another; ``None`` where the two cannot be compared.

    Amounts that are reckoned are compared with those reckoned in the same way from the same fact, which is never
    below zero.
    """
    if isinstance(before, int) and isinstance(after, int):
        return after <= before
    if isinstance(before, FromFact) and isinstance(after, FromFact) and before.fact == after.fact:
        return after.times <= before.times
    if isinstance(before, PerUnit) and isinstance(after, PerUnit) and before.of == after.of:
        whole = after.whole or not before.whole
        return whole and after.each >= before.each and after.gives <= before.gives
    if isinstance(before, Tiers) and isinstance(after, Tiers) and before.of == after.of:
        ends = {least for tiers in (before, after) for least, _gives in tiers.tiers}
        return _RANK[after.below] <= _RANK[before.below] and all(_no_higher(before, after, end) for end in ends)
    return None


def _no_higher(before: Tiers, after: Tiers, value: Decimal) -> bool:
    old, new = (
        next((gives for least, gives in reversed(tiers.tiers) if value >= least), None) for tiers in (before, after)
    )
    return new is None or (old is not None and new <= old)


def maximum_kept(before: Cap, after: Hundredths | Portion | Count) -> bool | None:
    """Whether a limit lets no more through with another maximum; ``None`` where the two cannot be compared."""
    old = before.maximum
    if isinstance(old, Count) and isinstance(after, Count):
        return after.most <= old.most
    if isinstance(old, Portion) and isinstance(after, Portion) and old.of == after.of:
        return after.share <= old.share
    if isinstance(old, int) and isinstance(after, int):
        return after <= old
    return None


def share_a_category(one: Cap, other: Cap) -> bool:
    """Whether some credit falls under both limits."""
    return not one.categories or not other.categories or not set(one.categories).isdisjoint(other.categories)


def same_sort(one: Validity, other: Validity) -> bool:
    """Whether two rules about days are both about coming in time, or both about how long credit counts."""
    return isinstance(one, Within) == isinstance(other, Within)


@dataclass(frozen=True, slots=True)
class Met:
    """What a condition meets: the row, and an outcome that shows it in words."""

    row: Row
    example: Text


class Meetings:
    """Which rows of a rule set some outcome could meet together with a condition or another row."""

    def __init__(self, rules: RuleSet) -> None:
        self._rules = rules
        self._moved = {step.fact for step in rules.adjust if isinstance(step, Lower | Rank)}
        self._ranked = any(isinstance(step, Rank) for step in rules.adjust)

    def rows(self, table: Table, condition: Condition, rows: Sequence[Row]) -> Iterator[Met]:
        """The rows that an outcome of the table could fit which also fits a condition over its columns.

        Exact but where a rank says a fact: there two boxes that meet count as met.
        """
        for row in rows:
            if not conditions_meet(row.when, condition):
                continue
            if self._ranked:
                yield Met(row, _UNKNOWN)
                continue
            space = Space(self._rules, [row.when, condition], table.when)
            found = _example(space, [0, 1])
            if found is not None:
                yield Met(row, found)

    def locked(self, condition: Condition, *, giving: bool, category: Cap | None = None) -> Iterator[Met]:
        """The locked rows that decide an outcome which fulfils a condition as the outcome was declared.

        Args:
            condition: what an exclusion, a limit, a prerequisite or a rule about days asks.
            giving: only rows that give credit matter; else also those that leave it to a person.
            category: only rows whose credit falls under this limit.
        """
        for table in self._rules.tables:
            for number, row in enumerate(table.rows):
                if not (table.locked or row.locked) or not _matters(row, giving=giving, category=category):
                    continue
                found = self._decided(table, number, condition)
                if found is not None:
                    yield Met(row, found)

    def meet(self, one: Condition, other: Condition) -> bool:
        """Whether two conditions on declared outcomes could be fulfilled at once."""
        if not conditions_meet(one, other):
            return False
        space = Space(self._rules, [one, other], befores=0)
        return _example(space, [0, 1]) is not None

    def meets_row(self, table: Table, row: Row, condition: Condition) -> bool:
        """Whether an outcome that fits a row could fulfil a condition as the outcome was declared."""
        return self._meets(table, [row.when, condition], [0, 1], []) is not None

    def _decided(self, table: Table, number: int, condition: Condition) -> Text | None:
        """An outcome that a row decides and that fulfils a condition; rows that go before it are left aside."""
        row = table.rows[number]
        before: list[Row] = []
        if table.hit is Hit.FIRST:
            before = list(table.rows[:number])
        elif table.hit is Hit.PRIORITY:
            before = [other for other in table.rows if other.priority > row.priority]
        before = [other for other in before if conditions_meet(other.when, row.when)]
        conditions = [row.when, condition, *(other.when for other in before)]
        return self._meets(table, conditions, [0, 1], list(range(2, len(conditions))))

    def _meets(self, table: Table, conditions: list[Condition], both: list[int], without: list[int]) -> Text | None:
        """An outcome that fulfils some conditions of which the first is a row's and none of those ``without``.

        Rows see facts lowered or ranked, conditions as they were declared, so such facts are left out: it is rather
        said that they meet.
        """
        when = table.when
        if self._moved:
            conditions, without, when = [self._still(one) for one in conditions], [], self._still(when)
        if not conditions_meet(conditions[0], conditions[1]):
            return None
        return _example(Space(self._rules, conditions, when, befores=0), both, without)

    def _still(self, condition: Condition) -> Condition:
        return tuple(cell for cell in condition if cell.fact not in self._moved)


def _matters(row: Row, *, giving: bool, category: Cap | None) -> bool:
    if not isinstance(row.give, Give):
        return row.give is Ruling.MANUAL and not giving
    return category is None or category.binds(row.give.category)


def _example(space: Space, numbers: list[int], without: Sequence[int] = ()) -> Text | None:
    try:
        found = witness(space, numbers, without)
    except TooManyError:
        return _UNKNOWN
    return None if found is None else example_said(space, found)
