"""A small rule set of the vocational college and the way to an effective version of it, for tests."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import date

from creditbank.domain.access import Actor, Role
from creditbank.domain.explanation import Refusal
from creditbank.domain.rule_life.states import Act
from creditbank.domain.values import Text
from creditbank.exchange.rule_drafts import begin_blank, save_text
from creditbank.gateways.clock import new_id
from creditbank.queries.rule_drafts import find_draft
from creditbank.records.scope import acting_for
from creditbank.services.people import give_role, open_account
from creditbank.services.rule_cases import save_cases
from creditbank.services.rule_drafts import move_draft
from creditbank.services.rule_life import announce_version, approve_draft, schedule_version
from tests.cast import AT, ON, PASSWORD

TEXT = """schema: creditbank.rules/1
code: service
kind: recognition
name: {zh: 志愿服务, en: Volunteering}
source: {zh: 校内规定, en: A rule of the school}
unit: credit
rounding: {step: "0.5", mode: half_up, place: end}
categories:
  - {code: practice, zh: 实践, en: practice}
facts:
  - {name: hours, type: integer, range: {from: 1, to: 2000}, label: {zh: 时数, en: Hours}}
  - {name: place, type: text, label: {zh: 地点, en: Place}}
  - {name: earned_on, type: date, label: {zh: 日期, en: Earned on}}
tables:
  - code: main
    columns: [hours]
    rows:
      - {id: few, when: {hours: {below: 32}}, give: refuse, clause: {zh: 不足32小时不予认定, en: Under 32 hours none}}
      - {id: many, when: {hours: {from: 32}}, give: {credit: "1", category: practice}, clause: {zh: 满32小时1学分, en: From 32 hours 1 credit}}
"""
CASE = {
    "id": "forty", "name": "四十小时", "facts": {"hours": 40, "place": "x", "earned_on": "2026-05-01"},
    "claimed_on": "2026-11-18", "expect": {"ruling": "recognise", "credit": "1", "row": "many"},
}  # fmt: skip


def colleague(cast, name, role=Role.REVIEWER) -> Actor:
    """One more person at the desk of the whole college."""
    with acting_for(institution=cast.college, purpose="test") as scope:
        person = open_account(scope=scope, sign_in=name, name=name, name_en=name, password=PASSWORD, at=AT).id
        give_role(scope=scope, account=person, role=role, since=date(2020, 1, 1))
    return Actor(person, cast.college, None, frozenset({role}))


@contextmanager
def at(actor):
    """The scope of somebody's desk."""
    with acting_for(institution=actor.institution, purpose="test") as scope:
        yield scope


def done(answer):
    """An answer that is no refusal."""
    assert not isinstance(answer, Refusal), answer
    return answer


def refused(answer):
    """The codes of a refusal."""
    assert isinstance(answer, Refusal), answer
    return [line.code for line in answer.explanation]


def written(author, text=TEXT, *, cases=(CASE,), moment=AT, applies=None):
    """A draft of the small rule set with its cases; returns its id."""
    with at(author) as scope:
        draft = done(
            begin_blank(scope=scope, actor=author, code="service", name=Text("志愿服务", "Volunteering"), at=moment)
        )
        saved = save_text(
            scope=scope, actor=author, draft_id=draft.id, revision=1, text=text, at=moment, applies=applies
        )
        assert done(saved).revision == 2
        if cases:
            done(save_cases(scope=scope, actor=author, rule_set_id=draft.rule_set_id, documents=cases, at=moment))
    return draft.id


def moved(actor, draft, act, *, moment=AT, **more):
    """A step with a draft in a transaction of its own."""
    with at(actor) as scope:
        return move_draft(scope=scope, actor=actor, draft_id=draft, act=act, on=ON, at=moment, **more)


def reviewed(author, reviewers, **how):
    """A draft to which both reviewers agreed."""
    draft = written(author, **how)
    for who, act in ((author, Act.TEST), (author, Act.SUBMIT), *((one, Act.SIGN) for one in reviewers)):
        done(moved(who, draft, act, moment=how.get("moment", AT)))
    return draft


def approved(author, reviewers, **how):
    """A version in the state approved; returns its id."""
    draft = reviewed(author, reviewers, **how)
    with at(author) as scope:
        approver = reviewers[0]
        return done(
            approve_draft(scope=scope, actor=approver, draft_id=draft, meeting="纪要7", on=ON, at=how.get("moment", AT))
        ).id


def scheduled(author, reviewers, *, since=ON, until=None, today=ON, **how):
    """A version with a day; returns its id."""
    version = approved(author, reviewers, **how)
    common = {"actor": reviewers[0], "version_id": version, "on": today, "at": how.get("moment", AT)}
    with at(author) as scope:
        done(announce_version(scope=scope, days=0, **common))
        done(schedule_version(scope=scope, effective_from=since, effective_until=until, **common))
    return version


def text_of(actor, draft):
    """The text of a draft with its revision."""
    with at(actor) as scope:
        found = find_draft(scope, draft)
    return found.text, found.line.revision


def somebody_else(actor):
    """The same role in the hands of an unknown account."""
    return replace(actor, person=new_id())
