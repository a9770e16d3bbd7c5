"""Conditions over several facts, and lists of categories, as one cell of a sheet writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from creditbank.domain.explanation import Refusal
from creditbank.domain.rules.amount_words import bracketed, read_bracketed
from creditbank.domain.rules.cell_words import cell_words, choice_words, listed_words, read_cell, read_choice_list
from creditbank.domain.rules.model import Choice, Condition, Fact, Interval
from creditbank.domain.rules.write import condition_data

MESSAGES: dict[str, str] = {
    "cell.condition": "“{typed}” is no condition. Expected: [fact] value; [fact] value.",
    "cell.categories": "“{typed}” lists something that is no category. Expected: {values}, several with commas.",
}

_PART = re.compile(r"\[([^\]]+)\]([^\[]*)")


def condition_words(condition: Condition, facts: Mapping[str, Fact], language: str) -> str:
    """A condition in words that :func:`read_condition` reads back: facts in brackets, each with its cell."""
    between = "；" if language.lower().startswith("zh") else "; "
    said = between.join(
        f"{bracketed(cell.fact, facts, language)} {cell_words(facts[cell.fact], cell.accept, language)}"
        for cell in condition
    )
    if read_condition(facts, said) == condition_data(condition):
        return said
    # A name holds a bracket: then names and codes say it.
    return coded_condition(condition, facts)


def coded_condition(condition: Condition, facts: Mapping[str, Fact]) -> str:
    """A condition in names and codes alone, which hold no brackets or signs."""
    plainly = (
        cell_words(facts[cell.fact], cell.accept, "en")
        if isinstance(cell.accept, Interval) or isinstance(cell.accept.values[0], bool)
        else ", ".join(str(value) for value in cell.accept.values)
        for cell in condition
    )
    return "; ".join(f"[{cell.fact}] {words}" for cell, words in zip(condition, plainly, strict=True))


def read_condition(facts: Mapping[str, Fact], typed: str) -> dict[str, Any] | Refusal:
    """The condition that words mean, as a document writes it; empty words restrict nothing."""
    if not typed.strip():
        return {}
    if _PART.sub("", typed).strip():
        return Refusal.because("cell.condition", typed=typed[:80])
    found: dict[str, Any] = {}
    for part in _PART.finditer(typed):
        name = read_bracketed(part[1], facts)
        if isinstance(name, Refusal):
            return name
        cell = read_cell(facts[name], part[2].strip().rstrip(";；").strip())
        if isinstance(cell, Refusal):
            return cell
        if name in found:
            return Refusal.because("cell.condition", typed=typed[:80])
        if cell is not None:
            found[name] = cell
    return found


def categories_words(choices: Sequence[Choice], codes: Sequence[str], language: str) -> str:
    """Categories in words that :func:`read_categories` reads back in the same order."""
    between = "、" if language.lower().startswith("zh") else ", "
    said = between.join(choice_words(choices, code, language) for code in codes)
    return said if read_categories(choices, said) == list(codes) else ", ".join(codes)


def read_categories(choices: Sequence[Choice], typed: str) -> list[str] | Refusal:
    """The codes of the categories that words list, in the order in which they stand there."""
    if not typed.strip():
        return []
    found = read_choice_list(choices, typed)
    if found is None:
        return Refusal.because("cell.categories", typed=typed[:80], values=listed_words(choices))
    return found
