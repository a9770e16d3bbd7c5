"""Says explanations on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from creditbank.domain.values import Amount, Text, format_credit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from creditbank.domain.explanation import Fact, Line
    from creditbank.domain.results import RefusedRow
    from creditbank.exchange.masterdata.reading import Note


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


def tell_refused(notes: Iterable[Note], refused: Iterable[RefusedRow]) -> None:
    """Print what there is to say of a sheet as a whole, and each refused row with its cell, column and reason."""
    from creditbank.exchange import sheets
    from creditbank.exchange.masterdata import reading
    from creditbank.gateways.wording import say_code

    sentences = reading.MESSAGES | sheets.MESSAGES
    for note in notes:
        print(say_code(note.code, note.facts, "en", sentences))
    for fault in refused:
        where = " ".join(str(fault.facts[name]) for name in ("sheet", "cell") if name in fault.facts)
        print(f"{where or f'line {fault.line}'} ({fault.column}): {say_code(fault.code, fault.facts, 'en', sentences)}")
