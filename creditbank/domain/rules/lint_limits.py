"""What limits, categories and prerequisites say beside what rows give."""

from __future__ import annotations

from collections.abc import Iterator

from creditbank.domain.explanation import Fact as Said
from creditbank.domain.explanation import Line, Verdict
from creditbank.domain.rules.amounts import facts_of
from creditbank.domain.rules.finding import Finding
from creditbank.domain.rules.model import (
    Cap,
    Give,
    Lower,
    NeedsCredit,
    Rank,
    RuleSet,
    Scope,
    Tiers,
)
from creditbank.domain.rules.tables import conditions_meet
from creditbank.domain.values import Amount

MESSAGES: dict[str, str] = {
    "lint.over_limit": "Row {row} of table {table} gives {amount}, but the limit {cap} lets {maximum} through at most.",
    "lint.limit_without_rows": "The limit {cap} is about {category}, of which no row gives credit.",
    "lint.never_asked": "Row {row} of table {table} reckons with “{fact}”, which is never asked where it decides.",
    "lint.limit_never_binds": "The limit {cap} never binds: wherever it holds, {other} lets {maximum} through at most.",
    "lint.category_without_rows": "No row gives credit of {category}.",
    "lint.needs_beyond_limit": "{part} asks for {least} credits before, but {cap} lets {maximum} through at most.",
}

_WIDTH = {Scope.CLAIM: 0, Scope.TERM: 1, Scope.ACADEMIC_YEAR: 2, Scope.EVER: 3}


def limits(rules: RuleSet) -> Iterator[Finding]:
    """Limits without rows, rows beyond limits, limits and prerequisites that other limits make void."""
    labels = {category.code: category.label for category in rules.categories}
    given = {row.give.category for table in rules.tables for row in table.rows if isinstance(row.give, Give)}
    for number, cap in enumerate(rules.cap):
        for category in cap.categories:
            if category not in given:
                facts: dict[str, Said] = {"cap": cap.id, "category": labels[category]}
                yield Finding(Line("lint.limit_without_rows", Verdict.ASK, facts), (f"cap[{number}]",))
        other = next((other for other in rules.cap if _voids(other, cap)), None)
        if other is not None and isinstance(other.maximum, int):
            facts = {"cap": cap.id, "other": other.id, "maximum": Amount(other.maximum)}
            yield Finding(Line("lint.limit_never_binds", Verdict.ASK, facts), (f"cap[{number}]",))
    for number, choice in enumerate(rules.categories):
        if choice.code not in given:
            yield Finding(
                Line("lint.category_without_rows", Verdict.NOTE, {"category": choice.label}), (f"categories[{number}]",)
            )
    yield from _needs(rules)
    yield from _never_asked(rules)
    # A step may be meant to bring a row under its limit, so rows are compared only where none changes an amount.
    if all(isinstance(step, Lower | Rank) for step in rules.adjust):
        yield from _rows(rules)


def _never_asked(rules: RuleSet) -> Iterator[Finding]:
    """Facts that an amount is reckoned from and that are not asked of any outcome its row could fit."""
    moved = {step.fact for step in rules.adjust if isinstance(step, Lower | Rank)}
    facts = {fact.name: fact for fact in rules.facts}
    for at, table in enumerate(rules.tables):
        for number, row in enumerate(table.rows):
            for name in facts_of(row.give.credit) if isinstance(row.give, Give) else ():
                asked = tuple(cell for cell in facts[name].when if cell.fact not in moved)
                if not (conditions_meet(asked, table.when) and conditions_meet(asked, row.when)):
                    said: dict[str, Said] = {"table": table.code, "row": row.id, "fact": facts[name].label}
                    yield Finding(
                        Line("lint.never_asked", Verdict.ASK, said), (f"tables[{at}].rows[{number}].give.credit",)
                    )


def _voids(other: Cap, cap: Cap) -> bool:
    """Whether a limit lets no more through than another, wherever that one binds."""
    if other is cap or not isinstance(other.maximum, int) or not isinstance(cap.maximum, int):
        return False
    wider = not other.categories or (bool(cap.categories) and set(cap.categories) <= set(other.categories))
    longer = _WIDTH[other.scope] >= _WIDTH[cap.scope]
    holds = other.when in ((), cap.when) and set(other.by) <= set(cap.by) and other.beside in ((), cap.beside)
    tighter = (
        (other.maximum, other.id) < (cap.maximum, cap.id)
        if other.maximum == cap.maximum
        else other.maximum < cap.maximum
    )
    return wider and longer and holds and tighter


def _needs(rules: RuleSet) -> Iterator[Finding]:
    """Prerequisites that nobody can fulfil, because a limit for ever lets less through."""
    for number, part in enumerate(rules.prerequisite):
        if not isinstance(part.needs, NeedsCredit):
            continue
        for cap in rules.cap:
            covers = not cap.categories or part.needs.category in cap.categories
            sometimes = cap.when or cap.by or cap.beside
            if cap.scope is not Scope.EVER or sometimes or not covers or not isinstance(cap.maximum, int):
                continue
            if part.needs.least > cap.maximum:
                amounts = {"least": Amount(part.needs.least), "maximum": Amount(cap.maximum)}
                facts: dict[str, Said] = {"part": part.id, "cap": cap.id, **amounts}
                yield Finding(Line("lint.needs_beyond_limit", Verdict.NO, facts), (f"prerequisite[{number}]",))


def _rows(rules: RuleSet) -> Iterator[Finding]:
    for at, table in enumerate(rules.tables):
        for number, row in enumerate(table.rows):
            if not isinstance(row.give, Give):
                continue
            credit = row.give.credit
            amount = max(gives for _least, gives in credit.tiers) if isinstance(credit, Tiers) else credit
            for cap in rules.cap:
                if not isinstance(amount, int) or not isinstance(cap.maximum, int) or cap.when:
                    continue
                if cap.beside and row.give.category not in cap.beside:
                    continue
                if cap.binds(row.give.category) and amount > cap.maximum:
                    amounts = {"amount": Amount(amount), "maximum": Amount(cap.maximum)}
                    facts: dict[str, Said] = {"table": table.code, "row": row.id, "cap": cap.id, **amounts}
                    yield Finding(Line("lint.over_limit", Verdict.ASK, facts), (f"tables[{at}].rows[{number}]",))
