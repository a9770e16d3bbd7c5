"""Rows of conversion rules in words: what is said is read back, what is typed is understood or refused, rows are edited."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_conversions import both, row, rules

from creditbank.domain.conversions.cell_words import read_grade, read_groups, read_sources, read_targets, read_worth
from creditbank.domain.conversions.model import Counts
from creditbank.domain.conversions.read import read_conversion_rules
from creditbank.domain.conversions.row_edits import ConversionTable, change_conversion_part
from creditbank.domain.conversions.row_words import ConversionWords
from creditbank.domain.conversions.write import conversion_rules_data
from creditbank.domain.explanation import Refusal
from creditbank.domain.rules.pasted_cells import read_over
from creditbank.domain.rules.pasted_rows import read_pasted
from creditbank.domain.rules.row_edits import Edited, Misfit
from creditbank.domain.rules.row_words import CREDIT

AWKWARD = {
    "categories": [{"code": "main", "zh": "专业 + 课程", "en": "main + core"}, {"code": "side", **both("elective")}],
    "facts": [
        {
            "name": "kind", "type": "enum", "ordered": True, "label": {"zh": "种类 {一} | [二]", "en": "kind → {1}"},
            "values": [
                {"code": "a", "zh": "甲；乙 → 丙", "en": "a; b"}, {"code": "b", "zh": "{或}", "en": "x | at least 2"},
                {"code": "c", "zh": "其余", "en": "else"},
            ],
        },
        {"name": "score", "type": "integer", "label": both("credit"), "optional": True},
        {"name": "unit", "type": "code", "label": {"zh": "认证单元", "en": "unit"}, "optional": True},
        {"name": "sure", "type": "boolean", "label": both("sure"), "optional": True},
    ],
    "carriers": {"certificate": "unit"},
}  # fmt: skip
"""Labels that hold the very signs by which words are read."""

conditions = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.sampled_from(("a", "b", "c", ["a", "b"], ["a", "c"], {"from": "b"})),
        "score": st.integers(0, 90).map(lambda n: {"from": n}),
        "unit": st.sampled_from(("U1", ["at", "or"])),
        "sure": st.booleans(),
    },
)
sources = st.fixed_dictionaries(
    {"when": conditions},
    optional={"credit": st.sampled_from(("1", "2.25")), "unit": st.sampled_from(("V1", ["V2", "V3"]))},
)
counted = {"count": st.sampled_from((1, 2, 20)), "together": st.sampled_from(("0.5", "3"))}
groups = st.one_of(
    st.tuples(sources, st.fixed_dictionaries({}, optional=counted)).map(lambda pair: pair[0] | pair[1]),
    st.fixed_dictionaries({"any": st.lists(sources, min_size=1, max_size=3)}, optional=counted),
)
words_of_grades = st.one_of(
    st.sampled_from(
        ("90", "优秀", "[x]", "credit only", '"', "a → b", "其余", " 1 ", "只记学分", "x; y", "-> 5", "cr")
    ),
    st.text(min_size=1, max_size=8).filter(str.strip),
)
grades = st.one_of(
    st.just("credit_only"),
    words_of_grades.map(lambda word: {"fixed": word}),
    st.sampled_from(({"keep": "score"}, {"keep": "kind"})),
    st.lists(
        st.tuples(conditions, words_of_grades).map(lambda pair: {"when": pair[0], "grade": pair[1]}),
        min_size=1,
        max_size=3,
    ).map(lambda listed: {"map": listed}),
)
courses = st.sampled_from(("C1", "elective", "course", "any", "waiver", "free:x"))
whole = st.one_of(
    st.lists(
        st.one_of(courses.map(lambda code: {"course": code}), courses.map(lambda code: {"waiver": code})),
        min_size=1, max_size=3, unique_by=str,
    ),
    st.just([{"course_of": "main"}]), st.just([{"course_of": "side"}]),
)  # fmt: skip
made = st.one_of(
    st.tuples(whole, st.sampled_from(("full", {"full": "even_if_short"}))),
    st.tuples(
        st.sampled_from(([{"category": "main"}], [{"category": "side"}], [{"requirement": "P"}], ["elective"])),
        st.sampled_from(("held", {"held": "1/2"}, {"held": "2"}, "3", "0.25")),
    ),
)
flags = st.fixed_dictionaries({name: st.booleans() for name in ("gpa", "rank", "transcript", "graduation")})


@st.composite
def rows(draw: st.DrawFn) -> dict[str, Any]:
    to, credit = draw(made)
    taken = draw(st.lists(groups, min_size=1, max_size=3))
    grade = draw(grades)
    if isinstance(grade, dict) and "fixed" not in grade:
        taken[0].pop("count", None)
    if draw(st.booleans()):
        taken[-1]["count"] = "as_needed" if len(taken) > 1 or grade in ("credit_only", {"fixed": "90"}) else 1
    said = {"from": taken, "to": to, "credit": credit, "grade": grade, "counts": draw(flags)}
    said |= {"ruling": draw(st.sampled_from(("recognise", "manual", "refuse"))), "locked": draw(st.booleans())}
    return row("r", **said, surplus=draw(st.sampled_from(("lost", "kept", "elective"))))


@settings(deadline=None, max_examples=100)
@given(rows(), st.sampled_from(("zh-hans", "en")), st.sampled_from(("zh-hans", "en")))
def test_every_row_is_read_back_from_its_words(data, language, other):
    read = read_conversion_rules(rules(data, **AWKWARD))
    words = ConversionWords.of(read, every=True)
    said = words.said(read.rows[0], language)
    again, wrong = words.read(said, {"id": "r"})
    assert wrong == {}
    assert words.read_row(again | {"clause": data["clause"]}) == read.rows[0], said
    # Words of either language over the row itself change nothing, whatever columns the page shows.
    shown = ConversionWords.of(read)
    edited = ConversionTable(read).change("r", shown.said(read.rows[0], other))
    assert isinstance(edited, Edited), edited
    assert edited.rules == read


FACTS = {fact.name: fact for fact in read_conversion_rules(rules()).facts}
CATEGORIES = read_conversion_rules(rules()).categories


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("C1", [{"course": "C1"}]),
        ("C1、C2，C3", [{"course": "C1"}, {"course": "C2"}, {"course": "C3"}]),
        ("C1＋免修C2", [{"course": "C1"}, {"waiver": "C2"}]),
        ("任一课程：main（中）", [{"course_of": "main"}]),
        ("Credit of side", [{"category": "side"}]),
        ("毕业要求 P", [{"requirement": "P"}]),
        ("任选学分", ["elective"]),
    ],
)
def test_what_credit_becomes_is_understood_as_people_write_it(typed, meant):
    assert read_targets(CATEGORIES, typed) == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("课程学分", "full"),
        ("Course credit, even if short", {"full": "even_if_short"}),
        ("所持学分 × 2/3", {"held": "2/3"}),
        ("held*0.5", {"held": "0.5"}),
        ("２ 学分", "2"),
    ],
)
def test_amounts_are_understood_as_people_write_them(typed, meant):
    assert read_worth(typed) == meant


@pytest.mark.parametrize(
    ("read", "typed"),
    [
        (lambda typed: read_targets(CATEGORIES, typed), ""),
        (lambda typed: read_targets(CATEGORIES, typed), "任一课程 无此类别"),
        (lambda typed: read_targets(CATEGORIES, typed), "C1 +"),
        (read_worth, "许多"),
        (read_worth, ""),
        (lambda typed: read_grade(FACTS, typed), ""),
        (lambda typed: read_grade(FACTS, typed), "[无此项]"),
        (lambda typed: read_grade(FACTS, typed), "[kind] a → "),
        (lambda typed: read_grade(FACTS, typed), "[kind] a → 95; 80"),
        (lambda typed: read_sources(FACTS, typed), "[kind] a"),
        (lambda typed: read_sources(FACTS, typed), "{[kind] z}"),
        (lambda typed: read_sources(FACTS, typed), "{[kind] a} {"),
        (lambda typed: read_groups(FACTS, typed), "{[kind] a} {[kind] b}+"),
        (lambda typed: read_groups(FACTS, typed), "{[kind] a} × two"),
    ],
)
def test_what_cannot_be_read_is_refused_and_never_guessed(read, typed):
    assert isinstance(read(typed), Refusal), typed


def small(*names: str) -> Any:
    return read_conversion_rules(rules(*(row(name, to=[{"course": name}]) for name in names)))


def test_rows_are_added_copied_moved_written_over_and_removed_each_read_alone():
    read = small("r1", "r2", "r3")
    assert [one.id for one in ConversionTable(read).copy("r1").rules.rows] == ["r1", "r1-2", "r2", "r3"]
    assert [one.id for one in ConversionTable(read).move("r3", -1).rules.rows] == ["r1", "r3", "r2"]
    assert [one.id for one in ConversionTable(read).remove("r2").rules.rows] == ["r1", "r3"]
    added = ConversionTable(read).new(after="r1")
    assert (added.rows, added.rules.rows[1].id) == (("row-4",), "row-4")
    assert added.rules == read_conversion_rules(added.document)
    assert isinstance(ConversionTable(small("r1")).remove("r1"), Misfit)
    renamed = ConversionTable(read).change("r1", {CREDIT: "课程学分，不足亦可"}, name="r9")
    assert (renamed.rules.rows[0].id, renamed.rules.rows[0].worth.short) == ("r9", True)
    assert ConversionTable(read).change("r1", {CREDIT: "?"}, name="r2").columns.keys() == {CREDIT, "id"}
    with pytest.raises(LookupError):
        ConversionTable(read, "main")


def test_an_edit_that_no_document_could_hold_is_told_with_its_place():
    read = small("r1", "r2")
    (problem,) = ConversionTable(read).change("r2", {"to": "任选学分"}).unreadable.problems
    assert (problem.path, problem.message[:6]) == ("rules[1].credit", "`full`")
    assert ConversionWords.of(read).key_of(problem.path.partition(".")[2]) == CREDIT
    (problem,) = ConversionTable(read).change("r2", {"unit": "U1"}).unreadable.problems
    assert problem.path == "carriers"


def test_a_block_without_amount_or_clause_makes_rows_that_nobody_grants():
    read = small("r1")
    pasted = read_pasted("kind（中）\t计入\nb\t\nc\t均不计入\nz\t排名\n", ConversionWords.of(read), "zh-hans", ["r1"])
    assert [one.row is None for one in pasted.rows] == [False, False, True]
    edited = ConversionTable(read).add(pasted.good)
    first, second = edited.rules.rows[1:]
    assert (str(first.targets[0]), first.counts) == ("course:TO-BE-FILLED-IN", Counts())
    assert second.counts == Counts(transcript=False, graduation=False)
    assert first.clause.zh == "kind（中）：b（中），置换为课程 TO-BE-FILLED-IN"


def test_a_block_over_cells_leaves_what_does_not_fit_and_takes_the_rest():
    read = small("r1", "r2")
    words = ConversionWords.of(read)
    asked = {"row": 1, "columns": [one.key for one in words.columns], "taken": ["r1", "r2"]}
    over = read_over("C9\t课程学分\n任选学分\t3\n任选学分\tfull\n", words, "en", column="to", **asked)
    assert [(one.row, one.key, one.new) for one in over.changes][:3] == [
        ("r1", "to", "C9"), ("r2", "to", "elective credit"), ("r2", "credit", "3.0"),
    ]  # fmt: skip
    assert [(one.number, one.key, bool(one.problems)) for one in over.unread] == [(3, "credit", True)]
    edited = ConversionTable(read).write(over.changed, over.added)
    assert [[str(target) for target in one.targets] for one in edited.rules.rows] == [
        ["course:C9"],
        ["elective"],
        ["elective"],
    ]


def test_parts_are_put_changed_and_taken_out():
    read = small("r1")
    cap = {"id": "most", "scope": "ever", "maximum": "8", "clause": both("most")}
    edited = change_conversion_part(read, ("cap", 0), cap)
    assert edited.rules.cap[0].id == "most"
    assert change_conversion_part(edited.rules, ("cap", 0), None).rules == read
    stands = change_conversion_part(read, ("standings",), {"failed": "manual"})
    assert conversion_rules_data(stands.rules)["standings"] == {"failed": "manual"}
    assert change_conversion_part(stands.rules, ("standings",), None).rules == read
    assert change_conversion_part(read, ("cap", 0), cap | {"by": ["kind"]}).unreadable.problems[0].path == "cap[0].by"
