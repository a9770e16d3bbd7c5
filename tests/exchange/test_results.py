"""Good rows become results, each bad row is named with its line, column and reason."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creditbank.domain.results import CourseResult
from creditbank.domain.values import Text
from creditbank.exchange.encoding import SheetProblem
from creditbank.exchange.mapping import read_mapping
from creditbank.exchange.results import ALL_MESSAGES, read_results, say
from creditbank.gateways.files import FileRefused, open_upload
from tests.exchange.sheet_files import HEAD, csv_bytes, document, no_related, read

GOOD = "L1,MATH,2024A,Pass,85"


def told(problems):
    for problem in problems:
        assert "{" not in say(problem)
    return [(problem.line, problem.column, problem.code) for problem in problems]


def refused(content, mapping=None, **options):
    with pytest.raises(SheetProblem) as problem:
        read(content, mapping, **options)
    assert "{" not in str(problem.value)
    return problem.value


def test_a_row_becomes_a_result_with_what_the_mapping_declares():
    _, results, problems = read(csv_bytes(GOOD))
    assert problems == []
    assert results == [
        CourseResult(
            line=2,
            learner_number="L1",
            course="MATH",
            course_name=Text("数学", "Mathematics"),
            presentation="2024A",
            term="2024-1",
            starts_on=date(2024, 2, 26),
            earned_on=date(2024, 7, 5),
            outcome="pass",
            mark=Decimal("85.00"),
            credit=300,
            level=1,
            field="stem",
            rule_set="transfer-courses",
        )
    ]
    assert results[0].earns_credit


def test_a_presentation_can_declare_other_credit_than_its_course():
    _, results, _ = read(csv_bytes("L1,MATH,2024B,Pass,60"))
    assert results[0].credit == 350


def test_no_mark_is_no_zero_and_a_word_for_absence_maps_to_no_mark():
    reading, results, _ = read(csv_bytes("L1,MATH,2024A,Pass,", "L2,MATH,2024A,Fail,缺考", "L3,MATH,2024A,Fail,0"))
    assert [result.mark for result in results] == [None, None, Decimal("0.00")]
    assert reading.summary.without_mark == 2


def test_a_mark_is_rounded_half_up_to_two_decimals():
    _, results, _ = read(csv_bytes("L1,MATH,2024A,Pass,79.995", "L2,MATH,2024A,Pass,79.994999"))
    assert [str(result.mark) for result in results] == ["80.00", "79.99"]


def test_a_number_stored_as_text_with_zeros_before_it_stays_as_it_is():
    _, results, _ = read(csv_bytes('"00123",MATH,2024A,Pass,"085"'))
    assert (results[0].learner_number, results[0].mark) == ("00123", Decimal(85))


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        (",MATH,2024A,Pass,85", "number", "results.key_empty"),
        ("L1,,2024A,Pass,85", "course", "results.key_empty"),
        ("L1,LATIN,2024A,Pass,85", "course", "results.course_unknown"),
        ("L1,MATH,1999X,Pass,85", "presentation", "results.presentation_unknown"),
        ("L1,MATH,2024A,Perhaps,85", "result", "results.outcome_unknown"),
        ("L1,MATH,2024A,,85", "result", "results.outcome_unknown"),
        ("L1,MATH,2024A,Pass,good", "mark", "results.mark_not_number"),
        ("L1,MATH,2024A,Pass,NaN", "mark", "results.mark_not_number"),
        ("L1,MATH,2024A,Pass,1e1", "mark", "results.mark_not_number"),
        ("L1,MATH,2024A,Pass,100.01", "mark", "results.mark_out_of_range"),
        ("L1,MATH,2024A,Pass,-1", "mark", "results.mark_out_of_range"),
        ("1.23457E+17,MATH,2024A,Pass,85", "number", "results.number_rounded"),
        ("L" * 65 + ",MATH,2024A,Pass,85", "number", "results.too_long"),
        ("L\x07,MATH,2024A,Pass,85", "number", "results.control_character"),
        ("L1,MATH,2024A,Pass", "", "sheet.row_too_short"),
        ("L1,MATH,2024A,Pass,85,more", "", "sheet.row_too_long"),
        ("=1+1,MATH,2024A,Pass,85", "number", "sheet.formula"),
        ("L1,MATH,2024A,Pa\x00ss,85", "", "sheet.nul"),
        ('L1,"MATH"x,2024A,Pass,85', "", "sheet.quotes"),
    ],
)
def test_a_bad_row_is_named_and_the_good_ones_around_it_go_on(row, column, code):
    reading, results, problems = read(csv_bytes("L8" + GOOD[2:], row, "L9" + GOOD[2:]))
    assert told(problems) == [(3, column, code)]
    assert [(result.line, result.learner_number) for result in results] == [(2, "L8"), (4, "L9")]
    assert (reading.summary.rows, reading.summary.refused, reading.summary.results) == (3, 1, 2)


def test_the_line_of_a_row_is_where_it_begins_also_after_cells_of_several_lines():
    content = csv_bytes('L1,MATH,2024A,"Pass",85', 'L2,MATH,"2024\nX",Pass,85', "L3,MATH,2024A,Pass,bad", ending="\r\n")
    _, results, problems = read(content)
    assert [(problem.line, problem.column) for problem in problems] == [(3, "presentation"), (5, "mark")]
    assert [result.line for result in results] == [2]


def test_an_open_quotation_mark_costs_the_lines_it_swallows_and_they_are_named():
    rows = [f"L{number},MATH,2024A,Pass,85" for number in range(5)]
    _, results, problems = read(csv_bytes(*rows, '"L9,MATH,2024A,Pass,85', "L10,MATH,2024A,Pass,85"))
    assert told(problems) == [(7, "", "sheet.quotes")]
    assert problems[0].facts == {"line": 7, "last_line": 8}
    assert len(results) == 5


def test_blank_rows_are_no_rows():
    reading, results, problems = read(csv_bytes(GOOD, "", ",,,,", "  , ,,,"))
    assert (len(results), problems, reading.summary.rows) == (1, [], 1)


def test_an_identical_repeat_is_ignored_and_counted():
    reading, results, problems = read(csv_bytes(GOOD, GOOD, " L1 ,MATH,2024A,Pass,85.00", "L2" + GOOD[2:]))
    assert ([result.line for result in results], problems) == ([2, 5], [])
    assert reading.summary.ignored_repeats == 2


def test_contradicting_rows_are_both_refused_and_each_names_the_other():
    reading, results, problems = read(csv_bytes(GOOD, "L2" + GOOD[2:], "L1,MATH,2024A,Fail,40"))
    assert [result.learner_number for result in results] == ["L2"]
    assert told(problems) == [(2, "number", "results.contradiction"), (4, "number", "results.contradiction")]
    assert [problem.facts["other"] for problem in problems] == [4, 2]
    assert reading.summary.refused == 2


def test_every_row_of_a_contradiction_is_refused_also_the_repeats_between():
    _, results, problems = read(csv_bytes(GOOD, GOOD, "L1,MATH,2024A,Fail,40", "L1,MATH,2024A,Pass,90"))
    assert results == []
    assert [(problem.line, problem.facts["other"]) for problem in problems] == [
        (2, 4),
        (3, 2),
        (4, 2),
        (5, 2),
    ]


def test_a_row_nobody_can_read_contradicts_a_good_row_of_the_same_key():
    _, results, problems = read(csv_bytes(GOOD, "L1,MATH,2024A,Perhaps,85"))
    assert results == []
    assert [problem.code for problem in problems] == ["results.contradiction"] * 2


def test_another_presentation_of_the_course_is_another_result():
    _, results, problems = read(csv_bytes(GOOD, "L1,MATH,2024B,Fail,40"))
    assert (len(results), problems) == (2, [])


def test_missing_columns_refuse_the_file_and_all_are_named():
    problem = refused(csv_bytes("L1,MATH,Pass", head=("number", "course", "score")))
    assert problem.code == "sheet.missing_columns"
    assert problem.facts["columns"] == "mark, presentation, result"
    assert problem.facts["found"] == "number, course, score"


def test_double_columns_refuse_the_file_unless_nobody_asks_for_them():
    double = refused(csv_bytes(GOOD + ",70", head=(*HEAD, "mark")))
    assert (double.code, double.facts["columns"]) == ("sheet.double_columns", "mark")
    _, results, _ = read(csv_bytes(GOOD + ",x,y", head=(*HEAD, "note", "note")))
    assert len(results) == 1


def test_ten_thousand_columns_refuse_the_file():
    head = [*HEAD, *(f"c{number}" for number in range(9_995))]
    problem = refused(csv_bytes(GOOD + "," * 9_995, head=head))
    assert (problem.code, problem.facts["count"]) == ("sheet.too_many_columns", 10_000)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (csv_bytes(), "sheet.no_rows"),
        (csv_bytes("", ",,,,"), "sheet.no_rows"),
        (b"\n\n", "sheet.no_head"),
        (b"\xef\xbb\xbf", "sheet.no_head"),
        (b"number,co\x00urse,presentation,result,mark\nL1,MATH,2024A,Pass,85\n", "sheet.nul_head"),
        (b'number,"course"x,presentation\nL1,MATH,2024A\n', "sheet.quotes_head"),
        (b"a" * ((1 << 20) + 2) + b"\n", "sheet.line_too_long"),
    ],
)
def test_a_file_that_is_no_sheet_is_refused_as_a_whole(content, code):
    assert refused(content).code == code


def test_an_empty_file_does_not_pass_the_door():
    with pytest.raises(FileRefused) as problem:
        read(b"")
    assert problem.value.code == "files.empty"


def test_a_wrong_byte_far_below_refuses_the_file_before_the_first_row_comes_out():
    rows = csv_bytes(*(f"L{number},MATH,2024A,Pass,{number % 100}" for number in range(20_000)))
    content = rows + "张三,MATH,2024A,Pass,85\n".encode() + b"\xcd\xf5\xce\xe5,MATH,2024A,Pass,85\n"
    with open_upload(io.BytesIO(content), name="mixed.csv") as upload, pytest.raises(SheetProblem) as problem:
        read_results(upload, read_mapping(document()), no_related)
    assert (problem.value.code, problem.value.facts["line"]) == ("encoding.mixed", 20_003)


def test_the_encoding_is_in_the_summary_and_a_person_can_name_another():
    content = csv_bytes("李四,MATH,2024A,Pass,85", encoding="gb18030")
    reading, results, _ = read(content)
    assert (reading.summary.encoding, results[0].learner_number) == ("GB18030", "李四")
    reading, results, _ = read(content, encoding="latin-1")
    assert (reading.summary.encoding, results[0].learner_number) == ("ISO8859-1 (named by hand)", "Àî\xcbÄ")


@pytest.mark.parametrize(("mark", "delimiter"), [("\t", None), (";", None), (";", "semicolon")])
def test_other_separators_are_found_in_the_head_or_named(mark, delimiter):
    mapping = document(sheet={"delimiter": delimiter}) if delimiter else document()
    _, results, _ = read(csv_bytes(GOOD).replace(b",", mark.encode()), mapping)
    assert len(results) == 1


def test_a_head_further_down_is_found_where_the_mapping_says():
    content = "2024年成绩表,,,,\n".encode() + csv_bytes(GOOD, "L2,MATH,2024A,Pass,bad")
    _, results, problems = read(content, document(sheet={"head_line": 2}))
    assert ([result.line for result in results], [problem.line for problem in problems]) == ([3], [4])


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path):
    path = tmp_path / "results.csv"
    path.write_bytes(csv_bytes(GOOD))
    with open_upload(path) as upload:
        path.write_bytes(csv_bytes(GOOD, "L2" + GOOD[2:]))
        with pytest.raises(SheetProblem) as problem:
            read_results(upload, read_mapping(document()), no_related)
    assert problem.value.code == "sheet.changed"


# --- facts from columns

WIDE_HEAD = (*HEAD, "name", "credit", "level", "field", "term", "from", "to")
WIDE = document(
    columns={
        **document()["columns"],
        "course_name": "name",
        "credit": "credit",
        "level": "level",
        "field": "field",
        "term": "term",
        "starts_on": "from",
        "earned_on": "to",
    },
    courses=None,
    dates=["YYYY-MM-DD", "YYYY年M月D日", "D/M/YYYY"],
    defaults={"rule_set": "transfer-courses"},
)
WIDE_ROW = "L1,ART,S1,Pass,85,美术,2.5,3,art,2024-1,2024-02-26,2024年7月5日"


def test_every_fact_can_come_from_a_column():
    _, results, problems = read(csv_bytes(WIDE_ROW, head=WIDE_HEAD), WIDE)
    assert problems == []
    result = results[0]
    assert (result.course_name, result.credit, result.level, result.field) == (Text("美术"), 250, 3, "art")
    assert (result.term, result.starts_on, result.earned_on) == (
        "2024-1",
        date(2024, 2, 26),
        date(2024, 7, 5),
    )


@pytest.mark.parametrize(
    ("old", "new", "column", "code"),
    [
        ("2.5", "0", "credit", "results.credit_out_of_range"),
        ("2.5", "60.01", "credit", "results.credit_out_of_range"),
        ("2.5", "-3", "credit", "results.credit_out_of_range"),
        ("2.5", "2.555", "credit", "results.credit_not_number"),
        ("2.5", "two", "credit", "results.credit_not_number"),
        ("2.5", "", "credit", "results.empty"),
        (",3,", ",high,", "level", "results.level_not_number"),
        (",art,", ",,", "field", "results.empty"),
        ("2024年7月5日", "2024年2月30日", "to", "results.date_impossible"),
        ("2024年7月5日", "31/6/2024", "to", "results.date_impossible"),
        ("2024年7月5日", "7/5/24", "to", "results.date_impossible"),
        ("2024年7月5日", "２０２４-07-05", "to", "results.date_impossible"),
        ("2024年7月5日", "1024-07-05", "to", "results.date_too_early"),
        ("2024年7月5日", "2023-07-05", "to", "results.dates_order"),
        ("2024年7月5日", "2124-07-05", "to", "results.date_in_future"),
        ("2024-02-26", "", "from", "results.empty"),
    ],
)
def test_an_impossible_fact_refuses_its_row_in_its_column(old, new, column, code):
    row = WIDE_ROW.replace(old, new)
    assert row != WIDE_ROW
    _, results, problems = read(csv_bytes(row, "L2" + WIDE_ROW[2:], head=WIDE_HEAD), WIDE, today=date(2026, 1, 1))
    assert told(problems) == [(2, column, code)]
    assert len(results) == 1


def test_the_limits_of_credit_are_more_than_nothing_and_sixty():
    rows = [WIDE_ROW.replace("2.5", "60"), "L2" + WIDE_ROW.replace("2.5", "0.01")[2:]]
    _, results, problems = read(csv_bytes(*rows, head=WIDE_HEAD), WIDE)
    assert (problems, [result.credit for result in results]) == ([], [6000, 1])


def test_the_mapping_can_widen_the_credit_of_a_row():
    row = WIDE_ROW.replace("2.5", "75")
    _, results, problems = read(csv_bytes(row, head=WIDE_HEAD), WIDE)
    assert (results, len(problems)) == ([], 1)
    _, results, _ = read(csv_bytes(row, head=WIDE_HEAD), {**WIDE, "credit_limits": {"at_most": 90}})
    assert results[0].credit == 7500


# --- whatever arrives


def survive(content):
    """Read and count; the only way not to succeed is a refusal with its sentence."""
    try:
        with open_upload(io.BytesIO(content), name="fuzz") as upload:
            reading = read_results(upload, read_mapping(document()), no_related)
            for item in reading:
                assert isinstance(item, CourseResult) or say(item)
            summary = reading.summary
            assert summary.rows == summary.results + summary.refused + summary.ignored_repeats
    except FileRefused as problem:
        sentence = str(problem)
    else:
        return
    assert sentence
    assert "{" not in sentence or b"{" in content


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_arbitrary_bytes_are_read_or_refused(content):
    survive(content)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_arbitrary_bytes_below_a_good_head_are_read_or_refused(content):
    survive(csv_bytes(GOOD) + content)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["L1", "L2", "", "=L", "\x00"]),
            st.sampled_from(["MATH", "X"]),
            st.sampled_from(["2024A", "2024B"]),
            st.sampled_from(["Pass", "Fail", '"', "?"]),
            st.sampled_from(["85", "85.0", "", "x"]),
        ),
        max_size=12,
    )
)
def test_no_key_comes_out_twice_and_every_row_is_accounted_for(rows):
    content = csv_bytes("L9,MATH,2024A,Pass,1", *rows)
    survive(content)
    _, results, _ = read(content)
    keys = [(result.learner_number, result.course, result.presentation) for result in results]
    assert len(set(keys)) == len(keys)


def test_every_sentence_has_a_code_of_its_room():
    assert all(code.split(".")[0] in {"results", "sheet"} for code in ALL_MESSAGES)
