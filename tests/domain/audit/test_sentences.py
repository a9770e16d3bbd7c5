"""The audit's sentences are all translated, with the same places."""

from __future__ import annotations

import string
from pathlib import Path

import polib

import creditbank
from creditbank.domain.audit.explain import MESSAGES

CATALOGUE = Path(creditbank.__file__).parent / "locale" / "domain-audit" / "zh_Hans" / "LC_MESSAGES" / "django.po"


def places(sentence):
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_every_sentence_is_translated_with_the_same_places():
    said = {entry.msgid: entry.msgstr for entry in polib.pofile(str(CATALOGUE))}
    assert set(said) == set(MESSAGES.values())
    for english, chinese in said.items():
        assert chinese
        assert places(chinese) == places(english)
