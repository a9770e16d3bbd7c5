"""The public pages of education resources: what is published is found, and only what is accredited is offered."""

from __future__ import annotations

import itertools
import json
import re
from datetime import date, timedelta
from html.parser import HTMLParser

import pytest
from django.conf import settings

from creditbank.domain.education_resources import Kind, Provider, Standing, accreditation_on
from creditbank.gateways import clock
from creditbank.queries.education_resources import (
    Offered,
    find_resource,
    offered_by_resource,
    offerings_of,
    page_of_resources,
)
from creditbank.records.scope import acting_for
from tests.services.masterdata_rows import bring
from tests.web.office_cases import client_of

TODAY = clock.today(settings.TIME_ZONE)


def on(days):
    return (TODAY + timedelta(days)).isoformat()


PROVIDERS = [
    {"code": "P1", "name": "软件学院", "kind": "校内"},
    {"code": "P2", "name": "云帆智能", "name_en": "Yunfan", "kind": "校外", "accredited_from": on(-100),
     "accredited_until": on(200), "contact": "张三 13900000000", "bank_code": "dou"},
    {"code": "P3", "name": "旧港", "kind": "校外", "accredited_from": on(-900), "accredited_until": on(-1)},
]  # fmt: skip
RESOURCES = [
    {"code": "R1", "name": "网页开发", "name_en": "Web", "kind": "课程", "provider": "P1", "category": "信息技术", "credit": "3",
     "hours": "48", "contact": "0571-1", "about": "用项目学习</script><b>", "published": "是"},
    {"code": "R2", "name": "测试基地", "kind": "实践基地", "provider": "P2", "category": "软件", "published": "是"},
    {"code": "R3", "name": "仓储实训", "kind": "课程", "provider": "P3", "published": "是"},
    {"code": "R4", "name": "内部课程", "kind": "课程", "provider": "P1", "contact": "secret", "published": "否"},
]  # fmt: skip
OFFERINGS = [
    {"code": "R1-1", "resource": "R1", "term": "T1", "starts_on": on(30), "ends_on": on(90), "seats": "40", "fee": "0",
     "apply_until": on(20), "contact": "选课中心"},
    {"code": "R1-0", "resource": "R1", "term": "T0", "ends_on": on(-10), "seats": "99"},
    {"code": "R2-1", "resource": "R2", "term": "T1", "ends_on": on(100), "seats": "25", "fee": "360.50", "currency": "美元"},
    {"code": "R2-2", "resource": "R2", "term": "T1", "ends_on": on(300), "seats": "26"},
    {"code": "R3-1", "resource": "R3", "term": "T1", "ends_on": on(100), "seats": "77"},
    {"code": "R4-1", "resource": "R4", "term": "T1", "ends_on": on(100), "seats": "88"},
]  # fmt: skip
TERMS = [
    {"code": "T1", "year": "Y", "name": "春", "name_en": "Spring", "starts_on": on(20), "ends_on": on(120)},
    {"code": "T0", "year": "Y", "name": "秋", "starts_on": on(-200), "ends_on": on(-1)},
]


@pytest.fixture
def shown(bank, cast):
    for code, rows in (("terms", TERMS), ("providers", PROVIDERS), ("resources", RESOURCES), ("offerings", OFFERINGS)):
        bring(bank, cast.college, code, rows, "2026-01-01", code)
    return client_of()


def page(client, address="", language="zh-hans"):
    client.cookies["language"] = language
    response = client.get(f"/resources/{address}")
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def names(client, query=""):
    return re.findall(r'row-link" href="[^"]*">([^<]*)<', page(client, query))


class Blocks(HTMLParser):
    """Reads data blocks as a browser does."""

    def __init__(self):
        super().__init__()
        self.found, self.inside = [], False

    def handle_starttag(self, tag, attrs):
        self.inside = (tag, dict(attrs).get("type")) == ("script", "application/ld+json")

    def handle_data(self, data):
        if self.inside:
            self.found.append(data)

    def handle_endtag(self, tag):
        self.inside = False


def blocks(text):
    parser = Blocks()
    parser.feed(text)
    return [json.loads(block) for block in parser.found]


def test_what_is_published_is_listed_without_an_account_and_what_is_accredited_comes_first(shown):
    assert names(shown) == ["测试基地", "网页开发", "仓储实训"]
    text = page(shown)
    assert "内部课程" not in text
    assert text.index("校内开设") < text.index("认证已到期")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=wang+ye", ["网页开发"]),
        ("?q=wangye", ["网页开发"]),
        ("?q=R2", ["测试基地"]),
        ("?q=云帆", ["测试基地"]),
        ("?q=%25", []),
        ("?q=内部", []),
        ("?kind=course", ["网页开发", "仓储实训"]),
        ("?kind=practice_base", ["测试基地"]),
        ("?side=internal", ["网页开发"]),
        ("?side=external", ["测试基地", "仓储实训"]),
        ("?category=软件", ["测试基地"]),
        ("?term=T1", ["测试基地", "网页开发", "仓储实训"]),
        ("?term=T0", ["测试基地", "网页开发", "仓储实训"]),  # a past term is no choice
        ("?provider=svc%7CP2", ["测试基地"]),
        ("?accredited=yes", ["测试基地", "网页开发"]),
        ("?accredited=no", ["仓储实训"]),
        ("?kind=course&side=external", ["仓储实训"]),
        ("?kind=nonsense&sort=;--&page=999", ["测试基地", "网页开发", "仓储实训"]),
    ],
)
def test_the_list_is_narrowed_by_its_address_alone(shown, query, found):
    assert names(shown, query) == found


def test_pages_follow_each_other(bank, cast, shown):
    bring(bank, cast.college, "resources", [
        {"code": f"X{n:03}", "name": f"丁课程 {n:03}", "provider": "P1", "published": "是"} for n in range(45)
    ], "2026-02-01", "more")  # fmt: skip
    first, second, third = (names(shown, f"?page={number}") for number in (1, 2, 3))
    assert [len(first), len(second), len(third)] == [20, 20, 8]
    assert len({*first, *second, *third}) == 48
    assert third[-1] == "仓储实训"


def test_a_page_says_seats_fee_contact_and_until_when_one_applies(shown):
    text = page(shown, "svc/R1/")
    assert all(
        said in text
        for said in ("网页开发", "3.0 学分", "48 学时", "0571-1", "40", "免费", "选课中心", on(20), "可报名")
    )
    assert "R1-0" not in text, "a term that is over is not shown"
    assert "Yunfan" in page(shown, "svc/R2/", "en")
    assert "USD 360.50" in page(shown, "svc/R2/", "en")
    assert "360.50 美元" in page(shown, "svc/R2/")


def test_an_offering_past_the_end_of_the_accreditation_says_so(shown):
    text = page(shown, "svc/R2/")
    assert f"结束日期 {on(300)} 晚于机构认证截止日期 {on(200)}。" in text
    assert "不开放" in text


def test_an_expired_resource_says_so_and_offers_nothing(shown):
    text = page(shown, "svc/R3/")
    assert f"机构认证已于 {on(-1)} 到期，不再开放。" in text
    assert "R3-1" not in text
    assert re.search(r">\s*77\b", text) is None
    assert blocks(text) == []


def test_what_is_not_published_is_nowhere_also_for_who_keeps_it(shown, cast):
    for client in (shown, client_of(cast.zhao), client_of(cast.lin)):
        assert client.get("/resources/svc/R4/").status_code == 404
        assert client.get("/resources/dou/R1/").status_code == 404
        # A session's token may well hold the two signs R4.
        assert "/R4/" not in page(client)
        assert "内部课程" not in page(client)


def test_a_scope_that_may_read_it_still_finds_no_unpublished_resource_for_a_public_page(shown, cast):
    with acting_for(institution=cast.college, purpose="test") as scope:
        assert find_resource(scope, "svc", "R4", day=TODAY) is None
        assert page_of_resources(scope, day=TODAY, filters={})[1] == 3


def test_the_providers_own_contact_stays_in_the_office(shown, cast):
    for address in ("", "svc/R2/"):
        assert "13900000000" not in page(shown, address)
        assert "张三" not in page(shown, address)
    assert "张三" in client_of(cast.zhao).get("/office/data/providers/row/P2/").content.decode()


def test_a_provider_that_is_itself_in_the_bank_is_named_as_such_and_gains_nothing(shown, cast):
    assert "在本银行的成员机构" in page(shown, "svc/R2/")
    assert "在本银行的成员机构" not in page(shown, "svc/R1/")
    assert client_of(cast.sun).get("/office/data/providers/row/P2/").status_code == 404


def test_a_course_has_structured_data_that_no_description_can_break_out_of(shown):
    text = page(shown, "svc/R1/")
    (found,) = blocks(text)
    assert (found["@type"], found["name"], found["description"]) == ("Course", "网页开发", "用项目学习</script><b>")
    (instance,) = found["hasCourseInstance"]
    assert (instance["maximumAttendeeCapacity"], instance["endDate"]) == (40, on(90))
    assert instance["offers"]["price"] == "0.00"
    assert "</script><b>" not in text
    assert blocks(page(shown, "svc/R2/")) == [], "a practice base is no course"


def test_an_empty_bank_says_why_there_is_nothing(bank, cast):
    assert "还没有公开的资源" in page(client_of())


def test_a_key_of_any_letters_has_an_address(bank, cast):
    rows = [{"code": "网页/一?&", "name": "怪课", "published": "是"}]
    bring(bank, cast.college, "resources", rows, "2026-01-01", "odd")
    text = page(client_of())
    address = re.search(r'row-link" href="/resources/([^"]*)"', text)[1]
    assert "怪课" in page(client_of(), address)
    assert client_of().get("/resources/svc/~%%%/").status_code == 404
    assert client_of().get("/resources/svc/~AAAA_w/").status_code == 404


def test_the_list_and_the_page_agree_with_the_decision_for_every_provider(bank, cast):
    """The database orders and filters by its own word for accreditation; it is the domain's."""
    days = [None, -2, 0, 2]
    made = list(itertools.product(["", "internal", "external"], days, days, [False, True]))
    shift = {None: "", **{day: on(day) for day in days if day is not None}}
    bring(bank, cast.college, "providers", [
        {"code": f"P{n}", "kind": kind, "accredited_from": shift[since], "accredited_until": shift[until],
         "retired": "是" if retired else ""} for n, (kind, since, until, retired) in enumerate(made)
    ], "2026-01-01", "p")  # fmt: skip
    bring(bank, cast.college, "resources", [
        {"code": f"R{n}", "provider": f"P{n}", "published": "是"} for n in range(len(made))
    ] + [{"code": "R-none", "published": "是"}], "2026-01-01", "r")  # fmt: skip
    with acting_for(purpose="public") as scope:
        accredited, _total = page_of_resources(scope, day=TODAY, filters={"accredited": "yes"}, limit=500)
        others, _total = page_of_resources(scope, day=TODAY, filters={"accredited": "no"}, limit=500)
        assert find_resource(scope, "svc", "R-none", day=TODAY).provider is None
    want = set()
    for n, (kind, since, until, retired) in enumerate(made):
        first, last = (date.fromisoformat(shift[day]) if day is not None else None for day in (since, until))
        if accreditation_on(Provider(Kind(kind) if kind else None, first, last, retired), TODAY)[0].stands:
            want.add(f"R{n}")
    assert {one.code for one in accredited} == want
    assert {one.code for one in others} == {"R-none", *(f"R{n}" for n in range(len(made)))} - want


def test_what_is_counted_for_a_page_is_what_each_offering_is_judged_to_be(shown, bank, cast):
    days = (None, -5, 0, 5, 40, 150, 250)
    rows = [
        {"code": f"N{n}", "resource": f"R{n % 3 + 1}", "term": "T1" if n % 2 else "",
         **({"starts_on": on(starts)} if starts is not None else {}), **({"ends_on": on(ends)} if ends is not None else {}),
         **({"seats": "0" if n % 3 else "9"} if n % 5 else {}), **({"apply_until": on(n % 9 - 4)} if n % 4 else {})}
        for n, (starts, ends) in enumerate(itertools.product(days, days))
    ]  # fmt: skip
    bring(bank, cast.college, "offerings", rows, "2026-01-02", "more")
    with acting_for(purpose="public") as scope:
        found, _total = page_of_resources(scope, day=TODAY, filters={})
        counted = offered_by_resource(scope, found, day=TODAY)
        for one in found:
            lines, total = offerings_of(scope, one, day=TODAY, limit=500)
            opened = sum(line.standing is Standing.OPEN for line in lines)
            assert counted[one.institution, one.code] == Offered(total, opened)
    assert sum(one.open for one in counted.values()) > 3
