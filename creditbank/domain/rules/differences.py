"""What changed between two versions of a rule set, in words a registrar reads."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from creditbank.domain.explanation import Explanation, Line, Verdict
from creditbank.domain.explanation import Fact as Said
from creditbank.domain.rules.amounts import credit_shown
from creditbank.domain.rules.facts import cell_shown
from creditbank.domain.rules.model import Fact, FromFact, Give, Row, RuleSet, Ruling, Table
from creditbank.domain.rules.overlay import ADDED, Overlay, overlay_data
from creditbank.domain.rules.write import rule_set_data
from creditbank.domain.values import Text

MESSAGES: dict[str, str] = {
    "diff.table_added": "Table {name} is new, with {count} rows.",
    "diff.table_removed": "Table {name} is gone, with its {count} rows.",
    "diff.table_changed": "Table {name} changed.",
    "diff.row_added": "Row {name} is new: {gives}.",
    "diff.row_removed": "Row {name} is gone; it said: {gives}.",
    "diff.row_changed": "Row {name} changed.",
    "diff.gives": "It gave {before}, now it gives {after}.",
    "diff.priority": "Its priority was {before}, now it is {after}.",
    "diff.locked": "It is locked now: nobody further down may tighten it.",
    "diff.unlocked": "It is no longer locked.",
    "diff.opened": "It is open now: further down rows may be added to it.",
    "diff.closed": "It is no longer open for further rows.",
    "diff.cell": "{fact}: {before} became {after}.",
    "diff.clause": "Its clause was “{before}”, now it is “{after}”.",
    "diff.part_added": "{part} {name} is new: {after}.",
    "diff.part_removed": "{part} {name} is gone; it was: {before}.",
    "diff.part_changed": "{part} {name} changed.",
    "diff.value": "{name}: {before} became {after}.",
    "diff.order": "The order of {part} changed.",
}

_PARTS: dict[str, tuple[str, Text]] = {
    "categories": ("code", Text("类别", "Category")),
    "facts": ("name", Text("成果信息", "Fact")),
    "adjust": ("id", Text("调整", "Step")),
    "choose": ("id", Text("同类取高", "Family")),
    "cap": ("id", Text("上限", "Limit")),
    "validity": ("id", Text("有效期", "Date rule")),
    "exclude": ("id", Text("除外", "Exclusion")),
    "prerequisite": ("id", Text("前提", "Prerequisite")),
    "figures": ("id", Text("附加数值", "Figure")),
    "abbreviations": ("short", Text("简称", "Abbreviation")),
    "rules": ("id", Text("规则行", "Row")),
    "rows": ("id", Text("规则行", "Row")),
    "closed": ("id", Text("不可置换的课程", "Closed courses")),
    "standings": ("id", Text("学习状态", "Standing")),
}
"""The lists of a rule set by what tells their items apart, and what people call one item."""

_ORDERS = {
    "tables": Text("表", "tables"),
    **{name: Text(label.zh, label.en.lower()) for name, (_key, label) in _PARTS.items()},
    "rows": Text("行", "rows"),
}
_REACH = {"locked": ("diff.unlocked", "diff.locked"), "open": ("diff.closed", "diff.opened")}
"""What is said of a part that further down may or may not be changed, when that ends and when it begins."""
_ANY, _NONE = Text("任意", "any"), Text("无", "nothing")


def differences(before: RuleSet, after: RuleSet) -> Explanation:
    """Every difference between two rule sets, from the head to the dates; empty exactly if their hashes are equal."""
    old, new = rule_set_data(before), rule_set_data(after)
    said = [*values(old, new, without=("tables", *_PARTS))]
    for name in ("categories", "facts"):
        said += listed(name, old[name], new[name])
    said += _tables(before, after)
    for name in ("adjust", "choose", "cap", "validity", "exclude", "prerequisite", "figures", "abbreviations"):
        said += listed(name, old.get(name, ()), new.get(name, ()))
    return tuple(said)


def overlay_differences(before: Overlay, after: Overlay) -> Explanation:
    """Every difference between two versions of an overlay as they are written; empty if their hashes are equal."""
    old, new = overlay_data(before), overlay_data(after)
    said = [*values(old, new, without=("add", "tighten"))]
    for half in ("tighten", "add"):
        for name in ADDED:
            said += listed(name, old[half].get(name, ()), new[half].get(name, ()))
    return tuple(said)


def _tables(before: RuleSet, after: RuleSet) -> Iterator[Line]:
    old = {table.code: table for table in before.tables}
    new = {table.code: table for table in after.tables}
    data = [{table["code"]: table for table in rule_set_data(rules)["tables"]} for rules in (before, after)]
    for code, table in old.items():
        if code not in new:
            yield _line("diff.table_removed", name=code, count=len(table.rows))
    for code, table in new.items():
        if code not in old:
            yield _line("diff.table_added", name=code, count=len(table.rows))
            continue
        lines = [*values(data[0][code], data[1][code], without=("code", "rows", "open", "locked"))]
        lines += _reach(old[code], table)
        lines += _rows(before, after, old[code].rows, table.rows)
        if lines:
            yield _line("diff.table_changed", lines, name=code)
    yield from _order("tables", list(old), list(new))


def _rows(before: RuleSet, after: RuleSet, old_rows: Sequence[Row], new_rows: Sequence[Row]) -> Iterator[Line]:
    old, new = ({row.id: row for row in rows} for rows in (old_rows, new_rows))
    for name, row in old.items():
        if name not in new:
            yield _line("diff.row_removed", name=name, gives=_given(before, row.give))
    for name, row in new.items():
        if name not in old:
            yield _line("diff.row_added", name=name, gives=_given(after, row.give))
        elif lines := list(_row(before, after, old[name], row)):
            yield _line("diff.row_changed", lines, name=name)
    yield from _order("rows", list(old), list(new))


def _row(before: RuleSet, after: RuleSet, old: Row, new: Row) -> Iterator[Line]:
    if old.give != new.give:
        yield _line("diff.gives", before=_given(before, old.give), after=_given(after, new.give))
    facts = [{fact.name: fact for fact in rules.facts} for rules in (before, after)]
    cells = [{cell.fact: cell.accept for cell in row.when} for row in (old, new)]
    for name in dict.fromkeys([*cells[0], *cells[1]]):
        if cells[0].get(name) != cells[1].get(name):
            shown = [_cell(facts[at].get(name), cells[at].get(name)) for at in (0, 1)]
            fact = facts[1].get(name) or facts[0][name]
            yield _line("diff.cell", fact=fact.label, before=shown[0], after=shown[1])
    if old.priority != new.priority:
        yield _line("diff.priority", before=old.priority, after=new.priority)
    yield from _reach(old, new)
    if old.clause != new.clause:
        yield _line("diff.clause", before=old.clause, after=new.clause)


def _reach(old: Row | Table, new: Row | Table) -> Iterator[Line]:
    """What changed of what may be done to a part further down."""
    if old.locked != new.locked:
        yield _line("diff.locked" if new.locked else "diff.unlocked")
    if isinstance(old, Table) and isinstance(new, Table) and old.open != new.open:
        yield _line("diff.opened" if new.open else "diff.closed")


def listed(part: str, before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> Iterator[Line]:
    """What changed in a list of a rule set, whose items are told apart by their key."""
    key, label = _PARTS[part]
    old, new = ({item[key]: item for item in items} for items in (before, after))
    for name, item in old.items():
        if name not in new:
            yield _line("diff.part_removed", part=label, name=name, before=_plain(item, key))
    for name, item in new.items():
        if name not in old:
            yield _line("diff.part_added", part=label, name=name, after=_plain(item, key))
        elif lines := list(values(old[name], item, without=(key,))):
            yield _line("diff.part_changed", lines, part=label, name=name)
    yield from _order(part, list(old), list(new))


def values(before: Mapping[str, Any], after: Mapping[str, Any], *, without: Sequence[str]) -> Iterator[Line]:
    """What changed among the values of an object, some left out."""
    for name in dict.fromkeys([*before, *after]):
        if name in without or before.get(name) == after.get(name):
            continue
        if name in _REACH and all(isinstance(one.get(name, False), bool) for one in (before, after)):
            yield _line(_REACH[name][bool(after.get(name))])
        else:
            yield _line("diff.value", name=name, before=_shown(before.get(name)), after=_shown(after.get(name)))


def _order(part: str, before: Sequence[str], after: Sequence[str]) -> Iterator[Line]:
    """Whether what both have stands in another order; where something was added or removed, the rest is compared."""
    kept = [[name for name in names if name in others] for names, others in ((before, after), (after, before))]
    if any(one != other for one, other in zip_longest(*kept)):
        yield _line("diff.order", part=_ORDERS[part])


def _given(rules: RuleSet, give: Give | Ruling) -> Text:
    if give is Ruling.REFUSE:
        return Text("不予认定", "no credit")
    if not isinstance(give, Give):
        return Text("由人工决定", "a person decides")
    category = next(choice.label for choice in rules.categories if choice.code == give.category)
    more = [part for part in (give.level, give.field) if part is not None]
    added = "".join(f", {part.fact if isinstance(part, FromFact) else part}" for part in more)
    said = credit_shown(give.credit, {fact.name: fact for fact in rules.facts})
    return Text(f"{said.zh}（{category.zh}{added}）", f"{said.en} ({category.en}{added})")


def _cell(fact: Fact | None, accept: Any) -> Text:
    return _ANY if accept is None or fact is None else cell_shown(fact, accept)


def _plain(item: Mapping[str, Any], key: str) -> str:
    return json.dumps({name: value for name, value in item.items() if name != key}, ensure_ascii=False)


def _shown(value: Any) -> Text | str:
    if value is None:
        return _NONE
    if isinstance(value, dict) and set(value) == {"zh", "en"}:
        return Text(value["zh"], value["en"])
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _line(code: str, lines: Sequence[Line] = (), /, **facts: Said) -> Line:
    return Line(code, Verdict.NOTE, facts, None, tuple(lines))
