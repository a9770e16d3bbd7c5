"""Certification units as a medium between outcomes and courses."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from creditbank.domain.explanation import Verdict, worst
from creditbank.domain.frameworks.coverage import Standing, carried_by, coverage
from creditbank.domain.frameworks.model import Carrier, CarrierKind, CertificationUnit
from creditbank.domain.values import Text
from creditbank.gateways.wording import say_all

A, C = CarrierKind.OUTCOME, CarrierKind.COURSE
HALF = Fraction(1, 2)


def unit(code, credit, *carriers, system="x"):
    return CertificationUnit(code, Text(code), "f", "5", Fraction(credit), system, carriers=tuple(carriers))


U1 = unit("U1", "2", Carrier(A, "a"), Carrier(C, "b"))
U2 = unit("U2", "3/2", Carrier(A, "a"), Carrier(C, "b"))
U3 = unit("U3", "1/3", Carrier(A, "half", HALF), Carrier(A, "other half", HALF), Carrier(C, "b"))
UNITS = (U1, U2, U3)


def found(*held):
    return coverage(UNITS, [(A, code) for code in held], (C, "b"))


def test_an_outcome_covers_its_units_and_the_missing_one_is_named_with_the_exact_credit_of_the_rest():
    answer = found("a")
    assert [(one.unit.code, one.standing) for one in answer.units] == [
        ("U1", Standing.COVERED), ("U2", Standing.COVERED), ("U3", Standing.MISSING),
    ]  # fmt: skip
    assert answer.credit == {"x": Fraction(7, 2)}
    assert not answer.whole
    assert worst(answer.explanation) is Verdict.NO
    assert say_all(answer.explanation, "en")[0] == "2 of the 3 units that b needs are covered."


def test_half_of_a_unit_is_half_of_its_credit_exactly():
    answer = found("a", "half")
    assert answer.units[2].standing is Standing.PARTLY
    assert answer.units[2].credit == Fraction(1, 6)
    assert answer.credit == {"x": Fraction(11, 3)}
    assert any("50 %" in line for line in say_all(answer.explanation, "zh-hans"))


def test_shares_that_only_together_make_a_unit_are_looked_at_by_a_person():
    answer = found("a", "half", "other half")
    assert answer.units[2].standing is Standing.ADDED
    assert answer.whole
    assert worst(answer.explanation) is Verdict.ASK


def test_credit_of_different_units_is_never_added():
    other = unit("U4", "1", Carrier(A, "a"), Carrier(C, "b"), system="y")
    assert coverage((*UNITS, other), [(A, "a")], (C, "b")).credit == {"x": Fraction(7, 2), "y": Fraction(1)}


def test_a_course_that_no_unit_speaks_of_is_said_to_be_unknown_rather_than_covered():
    answer = coverage(UNITS, [(A, "a")], (C, "unknown"))
    assert not answer.whole
    assert worst(answer.explanation) is Verdict.ASK


def test_kinds_are_told_apart_although_their_codes_are_the_same():
    assert carried_by(UNITS, (A, "b")) == ()
    assert [one.code for one, _share in carried_by(UNITS, (C, "b"))] == ["U1", "U2", "U3"]


SHARES = st.fractions(min_value=Fraction(1, 20), max_value=1, max_denominator=20)


@given(st.lists(SHARES, max_size=6), SHARES)
def test_no_more_is_ever_covered_than_is_needed_and_more_held_never_covers_less(shares, needed):
    carriers = [Carrier(A, str(place), share) for place, share in enumerate(shares)]
    one = unit("U", "7/3", *carriers, Carrier(C, "b", needed))
    last = Fraction(0)
    for count in range(len(shares) + 1):
        answer = coverage([one], [(A, str(place)) for place in range(count)], (C, "b"))
        assert last <= answer.credit["x"] <= needed * one.credit
        last = answer.credit["x"]
    assert last == min(sum(shares, Fraction(0)), needed) * one.credit
