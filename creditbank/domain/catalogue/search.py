"""Search keys of catalogue items, what a question asks of them, and how well an item answers it."""

from __future__ import annotations

import math
import zlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from creditbank.domain.catalogue.names import lasting_name, normal_name

_TEXT, _SPELLED, _INITIALS = "t", "p", "i"
_WINDOW = {_TEXT: 2, _SPELLED: 4, _INITIALS: 3}
_MOST_COVERING = 10
"""So many grams are asked for at most: who has them all, has the name nearly always, and it is compared anyway."""
_SHORTEST_NEAR = 3
"""Of fewer letters nothing is called similar: everything would be."""
_LEAST_COMMON = 0.65
_LEAST_GRAMS = 0.3
_MOST_RARE = 8
_NEEDED = 0.4


class Found(StrEnum):
    """How an item answers a question, the best first."""

    SAME = "same"
    SAME_SERIES = "same_series"
    """But for edition and year."""
    STARTS = "starts"
    INITIALS = "initials"
    SPELLED = "spelled"
    CONTAINS = "contains"
    NEAR = "near"


_WORTH = {
    Found.SAME: 1000, Found.SAME_SERIES: 960, Found.STARTS: 900, Found.INITIALS: 880, Found.SPELLED: 860,
    Found.CONTAINS: 800, Found.NEAR: 0,
}  # fmt: skip
_PARTLY = 140
"""What a match loses that begins with the question, or contains it, where the whole would be better."""


@dataclass(frozen=True, slots=True)
class Keys:
    """By what an item is found: its names as compared, without edition and year, spelled out, and as initials."""

    names: tuple[str, ...]
    series: tuple[str, ...]
    spelled: tuple[str, ...]
    initials: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Channel:
    """One way to ask: grams of which an item must have all."""

    grams: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody typed, as compared, without edition and year, and the ways to ask for it.

    ``whole`` are grams of which one is enough; ``within`` asks for names that contain it, ``starts`` for those that
    begin with it; ``grams`` are all of its own.
    """

    name: str
    series: str
    whole: tuple[int, ...]
    within: tuple[Channel, ...]
    starts: tuple[Channel, ...]
    grams: tuple[int, ...]

    @property
    def spelled(self) -> bool:
        """Whether it can be pinyin: Latin letters and digits only."""
        return self.series.isascii()


@dataclass(frozen=True, slots=True, order=True)
class Match:
    """How well an item answers; a higher score is better."""

    score: int
    found: Found


def keys_of(names: Iterable[str], readings: Iterable[tuple[str, str]]) -> Keys:
    """The keys of an item from its names and, for each of their readings, the full pinyin and the initials."""
    said = [name for name in names if normal_name(name)]
    spoken = list(readings)
    return Keys(
        names=_once(normal_name(name) for name in said),
        series=_once(lasting_name(name) for name in said),
        spelled=_once(full for full, _initials in spoken),
        initials=_once(initials for _full, initials in spoken),
    )


def grams_of(keys: Keys) -> tuple[int, ...]:
    """The grams an item is indexed by, as signed 32-bit numbers, each once."""
    made: set[int] = set()
    for space, words in ((_TEXT, keys.series), (_SPELLED, keys.spelled), (_INITIALS, keys.initials)):
        for word in words:
            made.update(_windows(space, word))
            made.update(_start(space, word[:length]) for length in range(1, 4) if word)
            made.add(_whole(space, word))
    return tuple(sorted(made))


def question_of(text: str) -> Question | None:
    """What a typed text asks; nothing when it has no letter and no digit."""
    name, series = normal_name(text), lasting_name(text)
    if not name:
        return None
    spaces = (_TEXT, _SPELLED, _INITIALS) if series.isascii() else (_TEXT,)
    within = {space: tuple(dict.fromkeys(_windows(space, series))) for space in spaces}
    covering = {space: _covering(grams, _WINDOW[space]) for space, grams in within.items()}
    return Question(
        name,
        series,
        whole=tuple(_whole(space, series) for space in spaces),
        within=tuple(Channel(grams) for grams in covering.values() if grams),
        starts=tuple(Channel((*grams, _start(space, series[:3]))) for space, grams in covering.items()),
        grams=tuple(gram for grams in within.values() for gram in grams),
    )


def rare_grams(question: Question, counts: Mapping[int, int], among: int) -> tuple[tuple[int, float], ...]:
    """The grams by which similar items are looked for, each with its weight, and how often each occurs among how many.

    What an item shares with the question must weigh at least a part of all; whatever does has one of the heaviest
    grams, so that the light ones, which nearly every item has, need not be looked up.
    """
    weights = {gram: math.log((among + 1) / (counts.get(gram, 0) + 0.5)) for gram in question.grams}
    heavy = sorted(weights.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple((gram, weight) for gram, weight in heavy if weight > 0)[:_MOST_RARE]


def asked_grams(rare: Collection[tuple[int, float]]) -> tuple[int, ...]:
    """Of the rare grams, the heaviest, one of which every item has that shares enough of their weight."""
    left = sum(weight for _gram, weight in rare)
    least = left * _NEEDED
    asked = []
    for gram, weight in rare:
        if left < least:
            break
        asked.append(gram)
        left -= weight
    return tuple(asked)


def match(question: Question, keys: Keys) -> Match | None:
    """How an item answers a question, or nothing."""
    found = [_SAME] if question.name in keys.names else []
    for word in keys.series:
        found += _plain(question.series, word, (Found.SAME_SERIES, Found.STARTS, Found.CONTAINS), _TEXT)
    if question.spelled:
        for word in keys.initials:
            found += _plain(question.series, word, (Found.INITIALS,) * 3, _INITIALS)
        for word in keys.spelled:
            found += _plain(question.series, word, (Found.SPELLED,) * 3, _SPELLED)
    return max(found, default=None)


_SAME = Match(_WORTH[Found.SAME], Found.SAME)


def _plain(asked: str, word: str, kinds: tuple[Found, Found, Found], space: str) -> list[Match]:
    """How one word answers: whole, from its start, within, or nearly."""
    whole, starts, within = kinds
    longer = min(len(word) - len(asked), 60)
    if word == asked:
        return [Match(_WORTH[whole], whole)]
    if word.startswith(asked):
        return [Match(_WORTH[starts] - (_PARTLY // 2 if starts is whole else 0) - longer, starts)]
    if asked in word and (space == _TEXT or len(asked) >= _WINDOW[space]):
        return [Match(_WORTH[within] - (_PARTLY if within is whole else 0) - longer, within)]
    return [] if space == _INITIALS else _near(asked, word, space)


def _near(asked: str, word: str, space: str) -> list[Match]:
    if len(asked) < _SHORTEST_NEAR:
        return []
    common = _common(asked, word) / len(asked)
    if common < _LEAST_COMMON:
        return []
    mine = set(_windows(space, asked))
    shared = len(mine.intersection(_windows(space, word))) / len(mine) if mine else 0.0
    if shared < _LEAST_GRAMS:
        return []
    lengths = min(len(asked), len(word)) / max(len(asked), len(word))
    return [Match(round(600 * (0.55 * common + 0.35 * shared + 0.1 * lengths)), Found.NEAR)]


def _common(one: str, other: str) -> int:
    """The length of the longest common subsequence; the bits of a whole number are a row of its table.

    Source: H. Hyyrö, "Bit-parallel LCS-length computation revisited", 2004.
    """
    places: dict[str, int] = {}
    for place, letter in enumerate(one):
        places[letter] = places.get(letter, 0) | 1 << place
    every = (1 << len(one)) - 1
    row = every
    for letter in other:
        taken = row & places.get(letter, 0)
        row = ((row + taken) | (row - taken)) & every
    return len(one) - row.bit_count()


def _windows(space: str, word: str) -> Iterable[int]:
    """The grams within a word: pairs where Chinese is involved, three Latin letters or more where it is not."""
    if space != _TEXT:
        size = _WINDOW[space]
        for place in range(len(word) - size + 1):
            yield _gram(space, word[place : place + size])
        return
    for place in range(len(word) - 1):
        pair = word[place : place + 2]
        if not pair.isascii():
            yield _gram(space, pair)
        elif len(three := word[place : place + 3]) == 3 and three.isascii():
            yield _gram(space, three)


def _covering(grams: tuple[int, ...], size: int) -> tuple[int, ...]:
    """Of the grams of a word those that cover it, and of a long one some from everywhere."""
    chosen = (*grams[::size], *grams[-1:])
    step = -(-len(chosen) // _MOST_COVERING) or 1
    return tuple(dict.fromkeys((*chosen[::step], *chosen[-1:])))


def _start(space: str, start: str) -> int:
    return _gram(space, f"^{start}")


def _whole(space: str, word: str) -> int:
    return _gram(space, f"={word}")


def _gram(space: str, text: str) -> int:
    number = zlib.crc32(f"{space}{text}".encode())
    return number - (1 << 32) if number >> 31 else number


def _once(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word in words if word))
