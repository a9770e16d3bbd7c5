"""Small charts as inline SVG: rings, bars, stacks, levels, sparks, readable without colour."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from creditbank.domain.values import format_credit

if TYPE_CHECKING:
    from collections.abc import Sequence

TONES = ("ok", "warn", "bad", "info", "line")
"""The colours a mark may have; ``line`` is the quiet one."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One part of a stack: its size, its word and its tone."""

    size: int
    label: str
    tone: str = "ok"


def percent(part: int, whole: int) -> int:
    """Whole per cent, half up, but 100 only when complete and 0 only when nothing is there.

    A whole of zero asks for nothing and is complete.
    """
    if whole <= 0:
        return 100
    share = min(max(Fraction(part, whole), Fraction(0)), Fraction(1))
    rounded = int(share * 100 + Fraction(1, 2))
    if 0 < share < 1:
        return min(max(rounded, 1), 99)
    return rounded


def permille(part: int, whole: int) -> int:
    """How far a mark is drawn, in thousandths of its full length, never past the end."""
    if whole <= 0:
        return 1000
    return min(max(1000 * part // whole, 0), 1000)


def short_credit(hundredths: int) -> str:
    """Credit for narrow places: whole amounts without decimals (``"46"``), others as usual (``"46.5"``)."""
    return format_credit(hundredths).removesuffix(".0")


def ring(part: int, whole: int, label: str, tone: str = "ok") -> SafeString:
    """A ring of ``part`` of ``whole`` hundredths of credit, with its share in the middle."""
    share = percent(part, whole)
    said = f"{label} {short_credit(part)}/{short_credit(whole)}, {share}%"
    length = permille(part, whole)
    mark = (
        format_html(
            '<circle class="v" cx="42" cy="42" r="34" pathLength="1000" stroke-dasharray="{} 1000" '
            'transform="rotate(-90 42 42)"/>',
            length,
        )
        if length
        else ""
    )
    return format_html(
        '<svg class="ring {}" viewBox="0 0 84 84" role="img" aria-label="{}"><title>{}</title>'
        '<circle class="t" cx="42" cy="42" r="34"/>{}<text x="42" y="48">{}%</text></svg>',
        _tone(tone),
        said,
        said,
        mark,
        share,
    )


def bar(part: int, whole: int, label: str, tone: str = "ok") -> SafeString:
    """A horizontal bar of ``part`` of ``whole`` hundredths of credit; what is over the whole is not drawn."""
    said = f"{label} {short_credit(part)}/{short_credit(whole)}, {percent(part, whole)}%"
    return format_html(
        '<svg class="meter {}" viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<title>{}</title><rect class="t" width="1000" height="10"/>'
        '<rect class="v" width="{}" height="10"/></svg>',
        _tone(tone),
        said,
        said,
        permille(part, whole),
    )


def stack(segments: Sequence[Segment], label: str) -> SafeString:
    """Parts of one whole side by side; the widths add up to 1000 and every part that exists is seen."""
    widths = shares([segment.size for segment in segments], 1000)
    starts = [sum(widths[:index]) for index in range(len(widths))]
    said = ", ".join([label, *(f"{segment.label} {segment.size}" for segment in segments)])
    marks = format_html_join(
        "",
        '<rect class="v {}" x="{}" width="{}" height="26"/>',
        (
            (_tone(segment.tone), start, max(width - 4, 2))
            for segment, start, width in zip(segments, starts, widths, strict=True)
            if width
        ),
    )
    return format_html(
        '<svg class="stack-chart" viewBox="0 0 1000 26" preserveAspectRatio="none" role="img" '
        'aria-label="{}">'
        "<title>{}</title>{}</svg>",
        said,
        said,
        marks,
    )


def shares(sizes: Sequence[int], length: int) -> list[int]:
    """Split a length by largest remainder; a size above zero gets at least 6 where that fits."""
    total = sum(sizes)
    if total <= 0:
        return [0 for _ in sizes]
    least = 6 if 6 * len(sizes) <= length else 0
    floor = [least if size else 0 for size in sizes]
    rest = length - sum(floor)
    exact = [Fraction(size * rest, total) for size in sizes]
    widths = [base + int(share) for base, share in zip(floor, exact, strict=True)]
    by_remainder = sorted(range(len(sizes)), key=lambda index: (int(exact[index]) - exact[index], index))
    for index in by_remainder[: length - sum(widths)]:
        widths[index] += 1
    return widths


def levels(level: int, label: str, most: int = 4) -> SafeString:
    """One to ``most`` rising bars, filled up to the level: a warning told without colour.

    Without a label the bars are hidden from screen readers, for use beside their word.
    """
    marks = format_html_join(
        "",
        '<rect class="{}" x="{}" y="{}" width="3" height="{}" rx="1"/>',
        (("v" if index < level else "t", 5 * index, 12 - 3 * index, 3 + 3 * index) for index in range(most)),
    )
    return format_html(
        '<svg class="levels" viewBox="0 0 {} 15" {}>{}</svg>',
        5 * most - 2,
        format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"'),
        marks,
    )


def spark(values: Sequence[int], label: str) -> SafeString:
    """A line of values from left to right between their least and their greatest."""
    low, high = (min(values), max(values)) if values else (0, 0)
    step = Fraction(196, max(len(values) - 1, 1))
    points = " ".join(f"{2 + round(step * index)},{_height(value, low, high)}" for index, value in enumerate(values))
    said = ", ".join([label, *(str(value) for value in values)])
    return format_html(
        '<svg class="spark" viewBox="0 0 200 40" role="img" aria-label="{}"><title>{}</title>'
        '<polyline class="v" points="{}"/></svg>',
        said,
        said,
        points,
    )


def _height(value: int, low: int, high: int) -> int:
    return 20 if high == low else round(38 - Fraction(36 * (value - low), high - low))


def _tone(tone: str) -> str:
    if tone not in TONES:
        raise ValueError(f"unknown tone {tone!r}; use one of {', '.join(TONES)}")
    return tone
