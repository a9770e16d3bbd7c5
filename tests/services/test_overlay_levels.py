"""Overlays of several levels are laid one on the other, and what was known earlier is answered as it was known."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from creditbank.domain.access import Actor, Role
from creditbank.domain.explanation import Refusal
from creditbank.domain.rule_life.states import Act
from creditbank.domain.rules.decision import Context
from creditbank.domain.rules.evaluate import evaluate
from creditbank.domain.rules.facts import read_outcome
from creditbank.domain.rules.overlay import read_overlay
from creditbank.gateways.wording import say_all
from creditbank.queries.overlays import coming_updates, effect_of, lost_parts, standing_of
from creditbank.queries.rule_context import _SIBLINGS
from creditbank.queries.rules import in_force, version_for
from creditbank.records.rules import RuleVersion
from creditbank.records.scope import acting_for
from creditbank.services.rule_life import ask_step, confirm_step
from creditbank.services.rules import publish_rule_version
from tests.cast import AT, ON
from tests.services.rule_drafts import at, colleague, done, refused
from tests.services.test_overlays import CODE, both, centre_rules, overlay, proposed, publish

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def lower(row, credit):
    """An item that lowers a row."""
    return {"id": row, "credit": credit, "clause": both(f"{row} brings {credit}")}


def below(*items, **halves):
    """The overlay of the college of software."""
    return overlay(tighten={"rows": list(items)}, **halves)


@pytest.fixture
def dean(cast):
    """Who keeps the rules of the college of software."""
    return Actor(cast.zhao.person, cast.software, None, frozenset({Role.REGISTRAR}))


@pytest.fixture
def levels(bank, cast):
    """The centre's rules with open tables; the school lowers one row and adds a locked one, its college lowers another."""
    publish(cast.centre, centre_rules(), ON - 9 * DAY, actor=cast.centre)
    few = {"table": "volunteering", "id": "few", "when": {"hours": {"below": 16}}, "locked": True}
    few |= {"give": {"credit": "0.5", "category": "practice"}, "clause": both("few hours")}
    publish(cast.college, overlay(add={"rows": [few]}), ON - 8 * DAY, actor=cast.zhao.person)
    publish(cast.software, below(lower("hours-96", "1.5")), ON - 7 * DAY, actor=cast.zhao.person)
    return cast


def given(place, *hours, on=ON):
    """What so many hours bring at a place."""
    return [proposed(place, one, on=on).proposal.credit for one in hours]


def newest(place):
    """The version of a place that was published last."""
    with acting_for(institution=place, purpose="test") as scope:
        return scope.rows(RuleVersion).filter(institution_id=place, rule_set__code=CODE).order_by("-number").first()


def test_each_level_adds_to_what_it_inherits_and_tightens_it(levels):
    places = levels.university, levels.college, levels.software
    found = [given(place, 40, 100) for place in places]
    # A hundred hours bring three credits, of which a claim gets two.
    assert found == [[100, 200], [50, 200], [50, 150]]
    assert given(levels.software, 10) == given(levels.college, 10) == [50]
    answer = proposed(levels.software, 100)
    base, school, software = newest(levels.centre), newest(levels.college), newest(levels.software)
    assert (answer.version.version_id, answer.version.composed_of) == (software.id, [str(base.id), str(school.id)])
    owners = {100: "This is a rule of Software.", 40: "This is a rule of Model Vocational College."}
    for hours, owner in owners.items():
        assert owner in "\n".join(say_all(proposed(levels.software, hours).proposal.explanation, "en"))
    with acting_for(institution=levels.software, purpose="test") as scope:
        assert in_force(scope, software, answer.version.composed_of).compiled is answer.version.compiled
        # What was recognised on any level counts under the same limits.
        counted = scope.fetch(f"SELECT id FROM rule_version WHERE id IN {_SIBLINGS}", {"version": software.id})
        assert {one for (one,) in counted} >= {base.id, school.id, software.id}


def test_a_level_below_gives_back_nothing_and_leaves_alone_what_the_level_between_has_locked(levels, dean):
    raised = [lower("hours-32", "0.75"), lower("few", "0.25")]
    with at(dean) as scope:
        told = standing_of(scope, read_overlay(below(*raised)), institution=levels.software, on=ON).refused
        assert [line.code for line in told] == ["overlay.raised", "overlay.locked"]
    publish(levels.software, below(*raised, lower("hours-16", "0")), ON, actor=dean.person)
    assert given(levels.software, 40, 10) == [50, 50]
    with at(dean) as scope:
        (lost,) = lost_parts(scope, on=ON)
        assert (lost.facts["count"], len(lost.lines)) == (2, 2)


def test_an_update_of_the_level_between_is_shown_below_with_what_it_changes_and_ends(levels, dean):
    cut = below(lower("hours-32", "0.5"), lower("hours-96", "1"))
    coming = publish(levels.college, cut, ON + DAY, actor=levels.zhao.person)
    with at(dean) as scope:
        (update,) = coming_updates(scope, on=ON)
        assert (update.version_id, update.conflicts, update.publisher.en) == (coming, 1, "Model Vocational College")
        effect = effect_of(scope, dean, coming, on=ON)
        assert [line.code for line in effect.refused] == ["overlay.raised"]
        said = "\n".join(say_all(effect.changes, "en"))
        assert "Row hours-96 changed" in said
        assert "few" in said
        assert coming_updates(scope, on=ON + DAY) == ()
    assert [given(levels.software, 100, on=day) for day in (ON, ON + DAY)] == [[150], [100]]


def test_an_update_of_the_centre_reaches_the_lowest_level_through_the_overlay_between(levels, dean):
    locked = {"locked": True, "give": {"credit": "2", "category": "practice"}}
    coming = publish(
        levels.centre, centre_rules(hours_32={"locked": True}, hours_96=locked), ON + DAY, actor=levels.centre
    )
    with at(dean) as scope:
        (update,) = coming_updates(scope, on=ON)
        assert (update.version_id, update.conflicts) == (coming, 1)
        effect = effect_of(scope, dean, coming, on=ON)
        # Its own item first, then what the school above it loses.
        assert [line.code for line in effect.refused] == ["overlay.locked", "overlay.left_out"]
        said = "\n".join(say_all(effect.changes, "en"))
        assert "It gave 0.5 credits" in said
        assert "It gave 1.5 credits" in said
    assert [given(levels.software, 40, 100, on=day) for day in (ON, ON + DAY)] == [[50, 150], [100, 200]]
    with at(levels.sun) as scope:  # who inherits without an overlay is shown it too
        assert [(one.version_id, one.conflicts) for one in coming_updates(scope, on=ON)] == [(coming, 0)]


def test_a_set_of_its_own_between_cuts_off_what_is_above(levels, dean):
    own = {"give": {"credit": "2", "category": "practice"}}
    publish(levels.college, centre_rules(hours_96=own), ON, actor=levels.zhao.person)
    unheard = publish(levels.centre, centre_rules(hours_96={"locked": True}), ON + DAY, actor=levels.centre)
    assert given(levels.software, 40, 100, on=ON + DAY) == [100, 150]
    for who in (dean, levels.zhao):
        with at(who) as scope:
            assert coming_updates(scope, on=ON) == ()
            assert effect_of(scope, who, unheard, on=ON) is None


def test_a_suspended_overlay_between_stops_what_is_below_it(levels):
    with acting_for(institution=levels.college, purpose="test") as scope:
        scope.rows(RuleVersion).filter(institution_id=levels.college, kind="overlay").update(state="suspended")
    answer = proposed(levels.software, 40)
    assert isinstance(answer, Refusal)
    assert [line.code for line in answer.explanation] == ["rule_life.suspended"]


# ---- what was known at a moment


def published(place, document, since, moment, actor):
    with acting_for(institution=place, purpose="test") as scope:
        version = publish_rule_version(scope=scope, document=document, effective_from=since, actor=actor, at=moment)
        return version.id


def answered(place, day, known_at, hours=40):
    """What a claim of a day gives by what was known at a moment, with the versions that say so."""
    with acting_for(institution=place, purpose="test") as scope:
        found = version_for(scope, institution=place, code=CODE, claimed_on=day, cohort=2023, known_at=known_at)
    if isinstance(found, Refusal):
        return refused(found)
    outcome = read_outcome(
        found.compiled.rules, {"kind": "volunteering", "hours": str(hours), "earned_on": "2026-10-01"}
    )
    return evaluate(found.compiled, outcome, Context(claimed_on=day)).credit, [
        *found.composed_of,
        str(found.version_id),
    ]


def test_a_claim_is_decided_as_known_at_a_moment_by_the_versions_of_both_levels(bank, cast):
    centre, school, first = cast.centre, cast.college, newest(cast.centre).id
    moments = [AT + n * HOUR for n in range(1, 6)]
    laid = published(school, below(lower("hours-32", "0.5")), date(2026, 9, 1), moments[0], centre)
    second = published(centre, centre_rules(hours_32={"locked": True}), ON, moments[1], centre)
    third = published(centre, centre_rules(), ON + 2 * DAY, moments[2], centre)
    again = published(school, below(lower("hours-32", "0")), ON + 3 * DAY, moments[3], school)
    base, over, locked, opened, last = (str(one) for one in (first, laid, second, third, again))
    alone, lowered, kept = (100, [base]), (50, [base, over]), (100, [locked, over])
    days = [ON - DAY, ON, ON + 2 * DAY, ON + 3 * DAY]
    expected = {
        AT - HOUR: [["rule_life.none_applies"]] * 4,
        AT: [alone] * 4,
        moments[0]: [lowered] * 4,
        moments[1]: [lowered, kept, kept, kept],
        moments[2]: [lowered, kept, (50, [opened, over]), (50, [opened, over])],
        moments[3]: [lowered, kept, (50, [opened, over]), (0, [opened, last])],
        None: [lowered, kept, (50, [opened, over]), (0, [opened, last])],
    }
    for moment, answers in expected.items():
        assert [answered(school, day, moment) for day in days] == answers, moment


def test_what_was_suspended_or_taken_the_place_of_is_still_known_as_it_was(bank, cast):
    helper = colleague(cast, "liu", Role.REGISTRAR)
    own = published(cast.college, centre_rules(), date(2026, 9, 1), AT + HOUR, cast.college)
    laid = published(cast.college, below(lower("hours-32", "0.5")), ON, AT + 2 * HOUR, cast.college)
    common = {"version_id": laid, "on": ON}
    for n, asked in ((3, Act.SUSPEND), (5, Act.RESUME)):
        with at(cast.zhao) as scope:
            said = {"scope": scope, **common}
            done(ask_step(actor=cast.chen, wanted=asked, reason="待核实", at=AT + n * HOUR, **said))
            done(confirm_step(actor=helper, act=asked, at=AT + (n + 1) * HOUR, **said))
    base = str(newest(cast.centre).id)
    was, now = (100, [str(own)]), (50, [base, str(laid)])
    suspended = ["rule_life.suspended"]
    asked = [answered(cast.college, ON, AT + n * HOUR) for n in range(7)]
    assert asked == [(100, [base]), was, now, now, suspended, suspended, now]
    assert answered(cast.college, ON - DAY, AT + 6 * HOUR) == was
