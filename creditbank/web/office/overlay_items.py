"""One part of an overlay as a form: made stricter, added, changed, taken away, undone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from creditbank.domain.explanation import Line, Refusal
from creditbank.domain.rule_life.states import Act
from creditbank.domain.rules.model import Cap, Expires, Row, Table, Within
from creditbank.domain.rules.overlay import Overlay
from creditbank.domain.rules.overlay_edits import (
    ADD,
    TIGHTEN,
    amount_closed,
    item_of,
    own_id,
    put_item,
    said_by,
    table_of,
    take_item,
    write_head,
)
from creditbank.domain.rules.places import Problem, UnreadableError
from creditbank.domain.values import Text
from creditbank.exchange.rule_drafts import save_text
from creditbank.exchange.rule_texts import flow_text
from creditbank.gateways import clock
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.rule_drafts import Conflict
from creditbank.web.doors import door
from creditbank.web.office.desk import actor_of, at_desk, show
from creditbank.web.office.overlay_forms import (
    AddedRowForm,
    HeadForm,
    StricterCapForm,
    StricterForm,
    StricterPeriodForm,
    StricterRowForm,
    added_form,
    added_part,
    blank_row,
    row_words,
)
from creditbank.web.office.overlay_rows import KINDS, LISTS, ROWS, Overlaid, closed_said
from creditbank.web.office.overlay_table import (
    OverlayDraft,
    keep,
    may_change,
    met_meanwhile,
    overlay_drafted,
    overlay_page,
)
from creditbank.web.office.rule_editor import problems_said
from creditbank.web.office.rule_part_words import part_said
from creditbank.web.office.rule_tables import HITS, shown_columns
from creditbank.web.office.rule_undo import text_before, went_back
from creditbank.web.office.rule_words import language_now, may_act, sentences

HEAD = "head"
_STRICTER: Mapping[str, Any] = {
    ROWS: _("Make the row stricter"),
    "cap": _("Lower the limit"),
    "validity": _("Shorten the period"),
}
_CHANGE: Mapping[str, Any] = {
    ROWS: _("Change the row added here"),
    "cap": _("Change the limit added here"),
    "validity": _("Change the rule about days added here"),
    "exclude": _("Change the exclusion added here"),
    "prerequisite": _("Change the prerequisite added here"),
}
_FORMS: Mapping[str, type[StricterForm]] = {
    ROWS: StricterRowForm, "cap": StricterCapForm, "validity": StricterPeriodForm,
}  # fmt: skip
_REFUSED, _CONFLICT = 422, 409


@dataclass(frozen=True, slots=True)
class _Asked:
    """Which part of an overlay somebody writes: by its half, its list, its id, and the table of a new row."""

    half: str
    name: str
    item: str
    table: str

    @staticmethod
    def of(said: Any) -> _Asked:
        """What the address or the form says."""
        return _Asked(*(str(said.get(key, "")) for key in ("half", "list", "item", "table")))


@dataclass(frozen=True, slots=True)
class _Writing:
    """A part with its form, what it inherits, and the item as it stands; none where it is new."""

    asked: _Asked
    form: Any
    title: Any
    item: Mapping[str, Any] | None = None
    table: Table | None = None
    part: Any = None

    def made(self) -> dict[str, Any]:
        """The item that the valid form says; words of a row that mean nothing are then said beside their fields."""
        if isinstance(self.form, StricterForm):
            return self.form.item()
        if not isinstance(self.form, AddedRowForm):
            return added_part(self.form)
        assert self.table is not None
        onto = {key: value for key, value in (self.item or {}).items() if key != "table"}
        row, wrong = self.form.words.read(self.form.typed(), onto)
        for column, refusal in wrong.items():
            self.form.refuse(column, refusal)
        row = {"id": self.form.cleaned_data["id"].strip(), **{key: value for key, value in row.items() if key != "id"}}
        return {"table": self.table.code, **row}


@door("rules.edit")
@require_http_methods(["GET", "POST"])
def item(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """A part as a form; saved at once under the next revision, taken away, or the last change undone."""
    with at_desk(request, "rules.edit") as scope:
        draft = overlay_drafted(request, scope, draft_id)
        if not may_act(actor_of(request), Act.SAVE):
            raise NotVisible
        if draft is None or draft.over is None or not may_change(request, draft):
            return HttpResponseRedirect(reverse("office:overlay-table", args=[draft_id]))
        if request.method != "POST":
            writing = _writing(draft.over, _Asked.of(request.GET))
            return overlay_page(request, scope, draft) if writing is None else _page(request, scope, draft, writing)
        try:
            revision = int(request.POST.get("revision", ""))
        except ValueError:
            raise NotVisible from None
        if "undo" in request.POST:
            return _undone(request, scope, draft, revision)
        if "take" in request.POST:
            return _taken(request, scope, draft, revision)
        return _sent(request, scope, draft, revision)


def _sent(request: HttpRequest, scope: Scope, draft: OverlayDraft, revision: int) -> HttpResponse:
    """A form that was sent."""
    over, asked = draft.over, _Asked.of(request.POST)
    assert over is not None
    writing = _writing(over, asked, request.POST)
    if writing is None:
        said = _t("What you changed is not there any more. Nothing was saved.")
        return overlay_page(request, scope, draft, wrong=[said], status=_REFUSED)
    closed = over.closed.get((asked.name, asked.item)) if asked.half == TIGHTEN else None
    if closed is not None:
        return overlay_page(request, scope, draft, wrong=[closed_said(closed)], status=_REFUSED)
    if not writing.form.is_valid():
        return _page(request, scope, draft, writing, status=_REFUSED)
    if revision != draft.found.line.revision:
        return _page(request, scope, draft, writing, met=True, status=_CONFLICT)
    made = _made(over, writing)
    if made is None:
        return _page(request, scope, draft, writing, status=_REFUSED)
    saved = keep(request, scope, draft, made[0], revision)
    if isinstance(saved, Conflict):
        draft = overlay_drafted(request, scope, draft.found.line.draft_id) or draft
        return _page(request, scope, draft, writing, met=True, status=_CONFLICT)
    if isinstance(saved, Refusal):
        return overlay_page(request, scope, draft, wrong=sentences(saved.explanation), status=_REFUSED)
    overlay, name = made
    lost = Overlaid.of(over.base, overlay).why(asked.half, asked.name, name) if asked.half != HEAD else []
    _say_saved(request, saved, lost)
    return HttpResponseRedirect(_back(draft, "head" if asked.half == HEAD else _anchor(asked.name, name)))


def _made(over: Overlaid, writing: _Writing) -> tuple[Overlay, str] | None:
    """The overlay with what was written, and the id of that; nothing where the form now says why not."""
    asked, form = writing.asked, writing.form
    if asked.half == HEAD:
        said = {key: value.strip() for key, value in form.cleaned_data.items()}
        name, source = (Text(said[f"{one}_zh"], said[f"{one}_en"]) for one in ("name", "source"))
        return write_head(over.overlay, name=name, source=source), ""
    made = writing.made()
    if asked.half == ADD and asked.name == ROWS and table_of(over.base, made["id"]) is not None:
        form.add_error("id", _t("An inherited row has this name"))
    if form.errors:
        return None
    try:
        put = put_item(over.overlay, asked.half, asked.name, made, instead=asked.item if writing.item else "")
    except UnreadableError as unreadable:
        _beside(form, unreadable.problems)
        return None
    if isinstance(put, Refusal):
        form.add_error("id" if "id" in form.fields else None, sentences(put.explanation))
        return None
    laid = Overlaid.of(over.base, put)
    lines = laid.conflicts.get((asked.half, asked.name, str(made["id"])), ())
    # What cannot even be read is no part of a draft that was made of fields; what does not hold is kept and said there.
    problems = [_problem(line) for line in lines if line.code == "overlay.unreadable"]
    if problems:
        _beside(form, problems)
        return None
    return put, str(made["id"])


def _problem(line: Line) -> Problem:
    return Problem(str(line.facts["path"]), str(line.facts["problem"]))


def _beside(form: Any, problems: Any) -> None:
    """Put each problem at the field it is about, or at the top of the form."""
    for problem, said in zip(problems, problems_said(problems), strict=True):
        field = form.field_at(problem.path.partition("]")[2].lstrip("."))
        form.add_error(field if field in form.fields else None, said[:1].upper() + said[1:])


def _taken(request: HttpRequest, scope: Scope, draft: OverlayDraft, revision: int) -> HttpResponse:
    """Something of the school's own taken away; what it made stricter holds as it is inherited."""
    assert draft.over is not None
    half, name, own = [*request.POST["take"].split(":", 2), "", ""][:3]
    if revision != draft.found.line.revision:
        return _met(request, scope, draft)
    if half not in (ADD, TIGHTEN):
        raise NotVisible
    made = take_item(draft.over.overlay, half, name, own)
    if isinstance(made, Refusal):
        return overlay_page(request, scope, draft, wrong=sentences(made.explanation), status=_REFUSED)
    saved = keep(request, scope, draft, made, revision)
    if isinstance(saved, Conflict):
        return _met(request, scope, draft)
    if isinstance(saved, Refusal):
        return overlay_page(request, scope, draft, wrong=sentences(saved.explanation), status=_REFUSED)
    _say_saved(request, saved, [])
    return HttpResponseRedirect(_back(draft, _anchor(name, own) if half == TIGHTEN else ""))


def _undone(request: HttpRequest, scope: Scope, draft: OverlayDraft, revision: int) -> HttpResponse:
    """Make the text before the last change the next revision; what somebody else saved since stays."""
    line = draft.found.line
    if revision != line.revision:
        return _met(request, scope, draft)
    text = text_before(request, line, draft.found.text)
    if text is None:
        said = _t("There is no change of yours to undo: the draft stands as it was opened, or somebody saved it since.")
        return overlay_page(request, scope, draft, wrong=[said], status=_REFUSED)
    saved = save_text(
        scope=scope, actor=actor_of(request), draft_id=line.draft_id, revision=revision, text=text, at=clock.now(),
        undoes=revision,
    )  # fmt: skip
    if isinstance(saved, Conflict):
        return _met(request, scope, draft)
    if isinstance(saved, Refusal):
        return overlay_page(request, scope, draft, wrong=sentences(saved.explanation), status=_REFUSED)
    went_back(request, saved.revision)
    done = _t("Revision %(undone)s was undone: saved as revision %(number)s.")
    messages.success(request, done % {"undone": revision, "number": saved.revision})
    return HttpResponseRedirect(_back(draft, ""))


def _met(request: HttpRequest, scope: Scope, draft: OverlayDraft) -> HttpResponse:
    """Show what is kept, with a button that takes away what was meant where it still stands."""
    now = overlay_drafted(request, scope, draft.found.line.draft_id) or draft
    again = [("take", request.POST["take"])] if "take" in request.POST else []
    return overlay_page(request, scope, now, again=again, status=_CONFLICT)


def _writing(over: Overlaid, asked: _Asked, data: Any = None) -> _Writing | None:
    """The form of what is asked for; nothing where that is not there (any more)."""
    if asked.half == HEAD:
        form = HeadForm(data)
        for key in ("name", "source"):
            text: Text = getattr(over.overlay, key)
            form.initial |= {f"{key}_zh": text.zh, f"{key}_en": text.en}
        return _Writing(asked, form, _t("Name and source"))
    if asked.half == TIGHTEN and asked.name in _FORMS:
        return _stricter(over, asked, data)
    if asked.half == ADD and asked.name == ROWS:
        return _own_row(over, asked, data)
    if asked.half == ADD and asked.name in LISTS:
        return _own_part(over, asked, data)
    return None


def _stricter(over: Overlaid, asked: _Asked, data: Any) -> _Writing | None:
    kept = item_of(over.overlay, TIGHTEN, asked.name, asked.item)
    table: Table | None = None
    part: Any = None
    if asked.name == ROWS:
        place = table_of(over.base, asked.item)
        table, part = place or (None, None)
    else:
        part = next((one for one in getattr(over.base, asked.name) if one.id == asked.item), None)
    wanted: Any = {ROWS: Row, "cap": Cap, "validity": (Within, Expires)}[asked.name]
    if not isinstance(part, wanted):
        return None
    # An item that the fields cannot show is written anew in them.
    shown = kept if kept is not None and said_by(over.base, TIGHTEN, asked.name, kept) is not None else None
    if isinstance(part, Row):
        form: StricterForm = StricterRowForm(over.base, part, shown, data, closed=amount_closed(over.base, part))
    else:
        form = _FORMS[asked.name](over.base, part, shown, data)
    return _Writing(asked, form, _STRICTER[asked.name], kept, table, part)


def _own_row(over: Overlaid, asked: _Asked, data: Any) -> _Writing | None:
    kept = item_of(over.overlay, ADD, ROWS, asked.item) if asked.item else None
    code = kept["table"] if kept is not None else asked.table
    table = next((one for one in over.base.tables if one.code == code), None)
    if table is None or table.locked or (kept is None and asked.item):
        return None
    made = said_by(over.base, ADD, ROWS, kept) if kept is not None else None
    if kept is not None and not isinstance(made, Row):
        return None
    row = made if isinstance(made, Row) else blank_row(own_id(over.base, over.overlay, ROWS), table)
    words = row_words(over.base, replace(table, rows=(*table.rows, row)) if kept is not None else table)
    form = AddedRowForm(words, row, data, new=kept is None)
    title = _CHANGE[ROWS] if kept is not None else _t("Add a row here") if table.open else _t("Add a row that refuses")
    return _Writing(asked, form, title, kept, table)


def _own_part(over: Overlaid, asked: _Asked, data: Any) -> _Writing | None:
    kept = item_of(over.overlay, ADD, asked.name, asked.item) if asked.item else None
    part = said_by(over.base, ADD, asked.name, kept) if kept is not None else None
    if asked.item and part is None:
        return None
    others = {one.id for one in getattr(over.base, asked.name)}
    others |= {one["id"] for one in over.overlay.add.get(asked.name, ())} - {asked.item}
    fresh = own_id(over.base, over.overlay, asked.name)
    form = added_form(over.base, asked.name, part, data, frozenset(others), fresh=fresh)
    return _Writing(asked, form, _CHANGE[asked.name] if kept is not None else LISTS[asked.name][1], kept)


def _page(
    request: HttpRequest, scope: Scope, draft: OverlayDraft, writing: _Writing, *, met: bool = False, status: int = 200
) -> HttpResponse:
    """The form, beside it what is inherited; ``met``: somebody saved meanwhile, and what was typed stands still."""
    over, asked = draft.over, writing.asked
    assert over is not None
    closed = over.closed.get((asked.name, asked.item)) if asked.half == TIGHTEN else None
    if closed is not None and writing.item is None:
        return overlay_page(request, scope, draft, wrong=[closed_said(closed)], status=_REFUSED)
    lost = over.why(asked.half, asked.name, asked.item) if writing.item is not None else []
    context: dict[str, Any] = {
        "nav_path": reverse("office:rules"),
        "line": draft.found.line,
        "asked": asked,
        "back": _back(draft, _anchor(asked.name, asked.item) if asked.item else ""),
        "form": writing.form,
        "title": writing.title,
        "new": writing.item is None and asked.half != HEAD,
        "head": asked.half == HEAD,
        "take": f"{asked.half}:{asked.name}:{asked.item}" if writing.item is not None else "",
        "met": met_meanwhile() if met else "",
        "kept": flow_text(dict(writing.item)) if met and writing.item is not None else "",
        "lost": lost,
        "table": writing.table,
        "hit": HITS[writing.table.hit] if writing.table is not None else "",
        "inherited": _inherited(over, writing),
        "clause": writing.part.clause if writing.part is not None else None,
    }
    return show(request, scope, "office/overlay_item.html", context, status=status)


def _inherited(over: Overlaid, writing: _Writing) -> list[dict[str, str]]:
    """What is inherited, as rows of word and value."""
    part = writing.part
    if isinstance(part, Row) and writing.table is not None:
        words = row_words(over.base, writing.table)
        said = words.said(part, language_now())
        columns = [column for column in shown_columns(words) if not column.key.startswith("clause")]
        rows = [(column.head.said_in(language_now()), said[column.key]) for column in columns]
        return [{"label": label, "value": value} for label, value in rows if value]
    return [] if part is None else [{"label": KINDS[writing.asked.name], "value": part_said(over.base, part)}]


def _say_saved(request: HttpRequest, revision: int, lost: list[str]) -> None:
    said = _t("Saved as revision %(number)s.") % {"number": revision}
    if not lost:
        messages.success(request, said)
        return
    more = _t("What you wrote is kept, but it does not hold yet: %(why)s") % {"why": " ".join(lost)}
    messages.warning(request, f"{said} {more}")


def _back(draft: OverlayDraft, anchor: str) -> str:
    address = reverse("office:overlay-table", args=[draft.found.line.draft_id])
    return f"{address}#{anchor}" if anchor else address


def _anchor(name: str, own: str) -> str:
    return f"row-{own}" if name == ROWS else f"part-{name}-{own}"
