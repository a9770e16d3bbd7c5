"""Course results in the office: upload, columns and words, dry run, import once; long lists and wide sheets."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.utils import setup_test_environment, teardown_test_environment

from creditbank.exchange import result_imports
from creditbank.exchange.result_imports import find_kept
from creditbank.gateways.clock import new_id
from creditbank.jobs import schedule
from tests.exchange.small_import import publish_transfer_rules
from tests.exchange.test_opening_lots import LIN
from tests.intruder import superuser
from tests.web.office_cases import client_of
from tests.web.office_sheets import brought, csv_sheet, filled, mapped

UPLOAD = "/office/imports/results/"
HEAD = ("学号", "课程代码", "课程名称", "学年学期", "学分", "成绩", "考试性质", "备注")
YEARS = [
    ("学年代码", "开始日期", "结束日期"),
    ("2024-2025", "2024-09-01", "2025-08-31"),
    ("2025-2026", "2025-09-01", "2026-08-31"),
]
TERMS = [
    ("学期代码", "学年", "学期名称", "开学日期", "结束日期"),
    ("2024-2025-1", "2024-2025", "2024-2025学年第一学期", "2024-09-02", "2025-01-17"),
    ("2025-2026-1", "2025-2026", "2025-2026学年第一学期", "2025-09-01", "2026-01-16"),
]
COURSES = [
    ("课程代码", "课程名称", "课程性质", "学分", "学时", "考核方式", "开课院系"),
    ("MA101", "高等数学", "必修", "4", "64", "考试", "sw"),
    ("EN101", "大学英语", "必修", "3", "48", "考试", "sw"),
]


@pytest.fixture(autouse=True, scope="module")
def _contexts():
    """Django's own instrumentation: a response knows the context of its templates."""
    setup_test_environment()
    yield
    teardown_test_environment()


@pytest.fixture
def zhao(bank, cast):
    publish_transfer_rules(cast)
    client = client_of(cast.zhao, "zh-hans")
    brought(client, "years", csv_sheet(YEARS), "2026-09-01")
    brought(client, "terms", csv_sheet(TERMS), "2026-09-01")
    brought(client, "courses", csv_sheet(COURSES), "2026-09-01")
    return client


def line(mark, *, learner="2023040117", course="MA101", term="2025-2026-1", credit="4", sitting="正考", remark=""):
    return (learner, course, "高等数学", term, credit, mark, sitting, remark)


def uploaded(client, *rows, head=HEAD, shape="long", as_of="2026-02-01", name="成绩.csv"):
    content = rows[0] if isinstance(rows[0], bytes) else csv_sheet([head, *rows])
    return client.post(UPLOAD, {"file": SimpleUploadedFile(name, content), "shape": shape, "as_of": as_of})


def checked(client, kept, **chosen):
    """Answer the mapping screen as it stands, with some choices made otherwise; the address of the dry run."""
    answer = mapped(client, kept.url, **chosen)
    assert answer.status_code == 302, answer.context["form"].errors
    return answer.url


def tiles(page):
    return {one["word"]: one["count"] for one in page.context["tiles"]}


def posted(bank):
    with superuser(bank) as su:
        return su.execute(
            "SELECT lot.code, lot.term, sum(balance.amount) FROM lot JOIN balance USING (learner_id, lot_id)"
            " GROUP BY 1, 2 HAVING sum(balance.amount) > 0 ORDER BY 1, 2"
        ).fetchall()


def imported(client, check):
    return client.post(check.replace("/check/", "/import/"))


def test_a_long_list_is_tried_and_imported_once(zhao, bank):
    kept = uploaded(zhao, line("85"), line("优秀", course="EN101", credit="3"), line("甲", learner="7"),
                    line("0", learner="8", remark="缺考"))  # fmt: skip
    screen = zhao.get(kept.url)
    words = {str(one["field"].field.label): one["field"].value() for one in screen.context["words"]}
    assert words == {
        "成绩: 优秀": "excellent", "成绩: 甲": "", "考试性质: 正考": "normal", "备注: 缺考": "absent",
        "学年学期: 2025-2026-1": "2025-2026-1",
    }  # fmt: skip
    check = checked(zhao, kept)
    dry = zhao.get(check)
    assert tiles(dry) == {"新增": "3", "更正": "0", "已有": "0", "被拒绝": "1"}
    assert "成绩 甲 不是" in dry.content.decode()
    assert "成绩 甲 不是" in zhao.get(check.replace("/check/", "/problems.csv")).content.decode()
    assert posted(bank) == []
    done = imported(zhao, check)
    report = zhao.get(done.url)
    assert [one["count"] for one in report.context["figures"]] == ["4", "4", "3", "0", "1"]
    assert posted(bank) == [("EN101", "2025-2026-1", 300), ("MA101", "2025-2026-1", 400)]
    assert imported(zhao, check).url == done.url
    assert zhao.get(check).url == done.url
    # The same file uploaded again: everything is known.
    again = checked(zhao, uploaded(zhao, line("85"), line("优秀", course="EN101", credit="3"), line("甲", learner="7"),
                                   line("0", learner="8", remark="缺考")))  # fmt: skip
    assert tiles(zhao.get(again)) == {"新增": "0", "更正": "0", "已有": "3", "被拒绝": "1"}
    assert len(posted(bank)) == 2


def test_what_a_word_stands_for_is_remembered(zhao, bank):
    kept = uploaded(zhao, line("甲"))
    imported(zhao, checked(zhao, kept, **{"成绩: 甲": "good"}))
    assert posted(bank) == [("MA101", "2025-2026-1", 400)]
    screen = zhao.get(uploaded(zhao, line("甲", learner="9")).url)
    assert [one["field"].value() for one in screen.context["words"] if "甲" in one["field"].field.label] == ["good"]


def test_a_wide_sheet_takes_term_and_credit_from_the_school(zhao, bank):
    head = ("学号", "姓名", "高等数学", "大学英语", "班级排名")
    kept = uploaded(
        zhao, ("2023040117", "林", "85", "缺考", "1"), ("2", "梅", "59", "优秀", "2"), head=head, shape="wide"
    )
    screen = zhao.get(kept.url)
    assert [one["field"].value() for one in screen.context["columns"]] == [
        "learner_number", "", "course_marks", "course_marks", "",
    ]  # fmt: skip
    refused = mapped(zhao, kept.url)
    assert refused.status_code == 422
    assert "没有列说明学期" in refused.content.decode()
    check = checked(zhao, kept, 学期="2024-2025-1")
    dry = zhao.get(check)
    assert tiles(dry)["新增"] == "4"
    imported(zhao, check)
    assert posted(bank) == [("EN101", "2024-2025-1", 300), ("MA101", "2024-2025-1", 400)]
    with superuser(bank) as su:
        # Each result of a line has its own lot, and one that failed has none.
        rows = su.execute("SELECT course, outcome, lot_id IS NOT NULL FROM result ORDER BY 1, 2").fetchall()
    assert rows == [
        ("EN101", "absent", False),
        ("EN101", "distinction", True),
        ("MA101", "fail", False),
        ("MA101", "pass", True),
    ]


def test_a_later_sheet_corrects_and_a_repeat_brings_nothing_more(zhao, bank, cast):
    imported(zhao, checked(zhao, uploaded(zhao, line("61"))))
    kept = uploaded(zhao, line("58"), line("88", term="2024-2025-1"), as_of="2026-03-01", name="更正.csv")
    check = checked(zhao, kept)
    assert tiles(zhao.get(check)) == {"新增": "1", "更正": "1", "已有": "0", "被拒绝": "0"}
    imported(zhao, check)
    assert posted(bank) == [("MA101", "2024-2025-1", 400)]


def test_a_sheet_without_a_term_or_credit_column_takes_both_from_the_page(zhao, bank):
    head = ("学号", "课程代码", "成绩")
    kept = uploaded(zhao, ("1", "MA101", "77"), ("1", "XX999", "77"), head=head)
    check = checked(zhao, kept, 学期="2025-2026-1", 考试性质="resit")
    dry = zhao.get(check)
    assert tiles(dry) == {"新增": "1", "更正": "0", "已有": "0", "被拒绝": "1"}
    assert "XX999" in dry.content.decode()
    imported(zhao, check)
    with superuser(bank) as su:
        assert su.execute("SELECT course, sitting, presentation, credit FROM result").fetchall() == [
            ("MA101", "resit", "2025-2026-1", 400)
        ]


def test_a_large_sheet_is_left_to_the_worker_and_can_be_asked_for_again(zhao, bank, cast, monkeypatch):
    monkeypatch.setattr(result_imports, "AT_ONCE", 1)
    monkeypatch.setattr("creditbank.web.office.result_imports.AT_ONCE", 1)
    check = checked(zhao, uploaded(zhao, line("85"), line("70", learner="2")))
    upload_id = check.split("/")[-3]
    waiting = zhao.get(check)
    assert "正在试运行" in waiting.content.decode()
    assert "HX-Refresh" not in zhao.get(check.replace("/check/", "/progress/")).headers
    assert schedule.work_on_results(cast.college, UUID(upload_id)) == "plan"
    assert zhao.get(check.replace("/check/", "/progress/")).headers["HX-Refresh"] == "true"
    assert tiles(zhao.get(check))["新增"] == "2"
    assert imported(zhao, check).url == check
    assert imported(zhao, check).url == check
    assert "正在导入成绩" in zhao.get(check).content.decode()
    with superuser(bank) as su:
        assert su.execute(
            "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'results.work_on_sheet'"
        ).fetchone() == (3,)
    uuid = find_kept(settings.BANK, cast.college, UUID(upload_id)).upload_id
    assert schedule.work_on_results(cast.college, uuid) == "import"
    assert schedule.work_on_results(cast.college, uuid) == ""
    assert len(posted(bank)) == 1
    assert "/office/imports/" in zhao.get(check).url


def test_the_template_is_read_back_and_a_file_that_is_none_is_refused(zhao):
    template = zhao.get(f"{UPLOAD}template.xlsx").content
    sheet = filled(template, [{"学号": "1", "课程代码": "MA101", "学年学期": "2025-2026-1", "学分": "4", "成绩": "85"}])
    check = checked(zhao, uploaded(zhao, sheet, name="成绩.xlsx"))
    assert tiles(zhao.get(check))["新增"] == "1"
    page = uploaded(zhao, ("a",), head=("甲",))
    assert page.status_code == 422
    assert zhao.post(UPLOAD, {}).status_code == 422


def test_without_a_calendar_the_page_says_what_comes_first(bank, cast):
    publish_transfer_rules(cast)
    with superuser(bank) as su:
        su.execute("DELETE FROM term")
    page = client_of(cast.zhao, "zh-hans").get(UPLOAD)
    assert "校历还没有学期" in page.content.decode()
    assert b'type="file"' not in page.content


def test_the_desk_of_one_college_other_schools_and_other_roles_do_not_see_it(zhao, cast):
    kept = uploaded(zhao, line("85"))
    for actor in (cast.sun, cast.chen, cast.qian):
        assert client_of(actor).get(kept.url).status_code in {403, 404}
        assert client_of(actor).post(kept.url.replace("/columns/", "/import/")).status_code in {403, 404}
    assert zhao.get(f"{UPLOAD}{new_id()}/check/").status_code == 404


def test_a_learner_reads_which_pass_of_a_course_brought_its_credit(zhao, cast, bank):
    imported(zhao, checked(zhao, uploaded(zhao, line("61", learner=LIN, term="2024-2025-1"), line("88", learner=LIN))))
    with superuser(bank) as su:
        ((posting,),) = su.execute("SELECT posting_id FROM posting").fetchall()
    page = client_of(cast.lin, "zh-hans").get(f"/learner/entry/{posting}/").content.decode()
    assert "同一课程只计一次学分。本学分来自 2024-2025-1，通过日期 2025-01-17。" in page
    assert "2025-2026-1：2026-01-16 通过，成绩 88。成绩予以保留，不再计学分。" in page


def test_level_and_pass_mark_may_be_zero_and_a_course_may_earn_each_time(zhao, bank):
    kept = uploaded(zhao, line("0"), line("5", term="2024-2025-1"))
    check = checked(zhao, kept, 及格线="0", 课程等级="0", 课程再次通过时="earns_each")
    imported(zhao, check)
    assert posted(bank) == [("MA101", "2024-2025-1", 400), ("MA101", "2025-2026-1", 400)]
    with superuser(bank) as su:
        assert su.execute("SELECT DISTINCT level, repeat FROM result").fetchall() == [(0, "earns_each")]
