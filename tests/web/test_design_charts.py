"""Charts are exact: what is drawn is what is said."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditbank.web.design import charts

amounts = st.integers(0, 100_000)


def test_a_ring_draws_and_says_the_same_share():
    drawn = charts.ring(4600, 5000, "Core")
    assert 'stroke-dasharray="920 1000"' in drawn
    assert "Core 46/50, 92%" in drawn
    assert ">92%</text>" in drawn


def test_a_ring_of_nothing_draws_no_mark():
    assert 'class="v"' not in charts.ring(0, 600, "General")


def test_nearly_everything_is_never_called_everything():
    assert charts.percent(4999, 5000) == 99
    assert charts.percent(1, 5000) == 1
    assert charts.percent(5000, 5000) == 100
    assert charts.percent(0, 5000) == 0


def test_half_a_per_cent_is_rounded_up():
    assert charts.percent(1400, 2200) == 64
    assert charts.percent(125, 1000) == 13
    assert charts.percent(124, 1000) == 12


def test_a_requirement_of_nothing_is_complete():
    assert charts.percent(0, 0) == 100
    assert charts.permille(0, 0) == 1000


@given(amounts, amounts)
def test_a_mark_never_leaves_its_ring(part, whole):
    assert 0 <= charts.permille(part, whole) <= 1000
    assert (charts.percent(part, whole) == 100) == (part >= whole)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=12).filter(any))
def test_the_parts_of_a_stack_fill_it_exactly_and_none_is_lost(sizes):
    widths = charts.shares(sizes, 1000)
    assert sum(widths) == 1000
    assert all((width > 0) == (size > 0) for size, width in zip(sizes, widths, strict=True))


def test_a_stack_says_every_part():
    drawn = charts.stack([charts.Segment(412, "same", "line"), charts.Segment(2, "clash", "warn")], "Trial")
    assert "Trial, same 412, clash 2" in drawn
    assert len(re.findall("<rect", drawn)) == 2


def test_a_spark_touches_its_least_and_its_greatest_value():
    drawn = charts.spark([3, 5, 13], "Cases")
    assert 'points="2,38 100,31 198,2"' in drawn


def test_a_label_cannot_break_out_of_a_chart():
    drawn = charts.ring(1, 2, '"><script>')
    assert "<script>" not in drawn


def test_an_unknown_tone_is_refused_by_name():
    with pytest.raises(ValueError, match="'pink'"):
        charts.bar(1, 2, "x", "pink")
