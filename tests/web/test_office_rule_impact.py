"""Who is affected by a draft: the claims of the last year under it and under the version in force."""

from __future__ import annotations

import pytest

from creditbank.domain.rules.impact import Effect
from creditbank.exchange.rule_drafts import begin_from_version, save_text
from creditbank.gateways import clock
from creditbank.queries.rules import version_in_force
from tests.services.rule_drafts import at, done, text_of, written
from tests.web.office_cases import FACTS, client_of, handed_in

pytestmark = pytest.mark.usefixtures("contexts")


def drafted(zhao, *changes):
    """A draft of the contest rules that the school inherits, with changes of its text; returns its id."""
    with at(zhao) as scope:
        handed = version_in_force(
            scope, institution=zhao.institution, code="cn-innovation", on=clock.today("Asia/Shanghai")
        )
        draft = done(begin_from_version(scope=scope, actor=zhao, version_id=handed.version_id, at=clock.now()))
    text, revision = text_of(zhao, draft.id)
    for old, new in changes:
        assert old in text, text[:3000]
        text = text.replace(old, new, 1)
    with at(zhao) as scope:
        done(save_text(scope=scope, actor=zhao, draft_id=draft.id, revision=revision, text=text, at=clock.now()))
    return draft.id


def effects(page):
    impact = page.context["answer"].impact
    return {effect.value: (tally.count, tally.gain) for effect, tally in impact.effects.items()}


def test_claims_that_gain_and_lose_are_counted_with_both_reasons_side_by_side(bank, cast):
    for _ in range(2):
        handed_in(bank, cast)
    handed_in(bank, cast, facts=FACTS | {"award": "first"})
    handed_in(bank, cast, who=cast.mei, facts=FACTS | {"award": "third"})
    handed_in(bank, cast, facts=FACTS | {"activity": "早年的比赛"}, ago=500)
    text = drafted(
        cast.zhao,
        ("credit: '3.00'\n      category: innovation\n    clause:\n      zh: 省部级竞赛二等奖3学分。",
         "credit: '5.00'\n      category: innovation\n    clause:\n      zh: 省部级竞赛二等奖3学分。"),
        ("credit: '3.50'\n      category: innovation\n    clause:\n      zh: 省部级竞赛一等奖3.5学分。",
         "credit: '1.00'\n      category: innovation\n    clause:\n      zh: 省部级竞赛一等奖3.5学分。"),
    )  # fmt: skip
    page = client_of(cast.zhao).get(f"/office/rules/drafts/{text}/impact/")
    assert page.status_code == 200
    assert effects(page) == {"up": (2, 400), "down": (1, -250), "same": (1, 0)}
    said = page.content.decode()
    assert "4 claims since" in said
    first = page.context["answer"].shown[0]
    assert first.changed.effect is Effect.UP
    assert [line.code for line in (first.before[0].lines[0], first.after[0].lines[0])] == ["rules.row_gives"] * 2
    assert "早年的比赛" not in said


def test_a_draft_of_rules_that_nothing_was_claimed_under_says_so(bank, cast):
    draft = drafted(cast.zhao)
    page = client_of(cast.zhao, "zh-hans").get(f"/office/rules/drafts/{draft}/impact/")
    assert "以来没有按此规则提交的申报" in page.content.decode()
    new = written(cast.zhao)
    assert "nothing to compare with" in client_of(cast.zhao).get(f"/office/rules/drafts/{new}/impact/").content.decode()


def test_nobody_of_another_institution_sees_it(bank, cast):
    draft = drafted(cast.zhao)
    assert client_of(cast.sun).get(f"/office/rules/drafts/{draft}/impact/").status_code == 404
    assert client_of(cast.lin).get(f"/office/rules/drafts/{draft}/impact/").status_code in (403, 404)


RAISED = (
    "credit: '3.00'\n      category: innovation\n    clause:\n      zh: 省部级竞赛二等奖3学分。",
    "credit: '5.00'\n      category: innovation\n    clause:\n      zh: 省部级竞赛二等奖3学分。",
)


def test_a_reviewer_of_one_college_sees_its_learners_and_figures_alone(bank, cast):
    ours = handed_in(bank, cast, who=cast.mei)
    theirs = handed_in(bank, cast, who=cast.lin)
    draft = drafted(cast.zhao, RAISED)
    at_college, whole = client_of(cast.qian), client_of(cast.chen)
    address = f"/office/rules/drafts/{draft}/impact/"
    assert effects(whole.get(address)) == {"up": (2, 400)}
    assert effects(at_college.get(address)) == {"up": (1, 200)}
    assert effects(at_college.get(address + "part/?all=1")) == {"up": (1, 200)}
    said = at_college.get(address + "claims/").content.decode()
    assert str(ours.claim_id) in said
    assert str(theirs.claim_id) not in said
    for key, status in ((ours, 200), (theirs, 404)):
        one = f"{address}claims/{key.learner_id}/{key.claim_id}/"
        assert at_college.get(one).status_code == status
        assert whole.get(one).status_code == 200


def test_each_claim_that_changes_opens_with_both_traces_and_the_limits_of_its_learner(bank, cast):
    same_contest = FACTS | {"activity": "同一大赛"}
    first = handed_in(bank, cast, facts=same_contest)
    handed_in(bank, cast, facts=FACTS | {"award": "third"})
    draft = drafted(cast.zhao, RAISED)
    address = f"/office/rules/drafts/{draft}/impact/claims/"
    browser = client_of(cast.zhao)
    (row,) = browser.get(address).context["rows"]
    assert (row["before"], row["after"], row["url"]) == ("3.0", "5.0", f"{address}{first.learner_id}/{first.claim_id}/")
    page = browser.get(row["url"])
    old, new = page.context["sides"]
    assert (old.credit, new.credit) == (300, 500)
    assert [side.explanation[0].lines[0].code for side in (old, new)] == ["rules.row_gives"] * 2
    assert not browser.get(address + "?effect=down").context["rows"]
    assert browser.get(address + "?effect=up&cohort=-").context["total"] == 0


def test_first_figures_are_of_the_newest_claims_and_say_so(bank, cast, monkeypatch):
    for ago in (1, 2, 3):
        handed_in(bank, cast, ago=ago)
    draft = drafted(cast.zhao, RAISED)
    monkeypatch.setattr("creditbank.queries.rule_impact.NEWEST", 2)
    browser, part = client_of(cast.zhao), f"/office/rules/drafts/{draft}/impact/part/"
    first = browser.get(part)
    assert effects(first) == {"up": (2, 400)}
    said = first.content.decode()
    assert "The newest 2 claims" in said
    assert f'hx-get="{part}?all=1"' in said
    every = browser.get(part + "?all=1")
    assert effects(every) == {"up": (3, 600)}
    assert "hx-get" not in every.content.decode()
    whole = browser.get(f"/office/rules/drafts/{draft}/impact/").content.decode()
    assert f'hx-get="{part}?all=1&amp;full=1"' in whole
