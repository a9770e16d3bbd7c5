"""What credit becomes, which items are used for it, what is left over, and why not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from small_conversions import around, both, compiled, item, row

from creditbank.domain.conversions.evaluate import best_for, convert, possibilities
from creditbank.domain.conversions.model import Possibility, Standing, Target, TargetKind
from creditbank.domain.rules.cases import codes_of
from creditbank.domain.rules.model import Ruling
from creditbank.domain.values import Hundredths

C3 = Target(TargetKind.COURSE, "C3")


def uses(one: Possibility) -> dict[str, int]:
    return {use.item: use.credit for use in one.uses}


def makes(one: Possibility) -> dict[str, int]:
    return {str(made.target): made.credit for made in one.made}


def codes(one: Possibility) -> set[str]:
    return set(codes_of(one.explanation))


@pytest.mark.parametrize(
    ("surplus", "used", "left", "lost", "made"),
    [
        ("lost", 500, 0, 200, {"course:C3": 300}),
        ("kept", 300, 200, 0, {"course:C3": 300}),
        ("elective", 500, 0, 200, {"course:C3": 300, "elective": 200}),
    ],
)
def test_what_is_left_over_is_lost_kept_or_made_elective(
    surplus: str, used: int, left: int, lost: int, made: Any
) -> None:
    of = compiled(row("r", surplus=surplus))
    one = convert(of, "r", [item(of, "x", 500)], around())
    assert one.ruling is Ruling.RECOGNISE
    assert [(use.credit, use.left) for use in one.uses] == [(used, left)]
    assert (one.surplus, makes(one)) == (lost, made)
    assert f"conversion.surplus_{surplus}" in codes(one)


def test_kept_credit_is_used_from_what_expires_first() -> None:
    of = compiled(row("r", **{"from": [{"when": {"kind": "a"}, "count": 2}], "surplus": "kept"}))
    held = [item(of, "late", 200), item(of, "soon", 200, date(2026, 12, 1)), item(of, "sooner", 200, date(2026, 11, 1))]
    assert uses(convert(of, "r", held, around())) == {"sooner": 200, "soon": 100}


def test_where_the_rest_is_lost_the_items_that_lose_least_are_taken() -> None:
    of = compiled(row("r"))
    held = [item(of, "much", 900, date(2026, 10, 1)), item(of, "just", 300), item(of, "more", 400)]
    assert uses(convert(of, "r", held, around())) == {"just": 300}


def test_a_course_of_more_credits_than_are_held_is_refused_unless_the_row_allows_it() -> None:
    of = compiled(row("strict"), row("generous", credit={"full": "even_if_short"}))
    held = [item(of, "x", 299)]
    strict, generous = possibilities(of, held, around())
    assert (strict.ruling, "conversion.not_together" in codes(strict)) == (Ruling.REFUSE, True)
    assert (generous.ruling, makes(generous), uses(generous)) == (Ruling.RECOGNISE, {"course:C3": 300}, {"x": 299})


def test_groups_are_all_needed_and_one_item_serves_in_one_of_them_only() -> None:
    either = {"any": [{"when": {"kind": "a"}}, {"when": {"kind": "b"}}]}
    of = compiled(row("r", **{"from": [{"when": {"kind": "a"}}, either], "to": [{"course": "C3"}, {"course": "C1"}]}))
    a, other, b = item(of, "a", 300), item(of, "a2", 300), item(of, "b", 300, kind="b")
    assert convert(of, "r", [a], around()).ruling is Ruling.REFUSE
    both_of = convert(of, "r", [a, b], around())
    assert makes(both_of) == {"course:C3": 300, "course:C1": 100}
    assert set(uses(both_of)) == {"a", "b"}
    assert set(uses(convert(of, "r", [a, other], around()))) == {"a", "a2"}


def test_a_minimum_grade_is_asked_of_each_item() -> None:
    of = compiled(row("r", **{"from": [{"when": {"kind": "a", "score": {"from": 60}}, "count": 2}]}))
    good = item(of, "good", 200, score=60)
    assert convert(of, "r", [good, item(of, "bad", 200, score=59)], around()).ruling is Ruling.REFUSE
    assert convert(of, "r", [good, item(of, "too", 200, score=75)], around()).ruling is Ruling.RECOGNISE
    assert convert(of, "r", [good, item(of, "none", 200)], around()).ruling is Ruling.REFUSE


def test_as_many_items_are_taken_as_it_takes_and_none_too_many() -> None:
    of = compiled(row("r", **{"from": [{"when": {"kind": "a"}, "count": "as_needed"}], "to": [{"course": "C5"}]}))
    held = [item(of, f"x{n}", credit) for n, credit in enumerate((100, 150, 200, 300))]
    one = convert(of, "r", held, around())
    assert one.ruling is Ruling.RECOGNISE
    assert sum(uses(one).values()) >= 500
    assert all(sum(uses(one).values()) - credit < 500 for credit in uses(one).values())
    assert convert(of, "r", held[:2], around()).ruling is Ruling.REFUSE


def test_a_share_of_all_that_is_held_is_exact_and_rounded_as_declared() -> None:
    share = row(
        "r",
        to=[{"category": "side"}],
        credit={"held": "2/3"},
        **{"from": [{"when": {"kind": "a"}, "count": "as_needed"}]},
    )
    of = compiled(share, rounding={"step": "0.5", "mode": "down", "place": "end"})
    one = convert(of, "r", [item(of, "x", 250), item(of, "y", 150)], around())
    assert makes(one) == {"category:side": 250}
    assert uses(one) == {"x": 250, "y": 150}


@pytest.mark.parametrize(
    ("standing", "ruling"),
    [
        (Standing.OPEN, Ruling.RECOGNISE), (Standing.PASSED, Ruling.REFUSE), (Standing.FAILED, Ruling.RECOGNISE),
        (Standing.IN_PROGRESS, Ruling.MANUAL), (Standing.SELECTED, Ruling.MANUAL), (Standing.CONVERTED, Ruling.REFUSE),
    ],
)  # fmt: skip
def test_every_standing_to_a_course_has_a_declared_outcome(standing: Standing, ruling: Ruling) -> None:
    of = compiled()
    one = convert(of, "r", [item(of, "x", 300)], around(standing=standing))
    assert one.ruling is ruling
    assert standing is Standing.OPEN or f"conversion.{standing.value}" in codes(one)


def test_a_regulation_may_rule_otherwise_for_a_standing() -> None:
    of = compiled(standings={"in_progress": "refuse", "selected": "recognise"})
    held = [item(of, "x", 300)]
    assert convert(of, "r", held, around(standing=Standing.IN_PROGRESS)).ruling is Ruling.REFUSE
    assert convert(of, "r", held, around(standing=Standing.SELECTED)).ruling is Ruling.RECOGNISE
    assert convert(of, "r", held, around(standing=Standing.PASSED)).ruling is Ruling.REFUSE


def test_closed_retired_and_unknown_courses_are_told_apart() -> None:
    of = compiled(closed=[{"id": "shut", "courses": ["C3"], "clause": both("shut")}])
    held = [item(of, "x", 300)]
    assert "conversion.course_closed" in codes(convert(of, "r", held, around()))
    of = compiled()
    place = around()
    place = replace(place, courses={**place.courses, "C3": replace(place.courses["C3"], retired=True)})
    assert "conversion.course_retired" in codes(convert(of, "r", held, place))
    unknown = convert(of, "r", held, replace(place, courses={}))
    assert (unknown.ruling, "conversion.course_unknown" in codes(unknown)) == (Ruling.MANUAL, True)


def test_excluded_and_outdated_items_are_not_used_and_it_is_said() -> None:
    of = compiled(
        exclude=[{"id": "bad", "when": {"score": {"below": 50}}, "clause": both("bad")}],
        validity=[{"id": "old", "fact": "earned_on", "within": {"years": 5}, "clause": both("old")}],
    )
    bad, old = item(of, "bad", 300, score=10), item(of, "old", 300, earned_on="2021-09-09")
    refused = convert(of, "r", [bad, old], around())
    assert {"conversion.excluded", "rules.too_late"} <= codes(refused)
    assert uses(convert(of, "r", [bad, old, item(of, "fine", 300, earned_on="2021-09-10")], around())) == {"fine": 300}


def test_what_a_person_may_let_through_is_used_last_and_then_a_person_decides() -> None:
    of = compiled(
        exclude=[{"id": "bad", "when": {"score": {"below": 50}}, "otherwise": "manual", "clause": both("bad")}],
        validity=[
            {"id": "old", "fact": "earned_on", "within": {"years": 5}, "otherwise": "manual", "clause": both("old")}
        ],
    )
    bad, old = item(of, "a-bad", 300, score=10), item(of, "b-old", 300, earned_on="2021-09-09")
    asked = convert(of, "r", [bad], around())
    assert (asked.ruling, uses(asked), asked.made[0].credit) == (Ruling.MANUAL, {"a-bad": 300}, 300)
    assert {"conversion.doubted", "conversion.would_ask"} <= codes(asked)
    late = convert(of, "r", [old], around())
    assert (late.ruling, {"conversion.doubted", "rules.too_late"} <= codes(late)) == (Ruling.MANUAL, True)
    # Where something else suffices nobody is asked, although it would come later.
    sure = convert(of, "r", [bad, old, item(of, "z-fine", 300, earned_on="2021-09-10")], around())
    assert (sure.ruling, uses(sure)) == (Ruling.RECOGNISE, {"z-fine": 300})
    assert "conversion.doubted" not in codes(sure)


def test_a_limit_refuses_a_course_that_does_not_fit_whole_and_cuts_other_credit() -> None:
    cap = {"id": "c", "category": "side", "scope": "ever", "maximum": "3", "clause": both("c")}
    of = compiled(
        row("course", to=[{"course": "C2"}]), row("credit", to=[{"category": "side"}], credit="held"), cap=[cap]
    )
    held = [item(of, "x", 200)]
    course, credit = possibilities(of, held, around(used={"c": Hundredths(200)}))
    assert (course.ruling, "rules.cap_whole" in codes(course)) == (Ruling.REFUSE, True)
    assert makes(credit) == {"category:side": 100}


@pytest.mark.parametrize(
    ("grade", "recorded"),
    [
        ("credit_only", None), ({"fixed": "90"}, "90"), ({"keep": "score"}, "83"),
        ({"map": [{"when": {"score": {"from": 80}}, "grade": "good"}, {"grade": "pass"}]}, "good"),
    ],
)  # fmt: skip
def test_the_grade_is_fixed_left_out_kept_or_mapped(grade: Any, recorded: str | None) -> None:
    of = compiled(row("r", grade=grade))
    assert convert(of, "r", [item(of, "x", 300, score=83)], around()).grade == recorded


def test_a_grade_that_the_rules_do_not_say_is_left_to_a_person() -> None:
    for grade in ({"keep": "score"}, {"map": [{"when": {"score": {"from": 90}}, "grade": "good"}]}):
        of = compiled(row("r", grade=grade))
        one = convert(of, "r", [item(of, "x", 300)], around())
        assert (one.ruling, makes(one), "conversion.grade_missing" in codes(one)) == (
            Ruling.MANUAL, {"course:C3": 300}, True,
        )  # fmt: skip
        assert (one.grade, uses(one)) == (None, {"x": 300})


def test_a_waiver_exempts_without_credit_and_uses_nothing_where_the_rest_is_kept() -> None:
    of = compiled(row("r", to=[{"waiver": "C3"}], surplus="kept"))
    one = convert(of, "r", [item(of, "x", 100)], around())
    assert (one.ruling, uses(one), makes(one)) == (Ruling.RECOGNISE, {"x": 0}, {"waiver:C3": 0})
    assert one.explanation[0].code == "conversion.would_waive"


def test_any_course_of_a_category_is_a_possibility_for_each_course_still_offered() -> None:
    of = compiled(row("r", to=[{"course_of": "main"}]))
    held = [item(of, "x", 300)]
    found = possibilities(of, held, around())
    assert [(str(one.targets[0]), one.ruling.value) for one in found] == [
        ("course:C1", "recognise"), ("course:C3", "recognise"), ("course:C5", "refuse"),
    ]  # fmt: skip
    assert makes(convert(of, "r", held, around(), course="C1")) == {"course:C1": 100}
    with pytest.raises(ValueError, match="name one"):
        convert(of, "r", held, around())


def test_the_best_row_for_a_target_can_and_uses_least() -> None:
    of = compiled(row("b", **{"from": [{"when": {"kind": "b"}}]}), row("lost"), row("kept", surplus="kept"))
    best = best_for(of, C3, [item(of, "x", 500)], around())
    assert best is not None
    assert best.row == "kept"
    assert best_for(of, Target(TargetKind.ELECTIVE), [], around()) is None


def test_where_a_limit_cuts_an_amount_only_what_is_made_is_used_and_the_rest_kept() -> None:
    cap = {"id": "c", "category": "side", "scope": "ever", "maximum": "1", "clause": both("c")}
    of = compiled(row("r", to=[{"category": "side"}], credit="2", surplus="kept"), cap=[cap])
    one = convert(of, "r", [item(of, "x", 300)], around())
    assert (uses(one), makes(one)) == ({"x": 100}, {"category:side": 100})


def test_an_item_that_holds_less_than_a_source_asks_does_not_serve() -> None:
    for when in ({"kind": "a"}, {}):
        of = compiled(row("r", to=["elective"], credit="held", **{"from": [{"when": when, "credit": "2"}]}))
        assert convert(of, "r", [item(of, "x", 199)], around()).ruling is Ruling.REFUSE
        assert convert(of, "r", [item(of, "x", 200)], around()).ruling is Ruling.RECOGNISE


def test_a_group_needs_its_credit_together() -> None:
    of = compiled(
        row("r", to=["elective"], credit="held", **{"from": [{"when": {"kind": "a"}, "count": 2, "together": "5"}]})
    )
    assert convert(of, "r", [item(of, "x", 200), item(of, "y", 299)], around()).ruling is Ruling.REFUSE
    assert convert(of, "r", [item(of, "x", 200), item(of, "y", 300)], around()).ruling is Ruling.RECOGNISE
