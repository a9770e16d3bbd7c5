"""Frameworks, crosswalks and credit units in the words and rows that pages of every portal show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django import forms
from django.http import HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from creditbank.domain.frameworks import crosswalks, units
from creditbank.domain.frameworks.model import (
    Basis,
    CertificationUnit,
    Dimension,
    Framework,
    Level,
    Match,
    UnitTable,
)
from creditbank.domain.rules.places import UnreadableError
from creditbank.domain.values import format_credit
from creditbank.exchange.frameworks.files import FileForm, write_case, write_file
from creditbank.gateways import clock
from creditbank.queries.frameworks import Library, Linked, Placed
from creditbank.web.design.forms import CreditField, DesignForm
from creditbank.web.design.tables import Column

MATCHES = {
    Match.EXACT: ("ok", _("Equal")),
    Match.BROADER: ("info", _("Broader")),
    Match.NARROWER: ("info", _("Narrower")),
    Match.RELATED: ("plain", _("Related")),
}
MATCH_HINTS = {
    Match.EXACT: _("Both levels ask for the same."),
    Match.BROADER: _("The second level takes in the first, and more."),
    Match.NARROWER: _("The second level is a part of the first."),
    Match.RELATED: _("They are near each other without being equal."),
}
DIMENSIONS = {
    Dimension.KNOWLEDGE: _("Knowledge"),
    Dimension.SKILL: _("Skills"),
    Dimension.COMPETENCE: _("Competence"),
}
BASES = {
    Basis.HOURS: _("By notional hours"),
    Basis.FULL_YEAR: _("By a full year"),
    Basis.PUBLISHED: _("By a published ratio"),
}
LEVEL_COLUMNS = (
    Column("name", _("Level"), second="code"),
    Column("knowledge", DIMENSIONS[Dimension.KNOWLEDGE]),
    Column("skill", DIMENSIONS[Dimension.SKILL]),
    Column("competence", DIMENSIONS[Dimension.COMPETENCE]),
)
SYSTEM_COLUMNS = (
    Column("name", _("Credit unit"), second="code"),
    Column("hours", _("Hours of one credit"), kind="number"),
    Column("full_year", _("Credits of a full year"), kind="number"),
    Column("source", _("Source")),
)
RATIO_COLUMNS = (Column("said", _("Published ratio")), Column("source", _("Source")))
ANSWER_COLUMNS = (Column("basis", _("Basis")), Column("result", _("Result"), kind="number"))


def language() -> str:
    """The reader's language."""
    return get_language() or "zh-hans"


def level_rows(framework: Framework) -> list[dict[str, Any]]:
    """The levels of a framework with their descriptors, the highest last."""
    said = language()
    return [
        {
            "id": "",
            "name": one.name.said_in(said),
            "code": _level_code(framework, one),
            **{dim.value: one.descriptors[dim].said_in(said) if dim in one.descriptors else "" for dim in Dimension},
        }
        for one in framework.levels
    ]


def _level_code(framework: Framework, level: Level) -> str:
    code = f"{framework.code} {level.code}"
    return f"{code} · {level.hours.said_in(language())}" if level.hours is not None else code


def levels_said(framework: Framework) -> str:
    """How many levels a framework has, in words, since on a phone the figure stands alone."""
    count = len(framework.levels)
    return ngettext("%(count)s level", "%(count)s levels", count) % {"count": count}


def framework_facts(placed: Placed, library: Library) -> list[dict[str, Any]]:
    """What is known of a framework, as rows of a summary."""
    said, one = language(), placed.framework
    unit = library.units(placed.shelf).system(one.unit)
    rows = (
        (_t("Code"), one.code),
        (_t("Edition"), one.edition),
        (_t("Kept by"), placed.shelf.name.said_in(said)),
        (_t("Levels"), str(len(one.levels))),
        (_t("Credit unit"), unit.name.said_in(said) if unit is not None else one.unit),
        (_t("Source"), one.source.said_in(said)),
    )
    return [{"label": label, "value": value} for label, value in rows if value]


def sure(confidence: int | None) -> str:
    """How sure a correspondence is, in words."""
    return _t("not stated") if confidence is None else f"{confidence} %"


def match_tag(match: Match, confidence: int | None) -> tuple[str, str]:
    """A correspondence as a tag: how the levels stand, and how sure that is."""
    tone, word = MATCHES[match]
    if confidence is None:
        return tone, str(word)
    return tone, _t("%(word)s · %(percent)s %%") % {"word": word, "percent": confidence}


def framework_choices(library: Library) -> list[tuple[str, str]]:
    """Every framework as a choice: its key and what it is called."""
    said = language()
    several = len(library.shelves) > 1
    return [
        (
            one.key,
            f"{one.framework.name.said_in(said)} ({one.shelf.name.said_in(said)})"
            if several
            else one.framework.name.said_in(said),
        )
        for one in library.frameworks()
    ]


def framework_of(library: Library, key: str) -> Placed | None:
    """The framework of a key such as ``centre:eqf``."""
    institution, _colon, code = key.partition(":")
    return library.find(institution, code)


@dataclass(frozen=True, slots=True)
class Beside:
    """A level of the first framework with the levels of the second that it leads to."""

    level: Level
    others: tuple[tuple[Level, tuple[str, str], tuple[str, ...], Any], ...]
    """Each with its tag, the crosswalks it goes over, and its explanation."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two frameworks side by side, and what of the second no level of the first leads to."""

    rows: tuple[Beside, ...]
    alone: tuple[Level, ...]
    crosswalks: tuple[Linked, ...]
    direct: bool
    """Whether a crosswalk compares the two, rather than a path over several."""


def compare(library: Library, first: Placed, second: Placed) -> Comparison:
    """Two frameworks side by side: by crosswalks between them, else over others, which is said."""
    linked = list(library.crosswalks())
    used = tuple(one for one in linked if {one.first.key, one.second.key} == {first.key, second.key})
    # Frameworks of two shelves may share a code, so that the paths are looked for by keys.
    keyed = [
        crosswalks.Crosswalk(
            one.crosswalk.code, one.first.key, one.second.key, one.crosswalk.source, one.crosswalk.rows
        )
        for one in linked
    ]
    rows = []
    reached: set[str] = set()
    direct = True
    for level in first.framework.levels:
        found = crosswalks.paths(keyed, from_framework=first.key, from_level=level.code, to_framework=second.key)
        others = []
        for path in found:
            other = second.framework.level(path.to_level)
            if other is not None:
                direct = direct and path.direct
                over = tuple(step.crosswalk for step in path.steps)
                others.append((other, match_tag(path.match, path.confidence), over, crosswalks.explain(path)))
                reached.add(other.code)
        rows.append(Beside(level, tuple(others)))
    alone = tuple(one for one in second.framework.levels if one.code not in reached)
    return Comparison(tuple(rows), alone, used, direct)


class CompareForm(DesignForm):
    """Which two frameworks are laid side by side."""

    first = forms.ChoiceField(label=_("First framework"))
    second = forms.ChoiceField(label=_("Second framework"))

    def __init__(self, library: Library, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        for name in ("first", "second"):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = framework_choices(library)


class ConvertForm(DesignForm):
    """An amount of one credit unit, and in which other it is asked for."""

    amount = CreditField(label=_("Credits"), most=100_000_00)
    from_unit = forms.ChoiceField(label=_("of the unit"))
    to_unit = forms.ChoiceField(label=_("in the unit"))

    def __init__(self, table: UnitTable, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        for name in ("from_unit", "to_unit"):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [(one.code, one.name.said_in(language())) for one in table.systems]


def units_context(table: UnitTable, given: Mapping[str, str]) -> dict[str, Any]:
    """What the page of credit units shows: the systems, the ratios, and an amount by every basis."""
    said = language()
    context: dict[str, Any] = {
        "system_columns": SYSTEM_COLUMNS,
        "systems": [
            {
                "id": "",
                "name": one.name.said_in(said),
                "code": one.code,
                "hours": units.interval_said(one.hours) if one.hours is not None else "",
                "full_year": units.said(one.full_year) if one.full_year is not None else "",
                "source": one.source.said_in(said),
            }
            for one in table.systems
        ],
        "ratio_columns": RATIO_COLUMNS,
        "ratios": [
            {"id": "", "said": _ratio_said(table, one), "source": one.source.said_in(said)} for one in table.ratios
        ],
    }
    if len(table.systems) < 2:
        return context
    asked = "amount" in given
    form = ConvertForm(table, given if asked else None, initial={"amount": 1000, "to_unit": table.systems[1].code})
    context["form"] = form
    if asked and form.is_valid():
        values = form.cleaned_data
        answers = units.compare(table, Fraction(values["amount"], 100), values["from_unit"], values["to_unit"])
        context |= {
            "answer_columns": ANSWER_COLUMNS,
            "asked": values["amount"],
            "answers": [
                {"id": "", "basis": BASES[one.basis], "result": units.interval_said(one.result)} for one in answers
            ],
            "differ": (units.explain_differing(),) if units.differ(answers) else (),
            "explanation": tuple(line for one in answers for line in one.explanation),
        }
    return context


def _ratio_said(table: UnitTable, one: Any) -> str:
    first, second = table.system(one.from_unit), table.system(one.to_unit)
    names = [
        unit.name.said_in(language()) if unit else code
        for unit, code in ((first, one.from_unit), (second, one.to_unit))
    ]
    return f"{units.said(one.from_amount)} {names[0]} = {units.said(one.to_amount)} {names[1]}"


def unit_facts(unit: CertificationUnit, library: Library, near: Any) -> list[dict[str, Any]]:
    """What is known of a certification unit, as rows of a summary."""
    said = language()
    placed = library.resolve(unit.framework, near)
    level = placed.framework.level(unit.level) if placed is not None else None
    system = library.units(near).system(unit.unit)
    framework = placed.framework.name.said_in(said) if placed is not None else unit.framework
    rows = [
        (_t("Code"), unit.code),
        (_t("Framework"), framework),
        (_t("Level"), level.name.said_in(said) if level is not None else unit.level),
        (_t("Credit"), _t("%(credit)s of %(unit)s") % {
            "credit": credit_said(unit.credit), "unit": system.name.said_in(said) if system is not None else unit.unit,
        }),
        (_t("Notional hours"), units.said(unit.hours) if unit.hours is not None else ""),
        *((str(DIMENSIONS[dim]), unit.outcomes[dim].said_in(said)) for dim in Dimension if dim in unit.outcomes),
        (_t("Assessment"), unit.assessment.said_in(said) if unit.assessment is not None else ""),
    ]  # fmt: skip
    return [{"label": label, "value": value} for label, value in rows if value]


def credit_said(amount: Fraction) -> str:
    """An exact amount of credit: as everywhere where hundredths hold it, else as a fraction."""
    exact = amount * 100
    return format_credit(exact.numerator) if exact.denominator == 1 else units.said(amount)


def comparison_context(library: Library, given: Any) -> dict[str, Any]:
    """What the page of two frameworks shows, and the form that chooses them."""
    first, second = (framework_of(library, given.get(name, "")) for name in ("first", "second"))
    asked = bool(given.get("first") or given.get("second"))
    form = CompareForm(library, given if asked else None, initial=two_to_begin_with(library))
    context: dict[str, Any] = {
        "form": form,
        "same": first is not None and second is not None and first.key == second.key,
    }
    if first is not None and second is not None and first.key != second.key:
        context |= {"first": first, "second": second, "comparison": compare(library, first, second)}
    return context


def two_to_begin_with(library: Library) -> dict[str, str]:
    """Two frameworks to begin with: of the first crosswalk, else the first two."""
    link = next(library.crosswalks(), None)
    if link is not None:
        return {"first": link.first.key, "second": link.second.key}
    keys = [one.key for one in library.frameworks()]
    return {"first": keys[0], "second": keys[1]} if len(keys) > 1 else {}


def framework_file(found: Placed, library: Library, form: FileForm) -> HttpResponse:
    """A framework as a file to be kept, with CASE also the crosswalks that begin at it."""

    def content() -> bytes:
        if form is not FileForm.CASE:
            return write_file(found.framework, form)
        links = [one for one in library.crosswalks() if one.first.key == found.key]
        return write_case(
            found.framework,
            creator=found.shelf.name.said_in(language()),
            at=clock.now(),
            crosswalks=[one.crosswalk for one in links],
            others=[one.second.framework for one in links],
        )

    return document_response(found.framework.code, form, content)


def document_response(name: str, form: FileForm, write: Callable[[], bytes]) -> HttpResponse:
    """A document as a file to be kept; why it cannot be written is said as plain text with its paths."""
    try:
        content = write()
    except UnreadableError as unreadable:
        said = "\n".join(str(problem) for problem in unreadable.problems)
        return HttpResponse(said, status=422, content_type="text/plain; charset=utf-8")
    response = HttpResponse(content, content_type=f"{form.media_type}; charset=utf-8")
    shown = content_disposition_header(as_attachment=True, filename=f"{name}.{form.ending}")
    response.headers["Content-Disposition"] = shown or ""
    return response
