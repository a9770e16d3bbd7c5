"""What people write for the credit of a row: said in words, and read back as the amount it means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from creditbank.domain.explanation import Refusal
from creditbank.domain.rules.amounts import facts_of, plain_number
from creditbank.domain.rules.cell_words import plain
from creditbank.domain.rules.model import CreditOf, Fact, FromFact, PerUnit, Ruling, Tiers
from creditbank.domain.values import format_credit

MESSAGES: dict[str, str] = {
    "cell.amount": "“{typed}” is no amount. Expected: 3 or 0.5; no credit; a person decides; [fact] or [fact] × 2/3; "
    "0.5 per 16 [fact]; 1 per 8 [fact] + [fact]; [fact] ≥ 16: 1; ≥ 32: 2.",
    "cell.unknown_fact": "“{typed}” names no fact of these rules.",
}

RULINGS = {Ruling.REFUSE: ("不予认定", "no credit"), Ruling.MANUAL: ("由人工决定", "a person decides")}
_RULING_WORDS = {
    plain(word): ruling
    for ruling, words in {
        Ruling.REFUSE: (*RULINGS[Ruling.REFUSE], "refuse", "不认定", "none"),
        Ruling.MANUAL: (*RULINGS[Ruling.MANUAL], "manual", "人工"),
    }.items()
    for word in words
}
_AMOUNT = r"\d{1,9}(?:\.\d{1,2})?"
_NUMBER = r"\d{1,15}(?:\.\d{1,9})?"
_FIXED = re.compile(rf"({_AMOUNT})(?:\s*(?:学分|credits?))?")
_SHARE = re.compile(r"\[([^\]]+)\](?:\s*[×x*]\s*(\d{1,9}(?:/[1-9]\d{0,8}|\.\d{1,6})?))?")
_FACTS = r"(?P<facts>\[[^\]]+\](?:\s*\+\s*\[[^\]]+\])*)"
_EACH = (
    re.compile(rf"每\s*(?P<each>{_NUMBER})\s*{_FACTS}\s*(?P<gives>{_AMOUNT})\s*(?P<part>按比例)?"),
    re.compile(rf"(?P<gives>{_AMOUNT}) per (?P<each>{_NUMBER})\s*{_FACTS}\s*(?P<part>in proportion)?"),
)
_TIERED = re.compile(r"\[([^\]]+)\]\s*(≥.*)")
_TIER = re.compile(rf"≥\s*({_NUMBER})\s*:\s*({_AMOUNT})")
_BELOW = re.compile(r"(?:不足|below)\s*:\s*(.+)")


def credit_words(credit: CreditOf | Ruling, facts: Mapping[str, Fact], language: str) -> str:
    """A row's credit in words that :func:`read_credit` reads back as the same."""
    chinese = language.lower().startswith("zh")
    if isinstance(credit, Ruling):
        return RULINGS[credit][0 if chinese else 1]
    if isinstance(credit, int):
        return format_credit(credit)
    name = " + ".join(bracketed(one, facts, language) for one in facts_of(credit))
    match credit:
        case FromFact(times=times):
            return name if times == 1 else f"{name} × {times}"
        case PerUnit():
            each, gives = plain_number(credit.each), format_credit(credit.gives)
            if chinese:
                return f"每 {each} {name} {gives}" + ("" if credit.whole else " 按比例")
            return f"{gives} per {each} {name}" + ("" if credit.whole else " in proportion")
        case Tiers():
            tiers = "; ".join(f"≥ {plain_number(least)}: {format_credit(gives)}" for least, gives in credit.tiers)
            return f"{name} {tiers}; {'不足' if chinese else 'below'}: {RULINGS[credit.below][0 if chinese else 1]}"


def read_credit(facts: Mapping[str, Fact], typed: str) -> Any:
    """The credit that words mean, as a document writes it; a ``Ruling`` where none is given.

    Returns:
        A Refusal that says what was typed and what is expected.
    """
    text = plain(typed)
    if text in _RULING_WORDS:
        return _RULING_WORDS[text]
    if found := _FIXED.fullmatch(text):
        return found[1]
    if found := _SHARE.fullmatch(text):
        fact = read_bracketed(found[1], facts)
        return fact if isinstance(fact, Refusal) else {"fact": fact} | ({"times": found[2]} if found[2] else {})
    for form in _EACH:
        if found := form.fullmatch(text):
            whole = {"whole": False} if found["part"] else {}
            of: list[str] = []
            for one in re.findall(r"\[([^\]]+)\]", found["facts"]):
                fact = read_bracketed(one, facts)
                if isinstance(fact, Refusal):
                    return fact
                of.append(fact)
            return {"each": found["each"], "of": of if len(of) > 1 else of[0], "gives": found["gives"], **whole}
    if found := _TIERED.fullmatch(text):
        return _tiers(facts, found[1], found[2], typed)
    return _no_amount(typed)


def _tiers(facts: Mapping[str, Fact], name: str, tiers: str, typed: str) -> Any:
    fact = read_bracketed(name, facts)
    if isinstance(fact, Refusal):
        return fact
    said: dict[str, Any] = {"of": fact, "tiers": []}
    for part in re.split(r"\s*[;,]\s*", tiers):
        if found := _TIER.fullmatch(part):
            said["tiers"].append({"from": found[1], "gives": found[2]})
        elif (below := _BELOW.fullmatch(part)) and below[1] in _RULING_WORDS:
            said["below"] = _RULING_WORDS[below[1]].value
        else:
            return _no_amount(typed)
    return said


def bracketed(name: str, facts: Mapping[str, Fact], language: str) -> str:
    """A fact named inside a text: by its label where that names one fact only, else by its name."""
    label = facts[name].label.said_in(language)
    clean = read_bracketed(label, facts) == name and not set("[]") & set(label)
    return f"[{label if clean else name}]"


def read_bracketed(typed: str, facts: Mapping[str, Fact]) -> str | Refusal:
    """The name of the fact that a text names, by name or by label."""
    text = plain(typed)
    if text in facts:
        return text
    found = [fact.name for fact in facts.values() if text in (plain(fact.label.zh), plain(fact.label.en))]
    return found[0] if len(found) == 1 else Refusal.because("cell.unknown_fact", typed=typed[:80])


def _no_amount(typed: str) -> Refusal:
    return Refusal.because("cell.amount", typed=typed if len(typed) <= 80 else f"{typed[:79]}…")
