"""What a form asks for, and how answers become typed facts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from small_rules import both, rules

from creditbank.domain.explanation import Refusal
from creditbank.domain.rules.decision import Outcome
from creditbank.domain.rules.facts import MESSAGES, form_fields, read_outcome
from creditbank.domain.rules.model import FactType, RuleSet
from creditbank.domain.rules.read import read_rule_set
from creditbank.domain.rules.sameness import normal_words
from creditbank.domain.values import Text
from creditbank.exchange.rules import load_pack


def _all_types() -> RuleSet:
    kinds = ("integer", "number", "date", "code", "text", "boolean")
    facts = [{"name": kind, "type": kind, "label": both(kind)} for kind in kinds]
    facts[0]["range"] = {"from": 1, "below": 10}
    tables = [
        {
            "code": "t",
            "columns": [],
            "rows": [{"id": "r", "give": {"credit": 1, "category": "main"}, "clause": both("r")}],
        }
    ]
    return read_rule_set(rules(facts=facts, tables=tables))


GOOD = {
    "integer": "3",
    "number": "2.50",
    "date": "2024-02-29",
    "code": "AB1",
    "text": "一 二",
    "boolean": "yes",
}


def _problems(raw: dict[str, object]) -> list[tuple[str, object]]:
    refusal = read_outcome(_all_types(), GOOD | raw)
    assert isinstance(refusal, Refusal)
    for line in refusal.explanation:
        MESSAGES[line.code].format(**line.facts)
    return [(line.code, line.facts["name"]) for line in refusal.explanation]


def test_texts_and_typed_answers_are_understood_alike() -> None:
    typed = {
        "integer": 3,
        "number": Decimal("2.5"),
        "date": date(2024, 2, 29),
        "code": "AB1",
        "text": "一 二",
        "boolean": True,
    }
    assert read_outcome(_all_types(), GOOD) == read_outcome(_all_types(), typed)
    assert read_outcome(_all_types(), GOOD) == Outcome((3, Decimal("2.5"), date(2024, 2, 29), "AB1", "一 二", True))


def test_full_width_digits_are_digits() -> None:
    assert read_outcome(_all_types(), GOOD | {"integer": "３", "number": "２．５"}) == read_outcome(_all_types(), GOOD)


@pytest.mark.parametrize(
    ("name", "wrong", "code"),
    [
        ("integer", "3.5", "rules.fact_not_a_whole_number"),
        ("integer", True, "rules.fact_not_a_whole_number"),
        ("integer", 3.0, "rules.fact_not_a_whole_number"),
        ("integer", "10", "rules.fact_out_of_range"),
        ("integer", 0, "rules.fact_out_of_range"),
        ("integer", None, "rules.fact_missing"),
        ("number", "1e5", "rules.fact_not_a_number"),
        ("number", 0.1, "rules.fact_not_a_number"),
        ("number", Decimal("NaN"), "rules.fact_not_a_number"),
        ("number", "", "rules.fact_missing"),
        ("date", "2023-02-29", "rules.fact_not_a_day"),
        ("date", "29.2.2024", "rules.fact_not_a_day"),
        ("date", 20240229, "rules.fact_not_a_day"),
        ("code", 5, "rules.fact_not_a_text"),
        ("text", "a\x07b", "rules.fact_not_a_text"),
        ("text", "x" * 401, "rules.fact_not_a_text"),
        ("boolean", "perhaps", "rules.fact_not_yes_or_no"),
        ("boolean", 1, "rules.fact_not_yes_or_no"),
    ],
)
def test_a_wrong_answer_names_its_fact(name: str, wrong: object, code: str) -> None:
    assert _problems({name: wrong}) == [(code, name)]


def test_every_problem_is_told_at_once_and_unknown_facts_are_refused() -> None:
    assert _problems({"date": "soon", "integer": "x", "colour": "red"}) == [
        ("rules.fact_not_a_whole_number", "integer"),
        ("rules.fact_not_a_day", "date"),
        ("rules.fact_unknown", "colour"),
    ]


def test_a_fact_that_is_not_asked_is_left_out_even_when_it_is_answered() -> None:
    pack = load_pack("cn-innovation")
    raw = {"kind": "computer", "rank": "rank2", "computing_major": "no", "earned_on": "2024-05-01"}
    plain = read_outcome(pack, raw)
    assert isinstance(plain, Outcome)
    assert read_outcome(pack, raw | {"tier": "national", "award": "nonsense"}) == plain


def test_a_form_can_be_made_from_the_declared_facts() -> None:
    fields = {field.name: field for field in form_fields(load_pack("example-limits"))}
    assert list(fields) == ["kind", "hours", "author_rank", "translated", "score", "earned_on"]
    kind = fields["kind"]
    assert (kind.kind, kind.required, kind.when) == (FactType.ENUM, True, ())
    assert (kind.choices[0].code, kind.choices[0].label) == ("volunteering", Text("志愿服务", "Volunteering"))
    assert fields["hours"].when == (("kind", ("volunteering",)),)
    assert fields["hours"].range == ("1", "2000")
    assert fields["earned_on"].kind is FactType.DATE
    assert form_fields(load_pack("transfer-courses"))[2].required is False


def test_words_are_compared_without_width_case_spacing_and_punctuation() -> None:
    assert normal_words(" ＡＢ—c（１） ") == normal_words("ab C1")
