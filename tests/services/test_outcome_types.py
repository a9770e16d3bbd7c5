"""Types of outcome come from the centre: locked ones stand, open ones may be tightened, and a day decides."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from creditbank.domain.explanation import Refusal
from creditbank.domain.masterdata.sets import OUTCOME_TYPES
from creditbank.domain.values import Text
from creditbank.gateways.clock import new_id
from creditbank.gateways.identities import Identities
from creditbank.queries.claims import offers_of
from creditbank.queries.masterdata.updates import differences_for, editions_from_above, find_edition, open_claims_of
from creditbank.queries.outcome_types import outcome_type_of, outcome_types_of
from creditbank.records.catalogue import OutcomeType
from creditbank.records.editions import Edition
from creditbank.records.scope import acting_for
from creditbank.services.access import NotVisible
from creditbank.services.masterdata.existing import take_existing
from creditbank.services.masterdata.facts import state_row
from creditbank.services.masterdata.imports import revert_run
from creditbank.services.masterdata.retirement import retire_with_reason
from creditbank.services.recognition.claim import Draft, keep_draft, submit_claim
from tests.cast import AT, ON
from tests.services.editions import DAY, brought, drafted, in_use, published
from tests.services.test_recognition import SECOND_PRIZE

LOCKED = {"code": "innovation", "name": "创新实践", "rule_set": "cn-innovation", "evidence": True, "locked": True}
OPEN = {"code": "practice", "name": "实践与证书", "rule_set": "example-limits"}
EVE = DAY - timedelta(days=1)


def types_of(cast, place=None, on=DAY, person=None):
    """What a place takes on a day, read by a learner who belongs nowhere."""
    with acting_for(person=person or cast.stranger.person, purpose="test") as scope:
        return {code: one for code, one in outcome_types_of(scope, place or cast.college, on).items() if one.is_open}


def tightened(bank, cast, texts, day=DAY):
    with acting_for(institution=cast.college, purpose="test") as scope:
        return state_row(
            scope=scope, identities=Identities(bank), data_set=OUTCOME_TYPES, texts=texts, as_of=day,
            actor=cast.zhao.person, at=AT,
        )  # fmt: skip


def test_types_made_before_they_were_master_data_are_handed_down_as_they_stand(bank, cast):
    assert set(types_of(cast)) == {"innovation", "practice"}
    assert in_use(cast.college, "outcome_types", DAY)["innovation"]["evidence"] is True
    with acting_for(institution=cast.centre, purpose="test") as scope:
        scope.rows(OutcomeType).filter(code="practice").update(is_open=False)
    assert set(types_of(cast)) == {"innovation"}


def test_from_the_first_edition_on_only_editions_reach_those_below(bank, cast):
    published(cast.centre, "outcome_types", [LOCKED, OPEN])
    with acting_for(institution=cast.centre, purpose="test") as scope:
        scope.rows(OutcomeType).filter(code="practice").update(is_open=False, name="别的名字")
        scope.rows(OutcomeType).create(
            id=new_id(), institution_id=cast.centre, code="fresh", name="新类型", rule_set_code="cn-innovation"
        )
    for day in (EVE, DAY):
        assert set(types_of(cast, on=day)) == {"innovation", "practice"}
        assert types_of(cast, on=day)["practice"].name.zh == "实践与证书"
    with acting_for(institution=cast.college, purpose="test") as scope:
        # What stood before is kept, and is nobody's update.
        assert [line.effective_on for line in editions_from_above(scope)] == [DAY]


def test_what_a_centre_states_before_any_edition_reaches_nobody_below(bank, cast):
    with acting_for(institution=cast.centre, purpose="test") as scope:
        take_existing(scope=scope, actor=cast.zhao.person, at=AT)
    rows = [
        {"类型代码": "practice", "是否停用": "是", "下级锁定": "是"},
        {"类型代码": "fresh", "类型名称": "新类型", "认定规则代码": "cn-innovation"},
    ]
    brought(bank, cast.centre, "outcome_types", rows, ON)
    assert set(types_of(cast, cast.centre)) == {"innovation", "fresh"}
    assert set(types_of(cast)) == {"innovation", "practice"}
    edition = published(cast.centre, "outcome_types", None)
    with acting_for(institution=cast.college, purpose="test") as scope:
        found = differences_for(scope, find_edition(scope, edition))
    assert (list(found.new), list(found.retired)) == (["fresh"], ["practice"])
    assert set(types_of(cast, on=EVE)) == {"innovation", "practice"}
    assert set(types_of(cast)) == {"innovation", "fresh"}


def test_on_its_day_an_edition_brings_closes_and_locks_types(bank, cast):
    fresh = {"code": "language", "name": "外语水平考试", "name_en": "Language", "rule_set": "example-limits"}
    published(cast.centre, "outcome_types", [LOCKED, fresh])
    assert set(types_of(cast, on=EVE)) == {"innovation", "practice"}
    assert set(types_of(cast, on=DAY)) == {"innovation", "language"}
    assert types_of(cast)["language"].name == Text("外语水平考试", "Language")
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        assert [one.code for one in offers_of(scope, cast.college, DAY)] == ["innovation", "language"]
        # It is still called by its name.
        assert outcome_types_of(scope, cast.college, DAY)["practice"].name.zh == "实践与证书"


def test_a_locked_type_is_refused_in_a_schools_sheet_with_publisher_and_cell(bank, cast):
    published(cast.centre, "outcome_types", [LOCKED, OPEN])
    refused, run = brought(bank, cast.college, "outcome_types", [
        {"类型代码": "innovation", "认定规则代码": "own-rules"},
        {"类型代码": "labour", "类型名称": "劳动教育", "认定规则代码": "example-limits", "须附佐证材料": "是"},
    ], DAY)  # fmt: skip
    (fault,) = refused
    assert (fault.code, fault.line, fault.facts["cell"]) == ("inheritance.locked", 2, "B2")
    assert fault.facts["publisher"] == Text("学分银行管理中心", "Centre")
    assert (run.rows_new, run.rows_refused) == (1, 1)
    assert types_of(cast)["innovation"].rule_set_code == "cn-innovation"
    assert types_of(cast)["labour"].evidence_required
    assert "labour" not in types_of(cast, cast.university)


def test_a_school_asks_for_a_file_where_the_centre_needs_none_and_never_the_other_way_round(bank, cast):
    published(cast.centre, "outcome_types", [{**LOCKED, "locked": False}, OPEN])
    assert not isinstance(tightened(bank, cast, {"code": "practice", "evidence": "是"}), Refusal)
    assert types_of(cast)["practice"].evidence_required
    assert not types_of(cast, cast.university)["practice"].evidence_required
    refused = tightened(bank, cast, {"code": "innovation", "evidence": "否"})
    assert [line.code for line in refused.explanation] == ["inheritance.opened"]
    refused = tightened(bank, cast, {"code": "practice", "rule_set": "own"})
    assert [line.code for line in refused.explanation] == ["inheritance.fixed"]


def test_a_tightening_follows_the_centre_in_everything_it_does_not_say(bank, cast):
    published(cast.centre, "outcome_types", [LOCKED, OPEN])
    tightened(bank, cast, {"code": "practice", "evidence": "是"})
    later = date(2027, 3, 1)
    renamed = {**OPEN, "name": "实践、论文与证书", "rule_set": "cn-innovation"}
    published(cast.centre, "outcome_types", [LOCKED, renamed], later, "2027-1")
    found = types_of(cast, on=later)["practice"]
    assert (found.name.zh, found.rule_set_code, found.evidence_required) == ("实践、论文与证书", "cn-innovation", True)


def test_a_school_closes_an_open_type_for_itself_and_takes_it_back(bank, cast):
    published(cast.centre, "outcome_types", [LOCKED, OPEN])

    def close(key, *, retired, at=AT):
        with acting_for(institution=cast.college, purpose="test") as scope:
            return retire_with_reason(
                scope=scope, data_set=OUTCOME_TYPES, key=key, retired=retired, reason="x",
                as_of=DAY, actor=cast.zhao.person, at=at,
            )  # fmt: skip

    assert isinstance(close("innovation", retired=True), Refusal)
    assert not isinstance(close("practice", retired=True), Refusal)
    assert set(types_of(cast)) == {"innovation"}
    assert set(types_of(cast, cast.university)) == {"innovation", "practice"}
    close("practice", retired=False, at=AT + timedelta(minutes=1))
    assert set(types_of(cast)) == {"innovation", "practice"}


def test_a_reverted_sheet_of_types_leaves_what_the_centre_says(bank, cast):
    published(cast.centre, "outcome_types", [LOCKED, OPEN])
    _refused, run = brought(bank, cast.college, "outcome_types", [
        {"类型代码": "practice", "须附佐证材料": "是"}, {"类型代码": "labour", "类型名称": "劳动教育"},
    ], DAY)  # fmt: skip
    assert types_of(cast)["practice"].evidence_required
    with acting_for(institution=cast.college, purpose="test") as scope:
        revert_run(scope=scope, run_id=run.run_id, actor=cast.zhao.person, at=AT)
    assert set(types_of(cast)) == {"innovation", "practice"}
    assert not types_of(cast)["practice"].evidence_required


def test_a_closed_type_takes_no_new_claim_and_the_one_before_goes_on(bank, cast):
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        draft = Draft(institution=cast.college, outcome_type="innovation", title="大赛", facts=SECOND_PRIZE)
        claim = keep_draft(scope=scope, actor=cast.lin, draft=draft, at=AT)
    published(cast.centre, "outcome_types", [OPEN], ON)
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        refused = submit_claim(scope=scope, actor=cast.lin, claim_id=claim.claim_id, at=AT, on=ON)
        assert "recognition.no_rule" in [line.code for line in refused.explanation]
        with pytest.raises(NotVisible):
            keep_draft(scope=scope, actor=cast.lin, draft=draft, at=AT)
        assert outcome_type_of(scope, cast.college, "innovation", ON - timedelta(days=1)) is not None


def test_the_preview_names_what_changes_for_a_school_and_its_open_claims(bank, cast):
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        draft = Draft(institution=cast.college, outcome_type="practice", title="志愿服务", facts={"kind": "volunteer"})
        keep_draft(scope=scope, actor=cast.lin, draft=draft, at=AT)
        scope.fetch("UPDATE claim SET state = 'submitted' WHERE learner_id = %s RETURNING 1", [cast.lin.person])
    tightened(bank, cast, {"code": "labour", "name": "劳动", "evidence": "是"}, ON)
    labour = {"code": "labour", "name": "劳动教育", "rule_set": "example-limits"}
    edition = published(cast.centre, "outcome_types", [LOCKED, labour])
    with acting_for(institution=cast.college, purpose="test") as scope:
        found = differences_for(scope, find_edition(scope, edition))
        assert list(found.retired) == ["practice"]
        assert list(found.new) == ["labour"]
        assert [one.field for one in found.collisions["labour"]] == ["name"]
        assert [one.key for one in found.changed] == ["innovation"]
        assert open_claims_of(scope, ["practice", "innovation"]) == {"practice": 1}


def test_the_centre_publishes_its_types_as_they_stand(bank, cast):
    with acting_for(institution=cast.centre, purpose="test") as scope:
        take_existing(scope=scope, actor=cast.zhao.person, at=AT)
    draft = drafted(cast.centre, "outcome_types", None)
    assert {row["code"]: row.get("evidence", False) for row in draft.rows} == {"innovation": True, "practice": False}


def test_editions_of_types_are_read_by_everybody_and_others_are_not(bank, cast):
    published(cast.college, "outcome_types", [{"code": "own", "name": "校本"}])
    published(cast.college, "courses", [{"code": "C1", "name": "课"}])
    drafted(cast.college, "outcome_types", [{"code": "draft", "name": "草稿"}], date(2028, 1, 1))
    for who in ({"person": cast.stranger.person}, {"institution": cast.university}):
        with acting_for(purpose="test", **who) as scope:
            condition, values = scope.condition("edition")
            asked = scope.fetch(f"SELECT DISTINCT kind FROM edition WHERE {condition}", values)
            bare = scope.fetch("SELECT DISTINCT kind FROM edition")
            assert asked == bare == [("outcome_types",)]
            rows = scope.rows(Edition).all()
            assert {row.kind for row in rows} == {"outcome_types"}
            assert not any(row.published_at is None for row in rows)
    with acting_for(institution=cast.university, purpose="test") as scope:
        # Read, and still nobody's update but of those below.
        assert editions_from_above(scope) == ()
