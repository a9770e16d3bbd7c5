"""The editor of a draft's rule tables: cells, rows, the check beside them, pasted blocks, two editors at once."""

from __future__ import annotations

import io
import zipfile
from collections import Counter

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from creditbank.domain import rule_documents
from creditbank.domain.access import Role
from creditbank.domain.rules.model import Ruling
from creditbank.domain.rules.read_amounts import Amounts
from creditbank.exchange.rule_drafts import reading_of
from creditbank.exchange.rule_texts import rules_text
from creditbank.web.office import rule_editor
from tests.perf.rule_tables import table_of
from tests.services.rule_drafts import TEXT, colleague, text_of, written
from tests.web.office_cases import client_of

pytestmark = pytest.mark.usefixtures("contexts")

FEW, MANY = "few", "many"


def page_of(draft):
    return f"/office/rules/drafts/{draft}/table/"


def edit(client, draft, revision, *, scripted=True, **said):
    headers = {"X-Requested-With": "table"} if scripted else {}
    return client.post(f"{page_of(draft)}change/", {"revision": revision, "table": "main", **said}, headers=headers)


def rows_of(actor, draft):
    """What the draft's text says now: each row by its name."""
    rules = reading_of(text_of(actor, draft)[0]).rules
    assert rules is not None
    return {row.id: row for row in rules.tables[0].rows}


def test_a_cell_is_shown_and_changed_in_words_and_the_text_says_it(bank, cast):
    zhao, draft = client_of(cast.zhao), written(cast.zhao)
    page = zhao.get(page_of(draft))
    assert page.status_code == 200
    assert '<td tabindex="-1" data-c="when-hours">≤ 31</td>' in page.content.decode()
    answer = edit(zhao, draft, 2, op="cell", row=MANY, column="credit", typed="1.5 学分")
    assert answer.status_code == 200
    assert answer.json()["revision"] == 3
    assert ">1.5</td>" in answer.json()["rows"][0]["html"]
    assert rows_of(cast.zhao, draft)[MANY].give.credit == 150
    text = text_of(cast.zhao, draft)[0]
    again = edit(zhao, draft, 3, op="cell", row=FEW, column="when-hours", typed="＜ 30").json()
    after = text_of(cast.zhao, draft)[0]
    assert again["revision"] == 4
    changed = [pair for pair in zip(text.split("\n"), after.split("\n"), strict=True) if pair[0] != pair[1]]
    assert changed == [('        when: {hours: {to: "31"}}', '        when: {hours: {to: "29"}}')]


def test_a_cell_that_cannot_be_read_is_refused_with_what_was_expected(bank, cast):
    zhao, draft = client_of(cast.zhao), written(cast.zhao)
    answer = edit(zhao, draft, 2, op="cell", row=MANY, column="when-hours", typed="许多<b>")
    assert answer.status_code == 422
    assert "≥ 60" in answer.json()["said"][0]
    page = edit(zhao, draft, 2, scripted=False, op="cell", row=MANY, column="when-hours", typed="许多<b>")
    assert page.status_code == 422
    assert "许多&lt;b&gt;" in page.content.decode()
    assert text_of(cast.zhao, draft)[0].strip() == TEXT.strip()


def test_rows_are_added_copied_moved_and_removed(bank, cast):
    zhao, draft = client_of(cast.zhao), written(cast.zhao)
    assert edit(zhao, draft, 2, op="copy", row=FEW).json()["rows"][0]["after"] == FEW
    assert edit(zhao, draft, 3, op="down", row="few-2").json()["rows"][0]["after"] == MANY
    assert edit(zhao, draft, 4, op="add", row=FEW).json()["rows"][0]["id"] == "row-4"
    assert edit(zhao, draft, 5, op="remove", row="few-2").json()["gone"] == ["few-2"]
    rows = rows_of(cast.zhao, draft)
    assert list(rows) == [FEW, "row-4", MANY]
    assert rows["row-4"].give is Ruling.MANUAL
    for revision, row in ((6, "row-4"), (7, MANY)):
        assert edit(zhao, draft, revision, op="remove", row=row).status_code == 200
    assert edit(zhao, draft, 8, op="remove", row=FEW).status_code == 422
    assert edit(zhao, draft, 8, op="remove", row="nowhere").status_code == 422


def test_one_row_is_written_as_a_form_without_a_script(bank, cast):
    zhao, draft = client_of(cast.zhao), written(cast.zhao)
    page = zhao.get(f"{page_of(draft)}row/?table=main&row={MANY}")
    assert page.status_code == 200
    form = {name: value if value is not None else "" for name, value in page.context["form"].initial.items()}
    answer = edit(zhao, draft, 2, scripted=False, op="row", row=MANY, **{**form, "id": "lots", "credit": "2"})
    assert answer.status_code == 302
    assert answer.headers["Location"].endswith("#row-lots")
    assert rows_of(cast.zhao, draft)["lots"].give.credit == 200
    wrong = edit(zhao, draft, 3, scripted=False, op="row", row="lots", **{**form, "id": FEW, "clause-en": ""})
    assert wrong.status_code == 422
    assert wrong.context["form"].errors.keys() == {"clause-en"}
    wrong = edit(zhao, draft, 3, scripted=False, op="row", row="lots", **{**form, "id": FEW, "when-hours": "x"})
    assert wrong.context["form"].errors.keys() == {"id", "when-hours"}


def test_the_check_marks_rows_and_its_button_adds_those_that_close_a_gap(bank, cast):
    zhao, draft = client_of(cast.zhao), written(cast.zhao)
    edit(zhao, draft, 2, op="cell", row=MANY, column="when-hours", typed="≥ 40")
    said = zhao.get(page_of(draft)).content.decode()
    assert 'data-tone="warn"' in said
    checks = zhao.get(f"{page_of(draft)}checks/")
    (gap,) = [one for one in checks.context["findings"] if one.closes]
    assert edit(zhao, draft, 3, scripted=False, op="close", finding=gap.number).status_code == 302
    made = rows_of(cast.zhao, draft)["row-3"]
    assert (made.when[0].accept.low, made.when[0].accept.high) == (32, 39)
    edit(zhao, draft, 4, op="cell", row=FEW, column="when-hours", typed="≤ 35")
    marked = zhao.get(page_of(draft)).content.decode()
    assert 'id="row-few" data-row="few" class="clash bad"' in marked
    assert 'id="row-row-3" data-row="row-3" class="clash bad"' in marked
    assert 'id="row-many" data-row="many"><th' in marked
    other = next(one for one in zhao.get(f"{page_of(draft)}checks/").context["findings"] if not one.closes)
    assert edit(zhao, draft, 5, op="close", finding=other.number).status_code == 404
    assert edit(zhao, draft, 5, op="close", finding=99).status_code == 404


def test_a_later_editor_sees_what_is_kept_beside_what_they_typed(bank, cast):
    zhao, draft = client_of(cast.zhao), written(cast.zhao)
    liu = client_of(colleague(cast, "liu", Role.REGISTRAR))
    assert edit(zhao, draft, 2, op="cell", row=MANY, column="credit", typed="2").status_code == 200
    assert edit(liu, draft, 2, op="cell", row=MANY, column="credit", typed="4").status_code == 409
    page = edit(liu, draft, 2, scripted=False, op="cell", row=MANY, column="credit", typed="4")
    assert page.status_code == 409
    assert (page.context["conflict"]["kept"], page.context["conflict"]["typed"]) == ("2.0", "4")
    assert rows_of(cast.zhao, draft)[MANY].give.credit == 200
    again = dict(page.context["conflict"]["again"])
    assert edit(liu, draft, page.context["conflict"]["revision"], **again).status_code == 200
    assert rows_of(cast.zhao, draft)[MANY].give.credit == 400


def test_changes_are_undone_one_after_the_other_and_each_is_a_revision_of_its_own(bank, cast):
    zhao, draft = client_of(cast.zhao), written(cast.zhao)
    texts = [text_of(cast.zhao, draft)[0]]
    assert edit(zhao, draft, 2, op="undo").status_code == 422
    for change in (
        {"op": "cell", "row": MANY, "column": "credit", "typed": "2"},
        {"op": "up", "row": MANY},
        {"op": "remove", "row": FEW},
    ):
        assert edit(zhao, draft, 1 + len(texts), **change).json()["undo"]
        texts.append(text_of(cast.zhao, draft)[0])
    page = zhao.get(page_of(draft))
    assert page.context["undo"]
    back = edit(zhao, draft, 5, op="undo").json()
    assert (back["revision"], back["table"], back["gone"], back["undo"]) == (6, "main", [], True)
    assert [(row["id"], row["after"]) for row in back["rows"]] == [(FEW, MANY)]
    assert text_of(cast.zhao, draft) == (texts[2], 6)
    assert [row["id"] for row in edit(zhao, draft, 6, op="undo").json()["rows"]] == [FEW, MANY]
    assert edit(zhao, draft, 7, scripted=False, op="undo").status_code == 302
    rows = rows_of(cast.zhao, draft)
    assert (list(rows), rows[MANY].give.credit) == ([FEW, MANY], 100)
    assert text_of(cast.zhao, draft) == (texts[0], 8)
    assert not zhao.get(page_of(draft)).context["undo"]
    assert edit(zhao, draft, 8, op="undo").status_code == 422
    said = [step["detail"] for step in zhao.get(f"/office/rules/drafts/{draft}/").context["events"]]
    assert [one.split(" · ")[-1] for one in said[:3]] == [f"revision {number} undone" for number in (7, 6, 5)]


def test_an_undo_takes_back_no_change_of_somebody_else(bank, cast):
    zhao, draft = client_of(cast.zhao), written(cast.zhao)
    liu = client_of(colleague(cast, "liu", Role.REGISTRAR))
    for client, revision, typed in ((zhao, 2, "2"), (liu, 3, "4")):
        assert edit(client, draft, revision, op="cell", row=MANY, column="credit", typed=typed).status_code == 200
    assert edit(zhao, draft, 3, op="undo").status_code == 409
    page = edit(zhao, draft, 3, scripted=False, op="undo")
    assert (page.status_code, page.context["conflict"]["fits"]) == (409, False)
    assert edit(zhao, draft, 4, op="undo").status_code == 422
    assert rows_of(cast.zhao, draft)[MANY].give.credit == 400
    assert edit(liu, draft, 4, op="undo").status_code == 200
    assert rows_of(cast.zhao, draft)[MANY].give.credit == 200
    assert edit(liu, draft, 5, op="undo").status_code == 422, "what went before is not this person's"
    assert edit(client_of(cast.chen), draft, 5, op="undo").status_code == 404


def test_a_pasted_block_is_looked_at_and_only_then_added_with_its_bad_rows_kept(bank, cast):
    zhao, draft = client_of(cast.zhao), written(cast.zhao)
    before = text_of(cast.zhao, draft)
    block = "时数\t学分\t类别\n100–200\t3\t实践\n许多\t三\t实践\n\n≥ 201\t由人工决定\t\n"
    asked = {"table": "main", "block": block, "after": FEW}
    page = client_of(cast.zhao, "zh-hans").post(f"{page_of(draft)}paste/", asked)
    assert page.status_code == 200
    assert [row["good"] for row in page.context["pasted"]] == [True, False, True]
    assert [bool(cell["wrong"]) for cell in page.context["pasted"][1]["cells"]] == [True, True, False]
    assert "许多" in page.context["pasted"][1]["cells"][0]["wrong"]
    assert f'<input type="hidden" name="block" value="{block}">' in page.content.decode()
    assert text_of(cast.zhao, draft) == before
    stale = zhao.post(f"{page_of(draft)}paste/", {**asked, "take": "yes", "revision": 1})
    assert stale.status_code == 409
    assert text_of(cast.zhao, draft) == before
    done = zhao.post(f"{page_of(draft)}paste/", {**asked, "take": "yes", "revision": 2})
    assert done.status_code == 200
    assert done.context["pasted_text"].split("\n")[1] == "许多\t三\t实践"
    rows = rows_of(cast.zhao, draft)
    assert list(rows) == [FEW, "row-3", "row-4", MANY]
    assert rows["row-3"].clause.zh == "时数：≥ 100 ≤ 200；3 学分"
    assert rows["row-4"].give is Ruling.MANUAL


def test_a_block_is_written_over_cells_only_after_it_was_looked_at(bank, cast):
    zhao, draft = client_of(cast.zhao), written(cast.zhao)
    before = text_of(cast.zhao, draft)
    asked = {"table": "main", "mode": "over", "row": "2", "column": "when-hours", "block": "≥ 40\t许多<b>\n≥ 90\t3\n"}
    page = zhao.post(f"{page_of(draft)}paste/", asked)
    assert page.status_code == 200
    assert page.context["changes"][0] == {"row": MANY, "number": 2, "head": "Hours", "old": "≥ 32", "new": "≥ 40"}
    (left,) = page.context["unread"]
    assert (left["row"], left["head"], left["typed"]) == (MANY, "Credit", "许多<b>")
    assert "许多<b>" in left["why"]
    assert "许多&lt;b&gt;<span" in page.content.decode()
    assert text_of(cast.zhao, draft) == before
    stale = zhao.post(f"{page_of(draft)}paste/", {**asked, "take": "yes", "revision": 1})
    assert stale.status_code == 409
    assert text_of(cast.zhao, draft) == before
    done = zhao.post(f"{page_of(draft)}paste/", {**asked, "take": "yes", "revision": 2})
    assert done.status_code == 200
    assert done.context["unread"] == [left]
    rows = rows_of(cast.zhao, draft)
    assert list(rows) == [FEW, MANY, "row-3"]
    assert (rows[MANY].when[0].accept.low, rows[MANY].give.credit, rows["row-3"].give.credit) == (40, 100, 300)
    good = {**asked, "column": "credit", "block": "2.5", "take": "yes", "revision": 3}
    assert zhao.post(f"{page_of(draft)}paste/", good).headers["Location"].endswith("table/#row-many")
    assert rows_of(cast.zhao, draft)[MANY].give.credit == 250
    same = zhao.post(f"{page_of(draft)}paste/", {**good, "revision": 4})
    assert same.context["change_count"] == 0
    nowhere = zhao.post(f"{page_of(draft)}paste/", {**asked, "row": "9"})
    assert nowhere.status_code == 422
    assert 'value="over" checked' in nowhere.content.decode()


def test_a_block_too_long_is_refused_with_the_limit(bank, cast):
    zhao, draft = client_of(cast.zhao), written(cast.zhao)
    page = zhao.post(f"{page_of(draft)}paste/", {"table": "main", "block": "9\t1\n" * 400_000})
    assert page.status_code == 422
    assert "1000000" in page.content.decode()
    page = zhao.post(f"{page_of(draft)}paste/", {"table": "main", "block": "9\t1\n" * 3_000})
    assert "2000" in page.context["wrong"][0]


@pytest.mark.parametrize(
    ("language", "said"), [("en", "more than can be sent at once"), ("zh-hans", "草稿保持上次保存的样子")]
)
def test_a_block_larger_than_any_form_gets_a_page_that_says_so_and_the_draft_is_kept(bank, cast, language, said):
    draft = written(cast.zhao)
    before = text_of(cast.zhao, draft)
    page = client_of(cast.zhao, language).post(
        f"{page_of(draft)}paste/", {"table": "main", "mode": "over", "block": "9\t1\n" * 3_200_000}
    )
    assert page.status_code == 413
    assert said in page.content.decode()
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", bytes(13_000_000))
    big = SimpleUploadedFile("规则.xlsx", book.getvalue())
    upload = client_of(cast.zhao, language).post(f"/office/rules/drafts/{draft}/upload/", {"file": big})
    assert upload.status_code == 422
    assert "5 MB" in str(upload.context["form"].errors["file"])
    assert text_of(cast.zhao, draft) == before


def test_a_text_that_cannot_be_read_leads_to_the_text(bank, cast):
    zhao, draft = client_of(cast.zhao), written(cast.zhao, cases=())
    broken = TEXT.replace("below: 32", "under: 32")
    assert zhao.post(f"/office/rules/drafts/{draft}/save/", {"revision": 2, "text": broken}).status_code == 302
    page = zhao.get(page_of(draft))
    assert page.status_code == 200
    assert not page.context["readable"]
    assert f'href="/office/rules/drafts/{draft}/"' in page.content.decode()
    assert edit(zhao, draft, 3, op="add").status_code == 302


def test_who_may_only_read_sees_no_button_and_changes_nothing(bank, cast):
    draft = written(cast.zhao)
    chen = client_of(cast.chen)
    said = chen.get(page_of(draft)).content.decode()
    assert "rule_table.js" not in said
    assert 'name="op"' not in said
    assert edit(chen, draft, 2, op="copy", row=FEW).status_code == 404
    assert client_of(cast.sun).get(page_of(draft)).status_code == 404


def test_a_cell_of_a_long_table_is_saved_without_reading_checking_or_showing_the_other_rows(bank, cast, monkeypatch):
    rules = table_of(120) | {"code": "service", "name": {"zh": "志愿服务", "en": "Volunteering"}}
    zhao, draft = client_of(cast.zhao), written(cast.zhao, rules_text(rules), cases=())
    done = Counter()
    for owner, name in (
        (Amounts, "row"), (rule_documents, "lint"), (rule_editor, "lint"), (rule_editor, "row_markup"),
        (rule_editor, "rules_text"), (rule_documents, "rules_data"),
    ):  # fmt: skip
        whole = getattr(owner, name)

        def counted(*arguments, name=name, whole=whole, **more):
            done[name] += 1
            return whole(*arguments, **more)

        monkeypatch.setattr(owner, name, counted)
    assert edit(zhao, draft, 2, op="cell", row="r77", column="credit", typed="3").status_code == 200
    assert done == {"row": 1, "row_markup": 1, "rules_text": 1, "rules_data": 1}
    rule_documents.forget_rules()
    assert edit(zhao, draft, 3, op="copy", row="r77").status_code == 200
    assert done == {"row": 122, "row_markup": 2, "rules_text": 2, "rules_data": 2}, "read whole once, then one row"
    assert zhao.get(f"{page_of(draft)}checks/").status_code == 200
    assert (done["lint"], done["row"]) == (1, 122)
