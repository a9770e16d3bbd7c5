"""Frameworks: the list, one with its levels, two side by side, credit units, and files out."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from creditbank.domain.masterdata.framework_sets import (
    CREDIT_RATIOS,
    CREDIT_UNITS,
    CROSSWALKS,
    FRAMEWORK_LEVELS,
    FRAMEWORKS,
)
from creditbank.domain.masterdata.reading import key_of
from creditbank.exchange.frameworks.files import FileForm
from creditbank.queries.frameworks import Library, Placed, library_at
from creditbank.services.access import NotVisible
from creditbank.web.design.tables import Column
from creditbank.web.doors import door
from creditbank.web.framework_words import (
    LEVEL_COLUMNS,
    CompareForm,
    comparison_context,
    framework_facts,
    framework_file,
    language,
    level_rows,
    levels_said,
    two_to_begin_with,
    units_context,
)
from creditbank.web.office.data_words import list_address, may_write, row_address
from creditbank.web.office.desk import actor_of, at_desk, show

_COLUMNS = (
    Column("name", _("Framework"), link="url", second="code"),
    Column("levels", _("Levels"), kind="number"),
    Column("edition", _("Edition")),
    Column("keeper", _("Kept by")),
    Column("standing", _("Shown to everybody"), kind="tag"),
)
_CROSSWALKS = (
    Column("name", _("Crosswalk"), link="url", second="code"),
    Column("rows", _("Correspondences"), kind="number"),
    Column("lowest", _("Lowest confidence"), kind="number"),
    Column("keeper", _("Kept by")),
)


@door("masterdata.read")
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Every framework and crosswalk that this institution keeps or that those above it have published."""
    with at_desk(request, "masterdata.read") as scope:
        library, said = library_at(scope), language()
        rows = [
            {
                "id": "",
                "name": one.framework.name.said_in(said),
                "code": one.framework.code,
                "levels": levels_said(one.framework),
                "edition": one.framework.edition,
                "keeper": _t("This institution") if one.shelf.own else one.shelf.name.said_in(said),
                "standing": _standing(one),
                "url": reverse("office:framework", args=[one.shelf.institution, one.framework.code]),
            }
            for one in library.frameworks()
        ]
        links = [
            {
                "id": "",
                "name": f"{one.first.framework.name.said_in(said)} → {one.second.framework.name.said_in(said)}",
                "code": one.crosswalk.code,
                "rows": len(one.crosswalk.rows),
                "lowest": _lowest(one.crosswalk),
                "keeper": _t("This institution") if one.shelf.own else one.shelf.name.said_in(said),
                "url": f"{reverse('office:crosswalk', args=[one.shelf.institution, one.crosswalk.code])}"
                f"?first={one.first.key}&second={one.second.key}",
            }
            for one in library.crosswalks()
        ]
        context = {
            "columns": _COLUMNS,
            "rows": rows,
            "crosswalk_columns": _CROSSWALKS,
            "crosswalks": links,
            "compare": CompareForm(library, initial=two_to_begin_with(library)) if len(rows) > 1 else None,
            "may_write": may_write(actor_of(request)),
            "sets": [
                {"name": one.name, "url": list_address(one)}
                for one in (FRAMEWORKS, FRAMEWORK_LEVELS, CROSSWALKS, CREDIT_UNITS, CREDIT_RATIOS)
            ],
        }
        return show(request, scope, "office/frameworks.html", context)


@door("masterdata.read")
@require_GET
def framework(request: HttpRequest, institution: str, code: str) -> HttpResponse:
    """One framework: its levels and descriptors, the crosswalks it is part of, and its files."""
    with at_desk(request, "masterdata.read") as scope:
        library = library_at(scope)
        found = _placed(library, institution, code)
        said = language()
        keys = {
            one.code: key_of(FRAMEWORK_LEVELS, {"framework": code, "level": one.code}) for one in found.framework.levels
        }
        rows = [
            row | {"url": row_address(FRAMEWORK_LEVELS, keys[level.code])} if found.shelf.own else row
            for row, level in zip(level_rows(found.framework), found.framework.levels, strict=True)
        ]
        others = [one for one in library.frameworks() if one.key != found.key]
        context = {
            "placed": found,
            "name": found.framework.name,
            "standing": _standing(found),
            "columns": (Column("name", LEVEL_COLUMNS[0].label, second="code", link="url"), *LEVEL_COLUMNS[1:])
            if found.shelf.own
            else LEVEL_COLUMNS,
            "rows": rows,
            "facts": framework_facts(found, library),
            "others": [
                {
                    "name": one.framework.name.said_in(said),
                    "url": f"{reverse('office:framework-compare')}?first={found.key}&second={one.key}",
                }
                for one in others
            ],
            "forms": [
                {"word": word, "url": reverse("office:framework-file", args=[institution, code, form.value])}
                for form, word in ((FileForm.YAML, "YAML"), (FileForm.JSON, "JSON"), (FileForm.CASE, "CASE 1.1"))
            ],
            "may_write": found.shelf.own and may_write(actor_of(request)),
            "change_url": row_address(FRAMEWORKS, code) if found.shelf.own else "",
            "levels_url": list_address(FRAMEWORK_LEVELS) if found.shelf.own else "",
        }
        return show(request, scope, "office/framework.html", context)


@door("masterdata.read")
@require_GET
def file(request: HttpRequest, institution: str, code: str, form: str) -> HttpResponse:
    """One framework as a file: this bank's document as YAML or JSON, or a CASE package."""
    with at_desk(request, "masterdata.read") as scope:
        library = library_at(scope)
        found = _placed(library, institution, code)
        if form not in set(FileForm):
            raise NotVisible
        return framework_file(found, library, FileForm(form))


@door("masterdata.read")
@require_GET
def side_by_side(request: HttpRequest) -> HttpResponse:
    """Two frameworks side by side, with the levels that correspond."""
    with at_desk(request, "masterdata.read") as scope:
        library = library_at(scope)
        return show(request, scope, "office/framework_compare.html", comparison_context(library, request.GET))


@door("masterdata.read")
@require_GET
def credit_units(request: HttpRequest) -> HttpResponse:
    """Credit units side by side, and an amount of one in another by every basis."""
    with at_desk(request, "masterdata.read") as scope:
        context = units_context(library_at(scope).units(), request.GET)
        sets = [{"name": one.name, "url": list_address(one)} for one in (CREDIT_UNITS, CREDIT_RATIOS)]
        return show(request, scope, "office/credit_units.html", context | {"sets": sets})


def _standing(one: Placed) -> tuple[str, Any]:
    shown = (FRAMEWORKS.code, one.framework.code) in one.shelf.published
    return ("ok", _("Shown")) if shown else ("plain", _("Not shown"))


def _lowest(crosswalk: Any) -> str:
    stated = [row.confidence for row in crosswalk.rows if row.confidence is not None]
    return f"{min(stated)} %" if stated else "—"


def _placed(library: Library, institution: str, code: str) -> Placed:
    found = library.find(institution, code)
    if found is None:
        raise NotVisible
    return found
