"""Texts that a spreadsheet program would run: defused for a sheet of text, read back as they were."""

from __future__ import annotations

import unicodedata

_SIGNS = frozenset("=+-@")
_PASSED_OVER = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})


def could_run(text: str) -> bool:
    """Whether a spreadsheet program may take the text for a formula.

    It begins with a tab or a line end; or with a sign, also one of full width or small form, after whatever some
    program passes over: spaces of any kind, control and format characters. Apostrophes in front belong to the text,
    so that what was defused can be told from what was not.
    """
    if text[:1].isalnum():
        return False
    bare = text.lstrip("'")
    if bare[:1] in {"\t", "\r", "\n"}:
        return True
    for letter in bare:
        if unicodedata.category(letter) not in _PASSED_OVER:
            return unicodedata.normalize("NFKC", letter)[:1] in _SIGNS
    return False


def defused(text: str) -> str:
    """The text, behind an apostrophe where a spreadsheet program may take it for a formula."""
    return f"'{text}" if could_run(text) else text


def as_it_was(text: str) -> str:
    """What was defused, without the apostrophe: ``as_it_was(defused(text))`` is ``text``."""
    return text[1:] if text[:1] == "'" and could_run(text[1:]) else text
