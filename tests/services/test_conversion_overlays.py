"""A school inherits conversion rules, adds and tightens: what learners are offered, what is kept, what an update does."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta

import pytest

from creditbank.domain.access import Role
from creditbank.domain.explanation import Refusal
from creditbank.domain.rule_life.states import Act
from creditbank.domain.rules.cases import codes_of
from creditbank.domain.rules.model import Ruling
from creditbank.exchange.documents import read_document, write_document
from creditbank.exchange.rule_drafts import begin_overlay, save_text
from creditbank.gateways import clock
from creditbank.gateways.wording import say_all
from creditbank.queries.conversion_options import ask_again, regulation_at, regulations_of
from creditbank.queries.conversion_rules import passages, targets_not_offered
from creditbank.queries.courses import findings_of
from creditbank.queries.overlays import coming_updates, effect_of, lost_parts, replaced_by
from creditbank.queries.rule_context import _SIBLINGS
from creditbank.queries.rule_drafts import find_draft
from creditbank.queries.rule_sets import read_version
from creditbank.queries.rules import rules_in_force
from creditbank.records.conversions import ConversionApplication
from creditbank.records.institutions import Institution
from creditbank.records.rules import RuleVersion
from creditbank.records.scope import acting_for
from creditbank.services.rule_cases import save_cases
from creditbank.services.rule_life import announce_version, approve_draft, schedule_version
from creditbank.services.rules import publish_rule_version
from tests.cast import AT
from tests.cast import ON as CAST_DAY
from tests.services.bookings import deposit, post
from tests.services.conversion_applications import (
    RULES,
    apply_for,
    decide,
    found_courses,
    found_rules,
    option,
    state_of,
)
from tests.services.rule_drafts import at, colleague, done, moved, refused

DAY = timedelta(days=1)
CODE = "college-conversion"
ON = max(clock.today("Asia/Shanghai"), CAST_DAY)
"""A draft is judged by the rules of the present day, so what is coming has to come after it."""
CASE = {
    "id": "three", "on": "2026-11-18", "row": "into-professional", "course": "EL301",
    "items": [{"id": "x", "facts": {"kind": "innovation"}, "credit": "3"}],
    "courses": [{"code": "EL301", "credit": "3", "category": "professional"}], "used": {"at-most-six": "0"},
    "expect": {"ruling": "manual", "makes": {"course:EL301": "3"}},
}  # fmt: skip


def both(text):
    return {"zh": f"{text}（中）", "en": text}


def item(name, **says):
    return {"id": name, "clause": both(f"our {name}")} | says


def overlay(**halves):
    """At the college a person looks at every conversion into a course, and cloud computing is closed."""
    head = {"schema": "creditbank.conversion-overlay/1", "code": CODE, "kind": "conversion_overlay"}
    says = {
        "tighten": {"rules": [item("into-professional", ruling="manual")]},
        "add": {"closed": [item("ours", courses=["EL303"])]},
    }
    return head | {"name": both("ours"), "source": both("minutes 3")} | says | halves


def centre_rules(**rows):
    """The centre's rules, open for further rows, and some rows otherwise; ids are written with underscores."""
    document = deepcopy(RULES) | {"open": True}
    for one in document["rules"]:
        one.update(deepcopy(rows.get(one["id"].replace("-", "_"), {})))
    return document


def publish(place, document, since, *, actor):
    with acting_for(institution=place, purpose="test") as scope:
        return publish_rule_version(scope=scope, document=document, effective_from=since, actor=actor, at=AT).id


@pytest.fixture
def centre(bank, cast):
    """The centre's conversion rules in force, the college's courses, and five credits that a learner holds."""
    found_rules(cast, centre_rules(), cast.centre)
    found_courses(cast.college)
    with acting_for(institution=cast.college, purpose="test") as scope:
        scope.rows(Institution).filter(pk=cast.college).update(publicity_days=0)
    post(cast, deposit(cast.lin.person, amount=500, earned_on=CAST_DAY, expires_on=None))
    return cast


@pytest.fixture
def college(centre):
    """The college with its overlay in force."""
    publish(centre.college, overlay(), CAST_DAY - 9 * DAY, actor=centre.zhao.person)
    return centre


def decides(cast, place, on=ON):
    """The rules that decide at a place on a day."""
    with acting_for(institution=place, purpose="test") as scope:
        return rules_in_force(scope, institution=place, kind="conversion", code=CODE, on=on)


def test_what_a_learner_is_offered_follows_the_overlays_of_every_level(college):
    manual, closed = option(college), option(college, course="EL303")
    assert (manual.one.ruling, manual.credit, closed.one.ruling) == (Ruling.MANUAL, 300, Ruling.REFUSE)
    said = "\n".join(say_all(manual.one.explanation, "en"))
    assert "for a person to decide" in said
    assert "This is a rule of Model Vocational College." in said
    # Below it a department refuses the row; what the school says holds there as well.
    dean = college.zhao.person
    refuse = overlay(tighten={"rules": [item("into-professional", ruling="refuse")]}, add={})
    publish(college.software, refuse, CAST_DAY - 8 * DAY, actor=dean)
    found = [decides(college, place) for place in (college.university, college.college, college.software)]
    assert [one.rules.rows[0].ruling.value for one in found] == ["recognise", "manual", "refuse"]
    assert [len(one.rules.closed) for one in found] == [0, 1, 1]
    assert [len(one.composed_of) for one in found] == [0, 1, 2]
    with acting_for(institution=college.software, purpose="test") as scope:
        (now,) = regulations_of(scope, college.software, ON)
        again = regulation_at(scope, now.version_id, now.composed_of)
        assert again.compiled is now.compiled
        assert findings_of(scope, now.compiled.rules, institution=college.software, on=ON) is not None
        siblings = scope.fetch(
            f"SELECT count(*) FROM rule_version WHERE id IN {_SIBLINGS}", {"version": now.version_id}
        )
        assert siblings == [(3,)]


def test_a_decision_is_made_again_by_the_overlay_and_what_it_was_laid_on(college):
    application = apply_for(college)
    assert (application.verdict, application.credit) == ("manual", 300)
    with acting_for(institution=college.college, purpose="test") as scope:
        kinds = dict(scope.rows(RuleVersion).values_list("id", "kind"))
        stored = scope.rows(ConversionApplication).get(application_id=application.application_id)
        (beneath,) = stored.composed_of
        assert kinds[stored.rule_version_id] == "conversion_overlay"
        assert {str(key): kind for key, kind in kinds.items()}[beneath] == "conversion"
        before = ask_again(scope, stored)
    # The centre abolishes the row from tomorrow on; what was applied for today is decided by the rules of today.
    gone = centre_rules()
    gone["rules"] = gone["rules"][1:]
    publish(college.centre, gone, CAST_DAY + DAY, actor=college.centre)
    with acting_for(institution=college.college, purpose="test") as scope:
        assert ask_again(scope, stored).seen == before.seen
    decide(college, application, "take")
    done(decide(college, application))
    assert state_of(college, application).value == "posted"
    with acting_for(institution=college.college, purpose="test") as scope:
        assert [line.code for line in lost_parts(scope, on=CAST_DAY + DAY)] == ["overlay.left_out"]


def drafted(author, base, document, cases=(CASE,)):
    """A draft of an overlay on a version, with its text and cases."""
    with at(author) as scope:
        draft = done(begin_overlay(scope=scope, actor=author, version_id=base, at=AT))
        held = draft.text
        text = write_document(document)
        done(save_text(scope=scope, actor=author, draft_id=draft.id, revision=1, text=text, at=AT))
        done(save_cases(scope=scope, actor=author, rule_set_id=draft.rule_set_id, documents=cases, at=AT))
    return draft.id, held


def test_an_overlay_is_drafted_tested_as_it_is_laid_agreed_to_and_in_force(centre):
    staff = centre.zhao, centre.chen, colleague(centre, "liu", Role.REGISTRAR)
    author = staff[0]
    with at(author) as scope:
        base = scope.rows(RuleVersion).get(institution_id=centre.centre, rule_set__code=CODE).id
    draft, held = drafted(author, base, overlay(tighten={"cap": [item("at-most-six", maximum="9")]}))
    assert read_document(held.encode(), name="x")["schema"] == "creditbank.conversion-overlay/1"
    # Asked as it is laid the case is red, for nobody made the row stricter; and what raises a limit never holds.
    assert refused(moved(author, draft, Act.TEST)) == [
        "rule_life.not_ready", "overlay.raised", "rule_draft.case_red",
    ]  # fmt: skip
    with at(author) as scope:
        text = write_document(overlay())
        done(save_text(scope=scope, actor=author, draft_id=draft, revision=2, text=text, at=AT))
        assert find_draft(scope, draft).line.overlay
    for who, act in ((author, Act.TEST), (author, Act.SUBMIT), (staff[1], Act.SIGN), (staff[2], Act.SIGN)):
        done(moved(who, draft, act))
    common = {"actor": staff[1], "on": ON, "at": AT}
    with at(author) as scope:
        version = done(approve_draft(scope=scope, draft_id=draft, meeting="纪要9", **common)).id
        done(announce_version(scope=scope, version_id=version, days=0, **common))
        done(schedule_version(scope=scope, version_id=version, effective_from=ON, **common))
        shown = read_version(scope, version, on=ON)
    row, thesis = shown.conversion.rows
    assert ((row.own, row.ruling), (thesis.own, shown.base.en)) == ((True, Ruling.MANUAL), (False, "Centre"))
    assert {"diff.part_changed", "diff.part_added"} <= set(codes_of(shown.laid))
    assert [one.own for one in shown.conversion.parts if one.id in ("ours", "at-most-six")] == [True, False]
    own = {one.version.version_id: one for one in passages(on=ON)}[version]
    assert [place.en for place in (one.name for one in own.receivers)] == ["Model Vocational College"]
    with at(author) as scope:
        assert [one.version.code for one in targets_not_offered(scope, on=ON)] == []
        # Rules of one's own stand in one line with the overlay.
        found = replaced_by(scope, code=CODE, kind="conversion", on=ON)
        assert (found.version_id, found.overlay) == (version, True)


def test_an_update_of_the_centre_shows_its_effect_first_and_is_answered_before_it_begins(college):
    staff = college.zhao, college.chen, colleague(college, "liu", Role.REGISTRAR)
    author, renamed = staff[0], {"id": "into-any"}
    coming = publish(college.centre, centre_rules(into_professional=renamed), ON + 3 * DAY, actor=college.centre)
    with at(author) as scope:
        (update,) = coming_updates(scope, on=ON)
        assert (update.version_id, update.code, update.conflicts) == (coming, CODE, 1)
        effect = effect_of(scope, author, coming, on=ON)
        assert [line.code for line in effect.refused] == ["overlay.no_part"]
        assert {"diff.part_added", "diff.part_removed"} <= set(codes_of(effect.changes))
        assert effect.affected.impact.count == 0
    answer = overlay(tighten={"rules": [item("into-any", ruling="manual")]})
    answered = CASE | {"row": "into-any"}
    draft, held = drafted(author, coming, answer, [answered])
    assert "into-professional" in held
    for who, act in ((author, Act.TEST), (author, Act.SUBMIT), (staff[1], Act.SIGN), (staff[2], Act.SIGN)):
        done(moved(who, draft, act))
    common = {"actor": staff[1], "on": ON, "at": AT}
    with at(author) as scope:
        version = done(approve_draft(scope=scope, draft_id=draft, meeting="纪要9", **common)).id
        done(announce_version(scope=scope, version_id=version, days=0, **common))
        early = schedule_version(scope=scope, version_id=version, effective_from=ON + DAY, **common)
        assert isinstance(early, Refusal)
        assert refused(early) == ["rule_life.overlay_unfit", "overlay.no_part"]
        done(schedule_version(scope=scope, version_id=version, effective_from=ON + 3 * DAY, **common))
    found = [decides(college, college.college, day).rules.rows[0] for day in (ON + 2 * DAY, ON + 3 * DAY)]
    assert [(row.id, row.ruling.value) for row in found] == [("into-professional", "manual"), ("into-any", "manual")]
