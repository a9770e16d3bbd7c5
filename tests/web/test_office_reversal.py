"""Reversing a conversion and taking an import back in the office, and what the learner then reads."""

from __future__ import annotations

import pytest
from django.test.utils import setup_test_environment, teardown_test_environment

from creditbank.domain.ledger import Conversion, Use
from creditbank.domain.values import Hundredths
from creditbank.records.opening_lots import OpeningLot
from creditbank.records.scope import acting_for
from creditbank.services.ledger.convert import post_conversions
from tests.cast import AT, ON
from tests.exchange.test_opening_lots import LIN, MEI, conversion, recognition
from tests.intruder import superuser
from tests.services.bookings import deposit
from tests.services.test_run_reversal import check, money, second_registrar
from tests.web.office_cases import client_of
from tests.web.test_office_opening import uploaded

REASON = {"reverse-reason": "duplicate"}


@pytest.fixture(autouse=True, scope="module")
def _contexts():
    """Django's own instrumentation: a response knows the context of its templates."""
    setup_test_environment()
    yield
    teardown_test_environment()


@pytest.fixture
def zhao(bank, cast):
    return client_of(cast.zhao, "zh-hans")


@pytest.fixture
def liu(bank, cast):
    return client_of(second_registrar(cast), "zh-hans")


def posted(client, *rows):
    """The page of the run that a sheet became."""
    return client.post(f"{uploaded(client, *rows).url}post/").url


def conversion_of(client, learner):
    """The page of a learner's newest conversion, as the learner's record leads there."""
    page = client.get(f"/office/learners/{learner}/").content.decode()
    links = [part.partition('"')[0] for part in page.split('href="')[1:]]
    return next(link for link in links if f"/learners/{learner}/conversions/" in link)


def test_a_second_registrar_sees_each_lot_and_reverses_a_conversion_whole(zhao, liu, bank, cast):
    posted(zhao, recognition(LIN), conversion(LIN, used="3"))
    address = conversion_of(liu, cast.lin.person)
    page = liu.get(address).content.decode()
    for words in ("确定冲正这次置换", "省赛二等奖", "教务〔2023〕15号", "程序设计", "教务〔2024〕3号", "所用，将退回"):
        assert words in page, words
    # Whoever posted it is told so and finds no form; a post all the same is refused.
    assert "冲正须由另一人办理" in zhao.get(address).content.decode()
    zhao.post(address, REASON)
    assert ("省赛二等奖", "converted", 300) in money(bank)
    assert liu.post(address, {}).status_code == 422
    done = liu.post(address, REASON, follow=True)
    assert "这次置换已整体冲正，并已告知学习者" in done.content.decode()
    assert money(bank) == [("省赛二等奖", "available", 400)]
    assert check(bank) == []
    assert "这次置换已整体冲正" in liu.get(address).content.decode()
    liu.post(address, REASON)
    assert money(bank) == [("省赛二等奖", "available", 400)]
    with superuser(bank) as su:
        assert su.execute("SELECT count(*) FROM notice WHERE code = 'conversion.reversed'").fetchone() == (1,)


def test_the_learner_reads_the_reversal_beside_the_conversion(zhao, liu, cast):
    posted(zhao, recognition(LIN), conversion(LIN, used="3"))
    liu.post(conversion_of(liu, cast.lin.person), REASON)
    learner = client_of(cast.lin, "zh-hans")
    assert "置换为“程序设计”的记账已冲正" in learner.get("/learner/").content.decode()
    entries = learner.get("/learner/entries/").content.decode()
    assert entries.count("冲正 · 原条目 2024-03-08") == 2
    links = {part.partition('"')[0] for part in entries.split('href="')[1:] if "/entry/" in part.partition('"')[0]}
    pages = [learner.get(url).content.decode() for url in links if url.count("-") > 3]
    assert sum("同一次冲正" in page for page in pages) == 2
    assert sum("同一次置换" in page for page in pages) == 2


def test_a_conversion_that_something_stands_on_names_it_and_offers_no_reversal(zhao, liu, cast):
    posted(zhao, recognition(LIN), conversion(LIN, used="3"))
    first = conversion_of(liu, cast.lin.person)
    _use_what_it_made(cast)
    page = liu.get(first).content.decode()
    assert "所得学分此后已被使用" in page
    assert "须先冲正之 1" in page
    assert 'name="reverse-reason"' not in page


def _use_what_it_made(cast):
    learner = cast.lin.person
    with acting_for(institution=cast.college, purpose="test") as scope:
        lot = scope.rows(OpeningLot).get(learner_id=learner, act="conversion").lot_id
        made = (deposit(learner, "", 100, title="选修课"),)
        on_top = Conversion(learner, "top", (Use(lot, Hundredths(100)),), made, ON)
        post_conversions(scope=scope, conversions=[on_top], reason="a.b", actor=cast.zhao.person, at=AT)


def test_an_import_is_asked_back_by_one_registrar_and_confirmed_by_another(zhao, liu, bank):
    run = posted(zhao, recognition(LIN), conversion(LIN, used="3"), recognition(MEI, credit="2"))
    assert "整批冲正本次导入" in zhao.get(run).content.decode()
    address = f"{run}take-back/"
    page = zhao.get(address)
    rows = [(row["number"], row["lots"], row["taken"], row["given_back"], row["then"]) for row in page.context["rows"]]
    assert rows == [(LIN, 2, 700, 300, 0), (MEI, 1, 200, 0, 0)]
    assert zhao.post(address, {"act": "ask"}).status_code == 422
    zhao.post(address, {"act": "ask"} | REASON)
    assert "您已提出申请，须由另一位教务人员确认" in zhao.get(address).content.decode()
    seen = liu.get(address).context["preview"].digest
    assert "申请整批冲正本次导入" in liu.get(run).content.decode()
    zhao.post(address, {"act": "confirm", "seen": seen})
    assert len(money(bank)) == 4
    done = liu.post(address, {"act": "confirm", "seen": seen}, follow=True)
    assert "本次导入已整批冲正" in done.content.decode()
    assert money(bank) == []
    assert check(bank) == []
    assert liu.get(address).status_code == 302
    assert "已撤销" in liu.get("/office/imports/").content.decode()


def test_rows_whose_credit_was_used_since_are_named_before_anybody_asks(zhao, liu):
    run = posted(zhao, recognition(LIN), recognition(MEI))
    posted(zhao, conversion(LIN, used="3"))
    page = zhao.get(f"{run}take-back/")
    assert [(row["number"], row["into"], row["used"]) for row in page.context["rows"]] == [(LIN, "程序设计", 300)]
    said = page.content.decode()
    assert "本次导入的学分此后已被使用" in said
    assert 'name="act"' not in said
    answer = zhao.post(f"{run}take-back/", {"act": "ask"} | REASON, follow=True).content.decode()
    assert "有 1 笔学分此后已被使用" in answer
    assert "/conversions/" in page.context["rows"][0]["url"]
    assert liu.get(page.context["rows"][0]["url"]).status_code == 200


def test_the_pages_of_a_group_keep_to_it(zhao):
    rows = [recognition(LIN, outcome=f"项目{at:02}") for at in range(30)]
    kept = uploaded(zhao, *rows, recognition("404"))
    page = zhao.get(f"{kept.url}?verdict=recognitions")
    second = zhao.get(f"{kept.url}{page.context['state'].on_page(2).querystring()}")
    assert (second.context["shown"], len(second.context["rows"])) == ("recognitions", 10)
    run = zhao.post(f"{kept.url}post/").url
    assert zhao.get(f"{run}take-back/?show=learners").context["total"] == 1
