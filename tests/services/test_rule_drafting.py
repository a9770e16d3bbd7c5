"""Drafts of rule versions on PostgreSQL: what is kept as typed, who wins a race, what is not ready."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connections

from creditbank.domain.access import Role
from creditbank.domain.rule_life.states import Act
from creditbank.exchange.rule_drafts import begin_from_pack, begin_from_version, save_document, save_text
from creditbank.queries.rule_cases import case_history, list_cases
from creditbank.queries.rule_drafts import find_draft
from creditbank.queries.rule_life import draft_history
from creditbank.queries.rules import version_in_force
from creditbank.records.rules import RuleDraft, RuleVersion
from creditbank.services.access import NotVisible
from creditbank.services.rule_cases import remove_case, save_cases
from creditbank.services.rule_drafts import Conflict
from creditbank.services.rule_life import (
    approve_draft,
)
from tests.cast import AT, ON
from tests.services.rule_drafts import (
    CASE,
    TEXT,
    at,
    colleague,
    done,
    moved,
    refused,
    reviewed,
    text_of,
    written,
)  # fmt: skip

DAY = timedelta(days=1)
DEARER = TEXT.replace('credit: "1"', 'credit: "2"')
DEARER_CASE = CASE | {"expect": {"ruling": "recognise", "credit": "2"}}


@pytest.fixture
def staff(bank, cast):
    """Who writes, and two who agree."""
    return cast.zhao, cast.chen, colleague(cast, "liu", Role.REGISTRAR)


def test_a_text_that_says_nothing_yet_is_kept_as_it_was_typed(staff):
    zhao = staff[0]
    draft = written(zhao)
    broken = TEXT.replace("kind: recognition", "kind recognition\n  : [")
    with at(zhao) as scope:
        saved = done(save_text(scope=scope, actor=zhao, draft_id=draft, revision=2, text=broken, at=AT))
        assert (saved.text, saved.content, saved.revision) == (broken, None, 3)
    assert refused(moved(zhao, draft, Act.TEST))[1:] == ["rule_draft.unreadable"]


def test_saving_what_is_kept_already_changes_nothing(staff):
    zhao = staff[0]
    draft = written(zhao)
    done(moved(zhao, draft, Act.TEST))
    with at(zhao) as scope:
        again = save_text(scope=scope, actor=zhao, draft_id=draft, revision=2, text=TEXT, at=AT)
        assert (again.revision, again.state) == (2, "tested")
        changed = save_text(scope=scope, actor=zhao, draft_id=draft, revision=2, text=TEXT + "\n", at=AT)
        assert (changed.revision, changed.state) == (3, "draft")


def test_the_second_of_two_editors_is_told_and_sees_what_was_kept(staff):
    zhao, _chen, liu = staff
    draft = written(zhao)
    with at(zhao) as scope:
        done(save_text(scope=scope, actor=liu, draft_id=draft, revision=2, text=DEARER, at=AT))
        late = save_text(scope=scope, actor=zhao, draft_id=draft, revision=2, text=TEXT + "# mine\n", at=AT)
    assert isinstance(late, Conflict)
    assert (late.text, late.revision, late.saved_by) == (DEARER, 3, liu.person)
    assert text_of(zhao, draft) == (DEARER, 3)


def test_two_editors_at_once_leave_one_text_and_one_conflict(staff):
    zhao, _chen, liu = staff
    draft = written(zhao)
    together = Barrier(2)

    def save(actor, text):
        try:
            together.wait()
            with at(actor) as scope:
                return save_text(scope=scope, actor=actor, draft_id=draft, revision=2, text=text, at=AT)
        finally:
            connections.close_all()

    texts = (TEXT + "# one\n", TEXT + "# two\n")
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(save, (zhao, liu), texts))
    assert sorted(isinstance(answer, Conflict) for answer in answers) == [False, True]
    kept = next(answer for answer in answers if not isinstance(answer, Conflict)).text
    assert text_of(zhao, draft) == (kept, 3)


def test_who_did_not_write_it_and_may_not_cannot_save_and_the_author_cannot_decide(staff, cast):
    zhao, chen, _liu = staff
    draft = written(zhao)
    for actor in (chen, cast.qian, cast.lin):
        with pytest.raises(NotVisible), at(zhao) as scope:
            save_text(scope=scope, actor=actor, draft_id=draft, revision=2, text=TEXT, at=AT)
    with pytest.raises(NotVisible):
        moved(cast.sun, draft, Act.TEST)
    done(moved(zhao, draft, Act.TEST))
    done(moved(zhao, draft, Act.SUBMIT))
    assert refused(moved(zhao, draft, Act.SIGN)) == ["rule_life.own_draft"]
    assert refused(moved(zhao, draft, Act.SEND_BACK, reason="x")) == ["rule_life.own_draft"]


def test_agreement_is_to_one_text_and_gone_when_the_draft_goes_back(staff):
    zhao, chen, liu = staff
    draft = reviewed(zhao, (chen, liu))
    done(moved(chen, draft, Act.SEND_BACK, reason="第二行应为 2 学分"))
    with at(zhao) as scope:
        done(save_text(scope=scope, actor=zhao, draft_id=draft, revision=2, text=TEXT + "\n", at=AT))
    done(moved(zhao, draft, Act.TEST))
    done(moved(zhao, draft, Act.SUBMIT))
    with at(zhao) as scope:
        assert find_draft(scope, draft).life.signed == ()
        answer = approve_draft(scope=scope, actor=chen, draft_id=draft, meeting="7", on=ON, at=AT)
        assert refused(answer) == ["rule_life.two_reviews"]
        assert "第二行应为 2 学分" in [one.said for one in draft_history(scope, draft)]


def test_a_draft_with_a_red_case_is_not_tested(staff):
    zhao = staff[0]
    draft = written(zhao, DEARER)
    answer = moved(zhao, draft, Act.TEST)
    assert refused(answer) == ["rule_life.not_ready", "rule_draft.case_red"]
    below = answer.explanation[1].lines
    assert [(line.facts["what"], line.facts["expected"], line.facts["found"]) for line in below] == [
        ("credit", "1.0", "2.0")
    ]


def test_a_case_that_turns_red_in_review_stops_the_approval(staff):
    zhao, chen, liu = staff
    draft = reviewed(zhao, (chen, liu))
    with at(zhao) as scope:
        rule_set = scope.rows(RuleDraft).get(pk=draft).rule_set_id
        done(save_cases(scope=scope, actor=zhao, rule_set_id=rule_set, documents=[DEARER_CASE], at=AT))
        answer = approve_draft(scope=scope, actor=chen, draft_id=draft, meeting="7", on=ON, at=AT)
        assert refused(answer) == ["rule_life.not_ready", "rule_draft.case_red"]
        assert not scope.rows(RuleVersion).filter(rule_set=rule_set).exists()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (TEXT.replace("code: service", "code: other"), "rule_draft.other_code"),
        (TEXT.replace("{below: 32}", "{below: 40}"), "lint.overlap"),
        (TEXT.replace("[hours]\n", "[hours]\n    when: {hours: {from: 3000}}\n"), "lint.table_unreached"),
    ],
)
def test_what_lint_forbids_or_another_rule_sets_document_is_not_tested(staff, text, code):
    zhao = staff[0]
    assert code in refused(moved(zhao, written(zhao, text), Act.TEST))


def test_a_rule_set_without_a_single_case_is_not_tested(staff):
    zhao = staff[0]
    assert refused(moved(zhao, written(zhao, cases=()), Act.TEST))[1:] == ["rule_draft.no_cases"]


def test_a_case_that_does_not_fit_the_draft_is_red_and_says_why(staff):
    zhao = staff[0]
    draft = written(zhao, cases=(CASE | {"facts": {"hours": 40}, "expect": {"problems": ["place", "earned_on"]}},))
    done(moved(zhao, draft, Act.TEST))
    with at(zhao) as scope:
        rule_set = scope.rows(RuleDraft).get(pk=draft).rule_set_id
        answer = save_cases(
            scope=scope, actor=zhao, rule_set_id=rule_set, documents=[CASE | {"used": {"nonsense": "1"}}], at=AT
        )
        assert refused(answer) == ["rule_case.unreadable"]
        assert answer.explanation[0].facts["path"] == "cases[0].used.nonsense"


def test_cases_have_a_history_and_removed_ones_are_no_longer_asked(staff):
    zhao = staff[0]
    draft = written(zhao)
    with at(zhao) as scope:
        rule_set = scope.rows(RuleDraft).get(pk=draft).rule_set_id
        common = {"scope": scope, "actor": zhao, "rule_set_id": rule_set, "at": AT}
        assert save_cases(documents=[CASE], **common) == 0
        assert save_cases(documents=[DEARER_CASE], **common) == 1
        assert remove_case(code="forty", **common) is None
        assert list_cases(scope, rule_set) == ()
        assert [one.removed for one in case_history(scope, rule_set, "forty")] == [True, False, False]
        assert refused(remove_case(code="forty", **common)) == ["rule_case.unknown"]
        assert save_cases(documents=[CASE], **common) == 1


def test_a_pack_and_a_version_handed_down_open_as_drafts_with_their_cases(staff, cast):
    zhao = staff[0]
    with at(zhao) as scope:
        draft = done(begin_from_pack(scope=scope, actor=zhao, pack="example-limits", at=AT))
        assert len(list_cases(scope, draft.rule_set_id)) > 10
        handed = version_in_force(scope, institution=zhao.institution, code="cn-innovation", on=ON)
        copied = done(begin_from_version(scope=scope, actor=zhao, version_id=handed.version_id, at=AT))
        assert (
            copied.content_hash == handed.compiled.content_hash
            if hasattr(handed.compiled, "content_hash")
            else copied.content
        )
        assert copied.origin == {"version": 1, "from": str(cast.centre)}
    done(moved(zhao, draft.id, Act.TEST))


def test_a_document_from_a_table_editor_is_kept_as_text_that_says_the_same(staff):
    zhao = staff[0]
    draft = written(zhao)
    with at(zhao) as scope:
        document = dict(scope.rows(RuleDraft).get(pk=draft).content)
        document["name"] = {"zh": "志愿服务（新）", "en": "Volunteering, new"}
        saved = done(save_document(scope=scope, actor=zhao, draft_id=draft, revision=2, document=document, at=AT))
        assert saved.content == document
        assert "志愿服务（新）" in saved.text


def test_a_text_that_is_too_long_or_not_text_leaves_the_draft_as_it_was(staff):
    zhao = staff[0]
    draft = written(zhao)
    for text, code in (("x" * 2_000_001, "rule_draft.too_long"), ("a\n\x00", "rule_draft.control_character")):
        with at(zhao) as scope:
            answer = save_text(scope=scope, actor=zhao, draft_id=draft, revision=2, text=text, at=AT)
        assert refused(answer) == [code]
    assert text_of(zhao, draft) == (TEXT, 2)
