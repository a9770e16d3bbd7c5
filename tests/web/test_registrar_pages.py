"""The export pages: make a batch, download it, bring the returned sheet, open each figure's list, send again."""

from __future__ import annotations

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from creditbank.exchange.spreadsheets import Form
from creditbank.gateways.documents import packaged
from tests.intruder import superuser
from tests.services.bookings import deposit, post
from tests.services.exports import HEADS, batch_id, sheet_bytes
from tests.web.office_cases import client_of

LIST = "/office/exports/"


@pytest.fixture
def registrar(bank, cast):
    post(
        cast,
        deposit(cast.lin.person, "a", 250, title="=HYPERLINK(1)", title_en="", grade="优秀"),
        deposit(cast.mei.person, "b", title="机器人大赛"),
    )
    return client_of(cast.zhao)


def made(client, **data):
    response = client.post(f"{LIST}make/", data)
    assert response.status_code == 302, response.content.decode()
    return response.headers["Location"]


def sheet(rows, name="back.csv"):
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return SimpleUploadedFile(name, text.getvalue().encode("utf-8-sig"))


def test_the_list_says_what_waits_and_makes_the_batch(registrar, bank, cast):
    page = registrar.get(LIST).content.decode()
    assert "New lines" in page
    assert "+5.5" in page
    address = made(registrar)
    page = registrar.get(address).content.decode()
    assert "Export batch 0001" in page
    assert "SVC-0001-000001" in page
    page = registrar.get(LIST).content.decode()
    assert "Nothing waits" in page
    assert "No answer yet" in page


def test_a_batch_is_downloaded_in_three_forms_as_it_was_made(registrar, bank, cast):
    address = made(registrar)
    for form, kind in (("xlsx", "spreadsheetml"), ("csv", "utf-8"), ("csv-gb18030", "gb18030")):
        response = registrar.get(f"{address}file/{form}/")
        assert kind in response.headers["Content-Type"]
        assert response.headers["Content-Disposition"].startswith('attachment; filename="svc-registrar-0001')
        assert response.headers["Cache-Control"] == "no-store"
        assert response.content == sheet_bytes(cast, 1, Form(form))
    assert "'=HYPERLINK(1)" in registrar.get(f"{address}file/csv/").content.decode("utf-8-sig")
    assert registrar.get(f"{address}file/pdf/").status_code == 404


def test_nothing_to_send_and_a_bad_mapping_are_said_on_the_page(registrar, bank, cast):
    made(registrar)
    response = registrar.post(f"{LIST}make/", {})
    assert response.status_code == 422
    assert "Nothing waits to go out" in response.content.decode()
    bad = SimpleUploadedFile("m.yaml", packaged("mappings/registrar-sheet.yaml").replace(b"field: grade", b"field: iq"))
    response = registrar.post(f"{LIST}make/", {"mapping": bad})
    assert response.status_code == 422
    assert "columns[5].field" in response.content.decode()


def test_a_mapping_once_uploaded_is_remembered(registrar, bank, cast):
    text = packaged("mappings/registrar-sheet.yaml").decode().replace("学号", "XH")
    address = made(registrar, mapping=SimpleUploadedFile("m.yaml", text.encode()))
    assert registrar.get(f"{address}file/csv/").content.decode("utf-8-sig").startswith("XH,")
    post(cast, deposit(cast.lin.person, "c"))
    address = made(registrar)
    assert registrar.get(f"{address}file/csv/").content.decode("utf-8-sig").startswith("XH,")


def test_a_returned_sheet_is_compared_and_each_figure_opens_its_list(registrar, bank, cast):
    address = made(registrar)
    head, first, _second = [
        line.split(",") for line in registrar.get(f"{address}file/csv/").content.decode("utf-8-sig").splitlines()
    ]
    rows = [(*head, "处理结果", "原因"), (*first, "失败", "课程代码不存在")]
    upload = {"file": sheet(rows), "sheet_on": "2026-11-20"}
    response = registrar.post(f"{address}reconcile/", upload)
    assert response.status_code == 302
    result = response.headers["Location"]
    page = registrar.get(result).content.decode()
    assert "课程代码不存在" in page
    refused = registrar.get(f"{result}?outcome=refused").content.decode()
    assert "SVC-0001-000001" in refused
    assert "SVC-0001-000002" not in refused
    assert "SVC-0001-000002" in registrar.get(f"{result}?outcome=missing").content.decode()
    sheet_back = registrar.get(f"{result}result.csv?outcome=refused").content.decode("utf-8-sig")
    assert sheet_back.count("SVC-") == 1
    # The same file again leads to the same result.
    upload["file"] = sheet(rows)
    assert registrar.post(f"{address}reconcile/", upload).headers["Location"] == result
    # Refused and missing lines go out again when somebody says so.
    page = registrar.get(f"{address}?outcome=refused").content.decode()
    assert 'name="selected" value="1"' in page
    registrar.post(f"{address}resend/", {"selected": ["1"]})
    registrar.post(f"{address}resend/", {"all": "missing"})
    page = registrar.get(LIST).content.decode()
    assert "To be sent again" in page
    again = made(registrar)
    assert "Re-send of SVC-0001-000001" in registrar.get(again).content.decode()
    assert "Sent again as SVC-0002-000001" in registrar.get(address).content.decode()
    actions = "SELECT action FROM operation WHERE action LIKE 'export.%' ORDER BY recorded_at"
    with superuser(bank) as connection:
        found = [action for (action,) in connection.execute(actions).fetchall()]
    assert found == ["export.make", "export.reconcile", "export.resend", "export.resend", "export.make"]


def test_a_sheet_that_cannot_be_read_is_refused_with_its_reason_and_nothing_is_kept(registrar, bank, cast):
    address = made(registrar)
    short = sheet([HEADS[:9], ["x"] * 9])
    response = registrar.post(f"{address}reconcile/", {"file": short, "sheet_on": "2026-11-20"})
    assert response.status_code == 422
    assert "no column named" in response.content.decode()
    picture = SimpleUploadedFile("a.png", b"\x89PNG\r\n\x1a\n" + b"0" * 50)
    response = registrar.post(f"{address}reconcile/", {"file": picture, "sheet_on": "2026-11-20"})
    assert "is a picture" in response.content.decode()
    assert "Error:" in response.content.decode()
    with superuser(bank) as connection:
        assert connection.execute("SELECT count(*) FROM reconciliation").fetchone() == (0,)


def test_a_reviewer_and_another_institutions_registrar_find_no_batch(registrar, bank, cast):
    made(registrar)
    of = batch_id(bank, 1, cast)
    assert client_of(cast.qian).get(LIST).status_code == 404
    assert client_of(cast.sun).get(f"{LIST}{of}/").status_code == 404
    assert client_of(cast.sun).get(f"{LIST}{of}/file/csv/").status_code == 404


def test_the_pages_are_said_in_chinese(registrar, bank, cast):
    address = made(registrar)
    for path, words in ((LIST, "导出到教务系统"), (address, "导出批次 0001")):
        page = registrar.get(path, headers={"accept-language": "zh-Hans"}).content.decode()
        assert words in page
