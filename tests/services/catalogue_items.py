"""Short ways to type catalogue items and lead them through their life in tests."""

from __future__ import annotations

from datetime import date, timedelta

from creditbank.domain.catalogue.life import Act
from creditbank.domain.explanation import Refusal
from creditbank.domain.masterdata.sets import data_set_named
from creditbank.gateways.clock import new_id
from creditbank.gateways.identities import Identities
from creditbank.records.institutions import Institution
from creditbank.records.scope import acting_for
from creditbank.services.catalogue.versions import Moved, act_on_version, submit_item
from creditbank.services.masterdata.facts import state_row
from tests.cast import AT, ON

SECOND = new_id()
"""Somebody else of the office, who wrote nothing."""
MODELLING = {
    "code": "modelling", "name": "全国大学生数学建模竞赛", "name_en": "Mathematical Modelling Contest",
    "aliases": "数模竞赛；国赛", "type": "innovation", "kind": "竞赛", "tier": "国家级A类", "issuer": "示例数学会",
    "facts": "kind=contest；tier=national；organiser=government",
}  # fmt: skip


def typed(bank, cast, texts, actor=None, place=None, as_of=ON, at=AT, code="catalogue"):
    """What somebody of the office types of a row."""
    with acting_for(institution=place or cast.college, purpose="test") as scope:
        stated = state_row(
            scope=scope, identities=Identities(bank), data_set=data_set_named(code), texts=texts, as_of=as_of,
            actor=actor or cast.zhao.person, at=at,
        )  # fmt: skip
        assert not isinstance(stated, Refusal), stated
        return stated


def submitted(cast, code, actor=None, place=None, on=ON, at=AT):
    with acting_for(institution=place or cast.college, purpose="test") as scope:
        return submit_item(scope=scope, actor=actor or cast.zhao.person, code=code, at=at, on=on)


def acted(cast, code, number, act, actor=None, words="", place=None, on=ON, at=AT):
    with acting_for(institution=place or cast.college, purpose="test") as scope:
        return act_on_version(
            scope=scope, actor=actor or SECOND, code=code, number=number, act=act, words=words, at=at, on=on
        )


def publicity(place, days):
    with acting_for(institution=place, purpose="test") as scope:
        scope.rows(Institution).filter(pk=place).update(publicity_days=days)


def enacted(bank, cast, texts, place=None, at=AT):
    """An item typed by one person, approved by another, and in force after its publicity."""
    typed(bank, cast, texts, place=place, at=at)
    sent = submitted(cast, texts["code"], place=place, at=at)
    assert isinstance(sent, Moved), sent
    approved = acted(cast, texts["code"], sent.number, Act.APPROVE, place=place, at=at)
    assert isinstance(approved, Moved), approved
    moved = acted(cast, texts["code"], sent.number, Act.ENACT, place=place, on=ON + timedelta(days=60), at=at)
    assert isinstance(moved, Moved), moved
    return moved


def codes(answer):
    """The codes of a refusal's sentences."""
    assert isinstance(answer, Refusal), answer
    return [line.code for line in answer.explanation]


def day(text):
    return date.fromisoformat(text)
