"""Progress pages: a programme audited live from the lots that can be used today."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from django.db import connections

from creditbank.domain.canonical import canonical
from creditbank.gateways.clock import new_id, now
from creditbank.projections.progress import compare_progress, rebuild_progress
from creditbank.queries.progress import only_missing, programmes_of, progress_of, rings_of
from creditbank.records.people import Enrolment
from creditbank.records.programmes import Programme, Progress
from creditbank.records.scope import acting_for
from tests.web.test_learner import TITLE, approved, filed, page, reversed_, signed_in, words

DOCUMENT = {
    "schema": "creditbank.programme/1",
    "code": "SW",
    "title": {"zh": "软件技术", "en": "Software technology"},
    "requirement": {
        "id": "all",
        "title": {"zh": "全部", "en": "Everything"},
        "all": [
            {
                "id": "inno", "title": {"zh": "创新实践", "en": "Innovation"}, "minimum": "2",
                "credits_from": {"categories": ["innovation"]},
            },
            {
                "id": "core", "title": {"zh": "专业必修", "en": "Core"}, "minimum": "10",
                "credits_from": {"fields": ["software"]},
            },
        ],
    },
}  # fmt: skip


PLAN = {
    "modules": [{
        "id": "core", "title": {"zh": "专业必修", "en": "Core"}, "minimum": "4",
        "courses": [{"code": "SW1", "title": {"zh": "程序设计", "en": "Programming"}, "nature": "required", "credit": "4",
                     "hours": 64, "terms": [1], "assessment": "exam"}],
    }],
}  # fmt: skip


def published(cast, place, version=1, code="SW", document=DOCUMENT):
    with acting_for(institution=place, purpose="test") as scope:
        return scope.rows(Programme).create(
            id=new_id(), institution_id=place, code=code, version=version, name="软件技术", name_en="Software technology",
            content=document, content_hash=hashlib.sha256(canonical(document)).hexdigest(), invented=True,
            published_at=now(),
        ).id  # fmt: skip


def test_a_programme_shows_what_counts_and_what_is_missing(cast, bank):
    lin = signed_in("lin")
    key = filed(lin, cast)
    approved(cast, key)
    programme = published(cast, cast.college)
    text = words(page(lin, f"/learner/progress/{programme}/"))
    assert f"{TITLE} counts here with 3.0 credits." in text
    assert "Short by 10.0" in text
    less = words(page(lin, f"/learner/progress/{programme}/?show=missing"))
    assert "counts here" not in less
    assert "10.0 more credits that count towards “Core” would close this gap." in less
    reversed_(cast, key)
    assert "counts here" not in words(page(lin, f"/learner/progress/{programme}/"))


def test_the_list_holds_the_newest_versions_of_ones_own_institutions_and_those_above(cast, bank):
    published(cast, cast.college, version=1)
    newest = published(cast, cast.college, version=2)
    above = published(cast, cast.centre)
    published(cast, cast.university)
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        found = programmes_of(scope, cast.lin.person, on=now().date())
    assert {one.programme_id for one in found} == {newest, above}
    assert "Software technology" in page(signed_in("lin"), "/learner/progress/")


def test_a_learner_whose_school_names_their_programme_is_not_shown_its_others(cast, bank):
    own = published(cast, cast.college)
    other = published(cast, cast.college, code="DE")
    with acting_for(institution=cast.college, purpose="test") as scope:
        scope.rows(Enrolment).filter(learner_id=cast.lin.person).update(programme_code="SW")
    for person, expected in ((cast.lin.person, {own}), (cast.mei.person, {own, other})):
        with acting_for(person=person, purpose="test") as scope:
            assert {one.programme_id for one in programmes_of(scope, person, on=now().date())} == expected


def test_without_a_programme_no_plan_is_audited_and_candidates_are_shown_when_asked_for(cast, bank):
    plan = published(cast, cast.college, code="SWP", document=DOCUMENT | {"code": "SWP", "plan": PLAN})
    award = published(cast, cast.college)
    approved(cast, filed(signed_in("lin"), cast))
    with acting_for(institution=cast.college, purpose="test") as scope:
        rebuild_progress(scope, at=now(), on=now().date())
        assert {row.programme_id for row in scope.rows(Progress)} == {award}
        assert list(compare_progress(scope)) == []
    lin = signed_in("lin")
    text = page(lin, "/learner/progress/")
    assert "has not said which plan you follow" in words(text)
    assert (f"/progress/{plan}/" in text, f"/progress/{award}/" in text) == (False, True)
    asked = page(lin, "/learner/progress/?show=candidates")
    assert (f"/progress/{plan}/" in asked, f"/progress/{award}/" in asked) == (True, False)
    with acting_for(institution=cast.college, purpose="test") as scope:
        scope.rows(Enrolment).filter(learner_id=cast.lin.person).update(programme_code="SWP")
        rebuild_progress(scope, at=now(), on=now().date())
        assert plan in {row.programme_id for row in scope.rows(Progress)}
    text = page(lin, "/learner/progress/?show=candidates")
    assert "has not said which plan" not in words(text)
    assert f"/progress/{plan}/" in text


def test_the_passbook_has_rings_only_where_progress_is_followed(cast, bank):
    lin = signed_in("lin")
    programme = published(cast, cast.college)
    assert 'class="rings"' not in page(lin, "/learner/")
    with acting_for(institution=cast.college, purpose="test") as scope:
        scope.rows(Progress).create(
            learner_id=cast.lin.person, programme_id=programme, institution_id=cast.college, met=False, counted=0,
            short_by=1200, answer={}, as_of=now(),
        )  # fmt: skip
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        (one,) = rings_of(scope, cast.lin.person, on=now().date())
    assert [(ring.label.en, ring.counted, ring.asked, ring.met) for ring in one.rings] == [
        ("Innovation", 0, 200, False),
        ("Core", 0, 1000, False),
    ]
    assert 'class="rings"' in page(lin, "/learner/")


def test_credit_that_expired_does_not_count(cast, bank):
    approved(cast, filed(signed_in("lin"), cast))
    programme = published(cast, cast.college)
    today = now().date()
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        lot = scope.fetch("SELECT lot_id FROM lot")[0]
        before = progress_of(scope, cast.lin.person, programme, on=today)
    # Lots are never changed by the bank; only the owner of the tables can make this one expire today.
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE lot DISABLE TRIGGER USER")
        cursor.execute("UPDATE lot SET expires_on = %s WHERE lot_id = %s", [today, lot[0]])
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        after = progress_of(scope, cast.lin.person, programme, on=today)
        eve = progress_of(scope, cast.lin.person, programme, on=today - timedelta(days=1))
    assert (before.counted, after.counted, eve.counted) == (300, 0, 300)
    assert only_missing(after.explanation)
