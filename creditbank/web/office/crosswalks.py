"""Crosswalks: two frameworks as a matrix with confidence, and one correspondence at a time in a form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from creditbank.domain.explanation import Refusal
from creditbank.domain.frameworks.crosswalks import lint
from creditbank.domain.frameworks.model import Correspondence, Crosswalk, Level, Match
from creditbank.domain.masterdata.framework_sets import CROSSWALKS
from creditbank.domain.masterdata.reading import key_of
from creditbank.exchange.frameworks.files import FileForm, write_file
from creditbank.gateways import clock
from creditbank.gateways.identities import Identities
from creditbank.queries.frameworks import Library, Placed, library_at
from creditbank.queries.masterdata.rows import find_row
from creditbank.records.institutions import Institution
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.masterdata.facts import retire_row, state_row
from creditbank.web.design.forms import Choices, DesignForm
from creditbank.web.doors import door
from creditbank.web.framework_words import (
    MATCH_HINTS,
    MATCHES,
    document_response,
    framework_choices,
    framework_of,
    language,
    match_tag,
)
from creditbank.web.office.data_words import may_write, row_address, set_to_write
from creditbank.web.office.desk import actor_of, at_desk, show, today_at

_NONE = "none"
_EMPTY = ""


class NewCrosswalkForm(DesignForm):
    """A crosswalk that has no row yet."""

    code = forms.RegexField(
        label=_("Crosswalk code"),
        regex=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$",
        help_text=_("Letters, digits, hyphens. A code that exists is opened."),
        error_messages={"invalid": _("Use letters, digits and hyphens only")},
    )
    first = forms.ChoiceField(label=_("From framework"))
    second = forms.ChoiceField(label=_("To framework"))

    def __init__(self, library: Library, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        for name in ("first", "second"):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = framework_choices(library)

    def clean(self) -> dict[str, Any]:
        """The two are different ones."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("first") and cleaned.get("first") == cleaned.get("second"):
            self.add_error("second", _t("Choose two different frameworks."))
        return cleaned


class CorrespondenceForm(DesignForm):
    """How two levels stand to each other, and how sure that is."""

    match = forms.ChoiceField(
        label=_("Relation"),
        widget=Choices,
        choices=[(_NONE, _("None: these two do not correspond"))] + [(one.value, MATCHES[one][1]) for one in Match],
    )
    confidence = forms.IntegerField(
        label=_("Confidence (%)"),
        min_value=0,
        max_value=100,
        required=False,
        widget=forms.TextInput({"inputmode": "numeric", "class": "short n", "autocomplete": "off"}),
        help_text=_("From 0 to 100. Leave empty where nobody has stated it; that is not the same as certain."),
    )
    note = forms.CharField(label=_("Remark"), required=False, max_length=500, widget=forms.Textarea({"rows": 2}))
    source = forms.CharField(label=_("Source"), required=False, max_length=500)
    published = forms.BooleanField(label=_("Show it to everybody on the portal"), required=False)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The crosswalk of an address: who keeps it, its code, both frameworks, its rows, which may be none yet."""

    institution: str
    code: str
    first: Placed
    second: Placed
    crosswalk: Crosswalk | None
    own: bool

    @property
    def query(self) -> str:
        return urlencode({"first": self.first.key, "second": self.second.key})

    @property
    def url(self) -> str:
        return f"{reverse('office:crosswalk', args=[self.institution, self.code])}?{self.query}"

    def row(self, first: str, second: str) -> Correspondence | None:
        rows = self.crosswalk.rows if self.crosswalk is not None else ()
        return next((row for row in rows if (row.from_level, row.to_level) == (first, second)), None)


@door("masterdata.write")
@require_http_methods(["GET", "POST"])
def begin(request: HttpRequest) -> HttpResponse:
    """Name a new crosswalk and its two frameworks; its first row makes it."""
    with at_desk(request, "masterdata.write") as scope:
        set_to_write(request, CROSSWALKS.code)
        form = NewCrosswalkForm(library_at(scope), request.POST or None)
        if request.method == "POST" and form.is_valid():
            values = form.cleaned_data
            query = urlencode({"first": values["first"], "second": values["second"]})
            address = reverse("office:crosswalk", args=[_own_code(scope), values["code"]])
            return HttpResponseRedirect(f"{address}?{query}")
        return show(request, scope, "office/crosswalk_new.html", {"form": form}, status=422 if form.errors else 200)


@door("masterdata.read")
@require_GET
def matrix(request: HttpRequest, institution: str, code: str) -> HttpResponse:
    """A crosswalk as a matrix: levels of the first framework down, of the second across."""
    with at_desk(request, "masterdata.read") as scope:
        asked = _asked(scope, request, institution, code)
        writes = asked.own and may_write(actor_of(request))
        said, columns = language(), asked.second.framework.levels
        rows = [
            {
                "level": one,
                "name": one.name.said_in(said),
                "cells": [_cell(asked, one, other, writes=writes) for other in columns],
            }
            for one in asked.first.framework.levels
        ]
        frameworks = (asked.first.framework, asked.second.framework)
        context = {
            "asked": asked,
            "columns": [{"code": one.code, "name": one.name.said_in(said)} for one in columns],
            "rows": rows,
            "list": [cell for row in rows for cell in row["cells"] if cell["tag"]],
            "source": asked.crosswalk.source if asked.crosswalk is not None else None,
            "wrong": lint(asked.crosswalk, frameworks) if asked.crosswalk is not None else (),
            "signs": [(_SIGNS[one], MATCHES[one][1], MATCH_HINTS[one]) for one in Match],
            "may_write": writes,
            "compare_url": f"{reverse('office:framework-compare')}?{asked.query}",
            "files": [
                {
                    "word": form.value.upper(),
                    "url": f"{reverse('office:crosswalk-file', args=[institution, code, form.value])}?{asked.query}",
                }
                for form in (FileForm.YAML, FileForm.JSON)
            ]
            if asked.crosswalk is not None
            else [],
        }
        return show(request, scope, "office/crosswalk.html", context)


@door("masterdata.read")
@require_GET
def file(request: HttpRequest, institution: str, code: str, form: str) -> HttpResponse:
    """A crosswalk as a file."""
    with at_desk(request, "masterdata.read") as scope:
        asked = _asked(scope, request, institution, code)
        if asked.crosswalk is None or form not in (FileForm.YAML, FileForm.JSON):
            raise NotVisible
        crosswalk = asked.crosswalk
        return document_response(code, FileForm(form), lambda: write_file(crosswalk, FileForm(form)))


@door("masterdata.write")
@require_http_methods(["GET", "POST"])
def cell(request: HttpRequest, institution: str, code: str, from_level: str, to_level: str) -> HttpResponse:
    """How one level stands to one other: state it, change it, or take it away."""
    with at_desk(request, "masterdata.write") as scope:
        set_to_write(request, CROSSWALKS.code)
        asked = _asked(scope, request, institution, code)
        levels = _levels(asked, from_level, to_level)
        if not asked.own:
            raise NotVisible
        row = asked.row(levels[0].code, levels[1].code)
        form = CorrespondenceForm(request.POST or None, initial=_initial(scope, asked, levels))
        if request.method == "POST" and form.is_valid() and _state(request, scope, asked, levels, form):
            return HttpResponseRedirect(asked.url)
        key = key_of(CROSSWALKS, _key(asked, levels))
        context = {
            "asked": asked,
            "form": form,
            "first": levels[0],
            "second": levels[1],
            "row_url": row_address(CROSSWALKS, key) if row is not None else "",
        }
        return show(request, scope, "office/crosswalk_cell.html", context, status=422 if form.errors else 200)


def _asked(scope: Scope, request: HttpRequest, institution: str, code: str) -> _Asked:
    """The crosswalk of an address; which frameworks it is between matters only where it has no row yet, or several.

    Raises:
        NotVisible: there is none, and none can be begun.
    """
    library, own = library_at(scope), institution == _own_code(scope)
    linked = [one for one in library.crosswalks() if (one.shelf.institution, one.crosswalk.code) == (institution, code)]
    first, second = (framework_of(library, request.GET.get(name, "")) for name in ("first", "second"))
    if first is None or second is None:
        if not linked:
            raise NotVisible
        first, second = linked[0].first, linked[0].second
    pair = (first.key, second.key)
    found = next((one.crosswalk for one in linked if (one.first.key, one.second.key) == pair), None)
    if first.key == second.key or (found is None and not own):
        raise NotVisible
    return _Asked(institution, code, first, second, found, own)


def _own_code(scope: Scope) -> str:
    return str(scope.rows(Institution).values_list("code", flat=True).get(pk=scope.institution))


def _levels(asked: _Asked, from_level: str, to_level: str) -> tuple[Level, Level]:
    first, second = asked.first.framework.level(from_level), asked.second.framework.level(to_level)
    if first is None or second is None:
        raise NotVisible
    return first, second


def _cell(asked: _Asked, first: Level, second: Level, *, writes: bool) -> dict[str, Any]:
    row, said = asked.row(first.code, second.code), language()
    address = reverse("office:crosswalk-cell", args=[asked.institution, asked.code, first.code, second.code])
    return {
        "tag": match_tag(row.match, row.confidence) if row is not None else None,
        "tone": MATCHES[row.match][0] if row is not None else _EMPTY,
        "sign": _SIGNS[row.match] if row is not None else _EMPTY,
        "sure": "" if row is None or row.confidence is None else str(row.confidence),
        "note": row.note if row is not None else "",
        "first": first.name.said_in(said),
        "second": second.name.said_in(said),
        "url": f"{address}?{asked.query}" if writes else "",
    }


_SIGNS = {Match.EXACT: "=", Match.BROADER: "⊂", Match.NARROWER: "⊃", Match.RELATED: "≈"}


def _initial(scope: Scope, asked: _Asked, levels: tuple[Level, Level]) -> dict[str, Any]:
    """What the form begins with: the row as it stands, for a new one what the rest of its crosswalk says."""
    row = asked.row(levels[0].code, levels[1].code)
    source = asked.crosswalk.source.zh if asked.crosswalk is not None else ""
    rows = [one for shelf in library_at(scope).shelves if shelf.own for one in shelf.rows.get(CROSSWALKS.code, ())]
    if row is None:
        shown = any(one.get("published") is True for one in rows if one.get("crosswalk") == asked.code)
        return {"match": Match.EXACT.value, "source": source, "published": shown}
    key = _key(asked, levels)
    stored = next((one for one in rows if all(one.get(name) == value for name, value in key.items())), {})
    return {
        "match": row.match.value,
        "confidence": row.confidence,
        "note": row.note,
        "source": stored.get("source") or "",
        "published": stored.get("published") is True,
    }


def _key(asked: _Asked, levels: tuple[Level, Level]) -> dict[str, str]:
    return {
        "crosswalk": asked.code,
        "from_framework": asked.first.framework.code,
        "from_level": levels[0].code,
        "to_framework": asked.second.framework.code,
        "to_level": levels[1].code,
    }


def _state(
    request: HttpRequest, scope: Scope, asked: _Asked, levels: tuple[Level, Level], form: CorrespondenceForm
) -> bool:
    """Store what the form says, or put its faults beside the fields."""
    actor = actor_of(request)
    assert actor.person is not None
    values, key = form.cleaned_data, _key(asked, levels)
    known = find_row(scope, CROSSWALKS, key_of(CROSSWALKS, key))
    what: dict[str, Any] = {
        "scope": scope,
        "data_set": CROSSWALKS,
        "as_of": today_at(scope),
        "actor": actor.person,
        "at": clock.now(),
    }
    if values["match"] == _NONE:
        if known is not None:
            retire_row(key=key_of(CROSSWALKS, key), retired=True, **what)
        messages.success(request, _t("The correspondence was taken away."))
        return True
    confidence = values["confidence"]
    texts = key | {
        "match": values["match"],
        "confidence": "" if confidence is None else str(confidence),
        "note": " ".join(values["note"].split()),
        "source": values["source"],
        "published": "yes" if values["published"] else "no",
        "retired": "no",
    }
    cleared = ("confidence", "note", "source")
    done = state_row(identities=Identities(settings.BANK), texts=texts, cleared=cleared, **what)
    if isinstance(done, Refusal):
        form.add_error(None, [_t("The row was refused.")])
        return False
    messages.success(request, _t("The correspondence was kept."))
    return True
