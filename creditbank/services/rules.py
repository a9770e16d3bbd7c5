"""Takes rule versions in at setup, in force from a day on without a review, and in the log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from creditbank.domain.rule_documents import AnyRules, kind_decided, read_rules, rules_data, rules_hash
from creditbank.domain.rule_life.states import Act, State
from creditbank.gateways.clock import new_id
from creditbank.records.rules import RuleSet, RuleVersion
from creditbank.records.scope import Scope
from creditbank.services.rule_acts import note_act

_GOING = (State.SCHEDULED.value, State.SUSPENDED.value)


def publish_rule_version(
    *, scope: Scope, document: Mapping[str, Any], effective_from: date, actor: UUID, at: datetime
) -> RuleVersion:
    """Put a version of a rule set in force from a day on; the former one ends the day before.

    The document's schema says of which kind the rules are: for recognition, for conversion, or an overlay.
    Content that is in force already is returned as it is. This is how packs come in when a bank is set up and how
    commands bring rules in; in the office a version goes through its life (:mod:`creditbank.services.rule_life`).

    Raises:
        ValueError: the document is no rule set (the message names the path), the institution keeps another kind of
            rules under its code, or the scope has no institution.
    """
    if scope.institution is None:
        raise ValueError("a rule set belongs to an institution")
    rules = read_rules(document)
    content, content_hash = rules_data(rules), rules_hash(rules)
    scope.take_turn("rules")
    rule_set = found_rule_set(scope=scope, rules=rules)
    versions = scope.rows(RuleVersion).filter(rule_set=rule_set)
    last = versions.filter(state__in=_GOING, effective_from__isnull=False).order_by("-number").first()
    if last is not None and last.content_hash == content_hash:
        return last  # type: ignore[no-any-return]
    ending = list(versions.filter(state__in=_GOING, effective_from__isnull=False, effective_until__isnull=True))
    for one in ending:
        versions.filter(pk=one.pk).update(effective_until=effective_from - timedelta(days=1))
    version: RuleVersion = scope.rows(RuleVersion).create(
        id=new_id(),
        institution_id=scope.institution,
        rule_set=rule_set,
        number=next_number(scope, rule_set),
        content=content,
        content_hash=content_hash,
        state=State.SCHEDULED.value,
        effective_from=effective_from,
        published_at=at,
        published_by=actor,
    )
    facts = {"from": effective_from.isoformat(), "closed": [str(one.id) for one in ending]}
    note_act(scope=scope, act=Act.TAKE_IN, state=State.SCHEDULED, actor=actor, at=at, version=version, facts=facts)
    return version


def found_rule_set(*, scope: Scope, rules: AnyRules) -> RuleSet:
    """The institution's rule set of that code, which is there from its first document on."""
    kind = kind_decided(rules.kind)
    found = scope.rows(RuleSet).filter(institution_id=scope.institution, code=rules.code).first()
    if found is not None:
        if found.kind != kind:
            raise ValueError(f"{rules.code} is a rule set of kind {found.kind} here, not of kind {kind}")
        return found  # type: ignore[no-any-return]
    return scope.rows(RuleSet).create(  # type: ignore[no-any-return]
        id=new_id(),
        institution_id=scope.institution,
        kind=kind,
        code=rules.code,
        name=rules.name.zh,
        name_en=rules.name.en,
    )


def next_number(scope: Scope, rule_set: RuleSet) -> int:
    """The number of the next version of a rule set; the caller has the turn."""
    numbers = scope.rows(RuleVersion).filter(rule_set=rule_set).order_by("-number").values_list("number", flat=True)
    return (numbers.first() or 0) + 1
