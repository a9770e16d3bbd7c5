"""The passbook: what a learner has, the lines that led there, and each line in full."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from creditbank.domain.ledger import State
from creditbank.domain.opening_lots import OUTCOME
from creditbank.domain.values import Hundredths, Text
from creditbank.records.scope import Scope


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures on the cover, in hundredths; ``in_review`` is what open claims propose.

    What a conversion made was recognised before as something else: it counts among what is available alone.
    """

    available: Hundredths
    recognised: Hundredths
    converted: Hundredths
    held: Hundredths
    in_review: Hundredths
    has_lines: bool
    waits: bool
    """Whether something was posted that the derived tables have not taken in yet."""


@dataclass(frozen=True, slots=True)
class PassbookLine:
    """One posting as the passbook shows it; ``amount`` is signed, in hundredths of credit that can be used."""

    posting_id: UUID
    kind: str
    on: date
    title: Text
    institution: Text
    amount: int
    reverses: UUID | None
    reverses_on: date | None
    reversed_by: UUID | None


@dataclass(frozen=True, slots=True)
class EntryLeg:
    """One side of a posting: hundredths moved on one state of the lot, and what stands there afterwards."""

    state: State
    amount: int
    balance_after: int | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One posting in full, with the lot it concerns and its place in the log."""

    line: PassbookLine
    legs: tuple[EntryLeg, ...]
    recorded_at: datetime
    reason: str
    lot_id: UUID
    outcome_type: Text
    category: str
    level: int | None
    unit: str
    earned_on: date
    expires_on: date | None
    academic_year: str
    term: str
    rule: RuleReference | None
    claim_id: UUID | None
    claim_number: str
    document: str
    """The number of the paper behind an opening lot."""
    together: tuple[PassbookLine, ...]
    """The other lines of a conversion, what it used and made, or those of its reversal."""
    log_index: int | None
    provable: bool
    """Whether its salt is still kept; without it nobody can prove the entry any more."""


@dataclass(frozen=True, slots=True)
class RuleReference:
    """The row of the rule version that a deposit rests on."""

    name: Text
    number: int
    effective_from: date
    content_hash: str
    row: str


@dataclass(frozen=True, slots=True)
class Holder:
    """A learner as the institutions know them: where enrolled, under which number, in which year."""

    institution: Text
    institution_id: UUID
    college: Text | None
    student_number: str
    cohort: int | None
    programme_code: str
    zone: str


# Beside the database's own row policies: either of the two holds without the other.
_VISIBLE = "(learner_id = %(person)s OR institution_id = %(institution)s)"
_VISIBLE_POSTING = "(posting.learner_id = %(person)s OR posting.institution_id = %(institution)s)"

_FIGURES = f"""
SELECT
  (SELECT coalesce(sum(amount), 0) FROM balance WHERE learner_id = %(learner)s AND state = 'available' AND {_VISIBLE}),
  (SELECT coalesce(sum(amount), 0) FROM balance WHERE learner_id = %(learner)s
    AND state NOT IN ('revoked', 'pending') AND {_VISIBLE})
    - (SELECT coalesce(sum(amount), 0) FROM posting WHERE learner_id = %(learner)s AND kind = 'convert'
      AND from_state = 'issued' AND {_VISIBLE} AND NOT EXISTS (SELECT FROM posting AS mirror
        WHERE mirror.learner_id = posting.learner_id AND mirror.reverses = posting.posting_id)),
  (SELECT coalesce(sum(amount), 0) FROM balance WHERE learner_id = %(learner)s AND state = 'converted' AND {_VISIBLE}),
  (SELECT coalesce(sum(amount), 0) FROM balance WHERE learner_id = %(learner)s AND state = 'held' AND {_VISIBLE}),
  (SELECT coalesce(sum(credit), 0) FROM claim WHERE learner_id = %(learner)s AND {_VISIBLE}
    AND state IN ('submitted', 'under_review', 'supplement_requested', 'scheduled', 'recognised',
      'objected', 'appealed')),
  EXISTS (SELECT FROM posting WHERE learner_id = %(learner)s AND {_VISIBLE}),
  EXISTS (SELECT FROM dirty WHERE learner_id = %(learner)s AND {_VISIBLE})
"""  # noqa: S608 - the pieces are the constants above

_LINES = f"""
SELECT posting.posting_id, posting.kind::text, posting.effective_on, lot.title, lot.title_en,
  institution.name, institution.name_en, coalesce(moved.amount, 0), posting.reverses, original.effective_on,
  mirror.posting_id
FROM posting
JOIN lot ON lot.learner_id = posting.learner_id AND lot.lot_id = posting.lot_id
JOIN institution ON institution.id = posting.institution_id
LEFT JOIN LATERAL (
  SELECT sum(entry.amount)::int AS amount FROM entry
  WHERE entry.learner_id = posting.learner_id AND entry.posting_id = posting.posting_id
    AND entry.state = 'available'
) AS moved ON true
LEFT JOIN posting AS original ON original.learner_id = posting.learner_id
  AND original.posting_id = posting.reverses
LEFT JOIN posting AS mirror ON mirror.learner_id = posting.learner_id AND mirror.reverses = posting.posting_id
WHERE posting.learner_id = %(learner)s AND {_VISIBLE_POSTING} {{narrowed}}
ORDER BY posting.effective_on DESC, posting.posting_id DESC
LIMIT %(limit)s OFFSET %(offset)s
"""  # noqa: S608 - the pieces are the constants above


# What the catalogue does not name: courses of results, and outcomes that were decided before there was one.
_KINDS = {choice.code: choice.label for choice in OUTCOME.choices}
# The other sides of a conversion, or of its reversal, whose postings name theirs through what they reverse.
_TOGETHER = """
AND posting.posting_id <> %(posting)s
AND (posting.kind = 'reverse', coalesce(posting.conversion_id, original.conversion_id)) = (
  SELECT self.kind = 'reverse', coalesce(self.conversion_id, first.conversion_id) FROM posting AS self
  LEFT JOIN posting AS first ON first.learner_id = self.learner_id AND first.posting_id = self.reverses
  WHERE self.learner_id = %(learner)s AND self.posting_id = %(posting)s)
"""


def figures_of(scope: Scope, learner: UUID) -> Figures:
    """The cover of a learner's passbook."""
    *amounts, has_lines, waits = scope.fetch(_FIGURES, _values(scope, learner))[0]
    available, recognised, converted, held, in_review = (Hundredths(int(amount)) for amount in amounts)
    return Figures(available, recognised, converted, held, in_review, has_lines, waits)


def lines_of(scope: Scope, learner: UUID, *, limit: int, offset: int = 0) -> list[PassbookLine]:
    """The newest postings first, by the day they count."""
    values = _values(scope, learner, limit=limit, offset=offset)
    return [_line(row) for row in scope.fetch(_LINES.format(narrowed=""), values)]


def count_lines(scope: Scope, learner: UUID) -> int:
    """How many postings a learner has."""
    sql = f"SELECT count(*) FROM posting WHERE learner_id = %(learner)s AND {_VISIBLE}"  # noqa: S608 - a constant
    return int(scope.fetch(sql, _values(scope, learner))[0][0])


_ENTRY = f"""
SELECT posting.recorded_at, posting.reason, lot.lot_id, lot.outcome_type, lot.category, lot.level, lot.unit,
  lot.earned_on, lot.expires_on, lot.academic_year, lot.term,
  rule_set.name, rule_set.name_en, rule_version.number, rule_version.effective_from, rule_version.content_hash,
  lot.rule_row, claim.claim_id, claim.number, log_leaf.log_index, leaf_salt.salt IS NOT NULL,
  kind.name, kind.name_en, coalesce(opening_lot.document, '')
FROM posting
JOIN lot ON lot.learner_id = posting.learner_id AND lot.lot_id = posting.lot_id
LEFT JOIN rule_version ON rule_version.id = lot.rule_version_id
LEFT JOIN rule_set ON rule_set.id = rule_version.rule_set_id
LEFT JOIN claim ON claim.learner_id = posting.learner_id AND claim.claim_id = lot.source_id
LEFT JOIN opening_lot ON opening_lot.learner_id = lot.learner_id AND opening_lot.lot_id = lot.lot_id
LEFT JOIN log_leaf ON log_leaf.stream = 'posting' AND log_leaf.leaf_ref = posting.posting_id::text
LEFT JOIN leaf_salt ON leaf_salt.learner_id = posting.learner_id AND leaf_salt.leaf_ref = posting.posting_id
LEFT JOIN LATERAL (
  SELECT outcome_type.name, outcome_type.name_en FROM outcome_type
  JOIN institution ON institution.id = outcome_type.institution_id
  WHERE outcome_type.code = lot.outcome_type
  ORDER BY (outcome_type.institution_id = lot.institution_id) DESC, institution.parent_id IS NULL DESC LIMIT 1
) AS kind ON true
WHERE posting.learner_id = %(learner)s AND posting.posting_id = %(posting)s
  AND {_VISIBLE_POSTING}
"""  # noqa: S608 - the piece is the constant above

_LEGS = f"""
SELECT state::text, amount, balance_after FROM entry
WHERE learner_id = %(learner)s AND posting_id = %(posting)s AND {_VISIBLE} ORDER BY leg
"""  # noqa: S608 - the piece is the constant above


def entry_of(scope: Scope, learner: UUID, posting: UUID) -> Entry | None:
    """One posting of a learner with everything known of it, or nothing when there is none for this scope."""
    values = _values(scope, learner, posting=posting, limit=1, offset=0)
    lines = scope.fetch(_LINES.format(narrowed="AND posting.posting_id = %(posting)s"), values)
    found = scope.fetch(_ENTRY, values)
    if not lines or not found:
        return None
    (
        recorded_at, reason, lot_id, outcome_type, category, level, unit, earned_on, expires_on, academic_year, term,
        rule_name, rule_name_en, number, effective_from, content_hash, rule_row, claim_id, claim_number, log_index,
        provable, kind_name, kind_name_en, document,
    ) = found[0]  # fmt: skip
    rule = (
        RuleReference(Text(rule_name, rule_name_en), number, effective_from, content_hash, rule_row) if number else None
    )
    return Entry(
        line=_line(lines[0]),
        legs=tuple(EntryLeg(State(state), amount, after) for state, amount, after in scope.fetch(_LEGS, values)),
        recorded_at=recorded_at,
        reason=reason,
        lot_id=lot_id,
        outcome_type=Text(kind_name, kind_name_en) if kind_name else _KINDS.get(outcome_type, Text(outcome_type)),
        category=category,
        level=level,
        unit=unit,
        earned_on=earned_on,
        expires_on=expires_on,
        academic_year=academic_year,
        term=term,
        rule=rule,
        claim_id=claim_id,
        claim_number=claim_number or "",
        document=document,
        together=tuple(_line(row) for row in scope.fetch(_LINES.format(narrowed=_TOGETHER), values | {"limit": 50})),
        log_index=log_index,
        provable=provable,
    )


_HOLDER = """
SELECT place.name, place.name_en, place.id, college.name, college.name_en, enrolment.student_number,
  enrolment.cohort, enrolment.programme_code, place.zone
FROM enrolment JOIN institution AS place ON place.id = enrolment.institution_id
LEFT JOIN institution AS college ON college.id = enrolment.college_id
WHERE enrolment.learner_id = %(learner)s
  AND (enrolment.learner_id = %(person)s OR enrolment.institution_id = %(institution)s)
ORDER BY place.code
"""


def enrolments_of(scope: Scope, learner: UUID) -> list[Holder]:
    """Where a learner is enrolled, as far as this scope may see."""
    return [
        Holder(
            institution=Text(name, name_en),
            institution_id=place,
            college=Text(college, college_en) if college else None,
            student_number=number,
            cohort=cohort,
            programme_code=programme,
            zone=zone,
        )
        for name, name_en, place, college, college_en, number, cohort, programme, zone in scope.fetch(
            _HOLDER, _values(scope, learner)
        )
    ]


def _values(scope: Scope, learner: UUID, **more: Any) -> dict[str, Any]:
    return {"learner": learner, "person": scope.person, "institution": scope.institution, **more}


def _line(row: tuple[Any, ...]) -> PassbookLine:
    posting, kind, on, title, title_en, name, name_en, amount, reverses, reverses_on, reversed_by = row
    return PassbookLine(
        posting_id=posting,
        kind=kind,
        on=on,
        title=Text(title, title_en),
        institution=Text(name, name_en),
        amount=int(amount),
        reverses=reverses,
        reverses_on=reverses_on,
        reversed_by=reversed_by,
    )
