"""Official lists for tests: sheets as text, read and applied in a line, and learners to meet them."""

from __future__ import annotations

import io
from datetime import date

from creditbank.exchange.official_lists import packaged_kind, read_list
from creditbank.gateways import clock
from creditbank.gateways.files import open_upload
from creditbank.gateways.identities import Identities
from creditbank.records.recognition import Claim
from creditbank.records.scope import acting_for
from creditbank.services.official_lists.imports import About, Brought, apply_list, plan_list
from creditbank.services.people import enrol_learner
from creditbank.services.recognition.claim import Draft, add_evidence, keep_draft, submit_claim
from tests.cast import AT, ON
from tests.web.office_cases import PDF

CONTEST_HEAD = "获奖学生,学号,学校,竞赛名称,竞赛级别,获奖等级,证书编号,获奖日期"
CONTEST = "第十七届示范程序设计大赛"


def contest(*rows):
    """A contest list of rows of name, number, school and award, perhaps with a certificate's number."""
    lines = [
        f"{name},{number},{school},{CONTEST},省级,{award},{certificate[0] if certificate else ''},2026-06-20"
        for name, number, school, award, *certificate in rows
    ]
    return "\n".join([CONTEST_HEAD, *lines, ""])


def read(text, cast, *, kind="contest", name="list.csv", every=None, values=None, institution=None):
    """A list read from text."""
    with open_upload(io.BytesIO(text.encode()), name=name) as upload:
        return read_list(
            upload, packaged_kind(kind), institution=institution or cast.college, every=every or {},
            values=values or {}, today=ON,
        )  # fmt: skip


def brought_of(found):
    """What the service takes of a list that was read."""
    return Brought(
        found.kind, found.name, found.file_hash, found.mapping_hash, found.encoding, found.rows, found.entries,
        found.refused, found.left,
    )  # fmt: skip


def about(title="示范程序设计大赛获奖名单", day="2026-06-30", *, all_ours=False, also_called=()):
    return About(title, "示范大赛组委会", date.fromisoformat(day), all_ours, also_called)


def apply(bank, cast, text, said=None, *, kind="contest", at=AT, **how):
    """Bring a list in as the registrar."""
    found = read(text, cast, kind=kind, **how)
    with acting_for(institution=cast.college, purpose="test") as scope:
        return apply_list(
            scope=scope, identities=Identities(bank), brought=brought_of(found), about=said or about(),
            actor=cast.zhao.person, at=at,
        )  # fmt: skip


def plan(bank, cast, text, said=None, *, kind="contest", **how):
    """What a list would do."""
    found = read(text, cast, kind=kind, **how)
    with acting_for(institution=cast.college, purpose="test") as scope:
        return plan_list(scope=scope, identities=Identities(bank), brought=brought_of(found), about=said or about())


def enrol(cast, name, number, **more):
    """A learner of the vocational college."""
    learner = clock.new_id()
    with acting_for(institution=cast.college, purpose="test") as scope:
        enrol_learner(scope=scope, learner_id=learner, student_number=number, name=name, at=AT, **more)
    return learner


FACTS = {
    "kind": "contest", "activity": CONTEST, "tier": "provincial", "award": "second", "organiser": "association",
    "role": "lead", "earned_on": "2026-06-20",
}  # fmt: skip


def claim(bank, cast, learner, *, facts=None, title="程序设计大赛二等奖", submit=True, evidence=True):
    """A learner's claim of a contest award."""
    with acting_for(person=learner.person, purpose="test") as scope:
        made = keep_draft(
            scope=scope, actor=learner, at=AT,
            draft=Draft(institution=cast.college, outcome_type="innovation", title=title, facts=FACTS | (facts or {})),
        )  # fmt: skip
        if evidence:
            add_evidence(
                scope=scope, actor=learner, bank=bank, claim_id=made.claim_id, name="a.pdf", content=PDF, at=AT
            )
        if submit:
            answer = submit_claim(scope=scope, actor=learner, claim_id=made.claim_id, at=AT, on=ON)
            assert isinstance(answer, Claim), answer
    return made
