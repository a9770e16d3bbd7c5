"""A draft of conversion rules is checked for circles with everything that is in force where it would stand."""

from __future__ import annotations

import json
from fractions import Fraction

from creditbank.domain.frameworks.model import Carrier, CarrierKind, CertificationUnit
from creditbank.domain.rule_life.states import Act
from creditbank.domain.values import Text
from creditbank.exchange.rule_drafts import begin_from_text
from creditbank.gateways.clock import new_id
from creditbank.queries.courses import findings_of
from creditbank.queries.rule_drafts import find_draft
from creditbank.records.catalogue import Course
from creditbank.records.scope import acting_for
from creditbank.services.frameworks import store_documents
from creditbank.services.rule_cases import save_cases
from creditbank.services.rules import publish_rule_version
from tests.cast import AT, ON
from tests.domain.conversions.small_conversions import both, row, rules
from tests.services.rule_drafts import at, done, moved, refused

CODE = {"name": "course", "type": "code", "label": both("course"), "optional": True}
REFUSED_CASE = {
    "id": "nothing", "on": "2026-11-18", "row": "r", "items": [], "expect": {"ruling": "refuse"},
    "courses": [{"code": "C3", "credit": "3"}],
}  # fmt: skip


def by_unit(code, unit, course, worth):
    """Rules that make a course of whatever carries a unit."""
    one = row("r", to=[{"course": course}], credit=worth, **{"from": [{"unit": unit}]})
    return rules(one, code=code, facts=[*rules()["facts"], CODE], carriers={"course": "course"})


def world(cast, share=Fraction(1)):
    """Two courses that carry a unit each, and the centre's rules that take the second one back for the first."""
    with acting_for(institution=cast.centre, purpose="test") as scope:
        back = by_unit("theirs", "U2", "C2", "full")
        publish_rule_version(scope=scope, document=back, effective_from=ON, actor=cast.centre, at=AT)
    with at(cast.zhao) as scope:
        for code, credit in (("C2", 200), ("C3", 300)):
            scope.rows(Course).create(id=new_id(), institution_id=cast.college, code=code, name=code, credit=credit)
        units = tuple(
            CertificationUnit(
                code, Text(code, code), "levels-10", "5", Fraction(1), "cn-course",
                carriers=(Carrier(CarrierKind.COURSE, course, part),),
            )
            for code, course, part in (("U1", "C2", Fraction(1)), ("U2", "C3", share))
        )  # fmt: skip
        store_documents(scope=scope, actor=cast.zhao.person, documents=(units,), published=False, as_of=ON, at=AT)


def drafted(cast, worth):
    """A draft of the school's own with a case, ready but for what lint says."""
    data = json.dumps(by_unit("ours", "U1", "C3", worth)).encode()
    with at(cast.zhao) as scope:
        draft = done(begin_from_text(scope=scope, actor=cast.zhao, data=data, name="ours.json", at=AT))
        done(
            save_cases(
                scope=scope, actor=cast.zhao, rule_set_id=draft.rule_set_id, documents=[REFUSED_CASE], at=AT
            )
        )  # fmt: skip
    return draft.id


def test_a_draft_that_closes_a_circle_with_inherited_rules_through_units_cannot_be_tested(bank, cast):
    world(cast)
    draft = drafted(cast, {"full": "even_if_short"})
    answer = moved(cast.zhao, draft, Act.TEST)
    assert refused(answer) == ["rule_life.not_ready", "lint.loop"]
    said = answer.explanation[1].facts
    assert said["gain"] == "3/2"
    assert "C3 (U2) → theirs/r → C2" in said["way"]


def test_a_circle_that_gains_nothing_or_leads_over_a_part_of_a_unit_forbids_nothing(bank, cast):
    world(cast, share=Fraction(3, 4))
    draft = drafted(cast, {"full": "even_if_short"})
    with at(cast.zhao) as scope:
        found = findings_of(scope, find_draft(scope, draft).rules, institution=cast.college, on=ON)
    assert [(one.line.code, one.line.facts["gain"]) for one in found] == [("lint.loop_by_share", "9/8")]
    done(moved(cast.zhao, draft, Act.TEST))
