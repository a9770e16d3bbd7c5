"""Official lists: all of them, one with its lines, whose the doubtful lines are, and withdrawing one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from creditbank.domain.explanation import Refusal
from creditbank.domain.official_lists.matching import Found
from creditbank.domain.official_lists.outcomes import Standing
from creditbank.exchange.official_lists import kinds_here
from creditbank.gateways import clock
from creditbank.queries.official_lists.lists import (
    ListLine,
    OfficialList,
    count_standings,
    find_list,
    gone_from_list,
    learner_numbered,
    lines_of,
    list_lists,
    people_of,
    refused_of,
    standings_of,
)
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.official_lists.choices import choose_learners
from creditbank.services.official_lists.imports import withdraw_list
from creditbank.web.design.tables import Column, Filter, read_state
from creditbank.web.doors import door
from creditbank.web.office.desk import actor_of, at_desk, minute_of, request_id, show
from creditbank.web.office.list_forms import ChoiceForm, place_of
from creditbank.web.office.list_imports import refused_csv
from creditbank.web.office.list_words import (
    FOUND,
    STANDINGS,
    fault_said,
    language_now,
    may_write,
    reasons_said,
    stated_said,
    to_write,
)

AT_ONCE = 20
"""So many doubtful lines stand on one screen."""
_LISTS = (
    Column("title", _("Official list"), link="url", second="issuer"),
    Column("issued", _("Issued on"), kind="date"),
    Column("certain", _("Found"), kind="number"),
    Column("doubtful", _("Doubtful"), kind="number"),
    Column("status", _("Status"), kind="tag"),
    Column("brought", _("Brought in"), second="who"),
)
_LINES = (
    Column("main", _("Learner"), second="by", link="url"),
    Column("line", _("Line"), kind="number"),
    Column("outcome", _("Outcome"), second="why"),
    Column("status", _("What it means"), kind="tag"),
)
_GONE = (
    Column("main", _("Learner"), second="by", link="url"),
    Column("outcome", _("Outcome"), second="why"),
    Column("line", _("Line"), kind="number"),
)


@door("lists.read")
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """The lists that were brought in, the newest first."""
    with at_desk(request, "lists.read") as scope:
        state = read_state(request.GET, columns=_LISTS)
        found, total = list_lists(scope, actor_of(request), offset=state.offset, limit=state.size)
        context = {
            "columns": _LISTS,
            "rows": [_listed(one) for one in found],
            "state": state.on_page_of(total),
            "total": total,
            "may_write": may_write(request),
            "kinds": kinds_here(scope),
        }
        return show(request, scope, "office/lists.html", context)


@door("lists.read")
@require_GET
def one(request: HttpRequest, list_id: UUID) -> HttpResponse:
    """One list: its figures, its lines and what each means now."""
    with at_desk(request, "lists.read") as scope:
        found = _list(request, scope, list_id)
        lines = lines_of(scope, list_id)
        standings = standings_of(scope, list_id, lines)
        filters = (_what_filter(standings),)
        state = read_state(request.GET, columns=_LINES, filters=filters)
        rows = _filtered(lines, standings, state.filters.get("what", ""))
        state = state.on_page_of(len(rows))
        gone = gone_from_list(scope, found)
        refused = refused_of(scope, list_id)
        counts = count_standings(standings)
        context = {
            "found": found,
            "status": _status(found),
            "tiles": _tiles(found, counts),
            "meanings": [(STANDINGS[key], counts[key]) for key in Standing if counts[key]],
            "columns": _LINES,
            "rows": [_line(line, standings) for line in rows[state.offset : state.offset + state.size]],
            "state": state,
            "filters": filters,
            "total": len(rows),
            "gone_columns": _GONE,
            "gone": [_gone(line) for line in gone[:100]],
            "gone_more": max(0, len(gone) - 100),
            "refused": [
                {"line": fault.line, "column": fault.column, "reason": fault_said(fault.code, fault.facts)}
                for fault in refused[:20]
            ],
            "refused_count": len(refused),
            "about": _about(scope, found),
            "doubtful": found.counts.get(Found.DOUBTFUL, 0) if not found.withdrawn else 0,
            "by_hand": any(line.stated and line.found is not Found.DOUBTFUL for line in lines),
            "may_write": may_write(request),
        }
        return show(request, scope, "office/list.html", context)


@door("lists.read")
@require_GET
def problems(request: HttpRequest, list_id: UUID) -> HttpResponseBase:
    """What a list refused, as a sheet."""
    with at_desk(request, "lists.read") as scope:
        found = _list(request, scope, list_id)
        return refused_csv(f"refused-{found.recorded_at:%Y%m%d-%H%M%S}.csv", refused_of(scope, list_id))


@door("lists.write")
@require_http_methods(["GET", "POST"])
def choose(request: HttpRequest, list_id: UUID) -> HttpResponse:
    """The one screen of doubtful lines: say whose each is, several at once; nothing need be said of any."""
    with at_desk(request, "lists.write") as scope:
        to_write(request)
        found = _list(request, scope, list_id)
        again = request.GET.get("again") == "1"
        waiting = [
            line for line in lines_of(scope, list_id) if line.stated and (line.found is Found.DOUBTFUL) is not again
        ]
        shown = waiting[:AT_ONCE] if not again else waiting
        if not shown or found.withdrawn:
            return HttpResponseRedirect(reverse("office:list", args=[list_id]))
        people = people_of(scope, sorted({learner for line in shown for learner in line.candidates}))
        form = ChoiceForm(shown, people, request.POST or None)
        if request.method == "POST" and form.is_valid():
            answer = _choose(request, scope, found, form)
            if answer is not None:
                return answer
        context = {
            "found": found,
            "form": form,
            "lines": [_asked(form, line) for line in shown],
            "rest": len(waiting) - len(shown),
            "again": again,
            "single": sum(len(line.candidates) == 1 for line in shown) if not again else 0,
        }
        return show(request, scope, "office/list_choose.html", context, status=422 if form.errors else 200)


@door("lists.write")
@require_http_methods(["GET", "POST"])
def withdraw(request: HttpRequest, list_id: UUID) -> HttpResponse:
    """Ask what taking a list back undoes, and do it."""
    with at_desk(request, "lists.write") as scope:
        to_write(request)
        found = _list(request, scope, list_id)
        if found.withdrawn:
            return HttpResponseRedirect(reverse("office:list", args=[list_id]))
        if request.method == "POST":
            person = actor_of(request).person
            assert person is not None
            answer = withdraw_list(
                scope=scope, actor=person, list_id=list_id, at=clock.now(), request_id=request_id(request)
            )
            if isinstance(answer, Refusal):
                messages.warning(request, reasons_said(answer.explanation))
            else:
                messages.success(request, _t("The list was withdrawn."))
            return HttpResponseRedirect(reverse("office:list", args=[list_id]))
        lines = lines_of(scope, list_id)
        standings = standings_of(scope, list_id, lines)
        counts = count_standings(standings)
        rows = [_line(line, standings) for line in _filtered(lines, standings, Standing.VERIFIED.value)]
        context = {
            "found": found,
            "verified": counts[Standing.VERIFIED],
            "differs": counts[Standing.DIFFERS],
            "proposed": counts[Standing.PROPOSED],
            "taken_up": counts[Standing.TAKEN_UP],
            "columns": _LINES,
            "rows": rows[:100],
        }
        return show(request, scope, "office/list_withdraw.html", context)


def _list(request: HttpRequest, scope: Scope, list_id: UUID) -> OfficialList:
    found = find_list(scope, actor_of(request), list_id)
    if found is None:
        raise NotVisible
    return found


def _choose(request: HttpRequest, scope: Scope, found: OfficialList, form: ChoiceForm) -> HttpResponse | None:
    """Store what was chosen, or say at its line what is wrong with it."""
    person = actor_of(request).person
    assert person is not None
    single = request.POST.get("then") == "single"
    choices: dict[tuple[int, int], UUID | None] = dict(form.only_suggestions()) if single else {}
    said = form.said()
    for line in form.lines:
        name = place_of(line)
        if name not in said:
            continue
        learner, number = said[name]
        if number:
            learner = learner_numbered(scope, number)
            if learner is None:
                form.add_error(f"{name}_number", _t("No learner of this school has this student number."))
        choices[line.line, line.member] = learner
    if form.errors:
        return None
    answer = choose_learners(
        scope=scope, actor=person, list_id=found.list_id, choices=choices, at=clock.now(),
        request_id=request_id(request),
    )  # fmt: skip
    if isinstance(answer, Refusal):
        form.add_error(None, reasons_said(answer.explanation))
        return None
    told = ngettext("%(count)s line was settled.", "%(count)s lines were settled.", len(choices))
    messages.success(request, told % {"count": len(choices)})
    return HttpResponseRedirect(reverse("office:list-choose", args=[found.list_id]))


def _asked(form: ChoiceForm, line: ListLine) -> dict[str, Any]:
    name = place_of(line)
    return {
        "line": line,
        "outcome": line.outcome.get("title", ""),
        "stated": stated_said(line.stated),
        "why": line.explanation,
        "field": form[name],
        "number": form[f"{name}_number"],
    }


def _what_filter(standings: Mapping[tuple[int, int], Any]) -> Filter:
    present = {standing for standing, _claim, _title in standings.values()}
    words = [(key.value, str(word)) for key, (_tone, word) in STANDINGS.items() if key in present]
    words += [(key.value, str(FOUND[key][1])) for key in (Found.DOUBTFUL, Found.NOBODY)]
    return Filter("what", _t("What it means"), tuple(words))


def _filtered(lines: tuple[ListLine, ...], standings: Mapping[tuple[int, int], Any], what: str) -> list[ListLine]:
    if not what:
        return list(lines)
    if what in {found.value for found in Found}:
        return [line for line in lines if line.found.value == what]
    return [
        line for line in lines if (found := standings.get((line.line, line.member))) is not None and found[0] == what
    ]


def _listed(one: OfficialList) -> dict[str, Any]:
    return {
        "title": one.title,
        "url": reverse("office:list", args=[one.list_id]),
        "issuer": one.issuer,
        "issued": str(one.issued_on),
        "certain": f"{one.counts.get(Found.CERTAIN, 0):,}",
        "doubtful": f"{one.counts.get(Found.DOUBTFUL, 0):,}",
        "status": _status(one),
        "brought": minute_of(one.recorded_at),
        "who": one.actor.said_in(language_now()),
    }


def _status(found: OfficialList) -> tuple[str, Any]:
    if found.withdrawn:
        return "warn", _t("Withdrawn")
    if found.counts.get(Found.DOUBTFUL):
        return "warn", _t("Waits for choices")
    return "ok", _t("Applied")


def _tiles(found: OfficialList, counts: Mapping[Standing, int]) -> list[dict[str, Any]]:
    address = reverse("office:list", args=[found.list_id])
    shown = [
        *((FOUND[key], found.counts.get(key, 0), key.value) for key in (Found.DOUBTFUL, Found.NOBODY)),
        *((STANDINGS[key], counts[key], key.value) for key in Standing if counts[key]),
    ]
    return [
        {"tone": tone, "word": word, "count": f"{count:,}", "url": f"{address}?what={key}#lines"}
        for (tone, word), count, key in shown
    ]


def _line(line: ListLine, standings: Mapping[tuple[int, int], Any]) -> dict[str, Any]:
    standing, claim, title = standings.get((line.line, line.member), (None, None, line.outcome.get("title", "")))
    name = line.name.said_in(language_now()) if line.learner_id else line.stated.get("name", "")
    url = ""
    if line.learner_id is not None:
        about_claim = claim is not None and standing in {Standing.VERIFIED, Standing.DIFFERS, Standing.CLAIMED}
        url = (
            reverse("office:case", args=[line.learner_id, claim])
            if about_claim
            else reverse("office:learner", args=[line.learner_id])
        )
    return {
        "main": name or line.number or "—",
        "by": line.number or line.stated.get("number", ""),
        "url": url,
        "line": line.line,
        "outcome": title,
        "why": reasons_said(line.explanation),
        "status": STANDINGS[standing] if standing is not None else FOUND[line.found],
    }


def _gone(line: Any) -> dict[str, Any]:
    return {
        "main": line.name.said_in(language_now()) or line.number,
        "by": line.number,
        "url": reverse("office:learner", args=[line.learner_id]),
        "outcome": line.title,
        "why": f"{line.list_title} · {line.issued_on}",
        "line": line.line,
    }


def _about(scope: Scope, found: OfficialList) -> list[dict[str, Any]]:
    names = {kind.code: kind.name.said_in(language_now()) for kind in kinds_here(scope)}
    rows = [
        (_t("Kind of list"), names.get(found.kind, found.kind)),
        (_t("Issuer"), found.issuer),
        (_t("Issued on"), str(found.issued_on)),
        (_t("About our school alone"), _t("Yes") if found.all_ours else _t("No")),
        (_t("File"), found.file_name),
        (_t("Rows in the file"), f"{found.rows:,}"),
        (_t("Rows that are no outcome"), f"{found.left:,}"),
        (_t("Refused by the check"), f"{found.refused:,}"),
        (_t("Brought in"), f"{minute_of(found.recorded_at)} · {found.actor.said_in(language_now())}"),
        (_t("Encoding"), found.encoding),
        (_t("Fingerprint of the file"), found.file_hash[:16]),
    ]
    if found.withdrawn_at is not None:
        rows.append((
            _t("Withdrawn"), f"{minute_of(found.withdrawn_at)} · {found.withdrawn_by.said_in(language_now())}"
        ))  # fmt: skip
    return [{"label": label, "value": value} for label, value in rows if value]
