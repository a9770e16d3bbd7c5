"""Attach test cases to a rule set: written, brought in, or taken from a decision that was made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from creditbank.domain.access import Actor
from creditbank.domain.explanation import Explanation, Line, Refusal, from_data
from creditbank.domain.recognition import State as ClaimState
from creditbank.domain.rule_documents import DecidingRules, read_cases_of, read_rules
from creditbank.domain.rule_life.states import Act
from creditbank.domain.rules.model import FactType, Interval, OneOf, Ruling
from creditbank.domain.rules.model import RuleSet as Rules
from creditbank.domain.rules.places import UnreadableError
from creditbank.domain.values import Amount, format_credit
from creditbank.gateways.clock import new_id
from creditbank.queries.outcome_types import today_at
from creditbank.queries.overlays import standing_of
from creditbank.queries.rule_cases import case_history
from creditbank.queries.rules import in_force
from creditbank.records.recognition import Claim
from creditbank.records.rules import RuleCase, RuleDraft, RuleSet, RuleVersion
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible, fetch_claim
from creditbank.services.operations import note_operation
from creditbank.services.rule_drafts import TURN, allowed

_PLACEHOLDER = "x"
_DECIDED = (ClaimState.RECOGNISED.value, ClaimState.DEPOSITED.value, ClaimState.REFUSED.value)


def save_cases(
    *,
    scope: Scope,
    actor: Actor,
    rule_set_id: UUID,
    documents: Sequence[Mapping[str, Any]],
    at: datetime,
    source: Mapping[str, Any] | None = None,
) -> int | Refusal:
    """Write test cases; one whose id is there already is written anew, with history.

    Each is an item of a document of test cases of the rules' kind, such as ``creditbank.cases/1``.
    How many were new or changed; all are kept or none.

    Raises:
        NotVisible: there is no such rule set here, or the actor writes no rules here.
    """
    person = allowed(scope, actor, Act.SAVE)
    return _save(scope, person, rule_set_id, _rules(scope, rule_set_id), documents, at, source or {})


def take_in_cases(
    *,
    scope: Scope,
    actor: UUID,
    rule_set_id: UUID,
    rules: DecidingRules,
    documents: Sequence[Mapping[str, Any]],
    at: datetime,
    source: Mapping[str, Any],
) -> int | Refusal:
    """Attach the test cases that came with rules put in force by a command, as when a bank is set up.

    How many were new or changed; all are kept or none. ``source`` says where they came from.

    Raises:
        NotVisible: there is no such rule set here.
    """
    return _save(scope, actor, rule_set_id, rules, documents, at, source)


def _save(
    scope: Scope,
    person: UUID,
    rule_set_id: UUID,
    rules: DecidingRules | None,
    documents: Sequence[Mapping[str, Any]],
    at: datetime,
    source: Mapping[str, Any],
) -> int | Refusal:
    scope.take_turn(TURN)
    rule_set = _rule_set(scope, rule_set_id)
    if rules is None:
        return Refusal.because("rule_case.no_rules")
    plain = [_plain(dict(document)) for document in documents]
    try:
        read_cases_of(rules, plain)
    except UnreadableError as unreadable:
        first = unreadable.problems[0]
        return Refusal.because("rule_case.unreadable", path=first.path, problem=first.message)
    changed = 0
    for document in plain:
        history = case_history(scope, rule_set_id, document["id"])
        if history and not history[0].removed and history[0].document == document:
            continue
        _write(scope, rule_set, document, len(history) + 1, person, at, source, removed=False)
        changed += 1
    if changed:
        _note(scope, person, "rules.save_cases", rule_set_id, at)
    return changed


def remove_case(*, scope: Scope, actor: Actor, rule_set_id: UUID, code: str, at: datetime) -> Refusal | None:
    """Take a case off the test-bench; what it was stays in its history.

    Raises:
        NotVisible: there is no such rule set here, or the actor writes no rules here.
    """
    person = allowed(scope, actor, Act.SAVE)
    scope.take_turn(TURN)
    rule_set = _rule_set(scope, rule_set_id)
    history = case_history(scope, rule_set_id, code)
    if not history or history[0].removed:
        return Refusal.because("rule_case.unknown", case=code)
    _write(scope, rule_set, history[0].document, len(history) + 1, person, at, {}, removed=True)
    _note(scope, person, "rules.remove_case", rule_set_id, at)
    return None


def attach_decision(
    *, scope: Scope, actor: Actor, learner_id: UUID, claim_id: UUID, at: datetime
) -> tuple[UUID, str] | Refusal:
    """Attach a past decision to the rules that decided it: its facts without the person, the decision as expectation.

    Texts and codes that no rule looks at are left out or replaced, for they may name somebody.

    Returns:
        The rule set and the id of its new case.

    Raises:
        NotVisible: there is no such claim for this actor, or they write no rules here.
    """
    allowed(scope, actor, Act.SAVE)
    claim = fetch_claim(
        scope=scope, actor=actor, permission="recognition.read", learner_id=learner_id, claim_id=claim_id
    )
    if claim.state not in _DECIDED or claim.rule_version_id is None or claim.submitted_at is None:
        return Refusal.because("rule_case.not_decided")
    version = scope.rows(RuleVersion).select_related("rule_set").get(pk=claim.rule_version_id)
    rule_set = scope.rows(RuleSet).filter(institution_id=scope.institution, code=version.rule_set.code).first()
    if rule_set is None:
        return Refusal.because("rule_case.other_rules")
    code = f"claim-{claim_id.hex[-12:]}"
    rules = in_force(scope, version, claim.composed_of).compiled.rules
    document = {
        "id": code,
        "name": f"{version.rule_set.name} {claim.submitted_at:%Y-%m} · {claim.row or claim.verdict}",
        "facts": impersonal(rules, claim.facts),
        "claimed_on": claim.submitted_at.date().isoformat(),
        **_known_before(rules, from_data(claim.proposal)),
        "expect": _expected(claim),
    }
    saved = save_cases(
        scope=scope,
        actor=actor,
        rule_set_id=rule_set.id,
        documents=[document],
        at=at,
        source={"version": version.number},
    )
    return saved if isinstance(saved, Refusal) else (rule_set.id, code)


def impersonal(rules: Rules, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of a claim without what may name a person.

    Free texts, and codes that are compared with no value of any row, are left out where the rules do not need them
    and replaced by a placeholder where they do.
    """
    looked_at = _looked_at(rules)
    kept: dict[str, Any] = {}
    for fact in rules.facts:
        given = facts.get(fact.name)
        if given is None or given == "":
            continue
        if fact.type not in (FactType.TEXT, FactType.CODE) or fact.name in looked_at:
            kept[fact.name] = _plain(given)
        elif not fact.optional:
            kept[fact.name] = _PLACEHOLDER
    return kept


def _looked_at(rules: Rules) -> set[str]:
    """The facts whose values a row, step or date rule compares with something."""
    parts = [table.when for table in rules.tables] + [row.when for table in rules.tables for row in table.rows]
    parts += [part.when for part in (*rules.adjust, *rules.choose, *rules.validity)]
    parts += [fact.when for fact in rules.facts]
    return {cell.fact for part in parts for cell in part if isinstance(cell.accept, OneOf | Interval)}


def _known_before(rules: Rules, explanation: Explanation) -> dict[str, dict[str, str]]:
    """What the decision counted of limits and families, from its stored explanation, where each quotes its clause."""
    used: dict[str, str] = {}
    earlier: dict[str, str] = {}
    for line in _all_lines(explanation):
        said = line.facts.get("maximum" if line.code == "rules.cap_full" else "used")
        before = line.facts.get("earlier")
        used |= {cap.id: _credit(said) for cap in rules.cap if cap.clause == line.clause and isinstance(said, Amount)}
        earlier |= {
            choose.id: _credit(before)
            for choose in rules.choose
            if choose.clause == line.clause and isinstance(before, Amount)
        }
    found = {"used": used, "earlier": earlier}
    return {
        name: {key: text for key, text in texts.items() if text} for name, texts in found.items() if any(texts.values())
    }


def _all_lines(explanation: Explanation) -> Iterator[Line]:
    for line in explanation:
        yield line
        yield from _all_lines(line.lines)


def _credit(amount: Amount) -> str:
    """An amount as documents write it; empty for none."""
    return format_credit(amount.hundredths) if amount.hundredths else ""


def _expected(claim: Claim) -> dict[str, Any]:
    if claim.state == ClaimState.REFUSED:
        return {"ruling": Ruling.REFUSE.value}
    expected = {"ruling": Ruling.RECOGNISE.value, "credit": format_credit(claim.credit)}
    by_rules = claim.verdict == Ruling.RECOGNISE
    more = {"category": claim.category, "row": claim.row if by_rules else ""}
    return expected | {name: value for name, value in more.items() if value}


def _rules(scope: Scope, rule_set_id: UUID) -> DecidingRules | None:
    """The rules against which a case is read: the draft that was saved last, else the newest version."""
    drafts = scope.rows(RuleDraft).filter(rule_set_id=rule_set_id, content__isnull=False, version_id__isnull=True)
    content, origin = drafts.order_by("-saved_at").values_list("content", "origin").first() or (None, {})
    if content is None:
        versions = scope.rows(RuleVersion).filter(rule_set_id=rule_set_id).order_by("-number")
        content = versions.values_list("content", flat=True).first()
    if content is None or scope.institution is None:
        return None
    on = today_at(scope, scope.institution)
    return standing_of(scope, read_rules(content), institution=scope.institution, on=on, laid_on=origin).rules


def _rule_set(scope: Scope, rule_set_id: UUID) -> RuleSet:
    found = scope.rows(RuleSet).filter(pk=rule_set_id, institution_id=scope.institution).first()
    if found is None:
        raise NotVisible
    return found  # type: ignore[no-any-return]


def _write(
    scope: Scope,
    rule_set: RuleSet,
    document: Mapping[str, Any],
    number: int,
    person: UUID,
    at: datetime,
    source: Mapping[str, Any],
    *,
    removed: bool,
) -> None:
    scope.rows(RuleCase).create(
        id=new_id(),
        institution_id=scope.institution,
        rule_set=rule_set,
        code=document["id"],
        number=number,
        document=dict(document),
        removed=removed,
        source=dict(source),
        actor_id=person,
        recorded_at=at,
    )


def _note(scope: Scope, person: UUID, action: str, rule_set_id: UUID, at: datetime) -> None:
    note_operation(
        scope=scope, actor=person, action=action, outcome="done", at=at, object_kind="rule_set", object_id=rule_set_id
    )


def _plain(value: Any) -> Any:
    """JSON data without exact decimals, which the language reads from text as well."""
    if isinstance(value, Mapping):
        return {str(name): _plain(below) for name, below in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(below) for below in value]
    return str(value) if isinstance(value, Decimal) else value
