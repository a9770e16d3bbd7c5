"""Plans through the office's pages: a dry run stores nothing, errors name cells, versions come and stay."""

from __future__ import annotations

import io
import re

import pytest
from django.urls import reverse

from creditbank.gateways.clock import new_id
from creditbank.records.programmes import Programme
from creditbank.records.scope import acting_for
from creditbank.services.programmes import publish_plan
from tests.cast import AT
from tests.exchange.plans_made import (
    CODE,
    COURSES,
    MODULES,
    college_document,
    college_plan,
    college_workbook,
    reading_of,
    small,
    with_cell,
)
from tests.web.office_cases import client_of

UPLOAD = "/office/programmes/upload/"
PUBLISH = "/office/programmes/publish/"


@pytest.fixture(autouse=True, scope="module")
def _contexts():
    """Django's own instrumentation: a response knows the context of its templates."""
    from django.test.utils import setup_test_environment, teardown_test_environment

    setup_test_environment()
    yield
    teardown_test_environment()


def sent(client, content, **more):
    file = io.BytesIO(content)
    file.name = "培养方案.xlsx"
    return client.post(UPLOAD, {"file": file, **more})


def held(page):
    """The plan that a page offers to publish."""
    return re.search(r'name="plan" value="([^"]+)"', page.content.decode())[1]


def stored(cast):
    with acting_for(institution=cast.college, purpose="test") as scope:
        return list(scope.rows(Programme).filter(institution_id=cast.college).order_by("code", "version"))


@pytest.fixture
def zhao(bank, cast):
    return client_of(cast.zhao)


def test_a_plan_is_looked_at_and_then_published(zhao, cast):
    page = sent(zhao, college_workbook())
    text = page.content.decode()
    assert page.status_code == 200
    assert stored(cast) == []
    for module in MODULES:
        assert module[0][1] in text
    assert "140.0" in text
    assert text.count("plans.") == 0
    done = zhao.post(PUBLISH, {"plan": held(page)})
    (made,) = stored(cast)
    assert done.headers["Location"] == reverse("office:programme", args=[made.id])
    assert (made.code, made.version, made.content) == (CODE, 1, college_document())


def test_what_counts_beside_the_courses_is_called_by_its_name(zhao, cast):
    page = sent(client_of(cast.zhao, "zh-hans"), college_workbook())
    assert {row["categories"] for row in page.context["module_rows"]} == {"", "创新实践学分"}
    assert {row["categories"] for row in sent(zhao, college_workbook()).context["module_rows"]} == {
        "", "innovation and practice",
    }  # fmt: skip


def test_the_dry_run_shows_the_planned_credit_of_each_term(zhao):
    rows = sent(zhao, college_workbook()).context["term_rows"]
    assert [row["credit"] for row in rows] == list(college_plan().credit_by_term().values())
    assert [row["required"] for row in rows] == list(college_plan().required_by_term().values())


def test_errors_are_listed_by_cell_and_nothing_can_be_published(zhao, cast):
    page = sent(zhao, small(courses=with_cell(with_cell(COURSES, 0, 4, "四"), 2, 6, "99")))
    assert page.status_code == 422
    assert [(row["sheet"], row["place"]) for row in page.context["errors"]] == [("课程", "E2"), ("课程", "G4")]
    assert b'name="plan"' not in page.content
    assert stored(cast) == []


def test_courses_that_the_library_does_not_have_are_a_remark(zhao):
    page = sent(zhao, small())
    assert page.status_code == 200
    said = [row["said"] for row in page.context["remarks"]]
    assert len(said) == 1
    assert "does not have 4 courses of this plan: A1、A2、B1、B2" in said[0]


def test_a_file_that_is_no_workbook_is_refused_in_words(zhao):
    page = sent(zhao, b"%PDF-1.4 a plan")
    assert page.status_code == 422
    assert page.context["form"].errors["file"]
    assert zhao.post(UPLOAD, {}).status_code == 422


def test_the_code_and_name_may_be_given_on_the_page(zhao, cast):
    page = sent(zhao, small(about=None), code="P-9", name="新方案")
    zhao.post(PUBLISH, {"plan": held(page)})
    assert [(one.code, one.name) for one in stored(cast)] == [("P-9", "新方案")]


def test_the_next_version_says_what_it_follows_and_the_same_plan_is_no_version(zhao, cast):
    zhao.post(PUBLISH, {"plan": held(sent(zhao, small()))})
    again = sent(zhao, small())
    assert again.context["same"]
    assert b'name="plan"' not in again.content
    changed = sent(zhao, small(courses=with_cell(COURSES, 0, 4, 5)))
    assert "version 2" in changed.content.decode()
    zhao.post(PUBLISH, {"plan": held(changed)})
    first, second = stored(cast)
    assert (first.version, second.version) == (1, 2)
    page = zhao.get(reverse("office:programme", args=[first.id]))
    assert reverse("office:programme", args=[second.id]) in page.content.decode()


def test_what_was_overtaken_meanwhile_is_not_published(zhao, cast):
    page = sent(zhao, college_workbook())
    with acting_for(institution=cast.college, purpose="test") as scope:
        other = college_document(course_credits="2.0")
        publish_plan(scope=scope, document=other, replaces=None, actor=cast.zhao.person, at=AT)
    answer = zhao.post(PUBLISH, {"plan": held(page)})
    assert answer.status_code == 422
    assert "Somebody has published version 1" in answer.content.decode()
    assert len(stored(cast)) == 1


def test_only_what_this_person_looked_at_here_can_be_published(zhao, cast):
    page = sent(zhao, college_workbook())
    for plan in ("", "forged", held(page)[:-2] + "xx"):
        assert zhao.post(PUBLISH, {"plan": plan}).status_code == 422
    assert client_of(cast.sun).post(PUBLISH, {"plan": held(page)}).status_code == 422
    assert stored(cast) == []


def test_a_reviewer_reads_programmes_and_publishes_none(zhao, cast):
    zhao.post(PUBLISH, {"plan": held(sent(zhao, college_workbook()))})
    (made,) = stored(cast)
    chen = client_of(cast.chen)
    assert chen.get(reverse("office:programme", args=[made.id])).status_code == 200
    assert chen.get(UPLOAD).status_code == 404
    assert chen.post(PUBLISH, {"plan": "x"}).status_code == 404
    assert UPLOAD not in chen.get("/office/programmes/").content.decode()


def test_a_published_plan_is_downloaded_as_the_workbook_it_came_from(zhao, cast):
    zhao.post(PUBLISH, {"plan": held(sent(zhao, college_workbook()))})
    (made,) = stored(cast)
    answer = zhao.get(reverse("office:programme-workbook", args=[made.id]))
    assert "attachment" in answer.headers["Content-Disposition"]
    assert reading_of(answer.content).document == college_document()


def test_the_template_passes_the_check(zhao):
    content = zhao.get("/office/programmes/template.xlsx").content
    assert sent(zhao, content).status_code == 200


def test_a_learner_sees_the_planned_terms_of_the_programme(zhao, cast):
    zhao.post(PUBLISH, {"plan": held(sent(zhao, college_workbook()))})
    (made,) = stored(cast)
    page = client_of(cast.lin).get(reverse("learner:programme", args=[made.id]))
    text = page.content.decode()
    assert [term.credit for term in page.context["progress"].terms] == list(college_plan().credit_by_term().values())
    assert "Planned terms" in text
    assert "高等数学（一）" in text
    assert page.context["progress"].asked == sum(module.asked for module in college_plan().modules)


def test_many_programmes_are_searched_and_come_in_pages(cast):
    zhao = client_of(cast.zhao)
    with acting_for(institution=cast.college, purpose="test") as scope:
        for number in range(23):
            code = f"P-{number:02d}"
            scope.rows(Programme).create(
                id=new_id(), institution_id=cast.college, code=code, version=1, name=f"方案{number:02d}",
                name_en=f"Plan {number:02d}", content={}, content_hash=code, published_at=AT,
            )  # fmt: skip

    def listed(**query):
        return [row["code"] for row in zhao.get("/office/programmes/", query).context["rows"]]

    assert (len(listed()), listed(page=2)) == (20, ["P-20", "P-21", "P-22"])
    assert listed(q="plan 07") == listed(q="方案07") == ["P-07"]
    assert "No programme fits" in zhao.get("/office/programmes/", {"q": "nothing"}).content.decode()
