"""Drafts of rule versions as documents: what a text says, each problem with its line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from creditbank.domain.access import Actor
from creditbank.domain.conversions.read import KIND as CONVERSION
from creditbank.domain.explanation import Refusal
from creditbank.domain.rule_documents import KINDS, OVERLAYS, AnyRules, read_rules, rules_data
from creditbank.domain.rule_life.states import State
from creditbank.domain.rules.overlay import KIND as OVERLAY
from creditbank.domain.rules.read import KIND as RECOGNITION
from creditbank.domain.values import Text
from creditbank.exchange.documents import DocumentError, read_document, write_document
from creditbank.exchange.rules import load_any_rules
from creditbank.gateways.documents import pack_bytes, pack_cases_bytes
from creditbank.queries.rule_cases import list_cases
from creditbank.records.rules import RuleDraft, RuleVersion
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.rule_cases import save_cases
from creditbank.services.rule_drafts import Conflict, begin_draft, save_draft

_NAME = "draft"
MOST_PROBLEMS = 50
_EARNED_ON = {"name": "earned_on", "type": "date", "label": {"zh": "获得日期", "en": "Earned on"}}
_CERTIFICATE = {"name": "certificate", "type": "code", "label": {"zh": "证书代码", "en": "Code of the certificate"}}
_BLANK: Mapping[str, Mapping[str, Any]] = {
    RECOGNITION: {"facts": [_EARNED_ON], "tables": [{"code": "main", "columns": [], "rows": []}]},
    CONVERSION: {
        "facts": [_CERTIFICATE],
        "rules": [
            {
                "id": "first",
                "from": [{"when": {"certificate": "x"}}],
                "to": ["elective"],
                "credit": "held",
                "grade": "credit_only",
                "clause": {"zh": "待填写", "en": "To be filled in"},
            }
        ],
    },
}
"""What an empty document of a kind holds beside its head."""


@dataclass(frozen=True, slots=True)
class TextProblem:
    """One thing wrong with a text; line and column count from 1 and are 0 where the place has none."""

    line: int
    column: int
    path: str
    message: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says as rules of some kind, or its problems."""

    rules: AnyRules | None
    problems: tuple[TextProblem, ...]


def reading_of(text: str) -> Reading:
    """The rules that a draft's text says, of the kind its schema names, or every problem with its place."""
    try:
        return Reading(load_any_rules(text.encode("utf-8", "replace"), name=_NAME), ())
    except DocumentError as error:
        found = [error, *error.more][:MOST_PROBLEMS]
        return Reading(None, tuple(TextProblem(one.line, one.column, one.path, one.message) for one in found))


def save_text(
    *,
    scope: Scope,
    actor: Actor,
    draft_id: UUID,
    revision: int,
    text: str,
    at: datetime,
    applies: Mapping[str, Any] | None = None,
    undoes: int | None = None,
) -> RuleDraft | Conflict | Refusal:
    """Keep a text as it was typed, with what it says where it can be read; ``undoes`` is a revision that it takes back.

    Raises:
        NotVisible: there is no such draft, or the actor writes no rules here.
    """
    text = text.replace("\r\n", "\n")
    return save_draft(
        scope=scope, actor=actor, draft_id=draft_id, revision=revision, text=text, rules=reading_of(text).rules, at=at,
        applies=applies, undoes=undoes,
    )  # fmt: skip


def save_document(
    *, scope: Scope, actor: Actor, draft_id: UUID, revision: int, document: Mapping[str, Any], at: datetime
) -> RuleDraft | Conflict | Refusal:
    """Keep a document, as a table editor has it; its text is written from it.

    Raises:
        NotVisible: there is no such draft, or the actor writes no rules here.
    """
    return save_text(
        scope=scope, actor=actor, draft_id=draft_id, revision=revision, text=write_document(document), at=at
    )


def begin_from_text(
    *, scope: Scope, actor: Actor, data: bytes, name: str, at: datetime
) -> RuleDraft | Refusal | DocumentError:
    """Begin a draft from an uploaded document; one that is no rule set is answered with its first problem."""
    try:
        rules = load_any_rules(data, name=name)
    except DocumentError as error:
        return error
    text = data.decode("utf-8-sig").replace("\r\n", "\n")
    return _begin(scope, actor, rules, text, {"file": name[:200]}, at)


def begin_from_pack(*, scope: Scope, actor: Actor, pack: str, at: datetime) -> RuleDraft | Refusal:
    """Begin a draft from a pack that comes with the program; its cases are attached where there are none yet.

    Raises:
        LookupError: there is no such pack.
    """
    data = pack_bytes(pack)
    if data is None:
        raise LookupError(f"there is no rule pack {pack}")
    rules = load_any_rules(data, name=pack)
    draft = _begin(scope, actor, rules, data.decode("utf-8"), {"pack": pack}, at)
    if isinstance(draft, Refusal) or pack_cases_bytes(pack) is None or list_cases(scope, draft.rule_set_id):
        return draft
    # Cases are stored as people wrote them; the packaged ones are green, which the rules' own tests hold.
    documents = read_document(pack_cases_bytes(pack) or b"", name=pack)["cases"]
    saved = save_cases(
        scope=scope, actor=actor, rule_set_id=draft.rule_set_id, documents=documents, at=at, source={"pack": pack}
    )
    return saved if isinstance(saved, Refusal) else draft


def begin_from_version(*, scope: Scope, actor: Actor, version_id: UUID, at: datetime) -> RuleDraft | Refusal:
    """Begin a draft of one's own rule set from any version that is read here, also from one handed down.

    Raises:
        NotVisible: there is no such version.
    """
    version = scope.rows(RuleVersion).select_related("rule_set").filter(pk=version_id).first()
    if version is None:
        raise NotVisible
    rules = read_rules(version.content)
    own = version.institution_id == scope.institution
    return begin_draft(
        scope=scope, actor=actor, code=rules.code, kind=rules.kind, name=rules.name,
        text=write_document(rules_data(rules)), rules=rules,
        origin={"version": version.number} | ({} if own else {"from": str(version.institution_id)}), at=at,
        applies=version.applies if own else None,
    )  # fmt: skip


def begin_overlay(*, scope: Scope, actor: Actor, version_id: UUID, at: datetime) -> RuleDraft | Refusal:
    """Begin a draft of what one's own institution adds to a version that is handed down, and tightens.

    It holds what the newest overlay here holds, so that an update from above is answered by changing what does not fit.

    Raises:
        NotVisible: there is no such version, or it is not one that could be overlaid here.
    """
    rows = scope.rows(RuleVersion).select_related("rule_set").filter(pk=version_id, kind__in=OVERLAYS)
    version = rows.exclude(institution_id=scope.institution).first()
    if version is None:
        raise NotVisible
    kind = OVERLAYS[version.kind]
    origin = {"overlay": str(version.number), "laid_on": str(version.id)}
    own = scope.rows(RuleVersion).filter(institution_id=scope.institution, rule_set__code=version.rule_set.code)
    newest = own.filter(kind=kind).exclude(state=State.ABOLISHED.value).order_by("-number").first()
    if newest is not None:
        origin["kept"] = str(newest.number)
        rules = read_rules(newest.content)
        return _begin(scope, actor, rules, write_document(rules_data(rules)), origin, at)
    name = Text(f"{version.rule_set.name}（本校）", f"{version.rule_set.name_en or version.rule_set.name}, here")
    rows_called = "rows" if kind == OVERLAY else "rules"
    document = {
        "schema": KINDS[kind].schema,
        "code": version.rule_set.code,
        "kind": kind,
        "name": {"zh": name.zh, "en": name.en},
        "source": {"zh": "待填写", "en": "To be filled in"},
        "add": {rows_called: []},
        "tighten": {rows_called: []},
    }
    text = write_document(document)
    return begin_draft(
        scope=scope, actor=actor, code=version.rule_set.code, kind=kind, name=name, text=text,
        rules=reading_of(text).rules, origin=origin, at=at,
    )  # fmt: skip


def begin_blank(
    *, scope: Scope, actor: Actor, code: str, name: Text, at: datetime, kind: str = RECOGNITION
) -> RuleDraft | Refusal:
    """Begin a draft from nothing: the head of rules of a kind, a fact, and an empty table or a first row."""
    document = {
        "schema": KINDS[kind].schema,
        "code": code,
        "kind": kind,
        "name": {"zh": name.zh, "en": name.en or name.zh},
        "source": {"zh": "待填写", "en": "To be filled in"},
        "unit": "credit",
        "rounding": {"step": "0.5", "mode": "half_up", "place": "end"},
        "categories": [{"code": "general", "zh": "一般", "en": "General"}],
        **_BLANK[kind],
    }
    text = write_document(document)
    return begin_draft(
        scope=scope, actor=actor, code=code, kind=kind, name=name, text=text, rules=reading_of(text).rules,
        origin={}, at=at,
    )  # fmt: skip


def _begin(
    scope: Scope, actor: Actor, rules: AnyRules, text: str, origin: Mapping[str, Any], at: datetime
) -> RuleDraft | Refusal:
    return begin_draft(
        scope=scope, actor=actor, code=rules.code, kind=rules.kind, name=rules.name, text=text, rules=rules,
        origin=origin, at=at,
    )  # fmt: skip
