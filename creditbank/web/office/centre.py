"""Centre and schools: updates from above, editions of one's own, and who has taken note of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from creditbank.domain.access import Actor, Thing, may
from creditbank.domain.explanation import Refusal
from creditbank.domain.masterdata.declaration import DataSet
from creditbank.domain.masterdata.editions import KINDS, is_kind, kind_name, shape_of, table_of
from creditbank.domain.masterdata.inheritance import Conflict, Differences, Inherited
from creditbank.domain.masterdata.sets import COURSES, OUTCOME_TYPES, data_set_named
from creditbank.exchange.encoding import SheetProblem
from creditbank.exchange.masterdata.editions import ReadCodes, read_codes
from creditbank.gateways import clock
from creditbank.gateways.files import FileRefused, open_upload
from creditbank.queries.masterdata.inheritance import own_rows
from creditbank.queries.masterdata.updates import (
    EditionLine,
    adoption_of,
    differences_for,
    editions_from_above,
    find_edition,
    has_above,
    has_below,
    open_claims_of,
    own_editions,
    uses_of_codes,
    uses_of_courses,
)
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.masterdata.editions import prepare_edition, publish_edition, take_note, withdraw_edition
from creditbank.services.masterdata.inheritance import conflict_facts, in_order
from creditbank.web.design.forms import DateField, DesignForm, FileDrop
from creditbank.web.design.tables import Column
from creditbank.web.doors import door
from creditbank.web.office.data_rows import changes_said
from creditbank.web.office.data_words import Reader, list_address, row_address
from creditbank.web.office.desk import actor_of, at_desk, minute_of, show, today_at

_ABOVE = (
    Column("kind", _("What"), link="url", second="label"),
    Column("publisher", _("From")),
    Column("effective_on", _("In force from"), kind="date"),
    Column("status", _("State"), kind="tag"),
)
_OWN = (
    Column("kind", _("What"), link="url", second="label"),
    Column("effective_on", _("In force from"), kind="date"),
    Column("rows", _("Rows"), kind="number"),
    Column("adopted", _("Acknowledged")),
    Column("status", _("State"), kind="tag"),
)
_ADOPTION = (
    Column("name", _("School"), second="code"),
    Column("seen", _("Seen")),
    Column("acknowledged", _("Acknowledged")),
    Column("conflicts", _("Conflicts open"), kind="number"),
    Column("status", _("State"), kind="tag"),
)
_MOST_SHOWN = 200


class EditionForm(DesignForm):
    """An edition to prepare: its name, its day, where it comes from and what changes."""

    label = forms.CharField(
        label=_("Name of the edition"), max_length=60, help_text=_("By which it is told from others, such as 2027-1.")
    )
    effective_on = DateField(label=_("In force from"))
    source = forms.CharField(
        label=_("Source"), max_length=300, required=False, help_text=_("The standard or the document it follows.")
    )
    note = forms.CharField(
        label=_("What changes"),
        max_length=1000,
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("Every school below reads this."),
    )


class MappingEditionForm(EditionForm):
    """An edition of what headings and words mean, as this office has remembered it."""

    locked = forms.BooleanField(label=_("Schools below read these headings in no other way"), required=False)


class CodesForm(EditionForm):
    """An edition of a code table, with the sheet of its codes."""

    file = forms.FileField(
        label=_("All codes (XLSX or CSV)"),
        widget=FileDrop(accept=".xlsx,.csv,.txt,.tsv"),
        error_messages={"required": _("Choose the sheet"), "empty": _("The file is empty. Export it again.")},
    )


def may_publish(actor: Actor) -> bool:
    """Whether this desk, one of a whole institution, publishes."""
    return may(actor, "edition.publish", Thing(institution=actor.institution))


def status_of(line: EditionLine, today: date) -> tuple[str, str]:
    """How an edition stands on a day, as a tag."""
    if line.withdrawn_at is not None:
        return "plain", _t("Withdrawn")
    if line.published_at is None:
        return "plain", _t("Draft")
    if line.effective_on > today:
        return "info", _t("Published, to come")
    return "ok", _t("In force")


@door("edition.read")
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """Updates from above, and the editions of one's own."""
    with at_desk(request, "edition.read") as scope:
        reader, today = Reader(actor_of(request)), today_at(scope)
        publishes = may_publish(reader.actor)
        below = has_below(scope)
        own = [_own(scope, line, today, reader, below=below) for line in own_editions(scope)]
        context = {
            "above_columns": _ABOVE,
            "above": [_above(line, today, reader) for line in editions_from_above(scope)],
            "has_above": has_above(scope),
            "own_columns": _OWN if below else tuple(one for one in _OWN if one.key != "adopted"),
            "own": own,
            "has_below": below,
            "may_publish": publishes,
            "takers": [(kind, kind_name(kind).said_in(reader.language)) for kind in KINDS if data_set_named(kind)],
            "mappings": [
                (kind, kind_name(kind).said_in(reader.language)) for kind in KINDS if kind.startswith("mapping.")
            ],
            "shows_own": publishes or bool(own),
        }
        return show(request, scope, "office/centre.html", context)


@door("edition.read")
@require_GET
def edition(request: HttpRequest, edition_id: UUID) -> HttpResponse:
    """One edition: what it changes here or below, what will not hold, and who has taken note."""
    with at_desk(request, "edition.read") as scope:
        reader, today = Reader(actor_of(request)), today_at(scope)
        line = _found(scope, edition_id)
        person, keeps = reader.actor.person, _may_acknowledge(reader.actor)
        open_to_note = not line.is_own and line.withdrawn_at is None and keeps
        if open_to_note and line.seen_at is None and person is not None:
            take_note(scope=scope, edition_id=edition_id, actor=person, at=clock.now(), today=today, acknowledge=False)
        publishes = line.is_own and may_publish(reader.actor)
        stands = line.withdrawn_at is None
        context = {
            "line": line,
            "name": kind_name(line.kind),
            "status": status_of(line, today),
            "about": _about(line, reader),
            "to_come": line.effective_on > today,
            "may_acknowledge": open_to_note and line.acknowledged_at is None,
            "may_publish": publishes and line.published_at is None and stands,
            "may_withdraw": publishes and stands and (line.published_at is None or line.effective_on > today),
            **_changes(scope, line, reader),
            **(_adoption(scope, line, reader) if line.is_own and line.published_at is not None else {}),
        }
        return show(request, scope, "office/edition.html", context)


@door("edition.publish")
@require_http_methods(["GET", "POST"])
def prepare(request: HttpRequest, kind: str) -> HttpResponse:
    """Prepare an edition as a draft, which is looked at before it is published."""
    with at_desk(request, "edition.publish") as scope:
        reader = Reader(actor_of(request))
        if not is_kind(kind) or not may_publish(reader.actor):
            raise NotVisible
        coded = table_of(kind) is not None
        mapped = kind.startswith("mapping.")
        shape = CodesForm if coded else MappingEditionForm if mapped else EditionForm
        form = shape(request.POST or None, request.FILES or None)
        faults: list[dict[str, Any]] = []
        if request.method == "POST" and form.is_valid() and reader.actor.person is not None:
            read = _codes_of(form, reader) if coded else None
            faults = [
                {"line": one.line, "column": one.column, "reason": reader.fault(one.code, one.facts)}
                for one in (read.refused if read else ())
            ][:_MOST_SHOWN]
            if not faults and not form.errors:
                said = form.cleaned_data
                made = prepare_edition(
                    scope=scope, kind=kind, rows=read.rows if read else None, label=said["label"],
                    source=said["source"], note=said["note"], effective_on=said["effective_on"],
                    actor=reader.actor.person, at=clock.now(), locked=said.get("locked", False),
                )  # fmt: skip
                if not isinstance(made, Refusal):
                    return HttpResponseRedirect(reverse("office:edition", args=[made.edition_id]))
                for sentence in reader.lines(made.explanation):
                    form.add_error(None, sentence)
        context = {
            "form": form,
            "kind": kind,
            "name": kind_name(kind),
            "coded": coded,
            "list": "" if coded or mapped else list_address(shape_of(kind)),
            "mapped": mapped,
            "table": kind.removeprefix("codes."),
            "faults": faults,
            "fault_columns": (
                Column("reason", _t("Reason"), second="column"),
                Column("line", _t("Line"), kind="number"),
            ),
            "rows": f"{len(own_rows(scope, kind, today_at(scope))):,}",
            "has_below": has_below(scope),
        }
        status = 422 if form.errors or faults else 200
        return show(request, scope, "office/edition_prepare.html", context, status=status)


@door("edition.publish")
@require_POST
def publish(request: HttpRequest, edition_id: UUID) -> HttpResponse:
    """Show a draft to every school below."""

    def act(scope: Scope, person: UUID, at: datetime, today: date) -> Any:
        return publish_edition(scope=scope, edition_id=edition_id, actor=person, at=at, today=today)

    return _act(request, edition_id, "edition.publish", act, _t("The edition was published."))


@door("edition.publish")
@require_POST
def withdraw(request: HttpRequest, edition_id: UUID) -> HttpResponse:
    """Take an edition back before its day."""

    def act(scope: Scope, person: UUID, at: datetime, today: date) -> Any:
        return withdraw_edition(scope=scope, edition_id=edition_id, actor=person, at=at, today=today)

    return _act(
        request, edition_id, "edition.publish", act, _t("The edition was withdrawn. Nothing changes on its day.")
    )


@door("edition.acknowledge")
@require_POST
def acknowledge(request: HttpRequest, edition_id: UUID) -> HttpResponse:
    """Say that the school has taken note of an edition from above."""

    def act(scope: Scope, person: UUID, at: datetime, today: date) -> Any:
        return take_note(scope=scope, edition_id=edition_id, actor=person, at=at, today=today, acknowledge=True)

    return _act(request, edition_id, "edition.acknowledge", act, _t("The update was acknowledged."))


def _act(
    request: HttpRequest,
    edition_id: UUID,
    permission: str,
    act: Callable[[Scope, UUID, datetime, date], Any],
    done: str,
) -> HttpResponse:
    with at_desk(request, permission) as scope:
        reader = Reader(actor_of(request))
        line, person = _found(scope, edition_id), reader.actor.person
        own = permission == "edition.publish"
        whole = may(reader.actor, permission, Thing(institution=reader.actor.institution))
        if line.is_own is not own or not whole or person is None:
            raise NotVisible
        answer = act(scope, person, clock.now(), today_at(scope))
        if isinstance(answer, Refusal):
            messages.warning(request, " ".join(reader.lines(answer.explanation)))
        else:
            messages.success(request, done)
        return HttpResponseRedirect(reverse("office:edition", args=[edition_id]))


def _found(scope: Scope, edition_id: UUID) -> EditionLine:
    found = find_edition(scope, edition_id)
    if found is None:
        raise NotVisible
    return found


def _may_acknowledge(actor: Actor) -> bool:
    return may(actor, "edition.acknowledge", Thing(institution=actor.institution))


def _codes_of(form: DesignForm, reader: Reader) -> ReadCodes | None:
    given = form.cleaned_data["file"]
    try:
        with open_upload(given.file, name=given.name[:200]) as taken:
            return read_codes(taken)
    except (SheetProblem, FileRefused) as refused:
        form.add_error("file", reader.fault(refused.code, refused.facts))
    return None


def _above(line: EditionLine, today: date, reader: Reader) -> dict[str, Any]:
    tone, word = status_of(line, today)
    if line.withdrawn_at is None and line.acknowledged_at is None:
        tone, word = "warn", _t("Not acknowledged")
    elif line.conflicts:
        tone, word = (
            "warn",
            ngettext("%(count)s conflict", "%(count)s conflicts", line.conflicts) % {"count": line.conflicts},
        )
    return {
        "id": line.edition_id.hex,
        "kind": kind_name(line.kind).said_in(reader.language),
        "label": line.label,
        "publisher": line.publisher.said_in(reader.language),
        "effective_on": line.effective_on,
        "status": (tone, word),
        "url": reverse("office:edition", args=[line.edition_id]),
    }


def _own(scope: Scope, line: EditionLine, today: date, reader: Reader, *, below: bool) -> dict[str, Any]:
    adopted = ""
    if below and line.published_at is not None:
        schools = adoption_of(scope, line.edition_id)
        adopted = f"{sum(one.acknowledged_at is not None for one in schools)} / {len(schools)}"
    return {
        "id": line.edition_id.hex,
        "kind": kind_name(line.kind).said_in(reader.language),
        "label": line.label,
        "effective_on": line.effective_on,
        "rows": f"{line.rows:,}",
        "adopted": adopted,
        "status": status_of(line, today),
        "url": reverse("office:edition", args=[line.edition_id]),
    }


def _about(line: EditionLine, reader: Reader) -> list[dict[str, Any]]:
    rows = [
        (_t("Published by"), line.publisher.said_in(reader.language)),
        (_t("In force from"), str(line.effective_on)),
        (_t("Published at"), minute_of(line.published_at) if line.published_at else ""),
        (_t("Withdrawn at"), minute_of(line.withdrawn_at) if line.withdrawn_at else ""),
        (_t("Source"), line.source),
        (_t("Rows"), f"{line.rows:,}"),
        (_t("Acknowledged"), minute_of(line.acknowledged_at) if line.acknowledged_at else ""),
    ]
    return [{"label": label, "value": value} for label, value in rows if value]


def _changes(scope: Scope, line: EditionLine, reader: Reader) -> dict[str, Any]:
    """What the page shows of the differences, each list cut where it is too long to read."""
    data_set = shape_of(line.kind)
    found = differences_for(scope, line)
    uses = _uses(scope, line, found, reader)
    return {
        "new": [_named(line, key, row.content, reader) for key, row in _first(found.new)],
        "new_count": len(found.new),
        "changed": [
            _named(line, one.key, one.after.content, reader) | {"changes": changes_said(data_set, one.changes, reader)}
            for one in found.changed[:_MOST_SHOWN]
        ],
        "changed_count": len(found.changed),
        "retired": [
            _named(line, key, row.content, reader) | {"uses": uses.get(key, [])} for key, row in _first(found.retired)
        ],
        "retired_count": len(found.retired),
        "collisions": _conflicts(line, found.collisions, data_set, reader),
        "collision_count": len(found.collisions),
        "wide": _conflicts(line, found.too_wide, data_set, reader),
        "wide_count": len(found.too_wide),
        "nothing": not (found.new or found.changed or found.retired or found.conflicts),
        "most": _MOST_SHOWN,
    }


def _first(rows: Mapping[str, Inherited]) -> list[tuple[str, Inherited]]:
    return list(rows.items())[:_MOST_SHOWN]


def _named(line: EditionLine, key: str, content: Mapping[str, Any], reader: Reader) -> dict[str, Any]:
    zh, en = str(content.get("name") or key), str(content.get("name_en") or "")
    said = en if en and not reader.language.startswith("zh") else zh
    data_set = None if line.is_own else data_set_named(line.kind)
    return {
        "key": key,
        "name": said,
        "locked": content.get("locked") is True,
        "url": row_address(data_set, key) if data_set is not None else "",
    }


def _conflicts(
    line: EditionLine, found: Mapping[str, tuple[Conflict, ...]], data_set: DataSet, reader: Reader
) -> list[dict[str, Any]]:
    return [
        {
            "key": key,
            "url": row_address(data_set, key) if data_set_named(line.kind) is data_set else "",
            "reasons": [reader.fault(one.code, conflict_facts(data_set, key, one)) for one in in_order(data_set, held)],
        }
        for key, held in list(found.items())[:_MOST_SHOWN]
    ]


def _uses(scope: Scope, line: EditionLine, found: Differences, reader: Reader) -> dict[str, list[dict[str, str]]]:
    """What in the school's data names rows that are retired; each count opens its list."""
    made: dict[str, list[dict[str, str]]] = {}
    if line.is_own:
        return made
    for one in uses_of_codes(scope, line.kind, list(found.retired)):
        word = f"{one.data_set.name.said_in(reader.language)} · {one.field.label.said_in(reader.language)}"
        url = list_address(one.data_set, shown="active", **{one.field.name: one.key})
        made.setdefault(one.key, []).append({"word": word, "count": f"{one.count:,}", "url": url})
    for used in uses_of_courses(scope, list(found.retired)) if line.kind == "courses" else ():
        lines = made.setdefault(used.key, [])
        page = row_address(COURSES, used.key)
        for code, name in used.programmes:
            lines.append({"word": _t("Programme"), "count": f"{name.said_in(reader.language)} ({code})", "url": page})
        if used.students:
            lines.append({"word": _t("Students on these programmes"), "count": f"{used.students:,}", "url": page})
        if used.results:
            lines.append({"word": _t("Results of learners"), "count": f"{used.results:,}", "url": page})
    if line.kind == OUTCOME_TYPES.code:
        for key, count in open_claims_of(scope, list(found.retired)).items():
            url = f"{reverse('office:queue')}?{urlencode({'kind': key})}"
            made[key] = [{"word": _t("Open requests"), "count": f"{count:,}", "url": url}]
    return made


def _adoption(scope: Scope, line: EditionLine, reader: Reader) -> dict[str, Any]:
    """Each school below: whether it has seen the edition, acknowledged it, and how many conflicts it has open."""
    schools = adoption_of(scope, line.edition_id)
    rows = []
    for one in schools:
        if one.acknowledged_at is not None and not one.conflicts:
            status = ("ok", _t("Acknowledged"))
        elif one.conflicts:
            status = ("warn", _t("Conflicts open"))
        elif one.seen_at is not None:
            status = ("info", _t("Seen"))
        else:
            status = ("plain", _t("Not seen yet"))
        rows.append(
            {
                "id": one.code,
                "name": one.institution.said_in(reader.language),
                "code": one.code,
                "seen": minute_of(one.seen_at) if one.seen_at else "—",
                "acknowledged": minute_of(one.acknowledged_at) if one.acknowledged_at else "—",
                "conflicts": "—" if one.conflicts is None else f"{one.conflicts:,}",
                "status": status,
            }
        )
    return {
        "adoption_columns": _ADOPTION,
        "adoption": rows,
        "adopted": sum(one.acknowledged_at is not None for one in schools),
        "schools": len(schools),
    }
