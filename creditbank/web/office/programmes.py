"""Programmes, read only, with how many learners have met each."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from creditbank.queries.programmes import list_programmes
from creditbank.web.design.tables import Column
from creditbank.web.doors import door
from creditbank.web.office.desk import at_desk, minute_of, show

COLUMNS = (
    Column("name", _("Programme"), second="code"),
    Column("met", _("Learners who met it"), kind="number"),
    Column("audited", _("Learners audited"), kind="number"),
    Column("version", _("Version"), kind="number"),
    Column("note", _("Note")),
    Column("as_of", _("As of")),
)


@door("programme.read")
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """The newest version of each programme."""
    with at_desk(request, "programme.read") as scope:
        language = get_language() or "zh-hans"
        rows = [
            {
                "id": one.programme_id,
                "name": one.name.said_in(language),
                "code": one.code,
                "version": one.version,
                "met": f"{one.met:,}" if one.audited else "",
                "audited": f"{one.audited:,}" if one.audited else "",
                "note": _t("Invented for the demonstration") if one.invented else "",
                "as_of": minute_of(one.as_of) if one.as_of else "",
            }
            for one in list_programmes(scope)
        ]
        return show(request, scope, "office/programmes.html", {"columns": COLUMNS, "rows": rows})
