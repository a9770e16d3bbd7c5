"""Frameworks for everybody: the list, one with its levels, two side by side, credit units."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from creditbank.exchange.frameworks.files import FileForm
from creditbank.queries.frameworks import Library, Placed, public_library
from creditbank.records.scope import acting_for
from creditbank.web.design.tables import Column
from creditbank.web.doors import door
from creditbank.web.framework_words import (
    LEVEL_COLUMNS,
    CompareForm,
    comparison_context,
    credit_said,
    framework_facts,
    framework_file,
    language,
    level_rows,
    levels_said,
    two_to_begin_with,
    unit_facts,
    units_context,
)
from creditbank.web.public.navigation import frame

_COLUMNS = (
    Column("name", _("Framework"), link="url", second="code"),
    Column("levels", _("Levels"), kind="number"),
    Column("edition", _("Edition")),
    Column("keeper", _("Kept by")),
)
_UNITS = (
    Column("name", _("Certification unit"), link="url", second="code"),
    Column("level", _("Level")),
    Column("credit", _("Credit"), kind="number"),
    Column("keeper", _("Kept by")),
)


@door("public.read")
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Published frameworks, the choice of two to compare, and the published certification units."""
    library, said = _library(), language()
    found = library.frameworks()
    context = {
        "columns": _COLUMNS,
        "rows": [
            {
                "id": "",
                "name": one.framework.name.said_in(said),
                "code": one.framework.code,
                "levels": levels_said(one.framework),
                "edition": one.framework.edition,
                "keeper": one.shelf.name.said_in(said),
                "url": reverse("public:framework", args=[one.shelf.institution, one.framework.code]),
            }
            for one in found
        ],
        "compare": CompareForm(library, initial=two_to_begin_with(library)) if len(found) > 1 else None,
        "has_units": len(library.units().systems) > 1,
        "unit_columns": _UNITS,
        "units": [
            {
                "id": "",
                "name": one.name.said_in(said),
                "code": one.code,
                "level": f"{one.framework} {one.level}",
                "credit": credit_said(one.credit),
                "keeper": shelf.name.said_in(said),
                "url": reverse("public:certification-unit", args=[shelf.institution, one.code]),
            }
            for shelf in library.shelves
            for one in shelf.certification_units
        ],
    }
    return render(request, "public/frameworks.html", frame(request) | context)


@door("public.read")
@require_safe
def framework(request: HttpRequest, institution: str, code: str) -> HttpResponse:
    """One published framework with its levels and descriptors."""
    library, said = _library(), language()
    found = _placed(library, institution, code)
    compare = reverse("public:framework-compare")
    context = {
        "placed": found,
        "columns": LEVEL_COLUMNS,
        "rows": level_rows(found.framework),
        "facts": framework_facts(found, library),
        "others": [
            {"name": one.framework.name.said_in(said), "url": f"{compare}?first={found.key}&second={one.key}"}
            for one in library.frameworks()
            if one.key != found.key
        ],
        "forms": [
            {"word": word, "url": reverse("public:framework-file", args=[institution, code, form.value])}
            for form, word in ((FileForm.YAML, "YAML"), (FileForm.JSON, "JSON"), (FileForm.CASE, "CASE 1.1"))
        ],
    }
    return render(request, "public/framework.html", frame(request) | context)


@door("public.read")
@require_safe
def file(_request: HttpRequest, institution: str, code: str, form: str) -> HttpResponse:
    """One published framework as a file."""
    library = _library()
    found = _placed(library, institution, code)
    if form not in set(FileForm):
        raise Http404
    return framework_file(found, library, FileForm(form))


@door("public.read")
@require_safe
def side_by_side(request: HttpRequest) -> HttpResponse:
    """Two published frameworks side by side."""
    context = comparison_context(_library(), request.GET)
    return render(request, "public/framework_compare.html", frame(request) | context)


@door("public.read")
@require_safe
def credit_units(request: HttpRequest) -> HttpResponse:
    """Credit units side by side, and an amount of one in another."""
    context = units_context(_library().units(), request.GET)
    return render(request, "public/credit_units.html", frame(request) | context)


@door("public.read")
@require_safe
def certification_unit(request: HttpRequest, institution: str, code: str) -> HttpResponse:
    """One published certification unit."""
    library = _library()
    for shelf in library.shelves:
        for one in shelf.certification_units:
            if (shelf.institution, one.code) == (institution, code):
                context = {"unit": one, "facts": unit_facts(one, library, shelf)}
                return render(request, "public/certification_unit.html", frame(request) | context)
    raise Http404


def _library() -> Library:
    with acting_for(purpose="public") as scope:
        return public_library(scope)


def _placed(library: Library, institution: str, code: str) -> Placed:
    found = library.find(institution, code)
    if found is None:
        raise Http404
    return found
