"""Official lists as sheets: the shapes of three issuers, teams in one cell, and rows that are wrong."""

from __future__ import annotations

import io

import pytest

from creditbank.domain.official_lists.kind import KINDS
from creditbank.domain.rules.places import UnreadableError
from creditbank.exchange.encoding import SheetProblem
from creditbank.exchange.official_lists import packaged_kind, read_kind_bytes, template_bytes
from creditbank.exchange.spreadsheets import SheetContent, workbook_bytes
from creditbank.gateways.documents import packaged
from creditbank.gateways.files import open_upload
from tests.services.list_sheets import CONTEST, contest, read

ISSUED = {"contest": CONTEST, "tier": "省赛", "issued_on": "2026年6月20日"}


def people(found):
    return [(entry.line, entry.member, entry.person.name, entry.person.number) for entry in found.entries]


def faults(found):
    return [(one.line, one.column, one.code, one.facts.get("cell")) for one in found.refused]


def test_a_team_in_one_cell_becomes_its_members_in_order(bank, cast):
    text = "奖项,获奖学生,成员学号\n一等奖,张三、李四；王五,1001、1002；1003\n金奖,赵六,1004\n"
    found = read(text, cast, every=ISSUED)
    assert people(found) == [
        (2, 1, "张三", "1001"),
        (2, 2, "李四", "1002"),
        (2, 3, "王五", "1003"),
        (3, 1, "赵六", "1004"),
    ]
    first, second, _third, alone = found.entries
    assert (first.facts.get("role"), first.allowed["role"]) == (None, ("lead", "equal"))
    assert second.allowed["role"] == ("equal", "member")
    assert (alone.facts["role"], alone.facts["award"], alone.facts["tier"]) == ("lead", "first", "provincial")
    assert alone.facts["earned_on"] == "2026-06-20"
    assert alone.title == f"{CONTEST}一等奖"
    assert len({entry.key for entry in found.entries}) == 1


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("张三(2023040117)", [("张三", "2023040117")]),
        ("张三（组长）、李四（组员）", [("张三", ""), ("李四", "")]),
        ("买买提·艾力", [("买买提·艾力", "")]),
        ("张　三；李 四", [("张 三", ""), ("李 四", "")]),
        ('"张三\n李四"', [("张三", ""), ("李四", "")]),
        ("𬭎涛、㛃怡", [("𬭎涛", ""), ("㛃怡", "")]),
    ],
)
def test_names_are_read_as_issuers_write_them(bank, cast, cell, expected):
    found = read(f"奖项,获奖学生\n二等奖,{cell}\n", cast, every=ISSUED)
    assert [(entry.person.name, entry.person.number) for entry in found.entries] == expected


def test_wrong_rows_are_named_by_cell_and_the_others_are_taken(bank, cast):
    text = contest(("林晓", "1", "", "二等奖"))
    text += f"张三、李四,1001,,{CONTEST},省级,二等奖,,2026-06-20\n"
    text += f"王五,1002,,{CONTEST},省级,参与奖,,2026-06-20\n"
    text += "赵六,1003,,,省级,二等奖,,2026-13-20\n"
    text += f"钱\ue000七,1004,,{CONTEST},省级,二等奖,,2026-06-20\n"
    text += f",,,{CONTEST},省级,二等奖,,2026-06-20\n"
    found = read(text, cast)
    assert people(found) == [(2, 1, "林晓", "1")]
    assert faults(found) == [
        (3, "学号", "lists.uneven", "B3"),
        (4, "获奖等级", "masterdata.no_choice", "F4"),
        (5, "竞赛名称", "masterdata.required", "D5"),
        (5, "获奖日期", "masterdata.no_date", "H5"),
        (6, "获奖学生", "masterdata.no_text", "A6"),
        (7, "获奖学生", "masterdata.required", "A7"),
    ]
    assert found.unknown_values == {"award": {"参与奖": 1}}
    assert len(read(text, cast, values={"award": {"参与奖": "third"}}).entries) == 2


def test_scores_below_the_pass_and_absences_are_no_outcomes(bank, cast):
    text = "考生姓名,证件号码,级别,总分,考试时间\n"
    text += "林晓,11010519491231002X,英语四级,425,2026-06-13\n"
    text += "梅雨,,CET6,424,2026-06-13\n"
    text += "张伟,,六级,缺考,2026-06-13\n"
    text += "王五,,六级,８１１,2026-06-13\n"
    found = read(text, cast, kind="cet")
    assert [(entry.facts["exam"], entry.facts["score"]) for entry in found.entries] == [("cet4", "425")]
    assert found.left == 2
    assert faults(found) == [(5, "总分", "masterdata.out_of_range", "D5")]


@pytest.mark.parametrize(
    ("number", "identity", "fault"),
    [
        ("11010519491231002X", "11010519491231002X", ""),
        ("１１０１０５１９４９１２３１００２ｘ", "11010519491231002X", ""),
        ("110105194912310021", "", "masterdata.id_check"),
        ("110105491231002", "11010519491231002X", ""),
        ("110105491331002", "", "masterdata.id_date"),
        ("1101051949****002X", "", ""),
        ("1.10105E+17", "", "masterdata.id_shape"),
        ("", "", ""),
    ],
)
def test_a_number_that_cannot_be_right_makes_a_doubt_and_no_refusal(bank, cast, number, identity, fault):
    text = f"姓名,身份证号,证书名称,证书等级,考核结果,发证日期\n林晓,{number},示范开发,中级,合格,2026-06-30\n"
    (entry,) = read(text, cast, kind="one-plus-x").entries
    assert (entry.person.identity, entry.person.id_fault) == (identity, fault)


def test_a_corrected_day_or_award_keeps_the_key_and_another_month_does_not(bank, cast):
    def key(text):
        (entry,) = read(text, cast, kind="cet").entries
        return entry.key

    head = "姓名,级别,总分,考试日期\n"
    first = key(f"{head}林晓,英语四级,500,2026-06-13\n")
    assert key(f"{head}林晓,CET4,512,2026/6/14\n") == first
    assert key(f"{head}林晓,英语四级,500,2026-12-13\n") != first
    assert key(f"{head}林晓,英语六级,500,2026-06-13\n") != first


def test_a_title_line_above_the_head_and_two_sheets_are_no_hindrance(bank, cast):
    rows = [[f"{CONTEST}获奖名单", "", ""], ["序号", "获奖学生", "奖项"], ["1", "张三", "二等奖"]]
    content = workbook_bytes([SheetContent("说明", (), [["见下页"]]), SheetContent("名单", (), rows)])
    from creditbank.exchange.official_lists import read_list

    with open_upload(io.BytesIO(content), name="list.xlsx") as upload:
        found = read_list(upload, packaged_kind("contest"), institution=cast.college, every=ISSUED)
    assert people(found) == [(3, 1, "张三", "")]


def test_a_sheet_that_is_no_list_is_refused_as_a_whole(bank, cast):
    with pytest.raises(SheetProblem) as refused:
        read("甲,乙\n1,2\n", cast)
    assert refused.value.code == "datasheet.no_head"
    with pytest.raises(SheetProblem) as refused:
        read("姓名,奖项\n", cast)
    assert refused.value.code == "datasheet.no_rows"


@pytest.mark.parametrize("code", KINDS)
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_template_is_read_by_its_own_kind(bank, cast, code, language):
    from creditbank.exchange.official_lists import read_list

    with open_upload(io.BytesIO(template_bytes(packaged_kind(code), language)), name="t.xlsx") as upload:
        found = read_list(upload, packaged_kind(code), institution=cast.college)
    assert found.refused == ()
    assert len(found.entries) + found.left >= 2


@pytest.mark.parametrize(
    ("before", "after", "path"),
    [
        ("outcome_type: language", "outcome_type: language\nmore: 1", "more"),
        ("identity: [exam, issued_on]", "identity: [test]", "identity[0]"),
        ('title: "{exam}"', 'title: "{test}"', "title"),
        ("{column: score, at_least: 425}", "{column: exam, at_least: 425}", "conditions[0].at_least"),
        ("exam: {column: exam}", "exam: {column: exam, is: cet4}", "facts.exam"),
        ("certificate: certificate_number", "certificate: nothing", "certificate"),
        ("student_number: {}", "student_number: {several: 1}", "person.student_number.several"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused_with_the_path(before, after, path):
    text = packaged("mappings/list-cet.yaml").decode()
    assert before in text
    with pytest.raises(UnreadableError) as refused:
        read_kind_bytes(text.replace(before, after).encode(), name="x.yaml")
    assert [problem.path for problem in refused.value.problems] == [path]
