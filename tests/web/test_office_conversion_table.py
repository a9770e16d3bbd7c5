"""The table of a draft of conversion rules: cells, rows, a form, pasted blocks, the check and the parts beside it."""

from __future__ import annotations

from collections import Counter

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from creditbank.domain import rule_documents
from creditbank.domain.conversions.model import Standing
from creditbank.domain.conversions.read import read_conversion_rules
from creditbank.domain.rules.model import Ruling
from creditbank.exchange.conversion_sheets import conversion_workbook
from creditbank.exchange.rule_drafts import begin_from_pack, reading_of
from creditbank.exchange.rule_texts import rules_text
from creditbank.web.office import rule_editor
from tests.cast import AT
from tests.services.rule_drafts import at, done, text_of
from tests.web.office_cases import client_of

pytestmark = pytest.mark.usefixtures("contexts")

WEB = "web-frontend"
TOGETHER = "logistics-with-practice"


def begun(actor, pack="cn-course-certificate"):
    """A draft of a pack, whose comments on top stay."""
    with at(actor) as scope:
        return done(begin_from_pack(scope=scope, actor=actor, pack=pack, at=AT)).id


def page_of(draft):
    return f"/office/rules/drafts/{draft}/table/"


def edit(client, draft, revision, *, scripted=True, **said):
    headers = {"X-Requested-With": "table"} if scripted else {}
    return client.post(f"{page_of(draft)}change/", {"revision": revision, "table": "rules", **said}, headers=headers)


def rules_of(actor, draft):
    """What the draft's text says now."""
    rules = reading_of(text_of(actor, draft)[0]).rules
    assert rules is not None
    return rules


def rows_of(actor, draft):
    return {row.id: row for row in rules_of(actor, draft).rows}


def test_every_row_stands_in_words_and_a_cell_changes_its_own_lines_alone(bank, cast):
    zhao, draft = client_of(cast.zhao, "zh-hans"), begun(cast.zhao)
    page = zhao.get(page_of(draft)).content.decode()
    for words in (
        'data-c="when-level">≥ 中级</td>',
        'data-c="to">LOG210 + LOG211</td>',
        'data-c="and">{[证书代码] forklift} 或 {[证书代码] warehouse；[证书等级] ≥ 中级}</td>',
        'data-c="grade">[考核成绩] 优秀 → 95；[考核成绩] 良好 → 85；其余 → 75</td>',
        'data-c="credit">所持学分 × 1/2</td>',
        'data-c="counts">成绩单、毕业</td>',
    ):
        assert words in page, words
    assert 'href="/office/conversion-rules/"' in page
    assert "JDM" not in page
    columns = "when-certificate when-level to credit"
    answer = edit(zhao, draft, 1, op="cell", row=WEB, column="to", typed="WEB201 + WEB202", columns=columns).json()
    assert answer["rows"][0]["html"].count("<td") == 4
    before = text_of(cast.zhao, draft)[0]
    edit(zhao, draft, 2, op="cell", row=WEB, column="credit", typed="课程学分")
    after = text_of(cast.zhao, draft)[0]
    changed = [pair for pair in zip(before.split("\n"), after.split("\n"), strict=True) if pair[0] != pair[1]]
    assert changed == [("    credit: {full: even_if_short}", "    credit: full")]
    assert [str(one) for one in rows_of(cast.zhao, draft)[WEB].targets] == ["course:WEB201", "course:WEB202"]
    refused = edit(zhao, draft, 3, op="cell", row=WEB, column="credit", typed="许多<b>")
    assert refused.status_code == 422
    assert "credit held" in client_of(cast.zhao).get(page_of(draft)).content.decode()
    assert text_of(cast.zhao, draft)[0] == after


def test_rows_are_added_copied_moved_removed_and_all_of_it_undone(bank, cast):
    zhao, draft = client_of(cast.zhao), begun(cast.zhao)
    edit(zhao, draft, 1, op="copy", row=WEB)
    texts = [text_of(cast.zhao, draft)[0]]
    for revision, change in enumerate(
        ({"op": "add", "row": WEB}, {"op": "down", "row": WEB}, {"op": "remove", "row": TOGETHER}), start=2
    ):
        assert edit(zhao, draft, revision, **change).status_code == 200
        texts.append(text_of(cast.zhao, draft)[0])
    rows = rows_of(cast.zhao, draft)
    assert list(rows) == ["row-6", WEB, "web-frontend-2", "web-frontend-first", "any-two-into-elective"]
    assert str(rows["row-6"].targets[0]) == "course:TO-BE-FILLED-IN"
    for revision, text in ((5, texts[2]), (6, texts[1]), (7, texts[0])):
        assert edit(zhao, draft, revision, op="undo").status_code == 200
        assert text_of(cast.zhao, draft)[0] == text


def test_a_row_with_several_groups_is_written_as_a_form_and_keeps_what_no_field_says(bank, cast):
    zhao, draft = client_of(cast.zhao), begun(cast.zhao)
    page = zhao.get(f"{page_of(draft)}row/?table=rules&row={TOGETHER}")
    form = {name: value if value is not None else "" for name, value in page.context["form"].initial.items()}
    before = rows_of(cast.zhao, draft)[TOGETHER]
    same = edit(zhao, draft, 1, scripted=False, op="row", row=TOGETHER, **form)
    assert same.status_code == 302
    assert rows_of(cast.zhao, draft)[TOGETHER] == before
    said = {**form, "least": "2", "and": "{[Level] ≥ advanced | at least 1} × 2 together 3", "counts": ["gpa"]}
    revision = text_of(cast.zhao, draft)[1]
    assert edit(zhao, draft, revision, scripted=False, op="row", row=TOGETHER, **said).status_code == 302
    row = rows_of(cast.zhao, draft)[TOGETHER]
    assert (row.groups[0].sources[0].credit, row.groups[1].count, row.groups[1].credit) == (200, 2, 300)
    assert (row.counts.gpa, row.counts.transcript) == (True, False)
    wrong = edit(zhao, draft, revision + 1, scripted=False, op="row", row=TOGETHER, **{**said, "and": "{x", "to": "?"})
    assert wrong.status_code == 422
    assert wrong.context["form"].errors.keys() == {"and", "to"}


def test_the_check_marks_the_cell_and_the_panes_answer(bank, cast):
    zhao, draft = client_of(cast.zhao), begun(cast.zhao)
    edit(zhao, draft, 1, op="copy", row=WEB)
    edit(zhao, draft, 2, op="cell", row="web-frontend-2", column="grade", typed="60")
    said = zhao.get(page_of(draft)).content.decode()
    assert 'id="row-web-frontend-2" data-row="web-frontend-2" class="clash bad"' in said
    found = zhao.get(f"{page_of(draft)}checks/").context["findings"]
    assert {one.rows for one in found} >= {((WEB, 1), ("web-frontend-2", 2))}
    effects = zhao.get(f"{page_of(draft)}effects/")
    assert effects.context["case_count"] > 10


def test_a_block_from_a_sheet_is_looked_at_and_then_added_or_written_over_cells(bank, cast):
    zhao, draft = client_of(cast.zhao, "zh-hans"), begun(cast.zhao)
    before = text_of(cast.zhao, draft)
    block = "证书代码\t证书等级\t置换为\t学分\t成绩\nphp\t≥ 中级\tPHP101\t课程学分\t90\npy\t无\t?\t三\t80\n"
    asked = {"table": "rules", "block": block, "after": WEB}
    page = zhao.post(f"{page_of(draft)}paste/", asked)
    assert [row["good"] for row in page.context["pasted"]] == [True, False]
    assert [bool(cell["wrong"]) for cell in page.context["pasted"][1]["cells"]] == [False, True, True, True, False]
    assert text_of(cast.zhao, draft) == before
    assert zhao.post(f"{page_of(draft)}paste/", {**asked, "take": "yes", "revision": 1}).status_code == 200
    row = rows_of(cast.zhao, draft)["row-5"]
    assert row.clause.zh == "证书代码：php，证书等级：中级、高级，置换为课程 PHP101"
    over = {"table": "rules", "mode": "over", "row": "1", "column": "to", "block": "WEB300\t任选\nWEB301\t所持学分\n"}
    page = zhao.post(f"{page_of(draft)}paste/", over)
    assert [(one["row"], one["old"], one["new"]) for one in page.context["changes"]] == [
        (WEB, "WEB201", "WEB300"), ("row-5", "PHP101", "WEB301"),
    ]  # fmt: skip
    assert [(one["row"], one["head"]) for one in page.context["unread"]] == [(WEB, "学分"), ("row-5", "学分")]


def test_a_cell_of_a_long_table_is_saved_without_checking_or_showing_the_other_rows(bank, cast, monkeypatch):
    document = rule_documents.rules_data(rules_of(cast.zhao, draft := begun(cast.zhao)))
    first = document["rules"][0]
    document["rules"] = [
        {**first, "id": f"r{n}", "from": [{"when": {"certificate": f"c{n}"}}], "to": [{"course": f"K{n}"}]}
        for n in range(120)
    ]
    read_conversion_rules(document)
    zhao = client_of(cast.zhao)
    saved = zhao.post(f"/office/rules/drafts/{draft}/save/", {"revision": 1, "text": rules_text(document)})
    assert saved.status_code == 302
    count = Counter()
    for owner, name in ((rule_documents, "lint_conversions"), (rule_editor, "row_markup")):
        whole = getattr(owner, name)

        def counted(*arguments, name=name, whole=whole, **more):
            count[name] += 1
            return whole(*arguments, **more)

        monkeypatch.setattr(owner, name, counted)
    assert edit(zhao, draft, 2, op="cell", row="r77", column="grade", typed="85").status_code == 200
    assert count == {"row_markup": 1}


def put(client, draft, revision, part, **said):
    return client.post(f"{page_of(draft)}parts/", {"revision": revision, "part": part, **said})


def fields(prefix, **said):
    return {f"{prefix}-{name}": value for name, value in said.items()}


def test_limits_closed_courses_standings_and_what_facts_name_are_written_in_fields(bank, cast):
    zhao, draft = client_of(cast.zhao), begun(cast.zhao, "cn-conversion-a")
    page = client_of(cast.zhao, "zh-hans").get(f"{page_of(draft)}parts/").content.decode()
    for words in (
        "在学期间累计，专业课程不超过培养方案中专业课程学分的 1/5。",
        "不得置换：性质为“politics”的课程、性质为“sport”的课程。",
        "已通过：不得置换",
        "类别：成果种类",
    ):
        assert words in page, words
    assert 'name="cap-0-when"' not in page
    assert 'name="cap-0-by"' not in page
    clause = {"clause_zh": "条款", "clause_en": "clause"}
    limit = fields("cap-2", id="twice", kind="count", most="2", scope="term", **clause)
    assert put(zhao, draft, 1, "cap", at="2", **limit).status_code == 302
    shut = fields("closed-1", id="shut", courses="A1，A2", **clause)
    assert put(zhao, draft, 2, "closed", at="1", **shut).status_code == 302
    stands = fields(
        "standings", passed="manual", failed="recognise", in_progress="manual", selected="manual", converted="refuse"
    )
    assert put(zhao, draft, 3, "standings", **stands).status_code == 302
    assert put(zhao, draft, 4, "carriers", **fields("carriers", category="", outcome="kind")).status_code == 302
    assert put(zhao, draft, 5, "cap", at="0", remove="yes").status_code == 302
    rules = rules_of(cast.zhao, draft)
    assert [one.id for one in rules.cap] == ["public-share", "twice"]
    assert rules.closed[1].courses == {"A1", "A2"}
    assert (rules.standings[Standing.PASSED], rules.standings[Standing.SELECTED]) == (Ruling.MANUAL, Ruling.MANUAL)
    assert dict(rules.carriers) == {"outcome": "kind"}
    before = text_of(cast.zhao, draft)
    wrong = put(zhao, draft, 6, "closed", at="2", **fields("closed-2", id="shut", courses="b<", **clause))
    assert wrong.status_code == 422
    assert wrong.context["sent"].errors.keys() == {"id", "courses"}
    assert (
        put(
            zhao, draft, 6, "cap", at="0", **fields("cap-0", id="x", kind="credit", most="x", scope="ever", **clause)
        ).status_code
        == 422
    )
    assert put(zhao, draft, 5, "standings", **stands).status_code == 409
    for part in ("adjust", "choose", "figures"):
        assert put(zhao, draft, 6, part, at="0").status_code == 404
    assert text_of(cast.zhao, draft) == before


def test_a_workbook_is_brought_in_when_its_changes_were_looked_at_and_a_bad_one_changes_nothing(bank, cast):
    zhao, draft = client_of(cast.zhao), begun(cast.zhao)
    rules = rules_of(cast.zhao, draft)
    given = zhao.get(f"/office/rules/drafts/{draft}/file/xlsx/")
    assert given.content[:2] == b"PK"
    assert zhao.get(f"/office/rules/drafts/{draft}/file/jdm/").status_code == 404
    document = rule_documents.rules_data(rules)
    document["rules"][0]["grade"] = {"fixed": "88"}
    book = conversion_workbook(read_conversion_rules(document), "zh-hans")
    looked = zhao.post(f"/office/rules/drafts/{draft}/upload/", {"file": SimpleUploadedFile("a.xlsx", book)})
    assert len(looked.context["changes"]) == 1
    assert rules_of(cast.zhao, draft) == rules
    held = {"revision": 1, "held": looked.context["held"]}
    assert zhao.post(f"/office/rules/drafts/{draft}/upload/", held).status_code == 302
    assert rows_of(cast.zhao, draft)[WEB].grade.grade == "88"
    before = text_of(cast.zhao, draft)
    recognition = begun(cast.zhao, "cn-innovation")
    wrong = zhao.get(f"/office/rules/drafts/{recognition}/file/xlsx/").content
    refused = zhao.post(f"/office/rules/drafts/{draft}/upload/", {"file": SimpleUploadedFile("b.xlsx", wrong)})
    assert refused.status_code == 422
    assert "another kind" in refused.content.decode()
    assert text_of(cast.zhao, draft) == before
