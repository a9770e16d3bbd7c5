"""The outcome catalogue at the office: the list, an item with its versions, and the acts on them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from creditbank.domain.access import Thing, may
from creditbank.domain.catalogue.life import Act, State, acts_in, transition_of
from creditbank.domain.education_resources import accreditation_on
from creditbank.domain.explanation import Refusal
from creditbank.domain.masterdata import codes
from creditbank.domain.masterdata.catalogue_sets import CATALOGUE
from creditbank.domain.masterdata.declaration import CodeTable, Kind
from creditbank.gateways import clock, wording
from creditbank.queries.catalogue.items import (
    ItemLine,
    VersionLine,
    codes_in_state,
    find_own_item,
    page_of_items,
    versions_of,
)
from creditbank.queries.masterdata.inheritance import tables_on
from creditbank.queries.outcome_types import outcome_types_of
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.catalogue.versions import Moved, act_on_version, submit_item
from creditbank.web.design.forms import DesignForm
from creditbank.web.design.tables import Column, Filter, read_state
from creditbank.web.doors import door
from creditbank.web.office.desk import actor_of, at_desk, minute_of, request_id, show, today_at
from creditbank.web.office.list_words import language_now, reasons_said

AT_ONCE = 500
"""So many items are submitted or approved by one button."""

STATES = {
    State.DRAFT: ("plain", _("Draft")),
    State.SUBMITTED: ("info", _("Submitted")),
    State.RETURNED: ("warn", _("Sent back")),
    State.PUBLICITY: ("info", _("Published for objections")),
    State.IN_FORCE: ("ok", _("In force")),
    State.SUPERSEDED: ("plain", _("Superseded")),
    State.WITHDRAWN: ("plain", _("Withdrawn from use")),
}
ACTS = {
    Act.SUBMIT: _("Submitted"),
    Act.RETURN: _("Sent back"),
    Act.APPROVE: _("Approved"),
    Act.OBJECT: _("Objection"),
    Act.ANSWER: _("Objection answered"),
    Act.ENACT: _("Entered into force"),
    Act.SUPERSEDE: _("Superseded by a newer version"),
    Act.WITHDRAW: _("Withdrawn from use"),
}
_VERBS = {
    Act.RETURN: _("Send back"),
    Act.APPROVE: _("Approve and publish for objections"),
    Act.OBJECT: _("Record an objection"),
    Act.ANSWER: _("Answer the objection"),
    Act.ENACT: _("Bring into force"),
    Act.WITHDRAW: _("Withdraw from use"),
}
_WORDS = {
    Act.RETURN: _("Why it goes back"),
    Act.OBJECT: _("Who objects, and what they say"),
    Act.ANSWER: _("What was found and answered"),
    Act.WITHDRAW: _("Why it is withdrawn"),
}
_COLUMNS = (
    Column("name", _("Item"), link="url", second="code"),
    Column("kind", _("Kind of item")),
    Column("tier", _("Tier")),
    Column("issuer", _("Issuer")),
    Column("holds", _("Holds")),
    Column("states", _("State"), kind="tags"),
)


class WordsForm(DesignForm):
    """What is said with an act."""

    words = forms.CharField(max_length=1000, widget=forms.Textarea({"rows": 2}))


@door("catalogue.read")
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Every item of this school, also what is typed and not submitted yet."""
    with at_desk(request, "catalogue.read") as scope:
        tables = tables_on(scope, today_at(scope))
        filters = (
            Filter("q", _t("Name, alias, code or pinyin initials")),
            Filter("state", _t("State"), _state_choices()),
            Filter("kind", _t("Kind of item"), _choices(tables[codes.ITEM_KIND.code])),
            Filter("tier", _t("Tier"), _choices(tables[codes.ITEM_TIER.code])),
        )
        state = read_state(request.GET, columns=_COLUMNS, filters=filters)
        found, total = page_of_items(
            scope, filters=state.filters, offset=state.offset, limit=state.size, institution=scope.institution
        )
        context = {
            "columns": _COLUMNS,
            "rows": [_row(one, tables) for one in found],
            "filters": filters,
            "state": state.on_page_of(total),
            "total": total,
            "may_write": _may(request, "catalogue.write"),
            "may_approve": _may(request, "catalogue.approve"),
            "drafts": len(codes_in_state(scope, State.DRAFT, limit=AT_ONCE)),
            "submitted": len(codes_in_state(scope, State.SUBMITTED, limit=AT_ONCE)),
            "data_set": CATALOGUE.code,
        }
        return show(request, scope, "office/catalogue.html", context)


@door("catalogue.read")
@require_GET
def one(request: HttpRequest, key: str) -> HttpResponse:
    """One item: what holds, what was typed since, its versions with everything that happened to them."""
    with at_desk(request, "catalogue.read") as scope:
        line = find_own_item(scope, key)
        if line is None:
            raise Http404
        return _item_page(request, scope, line)


@door("catalogue.write")
@require_POST
def submit(request: HttpRequest, key: str) -> HttpResponse:
    """Make what was typed a version that somebody else approves."""
    with at_desk(request, "catalogue.write") as scope:
        person = _person(request, "catalogue.write")
        done = submit_item(
            scope=scope, actor=person, code=key, at=clock.now(), on=today_at(scope), request_id=request_id(request)
        )
        _tell(request, done)
        return HttpResponseRedirect(reverse("office:catalogue-item", args=[key]))


@door("catalogue.write")
@require_POST
def submit_all(request: HttpRequest) -> HttpResponse:
    """Submit every draft; what cannot be submitted is told and keeps nothing else."""
    with at_desk(request, "catalogue.write") as scope:
        person = _person(request, "catalogue.write")
        on = today_at(scope)
        done = [
            (code, submit_item(scope=scope, actor=person, code=code, at=clock.now(), on=on))
            for code, _number in codes_in_state(scope, State.DRAFT, limit=AT_ONCE)
        ]
        _tell_all(request, done)
        return HttpResponseRedirect(reverse("office:catalogue"))


@door("catalogue.approve")
@require_POST
def approve(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Approve a version that somebody else wrote."""
    with at_desk(request, "catalogue.approve") as scope:
        person = _person(request, "catalogue.approve")
        done = act_on_version(
            scope=scope, actor=person, code=key, number=number, act=Act.APPROVE, at=clock.now(), on=today_at(scope),
            request_id=request_id(request),
        )  # fmt: skip
        _tell(request, done)
        return HttpResponseRedirect(reverse("office:catalogue-item", args=[key]))


@door("catalogue.approve")
@require_POST
def approve_all(request: HttpRequest) -> HttpResponse:
    """Approve every submitted version that this person did not write."""
    with at_desk(request, "catalogue.approve") as scope:
        person = _person(request, "catalogue.approve")
        on = today_at(scope)
        done = [
            (code, act_on_version(
                scope=scope, actor=person, code=code, number=number, act=Act.APPROVE, at=clock.now(), on=on
            ))
            for code, number in codes_in_state(scope, State.SUBMITTED, limit=AT_ONCE)
        ]  # fmt: skip
        _tell_all(request, done)
        return HttpResponseRedirect(reverse("office:catalogue"))


@door("catalogue.write")
@require_POST
def act(request: HttpRequest, key: str, number: int, name: str) -> HttpResponse:
    """Any other act with a version: send back, object, answer, bring into force, withdraw."""
    if name not in {one.value for one in _VERBS if one is not Act.APPROVE}:
        raise Http404
    with at_desk(request, "catalogue.write") as scope:
        person = _person(request, "catalogue.write")
        done = act_on_version(
            scope=scope, actor=person, code=key, number=number, act=Act(name), words=request.POST.get("words", ""),
            at=clock.now(), on=today_at(scope), request_id=request_id(request),
        )  # fmt: skip
        _tell(request, done)
        return HttpResponseRedirect(reverse("office:catalogue-item", args=[key]))


def _item_page(request: HttpRequest, scope: Scope, line: ItemLine) -> HttpResponse:
    on = today_at(scope)
    tables = tables_on(scope, on)
    language = language_now()
    assert scope.institution is not None
    versions = versions_of(scope, scope.institution, line.code)
    types = outcome_types_of(scope, scope.institution, on)
    kind = types.get(line.item.outcome_type)
    accreditation = accreditation_on(line.provider, on) if line.item.provider else None
    may_write = _may(request, "catalogue.write")
    newest = versions[0].standing.state if versions else State.DRAFT
    context = {
        "line": line,
        "title": line.item.name.said_in(language),
        "tags": _tags(line),
        "facts": _facts(line, tables, kind.name.said_in(language) if kind else line.item.outcome_type),
        "accreditation": accreditation[1] if accreditation and not accreditation[0].stands else None,
        "provider_name": line.provider_name,
        "versions": [_version(request, one, versions, tables, on) for one in versions],
        "may_write": may_write,
        "can_submit": may_write
        and (not versions or line.changed or newest in (State.RETURNED, State.WITHDRAWN))
        and newest not in (State.SUBMITTED, State.PUBLICITY),
        "data_set": CATALOGUE.code,
        "public": line.shown_state in (State.PUBLICITY, State.IN_FORCE),
    }
    return show(request, scope, "office/catalogue_item.html", context)


def _version(
    request: HttpRequest, version: VersionLine, versions: tuple[VersionLine, ...], tables: Any, on: date
) -> dict[str, Any]:
    person = actor_of(request).person
    assert person is not None
    before = next((one for one in versions if one.number < version.number), None)
    offered = []
    for done in acts_in(version.standing, person):
        permission = "catalogue.approve" if done is Act.APPROVE else "catalogue.write"
        if not _may(request, permission):
            continue
        line = transition_of(done, version.standing.state)
        assert line is not None
        if done is Act.ENACT and not _ripe(version, on):
            continue
        key = version.content["code"]
        address = (
            reverse("office:catalogue-approve", args=[key, version.number])
            if done is Act.APPROVE
            else reverse("office:catalogue-act", args=[key, version.number, done.value])
        )
        form = None
        if line.words:
            form = WordsForm(prefix=None, auto_id=f"id_{done.value}_{version.number}_%s")
            form.fields["words"].label = _WORDS[done]
        offered.append(
            {"verb": _VERBS[done], "address": address, "form": form, "main": done in (Act.APPROVE, Act.ENACT)}
        )
    own = version.standing.state is State.SUBMITTED and person in version.standing.authors
    return {
        "number": version.number,
        "tag": STATES[version.standing.state],
        "until": version.standing.public_until if version.standing.state is State.PUBLICITY else None,
        "objections": version.standing.objections,
        "acts": [
            {
                "title": ACTS[one.act],
                "words": "" if one.act is Act.SUPERSEDE else one.words,
                "by": one.actor.said_in(language_now()),
                "at": minute_of(one.at),
            }
            for one in reversed(version.acts)
        ],
        "changes": _changes(before, version, tables) if before else (),
        "offered": offered,
        "own": own,
        "digest": version.digest,
    }


def _ripe(version: VersionLine, on: date) -> bool:
    """Whether the days of publicity are over and nobody waits for an answer."""
    until = version.standing.public_until
    return not version.standing.objections and (until is None or until < on)


def _changes(before: VersionLine, after: VersionLine, tables: Any) -> list[dict[str, str]]:
    """What a version says otherwise than the one before it, field by field."""
    changed = []
    for field in CATALOGUE.fields:
        old, new = before.content.get(field.name), after.content.get(field.name)
        if old != new:
            said = [_said(field, value, tables) for value in (old, new)]
            changed.append({"field": field.label.said_in(language_now()), "old": said[0], "new": said[1]})
    return changed


def _said(field: Any, value: Any, tables: Any) -> str:
    if value in (None, ""):
        return ""
    if field.kind is Kind.YES_NO:
        return _t("Yes") if value else _t("No")
    if field.kind is Kind.CHOICE:
        return _word(tables[field.table.code], str(value))
    return str(value)


def _facts(line: ItemLine, tables: Any, outcome_type: str) -> list[dict[str, str]]:
    item = line.item
    yes = [
        str(word)
        for holds, word in ((item.association, _("Run by an association")), (item.ranking_only, _("Ranking only")))
        if holds
    ]
    rows = (
        (_t("Also called"), "、".join(item.aliases)),
        (_t("Name in English"), item.name.en),
        (_t("Outcome type"), outcome_type),
        (_t("Kind of item"), _word(tables[codes.ITEM_KIND.code], item.kind)),
        (_t("Tier"), _word(tables[codes.ITEM_TIER.code], item.tier)),
        (_t("Marks"), "、".join(yes)),
        (_t("Issuer"), item.issuer),
        (_t("Provider"), line.provider_name.said_in(language_now())),
        (_t("Fixed facts"), "; ".join(f"{name} = {value}" for name, value in item.facts.items())),
        (_t("Holds"), _days(line)),
        (_t("Document"), item.document),
    )
    return [{"label": label, "value": value} for label, value in rows if value]


def _row(one: ItemLine, tables: Any) -> dict[str, Any]:
    return {
        "id": "",
        "name": one.item.name.said_in(language_now()),
        "code": one.code,
        "url": reverse("office:catalogue-item", args=[one.code]),
        "kind": _word(tables[codes.ITEM_KIND.code], one.item.kind),
        "tier": _word(tables[codes.ITEM_TIER.code], one.item.tier),
        "issuer": one.item.issuer,
        "holds": _days(one),
        "states": _tags(one),
    }


def _tags(one: ItemLine) -> list[tuple[str, Any]]:
    """Where the shown version stands, where a newer one does, and whether something was typed since."""
    tags = [STATES[one.shown_state]]
    if one.state is not one.shown_state and one.state is not State.SUPERSEDED:
        tone, word = STATES[one.state]
        tags.append((tone, _t("New version: %(state)s") % {"state": word}))
    if one.changed:
        tags.append(("warn", _t("Changed, not submitted")))
    return tags


def _days(one: ItemLine) -> str:
    first, last = one.item.starts_on, one.item.ends_on
    if first and last:
        return f"{first.isoformat()} – {last.isoformat()}"
    if first:
        return _t("from %(day)s") % {"day": first.isoformat()}
    return _t("until %(day)s") % {"day": last.isoformat()} if last else ""


def _word(table: CodeTable, code: str) -> str:
    found = next((choice.label for choice in table.choices if choice.code == code), None)
    return found.said_in(get_language() or "zh-hans") if found else code


def _choices(table: CodeTable) -> tuple[tuple[str, str], ...]:
    return tuple((choice.code, choice.label.said_in(language_now())) for choice in table.in_use)


def _state_choices() -> tuple[tuple[str, str], ...]:
    return (
        *((state.value, str(word)) for state, (_tone, word) in STATES.items()),
        ("changed", _t("Changed, not submitted")),
    )


def _may(request: HttpRequest, permission: str) -> bool:
    """Whether this desk does it: one of the whole school."""
    actor = actor_of(request)
    return may(actor, permission, Thing(institution=actor.institution))


def _person(request: HttpRequest, permission: str) -> Any:
    """Who acts, at a desk of the whole school.

    Raises:
        NotVisible: this desk does not do it.
    """
    if not _may(request, permission):
        raise NotVisible
    return actor_of(request).person


def _tell(request: HttpRequest, done: Moved | Refusal) -> None:
    if isinstance(done, Refusal):
        messages.warning(request, reasons_said(done.explanation))
        return
    said = _t("Version %(number)s of %(code)s: %(state)s.")
    _tone, word = STATES[done.state]
    messages.success(request, said % {"number": done.number, "code": done.code, "state": word})


def _tell_all(request: HttpRequest, done: Iterable[tuple[str, Moved | Refusal]]) -> None:
    answers = list(done)
    refused = [(code, one) for code, one in answers if isinstance(one, Refusal)]
    good = len(answers) - len(refused)
    if good:
        messages.success(request, ngettext("%(count)s item done.", "%(count)s items done.", good) % {"count": good})
    for code, one in refused[:10]:
        messages.warning(request, f"{code}: {' '.join(wording.say(line, language_now()) for line in one.explanation)}")
    if len(refused) > 10:
        more = len(refused) - 10
        messages.warning(
            request, ngettext("%(count)s more was left.", "%(count)s more were left.", more) % {"count": more}
        )
