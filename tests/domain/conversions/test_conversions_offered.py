"""What an institution that inherits rules does not offer is named, and nothing converts into it."""

from __future__ import annotations

from dataclasses import replace

from creditbank.domain.conversions.evaluate import convert
from creditbank.domain.conversions.offered import not_offered
from creditbank.domain.conversions.read import read_conversion_rules
from creditbank.domain.explanation import Verdict
from creditbank.domain.rules.cases import codes_of
from creditbank.domain.rules.model import Ruling
from tests.domain.conversions.small_conversions import around, compiled, item, row, rules

LIBRARY = around().courses


def test_targets_that_are_lacking_or_retired_are_named_once_with_all_their_rows() -> None:
    several = read_conversion_rules(
        rules(
            row("one", to=[{"course": "X9"}]),
            row("two", to=[{"course": "X9"}, {"course": "C2"}]),
            row("three", to=[{"waiver": "C4"}]),
            row("four", to=[{"course_of": "side"}]),
            row("five", to=["elective"], credit="held"),
        )
    )
    gone = {code: replace(course, retired=code in ("C2", "C4", "C6")) for code, course in LIBRARY.items()}
    found = [(line.code, line.facts["rows"]) for line in not_offered(several, gone)]
    assert sorted(found) == [
        ("conversion.target_category", "four"),
        ("conversion.target_lacking", "one, two"),
        ("conversion.target_retired", "three"),
        ("conversion.target_retired", "two"),
    ]
    assert [line.code for line in not_offered(several, LIBRARY)] == ["conversion.target_lacking"]


def test_a_course_that_the_whole_library_lacks_is_refused_and_not_left_open() -> None:
    of = compiled(row("r", to=[{"course": "X9"}]))
    held = [item(of, "x", 300)]
    part = convert(of, "r", held, around())
    assert (part.ruling, part.made) == (Ruling.MANUAL, ())
    whole = convert(of, "r", held, replace(around(), complete=True))
    assert (whole.ruling, whole.uses, whole.made) == (Ruling.REFUSE, (), ())
    assert "conversion.not_offered" in codes_of(whole.explanation)
    assert whole.explanation[0].worst() is Verdict.NO


def test_one_target_that_is_not_offered_refuses_the_others_of_its_row() -> None:
    of = compiled(row("r", to=[{"course": "C1"}, {"course": "X9"}]))
    answer = convert(of, "r", [item(of, "x", 300)], replace(around(), complete=True))
    assert (answer.ruling, answer.made) == (Ruling.REFUSE, ())
