"""A centre's update is shown to a school before it begins, and the school's answer can begin with it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from creditbank.domain.access import Role
from creditbank.domain.rule_documents import read_rules, rules_data, rules_hash
from creditbank.domain.rule_life.states import Act
from creditbank.exchange.documents import read_document, write_document
from creditbank.exchange.rule_drafts import begin_from_version, begin_overlay, save_text
from creditbank.gateways import clock
from creditbank.gateways.clock import new_id
from creditbank.queries.overlays import coming_updates, effect_of, lost_parts
from creditbank.queries.rule_drafts import find_draft
from creditbank.records.rules import RuleSet, RuleVersion
from creditbank.records.scope import acting_for
from creditbank.services.rule_cases import save_cases
from creditbank.services.rule_life import approve_draft, schedule_version
from tests.cast import AT
from tests.cast import ON as CAST_DAY
from tests.services.rule_drafts import at, colleague, done, moved, refused
from tests.services.test_overlay_line import CASE, given_a_day
from tests.services.test_overlays import CODE, both, centre_rules, overlay, proposed, publish

DAY = timedelta(days=1)
ON = max(clock.today("Asia/Shanghai"), CAST_DAY)
"""A draft is judged by the rules of the present day, so what is coming has to come after it."""
ANSWER = overlay(tighten={"rows": [{"id": "hours-30", "credit": "0.5", "clause": both("half a credit here")}]})
ANSWERED = CASE | {"expect": CASE["expect"] | {"row": "hours-30"}}


@pytest.fixture
def staff(cast):
    """Who writes, and the two who agree."""
    return cast.zhao, cast.chen, colleague(cast, "liu", Role.REGISTRAR)


@pytest.fixture
def college(bank, cast):
    """The college with an overlay in force that lowers a row."""
    publish(cast.college, overlay(), actor=cast.zhao.person)
    return cast


def on_its_way(cast, document, state="publicity"):
    """A version of the centre that is approved and has no day yet."""
    rules = read_rules(document)
    with acting_for(institution=cast.centre, purpose="test") as scope:
        rule_set = scope.rows(RuleSet).get(institution_id=cast.centre, code=CODE)
        version = scope.rows(RuleVersion).create(
            id=new_id(), institution_id=cast.centre, rule_set=rule_set, number=2, content=rules_data(rules),
            content_hash=rules_hash(rules), state=state, taken_in=False, published_at=AT, published_by=cast.centre,
        )  # fmt: skip
        return version.id


def begun(author, base, document=ANSWER):
    """A draft of an overlay on a version; returns its id and what it held at first."""
    with at(author) as scope:
        draft = done(begin_overlay(scope=scope, actor=author, version_id=base, at=AT))
        text = write_document(document)
        done(save_text(scope=scope, actor=author, draft_id=draft.id, revision=1, text=text, at=AT))
        done(save_cases(scope=scope, actor=author, rule_set_id=draft.rule_set_id, documents=[ANSWERED], at=AT))
    return draft.id, draft.text


def days(count):
    """So many days from today on."""
    return [ON + n * DAY for n in range(count)]


def credits_of(place, count):
    """What forty hours bring on so many days."""
    return [proposed(place, 40, on=day).proposal.credit for day in days(count)]


def test_an_answer_to_an_update_is_judged_with_it_and_begins_with_it(college, staff):
    author = college.zhao
    coming = publish(college.centre, centre_rules(hours_32={"id": "hours-30"}), ON + 3 * DAY, actor=college.centre)
    with at(author) as scope:
        (update,) = coming_updates(scope, on=ON)
        assert (update.version_id, update.conflicts) == (coming, 1)
        today = scope.rows(RuleVersion).get(institution_id=college.centre, rule_set__code=CODE, number=1).id
    assert credits_of(college.college, 5) == [50, 50, 50, 100, 100]
    stale, _held = begun(author, today)
    assert "overlay.no_part" in refused(moved(author, stale, Act.TEST))
    draft, held = begun(author, coming)
    # It begins with what the overlay says now, and knows on what it is laid.
    assert read_rules(read_document(held.encode(), name="held")) == read_rules(overlay())
    with at(author) as scope:
        assert find_draft(scope, draft).line.origin == {"overlay": "2", "laid_on": str(coming), "kept": "1"}
    for who, act in ((author, Act.TEST), (author, Act.SUBMIT), (staff[1], Act.SIGN), (staff[2], Act.SIGN)):
        done(moved(who, draft, act))
    with at(author) as scope:
        version = done(approve_draft(scope=scope, actor=staff[1], draft_id=draft, meeting="9", on=ON, at=AT)).id
    early = given_a_day(staff, version, ON + 2 * DAY, ON)
    assert refused(early) == ["rule_life.overlay_unfit", "overlay.no_part"]
    assert early.explanation[0].facts["day"] == (ON + 2 * DAY).isoformat()
    done(set_day(staff, version, ON + 3 * DAY))
    assert credits_of(college.college, 6) == [50] * 6
    with at(author) as scope:
        assert [lost_parts(scope, on=day) for day in days(6)] == [()] * 6
        # What is shown of the update now is laid under the overlay that will stand on its first day.
        assert [one.conflicts for one in coming_updates(scope, on=ON)] == [0]
        assert effect_of(scope, author, coming, on=ON).refused == ()


def set_day(staff, version, since):
    """The answer to another day for a version that is in publicity."""
    with at(staff[0]) as scope:
        return schedule_version(scope=scope, actor=staff[1], version_id=version, effective_from=since, on=ON, at=AT)


def test_a_version_that_has_no_day_yet_is_shown_and_can_be_answered_but_not_before_its_day(college, staff):
    author = college.zhao
    coming = on_its_way(college, centre_rules(hours_32={"id": "hours-30"}))
    with at(author) as scope:
        (update,) = coming_updates(scope, on=ON)
        assert (update.version_id, update.effective_from, update.conflicts) == (coming, None, 1)
        assert [line.code for line in effect_of(scope, author, coming, on=ON).refused] == ["overlay.no_part"]
    assert credits_of(college.college, 3) == [50] * 3
    draft, _held = begun(author, coming)
    for who, act in ((author, Act.TEST), (author, Act.SUBMIT), (staff[1], Act.SIGN), (staff[2], Act.SIGN)):
        done(moved(who, draft, act))
    with at(author) as scope:
        version = done(approve_draft(scope=scope, actor=staff[1], draft_id=draft, meeting="9", on=ON, at=AT)).id
    assert refused(given_a_day(staff, version, ON, ON))[0] == "rule_life.overlay_unfit"
    with acting_for(institution=college.centre, purpose="test") as scope:
        rows = scope.rows(RuleVersion).filter(institution_id=college.centre, rule_set__code=CODE)
        rows.filter(number=1).update(effective_until=ON)
        rows.filter(number=2).update(state="scheduled", effective_from=ON + DAY)
    assert refused(set_day(staff, version, ON))[0] == "rule_life.overlay_unfit"
    done(set_day(staff, version, ON + DAY))
    assert credits_of(college.college, 3) == [50] * 3


def test_a_draft_begun_on_a_version_that_never_came_is_judged_by_what_is_inherited(college):
    coming = on_its_way(college, centre_rules(hours_32={"id": "hours-30"}))
    draft, _held = begun(college.zhao, coming)
    with acting_for(institution=college.centre, purpose="test") as scope:
        scope.rows(RuleVersion).filter(pk=coming).update(state="abolished")
    assert "overlay.no_part" in refused(moved(college.zhao, draft, Act.TEST))


def test_where_the_centres_rules_end_the_overlay_decides_nothing_and_the_office_is_told(college):
    with acting_for(institution=college.centre, purpose="test") as scope:
        scope.rows(RuleVersion).filter(rule_set__code=CODE, institution_id=college.centre).update(
            state="abolished", effective_until=ON
        )
    assert [refused(proposed(college.college, 40, on=ON + DAY)), proposed(college.college, 40, on=ON).proposal.credit] == [
        ["recognition.no_rule"], 50,
    ]  # fmt: skip
    with at(college.zhao) as scope:
        assert [[line.code for line in lost_parts(scope, on=day)] for day in days(2)] == [[], ["overlay.no_base"]]


def test_rules_of_ones_own_are_not_judged_by_what_is_above_them(college):
    with at(college.zhao) as scope:
        base = scope.rows(RuleVersion).get(institution_id=college.centre, rule_set__code=CODE)
        draft = done(begin_from_version(scope=scope, actor=college.zhao, version_id=base.id, at=AT))
        assert "laid_on" not in find_draft(scope, draft.id).line.origin
    publish(college.college, centre_rules(hours_32={"id": "hours-30"}), ON, actor=college.zhao.person)
    publish(college.centre, centre_rules(hours_32={"locked": True}), ON + DAY, actor=college.centre)
    with at(college.zhao) as scope:
        assert coming_updates(scope, on=ON) == ()
        assert lost_parts(scope, on=ON + DAY) == ()
