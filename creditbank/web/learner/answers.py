"""A claim's answers as a person wrote and reads them: labels for codes, in the order of the form."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from creditbank.domain.rules.facts import Field
from creditbank.domain.rules.model import FactType
from creditbank.queries.claims import ClaimPage, fields_of
from creditbank.records.scope import Scope
from creditbank.web.learner.frame import day_in
from creditbank.web.questions import applicable


def answers_shown(scope: Scope, claim: ClaimPage, *, change: bool = False) -> list[dict[str, Any]]:
    """Rows for the summary list; with ``change`` each leads back to its question."""
    language = get_language() or "zh-hans"
    address = reverse("learner:deposit_facts", args=[claim.claim_id])

    def row(label: object, value: object, field: str) -> dict[str, Any]:
        return {"label": label, "value": value} | ({"change": f"{address}#id_{field}"} if change else {})

    rows = [row(_("Name of the outcome"), claim.line.title.said_in(language) or "—", "title")]
    fields = fields_of(
        scope,
        institution=claim.institution_id,
        outcome_type=claim.outcome_type_code,
        on=day_in(scope, claim.institution_id),
    )
    for field in applicable(fields or (), claim.answers):
        given = claim.answers.get(field.name, "")
        value = said_answer(field, given, language) if given else "—"
        rows.append(row(field.label.said_in(language), value, f"fact_{field.name}"))
    return rows


def said_answer(field: Field, given: str, language: str) -> str:
    """One answer in words."""
    if field.kind is FactType.ENUM:
        return next((choice.label.said_in(language) for choice in field.choices if choice.code == given), given)
    if field.kind is FactType.BOOLEAN:
        return str(_("Yes") if given == "true" else _("No"))
    return given
