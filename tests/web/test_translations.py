"""Every room's Chinese is complete, keeps its places, and every word of a page is in some room."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import polib
import pytest

from creditbank.gateways import wording

HOUSE = wording.LOCALE.parent
ROOMS = sorted(wording.LOCALE.glob("*/zh_Hans/LC_MESSAGES/django.po"))
PLACES = re.compile(r"%\(\w+\)[sd]|\{\w+\}")
SAID_IN_TEMPLATE = re.compile(r"""\{%\s*(?:translate|trans)\s+(?:"([^"]+)"|'([^']+)')""")
SAID_IN_BLOCK = re.compile(r"\{%\s*blocktrans(?:late)?\b[^%]*%\}(.*?)\{%\s*(?:plural|endblocktrans)", re.DOTALL)


def room_of(path: Path) -> str:
    return path.parts[-4]


@pytest.mark.parametrize("room", ROOMS, ids=room_of)
def test_no_entry_is_untranslated_or_fuzzy(room):
    catalogue = polib.pofile(str(room))
    assert len(catalogue) > 0
    assert [entry.msgid for entry in catalogue.untranslated_entries()] == []
    assert [entry.msgid for entry in catalogue.fuzzy_entries()] == []


@pytest.mark.parametrize("room", ROOMS, ids=room_of)
def test_a_translation_keeps_every_place(room):
    for entry in polib.pofile(str(room)):
        for said in entry.msgstr_plural.values() or [entry.msgstr]:
            asked = set(PLACES.findall(entry.msgid)) | set(PLACES.findall(entry.msgid_plural))
            assert set(PLACES.findall(said)) <= asked, entry.msgid
            if not entry.msgid_plural:
                assert set(PLACES.findall(said)) == asked, entry.msgid


def test_every_word_of_every_template_is_translated():
    known = {entry.msgid for room in ROOMS for entry in polib.pofile(str(room))}
    missing = []
    for template in sorted(HOUSE.rglob("templates/**/*.html")):
        source = template.read_text(encoding="utf-8")
        said = [double or single for double, single in SAID_IN_TEMPLATE.findall(source)]
        said += [
            re.sub(r"\{\{\s*(\w+)\s*\}\}", r"%(\1)s", block)
            for block in SAID_IN_BLOCK.findall(source)
            if "trimmed" not in block
        ]
        missing += [f"{template.name}: {words}" for words in said if words not in known]
    assert missing == []


def test_every_word_of_the_interfaces_code_is_translated():
    known = {entry.msgid for room in ROOMS for entry in polib.pofile(str(room))}
    missing = []
    for module in sorted((HOUSE / "web").rglob("*.py")):
        said = re.findall(r'(?:\b_|gettext(?:_lazy)?)\(\s*"([^"]+)"\s*\)', module.read_text(encoding="utf-8"))
        missing += [f"{module.name}: {words}" for words in said if words not in known]
    assert missing == []


def test_every_sentence_of_every_decision_is_translated():
    known = {entry.msgid for room in ROOMS for entry in polib.pofile(str(room))}
    assert [code for code, sentence in wording.messages().items() if sentence not in known] == []


def test_every_sentence_of_a_form_is_translated_however_many_lines_it_takes():
    known = {entry.msgid for room in ROOMS for entry in polib.pofile(str(room))}
    said = [
        (path.name, call.args[0].value)
        for path in (HOUSE / "web").rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in {"_", "_t"} and call.args
        and isinstance(call.args[0], ast.Constant)
    ]  # fmt: skip
    assert len(said) > 500
    assert [pair for pair in said if pair[1] not in known] == []
