"""What a claim would give: the rules in force, applied to its facts and to what is there already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from creditbank.domain.explanation import Refusal
from creditbank.domain.rules.evaluate import caps_of, evaluate, evaluate_untraced, family_keys
from creditbank.domain.rules.facts import read_outcome
from creditbank.domain.rules.model import Cap, Context, Outcome, Proposal
from creditbank.domain.rules.model import Scope as CapScope
from creditbank.domain.values import Hundredths
from creditbank.queries.outcome_types import outcome_type_of
from creditbank.queries.rules import InForce, Versions
from creditbank.records.institutions import Term
from creditbank.records.people import Enrolment
from creditbank.records.scope import Scope


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal with the version that made it, the typed facts it rests on and the families it belongs to."""

    version: InForce
    proposal: Proposal
    facts: dict[str, Any]
    families: dict[str, str]
    earned_on: date | None
    term: str
    academic_year: str


def propose(
    scope: Scope,
    *,
    institution: UUID,
    outcome_type: str,
    raw: Mapping[str, Any],
    on: date,
    learner: UUID | None = None,
    excluding: UUID | None = None,
) -> Proposed | Refusal:
    """What the rules propose for an outcome claimed on a day; without a learner, for somebody with no credit yet.

    ``excluding`` is the claim under decision, so that it does not count against itself. The refusal names each
    fact that is missing or does not fit.
    """
    kind = outcome_type_of(scope, institution, outcome_type, on)
    if kind is None:
        return Refusal.because("recognition.no_rule", day=on.isoformat())
    asked = _asked(scope, institution, kind.rule_set_code, raw, on, learner)
    if isinstance(asked, Refusal):
        return asked
    version, outcome = asked
    compiled = version.compiled
    facts = dict(zip(compiled.position, outcome.values, strict=True))
    found = facts.get("earned_on")
    earned_on = found if isinstance(found, date) else None
    term, academic_year = _term_of(scope, institution, earned_on or on)
    families = family_keys(compiled, outcome)
    context = Context(
        claimed_on=on,
        used=_used(
            scope,
            institution,
            learner,
            caps_of(compiled, evaluate_untraced(compiled, outcome).category),
            term,
            academic_year,
            excluding,
            version.version_id,
        ),
        earlier={
            choose: Hundredths(_earlier(scope, institution, learner, choose, key, excluding))
            for choose, key in families.items()
        },
    )
    return Proposed(
        version=version,
        proposal=evaluate(compiled, outcome, context),
        facts={name: _plain(value) for name, value in facts.items() if value is not None},
        families=families,
        earned_on=earned_on,
        term=term,
        academic_year=academic_year,
    )


def _asked(
    scope: Scope, institution: UUID, code: str, raw: Mapping[str, Any], on: date, learner: UUID | None
) -> tuple[InForce, Outcome] | Refusal:
    """The version that decides, by the day it was earned and the learner's cohort, and the facts as it reads them."""
    versions = Versions(scope, institution, code)
    first = versions.asking(on)
    outcome = read_outcome(first.compiled.rules, raw) if first is not None else None
    if first is not None and isinstance(outcome, Outcome):
        found = outcome.values[first.compiled.position["earned_on"]] if "earned_on" in first.compiled.position else None
        earned_on = found if isinstance(found, date) else None
    else:
        earned_on = None
    version = versions.deciding(on, earned_on=earned_on, cohort=_cohort_of(scope, institution, learner))
    if isinstance(version, Refusal):
        absent = version.explanation[0].code == "rule_life.none_applies"
        return Refusal.because("recognition.no_rule", day=on.isoformat()) if absent else version
    if outcome is None or first is None or version.version_id != first.version_id:
        outcome = read_outcome(version.compiled.rules, raw)
    return outcome if isinstance(outcome, Refusal) else (version, outcome)


def _cohort_of(scope: Scope, institution: UUID, learner: UUID | None) -> int | None:
    """The year in which a learner began at the institution, where it is known."""
    if learner is None:
        return None
    rows = scope.rows(Enrolment).filter(learner_id=learner, institution_id=institution)
    cohort = rows.values_list("cohort", flat=True).first()
    return None if cohort is None else int(cohort)


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | str) else str(value)


def _term_of(scope: Scope, institution: UUID, day: date) -> tuple[str, str]:
    """The codes of the term and academic year of a day in the institution's own calendar; empty outside it."""
    row = (
        scope.rows(Term)
        .filter(institution_id=institution, starts_on__lte=day, ends_on__gte=day)
        .values_list("code", "academic_year__code")
        .first()
    )
    return row or ("", "")


# Every version of the rule set that decides now: a cap counts what was recognised under these rules, nothing else.
_SIBLINGS = """
(SELECT sibling.id FROM rule_version AS this JOIN rule_version AS sibling ON sibling.rule_set_id = this.rule_set_id
 WHERE this.id = %(version)s)
"""

_USED = f"""
SELECT coalesce(sum(balance.amount), 0)
FROM lot JOIN balance ON balance.learner_id = lot.learner_id AND balance.lot_id = lot.lot_id
WHERE lot.learner_id = %(learner)s AND lot.institution_id = %(institution)s AND balance.state <> 'revoked'
  AND lot.rule_version_id IN {_SIBLINGS}
  AND (%(category)s::text IS NULL OR lot.category = %(category)s)
  AND (%(term)s::text IS NULL OR lot.term = %(term)s)
  AND (%(academic_year)s::text IS NULL OR lot.academic_year = %(academic_year)s)
"""  # noqa: S608 - fixed fragments only

_PENDING = f"""
SELECT coalesce(sum(credit), 0) FROM claim
WHERE learner_id = %(learner)s AND institution_id = %(institution)s AND state = 'recognised'
  AND rule_version_id IN {_SIBLINGS}
  AND claim_id IS DISTINCT FROM %(excluding)s AND (%(category)s::text IS NULL OR category = %(category)s)
"""  # noqa: S608 - fixed fragments only

_EARLIER = """
SELECT coalesce(sum(credit), 0) FROM claim
WHERE learner_id = %(learner)s AND institution_id = %(institution)s AND state IN ('recognised', 'deposited')
  AND claim_id IS DISTINCT FROM %(excluding)s AND families ->> %(choose)s = %(key)s
"""


def _used(
    scope: Scope,
    institution: UUID,
    learner: UUID | None,
    caps: tuple[Cap, ...],
    term: str,
    academic_year: str,
    excluding: UUID | None,
    version: UUID,
) -> dict[str, Hundredths]:
    """What the learner already holds within each cap, with what is decided but not posted yet."""
    used: dict[str, Hundredths] = {}
    for cap in caps:
        if cap.scope is CapScope.CLAIM:
            continue
        values = {
            "learner": learner,
            "institution": institution,
            "category": cap.category,
            "term": term if cap.scope is CapScope.TERM else None,
            "academic_year": academic_year if cap.scope is CapScope.ACADEMIC_YEAR else None,
            "excluding": excluding,
            "version": version,
        }
        held = scope.fetch(_USED, values)[0][0] + scope.fetch(_PENDING, values)[0][0] if learner else 0
        used[cap.id] = Hundredths(int(held))
    return used


def _earlier(
    scope: Scope, institution: UUID, learner: UUID | None, choose: str, key: str, excluding: UUID | None
) -> int:
    if learner is None:
        return 0
    values = {
        "learner": learner,
        "institution": institution,
        "excluding": excluding,
        "choose": choose,
        "key": key,
    }
    return int(scope.fetch(_EARLIER, values)[0][0])
