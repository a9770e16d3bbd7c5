"""Cases that were refused or stand on public notice, and what people do about them, each in its own transaction."""

from __future__ import annotations

from datetime import date

from django.conf import settings

from creditbank.domain.access import Actor, Role
from creditbank.domain.explanation import Refusal
from creditbank.domain.letters import CaseKind
from creditbank.domain.values import Hundredths
from creditbank.gateways.identities import Identities
from creditbank.records.appeals import Appeal, Letter, Objection
from creditbank.records.institutions import Institution
from creditbank.records.recognition import Claim
from creditbank.records.scope import acting_for
from creditbank.services.appeals.file import file_appeal, withdraw_appeal
from creditbank.services.appeals.hear import (
    AppealKey,
    Ballot,
    cast_vote,
    fill_seat,
    reject_appeal,
    seat_panel,
    step_aside,
)
from creditbank.services.appeals.objections import Said, answer_objection, raise_objection, reply_to_objection
from creditbank.services.people import give_role, open_account
from creditbank.services.recognition.claim import Draft, keep_draft, submit_claim
from creditbank.services.recognition.review import CaseKey, approve_claim, refuse_claim
from tests.cast import AT, ON, PASSWORD

GROUNDS = "证书由教育部门颁发，目录第三条列有该项，请重新认定。"


def colleagues(cast, count=3):
    """More reviewers of the college, who had no part in anything yet."""
    found = []
    for number in range(count):
        with acting_for(institution=cast.college, purpose="test") as scope:
            name = f"panel{number}"
            person = open_account(
                scope=scope, sign_in=name, name=f"{'甲乙丙丁戊'[number]}老师", name_en=name, password=PASSWORD, at=AT
            ).id
            give_role(scope=scope, account=person, role=Role.REVIEWER, since=date(2020, 1, 1))
        found.append(Actor(person, cast.college, None, frozenset({Role.REVIEWER})))
    return found


def submitted(cast, actor=None, hours="64", at=AT, on=ON):
    """A claim of volunteering that the rules recognise."""
    actor = actor or cast.lin
    with acting_for(person=actor.person, institution=cast.college, purpose="test") as scope:
        draft = Draft(cast.college, "practice", "社区志愿服务", {"kind": "volunteering", "hours": hours,
                      "earned_on": "2026-10-10"})  # fmt: skip
        claim = keep_draft(scope=scope, actor=actor, draft=draft, at=at)
        answer = submit_claim(scope=scope, actor=actor, claim_id=claim.claim_id, at=at, on=on)
    assert not isinstance(answer, Refusal), answer
    return answer


def key_of(claim):
    return CaseKey(claim.learner_id, claim.claim_id)


def refused(cast, actor=None, by=None, **more):
    """A claim that was refused, by the reviewer unless it is said by whom."""
    claim, by = submitted(cast, actor, **more), by or cast.chen
    with acting_for(institution=by.institution, purpose="test") as scope:
        answer = refuse_claim(
            scope=scope, actor=by, key=key_of(claim), reason="evidence_insufficient", note="照片看不清", at=AT
        )
    assert not isinstance(answer, Refusal)
    return answer


def published(cast, days=5, by=None, actor=None):
    """A claim that was recognised and stands on public notice for so many days."""
    with acting_for(institution=cast.college, purpose="test") as scope:
        scope.rows(Institution).filter(pk=cast.college).update(publicity_days=days)
    claim, by = submitted(cast, actor), by or cast.chen
    with acting_for(institution=cast.college, purpose="test") as scope:
        answer = approve_claim(scope=scope, actor=by, key=key_of(claim), at=AT, on=ON)
    assert answer.refusal is None
    return claim_now(cast, claim)


def claim_now(cast, claim):
    with acting_for(institution=cast.college, purpose="test") as scope:
        return scope.rows(Claim).get(learner_id=claim.learner_id, claim_id=claim.claim_id)


def letters_of(cast, case_id, place=None):
    with acting_for(institution=place or cast.college, purpose="test") as scope:
        return list(scope.rows(Letter).filter(case_id=case_id).order_by("sequence"))


def appeal_against(cast, letter, actor=None, *, grounds=GROUNDS, at=AT, on=ON):
    actor = actor or cast.lin
    with acting_for(person=actor.person, institution=cast.college, purpose="test") as scope:
        return file_appeal(scope=scope, actor=actor, letter_id=letter.letter_id, grounds=grounds, at=at, on=on)


def appealed(cast, **more):
    """A refused claim under appeal: the claim and the appeal."""
    claim = refused(cast, **more)
    return claim, done(appeal_against(cast, letters_of(cast, claim.claim_id)[-1], actor=more.get("actor")))


def appeal_key(appeal):
    return AppealKey(appeal.learner_id, appeal.appeal_id)


def heard(cast, appeal, verb, actor, *, at=AT, on=ON, **more):
    """One act of the office on an appeal."""
    verbs = {
        "seat": seat_panel, "reject": reject_appeal, "aside": step_aside, "fill": fill_seat, "vote": cast_vote,
    }  # fmt: skip
    day = {} if verb == "aside" else {"on": on}
    with acting_for(institution=actor.institution, purpose="test") as scope:
        return verbs[verb](scope=scope, actor=actor, key=appeal_key(appeal), at=at, **day, **more)


def seat(cast, appeal, people, by=None):
    return heard(cast, appeal, "seat", by or cast.zhao, people=[one.person for one in people])


def vote(cast, appeal, actor, credit, reason="材料齐全", **more):
    return heard(cast, appeal, "vote", actor, ballot=Ballot(Hundredths(credit), reason, **more))


def withdrawn(cast, appeal, actor=None):
    actor = actor or cast.lin
    with acting_for(person=actor.person, institution=cast.college, purpose="test") as scope:
        return withdraw_appeal(scope=scope, actor=actor, appeal_id=appeal.appeal_id, at=AT, on=ON)


def appeal_now(cast, appeal):
    with acting_for(institution=cast.college, purpose="test") as scope:
        return scope.rows(Appeal).get(appeal_id=appeal.appeal_id)


def object_to(cast, case_id, *, kind=CaseKind.CLAIM, words="该项成果不是本人完成的，请核查。", person=None, name="张先生",
              contact="zhang@example.org", address="192.0.2.1", at=AT, on=ON):  # fmt: skip
    said = Said(words, person, "" if person else name, "" if person else contact, address)
    with acting_for(institution=cast.college, purpose="test") as scope:
        return raise_objection(
            scope=scope, kind=kind, case_id=case_id, said=said, seal=Identities(settings.BANK).seal, at=at, on=on
        )


def answer(cast, objection, actor=None, *, accept=False, words="经核查，材料属实。", at=AT, on=ON):
    actor = actor or cast.zhao
    with acting_for(institution=actor.institution, purpose="test") as scope:
        return answer_objection(
            scope=scope, actor=actor, learner_id=objection.learner_id, objection_id=objection.objection_id,
            accept=accept, answer=words, at=at, on=on,
        )  # fmt: skip


def reply(cast, objection, words="本人完成，附有签到记录。", actor=None):
    actor = actor or cast.lin
    with acting_for(person=actor.person, institution=cast.college, purpose="test") as scope:
        return reply_to_objection(scope=scope, actor=actor, objection_id=objection.objection_id, reply=words, at=AT)


def objection_now(cast, objection):
    with acting_for(institution=cast.college, purpose="test") as scope:
        return scope.rows(Objection).get(objection_id=objection.objection_id)


def done(answer):
    assert not isinstance(answer, Refusal), [line.code for line in answer.explanation]
    return answer


def code(answer):
    """The code of a refusal."""
    assert isinstance(answer, Refusal), answer
    return answer.explanation[0].code
