"""The answer of an audit: a tree of what is met, short, counted, left out and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import date

    from creditbank.domain.audit.model import Allocation, Proof
    from creditbank.domain.programmes.model import Filter, Kind
    from creditbank.domain.values import Text


class Reason(StrEnum):
    """Why a credit does not count in a place.

    ``detail`` of the :class:`NotUsed` line tells more: the other requirement (elsewhere), the part whose
    maximum is full (limit), the credit already counted (repeat), the condition that fails (not_accepted),
    the last day (expired); empty for the rest.
    """

    ELSEWHERE = "elsewhere"
    EXPIRED = "expired"
    LIMIT = "limit"
    NOT_ACCEPTED = "not_accepted"
    NOT_CHOSEN = "not_chosen"
    NOT_NEEDED = "not_needed"
    REPEAT = "repeat"


@dataclass(frozen=True, slots=True)
class Used:
    """One credit that counts here, in hundredths."""

    credit: str
    code: str
    hundredths: int


@dataclass(frozen=True, slots=True)
class NotUsed:
    """One credit that does not count, and why."""

    credit: str
    code: str
    hundredths: int
    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class PartAnswer:
    """How a part of a requirement stands; its maximum keeps the credits ``kept_out`` from counting."""

    id: str
    title: Text
    minimum: int | None
    maximum: int | None
    counted: int
    short_by: int
    met: bool
    kept_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NodeAnswer:
    """How one requirement stands.

    ``short_by`` is hundredths, for ``courses_from`` a number of courses. ``shortage`` is the sum of all
    that is short here and underneath, ``missing`` the credit that closes it at the least, both in hundredths.
    ``wanted`` is False in the branches of a choice that are not needed. ``others`` are the credits one
    might expect here.
    """

    id: str
    title: Text
    kind: Kind
    met: bool
    wanted: bool
    minimum: int
    n: int
    counted: int
    courses: int
    short_by: int
    shortage: int
    missing: int
    used: tuple[Used, ...]
    others: tuple[NotUsed, ...]
    parts: tuple[PartAnswer, ...]
    children: tuple[NodeAnswer, ...]


@dataclass(frozen=True, slots=True)
class CutAnswer:
    """Why more is impossible: these requirements or parts together need more than could ever count there."""

    requirements: tuple[str, ...]
    titles: tuple[Text, ...]
    needed: int
    available: int
    limits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fix:
    """What would close one gap: so many hundredths, or courses, that all of ``accepts`` accept."""

    id: str
    title: Text
    hundredths: int
    courses: int
    accepts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What an audit found.

    ``shortage`` is the least sum of everything short in any allocation, ``missing`` the credit that closes
    it all at the least in the allocation told (hundredths). With ``proof`` OPEN ``shortage`` is only the
    least found, and ``bound`` the least possible.
    """

    programme: str
    title: Text
    on: date | None
    met: bool
    shortage: int
    missing: int
    bound: int
    proof: Proof
    states: int
    status: str
    allocation: Allocation
    counted: int
    tree: NodeAnswer
    unused: tuple[NotUsed, ...]
    cuts: tuple[CutAnswer, ...]
    fixes: tuple[Fix, ...]


def to_data(answer: Answer) -> dict[str, Any]:
    """Plain JSON data of an answer, ``schema: creditbank.audit/1``; amounts are hundredths."""
    return {
        "schema": "creditbank.audit/1",
        "programme": answer.programme,
        "title": _text(answer.title),
        "on": answer.on.isoformat() if answer.on else None,
        "met": answer.met,
        "shortage": answer.shortage,
        "missing": answer.missing,
        "counted": answer.counted,
        "proof": {
            "kind": answer.proof.value,
            "bound": answer.bound,
            "states": answer.states,
            "status": answer.status,
        },
        "allocation": [{"credit": credit, "requirement": leaf} for credit, leaf in sorted(answer.allocation)],
        "requirement": _node(answer.tree),
        "unused": [_not_used(item) for item in answer.unused],
        "cuts": [
            {
                "requirements": list(cut.requirements),
                "needed": cut.needed,
                "available": cut.available,
                "limits": list(cut.limits),
            }
            for cut in answer.cuts
        ],
        "fixes": [
            {
                "requirement": fix.id,
                "title": _text(fix.title),
                "credit": fix.hundredths,
                "courses": fix.courses,
                "accepts": [filter_data(wanted) for wanted in fix.accepts],
            }
            for fix in answer.fixes
        ],
    }


def filter_data(wanted: Filter) -> dict[str, Any]:
    """A filter as a programme document writes it."""
    data: dict[str, Any] = {}
    for name in ("fields", "categories", "levels", "codes", "sources"):
        if values := getattr(wanted, name):
            data[name] = sorted(values)
    if wanted.level_at_least is not None:
        data["level_at_least"] = wanted.level_at_least
    if wanted.grade_at_least is not None:
        data["grade_at_least"] = str(wanted.grade_at_least)
    for name in ("earned_from", "earned_until"):
        if day := getattr(wanted, name):
            data[name] = day.isoformat()
    if wanted.besides:
        data["except"] = [filter_data(exception) for exception in wanted.besides]
    return data


def _text(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def _not_used(item: NotUsed) -> dict[str, Any]:
    return {
        "credit": item.credit,
        "code": item.code,
        "amount": item.hundredths,
        "reason": item.reason.value,
        "detail": item.detail,
    }


def _node(node: NodeAnswer) -> dict[str, Any]:
    return {
        "id": node.id,
        "title": _text(node.title),
        "kind": node.kind.value,
        "met": node.met,
        "wanted": node.wanted,
        "minimum": node.minimum,
        "n": node.n,
        "counted": node.counted,
        "courses": node.courses,
        "short_by": node.short_by,
        "shortage": node.shortage,
        "missing": node.missing,
        "used": [{"credit": item.credit, "code": item.code, "amount": item.hundredths} for item in node.used],
        "others": [_not_used(item) for item in node.others],
        "of_which": [
            {
                "id": part.id,
                "title": _text(part.title),
                "minimum": part.minimum,
                "maximum": part.maximum,
                "counted": part.counted,
                "short_by": part.short_by,
                "met": part.met,
                "kept_out": list(part.kept_out),
            }
            for part in node.parts
        ],
        "requirements": [_node(child) for child in node.children],
    }
