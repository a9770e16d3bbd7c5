"""A centre publishes, a school sees what changes and takes note, and a change of a locked row is refused by cell."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from creditbank.domain.access import Role
from creditbank.gateways import clock
from creditbank.records.scope import acting_for
from creditbank.services.masterdata.existing import take_existing_everywhere
from creditbank.services.people import give_role
from tests.cast import AT
from tests.e2e import axe
from tests.web.office_sheets import csv_sheet

pytestmark = pytest.mark.browser

COURSES = csv_sheet(
    [("课程代码", "课程名称", "学分", "下级锁定"), ("PUB1", "思想道德与法治", "3", "是"), ("PUB2", "大学英语", "4", "")]
)
OWN = csv_sheet([("课程代码", "课程名称", "学分"), ("PUB1", "思想道德与法治", "2"), ("SW1", "程序设计", "4")])
TYPES = csv_sheet([("类型代码", "须附佐证材料"), ("innovation", "否"), ("practice", "是")])


@pytest.fixture
def tomorrow(bank, cast):
    """The centre has a registrar, and its types of outcome are in its list; tomorrow is when editions begin."""
    take_existing_everywhere(AT)
    with acting_for(institution=cast.centre, purpose="test") as scope:
        give_role(scope=scope, account=cast.stranger.person, role=Role.REGISTRAR, since=date(2020, 1, 1))
    return (clock.today("Asia/Shanghai") + timedelta(days=1)).isoformat()


def published(page, kind, day, label):
    """The centre prepares an edition of what it has, looks at it and publishes it; the address of its page."""
    page.goto("/office/centre/")
    page.get_by_role("link", name=f"Prepare an update: {kind}").press("Enter")
    page.get_by_label("Name of the edition").fill(label)
    page.get_by_label("In force from").fill(day)
    page.get_by_role("button", name="Keep as a draft").press("Enter")
    assert "Draft" in page.locator("main").inner_text()
    page.get_by_role("button", name="Publish", exact=True).press("Enter")
    assert "Published, to come" in page.locator("main").inner_text()
    return page.url


def brought(page, tmp_path, kind, content, day, *, apply):
    """A sheet goes through upload, columns and dry run; applied if asked."""
    sheet = tmp_path / f"{kind}.csv"
    sheet.write_bytes(content)
    page.goto(f"/office/data/{kind}/import/")
    page.locator("input[type=file]").set_input_files(sheet)
    page.get_by_label("As of").fill(day)
    page.get_by_role("button", name="Upload the sheet").press("Enter")
    page.get_by_role("button", name="Go on to the dry run").press("Enter")
    if apply:
        page.get_by_role("button", name="Apply the sheet").press("Enter")


def test_a_centre_publishes_and_a_school_adopts_but_cannot_loosen_a_lock(tomorrow, open_page, sign_in, tmp_path):
    centre, school = sign_in(open_page(language="en"), "stranger"), sign_in(open_page(width=360, language="en"), "zhao")
    brought(centre, tmp_path, "courses", COURSES, "2026-01-01", apply=True)
    published(centre, "Courses", tomorrow, "2027-1")
    # The centre locks one of its types of outcome and publishes them.
    centre.goto("/office/data/outcome_types/row/innovation/change/")
    centre.get_by_label("Locked for schools below").select_option("yes")
    centre.get_by_role("button", name="Keep the change").press("Enter")
    page_of_types = published(centre, "Outcome types", tomorrow, "2027-1")

    school.goto("/office/centre/")
    assert school.locator("tbody tr").count() == 2
    assert axe.violations(school) == []
    assert axe.overflow(school) == 0
    school.get_by_role("link", name="Outcome types").press("Enter")
    changed = school.locator("main").inner_text()
    assert "innovation" in changed
    assert "Locked for schools below" in changed
    assert axe.violations(school) == []
    school.get_by_role("button", name="Acknowledge").press("Enter")
    centre.goto(page_of_types)
    assert "1 of 2 schools have acknowledged it." in centre.locator("main").inner_text()

    brought(school, tmp_path, "courses", OWN, tomorrow, apply=False)
    refused = school.locator("table").inner_text()
    assert "PUB1" in refused
    assert "Centre" in refused
    assert "C2" in refused
    assert axe.overflow(school) == 0
    brought(school, tmp_path, "outcome_types", TYPES, tomorrow, apply=True)
    run = school.locator("main").inner_text()
    assert "innovation" in run
    assert "学分银行管理中心" in run
    school.goto("/office/data/outcome_types/row/practice/")
    history = school.locator("section[aria-labelledby=history]").inner_text()
    assert "outcome_types.csv" in history
