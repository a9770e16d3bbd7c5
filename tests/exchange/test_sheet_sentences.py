"""Every sentence of the import has its Chinese, with the same places to fill."""

from __future__ import annotations

from pathlib import Path
from string import Formatter

import polib
import pytest

import creditbank
from creditbank.exchange import (
    aggregates,
    agreements,
    document_words,
    encoding,
    mapping_words,
    plans,
    result_rows,
    results,
    sheets,
    unreadable,
    workbooks,
)
from creditbank.exchange.documents import read_document
from creditbank.exchange.mapping import read_mapping
from creditbank.gateways import files

CATALOGUE = Path(creditbank.__file__).parent / "locale" / "exchange" / "zh_Hans" / "LC_MESSAGES" / "django.po"
MODULES = (
    files, encoding, workbooks, sheets, agreements, aggregates, result_rows, results, plans, document_words, mapping_words, unreadable,
)  # fmt: skip
SENTENCES = {code: text for module in MODULES for code, text in module.MESSAGES.items()}


def places(text):
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name is not None)


@pytest.fixture(scope="module")
def chinese():
    return {entry.msgid: entry.msgstr for entry in polib.pofile(str(CATALOGUE))}


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_a_sentence_has_its_chinese_with_the_same_places(chinese, code):
    english = SENTENCES[code]
    assert places(chinese[english]) == places(english)
    assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese[english])


def test_the_catalogue_holds_nothing_else(chinese):
    assert set(chinese) == set(SENTENCES.values())
    assert len(SENTENCES) == sum(len(module.MESSAGES) for module in MODULES)


def test_the_mapping_of_the_how_to_reads_as_it_stands():
    text = (CATALOGUE.parents[5] / "docs" / "how-to" / "import-results.md").read_text(encoding="utf-8")
    blocks = [part.split("```")[0] for part in text.split("```yaml\n")[1:]]
    mapping = read_mapping(read_document(blocks[0].encode(), name="how-to"))
    assert mapping.courses["MATH101"].declared.credit == 450
    assert set(read_document(blocks[1].encode(), name="how-to")) == {"related", "aggregate"}
