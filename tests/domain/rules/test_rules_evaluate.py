"""What a rule set proposes, and how it says why."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from small_rules import CLAIMED, both, compiled, outcome, propose, row, rules

from creditbank.domain.explanation import Verdict, from_data, to_data
from creditbank.domain.rules.cases import codes_of
from creditbank.domain.rules.compile import MOST_ANSWERS, MOST_ENTRIES, Compiled, compile_rules, compiled_before
from creditbank.domain.rules.days import months_after
from creditbank.domain.rules.decision import Context
from creditbank.domain.rules.evaluate import (
    caps_of,
    evaluate,
    evaluate_untraced,
    explain_row,
    family_keys,
    limit_keys,
)
from creditbank.domain.rules.facts import MESSAGES as FACT_MESSAGES
from creditbank.domain.rules.model import Ruling
from creditbank.domain.rules.read import read_rule_set
from creditbank.domain.rules.trace import MESSAGES
from creditbank.domain.values import Amount, Hundredths, Text
from creditbank.exchange.rules import load_pack

GRADES = ("low", "middle", "high")
LOWER = {
    "id": "lower",
    "lower": {"fact": "grade", "steps": 1, "below": "manual"},
    "clause": both("one lower"),
}


def add(amount: str, **more: object) -> dict[str, object]:
    return {"id": "add", "add": amount, "clause": both("add"), **more}


def family(**more: object) -> dict[str, object]:
    return {"id": "same", "family": ["title"], "keep": "highest", "clause": both("best only"), **more}


def cap(name: str, scope: str, maximum: str, **more: object) -> dict[str, object]:
    return {"id": name, "scope": scope, "maximum": maximum, "clause": both(name), **more}


def test_the_first_line_answers_and_the_reasons_stand_underneath() -> None:
    proposal = propose(compiled(adjust=[LOWER]), grade="high", hours=12)
    [line] = proposal.explanation
    assert (line.code, line.verdict, line.facts["amount"]) == ("rules.would_give", Verdict.YES, Amount(200))
    lowered, found = line.lines
    assert lowered.facts == {
        "fact": Text("grade（中）", "grade"),
        "value": Text("high（中）", "high"),
        "to": Text("middle（中）", "middle"),
    }
    assert lowered.clause == Text("one lower（中）", "one lower")
    assert (found.code, found.facts["row"]) == ("rules.row_gives", "middle")
    assert found.clause == Text("clause of middle（中）", "clause of middle")
    assert [below.facts["value"] for below in found.lines] == [Text("middle（中）", "middle"), "12"]
    assert proposal.row == "middle"


def test_a_fact_lowered_below_the_lowest_goes_to_a_person_or_is_refused_as_declared() -> None:
    assert propose(compiled(adjust=[LOWER]), grade="low", hours=12).ruling is Ruling.MANUAL
    strict = LOWER | {"lower": {"fact": "grade", "steps": 1, "below": "refuse"}}
    assert propose(compiled(adjust=[strict]), grade="low", hours=12).ruling is Ruling.REFUSE


def test_a_gap_goes_to_a_person_unless_the_table_refuses() -> None:
    asked = propose(compiled(), grade="low", hours=9)
    assert (asked.ruling, asked.credit, asked.row) == (Ruling.MANUAL, 0, None)
    assert asked.explanation[0].verdict is Verdict.ASK
    [gap] = asked.explanation[0].lines
    assert [line.facts["value"] for line in gap.lines] == [Text("low（中）", "low"), "9"]
    table = rules()["tables"][0] | {"on_gap": "refuse"}
    assert propose(compiled(tables=[table]), grade="low", hours=9).ruling is Ruling.REFUSE


def test_two_rows_that_fit_go_to_a_person_and_both_are_named() -> None:
    table = rules()["tables"][0]
    table["rows"].append(row("again", {"hours": {"from": 900}}, "9"))
    proposal = propose(compiled(tables=[table]), grade="low", hours=950)
    assert proposal.ruling is Ruling.MANUAL
    [overlap] = proposal.explanation[0].lines
    assert (overlap.code, overlap.facts["rows"]) == ("rules.rows_overlap", "low, again")
    assert [line.clause.en for line in overlap.lines if line.clause] == ["clause of low", "clause of again"]
    assert propose(compiled(tables=[table]), grade="low", hours=20).ruling is Ruling.RECOGNISE


def test_under_first_the_order_of_rows_decides() -> None:
    table = rules()["tables"][0] | {"hit": "first"}
    table["rows"].append(row("again", {"hours": {"from": 10}}, "9"))
    assert propose(compiled(tables=[table]), grade="low", hours=950).row == "low"
    table["rows"].reverse()
    assert propose(compiled(tables=[table]), grade="low", hours=950).row == "again"


def test_an_outcome_of_no_table_goes_to_a_person() -> None:
    table = rules()["tables"][0] | {"when": {"grade": ["low", "middle"]}}
    proposal = propose(compiled(tables=[table]), grade="high", hours=20)
    assert proposal.ruling is Ruling.MANUAL
    assert codes_of(proposal.explanation) == ("rules.would_ask", "rules.no_table")


def test_a_result_of_zero_is_a_refusal_that_says_which_step_used_it_up() -> None:
    proposal = propose(compiled(adjust=[add("-1")]), grade="low", hours=10)
    assert (proposal.ruling, proposal.credit, proposal.category) == (Ruling.REFUSE, 0, None)
    assert codes_of(proposal.explanation)[0] == "rules.would_refuse"
    assert codes_of(proposal.explanation)[-2:] == ("rules.taken_off", "rules.nothing_left")


def test_an_amount_below_zero_stops_at_zero_and_later_steps_begin_there() -> None:
    steps = [add("-3"), add("0.5", id="bonus")]
    assert propose(compiled(adjust=steps), grade="low", hours=10).credit == 50


@pytest.mark.parametrize(
    ("mode", "place", "credit"),
    [
        ("down", "end", 100),
        ("up", "end", 150),
        ("half_up", "end", 150),
        ("down", "each", 50),
        ("up", "each", 200),
    ],
)
def test_rounding_follows_its_mode_and_place(mode: str, place: str, credit: int) -> None:
    # 2.0 x 2/3 = 1.333..., then x 0.99 = 1.32: at the end 1.0 down, 1.5 up or half up;
    # after each step 1.0 then 0.99 -> 0.5 down, and 1.5 then 1.485 -> 1.5, plus 0.1 -> 2.0 up.
    steps = [
        {"id": "a", "multiply": "2/3", "clause": both("a")},
        {"id": "b", "multiply": "0.99", "clause": both("b")},
        *([add("0.1")] if (mode, place) == ("up", "each") else []),
    ]
    of = compiled(adjust=steps, rounding={"step": "0.5", "mode": mode, "place": place})
    assert propose(of, grade="middle", hours=10).credit == credit


def test_an_author_loses_half_a_credit_for_each_place_behind_the_first() -> None:
    step = {"id": "s", "add": {"amount": "-0.5", "each": "hours", "above": 10}, "clause": both("s")}
    of = compiled(adjust=[step])
    assert [propose(of, grade="middle", hours=hours).credit for hours in (10, 11, 13, 14)] == [
        200,
        150,
        50,
        0,
    ]
    assert "rules.taken_off" not in codes_of(propose(of, grade="middle", hours=10).explanation)


def test_only_the_best_of_a_family_counts() -> None:
    of = compiled(choose=[family()])

    def credit(earlier: int, title: str | None = "Robots 2024") -> int:
        context = Context(CLAIMED, earlier={"same": Hundredths(earlier)})
        return propose(of, context, grade="middle", hours=10, title=title).credit

    assert [credit(0), credit(50), credit(150), credit(200), credit(350)] == [200, 150, 50, 0, 0]
    assert credit(150, title=None) == 200


def test_a_family_is_known_by_its_words_not_by_their_dress() -> None:
    of = compiled(choose=[family()])

    def key(title: str) -> str:
        return family_keys(of, outcome(of, grade="low", hours=10, title=title))["same"]

    assert key("电子设计竞赛 2024") == key("电子设计竞赛（２０２４）") == key("电子设计竞赛2024。")
    assert key("电子设计竞赛 2024") != key("电子设计竞赛 2023")
    assert key("!!") != key("??")
    assert len(key("x")) == 64
    assert family_keys(of, outcome(of, grade="low", hours=10)) == {}


def test_caps_leave_what_remains_and_are_looked_at_in_order() -> None:
    of = compiled(
        cap=[
            cap("one", "claim", "3"),
            cap("term", "term", "5", category="main"),
            cap("x", "ever", "1", category="side"),
        ]
    )

    def proposal(used: int):
        return propose(of, Context(CLAIMED, used={"term": Hundredths(used)}), grade="high", hours=10)

    assert [proposal(used).credit for used in (0, 250, 400, 500, 900)] == [300, 250, 100, 0, 0]
    assert proposal(500).ruling is Ruling.REFUSE
    assert codes_of(proposal(250).explanation)[-2:] == ("rules.cap_binds", "rules.cap_binds")
    assert [found.id for found in caps_of(of, "main", outcome(of, grade="high", hours=10))] == ["one", "term"]


def test_a_cap_whose_use_is_not_known_says_so() -> None:
    of = compiled(cap=[cap("year", "academic_year", "5")])
    assert "rules.cap_assumed" in codes_of(propose(of, grade="high", hours=10).explanation)
    known = Context(CLAIMED, used={"year": Hundredths(0)})
    assert "rules.cap_assumed" not in codes_of(propose(of, known, grade="high", hours=10).explanation)


def test_validity_judges_the_claim_and_dates_the_credit() -> None:
    window = {
        "id": "w",
        "fact": "earned_on",
        "within": {"years": 2},
        "otherwise": "manual",
        "clause": both("w"),
    }
    shelf = {"id": "s", "fact": "earned_on", "expires": {"years": 1, "months": 6}, "clause": both("s")}
    of = compiled(validity=[window, shelf])

    def at(earned: str | None):
        return propose(of, grade="high", hours=10, earned_on=earned)

    assert at("2024-01-31").expires_on == date(2025, 7, 31)
    assert at("2022-06-29").ruling is Ruling.MANUAL
    assert at("2022-06-30").ruling is Ruling.REFUSE  # in time, but its shelf life is over
    assert codes_of(at("2022-06-30").explanation)[-1] == "rules.already_expired"
    assert at("2024-07-01").ruling is Ruling.REFUSE
    assert at(None).expires_on is None


def test_the_same_day_months_later_is_the_last_day_where_there_is_no_such_day() -> None:
    assert months_after(date(2024, 1, 31), 1) == date(2024, 2, 29)
    assert months_after(date(2023, 8, 31), 6) == date(2024, 2, 29)
    assert months_after(date(2024, 12, 15), 1) == date(2025, 1, 15)
    assert months_after(date(2024, 12, 15), 12) == date(2025, 12, 15)
    assert months_after(date(9999, 12, 31), 1) == date.max


def test_the_bulk_path_is_the_whole_decision_where_only_facts_decide() -> None:
    of = compiled(adjust=[add("-0.5")])
    assert of.context_free
    assert not compiled(choose=[family()]).context_free
    for grade in ("low", "middle", "high"):
        for hours in (0, 9, 10, 500):
            one = outcome(of, grade=grade, hours=hours)
            whole, bulk = evaluate(of, one, Context(CLAIMED)), evaluate_untraced(of, one)
            assert (bulk.ruling, bulk.row, bulk.credit) == (whole.ruling, whole.row, whole.credit)


def test_what_is_remembered_is_bounded_and_never_changes_an_answer() -> None:
    table = rules()["tables"][0]
    table["rows"] = [
        row("all", {}, {"fact": "hours"} | {}) | {"give": {"credit": {"fact": "hours"}, "category": "main"}}
    ]
    of = compiled(tables=[table])
    for hours in [*range(1, 1001), *range(1000, 0, -1)] * 2:
        assert propose(of, grade="high" if hours % 2 else "low", hours=hours).credit == hours * 100
    assert len(of.explained) <= MOST_ANSWERS


def test_declared_credits_may_be_written_in_several_ways_and_stay_the_same() -> None:
    of = compile_rules(load_pack("transfer-courses"))
    for text in ("30", "30.0", "30.00", "３０"):
        proposal = propose(of, result="pass", credits=text, level="1")
        assert (proposal.credit, proposal.category, proposal.level, proposal.field) == (
            3000,
            "course",
            "1",
            None,
        )


def test_what_a_row_says_by_itself_needs_no_outcome() -> None:
    transfer = compile_rules(load_pack("transfer-courses"))
    [line] = explain_row(transfer, "passed")
    assert (line.code, line.facts["row"]) == ("rules.row_takes_over", "passed")
    assert line.clause is not None
    assert explain_row(transfer, "failed")[0].verdict is Verdict.NO
    assert explain_row(compiled(), "high")[0].facts["amount"] == Amount(400)
    with pytest.raises(KeyError):
        explain_row(transfer, "nothing")


def test_a_rule_set_is_compiled_once_for_its_content() -> None:
    first = compile_rules(read_rule_set(rules(code="once")))
    assert compile_rules(read_rule_set(rules(code="once"))) is first
    assert compiled_before(first.hash) is first
    assert compiled_before("0" * 64) is None


def test_an_index_too_wide_is_narrowed_and_answers_the_same() -> None:
    values = [{"code": f"v{i}", **both(f"v{i}")} for i in range(60)]
    facts = [{"name": f"f{i}", "type": "enum", "label": both(f"f{i}"), "values": values} for i in range(3)]
    rows = [row(f"r{i}", {"f2": f"v{i}"}, "1") for i in range(58)]
    rows += [row("a", {"f0": "v1", "f2": "v58"}, "1"), row("b", {"f1": "v1", "f2": "v59"}, "1")]
    of = compiled(facts=facts, tables=[{"code": "t", "columns": ["f0", "f1", "f2"], "rows": rows}])
    assert propose(of, f0="v3", f1="v4", f2="v57").row == "r57"
    assert propose(of, f0="v1", f1="v4", f2="v58").row == "a"
    assert propose(of, f0="v2", f1="v1", f2="v59").row == "b"
    assert propose(of, f0="v2", f1="v2", f2="v59").ruling is Ruling.MANUAL
    assert 0 < of.tables[0].entries <= MOST_ENTRIES


def test_any_accepts_a_fact_that_is_not_given_and_a_written_cell_does_not() -> None:
    facts = rules()["facts"]
    facts[0]["optional"] = True
    table = rules()["tables"][0]
    table["rows"] = [
        row("all", {"grade": "any", "hours": {"below": 10}}, "1"),
        row("high", {"grade": list(GRADES), "hours": {"from": 10}}, "2"),
    ]
    of = compiled(facts=facts, tables=[table])
    assert propose(of, hours=9).row == "all"
    assert propose(of, hours=10).ruling is Ruling.MANUAL
    assert propose(of, hours=10, grade="low").row == "high"


def test_a_level_taken_from_a_number_has_one_form() -> None:
    facts = [*rules()["facts"], {"name": "level", "type": "number", "label": both("level")}]
    table = rules()["tables"][0]
    table["rows"][0]["give"]["level"] = {"fact": "level"}
    of = compiled(facts=facts, tables=[table])
    assert [propose(of, grade="low", hours=10, level=level).level for level in ("4.50", "4.5", 10, "10.0")] == [
        "4.5",
        "4.5",
        "10",
        "10",
    ]


def test_every_sentence_is_declared_and_an_explanation_survives_storage() -> None:
    of = compile_rules(load_pack("example-limits"))
    proposal = propose(
        of,
        Context(CLAIMED, used={"all-ever": Hundredths(900)}),
        kind="paper",
        author_rank=2,
        translated="yes",
        earned_on="2024-01-01",
    )
    assert set(codes_of(proposal.explanation)) <= set(MESSAGES)
    assert from_data(to_data(proposal.explanation)) == proposal.explanation
    assert all(code.startswith("rules.") for code in MESSAGES | FACT_MESSAGES)


def test_what_is_remembered_of_one_number_is_not_taken_for_its_neighbour_across_an_end() -> None:
    score = {"name": "score", "type": "number", "label": both("score"), "range": {"from": 0, "to": 10}}
    ends = ({"from": "2.5", "below": "5"}, {"from": "5", "to": "7.5"}, {"above": "7.5"})
    table = [row(f"r{at}", {"score": cell}, str(at + 1)) for at, cell in enumerate(ends)]
    values = ("2.49", "2.5", "4.99", "5", "7.5", "7.51", "10")
    for order in (values, tuple(reversed(values))):
        of = compiled(facts=[*rules()["facts"], score], tables=[{"code": "t", "columns": ["score"], "rows": table}])
        of.granted.clear()
        of.alike.clear()
        found = {one: evaluate_untraced(of, outcome(of, grade="low", hours=1, score=one)).row for one in order}
        assert [found[one] for one in values] == [None, "r0", "r0", "r1", "r1", "r2", "r2"]
        assert len(of.alike) == 4


def test_a_limit_of_one_category_does_not_count_outcomes_of_another() -> None:
    side = row("side", {"grade": "high"}, "2") | {"give": {"credit": "2", "category": "side"}}
    table = {"code": "t", "columns": ["grade"], "rows": [row("main", {"grade": "low"}, "2"), side]}
    limit = cap("c", "ever", "4", category="main") | {"when": {"hours": {"from": 10}}}
    of = compiled(tables=[table], cap=[limit])
    assert list(limit_keys(of, outcome(of, grade="low", hours=20))) == ["c"]
    assert limit_keys(of, outcome(of, grade="high", hours=20)) == {}
    assert limit_keys(of, outcome(of, grade="low", hours=9)) == {}


def collected(hit: str, *rows: dict[str, Any]) -> Compiled:
    return compiled(tables=[{"code": "t", "columns": ["grade", "hours"], "hit": hit, "rows": list(rows)}])


def test_the_row_of_the_highest_priority_decides_and_two_of_the_same_ask_a_person() -> None:
    of = collected(
        "priority",
        row("plain", {"hours": {"from": 10}}, "1") | {"priority": 1},
        row("high", {"grade": "high"}, "4") | {"priority": 2},
        row("many", {"hours": {"from": 100}}, "5") | {"priority": 2},
    )
    assert propose(of, grade="low", hours=10).row == "plain"
    assert propose(of, grade="high", hours=10).row == "high"
    both_fit = propose(of, grade="high", hours=100)
    assert (both_fit.ruling, "rules.rows_overlap" in codes_of(both_fit.explanation)) == (Ruling.MANUAL, True)


def test_where_rows_are_collected_one_that_refuses_goes_before_all_and_one_that_asks_before_those_that_give() -> None:
    rows = [row("a", {"hours": {"from": 10}}, "1"), row("b", {"grade": {"from": "middle"}}, "2")]
    ask, no = row("ask", {"hours": {"from": 50}}, "manual"), row("no", {"hours": {"from": 80}}, "refuse")
    for hit, credit, name in (("collect_max", 200, "b"), ("collect_sum", 300, "a+b")):
        of = collected(hit, *rows, ask, no)
        given = propose(of, grade="high", hours=10)
        assert (given.credit, given.row) == (credit, name)
        assert propose(of, grade="high", hours=50).ruling is Ruling.MANUAL
        refused = propose(of, grade="high", hours=80)
        assert (refused.ruling, refused.row) == (Ruling.REFUSE, "no")
    assert [line.facts["row"] for line in explain_row(collected("collect_sum", *rows), "a+b")] == ["a", "b"]


def test_of_two_rows_that_give_most_the_first_by_its_name_is_named_in_any_order() -> None:
    one, other = row("x", {"hours": {"from": 10}}, "2"), row("y", {"grade": "high"}, "2")
    for rows in ((one, other), (other, one)):
        assert propose(collected("collect_max", *rows), grade="high", hours=10).row == "x"


def test_a_count_is_full_at_its_number_and_a_whole_limit_grants_no_part() -> None:
    count = cap("n", "ever", "1") | {"maximum": {"count": 2}}
    of = compiled(cap=[count])
    for used, credit in ((0, 400), (1, 400), (2, 0), (3, 0)):
        assert propose(of, Context(CLAIMED, used={"n": used}), grade="high", hours=10).credit == credit
    for whole, credit in ((False, 100), (True, 0)):
        of = compiled(cap=[cap("w", "ever", "5") | {"whole": whole}])
        given = propose(of, Context(CLAIMED, used={"w": Hundredths(400)}), grade="high", hours=10)
        assert (given.credit, "rules.cap_whole" in codes_of(given.explanation)) == (credit, whole)
    share = compiled(cap=[cap("s", "ever", "1") | {"maximum": {"share": "1/3", "of": "programme"}}])
    planned = Context(CLAIMED, used={"s": Hundredths(0)}, planned={"programme": Hundredths(1000)})
    assert propose(share, planned, grade="high", hours=10).credit == 333
    assert propose(share, grade="high", hours=10).ruling is Ruling.MANUAL


def test_a_certificate_counts_through_its_last_day_and_its_credit_no_longer() -> None:
    until = {"name": "valid_until", "type": "date", "label": both("valid until"), "optional": True}
    for kind, expires in (("credit_expires", date(2024, 7, 1)), ("credit_stays", None)):
        rule = {"id": "u", "fact": "valid_until", "until": kind, "clause": both("u")}
        of = compiled(facts=[*rules()["facts"], until], validity=[rule])
        last = propose(of, grade="high", hours=10, valid_until="2024-06-30")
        assert (last.ruling, last.expires_on) == (Ruling.RECOGNISE, expires)
        assert propose(of, grade="high", hours=10, valid_until="2024-06-29").ruling is Ruling.REFUSE
