"""A course brings its credit once: which of several passes has it, whatever order they arrive in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import connections

from creditbank.domain.results import EARNS_ONCE, CourseResult, Pass
from creditbank.domain.values import Hundredths
from creditbank.gateways.postgres import run
from creditbank.records.results import ImportRun
from creditbank.records.scope import Scope
from creditbank.services.results.corrections import Credit, reverse_each
from creditbank.services.results.deciding import Deciding, Decision
from creditbank.services.results.statements import GIVE_LOTS, SITTINGS_OF

Group = tuple[UUID, str]
"""A learner and a course."""


@dataclass(frozen=True, slots=True)
class Again:
    """A stored result that gets the credit another pass of its course had, or would have had."""

    learner_id: UUID
    as_of: date
    result: CourseResult
    decision: Decision


@dataclass(slots=True)
class Settled:
    """What becomes of the passes of a batch.

    ``silent`` are places of new facts that bring no credit, because another pass has it; ``lost`` those whose earlier
    fact had lost its credit to another pass; ``again`` are stored results that get the credit.
    """

    silent: set[tuple[int, str]] = field(default_factory=set)
    lost: set[tuple[int, str]] = field(default_factory=set)
    again: list[Again] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A pass of a course: a new fact, or a stored one with the day of its sheet; its credit where it stands."""

    result: CourseResult
    decision: Decision
    as_of: date | None
    credit: Credit | None
    lost: bool = False

    def as_pass(self) -> Pass:
        granted = Hundredths(self.decision.granted.credit)
        return Pass(self.result.presentation, self.result.sitting, self.result.earned_on, granted)


def settle_repeats(
    scope: Scope,
    import_run: ImportRun,
    deciding: Deciding,
    counting: Sequence[tuple[CourseResult, Decision]],
    *,
    learners: Mapping[str, UUID],
    known: set[str],
    at: datetime,
    on: date,
) -> Settled:
    """Let one pass of each course have its credit: the one that brings most, of equal ones the first.

    Credit that another pass has is taken back; where it is in use it stays, and the better pass brings none.

    Args:
        scope: acts for the institution, inside the batch's transaction.
        import_run: the run at work.
        deciding: what the rules said so far.
        counting: the new facts that count from now on, corrections done.
        learners: by student number.
        known: student numbers of learners who may have stored results.
        at: the moment.
        on: from when reversals count, where the deposit does not count from a later day.
    """
    groups: dict[Group, list[tuple[CourseResult, Decision]]] = defaultdict(list)
    for result, decision in counting:
        groups[learners[result.learner_number], result.course].append((result, decision))
    asked = [group for group, items in groups.items() if items[0][0].learner_number in known]
    stored = _stored(scope, deciding, asked, {group: items[0][0] for group, items in groups.items()})
    settled = Settled()
    for group, items in groups.items():
        held = {(one.result.presentation, one.result.sitting): one for one in stored.get(group, ())}
        candidates = []
        for result, decision in items:
            # The new fact stands in the place of the one before it, and has its credit if that was left alone.
            before = held.pop((result.presentation, result.sitting), None)
            if before is not None and before.lost:
                settled.lost.add(result.place)
            if decision.earns and result.repeat == EARNS_ONCE:
                candidates.append(_Candidate(result, decision, None, before.credit if before else None))
        candidates += [one for one in held.values() if one.decision.earns and one.result.repeat == EARNS_ONCE]
        if len(candidates) > (0 if held else 1):
            _settle(scope, import_run, group, candidates, settled, at, on)
    return settled


def give_lots(scope: Scope, again: Sequence[Again], lots: Sequence[UUID]) -> None:
    """Note which lots stored results have now, in their order."""
    if not again:
        return
    values = {
        "institution_id": scope.institution,
        "learner_id": [one.learner_id for one in again],
        "course": [one.result.course for one in again],
        "presentation": [one.result.presentation for one in again],
        "sitting": [one.result.sitting for one in again],
        "as_of": [one.as_of for one in again],
        "lot_id": list(lots),
    }
    run(connections[scope.using], GIVE_LOTS, values)


def _settle(
    scope: Scope,
    import_run: ImportRun,
    group: Group,
    candidates: list[_Candidate],
    settled: Settled,
    at: datetime,
    on: date,
) -> None:
    best = min(candidates, key=lambda one: one.as_pass().rank())
    losing = [one for one in candidates if one is not best]
    settled.silent |= {one.result.place for one in losing if one.as_of is None}
    having = [(group[0], one.credit) for one in losing if one.credit is not None]
    stays = reverse_each(scope, import_run, having, "results.repeated", at, on)
    if best.credit is not None:
        return
    if stays:
        # Credit in use cannot move; the course has brought its credit all the same.
        if best.as_of is None:
            settled.silent.add(best.result.place)
    elif best.as_of is not None:
        settled.again.append(Again(group[0], best.as_of, best.result, best.decision))


def _stored(
    scope: Scope, deciding: Deciding, groups: Sequence[Group], examples: Mapping[Group, CourseResult]
) -> dict[Group, list[_Candidate]]:
    """The facts that count of every sitting of some courses."""
    found: dict[Group, list[_Candidate]] = defaultdict(list)
    if not groups:
        return found
    values = {
        "institution_id": scope.institution,
        "learner_id": [learner for learner, _course in groups],
        "course": [course for _learner, course in groups],
    }
    for place, as_of, version, beneath, explanation, lot, posting, counts_from, reversed_for, *said in run(
        connections[scope.using], SITTINGS_OF, values
    ):
        group = groups[place - 1]
        result = _result(examples[group], said)
        decision = deciding.decide_again(scope, result, version, explanation, beneath) if version else None
        # What somebody took back for another reason than a repeat is not given again by this.
        if decision is None or (lot is not None and reversed_for not in (None, "results.repeated")):
            continue
        credit = Credit(lot, posting, counts_from) if lot is not None and reversed_for is None else None
        found[group].append(_Candidate(result, decision, as_of, credit, lost=lot is not None and credit is None))
    return found


def _result(example: CourseResult, said: Sequence[object]) -> CourseResult:
    """A stored result, under the name its course has in the sheet at hand."""
    presentation, sitting, term, starts_on, earned_on, outcome, mark, grade, credit, level, subject, repeat = said
    return CourseResult(
        line=example.line,
        learner_number=example.learner_number,
        course=example.course,
        course_name=example.course_name,
        presentation=str(presentation),
        term=str(term),
        starts_on=starts_on,  # type: ignore[arg-type]
        earned_on=earned_on,  # type: ignore[arg-type]
        outcome=str(outcome),
        mark=None if mark is None else Decimal(str(mark)),
        credit=Hundredths(int(str(credit))),
        level=None if level is None else int(str(level)),
        field=str(subject),
        rule_set="",
        sitting=str(sitting),
        grade=str(grade),
        repeat=str(repeat),
    )
