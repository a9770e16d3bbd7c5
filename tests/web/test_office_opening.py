"""Opening lots in the office: upload, dry run, post once, and what the learner then reads."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from creditbank.domain.access import Actor, Role
from creditbank.gateways.clock import new_id
from tests.exchange.test_opening_lots import HEAD, LIN, conversion, lots, recognition
from tests.intruder import superuser
from tests.web.office_cases import client_of
from tests.web.office_sheets import csv_sheet

pytestmark = pytest.mark.usefixtures("contexts")

UPLOAD = "/office/imports/opening/"


@pytest.fixture
def zhao(bank, cast):
    return client_of(cast.zhao, "zh-hans")


def uploaded(client, *rows, head=HEAD):
    return client.post(UPLOAD, {"file": SimpleUploadedFile("期初.csv", csv_sheet([head, *rows]))})


def test_a_registrar_tries_a_sheet_and_posts_it_once(zhao, bank, cast):
    kept = uploaded(zhao, recognition(LIN), conversion(LIN, used="3"), recognition("404"))
    assert kept.status_code == 302
    dry = zhao.get(kept.url)
    assert [(group["count"], group["here"]) for group in dry.context["groups"]] == [
        ("1", False), ("1", False), ("1", True),
    ]  # fmt: skip
    assert "本机构没有学号为 404 的学习者" in dry.content.decode()
    assert "本机构没有学号为 404 的学习者" in zhao.get(f"{kept.url}problems.csv").content.decode()
    shown = zhao.get(f"{kept.url}?verdict=conversions").content.decode()
    assert "省赛二等奖 → 程序设计" in shown
    with superuser(bank) as su:
        assert su.execute("SELECT count(*) FROM posting").fetchone() == (0,)
    posted = zhao.post(f"{kept.url}post/")
    report = zhao.get(posted.url)
    assert "学号为 404" in report.content.decode()
    assert zhao.post(f"{kept.url}post/").url == posted.url
    assert zhao.get(kept.url).url == posted.url
    assert {row[0]: row[4] for row in lots(bank, cast.lin.person) if row[3] == "available"} == {
        "省赛二等奖": 100, "程序设计": 300,
    }  # fmt: skip
    assert "期初" in zhao.get("/office/imports/").content.decode()


def test_a_learner_reads_both_sides_of_an_old_conversion_and_its_document(zhao, cast):
    kept = uploaded(zhao, recognition(LIN), conversion(LIN, used="3"))
    zhao.post(f"{kept.url}post/")
    learner = client_of(cast.lin, "zh-hans")
    entries = learner.get("/learner/entries/").content.decode()
    for words in ("认定存入", "用于置换", "置换所得", "2023", "2024"):
        assert words in entries, words
    with_document = [
        learner.get(url).content.decode()
        for url in {
            part.partition('"')[0] for part in entries.split('href="')[1:] if "/entry/" in part.partition('"')[0]
        }
        if url.count("-") > 3
    ]
    assert sum("教务〔2023〕15号" in page for page in with_document) == 2
    assert sum("教务〔2024〕3号" in page for page in with_document) == 1
    # Both lines of the conversion lead to each other; the recognition stands alone.
    assert sum("同一次置换" in page for page in with_document) == 2


def test_a_sheet_that_is_none_is_refused_with_the_reason_and_nothing_is_kept(zhao):
    page = uploaded(zhao, ("a", "b"), head=("甲", "乙"))
    assert page.status_code == 422
    assert "学号" in page.content.decode()
    assert zhao.post(UPLOAD, {}).status_code == 422


def test_the_desk_of_one_college_and_other_schools_do_not_see_it(zhao, cast):
    kept = uploaded(zhao, recognition(LIN))
    for actor in (cast.sun, cast.chen, cast.qian):
        assert client_of(actor).get(kept.url).status_code in {403, 404}
        assert client_of(actor).post(f"{kept.url}post/").status_code in {403, 404}
    assert zhao.get(f"{UPLOAD}{new_id()}/").status_code == 404
    assert Role.REGISTRAR in cast.sun.roles
    assert isinstance(cast.sun, Actor)
