"""Code tables: the edition valid today, where each code comes from, and the sheet of it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from creditbank.domain.masterdata.codes import CODE_TABLES
from creditbank.domain.masterdata.declaration import CodeTable
from creditbank.domain.masterdata.editions import kind_name, users_of
from creditbank.domain.masterdata.inheritance import Inherited
from creditbank.exchange.masterdata.editions import codes_sheet
from creditbank.exchange.spreadsheets import Form
from creditbank.gateways import clock
from creditbank.queries.masterdata.inheritance import chain_of, rows_on, tables_on
from creditbank.queries.masterdata.updates import editions_from_above, own_editions, uses_of_codes
from creditbank.services.access import NotVisible
from creditbank.web.design.tables import Column
from creditbank.web.doors import door
from creditbank.web.office.centre import may_publish, status_of
from creditbank.web.office.data_words import Reader, list_address
from creditbank.web.office.desk import actor_of, at_desk, show, today_at
from creditbank.web.office.downloads import sheet_response

_TABLES = (
    Column("name", _("Code table"), link="url", second="source"),
    Column("edition", _("Edition")),
    Column("codes", _("Codes in use"), kind="number"),
    Column("retired", _("Retired"), kind="number"),
    Column("used", _("Used by")),
)
_CODES = (
    Column("name", _("Name"), second="code"),
    Column("aliases", _("Also read as")),
    Column("parent", _("Code above")),
    Column("origin", _("From")),
    Column("status", _("State"), kind="tag"),
)


@door("edition.read")
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Every code table in the edition valid today."""
    with at_desk(request, "edition.read") as scope:
        reader = Reader(actor_of(request))
        rows = [
            {
                "id": one.code,
                "name": one.name.said_in(reader.language),
                "source": one.source,
                "edition": one.edition,
                "codes": len(one.in_use),
                "retired": len(one.choices) - len(one.in_use),
                "used": "、".join(dict.fromkeys(ds.name.said_in(reader.language) for ds, _field in users_of(one))),
                "url": reverse("office:code-table", args=[one.code]),
            }
            for one in tables_on(scope, today_at(scope)).values()
        ]
        return show(request, scope, "office/code_tables.html", {"columns": _TABLES, "rows": rows})


@door("edition.read")
@require_GET
def table(request: HttpRequest, table: str) -> HttpResponse:
    """One code table: its codes today, those still used although they are retired, and its editions."""
    with at_desk(request, "edition.read") as scope:
        reader, today = Reader(actor_of(request)), today_at(scope)
        known = _table(table)
        kind = f"codes.{known.code}"
        valid = tables_on(scope, today)[known.code]
        rows = rows_on(scope, kind, today)
        own_name = chain_of(scope)[-1][1]
        retired = [choice.code for choice in valid.choices if choice.retired]
        labels = {choice.code: choice.label.said_in(reader.language) for choice in valid.choices}
        lines = [line for line in (*own_editions(scope), *editions_from_above(scope)) if line.kind == kind]
        context = {
            "table": valid,
            "name": kind_name(kind),
            "kind": kind,
            "columns": _CODES,
            "rows": [_code(choice, rows[choice.code], own_name == rows[choice.code].publisher, known, reader)
                     for choice in valid.choices],
            "uses": [
                {
                    "word": f"{labels[one.key]} ({one.key}) · {one.data_set.name.said_in(reader.language)}",
                    "count": f"{one.count:,}",
                    "url": list_address(one.data_set, shown="active", **{one.field.name: one.key}),
                }
                for one in uses_of_codes(scope, kind, retired)
            ],
            "editions": [
                {
                    "label": line.label,
                    "publisher": line.publisher,
                    "effective_on": line.effective_on,
                    "status": status_of(line, today),
                    "url": reverse("office:edition", args=[line.edition_id]),
                }
                for line in lines
            ],
            "may_publish": may_publish(reader.actor),
        }  # fmt: skip
        return show(request, scope, "office/code_table.html", context)


@door("edition.read")
@require_GET
def export(request: HttpRequest, table: str) -> HttpResponseBase:
    """The codes valid today as a sheet, which is also the template of the next edition."""
    with at_desk(request, "edition.read") as scope:
        reader, known = Reader(actor_of(request)), _table(table)
        rows = rows_on(scope, f"codes.{known.code}", today_at(scope))
        name = f"codes-{known.code}-{clock.now():%Y%m%d}.xlsx"
        return sheet_response(name, Form.XLSX, codes_sheet(rows, reader.language))


def _table(code: str) -> CodeTable:
    found = next((one for one in CODE_TABLES if one.code == code), None)
    if found is None:
        raise NotVisible
    return found


def _code(choice: Any, row: Inherited, own: bool, known: CodeTable, reader: Reader) -> dict[str, Any]:  # noqa: FBT001 - one of two origins
    packaged = any(one.code == choice.code for one in known.choices)
    if choice.retired:
        status: Any = ("plain", _t("Retired"))
    elif row.locked:
        status = ("info", _t("Locked"))
    else:
        status = ("ok", _t("In use"))
    origin = _t("Packaged") if packaged else _t("Own") if own else row.publisher.said_in(reader.language)
    return {
        "id": choice.code,
        "name": choice.label.said_in(reader.language),
        "code": choice.code,
        "aliases": "、".join(choice.aliases),
        "parent": choice.parent,
        "origin": origin,
        "status": status,
    }
