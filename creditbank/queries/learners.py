"""Learners as one institution knows them: the list, and one learner's record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from creditbank.domain.access import Actor
from creditbank.domain.values import Hundredths, Text
from creditbank.records.people import Account
from creditbank.records.results import Result
from creditbank.records.scope import Scope

MOST_LINES = 200
"""So many lines of each kind a record shows at most; the newest ones."""

_ORDER: Mapping[str, str] = {
    "name": "coalesce(nullif(enrolment.name_sort, ''), nullif(enrolment.name, ''), enrolment.student_number)",
    "number": "enrolment.student_number",
    "cohort": "enrolment.cohort",
}


@dataclass(frozen=True, slots=True)
class LearnerLine:
    """A learner in the list; ``available`` is what this institution awarded and can still be used."""

    learner_id: UUID
    student_number: str
    name: Text
    cohort: int | None
    college: Text
    available: Hundredths


@dataclass(frozen=True, slots=True)
class LearnerPage:
    """One page of learners, and how many the question found."""

    learners: tuple[LearnerLine, ...]
    total: int


@dataclass(frozen=True, slots=True)
class LotLine:
    """Credit that this institution awarded, and where it stands now."""

    lot_id: UUID
    title: Text
    category: str
    amount: Hundredths
    earned_on: date
    expires_on: date | None
    states: tuple[tuple[str, Hundredths], ...]
    claim_id: UUID | None


@dataclass(frozen=True, slots=True)
class PostingLine:
    """One posting of the ledger; the amount is signed as the learner's available credit moved."""

    posting_id: UUID
    kind: str
    title: Text
    amount: Hundredths
    effective_on: date
    recorded_at: datetime
    reason: str
    actor: Text
    conversion_id: UUID | None
    """Of a conversion's side, and of its mirror."""


@dataclass(frozen=True, slots=True)
class ResultLine:
    """A course result as the school reported it."""

    course: str
    presentation: str
    outcome: str
    mark: Decimal | None
    credit: Hundredths
    earned_on: date


@dataclass(frozen=True, slots=True)
class Record:
    """What this institution has on a learner."""

    totals: Mapping[str, Hundredths]
    """Hundredths by the state of the credit; only states that hold any."""
    lots: tuple[LotLine, ...]
    postings: tuple[PostingLine, ...]
    results: tuple[ResultLine, ...]


def list_learners(
    scope: Scope,
    actor: Actor,
    *,
    search: str = "",
    sort: str = "number",
    descending: bool = False,
    offset: int = 0,
    limit: int = 20,
) -> LearnerPage:
    """A page of the learners enrolled at the scope's institution, or in the actor's college of it.

    Args:
        scope: acts for the institution.
        actor: whose desk it is.
        search: part of a student number or a name.
        sort: name, number or cohort.
        descending: the other way round.
        offset: how many learners come before the page.
        limit: how many it holds at most.
    """
    values: dict[str, Any] = {"institution": scope.institution, "college": actor.college}
    where = "enrolment.institution_id = %(institution)s AND (%(college)s::uuid IS NULL OR college_id = %(college)s)"
    if search:
        where += (
            " AND (enrolment.student_number ILIKE %(like)s OR enrolment.name ILIKE %(like)s"
            " OR enrolment.name_en ILIKE %(like)s)"
        )
        escaped = search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        values["like"] = f"%{escaped}%"
    total = int(scope.fetch(f"SELECT count(*) FROM enrolment WHERE {where}", values)[0][0])  # noqa: S608 - fixed
    way = "DESC" if descending else "ASC"
    values |= {"offset": min(offset, max(0, (total - 1) // limit * limit)), "limit": limit}
    rows = scope.fetch(
        f"""
        WITH page AS (
          SELECT learner_id, student_number, name, name_en, cohort, college_id,
            row_number() OVER (ORDER BY {_ORDER.get(sort, _ORDER["number"])} {way}, student_number) AS place
          FROM enrolment WHERE {where} ORDER BY place OFFSET %(offset)s LIMIT %(limit)s)
        SELECT page.learner_id, student_number, page.name, page.name_en, cohort, coalesce(place_of.name, ''),
          coalesce(place_of.name_en, ''),
          (SELECT coalesce(sum(amount), 0) FROM balance WHERE balance.learner_id = page.learner_id
             AND balance.institution_id = %(institution)s AND balance.state = 'available')
        FROM page LEFT JOIN institution AS place_of ON place_of.id = page.college_id ORDER BY page.place
        """,  # noqa: S608 - fixed fragments only
        values,
    )
    lines = tuple(
        LearnerLine(learner, number, Text(name, name_en), cohort, Text(college, college_en), Hundredths(int(held)))
        for learner, number, name, name_en, cohort, college, college_en, held in rows
    )
    return LearnerPage(lines, total)


def read_record(scope: Scope, learner: UUID) -> Record:
    """The record of a learner that ``services.access.open_record`` has opened: only what this institution awarded."""
    values = {"learner": learner, "institution": scope.institution, "most": MOST_LINES}
    held: dict[UUID, list[tuple[str, Hundredths]]] = {}
    totals: dict[str, Hundredths] = {}
    for lot, state, amount in scope.fetch(_BALANCES, values):
        held.setdefault(lot, []).append((state, Hundredths(amount)))
        totals[state] = Hundredths(totals.get(state, 0) + amount)
    lots = tuple(
        LotLine(
            lot_id=row[0],
            title=Text(row[1], row[2]),
            category=row[3],
            amount=Hundredths(row[4]),
            earned_on=row[5],
            expires_on=row[6],
            states=tuple(held.get(row[0], ())),
            claim_id=row[8] if row[7] == "claim" else None,
        )
        for row in scope.fetch(_LOTS, values)
    )
    found = scope.fetch(_POSTINGS, values)
    people = Account.objects.using(scope.using).filter(pk__in={row[8] for row in found})
    names = {person: Text(name, name_en) for person, name, name_en in people.values_list("id", "name", "name_en")}
    postings = tuple(
        PostingLine(row[0], row[1], Text(row[2], row[3]), Hundredths(row[4]), row[5], row[6], row[7],
                    names.get(row[8], Text("")), row[9])
        for row in found
    )  # fmt: skip
    # Of the facts about one sitting the latest day counts.
    newest = {
        (row.course, row.presentation, row.sitting): row
        for row in scope.rows(Result).filter(learner_id=learner, institution_id=scope.institution).order_by("as_of")
    }
    rows = sorted(newest.values(), key=lambda row: (-row.earned_on.toordinal(), row.course))
    results = tuple(
        ResultLine(row.course, row.presentation, row.outcome, row.mark, Hundredths(row.credit), row.earned_on)
        for row in rows[:MOST_LINES]
    )
    return Record(totals, lots, postings, results)


_BALANCES = """
SELECT lot_id, state::text, amount FROM balance
WHERE learner_id = %(learner)s AND institution_id = %(institution)s AND amount > 0 ORDER BY lot_id, state
"""

_LOTS = """
SELECT lot_id, title, title_en, category, amount, earned_on, expires_on, source_kind, source_id FROM lot
WHERE learner_id = %(learner)s AND institution_id = %(institution)s ORDER BY earned_on DESC, lot_id DESC LIMIT %(most)s
"""

_POSTINGS = """
SELECT posting.posting_id, posting.kind::text, lot.title, lot.title_en, coalesce((
    SELECT sum(amount) FROM entry WHERE entry.learner_id = posting.learner_id
      AND entry.posting_id = posting.posting_id AND entry.state = 'available'), 0),
  posting.effective_on, posting.recorded_at, posting.reason, posting.actor_id,
  coalesce(posting.conversion_id, original.conversion_id)
FROM posting JOIN lot ON lot.learner_id = posting.learner_id AND lot.lot_id = posting.lot_id
LEFT JOIN posting AS original ON original.learner_id = posting.learner_id AND original.posting_id = posting.reverses
WHERE posting.learner_id = %(learner)s AND posting.institution_id = %(institution)s
ORDER BY posting.posting_id DESC LIMIT %(most)s
"""
