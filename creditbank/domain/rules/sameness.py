"""Titles written differently that mean alike: width, spacing, ordinals, abbreviations."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

_DIGITS = {"零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_NUMERAL = "".join([*_DIGITS, *_UNITS])
_CHINESE = re.compile(f"第\\s*([{_NUMERAL}]{{1,8}}|\\d{{1,6}})")
_NUMBERED = re.compile(r"(?<![\w.])(\d{1,6})\s?(?:st|nd|rd|th)\b")
_WORDS = (
    *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"),
    *("eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth"),
    *("nineteenth", "twentieth"),
)
_ORDINALS = {word: str(number) for number, word in enumerate(_WORDS, start=1)}
_WORDED = re.compile(r"\b(" + "|".join(sorted(_ORDINALS, key=len, reverse=True)) + r")\b")


def normal_words(text: str, abbreviations: Mapping[str, str] | None = None) -> str:
    """A text without what people write differently.

    Full width, case, spacing and punctuation make no difference; an ordinal is its number (第十届, 第10届;
    tenth, 10th); an abbreviation is what it stands for. The abbreviations must be normal words themselves.
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    plain = _CHINESE.sub(lambda found: f" {_number(found.group(1))}", plain)
    plain = _NUMBERED.sub(lambda found: found.group(1), plain)
    plain = _WORDED.sub(lambda found: _ORDINALS[found.group(1)], plain)
    words = "".join(letter for letter in plain if letter.isalnum())
    for short, full in sorted((abbreviations or {}).items(), key=lambda pair: (-len(pair[0]), pair[0])):
        # What is written out already is not written out twice: the abbreviation may be part of the full words.
        words = full.join(part.replace(short, full) for part in words.split(full))
    return words


def _number(numeral: str) -> str:
    """A Chinese numeral below ten thousand, or digits, as digits without leading zeros."""
    if numeral.isdigit() and not any(sign in _DIGITS for sign in numeral):
        return str(int(numeral))
    if not any(sign in _UNITS for sign in numeral):
        return str(int("".join(str(_DIGITS[sign]) for sign in numeral)))
    total, digit = 0, None
    for sign in numeral:
        if sign in _UNITS:
            total += (1 if digit is None else digit) * _UNITS[sign]
            digit = None
        else:
            digit = _DIGITS[sign]
    return str(total + (digit or 0))
