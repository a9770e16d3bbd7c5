"""Answers of rules as data, for commands that are asked with ``--json``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from creditbank.domain.explanation import Refusal, to_data
from creditbank.domain.rules import facts
from creditbank.domain.rules.write import condition_data
from creditbank.domain.values import format_credit

if TYPE_CHECKING:
    from creditbank.domain.rules.cases import CaseResult
    from creditbank.domain.rules.decision import Proposal
    from creditbank.domain.rules.finding import Finding


def finding_data(finding: Finding) -> dict[str, Any]:
    """A finding with its places, an example and the conditions that would close it."""
    return {
        **to_data((finding.line,))[0],
        "places": list(finding.places),
        "example": {name: facts.value_data(value) for name, value in finding.example.items()},
        "close": [condition_data(condition) for condition in finding.close],
    }


def answer_data(answer: Proposal | Refusal) -> dict[str, Any]:
    """What rules answered for an outcome, or what was wrong with its facts."""
    if isinstance(answer, Refusal):
        return {"ruling": None, "problems": to_data(answer.explanation)}
    return {
        "ruling": answer.ruling.value,
        "credit": format_credit(answer.credit),
        "category": answer.category,
        "level": answer.level,
        "field": answer.field,
        "row": answer.row,
        "expires_on": answer.expires_on.isoformat() if answer.expires_on else None,
        "figures": {figure.id: format_credit(figure.amount) for figure in answer.figures},
        "explanation": to_data(answer.explanation),
    }


def result_data(result: CaseResult) -> dict[str, Any]:
    """A case's answer, and where it is not what was expected."""
    differences = [{"what": d.what, "expected": d.expected, "found": d.found} for d in result.differences]
    return {"id": result.case.id, "differences": differences, **answer_data(result.answer)}
