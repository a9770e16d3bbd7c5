"""Attach a decided conversion to the rules that decided it, as a test case without the person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from creditbank.domain.access import Actor
from creditbank.domain.conversions.application import State
from creditbank.domain.conversions.credit_lots import item_of
from creditbank.domain.conversions.model import Around, ConversionRules, Item, Standing
from creditbank.domain.explanation import Explanation, Line, Refusal, from_data
from creditbank.domain.rule_life.states import Act
from creditbank.domain.rules.model import FactType, Ruling
from creditbank.domain.values import Amount, format_credit
from creditbank.gateways.clock import day_in
from creditbank.queries.conversion_options import Regulation, holdings_of, regulation_at
from creditbank.records.conversions import ConversionApplication, ConversionUse
from creditbank.records.institutions import Institution
from creditbank.records.rules import RuleSet
from creditbank.records.scope import Scope
from creditbank.services.conversions.review import ApplicationKey, fetch_application
from creditbank.services.rule_cases import save_cases
from creditbank.services.rule_drafts import allowed

DECIDED = (State.APPROVED, State.POSTED, State.REFUSED)
"""The states of applications of which somebody has decided, and may be asked the same again."""


def attach_conversion(*, scope: Scope, actor: Actor, key: ApplicationKey, at: datetime) -> tuple[UUID, str] | Refusal:
    """Attach a decided application to its rules: what it used without the person, the decision as expectation.

    Codes and free texts that its rules ask for are kept only where they say what the credit is of.

    Returns:
        The rule set and the id of its new case.

    Raises:
        NotVisible: there is no such application for this actor, or they write no rules here.
    """
    allowed(scope, actor, Act.SAVE)
    application = fetch_application(scope=scope, actor=actor, permission="conversion.read", key=key)
    if State(application.state) not in DECIDED:
        return Refusal.because("rule_case.not_decided")
    regulation = regulation_at(scope, application.rule_version_id, application.composed_of)
    rule_set = scope.rows(RuleSet).filter(institution_id=scope.institution, code=regulation.code).first()
    if rule_set is None:
        return Refusal.because("rule_case.other_rules")
    document = _case(scope, application, regulation)
    saved = save_cases(
        scope=scope, actor=actor, rule_set_id=rule_set.id, documents=[document], at=at,
        source={"version": regulation.number},
    )  # fmt: skip
    return saved if isinstance(saved, Refusal) else (rule_set.id, document["id"])


def _case(scope: Scope, application: ConversionApplication, regulation: Regulation) -> dict[str, Any]:
    zone = scope.rows(Institution).values_list("zone", flat=True).get(pk=application.institution_id)
    on = day_in(application.submitted_at, zone)
    held = holdings_of(
        scope, application.learner_id, on=on, regulations=[regulation], excluding=application.application_id
    )
    rules, around = regulation.compiled.rules, held.around[regulation.version_id]
    items = [item_of(rules, lot) for lot in held.lots]
    names = {item.id: f"lot-{number}" for number, item in enumerate(items, 1)}
    lines = list(_all_lines(from_data(application.proposal)))
    document: dict[str, Any] = {
        "id": f"application-{application.application_id.hex[-12:]}",
        "name": f"{rules.name.zh} {application.submitted_at:%Y-%m} · {application.row}",
        "on": on.isoformat(),
        "row": application.row,
        "course": application.course,
        "items": [_item(rules, item, names[item.id]) for item in items],
        "courses": _courses(application, around, lines),
        "units": _units(regulation, items, around),
        "used": _used(rules, lines),
        "held": {part: format_credit(credit) for part, credit in around.context.held.items()},
        "passed": None if around.context.passed is None else sorted(around.context.passed),
        "planned": {name: format_credit(credit) for name, credit in around.context.planned.items()},
        "expect": _expected(scope, application, names),
    }
    return {name: value for name, value in document.items() if value or name in ("items", "courses")}


def _item(rules: ConversionRules, item: Item, name: str) -> dict[str, Any]:
    told = set(rules.carriers.values())
    facts = {
        fact.name: value if isinstance(value, bool | int) else str(value)
        for fact, value in zip(rules.facts, item.outcome.values, strict=True)
        if value is not None and (fact.type not in (FactType.TEXT, FactType.CODE) or fact.name in told)
    }
    expires = {"expires_on": item.expires_on.isoformat()} if item.expires_on else {}
    return {"id": name, "facts": facts, "credit": format_credit(item.credit), **expires}


def _courses(application: ConversionApplication, around: Around, lines: list[Line]) -> list[dict[str, Any]]:
    """The courses it led to, with the standing that the decision saw: the conversion itself has changed it since."""
    codes = [
        target.partition(":")[2] for target in application.target.split() if target.startswith(("course:", "waiver:"))
    ]
    said = {line.code.removeprefix("conversion.") for line in lines if line.code.startswith("conversion.")}
    standing = next((one.value for one in Standing if one is not Standing.OPEN and one.value in said), "")
    found = []
    for code in codes:
        course = around.courses.get(code)
        if course is not None:
            more = {"category": course.category, "nature": course.nature, "standing": standing}
            said_of = {"code": code, "credit": format_credit(course.credit), "retired": course.retired or None, **more}
            found.append({name: value for name, value in said_of.items() if value})
    return found


def _units(regulation: Regulation, items: list[Item], around: Around) -> list[dict[str, str]]:
    """What the table of certification units says of what the items are of."""
    of = {(kind, str(item.outcome.values[index])) for item in items for kind, index in regulation.compiled.carriers}
    return [
        {"unit": unit, "kind": kind, "code": code}
        for kind, code in sorted(of)
        for unit in sorted(around.units.get((kind, code), ()))
    ]


def _used(rules: ConversionRules, lines: list[Line]) -> dict[str, str]:
    """What the decision counted under limits, from its stored reasons, where each quotes its clause."""
    used: dict[str, str] = {}
    for line in lines:
        said = line.facts.get("maximum" if line.code == "rules.cap_full" else "used")
        if isinstance(said, Amount) and said.hundredths:
            used |= {cap.id: format_credit(said.hundredths) for cap in rules.cap if cap.clause == line.clause}
    return used


def _expected(scope: Scope, application: ConversionApplication, names: dict[str, str]) -> dict[str, Any]:
    if application.state == State.REFUSED:
        return {"ruling": Ruling.REFUSE.value}
    uses = scope.rows(ConversionUse).filter(
        learner_id=application.learner_id, application_id=application.application_id
    )
    expected = {
        "ruling": Ruling.RECOGNISE.value,
        "row": application.row,
        "uses": {names[str(use.lot_id)]: format_credit(use.amount) for use in uses if str(use.lot_id) in names},
        "grade": application.grade,
    }
    return {name: value for name, value in expected.items() if value}


def _all_lines(explanation: Explanation) -> Iterator[Line]:
    for line in explanation:
        yield line
        yield from _all_lines(line.lines)
