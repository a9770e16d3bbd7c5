"""Seeded chance for demonstrations, and names as pinyin sorts and writes them."""

from __future__ import annotations

import random
from functools import lru_cache

from pypinyin import lazy_pinyin

Chance = random.Random
"""A source of chance that is handed over; nobody but this gateway makes one."""


def seeded(seed: int, part: str = "") -> Chance:
    """A generator that gives the same bank for the same seed; never used where chance must not be guessed.

    Each ``part`` of what is made has its own, so that one part can grow without changing the others.
    """
    return Chance(f"{seed}:{part}" if part else seed)


@lru_cache(maxsize=100_000)
def sort_key(name: str) -> str:
    """What a list of Chinese names is ordered by, stored beside the name."""
    return " ".join(lazy_pinyin(name))


def romanised(name: str) -> str:
    """A two- to four-character Chinese name in Latin letters: 林晓 is Lin Xiao."""
    family, *given = lazy_pinyin(name)
    return f"{family.capitalize()} {''.join(given).capitalize()}".strip()
