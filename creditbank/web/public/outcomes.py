"""The outcome catalogue for everybody: the searchable directory, and a page for each item."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from creditbank.domain.catalogue.life import State
from creditbank.domain.education_resources import accreditation_on
from creditbank.domain.masterdata import codes
from creditbank.domain.masterdata.declaration import CodeTable
from creditbank.domain.values import format_credit
from creditbank.gateways.clock import today
from creditbank.queries.catalogue.items import ItemLine, find_item, page_of_items, places_of_items, versions_of
from creditbank.queries.estimates import Worth, places_below, worth_of_item
from creditbank.queries.outcome_types import outcome_types_of
from creditbank.records.scope import Scope, acting_for
from creditbank.web.design.tables import Column, Filter, read_state
from creditbank.web.doors import door
from creditbank.web.public.navigation import frame

STATES = {
    State.PUBLICITY: ("info", _("Published for objections")),
    State.IN_FORCE: ("ok", _("In force")),
    State.SUPERSEDED: ("plain", _("Superseded")),
    State.WITHDRAWN: ("plain", _("Withdrawn from use")),
}
_COLUMNS = (
    Column("name", _("Item"), link="url", second="issuer"),
    Column("kind", _("Kind of item")),
    Column("tier", _("Tier")),
    Column("place", _("Catalogue of")),
    Column("state", _("State"), kind="tag"),
)


@door("public.read")
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Published items: found by name, alias, pinyin or initials, and narrowed; page by page."""
    with acting_for(purpose="public") as scope:
        places = places_of_items(scope)
        filters = [
            Filter("q", _t("Name, alias, or pinyin initials such as sxjm")),
            Filter("kind", _t("Kind of item"), _choices(codes.ITEM_KIND)),
            Filter("tier", _t("Tier"), _choices(codes.ITEM_TIER)),
        ]
        if len(places) > 1:
            named = tuple((code, name.said_in(_language())) for code, name in places)
            filters.append(Filter("place", _t("Catalogue of"), named))
        state = read_state(request.GET, columns=_COLUMNS, filters=filters)
        found, total = page_of_items(scope, filters=state.filters, offset=state.offset, limit=state.size)
    context = {
        "columns": _COLUMNS,
        "rows": [_row(one) for one in found],
        "filters": filters,
        "state": state.on_page_of(total),
        "total": total,
    }
    return render(request, "public/outcomes.html", frame(request) | context)


@door("public.read")
@require_safe
def outcome(request: HttpRequest, institution: str, code: str) -> HttpResponse:
    """One item: what it is, since when it holds, who issues it, and what it becomes by the rules in force."""
    day = today(settings.TIME_ZONE)
    with acting_for(purpose="public") as scope:
        line = find_item(scope, institution, code)
        if line is None:
            raise Http404
        versions = versions_of(scope, line.institution, code)
        worth = worth_of_item(scope, line.item, places=places_below(scope, line.institution), on=day)
        accreditation = accreditation_on(line.provider, day) if line.item.provider else None
        context = {
            "line": line,
            "tag": STATES[line.shown_state],
            "facts": _facts(scope, line, day),
            "accreditation": accreditation[1] if accreditation else None,
            "provider_name": line.provider_name,
            "until": versions[0].standing.public_until if versions else None,
            "publicity": line.shown_state is State.PUBLICITY,
            "worth": [_worth(one) for one in worth],
            "versions": [
                {"number": one.number, "tag": STATES[one.standing.state], "at": one.in_force_at or one.approved_at}
                for one in versions
            ],
            "day": day,
            "deposit": reverse("learner:deposit_item", args=[institution, code]),
        }
    return render(request, "public/outcome.html", frame(request) | context)


def _row(one: ItemLine) -> dict[str, Any]:
    return {
        "id": "",
        "name": one.item.name.said_in(_language()),
        "url": reverse("public:outcome", args=[one.institution_code, one.code]),
        "issuer": one.item.issuer,
        "kind": _word(codes.ITEM_KIND, one.item.kind),
        "tier": _word(codes.ITEM_TIER, one.item.tier),
        "place": one.institution_name.said_in(_language()),
        "state": STATES[one.shown_state],
    }


def _facts(scope: Scope, line: ItemLine, day: Any) -> list[dict[str, str]]:
    item = line.item
    types = outcome_types_of(scope, line.institution, day)
    kind = types.get(item.outcome_type)
    marks = [
        str(word)
        for holds, word in ((item.association, _("Run by an association")), (item.ranking_only, _("Ranking only")))
        if holds
    ]
    language = _language()
    rows = (
        (_t("Also called"), "、".join(item.aliases)),
        (_t("Kind of item"), _word(codes.ITEM_KIND, item.kind)),
        (_t("Tier"), _word(codes.ITEM_TIER, item.tier)),
        (_t("Marks"), "、".join(marks)),
        (_t("Outcome type"), kind.name.said_in(language) if kind else ""),
        (_t("Issuer"), item.issuer),
        (_t("Provider"), line.provider_name.said_in(language)),
        (_t("Holds"), _days(line)),
        (_t("Document"), item.document),
        (_t("Catalogue of"), line.institution_name.said_in(language)),
        (_t("Item code"), item.code),
    )
    return [{"label": label, "value": value} for label, value in rows if value]


def _worth(one: Worth) -> dict[str, Any]:
    """What an item becomes, in words: one amount, a span, a person's decision, or what must be known first."""
    if one.least is None or one.most is None:
        amount = _t("A person decides") if one.manual else ""
    elif one.least == one.most:
        amount = _t("%(credit)s credits") % {"credit": format_credit(one.most)}
    else:
        amount = _t("%(least)s to %(most)s credits") % {
            "least": format_credit(one.least),
            "most": format_credit(one.most),
        }
    language = _language()
    return {
        "place": one.institution_name,
        "amount": amount,
        "rules": one.rules,
        "number": one.version.number,
        "missing": "、".join(text.said_in(language) for text in one.missing)
        if language.startswith("zh")
        else ", ".join(text.said_in(language) for text in one.missing),
        "lines": one.only.explanation if one.only else None,
    }


def _days(one: ItemLine) -> str:
    first, last = one.item.starts_on, one.item.ends_on
    if first and last:
        return f"{first.isoformat()} – {last.isoformat()}"
    if first:
        return _t("from %(day)s") % {"day": first.isoformat()}
    return _t("until %(day)s") % {"day": last.isoformat()} if last else ""


def _language() -> str:
    return get_language() or "zh-hans"


def _word(table: CodeTable, code: str) -> str:
    found = next((choice.label for choice in table.choices if choice.code == code), None)
    return found.said_in(_language()) if found else code


def _choices(table: CodeTable) -> tuple[tuple[str, str], ...]:
    return tuple((choice.code, choice.label.said_in(_language())) for choice in table.in_use)
