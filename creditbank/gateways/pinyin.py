"""Chinese names as pinyin, by which they are found: spelled out, and as initials."""

from __future__ import annotations

from functools import lru_cache

from pypinyin import Style, lazy_pinyin, pinyin


def readings(name: str) -> tuple[tuple[str, str], ...]:
    """Full pinyin and initials of a name in small letters: as its words are read, and as each sign is read alone.

    Latin letters and digits stand as they are, of a Latin word either its first letter or all of it is an initial. A
    name without Chinese has no reading.
    """
    if name.isascii():
        return ()
    words = lazy_pinyin(name)
    signs = [_alone(sign) for sign in name]
    return tuple(dict.fromkeys((_joined(said), _initials(said)) for said in (words, signs)))


@lru_cache(maxsize=20_000)
def _alone(sign: str) -> str:
    return sign if sign.isascii() else str(pinyin(sign, style=Style.NORMAL)[0][0])


def _joined(said: list[str]) -> str:
    return "".join(said).lower()


def _initials(said: list[str]) -> str:
    """What holds a digit is no syllable and stands whole."""
    return "".join(part if any(map(str.isdigit, part)) else part[:1] for part in said).lower()
