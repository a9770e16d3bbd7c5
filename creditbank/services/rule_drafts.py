"""Write drafts of rule versions: begin, save, test, send for review; nothing that was typed is lost."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from creditbank.domain.access import Actor, Thing, may
from creditbank.domain.explanation import Explanation, Refusal
from creditbank.domain.rule_documents import AnyRules, keep_rules, kind_decided, rules_content
from creditbank.domain.rule_life.applies import applies_data, read_applies
from creditbank.domain.rule_life.drafts import MOST_LETTERS
from creditbank.domain.rule_life.states import STEPS, Act, State, decide
from creditbank.domain.rules.places import UnreadableError
from creditbank.domain.values import Text
from creditbank.gateways.clock import new_id
from creditbank.queries.rule_drafts import draft_life, readiness
from creditbank.records.rules import RuleDraft, RuleSet
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.rule_acts import note_act

TURN = "rules"
_UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Conflict:
    """A draft that somebody else saved meanwhile: what is kept, which is theirs, and why yours was not saved."""

    revision: int
    text: str
    saved_by: UUID
    saved_at: datetime
    explanation: Explanation


def begin_draft(
    *,
    scope: Scope,
    actor: Actor,
    code: str,
    kind: str,
    name: Text,
    text: str,
    rules: AnyRules | None,
    origin: Mapping[str, Any],
    at: datetime,
    applies: Mapping[str, Any] | None = None,
) -> RuleDraft | Refusal:
    """Begin a draft of the institution's rule set of a code, which begins with it where there is none yet.

    Args:
        scope: acts for the institution.
        actor: who writes it.
        code: of the rule set.
        kind: of the document, ``recognition`` or another that the language knows; an overlay stands in one line
            with the versions of a set of one's own.
        name: what people call the rule set, where it is new.
        text: the document as it was typed or found.
        rules: what the text says, where it can be read.
        origin: what it was made from, as ``{"version": 3}``, ``{"pack": ...}``, ``{"file": ...}`` or empty.
        at: the moment.
        applies: what it applies to beside the day, as ``creditbank.domain.rule_life.applies`` reads it.

    Raises:
        NotVisible: the actor writes no rules here.
    """
    person = allowed(scope, actor, Act.SAVE)
    if refusal := _unkept(text):
        return refusal
    scope.take_turn(TURN)
    rule_set = scope.rows(RuleSet).filter(institution_id=scope.institution, code=code).first()
    if rule_set is not None and rule_set.kind != kind_decided(kind):
        return Refusal.because("rule_draft.kind_differs", rules=code, kind=rule_set.kind)
    if rule_set is None:
        rule_set = scope.rows(RuleSet).create(
            id=new_id(),
            institution_id=scope.institution,
            kind=kind_decided(kind),
            code=code,
            name=name.zh,
            name_en=name.en,
        )
    draft: RuleDraft = scope.rows(RuleDraft).create(
        id=new_id(),
        institution_id=scope.institution,
        rule_set=rule_set,
        text=text,
        **_content(rules),
        applies=dict(applies or {}),
        state=State.DRAFT.value,
        authors=[str(person)],
        origin=dict(origin),
        created_at=at,
        saved_at=at,
        saved_by=person,
    )
    note_act(scope=scope, act=Act.SAVE, state=State.DRAFT, actor=person, at=at, draft=draft, facts=origin)
    return draft


def save_draft(
    *,
    scope: Scope,
    actor: Actor,
    draft_id: UUID,
    revision: int,
    text: str,
    rules: AnyRules | None,
    at: datetime,
    applies: Mapping[str, Any] | None = None,
    undoes: int | None = None,
) -> RuleDraft | Conflict | Refusal:
    """Keep a text as it was typed, readable or not, if nobody saved the draft since ``revision``.

    Saving what is kept already changes nothing, so that a page can save by itself. Saving something new takes a tested
    draft back to where it has to be tested again.

    Args:
        scope: acts for the institution.
        actor: who writes.
        draft_id: which draft.
        revision: the number under which its text was read.
        text: the whole document.
        rules: what the text says, where it can be read; ``creditbank.exchange.rule_drafts`` reads it.
        at: the moment.
        applies: what it applies to beside the day; left out, that stays as it is.
        undoes: the revision that this save takes back; a draft's steps say so.

    Raises:
        NotVisible: there is no such draft, or the actor writes no rules here.
    """
    person = allowed(scope, actor, Act.SAVE)
    if refusal := _unkept(text):
        return refusal
    scope.take_turn(TURN)
    draft = fetch_draft(scope, draft_id, without=("content",))
    target = decide(Act.SAVE, draft_life(scope, draft), by=person, on=at.date())
    if isinstance(target, Refusal):
        return target
    try:
        said = draft.applies if applies is None else applies_data(read_applies(dict(applies)))
    except UnreadableError as unreadable:
        first = unreadable.problems[0]
        return Refusal.because("rule_draft.effective_unreadable", path=first.path, problem=first.message)
    if draft.text == text and draft.applies == said:
        return draft
    if draft.revision != revision:
        return Conflict(
            draft.revision,
            draft.text,
            draft.saved_by,
            draft.saved_at,
            Refusal.because("rule_draft.conflict", kept=draft.revision, revision=revision).explanation,
        )
    authors = draft.authors if str(person) in draft.authors else [*draft.authors, str(person)]
    made = {
        "text": text,
        **_content(rules),
        "applies": said,
        "state": target.value,
        "revision": revision + 1,
        "authors": authors,
        "saved_at": at,
        "saved_by": person,
    }
    scope.rows(RuleDraft).filter(pk=draft_id).update(**made)
    facts = {"undone": undoes, "revision": revision + 1} if undoes is not None else {}
    if draft.state != target.value or facts:
        note_act(scope=scope, act=Act.SAVE, state=target, actor=person, at=at, draft=draft, facts=facts)
    for name, value in made.items():
        setattr(draft, name, value)
    return draft


def move_draft(
    *,
    scope: Scope,
    actor: Actor,
    draft_id: UUID,
    act: Act,
    on: date,
    at: datetime,
    reason: str = "",
    request_id: str = "",
) -> State | Refusal:
    """Take a step with a draft: test, submit, recall, send_back, sign or discard.

    Whether its cases are green and lint is content is looked at in the same transaction as the step.

    Raises:
        NotVisible: there is no such draft, or the step is not the actor's.
        ValueError: the step is none of these.
    """
    if act not in _MOVES:
        raise ValueError(f"{act} is no step of a draft")
    person = allowed(scope, actor, act)
    scope.take_turn(TURN)
    draft = fetch_draft(scope, draft_id)
    red = readiness(scope, draft) if STEPS[act].ready else ()
    target = decide(act, draft_life(scope, draft), by=person, on=on, reason=reason, red=red)
    if isinstance(target, Refusal):
        return target
    scope.rows(RuleDraft).filter(pk=draft_id).update(state=target.value)
    facts = {"revision": draft.revision, "content_hash": draft.content_hash}
    note_act(
        scope=scope, act=act, state=target, actor=person, at=at, draft=draft, facts=facts, said=reason,
        request_id=request_id,
    )  # fmt: skip
    return target


_MOVES = (Act.TEST, Act.SUBMIT, Act.RECALL, Act.SEND_BACK, Act.SIGN, Act.DISCARD)


def fetch_draft(scope: Scope, draft_id: UUID, *, without: Sequence[str] = ()) -> RuleDraft:
    """A draft of the scope's institution; what it is fetched ``without`` comes when it is asked for.

    Raises:
        NotVisible: there is none of that id here.
    """
    rows = scope.rows(RuleDraft).filter(pk=draft_id, institution_id=scope.institution).select_related("rule_set")
    draft = rows.defer(*without).first()
    if draft is None:
        raise NotVisible
    return draft  # type: ignore[no-any-return]


def allowed(scope: Scope, actor: Actor, act: Act) -> UUID:
    """Who takes a step, when their role at the scope's institution allows it.

    Raises:
        NotVisible: it does not.
    """
    if actor.person is None or not may(actor, STEPS[act].permission, Thing(institution=scope.institution)):
        raise NotVisible
    return actor.person


def _content(rules: AnyRules | None) -> dict[str, Any]:
    if rules is None:
        return {"content": None, "content_hash": ""}
    data, digest = rules_content(rules)
    # Who saved is who asks next: an editor shows what it made, row by row.
    keep_rules(digest, rules)
    return {"content": data, "content_hash": digest}


def _unkept(text: str) -> Refusal | None:
    """Why a text cannot even be kept."""
    if len(text) > MOST_LETTERS:
        return Refusal.because("rule_draft.too_long", letters=len(text), most=MOST_LETTERS)
    unsafe = _UNSAFE.search(text)
    if unsafe:
        line = text.count("\n", 0, unsafe.start()) + 1
        return Refusal.because("rule_draft.control_character", number=f"{ord(unsafe[0]):04X}", line=line)
    return None
