"""What people write into a cell of a rule table: said in words, and read back as the cell."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from creditbank.domain.explanation import Refusal
from creditbank.domain.rules.model import Accept, Choice, Fact, FactType, Interval
from creditbank.domain.rules.write import accept_data
from creditbank.domain.values import Text

MESSAGES: dict[str, str] = {
    "cell.unknown_value": "“{typed}” is not understood for {fact}. Expected: {values}, several with commas, or “any”.",
    "cell.number": "“{typed}” is no number for {fact}. Expected: 60, 60–100, ≥ 60, < 60, or “any”.",
    "cell.day": "“{typed}” is no day for {fact}. Expected: 2026-03-01, 2026-03-01–2026-08-31, ≥ 2026-03-01, or “any”.",
    "cell.boolean": "“{typed}” is not understood for {fact}. Expected: yes, no, or “any”.",
    "cell.codes": "“{typed}” is no code for {fact}. Expected: letters, digits and _ . : -, "
    "several with commas, or “any”.",
    "cell.text": "{fact} is free text and cannot decide.",
}

_ANY = frozenset({"", "any", "*", "任意", "不限", "任何", "全部"})
_YES = frozenset({"yes", "y", "true", "是", "对", "√"})
_NO = frozenset({"no", "n", "false", "否", "×"})
_COMMA = re.compile(r"\s*[,、;|/]\s*")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,79}")
_SPANS = ("–", "—", "~", "至", " to ", "-")
_NUMBER = r"-?\d{1,15}(?:\.\d{1,9})?"
_DAY = r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?"
_SIGNS = {">=": "from", "≥": "from", ">": "above", "<=": "to", "≤": "to", "<": "below", "=": "at"}
_FORE = {
    "from": "from", "at least": "from", "从": "from", "不低于": "from", "不少于": "from",
    "above": "above", "超过": "above", "高于": "above", "to": "to", "at most": "to", "不超过": "to",
    "below": "below", "低于": "below", "不足": "below", "不满": "below", **_SIGNS,
}  # fmt: skip
_AFT = {
    "及以上": "from", "以上": "from", "or more": "from", "or higher": "from",
    "及以下": "to", "以下": "to", "or less": "to", "or lower": "to",
}  # fmt: skip
_MOST_SHOWN = 12


def plain(text: str) -> str:
    """A text as cells compare it: full and half width alike, single spaces, no difference of case."""
    return " ".join(unicodedata.normalize("NFKC", text).split()).casefold()


def cell_words(fact: Fact, accept: Accept | None, language: str) -> str:
    """A cell in words that :func:`read_cell` reads back as the same; ``None`` is no restriction."""
    return any_word(language) if accept is None else _said(fact, accept, chinese=language.lower().startswith("zh"))


def any_word(language: str) -> str:
    """What stands where a cell restricts nothing."""
    return "任意" if language.lower().startswith("zh") else "any"


def read_cell(fact: Fact, typed: str) -> Any:
    """The cell that words mean, as a document writes it: ``None`` for any, else a value, a list or an interval.

    Words of both languages, codes, and the common signs are understood, whatever language the page has. An interval
    may still be empty or outside the fact's range; that is for ``read_rule_set`` to say.

    Returns:
        A Refusal that says what was typed and what is expected.
    """
    text = plain(typed)
    if text in _ANY:
        return None
    match fact.type:
        case FactType.TEXT:
            return Refusal.because("cell.text", fact=fact.label)
        case FactType.BOOLEAN:
            if text in _YES or text in _NO:
                return text in _YES
            return _refused("cell.boolean", fact, typed)
        case FactType.CODE:
            codes = _COMMA.split(unicodedata.normalize("NFKC", typed).strip())
            good = all(_CODE.fullmatch(code) for code in codes)
            return codes if good else _refused("cell.codes", fact, typed)
        case FactType.ENUM:
            names, exact = _Names.of(fact.choices), unicodedata.normalize("NFKC", typed).strip()
            found = names.by_code(exact) or names.listed(text, ordered=fact.ordered)
            return found if found is not None else _unknown(fact, typed)
    ends = _interval(text, _DAY if fact.type is FactType.DATE else _NUMBER)
    return (
        ends if ends is not None else _refused("cell.day" if fact.type is FactType.DATE else "cell.number", fact, typed)
    )


def choice_words(choices: Sequence[Choice], code: str, language: str) -> str:
    """What people call one of some choices, or its code where two share the name."""
    return _Names.of(tuple(choices)).word(code, chinese=language.lower().startswith("zh"))


def read_choice_words(choices: Sequence[Choice], typed: str) -> str | None:
    """The code of the choice that words or a code name, if any does."""
    names = _Names.of(tuple(choices))
    return typed if typed in names.labels else names.codes.get(plain(typed))


def read_choice_list(choices: Sequence[Choice], typed: str) -> list[str] | None:
    """The codes of the choices that words list, in the order of the words; nothing where one is unknown."""
    names = _Names.of(tuple(choices))
    exact = _COMMA.split(unicodedata.normalize("NFKC", typed).strip())
    return exact if all(code in names.labels for code in exact) else names.named(plain(typed))


def listed_words(choices: Sequence[Choice]) -> Text:
    """What one may choose from, in both languages."""
    shown = [choice.label for choice in choices[:_MOST_SHOWN]]
    more = ("…",) if len(choices) > _MOST_SHOWN else ()
    return Text(
        "、".join((*(one.zh for one in shown), *more)), ", ".join((*(one.en or one.zh for one in shown), *more))
    )


class _Names:
    """The names of some choices: labels of both languages and codes, where they name one choice only."""

    @staticmethod
    @lru_cache(maxsize=256)
    def of(choices: tuple[Choice, ...]) -> _Names:
        return _Names(choices)

    def __init__(self, choices: tuple[Choice, ...]) -> None:
        self.scale = [choice.code for choice in choices]
        self.labels = {choice.code: choice.label for choice in choices}
        codes: dict[str, str | None] = {}
        for choice in choices:
            for label in {plain(choice.label.zh), plain(choice.label.en)}:
                codes[label] = choice.code if codes.get(label, choice.code) == choice.code else None
        exact: dict[str, str | None] = {}
        for code in self.scale:
            # Codes differ by case where words do not.
            exact[plain(code)] = None if plain(code) in exact else code
        self.codes: Mapping[str, str] = {name: code for name, code in {**codes, **exact}.items() if code and name}

    def word(self, code: str, *, chinese: bool) -> str:
        label = self.labels[code]
        word = label.zh if chinese else label.en or label.zh
        # A label that is the code of another choice would be read as that one.
        clear = self.codes.get(plain(word)) == code and (word == code or word not in self.scale)
        return word if clear and plain(word) not in _ANY else code

    def by_code(self, typed: str) -> list[str] | None:
        """The codes that a text lists letter by letter: codes may differ by case alone, where words do not."""
        named = _COMMA.split(typed)
        return [code for code in self.scale if code in named] if all(code in self.labels for code in named) else None

    def listed(self, text: str, *, ordered: bool) -> list[str] | None:
        """The codes that a text lists, in declared order; a stretch of a scale where there is one."""
        alone = text.removeprefix("=").strip()
        if alone in self.codes:
            return [self.codes[alone]]
        found = self._stretch(text) if ordered else None
        if found is None:
            named = self.named(text)
            found = None if named is None else [code for code in self.scale if code in named]
        return found

    def _stretch(self, text: str) -> list[str] | None:
        for word, end in (*_FORE.items(), *_AFT.items()):
            fore = word in _FORE and text.startswith(word)
            if not fore and not (word in _AFT and text.endswith(word)):
                continue
            code = self.codes.get((text[len(word) :] if fore else text[: -len(word)]).strip())
            if code is not None and end in ("from", "to", "above", "below"):
                at = self.scale.index(code)
                # `above` and `below` leave the end itself out.
                low = at + (end == "above") if end in ("from", "above") else 0
                high = at - (end == "below") if end in ("to", "below") else len(self.scale) - 1
                return self.scale[low : high + 1] or None
        for span in _SPANS:
            place = text.find(span)
            while place > 0:
                one, other = (self.codes.get(part.strip()) for part in (text[:place], text[place + len(span) :]))
                if one is not None and other is not None:
                    return self.scale[self.scale.index(one) : self.scale.index(other) + 1] or None
                place = text.find(span, place + 1)
        return None

    def named(self, text: str, depth: int = 0) -> list[str] | None:
        """Names with commas between them; a name may hold a comma itself, so the longest is tried first."""
        if depth > len(self.scale):
            return None
        for at in sorted({match.start() for match in _COMMA.finditer(text)} | {len(text)}, reverse=True):
            code = self.codes.get(text[:at])
            if code is None:
                continue
            if at == len(text):
                return [code]
            comma = _COMMA.match(text, at)
            rest = self.named(text[comma.end() :], depth + 1) if comma else None
            if rest is not None:
                return [code, *rest]
        return None


def _said(fact: Fact, accept: Accept, *, chinese: bool) -> str:
    if isinstance(accept, Interval):
        return _interval_said(accept, chinese=chinese)
    if isinstance(accept.values[0], bool):
        return ("是" if chinese else "yes") if accept.values[0] else ("否" if chinese else "no")
    codes = [str(value) for value in accept.values]
    between = "、" if chinese else ", "
    if fact.type is not FactType.ENUM:
        return ", ".join(codes)
    names = _Names.of(fact.choices)
    words = [names.word(code, chinese=chinese) for code in codes]
    said = between.join(words)
    if fact.ordered and len(codes) > 1:
        low, high = names.scale.index(codes[0]), names.scale.index(codes[-1])
        if names.scale[low : high + 1] == codes:
            said = f"{words[0]}–{words[-1]}"
            if high == len(names.scale) - 1:
                said = f"≥ {words[0]}"
            elif low == 0:
                said = f"≤ {words[-1]}"
    # Names may hold what stands between names: then the codes say it.
    if (names.by_code(said) or names.listed(plain(said), ordered=fact.ordered)) != codes:
        said = ", ".join(codes)
    return f"= {said}" if plain(said) in _ANY else said


def _interval_said(interval: Interval, *, chinese: bool) -> str:
    ends = accept_data(interval)
    if interval.low is not None and interval.low == interval.high:
        return str(ends["from"])
    if "from" in ends and "to" in ends:
        return f"{ends['from']}–{ends['to']}"
    signs = {"from": "≥", "above": ">", "to": "≤", "below": "<"}
    return ("，" if chinese else ", ").join(f"{signs[name]} {end}" for name, end in ends.items())


def _interval(text: str, token: str) -> dict[str, str] | None:
    """The ends of an interval; one value alone is both."""
    alone = re.fullmatch(token, text)
    if alone:
        return _ends(("from", text), ("to", text))
    both = re.fullmatch(rf"({token})\s*(?:–|—|~|至|to| - |-)\s*({token})", text)
    if both:
        return _ends(("from", both[1]), ("to", both[2]))
    ends = [_end(part, token) for part in re.split(r"\s*(?:,|且|\band\b)\s*", text)]
    if not 1 <= len(ends) <= 2 or None in ends:
        return None
    return _ends(*(end for end in ends if end is not None))


def _end(text: str, token: str) -> tuple[str, str] | None:
    for word, end in _FORE.items():
        if text.startswith(word) and re.fullmatch(token, text[len(word) :].strip()):
            return end, text[len(word) :].strip()
    for word, end in _AFT.items():
        if text.endswith(word) and re.fullmatch(token, text[: -len(word)].strip()):
            return end, text[: -len(word)].strip()
    return None


def _ends(*ends: tuple[str, str]) -> dict[str, str] | None:
    found: dict[str, str] = {}
    for name, value in ends:
        said = _day(value) if re.fullmatch(_DAY, value) else value
        if said is None:
            return None
        for one in ("from", "to") if name == "at" else (name,):
            if one in found:
                return None
            found[one] = said
    lows, highs = {"from", "above"} & found.keys(), {"to", "below"} & found.keys()
    return found if len(lows) <= 1 and len(highs) <= 1 else None


def _day(text: str) -> str | None:
    year, month, day = (int(part) for part in re.findall(r"\d+", text))
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def _unknown(fact: Fact, typed: str) -> Refusal:
    return Refusal.because(
        "cell.unknown_value", typed=_short(typed), fact=fact.label, values=listed_words(fact.choices)
    )


def _refused(code: str, fact: Fact, typed: str) -> Refusal:
    return Refusal.because(code, typed=_short(typed), fact=fact.label)


def _short(typed: str) -> str:
    return typed if len(typed) <= 80 else f"{typed[:79]}…"


def suggested_words(fact: Fact, language: str) -> Iterator[str]:
    """Words that a cell of this fact may hold, as a list to choose from; none where any number or day will do."""
    chinese = language.lower().startswith("zh")
    if fact.type is FactType.BOOLEAN:
        yield from ("是", "否") if chinese else ("yes", "no")
    names = _Names.of(fact.choices)
    yield from (names.word(code, chinese=chinese) for code in names.scale)
    if fact.ordered:
        yield from (f"≥ {names.word(code, chinese=chinese)}" for code in names.scale[1:-1])
    if fact.type in (FactType.BOOLEAN, FactType.ENUM):
        yield any_word(language)
