"""A school adds to its centre's rules and tightens them: what decides, what is kept, what an update changes."""

from __future__ import annotations

from copy import deepcopy
from datetime import date, timedelta

import pytest

from creditbank.domain.access import Role
from creditbank.domain.explanation import Refusal, from_data
from creditbank.domain.rule_life.states import Act
from creditbank.domain.rules.cases import codes_of
from creditbank.exchange.documents import read_document, write_document
from creditbank.exchange.rule_drafts import begin_overlay, save_text
from creditbank.gateways.clock import new_id
from creditbank.gateways.wording import say_all
from creditbank.queries.claims import claim_of
from creditbank.queries.overlays import coming_updates, effect_of, lost_parts
from creditbank.queries.recognition import propose
from creditbank.queries.rule_sets import read_version
from creditbank.queries.rules import Versions, in_force
from creditbank.records.recognition import Claim
from creditbank.records.rules import RuleDraft, RuleVersion
from creditbank.records.scope import acting_for
from creditbank.services.recognition.claim import Draft, keep_draft, submit_claim
from creditbank.services.rule_cases import save_cases
from creditbank.services.rule_life import announce_version, approve_draft, schedule_version
from creditbank.services.rules import publish_rule_version
from tests.cast import AT, ON, PACKS
from tests.services.rule_drafts import at, colleague, done, moved, refused

DAY = timedelta(days=1)
CODE = "example-limits"


def both(text):
    return {"zh": f"{text}（中）", "en": text}


def overlay(**halves):
    """At the college 40 hours bring half a credit, and a few hours bring a quarter."""
    lower = {"id": "hours-32", "credit": "0.5", "clause": both("half a credit here")}
    head = {"schema": "creditbank.rules-overlay/1", "code": CODE, "kind": "overlay"}
    return head | {"name": both("ours"), "source": both("minutes 3"), "tighten": {"rows": [lower]}} | halves


def centre_rules(**rows):
    """The centre's pack with its tables open, and some rows otherwise."""
    document = read_document((PACKS / f"{CODE}.yaml").read_bytes(), name=CODE)
    document["tables"][0]["open"] = True
    for one in document["tables"][0]["rows"]:
        one.update(deepcopy(rows.get(one["id"].replace("-", "_"), {})))
    return document


def publish(place, document, since=date(2020, 1, 1), *, actor):
    with acting_for(institution=place, purpose="test") as scope:
        return publish_rule_version(scope=scope, document=document, effective_from=since, actor=actor, at=AT).id


def proposed(place, hours, *, on=ON, learner=None):
    raw = {"kind": "volunteering", "hours": str(hours), "earned_on": "2026-10-01"}
    with acting_for(institution=place, purpose="test") as scope:
        return propose(scope, institution=place, outcome_type="practice", raw=raw, on=on, learner=learner)


@pytest.fixture
def college(bank, cast):
    """The college with its overlay in force."""
    publish(cast.college, overlay(), actor=cast.zhao.person)
    return cast


def test_the_rules_of_a_school_are_those_of_its_centre_with_its_overlay_laid_on_them(college):
    assert [proposed(place, 40).proposal.credit for place in (college.college, college.university)] == [50, 100]
    assert proposed(college.college, 20).proposal.credit == 50
    said = "\n".join(say_all(proposed(college.college, 40).proposal.explanation, "en"))
    assert "This is a rule of Model Vocational College." in said
    said = "\n".join(say_all(proposed(college.college, 100).proposal.explanation, "en"))
    assert "This is a rule of Centre." in said
    assert "Vocational" not in said


def test_a_decision_names_the_overlay_and_what_it_was_laid_on(college):
    with acting_for(person=college.lin.person, purpose="test") as scope:
        facts = {"kind": "volunteering", "hours": "40", "earned_on": "2026-10-01"}
        kept = keep_draft(
            scope=scope,
            actor=college.lin,
            draft=Draft(institution=college.college, outcome_type="practice", title="志愿服务", facts=facts),
            at=AT,
        )
        done(submit_claim(scope=scope, actor=college.lin, claim_id=done(kept).claim_id, on=ON, at=AT))
        claim = scope.rows(Claim).get(claim_id=kept.claim_id)
        assert claim.credit == 50
        overlaid, (beneath,) = claim.rule_version_id, claim.composed_of
        kinds = dict(scope.rows(RuleVersion).values_list("id", "kind"))
        assert (kinds[overlaid], {str(key): kind for key, kind in kinds.items()}[beneath]) == ("overlay", "recognition")
        again = in_force(scope, scope.rows(RuleVersion).get(pk=overlaid), claim.composed_of)
        assert again.compiled is proposed(college.college, 40).version.compiled
        assert "rules.row_gives" in codes_of(from_data(claim.proposal))
        assert claim_of(scope, college.lin.person, kept.claim_id).category.en == "practice"


def test_what_was_recognised_before_the_overlay_counts_under_the_same_limits(bank, cast):
    publish(cast.college, overlay(), ON + DAY, actor=cast.zhao.person)
    with acting_for(institution=cast.college, purpose="test") as scope:
        before, after = (
            Versions(scope, cast.college, CODE).deciding(day, earned_on=None, cohort=None) for day in (ON, ON + DAY)
        )
        assert before.version_id != after.version_id
        from creditbank.queries.rule_context import _SIBLINGS

        for one, other in ((before, after), (after, before)):
            found = scope.fetch(
                f"SELECT 1 WHERE %(other)s::uuid IN {_SIBLINGS}", {"version": one.version_id, "other": other.version_id}
            )
            assert found == [(1,)]


def test_an_overlay_that_would_give_more_is_never_approved(bank, cast):
    staff = cast.zhao, cast.chen, colleague(cast, "liu", Role.REGISTRAR)
    base = publish(cast.centre, centre_rules(), ON - DAY, actor=cast.centre)
    with at(cast.zhao) as scope:
        draft = done(begin_overlay(scope=scope, actor=cast.zhao, version_id=base, at=AT))
        case = {
            "id": "forty", "facts": {"kind": "volunteering", "hours": 40, "earned_on": "2026-10-01"},
            "claimed_on": "2026-11-18", "expect": {"ruling": "recognise", "credit": "0.5", "row": "hours-32"},
        }  # fmt: skip
        more = {"id": "hours-32", "credit": "2", "clause": both("two here")}
        text = write_document(overlay(tighten={"rows": [more]}))
        done(save_text(scope=scope, actor=cast.zhao, draft_id=draft.id, revision=1, text=text, at=AT))
        done(save_cases(scope=scope, actor=cast.zhao, rule_set_id=draft.rule_set_id, documents=[case], at=AT))
    answer = moved(cast.zhao, draft.id, Act.TEST)
    assert refused(answer) == ["rule_life.not_ready", "overlay.raised", "rule_draft.case_red"]
    with at(cast.zhao) as scope:
        few = {"table": "volunteering", "id": "few", "when": {"hours": {"below": 16}}}
        few |= {"give": {"credit": "0.5", "category": "practice"}, "clause": both("few hours")}
        text = write_document(overlay(add={"rows": [few]}))
        done(save_text(scope=scope, actor=cast.zhao, draft_id=draft.id, revision=2, text=text, at=AT))
    for who, act in ((staff[0], Act.TEST), (staff[0], Act.SUBMIT), (staff[1], Act.SIGN), (staff[2], Act.SIGN)):
        done(moved(who, draft.id, act))
    common = {"actor": cast.chen, "on": ON, "at": AT}
    with at(cast.zhao) as scope:
        version = done(approve_draft(scope=scope, draft_id=draft.id, meeting="纪要9", **common)).id
        done(announce_version(scope=scope, version_id=version, days=0, **common))
        done(schedule_version(scope=scope, version_id=version, effective_from=ON, **common))
        shown = read_version(scope, version, on=ON)
        rows = {row.id: (row.own, row.credit) for row in shown.tables[0].rows}
        assert rows == {"hours-16": (False, 50), "hours-32": (True, 50), "hours-96": (False, 300), "few": (True, 50)}
        assert scope.rows(RuleDraft).get(pk=draft.id).state == "approved"
    assert [proposed(cast.college, hours).proposal.credit for hours in (10, 40)] == [50, 50]


def test_an_update_of_the_centre_shows_its_effect_first_and_takes_effect_without_what_collides(college):
    tighten = {
        "rows": [*overlay()["tighten"]["rows"], {"id": "hours-96", "credit": "1.5", "clause": both("one and a half")}]
    }
    publish(college.college, overlay(tighten=tighten), ON, actor=college.zhao.person)
    coming = publish(college.centre, centre_rules(hours_32={"locked": True}), ON + DAY, actor=college.centre)
    with at(college.zhao) as scope:
        (update,) = coming_updates(scope, on=ON)
        assert (update.version_id, update.conflicts, update.effective_from) == (coming, 1, ON + DAY)
        effect = effect_of(scope, college.zhao, coming, on=ON)
        assert [line.code for line in effect.refused] == ["overlay.locked"]
        assert "It gave 0.5 credits" in "\n".join(say_all(effect.changes, "en"))
        assert lost_parts(scope, on=ON) == ()
        assert [line.code for line in lost_parts(scope, on=ON + DAY)] == ["overlay.left_out"]
        assert coming_updates(scope, on=ON + DAY) == ()
    given = [
        [proposed(college.college, hours, on=day).proposal.credit for hours in (40, 100)] for day in (ON, ON + DAY)
    ]
    assert given == [[50, 150], [100, 150]]


def test_a_suspended_overlay_decides_nothing_and_one_for_other_cohorts_leaves_the_centre_to_decide(college):
    with acting_for(institution=college.college, purpose="test") as scope:
        rows = scope.rows(RuleVersion).filter(kind="overlay")
        rows.update(state="suspended")
    answer = proposed(college.college, 40)
    assert isinstance(answer, Refusal)
    assert [line.code for line in answer.explanation] == ["rule_life.suspended"]
    with acting_for(institution=college.college, purpose="test") as scope:
        scope.rows(RuleVersion).filter(kind="overlay").update(state="scheduled")
    later = {"cohorts": {"from": 2026}}
    with acting_for(institution=college.college, purpose="test") as scope:
        code, overlaid = CODE, scope.rows(RuleVersion).filter(kind="overlay").get()
        scope.rows(RuleVersion).filter(pk=overlaid.pk).update(effective_until=ON - DAY)
        scope.rows(RuleVersion).create(
            id=new_id(), institution_id=college.college, rule_set_id=overlaid.rule_set_id, number=2,
            content=overlaid.content, content_hash=overlaid.content_hash, applies=later, state="scheduled",
            effective_from=ON, published_at=AT, published_by=college.zhao.person,
        )  # fmt: skip
        decided = [
            Versions(scope, college.college, code).deciding(ON, earned_on=None, cohort=cohort)
            for cohort in (2023, 2026)
        ]
    assert [one.composed is not None for one in decided] == [False, True]
