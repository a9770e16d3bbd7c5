"""Whether a provider is accredited on a day, and whether an offering can be taken up."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditbank.domain.education_resources import (
    MESSAGES,
    Accreditation,
    Kind,
    Offering,
    Provider,
    Standing,
    accreditation_on,
    standing_on,
)

DAY = date(2026, 11, 22)
BEFORE, AFTER = DAY - timedelta(1), DAY + timedelta(1)
OUTSIDE = Provider(Kind.EXTERNAL, date(2026, 1, 1), date(2027, 6, 30))
INSIDE = Provider(Kind.INTERNAL)


@pytest.mark.parametrize(
    ("provider", "found"),
    [
        (INSIDE, Accreditation.OWN),
        (OUTSIDE, Accreditation.HOLDS),
        (Provider(Kind.EXTERNAL, DAY, DAY), Accreditation.HOLDS),
        (Provider(Kind.EXTERNAL, DAY), Accreditation.HOLDS),
        (Provider(Kind.EXTERNAL, None, AFTER), Accreditation.NONE),
        (Provider(Kind.EXTERNAL), Accreditation.NONE),
        (Provider(None, DAY), Accreditation.HOLDS),
        (Provider(None), Accreditation.NONE),
        (Provider(Kind.EXTERNAL, AFTER), Accreditation.COMING),
        (Provider(Kind.EXTERNAL, date(2020, 1, 1), BEFORE), Accreditation.ENDED),
        (Provider(Kind.INTERNAL, None, BEFORE), Accreditation.ENDED),
        (Provider(Kind.INTERNAL, None, AFTER), Accreditation.HOLDS),
        (Provider(Kind.INTERNAL, retired=True), Accreditation.NONE),
        (None, Accreditation.NONE),
    ],
)
def test_accreditation_holds_from_its_first_day_to_its_last(provider, found):
    accreditation, reasons = accreditation_on(provider, DAY)
    assert accreditation is found
    assert [line.code in MESSAGES for line in reasons] == [True]
    assert accreditation.stands is (reasons[0].verdict == "yes")


@pytest.mark.parametrize(
    ("provider", "offering", "standing", "code"),
    [
        (OUTSIDE, Offering(AFTER, date(2027, 6, 30)), Standing.OPEN, "resources.open"),
        (OUTSIDE, Offering(AFTER, date(2027, 7, 1)), Standing.WITHHELD, "resources.runs_past"),
        (OUTSIDE, Offering(date(2027, 7, 1)), Standing.WITHHELD, "resources.runs_past"),
        (OUTSIDE, Offering(date(2025, 12, 31), AFTER), Standing.WITHHELD, "resources.begins_before"),
        (OUTSIDE, Offering(), Standing.OPEN, "resources.open"),
        (OUTSIDE, Offering(None, BEFORE), Standing.OVER, "resources.over"),
        (INSIDE, Offering(AFTER, None, 0), Standing.CLOSED, "resources.no_seats"),
        (INSIDE, Offering(AFTER, None, 1, BEFORE), Standing.CLOSED, "resources.closed"),
        (INSIDE, Offering(BEFORE, AFTER, 1, DAY), Standing.OPEN, "resources.open_until"),
        (INSIDE, Offering(BEFORE, AFTER), Standing.CLOSED, "resources.begun"),
        (INSIDE, Offering(DAY, AFTER), Standing.OPEN, "resources.open"),
        (Provider(Kind.EXTERNAL, date(2020, 1, 1), BEFORE), Offering(AFTER), Standing.WITHHELD, "resources.accreditation_ended"),
        (None, Offering(AFTER), Standing.WITHHELD, "resources.no_provider"),
    ],
)  # fmt: skip
def test_an_offering_says_why_it_can_or_cannot_be_taken_up(provider, offering, standing, code):
    found, reasons = standing_on(provider, offering, DAY)
    assert (found, [line.code for line in reasons]) == (standing, [code])


DAYS = st.none() | st.dates(date(2026, 11, 15), date(2026, 11, 30))
PROVIDERS = st.none() | st.builds(Provider, st.sampled_from([None, *Kind]), DAYS, DAYS, st.booleans())


@given(PROVIDERS, st.builds(Offering, DAYS, DAYS, st.none() | st.integers(0, 2), DAYS))
def test_nothing_is_open_that_the_accreditation_does_not_cover(provider, offering):
    standing, _reasons = standing_on(provider, offering, DAY)
    if standing is Standing.OPEN:
        assert accreditation_on(provider, DAY)[0].stands
        for day in (offering.starts_on, offering.ends_on):
            assert day is None or provider.accredited_until is None or day <= provider.accredited_until
        assert offering.seats != 0
        assert offering.apply_until is None or offering.apply_until >= DAY
