"""What is wrong with a file, a mapping or a document is said in Chinese on Chinese pages, in every room that reads one."""

from __future__ import annotations

import ast
import html
import re
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st

from creditbank.domain.rules import places
from creditbank.domain.rules.places import Place, UnreadableError
from creditbank.exchange.documents import DocumentError, read_document
from creditbank.exchange.plan_workbooks import template_workbook
from creditbank.exchange.unreadable import said_by
from creditbank.gateways.documents import packaged
from tests.services.bookings import deposit, post
from tests.web.office_cases import client_of
from tests.web.office_sheets import brought, csv_sheet, mapped, upload
from tests.web.test_list_kinds import own
from tests.web.test_office_results import COURSES, HEAD, TERMS, YEARS, line, publish_transfer_rules

pytestmark = pytest.mark.usefixtures("contexts")

DAMAGED = b"PK\x03\x04 broken"
ENGLISH = re.compile(r"\b[A-Za-z']{2,} [a-z']{2,} [a-z']{2,}\b")
"""Three English words in a row are a sentence; names of columns and keys stand alone or in a list."""


@pytest.fixture
def zhao(bank, cast):
    return client_of(cast.zhao, "zh-hans")


def said(page):
    """The words of a page that people read, without what they typed themselves."""
    text = page.content.decode()
    text = re.sub(r"(?s)<(script|style|textarea|template)\b.*?</\1>", " ", text)
    return html.unescape(re.sub(r"(?s)<[^>]+>", "\n", text))


def no_english(page, *words):
    """A page without an English sentence, holding some words."""
    text = said(page)
    assert ENGLISH.search(text) is None, ENGLISH.search(text)
    for word in words:
        assert word in text, (word, text[-3000:])


def file(content, name="表.xlsx"):
    return SimpleUploadedFile(name, content)


def test_the_test_would_see_an_english_sentence():
    assert ENGLISH.search("columns[0].field: expected one of a, b") is not None
    assert ENGLISH.search("未知的键；已知的有 at_most, more_than") is None


# --- data sets and education resources


@pytest.mark.parametrize("data_set", ["courses", "students", "providers", "offerings"])
@pytest.mark.parametrize(
    ("content", "words"),
    [(DAMAGED, "已损坏"), (b"%PDF-1.7 no sheet", "PDF 文档"), ("一,二\n1,2\n".encode(), "行"), (b"", "空")],
)
def test_a_file_that_is_no_sheet_of_a_data_set(zhao, data_set, content, words):
    answer = upload(zhao, data_set, content, "2026-09-01", "表.xlsx")
    assert answer.status_code == 422
    no_english(answer, words)


def test_columns_and_cells_of_a_data_set(zhao):
    rows = [
        ("课程代码", "课程名称", "学分", "学时"),
        ("A1", "甲", "三", "4.5"),
        ("", "乙", "-1", "x"),
        ("A1", "丙", "2", "1"),
    ]
    columns = upload(zhao, "courses", csv_sheet(rows), "2026-09-01").headers["Location"]
    twice = mapped(zhao, columns, 学分="name")
    assert twice.status_code == 422
    no_english(twice)
    no_english(zhao.get(mapped(zhao, columns).headers["Location"]), "学分", "学时")


# --- results


def test_a_mapping_of_results_that_cannot_be(zhao, cast):
    publish_transfer_rules(cast)
    brought(zhao, "years", csv_sheet(YEARS), "2026-09-01")
    brought(zhao, "terms", csv_sheet(TERMS), "2026-09-01")
    brought(zhao, "courses", csv_sheet([*COURSES, ("BIG", "过大", "必修", "70", "8", "考试", "sw")]), "2026-09-01")
    head = tuple(name for name in HEAD if name != "学分")
    row = line("85")
    sheet = csv_sheet([head, (*row[:4], *row[5:])])
    kept = zhao.post(
        "/office/imports/results/", {"file": file(sheet, "成绩.csv"), "shape": "long", "as_of": "2026-02-01"}
    )
    answer = mapped(zhao, kept.url)
    no_english(zhao.get(answer.url), "courses.BIG.credit：70.0 学分不在允许范围内（大于 0.0 且不超过 60.0）")


@pytest.mark.parametrize("content", [DAMAGED, b"\x89PNG\r\n\x1a\n", "甲\n1\n".encode()])
def test_a_file_that_is_no_sheet_of_results(zhao, cast, content):
    publish_transfer_rules(cast)
    sent = {"file": file(content), "shape": "long", "as_of": "2026-02-01"}
    answer = zhao.post("/office/imports/results/", sent)
    assert answer.status_code == 422
    no_english(answer)


# --- plans and opening lots


@pytest.mark.parametrize("content", [DAMAGED, b"%PDF-1.7", "甲,乙\n1,2\n".encode()])
@pytest.mark.parametrize("address", ["/office/programmes/upload/", "/office/imports/opening/"])
def test_a_file_that_is_no_plan_or_no_sheet_of_opening_lots(zhao, address, content):
    answer = zhao.post(address, {"file": file(content)})
    assert answer.status_code == 422
    no_english(answer)


def test_the_empty_template_of_a_plan(zhao):
    no_english(zhao.post("/office/programmes/upload/", {"file": file(template_workbook(), "方案.xlsx")}))


# --- official lists


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("code: [", "第 2 行第 1 列"),
        ("a: 1\na: 2", "出现了两次，第一次在第 1 行"),
        ('{"a": 1,}', "不是合规的 JSON"),
        ("a: 'x", "引号到文件末尾也没有结束"),
        ("a: b: c", "此处不能再有冒号"),
        (own(title="{nothing}"), "title：没有名为 nothing 的列"),
        (own(columns={}), "columns：应有 1 到 60 列"),
        (own(surprise=1), "surprise：未知的键；已知的有"),
        (own().replace("creditbank.list_mapping/1", "creditbank.rules/1"), "schema：应为 `creditbank.list_mapping/1`"),
    ],
)
def test_a_kind_of_list_that_cannot_be_read(zhao, text, words):
    answer = zhao.post("/office/lists/kinds/new/contest/", {"document": text})
    assert answer.status_code == 422
    no_english(answer, words)


@pytest.mark.parametrize("content", [DAMAGED, b"%PDF-1.7", "甲\n1\n".encode()])
def test_a_file_that_is_no_official_list(zhao, content):
    page = zhao.get("/office/lists/bring/")
    fields = page.context["form"].fields
    sent = {name: field.initial or "" for name, field in fields.items()}
    sent |= {"kind": "contest", "file": file(content), "issuer": "教育厅", "title": "名单", "issued_on": "2026-05-01"}
    answer = zhao.post("/office/lists/bring/", sent)
    no_english(answer if answer.status_code == 422 else zhao.get(answer.url))


# --- the registrar's export and the sheet that comes back


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("field: grade", "field: iq", "columns[5].field：应为以下之一"),
        ("columns:", "columns: &a", "不读取锚点"),
        ("schema:", "schama:", "第一行应写明"),
        ("学号", "姓名", "列标题“姓名”用在了多列上"),
    ],
)
def test_a_mapping_of_the_registrars_sheet_that_cannot_be_read(zhao, cast, old, new, words):
    text = packaged("mappings/registrar-sheet.yaml").decode().replace(old, new, 1)
    answer = zhao.post("/office/exports/make/", {"mapping": file(text.encode(), "m.yaml")})
    assert answer.status_code == 422
    no_english(answer, words)


def test_a_returned_sheet_and_its_mapping_that_cannot_be_read(zhao, cast):
    post(cast, deposit(cast.lin.person, "a"))
    batch = zhao.post("/office/exports/make/", {}).headers["Location"]
    for content in (DAMAGED, b"\x89PNG\r\n\x1a\n", "甲\n1\n".encode()):
        answer = zhao.post(f"{batch}reconcile/", {"file": file(content), "sheet_on": "2026-11-20"})
        assert answer.status_code == 422
        no_english(answer)
    bad = {"file": file(csv_sheet([("凭证号",), ("x",)]), "回.csv"), "mapping": file(b"name: {zh: a}", "m.yaml")}
    no_english(zhao.post(f"{batch}reconcile/", {**bad, "sheet_on": "2026-11-20"}), "第一行应写明")


# --- the sentences themselves


def sentences_of_places():
    """What a place can be refused for, as the language of rules writes it, with a 1 for each fact."""
    tree = ast.parse(Path(places.__file__).read_text(encoding="utf-8"))
    for call in ast.walk(tree):
        if isinstance(call, ast.Call):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            said = call.args[0] if name == "fail" else call.args[1] if name == "Problem" else None
            if said is not None and not isinstance(said, ast.Name):
                yield from _texts(said)


def _texts(said):
    match said:
        case ast.Constant():
            yield said.value
        case ast.JoinedStr():
            yield "".join(one.value if isinstance(one, ast.Constant) else "1" for one in said.values)
        case ast.BinOp():
            for left in _texts(said.left):
                for right in _texts(said.right):
                    yield left + right
        case ast.IfExp():
            yield from [*_texts(said.body), *_texts(said.orelse)]
        case _:
            raise AssertionError(ast.dump(said))


def test_every_sentence_about_a_place_is_known():
    found = set(sentences_of_places())
    assert len(found) > 15
    assert [one for one in found if said_by(one)[0] == "place.something"] == []


@given(st.text(max_size=40))
def test_whatever_a_place_is_refused_for_its_facts_come_through(name):
    try:
        Place({"a": 1, name: 2}).object(("a",), ("b",))
    except UnreadableError as error:
        code, facts = said_by(error.problems[0].message)
        assert (code, dict(facts)) == ("place.unknown_key", {"names": "a, b"})


@given(st.binary(max_size=30) | st.text(alphabet="{}[]:,-\"'&*!%|>\n\t ab1\\", max_size=20).map(str.encode))
def test_every_broken_document_has_a_sentence_with_a_code(data):
    refused = None
    try:
        read_document(data, name="x")
    except DocumentError as error:
        refused = said_by(error.message)[0]
    assert refused is None or refused.startswith("document.")
