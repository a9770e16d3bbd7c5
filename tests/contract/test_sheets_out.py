"""No sheet that leaves the bank runs anything, and what is imported again is what it was: every export there is."""

from __future__ import annotations

import ast
import csv
import io
import json
from contextlib import contextmanager
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from creditbank.cli.main import main
from creditbank.domain.conversions.read import read_conversion_rules
from creditbank.domain.programmes.plan import Module, Nature, Plan, PlannedCourse
from creditbank.domain.programmes.plan_document import programme_document
from creditbank.domain.programmes.reading import read_programme
from creditbank.domain.rules.read import read_rule_set
from creditbank.domain.rules.write import rule_set_data
from creditbank.domain.values import Hundredths, Text
from creditbank.exchange.conversion_sheet_reading import read_any_workbook
from creditbank.exchange.documents import read_document
from creditbank.exchange.mapping import read_mapping
from creditbank.exchange.plan_workbooks import programme_workbook
from creditbank.exchange.rule_drafts import begin_from_text
from creditbank.exchange.rule_sheet_reading import read_rules_workbook
from creditbank.exchange.rule_texts import rules_text
from creditbank.exchange.rules import load_pack
from creditbank.exchange.sheets import Row, SheetPlace, open_sheet
from creditbank.exchange.spreadsheets import Form, SheetContent, sheet_bytes, workbook_bytes
from creditbank.gateways import clock
from creditbank.gateways.documents import packaged
from creditbank.gateways.files import open_upload
from creditbank.records.recognition import ScheduledCommand
from creditbank.records.scope import acting_for
from creditbank.services.people import enrol_learner
from creditbank.services.rules import publish_rule_version
from tests.contract.sheets_out import HOUSE, sheets_out
from tests.exchange.plans_made import reading_of
from tests.exchange.sheet_files import csv_bytes, what_runs
from tests.exchange.small_import import PACKS, publish_transfer_rules, run_import
from tests.exchange.test_opening_lots import HEAD as OPENING_HEAD
from tests.exchange.test_opening_lots import recognition
from tests.services.bookings import deposit, post
from tests.services.editions import published
from tests.services.exports import found, take_back
from tests.services.list_sheets import enrol
from tests.web.office_cases import client_of, handed_in, selected
from tests.web.office_sheets import brought, csv_sheet, data_url, mapped, upload
from tests.web.test_office_results import COURSES, TERMS, YEARS, checked, line, uploaded
from tests.web.test_office_results import HEAD as RESULTS_HEAD

pytestmark = pytest.mark.usefixtures("contexts")

EVIL = (
    "=1+1", "+1", "-1+1", "@SUM(A1)", "=cmd|' /C calc'!A0", '=HYPERLINK("http://example.org","a")', "＝1+1", "＋1",
    "－1", "＠x", "'=1", "''=1", "'-1", '"=1"', '<r><t>x</t></r></is></c><c r="Z9"><f>1+1</f></c><c><is><r></r>',
)  # fmt: skip
"""Texts that a sheet may bring in; those behind spaces, tabs or line ends lose these at the door."""
UNTRIMMED = ("\t=1", "\r=1", "\n=1", "  =1", "\u3000＝1", "\u200b=1")
PAST = date(2026, 9, 1)


@pytest.fixture
def world(bank, cast, tmp_path, monkeypatch, capsys):
    """The bank, its people, and commands that open it without a lease of their own."""
    from creditbank.cli import catalogue, data, edition, export, programme

    @contextmanager
    def opened(*_arguments, **_options):
        yield bank

    for command in (catalogue, data, edition, export, programme):
        monkeypatch.setattr(command, "opened", opened)

    def run(*words):
        status = main([*map(str, words)])
        said = capsys.readouterr()
        assert status in (0, 1), said.err
        return said.out

    return SimpleNamespace(bank=bank, cast=cast, folder=tmp_path, zhao=client_of(cast.zhao), run=run)


def book(head, rows, title="t"):
    """A workbook whose cells are these texts, as a person typed them."""
    return workbook_bytes([SheetContent(title, head, rows)])


def got(client, address):
    """The bytes of a file that a page offers."""
    response = client.get(address)
    assert response.status_code == 200, address
    assert "attachment" in response.headers["Content-Disposition"]
    return response.getvalue() if response.streaming else response.content


def cells_of(content, name="sheet"):
    """Every cell of the first sheet, as the bank itself reads it."""
    with open_upload(io.BytesIO(content), name=name) as given:
        sheet = open_sheet(given, SheetPlace())
        rows = list(sheet.rows(range(len(sheet.head))))
        return [cell for row in rows if isinstance(row, Row) for cell in row.cells]


# --- what brings the texts in, through the doors that people use


def courses(world):
    rows = [(f"C{place}", text, "必修", "2") for place, text in enumerate(EVIL)]
    brought(world.zhao, "courses", book(("课程代码", "课程名称", "课程性质", "学分"), rows), "2026-09-01", "课程.xlsx")


def refused_courses(world):
    """A sheet of courses whose codes are hostile and whose credit is none, up to its dry run."""
    rows = [(text.replace(" ", ""), text, "必修", text) for text in EVIL]
    content = book(("课程代码", "=课程名称", "课程性质", "+学分"), rows)
    columns = upload(world.zhao, "courses", content, "2026-09-01", "课程.xlsx").headers["Location"]
    return mapped(world.zhao, columns, **{"=课程名称": "name", "+学分": "credit"}).headers["Location"]


def codes(world):
    rows = [{"code": f"c{place}", "name": text, "name_en": text, "aliases": text} for place, text in enumerate(EVIL)]
    published(world.cast.centre, "codes.course_nature", rows, PAST)


def programme(world):
    course = [
        PlannedCourse(f"P{place}", Text(text, text), Nature.REQUIRED, Hundredths(200), 32, None, (1,), "考试")
        for place, text in enumerate(EVIL)
    ]
    plan = Plan((Module("m1", Text("=模块", "@module"), Hundredths(200), tuple(course)),), Hundredths(200))
    document = programme_document(code="2026-X", title=Text("=方案", "+plan"), plan=plan, note=Text("-备注", ""))
    file = io.BytesIO(programme_workbook(read_programme(document)))
    file.name = "方案.xlsx"
    page = world.zhao.post("/office/programmes/upload/", {"file": file})
    held = page.content.decode().partition('name="plan" value="')[2].partition('"')[0]
    done = world.zhao.post("/office/programmes/publish/", {"plan": held})
    return document, done.headers["Location"]


def batch(world):
    """A batch of credit whose titles are hostile, of a learner whose name is; its number is 1."""
    who = enrol(world.cast, "=姓名", "2026999901")
    post(
        world.cast, *(deposit(who, f"k{place}", title=text, title_en="") for place, text in enumerate(EVIL + UNTRIMMED))
    )
    world.zhao.post("/office/exports/make/", {})


def listed(world):
    """An official list with hostile headings, names and awards, up to its dry run."""
    rows = [(text, str(place), "示范职业学院", text) for place, text in enumerate(EVIL)]
    rows.append(("lin", "2023040117", "示范职业学院", "二等奖"))
    file = SimpleUploadedFile("名单.xlsx", book(("=获奖学生", "学号", "学校", "+获奖等级"), rows))
    said = {"kind": "contest", "file": file, "title": "=名单", "issuer": "+", "issued_on": "2026-06-30"}
    said = {f"list-{name}": value for name, value in said.items()}
    answer = world.zhao.post("/office/lists/bring/", said)
    assert answer.status_code == 302, answer.context["form"].errors
    columns = answer.headers["Location"]
    form = world.zhao.get(columns).context["form"]
    data = {form.add_prefix(name): form.get_initial_for_field(field, name) or "" for name, field in form.fields.items()}
    labels = {str(field.label): name for name, field in form.fields.items()}
    data |= {form.add_prefix(labels[label]): field for label, field in (("=获奖学生", "name"), ("+获奖等级", "award"))}
    tier = next(
        code for code, label in form.fields["every_tier"].choices if "省" in str(label) or "provincial" in str(label)
    )
    data |= {form.add_prefix("every_contest"): "=竞赛", form.add_prefix("every_tier"): tier,
             form.add_prefix("every_issued_on"): "2026-06-20"}  # fmt: skip
    # Awards nobody knows are asked for once; left as they are, their rows are refused.
    assert world.zhao.post(columns, data).headers["Location"] == f"{columns}#words"
    answer = world.zhao.post(columns, data)
    assert answer.status_code == 302, answer.context["form"].errors
    return answer.headers["Location"]


def opening(world):
    rows = [recognition(text.replace(" ", ""), document=text) for text in EVIL]
    file = SimpleUploadedFile("期初.xlsx", book(OPENING_HEAD, rows))
    return world.zhao.post("/office/imports/opening/", {"file": file}).headers["Location"]


# --- every export: what it gives, and which texts must stand there again


def data_export(world):
    courses(world)
    content = got(world.zhao, data_url("courses", "export.xlsx"))
    # Brought in again, the sheet changes nothing.
    check = mapped(world.zhao, upload(world.zhao, "courses", content, "2026-09-02", "again.xlsx").headers["Location"])
    groups = {str(one["word"]): one["count"] for one in world.zhao.get(check.headers["Location"]).context["groups"]}
    assert [count for word, count in groups.items() if word in ("New", "Changed", "Refused by the check")] == ["0"] * 3
    return [content], EVIL


def data_export_command(world):
    courses(world)
    world.run("data", "export", "courses", "--institution", "svc", "--to", world.folder / "c.xlsx")
    (world.folder / "again.xlsx").write_bytes((world.folder / "c.xlsx").read_bytes())
    told = json.loads(
        world.run(
            "data", "import", "courses", world.folder / "again.xlsx", "--institution", "svc", "--dry-run", "--json"
        )
    )
    assert (told["counts"]["new"], told["counts"]["changed"], told["refused"]) == (0, 0, [])
    return [(world.folder / "c.xlsx").read_bytes()], EVIL


def catalogue_command(world):
    rows = [(f"I{place}", text, "contest", text) for place, text in enumerate(EVIL)]
    content = book(("成果代码", "成果名称", "成果种类", "颁发或主办单位"), rows)
    (world.folder / "items.xlsx").write_bytes(content)
    world.run("catalogue", "import", world.folder / "items.xlsx", "--institution", "svc")
    world.run("catalogue", "export", "--institution", "svc", "--to", world.folder / "out.xlsx")
    return [(world.folder / "out.xlsx").read_bytes()], EVIL


def data_template(world):
    codes(world)
    return [got(world.zhao, data_url("courses", "template.xlsx"))], ()


def data_template_command(world):
    world.run("data", "template", "courses", "--to", world.folder / "t.xlsx")
    return [(world.folder / "t.xlsx").read_bytes()], ()


def data_refused(world):
    return [got(world.zhao, refused_courses(world).replace("/check/", "/problems.csv"))], ("+学分",)


def data_run_refused(world):
    check = refused_courses(world)
    good = [("C1", "x", "必修", "2"), ("=1", "y", "必修", "x")]
    content = book(("课程代码", "=课程名称", "课程性质", "+学分"), good)
    columns = upload(world.zhao, "courses", content, "2026-09-01", "课程.xlsx").headers["Location"]
    check = mapped(world.zhao, columns, **{"=课程名称": "name", "+学分": "credit"}).headers["Location"]
    run = world.zhao.post(check.replace("/check/", "/apply/")).headers["Location"]
    return [got(world.zhao, f"{run}problems.csv")], ("+学分",)


def code_table(world):
    codes(world)
    content = got(world.zhao, "/office/codes/course_nature/table.xlsx")
    # The sheet is the template of the next edition: prepared from it, every code has its words again.
    (world.folder / "n.xlsx").write_bytes(content)
    told = json.loads(
        world.run("edition", "prepare", "codes.course_nature", world.folder / "n.xlsx", "--label", "2", "--effective-on",
                  clock.today("Asia/Shanghai") + timedelta(days=9), "--institution", "centre", "--json")
    )  # fmt: skip
    shown = json.loads(world.run("edition", "show", told["edition"], "--institution", "centre", "--json"))
    assert (shown["new"], shown["changed"], shown["retired"]) == ([], [], [])
    return [content], EVIL


def code_table_command(world):
    codes(world)
    world.run("edition", "codes", "course_nature", "--institution", "svc", "--to", world.folder / "n.xlsx")
    return [(world.folder / "n.xlsx").read_bytes()], EVIL


def hostile_rules():
    """A rule set whose clauses, labels and names are hostile."""
    document = rule_set_data(load_pack("example-language"))
    document |= {"code": "hostile", "name": {"zh": "=规则", "en": "@rules"}, "source": {"zh": "+", "en": "-1+1"}}
    document["facts"][0]["label"] = {"zh": "=科目", "en": "+test"}
    document["categories"][0] |= {"zh": "@类别", "en": "=category"}
    rows = [
        {"id": f"r{place}", "give": "manual", "clause": {"zh": text, "en": text}} for place, text in enumerate(EVIL)
    ]
    document["tables"][0]["rows"] = rows
    return read_rule_set(document)


def rules_came_back(content, rules):
    with open_upload(io.BytesIO(content), name="rules.xlsx") as given:
        assert read_rules_workbook(given).rules == rules
    return [content], EVIL


def rules_of_a_draft(world):
    rules = hostile_rules()
    with acting_for(institution=world.cast.college, purpose="test") as scope:
        text = rules_text(rule_set_data(rules))
        draft = begin_from_text(
            scope=scope, actor=world.cast.zhao, data=text.encode(), name="x.yaml", at=clock.now()
        )  # fmt: skip
    return rules_came_back(got(world.zhao, f"/office/rules/drafts/{draft.id}/file/xlsx/"), rules)


def rules_command(world):
    rules, file, out = hostile_rules(), world.folder / "rules.yaml", world.folder / "rules.xlsx"
    file.write_text(rules_text(rule_set_data(rules)), encoding="utf-8")
    world.run("rules", "export", file, "--xlsx", "--output", out)
    return rules_came_back(out.read_bytes(), rules)


def rules_of_a_version(world):
    rules = hostile_rules()
    with acting_for(institution=world.cast.college, purpose="test") as scope:
        version = publish_rule_version(
            scope=scope,
            document=rule_set_data(rules),
            effective_from=PAST,
            actor=world.cast.zhao.person,
            at=clock.now(),
        )
        conversions = read_document(packaged("conversion/cn-course-certificate.yaml"), name="x.yaml")
        row = conversions["rules"][0]
        conversions["facts"][0]["label"] = {"zh": "=cmd", "en": "=cmd"}
        conversions["rules"] = [
            row | {"id": f"r{place}", "from": [{"when": {"certificate": f"c{place}"}}], "grade": {"fixed": text}}
            for place, text in enumerate(EVIL)
        ]
        matrix = publish_rule_version(
            scope=scope, document=conversions, effective_from=PAST, actor=world.cast.zhao.person, at=clock.now()
        )
    # In a matrix such texts stand behind words of ours, but for the label of what is converted.
    content = got(world.zhao, f"/office/rules/{matrix.id}/file/matrix/")
    assert what_runs(content) == []
    assert any(cell.startswith("=cmd: c1") for cell in cells_of(content))
    content = got(world.zhao, f"/office/rules/{matrix.id}/file/xlsx/")
    assert what_runs(content) == []
    with open_upload(io.BytesIO(content), name="rules.xlsx") as given:
        assert read_any_workbook(given).rules == read_conversion_rules(conversions)
    return rules_came_back(got(world.zhao, f"/office/rules/{version.id}/file/xlsx/"), rules)


def programme_page(world):
    document, address = programme(world)
    content = got(world.zhao, f"{address}programme.xlsx")
    assert reading_of(content).document == document
    return [content], ()


def programme_command(world):
    document, _address = programme(world)
    world.run("programme", "export", "2026-X", "--institution", "svc", "--to", world.folder / "p.xlsx")
    content = (world.folder / "p.xlsx").read_bytes()
    assert reading_of(content).document == document
    return [content], ()


def registrar_page(world):
    batch(world)
    page = world.zhao.get("/office/exports/").context["rows"][0]["url"]
    contents = [got(world.zhao, f"{page}file/{form.value}/") for form in Form]
    # Sent back as it went out, every line is accepted: nothing was changed on the way.
    for form, content in zip(Form, contents, strict=True):
        path = world.folder / f"back-{form.value}.{form.ending}"
        path.write_bytes(content)
        kept = take_back(world.cast, world.bank, 1, path)
        assert {outcome for outcome, *_ in found(world.bank, kept)} == {"accepted"}, form
    return contents, (*EVIL, *UNTRIMMED, "=姓名")


def registrar_command(world):
    batch(world)
    contents = []
    for form in Form:
        path = world.folder / f"r-{form.value}"
        world.run("export", "registrar", "--institution", "svc", "--batch", 1, "--form", form.value, "--out", path)
        contents.append(path.read_bytes())
    return contents, (*EVIL, *UNTRIMMED, "=姓名")


def reconciled(world):
    batch(world)
    page = world.zhao.get("/office/exports/").context["rows"][0]["url"]
    head = ("凭证号", "学号", "课程代码", "课程名称", "学分", "成绩", "处理结果", "原因")
    rows = [(f"SVC-0001-{place + 1:06d}", "", "", "", "", "", "退回", text) for place, text in enumerate(EVIL)]
    rows += [(text, "", "", "", "", "", "成功", "") for text in EVIL]
    file = SimpleUploadedFile("回执.xlsx", book(head, rows))
    answer = world.zhao.post(f"{page}reconcile/", {"file": file, "sheet_on": "2026-11-18"})
    return [got(world.zhao, f"{answer.headers['Location']}result.csv")], ("=1+1", "-1+1", "＝1+1".replace("＝", "="))


def decided(world):
    keys = [handed_in(world.bank, world.cast, title=text) for text in EVIL]
    chen = client_of(world.cast.chen)
    chen.post("/office/recognition/batch/approve/", {"selected": selected(*keys)})
    with acting_for(institution=world.cast.college, purpose="test") as scope:
        command = scope.rows(ScheduledCommand).get().command_id
    return [got(chen, f"/office/recognition/batch/{command}/result.csv")], EVIL


def results_refused(world):
    publish_transfer_rules(world.cast)
    text = (PACKS / "mappings" / "school-long.yaml").read_text(encoding="utf-8").replace("mark: 成绩", "mark: =成绩")
    from creditbank.exchange.documents import read_document

    path = world.folder / "results.csv"
    head = ("学号", "课程代码", "课程名称", "学年学期", "学分", "=成绩", "考试性质", "备注")
    rows = [["2023040117", f"M{mark}", "x", "2023-2024-1", "4", mark, "正考", ""] for mark in ("@x", "+y")]
    path.write_bytes(csv_bytes(*rows, head=head))
    run = run_import(world.cast, path, mapping=read_mapping(read_document(text.encode(), name="m")))
    return [got(world.zhao, f"/office/imports/{run.run_id}/problems.csv")], ("=成绩",)


def results_page_refused(world):
    publish_transfer_rules(world.cast)
    for data_set, rows in (("years", YEARS), ("terms", TERMS), ("courses", COURSES)):
        brought(world.zhao, data_set, csv_sheet(rows), "2026-09-01")
    head = tuple("=成绩" if name == "成绩" else name for name in RESULTS_HEAD)
    rows = [line(mark, learner=f"20260{place}") for place, mark in enumerate(EVIL)]
    kept = uploaded(world.zhao, book(head, rows), name="成绩.xlsx")
    check = checked(world.zhao, kept, **{"=成绩": "mark"})
    if "/columns/" in check:
        # Marks nobody knows are asked for once; left as they are, their rows are refused.
        check = checked(world.zhao, kept)
    assert world.zhao.get(check).status_code == 200
    return [got(world.zhao, check.replace("/check/", "/problems.csv"))], ("=成绩",)


def list_refused(world):
    return [got(world.zhao, listed(world).replace("/check/", "/problems.csv"))], ("+获奖等级",)


def list_applied(world):
    answer = world.zhao.post(listed(world).replace("/check/", "/apply/"))
    return [got(world.zhao, f"{answer.headers['Location']}problems.csv")], ("+获奖等级",)


def opening_refused(world):
    return [got(world.zhao, f"{opening(world)}problems.csv")], ("=1+1", "@SUM(A1)")


def offered(address):
    return lambda world: ([got(world.zhao, address)], ())


def invented(world):
    world.run("simulate", "college", "--students", 300, "--year", 2025, "--out", world.folder / "college")
    return [path.read_bytes() for path in sorted((world.folder / "college").rglob("*.xlsx"))], ()


def binding_codes(world):
    numbers = [f"9{place:03}" for place in range(len(EVIL))]
    for number, name in zip(numbers, EVIL, strict=True):
        with acting_for(institution=world.cast.college, purpose="test") as scope:
            enrol_learner(
                scope=scope, learner_id=clock.new_id(), student_number=number, name=name, at=clock.now(), cohort=2031
            )
    response = world.zhao.post("/office/learners/codes/", {"cohort": "2031"})
    return [response.content], (*EVIL, *numbers)


EXPORTS = {
    "cli.catalogue._export": catalogue_command,
    "cli.data._export": data_export_command,
    "cli.data._template": data_template_command,
    "cli.edition._codes": code_table_command,
    "cli.export._write": registrar_command,
    "cli.programme._export": programme_command,
    "cli.rules._export_whole": rules_command,
    "cli.simulate._write_only": invented,
    "cli.simulate.simulate_college": invented,
    "web.office.batches.download": decided,
    "web.office.binding_codes.issue": binding_codes,
    "web.office.code_tables.export": code_table,
    "web.office.data_imports.problems": data_refused,
    "web.office.data_runs.export": data_export,
    "web.office.data_runs.problems": data_run_refused,
    "web.office.data_runs.template": data_template,
    "web.office.exports.download": registrar_page,
    "web.office.imports.download": results_refused,
    "web.office.list_imports.problems": list_refused,
    "web.office.list_imports.template": offered("/office/lists/template/contest.xlsx"),
    "web.office.lists.problems": list_applied,
    "web.office.opening_lots.problems": opening_refused,
    "web.office.opening_lots.template": offered("/office/imports/opening/template.xlsx"),
    "web.office.plans.template": offered("/office/programmes/template.xlsx"),
    "web.office.programmes.workbook": programme_page,
    "web.office.result_imports.problems": results_page_refused,
    "web.office.result_imports.template": offered("/office/imports/results/template.xlsx"),
    "web.office.returned.download": reconciled,
    "web.office.rule_sheets.draft_file": rules_of_a_draft,
    "web.office.rule_sheets.version_file": rules_of_a_version,
}
"""By the function through which it leaves: how this test gets it, and the texts that must be read in it again."""


def test_every_export_of_the_code_is_tried_here():
    assert sheets_out() == EXPORTS.keys()


def test_only_one_module_writes_sheets():
    writers = set()
    for path in HOUSE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        calls = {ast.unparse(node.func) for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)}
        if calls & {"csv.writer", "csv.DictWriter", "writer", "DictWriter"} or "import xlsxwriter" in text:
            writers.add(path.relative_to(HOUSE).as_posix())
    assert writers == {"exchange/spreadsheets.py"}


@pytest.mark.parametrize("make", list(dict.fromkeys(EXPORTS.values())), ids=lambda make: make.__name__)
def test_what_leaves_runs_nothing_and_is_read_as_it_was(world, make):
    contents, texts = make(world)
    for content in contents:
        assert what_runs(content) == []
        read = cells_of(content)
        assert [text for text in texts if text not in read] == []


def test_this_test_would_see_a_cell_that_runs():
    rows = [("=1+1",), ("\t@x",), ("＝1",)]
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    assert what_runs(text.getvalue().encode()) == [row[0] for row in rows]
    assert what_runs(sheet_bytes(Form.CSV, SheetContent("", ("a",), rows))) == []
