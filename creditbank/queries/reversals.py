"""What taking an import's postings back would do: each lot, each learner, and what stands in the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from creditbank.domain.canonical import content_hash
from creditbank.domain.values import Hundredths, Text
from creditbank.records.people import Account
from creditbank.records.reversals import ReversalRequest
from creditbank.records.scope import Scope

ASKED = "asked"

# The lots of a run through its lines, which have an index; postings by their learner, the beginning of their key.
_LOTS = """
SELECT brought.line, brought.learner_id, brought.lot_id, brought.document, lot.title, lot.title_en, lot.amount,
  given.posting_id, given.conversion_id, given.effective_on, mirror.effective_on,
  coalesce(enrolment.student_number, ''), coalesce(enrolment.name, '')
FROM opening_lot AS brought
JOIN lot ON lot.learner_id = brought.learner_id AND lot.lot_id = brought.lot_id
JOIN posting AS given ON given.learner_id = lot.learner_id AND given.lot_id = lot.lot_id AND given.from_state = 'issued'
LEFT JOIN posting AS mirror ON mirror.learner_id = given.learner_id AND mirror.reverses = given.posting_id
LEFT JOIN enrolment ON enrolment.learner_id = brought.learner_id AND enrolment.institution_id = brought.institution_id
WHERE brought.institution_id = %(institution)s AND brought.run_id = %(run)s
ORDER BY brought.line, given.posting_id
"""
# What used credit of these lots and stands; for a conversion, what it made, and the file that brought it.
_USES = """
SELECT used.learner_id, used.lot_id, used.conversion_id, used.posting_id, used.amount, used.effective_on,
  coalesce((SELECT string_agg(lot.title, '、' ORDER BY made.posting_id) FROM posting AS made
    JOIN lot ON lot.learner_id = made.learner_id AND lot.lot_id = made.lot_id
    WHERE made.learner_id = used.learner_id AND made.conversion_id = used.conversion_id
      AND made.from_state = 'issued'), ''),
  coalesce(import_run.file_name, '')
FROM opening_lot AS brought
JOIN posting AS used ON used.learner_id = brought.learner_id AND used.lot_id = brought.lot_id
  AND used.from_state = 'available' AND used.kind <> 'reverse'
LEFT JOIN import_run ON import_run.institution_id = brought.institution_id AND import_run.run_id = used.batch_id
WHERE brought.institution_id = %(institution)s AND brought.run_id = %(run)s AND NOT EXISTS (
  SELECT FROM posting AS mirror WHERE mirror.learner_id = used.learner_id AND mirror.reverses = used.posting_id)
ORDER BY used.effective_on, used.posting_id
"""
_GIVEN_BACK = """
SELECT learner_id, sum(amount) FROM posting
WHERE learner_id = ANY(%(learners)s) AND conversion_id = ANY(%(conversions)s) AND from_state = 'available'
GROUP BY learner_id
"""
_AVAILABLE = """
SELECT learner_id, sum(amount) FROM balance
WHERE learner_id = ANY(%(learners)s) AND institution_id = %(institution)s AND state = 'available' GROUP BY learner_id
"""


@dataclass(frozen=True, slots=True)
class Use:
    """A posting outside the run that used credit the run gave, in hundredths; ``into`` is what a conversion made."""

    conversion_id: UUID | None
    amount: Hundredths
    on: date
    into: str
    file_name: str
    """Of the import that brought it, where one did."""


@dataclass(frozen=True, slots=True)
class RunLot:
    """One lot of a run: its line, whose it is, and either the day it was reversed before or who used it since."""

    line: int
    learner_id: UUID
    lot_id: UUID
    number: str
    name: str
    title: Text
    document: str
    amount: Hundredths
    posting_id: UUID
    conversion_id: UUID | None
    counts_from: date
    reversed_on: date | None
    uses: tuple[Use, ...]


@dataclass(frozen=True, slots=True)
class LearnerEffect:
    """What taking the run back does to one learner, in hundredths; ``given_back`` is what its conversions had used."""

    learner_id: UUID
    number: str
    name: str
    lots: int
    taken: Hundredths
    given_back: Hundredths
    available: Hundredths
    """What the learner can use of this institution's credit now."""

    @property
    def then(self) -> Hundredths:
        """What can be used afterwards."""
        return Hundredths(self.available - self.taken + self.given_back)


@dataclass(frozen=True, slots=True)
class RunPreview:
    """Everything that taking a run back would reverse, and what stands in the way."""

    lots: tuple[RunLot, ...]
    learners: tuple[LearnerEffect, ...]

    @property
    def standing(self) -> tuple[RunLot, ...]:
        """The lots that have not been reversed one by one before."""
        return tuple(lot for lot in self.lots if lot.reversed_on is None)

    @property
    def in_the_way(self) -> tuple[RunLot, ...]:
        """The lots whose credit something else used."""
        return tuple(lot for lot in self.standing if lot.uses)

    @property
    def digest(self) -> str:
        """Equal as long as the same lots would be reversed and the same uses stand in the way."""
        return content_hash([[str(lot.lot_id), len(lot.uses)] for lot in self.standing])[:32]


@dataclass(frozen=True, slots=True)
class Asked:
    """An open request to take a run back."""

    request_id: UUID
    reason: str
    asked_by: UUID
    asker: Text
    asked_at: datetime


def preview_run(scope: Scope, run_id: UUID) -> RunPreview:
    """What taking back a run of opening lots would do now, line by line and learner by learner."""
    values = {"institution": scope.institution, "run": run_id}
    rows = scope.fetch(_LOTS, values)
    own = {conversion for *_rest, conversion, _on, reversed_on, _number, _name in rows
           if conversion is not None and reversed_on is None}  # fmt: skip
    uses: dict[tuple[UUID, UUID], list[Use]] = {}
    for learner, lot, conversion, _posting, amount, on, into, file_name in scope.fetch(_USES, values):
        # What the run itself used is undone with it.
        if conversion not in own:
            found = uses.setdefault((learner, lot), [])
            found.append(Use(conversion, Hundredths(amount), on, into, file_name))
    lots = tuple(
        RunLot(
            line=line, learner_id=learner, lot_id=lot, number=number, name=name, title=Text(title, title_en),
            document=document, amount=Hundredths(amount), posting_id=posting, conversion_id=conversion, counts_from=on,
            reversed_on=reversed_on, uses=tuple(uses.get((learner, lot), ())),
        )
        for line, learner, lot, document, title, title_en, amount, posting, conversion, on, reversed_on, number, name
        in rows
    )  # fmt: skip
    return RunPreview(lots, _learners(scope, [lot for lot in lots if lot.reversed_on is None], own))


def open_request(scope: Scope, run_id: UUID) -> Asked | None:
    """The request to take a run back that waits for a second person."""
    row = scope.rows(ReversalRequest).filter(institution_id=scope.institution, run_id=run_id, state=ASKED).first()
    if row is None:
        return None
    return Asked(row.request_id, row.reason, row.asked_by, name_of(scope, row.asked_by), row.asked_at)


def name_of(scope: Scope, person: UUID) -> Text:
    """What somebody is called; empty where it is no person who acted."""
    names = Account.objects.using(scope.using).filter(pk=person).values_list("name", "name_en").first()
    return Text(*names) if names else Text("")


def _learners(scope: Scope, standing: Sequence[RunLot], own: set[UUID]) -> tuple[LearnerEffect, ...]:
    mine: dict[UUID, list[RunLot]] = {}
    for lot in standing:
        mine.setdefault(lot.learner_id, []).append(lot)
    values = {"learners": list(mine), "conversions": list(own), "institution": scope.institution}
    back: Mapping[UUID, Any] = dict(scope.fetch(_GIVEN_BACK, values))
    available: Mapping[UUID, Any] = dict(scope.fetch(_AVAILABLE, values))
    effects = [
        LearnerEffect(
            learner_id=learner,
            number=lots[0].number,
            name=lots[0].name,
            lots=len(lots),
            taken=Hundredths(sum(lot.amount for lot in lots)),
            given_back=Hundredths(int(back.get(learner, 0))),
            available=Hundredths(int(available.get(learner, 0))),
        )
        for learner, lots in mine.items()
    ]
    return tuple(sorted(effects, key=lambda one: one.number))
