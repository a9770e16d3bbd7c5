"""When the boxes of two rows meet."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from creditbank.domain.rules.model import Cell, Interval, OneOf
from creditbank.domain.rules.tables import conditions_meet


def span(low: str | None, high: str | None, *, low_open: bool = False, high_open: bool = False) -> Interval:
    return Interval(
        Decimal(low) if low else None, Decimal(high) if high else None, low_open=low_open, high_open=high_open
    )


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        (span("1", "2"), span("2", "3"), True),
        (span("1", "2", high_open=True), span("2", "3"), False),
        (span("1", "2"), span("2", "3", low_open=True), False),
        (span("1", "2"), span("2.01", None), False),
        (span(None, "2"), span(None, "-5"), True),
        (span("1", "9"), span("3", "4"), True),
        (Interval(date(2024, 1, 1)), Interval(None, date(2023, 12, 31)), False),
        (OneOf(("a", "b")), OneOf(("b", "c")), True),
        (OneOf(("a",)), OneOf(("b", "c")), False),
        (OneOf((True,)), OneOf((False,)), False),
    ],
)
def test_cells_meet_when_some_value_fits_both(one: Interval | OneOf, other: Interval | OneOf, *, meet: bool) -> None:
    assert conditions_meet((Cell("x", one),), (Cell("x", other),)) is meet
    assert conditions_meet((Cell("x", other),), (Cell("x", one),)) is meet


def test_conditions_about_different_facts_always_meet() -> None:
    assert conditions_meet((Cell("x", OneOf(("a",))),), (Cell("y", OneOf(("b",))),))
    assert conditions_meet((), (Cell("y", OneOf(("b",))),))
