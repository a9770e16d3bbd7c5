"""How rule sets are read: everything wrong is named with its path."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from small_rules import both, row, rules

from creditbank.domain.rules.places import UnreadableError
from creditbank.domain.rules.read import read_rule_set
from creditbank.domain.rules.write import rule_set_data, rule_set_hash
from creditbank.exchange.rules import load_pack
from creditbank.gateways.documents import pack_codes


def _problems(data: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(UnreadableError) as caught:
        read_rule_set(data)
    return {problem.path: problem.message for problem in caught.value.problems}


def _put(path: str, value: Any, of: dict[str, Any] | None = None) -> dict[str, Any]:
    """A small rule set with one place changed; the path is written as errors write it."""
    data = copy.deepcopy(of or rules())
    at: Any = data
    *way, last = path.replace("]", "").replace("[", ".").split(".")
    for part in way:
        at = at[int(part)] if part.isdigit() else at[part]
    if last.isdigit():
        at[int(last)] = value
    else:
        at[last] = value
    return data


STEP = {"id": "s", "add": "-0.5", "clause": both("s")}
FIRST = "tables[0].rows[0]"


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("colour", "red", "unknown key"),
        ("kind", "conversion", "kept apart"),
        ("schema", "creditbank.rules/2", "expected creditbank.rules/1"),
        ("rounding.mode", "nearest", "one of down, up, half_up"),
        ("rounding.step", "0", "above zero"),
        ("name.zh", "", "expected a text"),
        ("facts[0].type", "float", "expected one of enum"),
        ("facts[1].name", "Hours", "small letters"),
        ("facts[1].range", {"from": 5, "to": 4}, "empty"),
        ("facts[1].range.from", "1.5", "whole number"),
        ("tables[0].columns[1]", "ours", "no such fact"),
        ("tables[0].hit", "any", "one of unique, first"),
        (f"{FIRST}.when.grade", "lov", "none of the values of grade: low, middle, high"),
        (f"{FIRST}.when.grade", [], "empty"),
        (f"{FIRST}.when.title", "x", "not a column"),
        (f"{FIRST}.when.hours", {"from": 1, "above": 2}, "exclude each other"),
        (f"{FIRST}.when.hours", {}, "needs an end"),
        (f"{FIRST}.when.hours", 1.5, "expected a number"),
        (f"{FIRST}.give.credit", "1.555", "at most two decimals"),
        (f"{FIRST}.give.credit", "-1", "below zero"),
        (f"{FIRST}.give.credit", 1.5, "expected an amount"),
        (f"{FIRST}.give.credit", {"fact": "grade"}, "type integer or number"),
        (f"{FIRST}.give.category", "mian", "one of main, side"),
        (f"{FIRST}.give", "perhaps", "one of refuse, manual"),
        (f"{FIRST}.clause", "text", "expected an object"),
    ],
)
def test_a_mistake_is_named_with_its_path(path: str, value: Any, says: str) -> None:
    problems = _problems(_put(path, value))
    [(found, message)] = problems.items()
    assert found.startswith(path) or (path, found) == (f"{FIRST}.give.credit", f"{FIRST}.give.credit.fact")
    assert says in message


@pytest.mark.parametrize(
    ("part", "value", "path", "says"),
    [
        (
            "adjust",
            [STEP | {"multiply": "1/2"}],
            "adjust[0]",
            "exactly one of lower, rank, add, multiply, divide, share",
        ),
        (
            "adjust",
            [{"id": "s", "multiply": "1/0", "clause": both("s")}],
            "adjust[0].multiply",
            "a factor such as",
        ),
        ("adjust", [STEP, STEP], "adjust", "used twice"),
        (
            "adjust",
            [
                STEP,
                {"id": "l", "lower": {"fact": "grade", "steps": 1, "below": "manual"}, "clause": both("l")},
            ],
            "adjust[1]",
            "lower or rank a fact first",
        ),
        (
            "adjust",
            [{"id": "l", "lower": {"fact": "hours", "steps": 1, "below": "manual"}, "clause": both("l")}],
            "adjust[0].lower.fact",
            "type enum",
        ),
        (
            "choose",
            [{"id": "c", "family": ["titel"], "keep": "highest", "clause": both("c")}],
            "choose[0].family[0]",
            "no such fact",
        ),
        (
            "cap",
            [{"id": "c", "scope": "week", "maximum": "1", "clause": both("c")}],
            "cap[0].scope",
            "one of claim",
        ),
        (
            "cap",
            [{"id": "c", "scope": "term", "maximum": "1", "category": "x", "clause": both("c")}],
            "cap[0].category",
            "one of main, side",
        ),
        (
            "validity",
            [{"id": "v", "fact": "hours", "expires": {"years": 1}, "clause": both("v")}],
            "validity[0].fact",
            "type date",
        ),
        (
            "validity",
            [{"id": "v", "fact": "earned_on", "clause": both("v")}],
            "validity[0]",
            "exactly one of within, expires",
        ),
        (
            "validity",
            [{"id": "v", "fact": "earned_on", "expires": {"years": 0}, "clause": both("v")}],
            "validity[0].expires",
            "needs years or months",
        ),
    ],
)
def test_a_mistake_in_a_limit_is_named_with_its_path(part: str, value: Any, path: str, says: str) -> None:
    problems = _problems(rules(**{part: value}))
    assert list(problems) == [path]
    assert says in problems[path]


def test_a_text_cut_by_a_comma_is_recognised() -> None:
    problems = _problems(_put("name", {"zh": "一", "en": "one", "two": None}))
    assert "put the text in quotes" in problems["name.two"]


def test_all_mistakes_are_told_at_once() -> None:
    data = _put(f"{FIRST}.when.grade", "lov")
    data["tables"][0]["rows"][2]["give"]["credit"] = "many"
    data["cap"] = [{"id": "c", "scope": "week", "maximum": "1", "clause": both("c")}]
    assert list(_problems(data)) == [f"{FIRST}.when.grade", "tables[0].rows[2].give.credit", "cap[0].scope"]


def test_two_tables_may_not_speak_about_the_same_outcome() -> None:
    one, other = rules()["tables"][0], rules()["tables"][0]
    one |= {"when": {"grade": ["low", "middle"]}}
    other |= {"code": "other", "when": {"grade": {"from": "middle"}}, "rows": [row("x", {}, "1")]}
    assert "could belong" in _problems(rules(tables=[one, other]))["tables[1]"]
    other["when"] = {"grade": "high"}
    assert len(read_rule_set(rules(tables=[one, other])).tables) == 2


def test_a_fact_can_depend_only_on_facts_before_it() -> None:
    data = _put("facts[0].when", {"hours": {"from": 1}})
    assert "no such fact is declared before" in _problems(data)["facts[0].when.hours"]
    assert "enum and boolean" in _problems(_put("facts[2].when", {"hours": {"from": 1}}))["facts[2].when"]


def test_declared_credit_must_be_a_required_fact_that_cannot_be_negative() -> None:
    data = _put(f"{FIRST}.give.credit", {"fact": "hours"})
    assert read_rule_set(data)
    del data["facts"][1]["range"]
    assert "begins at 0 or above" in _problems(data)[f"{FIRST}.give.credit.fact"]


def test_what_was_read_is_written_and_read_again_the_same() -> None:
    for code in pack_codes():
        pack = load_pack(code)
        data = rule_set_data(pack)
        assert read_rule_set(data) == pack
        assert rule_set_hash(read_rule_set(data)) == rule_set_hash(pack)


def test_the_hash_is_of_the_content_not_of_its_dress() -> None:
    plain = rule_set_hash(read_rule_set(rules()))
    same = _put(f"{FIRST}.when", {"hours": {"above": 9}, "grade": ["low"]})
    same["tables"][0]["rows"][0]["give"]["credit"] = 1
    same["tables"][0] |= {"hit": "unique", "on_gap": "manual"}
    assert rule_set_hash(read_rule_set(same)) == plain
    for path, value in (
        (f"{FIRST}.give.credit", "1.01"),
        (f"{FIRST}.clause.en", "changed"),
        (f"{FIRST}.when.hours", {"above": 10}),
        ("facts[0].values", list(reversed(rules()["facts"][0]["values"]))),
    ):
        assert rule_set_hash(read_rule_set(_put(path, value))) != plain, path


def test_an_open_end_beside_zero_is_kept() -> None:
    [hours] = read_rule_set(_put(f"{FIRST}.when", {"hours": {"below": 1}})).tables[0].rows[0].when
    assert (hours.accept.accepts(0), hours.accept.accepts(1)) == (True, False)


def test_an_interval_beyond_the_calendar_is_empty() -> None:
    facts = rules()["facts"]
    facts[3]["range"] = {"above": "9999-12-31"}
    assert _problems(rules(facts=facts)) == {"facts[3].range": "this interval is empty"}


def test_the_hash_of_the_language_stands_still() -> None:
    # Stored versions are found by this hash: a change here breaks every bank that has rules.
    assert rule_set_hash(read_rule_set(rules())) == "e38230df4d4c0c9e185bc32f0e914b671336919fa18e9b8332265b4193ceef21"


def test_rows_that_are_collected_give_one_category_or_the_table_is_refused() -> None:
    for hit in ("collect_max", "collect_sum"):
        data = _put(f"{FIRST}.give.category", "side")
        data["tables"][0]["hit"] = hit
        assert "give one category, level and field" in _problems(data)["tables[0].rows[1].give"]
        data["tables"][0]["rows"][0]["give"]["category"] = "main"
        assert read_rule_set(data)


def test_what_would_mean_nothing_is_refused_where_it_stands() -> None:
    tiers = {"of": "hours", "tiers": [{"from": 10, "gives": "1"}, {"from": 10, "gives": "2"}]}
    assert "tiers rise" in _problems(_put(f"{FIRST}.give.credit", tiers))[f"{FIRST}.give.credit.tiers[1]"]
    each = {"each": "0", "of": "hours", "gives": "1"}
    assert "above zero" in _problems(_put(f"{FIRST}.give.credit", each))[f"{FIRST}.give.credit.each"]
    cap = {"id": "c", "scope": "claim", "clause": both("c"), "maximum": {"count": 2}}
    assert "wider scope" in _problems(rules(cap=[cap]))["cap[0].maximum.count"]
    by = cap | {"maximum": "2", "by": ["grade"]}
    assert "wider scope" in _problems(rules(cap=[by]))["cap[0].by"]
    out = {"id": "x", "when": {}, "clause": both("x")}
    assert "would leave nothing" in _problems(rules(exclude=[out]))["exclude[0].when"]
    needs = {"id": "n", "needs": {"credit": "1", "courses": ["A"]}, "clause": both("n")}
    assert "exactly one" in _problems(rules(prerequisite=[needs]))["prerequisite[0].needs"]
