"""Every sentence of conversions is translated, with the same places, and every packaged case is green."""

from __future__ import annotations

import re
from pathlib import Path

import polib
import pytest

from creditbank.domain.conversions import application, composition, lint, loops, offered, trace
from creditbank.domain.conversions.cases import run_conversion_case
from creditbank.domain.conversions.compile import compile_conversions
from creditbank.domain.conversions.model import ConversionRules
from creditbank.domain.explanation import Verdict
from creditbank.exchange.rules import load_any_pack, load_conversion_cases
from creditbank.gateways.documents import conversion_pack_codes, pack_cases_bytes

ROOT = Path(__file__).parents[3]
SHARED = {"conversion.rounded"}
"""Said by the rules for recognition in the same words."""


def test_every_sentence_is_translated_and_none_is_left_over() -> None:
    rooms = (trace, lint, loops, offered, application, composition)
    messages = {code: sentence for room in rooms for code, sentence in room.MESSAGES.items()}
    entries = {
        entry.msgid: entry
        for entry in polib.pofile(str(ROOT / "creditbank/locale/domain-conversions/zh_Hans/LC_MESSAGES/django.po"))
    }
    assert set(entries) == {sentence for code, sentence in messages.items() if code not in SHARED}
    for msgid, entry in entries.items():
        assert sorted(re.findall(r"\{\w+\}", msgid)) == sorted(re.findall(r"\{\w+\}", entry.msgstr)), msgid


@pytest.mark.parametrize("code", conversion_pack_codes())
def test_every_pack_has_cases_for_every_row_and_all_are_green(code: str) -> None:
    rules = load_any_pack(code)
    assert isinstance(rules, ConversionRules)
    cases = load_conversion_cases(pack_cases_bytes(code) or b"", rules, name=code)
    compiled = compile_conversions(rules)
    results = [run_conversion_case(compiled, case) for case in cases]
    assert [(result.case.id, result.differences) for result in results if result.differences] == []
    worked = {result.answer.row for result in results if result.answer and result.answer.made}
    assert worked == {row.id for row in rules.rows}
    assert [finding for finding in lint.lint_conversions(rules) if finding.line.verdict is Verdict.NO] == []
