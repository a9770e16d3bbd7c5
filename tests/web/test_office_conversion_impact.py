"""Who is affected by a draft of conversion rules: the conversions that stand, under it and under what is in force."""

from __future__ import annotations

import re

import pytest

from creditbank.exchange.documents import read_document
from creditbank.exchange.rule_drafts import begin_from_version, save_document
from creditbank.gateways.clock import new_id
from creditbank.gateways.documents import pack_bytes
from creditbank.records.catalogue import Course
from creditbank.records.operations import AccessLine
from creditbank.services.ledger.undo import ConversionReversal, reverse_conversions
from creditbank.services.rules import publish_rule_version
from tests.cast import AT, ON
from tests.services.bookings import deposit, post
from tests.services.rule_drafts import at, done
from tests.services.test_conversions import conversion, convert
from tests.web.office_cases import client_of

pytestmark = pytest.mark.usefixtures("contexts")
CODE = "cn-conversion-a"


def drafted(cast, change):
    """The pack in force at the school with its course, and a draft of it with a change; returns the draft's address."""
    document = read_document(pack_bytes(CODE) or b"", name=CODE)
    with at(cast.zhao) as scope:
        scope.rows(Course).create(
            id=new_id(), institution_id=cast.college, code="MATH1", name="高等数学", credit=300, category="professional"
        )
        version = publish_rule_version(scope=scope, document=document, effective_from=ON, actor=cast.college, at=AT)
        draft = done(begin_from_version(scope=scope, actor=cast.zhao, version_id=version.id, at=AT))
        change(document)
        done(save_document(scope=scope, actor=cast.zhao, draft_id=draft.id, revision=1, document=document, at=AT))
    return f"/office/rules/drafts/{draft.id}/"


def converted(cast, *held):
    """For each learner a lot of so much credit, 3 credits of mathematics made of it."""
    found = []
    for number, (who, credit) in enumerate(held):
        (lot,) = post(cast, deposit(who.person, f"d{number}", credit))
        (made,) = convert(cast, conversion(who.person, (lot.lot_id, 300), key=f"c{number}"))
        found.append((who.person, made.conversion_id))
    return found


def keep(document):
    document["surplus"] = "kept"


def close(document):
    document["closed"][0]["courses"] = ["MATH1"]


def effects(page):
    return {effect.value: (tally.count, tally.gain) for effect, tally in page.context["answer"].impact.effects.items()}


def test_conversions_are_counted_and_each_that_changes_opens_with_both_traces(bank, cast):
    first, _second = converted(cast, (cast.lin, 500), (cast.mei, 300))
    draft = drafted(cast, keep)
    browser = client_of(cast.zhao)
    page = browser.get(draft + "impact/")
    assert effects(page) == {"up": (1, 0), "same": (1, 0)}
    said = page.content.decode()
    assert "2 conversions since 2026-11-18" in said
    assert "On better terms" in said
    assert re.search(r'href="/office/conversion-rules/"[^>]*aria-current', said)
    assert re.findall(r">[^<]*\bclaim[^<]*<", said.split("<main")[1]) == []
    (row,) = browser.get(draft + "impact/claims/").context["rows"]
    assert (row["before"], row["after"], row["outcome"]) == ("3.0, uses 5.0 · 90", "3.0, uses 3.0 · 90", "Second prize")
    assert row["url"] == f"{draft}impact/claims/{first[0]}/{first[1]}/"
    one = browser.get(row["url"])
    old, new = one.context["sides"]
    assert (old.credit, new.credit) == (300, 300)
    lines = [{line.code for line in side.explanation[0].lines} for side in (old, new)]
    assert "conversion.surplus_lost" in lines[0]
    assert "conversion.surplus_kept" in lines[1]
    assert browser.get(draft + "impact/claims/?effect=down").context["total"] == 0
    assert browser.get(draft + "impact/claims/?cohort=2023").context["total"] == 1
    # The draft's page fetches the same figures beside its text.
    assert f'hx-get="{draft}impact/part/"' in browser.get(draft).content.decode()
    assert effects(browser.get(draft + "impact/part/")) == effects(page)


def test_a_reviewer_of_one_college_sees_its_learners_and_figures_alone(bank, cast):
    theirs, ours = converted(cast, (cast.lin, 300), (cast.mei, 300))
    draft = drafted(cast, close)
    whole, at_college = client_of(cast.chen), client_of(cast.qian)
    assert effects(whole.get(draft + "impact/")) == {"refused": (2, -600)}
    assert effects(at_college.get(draft + "impact/")) == {"refused": (1, -300)}
    said = at_college.get(draft + "impact/claims/").content.decode()
    assert str(ours[1]) in said
    assert str(theirs[1]) not in said
    for (learner, one), status in ((ours, 200), (theirs, 404)):
        address = f"{draft}impact/claims/{learner}/{one}/"
        assert at_college.get(address).status_code == status
        assert whole.get(address).status_code == 200
        assert client_of(cast.sun).get(address).status_code == 404
    assert client_of(cast.lin).get(draft + "impact/").status_code in (403, 404)


def test_opening_a_conversion_leaves_the_line_that_its_learner_reads(bank, cast):
    (one,) = converted(cast, (cast.lin, 300))
    draft = drafted(cast, close)
    client_of(cast.chen).get(f"{draft}impact/claims/{one[0]}/{one[1]}/")
    with at(cast.zhao) as scope:
        assert scope.rows(AccessLine).filter(learner_id=one[0], actor_id=cast.chen.person).count() == 1


def test_a_bank_without_conversions_and_one_with_others_say_so_in_plain_words(bank, cast):
    draft = drafted(cast, keep)
    page = client_of(cast.zhao, "zh-hans").get(draft + "impact/").content.decode()
    assert "学分银行中还没有置换记录" in page
    (lot,) = post(cast, deposit(cast.lin.person))
    other = deposit(cast.lin.person, "", 300, title="x", code="OTHER", category="course")
    (made,) = convert(cast, conversion(cast.lin.person, (lot.lot_id, 300), made=(other,)))
    page = client_of(cast.zhao, "en").get(draft + "impact/").content.decode()
    assert "1 conversion stands in the bank; it is not into anything" in page
    with at(cast.zhao) as scope:
        undone = ConversionReversal(cast.lin.person, made.conversion_id, "u")
        done(
            reverse_conversions(
                scope=scope, reversals=[undone], reason="conversion.duplicate", actor=cast.chen.person,
                effective_on=ON, at=AT,
            )
        )  # fmt: skip
    assert "there is no history" in client_of(cast.zhao, "en").get(draft + "impact/").content.decode()


def test_first_figures_are_of_the_newest_conversions_and_say_so(bank, cast, monkeypatch):
    converted(cast, (cast.lin, 300), (cast.mei, 300))
    draft = drafted(cast, close)
    monkeypatch.setattr("creditbank.queries.rule_impact.FIRST_CONVERSIONS", 1)
    browser = client_of(cast.zhao)
    first = browser.get(draft + "impact/part/")
    assert effects(first) == {"refused": (1, -300)}
    assert "The newest 1 conversions" in first.content.decode()
    assert effects(browser.get(draft + "impact/part/?all=1")) == {"refused": (2, -600)}
