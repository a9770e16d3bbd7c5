"""The learner's portal through its pages, on a real bank: deposit, requests, passbook, entries, proofs."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client

from creditbank.domain.log.leaf import opens
from creditbank.gateways import database
from creditbank.gateways.clock import new_id, now
from creditbank.gateways.log_files import TileStore
from creditbank.gateways.signing import open_or_create_log_key
from creditbank.queries.passbook import entry_of, figures_of, lines_of
from creditbank.queries.proofs import posting_record_of
from creditbank.records.recognition import Claim, Evidence
from creditbank.records.scope import acting_for
from creditbank.services.log import sequence_once
from creditbank.services.recognition.review import CaseKey, approve_claim, request_supplement, reverse_claim
from tests.cast import PASSWORD

PDF = b"%PDF-1.4 a certificate"
FACTS = {
    "kind": "contest", "activity": "网页设计大赛 2026", "tier": "provincial", "award": "second",
    "organiser": "government", "role": "lead", "earned_on": "2026-06-15",
}  # fmt: skip
ASKED = ",".join(FACTS)
TITLE = "省级网页设计大赛二等奖"


def signed_in(who, language="en"):
    client = Client(HTTP_HOST="localhost", HTTP_ACCEPT_LANGUAGE=language)
    client.post("/account/sign-in/", {"sign_in": who, "password": PASSWORD})
    return client


@pytest.fixture
def lin(cast):
    return signed_in("lin")


def posted(facts=None, *, title=TITLE, asked=None):
    facts = FACTS if facts is None else facts
    return {
        "title": title, "asked": ",".join(facts) if asked is None else asked,
        **{f"fact_{name}": value for name, value in facts.items()},
    }  # fmt: skip


def begun(client, cast, kind="innovation"):
    """The address of a new draft."""
    answer = client.post("/learner/deposit/", {"offer": f"{cast.college}|{kind}"})
    assert answer.status_code == 302, answer.content.decode()
    return answer.headers["Location"].removesuffix("facts/")


def filed(client, cast, **more):
    """Walk the whole wizard; the key of the submitted claim."""
    place = begun(client, cast)
    assert client.post(f"{place}facts/", posted(**more)).headers["Location"] == f"{place}evidence/"
    files = {"files": SimpleUploadedFile("证书.pdf", PDF), "then": "check"}
    assert client.post(f"{place}evidence/", files).headers["Location"] == f"{place}check/"
    assert client.post(f"{place}check/").headers["Location"] == f"{place}done/"
    return claim_at(cast, place)


def claim_at(cast, place):
    return CaseKey(cast.lin.person, UUID(place.split("/")[-2]))


def stored(key):
    with acting_for(person=key.learner_id, purpose="test") as scope:
        return scope.rows(Claim).get(claim_id=key.claim_id)


def approved(cast, key):
    with acting_for(institution=cast.college, purpose="test") as scope:
        decided = approve_claim(scope=scope, actor=cast.chen, key=key, at=now(), on=now().date())
    assert decided.refusal is None
    return stored(key)


def reversed_(cast, key):
    with acting_for(institution=cast.college, purpose="test") as scope:
        return reverse_claim(
            scope=scope, actor=cast.zhao, key=key, reason="duplicate", at=now(), on=now().date()
        )  # fmt: skip


def sequenced(bank):
    signer = open_or_create_log_key(bank, "creditbank.local/centre")
    login = replace(database.logins(bank)["sequencer"], dbname=connections["sequencer"].settings_dict["NAME"])
    with login.connect(autocommit=True) as connection:
        sequence_once(connection=connection, store=TileStore(bank.log), signer=signer)


def page(client, address, status=200):
    answer = client.get(address)
    assert answer.status_code == status, answer.content.decode()[:2000]
    return answer.content.decode()


def words(html):
    main = html[html.index("<main") : html.index("</main>")] if "<main" in html else html
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main))


def test_a_newcomer_sees_an_empty_passbook_and_one_way_in(lin):
    text = page(lin, "/learner/")
    assert "Your first credit" in text
    assert text.count('class="btn go"') == 1
    assert "Converted" not in text


def test_the_wizard_leads_from_the_kind_to_a_number(lin, cast):
    key = filed(lin, cast)
    claim = stored(key)
    assert (claim.state, claim.credit, claim.title) == ("submitted", 300, TITLE)
    done = words(page(lin, f"/learner/deposit/{key.claim_id}/done/"))
    assert claim.number in done
    assert "3.0" in done


def test_a_step_sent_twice_makes_one_draft_and_one_claim(lin, cast):
    place = begun(lin, cast)
    assert begun(lin, cast) == place
    key = filed(lin, cast)
    again = lin.post(f"/learner/deposit/{key.claim_id}/check/")
    assert again.headers["Location"] == f"/learner/deposit/{key.claim_id}/done/"
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        assert scope.rows(Claim).count() == 1
    assert stored(key).version == 2


def test_the_proposal_says_what_it_would_give_and_why(lin, cast):
    place = begun(lin, cast)
    said = words(lin.post(f"{place}proposal/", posted()).content.decode())
    assert "This would give 3.0 credits" in said
    assert "provincial-second" in said
    assert "second prize: 3 credits" in said


def test_the_proposal_asks_for_what_is_missing_before_it_says_anything(lin, cast):
    place = begun(lin, cast)
    facts = {name: value for name, value in FACTS.items() if name not in ("award", "earned_on")}
    said = words(lin.post(f"{place}proposal/", posted(facts, asked=ASKED)).content.decode())
    assert "This would give" not in said
    assert "Award" in said
    assert "Earned on" in said
    assert "Contest level" not in said


def test_another_kind_of_outcome_brings_its_own_questions(lin, cast):
    place = begun(lin, cast)
    answer = lin.post(f"{place}proposal/", posted({"kind": "computer"}, asked="kind,earned_on")).content.decode()
    assert 'hx-swap-oob="true"' in answer
    assert 'name="fact_rank"' in answer
    assert 'name="fact_tier"' not in answer
    assert 'value="kind,rank,computing_major,earned_on"' in answer
    same = lin.post(f"{place}proposal/", posted()).content.decode()
    assert "hx-swap-oob" not in same


def test_without_a_script_new_questions_are_shown_before_the_next_step(lin, cast):
    place = begun(lin, cast)
    answer = lin.post(f"{place}facts/", posted({"kind": "contest", "earned_on": "2026-06-15"}, asked="kind,earned_on"))
    assert answer.status_code == 200
    assert "Please check these entries" not in answer.content.decode()
    assert 'name="fact_tier"' in answer.content.decode()
    assert stored(claim_at(cast, place)).facts == {"kind": "contest", "earned_on": "2026-06-15"}


def test_wrong_answers_are_named_at_the_top_and_at_their_question_and_nothing_is_lost(lin, cast):
    place = begun(lin, cast)
    answer = lin.post(f"{place}facts/", posted({**FACTS, "earned_on": "15.6.2026", "award": ""}, asked=ASKED))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "<title>Error: " in text
    assert 'href="#id_fact_earned_on"' in text
    assert 'href="#id_fact_award_0"' in text
    assert 'value="15.6.2026"' in text
    kept = stored(claim_at(cast, place))
    assert (kept.title, kept.facts["activity"]) == (TITLE, FACTS["activity"])


def test_an_answer_to_a_question_that_no_longer_applies_is_left_behind(lin, cast):
    place = begun(lin, cast)
    lin.post(f"{place}facts/", posted())
    other = {"kind": "computer", "rank": "rank2", "computing_major": "true", "earned_on": "2026-06-15"}
    lin.post(f"{place}facts/", posted({**FACTS, **other}, asked="kind,rank,computing_major,earned_on"))
    assert stored(claim_at(cast, place)).facts == other


def test_a_draft_is_kept_at_each_step_and_can_be_taken_up_again(lin, cast):
    place = begun(lin, cast)
    lin.post(f"{place}facts/", posted())
    later = signed_in("lin")
    assert TITLE in page(later, "/learner/deposit/")
    assert f'value="{TITLE}"' in page(later, f"{place}facts/")


def test_several_files_are_kept_at_once_and_a_bad_one_is_named(lin, cast):
    place = begun(lin, cast)
    lin.post(f"{place}facts/", posted())
    files = [
        SimpleUploadedFile("a.pdf", PDF),
        SimpleUploadedFile("b.png", b"\x89PNG\r\n\x1a\n rest"),
        SimpleUploadedFile("c.exe", b"MZ"),
    ]
    answer = lin.post(f"{place}evidence/", {"files": files, "then": "check"})
    assert answer.status_code == 422
    assert "c.exe is neither a PDF" in words(answer.content.decode())
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        assert sorted(scope.rows(Evidence).values_list("name", flat=True)) == ["a.pdf", "b.png"]


def test_a_required_file_cannot_be_left_out(lin, cast):
    place = begun(lin, cast)
    lin.post(f"{place}facts/", posted())
    assert lin.post(f"{place}evidence/", {"then": "check"}).status_code == 422
    refused = lin.post(f"{place}check/")
    assert refused.status_code == 422
    assert "at least one file as evidence" in words(refused.content.decode())
    assert stored(claim_at(cast, place)).state == "draft"


def test_the_answers_are_checked_in_words_with_ways_back(lin, cast):
    place = begun(lin, cast)
    lin.post(f"{place}facts/", posted())
    text = page(lin, f"{place}check/")
    assert "provincial" in text
    assert "second prize" in text
    assert f'{place}facts/#id_fact_award"' in text


def test_a_file_is_given_out_as_an_attachment_to_its_learner_only(lin, cast):
    key = filed(lin, cast)
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        evidence = scope.rows(Evidence).get(claim_id=key.claim_id).evidence_id
    answer = lin.get(f"/learner/evidence/{evidence}/")
    assert answer.content == PDF
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert signed_in("mei").get(f"/learner/evidence/{evidence}/").status_code == 404


def test_nobody_sees_or_changes_what_is_somebody_elses(lin, cast):
    key = filed(lin, cast)
    claim = approved(cast, key)
    for who in ("mei", "wei", "zhao", "chen", "stranger"):
        other = signed_in(who)
        for address in (
            f"requests/{key.claim_id}/", f"deposit/{key.claim_id}/facts/", f"deposit/{key.claim_id}/check/",
            f"deposit/{key.claim_id}/done/", f"entry/{claim.posting_id}/", f"entry/{claim.posting_id}/proof.json",
        ):  # fmt: skip
            assert other.get(f"/learner/{address}").status_code == 404, (who, address)
        for address in (f"requests/{key.claim_id}/withdraw/", f"deposit/{key.claim_id}/proposal/"):
            assert other.post(f"/learner/{address}", posted()).status_code == 404, (who, address)


def test_every_page_sends_a_stranger_to_the_sign_in_page(cast):
    visitor = Client(HTTP_HOST="localhost")
    for address in ("", "entries/", "deposit/", "requests/", "notices/", "progress/", f"entry/{new_id()}/"):
        assert visitor.get(f"/learner/{address}").headers["Location"].startswith("/account/sign-in/?next=")


def test_nobody_claims_where_they_are_not_enrolled(lin, cast):
    answer = lin.post("/learner/deposit/", {"offer": f"{cast.university}|innovation"})
    assert answer.status_code == 422


def test_what_was_asked_for_is_supplemented_and_sent_again(lin, cast):
    key = filed(lin, cast)
    with acting_for(institution=cast.college, purpose="test") as scope:
        request_supplement(
            scope=scope, actor=cast.chen, key=key, reason="evidence_unreadable", note="Page 2.", at=now()
        )  # fmt: skip
    assert "needs more material" in words(page(lin, "/learner/"))
    text = words(page(lin, f"/learner/requests/{key.claim_id}/"))
    assert "A file cannot be read" in text
    assert "Page 2." in text
    place = f"/learner/deposit/{key.claim_id}/"
    lin.post(f"{place}evidence/", {"files": SimpleUploadedFile("b.pdf", PDF + b" again"), "then": "check"})
    assert lin.post(f"{place}check/").status_code == 302
    assert stored(key).state == "submitted"
    assert lin.get(f"{place}facts/").status_code == 404


def test_withdrawing_asks_once_and_then_cannot_be_done_again(lin, cast):
    key = filed(lin, cast)
    address = f"/learner/requests/{key.claim_id}/"
    assert "Withdraw the request?" in page(lin, f"{address}withdraw/")
    assert stored(key).state == "submitted"
    assert lin.post(f"{address}withdraw/").status_code == 302
    assert stored(key).state == "withdrawn"
    assert "cannot be" in lin.post(f"{address}withdraw/", follow=True).content.decode()
    assert stored(key).version == 3
    assert "withdraw/" not in page(lin, address)


def test_the_passbook_counts_what_is_in_review_and_then_what_is_available(lin, cast):
    key = filed(lin, cast)
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        figures = figures_of(scope, cast.lin.person)
    assert (figures.available, figures.recognised, figures.in_review) == (0, 0, 300)
    approved(cast, key)
    text = words(page(lin, "/learner/"))
    assert "Available credit 3.0 Recognised in all 3.0 In review 0.0" in text
    assert f"{TITLE} Model Vocational College · Recognised and deposited +3.0" in text
    assert "was recognised: 3.0 credits" in text


def test_a_reversal_stands_beside_the_original_and_each_leads_to_the_other(lin, cast):
    key = filed(lin, cast)
    claim = approved(cast, key)
    reversed_(cast, key)
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        lines = lines_of(scope, cast.lin.person, limit=10)
        figures = figures_of(scope, cast.lin.person)
    assert [(line.kind, line.amount) for line in lines] == [("reverse", -300), ("deposit", 300)]
    assert (figures.available, figures.recognised) == (0, 0)
    original = page(lin, f"/learner/entry/{claim.posting_id}/")
    mirror = page(lin, f"/learner/entry/{lines[0].posting_id}/")
    assert f"/learner/entry/{lines[0].posting_id}/" in original
    assert f"/learner/entry/{claim.posting_id}/" in mirror
    assert "The same outcome had been deposited before." in mirror
    assert "−3.0" in mirror


def test_an_entry_shows_both_sides_both_dates_and_the_rule(lin, cast):
    claim = approved(cast, filed(lin, cast))
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        entry = entry_of(scope, cast.lin.person, claim.posting_id)
    assert [(leg.state.value, leg.amount, leg.balance_after) for leg in entry.legs] == [
        ("issued", -300, None),
        ("available", 300, 300),
    ]
    assert sum(leg.amount for leg in entry.legs) == 0
    assert (entry.rule.row, entry.rule.number, entry.claim_number) == ("provincial-second", 1, claim.number)
    text = words(page(lin, f"/learner/entry/{claim.posting_id}/"))
    for said in ("Earned on 2026-06-15", "Counts from", "Recorded at", "Waiting for the log", "provincial-second"):
        assert said in text
    assert lin.get(f"/learner/entry/{claim.posting_id}/proof.json").status_code == 404


def test_all_entries_are_listed_page_by_page(lin, cast):
    approved(cast, filed(lin, cast))
    assert "1–1 of 1" in words(page(lin, "/learner/entries/?page=99&size=oops"))


def test_the_record_of_a_posting_is_rebuilt_exactly_as_it_was_committed(lin, cast, bank):
    key = filed(lin, cast)
    approved(cast, key)
    reversed_(cast, key)
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        rows = scope.fetch(
            "SELECT leaf_salt.leaf_ref, salt, commitment FROM leaf_salt JOIN log_outbox"
            " ON log_outbox.leaf_ref = leaf_salt.leaf_ref::text WHERE leaf_salt.learner_id = %s",
            [cast.lin.person],
        )
        records = [posting_record_of(scope, cast.lin.person, row[0]) for row in rows]
    assert sorted(record["kind"] for record in records) == ["deposit", "reverse"]
    for (_ref, salt, commitment), record in zip(rows, records, strict=True):
        assert opens(bytes(commitment), bytes(salt), record)
        assert not opens(bytes(commitment), bytes(salt), {**record, "hundredths": 301})


def test_a_proof_can_be_downloaded_once_the_log_has_the_leaf_and_it_verifies(lin, cast, bank):
    from creditbank.domain.explanation import Verdict, worst
    from creditbank.domain.log.proof import judge, read_proof
    from creditbank.gateways.signing import read_log_key, verify_ed25519

    claim = approved(cast, filed(lin, cast))
    sequenced(bank)
    text = words(page(lin, f"/learner/entry/{claim.posting_id}/"))
    assert "Proven, number" in text
    answer = lin.get(f"/learner/entry/{claim.posting_id}/proof.json")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    file = read_proof(answer.content.decode())
    key = read_log_key((bank.log / "vkey").read_text())
    assert worst(judge(file, [key], verify_ed25519)) is Verdict.YES
    data = json.loads(answer.content)
    assert data["record"]["hundredths"] == 300
    assert "林" not in answer.content.decode()
    data["record"]["hundredths"] = 900
    assert worst(judge(read_proof(json.dumps(data)), [key], verify_ed25519)) is Verdict.NO


def test_anybody_can_verify_a_downloaded_proof_on_the_public_page_and_a_changed_one_fails(lin, cast, bank):
    claim = approved(cast, filed(lin, cast))
    sequenced(bank)
    proof = lin.get(f"/learner/entry/{claim.posting_id}/proof.json").content.decode()
    stranger = Client(SERVER_NAME="localhost", headers={"accept-language": "en"})
    shown = stranger.post("/verify/", {"text": proof}).content.decode()
    assert "The proof is valid" in shown
    assert "The posting stands in the ledger" in shown
    data = json.loads(proof)
    data["record"]["hundredths"] = 900
    assert "The proof is not valid" in stranger.post("/verify/", {"text": json.dumps(data)}).content.decode()


def test_an_erased_salt_leaves_the_entry_without_a_proof(lin, cast, bank):
    claim = approved(cast, filed(lin, cast))
    sequenced(bank)
    with acting_for(institution=cast.college, purpose="test") as scope:
        assert scope.fetch("DELETE FROM leaf_salt WHERE learner_id = %s RETURNING 1", [cast.lin.person])
    assert "Download the proof" not in page(lin, f"/learner/entry/{claim.posting_id}/")
    assert lin.get(f"/learner/entry/{claim.posting_id}/proof.json").status_code == 404


def test_notices_are_read_by_their_learner_alone(lin, cast):
    key = filed(lin, cast)
    approved(cast, key)
    assert "Unread" in page(lin, "/learner/notices/")
    signed_in("mei").post("/learner/notices/read/")
    assert "Unread" in page(lin, "/learner/notices/")
    lin.post("/learner/notices/read/", {"notice": "not an id"})
    assert "Unread" in page(lin, "/learner/notices/")
    lin.post("/learner/notices/read/")
    assert "Unread" not in page(lin, "/learner/notices/")


def test_a_title_with_markup_stays_text_everywhere(lin, cast):
    bad = "<img src=x onerror=alert(1)>"
    claim = approved(cast, filed(lin, cast, title=bad))
    for address in ("", "requests/", f"requests/{claim.claim_id}/", f"entry/{claim.posting_id}/", "notices/"):
        text = page(lin, f"/learner/{address}")
        assert "<img src=x" not in text
        assert "&lt;img" in text


def test_both_locks_keep_the_passbook_to_its_learner(lin, cast):
    approved(cast, filed(lin, cast))
    with acting_for(person=cast.mei.person, purpose="test") as scope:
        assert lines_of(scope, cast.lin.person, limit=10) == []
        assert figures_of(scope, cast.lin.person).has_lines is False
    # As the auditor, whom no row policy narrows, the queries still keep to their scope.
    with acting_for(person=cast.mei.person, purpose="test", using="auditor") as scope:
        assert scope.fetch("SELECT count(*) FROM posting") == [(1,)]
        assert lines_of(scope, cast.lin.person, limit=10) == []


def test_the_pages_are_chinese_unless_asked_otherwise(cast):
    text = page(signed_in("lin", "zh-CN"), "/learner/")
    assert "我的存折" in text
    assert '<html lang="zh-Hans"' in text


def test_a_title_without_english_is_marked_as_chinese_on_an_english_page_only(cast, bank):
    lin = signed_in("lin")
    approved(cast, filed(lin, cast))
    english = page(lin, "/learner/")
    assert f'<span lang="zh-Hans">{TITLE}</span>' in english
    entry = re.search(r'href="(/learner/entry/[^"]+)"', english)[1]
    assert f'<h1><span lang="zh-Hans">{TITLE}</span></h1>' in page(lin, entry)
    assert f"<title>{TITLE}" in page(lin, entry)
    lin.cookies["language"] = "zh-hans"
    assert 'lang="zh-Hans">' + TITLE not in page(lin, "/learner/")
