"""Credit units into each other: exact, by a basis that is said."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditbank.domain.explanation import Refusal
from creditbank.domain.frameworks.model import Basis, Interval, Ratio, UnitSystem, UnitTable
from creditbank.domain.frameworks.units import Converted, compare, convert, differ, factor, interval_said, said
from creditbank.domain.values import Text
from creditbank.exchange.frameworks.files import read_packaged
from creditbank.gateways.wording import say_all

TABLE = read_packaged("units")
SOURCE = Text("来源", "source")


@pytest.mark.parametrize(
    ("first", "second", "basis", "least", "most"),
    [
        ("ects", "uk-cats", Basis.HOURS, "5/2", "3"),
        ("ects", "uk-cats", Basis.FULL_YEAR, "2", "2"),
        ("ects", "uk-cats", Basis.PUBLISHED, "2", "2"),
        ("uk-cats", "us-sch", Basis.PUBLISHED, "1/4", "1/4"),
        ("us-sch", "us-qch", Basis.PUBLISHED, "3/2", "3/2"),
        ("in-ncrf", "ects", Basis.FULL_YEAR, "3/2", "3/2"),
        ("us-qch", "us-sch", Basis.FULL_YEAR, "2/3", "2/3"),
        ("in-ncrf", "hk-qf", Basis.HOURS, "3", "3"),
    ],
)
def test_the_packaged_units_convert_exactly(first, second, basis, least, most):
    assert factor(TABLE, first, second, basis) == Interval(Fraction(least), Fraction(most))


def test_where_the_bases_disagree_it_is_said_and_none_is_chosen():
    answers = compare(TABLE, Fraction(10), "ects", "uk-cats")
    assert [(one.basis, interval_said(one.result)) for one in answers] == [
        (Basis.HOURS, "25–30"), (Basis.FULL_YEAR, "20"), (Basis.PUBLISHED, "20"),
    ]  # fmt: skip
    assert differ(answers)
    assert not differ(compare(TABLE, Fraction(10), "uk-cats", "hk-qf"))


@pytest.mark.parametrize(
    ("first", "second", "basis", "code"),
    [
        ("us-sch", "ects", Basis.HOURS, "frameworks.no_hours"),
        ("hk-qf", "ects", Basis.FULL_YEAR, "frameworks.no_full_year"),
        ("us-qch", "uk-cats", Basis.PUBLISHED, "frameworks.no_ratio"),
        ("ects", "nothing", Basis.HOURS, "frameworks.no_unit"),
    ],
)
def test_what_is_not_known_is_refused_with_the_reason_and_never_composed(first, second, basis, code):
    found = convert(TABLE, Fraction(1), first, second, basis)
    assert isinstance(found, Refusal)
    assert found.explanation[0].code == code
    assert "{" not in say_all(found.explanation, "zh-hans")[0]


POSITIVE = st.fractions(min_value=Fraction(1, 100), max_value=1000, max_denominator=1000)


def system(code, hours, year):
    return UnitSystem(code, Text(code), SOURCE, Interval(hours, hours), year)


@given(POSITIVE, POSITIVE, POSITIVE, POSITIVE, POSITIVE, POSITIVE, POSITIVE)
def test_there_and_back_gives_the_very_same_amount(amount, hours_a, hours_b, year_a, year_b, ratio_a, ratio_b):
    table = UnitTable(
        (system("a", hours_a, year_a), system("b", hours_b, year_b)), (Ratio("a", "b", ratio_a, ratio_b, SOURCE),)
    )
    for basis in Basis:
        there = convert(table, amount, "a", "b", basis)
        assert isinstance(there, Converted)
        assert there.result.single
        back = convert(table, there.result.least, "b", "a", basis)
        assert isinstance(back, Converted)
        assert back.result == Interval(amount, amount)


@given(POSITIVE, POSITIVE, POSITIVE, POSITIVE, POSITIVE)
def test_an_interval_there_and_back_always_holds_the_amount(amount, one, two, three, four):
    first, second = Interval(min(one, two), max(one, two)), Interval(min(three, four), max(three, four))
    table = UnitTable((UnitSystem("a", Text("a"), SOURCE, first), UnitSystem("b", Text("b"), SOURCE, second)))
    there = convert(table, amount, "a", "b", Basis.HOURS)
    assert there.result.least <= there.result.most
    for end in (there.result.least, there.result.most):
        back = convert(table, end, "b", "a", Basis.HOURS)
        assert back.result.least <= amount <= back.result.most


def test_exact_numbers_are_said_without_losing_anything():
    assert [said(Fraction(text)) for text in ("3", "5/2", "1/8", "1/3", "-1/4", "1/16")] == [
        "3", "2.5", "0.125", "1/3", "-0.25", "1/16",
    ]  # fmt: skip
