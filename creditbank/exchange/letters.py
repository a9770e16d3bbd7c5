"""Decision letters as PDF files: the letter as it was written, laid out in one language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from creditbank.domain.explanation import Line
from creditbank.domain.letters import NAMES
from creditbank.gateways import wording
from creditbank.gateways.typesetting import typeset
from creditbank.queries.letters import LetterPage

WORDS: dict[str, str] = {
    "number": "letter.word_number",
    "reasons": "letter.word_reasons",
    "why": "letter.word_why",
    "rules": "letter.word_rules",
    "appeal": "letter.word_appeal",
    "hash": "letter.word_hash",
}
"""The headings of a letter, by the codes of ``domain.letters``."""


def letter_pdf(letter: LetterPage, language: str, *, fonts: str) -> bytes:
    """The PDF of a letter, the same bytes whenever it is asked for.

    Args:
        letter: as it was written.
        language: ``zh-hans`` or ``en``.
        fonts: the folder with a Chinese font; empty to look where systems keep it.

    Raises:
        creditbank.gateways.typesetting.FontProblem: there is no such font.
    """
    return typeset("letter", letter_data(letter, language), fonts=fonts, at=_moment(letter))


def letter_data(letter: LetterPage, language: str) -> dict[str, Any]:
    """What the template reads: every text in one language."""
    side = "zh" if language.startswith("zh") else "en"
    content = letter.content
    after = [content[name][side] for name in ("final", "follows", "corrects") if content[name]]
    return {
        "lang": side,
        "region": "cn" if side == "zh" else "gb",
        "institution": content["institution"][side],
        "name": NAMES[letter.line.kind].said_in(language),
        "number": letter.line.number,
        "to": _to(content, side),
        "decision": content["decision"][side],
        "after": after,
        "reasons": [*(reason[side] for reason in content["reasons"]), *content["words"]],
        "why": [_why(line, side) for line in content["why"]],
        "rules": [{"name": _rule(rule, side), "hash": rule["hash"]} for rule in content["rules"]],
        "appeal": content["appeal"][side] if content["appeal"] else "",
        "contact": content["contact"],
        "date": content["issued_on"],
        "hash": letter.content_hash,
        "words": {name: wording.say(Line(code), language) for name, code in WORDS.items()},
    }


def _to(content: Mapping[str, Any], side: str) -> str:
    who = content["learner"][side]
    if side == "zh":
        return f"{who}（{content['student_number']}）：" if content["student_number"] else f"{who}："
    return f"{who} ({content['student_number']})" if content["student_number"] else str(who)


def _why(line: Mapping[str, Any], side: str) -> dict[str, Any]:
    clause = line["clause"][side] if line["clause"] else ""
    quoted = f"“{clause}”" if clause else ""
    return {"said": line[side], "clause": quoted, "lines": [_why(below, side) for below in line["lines"]]}


def _rule(rule: Mapping[str, Any], side: str) -> str:
    number = rule["number"]
    return f"{rule['name'][side]}，第{number}版" if side == "zh" else f"{rule['name'][side]}, version {number}"


def _moment(letter: LetterPage) -> datetime:
    return letter.line.issued_at
