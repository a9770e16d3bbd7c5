"""Evaluates a compiled rule set: an outcome's facts in, a proposal with its reasons out."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from creditbank.domain.canonical import content_hash
from creditbank.domain.rules import trace
from creditbank.domain.rules.compile import MOST_GRANTED, Explained, keep
from creditbank.domain.rules.days import expiry, in_time
from creditbank.domain.rules.decision import Context, FigureGiven, Granted, Outcome, Proposal
from creditbank.domain.rules.figures import figures_given
from creditbank.domain.rules.grant import grant, holds
from creditbank.domain.rules.limits import holds_beside, left_under, prepared
from creditbank.domain.rules.model import Cap, Count, Ruling, Value
from creditbank.domain.rules.sameness import normal_words
from creditbank.domain.values import Hundredths

if TYPE_CHECKING:
    from collections.abc import Mapping

    from creditbank.domain.explanation import Explanation, Line
    from creditbank.domain.rules.compile import Compiled

_NOTHING = Hundredths(0)


def evaluate(compiled: Compiled, outcome: Outcome, context: Context) -> Proposal:
    """What the rules propose for one outcome, with the whole trace.

    Dates are judged first, then facts are lowered, a table is looked up, amounts are adjusted and
    rounded; then the best of the family, the caps and the expiry. The first refusal or question ends it.
    """
    reasons: list[Line] = []
    ruling = in_time(compiled.dates, outcome.values, context.claimed_on, reasons)
    if ruling is not Ruling.RECOGNISE:
        return _ended(ruling, None, reasons)
    by_facts = _explained(compiled, outcome)
    if compiled.context_free:
        return by_facts.proposal
    granted, before = by_facts.granted, len(reasons)
    reasons += by_facts.reasons
    if granted.ruling is not Ruling.RECOGNISE:
        return _ended(granted.ruling, granted.row, reasons) if before else by_facts.proposal
    own = len(reasons)
    for part, tests in compiled.prerequisites:
        if holds(tests, outcome.values):
            ruling = prepared(part, compiled.categories, context, reasons)
            if ruling is not Ruling.RECOGNISE:
                return _ended(ruling, granted.row, reasons)
    credit = _best_of_family(compiled, outcome, context.earlier, granted.credit, reasons)
    left = _capped(compiled, outcome, context, granted.category, credit, reasons)
    if left is None:
        return _ended(Ruling.MANUAL, granted.row, reasons)
    credit = left
    expires = expiry(compiled.dates, outcome.values, compiled.position, context.claimed_on, reasons) if credit else None
    if credit == 0 or (expires is not None and expires <= context.claimed_on):
        return _ended(Ruling.REFUSE, granted.row, reasons)
    if not before and own == len(reasons):
        return by_facts.proposal  # neither dates nor families nor caps had anything to say
    return _recognised(compiled, granted, credit, expires, reasons)


def evaluate_untraced(compiled: Compiled, outcome: Outcome) -> Granted:
    """What the facts alone lead to: table, steps and rounding, without families, caps and dates.

    Equal outcomes give equal answers, so a bulk caller may remember them by outcome. Where
    ``compiled.context_free`` holds, this is the whole decision.
    """
    key = compiled.deciding(outcome.values)
    granted = compiled.granted.get(key)
    if granted is None:
        granted = _alike(compiled, outcome, key)
        keep(compiled.granted, key, granted, MOST_GRANTED)
    return granted


def explain_facts(compiled: Compiled, outcome: Outcome) -> Explanation:
    """Why the facts alone lead where they do, without families, limits and days."""
    return _explained(compiled, outcome).proposal.explanation


def _alike(compiled: Compiled, outcome: Outcome, key: Any) -> Granted:
    """The answer of all outcomes that the rules cannot tell apart, made once for them."""
    if compiled.stretches is None:
        return grant(compiled, outcome.values, None)
    values = key if len(compiled.stretches) > 1 else (key,)
    same = tuple([value if of is None else of(value) for of, value in zip(compiled.stretches, values, strict=True)])
    granted = compiled.alike.get(same)
    if granted is None:
        granted = grant(compiled, outcome.values, None)
        keep(compiled.alike, same, granted, MOST_GRANTED)
    return granted


def explain_row(compiled: Compiled, row: str) -> Explanation:
    """What a row says for every outcome that it fits, with its clause; for decisions stored once per row.

    Rows whose credit was added up are named together, with ``+`` between.

    Raises:
        KeyError: the rule set has no such row.
    """
    return tuple(trace.row_said(compiled.rows[name], compiled.facts) for name in row.split("+"))


def family_keys(compiled: Compiled, outcome: Outcome) -> dict[str, str]:
    """By choose id, an opaque key that is equal for outcomes of one family.

    Width, case, spacing and punctuation make no difference. A service stores the keys with a
    recognised claim and looks earlier amounts up by them.
    """
    keys = {}
    for choose, tests, indexes in compiled.chooses:
        parts = [outcome.values[index] for index in indexes]
        if None not in parts and holds(tests, outcome.values):
            keys[choose.id] = content_hash([compiled.rules.code, choose.id, [_word(compiled, part) for part in parts]])
    return keys


def _word(compiled: Compiled, part: Value | None) -> str:
    return "" if part is None else normal_words(str(part), compiled.abbreviations) or str(part)


def limit_keys(compiled: Compiled, outcome: Outcome) -> dict[str, str]:
    """By cap id, an opaque key equal for all outcomes that a cap with ``when``, ``by`` or a count counts together.

    Only caps that bind the category the outcome is credited in give one: the others do not count it.

    A service stores the keys with a recognised claim under ``cap:`` and the id, and sums or counts by them.
    """
    keys: dict[str, str] = {}
    keyed = [one for one in compiled.caps if is_keyed(one[0])]
    category = evaluate_untraced(compiled, outcome).category if keyed else None
    for cap, tests, indexes in keyed:
        if cap.binds(category) and holds(tests, outcome.values):
            words = [_word(compiled, outcome.values[index]) for index in indexes]
            keys[cap.id] = content_hash([compiled.rules.code, "cap", cap.id, words])
    return keys


def is_keyed(cap: Cap) -> bool:
    """Whether what a cap has used is found by keys of claims, not by their category alone."""
    return bool(cap.when or cap.by) or isinstance(cap.maximum, Count)


def caps_of(compiled: Compiled, category: str | None, outcome: Outcome) -> tuple[Cap, ...]:
    """The caps that bind an outcome's credit of a category, for which a service has to sum what was used."""
    return tuple(cap for cap, tests, _by in compiled.caps if cap.binds(category) and holds(tests, outcome.values))


def _explained(compiled: Compiled, outcome: Outcome) -> Explained:
    """The decision by facts alone with its reasons, made once for equal deciding facts."""
    key = compiled.deciding(outcome.values)
    found = compiled.explained.get(key)
    if found is None:
        reasons: list[Line] = []
        granted = grant(compiled, outcome.values, reasons)
        if granted.ruling is Ruling.RECOGNISE:
            proposal = _recognised(compiled, granted, granted.credit, None, reasons)
        else:
            proposal = _ended(granted.ruling, granted.row, reasons)
        found = Explained(granted, proposal, tuple(reasons))
        keep(compiled.explained, key, found)
    return found


def _recognised(
    compiled: Compiled, granted: Granted, credit: Hundredths, expires: date | None, reasons: list[Line]
) -> Proposal:
    category = compiled.categories[granted.category or ""]
    figures: tuple[FigureGiven, ...] = ()
    if compiled.rules.figures:
        said: list[Line] = []
        figures = figures_given(compiled.rules.figures, credit, granted.level, said)
        reasons = [*reasons, *said]
    return Proposal(
        ruling=Ruling.RECOGNISE,
        credit=credit,
        category=granted.category,
        level=granted.level,
        field=granted.field,
        row=granted.row,
        expires_on=expires,
        explanation=trace.summary(Ruling.RECOGNISE, credit, category, reasons),
        figures=figures,
    )


def _ended(ruling: Ruling, row: str | None, reasons: list[Line]) -> Proposal:
    explanation = trace.summary(ruling, _NOTHING, None, reasons)
    return Proposal(ruling, _NOTHING, None, None, None, row, None, explanation)


def _best_of_family(
    compiled: Compiled,
    outcome: Outcome,
    earlier: Mapping[str, Hundredths],
    best: Hundredths,
    reasons: list[Line],
) -> Hundredths:
    """What the outcome adds to the best of its families so far."""
    credit = best
    for choose, tests, indexes in compiled.chooses:
        before = earlier.get(choose.id, 0)
        if before <= 0 or any(outcome.values[index] is None for index in indexes):
            continue
        if not holds(tests, outcome.values):
            continue
        more = max(best - before, 0)
        reasons.append(trace.family(choose, before, best, more))
        credit = Hundredths(min(credit, more))
    return credit


def _capped(
    compiled: Compiled,
    outcome: Outcome,
    context: Context,
    category: str | None,
    credit: Hundredths,
    reasons: list[Line],
) -> Hundredths | None:
    """What the caps leave; ``None`` where a person has to decide because what a share is of is not known."""
    for cap in caps_of(compiled, category, outcome):
        if credit == 0:
            break
        if not holds_beside(cap, category, context, compiled.categories, reasons):
            continue
        left = left_under(cap, context, credit, reasons)
        if left is None:
            return None
        credit = left
    return credit
