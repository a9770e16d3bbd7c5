"""Education resources for everybody: the searchable list, and a page for each with its offerings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from creditbank.domain.education_resources import Accreditation, Standing
from creditbank.domain.masterdata import codes
from creditbank.domain.masterdata.declaration import CodeTable
from creditbank.domain.values import format_credit
from creditbank.gateways import wording
from creditbank.gateways.clock import today
from creditbank.queries.education_resources import (
    Choices,
    Offered,
    OfferingLine,
    ResourceLine,
    find_resource,
    offered_by_resource,
    offerings_of,
    page_of_resources,
    resource_choices,
)
from creditbank.records.scope import acting_for
from creditbank.web.design.tables import Column, Filter, read_state
from creditbank.web.doors import door
from creditbank.web.public.navigation import frame
from creditbank.web.public.resource_data import structured

ACCREDITATIONS = {
    Accreditation.OWN: ("ok", _("Provided by the school")),
    Accreditation.HOLDS: ("ok", _("Accredited")),
    Accreditation.COMING: ("warn", _("Not accredited yet")),
    Accreditation.ENDED: ("bad", _("Accreditation ended")),
    Accreditation.NONE: ("bad", _("Not accredited")),
}
STANDINGS = {
    Standing.OPEN: ("ok", _("Open for applications")),
    Standing.CLOSED: ("plain", _("Applications closed")),
    Standing.OVER: ("plain", _("Over")),
    Standing.WITHHELD: ("bad", _("Not offered")),
}
_COLUMNS = (
    Column("name", _("Resource"), link="url", second="provider"),
    Column("kind", _("Kind of resource")),
    Column("extent", _("Extent")),
    Column("offered", _("Offered")),
    Column("accreditation", _("Accreditation"), kind="tag"),
)
_OFFERING_COLUMNS = (
    Column("term", _("Term"), second="code"),
    Column("days", _("Days")),
    Column("seats", _("Seats")),
    Column("fee", _("Fee")),
    Column("place", _("Where")),
    Column("contact", _("Enquiries")),
    Column("standing", _("Applications"), kind="tag", second="reason"),
)


@door("public.read")
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Published resources: searched, narrowed, page by page; those accredited today first."""
    day = today(settings.TIME_ZONE)
    with acting_for(purpose="public") as scope:
        filters = _filters(resource_choices(scope, day=day))
        state = read_state(request.GET, columns=_COLUMNS, filters=filters)
        found, total = page_of_resources(scope, day=day, filters=state.filters, offset=state.offset, limit=state.size)
        offered = offered_by_resource(scope, found, day=day)
    context = {
        "columns": _COLUMNS,
        "rows": [_row(one, offered.get((one.institution, one.code))) for one in found],
        "filters": filters,
        "state": state.on_page_of(total),
        "total": total,
        "day": day,
    }
    return render(request, "public/resources.html", frame(request) | context)


@door("public.read")
@require_safe
def resource(request: HttpRequest, institution: str, code: str) -> HttpResponse:
    """One published resource with its offerings of current and coming terms."""
    day = today(settings.TIME_ZONE)
    with acting_for(purpose="public") as scope:
        found = find_resource(scope, institution, code, day=day)
        if found is None:
            raise Http404
        state = read_state(request.GET, columns=_OFFERING_COLUMNS)
        offerings, total = offerings_of(scope, found, day=day, offset=state.offset, limit=state.size)
    tone, word = ACCREDITATIONS[found.accreditation]
    context = {
        "resource": found,
        "accreditation": {"tone": tone, "word": word, "stands": found.accreditation.stands},
        "facts": _facts(found),
        "columns": tuple(column for column in _OFFERING_COLUMNS if _said_somewhere(column, offerings)),
        "rows": [_offering(one) for one in offerings],
        "state": state.on_page_of(total),
        "total": total,
        "day": day,
        "structured": structured(found, offerings, request.build_absolute_uri(request.path)),
    }
    return render(request, "public/resource.html", frame(request) | context)


def _language() -> str:
    return get_language() or "zh-hans"


def _word(table: CodeTable, code: str) -> str:
    """What a code of a table is called; a code that is not in it is shown as it is."""
    found = next((choice.label for choice in table.choices if choice.code == code), None)
    return found.said_in(_language()) if found else code


def _words(table: CodeTable) -> tuple[tuple[str, str], ...]:
    return tuple((choice.code, choice.label.said_in(_language())) for choice in table.choices)


def _filters(choices: Choices) -> tuple[Filter, ...]:
    """Search, and what the published resources can really be narrowed by."""
    language = _language()
    made = [
        Filter("q", _t("Name, category or provider")),
        Filter("kind", _t("Kind of resource"), _words(codes.RESOURCE_KIND)),
        Filter("side", _t("Internal or external"), _words(codes.PROVIDER_KIND)),
    ]
    if choices.categories:
        made.append(Filter("category", _t("Category"), tuple((one, one) for one in choices.categories)))
    if choices.terms:
        terms = tuple((code, f"{code} {name.said_in(language)}".strip()) for code, name in choices.terms)
        made.append(Filter("term", _t("Offered in term"), terms))
    if choices.providers:
        providers = tuple((code, name.said_in(language)) for code, name in choices.providers)
        made.append(Filter("provider", _t("Provider"), providers))
    if len(choices.institutions) > 1:
        places = tuple((code, name.said_in(language)) for code, name in choices.institutions)
        made.append(Filter("institution", _t("Listed by"), places))
    made.append(Filter("accredited", _t("Accreditation"), (("yes", _t("Holds today")), ("no", _t("Does not hold")))))
    return tuple(made)


def _row(one: ResourceLine, offered: Offered | None) -> dict[str, Any]:
    language = _language()
    return {
        "id": "",
        "name": one.name.said_in(language),
        "url": reverse("public:resource", args=[one.institution, one.code]),
        "provider": one.provider.name.said_in(language) if one.provider else "",
        "kind": " · ".join(word for word in (_word(codes.RESOURCE_KIND, one.kind), one.category) if word),
        "extent": _extent(one),
        "offered": _offered(one, offered),
        "accreditation": ACCREDITATIONS[one.accreditation],
    }


def _extent(one: ResourceLine) -> str:
    said = []
    if one.credit is not None:
        said.append(_t("%(credit)s credits") % {"credit": format_credit(one.credit)})
    if one.hours is not None:
        said.append(_t("%(hours)s hours") % {"hours": one.hours})
    return " · ".join(said)


def _offered(one: ResourceLine, offered: Offered | None) -> str:
    """How many offerings one can apply for; what is withheld is never counted."""
    if not one.accreditation.stands:
        return _t("Not offered")
    if offered is None:
        return ""
    if offered.open:
        return ngettext("%(count)s open", "%(count)s open", offered.open) % {"count": offered.open}
    return _t("None open now")


def _facts(one: ResourceLine) -> list[dict[str, Any]]:
    """What is known of a resource, as rows of a summary."""
    language = _language()
    provider = one.provider.name.said_in(language) if one.provider else ""
    if one.provider and one.provider.decided.kind:
        side = _word(codes.PROVIDER_KIND, one.provider.decided.kind)
        provider = _t("%(name)s (%(side)s)") % {"name": provider, "side": side}
    member = one.provider.member if one.provider else None
    rows = (
        (_t("Kind of resource"), _word(codes.RESOURCE_KIND, one.kind)),
        (_t("Category"), one.category),
        (_t("Provider"), provider),
        (_t("Takes part in this bank as"), member.said_in(language) if member else ""),
        (_t("Listed by"), one.institution_name.said_in(language)),
        (_t("Extent"), _extent(one)),
        (_t("Place"), one.address),
        (_t("Enquiries"), one.contact),
        (_t("Resource code"), one.code),
    )
    return [{"label": label, "value": value} for label, value in rows if value]


def _offering(one: OfferingLine) -> dict[str, Any]:
    language = _language()
    tone, word = STANDINGS[one.standing]
    return {
        "id": "",
        "term": one.term if one.term_name.zh == one.term else f"{one.term} {one.term_name.said_in(language)}",
        "code": one.code,
        "days": _days(one.decided.starts_on, one.decided.ends_on),
        "seats": "" if one.decided.seats is None else f"{one.decided.seats:,}",
        "fee": fee(one.fee, one.currency),
        "place": one.place,
        "contact": one.contact,
        "standing": (tone, word),
        # That one can apply is what the tag says already.
        "reason": " ".join(wording.say(line, language) for line in one.reasons if line.code != "resources.open"),
    }


def _days(first: date | None, last: date | None) -> str:
    """From the first day to the last, or the one that is known."""
    if first is not None and last is not None:
        return f"{first.isoformat()} – {last.isoformat()}"
    if first is not None:
        return _t("from %(day)s") % {"day": first.isoformat()}
    return _t("until %(day)s") % {"day": last.isoformat()} if last is not None else ""


def _said_somewhere(column: Column, offerings: Sequence[OfferingLine]) -> bool:
    """Whether a column that is often empty says anything at all."""
    return column.key not in ("place", "contact") or any(getattr(one, column.key) for one in offerings)


def fee(hundredths: int | None, currency: str) -> str:
    """A fee in words: free, or an amount with its currency; nothing where nobody stated it."""
    if hundredths is None:
        return ""
    if hundredths == 0:
        return _t("Free")
    whole, part = divmod(hundredths, 100)
    amount = f"{whole:,}" + (f".{part:02d}" if part else "")
    if not _language().startswith("zh"):
        return f"{currency} {amount}"
    return f"{amount} {'元' if currency == 'CNY' else _word(codes.CURRENCY, currency)}"
