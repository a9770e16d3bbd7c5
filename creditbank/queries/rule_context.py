"""What a decision by rules needs to know of a learner: limits used, families, the plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from creditbank.domain.programmes.reading import read_programme
from creditbank.domain.rules.compile import Compiled
from creditbank.domain.rules.decision import Context, Outcome
from creditbank.domain.rules.evaluate import caps_of, evaluate_untraced, family_keys, is_keyed, limit_keys
from creditbank.domain.rules.model import Cap, Count, NeedsCourses, NeedsCredit, Portion, Prerequisite
from creditbank.domain.rules.model import Scope as CapScope
from creditbank.domain.values import Hundredths
from creditbank.records.institutions import Term
from creditbank.records.people import Enrolment
from creditbank.records.programmes import Programme
from creditbank.records.scope import Scope


@dataclass(frozen=True, slots=True)
class Period:
    """The term of a day and its academic year in an institution's own calendar; empty outside it."""

    term: str = ""
    term_days: tuple[date, date] | None = None
    academic_year: str = ""
    year_days: tuple[date, date] | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What is known around an outcome: the context of its decision, and the keys a claim keeps."""

    context: Context
    keys: dict[str, str]
    """By choose id the key of its family, and by ``cap:`` and a cap's id the key of what it counts together."""
    period: Period


@dataclass(frozen=True, slots=True)
class _Learner:
    """Whose credit is looked at; nobody's where ``learner`` is missing."""

    scope: Scope
    institution: UUID
    learner: UUID | None
    excluding: UUID | None
    version: UUID


def known_around(
    scope: Scope,
    *,
    institution: UUID,
    learner: UUID | None,
    compiled: Compiled,
    version: UUID,
    outcome: Outcome,
    earned_on: date | None,
    on: date,
    excluding: UUID | None = None,
) -> Known:
    """What is known around an outcome claimed on a day; without a learner, of somebody with no credit yet.

    ``excluding`` is the claim under decision, so that it does not count against itself.
    """
    asked = _Learner(scope, institution, learner, excluding, version)
    period = period_of(scope, institution, earned_on or on)
    families, limits = family_keys(compiled, outcome), limit_keys(compiled, outcome)
    category = evaluate_untraced(compiled, outcome).category
    caps = caps_of(compiled, category, outcome)
    needs = [part for part in compiled.rules.prerequisite if isinstance(part.needs, NeedsCredit)]
    passes = any(isinstance(part.needs, NeedsCourses) for part in compiled.rules.prerequisite)
    made = _Made(asked, period)
    context = Context(
        claimed_on=on,
        used=_used(asked, caps, limits, made),
        earlier={choose: Hundredths(_keyed(asked, choose, key, None)[1]) for choose, key in families.items()},
        held={part.id: _held(asked, part.needs) for part in needs if isinstance(part.needs, NeedsCredit)},
        passed=_passed(asked) if passes else None,
        beside={cap.id: made.within(cap, cap.beside) for cap in caps if cap.beside and category not in cap.beside},
        planned=_planned(asked) if any(isinstance(cap.maximum, Portion) for cap in caps) else {},
    )
    return Known(context, families | {f"cap:{name}": key for name, key in limits.items()}, period)


def known_of_learner(
    scope: Scope,
    *,
    institution: UUID,
    learner: UUID | None,
    caps: Sequence[Cap],
    prerequisites: Sequence[Prerequisite],
    version: UUID,
    on: date,
    period: Period | None = None,
) -> Context:
    """What limits and prerequisites of a version ask of a learner on a day, by the lots that it made.

    Limits that count by an outcome's facts are left out: what a conversion makes has none. ``period`` is that of the
    day, where it is read already.
    """
    asked = _Learner(scope, institution, learner, None, version)
    needs = [part for part in prerequisites if isinstance(part.needs, NeedsCredit)]
    plain = tuple(cap for cap in caps if not is_keyed(cap))
    return Context(
        claimed_on=on,
        used=_used(asked, plain, {}, _Made(asked, period or period_of(scope, institution, on))),
        held={part.id: _held(asked, part.needs) for part in needs if isinstance(part.needs, NeedsCredit)},
        passed=_passed(asked) if any(isinstance(part.needs, NeedsCourses) for part in prerequisites) else None,
        planned=_planned(asked) if any(isinstance(cap.maximum, Portion) for cap in caps) else {},
    )


def period_of(scope: Scope, institution: UUID, day: date) -> Period:
    """The term and academic year of a day."""
    term = (
        scope.rows(Term)
        .filter(institution_id=institution, starts_on__lte=day, ends_on__gte=day)
        .select_related("academic_year")
        .first()
    )
    if term is None:
        return Period()
    year = term.academic_year
    return Period(term.code, (term.starts_on, term.ends_on), year.code, (year.starts_on, year.ends_on))


# Every version of the rule set that decides now: a cap counts what was recognised under these rules, nothing else.
# With an overlay or without one, they are the same rules; a set of one's own stands in one line with one's overlays.
_SIBLINGS = """
(SELECT sibling.id FROM rule_version AS this
 JOIN rule_set AS own ON own.id = this.rule_set_id
 JOIN rule_set AS other ON other.id = own.id OR (other.code = own.code AND EXISTS (
   SELECT 1 FROM rule_version AS laid WHERE laid.rule_set_id IN (own.id, other.id)
    AND laid.kind IN ('overlay', 'conversion_overlay')))
 JOIN rule_version AS sibling ON sibling.rule_set_id = other.id
 WHERE this.id = %(version)s)
"""

_USED = f"""
SELECT lot.category, lot.term, lot.academic_year, sum(balance.amount)
FROM lot JOIN balance ON balance.learner_id = lot.learner_id AND balance.lot_id = lot.lot_id
WHERE lot.learner_id = %(learner)s AND lot.institution_id = %(institution)s AND balance.state <> 'revoked'
  AND lot.rule_version_id IN {_SIBLINGS}
GROUP BY lot.category, lot.term, lot.academic_year
"""  # noqa: S608 - fixed fragments only

_PENDING = f"""
SELECT category, NULL, NULL, sum(credit) FROM claim
WHERE learner_id = %(learner)s AND institution_id = %(institution)s AND state = 'recognised'
  AND rule_version_id IN {_SIBLINGS}
  AND claim_id IS DISTINCT FROM %(excluding)s
GROUP BY category
"""  # noqa: S608 - fixed fragments only

# A claim without a day counts in every term: a limit is rather asked of a person than broken.
_KEYED = """
SELECT count(*), coalesce(sum(credit), 0) FROM claim
WHERE learner_id = %(learner)s AND institution_id = %(institution)s AND state IN ('recognised', 'deposited')
  AND claim_id IS DISTINCT FROM %(excluding)s AND families ->> %(name)s = %(key)s
  AND (%(since)s::date IS NULL OR earned_on IS NULL OR earned_on BETWEEN %(since)s AND %(until)s)
"""

_HELD = """
SELECT coalesce(sum(balance.amount), 0)
FROM lot JOIN balance ON balance.learner_id = lot.learner_id AND balance.lot_id = lot.lot_id
WHERE lot.learner_id = %(learner)s AND lot.institution_id = %(institution)s
  AND balance.state IN ('available', 'held', 'converted', 'redeemed')
  AND (%(category)s::text IS NULL OR lot.category = %(category)s)
"""

_PASSED = """
SELECT DISTINCT code FROM lot
JOIN balance ON balance.learner_id = lot.learner_id AND balance.lot_id = lot.lot_id
  AND balance.state IN ('available', 'held', 'converted', 'redeemed') AND balance.amount > 0
WHERE lot.learner_id = %(learner)s AND lot.institution_id = %(institution)s AND lot.code <> ''
"""


@dataclass(slots=True)
class _Made:
    """The credit that the rules of a version made for a learner, posted or only decided; read when first asked for."""

    asked: _Learner
    period: Period
    _posted: Sequence[tuple[Any, ...]] | None = None
    _decided: Sequence[tuple[Any, ...]] = ()

    def within(self, cap: Cap, categories: tuple[str, ...]) -> int:
        """The credit of some categories (of all, when empty) within the scope of a cap.

        What is decided has no term yet: a limit is rather kept too early than broken.
        """
        if self.asked.learner is None:
            return 0
        if self._posted is None:
            values = {**_base(self.asked), "version": self.asked.version}
            self._posted = self.asked.scope.fetch(_USED, values)
            self._decided = self.asked.scope.fetch(_PENDING, values)
        total = sum(credit for category, *_when, credit in self._decided if not categories or category in categories)
        for category, term, year, credit in self._posted:
            if (categories and category not in categories) or (cap.scope is CapScope.TERM and term != self.period.term):
                continue
            if cap.scope is CapScope.ACADEMIC_YEAR and year != self.period.academic_year:
                continue
            total += credit
        return int(total)


def _used(asked: _Learner, caps: tuple[Cap, ...], limits: Mapping[str, str], made: _Made) -> dict[str, int]:
    """What the learner already holds within each cap, with what is decided but not posted yet."""
    used: dict[str, int] = {}
    for cap in caps:
        if cap.scope is CapScope.CLAIM:
            continue
        if is_keyed(cap):
            period = made.period
            days = {CapScope.TERM: period.term_days, CapScope.ACADEMIC_YEAR: period.year_days}.get(cap.scope)
            count, credit = _keyed(asked, f"cap:{cap.id}", limits[cap.id], days)
            used[cap.id] = count if isinstance(cap.maximum, Count) else credit
            continue
        used[cap.id] = made.within(cap, cap.categories)
    return used


def _keyed(asked: _Learner, name: str, key: str, days: tuple[date, date] | None) -> tuple[int, int]:
    """How many recognised claims carry a key, and their credit."""
    if asked.learner is None:
        return 0, 0
    since, until = days or (None, None)
    values = {"name": name, "key": key, "since": since, "until": until}
    [(count, credit)] = asked.scope.fetch(_KEYED, {**_base(asked), **values})
    return int(count), int(credit)


def _held(asked: _Learner, needs: NeedsCredit) -> Hundredths:
    return Hundredths(int(_one(asked, _HELD, {"category": needs.category})))


def _passed(asked: _Learner) -> frozenset[str]:
    if asked.learner is None:
        return frozenset()
    return frozenset(code for (code,) in asked.scope.fetch(_PASSED, _base(asked)))


def _planned(asked: _Learner) -> dict[str, Hundredths]:
    """What the learner's programme asks for: as a whole, and of each module or requirement by its id."""
    if asked.learner is None:
        return {}
    followed = asked.scope.rows(Enrolment).filter(learner_id=asked.learner, institution_id=asked.institution).first()
    if followed is None or not followed.programme_code:
        return {}
    newest = (
        asked.scope.rows(Programme)
        .filter(institution_id=asked.institution, code=followed.programme_code)
        .order_by("-version")
        .first()
    )
    if newest is None:
        return {}
    programme = read_programme(newest.content)
    if programme.plan is not None:
        modules = {module.id: Hundredths(module.asked) for module in programme.plan.walk()}
        return modules | {"programme": Hundredths(programme.plan.asked)}
    asks = {part.id: part.minimum for part in programme.requirement.walk() if part.minimum}
    return asks | ({"programme": programme.requirement.minimum} if programme.requirement.minimum else {})


def _base(asked: _Learner) -> dict[str, Any]:
    return {"learner": asked.learner, "institution": asked.institution, "excluding": asked.excluding}


def _one(asked: _Learner, statement: str, values: Mapping[str, Any]) -> Any:
    return asked.scope.fetch(statement, {**_base(asked), **values})[0][0] if asked.learner else 0
