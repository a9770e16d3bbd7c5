"""The pages of centre and schools: prepare, publish, see what changes, acknowledge, adoption; code tables."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from creditbank.domain.access import Actor, Role
from creditbank.gateways import clock
from creditbank.records.editions import Adoption, Edition
from creditbank.records.scope import acting_for
from creditbank.services.people import give_role, open_account
from tests.cast import AT, PASSWORD
from tests.services.editions import published
from tests.services.masterdata_rows import bring
from tests.web.office_cases import client_of
from tests.web.office_sheets import applied, csv_sheet, data_url, mapped, upload

pytestmark = pytest.mark.usefixtures("contexts")

PAST = date(2026, 9, 1)
LOCKED = {"code": "PUB1", "name": "思想道德与法治", "name_en": "Ethics and Law", "credit": 300, "locked": True}
OPEN = {"code": "PUB2", "name": "大学英语", "credit": 400, "hours": 64}


@pytest.fixture
def zhao(bank, cast):
    """The registrar of the college."""
    return client_of(cast.zhao)


@pytest.fixture
def ding(bank, cast):
    """The registrar of the centre."""
    with acting_for(institution=cast.centre, purpose="test") as scope:
        person = open_account(scope=scope, sign_in="ding", name="丁老师", name_en="Ding", password=PASSWORD, at=AT).id
        give_role(scope=scope, account=person, role=Role.REGISTRAR, since=date(2020, 1, 1))
    return client_of(Actor(person, cast.centre, None, frozenset({Role.REGISTRAR})))


def tomorrow():
    return clock.today("Asia/Shanghai") + timedelta(days=1)


def prepared(client, kind, **more):
    """Send the form of an edition in; returns the answer."""
    said = {"label": "2027-1", "effective_on": str(tomorrow()), "source": "GB/T 1", "note": "新增课程", **more}
    return client.post(f"/office/centre/prepare/{kind}/", said)


def test_the_centre_publishes_its_courses_and_a_school_sees_what_changes_and_acknowledges(bank, cast, ding, zhao):
    bring(bank, cast.centre, "courses", [
        {"code": "PUB1", "name": "思想道德与法治", "credit": "3", "locked": "是"},
        {"code": "PUB2", "name": "大学英语", "credit": "4"},
    ], "2026-09-01")  # fmt: skip
    bring(bank, cast.college, "courses", [{"code": "PUB2", "name": "英语", "credit": "5"}], "2026-09-01")
    draft = prepared(ding, "courses").headers["Location"]
    shown = ding.get(draft).context
    assert (shown["new_count"], shown["may_publish"], shown["may_withdraw"]) == (2, True, True)
    assert zhao.get(draft).status_code == 404
    assert zhao.get("/office/centre/").context["above"] == []
    ding.post(f"{draft}publish/")

    listed = zhao.get("/office/centre/").context["above"]
    assert [(row["url"], row["label"], row["status"][0]) for row in listed] == [(draft, "2027-1", "warn")]
    page = zhao.get(draft)
    assert (page.context["new_count"], page.context["collision_count"], page.context["wide_count"]) == (2, 1, 0)
    said = page.content.decode()
    assert "思想道德与法治" in said
    (collision,) = page.context["collisions"]
    assert collision["key"] == "PUB2"
    assert len(collision["reasons"]) == 2
    assert "英语" in "".join(collision["reasons"]) or "大学英语" in "".join(collision["reasons"])

    adoption = {row["code"]: row for row in ding.get(draft).context["adoption"]}
    assert adoption["svc"]["seen"] != "—"
    assert (adoption["svc"]["acknowledged"], adoption["svc"]["conflicts"]) == ("—", "1")
    assert (adoption["dou"]["seen"], adoption["dou"]["conflicts"]) == ("—", "—")
    zhao.post(f"{draft}acknowledge/")
    assert ding.get(draft).context["adopted"] == 1
    assert zhao.get(draft).context["may_acknowledge"] is False


def test_an_edition_is_withdrawn_before_its_day_and_not_after(bank, cast, ding, zhao):
    bring(bank, cast.centre, "courses", [{"code": "PUB1", "name": "x", "credit": "3"}], "2026-09-01")
    draft = prepared(ding, "courses").headers["Location"]
    ding.post(f"{draft}publish/")
    ding.post(f"{draft}withdraw/")
    assert zhao.get(draft).context["status"][1] in ("Withdrawn", "已撤回")
    assert zhao.post(f"{draft}acknowledge/").status_code == 302
    with acting_for(institution=cast.college, purpose="test") as scope:
        assert scope.rows(Adoption).count() == 0
    old = published(cast.centre, "courses", [OPEN], PAST)
    ding.post(f"/office/centre/editions/{old}/withdraw/")
    with acting_for(institution=cast.centre, purpose="test") as scope:
        assert scope.rows(Edition).get(edition_id=old).withdrawn_at is None


def test_the_centre_cannot_publish_for_a_day_that_schools_did_not_see_coming(bank, cast, ding):
    bring(bank, cast.centre, "courses", [{"code": "PUB1", "name": "x", "credit": "3"}], "2026-09-01")
    draft = prepared(ding, "courses", effective_on=str(clock.today("Asia/Shanghai"))).headers["Location"]
    page = ding.post(f"{draft}publish/", follow=True)
    assert page.context["status"][1] in ("Draft", "草稿")


def test_inherited_rows_stand_in_the_schools_list_marked_with_where_they_come_from(bank, cast, zhao):
    published(cast.centre, "courses", [LOCKED, OPEN], PAST)
    bring(bank, cast.college, "courses", [{"code": "SW1", "name": "程序设计", "credit": "4"}], "2026-09-02")
    page = zhao.get(data_url("courses"))
    rows = {row["key"]: row for row in page.context["rows"]}
    assert set(rows) == {"PUB1", "PUB2", "SW1"}
    assert rows["PUB1"]["standing"][0] == "info"
    assert "Centre" in rows["PUB1"]["standing"][1] or "学分银行管理中心" in rows["PUB1"]["standing"][1]
    assert rows["SW1"]["standing"] == ""
    assert page.context["total"] == 3
    assert applied(zhao.get(data_url("courses", "?q=daxue"))) == ["大学英语"]
    locked = zhao.get(data_url("courses", "row/PUB1/"))
    assert (locked.status_code, locked.context["may_write"], locked.context["above"]["locked"]) == (200, False, True)
    assert zhao.get(data_url("courses", "row/PUB2/")).context["may_write"] is True


def test_a_form_tightens_an_open_row_and_is_refused_to_change_a_locked_one(bank, cast, zhao):
    published(cast.centre, "courses", [LOCKED, OPEN], PAST)

    def sent(key, **more):
        address = data_url("courses", f"row/{key}/change/")
        form = zhao.get(address).context["form"]
        data = {
            form.add_prefix(name): str(form.get_initial_for_field(field, name) or "")
            for name, field in form.fields.items()
        }
        return zhao.post(address, data | {f"row-{name}": value for name, value in more.items()})

    refused = sent("PUB1", credit="2")
    assert "思想道德与法治" in refused.content.decode()
    assert any("PUB1" in error for error in refused.context["form"].non_field_errors())
    assert sent("PUB2", credit="3.5").status_code == 302
    shown = {one["label"]: one["value"] for one in zhao.get(data_url("courses", "row/PUB2/")).context["values"]}
    assert "3.5" in shown.values()
    assert "大学英语" in shown.values()
    assert sent("PUB2", credit="6").status_code == 200


def test_a_sheet_says_before_it_is_applied_which_rows_a_lock_refuses(bank, cast, zhao):
    published(cast.centre, "courses", [LOCKED], PAST)
    sheet = csv_sheet([("课程代码", "学分"), ("PUB1", "2"), ("SW1", "4")])
    columns = upload(zhao, "courses", sheet, "2026-09-02").headers["Location"]
    check = zhao.get(mapped(zhao, columns).headers["Location"])
    (row,) = check.context["rows"]
    assert (row["line"], row["cell"]) == (2, "B2")
    assert "PUB1" in row["reason"]
    assert check.context["refused"] == 1


CODES = [
    ("代码", "名称", "英文名称", "其他写法", "是否停用"),
    ("compulsory", "必修", "Compulsory", "必修课、必修课程", ""),
    ("elective", "选修", "Elective", "任选", ""),
    ("general", "通识", "General education", "通识课", ""),
]


def test_a_new_edition_of_a_code_table_retires_what_it_lacks_and_lists_who_uses_it(bank, cast, ding, zhao):
    bring(bank, cast.college, "courses", [
        {"code": "SW1", "name": "a", "nature": "限选"}, {"code": "SW2", "name": "b", "nature": "必修"},
    ], "2026-09-01")  # fmt: skip
    file = SimpleUploadedFile("nature.csv", csv_sheet(CODES))
    draft = prepared(ding, "codes.course_nature", file=file).headers["Location"]
    shown = ding.get(draft).context
    assert {one["key"] for one in shown["new"]} == {"general"}
    assert {one["key"] for one in shown["retired"]} == {"restricted", "practice", "other"}
    ding.post(f"{draft}publish/")
    page = zhao.get(draft).context
    uses = {one["key"]: one["uses"] for one in page["retired"]}
    assert [(use["count"]) for use in uses["restricted"]] == ["1"]
    assert applied(zhao.get(uses["restricted"][0]["url"])) == ["a"]
    assert uses["practice"] == []


def test_a_sheet_is_read_by_the_edition_of_the_day_it_speaks_of(bank, cast, zhao):
    published(cast.centre, "codes.course_nature", [
        {"code": "general", "name": "通识"}, {"code": "compulsory", "name": "必修"},
    ], date(2026, 9, 10))  # fmt: skip
    sheet = csv_sheet([("课程代码", "课程名称", "课程性质"), ("A1", "a", "通识"), ("A2", "b", "选修")])
    before = upload(zhao, "courses", sheet, "2026-09-05").headers["Location"]
    assert set(zhao.get(before).context["form"].words) == {("nature", "通识", 1)}
    after = upload(zhao, "courses", sheet, "2026-09-15").headers["Location"]
    assert set(zhao.get(after).context["form"].words) == {("nature", "选修", 1)}


def test_the_page_of_a_code_table_shows_the_edition_of_today_and_reads_its_own_sheet_back(bank, cast, ding, zhao):
    page = zhao.get("/office/codes/course_nature/")
    assert page.context["table"].edition == "2026-1"
    assert {row["code"] for row in page.context["rows"]} == {
        "compulsory", "restricted", "elective", "practice", "other",
    }  # fmt: skip
    sheet = zhao.get("/office/codes/course_nature/table.xlsx").content
    file = SimpleUploadedFile("nature.xlsx", sheet)
    draft = prepared(ding, "codes.course_nature", file=file).headers["Location"]
    assert ding.get(draft).context["nothing"] is True


def test_a_faulty_sheet_of_codes_is_refused_line_by_line(bank, cast, ding):
    rows = [*CODES, ("general", "重复", "", "", ""), ("a b", "空格", "", "", "")]
    file = SimpleUploadedFile("nature.csv", csv_sheet(rows))
    answer = prepared(ding, "codes.course_nature", file=file)
    assert answer.status_code == 422
    assert sorted(one["line"] for one in answer.context["faults"]) == [4, 5, 6]
    with acting_for(institution=cast.centre, purpose="test") as scope:
        assert scope.rows(Edition).count() == 0


def test_a_mapping_of_the_centre_reads_the_sheets_of_its_schools(bank, cast, ding, zhao):
    columns = upload(
        ding, "courses", csv_sheet([("课程代码", "叫法", "分值", "属性"), ("A1", "甲", "2", "必选")]), "2026-09-01"
    )
    address = columns.headers["Location"]
    chosen = mapped(ding, address, 叫法="name", 分值="credit", 属性="nature")
    assert chosen.headers["Location"].endswith("#words")
    word = next(name for name in ding.get(address).context["form"].fields if name.startswith("word"))
    form = ding.get(address).context["form"]
    data = {form.add_prefix(n): form.get_initial_for_field(f, n) or "" for n, f in form.fields.items()}
    check = ding.post(address, data | {form.add_prefix(word): "compulsory"}).headers["Location"]
    ding.post(check.replace("/check/", "/apply/"))

    draft = prepared(ding, "mapping.courses", locked="on").headers["Location"]
    assert {one["name"] for one in ding.get(draft).context["new"]} >= {"叫法", "分值", "必选"}
    with acting_for(institution=cast.centre, purpose="test") as scope:
        rows = scope.rows(Edition).get().rows
    published(cast.centre, "mapping.courses", rows, PAST)

    sheet = csv_sheet([("课程代码", "叫法", "分值", "属性"), ("SW9", "乙", "3", "必选")])
    before = zhao.get(upload(zhao, "courses", sheet, "2026-08-31").headers["Location"]).context["form"]
    assert {before.fields[name].initial for name in before.fields} == {"code", ""}
    address = upload(zhao, "courses", sheet, "2026-09-02").headers["Location"]
    after = zhao.get(address).context["form"]
    assert [after.fields[name].initial for name in after.fields] == ["code", "name", "credit", "nature"]
    refused = mapped(zhao, address, 叫法="name_en")
    assert refused.status_code == 422
    assert "Centre" in str(refused.context["form"].errors) or "学分银行管理中心" in str(refused.context["form"].errors)
    check = zhao.get(mapped(zhao, address).headers["Location"]).context
    assert (check["refused"], check["rows"][0]["main"]) == (0, "乙")


def test_a_school_reads_its_own_words_over_an_open_mapping(bank, cast, zhao):
    published(cast.centre, "mapping.courses", [
        {"code": "heading:叫法", "name": "叫法", "field": "name"}, {"code": "heading:分值", "name": "分值", "field": "credit"},
    ], PAST)  # fmt: skip
    sheet = csv_sheet([("课程代码", "叫法", "分值"), ("SW9", "乙", "3")])
    address = upload(zhao, "courses", sheet, "2026-09-02").headers["Location"]
    check = mapped(zhao, address, 叫法="category").headers["Location"]
    zhao.post(check.replace("/check/", "/apply/"))
    again = upload(zhao, "courses", sheet, "2026-09-03").headers["Location"]
    assert [field.initial for field in zhao.get(again).context["form"].fields.values()] == [
        "code",
        "category",
        "credit",
    ]


def test_a_school_names_codes_of_its_own_and_cannot_rename_the_centres(bank, cast, zhao):
    published(cast.centre, "codes.course_nature", [
        {"code": "compulsory", "name": "必修"}, {"code": "elective", "name": "选修"},
    ], PAST)  # fmt: skip
    renamed = SimpleUploadedFile("n.csv", csv_sheet([("代码", "名称"), ("compulsory", "必须")]))
    assert prepared(zhao, "codes.course_nature", file=renamed).status_code == 422
    added = SimpleUploadedFile("n.csv", csv_sheet([
        ("代码", "名称", "其他写法", "是否停用"), ("compulsory", "必修", "必选", ""), ("elective", "选修", "", "是"),
        ("craft", "工匠", "", ""),
    ]))  # fmt: skip
    draft = prepared(zhao, "codes.course_nature", file=added, effective_on=str(clock.today("Asia/Shanghai"))).headers[
        "Location"
    ]
    zhao.post(f"{draft}publish/")
    rows = {row["code"]: row for row in zhao.get("/office/codes/course_nature/").context["rows"]}
    assert rows["compulsory"]["aliases"] == "必选"
    assert rows["elective"]["status"][0] == "plain"
    assert rows["craft"]["status"][0] == "ok"
