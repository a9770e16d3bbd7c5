"""Levels across frameworks: what crosswalks say directly, and paths over several of them."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from creditbank.domain.explanation import Verdict, worst
from creditbank.domain.frameworks.crosswalks import explain, lint, paths, turned
from creditbank.domain.frameworks.model import Correspondence, Crosswalk, Framework, Level, Match
from creditbank.domain.values import Text
from creditbank.gateways.wording import say_all

SOURCE = Text("来源", "source")


def walk(code, first, second, *rows):
    return Crosswalk(code, first, second, SOURCE, tuple(Correspondence(*row) for row in rows))


def a_framework(code, *levels):
    named = tuple(Level(level, Fraction(place), Text(level)) for place, level in enumerate(levels))
    return Framework(code, Text(code), "1", SOURCE, named)


AB = walk("ab", "a", "b", ("1", "1", Match.EXACT, 90), ("2", "2", Match.BROADER, 70), ("3", "2", Match.EXACT, None))
BC = walk("bc", "b", "c", ("1", "x", Match.EXACT, 60), ("2", "y", Match.BROADER, 80), ("2", "z", Match.NARROWER, 50))


def from_a(level, *given, to="c"):
    return paths(given, from_framework="a", from_level=level, to_framework=to)


def test_a_direct_crosswalk_stands_over_every_path():
    direct = walk("ac", "a", "c", ("1", "z", Match.RELATED, 10))
    found = from_a("1", AB, BC, direct)
    assert [(one.to_level, one.direct, one.confidence) for one in found] == [("z", True, 10)]


def test_a_path_over_two_crosswalks_names_both_and_is_as_sure_as_the_least_sure():
    (found,) = from_a("1", AB, BC)
    assert [step.crosswalk for step in found.steps] == ["ab", "bc"]
    assert (found.direct, found.confidence, found.match) == (False, 60, Match.EXACT)
    explanation = explain(found)
    assert worst(explanation) is Verdict.ASK
    said = say_all(explanation, "en")
    assert "goes over 2 crosswalks" in said[0]
    assert any("ab" in line for line in said)
    assert any("bc" in line for line in said)
    assert "Confidence 60 %." in said[-1]


def test_kinds_that_point_both_ways_are_only_related():
    found = {one.to_level: one.match for one in from_a("2", AB, BC)}
    assert found == {"y": Match.BROADER, "z": Match.RELATED}


def test_a_step_without_confidence_leaves_the_path_without():
    assert {one.confidence for one in from_a("3", AB, BC)} == {None}


def test_a_crosswalk_is_read_backwards_with_its_relation_turned():
    found = paths([AB], from_framework="b", from_level="2", to_framework="a")
    assert {(one.to_level, one.match) for one in found} == {("2", Match.NARROWER), ("3", Match.EXACT)}
    assert turned(turned(AB)) == AB


def test_a_path_visits_no_framework_twice_and_ends():
    loop = walk("ba", "b", "a", ("1", "1", Match.EXACT, 100), ("1", "2", Match.EXACT, 100))
    assert from_a("1", AB, loop, to="nowhere") == ()


def test_a_row_that_names_no_level_of_its_framework_is_found():
    lines = lint(AB, [a_framework("a", "1", "2"), a_framework("b", "1", "2")])
    assert [(line.facts["level"], line.facts["framework"].zh) for line in lines] == [("3", "a")]
    assert lint(AB, []) == ()


CODES = st.sampled_from("abcd")
LEVELS = st.sampled_from("123")
ROWS = st.lists(
    st.builds(
        Correspondence, LEVELS, LEVELS, st.sampled_from(list(Match)), st.none() | st.integers(0, 100)
    ),
    min_size=1, max_size=4, unique_by=lambda row: (row.from_level, row.to_level),
)  # fmt: skip
WALKS = st.lists(
    st.builds(lambda code, first, second, rows: Crosswalk(code, first, second, SOURCE, tuple(rows)),
              st.sampled_from(["w1", "w2", "w3"]), CODES, CODES, ROWS),
    max_size=5,
)  # fmt: skip


@given(WALKS, LEVELS)
def test_no_path_is_surer_than_any_of_its_steps(walks, level):
    for path in from_a(level, *walks, to="d"):
        stated = [step.row.confidence for step in path.steps]
        if path.confidence is None:
            assert None in stated
        else:
            assert None not in stated
            assert all(path.confidence <= one for one in stated)
        assert path.steps[0].row.from_level == level
        for one, after in zip(path.steps, path.steps[1:], strict=False):
            assert (one.to_framework, one.row.to_level) == (after.from_framework, after.row.from_level)
        visited = ["a", *(step.to_framework for step in path.steps)]
        assert len(set(visited)) == len(visited)


@given(WALKS, LEVELS)
def test_paths_are_the_same_in_whatever_order_the_crosswalks_come(walks, level):
    assert set(from_a(level, *walks, to="d")) == set(from_a(level, *reversed(walks), to="d"))
