"""Official lists end to end below the doors: matched, verified, proposed once, chosen, withdrawn."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date

import pytest

from creditbank.domain.explanation import Refusal
from creditbank.domain.official_lists.matching import Found
from creditbank.domain.official_lists.outcomes import Standing
from creditbank.domain.recognition import State
from creditbank.exchange.documents import read_document
from creditbank.gateways.clock import new_id
from creditbank.gateways.identities import Identities
from creditbank.queries.cases import read_case
from creditbank.queries.claims import claim_of
from creditbank.queries.official_lists.lists import find_list, gone_from_list, lines_of, refused_of, standings_of
from creditbank.queries.official_lists.proposals import proposals_of
from creditbank.queries.queue import find_cases
from creditbank.records.catalogue import OutcomeType
from creditbank.records.operations import Notice
from creditbank.records.recognition import Claim
from creditbank.records.scope import acting_for
from creditbank.services.access import NotVisible
from creditbank.services.official_lists.choices import choose_learners
from creditbank.services.official_lists.imports import withdraw_list
from creditbank.services.official_lists.proposals import claim_proposal, decline_proposal
from creditbank.services.recognition.batch import schedule_approval
from creditbank.services.recognition.claim import submit_claim, withdraw_claim
from creditbank.services.recognition.review import CaseKey
from creditbank.services.rules import publish_rule_version
from tests.cast import AT, ON, PACKS
from tests.intruder import superuser
from tests.services.bookings import deposit, post
from tests.services.list_sheets import CONTEST, about, apply, claim, contest, enrol, plan

LIN = ("lin", "2023040117", "示范职业学院", "二等奖")


def proposals(learner):
    with acting_for(person=learner.person, purpose="test") as scope:
        return proposals_of(scope, learner.person)


def notices(cast, learner):
    with acting_for(institution=cast.college, purpose="test") as scope:
        return list(scope.rows(Notice).filter(learner_id=learner, code="lists.unclaimed"))


def lines(cast, applied, found=""):
    with acting_for(institution=cast.college, purpose="test") as scope:
        return lines_of(scope, applied.list_id, found=found)


def choose(cast, applied, choices):
    with acting_for(institution=cast.college, purpose="test") as scope:
        return choose_learners(scope=scope, actor=cast.zhao.person, list_id=applied.list_id, choices=choices, at=AT)


def withdraw(cast, applied):
    with acting_for(institution=cast.college, purpose="test") as scope:
        return withdraw_list(scope=scope, actor=cast.zhao.person, list_id=applied.list_id, at=AT)


def case_of(cast, made):
    with acting_for(institution=cast.college, purpose="test") as scope:
        found = find_cases(scope, cast.chen, [(made.learner_id, made.claim_id)])
        return read_case(scope, found[0])


def test_an_outcome_nobody_claimed_is_proposed_and_its_learner_is_told(bank, cast):
    applied = apply(bank, cast, contest(LIN))
    assert (applied.certain, applied.proposed) == (1, 1)
    (found,) = proposals(cast.lin)
    assert found.is_open
    assert found.statement.listed.title == f"{CONTEST}二等奖"
    assert found.statement.listed.facts["award"] == "second"
    assert [one.facts["title"] for one in notices(cast, cast.lin.person)] == [f"{CONTEST}二等奖"]
    assert proposals(cast.mei) == ()


def test_the_same_list_again_says_nothing_twice(bank, cast):
    first = apply(bank, cast, contest(LIN))
    again = apply(bank, cast, contest(LIN))
    assert (again.list_id, again.repeated, again.proposed) == (first.list_id, True, 0)
    assert len(proposals(cast.lin)) == len(notices(cast, cast.lin.person)) == 1
    assert len(lines(cast, first)) == 1


def test_a_corrected_list_corrects_the_proposal_and_doubles_nothing(bank, cast):
    apply(bank, cast, contest(LIN))
    apply(bank, cast, contest((*LIN[:3], "一等奖")), about(day="2026-07-15"))
    (found,) = proposals(cast.lin)
    assert found.statement.listed.facts["award"] == "first"
    assert len(notices(cast, cast.lin.person)) == 1


def test_what_a_corrected_list_no_longer_has_is_listed_and_stays(bank, cast):
    apply(bank, cast, contest(LIN, ("mei", "2023050101", "示范职业学院", "三等奖")))
    text = contest(LIN)
    assert [one.number for one in plan(bank, cast, text, about(day="2026-07-15")).gone] == ["2023050101"]
    later = apply(bank, cast, text, about(day="2026-07-15"))
    with acting_for(institution=cast.college, purpose="test") as scope:
        gone = gone_from_list(scope, find_list(scope, cast.zhao, later.list_id))
    assert [(one.number, one.title) for one in gone] == [("2023050101", f"{CONTEST}三等奖")]
    assert proposals(cast.mei)[0].is_open


def test_a_waiting_claim_is_verified_and_nobody_decides_it_by_that(bank, cast):
    made = claim(bank, cast, cast.lin)
    applied = apply(bank, cast, contest(LIN))
    assert applied.proposed == 0
    detail = case_of(cast, made)
    assert detail.listing.verified
    assert [line.code for line in detail.listing.lines] == ["lists.verified"]
    assert detail.listing.lines[0].facts["line"] == 2
    assert detail.case.state is State.SUBMITTED
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        assert claim_of(scope, cast.lin.person, made.claim_id).listing.verified


def test_a_claim_that_says_something_else_is_marked_with_the_difference(bank, cast):
    made = claim(bank, cast, cast.lin, facts={"award": "first"})
    apply(bank, cast, contest(LIN))
    listing = case_of(cast, made).listing
    assert not listing.verified
    (line,) = listing.lines
    (below,) = line.lines
    assert (line.code, below.code) == ("lists.differs", "lists.difference")
    assert (below.facts["claimed"].en, below.facts["listed"].en) == ("first prize", "second prize")
    assert case_of(cast, made).case.state is State.SUBMITTED


def test_a_claim_handed_in_after_the_list_is_verified_too(bank, cast):
    apply(bank, cast, contest(LIN))
    assert case_of(cast, claim(bank, cast, cast.lin)).listing.verified


def test_a_claim_about_another_contest_is_not_touched(bank, cast):
    made = claim(bank, cast, cast.lin, facts={"activity": "示范数学建模竞赛"})
    assert apply(bank, cast, contest(LIN)).proposed == 1
    assert case_of(cast, made).listing.lines == ()


def test_a_certificate_number_decides_although_the_contest_is_called_otherwise(bank, cast):
    made = claim(bank, cast, cast.lin, facts={"activity": "示范程设"}, title="获奖证书 JS2026-0001")
    assert apply(bank, cast, contest((*LIN, "JS2026-0001"))).proposed == 0
    (line,) = case_of(cast, made).listing.lines
    assert [one.facts["claimed"].zh for one in line.lines] == ["示范程设"]


def test_a_proposal_becomes_a_claim_in_one_step_and_needs_no_file(bank, cast):
    apply(bank, cast, contest(LIN))
    (found,) = proposals(cast.lin)
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        first = claim_proposal(scope=scope, actor=cast.lin, proposal_id=found.proposal_id, at=AT)
        assert claim_proposal(scope=scope, actor=cast.lin, proposal_id=found.proposal_id, at=AT) == first
        draft = scope.rows(Claim).get(claim_id=first)
        assert draft.facts == {
            "kind": "contest", "activity": CONTEST, "tier": "provincial", "award": "second", "role": "lead",
            "earned_on": "2026-06-20",
        }  # fmt: skip
        scope.rows(Claim).filter(claim_id=first).update(facts=draft.facts | {"organiser": "association"})
        answer = submit_claim(scope=scope, actor=cast.lin, claim_id=first, at=AT, on=ON)
    assert isinstance(answer, Claim)
    detail = case_of(cast, answer)
    assert detail.listing.verified
    assert not detail.evidence_required
    assert detail.case.standing.value != "incomplete"
    assert proposals(cast.lin)[0].standing is Standing.VERIFIED
    assert detail.case.approvable
    with acting_for(institution=cast.college, purpose="test") as scope:
        key = CaseKey(answer.learner_id, answer.claim_id)
        _command, decided = schedule_approval(scope=scope, actor=cast.chen, keys=[key], at=AT)
    assert [one.refusal for one in decided] == [None]


def test_a_draft_that_was_begun_is_used_for_the_proposal(bank, cast):
    begun = claim(bank, cast, cast.lin, submit=False)
    assert apply(bank, cast, contest(LIN)).proposed == 1
    (found,) = proposals(cast.lin)
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        assert claim_proposal(scope=scope, actor=cast.lin, proposal_id=found.proposal_id, at=AT) == begun.claim_id


def test_a_declined_proposal_stays_declined_whatever_lists_come(bank, cast):
    apply(bank, cast, contest(LIN))
    (found,) = proposals(cast.lin)
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        no = decline_proposal(scope=scope, actor=cast.lin, proposal_id=found.proposal_id, reason="because", at=AT)
        assert no.explanation[0].code == "lists.reason_needed"
        decline_proposal(scope=scope, actor=cast.lin, proposal_id=found.proposal_id, reason="not_mine", at=AT)
        late = claim_proposal(scope=scope, actor=cast.lin, proposal_id=found.proposal_id, at=AT)
    assert isinstance(late, Refusal)
    assert late.explanation[0].code == "lists.proposal_settled"
    apply(bank, cast, contest((*LIN[:3], "一等奖")), about(day="2026-07-15"))
    assert [one.state for one in proposals(cast.lin)] == ["declined"]
    assert len(notices(cast, cast.lin.person)) == 1


def test_a_proposal_is_its_learners_alone(bank, cast):
    apply(bank, cast, contest(LIN))
    (found,) = proposals(cast.lin)
    for other in (cast.mei, cast.wei):
        with acting_for(person=other.person, purpose="test") as scope, pytest.raises(NotVisible):
            claim_proposal(scope=scope, actor=other, proposal_id=found.proposal_id, at=AT)


def test_a_doubtful_line_waits_for_a_person_and_the_choice_holds_for_a_corrected_list(bank, cast):
    one, other = enrol(cast, "张伟", "2024010001"), enrol(cast, "张伟", "2024010002")
    row = ("张伟", "", "示范职业学院", "三等奖")
    applied = apply(bank, cast, contest(row))
    assert (applied.certain, applied.doubtful, applied.proposed) == (0, 1, 0)
    (line,) = lines(cast, applied, "doubtful")
    assert line.candidates == (one, other)
    assert choose(cast, applied, {(2, 1): other}) == 1
    assert [len(notices(cast, learner)) for learner in (one, other)] == [0, 1]
    later = apply(bank, cast, contest(LIN, row), about(day="2026-07-15"))
    assert (later.certain, later.doubtful, later.proposed) == (2, 0, 1)
    # A choice made by mistake can be made again, and counts wherever the person stands.
    assert choose(cast, later, {(3, 1): one}) == 1
    assert {line.learner_id for list_ in (applied, later) for line in lines(cast, list_) if line.stated} == {one}
    with acting_for(person=other, purpose="test") as scope:
        assert [entry.is_open for entry in proposals_of(scope, other)] == [False]


def test_nobody_of_ours_is_an_answer_and_nobody_else_is_taken(bank, cast):
    enrol(cast, "张伟", "2024010001")
    applied = apply(bank, cast, contest(("张伟", "9999", "示范职业学院", "三等奖")))
    assert applied.doubtful == 1
    assert choose(cast, applied, {(2, 1): None}) == 0
    assert [line.found for line in lines(cast, applied)] == [Found.NOBODY]
    with pytest.raises(NotVisible):
        choose(cast, applied, {(2, 1): cast.wei.person})
    assert choose(cast, applied, {}).explanation[0].code == "lists.no_choice"
    assert choose(cast, applied, {(7, 1): None}).explanation[0].code == "lists.not_doubtful"


def test_a_withdrawn_list_verifies_nothing_and_shows_what_it_did(bank, cast):
    made = claim(bank, cast, cast.lin)
    applied = apply(bank, cast, contest(LIN, ("mei", "2023050101", "示范职业学院", "三等奖")))
    assert withdraw(cast, applied) == applied.list_id
    assert case_of(cast, made).listing.lines == ()
    (gone,) = proposals(cast.mei)
    assert (gone.is_open, gone.statement) == (False, None)
    with acting_for(person=cast.mei.person, purpose="test") as scope:
        no = claim_proposal(scope=scope, actor=cast.mei, proposal_id=gone.proposal_id, at=AT)
    assert no.explanation[0].code == "lists.proposal_gone"
    with acting_for(institution=cast.college, purpose="test") as scope:
        shown = standings_of(scope, applied.list_id, lines_of(scope, applied.list_id))
    assert {standing for standing, _claim, _title in shown.values()} == {Standing.VERIFIED, Standing.PROPOSED}
    assert withdraw(cast, applied).explanation[0].code == "lists.withdrawn_before"
    # Brought in again it counts again, and nobody is told a second time.
    assert apply(bank, cast, contest(LIN)).repeated is False
    assert case_of(cast, made).listing.verified
    assert len(notices(cast, cast.mei.person)) == 1


def test_a_claim_that_is_withdrawn_is_proposed_when_the_list_comes_again(bank, cast):
    made = claim(bank, cast, cast.lin)
    apply(bank, cast, contest(LIN))
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        withdraw_claim(scope=scope, actor=cast.lin, claim_id=made.claim_id, at=AT)
    assert apply(bank, cast, contest(LIN)).proposed == 1


def test_lists_in_any_order_come_to_the_same(bank, cast):
    twin = [enrol(cast, "张伟", f"202401000{place}") for place in (1, 2)]
    old = (contest(LIN, ("张伟", "", "示范职业学院", "三等奖")), about(day="2026-06-30"))
    new = (contest((*LIN[:3], "特等奖"), ("mei", "2023050101", "示范职业学院", "一等奖")), about(day="2026-07-15"))
    another = (contest((*LIN[:3], "一等奖")), about("学校汇总名单", day="2026-07-10"))
    claim(bank, cast, cast.mei, facts={"award": "first"})
    seen = []
    for order in itertools.permutations((old, new, another)):
        for applied in [apply(bank, cast, text, said) for text, said in order]:
            for line in lines(cast, applied, "doubtful"):
                choose(cast, applied, {(line.line, line.member): twin[1]})
        found = {}
        for learner in (cast.lin.person, cast.mei.person, *twin):
            with acting_for(person=learner, purpose="test") as own:
                found[learner] = [
                    (one.standing, dict(one.statement.listed.facts)) for one in proposals_of(own, learner)
                ]
            found[learner].append(len(notices(cast, learner)))
        seen.append(found)
        with superuser(bank) as connection:
            for table in (
                "official_list_line", "official_list_problem", "official_list_choice", "listed_outcome", "list_proposal",
                "official_list", "notice",
            ):  # fmt: skip
                connection.execute(f"DELETE FROM {table}")
    assert all(one == seen[0] for one in seen)
    assert seen[0][cast.lin.person][0][1]["award"] == "special"
    assert seen[0][cast.mei.person] == [0]
    assert [len(seen[0][one]) for one in twin] == [1, 2]


def test_what_is_kept_of_people_is_no_more_than_needed(bank, cast):
    enrol(cast, "张伟", "2024010001")
    enrol(cast, "张伟", "2024010002")
    text = "姓名,证件号码,学校,证书名称,证书等级,考核结果,发证日期\n"
    text += "lin,11010519491231002X,示范职业学院,示范开发,中级,合格,2026-06-30\n"
    text += "张伟,440524188001010014,示范职业学院,示范开发,中级,合格,2026-06-30\n"
    text += "王远方,110101199003070012,别的学院,示范开发,中级,合格,2026-06-30\n"
    applied = apply(bank, cast, text, kind="one-plus-x")
    assert (applied.certain, applied.doubtful, applied.nobody) == (1, 1, 1)
    with superuser(bank) as connection:
        kept = connection.execute("SELECT to_jsonb(kept)::text FROM official_list_line AS kept").fetchall()
        kept += connection.execute("SELECT to_jsonb(kept)::text FROM listed_outcome AS kept").fetchall()
        kept += connection.execute("SELECT to_jsonb(kept)::text FROM official_list_problem AS kept").fetchall()
    whole = "".join(row[0] for row in kept)
    assert "张伟" in whole  # somebody must choose
    assert [
        name for name in ("王远方", "11010519491231002X", "440524188001010014", "110101199003070012") if name in whole
    ] == []
    withdraw(cast, applied)
    with superuser(bank) as connection:
        assert connection.execute("SELECT count(*) FROM official_list_line WHERE stated IS NOT NULL").fetchone() == (0,)


def test_an_identity_number_finds_its_learner_by_the_blind_index(bank, cast):
    identities = Identities(bank)
    number = "11010519491231002X"
    with superuser(bank) as connection:
        connection.execute(
            "UPDATE learner SET national_id = %s, national_id_index = %s WHERE learner_id = %s",
            [identities.seal(number), identities.index(number), cast.lin.person],
        )
    text = "姓名,身份证号,证书名称,证书等级,考核结果,发证日期\n"
    applied = apply(bank, cast, text + f"LIN,{number.lower()},示范开发,中级,合格,2026-06-30\n", kind="one-plus-x")
    assert applied.certain == 1
    (line,) = lines(cast, applied)
    assert (line.learner_id, line.explanation[0].code) == (cast.lin.person, "lists.by_id")


def test_refused_rows_are_kept_by_cell_and_sink_nothing(bank, cast):
    text = contest(LIN) + f"mei,2023050101,示范职业学院,{CONTEST},省级,鼓励奖,,2026-06-20\n"
    text += f"mei,2023050101,示范职业学院,{CONTEST},省级,二等奖,,不详\n"
    applied = apply(bank, cast, text)
    assert applied.certain == 1
    with acting_for(institution=cast.college, purpose="test") as scope:
        refused = refused_of(scope, applied.list_id)
    assert [(one.line, one.column, one.code, one.facts["cell"]) for one in refused] == [
        (3, "获奖等级", "masterdata.no_choice", "F3"),
        (4, "获奖日期", "masterdata.no_date", "H4"),
    ]


def test_a_school_without_the_outcome_type_takes_no_such_list(bank, cast):
    text = "姓名,语言级别,总分,考试日期\nlin,英语四级,512,2026-06-13\n"
    assert apply(bank, cast, text, kind="cet").explanation[0].code == "lists.no_outcome_type"


def test_a_score_list_becomes_credit_for_a_language_test(bank, cast):
    with acting_for(institution=cast.college, purpose="test") as scope:
        document = read_document((PACKS / "example-language.yaml").read_bytes(), name="example-language")
        publish_rule_version(
            scope=scope, document=document, effective_from=date(2020, 1, 1), actor=cast.zhao.person, at=AT
        )
        scope.rows(OutcomeType).create(
            id=new_id(), institution_id=cast.college, code="language", name="外语", rule_set_code="example-language"
        )
    text = "姓名,学号,语言级别,总分,考试日期\nlin,2023040117,英语六级,512,2026-06-13\n"
    text += "mei,2023050101,英语六级,424,2026-06-13\n"
    assert apply(bank, cast, text, about("六级成绩"), kind="cet").proposed == 1
    (found,) = proposals(cast.lin)
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        made = claim_proposal(scope=scope, actor=cast.lin, proposal_id=found.proposal_id, at=AT)
        answer = submit_claim(scope=scope, actor=cast.lin, claim_id=made, at=AT, on=ON)
    assert isinstance(answer, Claim)
    assert (answer.verdict, answer.credit) == ("recognise", 200)
    assert case_of(cast, answer).listing.verified


def test_credit_that_came_as_an_opening_lot_is_not_proposed_again(bank, cast):
    lot = replace(
        deposit(cast.lin.person, key="opening"), source_kind="opening", title=f"{CONTEST}二等奖",
        earned_on=date(2026, 6, 20),
    )  # fmt: skip
    post(cast, lot)
    applied = apply(bank, cast, contest(LIN))
    assert applied.proposed == 0
    with acting_for(institution=cast.college, purpose="test") as scope:
        shown = standings_of(scope, applied.list_id, lines_of(scope, applied.list_id))
    assert [standing for standing, _claim, _title in shown.values()] == [Standing.KNOWN]
