"""Recognition rules, read only: which are in force, and what each version says."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from creditbank.queries.rule_sets import Version, list_versions, read_version
from creditbank.services.access import NotVisible
from creditbank.web.design.tables import Column
from creditbank.web.doors import door
from creditbank.web.office.desk import at_desk, show, today_at

COLUMNS = (
    Column("name", _("Rule set"), link="url", second="publisher"),
    Column("number", _("Version"), kind="number"),
    Column("since", _("In force from"), kind="date"),
    Column("until", _("Until"), kind="date"),
    Column("status", _("State"), kind="tag"),
)
STATES = {
    "in_force": ("ok", _("In force")),
    "future": ("info", _("Not yet in force")),
    "past": ("plain", _("Ended")),
    "suspended": ("bad", _("Suspended")),
}


@door("rules.read")
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Every version: those in force first, former ones remain readable."""
    with at_desk(request, "rules.read") as scope:
        versions = list_versions(scope, on=today_at(scope))
        context = {
            "columns": COLUMNS,
            "current": [_row(one) for one in versions if one.state == "in_force"],
            "others": [_row(one) for one in versions if one.state != "in_force"],
        }
        return show(request, scope, "office/rules.html", context)


@door("rules.read")
@require_GET
def version(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """One version: its tables in words, each row with its clause."""
    with at_desk(request, "rules.read") as scope:
        found = read_version(scope, version_id, on=today_at(scope))
        if found is None:
            raise NotVisible
        context = {"found": found, "version": found.version, "status": STATES[found.version.state]}
        return show(request, scope, "office/rule_version.html", context)


def _row(one: Version) -> dict[str, object]:
    language = get_language() or "zh-hans"
    return {
        "id": one.version_id,
        "name": one.name.said_in(language),
        "publisher": one.publisher.said_in(language),
        "number": one.number,
        "since": one.effective_from,
        "until": one.effective_until,
        "status": STATES[one.state],
        "url": reverse("office:rule-version", args=[one.version_id]),
    }
