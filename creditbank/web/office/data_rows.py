"""One row of master data: its page with history, its form, and its retirement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _t
from django.views.decorators.http import require_GET, require_http_methods

from creditbank.domain.explanation import Refusal
from creditbank.domain.masterdata.declaration import DataSet, Field, Kind
from creditbank.domain.masterdata.editions import FIRST_DAY
from creditbank.domain.masterdata.facts import Change, Verdict
from creditbank.domain.masterdata.sets import CHANGES, COURSES, STUDENTS, data_set_named
from creditbank.gateways import clock
from creditbank.queries.masterdata.inheritance import handed_down_to, laid_over
from creditbank.queries.masterdata.pages import Step, dependants_of, learner_of_number, steps_of
from creditbank.queries.masterdata.rows import RowDetail, RowLine, dependents_of_course, find_row, labels_of
from creditbank.queries.masterdata.updates import has_below
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.masterdata.facts import StatedRow, state_row
from creditbank.services.masterdata.inheritance import refused_by
from creditbank.services.masterdata.retirement import REASON, retire_with_reason
from creditbank.services.operations import note_access
from creditbank.web.doors import door
from creditbank.web.office.data_forms import ReasonForm, RowForm
from creditbank.web.office.data_words import (
    Reader,
    handed_down,
    list_address,
    main_field,
    may_write,
    origin_of,
    row_address,
    set_for,
    set_to_write,
)
from creditbank.web.office.desk import actor_of, at_desk, minute_of, show, today_at


@door("masterdata.read")
@require_GET
def row(request: HttpRequest, data_set: str, key: str) -> HttpResponse:
    """One row: its values, what was stated of it and when, and what depends on it."""
    with at_desk(request, "masterdata.read") as scope:
        found, reader = set_for(request, data_set), Reader(actor_of(request))
        detail = _detail(scope, found, key)
        stored = detail.row
        learner = learner_of_number(scope, key) if found is STUDENTS else None
        if learner is not None and reader.actor.person is not None:
            note_access(
                scope=scope, learner=learner, actor=reader.actor.person, purpose="masterdata.read", at=clock.now()
            )
        labels = _labels(scope, found, stored)
        # Whether a row is locked for those below matters only where there is somebody below.
        hidden = {"retired"} if has_below(scope) else {"retired", "locked"}
        context = {
            "data_set": found,
            "above": _above(scope, found, key, reader),
            "row": stored,
            "title": _title(found, stored, labels),
            "values": [_value(one, stored, labels, reader) for one in found.fields if one.name not in hidden],
            "reason": stored.content.get(REASON, "") if stored.retired else "",
            "contested": [found.field(name).label.said_in(reader.language) for name in stored.contested],
            "history": [_stage(found, step, reader) for step in steps_of(detail.history)],
            "dependants": _dependants(scope, found, stored, reader),
            "may_write": may_write(reader.actor) and not _is_locked(scope, found, key),
            "learner_url": reverse("office:learner", args=[learner]) if learner else "",
        }
        return show(request, scope, "office/data_row.html", context)


@door("masterdata.write")
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, data_set: str) -> HttpResponse:
    """Add a row by hand."""
    with at_desk(request, "masterdata.write") as scope:
        found = set_to_write(request, data_set)
        form = RowForm(found, Reader(actor_of(request)), scope, today_at(scope), None, request.POST or None)
        if request.method == "POST" and form.is_valid():
            if find_row(scope, found, form.key) is not None:
                name = next(name for name in found.key if name in form.fields)
                form.add_error(name, _t("There is a row of this key already. Open it and change it there."))
            elif _state(request, scope, form):
                return HttpResponseRedirect(row_address(found, form.key))
        context = {"data_set": found, "form": form, "back": list_address(found)}
        return show(request, scope, "office/data_form.html", context)


@door("masterdata.write")
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, data_set: str, key: str) -> HttpResponse:
    """Change a row by hand; what is not touched stays with its source."""
    with at_desk(request, "masterdata.write") as scope:
        found, reader = set_to_write(request, data_set), Reader(actor_of(request))
        stored = _detail(scope, found, key).row
        form = RowForm(found, reader, scope, today_at(scope), stored.content, request.POST or None)
        if request.method == "POST" and form.is_valid() and _state(request, scope, form):
            return HttpResponseRedirect(row_address(found, key))
        labels = _labels(scope, found, stored)
        keys = [_value(found.field(name), stored, labels, reader) for name in found.key]
        context = {
            "data_set": found,
            "form": form,
            "row": stored,
            "title": _title(found, stored, labels),
            "keys": keys,
            "back": row_address(found, key),
        }
        return show(request, scope, "office/data_form.html", context)


@door("masterdata.write")
@require_http_methods(["GET", "POST"])
def retire(request: HttpRequest, data_set: str, key: str) -> HttpResponse:
    """Retire a row with a reason, or take it back."""
    with at_desk(request, "masterdata.write") as scope:
        found, reader = set_to_write(request, data_set), Reader(actor_of(request))
        stored = _detail(scope, found, key).row
        form = ReasonForm(request.POST or None, initial={"as_of": today_at(scope)})
        if request.method == "POST" and form.is_valid() and reader.actor.person is not None:
            done = retire_with_reason(
                scope=scope,
                data_set=found,
                key=key,
                retired=request.POST.get("retired") != "no",
                reason=form.cleaned_data["reason"],
                as_of=form.cleaned_data["as_of"],
                actor=reader.actor.person,
                at=clock.now(),
            )
            _tell(request, done, found, reader)
            return HttpResponseRedirect(row_address(found, key))
        context = {
            "data_set": found,
            "form": form,
            "row": stored,
            "title": _title(found, stored, _labels(scope, found, stored)),
            "dependants": _dependants(scope, found, stored, reader),
            "back": row_address(found, key),
        }
        return show(request, scope, "office/data_retire.html", context)


def _labels(scope: Scope, data_set: DataSet, stored: RowLine) -> Mapping[tuple[str, str], str]:
    return labels_of(scope, data_set, [stored], handed_down_to(scope, data_set, today_at(scope)))


def _detail(scope: Scope, data_set: DataSet, key: str) -> RowDetail:
    """A row as it holds: with what a level above says of it, also where nothing was ever stated here."""
    found, above = find_row(scope, data_set, key), handed_down(scope, data_set)
    if above is None or key not in above.rows:
        if found is None:
            raise NotVisible
        return found
    content = laid_over(above, key, found.row.content if found else {})
    label = str(content.get(data_set.label) or key)
    row = found.row if found else RowLine(key, label, {}, {}, (), retired=False)
    whole = replace(row, label=label, content=content, retired=content.get("retired") is True)
    return RowDetail(whole, found.history if found else ())


def _above(scope: Scope, data_set: DataSet, key: str, reader: Reader) -> dict[str, Any] | None:
    """Where a row comes from, whether it is locked, and what was stated here that does not hold."""
    found = handed_down(scope, data_set)
    if found is None or key not in found.rows:
        return None
    own, row = find_row(scope, data_set, key), found.rows[key]
    lines = refused_by(found, data_set, key, own.row.content) if own else ()
    return {
        "tag": origin_of(row, reader),
        "publisher": (row.locked_by or row.publisher).said_in(reader.language),
        "locked": row.locked,
        "wrong": reader.lines(tuple(line for _field, line in lines)),
    }


def _is_locked(scope: Scope, data_set: DataSet, key: str) -> bool:
    found = handed_down(scope, data_set)
    return found is not None and key in found.rows and found.rows[key].locked


def _state(request: HttpRequest, scope: Scope, form: RowForm) -> bool:
    """Store what the form says; whether there was nothing against it."""
    person = form.reader.actor.person
    assert person is not None
    done = state_row(
        scope=scope,
        identities=form.reader.identities,
        data_set=form.data_set,
        texts=form.texts(),
        as_of=form.cleaned_data["as_of"],
        actor=person,
        at=clock.now(),
        cleared=form.cleared(),
    )
    if isinstance(done, Refusal):
        for sentence in form.reader.lines(done.explanation):
            form.add_error(None, sentence)
        return False
    _tell(request, done, form.data_set, form.reader)
    return True


def _tell(request: HttpRequest, done: StatedRow | Refusal, data_set: DataSet, reader: Reader) -> None:
    if isinstance(done, Refusal):
        messages.warning(request, " ".join(reader.lines(done.explanation)))
    elif done.verdict is Verdict.SAME:
        messages.info(request, _t("Nothing was changed: the row said the same already."))
    elif done.verdict is Verdict.NEW:
        messages.success(request, _t("%(key)s was added.") % {"key": done.key})
    else:
        named = {one.name for one in data_set.fields}
        older = [data_set.field(one.field).label.said_in(reader.language) for one in done.older if one.field in named]
        if done.changes:
            messages.success(request, _t("%(key)s was changed.") % {"key": done.key})
        if older:
            said = _t("Kept in the history, but something later stands: %(fields)s.")
            messages.warning(request, said % {"fields": ", ".join(older)})


def _title(data_set: DataSet, row: RowLine, labels: Mapping[tuple[str, str], str]) -> str:
    main = main_field(data_set)
    if main.kind is Kind.REFERENCE:
        value = str(row.content.get(main.name) or "")
        return labels.get((main.data_set, value), value)
    return str(row.label)


def _value(one: Field, row: RowLine, labels: Mapping[tuple[str, str], str], reader: Reader) -> dict[str, Any]:
    value = row.content.get(one.name)
    said: Any = reader.value(one, value) or "—"
    other = data_set_named(one.data_set)
    if one.kind is Kind.REFERENCE and value and other is not None:
        label = labels.get((one.data_set, str(value)))
        # A name, or a code of which there is no row, leads nowhere.
        if label is not None:
            shown = label if label == said else f"{label} ({said})"
            said = format_html('<a href="{}">{}</a>', row_address(other, str(value)), shown)
    return {"label": one.label.said_in(reader.language), "value": said}


def _stage(data_set: DataSet, step: Step, reader: Reader) -> dict[str, Any]:
    fact = step.fact
    facts = [minute_of(fact.recorded_at), fact.actor.said_in(reader.language)]
    if fact.event:
        origin, url = _t("Change of enrolment"), row_address(CHANGES, fact.event)
    elif fact.run_id is not None:
        origin, url = fact.file_name or _t("Import"), reverse("office:data-run", args=[fact.run_id])
        facts += [_t("line %(line)s") % {"line": fact.line}] if fact.line else []
    elif fact.as_of == FIRST_DAY:
        origin, url = _t("In the bank before its sheets"), ""
    else:
        origin, url = _t("Typed in a form"), ""
    return {
        "as_of": fact.as_of if fact.as_of > FIRST_DAY else None,
        "origin": origin,
        "url": url,
        "detail": " · ".join(one for one in facts if one),
        "reverted": not fact.counts,
        "reason": str(fact.content.get(REASON) or ""),
        "changes": changes_said(data_set, step.changes, reader),
    }


def changes_said(data_set: DataSet, changes: Sequence[Change], reader: Reader) -> list[dict[str, str]]:
    """Changed fields in words: what stood there and what stands there now."""
    fields = {one.name: one for one in data_set.fields}
    return [
        {
            "field": fields[one.field].label.said_in(reader.language),
            "old": reader.value(fields[one.field], one.old),
            "new": reader.value(fields[one.field], one.new),
        }
        for one in changes
        if one.field in fields
    ]


def _dependants(scope: Scope, data_set: DataSet, row: RowLine, reader: Reader) -> list[dict[str, Any]]:
    """What hangs on a row: rows of other data sets, and for a course results and programmes."""
    found = [
        {
            "word": f"{one.data_set.name.said_in(reader.language)} · {one.field.label.said_in(reader.language)}",
            "count": f"{one.count:,}",
            "url": list_address(one.data_set, shown="active", **{one.field.name: one.said})
            if reader.actor.college is None or not one.data_set.personal
            else "",
        }
        for one in dependants_of(scope, data_set, row.key, row.label)
    ]
    if data_set is COURSES:
        uses = dependents_of_course(scope, row.key)
        if uses.results:
            found.append({"word": _t("Results of learners"), "count": f"{uses.results:,}", "url": ""})
        if uses.claims:
            found.append({"word": _t("Open requests"), "count": f"{uses.claims:,}", "url": ""})
        for _code, name in uses.programmes:
            found.append(
                {"word": _t("Programme"), "count": name.said_in(reader.language), "url": reverse("office:programmes")}
            )
    return found
