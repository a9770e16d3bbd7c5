"""Conversion rules as a small college has them, credit that can be converted, and applications for it."""

from __future__ import annotations

from datetime import date

from creditbank.domain.conversions.application import State
from creditbank.domain.explanation import Refusal
from creditbank.gateways.clock import new_id
from creditbank.queries.conversion_options import ask_again, holdings_of, option_of
from creditbank.records.catalogue import Course
from creditbank.records.conversions import ConversionApplication
from creditbank.records.scope import acting_for
from creditbank.services.conversions.apply import Wish, apply_for_conversion, withdraw_application
from creditbank.services.conversions.review import (
    ApplicationKey,
    approve_application,
    refuse_application,
    take_application,
)
from creditbank.services.rules import publish_rule_version
from tests.cast import AT, ON

RULES = {
    "schema": "creditbank.conversion_rules/1",
    "code": "college-conversion",
    "kind": "conversion",
    "name": {"zh": "本校学分置换办法", "en": "The college's conversion rules"},
    "source": {"zh": "测试用", "en": "for tests"},
    "unit": "credit",
    "rounding": {"step": "0.5", "mode": "down", "place": "end"},
    "surplus": "kept",
    "carriers": {"category": "kind"},
    "categories": [{"code": "professional", "zh": "专业课程", "en": "professional courses"}],
    "facts": [
        {
            "name": "kind", "type": "enum", "label": {"zh": "成果种类", "en": "Kind"},
            "values": [{"code": "innovation", "zh": "创新实践", "en": "innovation"}],
        },
        {
            "name": "level", "type": "number", "optional": True, "label": {"zh": "等级", "en": "Level"},
        },
    ],
    "rules": [
        {
            "id": "into-professional",
            "from": [{"when": {"kind": "innovation"}, "count": "as_needed"}],
            "to": [{"course_of": "professional"}],
            "credit": "full",
            "grade": {"fixed": "90"},
            "counts": {"gpa": True, "transcript": True, "graduation": True},
            "clause": {"zh": "创新实践学分可置换专业课程。", "en": "Innovation credit converts into professional courses."},
        },
        {
            "id": "thesis",
            "from": [{"when": {"kind": "innovation"}}],
            "to": [{"course": "TH400"}],
            "credit": "full",
            "grade": {"keep": "level"},
            "clause": {"zh": "毕业设计由人工审核。", "en": "The thesis is for a person to decide."},
        },
    ],
    "cap": [
        {
            "id": "at-most-six", "category": "professional", "scope": "ever", "maximum": "6",
            "clause": {"zh": "置换的专业课不超过6学分。", "en": "At most 6 professional credits are converted."},
        }
    ],
}  # fmt: skip
COURSES = (
    ("EL301", "嵌入式系统", 300, "professional"), ("EL302", "移动开发", 300, "professional"),
    ("EL303", "云计算", 200, "professional"), ("TH400", "毕业设计", 200, "practice"),
)  # fmt: skip


def found_rules(cast, document=RULES, place=None):
    """An institution's courses and conversion rules; the college's, unless it is another."""
    place = place or cast.college
    found_courses(place)
    with acting_for(institution=place, purpose="test") as scope:
        return publish_rule_version(
            scope=scope, document=document, effective_from=date(2026, 1, 1), actor=cast.zhao.person, at=AT
        )


def found_courses(place):
    """The courses of an institution."""
    with acting_for(institution=place, purpose="test") as scope:
        for code, name, credit, category in COURSES:
            scope.rows(Course).get_or_create(
                institution_id=place, code=code,
                defaults={"id": new_id(), "name": name, "name_en": name, "credit": credit, "category": category},
            )  # fmt: skip


def option(cast, row="into-professional", course="EL301", learner=None, on=ON, place=None):
    """What a row would do for a learner now."""
    learner = (learner or cast.lin).person
    with acting_for(person=learner, institution=place or cast.college, purpose="test") as scope:
        return option_of(holdings_of(scope, learner, on=on), "college-conversion", row, course)


def wish(cast, row="into-professional", course="EL301", *, application=None, seen=None, learner=None, place=None):
    """What a learner chooses after looking."""
    seen = option(cast, row, course, learner, place=place).seen if seen is None else seen
    return Wish(application or new_id(), "college-conversion", row, course, seen)


def apply_for(cast, *args, learner=None, at=AT, on=ON, chosen=None, place=None, **more):
    """Apply in a transaction of its own."""
    actor = learner or cast.lin
    chosen = chosen or wish(cast, *args, learner=learner, place=place, **more)
    with acting_for(person=actor.person, institution=place or cast.college, purpose="test") as scope:
        return apply_for_conversion(scope=scope, actor=actor, wish=chosen, at=at, on=on)


def key_of(application):
    return ApplicationKey(application.learner_id, application.application_id)


def decide(cast, application, act="approve", actor=None, *, at=AT, on=ON, seen=None, **more):
    """One act of a reviewer, in a transaction of its own."""
    actor, key = actor or cast.chen, key_of(application)
    with acting_for(institution=actor.institution, purpose="test") as scope:
        if act == "take":
            return take_application(scope=scope, actor=actor, key=key, at=at)
        if act == "refuse":
            reason = more.pop("reason", "not_equivalent")
            return refuse_application(scope=scope, actor=actor, key=key, reason=reason, at=at, on=on, **more)
        stored = scope.rows(ConversionApplication).filter(application_id=key.application_id).first()
        now = ask_again(scope, stored) if stored is not None and seen is None else None
        seen = seen or (now.seen if now is not None else "")
        return approve_application(scope=scope, actor=actor, key=key, seen=seen, at=at, on=on, **more)


def withdraw(cast, application, actor=None, *, at=AT, on=ON):
    """The learner takes an application back."""
    actor = actor or cast.lin
    with acting_for(person=actor.person, institution=cast.college, purpose="test") as scope:
        return withdraw_application(scope=scope, actor=actor, application_id=application.application_id, at=at, on=on)


def state_of(cast, application):
    with acting_for(institution=cast.college, purpose="test") as scope:
        return State(scope.rows(ConversionApplication).get(application_id=application.application_id).state)


def refused(answer):
    """The code of a refusal."""
    assert isinstance(answer, Refusal), answer
    return answer.explanation[0].code
