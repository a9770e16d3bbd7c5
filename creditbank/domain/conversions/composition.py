"""Lays an overlay on inherited conversion rules: what is added, tightened, and what cannot be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from creditbank.domain.conversions import tightening
from creditbank.domain.conversions.model import (
    UNIT_CARRIERS,
    Closed,
    ConversionRow,
    ConversionRules,
    Full,
    Group,
    Standing,
    Surplus,
)
from creditbank.domain.conversions.read import MOST_ROWS, Rows, of_all, read_closed
from creditbank.domain.conversions.words import RULING, condition_said, target_said, worth_said
from creditbank.domain.conversions.write import conversion_row_data
from creditbank.domain.explanation import Explanation, Line, Verdict
from creditbank.domain.explanation import Fact as Said
from creditbank.domain.rules.composition import PARTS, Conflict, NotLaidError, maximum_said, months_said
from creditbank.domain.rules.model import Cap, Condition, Exclude, Expires, Prerequisite, Ruling, Validity, Within
from creditbank.domain.rules.overlay import Overlay
from creditbank.domain.rules.places import Place, UnreadableError
from creditbank.domain.rules.read import MOST_STEPS
from creditbank.domain.rules.read_limits import Limits, months
from creditbank.domain.rules.tables import conditions_meet
from creditbank.domain.rules.tightening import maximum_kept, same_sort, share_a_category
from creditbank.domain.values import Text

MESSAGES: dict[str, str] = {
    "overlay.not_open": "{path}: the inherited rules are not open, so no rows are added to them.",
    "overlay.meets_conversion": "{path}: row {row} of the inherited rules makes {target} of some of the same items,"
    " for example {example}. A row may only be added where none leads yet.",
    "overlay.no_carriers": "{path}: the inherited rules do not say which fact names what an item is of, so no row can"
    " ask for certification units.",
    "overlay.groups_differ": "{path}: the inherited row takes {before} kinds of items together, this one {after}.",
    "overlay.takes_more": "{path}: an item could serve here that does not serve in the inherited row.",
    "overlay.takes_less": "{path}: fewer items or less credit would be taken than by the inherited row.",
    "overlay.each_enough": "{path}: it cannot be shown that what is taken here would have sufficed before. Say how much"
    " credit each item has to hold by itself (`credit`), or leave the number as it is.",
    "overlay.uses_differ": "{path}: how much is made here depends on what is used, and the inherited row could use"
    " fewer of these items.",
    "overlay.needs_less": "{path}: several kinds of items are taken together, so a lower amount would ask for less of"
    " them.",
    "overlay.kept": "{path}: what is left over stays in its lot, so of the rest more could be made than before.",
    "overlay.left_over": "{path}: what row {name} leaves over becomes elective credit, and there would be more of it."
    " Let its rest be lost first (`surplus: lost`).",
    "overlay.surplus": "{path}: what is left over can be lost, and become nothing else than before.",
    "overlay.counts": "{path}: only `graduation: false` is less for everybody. Whether a grade counts in the GPA and"
    " the rank or stands on the transcript helps one learner and harms another, so it stays as it is.",
    "overlay.changes_locked": "{path}: this would change what comes of the locked row {row}.",
}

_RANK = {Ruling.REFUSE: 0, Ruling.MANUAL: 1, Ruling.RECOGNISE: 2}
_LISTS = ("closed", "exclude", "prerequisite", "cap", "validity")
_PARTS: Mapping[str, Text] = {**PARTS, "rules": PARTS["rows"], "standings": Text("学习状态", "standing")}


@dataclass(frozen=True, slots=True)
class ComposedConversions:
    """Conversion rules with an overlay laid on them; every item of it that is in conflict is left out.

    ``own`` names, as list and id, what the overlay added or tightened.
    """

    rules: ConversionRules
    own: frozenset[tuple[str, str]]
    conflicts: tuple[Conflict, ...]

    @property
    def refused(self) -> Explanation:
        """Why the overlay does not fit as a whole; nothing where it does."""
        return tuple(conflict.line for conflict in self.conflicts)


def compose_conversions(base: ConversionRules, overlay: Overlay) -> ComposedConversions:
    """The conversion rules of an institution: what it inherits with what it adds and tightens.

    Each item is judged by the rules it is laid on, of which nothing is made but less: of whatever items a row makes
    something, the inherited row makes at least as much, and uses no more of them. A row is added only where the rules
    are open and none of theirs leads from these items there. Nothing that is locked makes anything else.
    """
    if overlay.code != base.code:
        facts: dict[str, Said] = {"found": overlay.code, "code": base.code}
        conflict = Conflict("code", Line("overlay.other_code", Verdict.NO, facts))
        return ComposedConversions(base, frozenset(), (conflict,))
    return _Laying(base).laid(overlay)


class _Laying:
    """The items of one overlay as they are laid on conversion rules, one after the other.

    What holds at one time is never more than what held before, so neither is it at the end.
    """

    def __init__(self, base: ConversionRules) -> None:
        self._base = base
        self._facts = {fact.name: fact for fact in base.facts}
        codes = tuple(category.code for category in base.categories)
        self._reader, self._limits = Rows(self._facts, codes, Surplus.LOST), Limits(self._facts, codes)
        self._rows = {row.id: row for row in base.rows}
        self._standings, self._clauses = dict(base.standings), dict(base.standing_clauses)
        self._lists: dict[str, dict[str, Any]] = {
            name: {part.id: part for part in getattr(base, name)} for name in _LISTS
        }
        self._path = ""

    def laid(self, overlay: Overlay) -> ComposedConversions:
        """All items, those of ``tighten`` first."""
        own: set[tuple[str, str]] = set()
        conflicts: list[Conflict] = []
        tighten: dict[str, Callable[[Place], None]] = {
            "rules": self._row,
            "standings": self._standing,
            "cap": self._cut,
            "validity": self._shorten,
        }
        add: dict[str, Callable[[Place], None]] = {
            "rules": self._new_row,
            "closed": self._close,
            "exclude": self._exclude,
            "prerequisite": self._prerequisite,
            "cap": self._cap,
            "validity": self._validity,
        }
        for half, lists, verbs in (("tighten", overlay.tighten, tighten), ("add", overlay.add, add)):
            for name, lay in verbs.items():
                for number, item in enumerate(lists.get(name, ())):
                    self._path = f"{half}.{name}[{number}]"
                    try:
                        lay(Place(item, self._path))
                    except UnreadableError as unreadable:
                        for problem in unreadable.problems:
                            line = self._line("overlay.unreadable", path=problem.path, problem=problem.message)
                            conflicts.append(Conflict(problem.path, line))
                    except NotLaidError as error:
                        conflicts.append(Conflict(self._path, error.line))
                    else:
                        own.add((name, str(item["id"])))
        return ComposedConversions(self._result(), frozenset(own), tuple(conflicts))

    def _result(self) -> ConversionRules:
        lists: dict[str, Any] = {name: tuple(parts.values()) for name, parts in self._lists.items()}
        return replace(
            self._base,
            rows=tuple(self._rows.values()),
            standings=self._standings,
            standing_clauses=self._clauses,
            **lists,
        )

    # ---- what is made stricter

    def _row(self, place: Place) -> None:
        name = place.value["id"]
        before = self._rows.get(name)
        if before is None:
            self._fail("overlay.no_part", part=_PARTS["rules"], name=name)
        if before.locked:
            self._fail("overlay.locked", part=_PARTS["rules"], name=name)
        written = conversion_row_data(before)
        counts = place.named("counts")
        if counts.value is not None and counts.object((), ("graduation",)).named("graduation").value is not False:
            self._fail("overlay.counts")
        said = {**written, **{key: value for key, value in place.value.items() if key != "counts"}}
        after = self._reader.row(Place(said, self._path))
        if counts.value is not None:
            after = replace(after, counts=replace(before.counts, graduation=False))
        if after.surplus is not before.surplus and after.surplus is not Surplus.LOST:
            self._fail("overlay.surplus")
        if place.given("from"):
            if len(before.groups) != len(after.groups):
                self._fail("overlay.groups_differ", before=len(before.groups), after=len(after.groups))
            if (reason := tightening.takes_no_more(self._facts, before, after)) is not None:
                self._fail(reason)
        if place.given("credit"):
            after = self._lowered(before, after)
        if _RANK[after.ruling] > _RANK[before.ruling]:
            self._fail("overlay.raised", before=RULING[before.ruling], after=RULING[after.ruling])
        self._rows[name] = after

    def _lowered(self, before: ConversionRow, after: ConversionRow) -> ConversionRow:
        """The row with a lower amount; what it takes stays what it was."""
        said = {"before": worth_said(before.worth), "after": worth_said(after.worth)}
        less = tightening.worth_kept(before.worth, after.worth)
        if less is None:
            self._fail("overlay.not_compared", **said)
        if not less:
            self._fail("overlay.raised", **said)
        if isinstance(after.worth, Full):
            return after
        for cap in self._lists["cap"].values():
            if cap.whole and tightening.bound(after, cap):
                self._fail("overlay.all_or_nothing", name=cap.id)
        if after.surplus is Surplus.ELECTIVE:
            self._fail("overlay.left_over", name=after.id)
        if not isinstance(before.worth, int):
            return after
        # A fixed amount is also what the items have to hold; that stays, or smaller ones would do.
        if len(after.groups) > 1:
            self._fail("overlay.needs_less")
        if after.surplus is Surplus.KEPT:
            self._fail("overlay.kept")
        (group,) = after.groups
        least = max(before.worth, group.credit or 0)
        return replace(after, groups=(Group(group.sources, group.count, type(before.worth)(least)),))

    def _standing(self, place: Place) -> None:
        standing, ruling = Standing(place.value["id"]), Ruling(place.value["ruling"])
        before = self._standings[standing]
        if _RANK[ruling] > _RANK[before]:
            self._fail("overlay.raised", before=RULING[before], after=RULING[ruling])
        self._leaves_locked(tightening.into_courses)
        self._standings[standing] = ruling
        self._clauses[standing] = place.named("clause").both()

    def _cut(self, place: Place) -> None:
        cap: Cap = self._known("cap", place)
        maximum = self._limits.maximum(place.named("maximum"), cap.scope)
        kept = maximum_kept(cap, maximum)
        after = replace(cap, maximum=maximum, clause=place.named("clause").both())
        said = {"before": maximum_said(cap), "after": maximum_said(after)}
        if kept is None:
            self._fail("overlay.not_compared", **said)
        if not kept:
            self._fail("overlay.raised", **said)
        caps = list(self._lists["cap"].values())
        for other in caps[caps.index(cap) + 1 :]:
            if other.whole and share_a_category(cap, other):
                self._fail("overlay.all_or_nothing", name=other.id)
        self._limits_less(cap)
        self._lists["cap"][cap.id] = after

    def _shorten(self, place: Place) -> None:
        rule: Validity = self._known("validity", place)
        clause = place.named("clause").both()
        kind = "within" if isinstance(rule, Within) else "expires"
        if not isinstance(rule, Within | Expires) or not place.given(kind):
            self._fail("overlay.no_part", part=_PARTS["validity"], name=rule.id)
        if not isinstance(rule.months, int):
            self._fail("overlay.period_of_fact", name=rule.id)
        period = months(place.named(kind))
        if period > rule.months:
            self._fail("overlay.raised", before=months_said(rule.months), after=months_said(period))
        self._leaves_locked(lambda row: tightening.takes(row, rule.when))
        self._lists["validity"][rule.id] = replace(rule, months=period, clause=clause)

    # ---- what is added

    def _new_row(self, place: Place) -> None:
        row = self._reader.row(place)
        if not self._base.open:
            self._fail("overlay.not_open")
        if row.id in self._rows:
            self._fail("overlay.taken", name=row.id)
        if len(self._rows) >= MOST_ROWS:
            self._fail("overlay.too_many", most=MOST_ROWS)
        units = any(source.units for group in row.groups for source in group.sources)
        if units and not any(name in self._base.carriers for name in UNIT_CARRIERS):
            self._fail("overlay.no_carriers")
        # The inherited rows count as they are inherited: one that was tightened leaves no room for another.
        for other in self._base.rows:
            if (met := tightening.meeting(row, other)) is not None:
                target, what = met
                labels = {category.code: category.label for category in self._base.categories}
                self._fail(
                    "overlay.meets_conversion",
                    row=other.id,
                    target=target_said(target, {}, labels),
                    example=condition_said(what, self._facts),
                )
        self._rows[row.id] = row

    def _close(self, place: Place) -> None:
        part: Closed = read_closed(place)
        self._leaves_locked(lambda row: tightening.closes(part, row))
        self._put("closed", part)

    def _exclude(self, place: Place) -> None:
        part: Exclude = self._limits.exclude(place)
        self._leaves_locked(lambda row: tightening.takes(row, part.when))
        self._put("exclude", part)

    def _prerequisite(self, place: Place) -> None:
        part: Prerequisite = of_all(place, self._limits.prerequisite(place))
        self._leaves_locked(lambda _row: True)
        self._put("prerequisite", part)

    def _cap(self, place: Place) -> None:
        cap: Cap = of_all(place, self._limits.cap(place))
        for other in self._base.cap:
            if other.locked and share_a_category(cap, other):
                self._fail("overlay.meets_locked_part", part=_PARTS["cap"], name=other.id)
        self._limits_less(cap)
        self._put("cap", cap)

    def _validity(self, place: Place) -> None:
        rule: Validity = self._limits.validity(place)
        for other in self._base.validity:
            if other.locked and same_sort(rule, other) and conditions_meet(rule.when, other.when):
                self._fail("overlay.meets_locked_part", part=_PARTS["validity"], name=other.id)
        when: Condition = rule.when
        self._leaves_locked(lambda row: tightening.takes(row, when))
        self._put("validity", rule)

    # ---- what all of them need

    def _limits_less(self, cap: Cap) -> None:
        """A stricter limit changes no locked row, and turns nothing that it takes away into elective credit."""
        self._leaves_locked(lambda row: tightening.bound(row, cap))
        for row in self._base.rows:
            now = self._rows[row.id]
            if now.ruling is not Ruling.REFUSE and tightening.leaves_over(now, cap):
                self._fail("overlay.left_over", name=row.id)

    def _leaves_locked(self, changed: Callable[[ConversionRow], bool]) -> None:
        for row in self._base.rows:
            if row.locked and changed(row):
                self._fail("overlay.changes_locked", row=row.id)

    def _known(self, name: str, place: Place) -> Any:
        part = self._lists[name].get(place.value["id"])
        if part is None:
            self._fail("overlay.no_part", part=_PARTS[name], name=place.value["id"])
        if part.locked:
            self._fail("overlay.locked", part=_PARTS[name], name=part.id)
        return part

    def _put(self, name: str, part: Any) -> None:
        parts = self._lists[name]
        if part.id in parts:
            self._fail("overlay.taken", name=part.id)
        if len(parts) >= MOST_STEPS:
            self._fail("overlay.too_many", most=MOST_STEPS)
        parts[part.id] = part

    def _line(self, code: str, **facts: Said) -> Line:
        return Line(code, Verdict.NO, {"path": self._path, **facts})

    def _fail(self, code: str, **facts: Said) -> NoReturn:
        raise NotLaidError(self._line(code, **facts))
