"""Opening lots: judge the lines of a sheet, post what can stand as deposits and conversions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from creditbank.domain.explanation import Refusal, to_data
from creditbank.domain.ledger import Use
from creditbank.domain.opening_lots import (
    RECOGNITION,
    OpeningLine,
    Recognised,
    changed,
    check_learner,
    choose_uses,
    conversion_of,
    deposit_of,
)
from creditbank.domain.results import RefusedRow
from creditbank.domain.values import Text
from creditbank.gateways.clock import new_id
from creditbank.records.opening_lots import OpeningLot
from creditbank.records.results import ImportProblem, ImportRun
from creditbank.records.scope import Scope
from creditbank.services.ledger.convert import post_conversions, sources_of
from creditbank.services.ledger.post import post_deposits
from creditbank.services.operations import note_operation

KIND = "opening_lots"
"""What an import run of opening lots is called."""
REASON = "opening.imported"
REVERTED = "reverted"
"""The state of a run whose postings were taken back as a whole."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The sheet that was read: its name, fingerprints of the file and of what its columns mean, its encoding.

    ``columns`` has the heading and the letters of each column, by the label of what it was taken for.
    """

    name: str
    file_hash: str
    mapping_hash: str
    encoding: str
    columns: Mapping[str, tuple[str, str]]

    def placed(self, row: RefusedRow) -> RefusedRow:
        """A refused row with the cell at fault, as the sheet calls its column."""
        if "cell" in row.facts or row.column not in self.columns:
            return row
        heading, letters = self.columns[row.column]
        return RefusedRow(row.line, heading, row.code, {**row.facts, "cell": f"{letters}{row.line}"})


@dataclass(frozen=True, slots=True)
class OpeningPlan:
    """What a sheet would do: recognitions, conversions with what each uses, lines known already, refused rows."""

    recognitions: tuple[tuple[OpeningLine, UUID], ...]
    """Each with its learner."""
    conversions: tuple[tuple[OpeningLine, UUID, tuple[Use, ...]], ...]
    """Each with its learner, in the order in which they were decided."""
    repeated: int
    refused: tuple[RefusedRow, ...]


@dataclass(frozen=True, slots=True)
class _Judged:
    """Lines of learners the roster knows which no earlier import brought; the refused and the repeated beside them."""

    recognitions: list[tuple[OpeningLine, UUID]]
    conversions: list[tuple[OpeningLine, UUID]]
    repeated: int
    refused: list[RefusedRow]


def plan_opening(
    *, scope: Scope, sheet: Sheet, lines: Sequence[OpeningLine], refused: Sequence[RefusedRow]
) -> OpeningPlan:
    """Say of each line what it would do, and post nothing.

    Args:
        scope: the institution whose sheet it is.
        sheet: where it stands.
        lines: those that could be read.
        refused: those that could not.
    """
    judged = _judge(scope, lines, refused)
    # What is about to be recognised has no lot yet; any id tells them apart.
    lots = [new_id() for _ in judged.recognitions]
    return _plan(scope, sheet, judged, lots)


def import_opening(
    *,
    scope: Scope,
    sheet: Sheet,
    lines: Sequence[OpeningLine],
    refused: Sequence[RefusedRow],
    repeated: int,
    actor: UUID,
    now: Callable[[], datetime],
) -> ImportRun:
    """Post every line that can stand, as one run in the scope's transaction; the others are named with their reason.

    A line that an earlier import brought posts nothing. ``repeated`` counts identical repeats within the sheet.

    Raises:
        ValueError: the scope acts for no institution.
    """
    if scope.institution is None:
        raise ValueError("opening lots belong to an institution")
    at, run = now(), new_id()
    judged = _judge(scope, lines, refused)
    posted = post_deposits(
        scope=scope,
        deposits=[deposit_of(*one) for one in judged.recognitions],
        reason=REASON,
        actor=actor,
        at=at,
        batch=run,
    )
    if isinstance(posted, Refusal):
        raise TypeError(f"a judged line cannot be posted: {to_data(posted.explanation)}")
    plan = _plan(scope, sheet, judged, [one.lot_id for one in posted])
    converted = post_conversions(
        scope=scope,
        conversions=[conversion_of(*one) for one in plan.conversions],
        reason=REASON,
        actor=actor,
        at=at,
        batch=run,
    )
    if isinstance(converted, Refusal):
        raise TypeError(f"a judged line cannot be posted: {to_data(converted.explanation)}")
    made = [
        *((line, learner, lot.lot_id) for (line, learner), lot in zip(plan.recognitions, posted, strict=True)),
        *(
            (line, learner, done.written[0])
            for (line, learner, _uses), done in zip(plan.conversions, converted, strict=True)
        ),
    ]
    # A row can have several faults, and can be a recognition and its conversion.
    refused_rows, stored_rows = len({row.line for row in plan.refused}), len({line.line for line, *_ in made})
    scope.rows(ImportRun).create(
        institution_id=scope.institution,
        run_id=run,
        kind=KIND,
        file_name=sheet.name[:200],
        file_hash=sheet.file_hash,
        mapping_hash=sheet.mapping_hash,
        actor_id=actor,
        encoding=sheet.encoding,
        state="finished",
        started_at=at,
        finished_at=now(),
        rows_total=stored_rows + plan.repeated + repeated + refused_rows,
        rows_done=stored_rows + plan.repeated + repeated + refused_rows,
        rows_stored=stored_rows,
        rows_repeated=plan.repeated + repeated,
        rows_refused=refused_rows,
        lots_posted=len(made),
        hundredths_posted=sum(line.credit for line, _learner, _lot in made),
    )
    _store(scope, run, made, plan.refused)
    note_operation(
        scope=scope, actor=actor, action="opening.import", outcome="finished", at=at, object_kind="import_run",
        object_id=run,
    )  # fmt: skip
    return scope.rows(ImportRun).get(run_id=run)  # type: ignore[no-any-return]


def take_turn(scope: Scope) -> None:
    """Wait until no other transaction posts or takes back opening lots here; none sees half of another's work."""
    scope.take_turn("opening")


def mark_taken_back(scope: Scope, lots: Sequence[tuple[UUID, UUID]]) -> None:
    """Note of lots ``(learner, lot)`` whose postings were reversed that a line may be posted in their place."""
    scope.fetch(
        """
        WITH marked AS (
          UPDATE opening_lot AS mine SET taken_back = 1 + (
            SELECT max(one.taken_back) FROM opening_lot AS one
            WHERE (one.learner_id, one.institution_id, one.document, one.act, one.outcome, one.course)
              = (mine.learner_id, mine.institution_id, mine.document, mine.act, mine.outcome, mine.course))
          FROM unnest(%s::uuid[], %s::uuid[]) AS given (learner_id, lot_id)
          WHERE mine.learner_id = given.learner_id AND mine.lot_id = given.lot_id AND mine.taken_back = 0
            AND mine.institution_id = %s
          RETURNING 1
        ) SELECT count(*) FROM marked
        """,
        [[learner for learner, _lot in lots], [lot for _learner, lot in lots], scope.institution],
    )


_Place = tuple[UUID, str, str, str, str]
"""What tells lines apart: the learner, document, kind of decision, outcome and course."""


@dataclass(frozen=True, slots=True)
class _Before:
    """What earlier imports brought of learners: what stands, what was reversed, and how often."""

    standing: Mapping[_Place, tuple[str, int]]
    """What a line said, by its hash, and which line of its sheet it was."""
    alone: Mapping[_Place, str]
    """What lines said that were reversed one by one: their sheet does not bring them back, a corrected line does."""
    again: Mapping[_Place, int]


def _brought_before(scope: Scope, learners: Sequence[UUID]) -> _Before:
    rows = list(scope.rows(OpeningLot).filter(learner_id__in=learners).order_by("taken_back"))
    gone = {lot.run_id for lot in rows if lot.taken_back}
    reverted = set(scope.rows(ImportRun).filter(run_id__in=gone, state=REVERTED).values_list("run_id", flat=True))
    standing: dict[_Place, tuple[str, int]] = {}
    alone: dict[_Place, str] = {}
    again: dict[_Place, int] = {}
    for lot in rows:
        place = (lot.learner_id, lot.document, lot.act, lot.outcome, lot.course)
        if not lot.taken_back:
            standing[place] = (lot.content_hash, lot.line)
            continue
        again[place] = lot.taken_back
        # The one that was taken back last counts.
        alone.pop(place, None)
        if lot.run_id not in reverted:
            alone[place] = lot.content_hash
    return _Before(standing, alone, again)


def _judge(scope: Scope, lines: Sequence[OpeningLine], refused: Sequence[RefusedRow]) -> _Judged:
    take_turn(scope)
    known = _learners(scope, {line.number for line in lines})
    before = _brought_before(scope, [learner for learner, _name in known.values()])
    judged = _Judged([], [], 0, list(refused))
    repeated = 0
    for line in lines:
        found = known.get(line.number)
        fault = check_learner(line, found)
        if fault is not None or found is None:
            judged.refused.extend([fault] if fault else [])
            continue
        learner = found[0]
        place = (learner, line.document, line.act, line.outcome, line.course)
        said, at = before.standing.get(place, (before.alone.get(place), 0))
        if said == line.content_hash:
            repeated += 1
        elif place in before.standing:
            judged.refused.append(changed(line, at))
        else:
            fresh = replace(line, again=before.again.get(place, 0))
            (judged.recognitions if line.act == RECOGNITION else judged.conversions).append((fresh, learner))
    # An old sheet often says in one row that an outcome was recognised and at once converted.
    there = {(learner, one.document, one.outcome) for one, learner in judged.recognitions}
    there |= {
        (learner, document, outcome)
        for learner, document, act, outcome, _course in before.standing
        if act == RECOGNITION
    }
    for line, learner in judged.conversions:
        own = line.recognition()
        if own is not None and (learner, own.document, own.outcome) not in there:
            there.add((learner, own.document, own.outcome))
            place = (learner, own.document, own.act, own.outcome, own.course)
            judged.recognitions.append((replace(own, again=before.again.get(place, 0)), learner))
    return replace(judged, repeated=repeated)


def _plan(scope: Scope, sheet: Sheet, judged: _Judged, lots: Sequence[UUID]) -> OpeningPlan:
    """The plan, once what is recognised has lots."""
    having = _recognised_before(scope, {learner for _line, learner in judged.conversions})
    for (line, learner), lot in zip(judged.recognitions, lots, strict=True):
        having[learner].append(Recognised(lot, line.document, line.outcome, line.decided_on, line.credit))
    refused = list(judged.refused)
    conversions: list[tuple[OpeningLine, UUID, tuple[Use, ...]]] = []
    for line, learner in sorted(judged.conversions, key=lambda one: (one[0].decided_on, one[0].line)):
        mine = sorted(having[learner], key=lambda one: (one.counts_from, one.lot_id))
        uses = choose_uses(line, mine)
        if isinstance(uses, RefusedRow):
            refused.append(uses)
            continue
        conversions.append((line, learner, uses))
        taken = {use.lot_id: use.amount for use in uses}
        having[learner] = [replace(one, left=one.left - taken.get(one.lot_id, 0)) for one in mine]
    placed = sorted(map(sheet.placed, refused), key=lambda row: row.line)
    return OpeningPlan(tuple(judged.recognitions), tuple(conversions), judged.repeated, tuple(placed))


def _recognised_before(scope: Scope, learners: set[UUID]) -> dict[UUID, list[Recognised]]:
    """What earlier imports recognised, with what is left of it, locked until this transaction ends."""
    rows = list(scope.rows(OpeningLot).filter(learner_id__in=learners, act=RECOGNITION, taken_back=0))
    sources = sources_of(scope, [(row.learner_id, row.lot_id) for row in rows])
    having: dict[UUID, list[Recognised]] = defaultdict(list)
    for row in rows:
        source = sources[row.learner_id, row.lot_id]
        having[row.learner_id].append(
            Recognised(row.lot_id, row.document, row.outcome, source.counts_from, source.available)
        )
    return having


def _learners(scope: Scope, numbers: set[str]) -> dict[str, tuple[UUID, str]]:
    rows = scope.fetch(
        """
        SELECT learner_number.student_number, learner_number.learner_id, coalesce(enrolment.name, '')
        FROM learner_number LEFT JOIN enrolment ON enrolment.learner_id = learner_number.learner_id
          AND enrolment.institution_id = learner_number.institution_id
        WHERE learner_number.institution_id = %s AND learner_number.student_number = ANY(%s)
        """,
        [scope.institution, list(numbers)],
    )
    return {number: (learner, name) for number, learner, name in rows}


def _store(
    scope: Scope, run: UUID, made: Sequence[tuple[OpeningLine, UUID, UUID]], refused: Sequence[RefusedRow]
) -> None:
    scope.rows(OpeningLot).bulk_create(
        [
            OpeningLot(
                learner_id=learner,
                lot_id=lot,
                institution_id=scope.institution,
                document=line.document,
                act=line.act,
                outcome=line.outcome,
                course=line.course,
                decided_on=line.decided_on,
                content_hash=line.content_hash,
                run_id=run,
                line=line.line,
            )
            for line, learner, lot in made
        ],
        batch_size=1000,
    )
    scope.rows(ImportProblem).bulk_create(
        [
            ImportProblem(
                institution_id=scope.institution,
                run_id=run,
                sequence=sequence,
                line=row.line,
                column=row.column,
                code=row.code,
                facts=_plain(row),
            )
            for sequence, row in enumerate(refused, 1)
        ],
        batch_size=1000,
    )


def _plain(row: RefusedRow) -> dict[str, Any]:
    return {name: value.zh if isinstance(value, Text) else value for name, value in row.facts.items()}
