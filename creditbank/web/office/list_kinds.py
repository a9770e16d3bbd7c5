"""Kinds of official lists: those of the program, and those a school makes and keeps itself."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from creditbank.domain.explanation import Refusal
from creditbank.domain.official_lists.kind import KINDS, read_list_kind
from creditbank.domain.rules.places import UnreadableError
from creditbank.exchange.documents import DocumentError, expect_schema, read_document, write_document
from creditbank.exchange.official_lists import MOST_MAPPING_BYTES, kind_here, kinds_here
from creditbank.gateways import clock
from creditbank.gateways.documents import packaged
from creditbank.queries.official_lists.kinds import own_kind, own_kinds
from creditbank.queries.queue import outcome_kinds
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.official_lists.kinds import keep_kind, retire_kind
from creditbank.web.design.forms import DesignForm
from creditbank.web.design.tables import Column
from creditbank.web.doors import door
from creditbank.web.office.desk import actor_of, at_desk, minute_of, request_id, show
from creditbank.web.office.list_words import language_now, may_write, reasons_said, to_write
from creditbank.web.office.unreadable import unreadable_said

_KINDS = (
    Column("name", _("Kind of list"), link="url", second="code"),
    Column("outcome", _("Outcome type")),
    Column("columns", _("Columns"), kind="number"),
    Column("status", _("Source"), kind="tag", second="kept"),
)


class KindForm(DesignForm):
    """A kind of list as its document."""

    read: dict[str, Any]
    """The document, once it has been read."""

    document = forms.CharField(
        label=_("What its columns mean"),
        widget=forms.Textarea({"rows": 32, "spellcheck": "false", "class": "code-text", "autocapitalize": "off"}),
        help_text=_(
            "A creditbank.list_mapping/1 document: headings, words and their meanings, and the facts they make."
        ),
    )

    def clean_document(self) -> str:
        """Every problem is told with its place in the document."""
        text: str = self.cleaned_data["document"]
        try:
            document = read_document(text.encode(), name=_t("document"), most_bytes=MOST_MAPPING_BYTES)
            read_list_kind(expect_schema(document, "list_mapping", name=_t("document")))
        except (DocumentError, UnreadableError) as problem:
            said = _t("The document cannot be used: %(problem)s")
            raise forms.ValidationError(said % {"problem": unreadable_said(problem)}) from problem
        self.read = document
        return text


@door("lists.read")
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Every kind that can be brought in here."""
    with at_desk(request, "lists.read") as scope:
        own = {one.kind.code: one for one in own_kinds(scope)}
        types = outcome_kinds(scope)
        rows = [
            {
                "id": kind.code,
                "name": kind.name.said_in(language_now()),
                "code": kind.code,
                "url": reverse("office:list-kind", args=[kind.code]),
                "outcome": _type_said(types, kind.outcome_type),
                "columns": len(kind.columns.fields),
                "status": ("info", _t("Own")) if kind.code in own else ("plain", _t("Of the program")),
                "kept": minute_of(own[kind.code].recorded_at) if kind.code in own else "",
            }
            for kind in kinds_here(scope)
        ]
        context = {"columns": _KINDS, "rows": rows, "may_write": may_write(request), "start": KINDS[0]}
        return show(request, scope, "office/list_kinds.html", context)


@door("lists.write")
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, start: str) -> HttpResponse:
    """Make a kind of one that exists; nothing is kept before it can be read."""
    with at_desk(request, "lists.write") as scope:
        to_write(request)
        if kind_here(scope, start) is None:
            raise NotVisible
        document = _document(scope, start) | {"code": f"{start}-own"}
        form = KindForm(request.POST or None, initial={"document": write_document(document)})
        if request.method == "POST" and form.is_valid():
            code = form.read["code"]
            if own_kind(scope, code) is not None:
                said = _t("There is a kind of your own with the code %(code)s already.")
                form.add_error("document", said % {"code": code})
            elif (answer := _kept(request, scope, form)) is not None:
                return answer
        context = {"form": form, "title": _t("A kind of list of your own"), "back": reverse("office:list-kinds")}
        return show(request, scope, "office/list_kind.html", context, status=422 if form.errors else 200)


@door("lists.read")
@require_GET
def one(request: HttpRequest, code: str) -> HttpResponse:
    """One kind and what it says."""
    with at_desk(request, "lists.read") as scope:
        kind, own = kind_here(scope, code), own_kind(scope, code)
        if kind is None:
            raise NotVisible
        context = {
            "document": write_document(_document(scope, code)),
            "title": kind.name.said_in(language_now()),
            "kind": kind,
            "own": own,
            "kept": minute_of(own.recorded_at) if own else "",
            "by": own.actor.said_in(language_now()) if own else "",
            "may_write": may_write(request),
            "back": reverse("office:list-kinds"),
        }
        return show(request, scope, "office/list_kind.html", context)


@door("lists.write")
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, code: str) -> HttpResponse:
    """The next version of a kind of your own; one of the program is a beginning for another."""
    with at_desk(request, "lists.write") as scope:
        to_write(request)
        own = own_kind(scope, code)
        if own is None:
            if kind_here(scope, code) is None:
                raise NotVisible
            return HttpResponseRedirect(reverse("office:list-kind-add", args=[code]))
        form = KindForm(request.POST or None, initial={"document": write_document(own.document)})
        if request.method == "POST" and form.is_valid():
            if form.read["code"] != code:
                said = _t("The code stays %(code)s; another code is another kind.")
                form.add_error("document", said % {"code": code})
            elif (answer := _kept(request, scope, form)) is not None:
                return answer
        context = {
            "form": form,
            "own": own,
            "title": own.kind.name.said_in(language_now()),
            "back": reverse("office:list-kind", args=[code]),
        }
        return show(request, scope, "office/list_kind.html", context, status=422 if form.errors else 200)


@door("lists.write")
@require_POST
def retire(request: HttpRequest, code: str) -> HttpResponse:
    """Offer a kind of your own no more."""
    with at_desk(request, "lists.write") as scope:
        to_write(request)
        actor = actor_of(request)
        assert actor.person is not None
        done = retire_kind(scope=scope, actor=actor.person, code=code, at=clock.now(), request_id=request_id(request))
        if isinstance(done, Refusal):
            messages.warning(request, reasons_said(done.explanation))
        else:
            messages.success(request, _t("The kind is offered no more. Lists that were brought in by it stay."))
        return HttpResponseRedirect(reverse("office:list-kinds"))


def _kept(request: HttpRequest, scope: Scope, form: KindForm) -> HttpResponse | None:
    """The way on after keeping a form's document; nothing when the bank refused it and the form says why."""
    actor = actor_of(request)
    assert actor.person is not None
    kept = keep_kind(
        scope=scope, actor=actor.person, document=form.read, at=clock.now(), request_id=request_id(request)
    )
    if isinstance(kept, Refusal):
        form.add_error("document", reasons_said(kept.explanation))
        return None
    messages.success(request, _t("The kind of list is kept. Lists can be brought in by it."))
    return HttpResponseRedirect(reverse("office:list-kind", args=[kept.code]))


def _document(scope: Scope, code: str) -> dict[str, Any]:
    own = own_kind(scope, code)
    if own is not None:
        return dict(own.document)
    return dict(read_document(packaged(f"mappings/list-{code}.yaml"), name=code))


def _type_said(types: Any, code: str) -> str:
    kind = types.get(code)
    if kind is None:
        return code
    return str(kind.name.said_in(language_now()))
