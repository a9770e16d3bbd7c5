"""Appeals and objections: who took part before, who can sit, what waits, and each of them in full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from creditbank.domain.access import Actor, Role
from creditbank.domain.appeals import life, objection
from creditbank.domain.letters import CaseKind
from creditbank.domain.values import Hundredths, Text
from creditbank.queries.rules import in_force
from creditbank.records.appeals import Appeal, Objection, ObjectionSource, PanelMember
from creditbank.records.conversions import ConversionApplication, ConversionEvent
from creditbank.records.people import Account, Enrolment
from creditbank.records.recognition import Claim, ClaimEvent
from creditbank.records.rules import RuleVersion
from creditbank.records.scope import Scope

MOST = 200
"""How many lines a list shows."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the office."""

    person_id: UUID
    name: Text


@dataclass(frozen=True, slots=True)
class Seat:
    """A member of a panel, and the vote where it was cast: hundredths and the reason."""

    person_id: UUID
    name: Text
    stepped_aside: bool
    credit: Hundredths | None
    reason: str
    voted_at: datetime | None


@dataclass(frozen=True, slots=True)
class AppealLine:
    """One appeal; amounts are hundredths, ``granted`` is empty while nothing is decided."""

    learner_id: UUID
    appeal_id: UUID
    letter_id: UUID
    kind: CaseKind
    case_id: UUID
    number: str
    title: Text
    state: life.State
    before: Hundredths
    asked: Hundredths
    granted: Hundredths | None
    grounds: str
    reason: str
    filed_at: datetime
    decided_at: datetime | None
    student_number: str = ""
    name: Text | None = None


@dataclass(frozen=True, slots=True)
class AppealPage:
    """One appeal as the office reads it."""

    line: AppealLine
    seats: tuple[Seat, ...]
    free: tuple[Person, ...]
    """Who can sit on its panel: of the office, and without any part in the decision."""
    size: int
    involved: frozenset[UUID]
    categories: tuple[tuple[str, Text], ...]
    """What a claim can be recognised in, where the appeal is about one."""
    category: str
    asks_grade: bool

    @property
    def empty_seats(self) -> int:
        """How many seats nobody fills, once there is a panel."""
        return self.size - sum(not seat.stepped_aside for seat in self.seats) if self.seats else 0


@dataclass(frozen=True, slots=True)
class ObjectionLine:
    """One objection; who raised it is told to the office alone, and on its own page."""

    learner_id: UUID
    objection_id: UUID
    college_id: UUID | None
    kind: CaseKind
    case_id: UUID
    number: str
    title: Text
    state: objection.State
    said: str
    reply: str
    answer: str
    raised_at: datetime
    replied_at: datetime | None
    answered_at: datetime | None
    student_number: str = ""
    name: Text | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Who raised an objection: somebody with an account, or what the envelope holds."""

    person: Text | None
    sealed: bytes | None


def involved_in(scope: Scope, kind: str, learner: UUID, case: UUID) -> frozenset[UUID]:
    """Everybody but the learner who took part in a case: reviewers, and who raised or answered an objection."""
    people: set[Any] = set()
    if kind == CaseKind.CLAIM:
        people |= set(
            scope.rows(ClaimEvent).filter(learner_id=learner, claim_id=case).values_list("actor_id", flat=True)
        )
    else:
        events = scope.rows(ConversionEvent).filter(learner_id=learner, application_id=case)
        people |= set(events.values_list("actor_id", flat=True))
    raised = list(scope.rows(Objection).filter(learner_id=learner, case_id=case))
    people |= {one.answered_by for one in raised}
    sources = scope.rows(ObjectionSource).filter(objection_id__in=[one.objection_id for one in raised])
    people |= set(sources.values_list("person_id", flat=True))
    earlier = scope.rows(Appeal).filter(learner_id=learner, case_id=case).exclude(state=life.State.HEARD.value)
    seats = scope.rows(PanelMember).filter(appeal_id__in=list(earlier.values_list("appeal_id", flat=True)))
    people |= set(seats.values_list("person_id", flat=True))
    return frozenset(person for person in people if person is not None and person != learner)


_OFFICE = """
SELECT DISTINCT membership.account_id, account.name, account.name_en
FROM membership JOIN account ON account.id = membership.account_id
WHERE membership.institution_id = %(institution)s AND membership.role = ANY(%(roles)s)
  AND (membership.college_id IS NULL OR membership.college_id = %(college)s)
  AND membership.since <= %(on)s AND (membership.until IS NULL OR membership.until >= %(on)s) AND account.is_active
ORDER BY account.name, membership.account_id
"""


def office_of(scope: Scope, college: UUID | None, *, on: date) -> tuple[Person, ...]:
    """Who reviews at the scope's institution, for it all or for the college of a case."""
    values = {
        "institution": scope.institution, "college": college, "on": on,
        "roles": [Role.REVIEWER.value, Role.REGISTRAR.value],
    }  # fmt: skip
    return tuple(Person(person, Text(name, name_en)) for person, name, name_en in scope.fetch(_OFFICE, values))


def appeals_at(scope: Scope, actor: Actor, *, decided: bool = False) -> tuple[AppealLine, ...]:
    """The appeals of the actor's desk, those that wait longest first; with ``decided`` the newest closed ones."""
    rows = scope.rows(Appeal).filter(institution_id=scope.institution)
    rows = rows.filter(college_id=actor.college) if actor.college else rows
    opened = [state.value for state in life.OPEN]
    rows = rows.exclude(state__in=opened).order_by("-decided_at") if decided else rows.filter(state__in=opened)
    found = list((rows if decided else rows.order_by("filed_at"))[:MOST])
    names = _learners(scope, [one.learner_id for one in found])
    return tuple(_appeal(one, names) for one in found)


def appeal_of_letter(scope: Scope, learner: UUID, letter: UUID) -> AppealLine | None:
    """The appeal against the decision that a letter told of first, where there is one."""
    found = scope.rows(Appeal).filter(learner_id=learner, letter_id=letter).first()
    return _appeal(found, {}) if found is not None else None


def appeals_of_case(scope: Scope, learner: UUID, case: UUID) -> tuple[AppealLine, ...]:
    """The appeals about a case, the newest first."""
    rows = scope.rows(Appeal).filter(learner_id=learner, case_id=case).order_by("-filed_at")
    return tuple(_appeal(one, {}) for one in rows)


def appeal_page(scope: Scope, learner: UUID, appeal: UUID, *, size: int, on: date) -> AppealPage | None:
    """One appeal of the scope's institution in full, or nothing."""
    found = scope.rows(Appeal).filter(learner_id=learner, appeal_id=appeal).first()
    if found is None:
        return None
    involved = involved_in(scope, found.case_kind, learner, found.case_id)
    members = list(scope.rows(PanelMember).filter(appeal_id=appeal).order_by("named_at", "person_id"))
    names = _names(scope, [member.person_id for member in members])
    seated = {member.person_id for member in members}
    categories, category, grade = _decided_in(scope, found)
    return AppealPage(
        line=_appeal(found, _learners(scope, [learner])),
        seats=tuple(
            Seat(
                one.person_id, names.get(one.person_id, Text("—")), one.stepped_aside,
                None if one.credit is None else Hundredths(one.credit), one.reason, one.voted_at,
            )
            for one in members
        ),
        free=tuple(
            one
            for one in office_of(scope, found.college_id, on=on)
            if one.person_id not in involved | seated and one.person_id != learner
        ),
        size=found.seats or size,
        involved=involved,
        categories=categories,
        category=category,
        asks_grade=grade,
    )  # fmt: skip


def _decided_in(scope: Scope, appeal: Appeal) -> tuple[tuple[tuple[str, Text], ...], str, bool]:
    """In which categories a claim can be recognised and which one it has; whether an application wants a grade."""
    if appeal.case_kind != CaseKind.CLAIM:
        rows = scope.rows(ConversionApplication)
        stored = rows.get(learner_id=appeal.learner_id, application_id=appeal.case_id)
        return (), "", stored.grade is None and stored.verdict == "manual"
    claim = scope.rows(Claim).get(learner_id=appeal.learner_id, claim_id=appeal.case_id)
    version = scope.rows(RuleVersion).filter(pk=claim.rule_version_id).select_related("rule_set").first()
    choices = in_force(scope, version, claim.composed_of).compiled.rules.categories if version is not None else ()
    return tuple((choice.code, choice.label) for choice in choices), claim.category, False


def objections_at(scope: Scope, actor: Actor, *, answered: bool = False) -> tuple[ObjectionLine, ...]:
    """The objections of the actor's desk, those that wait longest first; with ``answered`` the newest closed ones."""
    rows = scope.rows(Objection).filter(institution_id=scope.institution)
    rows = rows.filter(college_id=actor.college) if actor.college else rows
    opened = objection.State.OPEN.value
    rows = rows.exclude(state=opened).order_by("-answered_at") if answered else rows.filter(state=opened)
    found = list((rows if answered else rows.order_by("raised_at"))[:MOST])
    names = _learners(scope, [one.learner_id for one in found])
    return tuple(_objection(one, names) for one in found)


def objections_of_case(scope: Scope, learner: UUID, case: UUID) -> tuple[ObjectionLine, ...]:
    """What was objected to a case, the newest first."""
    rows = scope.rows(Objection).filter(learner_id=learner, case_id=case).order_by("-raised_at")
    return tuple(_objection(one, {}) for one in rows)


def objection_of(scope: Scope, learner: UUID, identity: UUID) -> ObjectionLine | None:
    """One objection, or nothing for this scope."""
    found = scope.rows(Objection).filter(learner_id=learner, objection_id=identity).first()
    return _objection(found, _learners(scope, [learner])) if found is not None else None


def source_of(scope: Scope, identity: UUID) -> Source | None:
    """Who raised an objection; only an institution's scope reads it."""
    found = scope.rows(ObjectionSource).filter(institution_id=scope.institution, objection_id=identity).first()
    if found is None:
        return None
    person = _names(scope, [found.person_id]).get(found.person_id) if found.person_id else None
    return Source(person, bytes(found.sealed) if found.sealed is not None else None)


def count_open(scope: Scope, actor: Actor) -> int:
    """How many appeals and objections wait at the actor's desk."""
    appeals = scope.rows(Appeal).filter(institution_id=scope.institution, state__in=[one.value for one in life.OPEN])
    raised = scope.rows(Objection).filter(institution_id=scope.institution, state=objection.State.OPEN.value)
    if actor.college:
        appeals, raised = appeals.filter(college_id=actor.college), raised.filter(college_id=actor.college)
    return int(appeals.count()) + int(raised.count())


def _appeal(row: Appeal, names: Mapping[UUID, tuple[str, Text]]) -> AppealLine:
    number, name = names.get(row.learner_id, ("", None))
    return AppealLine(
        row.learner_id, row.appeal_id, row.letter_id, CaseKind(row.case_kind), row.case_id, row.number,
        Text(row.title, row.title_en), life.State(row.state), Hundredths(row.before), Hundredths(row.asked),
        None if row.granted is None else Hundredths(row.granted), row.grounds, row.reason, row.filed_at,
        row.decided_at, number, name,
    )  # fmt: skip


def _objection(row: Objection, names: Mapping[UUID, tuple[str, Text]]) -> ObjectionLine:
    number, name = names.get(row.learner_id, ("", None))
    return ObjectionLine(
        row.learner_id, row.objection_id, row.college_id, CaseKind(row.case_kind), row.case_id, row.number,
        Text(row.title, row.title_en), objection.State(row.state), row.said, row.reply, row.answer, row.raised_at,
        row.replied_at, row.answered_at, number, name,
    )  # fmt: skip


def _learners(scope: Scope, learners: Sequence[UUID]) -> dict[UUID, tuple[str, Text]]:
    rows = scope.rows(Enrolment).filter(institution_id=scope.institution, learner_id__in=list(set(learners)))
    return {row.learner_id: (row.student_number, Text(row.name, row.name_en)) for row in rows}


def _names(scope: Scope, people: Sequence[UUID]) -> dict[UUID, Text]:
    rows = Account.objects.using(scope.using).filter(pk__in=people).values_list("id", "name", "name_en")
    return {person: Text(name, name_en) for person, name, name_en in rows}
