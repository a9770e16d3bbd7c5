"""A registrar's term start in the browser, from the files alone: calendar to reconciliation, each step counted."""

from __future__ import annotations

import csv
import re
from datetime import date

import pytest
from python_calamine import load_workbook

from creditbank.domain.access import Role
from creditbank.exchange.college import Simulated, simulate, write_college
from creditbank.exchange.documents import read_document
from creditbank.gateways.documents import packaged
from creditbank.records.scope import acting_for
from creditbank.services.demonstration.founding import found_college
from creditbank.services.people import give_role, open_account
from tests.cast import AT, PASSWORD
from tests.services.exports import xlsx_file

pytestmark = pytest.mark.browser

ASKED = Simulated(seed=5, students=300, results=1_200, present=2025)
CALENDAR = ("years", "terms")
ROSTER = ("colleges", "majors", "staff", "classes", "courses", "students")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A small college and the folder in which its files lie, as a school hands them in."""
    folder = tmp_path_factory.mktemp("files")
    made = simulate(ASKED)
    write_college(made, folder)
    return made, folder


@pytest.fixture
def place(bank, cast, files):
    """An institution with rules above it and a registrar, and nothing else."""
    made, _folder = files
    founded = found_college(
        "nmc", made.name, lambda name: read_document(packaged(f"{name}.yaml"), name=name),
        since=made.calendar.terms[0].starts_on, at=AT,
    )  # fmt: skip
    with acting_for(institution=founded.id, purpose="test") as scope:
        account = open_account(scope=scope, sign_in="registrar", name="周老师", password=PASSWORD, at=AT)
        give_role(scope=scope, account=account.id, role=Role.REGISTRAR, since=date(2020, 1, 1))
    return founded


class Desk:
    """The registrar's window, and the ways to the pages that take sheets."""

    def __init__(self, page, files):
        self.page = page
        self.made, self.folder = files

    def sheet(self, key, ending="xlsx"):
        return self.folder / f"{self.made.sheets[key].name}.{ending}"

    def rows(self, key):
        return len(self.made.sheets[key].rows)

    def press(self, name):
        self.page.get_by_role("button", name=name, exact=True).click()

    def figures(self):
        return [int(text.replace(",", "")) for text in self.page.locator(".tiles .figure").all_inner_texts()]

    def heading(self, name):
        self.page.get_by_role("heading", level=1, name=name).wait_for()

    def bring_data(self, key, as_of):
        """A sheet of master data: what the dry run counts as new and as refused."""
        page = self.page
        page.goto(f"/office/data/{key}/import/")
        page.set_input_files("input[type=file]", self.sheet(key))
        page.locator("input[name=as_of]").fill(as_of.isoformat())
        self.press("Upload the sheet")
        self.heading("What the columns mean")
        self.press("Go on to the dry run")
        self.heading("Dry run: nothing is stored yet")
        new, _changed, _same, _older, refused, _missing = self.figures()
        self.press("Apply the sheet")
        page.wait_for_url("**/office/data/runs/**")
        return new, refused


def own_lines(path, **conditions):
    """The lines of a CSV file that say something under some of their headings."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return [row for row in csv.DictReader(stream) if all(row[name] == said for name, said in conditions.items())]


def test_a_term_starts_from_the_files_alone(bank, place, files, open_page, sign_in, tmp_path):
    made, folder = files
    desk = Desk(sign_in(open_page(language="en"), "registrar"), files)
    page, day = desk.page, made.calendar.roster_day

    # Without a calendar there is nothing a result could belong to, and the page says so.
    page.goto("/office/imports/results/")
    assert page.get_by_text("The calendar has no terms yet.").count() == 1

    # Calendar, then the roster with the courses: what the files hold is what the dry run counts.
    assert [desk.bring_data(key, day) for key in CALENDAR] == [(desk.rows(key), 0) for key in CALENDAR]
    brought = {key: desk.bring_data(key, day) for key in ROSTER}
    whole = {key: (desk.rows(key), 0) for key in ROSTER if key != "students"}
    assert {key: brought[key] for key in whole} == whole
    new, refused = brought["students"]
    assert (new + refused, refused) == (desk.rows("students") - 3, 6)
    page.goto("/office/data/students/")
    assert page.locator("nav.pages p").inner_text().endswith(f"of {new}")

    # A programme plan becomes a programme.
    plan = made.plans[0]
    page.goto("/office/programmes/upload/")
    page.set_input_files("input[type=file]", folder / "培养方案" / f"{plan.code}.xlsx")
    desk.press("Check the plan")
    desk.press("Publish version 1")
    desk.heading(plan.title.en)

    # Results: every word is proposed, what is faulty is named, the rest goes in as one run.
    page.goto("/office/imports/")
    page.get_by_role("link", name="Import results").click()
    page.set_input_files("input[type=file]", desk.sheet("results"))
    page.locator("input[name=as_of]").fill(made.calendar.results_day.isoformat())
    desk.press("Upload the sheet")
    desk.heading("What the columns mean")
    assert page.get_by_label("Mark: 缓考", exact=True).input_value() == "deferred"
    desk.press("Go on to the dry run")
    desk.heading("Dry run: nothing is stored yet")
    taken = desk.rows("results") - 9 - 5
    assert desk.figures() == [taken, 0, 5, 9]
    assert page.locator("section[aria-labelledby=refused] tbody tr").count() == 9
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download the refused rows").click()
    assert len(own_lines(waiting.value.path())) == 9
    desk.press("Import the results")
    page.get_by_text("The results were imported;").wait_for()
    assert desk.figures() == [desk.rows("results"), desk.rows("results"), taken, 5, 9]
    lots = re.search(r"posted ([\d,]+) lots", page.inner_text("main")).group(1)
    assert int(lots.replace(",", "")) > 900

    # The official list of the English test: matched by number and name, and the learners are told.
    page.goto("/office/lists/bring/")
    page.get_by_label("Scores of CET-4 and CET-6").check()
    page.set_input_files("input[type=file]", desk.sheet("cet"))
    page.get_by_label("Name of the list").fill("四六级成绩")
    page.get_by_label("Issued on").fill(made.calendar.later_day.isoformat())
    desk.press("Upload the list")
    desk.press("Go on to the dry run")
    desk.heading("Dry run: nothing is stored yet")
    certain = int(page.locator(".verdicts .figure").first.inner_text().replace(",", ""))
    assert certain > 20
    desk.press("Apply the list")
    desk.heading("四六级成绩")
    assert page.get_by_text(re.compile(r"outcomes were proposed to their learners")).count() == 1

    # One of them claims it; the list bears it out, and the registrar approves.
    number = own_number(place, page)
    own = sign_in(open_page(language="en"), "student")
    own.goto("/learner/proposals/")
    own.get_by_role("button", name="Claim it").first.click()
    own.wait_for_url(re.compile("/facts/$"))
    own.get_by_role("button", name="Save and continue").click()
    own.wait_for_url(re.compile("/evidence/$"))
    own.goto(own.url.replace("/evidence/", "/check/"))
    own.get_by_role("button", name="Submit the request").click()
    own.wait_for_url(re.compile("/done/$"))
    page.goto(f"/office/recognition/?q={number}")
    assert page.get_by_text(re.compile("Verified by the official list “四六级成绩”")).count() >= 1
    page.keyboard.press("a")
    page.get_by_text(re.compile("Nothing waits|No case")).first.wait_for()

    # Out again: the export holds that credit and none of the results, which came from the same system.
    page.goto("/office/exports/")
    desk.press("Make the batch")
    desk.heading("Export batch 0001")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download XLSX").click()
    downloaded = tmp_path / "out.xlsx"
    waiting.value.save_as(downloaded)
    head, *rows = load_workbook(str(downloaded)).get_sheet_by_index(0).to_python()
    assert [(row[head.index("学号")], row[head.index("类型")]) for row in rows] == [(number, "新增")]
    credit = float(rows[0][head.index("学分")])
    assert credit > 0

    # What comes back is reconciled, line by line.
    answer = xlsx_file(tmp_path, [[*head, "处理结果", "原因"], *[[*row, "成功", ""] for row in rows]])
    page.locator("input[name=file]").set_input_files(answer)
    desk.press("Upload and compare")
    desk.heading(re.compile("Reconciliation"))
    assert desk.figures()[:1] == [1]
    assert sum(desk.figures()) == 1
    own.goto("/learner/")
    assert f"{credit:.1f}" in own.inner_text("main")


def own_number(place, page):
    """The student number of somebody whom the list told of an outcome; they get an account to sign in with."""
    with acting_for(institution=place.id, purpose="test") as scope:
        learner, number, name = scope.fetch(
            "SELECT enrolment.learner_id, student_number, name FROM list_proposal"
            " JOIN enrolment USING (learner_id, institution_id) WHERE institution_id = %s ORDER BY student_number LIMIT 1",
            [place.id],
        )[0]
        open_account(scope=scope, sign_in="student", name=name, password=PASSWORD, at=AT, account_id=learner)
    return number
