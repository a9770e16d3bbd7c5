"""Outcome types as schemas: which there are, what each asks, and the document that says so."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from creditbank.domain.access import Thing, may
from creditbank.domain.catalogue.outcome_types import OutcomeSchema, read_outcome_schema
from creditbank.domain.explanation import Refusal
from creditbank.domain.rules.places import UnreadableError
from creditbank.exchange.documents import DocumentError, expect_schema, read_document, write_document
from creditbank.gateways import clock
from creditbank.queries.outcome_schemas import schema_of
from creditbank.queries.outcome_types import OutcomeType, outcome_types_of
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.catalogue.outcome_types import keep_outcome_schema
from creditbank.web.design.forms import DesignForm
from creditbank.web.design.tables import Column
from creditbank.web.doors import door
from creditbank.web.office.desk import actor_of, at_desk, minute_of, request_id, show, today_at
from creditbank.web.office.list_words import language_now, reasons_said

MOST_BYTES = 200_000
_COLUMNS = (
    Column("name", _("Outcome type"), link="url", second="code"),
    Column("rules", _("Rule set")),
    Column("asks", _("Further fields"), kind="number"),
    Column("evidence", _("Evidence")),
    Column("status", _("Schema"), kind="tag", second="kept"),
)


class SchemaForm(DesignForm):
    """An outcome type's schema as its document."""

    read: dict[str, Any]
    """The document, once it has been read."""

    document = forms.CharField(
        label=_("What it asks"),
        widget=forms.Textarea({"rows": 28, "spellcheck": "false", "class": "code-text", "autocapitalize": "off"}),
        help_text=_("A creditbank.outcome-type/1 document: fields, evidence, what identifies an outcome."),
    )

    def clean_document(self) -> str:
        """Every problem is told with its place in the document."""
        text: str = self.cleaned_data["document"]
        try:
            document = read_document(text.encode(), name=_t("document"), most_bytes=MOST_BYTES)
            read_outcome_schema(expect_schema(document, "outcome-type", name=_t("document")))
        except (DocumentError, UnreadableError) as problem:
            said = _t("The document cannot be used: %(problem)s")
            raise forms.ValidationError(said % {"problem": str(problem)[:2000]}) from problem
        self.read = document
        return text


@door("catalogue.read")
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Every outcome type of this school, with what its schema says."""
    with at_desk(request, "catalogue.read") as scope:
        assert scope.institution is not None
        types = outcome_types_of(scope, scope.institution, today_at(scope))
        rows = [_row(scope, one) for one in types.values()]
        return show(request, scope, "office/outcome_types.html", {"columns": _COLUMNS, "rows": rows})


@door("catalogue.read")
@require_GET
def one(request: HttpRequest, code: str) -> HttpResponse:
    """One outcome type and the document of its schema."""
    with at_desk(request, "catalogue.read") as scope:
        kind = _kind(scope, code)
        stated = schema_of(scope, _here(scope), code)
        context = {
            "title": kind.name.said_in(language_now()),
            "kind": kind,
            "stated": stated,
            "handed_down": stated is not None and stated.institution != scope.institution,
            "kept": minute_of(stated.recorded_at) if stated else "",
            "document": write_document(dict(stated.document)) if stated else "",
            "may_write": _may_write(request),
        }
        return show(request, scope, "office/outcome_type.html", context)


@door("catalogue.write")
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, code: str) -> HttpResponse:
    """The next version of a schema; what contradicts the rule set is told field by field."""
    with at_desk(request, "catalogue.write") as scope:
        if not _may_write(request):
            raise NotVisible
        kind = _kind(scope, code)
        stated = schema_of(scope, _here(scope), code)
        begin: dict[str, Any] = {"schema": "creditbank.outcome-type/1", "code": code, "fields": [], "evidence": []}
        document = dict(stated.document) if stated else begin
        form = SchemaForm(request.POST or None, initial={"document": write_document(document)})
        if request.method == "POST" and form.is_valid() and (answer := _kept(request, scope, form, code)):
            return answer
        context = {"form": form, "title": kind.name.said_in(language_now()), "kind": kind, "stated": stated}
        return show(request, scope, "office/outcome_type.html", context, status=422 if form.errors else 200)


def _kept(request: HttpRequest, scope: Scope, form: SchemaForm, code: str) -> HttpResponse | None:
    """The way on after keeping a document; nothing when the bank refused it and the form says why."""
    person = actor_of(request).person
    assert person is not None
    kept = keep_outcome_schema(
        scope=scope, actor=person, document=form.read, at=clock.now(), on=today_at(scope), code=code,
        request_id=request_id(request),
    )  # fmt: skip
    if isinstance(kept, Refusal):
        form.add_error("document", reasons_said(kept.explanation))
        return None
    messages.success(request, _t("The schema is kept. New claims are asked what it says."))
    return HttpResponseRedirect(reverse("office:outcome-type", args=[code]))


def _row(scope: Scope, kind: OutcomeType) -> dict[str, Any]:
    stated = schema_of(scope, _here(scope), kind.code)
    schema = stated.schema if stated else None
    own = stated is not None and stated.institution == scope.institution
    status = ("ok", _t("Own")) if own else ("info", _t("From above")) if stated else ("plain", _t("By the rules alone"))
    return {
        "id": "",
        "name": kind.name.said_in(language_now()),
        "code": kind.code if kind.is_open else f"{kind.code} · {_t('Closed')}",
        "url": reverse("office:outcome-type", args=[kind.code]),
        "rules": kind.rule_set_code,
        "asks": len(schema.fields) if schema else 0,
        "evidence": _evidence(schema, kind),
        "status": status,
        "kept": minute_of(stated.recorded_at) if stated else "",
    }


def _evidence(schema: OutcomeSchema | None, kind: OutcomeType) -> str:
    if schema and schema.evidence:
        return "、".join(one.label.said_in(language_now()) for one in schema.evidence)
    return _t("One file") if kind.evidence_required else _t("None")


def _kind(scope: Scope, code: str) -> OutcomeType:
    kind = outcome_types_of(scope, _here(scope), today_at(scope)).get(code)
    if kind is None:
        raise Http404
    return kind


def _here(scope: Scope) -> Any:
    assert scope.institution is not None
    return scope.institution


def _may_write(request: HttpRequest) -> bool:
    actor = actor_of(request)
    return may(actor, "catalogue.write", Thing(institution=actor.institution))
