"""Certification units: the list, one with what carries it, and what outcomes cover of a course."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from creditbank.domain.frameworks.coverage import Holding, Standing, coverage
from creditbank.domain.frameworks.model import CarrierKind, CertificationUnit, UnitTable
from creditbank.domain.frameworks.units import said
from creditbank.domain.masterdata.framework_sets import CERTIFICATION_UNITS, UNIT_CARRIERS
from creditbank.exchange.frameworks.files import FileForm, write_file
from creditbank.queries.frameworks import Library, library_at
from creditbank.services.access import NotVisible
from creditbank.web.design.forms import DesignForm, Ticks
from creditbank.web.design.tables import Column, Filter, read_state
from creditbank.web.doors import door
from creditbank.web.framework_words import credit_said, document_response, language, unit_facts
from creditbank.web.office.data_words import list_address, may_write, row_address
from creditbank.web.office.desk import actor_of, at_desk, show

KINDS = {
    CarrierKind.OUTCOME: _("Outcome"),
    CarrierKind.COURSE: _("Course"),
    CarrierKind.CERTIFICATE: _("Certificate"),
}
STANDINGS = {
    Standing.COVERED: ("ok", _("Covered")),
    Standing.ADDED: ("warn", _("Covered by adding")),
    Standing.PARTLY: ("warn", _("Partly")),
    Standing.MISSING: ("bad", _("Missing")),
}
_COLUMNS = (
    Column("name", _("Certification unit"), link="url", second="code"),
    Column("level", _("Level")),
    Column("credit", _("Credit"), kind="number"),
    Column("carriers", _("Carried by")),
    Column("keeper", _("Kept by")),
)
_CARRIERS = (
    Column("name", _("Carrier"), second="code"),
    Column("kind", _("Kind of carrier")),
    Column("share", _("Share"), kind="number"),
    Column("others", _("Also carries")),
)
_COVERED = (
    Column("name", _("Certification unit"), second="code"),
    Column("needed", _("Needed"), kind="number"),
    Column("by", _("Covered by")),
    Column("credit", _("Credit covered"), kind="number"),
    Column("standing", _("Standing"), kind="tag"),
)
FILTERS = (Filter("q", _("Name or code of a unit")),)


class CoverageForm(DesignForm):
    """What is held, and what is wanted for it."""

    target = forms.ChoiceField(label=_("What is wanted"))
    held = forms.MultipleChoiceField(
        label=_("What is held"),
        widget=Ticks,
        error_messages={"required": _("Choose at least one thing that is held")},
    )

    def __init__(self, units: tuple[CertificationUnit, ...], *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        choices = carrier_choices(units)
        for name in ("target", "held"):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices


@door("masterdata.read")
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Every certification unit, and the question what covers what."""
    with at_desk(request, "masterdata.read") as scope:
        library, tongue = library_at(scope), language()
        state = read_state(request.GET, columns=_COLUMNS, filters=FILTERS)
        wanted = state.filters.get("q", "").casefold()
        placed = [(shelf, one) for shelf in library.shelves for one in shelf.certification_units]
        found = [
            (shelf, one)
            for shelf, one in placed
            if not wanted or any(wanted in word.casefold() for word in (one.code, one.name.zh, one.name.en))
        ]
        state = state.on_page_of(len(found))
        units = tuple(one for _shelf, one in placed)
        context = {
            "columns": _COLUMNS,
            "rows": [
                {
                    "id": "",
                    "name": one.name.said_in(tongue),
                    "code": one.code,
                    "level": f"{one.framework} {one.level}",
                    "credit": f"{credit_said(one.credit)} {_unit_name(library, shelf, one)}",
                    "carriers": "、".join(dict.fromkeys(carrier.code for carrier in one.carriers)),
                    "keeper": _t("This institution") if shelf.own else shelf.name.said_in(tongue),
                    "url": reverse("office:certification-unit", args=[shelf.institution, one.code]),
                }
                for shelf, one in found[state.offset : state.offset + state.size]
            ],
            "filters": FILTERS,
            "state": state,
            "total": len(found),
            "may_write": may_write(actor_of(request)),
            "sets": [{"name": one.name, "url": list_address(one)} for one in (CERTIFICATION_UNITS, UNIT_CARRIERS)],
            "files": [
                {"word": form.value.upper(), "url": reverse("office:certification-file", args=[form.value])}
                for form in (FileForm.YAML, FileForm.JSON)
            ]
            if any(shelf.own for shelf, _one in placed)
            else [],
            **_coverage(library, units, request),
        }
        return show(request, scope, "office/certification_units.html", context)


@door("masterdata.read")
@require_GET
def unit(request: HttpRequest, institution: str, code: str) -> HttpResponse:
    """One certification unit with everything that carries it."""
    with at_desk(request, "masterdata.read") as scope:
        library, tongue = library_at(scope), language()
        placed = next(
            (
                (shelf, one)
                for shelf in library.shelves
                for one in shelf.certification_units
                if (shelf.institution, one.code) == (institution, code)
            ),
            None,
        )
        if placed is None:
            raise NotVisible
        shelf, found = placed
        units = shelf.certification_units
        rows = [
            {
                "id": "",
                "name": carrier.name.said_in(tongue) if carrier.name is not None else carrier.code,
                "code": carrier.code if carrier.name is not None else "",
                "kind": KINDS[carrier.kind],
                "share": f"{said(carrier.share * 100)} %",
                "others": "、".join(
                    one.name.said_in(tongue)
                    for one in units
                    if one.code != code
                    and any((other.kind, other.code) == (carrier.kind, carrier.code) for other in one.carriers)
                ),
            }
            for carrier in found.carriers
        ]
        context = {
            "unit": found,
            "facts": unit_facts(found, library, shelf),
            "columns": _CARRIERS,
            "rows": rows,
            "may_write": shelf.own and may_write(actor_of(request)),
            "change_url": row_address(CERTIFICATION_UNITS, code) if shelf.own else "",
            "carriers_url": list_address(UNIT_CARRIERS) if shelf.own else "",
        }
        return show(request, scope, "office/certification_unit.html", context)


@door("masterdata.read")
@require_GET
def file(request: HttpRequest, form: str) -> HttpResponse:
    """The institution's own certification units as a file."""
    with at_desk(request, "masterdata.read") as scope:
        units = next((shelf.certification_units for shelf in library_at(scope).shelves if shelf.own), ())
        if not units or form not in (FileForm.YAML, FileForm.JSON):
            raise NotVisible
        return document_response("certification-units", FileForm(form), lambda: write_file(units, FileForm(form)))


def carrier_choices(units: tuple[CertificationUnit, ...]) -> list[tuple[str, str]]:
    """Everything that carries a unit, as choices: kind and code, and what it is called."""
    found: dict[str, str] = {}
    for one in units:
        for carrier in one.carriers:
            name = carrier.name.said_in(language()) if carrier.name is not None else ""
            words = (
                f"{KINDS[carrier.kind]}: {name} ({carrier.code})" if name else f"{KINDS[carrier.kind]}: {carrier.code}"
            )
            found.setdefault(f"{carrier.kind.value}:{carrier.code}", words)
    return sorted(found.items())


def _coverage(library: Library, units: tuple[CertificationUnit, ...], request: HttpRequest) -> dict[str, Any]:
    """The question what covers what, and its answer where it was asked."""
    if not any(one.carriers for one in units):
        return {}
    asked = "target" in request.GET
    form = CoverageForm(units, request.GET if asked else None)
    context: dict[str, Any] = {"form": form}
    if asked and form.is_valid():
        held = [_holding(one) for one in form.cleaned_data["held"]]
        found = coverage(units, held, _holding(form.cleaned_data["target"]))
        context |= {
            "covered_columns": _COVERED,
            "covered": [
                {
                    "id": "",
                    "name": one.unit.name.said_in(language()),
                    "code": one.unit.code,
                    "needed": f"{said(one.needed * 100)} %",
                    "by": "、".join(f"{carrier.code} {said(carrier.share * 100)} %" for carrier in one.by),
                    "credit": credit_said(one.credit),
                    "standing": STANDINGS[one.standing],
                }
                for one in found.units
            ],
            "explanation": found.explanation,
            "sums": [
                f"{credit_said(amount)} {_system_name(library.units(), unit)}" for unit, amount in found.credit.items()
            ],
        }
    return context


def _holding(text: str) -> Holding:
    kind, _colon, code = text.partition(":")
    return CarrierKind(kind), code


def _unit_name(library: Library, shelf: Any, one: CertificationUnit) -> str:
    return _system_name(library.units(shelf), one.unit)


def _system_name(table: UnitTable, code: str) -> str:
    system = table.system(code)
    return system.name.said_in(language()) if system is not None else code
