"""Circles through certification units: what carries a unit is converted by it, and the credit made carries the next."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import permutations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from creditbank.domain.conversions.loops import finding, loops
from creditbank.domain.conversions.read import read_conversion_rules
from creditbank.domain.explanation import Verdict
from tests.domain.conversions.small_conversions import around, both, row, rules

LIBRARY = around().courses
CODES = [
    {"name": "course", "type": "code", "label": both("course"), "optional": True},
    {"name": "certificate", "type": "code", "label": both("certificate"), "optional": True},
]
CARRIERS = {"course": "course", "certificate": "certificate"}
TABLE = {("course", "C2"): {"U1": Fraction(1)}, ("course", "C3"): {"U2": Fraction(1)}}


def by_unit(code: str, unit: str, course: str, *, short: bool = False, **source: Any) -> Any:
    worth: Any = {"full": "even_if_short"} if short else "full"
    one = row(f"to-{course}", to=[{"course": course}], credit=worth, **{"from": [{"unit": unit, **source}]})
    return read_conversion_rules(rules(one, code=code, facts=[*rules()["facts"], *CODES], carriers=CARRIERS))


def test_a_circle_through_units_of_two_rule_sets_is_told_with_its_path_and_exact_gain() -> None:
    together = [by_unit("ours", "U1", "C3", short=True), by_unit("theirs", "U2", "C2")]
    [loop] = loops(together, LIBRARY, TABLE)
    assert loop.gain == Fraction(3, 2)
    assert loop.line.code == "lint.loop"
    assert loop.line.verdict is Verdict.NO
    assert loop.way in (
        "C2 (U1) → ours/to-C3 → C3 (U2) → theirs/to-C2 → C2",
        "C3 (U2) → theirs/to-C2 → C2 (U1) → ours/to-C3 → C3",
    )
    assert set(finding(loop).places) == {"ours.to-C3", "theirs.to-C2"}


def test_a_circle_through_units_that_gains_nothing_is_no_arbitrage() -> None:
    together = [by_unit("ours", "U1", "C3"), by_unit("theirs", "U2", "C2")]
    assert loops(together, LIBRARY, TABLE) == ()


def test_without_what_carries_the_units_there_is_no_circle() -> None:
    together = [by_unit("ours", "U1", "C3", short=True), by_unit("theirs", "U2", "C2")]
    assert loops(together, LIBRARY) == ()
    certified = {("certificate", code): units for (_kind, code), units in TABLE.items()}
    assert loops(together, LIBRARY, certified) == ()


def test_part_of_a_unit_counts_at_its_share_and_is_only_to_be_looked_at() -> None:
    together = [by_unit("ours", "U1", "C3", short=True), by_unit("theirs", "U2", "C2")]
    [loop] = loops(together, LIBRARY, {**TABLE, ("course", "C3"): {"U2": Fraction(3, 4)}})
    assert (loop.gain, loop.line.code, loop.line.verdict) == (Fraction(9, 8), "lint.loop_by_share", Verdict.ASK)
    assert "C3 (U2 3/4) → theirs/to-C2" in loop.way
    # 3/2 and 2/3 together are one: exactly nothing is gained.
    assert loops(together, LIBRARY, {**TABLE, ("course", "C3"): {"U2": Fraction(2, 3)}}) == ()


def test_cells_beside_a_unit_and_what_is_closed_or_retired_end_a_circle() -> None:
    back = by_unit("theirs", "U2", "C2")
    assert loops([by_unit("ours", "U1", "C3", short=True, when={"course": "C5"}), back], LIBRARY, TABLE) == ()
    ours = by_unit("ours", "U1", "C3", short=True, when={"course": "C2"})
    assert len(loops([ours, back], LIBRARY, TABLE)) == 1
    retired = {**LIBRARY, "C3": replace(LIBRARY["C3"], retired=True)}
    assert loops([ours, back], retired, TABLE) == ()
    shut = rules(closed=[{"id": "shut", "courses": ["C3"], "clause": both("shut")}])
    closed = replace(ours, closed=read_conversion_rules(shut).closed)
    assert loops([closed, back], LIBRARY, TABLE) == ()


def test_circles_of_other_rules_are_only_to_be_looked_at_where_one_is_checked() -> None:
    together = [by_unit("ours", "U1", "C3", short=True), by_unit("theirs", "U2", "C2")]
    [loop] = loops(together, LIBRARY, TABLE)
    assert [finding(loop, of).line.verdict for of in ("ours", "theirs", "mine")] == [
        Verdict.NO,
        Verdict.NO,
        Verdict.ASK,
    ]
    assert finding(loop, "mine").line.code == "lint.loop_elsewhere"


def test_a_source_named_in_a_way_that_says_nothing_of_credit_is_not_followed() -> None:
    """Two certificates for two courses are no circle between the courses."""
    shapes = [
        row(f"to-{course}", to=[{"course": course}], credit={"full": "even_if_short"}, **{"from": [{"when": {"kind": kind}}]})
        for course, kind in (("C1", "a"), ("C4", "b"))
    ]  # fmt: skip
    assert loops([read_conversion_rules(rules(*shapes))], LIBRARY) == ()
    anything = [one | {"from": [{}]} for one in shapes]
    assert [loop.gain for loop in loops([read_conversion_rules(rules(*anything))], LIBRARY)] == [Fraction(4)]


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(1, 4), st.booleans()), min_size=1, max_size=5),
    st.lists(st.tuples(st.integers(1, 4), st.integers(1, 3), st.sampled_from((1, 2, 4))), max_size=6),
)
def test_a_circle_through_units_is_found_exactly_where_some_way_round_gains(steps: Any, carried: Any) -> None:
    table: dict[tuple[str, str], dict[str, Fraction]] = {}
    for course, unit, part in carried:
        mine = table.setdefault(("course", f"C{course}"), {})
        mine[f"U{unit}"] = max(Fraction(1, part), mine.get(f"U{unit}", Fraction(0)))
    sets = [by_unit(f"s{n}", f"U{unit}", f"C{to}", short=short) for n, (unit, to, short) in enumerate(steps)]
    best: dict[tuple[int, int], Fraction] = {}
    for unit, to, short in steps:
        for held in range(1, 5):
            share = table.get(("course", f"C{held}"), {}).get(f"U{unit}", Fraction(0))
            factor = max(Fraction(to, held), Fraction(1)) if short else Fraction(1)
            best[held, to] = max(best.get((held, to), Fraction(0)), share * factor)
    gains = set()
    for length in range(1, 5):
        for way in permutations(range(1, 5), length):
            gain = Fraction(1)
            for at, course in enumerate(way):
                gain *= best.get((course, way[(at + 1) % length]), Fraction(0))
            gains.add(gain)
    found = loops(sets, LIBRARY, table)
    assert bool(found) == (max(gains) > 1)
    for loop in found:
        assert loop.gain in gains
