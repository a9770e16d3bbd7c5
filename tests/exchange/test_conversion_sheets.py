"""Conversion rules as workbooks: what is written is read back as the same rules, what was typed wrongly has its cell."""

from __future__ import annotations

import io

import pytest

from creditbank.cli.main import main
from creditbank.domain.conversions.read import read_conversion_rules
from creditbank.domain.conversions.write import conversion_rules_data, conversion_rules_hash
from creditbank.exchange.conversion_sheet_reading import read_any_workbook, read_conversion_workbook
from creditbank.exchange.conversion_sheets import conversion_workbook
from creditbank.exchange.rule_sheets import rules_workbook
from creditbank.exchange.rules import load_any_pack, load_pack
from creditbank.gateways.documents import conversion_pack_codes
from creditbank.gateways.files import FileRefused, open_upload
from tests.exchange.test_rule_sheets import changed

ROWS = "置换规则"


def read(data):
    with open_upload(io.BytesIO(data), name="rules.xlsx") as upload:
        return read_conversion_workbook(upload)


def told(faults):
    return [(one.sheet, one.row, one.column, one.line.code) for one in faults]


@pytest.mark.parametrize("code", conversion_pack_codes())
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_pack_comes_back_with_its_hash(code, language):
    rules = load_any_pack(code)
    found = read(conversion_workbook(rules, language))
    assert found.faults == ()
    assert conversion_rules_hash(found.rules) == conversion_rules_hash(rules)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_all_that_the_language_says_comes_back(language):
    document = conversion_rules_data(load_any_pack("cn-course-certificate"))
    first, *others = document["rules"]
    groups = [
        {
            "any": [{"when": {"level": ["advanced"]}, "credit": "2", "unit": ["U1", "U2"]}, {"unit": "U3"}, {}],
            "count": "as_needed",
            "together": "4.5",
        },
        {"when": {"mark": ["good"]}, "count": 2},
    ]
    document["rules"] = [
        {**first, "from": groups, "grade": {"fixed": ' "90"\n→ [x]; '}, "counts": {"graduation": False}},
        *others,
        {**first, "id": "kept", "to": [{"waiver": "W1"}, {"course": "C1"}], "grade": {"keep": "mark"}},
        {**first, "id": "amount", "to": [{"requirement": "P"}], "credit": "2.25", "grade": "credit_only"},
        {**first, "id": "asked", "from": [{"when": {"level": ["primary"]}}], "ruling": "manual", "locked": True},
    ]
    clause = {"zh": "条款", "en": "clause"}
    document |= {
        "held_unit": "hour", "carriers": {"certificate": "certificate"},
        "open": True,
        "standings": {"passed": "manual", "failed": {"ruling": "refuse", "clause": {"zh": "不及格的不得置换", "en": "none"}}},
        "closed": [{"id": "shut", "courses": ["A1", "A2"], "natures": ["sport"], "clause": clause}],
        "exclude": [{"id": "low", "when": {"level": ["primary"]}, "otherwise": "manual", "clause": clause}],
        "prerequisite": [{"id": "before", "needs": {"credit": "30"}, "otherwise": "refuse", "clause": clause}],
        "cap": [
            {"id": "share", "category": "professional", "scope": "ever", "maximum": {"share": "1/5", "of": "programme"}, "locked": True, "clause": clause},
            {"id": "count", "scope": "term", "whole": True, "maximum": {"count": 2}, "clause": clause},
        ],
    }  # fmt: skip
    rules = read_conversion_rules(document)
    found = read(conversion_workbook(rules, language))
    assert found.faults == ()
    assert found.rules == rules


def test_changed_cells_an_added_row_and_missing_columns_are_read_as_typed():
    rules = load_any_pack("cn-course-certificate")

    def edit(cells):
        head = cells[0]
        cells[1][head.index("置换为")] = "WEB201 + 免修 WEB202"
        cells[2][head.index("同时需要")] = "{[证书代码] forklift} 或 {[证书等级] ≥ 中级 | 至少 2} × 2 合计 4"
        cells.append(["" for _cell in head])
        for name, typed in {
            "行": "new", "证书代码": "php", "置换为": "任选学分", "学分": "所持学分", "成绩": "只记学分",
            "条款（中文）": "新", "条款（英文）": "new",
        }.items():  # fmt: skip
            cells[-1][head.index(name)] = typed
        for name in ("其他内容", "或者", "项数"):
            place = head.index(name)
            for row in cells:
                del row[place]

    without_two = [row for row in conversion_rules_data(rules)["rules"] if row["from"][0].get("count", 1) == 1]
    fewer = read_conversion_rules({**conversion_rules_data(rules), "rules": without_two})
    found = read(changed(conversion_workbook(fewer, "zh-hans"), ROWS, edit))
    assert found.faults == ()
    rows = {row.id: row for row in found.rules.rows}
    assert [str(target) for target in rows["web-frontend"].targets] == ["course:WEB201", "waiver:WEB202"]
    group = rows["web-frontend-first"].groups[1]
    assert (len(group.sources), group.count, group.credit) == (2, 2, 400)
    assert (rows["new"].surplus.value, rows["new"].counts.transcript) == ("lost", True)


def test_what_was_typed_wrongly_is_named_by_sheet_row_and_column():
    rules = load_any_pack("cn-conversion-a")

    def edit(cells):
        head = cells[0]
        cells[1][head.index("学分")] = "许多"
        cells[2][head.index("同时需要")] = "{没有"

    book = conversion_workbook(rules, "zh-hans")
    assert told(read(changed(book, ROWS, edit)).faults) == [
        (ROWS, 2, "学分", "cell.worth"), (ROWS, 3, "同时需要", "cell.groups"),
    ]  # fmt: skip

    def odd(cells):
        cells[2][cells[0].index("置换为")] = "任选学分"

    (fault,) = read(changed(book, ROWS, odd)).faults
    assert (fault.sheet, fault.row, fault.column) == (ROWS, 3, "学分")

    def standing(cells):
        next(row for row in cells if row[0] == "课程已通过时")[1] = "也许"

    (fault,) = read(changed(book, "规则", standing)).faults
    assert (fault.sheet, fault.column, fault.line.code) == ("规则", "内容", "rule_sheets.unknown")

    def headless(cells):
        cells[0][cells[0].index("成绩")] = "分数"

    assert told(read(changed(book, ROWS, headless)).faults) == [(ROWS, 1, "", "rule_sheets.no_column")]


def test_a_workbook_says_itself_which_kind_of_rules_it_holds():
    recognition = load_pack("cn-innovation")
    for book, kind, other in (
        (conversion_workbook(load_any_pack("cn-electives"), "en"), "conversion", "recognition"),
        (rules_workbook(recognition, "en"), "recognition", "conversion"),
    ):
        with open_upload(io.BytesIO(book), name="rules.xlsx") as upload:
            assert read_any_workbook(upload).rules.kind == kind
            with pytest.raises(FileRefused) as refused:
                read_any_workbook(upload, kind=other)
            assert refused.value.code == "rule_sheets.other_kind"


def test_a_command_writes_the_workbook_and_reads_it_without_a_bank(tmp_path, capsys):
    book, file = tmp_path / "规则.xlsx", tmp_path / "rules.yaml"
    assert main(["rules", "export", "cn-electives", "--xlsx", "--language", "en", "--output", str(book), "--json"]) == 0
    assert main(["rules", "export", str(book), "--yaml", "--output", str(file)]) == 0
    assert conversion_rules_hash(load_any_pack("cn-electives")) in capsys.readouterr().err
    assert main(["rules", "diff", "cn-electives", str(file)]) == 0
    assert main(["rules", "test", str(book), "--cases", "creditbank/packs/conversion/cn-electives.cases.yaml"]) == 0
