"""Of one code a school has one line of versions: a set of its own, an overlay, and back, with no day between them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from creditbank.domain.access import Role
from creditbank.domain.rule_life.states import Act
from creditbank.domain.values import Text
from creditbank.exchange.documents import write_document
from creditbank.exchange.rule_drafts import begin_blank, begin_from_version, begin_overlay, save_text
from creditbank.gateways.wording import say_all
from creditbank.queries.overlays import replaced_by
from creditbank.queries.rule_life import draft_history
from creditbank.queries.rule_sets import compare_versions, list_versions, read_version
from creditbank.queries.rules import Versions, candidates, recorded_steps
from creditbank.records.operations import Operation
from creditbank.records.rules import RuleDraft, RuleVersion
from creditbank.services.rule_cases import save_cases
from creditbank.services.rule_life import announce_version, approve_draft, ask_step, confirm_step, schedule_version
from tests.cast import AT, ON
from tests.services.rule_drafts import at, colleague, done, moved, refused
from tests.services.test_overlays import CODE, centre_rules, overlay, proposed, publish

DAY = timedelta(days=1)
OWN = {"give": {"credit": "2", "category": "practice"}}
CASE = {
    "id": "forty", "facts": {"kind": "volunteering", "hours": 40, "earned_on": "2026-10-01"},
    "claimed_on": "2026-11-18", "expect": {"ruling": "recognise", "credit": "0.5", "row": "hours-32"},
}  # fmt: skip


@pytest.fixture
def staff(cast):
    """Who writes, and the two who agree."""
    return cast.zhao, cast.chen, colleague(cast, "liu", Role.REGISTRAR)


def centre_version(actor):
    """The id of the version that the centre has in force."""
    with at(actor) as scope:
        return next(one.version_id for one in list_versions(scope, kind="recognition", on=ON) if one.code == CODE)


def approved(staff, base, document=None):
    """An overlay on a version, written, tested, agreed to and approved; returns its id."""
    author = staff[0]
    with at(author) as scope:
        draft = done(begin_overlay(scope=scope, actor=author, version_id=base, at=AT))
        text = write_document(document or overlay())
        done(save_text(scope=scope, actor=author, draft_id=draft.id, revision=1, text=text, at=AT))
        done(save_cases(scope=scope, actor=author, rule_set_id=draft.rule_set_id, documents=[CASE], at=AT))
    for who, act in ((author, Act.TEST), (author, Act.SUBMIT), (staff[1], Act.SIGN), (staff[2], Act.SIGN)):
        done(moved(who, draft.id, act))
    with at(author) as scope:
        return done(approve_draft(scope=scope, actor=staff[1], draft_id=draft.id, meeting="纪要9", on=ON, at=AT)).id


def given_a_day(staff, version, since, on=ON, until=None):
    """The answer to setting the first day of an approved version whose publicity is over."""
    common = {"actor": staff[1], "version_id": version, "on": on, "at": AT}
    with at(staff[0]) as scope:
        done(announce_version(scope=scope, days=0, **common))
        return schedule_version(scope=scope, effective_from=since, effective_until=until, **common)


def test_an_overlay_takes_the_place_of_a_set_of_ones_own_on_its_first_day(bank, cast, staff):
    base = centre_version(cast.zhao)
    own = publish(cast.college, centre_rules(hours_32=OWN), actor=cast.zhao.person)
    with at(cast.zhao) as scope:
        stale = done(begin_from_version(scope=scope, actor=cast.zhao, version_id=base, at=AT)).id
        found = replaced_by(scope, code=CODE, kind="overlay", on=ON)
        assert (found.version_id, found.number, found.overlay, found.begun) == (own, 1, False, True)
    laid = approved(staff, base)
    assert [proposed(cast.college, 40, on=day).proposal.credit for day in days(5)] == [200] * 5
    done(given_a_day(staff, laid, ON + 2 * DAY))
    with at(cast.zhao) as scope:
        answers = [Versions(scope, cast.college, CODE).deciding(day, earned_on=None, cohort=2023) for day in days(5)]
        assert [one.version_id for one in answers] == [own] * 2 + [laid] * 3
        assert [one.composed is not None for one in answers] == [False] * 2 + [True] * 3
        rows = {one.id: one for one in scope.rows(RuleVersion).filter(institution_id=cast.college)}
        assert (rows[own].kind, rows[own].effective_until) == ("recognition", ON + DAY)
        assert (rows[laid].kind, rows[laid].number, rows[laid].rule_set_id) == ("overlay", 2, rows[own].rule_set_id)
        assert recorded_steps(scope, rows[own].rule_set_id) == candidates(scope, cast.college, CODE)
        # What changed is said of the rules that decide, because the two documents are of two kinds.
        shown = [read_version(scope, one, on=ON) for one in (own, laid)]
        assert "Row hours-32 changed" in "\n".join(say_all(shown[1].changes, "en"))
        assert compare_versions(*shown) == shown[1].changes
        assert scope.rows(RuleDraft).get(pk=stale).state == "draft"
    assert [proposed(cast.college, 40, on=day).proposal.credit for day in days(5)] == [200] * 2 + [50] * 3
    done(moved(cast.zhao, stale, Act.DISCARD))
    with at(cast.zhao) as scope:
        assert draft_history(scope, stale)[-1].act is Act.DISCARD
        assert scope.rows(Operation).filter(object_id=stale, action="rules.discard").count() == 1


def days(count):
    """So many days from today on."""
    return [ON + n * DAY for n in range(count)]


def test_a_draft_that_never_came_into_force_keeps_no_overlay_away(bank, cast, staff):
    with at(cast.zhao) as scope:
        done(begin_blank(scope=scope, actor=cast.zhao, code=CODE, name=Text("本校", "Ours"), at=AT))
        assert replaced_by(scope, code=CODE, kind="overlay", on=ON) is None
    done(given_a_day(staff, approved(staff, centre_version(cast.zhao)), ON))
    assert proposed(cast.college, 40).proposal.credit == 50
    with at(cast.zhao) as scope:
        refusal = begin_blank(scope=scope, actor=cast.zhao, code=CODE, name=Text("置换", ""), kind="conversion", at=AT)
    assert refused(refusal) == ["rule_draft.kind_differs"]


def test_a_set_of_ones_own_takes_the_place_of_an_overlay_and_one_abolished_leaves_the_centre_to_decide(
    bank, cast, staff
):
    publish(cast.college, overlay(), actor=cast.zhao.person)
    own = publish(cast.college, centre_rules(hours_32=OWN), ON + DAY, actor=cast.zhao.person)
    assert [proposed(cast.college, 40, on=day).proposal.credit for day in days(3)] == [50, 200, 200]
    with at(cast.zhao) as scope:
        common = {"scope": scope, "version_id": own, "on": ON, "at": AT}
        done(ask_step(actor=cast.chen, wanted=Act.ABOLISH, reason="改用中心规则", day=ON + 2 * DAY, **common))
        done(confirm_step(actor=staff[2], act=Act.ABOLISH, **common))
    assert [proposed(cast.college, 40, on=day).proposal.credit for day in days(4)] == [50, 200, 100, 100]


def test_where_both_stand_for_different_cohorts_each_decides_its_own_and_nobody_is_decided_twice(bank, cast, staff):
    base = centre_version(cast.zhao)
    publish(cast.college, centre_rules(hours_32=OWN), actor=cast.zhao.person)
    author = cast.zhao
    with at(author) as scope:
        draft = done(begin_overlay(scope=scope, actor=author, version_id=base, at=AT))
        done(save_text(
            scope=scope, actor=author, draft_id=draft.id, revision=1, text=write_document(overlay()), at=AT,
            applies={"cohorts": {"from": 2026}},
        ))  # fmt: skip
        done(save_cases(scope=scope, actor=author, rule_set_id=draft.rule_set_id, documents=[CASE], at=AT))
    for who, act in ((author, Act.TEST), (author, Act.SUBMIT), (staff[1], Act.SIGN), (staff[2], Act.SIGN)):
        done(moved(who, draft.id, act))
    with at(author) as scope:
        laid = done(approve_draft(scope=scope, actor=staff[1], draft_id=draft.id, meeting="9", on=ON, at=AT)).id
    # The set in force decides everybody, so an overlay for some would decide these twice.
    assert refused(given_a_day(staff, laid, ON)) == ["rule_life.collides"]
    with at(author) as scope:
        scope.rows(RuleVersion).filter(institution_id=cast.college, number=1).update(effective_until=ON - DAY)
        older = scope.rows(RuleVersion).get(institution_id=cast.college, number=1)
        scope.rows(RuleVersion).create(
            id=older.rule_set_id, institution_id=cast.college, rule_set_id=older.rule_set_id, number=3,
            content=older.content, content_hash=older.content_hash, applies={"cohorts": {"to": 2024}},
            state="scheduled", effective_from=ON, published_at=AT, published_by=author.person,
        )  # fmt: skip
        common = {"scope": scope, "actor": staff[1], "version_id": laid, "on": ON, "at": AT}
        done(schedule_version(effective_from=ON, **common))
        ask = Versions(scope, cast.college, CODE)
        decided = [ask.deciding(ON, earned_on=None, cohort=cohort) for cohort in (2023, 2026)]
        assert [(one.number, one.composed is not None) for one in decided] == [(3, False), (2, True)]
        # A cohort that neither is about is nobody's to guess while a set of one's own stands.
        assert refused(ask.deciding(ON, earned_on=None, cohort=2025)) == ["rule_life.none_fits"]
        # What a form asks before anything is known is what the newest asks, here the set of one's own.
        assert ask.asking(ON).number == 3
