"""What lint finds in conversion rules: two answers, dead targets, barred sources, circles in which credit grows."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import permutations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from small_conversions import around, both, row, rules

from creditbank.domain.conversions.lint import lint_conversions
from creditbank.domain.conversions.loops import loops
from creditbank.domain.conversions.read import read_conversion_rules
from creditbank.domain.explanation import Verdict

steady = settings(deadline=None, max_examples=60)
LIBRARY = around().courses


def found(*rows: dict[str, Any], library: Any = None, **changes: Any) -> list[tuple[str, Verdict]]:
    findings = lint_conversions(read_conversion_rules(rules(*rows, **changes)), library)
    return [(finding.line.code, finding.line.verdict) for finding in findings]


def scored(name: str, low: int, high: int, kind: Any = "a", **changes: Any) -> dict[str, Any]:
    return row(name, **{"from": [{"when": {"kind": kind, "score": {"from": low, "to": high}}}], **changes})


def test_two_rows_that_make_the_same_of_the_same_on_other_terms_are_wrong() -> None:
    assert found(scored("r1", 60, 80), scored("r2", 80, 90, surplus="kept")) == [("lint.two_answers", Verdict.NO)]
    assert found(scored("r1", 60, 79), scored("r2", 80, 90, surplus="kept")) == []
    assert found(scored("r1", 60, 80), scored("r2", 70, 90)) == [("lint.said_twice", Verdict.ASK)]
    assert found(scored("r1", 60, 80), scored("r2", 60, 80, to=[{"course": "C1"}])) == []


@steady
@given(
    st.lists(
        st.tuples(
            st.sampled_from(("a", "b", ["a", "b"], None)),
            st.integers(0, 9),
            st.integers(0, 4),
            st.sampled_from(("C1", "C3")),
        ),
        min_size=1,
        max_size=7,
    )
)
def test_the_pairs_found_are_those_that_share_an_item(shapes: Any) -> None:
    many = []
    for number, (kind, low, width, course) in enumerate(shapes):
        when = {"score": {"from": low, "to": low + width}} | ({"kind": kind} if kind else {})
        many.append(row(f"r{number}", **{"from": [{"when": when}], "to": [{"course": course}]}))
    expected = {
        frozenset((f"r{i}", f"r{j}"))
        for i, j in permutations(range(len(shapes)), 2)
        if shapes[i][3] == shapes[j][3]
        and set(shapes[i][0] or "abc") & set(shapes[j][0] or "abc")
        and shapes[i][1] <= shapes[j][1] + shapes[j][2]
        and shapes[j][1] <= shapes[i][1] + shapes[i][2]
    }
    findings = lint_conversions(read_conversion_rules(rules(*many)))
    assert {frozenset((one.line.facts["first"], one.line.facts["second"])) for one in findings} == expected


def test_dead_retired_and_closed_targets_are_named() -> None:
    retired = {**LIBRARY, "C3": replace(LIBRARY["C3"], retired=True)}
    assert found(library=LIBRARY) == []
    assert found(library=retired) == [("lint.course_retired", Verdict.NO)]
    assert found(library={}) == [("lint.course_unknown", Verdict.NO)]
    shut = [{"id": "shut", "categories": ["main"], "clause": both("shut")}]
    assert found(library=LIBRARY, closed=shut) == [("lint.course_closed", Verdict.NO)]


def test_a_row_whose_source_is_barred_altogether_never_works() -> None:
    out = {"id": "out", "when": {"kind": ["a", "c"]}, "clause": both("out")}
    assert found(exclude=[out]) == [("lint.never_serves", Verdict.NO)]
    either = row("r", **{"from": [{"any": [{"when": {"kind": "a"}}, {"when": {"kind": "b"}}]}]})
    assert found(either, exclude=[out]) == [("lint.never_serves", Verdict.ASK)]
    narrow = out | {"when": {"kind": "a", "score": {"below": 50}}}
    assert found(exclude=[narrow]) == []


def test_amounts_beyond_a_limit_other_units_and_rounding_up_are_named() -> None:
    cap = {"id": "c", "scope": "ever", "maximum": "2", "clause": both("c")}
    assert found(cap=[cap], library=LIBRARY) == [("lint.target_over_limit", Verdict.NO)]
    half = row("r", to=["elective"], credit={"held": "1/2"})
    assert found(half, held_unit="cats") == []
    assert found(row("r", to=["elective"], credit="held"), held_unit="cats") == [("lint.unit_one_to_one", Verdict.ASK)]
    up = {"step": "0.5", "mode": "half_up", "place": "end"}
    assert found(half, rounding=up) == [("lint.rounding_gains", Verdict.ASK)]


def exchange(name: str, held: str, made: str, factor: str) -> Any:
    share = row("step", to=["elective"], credit={"held": factor}, **{"from": [{}]})
    return read_conversion_rules(rules(share, code=name, unit=made, held_unit=held))


def test_a_circle_across_rule_sets_in_which_credit_grows_is_found_with_its_gain() -> None:
    fair = [
        exchange("a", "ects", "cats", "2"),
        exchange("b", "cats", "hour", "1/4"),
        exchange("c", "hour", "ects", "2"),
    ]
    assert loops(fair, {}) == ()
    greedy = [*fair[:2], exchange("c", "hour", "ects", "2.1")]
    [loop] = loops(greedy, {})
    assert loop.gain == Fraction(21, 20)
    assert {edge.rules for edge in loop.edges} == {"a", "b", "c"}
    assert loop.line.facts["gain"] == "21/20"


def test_a_course_granted_whole_for_a_smaller_one_and_back_is_a_circle() -> None:
    code = {"name": "code", "type": "code", "label": both("code")}
    there = row(
        "there", to=[{"course": "C3"}], credit={"full": "even_if_short"}, **{"from": [{"when": {"code": "C2"}}]}
    )
    back = row("back", to=[{"course": "C2"}], **{"from": [{"when": {"code": "C3"}}]})
    data = rules(there, back, carriers={"course": "code"})
    data["facts"].append(code)
    [loop] = loops([read_conversion_rules(data)], LIBRARY)
    assert loop.gain == Fraction(3, 2)
    data["rules"][0]["credit"] = "full"
    assert loops([read_conversion_rules(data)], LIBRARY) == ()


@steady
@given(
    st.lists(
        st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd"), st.sampled_from(("1/2", "2/3", "1", "3/2", "2"))),
        min_size=1,
        max_size=7,
    )
)
def test_a_circle_is_found_exactly_where_some_way_round_gains(steps: Any) -> None:
    sets = [exchange(f"s{n}", held, made, factor) for n, (held, made, factor) in enumerate(steps)]
    best: dict[tuple[str, str], Fraction] = {}
    for held, made, factor in steps:
        best[held, made] = max(best.get((held, made), Fraction(0)), Fraction(factor))
    gains = False
    for length in range(1, 5):
        for way in permutations("abcd", length):
            gain = Fraction(1)
            for at, node in enumerate(way):
                gain *= best.get((node, way[(at + 1) % length]), Fraction(0))
            gains = gains or gain > 1
    found_loops = loops(sets, {})
    assert bool(found_loops) == gains
    for loop in found_loops:
        product = Fraction(1)
        for edge, following in zip(loop.edges, (*loop.edges[1:], loop.edges[0]), strict=True):
            product *= edge.factor
            assert edge.target == following.source
        assert product == loop.gain > 1
