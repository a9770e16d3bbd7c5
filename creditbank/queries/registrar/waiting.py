"""Postings that are in no export batch yet, and lines set to be sent again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

from creditbank.domain.access import Actor
from creditbank.domain.registrar.lines import Facts, LineName, Waiting, grade_scale_of, mark_said
from creditbank.domain.values import Hundredths
from creditbank.records.institutions import Institution, Term
from creditbank.records.scope import Scope

# What a conversion makes is credit given, as what a deposit brings; what it uses, and gives back when it is reversed,
# comes from no issuer and goes to none.
_GIVES = "CASE WHEN p.from_state = 'issued' THEN 'deposit' ELSE p.kind::text END"
# What is shown of a posting, for whichever postings FROM names as p; {original} are three columns.
_SHOWN = """
SELECT p.posting_id, p.learner_id, {gives}, p.amount, p.reverses, {original},
  e.student_number, e.name, e.name_en, coalesce(college.name, ''), coalesce(college.code, ''), e.cohort,
  e.programme_code,
  lot.code, lot.title, lot.title_en, lot.category, lot.outcome_type, lot.level, lot.field, coalesce(lot.grade, ''),
  lot.term, lot.academic_year, lot.earned_on, p.effective_on, (p.recorded_at AT TIME ZONE %(zone)s)::date,
  coalesce(claim.number, application.number, ''), p.reason, reported.mark, coalesce(reported.grade, ''),
  CASE WHEN lot.source_kind = 'conversion' THEN 'exempt' ELSE coalesce(reported.sitting, '') END
FROM {postings}
JOIN lot ON lot.learner_id = p.learner_id AND lot.lot_id = p.lot_id
JOIN enrolment e ON e.learner_id = p.learner_id AND e.institution_id = p.institution_id AND e.student_number <> ''
LEFT JOIN institution college ON college.id = e.college_id
LEFT JOIN claim ON lot.source_kind = 'claim' AND claim.learner_id = lot.learner_id AND claim.claim_id = lot.source_id
LEFT JOIN conversion_application AS application ON lot.source_kind = 'conversion'
  AND application.learner_id = lot.learner_id AND application.application_id = lot.source_id
LEFT JOIN LATERAL (
  SELECT result.mark, result.grade, result.sitting FROM result
  WHERE lot.source_kind = 'result' AND result.learner_id = lot.learner_id
    AND result.institution_id = lot.institution_id AND result.lot_id = lot.lot_id
  ORDER BY result.as_of DESC LIMIT 1
) AS reported ON true
"""
_NOT_OUT = """
p.institution_id = %(institution)s
  AND 'issued' IN (p.from_state, p.to_state)
  AND p.recorded_at < ((%(until)s::date + 1)::timestamp AT TIME ZONE %(zone)s)
  AND NOT lot.source_kind = ANY(%(leave_out)s)
  AND NOT EXISTS (SELECT FROM export_line done WHERE done.institution_id = p.institution_id
    AND done.posting_id = p.posting_id AND done.kind <> 'resend')
"""
_POSTINGS = (
    _SHOWN.format(
        gives=_GIVES,
        original="first.batch_id, batch.number, first.line",
        postings="posting p LEFT JOIN export_line first ON first.institution_id = p.institution_id"
        " AND first.posting_id = p.reverses AND first.kind <> 'resend'"
        " LEFT JOIN export_batch batch ON batch.institution_id = first.institution_id"
        " AND batch.batch_id = first.batch_id",
    )
    + f"WHERE {_NOT_OUT} ORDER BY p.recorded_at, p.posting_id"
)
_ASKED = """
export_resend asked
JOIN export_line first USING (institution_id, batch_id, line)
JOIN export_batch batch USING (institution_id, batch_id)
JOIN posting p ON p.learner_id = first.learner_id AND p.posting_id = first.posting_id
"""
_NOT_AGAIN = """
asked.institution_id = %(institution)s AND NOT EXISTS (SELECT FROM export_line again
  WHERE again.institution_id = asked.institution_id AND again.names_batch = asked.batch_id
    AND again.names_line = asked.line AND again.kind = 'resend')
"""
_RESENDS = (
    _SHOWN.format(gives=_GIVES, original="first.batch_id, batch.number, first.line", postings=_ASKED)
    + f"WHERE {_NOT_AGAIN} ORDER BY first.batch_id, first.line"
)
_COUNTS = f"""
WITH waiting AS (
  SELECT p.posting_id, {_GIVES} AS kind, p.amount, p.reverses, e.student_number FROM posting p
  JOIN lot ON lot.learner_id = p.learner_id AND lot.lot_id = p.lot_id
  LEFT JOIN enrolment e ON e.learner_id = p.learner_id AND e.institution_id = p.institution_id
  WHERE {_NOT_OUT}
)
SELECT count(*) FILTER (WHERE numbered AND kind = 'deposit'),
  coalesce(sum(amount) FILTER (WHERE numbered AND kind = 'deposit'), 0),
  count(*) FILTER (WHERE numbered AND kind = 'reverse'),
  coalesce(sum(amount) FILTER (WHERE numbered AND kind = 'reverse'), 0),
  count(*) FILTER (WHERE numbered AND kind = 'reverse' AND reverses IN (SELECT posting_id FROM waiting)),
  count(*) FILTER (WHERE NOT numbered)
FROM (SELECT *, coalesce(student_number, '') <> '' AS numbered FROM waiting) AS counted
"""  # noqa: S608 - the condition is the constant above
_COUNT_RESENDS = f"SELECT count(*) FROM export_resend asked WHERE {_NOT_AGAIN}"  # noqa: S608 - the constant above
_KINDS_OF_PLACE = """
WITH RECURSIVE above AS (
  SELECT id, parent_id, 0 AS distance FROM institution WHERE id = %(institution)s
  UNION ALL SELECT up.id, up.parent_id, distance + 1 FROM institution up JOIN above ON above.parent_id = up.id
)
SELECT code, name FROM outcome_type JOIN above ON above.id = institution_id ORDER BY distance DESC
"""


@dataclass(frozen=True, slots=True)
class WaitingCounts:
    """What the next batch would hold; amounts are hundredths. ``offsets`` pairs are among deposits and reversals.

    ``unnumbered`` postings wait because their learner has no student number here.
    """

    deposits: int
    deposited: Hundredths
    reversals: int
    reversed: Hundredths
    offsets: int
    resends: int
    unnumbered: int

    @property
    def anything(self) -> bool:
        """Whether a batch made now would have a line."""
        return self.deposits + self.reversals - 2 * self.offsets + self.resends > 0


def waiting_postings(scope: Scope, *, until: date, leave_out: Sequence[str]) -> tuple[Waiting, ...]:
    """The institution's postings recorded up to the end of a day that are in no batch yet, the oldest first."""
    values = _values(scope) | {"until": until, "leave_out": list(leave_out)}
    make = _maker(scope)
    return tuple(make(row) for row in scope.stream(_POSTINGS, values))


def waiting_resends(scope: Scope) -> tuple[Waiting, ...]:
    """The lines a person set to be sent again that have not gone yet."""
    make = _maker(scope)
    return tuple(make(row) for row in scope.fetch(_RESENDS, _values(scope)))


def count_waiting(scope: Scope, actor: Actor, *, until: date, leave_out: Sequence[str]) -> WaitingCounts | None:
    """What waits to go out; nothing for the desk of one college, which sends nothing."""
    if actor.college is not None:
        return None
    values = _values(scope) | {"until": until, "leave_out": list(leave_out)}
    deposits, deposited, reversals, back, offsets, unnumbered = scope.fetch(_COUNTS, values)[0]
    resends = scope.fetch(_COUNT_RESENDS, values)[0][0]
    return WaitingCounts(
        deposits, Hundredths(int(deposited)), reversals, Hundredths(int(back)), offsets, resends, unnumbered
    )


def _values(scope: Scope) -> dict[str, Any]:
    zone = scope.rows(Institution).values_list("zone", flat=True).get(pk=scope.institution)
    return {"institution": scope.institution, "zone": zone}


def _maker(scope: Scope) -> Callable[[tuple[Any, ...]], Waiting]:
    names: dict[str, str] = dict(scope.fetch(_KINDS_OF_PLACE, {"institution": scope.institution}))
    terms = list(
        scope.rows(Term)
        .filter(institution_id=scope.institution)
        .order_by("starts_on")
        .values_list("starts_on", "ends_on", "code", "academic_year__code")
    )

    term_on = lru_cache(maxsize=4096)(lambda day: _term_of(terms, day))

    def make(row: tuple[Any, ...]) -> Waiting:
        posting, learner, kind, amount, reverses, batch, number, line, *shown = row
        (
            student_number, name, name_en, college, college_code, cohort, programme, code, title, title_en, category,
            outcome_type, level, field, grade, term, year, earned_on, recognised_on, recorded_on, document, reason,
            mark, word, sitting,
        ) = shown  # fmt: skip
        if not term:
            # A request names no term: it counts in the one in which it was recognised.
            term, year = term_on(recognised_on) or ("", year)
        facts = Facts(
            student_number=student_number,
            name=name,
            name_en=name_en,
            college=college,
            college_code=college_code,
            cohort=cohort,
            programme=programme,
            course_code=code,
            course_name=title,
            course_name_en=title_en,
            category=category,
            outcome_type=outcome_type,
            outcome_type_name=names.get(outcome_type, outcome_type),
            level=level,
            field=field,
            grade=grade,
            term=term,
            academic_year=year,
            earned_on=earned_on,
            recognised_on=recognised_on,
            recorded_on=recorded_on,
            document_number=document,
            reason=reason,
            mark=mark_said(mark, word),
            grade_scale=grade_scale_of(mark, word),
            sitting=sitting,
        )
        original = LineName(batch, number, line) if batch is not None else None
        return Waiting(posting, learner, kind, amount, reverses, original, facts)

    return make


def _term_of(terms: Sequence[tuple[Any, ...]], day: date) -> tuple[str, str] | None:
    return next(((code, year) for starts, ends, code, year in terms if starts <= day <= ends), None)


def reversed_deposits(scope: Scope, postings: Sequence[tuple[UUID, UUID]]) -> set[UUID]:
    """Which of these postings ``(learner, posting)`` have been reversed."""
    rows = scope.fetch(
        "SELECT reverses FROM posting JOIN unnest(%s::uuid[], %s::uuid[]) AS one (learner_id, posting_id)"
        " ON posting.learner_id = one.learner_id AND posting.reverses = one.posting_id"
        " WHERE posting.institution_id = %s",
        [[learner for learner, _ in postings], [posting for _, posting in postings], scope.institution],
    )
    return {row[0] for row in rows}
