"""Every sentence of the rules is translated, with the same places; the explanation page stays true."""

from __future__ import annotations

import pkgutil
import re
from datetime import date
from importlib import import_module
from pathlib import Path

import polib
from small_rules import propose

from creditbank.domain import rules
from creditbank.domain.rules.compile import compile_rules
from creditbank.domain.rules.decision import Context
from creditbank.exchange.rules import load_rule_set

ROOT = Path(__file__).parents[3]
MODULES = [import_module(f"{rules.__name__}.{one.name}") for one in pkgutil.iter_modules(rules.__path__)]
MESSAGES: dict[str, str] = {}
for module in MODULES:
    MESSAGES |= getattr(module, "MESSAGES", {})


def test_every_sentence_is_translated_and_none_is_left_over() -> None:
    entries = {
        entry.msgid: entry
        for entry in polib.pofile(str(ROOT / "creditbank/locale/domain-rules/zh_Hans/LC_MESSAGES/django.po"))
    }
    assert set(entries) == set(MESSAGES.values())
    for msgid, entry in entries.items():
        assert sorted(re.findall(r"\{\w+\}", msgid)) == sorted(re.findall(r"\{\w+\}", entry.msgstr)), msgid


def test_the_rule_set_in_the_explanation_page_gives_what_the_page_says() -> None:
    page = (ROOT / "docs/explanation/rules.md").read_text()
    [document] = re.findall(r"```yaml\n(schema: creditbank\.rules/1\n.*?)```", page, re.DOTALL)
    rules = compile_rules(load_rule_set(document.encode(), name="docs/explanation/rules.md"))
    proposal = propose(rules, Context(date(2026, 3, 1)), award="second", part="member", won_on="2026-02-01")
    assert proposal.credit == 250
    assert proposal.expires_on == date(2031, 2, 1)
    assert "**2.5 credits**" in page
