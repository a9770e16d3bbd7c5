"""Pages of public notice, objections, appeals and letters, as each of those concerned sees them."""

from __future__ import annotations

import pytest
from django.test import override_settings

from creditbank.gateways.typesetting import FAMILIES, FontProblem, typeset
from creditbank.queries.letters import letter_of
from creditbank.records.appeals import Objection
from creditbank.records.scope import acting_for
from tests.cast import AT
from tests.services.appeal_cases import (
    GROUNDS,
    appeal_now,
    appealed,
    claim_now,
    colleagues,
    letters_of,
    object_to,
    published,
    refused,
    seat,
    vote,
)
from tests.web import office_cases


def client_of(actor):
    """A browser that reads Chinese."""
    return office_cases.client_of(actor, language="zh-hans")


def objections(cast):
    with acting_for(institution=cast.college, purpose="test") as scope:
        return list(scope.rows(Objection).order_by("raised_at", "objection_id"))


def test_anybody_objects_from_the_list_and_a_machine_is_thanked_for_nothing(bank, cast):
    claim, guest = published(cast), office_cases.client_of(language="zh-hans")
    listed = guest.get("/publicity/", {"at": "svc"}).content.decode()
    address = f"/publicity/{cast.college}/claim/{claim.claim_id}/objection/"
    assert address in listed
    assert "2023****17" in listed
    assert "2023040117" not in listed
    assert guest.post(address, {"said": "该项成果不是本人完成的，请核查。"}).status_code == 422
    whole = {"said": "该项成果不是本人完成的，请核查。", "name": "张先生", "contact": "zhang@example.org"}
    assert guest.post(address, whole | {"website": "https://spam.example"}).status_code == 302
    assert objections(cast) == []
    assert guest.post(address, whole).status_code == 302
    (one,) = objections(cast)
    assert claim_now(cast, claim).state == "objected"
    page = client_of(cast.zhao).get(f"/office/objections/{cast.lin.person}/{one.objection_id}/").content.decode()
    assert "张先生" in page
    assert "zhang@example.org" in page
    mine = client_of(cast.lin).get(f"/learner/objections/{one.objection_id}/").content.decode()
    assert "张先生" not in mine
    assert "不是本人完成" in mine
    assert guest.get(f"/publicity/{cast.university}/claim/{claim.claim_id}/objection/").status_code == 404


def test_an_objection_is_replied_to_and_answered_with_the_day_it_becomes_final(bank, cast):
    claim = published(cast)
    one = object_to(cast, claim.claim_id)
    lin, zhao = client_of(cast.lin), client_of(cast.zhao)
    assert lin.post(f"/learner/objections/{one.objection_id}/", {"reply": "本人完成，附签到表。"}).status_code == 302
    address = f"/office/objections/{cast.lin.person}/{one.objection_id}/"
    assert "本人完成" in zhao.get(address).content.decode()
    assert zhao.post(address, {"answer-verdict": "dismiss"}).status_code == 422
    assert zhao.post(address, {"answer-verdict": "dismiss", "answer-answer": "材料属实。"}).status_code == 302
    assert claim_now(cast, claim).state == "recognised"
    assert claim_now(cast, claim).final_on.isoformat() in lin.get("/learner/notices/").content.decode()


def test_a_letter_says_in_both_languages_what_was_decided_why_and_how_to_appeal(bank, cast):
    claim = refused(cast)
    (letter,) = letters_of(cast, claim.claim_id)
    lin = client_of(cast.lin)
    address = f"/learner/letters/{letter.letter_id}/"
    chinese = lin.get(address).content.decode()
    for words in (
        "不予认定决定书",
        "照片看不清",
        "示范职业学院",
        letter.content_hash,
        letter.content["rules"][0]["hash"],
    ):
        assert words in chinese
    assert letter.appeal_until.isoformat() in chinese
    lin.cookies["language"] = "en"
    english = lin.get(address).content.decode()
    assert "Decision not to recognise" in english
    assert "32 to under 96 hours: 1 credit." in english
    assert letter.number in client_of(cast.chen).get(
        f"/office/letters/{cast.lin.person}/{letter.letter_id}/"
    ).content.decode()  # fmt: skip
    assert client_of(cast.mei).get(address).status_code == 404


def test_a_letter_is_the_same_file_each_time_and_says_what_is_missing_without_a_font(bank, cast, tmp_path):
    claim = refused(cast)
    (letter,) = letters_of(cast, claim.claim_id)
    lin = client_of(cast.lin)
    address = f"/learner/letters/{letter.letter_id}/letter.pdf"
    with override_settings(FONTS=str(tmp_path)):
        missing = lin.get(address)
    assert missing.status_code == 503
    assert "CREDITBANK_FONTS" in missing.content.decode()
    try:
        typeset("letter", _smallest(cast, letter), fonts="", at=AT)
    except FontProblem:
        pytest.skip(f"no font of {', '.join(FAMILIES)} on this machine")
    first, second = lin.get(address), lin.get(address)
    assert first.content == second.content
    assert first.content.startswith(b"%PDF-")
    assert first["Content-Disposition"] == f'attachment; filename="{letter.number}.pdf"'
    assert lin.get(address, {"language": "en"}).content != first.content


def _smallest(cast, letter):
    from creditbank.exchange.letters import letter_data

    with acting_for(institution=cast.college, purpose="test") as scope:
        return letter_data(letter_of(scope, letter.learner_id, letter.letter_id), "zh-hans")


def test_an_appeal_is_filed_shown_and_withdrawn_on_one_page(bank, cast):
    claim = refused(cast)
    (letter,) = letters_of(cast, claim.claim_id)
    lin, address = client_of(cast.lin), f"/learner/letters/{letter.letter_id}/appeal/"
    assert lin.post(address, {"grounds": "不服"}).status_code == 422
    assert lin.post(address, {"grounds": GROUNDS}).status_code == 302
    assert GROUNDS in lin.get(address).content.decode()
    assert lin.post(address, {"act": "withdraw"}).status_code == 302
    assert claim_now(cast, claim).state == "refused"
    assert "撤回申诉" not in lin.get(address).content.decode()


def test_the_panel_votes_without_seeing_the_other_votes(bank, cast):
    _claim, appeal = appealed(cast)
    people = colleagues(cast)
    zhao, address = client_of(cast.zhao), f"/office/appeals/{cast.lin.person}/{appeal.appeal_id}/"
    offered = zhao.get(address).content.decode()
    assert str(people[0].person) in offered
    assert str(cast.chen.person) not in offered
    assert zhao.post(f"{address}conduct/", {}).status_code == 422
    named = {"panel-people": [str(one.person) for one in people]}
    assert zhao.post(f"{address}conduct/", named).status_code == 302
    vote(cast, appeal, people[0], 200, "应予认定")
    jia = client_of(people[1])
    waiting = jia.get(address).content.decode()
    assert "应予认定" not in waiting
    assert "同意 2.0 学分" not in waiting
    assert (
        jia.post(f"{address}vote/", {"vote-verdict": "grant", "vote-reason": "同意", "vote-credit": ""}).status_code
        == 422
    )
    assert jia.post(f"{address}vote/", {"vote-verdict": "stand", "vote-reason": "材料不清"}).status_code == 302
    assert client_of(people[2]).post(f"{address}vote/", {"act": "aside"}).status_code == 302
    assert appeal_now(cast, appeal).state == "heard"
    assert "补选成员" in zhao.get(address).content.decode()
    assert "名单" not in client_of(cast.chen).get(address).content.decode()


def test_an_appeal_is_not_admitted_with_a_reason_that_stands_in_its_letter(bank, cast):
    claim, appeal = appealed(cast)
    zhao, address = client_of(cast.zhao), f"/office/appeals/{cast.lin.person}/{appeal.appeal_id}/"
    assert zhao.post(f"{address}conduct/", {"act": "reject"}).status_code == 422
    given = {"act": "reject", "reject-reason": "no_grounds", "reject-note": "请说明哪份材料被忽略"}
    assert zhao.post(f"{address}conduct/", given).status_code == 302
    letter = letters_of(cast, claim.claim_id)[-1]
    page = client_of(cast.lin).get(f"/learner/letters/{letter.letter_id}/").content.decode()
    assert "请说明哪份材料被忽略" in page
    assert "申诉未提出针对原决定的理由" in page


def test_the_list_of_the_desk_counts_what_waits(bank, cast):
    _claim, appeal = appealed(cast)
    seat(cast, appeal, colleagues(cast))
    object_to(cast, published(cast, actor=cast.mei).claim_id)
    page = client_of(cast.zhao).get("/office/appeals/").content.decode()
    assert str(appeal.appeal_id) in page
    assert "/office/objections/" in page
    assert str(appeal.appeal_id) not in client_of(cast.qian).get("/office/appeals/").content.decode()
    assert str(appeal.appeal_id) not in client_of(cast.zhao).get("/office/appeals/?closed=1").content.decode()
