"""Lays an overlay on the rules it inherits: what is added and tightened, and what cannot be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from creditbank.domain.explanation import Explanation, Line, Verdict
from creditbank.domain.explanation import Fact as Said
from creditbank.domain.rules.amounts import credit_shown
from creditbank.domain.rules.model import (
    COLLECTS,
    Cap,
    Count,
    Exclude,
    Expires,
    Give,
    Hit,
    Portion,
    Prerequisite,
    Row,
    RuleSet,
    Ruling,
    Table,
    Validity,
    Within,
)
from creditbank.domain.rules.overlay import Overlay
from creditbank.domain.rules.places import Place, UnreadableError
from creditbank.domain.rules.read import MOST_STEPS
from creditbank.domain.rules.read_amounts import MOST_ROWS, Amounts
from creditbank.domain.rules.read_limits import Limits, months
from creditbank.domain.rules.tightening import Meetings, maximum_kept, never_more, same_sort, share_a_category
from creditbank.domain.values import Text, format_credit

MESSAGES: dict[str, str] = {
    "overlay.other_code": "This overlay is for the rule set {found}, not for {code}.",
    "overlay.unreadable": "{path} cannot be read with the inherited rules: {problem}.",
    "overlay.no_table": "{path}: the inherited rules have no table {name}.",
    "overlay.no_part": "{path}: the inherited rules have no {part} {name} (any more).",
    "overlay.taken": "{path}: the inherited rules have something called {name} already; give yours another id.",
    "overlay.too_many": "{path}: no more than {most} are possible together with the inherited rules.",
    "overlay.locked": "{path}: {part} {name} is locked by its publisher, so it stays as it is.",
    "overlay.table_locked": "{path}: table {name} is locked by its publisher, so nothing is added to it.",
    "overlay.table_closed": "{path}: table {name} is not open, so only rows that refuse are added to it.",
    "overlay.meets_row": "{path}: an outcome could fit this row and row {row} of the inherited rules, for example"
    " {example}. A row may only be added where none fits yet.",
    "overlay.collects_one_kind": "{path}: the rows of table {name} are collected, so all give one category, level and"
    " field; this one gives others.",
    "overlay.meets_locked": "{path}: this would change what the locked row {row} gives, for example for {example}.",
    "overlay.meets_locked_part": "{path}: {part} {name} is locked by its publisher, and this would make it stricter.",
    "overlay.raised": "{path}: {before} became {after}; what is inherited may be made less, never more.",
    "overlay.not_compared": "{path}: {before} and {after} are reckoned in different ways, so it cannot be shown that"
    " this is never more.",
    "overlay.gives_nothing": "{path}: row {name} gives no credit, so there is nothing to lower.",
    "overlay.all_or_nothing": "{path}: the limit {name} grants all or nothing, so a lower amount could be granted where"
    " the higher one is not.",
    "overlay.asks": "{path}: what is added must refuse. Where a person decides, something could come of what the"
    " inherited rules refuse.",
    "overlay.asks_below": "{path}: {name} leaves it to a person; made stricter it would ask about what other rules"
    " refuse. Add one that refuses instead.",
    "overlay.period_of_fact": "{path}: the period of {name} is said by the outcome; add one of your own instead.",
}

PARTS: Mapping[str, Text] = {
    "rows": Text("规则行", "row"),
    "cap": Text("上限", "limit"),
    "validity": Text("有效期规则", "rule about days"),
    "exclude": Text("除外", "exclusion"),
    "prerequisite": Text("前提", "prerequisite"),
}
"""What people call an item of each list."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """An item of an overlay that cannot be laid on the inherited rules: its path and the line that says why."""

    path: str
    line: Line


@dataclass(frozen=True, slots=True)
class Composed:
    """Rules with an overlay laid on them; every item of it that is in conflict is left out.

    ``own`` names, as list and id, what the overlay added or tightened.
    """

    rules: RuleSet
    own: frozenset[tuple[str, str]]
    conflicts: tuple[Conflict, ...]

    @property
    def refused(self) -> Explanation:
        """Why the overlay does not fit as a whole; nothing where it does."""
        return tuple(conflict.line for conflict in self.conflicts)


def compose(base: RuleSet, overlay: Overlay) -> Composed:
    """The rules of an institution: what it inherits with what it adds and tightens.

    Each item is judged by the inherited rules alone. It holds only if no outcome can get more by it than they give,
    but where a table they left open has no row; and if nothing that is locked gives anything else. The order of a
    decision stays: what is added comes last in its list.
    """
    if overlay.code != base.code:
        facts: dict[str, Said] = {"found": overlay.code, "code": base.code}
        return Composed(base, frozenset(), (Conflict("code", Line("overlay.other_code", Verdict.NO, facts)),))
    return _Laying(base).laid(overlay)


class NotLaidError(Exception):
    """An item that cannot hold, with the line that says why."""

    def __init__(self, line: Line) -> None:
        super().__init__(line.code)
        self.line = line


class _Laying:
    """The items of one overlay as they are laid on one rule set."""

    def __init__(self, base: RuleSet) -> None:
        self._base = base
        facts = {fact.name: fact for fact in base.facts}
        codes = tuple(category.code for category in base.categories)
        self._amounts, self._limits = Amounts(facts, codes), Limits(facts, codes)
        self._meetings = Meetings(base)
        self._tables = {table.code: table for table in base.tables}
        self._rows = {row.id: (table, row) for table in base.tables for row in table.rows}
        self._now: dict[str, Row] = {}
        self._added: dict[str, list[Row]] = {}
        self._lists: dict[str, dict[str, Any]] = {
            name: {part.id: part for part in getattr(base, name)}
            for name in ("cap", "validity", "exclude", "prerequisite")
        }
        self._path = ""

    def laid(self, overlay: Overlay) -> Composed:
        """All items, those of ``tighten`` first."""
        own: set[tuple[str, str]] = set()
        conflicts: list[Conflict] = []
        steps: tuple[tuple[str, Mapping[str, tuple[Mapping[str, Any], ...]], dict[str, Callable[[Place], None]]], ...]
        steps = (
            ("tighten", overlay.tighten, {"rows": self._lower, "cap": self._cut, "validity": self._shorten}),
            (
                "add",
                overlay.add,
                {
                    "rows": self._row,
                    "cap": self._cap,
                    "validity": self._validity,
                    "exclude": self._exclude,
                    "prerequisite": self._prerequisite,
                },
            ),
        )
        for half, lists, lay in steps:
            for name, items in lists.items():
                for number, item in enumerate(items):
                    self._path = f"{half}.{name}[{number}]"
                    try:
                        lay[name](Place(item, self._path))
                    except UnreadableError as unreadable:
                        for problem in unreadable.problems:
                            line = self._line("overlay.unreadable", path=problem.path, problem=problem.message)
                            conflicts.append(Conflict(problem.path, line))
                    except NotLaidError as error:
                        conflicts.append(Conflict(self._path, error.line))
                    else:
                        own.add((name, str(item["id"])))
        return Composed(self._result(), frozenset(own), tuple(conflicts))

    def _result(self) -> RuleSet:
        tables = tuple(
            replace(
                table,
                rows=(*(self._now.get(row.id, row) for row in table.rows), *self._added.get(table.code, ())),
            )
            for table in self._base.tables
        )
        lists: dict[str, Any] = {name: tuple(parts.values()) for name, parts in self._lists.items()}
        return replace(self._base, tables=tables, **lists)

    # ---- what is made stricter

    def _lower(self, place: Place) -> None:
        name = place.value["id"]
        if name not in self._rows:
            self._fail("overlay.no_part", part=PARTS["rows"], name=name)
        table, row = self._rows[name]
        if table.locked or row.locked:
            self._fail("overlay.locked", part=PARTS["rows"], name=name)
        give: Give | Ruling = Ruling.REFUSE
        if place.given("credit"):
            give = self._less(place.named("credit"), row)
        if table.hit in COLLECTS:
            # Rows that are collected answer together, so a locked one would answer otherwise.
            locked = [other for other in table.rows if other.locked]
            for met in self._meetings.rows(table, row.when, locked):
                self._fail("overlay.meets_locked", row=met.row.id, example=met.example)
        self._now[name] = replace(row, give=give, clause=place.named("clause").both())

    def _less(self, place: Place, row: Row) -> Give:
        if not isinstance(row.give, Give):
            self._fail("overlay.gives_nothing", name=row.id)
        table, _row = self._rows[row.id]
        credit = self._amounts.credit(place)
        facts = self._amounts.facts
        said = {"before": credit_shown(row.give.credit, facts), "after": credit_shown(credit, facts)}
        less = never_more(row.give.credit, credit)
        if less is None:
            self._fail("overlay.not_compared", **said)
        if not less:
            self._fail("overlay.raised", **said)
        for cap in self._base.cap:
            if cap.whole and cap.binds(row.give.category) and self._meetings.meets_row(table, row, cap.when):
                self._fail("overlay.all_or_nothing", name=cap.id)
        return replace(row.give, credit=credit)

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
        later = list(self._base.cap)[[one.id for one in self._base.cap].index(cap.id) + 1 :]
        for other in later:
            if other.whole and share_a_category(cap, other) and self._meetings.meet(cap.when, other.when):
                self._fail("overlay.all_or_nothing", name=other.id)
        self._leaves_locked_rows(cap.when, giving=True, category=cap)
        self._lists["cap"][cap.id] = after

    def _shorten(self, place: Place) -> None:
        rule: Validity = self._known("validity", place)
        clause = place.named("clause").both()
        kind = "within" if isinstance(rule, Within) else "expires"
        if not isinstance(rule, Within | Expires) or not place.given(kind):
            self._fail("overlay.no_part", part=PARTS["validity"], name=rule.id)
        if not isinstance(rule.months, int):
            self._fail("overlay.period_of_fact", name=rule.id)
        if isinstance(rule, Within) and rule.otherwise is not Ruling.REFUSE:
            self._fail("overlay.asks_below", name=rule.id)
        period = months(place.named(kind))
        if period > rule.months:
            self._fail("overlay.raised", before=months_said(rule.months), after=months_said(period))
        self._leaves_locked_rows(rule.when, giving=isinstance(rule, Expires))
        self._lists["validity"][rule.id] = replace(rule, months=period, clause=clause)

    # ---- what is added

    def _row(self, place: Place) -> None:
        code = place.value["table"]
        table = self._tables.get(code)
        if table is None:
            self._fail("overlay.no_table", name=code)
        rest = {name: value for name, value in place.value.items() if name != "table"}
        row = self._amounts.row(Place(rest, place.path), table.columns, table.hit)
        if table.locked:
            self._fail("overlay.table_locked", name=code)
        if not table.open and row.give is not Ruling.REFUSE:
            self._fail("overlay.table_closed", name=code)
        added = self._added.setdefault(code, [])
        if row.id in self._rows or any(row.id == one.id for rows in self._added.values() for one in rows):
            self._fail("overlay.taken", name=row.id)
        if len(table.rows) + len(added) >= MOST_ROWS:
            self._fail("overlay.too_many", most=MOST_ROWS)
        if table.hit is not Hit.FIRST:  # where the first row decides, one that comes last takes nothing from others
            for met in self._meetings.rows(table, row.when, table.rows):
                self._fail("overlay.meets_row", row=met.row.id, example=met.example)
        if table.hit in COLLECTS and isinstance(row.give, Give):
            self._one_kind(table, row.give, added)
        added.append(row)

    def _one_kind(self, table: Table, give: Give, added: list[Row]) -> None:
        for other in (*table.rows, *added):
            if isinstance(other.give, Give):
                kinds = [(one.category, one.level, one.field) for one in (give, other.give)]
                if kinds[0] != kinds[1]:
                    self._fail("overlay.collects_one_kind", name=table.code)

    def _cap(self, place: Place) -> None:
        cap = self._limits.cap(place)
        for other in self._base.cap:
            if other.locked and share_a_category(cap, other) and self._meetings.meet(cap.when, other.when):
                self._fail("overlay.meets_locked_part", part=PARTS["cap"], name=other.id)
        self._leaves_locked_rows(cap.when, giving=True, category=cap)
        self._put("cap", cap)

    def _validity(self, place: Place) -> None:
        rule = self._limits.validity(place)
        if not isinstance(rule, Expires):
            self._refuses(rule.otherwise)
        for other in self._base.validity:
            if other.locked and same_sort(rule, other) and self._meetings.meet(rule.when, other.when):
                self._fail("overlay.meets_locked_part", part=PARTS["validity"], name=other.id)
        # Also a rule about the end of credit refuses what was earned after the claim.
        self._leaves_locked_rows(rule.when, giving=False)
        self._put("validity", rule)

    def _exclude(self, place: Place) -> None:
        part: Exclude = self._limits.exclude(place)
        self._refuses(part.otherwise)
        self._leaves_locked_rows(part.when, giving=False)
        self._put("exclude", part)

    def _prerequisite(self, place: Place) -> None:
        part: Prerequisite = self._limits.prerequisite(place)
        self._refuses(part.otherwise)
        self._leaves_locked_rows(part.when, giving=True)
        self._put("prerequisite", part)

    # ---- what all of them need

    def _known(self, name: str, place: Place) -> Any:
        part = self._lists[name].get(place.value["id"])
        if part is None:
            self._fail("overlay.no_part", part=PARTS[name], name=place.value["id"])
        if part.locked:
            self._fail("overlay.locked", part=PARTS[name], name=part.id)
        return part

    def _put(self, name: str, part: Any) -> None:
        parts = self._lists[name]
        if part.id in parts:
            self._fail("overlay.taken", name=part.id)
        if len(parts) >= MOST_STEPS:
            self._fail("overlay.too_many", most=MOST_STEPS)
        parts[part.id] = part

    def _refuses(self, otherwise: Ruling) -> None:
        if otherwise is not Ruling.REFUSE:
            self._fail("overlay.asks")

    def _leaves_locked_rows(self, condition: Any, *, giving: bool, category: Cap | None = None) -> None:
        for met in self._meetings.locked(condition, giving=giving, category=category):
            self._fail("overlay.meets_locked", row=met.row.id, example=met.example)

    def _line(self, code: str, **facts: Said) -> Line:
        return Line(code, Verdict.NO, {"path": self._path, **facts})

    def _fail(self, code: str, **facts: Said) -> NoReturn:
        raise NotLaidError(self._line(code, **facts))


def months_said(count: int) -> Text:
    """A period in words."""
    return Text(f"{count} 个月", f"{count} months")


def maximum_said(cap: Cap) -> Text:
    """What a limit lets through, in words."""
    match cap.maximum:
        case Portion(share, of):
            return Text(f"{of} 的 {share}", f"{share} of {of}")
        case Count(most):
            return Text(f"{most} 项成果", f"{most} outcomes")
    amount = format_credit(cap.maximum)
    return Text(f"{amount} 学分", f"{amount} credits")
