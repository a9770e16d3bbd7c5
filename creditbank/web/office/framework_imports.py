"""Frameworks, crosswalks and units come in: the upload, what a file would change, and storing it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from creditbank.domain.frameworks.read import read_any
from creditbank.domain.frameworks.write import write_any
from creditbank.domain.masterdata.facts import Verdict
from creditbank.domain.masterdata.framework_sets import FRAMEWORKS
from creditbank.domain.rules.places import UnreadableError
from creditbank.exchange.documents import DocumentError
from creditbank.exchange.frameworks.case_reading import MESSAGES
from creditbank.exchange.frameworks.files import (
    MOST_BYTES,
    FileReading,
    packaged_names,
    read_file,
    read_packaged,
)
from creditbank.gateways import clock, wording
from creditbank.records.scope import Scope
from creditbank.services.frameworks import DocumentPlan, plan_documents, store_documents
from creditbank.web.design.forms import DesignForm, FileDrop
from creditbank.web.design.tables import Column
from creditbank.web.doors import door
from creditbank.web.framework_words import language
from creditbank.web.office.data_words import VERDICTS, row_address, set_to_write
from creditbank.web.office.desk import actor_of, at_desk, show, today_at

_SALT = "office.framework"
_A_DAY = 24 * 60 * 60
_SHOWN = 200
_MOST_HELD = 1_500_000
"""A form may carry this much; larger files come in by the command."""
_ACCEPT = ".yaml,.yml,.json,application/json,application/yaml"
_PROBLEMS = (Column("place", _("Place"), second="path"), Column("said", _("What to do")))
_ROWS = (
    Column("key", _("Row"), second="set"),
    Column("said", _("What changes")),
    Column("verdict", _("Verdict"), kind="tag"),
)


class FrameworkForm(DesignForm):
    """A file, or something that comes with the program."""

    file = forms.FileField(
        label=_("File"),
        required=False,
        widget=FileDrop(accept=_ACCEPT),
        help_text=_(
            "A framework, a crosswalk, credit units or certification units as YAML or JSON, or a CASE 1.1 package."
        ),
    )
    packaged = forms.ChoiceField(
        label=_("Or begin with one that comes with the program"),
        required=False,
        help_text=_("Marked as a default where it has not been verified. Everything of it can be changed."),
    )
    published = forms.BooleanField(label=_("Show it to everybody on the portal"), required=False)

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        field = self.fields["packaged"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _t("None of these")), *((name, name) for name in packaged_names())]

    def clean(self) -> dict[str, Any]:
        """One of the two is given."""
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors and not cleaned.get("file") and not cleaned.get("packaged"):
            self.add_error("file", _t("Choose a file, or one that comes with the program"))
        return cleaned


@door("masterdata.write")
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """The form, and with a file what it would change; nothing is stored."""
    with at_desk(request, "masterdata.write") as scope:
        set_to_write(request, FRAMEWORKS.code)
        form = FrameworkForm(request.POST, request.FILES) if request.method == "POST" else FrameworkForm()
        if request.method != "POST" or not form.is_valid():
            context = {"form": form}
            return show(request, scope, "office/framework_upload.html", context, status=422 if form.errors else 200)
        try:
            name, reading = _read(form)
            context = _checked(request, scope, form, name, reading)
        except DocumentError as error:
            return _refused(request, scope, form, [_problem(one) for one in (error, *error.more)])
        except UnreadableError as unreadable:
            problems = [{"place": one.path, "path": "", "said": one.message} for one in unreadable.problems]
            return _refused(request, scope, form, problems)
        if len(context["held"]) > _MOST_HELD:
            form.add_error(
                "file", _t("This file is too large for a page. Bring it in with creditbank framework import.")
            )
            return show(request, scope, "office/framework_upload.html", {"form": form}, status=422)
        return show(request, scope, "office/framework_check.html", context)


@door("masterdata.write")
@require_POST
def apply(request: HttpRequest) -> HttpResponse:
    """Store what was looked at: the very documents of that page."""
    with at_desk(request, "masterdata.write") as scope:
        set_to_write(request, FRAMEWORKS.code)
        actor = actor_of(request)
        try:
            held = signing.loads(request.POST.get("held", ""), salt=_SALT, max_age=_A_DAY)
        except signing.BadSignature:
            held = {}
        if held.get("for") != [str(actor.person), str(actor.institution)] or actor.person is None:
            context = {"form": FrameworkForm(), "lost": True}
            return show(request, scope, "office/framework_upload.html", context, status=422)
        plan = store_documents(
            scope=scope,
            documents=[read_any(one) for one in held["documents"]],
            published=held["published"],
            as_of=today_at(scope),
            actor=actor.person,
            at=clock.now(),
        )
        count = plan.count(Verdict.NEW) + plan.count(Verdict.CHANGED)
        said = ngettext("%(count)s row was stored.", "%(count)s rows were stored.", count) % {"count": count}
        messages.success(request, said)
        return redirect("office:frameworks")


def _read(form: FrameworkForm) -> tuple[str, FileReading]:
    file = form.cleaned_data["file"]
    if file:
        return file.name, read_file(file.read(MOST_BYTES + 1), name=file.name)
    name = form.cleaned_data["packaged"]
    return name, FileReading((read_packaged(name),))


def _checked(
    request: HttpRequest, scope: Scope, form: FrameworkForm, name: str, reading: FileReading
) -> dict[str, Any]:
    """The page of a dry run: what each row does, what was left out, and the button that stores it."""
    actor, published = actor_of(request), form.cleaned_data["published"]
    plan = plan_documents(
        scope=scope, documents=reading.documents, published=published, as_of=today_at(scope), at=clock.now()
    )
    held = {
        "for": [str(actor.person), str(actor.institution)],
        "documents": [write_any(one) for one in reading.documents],
        "published": published,
    }
    return {
        "name": name,
        "plan": plan,
        "counts": [(VERDICTS[one][1], plan.count(one)) for one in (Verdict.NEW, Verdict.CHANGED, Verdict.SAME)],
        "nothing": plan.count(Verdict.SAME) == len(plan.judged),
        "remarks": [wording.say_code(one.code, one.facts, language(), MESSAGES) for one in reading.remarks],
        "row_columns": _ROWS,
        "rows": _rows(plan),
        "more": max(0, len(plan.judged) - plan.count(Verdict.SAME) - _SHOWN),
        "missing": [{"key": key, "set": one.name, "url": row_address(one, key)} for one, key in plan.missing[:_SHOWN]],
        "held": signing.dumps(held, salt=_SALT, compress=True),
    }


def _rows(plan: DocumentPlan) -> list[dict[str, Any]]:
    found = []
    for one in plan.judged:
        if one.verdict is Verdict.SAME:
            continue
        labels = [one.row.data_set.field(change.field).label.said_in(language()) for change in one.changes]
        content = one.row.content
        found.append(
            {
                "id": "",
                "key": one.row.key.replace("|", " · "),
                "set": one.row.data_set.name.said_in(language()),
                "said": str(content.get("name") or "") if one.verdict is Verdict.NEW else "、".join(labels),
                "verdict": VERDICTS[one.verdict],
            }
        )
    return found[:_SHOWN]


def _refused(request: HttpRequest, scope: Scope, form: FrameworkForm, problems: list[dict[str, str]]) -> HttpResponse:
    context = {
        "form": form,
        "problem_columns": _PROBLEMS,
        "problems": [{"id": "", **one} for one in problems[:_SHOWN]],
        "problem_count": len(problems),
    }
    return show(request, scope, "office/framework_upload.html", context, status=422)


def _problem(error: DocumentError) -> dict[str, str]:
    place = _t("line %(line)s, column %(column)s") % {"line": error.line, "column": error.column} if error.line else "—"
    return {"place": place, "path": error.path, "said": error.message}
