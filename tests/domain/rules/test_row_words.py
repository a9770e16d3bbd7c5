"""Cells, amounts, conditions and rows in words: what is said is read back, what is typed is understood or refused."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creditbank.domain.explanation import Refusal
from creditbank.domain.rules.amount_words import read_credit
from creditbank.domain.rules.cell_words import cell_words, choice_words, read_cell, read_choice_words
from creditbank.domain.rules.condition_words import condition_words, read_condition
from creditbank.domain.rules.model import Cell, Choice, Fact, FactType, Interval, OneOf
from creditbank.domain.rules.pasted_cells import read_over
from creditbank.domain.rules.pasted_rows import block_of, read_pasted
from creditbank.domain.rules.places import Place
from creditbank.domain.rules.read import read_rule_set
from creditbank.domain.rules.read_cells import Cells
from creditbank.domain.rules.row_edits import (
    Edited,
    Misfit,
    add_rows,
    change_row,
    close_gap,
    copy_row,
    move_row,
    remove_row,
    write_rows,
)
from creditbank.domain.rules.row_words import RowWords
from creditbank.domain.rules.write import condition_data, rule_set_data
from creditbank.domain.values import Text
from creditbank.exchange.documents import read_document
from creditbank.exchange.rule_texts import comments_inside, rules_text
from tests.services.rule_drafts import TEXT

AWKWARD = Fact(
    "award",
    FactType.ENUM,
    Text("获奖", "Award"),
    (
        Choice("third", Text("三等奖", "third prize")),
        Choice("a-b", Text("学会、协会", "society, or association")),
        Choice("second", Text("二等奖 [甲]", "second–third")),
        Choice("any", Text("任意", "any")),
        Choice("first", Text("一等奖", "First Prize")),
        Choice("FIRST", Text("一等奖", "first prize")),
    ),
    ordered=True,
)
SCORE = Fact("score", FactType.NUMBER, Text("成绩", "Score"))
DAY = Fact("day", FactType.DATE, Text("日期", "Day"))
FLAG = Fact("flag", FactType.BOOLEAN, Text("是否", "Whether"))
CODE = Fact("unit", FactType.CODE, Text("单位", "Unit"))
FACTS = {fact.name: fact for fact in (AWKWARD, SCORE, DAY, FLAG, CODE)}


def meant(fact, typed):
    """What typed words accept in the end."""
    data = read_cell(fact, typed)
    assert not isinstance(data, Refusal), data
    return Cells(FACTS).cell(Place(data), fact)


numbers = st.decimals(min_value=-10_000, max_value=10_000, places=2)
intervals = st.builds(
    lambda ends, sides, opens: Interval(
        ends[0] if sides != "high" else None,
        ends[1] if sides != "low" else None,
        opens[0] and sides != "high" and ends[0] != ends[1],
        opens[1] and sides != "low" and ends[0] != ends[1],
    ),
    st.tuples(numbers, numbers).map(sorted),
    st.sampled_from(("low", "high", "both")),
    st.tuples(st.booleans(), st.booleans()),
)
days = st.tuples(st.dates(), st.dates()).map(sorted).map(lambda pair: Interval(pair[0], pair[1]))
codes = [choice.code for choice in AWKWARD.choices]
listed = st.sets(st.sampled_from(codes), min_size=1).map(
    lambda some: OneOf(tuple(code for code in codes if code in some))
)
units = st.sets(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,9}", fullmatch=True), min_size=1, max_size=3).map(
    lambda some: OneOf(tuple(sorted(some)))
)


@settings(max_examples=50)
@given(
    cell=st.one_of(
        intervals.map(lambda one: (SCORE, one)),
        days.map(lambda one: (DAY, one)),
        listed.map(lambda one: (AWKWARD, one)),
        units.map(lambda one: (CODE, one)),
        st.booleans().map(lambda one: (FLAG, OneOf((one,)))),
    ),
    language=st.sampled_from(("zh-hans", "en")),
)
def test_what_a_cell_says_is_read_back_as_the_same_cell(cell, language):
    fact, accept = cell
    if fact is CODE and set(accept.values) & {"any", "ANY", "Any"}:
        return
    assert meant(fact, cell_words(fact, accept, language)) == accept
    condition = (Cell(fact.name, accept),)
    assert read_condition(FACTS, condition_words(condition, FACTS, language)) == condition_data(condition)


def test_every_choice_among_awkward_names_is_read_back_in_both_languages():
    # A label that is another's code, one that holds a comma, one that means anything, two that differ by case alone.
    sly = replace(AWKWARD, choices=(*AWKWARD.choices, Choice("last", Text("first", "third"))), ordered=False)
    for fact in (AWKWARD, replace(AWKWARD, ordered=False), sly):
        every = [choice.code for choice in fact.choices]
        for count in range(1, len(every) + 1):
            for some in combinations(every, count):
                for language in ("zh-hans", "en"):
                    said = cell_words(fact, OneOf(some), language)
                    assert meant(fact, said) == OneOf(some), said
                    word = choice_words(fact.choices, some[0], language)
                    assert read_choice_words(fact.choices, word) == some[0], word
    # Of names that hold a comma the longest is meant; codes that differ by case alone are told apart letter by letter.
    arts = tuple(Choice(code, Text(name, name)) for code, name in (("x", "art"), ("y", "art, design"), ("z", "design")))
    assert read_cell(replace(AWKWARD, choices=arts, ordered=False), "Art, design") == ["y"]
    assert read_cell(replace(AWKWARD, choices=arts, ordered=False), "art, design, art") == ["x", "y"]
    assert read_cell(AWKWARD, "FIRST") == ["FIRST"]
    assert isinstance(read_cell(AWKWARD, "FirsT"), Refusal)


@pytest.mark.parametrize(
    ("typed", "low", "high", "opens"),
    [
        ("60", 60, 60, (False, False)),
        ("６０～１００", 60, 100, (False, False)),
        ("60-100", 60, 100, (False, False)),
        ("60 至 100", 60, 100, (False, False)),
        ("≥60", 60, None, (False, False)),
        ("60分以上".replace("分", ""), 60, None, (False, False)),
        ("不足 60", None, 60, (False, True)),
        ("> 60，≤ 89.5", 60, Decimal("89.5"), (True, False)),
        ("above 60 and at most 100", 60, 100, (True, False)),
    ],
)
def test_numbers_are_understood_as_people_write_them(typed, low, high, opens):
    assert meant(SCORE, typed) == Interval(low, high, *opens)


@pytest.mark.parametrize("typed", ["sechzig", "60-", "≥", "60–70–80", "≥ 60, ≥ 70", "1e5", "=1+1"])
def test_what_is_no_number_is_refused_with_what_was_typed(typed):
    refused = read_cell(SCORE, typed)
    assert isinstance(refused, Refusal)
    assert refused.explanation[0].facts["typed"] == typed


def test_a_scale_is_read_by_its_ends_and_days_in_the_forms_of_sheets():
    assert meant(AWKWARD, "a-b 及以下").values == ("third", "a-b")
    assert meant(AWKWARD, "> second").values == ("any", "first", "FIRST")
    assert meant(AWKWARD, "低于 second").values == ("third", "a-b")
    assert isinstance(read_cell(AWKWARD, "< third"), Refusal)
    assert isinstance(read_cell(AWKWARD, "一等奖"), Refusal)
    assert meant(DAY, "2026/3/1").low.isoformat() == "2026-03-01"
    assert isinstance(read_cell(DAY, "2026-02-30"), Refusal)
    assert meant(FLAG, "FALSE") == OneOf((False,))


@pytest.mark.parametrize("typed", ["三", "-1", "1.234", "[nothing]", "3 per [x]", "[score] ≥ x: 1", "=3"])
def test_what_is_no_amount_is_refused(typed):
    assert isinstance(read_credit(FACTS, typed), Refusal)


def test_a_block_is_read_back_from_its_cells():
    rules = read_rule_set(read_document(TEXT.encode(), name="x.yaml"))
    words = RowWords.of(rules, rules.tables[0])
    cells = (("40", "1", "实践", 'a "quoted"\ttab\nline', "x"), ("50", "2", "practice", "", ""))
    found = read_pasted(block_of(cells), words, "zh-hans")
    assert [row.cells for row in found.rows] == list(cells)
    assert found.left == ()
    assert found.good[0]["clause"]["zh"] == 'a "quoted"\ttab\nline'
    assert isinstance(read_pasted('"open\t1', words, "en"), Refusal)
    assert isinstance(read_pasted(" \t \n", words, "en"), Refusal)


def written_over(block, row, column):
    """What a block does to the small table from a cell on."""
    rules = read_rule_set(read_document(TEXT.encode(), name="x.yaml"))
    words = RowWords.of(rules, rules.tables[0])
    columns = [column.key for column in words.columns]
    return rules, read_over(block, words, "en", row=row, column=column, columns=columns, taken=("few", "many"))


def test_a_block_is_written_over_cells_and_beyond_the_last_row():
    rules, over = written_over("≥ 40\t2\n\n\n≥ 90\t3\n", 2, "when-hours")
    assert [(one.row, one.number, one.key, one.old, one.new) for one in over.changes[:2]] == [
        ("many", 2, "when-hours", "≥ 32", "≥ 40"),
        ("many", 2, "credit", "1.0", "2.0"),
    ]
    assert over.changed.keys() == {"many"}
    assert over.changed["many"]["clause"]["zh"] == "满32小时1学分"
    assert [(row["id"], row["clause"]["en"]) for row in over.added] == [("row-3", "Hours: ≥ 90; 3 credits")]
    assert over.unread == ()
    edited = write_rows(rules, "main", over.changed, over.added)
    assert [row.id for row in edited.rules.tables[0].rows] == ["few", "many", "row-3"]
    assert edited.rows == ("many", "row-3")
    assert edited.rules == read_rule_set(edited.document)


def test_a_cell_that_cannot_be_read_sinks_neither_its_row_nor_the_others():
    # The first row grants nothing, so it cannot have a category; a range may be empty only once it is read as a rule.
    _rules, over = written_over("≤ 20\t\tpractice\nlots\t2\t\t\tx\tbeyond\n9–3\t4\tnowhere\n", 1, "when-hours")
    assert {(one.row, one.key, one.new) for one in over.changes} >= {
        ("few", "when-hours", "≤ 20"), ("many", "credit", "2.0"), ("many", "clause-en", "x"), ("row-3", "credit", "4.0"),
    }  # fmt: skip
    assert [(one.row, one.number, one.key, one.typed) for one in over.unread] == [
        ("few", 1, "credit", ""), ("few", 1, "category", "practice"),
        ("many", 2, "", "beyond"), ("many", 2, "when-hours", "lots"), ("many", 2, "clause-zh", ""),
        ("row-3", 3, "category", "nowhere"), ("row-3", 3, "when-hours", "9–3"),
    ]  # fmt: skip
    assert all(bool(one.reasons) != bool(one.problems) for one in over.unread)
    assert over.changed["many"]["when"] == {"hours": {"from": "32"}}
    assert over.added[0]["give"] == {"credit": "4.00", "category": "practice"}


def test_a_block_that_says_what_stands_there_changes_nothing_and_one_outside_is_refused():
    _rules, over = written_over("≤ 31\tno credit\n>= 32\t1\n", 1, "when-hours")
    assert (over.changed, over.added, over.changes, over.unread) == ({}, (), (), ())
    _rules, over = written_over("any\n", 2, "when-hours")
    assert [(one.old, one.new) for one in over.changes] == [("≥ 32", "any")]
    assert isinstance(written_over("1\n", 0, "credit")[1], Refusal)
    assert isinstance(written_over("1\n", 4, "credit")[1], Refusal)
    assert isinstance(written_over("1\n", 1, "nothing")[1], Refusal)
    assert len(written_over("1\n", 3, "credit")[1].added) == 1
    assert isinstance(written_over("1\n" * 2_001, 1, "credit")[1], Refusal)


def test_an_edit_that_the_rules_forbid_changes_nothing():
    rules = read_rule_set(read_document(TEXT.encode(), name="x.yaml"))
    before = rule_set_data(rules)
    moved = move_row(rules, "main", "few", 5)
    assert isinstance(moved, Edited)
    assert [row.id for row in moved.rules.tables[0].rows] == ["many", "few"]
    assert isinstance(close_gap(rules, "main", [()]), Edited)
    for edited in (
        moved,
        close_gap(rules, "main", [()]),
        copy_row(rules, "main", "few"),
        remove_row(rules, "main", "few"),
        change_row(rules, "main", "few", {"credit": "2", "when-hours": "≤ 9"}),
    ):
        assert isinstance(edited, Edited)
        assert edited.rules == read_rule_set(edited.document)
    assert isinstance(change_row(rules, "main", "few", {"when-hours": "9–3"}), Misfit)
    twice = add_rows(rules, "main", [{"id": "few", "give": "refuse", "clause": {"zh": "x", "en": "x"}}])
    assert isinstance(twice, Misfit)
    assert isinstance(move_row(rules, "main", "nowhere", 1), Misfit)
    assert rule_set_data(rules) == before


def test_the_text_of_a_table_keeps_what_stands_above_it():
    rules = read_rule_set(read_document(TEXT.encode(), name="x.yaml"))
    before = "# of the school\n\n" + TEXT.replace("tables:", "# inside\ntables:")
    text = rules_text(rule_set_data(rules), before=before)
    assert text.startswith("# of the school\nschema:")
    assert (comments_inside(before), comments_inside(text)) == (1, 0)
    assert read_rule_set(read_document(text.encode(), name="x.yaml")) == rules


@settings(max_examples=50)
@given(st.text(min_size=1, max_size=60).filter(lambda text: text.strip() and "\x00" not in text))
def test_any_text_is_written_so_that_it_is_read_back(clause):
    try:
        document = read_document(TEXT.encode(), name="x.yaml")
        document["tables"][0]["rows"][0]["clause"] = {"zh": clause, "en": clause}
        rules = read_rule_set(document)
        clause.encode("utf-8")
    except UnicodeEncodeError:
        return
    text = rules_text(rule_set_data(rules))
    if any(ord(letter) < 32 and letter not in "\t\n\r" for letter in clause):
        return
    if any(0x7F <= ord(letter) <= 0x9F or letter in "\ufffe\uffff" for letter in clause):
        return
    assert read_rule_set(read_document(text.encode(), name="x.yaml")) == rules


def small(**changed):
    """The small rule set, its table changed."""
    document = read_document(TEXT.encode(), name="x.yaml")
    document["tables"][0] |= changed
    return document


def test_what_a_row_gives_is_changed_word_by_word_and_a_word_left_empty_is_taken_out():
    document = small(hit="priority")
    document["tables"][0]["rows"][1] |= {"priority": 3}
    document["tables"][0]["rows"][1]["give"] |= {"level": "L5", "field": "art"}
    rules = read_rule_set(document)
    words = RowWords.of(rules, rules.tables[0])
    onto = rule_set_data(rules)["tables"][0]["rows"][1]
    row, wrong = words.read({"level": "", "field": "law", "priority": "", "when-hours": "any"}, onto)
    assert (wrong, row["give"]["field"], "level" in row["give"]) == ({}, "law", False)
    assert ("priority" in row, "when" in row) == (False, False)
    assert words.read({"priority": "1000000"}, onto)[0]["priority"] == 1_000_000
    for typed in ({"priority": "1000001"}, {"priority": "-1"}, {"clause-en": " "}, {"clause-zh": ""}, {"level": "a b"}):
        assert words.read(typed, onto)[1].keys() == typed.keys()


def test_rows_get_names_of_their_own_and_places_inside_the_table():
    rules = read_rule_set(small())
    twice = copy_row(copy_row(rules, "main", "few").rules, "main", "few-2")
    assert [row.id for row in twice.rules.tables[0].rows] == ["few", "few-2", "few-3", "many"]
    assert isinstance(change_row(rules, "main", "few", {}, name="many"), Misfit)
    assert isinstance(change_row(rules, "main", "few", {}, name="a b"), Misfit)
    assert [row.id for row in move_row(rules, "main", "few", 2).rules.tables[0].rows] == ["many", "few"]
    assert [row.id for row in move_row(rules, "main", "few", -3).rules.tables[0].rows] == ["few", "many"]
    made = [{"give": "refuse", "clause": {"zh": "x", "en": "x"}}] * 2
    before = add_rows(rules, "main", made, before="many")
    assert [row.id for row in before.rules.tables[0].rows] == ["few", "row-3", "row-4", "many"]
    one = remove_row(rules, "main", "few").rules
    assert remove_row(one, "main", "many").refusals[0].explanation[0].code == "cell.last_row"


def test_what_is_collected_stays_of_one_kind():
    document = small(hit="collect_max")
    document["categories"].append({"code": "other", "zh": "其他", "en": "other"})
    document["tables"][0]["rows"][0]["give"] = {"credit": "1", "category": "practice"}
    rules = read_rule_set(document)
    assert isinstance(change_row(rules, "main", "few", {"credit": "2"}), Edited)
    assert isinstance(change_row(rules, "main", "few", {"category": "other"}), Misfit)


def test_a_block_is_read_by_its_heads_or_in_the_order_of_the_reader():
    rules = read_rule_set(small())
    words = RowWords.of(rules, rules.tables[0])
    block = "40\t1\tpractice\tan English clause\t一条\n50\t1\n"
    for language, clause in (("en", "an English clause"), ("zh-hans", "一条")):
        found = read_pasted(block, words, language, ("few", "many"))
        assert found.good[0]["clause"]["en"] == clause
        assert [row["id"] for row in found.good] == ["row-3", "row-4"]
    headed = read_pasted("Row\tCredit\nfew\t1\nx\t1\nx\t2\n", words, "en", ("few", "many"))
    assert [row.row is None for row in headed.rows] == [True, False, True]
    assert read_pasted("Credit\tCredit\n1\t2\n", words, "en").headed is False


def test_a_condition_is_asked_once_for_each_fact_and_holds_nothing_else():
    assert read_condition(FACTS, "[Score] ≥ 60; [是否] 是") == {"score": {"from": "60"}, "flag": True}
    for typed in ("[Score] 60; [Score] 70", "if [Score] 60", "[Nobody] 1", "Score 60"):
        assert isinstance(read_condition(FACTS, typed), Refusal), typed


def test_a_credit_that_lacks_its_category_is_named_at_the_credit():
    document = small()
    document["categories"].append({"code": "other", "zh": "其他", "en": "other"})
    for row in document["tables"][0]["rows"]:
        row["give"] = "refuse"
    rules = read_rule_set(document)
    words = RowWords.of(rules, rules.tables[0])
    columns = ("when-hours", "credit")
    over = read_over("≤ 9\t2", words, "en", row=1, column="when-hours", columns=columns, taken=("few", "many"))
    assert [(one.key, one.typed) for one in over.unread] == [("credit", "2")]
    assert over.changed["few"]["when"] == {"hours": {"to": "9"}}


def test_a_text_keeps_words_that_mean_something_else_apart_and_counts_what_it_leaves_out():
    rules = rule_set_data(read_rule_set(small()))
    rules["tables"][0]["rows"][0]["id"] = "no"
    rules["categories"][0]["code"] = rules["tables"][0]["rows"][1]["give"]["category"] = "on"
    text = rules_text(rules, before="# top\n\n\nschema: x\n# inside\n")
    assert text.startswith("# top\nschema: ")
    assert read_document(text.encode(), name="x.yaml") == rules
    assert 'id: "no"' in text, "other readers of YAML take the bare word for false"
    assert comments_inside("# top\n\n# top too\nschema: x\n# inside\n  # also\n") == 2
