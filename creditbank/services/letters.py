"""Decision letters: written with the decision, word for word in both languages, never changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from creditbank.domain.access import Actor, Thing, may
from creditbank.domain.appeals.life import working_days_after
from creditbank.domain.explanation import Explanation, Fact, Line, Refusal, from_data
from creditbank.domain.letters import APPEALABLE, SCHEMA, CaseKind, Kind, letter_number, reason_code, sealed_hash
from creditbank.domain.values import Amount, Hundredths, Text
from creditbank.gateways import clock, wording
from creditbank.gateways.clock import new_id
from creditbank.queries.rules import in_force
from creditbank.records.appeals import Letter
from creditbank.records.conversions import ConversionApplication
from creditbank.records.institutions import Institution
from creditbank.records.people import Enrolment
from creditbank.records.recognition import Claim
from creditbank.records.rules import RuleVersion
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.operations import note_operation

_ZH, _EN = "zh-hans", "en"


@dataclass(frozen=True, slots=True)
class Case:
    """What a letter is about, whichever kind of case it is."""

    kind: CaseKind
    case_id: UUID
    learner_id: UUID
    institution_id: UUID
    college_id: UUID | None
    number: str
    title: Text
    credit: Hundredths
    category: Text
    proposal: Explanation
    reason: str
    rule_version_id: UUID | None
    beneath: tuple[UUID, ...]
    """Versions that an overlay was laid on when it decided."""
    row: str
    final_on: date | None


@dataclass(frozen=True, slots=True)
class Told:
    """What a decision adds to its case: an appeal's number and what it asked for, and reasons in words."""

    kind: Kind
    words: tuple[str, ...] = ()
    appeal: str = ""
    asked: int = 0
    reason: str = ""


def case_of_claim(scope: Scope, claim: Claim) -> Case:
    """A recognition claim as a letter speaks of it."""
    version = _version(scope, claim.rule_version_id)
    decided = in_force(scope, version, claim.composed_of) if version is not None else None
    choices = decided.compiled.rules.categories if decided is not None else ()
    category = next((choice.label for choice in choices if choice.code == claim.category), Text(claim.category))
    return Case(
        kind=CaseKind.CLAIM,
        case_id=claim.claim_id,
        learner_id=claim.learner_id,
        institution_id=claim.institution_id,
        college_id=claim.college_id,
        number=claim.number,
        title=Text(claim.title, claim.title_en),
        credit=Hundredths(claim.credit),
        category=category,
        proposal=from_data(claim.proposal),
        reason=claim.reason,
        rule_version_id=claim.rule_version_id,
        beneath=tuple(UUID(one) for one in claim.composed_of),
        row=claim.row,
        final_on=claim.final_on,
    )


def case_of_application(application: ConversionApplication) -> Case:
    """A conversion application as a letter speaks of it."""
    return Case(
        kind=CaseKind.APPLICATION,
        case_id=application.application_id,
        learner_id=application.learner_id,
        institution_id=application.institution_id,
        college_id=application.college_id,
        number=application.number,
        title=Text(application.title, application.title_en),
        credit=Hundredths(application.credit),
        category=Text(""),
        proposal=from_data(application.proposal),
        reason=application.reason,
        rule_version_id=application.rule_version_id,
        beneath=tuple(UUID(one) for one in application.composed_of),
        row=application.row,
        final_on=application.final_on,
    )


def write_letter(
    *, scope: Scope, case: Case, told: Told, actor: UUID | None, at: datetime, request_id: str = ""
) -> Letter:
    """Write the letter of a decision that is being taken in this transaction.

    Args:
        scope: acts for the institution that decided.
        case: what it is about, as it stands after the decision.
        told: what is decided.
        actor: who decided.
        at: the moment.
        request_id: the request that asked.
    """
    place = scope.rows(Institution).get(pk=case.institution_id)
    on = clock.day_in(at, place.zone)
    until = working_days_after(on, place.appeal_days) if told.kind in APPEALABLE else None
    before = _letters(scope, case.learner_id, case.case_id).first()
    content = _content(scope, case, told, place, on=on, until=until)
    if before is not None:
        content["follows"] = _both(Line("letter.follows", facts={"number": before.number}))
    return _store(scope, case, told.kind, content, before, until=until, replaces=None, actor=actor, at=at,
                  request_id=request_id)  # fmt: skip


def fetch_letter(*, scope: Scope, actor: Actor, permission: str, learner_id: UUID, letter_id: UUID) -> Letter:
    """A letter, when the actor may do this to it.

    Raises:
        NotVisible: there is none for this actor.
    """
    letter = scope.rows(Letter).filter(learner_id=learner_id, letter_id=letter_id).first()
    if letter is None or not may(actor, permission, Thing(letter.learner_id, letter.institution_id, letter.college_id)):
        raise NotVisible
    return letter  # type: ignore[no-any-return]


def correct_letter(
    *, scope: Scope, actor: Actor, learner_id: UUID, letter_id: UUID, at: datetime, request_id: str = ""
) -> Letter | Refusal:
    """Write a letter again with the names and the contact line of today; the old one stays readable and is named.

    What was decided, its reasons and the time for an appeal stay as they were.

    Raises:
        NotVisible: there is no such letter for this actor.
    """
    old = fetch_letter(
        scope=scope, actor=actor, permission="letter.correct", learner_id=learner_id, letter_id=letter_id
    )  # fmt: skip
    place = scope.rows(Institution).get(pk=old.institution_id)
    now = {"institution": _names(place.name, place.name_en), "contact": place.contact, **_learner(scope, old)}
    content = {**old.content, **now}
    newest = _letters(scope, old.learner_id, old.case_id).first()
    if all(old.content.get(name) == value for name, value in now.items()) or newest.replaces_id == old.letter_id:
        return Refusal.because("letter.nothing_to_correct")
    content["issued_on"] = clock.day_in(at, place.zone).isoformat()
    content["corrects"] = _both(Line("letter.corrects", facts={"number": old.number}))
    case = _case_again(scope, old)
    return _store(scope, case, Kind(old.kind), content, newest, until=old.appeal_until, replaces=old.letter_id,
                  actor=actor.person, at=at, request_id=request_id)  # fmt: skip


def root_of(scope: Scope, letter: Letter) -> Letter:
    """The letter that told of the decision first, where this one corrects it."""
    while letter.replaces_id is not None:
        letter = scope.rows(Letter).get(learner_id=letter.learner_id, letter_id=letter.replaces_id)
    return letter


def _store(
    scope: Scope, case: Case, kind: Kind, content: dict[str, Any], before: Letter | None, *, until: date | None,
    replaces: UUID | None, actor: UUID | None, at: datetime, request_id: str,
) -> Letter:  # fmt: skip
    sequence = before.sequence + 1 if before is not None else 1
    content["number"] = letter_number(case.number, sequence)
    letter: Letter = scope.rows(Letter).create(
        learner_id=case.learner_id,
        letter_id=new_id(),
        institution_id=case.institution_id,
        college_id=case.college_id,
        case_kind=case.kind.value,
        case_id=case.case_id,
        sequence=sequence,
        number=content["number"],
        kind=kind.value,
        content=content,
        content_hash=sealed_hash(content),
        appeal_until=until,
        replaces_id=replaces,
        actor_id=actor,
        issued_at=at,
    )
    note_operation(
        scope=scope, actor=actor, action="letter.correct" if replaces else "letter.write", outcome="done", at=at,
        object_kind="letter", object_id=letter.letter_id, request_id=request_id,
    )  # fmt: skip
    return letter


def _content(
    scope: Scope, case: Case, told: Told, place: Institution, *, on: date, until: date | None
) -> dict[str, Any]:
    facts: dict[str, Fact] = {
        "title": case.title, "credit": Amount(case.credit), "category": case.category, "number": told.appeal,
        "asked": Amount(told.asked),
    }  # fmt: skip
    reasons = [code for code in [reason_code(case.kind, told.reason or _reason(told, case))] if code]
    grants = told.kind in (Kind.RECOGNISED, Kind.CONVERTED, Kind.APPEAL_AMENDED, Kind.APPEAL_GRANTED)
    final = None
    if grants and case.final_on is not None:
        code = "letter.final_after" if case.final_on > on else "letter.final_at_once"
        final = _both(Line(code, facts={"day": case.final_on.isoformat()}))
    return {
        "schema": SCHEMA,
        "kind": told.kind.value,
        "case": {"kind": case.kind.value, "number": case.number, "title": _names(case.title.zh, case.title.en)},
        "institution": _names(place.name, place.name_en),
        "contact": place.contact,
        "issued_on": on.isoformat(),
        "decision": _both(Line(f"letter.{told.kind.value}", facts=facts)),
        "credit": case.credit if grants else 0,
        "final": final,
        "reasons": [_both(Line(code)) for code in reasons],
        "words": [word for word in told.words if word],
        "why": [_said(line) for line in case.proposal],
        "rules": _rules(scope, case),
        "row": case.row,
        "appeal": _both(
            Line("letter.how_to_appeal", facts={"until": until.isoformat()}) if until else Line("letter.no_appeal")
        )
        if until or told.kind.value.startswith("appeal")
        else None,
        "appeal_until": until.isoformat() if until else None,
        "follows": None,
        "corrects": None,
        **_learner(scope, case),
    }


def _reason(told: Told, case: Case) -> str:
    return case.reason if told.kind in APPEALABLE else ""


def _learner(scope: Scope, case: Case | Letter) -> dict[str, Any]:
    rows = scope.rows(Enrolment).filter(learner_id=case.learner_id, institution_id=case.institution_id)
    found = rows.values_list("name", "name_en", "student_number").first() or ("", "", "")
    return {"learner": _names(found[0], found[1]), "student_number": found[2]}


def _rules(scope: Scope, case: Case) -> list[dict[str, Any]]:
    """Name, number and hash of each version that decided, the one that was asked first."""
    wanted = [one for one in (case.rule_version_id, *case.beneath) if one is not None]
    found = {row.id: row for row in scope.rows(RuleVersion).filter(pk__in=wanted).select_related("rule_set")}
    return [
        {
            "name": _names(row.rule_set.name, row.rule_set.name_en),
            "number": row.number,
            "hash": row.content_hash,
        }
        for row in (found[one] for one in dict.fromkeys(wanted) if one in found)
    ]


def _case_again(scope: Scope, letter: Letter) -> Case:
    if letter.case_kind == CaseKind.CLAIM:
        return case_of_claim(scope, scope.rows(Claim).get(learner_id=letter.learner_id, claim_id=letter.case_id))
    rows = scope.rows(ConversionApplication)
    return case_of_application(rows.get(learner_id=letter.learner_id, application_id=letter.case_id))


def _version(scope: Scope, version: UUID | None) -> RuleVersion | None:
    if version is None:
        return None
    return scope.rows(RuleVersion).filter(pk=version).select_related("rule_set").first()  # type: ignore[no-any-return]


def _letters(scope: Scope, learner: UUID, case: UUID) -> Any:
    return scope.rows(Letter).filter(learner_id=learner, case_id=case).order_by("-sequence")


def _names(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en or zh}


def _both(line: Line) -> dict[str, str]:
    return {"zh": wording.say(line, _ZH), "en": wording.say(line, _EN)}


def _said(line: Line) -> dict[str, Any]:
    """A line of an explanation as it reads today, its clause and the reasons underneath."""
    return {
        **_both(line),
        "verdict": line.verdict.value,
        "clause": _names(line.clause.zh, line.clause.en) if line.clause else None,
        "lines": _all_said(line.lines),
    }


def _all_said(lines: Sequence[Line]) -> list[dict[str, Any]]:
    return [_said(line) for line in lines]
