"""Says explanations on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from creditbank.domain.values import Amount, Text, format_credit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from creditbank.domain.explanation import Fact, Line


def said(lines: Iterable[Line], messages: Mapping[str, str], depth: int = 0) -> list[str]:
    """The sentences of an explanation in English, each reason indented under what it explains."""
    told = []
    for line in lines:
        words = {name: fact_said(fact) for name, fact in line.facts.items()}
        clause = f"  [{line.clause.said_in('en')}]" if line.clause else ""
        told.append(f"{'  ' * depth}{messages[line.code].format(**words)}{clause}")
        told += said(line.lines, messages, depth + 1)
    return told


def fact_said(fact: Fact) -> str:
    """One fact as words."""
    if isinstance(fact, Amount):
        return format_credit(fact.hundredths)
    return fact.said_in("en") if isinstance(fact, Text) else str(fact)
