"""A sheet of master data through the pages: upload, columns, dry run, apply, run, revert."""

from __future__ import annotations

import csv
import io
import os
from datetime import date
from uuid import UUID

import pytest

from creditbank.exchange.sheets import SheetPlace, open_sheet
from creditbank.gateways import staging
from creditbank.gateways.files import open_upload
from creditbank.records.masterdata import DataRow, SheetMapping
from creditbank.records.operations import Operation
from creditbank.records.results import ImportRun
from creditbank.records.scope import acting_for
from tests.services.editions import published
from tests.web.office_cases import client_of
from tests.web.office_sheets import applied, brought, csv_sheet, data_url, filled, mapped, upload

pytestmark = pytest.mark.usefixtures("contexts")

HEAD = ("课程代码", "课程名称", "课程性质", "学分")
FIRST = csv_sheet([HEAD, ("SW1001", "程序设计基础", "必修", "4"), ("SW1002", "数据库技术", "选修", "2.5")])
SECOND = csv_sheet(
    [
        HEAD, ("SW1001", "程序设计", "必修", "4"), ("SW1003", "网页设计", "选修", "2"), ("SW1004", "算法", "校定", "x"),
    ]
)  # fmt: skip


@pytest.fixture
def zhao(bank, cast):
    """The registrar's browser."""
    return client_of(cast.zhao)


def rows(cast, data_set="courses"):
    with acting_for(institution=cast.college, purpose="test") as scope:
        return {row.key: row.content for row in scope.rows(DataRow).filter(data_set=data_set)}


def runs(cast):
    with acting_for(institution=cast.college, purpose="test") as scope:
        return list(scope.rows(ImportRun).order_by("started_at"))


def counts(page):
    return {group["word"]: group["count"] for group in page.context["groups"]}


def test_from_the_template_to_the_list_the_history_and_back(zhao, cast):
    template = zhao.get(data_url("courses", "template.xlsx")).content
    content = filled(
        template,
        [
            {
                "Course code": "SW1001",
                "Name of course": "程序设计基础",
                "Nature of course": "Compulsory",
                "Credit": "4",
            },
            {"Course code": "SW1002", "Name of course": "数据库技术", "Nature of course": "Elective", "Credit": "2.5"},
        ],
    )
    columns = upload(zhao, "courses", content, "2026-09-01", "courses.xlsx").headers["Location"]
    proposed = {one["field"].label: one["field"].value() for one in zhao.get(columns).context["columns"]}
    assert proposed["Course code*"] == "code"
    assert proposed["Credit"] == "credit"
    assert rows(cast) == {}
    check = mapped(zhao, columns).headers["Location"]
    page = zhao.get(check)
    assert counts(page) == {
        "New": "2", "Changed": "0", "The same": "0", "Something later stands": "0", "Refused by the check": "0", "Not in the sheet": "0",
    }  # fmt: skip
    assert rows(cast) == {}
    run = zhao.post(check.replace("/check/", "/apply/")).headers["Location"]
    assert rows(cast)["SW1001"] == {"code": "SW1001", "name": "程序设计基础", "nature": "compulsory", "credit": 400}
    assert applied(zhao.get(data_url("courses"))) == ["程序设计基础", "数据库技术"]
    history = zhao.get(data_url("courses", "row/SW1002/")).context["history"]
    assert [(one["origin"], one["url"], str(one["as_of"])) for one in history] == [("courses.xlsx", run, "2026-09-01")]
    exported = zhao.get(data_url("courses", "export.xlsx")).content
    again = upload(zhao, "courses", exported, "2026-09-02", "again.xlsx").headers["Location"]
    same = zhao.get(mapped(zhao, again).headers["Location"])
    assert counts(same)["The same"] == "2"
    question = zhao.get(f"{run}revert/")
    assert (question.context["count"], question.context["alone"]) == ("2", "2")
    assert len(rows(cast)) == 2
    done = zhao.post(f"{run}revert/", follow=True)
    assert done.context["reverted"]
    assert rows(cast) == {}
    twice = zhao.post(f"{run}revert/", follow=True)
    assert "reverted before" in str(next(iter(twice.context["messages"])))
    with acting_for(institution=cast.college, purpose="test") as scope:
        actions = [one.action for one in scope.rows(Operation)]
    assert {"masterdata.upload", "masterdata.import", "masterdata.revert", "masterdata.export.courses"} <= set(actions)


def test_the_dry_run_shows_each_verdict_with_its_rows_and_stores_nothing(zhao, cast):
    brought(zhao, "courses", FIRST, "2026-09-01")
    before = rows(cast)
    columns = upload(zhao, "courses", SECOND, "2026-10-01").headers["Location"]
    # A word nobody knows is asked for; left as it is, its rows are refused.
    check = mapped(zhao, columns).headers["Location"]
    refused = zhao.get(check)
    assert counts(refused) == {
        "New": "1", "Changed": "1", "The same": "0", "Something later stands": "0", "Refused by the check": "1", "Not in the sheet": "1",
    }  # fmt: skip
    assert refused.context["shown"] == "refused"
    assert [(row["line"], row["cell"], row["column"]) for row in refused.context["rows"]] == [
        (4, "C4", "课程性质"), (4, "D4", "学分"),
    ]  # fmt: skip
    changed = zhao.get(check, {"verdict": "changed"}).context["rows"]
    assert [row["changes"] for row in changed] == ["Name of course: 程序设计基础 → 程序设计"]
    missing = zhao.get(check, {"verdict": "missing"}).context["rows"]
    assert [row["by"] for row in missing] == ["SW1002"]
    sheet = list(
        csv.reader(io.StringIO(zhao.get(check.replace("/check/", "/problems.csv")).content.decode("utf-8-sig")))
    )
    assert [line[:3] for line in sheet[1:]] == [["4", "C4", "SW1004"], ["4", "D4", "SW1004"]]
    assert rows(cast) == before
    assert len(runs(cast)) == 1


def test_who_is_missing_from_a_sheet_is_listed_and_stays(zhao, cast):
    brought(zhao, "courses", FIRST, "2026-09-01")
    run = brought(zhao, "courses", SECOND, "2026-10-01")
    assert set(rows(cast)) == {"SW1001", "SW1002", "SW1003"}
    listed = zhao.get(run, {"reason": "masterdata.not_in_sheet"}).context["rows"]
    assert [(row["row"], row["url"]) for row in listed] == [("SW1002", data_url("courses", "row/SW1002/"))]


def test_what_columns_and_words_mean_is_asked_once_and_remembered(zhao, cast):
    odd = csv_sheet([("代号", "课程名称", "课程性质"), ("SW1001", "程序设计", "校定"), ("SW1002", "算法", "校定")])
    columns = upload(zhao, "courses", odd, "2026-09-01").headers["Location"]
    lacking = mapped(zhao, columns)
    assert lacking.status_code == 422
    assert "No column says: Course code" in str(lacking.context["form"].non_field_errors())
    again = mapped(zhao, columns, 代号="code")
    assert again.headers["Location"] == f"{columns}#words"
    check = mapped(zhao, columns, **{"Nature of course: 校定": "compulsory"}).headers["Location"]
    assert counts(zhao.get(check))["New"] == "2"
    zhao.post(check.replace("/check/", "/apply/"))
    assert {row["nature"] for row in rows(cast).values()} == {"compulsory"}
    with acting_for(institution=cast.college, purpose="test") as scope:
        known = scope.rows(SheetMapping).get(data_set="courses")
    assert (known.headings["代号"], known.values["nature"]) == ("code", {"校定": "compulsory"})
    later = csv_sheet([("代号", "课程名称", "课程性质"), ("SW1005", "网络", "校定")])
    next_time = upload(zhao, "courses", later, "2026-09-02").headers["Location"]
    page = zhao.get(next_time)
    assert next((one["field"].value(), str(one["how"][1])) for one in page.context["columns"]) == ("code", "remembered")
    assert counts(zhao.get(mapped(zhao, next_time).headers["Location"]))["New"] == "1"


def test_two_columns_of_one_field_are_refused_at_the_second(zhao):
    columns = upload(zhao, "courses", FIRST, "2026-09-01").headers["Location"]
    answer = mapped(zhao, columns, 课程性质="name")
    assert answer.status_code == 422
    assert "课程名称" in str(answer.context["form"].errors["heading2"])


def test_a_sheet_sent_twice_is_applied_once(zhao, cast):
    columns = upload(zhao, "courses", FIRST, "2026-09-01").headers["Location"]
    apply = mapped(zhao, columns).headers["Location"].replace("/check/", "/apply/")
    first, second = zhao.post(apply), zhao.post(apply)
    assert first.headers["Location"] == second.headers["Location"]
    assert len(runs(cast)) == 1
    assert zhao.get(columns).headers["Location"] == first.headers["Location"]


def test_a_reverted_sheet_can_be_brought_again(zhao, cast):
    run = brought(zhao, "courses", FIRST, "2026-09-01")
    zhao.post(f"{run}revert/")
    brought(zhao, "courses", FIRST, "2026-09-01")
    assert set(rows(cast)) == {"SW1001", "SW1002"}
    assert [one.state for one in runs(cast)] == ["reverted", "finished"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"%PDF-1.7 not a sheet", "a PDF document"),
        ("一,二\n1,2\n".encode(), "has no line in its first"),
        (b"PK\x03\x04 broken", "damaged archive"),
    ],
)
def test_a_file_that_is_no_sheet_is_named_at_its_field_and_nothing_is_kept(zhao, bank, content, said):
    answer = upload(zhao, "courses", content, "2026-09-01")
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"file"}
    assert said in answer.content.decode()
    assert not (bank.files / "sheets").exists()


def test_an_uploaded_sheet_is_its_schools_and_lies_sealed(zhao, cast, bank):
    columns = upload(zhao, "students", csv_sheet([("学号", "姓名"), ("2026010101", "张三丰")]), "2026-09-01").headers[
        "Location"
    ]
    kept = [path for path in (bank.files / "sheets").rglob("*") if path.is_file()]
    assert len(kept) == 2
    assert not any("张三丰".encode() in path.read_bytes() for path in kept)
    assert all(path.stat().st_mode & 0o077 == 0 for path in kept)
    upload_id = columns.split("/")[5]
    for address in (columns, columns.replace("/columns/", "/check/"), columns.replace("/students/", "/courses/")):
        assert client_of(cast.sun).get(address).status_code == 404
    assert zhao.get(columns.replace("/students/", "/courses/")).status_code == 404
    assert client_of(cast.chen).get(columns).status_code == 404
    assert staging.sheet_content(bank, cast.university, UUID(upload_id)) is None
    for path in kept:
        path.write_bytes(b"damaged")
    assert zhao.get(columns).status_code == 404


def test_sheets_nobody_applied_are_forgotten_after_a_week(zhao, cast, bank):
    upload(zhao, "courses", FIRST, "2026-09-01")
    folder = bank.files / "sheets" / cast.college.hex
    for path in folder.iterdir():
        os.utime(path, (0, 0))
    upload(zhao, "courses", SECOND, "2026-09-01")
    assert len(list(folder.iterdir())) == 2


def test_the_export_holds_identity_numbers_only_when_they_are_asked_for(zhao, cast, bank):
    number = "11010519491231002X"
    brought(zhao, "students", csv_sheet([("学号", "姓名", "身份证号"), ("2026010101", "张三", number)]), "2026-09-01")
    plain = upload(zhao, "students", zhao.get(data_url("students", "export.xlsx")).content, "2026-09-02", "a.xlsx")
    whole = upload(
        zhao,
        "students",
        zhao.get(data_url("students", "export.xlsx"), {"identities": "1"}).content,
        "2026-09-02",
        "b.xlsx",
    )

    def text(answer):
        content = staging.sheet_content(bank, cast.college, UUID(answer.headers["Location"].split("/")[5]))
        with open_upload(io.BytesIO(content)) as taken:
            sheet = open_sheet(taken, SheetPlace())
            return [cell for row in sheet.rows(range(len(sheet.head))) for cell in row.cells]

    assert number not in text(plain)
    assert number in text(whole)
    with acting_for(institution=cast.college, purpose="test") as scope:
        outcomes = [
            one.outcome for one in scope.rows(Operation).filter(action="masterdata.export.students").order_by("id")
        ]
    assert outcomes == ["done", "with identity numbers"]


def test_a_dry_run_is_kept_and_made_anew_only_where_the_bank_or_the_mapping_changed(zhao, cast, bank):
    brought(zhao, "courses", FIRST, "2026-09-01")
    columns = upload(zhao, "courses", SECOND, "2026-10-01").headers["Location"]
    check = mapped(zhao, columns).headers["Location"]
    seen = counts(zhao.get(check))
    (kept,) = [path for path in (bank.files / "sheets" / cast.college.hex).iterdir() if len(path.name) == 32
               and path.name in check.replace("-", "")]  # fmt: skip
    content = kept.read_bytes()
    # Without the sheet the report can still be read, page by page and as a sheet, but not made.
    kept.unlink()
    changed = zhao.get(check, {"verdict": "changed"})
    assert counts(changed) == seen
    assert [row["changes"] for row in changed.context["rows"]] == ["Name of course: 程序设计基础 → 程序设计"]
    assert "SW1004" in zhao.get(check.replace("/check/", "/problems.csv")).content.decode("utf-8-sig")
    brought(zhao, "courses", csv_sheet([("课程代码", "课程名称"), ("SW1001", "程序设计")]), "2026-09-15", "other.csv")
    assert zhao.get(check).status_code == 404
    kept.write_bytes(content)
    assert counts(zhao.get(check))["Changed"] == "0"
    again = mapped(zhao, columns, 课程名称="").headers["Location"]
    assert counts(zhao.get(again)) != seen


def test_without_the_banks_key_nothing_is_stored_and_the_page_says_so(zhao, cast, bank):
    brought(zhao, "courses", FIRST, "2026-09-01")
    before = sorted(path.name for path in bank.files.rglob("*"))
    key = bank.keys / "data.json"
    kept = key.read_bytes()
    key.unlink()
    zhao.raise_request_exception = False
    for language, said in (("en", "A key of the bank is missing"), ("zh-hans", "学分银行缺少密钥")):
        zhao.cookies["language"] = language
        answer = upload(zhao, "courses", SECOND, "2026-10-01")
        assert (answer.status_code, said in answer.content.decode()) == (500, True)
    assert not key.exists()
    assert sorted(path.name for path in bank.files.rglob("*")) == before
    key.write_bytes(kept)
    key.chmod(0o600)
    assert upload(zhao, "courses", SECOND, "2026-10-01").status_code == 302


def test_a_kept_dry_run_says_in_either_language_what_a_level_above_refuses(zhao, cast):
    row = {"code": "PUB1", "name": "思想道德与法治", "credit": 300, "locked": True}
    published(cast.centre, "courses", [row], date(2026, 9, 1))
    sheet = csv_sheet([("课程代码", "学分"), ("PUB1", "2")])
    check = mapped(zhao, upload(zhao, "courses", sheet, "2026-10-01").headers["Location"]).headers["Location"]
    for language, said in (("en", "PUB1 comes from Centre"), ("zh-hans", "学分银行管理中心"), ("en", "Centre")):
        zhao.cookies["language"] = language
        (reason,) = [one["reason"] for one in zhao.get(check).context["rows"]]
        assert said in reason
