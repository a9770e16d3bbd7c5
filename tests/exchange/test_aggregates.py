"""Marks made from many rows are exact, and a faulty row spoils only what it belongs to."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creditbank.exchange.aggregates import Repeats, exact_number, rounded
from creditbank.exchange.encoding import SheetProblem
from tests.exchange.sheet_files import csv_bytes, document, read, workbook
from tests.exchange.test_mapping import PLAN, RELATED, WITHOUT_MARK

MAPPING = document(columns=WITHOUT_MARK, values={"outcome": {"Pass": "pass"}}, related=RELATED, aggregate=PLAN)
HEAD = ("number", "course", "presentation", "result")
ITEMS = ("I1,MATH,2024A,10", "I2,MATH,2024A,20.5", "I3,MATH,2024A,0", "I4,MATH,2024A,")


def results(scores, items=ITEMS, rows=("L1,MATH,2024A,Pass", "L2,MATH,2024A,Pass")):
    related = {
        "scores.csv": csv_bytes(*scores, head=("item", "number", "score")),
        "items.csv": csv_bytes(*items, head=("item", "course", "presentation", "weight")),
    }
    reading, good, problems = read(csv_bytes(*rows, head=HEAD), MAPPING, related)
    return reading, {row.learner_number: row.mark for row in good}, problems


def told(problems):
    return [(problem.sheet, problem.line, problem.column, problem.code) for problem in problems]


def test_the_mark_is_the_weighted_mean_over_scores_with_a_weight():
    _, marks, problems = results(["I1,L1,80", "I2,L1,90", "I3,L1,0", "I4,L1,1"])
    exact = Fraction(80 * 100 + 90 * 205, 305)
    assert problems == []
    assert marks == {"L1": Decimal("86.72"), "L2": None}
    assert abs(Fraction(marks["L1"]) - exact) <= Fraction(1, 200)


def test_an_empty_score_counts_neither_as_zero_nor_with_its_weight():
    _, marks, _ = results(["I1,L1,80", "I2,L1,", "I1,L2,", "I3,L2,70"])
    assert marks == {"L1": Decimal("80.00"), "L2": None}


def test_a_half_is_rounded_up():
    _, marks, _ = results(["I1,L1,70.005", "I1,L2,70.0049999"])
    assert marks == {"L1": Decimal("70.01"), "L2": Decimal("70.00")}


@pytest.mark.parametrize(
    ("score", "column", "code"),
    [
        ("I1,L1,good", "score", "results.value_not_number"),
        ("I1,L1,101", "score", "results.value_out_of_range"),
        ("I1,L1,-0.5", "score", "results.value_out_of_range"),
    ],
)
def test_a_faulty_score_is_named_and_spoils_only_its_result(score, column, code):
    _, marks, problems = results(["I2,L1,50", score, "I1,L2,60"])
    assert told(problems) == [("scores", 3, column, code), ("", 2, "", "results.related_problem")]
    assert problems[1].facts == {"other": 3, "sheet": "scores"}
    assert marks == {"L2": Decimal("60.00")}


def test_a_score_of_an_unknown_item_is_named_and_counts_for_nobody():
    reading, marks, problems = results(["I9,L1,50", "I1,L1,60"])
    assert told(problems) == [("scores", 2, "item", "results.join_unknown")]
    assert marks["L1"] == Decimal("60.00")
    assert (reading.summary.related_problems, reading.summary.refused) == (1, 0)


def test_a_weight_that_is_no_weight_spoils_the_results_that_need_it():
    for weight in ("much", "-1"):
        _, marks, problems = results(["I1,L1,50", "I2,L2,60"], (f"I1,MATH,2024A,{weight}", ITEMS[1]))
        assert told(problems) == [
            ("items", 2, "weight", "results.weight_not_number"),
            ("", 2, "", "results.related_problem"),
        ]
        assert marks == {"L2": Decimal("60.00")}


def test_an_item_listed_twice_alike_is_one_and_listed_differently_spoils():
    _, marks, problems = results(["I1,L1,50"], (*ITEMS, ITEMS[0]))
    assert (marks["L1"], problems) == (Decimal("50.00"), [])
    _, marks, problems = results(["I1,L1,50", "I2,L2,60"], (*ITEMS, "I1,MATH,2024A,11"))
    assert told(problems) == [
        ("items", 6, "item", "results.join_twice"),
        ("", 2, "", "results.related_problem"),
    ]
    assert marks == {"L2": Decimal("60.00")}


def test_a_score_given_twice_alike_counts_once_and_given_differently_spoils():
    reading, marks, problems = results(["I1,L1,50", "I2,L1,80", "I1,L1,50"])
    assert (marks["L1"], problems) == (rounded(50 * 100 + 80 * 205, 305, 2), [])
    assert reading.summary.related_rows == 7
    _, marks, problems = results(["I1,L1,50", "I1,L1,51", "I1,L2,60"])
    assert told(problems) == [
        ("scores", 3, "score", "results.value_contradicted"),
        ("", 2, "", "results.related_problem"),
    ]
    assert marks == {"L2": Decimal("60.00")}


def test_a_ragged_related_row_is_named_with_its_sheet():
    _, marks, problems = results(["I1,L1", "I1,L2,60"])
    assert told(problems) == [("scores", 2, "", "sheet.row_too_short")]
    assert marks == {"L1": None, "L2": Decimal("60.00")}


def test_a_related_sheet_without_its_column_refuses_the_whole():
    related = {"scores.csv": b"item,number\nI1,L1\n", "items.csv": b"item,course,presentation,weight\n"}
    with pytest.raises(SheetProblem) as refused:
        read(csv_bytes("L1,MATH,2024A,Pass", head=HEAD), MAPPING, related)
    assert refused.value.code == "sheet.missing_columns"
    assert refused.value.facts["name"] == "scores.csv"


def test_related_sheets_can_stand_in_the_same_workbook():
    def fill(book):
        for name, rows in (
            ("results", [HEAD, ("L1", "MATH", "2024A", "Pass")]),
            ("scores", [("item", "number", "score"), ("I1", "L1", 80), ("I2", "L1", 90)]),
            (
                "items",
                [
                    ("item", "course", "presentation", "weight"),
                    ("I1", "MATH", "2024A", 1),
                    ("I2", "MATH", "2024A", 2),
                ],
            ),
        ):
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                sheet.write_row(at, 0, row)

    mapping = {**MAPPING, "related": {"scores": {"name": "scores"}, "items": {"name": "items"}}}
    reading, good, _ = read(workbook(fill), mapping)
    assert good[0].mark == Decimal("86.67")
    assert list(reading.summary.encodings) == ["results", "results: items", "results: scores"]


def test_one_related_sheet_with_its_own_weights_needs_no_join():
    plan = {
        "gives": "mark",
        "function": "weighted_mean",
        "value": "s.score",
        "weight": "s.weight",
        "group_by": {"learner_number": "s.number", "course": "s.course", "presentation": "s.presentation"},
    }
    mapping = document(columns=WITHOUT_MARK, related={"s": {"file": "s.csv"}}, aggregate=plan)
    head = ("number", "course", "presentation", "score", "weight")
    scores = csv_bytes("L1,MATH,2024A,80,1", "L1,MATH,2024A,90,3", "L2,MATH,2024A,90,x", head=head)
    rows = csv_bytes("L1,MATH,2024A,Pass", "L2,MATH,2024A,Pass", head=HEAD)
    _, good, problems = read(rows, mapping, {"s.csv": scores})
    assert [(row.learner_number, row.mark) for row in good] == [("L1", Decimal("87.50"))]
    assert told(problems) == [
        ("s", 4, "weight", "results.weight_not_number"),
        ("", 3, "", "results.related_problem"),
    ]


@settings(deadline=None)
@given(st.lists(st.tuples(st.decimals(0, 100, places=3), st.decimals(0, 50, places=2)), min_size=1, max_size=8))
def test_the_mean_equals_the_fraction_rounded_half_up(pairs):
    scale = 10**15
    products = sum(exact_number(str(value)) * exact_number(str(weight)) for value, weight in pairs)
    weights = sum(exact_number(str(weight)) for _, weight in pairs)
    exact = sum(Fraction(value) * Fraction(weight) for value, weight in pairs)
    total = sum(Fraction(weight) for _, weight in pairs)
    if not total:
        assert weights == 0
        return
    mean = exact / total
    units = (mean * 100 + Fraction(1, 2)) // 1
    assert rounded(products, weights * scale, 2) == Decimal(int(units)) / 100


@settings(deadline=None)
@given(st.integers(-(10**9), 10**9), st.integers(1, 10**6))
def test_rounding_agrees_with_the_decimal_module(numerator, thousandths):
    value = Decimal(numerator) / 1000
    assert rounded(numerator, 1000, 2) == value.quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert rounded(numerator * thousandths, 1000 * thousandths, 2) == rounded(numerator, 1000, 2)


@settings(deadline=None)
@given(st.lists(st.text("ab", max_size=2)))
def test_a_key_that_occurs_twice_is_always_suspected(words):
    repeats = Repeats()
    for word in words:
        repeats.add((word,))
    assert repeats.close() == (len(set(words)) < len(words))
    for word in words:
        assert repeats.may_hold((word,)) == (words.count(word) > 1)


def test_only_plain_decimal_numbers_are_numbers():
    assert exact_number("12.5") == 12_500_000_000_000_000
    assert [exact_number(text) for text in ("", "1e3", "+1", "1.", ".5", "NaN", "１", "1_0", " 1")] == [None] * 9
