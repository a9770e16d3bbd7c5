"""Inherited rules row by row and part by part, with what an overlay makes of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from creditbank.domain.explanation import Explanation, Line
from creditbank.domain.rules.cell_words import any_word, cell_words
from creditbank.domain.rules.composition import Composed, compose
from creditbank.domain.rules.model import Row, RuleSet, Table
from creditbank.domain.rules.overlay import Overlay
from creditbank.domain.rules.overlay_edits import (
    ADD,
    TIGHTEN,
    closed_parts,
    conflicts_by_item,
    item_of,
    said_by,
    table_of,
)
from creditbank.domain.rules.row_words import CLAUSE_EN, CLAUSE_ZH, CREDIT, RowWords, WordColumn
from creditbank.domain.values import Text
from creditbank.exchange.rule_texts import flow_text
from creditbank.gateways import wording
from creditbank.web.design.templatetags.design import tag
from creditbank.web.office.rule_part_words import part_said
from creditbank.web.office.rule_tables import HITS, shown_columns
from creditbank.web.office.rule_words import language_now

ROWS = "rows"
LISTS: Mapping[str, tuple[Any, Any]] = {
    "cap": (_("Limits"), _("Add a limit")),
    "validity": (_("Dates"), _("Add a rule about days")),
    "exclude": (_("Exclusions"), _("Add an exclusion")),
    "prerequisite": (_("Prerequisites"), _("Add a prerequisite")),
}
"""The lists beside the tables to which an overlay may add, each with its name and the way in."""
INHERITED, LOCKED, STRICTER, ADDED, LOST = "inherited", "locked", "stricter", "added", "lost"
STATES = {
    INHERITED: ("plain", _("inherited")),
    LOCKED: ("warn", _("locked")),
    STRICTER: ("info", _("made stricter here")),
    ADDED: ("ok", _("added here")),
    LOST: ("bad", _("does not hold")),
}
_LOCKED_CODES = ("overlay.locked",)
_SAY_ENOUGH = (
    *_LOCKED_CODES,
    "overlay.gives_none",
    "overlay.no_period",
    "overlay.asks_below",
    "overlay.period_of_fact",
)
KINDS = {ROWS: _("Row"), "cap": _("Limit"), "validity": _("Rule about days"), "exclude": _("Exclusion")}
KINDS["prerequisite"] = _("Prerequisite")
"""What one item of each list is called."""


@dataclass(frozen=True, slots=True)
class Overlaid:
    """An overlay on what it inherits: what decides, why items do not hold, and what is closed to it."""

    base: RuleSet
    overlay: Overlay
    composed: Composed
    conflicts: Mapping[tuple[str, str, str], Explanation]
    closed: Mapping[tuple[str, str], Line]

    @staticmethod
    def of(base: RuleSet, overlay: Overlay) -> Overlaid:
        """The overlay laid on the rules."""
        composed = compose(base, overlay)
        return Overlaid(base, overlay, composed, conflicts_by_item(overlay, composed), closed_parts(base))

    def why(self, half: str, name: str, item: str) -> list[str]:
        """Why an item does not hold, in words."""
        return reasons_said(self.conflicts.get((half, name, item), ()))


@dataclass(frozen=True, slots=True)
class TableShown:
    """One inherited table with what is made of it here."""

    code: str
    number: int
    title: str
    hit: str
    tag: tuple[str, Any] | None
    note: str
    columns: tuple[dict[str, Any], ...]
    body: SafeString
    count: int
    add: str
    add_word: str


def reasons_said(lines: Iterable[Line]) -> list[str]:
    """Why something cannot be, without the path into the document: it is said where it stands."""
    said = []
    for line in lines:
        pathless = replace(line, facts={**line.facts, "path": ""})
        words = wording.say(pathless, language_now()).lstrip(":： ")
        said.append(words[:1].upper() + words[1:])
    return said


def closed_said(line: Line) -> str:
    """Why nothing can be made stricter of an inherited part."""
    said = reasons_said((line,))[0]
    if line.code in _SAY_ENOUGH:
        return said
    return _t("It cannot be made stricter: %(why)s") % {"why": said[:1].lower() + said[1:]}


def item_url(draft_id: UUID, half: str, name: str, item: str = "", *, table: str = "") -> str:
    """Where an item is written; without one, a new one."""
    asked = {"half": half, "list": name} | ({"item": item} if item else {}) | ({"table": table} if table else {})
    return f"{reverse('office:overlay-item', args=[draft_id])}?{urlencode(asked)}"


def tables_said(over: Overlaid, draft_id: UUID, *, editable: bool) -> tuple[TableShown, ...]:
    """Every inherited table, its rows and those added here."""
    return tuple(
        _table(over, table, number, draft_id, editable=editable)
        for number, table in enumerate(over.base.tables, start=1)
    )


def title_of(base: RuleSet, table: Table) -> str:
    """For which outcomes a table is, or the name of the rules where it is for all."""
    facts, language = {fact.name: fact for fact in base.facts}, language_now()
    conditions = [
        f"{facts[cell.fact].label.said_in(language)}{_t(': ')}{cell_words(facts[cell.fact], cell.accept, language)}"
        for cell in table.when
    ]
    return _t("; ").join(conditions) or base.name.said_in(language)


def _table(over: Overlaid, table: Table, number: int, draft_id: UUID, *, editable: bool) -> TableShown:
    own = [
        (item, said_by(over.base, ADD, ROWS, item))
        for item in over.overlay.add.get(ROWS, ())
        if item["table"] == table.code
    ]
    rows = tuple(row for _item, row in own if isinstance(row, Row))
    words = RowWords.of(over.base, replace(table, rows=(*table.rows, *rows)))
    markup = _Markup(over, words, shown_columns(words), draft_id, editable=editable)
    body = [markup.inherited(row, at) for at, row in enumerate(table.rows, start=1)]
    at = len(table.rows)
    for item, row in own:
        holds = (ROWS, item["id"]) in over.composed.own
        at += holds
        body.append(markup.added(item, row if isinstance(row, Row) else None, at if holds else 0))
    state, note, add, add_word = None, "", "", ""
    if table.locked:
        state, note = STATES[LOCKED], _t("Its publisher locked it: its rows stay as they are, and nothing is added.")
    else:
        if any(row.locked for row in table.rows):
            note = _t("Locked rows stay as they are: their publisher allows no change.")
        state = ("info", _t("open for further rows")) if table.open else None
        add = item_url(draft_id, ADD, ROWS, table=table.code) if editable else ""
        add_word = _t("Add a row here") if table.open else _t("Add a row that refuses")
    return TableShown(
        code=table.code,
        number=number,
        title=title_of(over.base, table),
        hit=str(HITS[table.hit]),
        tag=state,
        note=note,
        columns=tuple(
            {"head": column.head.said_in(language_now()), "figure": column.key == CREDIT} for column in markup.columns
        ),
        body=mark_safe("".join(body)),  # noqa: S308 - made of escaped words only
        count=len(table.rows),
        add=add,
        add_word=add_word,
    )


class _Markup:
    """Rows as HTML; it is written here because a table has hundreds of them."""

    def __init__(
        self, over: Overlaid, words: RowWords, columns: Sequence[WordColumn], draft_id: UUID, *, editable: bool
    ) -> None:
        self.over, self.words, self.columns = over, words, columns
        self._draft_id, self._editable, self._language = draft_id, editable, language_now()
        self._blank, self._tags = any_word(self._language), {state: tag(*said) for state, said in STATES.items()}

    def inherited(self, row: Row, number: int) -> str:
        """An inherited row, and what was made of it."""
        item = item_of(self.over.overlay, TIGHTEN, ROWS, row.id)
        closed = self.over.closed.get((ROWS, row.id))
        said = self.words.said(row, self._language)
        if item is None:
            state, action = INHERITED, ""
            if closed is not None and closed.code in _LOCKED_CODES:
                state = LOCKED
            elif closed is not None:
                action = f'<p class="why">{escape(closed_said(closed))}</p>'
            elif self._editable:
                action = self._link(item_url(self._draft_id, TIGHTEN, ROWS, row.id), _t("Make stricter"), number)
            return self._row(row.id, number, self._tags[state] + action, self._cells(said))
        made = said_by(self.over.base, TIGHTEN, ROWS, item)
        lost = self.over.why(TIGHTEN, ROWS, row.id)
        now = self.words.said(made, self._language) if isinstance(made, Row) else said
        here = self._own(TIGHTEN, row.id, number, lost=bool(lost), change=not (closed and closed.code in _LOCKED_CODES))
        return self._row(row.id, number, here, self._cells(said, now)) + self._reason(
            lost, item if made is None else {}
        )

    def added(self, item: Mapping[str, Any], row: Row | None, number: int) -> str:
        """A row that was added here; one that does not hold has no number."""
        name = str(item["id"])
        lost = self.over.why(ADD, ROWS, name)
        cells = f'<td colspan="{len(self.columns)}"><code>{escape(flow_text(item))}</code></td>'
        if row is not None:
            cells = self._cells(self.words.said(row, self._language))
        here = self._own(ADD, name, number, lost=bool(lost), change=row is not None)
        return self._row(name, number, here, cells) + self._reason(lost, {})

    def _row(self, name: str, number: int, here: str, cells: str) -> str:
        shown = number or "–"
        return (
            f'<tr id="row-{escape(name)}"><th scope="row" title="{escape(name)}"><span class="n">{shown}</span></th>'
            f'<td class="here">{here}</td>{cells}</tr>'
        )

    def _cells(self, said: Mapping[str, str], now: Mapping[str, str] | None = None) -> str:
        cells = []
        for column in self.columns:
            text = said[column.key]
            made = now[column.key] if now is not None else text
            clause = column.key in (CLAUSE_ZH, CLAUSE_EN)
            kind = "any" if column.fact is not None and text == self._blank else "num" if column.key == CREDIT else ""
            shaped = f' class="{"clause" if clause else kind}"' if clause or kind else ""
            shown = escape(text)
            if now is not None and made != text:
                shown = _was(text, made)
            if clause and now is not None and made != text:
                shown = f'<ins>{escape(made)}</ins><span class="soft">{escape(_t("Inherited:"))} {escape(text)}</span>'
            cells.append(f"<td{shaped}>{shown}</td>")
        return "".join(cells)

    def _own(self, half: str, name: str, number: int, *, lost: bool, change: bool) -> str:
        state = STRICTER if half == TIGHTEN else ADDED
        here = self._tags[state] + (self._tags[LOST] if lost else "")
        if not self._editable:
            return here
        link = self._link(item_url(self._draft_id, half, ROWS, name), _t("Change"), number) if change else ""
        taken, which = _t("Take away"), self._which(number, name)
        return here + (
            f'<div class="acts">{link}'
            f'<button class="btn small stop" form="take" name="take" value="{escape(f"{half}:{ROWS}:{name}")}">'
            f'{escape(taken)}<span class="hidden">{escape(which)}</span></button></div>'
        )

    def _link(self, address: str, word: str, number: int) -> str:
        which = escape(self._which(number, ""))
        return f'<a class="btn small" href="{escape(address)}">{escape(word)}<span class="hidden">{which}</span></a>'

    @staticmethod
    def _which(number: int, name: str) -> str:
        row = _t("Row %(number)s") % {"number": number or name}
        return _t(": ") + str(row)

    def _reason(self, lost: Sequence[str], item: Mapping[str, Any]) -> str:
        if not lost and not item:
            return ""
        said = "".join(f"<span>{escape(one)}</span>" for one in lost)
        said += f"<code>{escape(flow_text(item))}</code>" if item else ""
        return f'<tr class="reason"><td colspan="{len(self.columns) + 2}"><p>{said}</p></td></tr>'


def _was(text: str, made: str) -> str:
    """What an inherited row says, struck out, and what stands for it; who hears it is told that it was so before."""
    was = f'<span class="hidden">{escape(_t("Inherited:"))} </span><del>{escape(text)}</del>'
    return f'{was}<span aria-hidden="true"> → </span><ins>{escape(made)}</ins>' if made else was


def parts_said(over: Overlaid, draft_id: UUID, *, editable: bool) -> list[dict[str, Any]]:
    """The lists beside the tables, each inherited part with what was made of it, then those added here."""
    lists = []
    for name, (title, add) in LISTS.items():
        parts = [_inherited(over, name, part, draft_id, editable=editable) for part in getattr(over.base, name)]
        parts += [_own_part(over, name, item, draft_id, editable=editable) for item in over.overlay.add.get(name, ())]
        url = item_url(draft_id, ADD, name) if editable else ""
        lists.append({"name": name, "title": title, "add_word": add, "add": url, "parts": parts})
    return lists


def _inherited(over: Overlaid, name: str, part: Any, draft_id: UUID, *, editable: bool) -> dict[str, Any]:
    closed = over.closed.get((name, part.id))
    shown: dict[str, Any] = {"id": part.id, "said": part_said(over.base, part), "clause": part.clause}
    item = item_of(over.overlay, TIGHTEN, name, part.id)
    locked = closed is not None and closed.code in _LOCKED_CODES
    if item is None:
        may_tighten = name in ("cap", "validity") and closed is None
        stricter = item_url(draft_id, TIGHTEN, name, part.id) if editable and may_tighten else ""
        why = [closed_said(closed)] if closed is not None else []
        return shown | {"tags": [STATES[LOCKED if locked else INHERITED]], "note": why, "stricter": stricter}
    made, lost = said_by(over.base, TIGHTEN, name, item), over.why(TIGHTEN, name, part.id)
    shown |= {"was": shown["said"], "was_clause": part.clause, "clause": Text(**item["clause"])}
    shown["said"] = part_said(over.base, made) if made is not None else flow_text(item)
    return shown | _kept(TIGHTEN, name, item, lost, draft_id, editable=editable, change=not locked)


def _own_part(over: Overlaid, name: str, item: Mapping[str, Any], draft_id: UUID, *, editable: bool) -> dict[str, Any]:
    made, lost = said_by(over.base, ADD, name, item), over.why(ADD, name, str(item["id"]))
    said = part_said(over.base, made) if made is not None else flow_text(item)
    shown = {"id": item["id"], "said": said, "clause": Text(**item["clause"])}
    return shown | _kept(ADD, name, item, lost, draft_id, editable=editable, change=made is not None)


def _kept(
    half: str,
    name: str,
    item: Mapping[str, Any],
    lost: list[str],
    draft_id: UUID,
    *,
    editable: bool,
    change: bool,
) -> dict[str, Any]:
    found: dict[str, Any] = {"tags": [STATES[STRICTER if half == TIGHTEN else ADDED]], "lost": lost}
    found["tags"] += [STATES[LOST]] if lost else []
    if editable:
        found["change"] = item_url(draft_id, half, name, str(item["id"])) if change else ""
        found["take"] = f"{half}:{name}:{item['id']}"
    return found


def loose_items(over: Overlaid, *, editable: bool) -> list[dict[str, Any]]:
    """Items of which the part or the table is not among the inherited rules (any more)."""
    tables = {table.code for table in over.base.tables}
    found = [(ADD, ROWS, item) for item in over.overlay.add.get(ROWS, ()) if item["table"] not in tables]
    for name, items in over.overlay.tighten.items():
        for item in items:
            known = table_of(over.base, item["id"]) if name == ROWS else None
            if known is None and (name == ROWS or all(one.id != item["id"] for one in getattr(over.base, name))):
                found.append((TIGHTEN, name, item))
    return [
        {
            "kind": KINDS[name],
            "id": item["id"],
            "said": flow_text({key: value for key, value in item.items() if key not in ("id", "clause")}),
            "clause": Text(**item["clause"]),
            "lost": over.why(half, name, str(item["id"])),
            "take": f"{half}:{name}:{item['id']}" if editable else "",
        }
        for half, name, item in found
    ]


def staying(base: RuleSet) -> list[dict[str, Any]]:
    """What an overlay cannot touch: adjustments, families and second figures, in words."""
    lists = ((_("Adjustments"), base.adjust), (_("The best of a family"), base.choose))
    found = [
        {"title": title, "parts": [{"said": part_said(base, part), "clause": part.clause} for part in parts]}
        for title, parts in lists
    ]
    found.append({"title": _("Second figures"), "parts": [{"said": "", "clause": one.clause} for one in base.figures]})
    return [one for one in found if one["parts"]]
