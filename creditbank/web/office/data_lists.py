"""Master data: the source register, the list page of each data set, and who keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from creditbank.domain.access import may_enter
from creditbank.domain.masterdata.declaration import Check, DataSet, Field, Kind
from creditbank.gateways import clock
from creditbank.queries.masterdata.inheritance import Inheritance, handed_down_to
from creditbank.queries.masterdata.pages import said_of
from creditbank.queries.masterdata.rows import RowLine, labels_of, page_of_rows
from creditbank.queries.masterdata.sources import SourceLine, figure_named, list_data_runs, source_of, source_register
from creditbank.records.scope import Scope
from creditbank.services.masterdata.facts import set_source
from creditbank.web.design.forms import DesignForm
from creditbank.web.design.tables import Column, Filter, read_state
from creditbank.web.doors import door
from creditbank.web.office.data_words import (
    Reader,
    is_short,
    list_address,
    listed_fields,
    main_field,
    may_write,
    origin_of,
    row_address,
    set_for,
    set_to_write,
    visible_sets,
)
from creditbank.web.office.desk import actor_of, at_desk, minute_of, show, today_at

ACTIVE, RETIRED = "active", "retired"


class SourceForm(DesignForm):
    """Which department keeps a data set true, and how often."""

    owner = forms.CharField(label=_("Department that answers for it"), max_length=200, required=False)
    contact = forms.CharField(label=_("How it is reached"), max_length=200, required=False)
    every_days = forms.IntegerField(
        label=_("Refreshed every (days)"),
        min_value=1,
        max_value=3660,
        required=False,
        widget=forms.TextInput({"inputmode": "numeric", "class": "short n", "autocomplete": "off"}),
        help_text=_("After more days than this the data are called stale. Leave empty if there is no rhythm."),
    )
    term_day = forms.IntegerField(
        label=_("Refreshed by this day of every term"),
        min_value=1,
        max_value=366,
        required=False,
        widget=forms.TextInput({"inputmode": "numeric", "class": "short n", "autocomplete": "off"}),
        help_text=_("Counted from the first day of the term, which is day 1. Leave empty if terms do not matter."),
    )
    note = forms.CharField(label=_("Remarks"), max_length=500, required=False, widget=forms.Textarea({"rows": 3}))


@door("masterdata.read")
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """The source register: every data set, how fresh it is, what is missing or contradicts itself."""
    with at_desk(request, "masterdata.read") as scope:
        reader = Reader(actor_of(request))
        seen = visible_sets(reader.actor)
        found = [line for line in source_register(scope, today=today_at(scope)) if line.data_set in seen]
        context = {
            "sources": [_card(line, reader) for line in found],
            "wanting": sum(bool(source.figures) for source in found),
            "may_write": may_write(reader.actor),
        }
        return show(request, scope, "office/data.html", context)


@door("masterdata.read")
@require_GET
def listing(request: HttpRequest, data_set: str) -> HttpResponse:
    """The rows of one data set: searched, filtered, sorted."""
    with at_desk(request, "masterdata.read") as scope:
        found, reader = set_for(request, data_set), Reader(actor_of(request))
        handed = handed_down_to(scope, found, today_at(scope))
        filters = _filters(scope, found, reader, handed)
        check = figure_named(found, request.GET.get("figure", ""))
        columns = _columns(found, check)
        state = read_state(request.GET, columns=columns, filters=filters, sort="key")
        known = {field.name for field in found.fields}
        above = handed.get(found.code)
        lines, total = page_of_rows(
            scope,
            found,
            search=state.filters.get("q", ""),
            filters={name: value for name, value in state.filters.items() if name in known},
            figure=check,
            retired={ACTIVE: False, RETIRED: True}.get(state.filters.get("shown", "")),
            sort="label" if state.sort == "main" else state.sort,
            descending=state.descending,
            offset=state.offset,
            limit=state.size,
            handed_down=handed,
        )
        labels = labels_of(scope, found, lines, handed)
        context = {
            "data_set": found,
            "from_above": len(above.rows) if above else 0,
            "name": found.name.said_in(reader.language),
            "columns": columns,
            "rows": [_row(found, line, labels, reader, check, above) for line in lines],
            "filters": filters,
            "state": state.on_page_of(total),
            "total": total,
            "may_write": may_write(reader.actor),
            "runs": list_data_runs(scope, found, limit=5)[0] if may_enter(reader.actor, "results.read_imports") else (),
        }
        return show(request, scope, "office/data_list.html", context)


@door("masterdata.write")
@require_http_methods(["GET", "POST"])
def source(request: HttpRequest, data_set: str) -> HttpResponse:
    """Say who keeps a data set true."""
    with at_desk(request, "masterdata.write") as scope:
        found, actor = set_to_write(request, data_set), actor_of(request)
        known = source_of(scope, found, today=today_at(scope))
        form = SourceForm(
            request.POST or None,
            initial={
                "owner": known.owner, "contact": known.contact, "every_days": known.every_days,
                "term_day": known.term_day, "note": known.note,
            },
        )  # fmt: skip
        if request.method == "POST" and form.is_valid() and actor.person is not None:
            set_source(scope=scope, data_set=found, actor=actor.person, at=clock.now(), **form.cleaned_data)
            messages.success(request, _t("Kept: who answers for these data."))
            return HttpResponseRedirect(list_address(found))
        return show(request, scope, "office/data_source.html", {"data_set": found, "form": form})


def _card(line: SourceLine, reader: Reader) -> dict[str, Any]:
    return {
        "data_set": line.data_set,
        "url": list_address(line.data_set),
        "rows": f"{line.rows - line.retired:,}",
        "rows_url": list_address(line.data_set, shown=ACTIVE),
        "retired": f"{line.retired:,}" if line.retired else "",
        "retired_url": list_address(line.data_set, shown=RETIRED),
        "as_of": line.as_of,
        "recorded": minute_of(line.refreshed_at) if line.refreshed_at else "",
        "owner": line.owner,
        "contact": line.contact,
        "note": line.note,
        "stale": line.stale,
        "empty": not line.rows,
        "figures": [
            {
                "word": reader.figure(line.data_set, figure.check),
                "count": f"{figure.count:,}",
                "url": list_address(line.data_set, figure=figure.code),
            }
            for figure in line.figures
        ],
    }


def _columns(data_set: DataSet, check: Check | None) -> tuple[Column, ...]:
    language = get_language() or "zh-hans"
    key = data_set.field(data_set.key[0])
    columns = [Column("main", main_field(data_set).label.said_in(language), sortable=True, link="url", second="by")]
    if len(data_set.key) == 1 and data_set.label != key.name:
        columns.append(Column("key", key.label.said_in(language), sortable=True))
    columns += [
        Column(field.name, field.label.said_in(language), "number" if is_short(field) else "text", sortable=True)
        for field in listed_fields(data_set, check)
        if field.name != data_set.label
    ]
    # Not "status": the roster of students has a field of that name.
    return (*columns, Column("standing", _t("State"), kind="tag"))


def _row(
    data_set: DataSet,
    line: RowLine,
    labels: Mapping[tuple[str, str], str],
    reader: Reader,
    check: Check | None,
    above: Inheritance | None = None,
) -> dict[str, Any]:
    """A row of the table; references are called by their names."""

    def said(field: Field) -> str:
        value = line.content.get(field.name)
        if field.kind is Kind.REFERENCE and value:
            return labels.get((field.data_set, str(value)), str(value))
        return reader.value(field, value)

    main = main_field(data_set)
    main_said = said(main) or line.label
    row: dict[str, Any] = {"id": "", "main": main_said, "key": line.key, "url": row_address(data_set, line.key)}
    row["by"] = str(line.content.get(main.name) or "") if main.kind is Kind.REFERENCE else ""
    if row["by"] == main_said:
        row["by"] = ""
    row |= {field.name: said(field) for field in listed_fields(data_set, check) if field.name != data_set.label}
    row["standing"] = _status(line.retired, line.contested)
    if above and line.key in above.rows and not row["standing"]:
        row["standing"] = origin_of(above.rows[line.key], reader)
    return row


def _status(retired: bool, contested: tuple[str, ...]) -> tuple[str, str] | str:  # noqa: FBT001 - one of two states
    if retired:
        return "plain", _t("Retired")
    return ("warn", _t("Contested")) if contested else ""


def _filters(scope: Scope, data_set: DataSet, reader: Reader, handed: Mapping[str, Inheritance]) -> tuple[Filter, ...]:
    """Search, state, code fields, references to few enough rows, and the figures of the register."""
    key = data_set.field(data_set.key[0]).label.said_in(reader.language)
    label = main_field(data_set).label.said_in(reader.language)
    word = key if key == label else _t("%(key)s or %(name)s") % {"key": key, "name": label}
    made = [Filter("q", word)]
    for field in data_set.fields:
        if reader.hides(field):
            continue
        name = field.label.said_in(reader.language)
        if field.kind is Kind.CHOICE and field.table is not None:
            table = reader.tables.get(field.table.code, field.table)
            words = tuple((one.code, one.label.said_in(reader.language)) for one in table.choices)
            made.append(Filter(field.name, name, words))
        elif field.kind is Kind.REFERENCE:
            known = said_of(scope, data_set, field, handed_down=handed)
            words = tuple((key, key if key == label else f"{label} ({key})") for key, label in known)
            made.append(Filter(field.name, name, words))
    made.append(
        Filter(
            "shown",
            _t("State"),
            ((ACTIVE, _t("In use")), (RETIRED, _t("Retired"))),
        )
    )
    figures = tuple((check.code, reader.figure(data_set, check)) for check in data_set.figures())
    made.append(Filter("figure", _t("Missing or contradictory"), figures))
    return tuple(made)
