"""What an audit answers, and that the answer does not depend on what it must not depend on."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creditbank.domain.audit.answer import Reason, to_data
from creditbank.domain.audit.decide import audit
from creditbank.domain.audit.explain import MESSAGES, explain
from creditbank.domain.audit.model import Proof
from creditbank.domain.explanation import Verdict, worst
from creditbank.gateways.solver import solve
from tests.domain.audit.made import courses_from, credit, credits_from, group, part, programme
from tests.perf import population

TWO_FIELDS = programme(
    group(
        "both",
        "all",
        [
            credits_from("a", 6, {"fields": ["x"]}),
            credits_from("b", 6, {"fields": ["x", "y"]}),
        ],
    )
)


def places(answer):
    return dict(answer.allocation)


def reasons(answer):
    return {item.credit: item.reason for item in answer.unused}


def test_a_credit_counts_once_among_siblings():
    answer = audit(TWO_FIELDS, [credit("1", 6, "x")])
    assert not answer.met
    assert answer.missing == 600
    assert len(answer.allocation) == 1


def test_flexible_credit_goes_where_the_other_cannot():
    answer = audit(TWO_FIELDS, [credit("1", 6, "y"), credit("2", 6, "x")])
    assert answer.met
    assert places(answer) == {"1": "b", "2": "a"}


def test_shared_requirements_count_the_same_credit_again():
    asked = programme(
        group(
            "both",
            "all",
            [credits_from("total", 12), credits_from("major", 6, {"fields": ["x"]})],
            shared=True,
        )
    )
    answer = audit(asked, [credit("1", 6, "x"), credit("2", 6, "y")])
    assert answer.met
    assert answer.allocation == {("1", "total"), ("2", "total"), ("1", "major")}
    assert answer.counted == 1200


def test_a_level_minimum_looks_at_what_is_counted_and_takes_nothing():
    asked = programme(credits_from("total", 12, of_which=[part("level-6", {"levels": [6]}, minimum=6)]))
    assert audit(asked, [credit("1", 6, level=6), credit("2", 6, level=5)]).met
    answer = audit(asked, [credit("1", 6, level=5), credit("2", 6, level=5)])
    assert answer.missing == 600
    assert [fix.id for fix in answer.fixes] == ["level-6"]
    assert answer.fixes[0].hundredths == 600


def test_a_level_part_is_no_second_debt_in_what_is_missing():
    asked = programme(credits_from("total", 10, of_which=[part("level-6", {"levels": [6]}, minimum=4)]))
    answer = audit(asked, [credit("1", 2, level=6)])
    assert (answer.shortage, answer.missing) == (1000, 800)


def test_a_limit_is_never_passed_and_names_what_it_keeps_out():
    asked = programme(credits_from("total", 10, of_which=[part("contests", {"categories": ["contest"]}, maximum=4)]))
    held = [credit("1", 3, category="contest"), credit("2", 3, category="contest"), credit("3", 2)]
    answer = audit(asked, held)
    assert answer.counted == 500
    assert reasons(answer) == {"2": Reason.LIMIT}
    assert answer.tree.parts[0].kept_out == ("2",)
    assert (answer.cuts[0].available, answer.cuts[0].limits) == (500, ("contests",))


def test_a_limit_may_stand_over_a_group():
    asked = programme(
        group(
            "all",
            "all",
            [credits_from("a", 3, {"fields": ["x"]}), credits_from("b", 3, {"fields": ["y"]})],
            of_which=[part("transfer", {"sources": ["other"]}, maximum=3)],
        )
    )
    held = [credit("1", 3, "x", source="other"), credit("2", 3, "y", source="other")]
    answer = audit(asked, held)
    assert answer.missing == 300
    assert len(answer.allocation) == 1


def test_any_takes_the_branch_that_comes_nearest():
    asked = programme(
        group("one", "any", [credits_from("a", 9, {"fields": ["x"]}), credits_from("b", 4, {"fields": ["y"]})])
    )
    answer = audit(asked, [credit("1", 3, "x"), credit("2", 3, "y")])
    assert answer.missing == 100
    assert [child.wanted for child in answer.tree.children] == [False, True]
    assert reasons(answer) == {"1": Reason.NOT_CHOSEN}


def test_n_of_counts_courses_and_credits_in_one_tree():
    asked = programme(
        group(
            "two",
            "n_of",
            [
                courses_from("a", 2, {"fields": ["x"]}),
                credits_from("b", 4, {"fields": ["y"]}),
                credits_from("c", 40, {"fields": ["z"]}),
            ],
            n=2,
        )
    )
    held = [credit("1", 3, "x"), credit("2", 1, "x"), credit("3", 4, "y")]
    assert audit(asked, held).met
    short = audit(asked, held[1:])
    assert [(fix.id, fix.courses) for fix in short.fixes] == [("a", 1)]
    assert short.shortage == 300


def test_a_repeated_code_counts_once_unless_the_programme_says_otherwise():
    held = [credit("1", 3, code="M1"), credit("2", 4, code="M1")]
    once = audit(programme(credits_from("total", 7)), held)
    assert once.counted == 400
    assert reasons(once) == {"1": Reason.REPEAT}
    each = audit(programme(credits_from("total", 7), repeats="count_each"), held)
    assert each.met


def test_expired_credit_does_not_count_from_the_day_after_its_last():
    asked = programme(credits_from("total", 3))
    held = [credit("1", 3, expires_on=date(2025, 6, 30))]
    assert audit(asked, held, on=date(2025, 6, 30)).met
    late = audit(asked, held, on=date(2025, 7, 1))
    assert not late.met
    assert reasons(late) == {"1": Reason.EXPIRED}


def test_a_lot_counts_whole_or_not_at_all():
    asked = programme(credits_from("total", 5, of_which=[part("cap", {}, maximum=5)]))
    answer = audit(asked, [credit("1", 3), credit("2", 3)])
    assert answer.counted == 300
    assert answer.missing == 200


def test_surplus_credit_stays_free_and_the_oldest_counts():
    asked = programme(credits_from("total", 6))
    held = [credit(str(year), 3, earned_on=date(year, 1, 1)) for year in (2024, 2022, 2023)]
    answer = audit(asked, held)
    assert places(answer) == {"2022": "total", "2023": "total"}
    assert reasons(answer) == {"2024": Reason.NOT_NEEDED}


def test_yesterdays_allocation_wins_when_it_is_as_good():
    held = [credit("1", 6, "x"), credit("2", 6, "x")]
    today = places(audit(TWO_FIELDS, held))
    swapped = frozenset({("1", today["2"]), ("2", today["1"])})
    answer = audit(TWO_FIELDS, held, previous=swapped)
    assert answer.met
    assert answer.allocation == swapped


def test_yesterdays_allocation_yields_to_a_better_one_and_what_can_stay_stays():
    held = [credit("1", 6, "x"), credit("2", 6, "x")]
    yesterday = frozenset({("2", "b")})
    assert audit(TWO_FIELDS, held[1:], previous=yesterday).allocation == yesterday
    answer = audit(TWO_FIELDS, held, previous=yesterday)
    assert answer.met
    assert answer.allocation == {("1", "a"), ("2", "b")}


def test_an_allocation_that_yesterdays_rules_allowed_is_not_kept_against_todays():
    yesterday = frozenset({("1", "a"), ("1", "b"), ("ghost", "a"), ("2", "nowhere")})
    answer = audit(TWO_FIELDS, [credit("1", 6, "y"), credit("2", 6, "x")], previous=yesterday)
    assert answer.met
    assert places(answer) == {"1": "b", "2": "a"}


def test_the_cut_names_requirements_that_compete_for_the_same_credit():
    answer = audit(TWO_FIELDS, [credit("1", 5, "x"), credit("2", 5, "x")])
    assert answer.proof is Proof.BOUND
    assert answer.cuts[0].requirements == ("a", "b")
    assert (answer.cuts[0].needed, answer.cuts[0].available) == (1200, 1000)


def test_two_credits_with_one_id_are_refused():
    with pytest.raises(ValueError, match="share an id"):
        audit(TWO_FIELDS, [credit("1", 5, "x"), credit("1", 5, "y")])


def test_every_sentence_of_an_explanation_can_be_said_with_its_facts():
    seen = set()

    def say(lines):
        for line in lines:
            assert MESSAGES[line.code].format(**line.facts)
            seen.add(line.code)
            say(line.lines)

    for seed in range(25):
        for choices in (False, True):
            asked = population.programme(seed, overlap=0.3, caps=True, choices=choices)
            answer = audit(asked, population.learner(seed), solve=solve)
            told = explain(answer)
            assert (worst(told) is Verdict.NO) == (not answer.met)
            say(told)
            json.dumps(to_data(answer))
    assert {
        "audit.elsewhere",
        "audit.limit",
        "audit.not_needed",
        "audit.cut_joint",
        "audit.fix_credits",
    } <= seen


shapes = st.tuples(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(1, 18), st.booleans())


@settings(max_examples=40, deadline=None)
@given(shapes, st.randoms(use_true_random=False))
def test_the_order_of_the_credits_changes_nothing(shape, shuffler):
    seed, who, count, choices = shape
    asked = population.programme(seed, overlap=0.3, caps=True, choices=choices)
    held = population.learner(who)[:count]
    shuffled = held.copy()
    shuffler.shuffle(shuffled)
    assert audit(asked, held, solve=solve) == audit(asked, shuffled, solve=solve)


@settings(max_examples=40, deadline=None)
@given(shapes)
def test_one_more_credit_never_makes_anything_worse(shape):
    seed, who, count, choices = shape
    asked = population.programme(seed, overlap=0.4, caps=True, choices=choices)
    held = population.learner(who)[: count + 1]
    assert audit(asked, held, solve=solve).shortage <= audit(asked, held[:-1], solve=solve).shortage


@settings(max_examples=40, deadline=None)
@given(shapes)
def test_todays_answer_is_tomorrows_when_nothing_happens(shape):
    seed, who, count, choices = shape
    asked = population.programme(seed, overlap=0.4, caps=True, choices=choices)
    held = population.learner(who)[:count]
    today = audit(asked, held, solve=solve)
    tomorrow = audit(asked, held, solve=solve, previous=today.allocation)
    assert tomorrow.allocation == today.allocation


@settings(max_examples=40, deadline=None)
@given(shapes)
def test_no_credit_is_counted_in_vain(shape):
    seed, who, count, choices = shape
    asked = population.programme(seed, overlap=0.4, caps=True, choices=choices)
    held = population.learner(who)[:count]
    answer = audit(asked, held, solve=solve)
    for counted, _ in answer.allocation:
        without = [item for item in held if item.id != counted]
        fewer = frozenset(pair for pair in answer.allocation if pair[0] != counted)
        assert audit(asked, without, solve=solve, previous=fewer).shortage >= answer.shortage
        # Left where they are, the others alone would leave more missing.
        amount = next(item for item in held if item.id == counted).hundredths
        assert amount > 0


def test_equal_credit_is_exchangeable():
    held = [credit("1", 3, "x"), credit("2", 3, "x")]
    renamed = [replace(held[0], id="2"), replace(held[1], id="1")]
    assert audit(TWO_FIELDS, held) == audit(TWO_FIELDS, renamed)
