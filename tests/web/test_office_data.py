"""The pages of master data: lists, one row, forms, and who sees what."""

from __future__ import annotations

import pytest

from creditbank.records.masterdata import DataFact, DataRow
from creditbank.records.operations import AccessLine, Operation
from creditbank.records.scope import acting_for
from tests.web.office_cases import client_of
from tests.web.office_sheets import applied, brought, csv_sheet, data_url

pytestmark = pytest.mark.usefixtures("contexts")

COURSES = csv_sheet(
    [
        ("课程代码", "课程名称", "课程性质", "学分", "学时", "考核方式", "开课院系"),
        ("SW1001", "程序设计基础", "必修", "4", "64", "考试", "sw"),
        ("SW1002", "数据库技术", "选修", "2.5", "40", "考查", "sw"),
        ("SW1003", "网页设计", "选修", "", "40", "考查", "nowhere"),
    ]
)
STUDENTS = csv_sheet(
    [
        ("学号", "姓名", "性别", "身份证号", "手机号", "所属院系", "年级", "学籍状态"),
        ("2023040117", "林晓", "女", "11010519491231002X", "13800000000", "svc-sw", "2023", "休学"),
        ("2026010102", "李四", "男", "", "", "", "2026", ""),
    ]
)


@pytest.fixture
def zhao(bank, cast):
    """The registrar's browser, before a bank with courses and students."""
    client = client_of(cast.zhao)
    brought(client, "courses", COURSES, "2026-09-01")
    brought(client, "students", STUDENTS, "2026-09-01")
    return client


def facts(cast, data_set, key):
    with acting_for(institution=cast.college, purpose="test") as scope:
        return list(scope.rows(DataFact).filter(data_set=data_set, key=key).order_by("recorded_at"))


def stored(cast, data_set, key):
    with acting_for(institution=cast.college, purpose="test") as scope:
        return scope.rows(DataRow).get(data_set=data_set, key=key)


def actions(cast):
    with acting_for(institution=cast.college, purpose="test") as scope:
        return [one.action for one in scope.rows(Operation).order_by("recorded_at")]


def row_form(client, address):
    """What the form of a row posts when nobody touches it."""
    form = client.get(address).context["form"]
    return {
        form.add_prefix(name): str(form.get_initial_for_field(field, name) or "") for name, field in form.fields.items()
    }


def test_each_number_of_the_register_opens_the_list_that_it_counts(zhao):
    page = zhao.get("/office/data/")
    figures = {
        figure["word"]: (int(figure["count"]), figure["url"])
        for source in page.context["sources"]
        for figure in source["figures"]
    }
    assert figures["Courses without Credit"][0] == 1
    assert figures["Courses whose College is not in the data"][0] == 1
    assert figures["Students without Class"][0] == 2
    for count, address in figures.values():
        assert zhao.get(address).context["total"] == count, address
    assert applied(zhao.get(figures["Courses without Credit"][1])) == ["网页设计"]


def test_a_list_is_searched_filtered_and_sorted(zhao):
    def seen(**query):
        return applied(zhao.get(data_url("courses"), query))

    assert seen() == ["程序设计基础", "数据库技术", "网页设计"]
    assert seen(q="1002") == ["数据库技术"]
    assert seen(q="数据") == ["数据库技术"]
    assert seen(q="shujuku") == ["数据库技术"]
    assert seen(nature="elective") == ["数据库技术", "网页设计"]
    assert seen(college="nowhere") == ["网页设计"]
    assert seen(sort="-credit") == ["程序设计基础", "数据库技术", "网页设计"]
    assert seen(nature="' OR true --", sort="content; DROP TABLE data_row") == seen()


def test_the_list_of_students_says_their_status_of_enrolment_beside_the_state_of_the_row(zhao):
    (row,) = zhao.get(data_url("students"), {"q": "2023040117"}).context["rows"]
    assert row["status"] == "On leave"
    assert row["standing"] == ""


def test_what_was_typed_stands_at_its_field_and_is_refused_with_the_reason(zhao, cast):
    answer = zhao.post(
        data_url("courses", "add/"),
        {"row-as_of": "2026-10-01", "row-code": "SW 9", "row-name": "新课", "row-credit": "viel"},
    )
    assert set(answer.context["form"].errors) == {"code", "credit"}
    assert b'href="#id_row-credit"' in answer.content
    taken = zhao.post(data_url("courses", "add/"), {"row-as_of": "2026-10-01", "row-code": "SW1001"})
    assert "already" in str(taken.context["form"].errors["code"])
    assert facts(cast, "courses", "SW9") == []
    assert len(facts(cast, "courses", "SW1001")) == 1


def test_a_row_added_by_hand_is_there_at_once_with_its_history(zhao, cast):
    done = zhao.post(
        data_url("courses", "add/"),
        {
            "row-as_of": "2026-10-01",
            "row-code": "A/B+1",
            "row-name": "新课",
            "row-credit": "1.5",
            "row-nature": "elective",
        },
        follow=True,
    )
    assert stored(cast, "courses", "A/B+1").content == {
        "code": "A/B+1", "name": "新课", "credit": 150, "nature": "elective",
    }  # fmt: skip
    assert done.context["title"] == "新课"
    assert done.context["history"][0]["origin"] == "Typed in a form"
    assert "masterdata.courses" in actions(cast)


def test_a_change_states_only_what_was_changed(zhao, cast):
    address = data_url("courses", "row/SW1001/change/")
    zhao.post(address, row_form(zhao, address) | {"row-name": "程序设计", "row-as_of": "2026-10-01", "row-hours": ""})
    last = facts(cast, "courses", "SW1001")[-1]
    assert (last.content, last.run_id) == ({"code": "SW1001", "name": "程序设计", "hours": None}, None)
    assert stored(cast, "courses", "SW1001").content["credit"] == 400
    history = zhao.get(data_url("courses", "row/SW1001/")).context["history"]
    assert {change["field"]: (change["old"], change["new"]) for change in history[0]["changes"]} == {
        "Name of course": ("程序设计基础", "程序设计"), "Hours": ("64", ""),
    }  # fmt: skip
    untouched = zhao.post(address, row_form(zhao, address), follow=True)
    assert "Nothing was changed" in str(next(iter(untouched.context["messages"])))
    assert len(facts(cast, "courses", "SW1001")) == 2


def test_an_earlier_day_typed_later_changes_nothing_and_says_so(zhao, cast):
    address = data_url("courses", "row/SW1001/change/")
    done = zhao.post(address, row_form(zhao, address) | {"row-name": "旧名", "row-as_of": "2020-01-01"}, follow=True)
    assert "something later stands" in str(next(iter(done.context["messages"])))
    assert stored(cast, "courses", "SW1001").label == "程序设计基础"


def test_a_row_is_retired_with_a_reason_and_taken_back(zhao, cast):
    address = data_url("courses", "row/SW1001/retire/")
    without = zhao.post(address, {"as_of": "2026-10-01", "retired": "yes", "reason": ""})
    assert set(without.context["form"].errors) == {"reason"}
    page = zhao.post(address, {"as_of": "2026-10-01", "retired": "yes", "reason": "停开"}, follow=True)
    assert stored(cast, "courses", "SW1001").retired
    assert "停开" in page.content.decode()
    assert applied(zhao.get(data_url("courses"), {"shown": "retired"})) == ["程序设计基础"]
    assert "程序设计基础" not in applied(zhao.get(data_url("courses"), {"shown": "active"}))
    zhao.post(address, {"as_of": "2026-10-02", "retired": "no", "reason": "恢复开设"})
    assert not stored(cast, "courses", "SW1001").retired
    assert [one["reason"] for one in zhao.get(data_url("courses", "row/SW1001/")).context["history"]] == [
        "恢复开设",
        "停开",
        "",
    ]
    assert {"masterdata.retire", "masterdata.restore"} <= set(actions(cast))


def test_what_names_a_row_is_counted_on_its_page(zhao, cast):
    unit = csv_sheet([("院系代码", "院系名称", "单位类型"), ("sw", "软件学院", "学院")])
    brought(zhao, "colleges", unit, "2026-09-01")
    page = zhao.get(data_url("colleges", "row/sw/"))
    assert [(one["word"], one["count"]) for one in page.context["dependants"]] == [("Courses · College", "2")]
    assert applied(zhao.get(page.context["dependants"][0]["url"])) == ["程序设计基础", "数据库技术"]
    value = next(
        one for one in zhao.get(data_url("courses", "row/SW1001/")).context["values"] if one["label"] == "College"
    )
    assert str(value["value"]) == '<a href="/office/data/colleges/row/sw/">软件学院 (sw)</a>'


def test_personal_fields_are_the_registrars_and_an_identity_number_is_nobodys(zhao, cast):
    address = data_url("students", "row/2023040117/")
    pages = {
        who: client_of(actor).get(address).content.decode() for who, actor in (("zhao", cast.zhao), ("chen", cast.chen))
    }
    assert "13800000000" in pages["zhao"]
    assert "13800000000" not in pages["chen"]
    assert "1101************2X" in pages["zhao"]
    assert "1101" not in pages["chen"]
    assert not any("11010519491231002X" in page for page in pages.values())
    assert "林晓" in pages["chen"]
    assert "sex=" not in client_of(cast.chen).get(data_url("students"), {"sex": "2"}).context["state"].querystring()
    form = zhao.get(data_url("students", "row/2023040117/change/")).content.decode()
    assert "11010519491231002X" not in form


def test_opening_a_student_leaves_a_line_that_the_student_can_read(zhao, cast):
    zhao.get(data_url("students", "row/2023040117/"))
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        lines = [(line.actor_id, line.purpose) for line in scope.rows(AccessLine)]
    assert (cast.zhao.person, "masterdata.read") in lines
    assert "Opened your entry in the school" in client_of(cast.lin).get("/account/").content.decode()


# Who sees what: 200 it is there, 404 it is not for you, 302 sign in first.
PAGES = {
    "/office/data/": (200, 200, 200, 200, 404, 302),
    data_url("courses"): (200, 200, 200, 200, 404, 302),
    data_url("students"): (200, 200, 404, 200, 404, 302),
    data_url("courses", "row/SW1001/"): (200, 200, 200, 404, 404, 302),
    data_url("students", "row/2026010102/"): (200, 200, 404, 404, 404, 302),
    data_url("courses", "row/SW1001/change/"): (200, 404, 404, 404, 404, 302),
    data_url("courses", "add/"): (200, 404, 404, 200, 404, 302),
    data_url("courses", "import/"): (200, 404, 404, 200, 404, 302),
    data_url("courses", "source/"): (200, 404, 404, 200, 404, 302),
    data_url("courses", "template.xlsx"): (200, 200, 200, 200, 404, 302),
    data_url("courses", "export.xlsx"): (200, 404, 404, 200, 404, 302),
    data_url("nothing"): (404, 404, 404, 404, 404, 302),
}


def test_each_person_sees_exactly_what_is_theirs_to_see(zhao, cast):
    people = [client_of(one) for one in (cast.zhao, cast.chen, cast.qian, cast.sun, cast.lin, None)]
    assert {page: tuple(person.get(page).status_code for person in people) for page in PAGES} == PAGES
    assert client_of(cast.sun).get(data_url("courses")).context["rows"] == []


def test_the_owner_of_a_data_set_is_named_and_stale_data_are_called_so(zhao):
    zhao.post(data_url("courses", "source/"), {"owner": "教务处", "contact": "8001", "every_days": "30", "note": ""})
    cards = {card["data_set"].code: card for card in zhao.get("/office/data/").context["sources"]}
    assert (cards["courses"]["owner"], cards["courses"]["contact"], cards["courses"]["stale"]) == (
        "教务处",
        "8001",
        True,
    )
    assert not cards["students"]["stale"]
    wrong = zhao.post(data_url("courses", "source/"), {"every_days": "0"})
    assert set(wrong.context["form"].errors) == {"every_days"}
