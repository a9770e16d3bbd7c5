"""Conversion rules go through the very same life as rules for recognition: drafts, cases, review, their day."""

from __future__ import annotations

from datetime import timedelta

import pytest

from creditbank.domain.access import Role
from creditbank.domain.log.leaf import commit
from creditbank.domain.rule_documents import read_rules, rules_hash
from creditbank.domain.rule_life.records import approved_version_record
from creditbank.domain.rule_life.states import Act
from creditbank.domain.rules.cases import codes_of
from creditbank.domain.rules.write import PUBLIC_SALT
from creditbank.exchange.documents import read_document
from creditbank.exchange.rule_drafts import begin_from_pack, begin_from_version, save_document
from creditbank.gateways.clock import new_id
from creditbank.gateways.documents import packaged
from creditbank.gateways.wording import say_all
from creditbank.queries.public import bank_at_a_glance
from creditbank.queries.rule_cases import list_cases, run_cases
from creditbank.queries.rule_drafts import find_draft, list_drafts
from creditbank.queries.rule_sets import compare_versions, list_versions, read_version
from creditbank.queries.rules import rules_in_force, version_in_force
from creditbank.records.catalogue import Course
from creditbank.records.rules import RuleVersion
from creditbank.records.scope import acting_for
from creditbank.services.demonstration.places import found_places, publish_catalogue
from creditbank.services.rule_life import announce_version, approve_draft, schedule_version
from creditbank.services.rules import publish_rule_version
from tests.cast import AT, ON
from tests.services.rule_drafts import at, colleague, done, moved, refused

DAY = timedelta(days=1)
CODE = "cn-conversion-a"


@pytest.fixture
def staff(bank, cast):
    """Who writes, and two who agree."""
    return cast.zhao, cast.chen, colleague(cast, "liu", Role.REGISTRAR)


def begun(author):
    """A draft from the pack, with the pack's cases."""
    with at(author) as scope:
        return done(begin_from_pack(scope=scope, actor=author, pack=CODE, at=AT))


def put_in_force(author, reviewers, draft, *, since=ON):
    """A draft taken through all its steps; returns the version's id."""
    for who, act in ((author, Act.TEST), (author, Act.SUBMIT), *((one, Act.SIGN) for one in reviewers)):
        done(moved(who, draft, act))
    common = {"actor": reviewers[0], "on": ON, "at": AT}
    with at(author) as scope:
        version = done(approve_draft(scope=scope, draft_id=draft, meeting="纪要9", **common)).id
        done(announce_version(scope=scope, version_id=version, days=0, **common))
        done(schedule_version(scope=scope, version_id=version, effective_from=since, **common))
    return version


def in_force(author, on):
    """The number of the version of the conversion rules in force on a day."""
    with at(author) as scope:
        found = rules_in_force(scope, institution=author.institution, kind="conversion", code=CODE, on=on)
    return None if found is None else found.number


def test_a_target_that_the_library_lacks_or_no_longer_offers_keeps_a_draft_from_being_tested(staff):
    zhao, _chen, _liu = staff
    with at(zhao) as scope:
        draft = done(begin_from_pack(scope=scope, actor=zhao, pack="cn-course-certificate", at=AT)).id

    def course(code, *, retired=False):
        with at(zhao) as scope:
            rows = scope.rows(Course)
            if not rows.filter(code=code).update(retired=retired):
                rows.create(
                    id=new_id(), institution_id=zhao.institution, code=code, name=code, credit=300, retired=retired
                )

    for code in ("WEB201", "LOG210", "LOG211"):
        course(code)
    assert refused(moved(zhao, draft, Act.TEST)) == ["rule_life.not_ready", "lint.course_unknown"]
    course("WEB101", retired=True)
    assert refused(moved(zhao, draft, Act.TEST)) == ["rule_life.not_ready", "lint.course_retired"]
    course("WEB101", retired=False)
    done(moved(zhao, draft, Act.TEST))


def test_conversion_rules_are_drafted_tested_reviewed_approved_announced_and_in_force(staff):
    zhao, chen, liu = staff
    draft = begun(zhao)
    version = put_in_force(zhao, (chen, liu), draft.id, since=ON + DAY)
    assert [in_force(zhao, day) for day in (ON, ON + DAY)] == [None, 1]
    with at(zhao) as scope:
        row = scope.rows(RuleVersion).select_related("rule_set").get(pk=version)
        assert (row.rule_set.kind, row.meeting, row.taken_in) == ("conversion", "纪要9", False)
        assert row.content_hash == rules_hash(read_rules(row.content))
        record = approved_version_record(
            version_id=version, code=CODE, number=1, content_hash=row.content_hash, effective={}, meeting="纪要9"
        )
        [(leaf,)] = scope.fetch("SELECT commitment FROM log_outbox WHERE leaf_ref = %s", [str(version)])
        assert bytes(leaf) == commit(PUBLIC_SALT, record)


def test_a_red_case_of_conversion_rules_forbids_the_approval(staff):
    zhao, chen, liu = staff
    draft = begun(zhao)
    for who, act in ((zhao, Act.TEST), (zhao, Act.SUBMIT), (chen, Act.SIGN), (liu, Act.SIGN), (zhao, Act.RECALL)):
        done(moved(who, draft.id, act))
    with at(zhao) as scope:
        found = find_draft(scope, draft.id)
        document = read_document(found.text.encode(), name="draft")
        document["rules"][0]["grade"] = {"fixed": "85"}
        done(
            save_document(
                scope=scope, actor=zhao, draft_id=draft.id, revision=found.line.revision, document=document, at=AT
            )
        )
    answer = moved(zhao, draft.id, Act.TEST)
    assert "rule_draft.case_red" in refused(answer)
    assert {line.facts["case"] for line in answer.explanation if line.code == "rule_draft.case_red"} == {"exact"}
    with at(zhao) as scope:
        runs = run_cases(find_draft(scope, draft.id).rules, list_cases(scope, draft.rule_set_id))
        [red] = [run for run in runs if not run.green]
        assert [(one.what, one.expected, one.found) for one in red.differences] == [("grade", "90", "85")]
        assert "conversion.grade_fixed" in codes_of(red.explanation)
        approval = approve_draft(scope=scope, actor=chen, draft_id=draft.id, meeting="9", on=ON, at=AT)
    assert refused(approval)[0] == "rule_life.wrong_state"


def test_two_versions_of_conversion_rules_are_compared_in_words(staff):
    zhao, chen, liu = staff
    first = put_in_force(zhao, (chen, liu), begun(zhao).id)
    with at(zhao) as scope:
        draft = done(begin_from_version(scope=scope, actor=zhao, version_id=first, at=AT))
        document = read_document(find_draft(scope, draft.id).text.encode(), name="draft")
        document["cap"][1]["maximum"] = {"share": "1/4", "of": "public"}
        done(save_document(scope=scope, actor=zhao, draft_id=draft.id, revision=1, document=document, at=AT))
    second = put_in_force(zhao, (chen, liu), draft.id, since=ON + DAY)
    assert [in_force(zhao, day) for day in (ON, ON + DAY)] == [1, 2]
    with at(zhao) as scope:
        before, after = (read_version(scope, one, on=ON) for one in (first, second))
        said = compare_versions(before, after)
        assert [after.before, after.changes] == [1, said]
        sentences = say_all(said, "en")
        assert sentences[0] == "Limit public-share changed."
        assert len(sentences) == 2
        assert all(word in sentences[1] for word in ("1/5", "1/4"))


def test_conversion_rules_stand_on_no_list_of_recognition_and_decide_no_claim(staff):
    zhao, chen, liu = staff
    draft = begun(zhao)
    with at(zhao) as scope:
        assert [one.code for one in list_drafts(scope, kind="conversion")] == [CODE]
        assert list_drafts(scope, kind="recognition") == ()
    put_in_force(zhao, (chen, liu), draft.id)
    with at(zhao) as scope:
        assert [one.code for one in list_versions(scope, kind="conversion", on=ON)] == [CODE]
        assert CODE not in {one.code for one in list_versions(scope, kind="recognition", on=ON)}
        assert version_in_force(scope, institution=zhao.institution, code=CODE, on=ON) is None
    assert "学习成果置换课程规则（甲类）" not in {rule.name.zh for rule in bank_at_a_glance().rules}


def test_a_code_keeps_the_kind_of_its_first_document(staff, cast):
    zhao = staff[0]
    begun(zhao)
    with at(zhao) as scope:
        version = scope.rows(RuleVersion).filter(rule_set__kind="recognition").first()
        document = dict(version.content) | {"code": CODE}
        with pytest.raises(ValueError, match="kind conversion"):
            publish_rule_version(scope=scope, document=document, effective_from=ON, actor=zhao.person, at=AT)


def test_a_demonstration_bank_has_conversion_rules_in_force(empty_bank):
    ids = found_places()
    publish_catalogue(ids, lambda name: read_document(packaged(f"{name}.yaml"), name=name), ids["centre"], AT)
    with acting_for(institution=ids["dou"], purpose="test") as scope:
        shown = list_versions(scope, kind="conversion", on=ON)
        assert {(one.code, one.state) for one in shown} == {
            (code, "in_force") for code in (CODE, "cn-course-certificate", "cn-electives")
        }
        assert {one.kind for one in list_versions(scope, kind="recognition", on=ON)} == {"recognition"}
