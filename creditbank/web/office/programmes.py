"""Programmes: the list, each version with its plan, and any of them as a workbook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from creditbank.domain.access import may_enter
from creditbank.domain.programmes.plan import Module, Nature, Plan
from creditbank.domain.values import Text
from creditbank.exchange.plan_words import length_text, terms_text
from creditbank.exchange.plan_workbooks import programme_workbook
from creditbank.exchange.spreadsheets import Form
from creditbank.queries.programmes import ProgrammePage, category_names, list_programmes, read_version
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.web.design.charts import bar
from creditbank.web.design.tables import Column, Filter, read_state
from creditbank.web.doors import door
from creditbank.web.office.desk import actor_of, at_desk, day_of, minute_of, show
from creditbank.web.office.downloads import file_response

COLUMNS = (
    Column("name", _("Programme"), link="url", second="code"),
    Column("met", _("Learners who met it"), kind="number"),
    Column("audited", _("Learners audited"), kind="number"),
    Column("version", _("Version"), kind="number"),
    Column("note", _("Note")),
    Column("as_of", _("As of")),
)
FILTERS = (Filter("q", _("Name or code of a programme")),)
_COURSES = (
    Column("title", _("Course"), second="code"),
    Column("nature", _("Nature")),
    Column("credit", _("Credit"), kind="credit"),
    Column("length", _("Hours"), kind="number"),
    Column("terms", _("Term"), kind="number"),
    Column("assessment", _("Assessment")),
)
_TERMS = (
    Column("term", _("Term")),
    Column("bar", _("Share of the fullest term")),
    Column("credit", _("Planned credit"), kind="credit"),
    Column("required", _("of which required"), kind="credit"),
)
_MODULES = (
    Column("title", _("Module")),
    Column("minimum", _("At least"), kind="credit"),
    Column("required", _("Required courses"), kind="credit"),
    Column("offered", _("All courses"), kind="credit"),
    Column("count", _("Courses"), kind="number"),
    Column("categories", _("Also counts")),
)
NATURES = {Nature.REQUIRED: _("Required"), Nature.LIMITED: _("Limited elective"), Nature.ELECTIVE: _("Elective")}


@door("programme.read")
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """The newest version of each programme; a search by name or code."""
    with at_desk(request, "programme.read") as scope:
        language = get_language() or "zh-hans"
        state = read_state(request.GET, columns=COLUMNS, filters=FILTERS, sort="name")
        wanted = state.filters.get("q", "").casefold()
        found = [
            one
            for one in list_programmes(scope)
            if not wanted or any(wanted in said.casefold() for said in (one.code, one.name.zh, one.name.en))
        ]
        state = state.on_page_of(len(found))
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
                "url": reverse("office:programme", args=[one.programme_id]),
            }
            for one in found[state.offset : state.offset + state.size]
        ]
        context = {
            "columns": COLUMNS,
            "rows": rows,
            "filters": FILTERS,
            "state": state,
            "total": len(found),
            "may_publish": may_enter(actor_of(request), "programme.publish"),
        }
        return show(request, scope, "office/programmes.html", context)


@door("programme.read")
@require_GET
def version(request: HttpRequest, programme_id: UUID) -> HttpResponse:
    """One version: its plan where it has one, and the versions before and after it."""
    with at_desk(request, "programme.read") as scope:
        page = _version(scope, programme_id)
        plan = page.programme.plan
        context = {
            "page": page,
            "programme": page.programme,
            "newest": page.versions[0].programme_id == page.programme_id,
            "may_publish": page.is_own and may_enter(actor_of(request), "programme.publish"),
            "history": [
                {
                    "at": day_of(one.published_at),
                    "title": _t("Version %(number)s") % {"number": one.version},
                    "url": reverse("office:programme", args=[one.programme_id]),
                }
                for one in page.versions
            ],
        }
        if plan is not None:
            context |= plan_shown(plan, category_names(scope))
        return show(request, scope, "office/programme.html", context)


@door("programme.read")
@require_GET
def workbook(request: HttpRequest, programme_id: UUID) -> HttpResponse:
    """One version as a workbook; a plan in it can be changed and uploaded again."""
    with at_desk(request, "programme.read") as scope:
        page = _version(scope, programme_id)
        name = f"{page.programme.code}-{page.version}.xlsx"
        return file_response(name, Form.XLSX, programme_workbook(page.programme))


def plan_shown(plan: Plan, categories: Mapping[str, Text]) -> dict[str, Any]:
    """What the parts of a plan's page need: figures, terms, modules, and the courses of each module.

    ``categories`` are their names by code.
    """
    language = get_language() or "zh-hans"
    by_term, required = plan.credit_by_term(), plan.required_by_term()
    most = max(by_term.values(), default=0)
    courses = list(plan.courses())
    return {
        "plan": plan,
        "asked": plan.asked,
        "offered": sum(module.offered for module in plan.modules),
        "course_count": len(courses),
        "module_count": len(list(plan.walk())),
        "term_columns": _TERMS,
        "term_rows": [
            {
                "id": term,
                "term": _t("Term %(number)s") % {"number": term},
                "bar": bar(amount, most, _t("Term %(number)s") % {"number": term}, "info"),
                "credit": amount,
                "required": required[term],
            }
            for term, amount in by_term.items()
        ],
        "module_columns": _MODULES,
        "module_rows": [_module_row(module, depth, language, categories) for module, depth in _with_depth(plan)],
        "course_columns": _COURSES,
        "course_groups": [(module.title, _course_rows(module, language)) for module in plan.walk() if module.courses],
    }


def _version(scope: Scope, programme_id: UUID) -> ProgrammePage:
    """One version of a programme.

    Raises:
        NotVisible: there is none for this desk.
    """
    page = read_version(scope, programme_id)
    if page is None:
        raise NotVisible
    return page


def _with_depth(plan: Plan) -> list[tuple[Module, int]]:
    found: list[tuple[Module, int]] = []

    def add(module: Module, depth: int) -> None:
        found.append((module, depth))
        for inner in module.modules:
            add(inner, depth + 1)

    for module in plan.modules:
        add(module, 0)
    return found


def _module_row(module: Module, depth: int, language: str, categories: Mapping[str, Text]) -> dict[str, Any]:
    comma = "、" if language.startswith("zh") else ", "
    return {
        "id": module.id,
        "title": "— " * depth + module.title.said_in(language),
        "minimum": module.asked,
        "required": module.required,
        "offered": module.offered,
        "count": sum(len(one.courses) for one in module.walk()),
        "categories": comma.join(
            categories[code].said_in(language) if code in categories else code for code in sorted(module.categories)
        ),
    }


def _course_rows(module: Module, language: str) -> list[dict[str, Any]]:
    return [
        {
            "id": course.code,
            "title": course.title.said_in(language),
            "code": course.code,
            "nature": NATURES[course.nature],
            "credit": course.credit,
            "length": length_text(course.hours, course.weeks)
            if course.weeks is None
            else _t("%(number)s weeks") % {"number": course.weeks},
            "terms": terms_text(course.terms),
            "assessment": course.assessment,
        }
        for course in module.courses
    ]
