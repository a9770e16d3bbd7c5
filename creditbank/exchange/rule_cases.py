"""Test cases of a rule set as documents that people bring in and take out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from creditbank.domain.access import Actor
from creditbank.domain.explanation import Refusal
from creditbank.domain.rule_documents import KINDS
from creditbank.exchange.documents import DocumentError, expect_schema, read_document, write_document
from creditbank.queries.rule_cases import StoredCase, stored_cases_document
from creditbank.records.scope import Scope
from creditbank.services.rule_cases import save_cases

_NAME = "cases"
_MOST = 2_000


def save_cases_text(
    *, scope: Scope, actor: Actor, rule_set_id: UUID, kind: str, code: str, text: str, at: datetime
) -> int | Refusal | DocumentError:
    """Write the cases of a document of the rules' kind (``creditbank.cases/1``); how many were new or changed.

    Raises:
        NotVisible: there is no such rule set here, or the actor writes no rules here.
    """
    noun = KINDS[kind].cases.removeprefix("creditbank.").removesuffix("/1")
    try:
        document = expect_schema(read_document(text.encode("utf-8", "replace"), name=_NAME), noun, name=_NAME)
    except DocumentError as error:
        return error
    items: Any = document.get("cases")
    if document.get("rules") != code:
        return DocumentError(
            _NAME, f"these cases belong to {str(document.get('rules'))[:80]}, not to {code}", path="rules"
        )
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        return DocumentError(_NAME, "expected a list of cases, each an object", path="cases")
    if len(items) > _MOST:
        return DocumentError(_NAME, f"at most {_MOST} cases are read at once, not {len(items)}", path="cases")
    return save_cases(scope=scope, actor=actor, rule_set_id=rule_set_id, documents=items, at=at)


def cases_text(kind: str, code: str, cases: Sequence[StoredCase]) -> str:
    """The cases as a document that :func:`save_cases_text` reads back as the same."""
    return write_document(stored_cases_document(kind, code, cases))
