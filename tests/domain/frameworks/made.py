"""Frameworks, crosswalks and units made at random."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st

from creditbank.domain.frameworks.model import (
    Carrier,
    CarrierKind,
    CertificationUnit,
    Correspondence,
    Crosswalk,
    Dimension,
    Framework,
    Interval,
    Level,
    Match,
    Ratio,
    UnitSystem,
    UnitTable,
)
from creditbank.domain.values import Text

CODES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,20}", fullmatch=True)
SAID = st.text("学分银行abc XY-。1", min_size=1, max_size=30).filter(lambda text: text.strip() == text)
WORDS = st.builds(Text, SAID, SAID | st.just(""))
HUNDREDTHS = st.integers(1, 100_000).map(lambda value: Fraction(value, 100))
EXACT = st.fractions(min_value=Fraction(1, 1000), max_value=10_000, max_denominator=1000)
DESCRIPTORS = st.dictionaries(st.sampled_from(list(Dimension)), WORDS).map(
    lambda found: {one: found[one] for one in Dimension if one in found}
)


@st.composite
def levels(draw):
    """Levels in strict order, so that they have but one order."""
    codes = draw(st.lists(CODES, min_size=1, max_size=6, unique=True))
    ordinals = sorted(draw(st.lists(HUNDREDTHS, min_size=len(codes), max_size=len(codes), unique=True)))
    return tuple(
        Level(code, ordinal, draw(WORDS), draw(DESCRIPTORS), draw(st.none() | WORDS))
        for code, ordinal in zip(codes, ordinals, strict=True)
    )


FRAMEWORKS = st.builds(Framework, CODES, WORDS, SAID, WORDS, levels(), CODES | st.just(""))
CORRESPONDENCES = st.builds(
    Correspondence, CODES, CODES, st.sampled_from(list(Match)), st.none() | st.integers(0, 100), SAID | st.just("")
)
CROSSWALKS = st.builds(
    lambda code, first, second, source, rows: Crosswalk(code, first, second, source, tuple(rows)),
    CODES, CODES.map(lambda code: f"A{code}"), CODES.map(lambda code: f"B{code}"), WORDS,
    st.lists(CORRESPONDENCES, min_size=1, max_size=5, unique_by=lambda row: (row.from_level, row.to_level)),
)  # fmt: skip
INTERVALS = st.builds(lambda one, other: Interval(min(one, other), max(one, other)), EXACT, EXACT)
SYSTEMS = st.builds(UnitSystem, CODES, WORDS, WORDS, st.none() | INTERVALS, st.none() | EXACT)


@st.composite
def unit_tables(draw):
    systems = draw(st.lists(SYSTEMS, min_size=2, max_size=4, unique_by=lambda one: one.code))
    ratio = Ratio(systems[0].code, systems[1].code, draw(EXACT), draw(EXACT), draw(WORDS))
    return UnitTable(tuple(systems), draw(st.sampled_from([(), (ratio,)])))


CARRIERS = st.builds(
    Carrier, st.sampled_from(list(CarrierKind)), CODES,
    st.fractions(min_value=Fraction(1, 100), max_value=1, max_denominator=100), st.none() | WORDS,
)  # fmt: skip
CERTIFICATION_UNITS = st.builds(
    CertificationUnit, CODES, WORDS, CODES, CODES, EXACT, CODES, st.none() | EXACT, DESCRIPTORS, st.none() | WORDS,
    st.lists(CARRIERS, max_size=3, unique_by=lambda one: (one.kind, one.code)).map(tuple),
)  # fmt: skip
DOCUMENTS = (
    FRAMEWORKS
    | CROSSWALKS
    | unit_tables()
    | st.lists(CERTIFICATION_UNITS, min_size=1, max_size=3, unique_by=lambda one: one.code).map(tuple)
)
