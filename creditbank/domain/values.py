"""Values every floor shares: exact credit and text in two languages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import NewType

Hundredths = NewType("Hundredths", int)
"""An amount of credit in hundredths of the institution's credit unit: 3.0 credits is 300."""

_CREDIT = re.compile(r"(-?)(\d{1,9})(?:\.(\d{1,2}))?")


@dataclass(frozen=True, slots=True)
class Text:
    """One text in both languages; an empty English side falls back to the Chinese one."""

    zh: str
    en: str = ""

    def said_in(self, language: str) -> str:
        """The text for a language tag such as ``zh-hans`` or ``en``."""
        return self.zh if language.lower().startswith("zh") or not self.en else self.en


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount of credit inside an explanation, kept exact until it is shown."""

    hundredths: int


def parse_credit(text: str) -> Hundredths:
    """Read ``"3"``, ``"3.5"`` or ``"0.25"`` as hundredths.

    Raises:
        ValueError: the text is not a decimal number with at most two places.
    """
    match = _CREDIT.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"not a credit amount with at most two decimals: {text!r}")
    sign, whole, part = match.groups()
    value = int(whole) * 100 + int((part or "0").ljust(2, "0"))
    return Hundredths(-value if sign else value)


def format_credit(hundredths: int) -> str:
    """Write hundredths with one decimal, or two where the second one counts: 300 is ``"3.0"``."""
    sign = "−" if hundredths < 0 else ""
    whole, part = divmod(abs(hundredths), 100)
    tail = f"{part:02d}"
    return f"{sign}{whole}.{tail if tail[1] != '0' else tail[0]}"


def round_fraction(value: Fraction, step: int, mode: str) -> Hundredths:
    """Round an exact number of hundredths to a multiple of ``step`` hundredths.

    Args:
        value: the exact amount in hundredths.
        step: the smallest unit in hundredths, for instance 50 for half credits.
        mode: ``down``, ``up`` or ``half_up``; away from and towards zero as the words say for amounts >= 0.

    Raises:
        ValueError: the mode is unknown or the step is not positive.
    """
    if step <= 0:
        raise ValueError(f"a rounding step must be positive, not {step}")
    quotient = value / step
    floor = quotient.numerator // quotient.denominator
    rest = quotient - floor
    match mode:
        case "down":
            units = floor
        case "up":
            units = floor + (1 if rest else 0)
        case "half_up":
            units = floor + (1 if rest >= Fraction(1, 2) else 0)
        case _:
            raise ValueError(f"unknown rounding mode {mode!r}; use down, up or half_up")
    return Hundredths(units * step)
