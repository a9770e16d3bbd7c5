"""What holds for all conversion rules, all items and every order of them."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from itertools import combinations, permutations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from small_conversions import around, both, item, row, rules

from creditbank.domain.conversions.compile import CompiledConversions
from creditbank.domain.conversions.differences import conversion_differences
from creditbank.domain.conversions.evaluate import convert, possibilities
from creditbank.domain.conversions.model import Full, Held, Item, Surplus
from creditbank.domain.conversions.read import read_conversion_rules
from creditbank.domain.conversions.write import conversion_rules_data, conversion_rules_hash
from creditbank.domain.rules.model import Portion, Ruling
from creditbank.domain.values import Hundredths

steady = settings(deadline=None, max_examples=80)
kinds = st.sampled_from(("a", "b", "c", ["a", "b"]))
conditions = st.fixed_dictionaries({}, optional={"kind": kinds, "score": st.integers(0, 90).map(lambda n: {"from": n})})
sources = st.fixed_dictionaries({"when": conditions}, optional={"credit": st.sampled_from(("1", "2"))})
groups = st.one_of(
    sources,
    st.tuples(sources, st.integers(1, 3)).map(lambda pair: pair[0] | {"count": pair[1]}),
    st.tuples(st.lists(sources, min_size=1, max_size=3), st.sampled_from((1, 2, "as_needed"))).map(
        lambda pair: {"any": pair[0], "count": pair[1]}
    ),
)
grades = st.sampled_from(
    ("credit_only", {"fixed": "90"}, {"map": [{"when": {"kind": "a"}, "grade": "A"}, {"grade": "B"}]})
)


@st.composite
def rule_sets(draw: st.DrawFn) -> dict[str, Any]:
    rows = []
    for number in range(draw(st.integers(1, 4))):
        needed = draw(st.lists(groups, min_size=1, max_size=2))
        if sum(group.get("count") == "as_needed" for group in needed) > 1:
            needed = needed[:1]
        full = draw(st.booleans())
        courses = st.lists(
            st.sampled_from([{"course": f"C{n}"} for n in (1, 2, 3)]), min_size=1, max_size=2, unique_by=str
        )
        rows.append(
            row(
                f"r{number}",
                **{
                    "from": needed,
                    "to": draw(courses)
                    if full
                    else [draw(st.sampled_from(("elective", {"category": "side"}, {"requirement": "R"})))],
                    "credit": draw(
                        st.sampled_from(
                            ("full", {"full": "even_if_short"}) if full else ("held", {"held": "2/3"}, "1.5")
                        )
                    ),
                    "grade": draw(grades) if needed[0].get("count", 1) == 1 else "credit_only",
                    "surplus": draw(st.sampled_from(("lost", "kept", "elective"))),
                },
            )
        )
    shares = st.sampled_from(("3", {"share": "1/4", "of": "programme"}))
    caps = [{"id": "c", "scope": "ever", "maximum": draw(shares), "clause": both("c")}] if draw(st.booleans()) else []
    step = draw(st.sampled_from(("0.01", "0.5")))
    return rules(*rows, cap=caps, rounding={"step": step, "mode": "down", "place": "end"})


@st.composite
def holdings(draw: st.DrawFn) -> list[tuple[str, int, date | None, dict[str, Any]]]:
    held = []
    for number in range(draw(st.integers(0, 5))):
        expires = draw(st.one_of(st.none(), st.integers(0, 900).map(lambda n: date(2027, 1, 1) + timedelta(days=n))))
        facts = {"kind": draw(st.sampled_from("abc")), "score": draw(st.one_of(st.none(), st.integers(0, 100)))}
        held.append((f"x{number}", draw(st.integers(1, 12)) * 50, expires, facts))
    return held


def fresh(data: dict[str, Any]) -> CompiledConversions:
    read = read_conversion_rules(data)
    return CompiledConversions(read, conversion_rules_hash(read))


def items(of: CompiledConversions, held: Any) -> list[Item]:
    return [item(of, name, credit, expires, **facts) for name, credit, expires, facts in held]


AROUND = {"used": {"c": Hundredths(100)}, "planned": {"programme": Hundredths(2000)}}


@steady
@given(rule_sets(), holdings())
def test_nothing_is_used_twice_beyond_what_is_held_or_made_of_less(data: Any, held: Any) -> None:
    of = fresh(data)
    credit = {name: amount for name, amount, _expires, _facts in held}
    for one in possibilities(of, items(of, held), around(**AROUND)):
        assert (one.ruling is Ruling.RECOGNISE) == bool(one.made)
        assert bool(one.made) == bool(one.uses)
        assert len({use.item for use in one.uses}) == len(one.uses)
        assert all(use.credit + use.left == credit[use.item] and use.left >= 0 for use in one.uses)
        rule = next(row for row in of.rules.rows if row.id == one.row)
        used, made = sum(use.credit for use in one.uses), sum(made.credit for made in one.made)
        if isinstance(rule.worth, Held):
            elective = one.surplus if rule.surplus is Surplus.ELECTIVE else 0
            assert made - elective <= used * rule.worth.times
        elif not (isinstance(rule.worth, Full) and rule.worth.short):
            assert made <= used
        if rule.surplus is Surplus.LOST and one.made and isinstance(rule.worth, Full) and not rule.worth.short:
            assert used == made + one.surplus


@steady
@given(rule_sets(), holdings())
def test_no_limit_is_ever_exceeded_and_a_course_is_made_whole(data: Any, held: Any) -> None:
    of = fresh(data)
    place = around(**AROUND)
    for one in possibilities(of, items(of, held), place):
        rule = next(row for row in of.rules.rows if row.id == one.row)
        wanted = [made for made in one.made if made.target in rule.targets]
        for cap in of.rules.cap:
            maximum = cap.maximum.share * 2000 if isinstance(cap.maximum, Portion) else cap.maximum
            assert not wanted or 100 + sum(made.credit for made in wanted) <= Fraction(str(maximum))
        if isinstance(rule.worth, Full):
            assert all(made.credit == place.courses[made.target.code].credit for made in wanted)


@steady
@given(rule_sets(), holdings(), st.randoms(use_true_random=False))
def test_the_order_of_items_and_of_rows_makes_no_difference(data: Any, held: Any, random: Any) -> None:
    of = fresh(data)
    before = {one.row: one for one in possibilities(of, items(of, held), around(**AROUND))}
    random.shuffle(held)
    random.shuffle(data["rules"])
    shuffled = fresh(data)
    after = {one.row: one for one in possibilities(shuffled, items(shuffled, held), around(**AROUND))}
    assert {name: (one.ruling, one.uses, one.made, one.grade) for name, one in before.items()} == {
        name: (one.ruling, one.uses, one.made, one.grade) for name, one in after.items()
    }


@steady
@given(rule_sets(), holdings())
def test_all_rows_at_once_answer_as_each_alone(data: Any, held: Any) -> None:
    of = fresh(data)
    held_items = items(of, held)
    assert [convert(of, row.id, held_items, around(**AROUND)) for row in of.rules.rows] == list(
        possibilities(of, held_items, around(**AROUND))
    )


@steady
@given(st.lists(st.integers(1, 12), min_size=1, max_size=6), st.integers(1, 3), st.integers(1, 6))
def test_of_all_ways_to_choose_the_one_that_loses_least_is_taken(
    held_credits: list[int], count: int, course: int
) -> None:
    of = fresh(rules(row("r", **{"from": [{"when": {"kind": "a"}, "count": count}], "to": [{"course": f"C{course}"}]})))
    held = [item(of, f"x{n}", credit * 50) for n, credit in enumerate(held_credits)]
    one = convert(of, "r", held, around())
    ways = [sum(x.credit for x in way) - course * 100 for way in combinations(held, count)]
    fitting = [lost for lost in ways if lost >= 0]
    assert (one.ruling is Ruling.RECOGNISE) == bool(fitting)
    if fitting:
        assert one.surplus == min(fitting)


@steady
@given(holdings())
def test_two_groups_are_served_wherever_any_assignment_serves_them(held: Any) -> None:
    first, second = {"when": {"kind": ["a", "b"]}}, {"when": {"kind": "a", "score": {"from": 50}}}
    of = fresh(rules(row("r", **{"from": [first, second], "to": ["elective"], "credit": "held"})))
    held_items = items(of, held)
    serves = [
        (x, y)
        for x, y in permutations(held, 2)
        if x[3]["kind"] in "ab" and y[3]["kind"] == "a" and (y[3]["score"] or -1) >= 50
    ]
    assert (convert(of, "r", held_items, around()).ruling is Ruling.RECOGNISE) == bool(serves)


@steady
@given(rule_sets(), rule_sets())
def test_what_was_written_reads_back_and_differences_are_silent_exactly_if_the_hashes_are_equal(
    one: Any, other: Any
) -> None:
    read, second = read_conversion_rules(one), read_conversion_rules(other)
    again = read_conversion_rules(conversion_rules_data(read))
    assert again == read
    assert conversion_rules_hash(again) == conversion_rules_hash(read)
    assert (conversion_differences(read, second) == ()) == (
        conversion_rules_hash(read) == conversion_rules_hash(second)
    )
