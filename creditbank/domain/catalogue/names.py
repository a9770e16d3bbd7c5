"""Names of catalogue items without what people write differently, without editions and years."""

from __future__ import annotations

import re
import unicodedata

_DIGITS = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_NUMERAL = "〇零一二两三四五六七八九十百"
_COUNTED = re.compile(rf"[{_NUMERAL}]+(?=[届期次回季级等类星段轮批])")
_EDITION = re.compile(
    rf"第[{_NUMERAL}\d]{{1,6}}[届期次回季轮批]|[{_NUMERAL}\d]{{1,6}}届"
    r"|(?<!\d)(?:(?:19|20)\d\d){1,2}(?:学年度|学年|年度|年)?(?!\d)|(?<!\d)(?:the)?\d{1,3}(?:st|nd|rd|th)(?![a-z]{0,2}\d)"
)
_LONGEST = 400


def cleaned(text: str) -> str:
    """A text in one width and case, without spaces and punctuation, as it is spoken: numerals stay as they are."""
    text = text[:_LONGEST]
    while (plain := "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))) != text:
        text = plain
    return text


def normal_name(text: str) -> str:
    """A name as it is compared: cleaned, and numerals that count something as digits (第十届, 第10届; 三级, 3级)."""
    return _fixed(cleaned(text), _counted)


def lasting_name(text: str) -> str:
    """A name without edition and year: what stays from one year to the next; the whole name where nothing stays."""
    return _fixed(spoken_name(text), _counted)


def spoken_name(text: str) -> str:
    """A name without edition and year whose numerals are as they are spoken, for its pinyin."""
    whole = cleaned(text)
    return _fixed(whole, lambda name: _EDITION.sub("", name)) or whole


def _fixed(text: str, step: object) -> str:
    """The text after a step that is repeated until it changes nothing; each step makes it shorter or keeps it."""
    assert callable(step)
    while (after := step(text)) != text:
        text = after
    return text


def _counted(text: str) -> str:
    return _COUNTED.sub(lambda found: str(_value(found[0])), text)


def _value(numeral: str) -> int | str:
    """What a Chinese numeral below a thousand says; signs without 十 and 百 are read one by one."""
    if not set(numeral) & set("十百"):
        return "".join(str(_DIGITS[sign]) for sign in numeral)
    value = digit = 0
    for sign in numeral:
        if sign in "十百":
            value += (digit or 1) * (10 if sign == "十" else 100)
            digit = 0
        else:
            digit = _DIGITS[sign]
    return value + digit
