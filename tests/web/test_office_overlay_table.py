"""The table of an overlay's draft: what is inherited, made stricter and added with fields, kept, taken away, undone."""

from __future__ import annotations

import re

import pytest

from creditbank.domain.access import Role
from creditbank.domain.rules.overlay import Overlay
from creditbank.exchange.documents import write_document
from creditbank.exchange.rule_drafts import reading_of
from creditbank.gateways import clock
from creditbank.queries.rule_drafts import find_draft
from creditbank.records.rules import RuleDraft, RuleVersion
from creditbank.records.scope import acting_for
from tests.services.rule_drafts import at, colleague
from tests.services.test_overlays import both, centre_rules, overlay, publish
from tests.web.office_cases import client_of

pytestmark = pytest.mark.usefixtures("contexts")
CLAUSE = {"clause_zh": "本校从严", "clause_en": "stricter here"}
ROW_CLAUSE = {"clause-zh": "本校增加", "clause-en": "added here"}


def begun(cast, document=None):
    """A draft of an overlay at the college, on rules of its centre of which a row and a limit are locked."""
    if document is None:
        document = centre_rules(hours_96={"locked": True})
        document["cap"][3]["locked"] = True
        document["cap"][3]["category"] = "research"
    base = publish(cast.centre, document, clock.today("Asia/Shanghai"), actor=cast.centre)
    answer = client_of(cast.zhao).post(f"/office/rules/{base}/begin/", {"as": "overlay"})
    with acting_for(institution=cast.college, purpose="test") as scope:
        draft = scope.rows(RuleDraft).order_by("-created_at").first().id
    assert answer.headers["Location"] == page_of(draft)
    return draft


def page_of(draft):
    return f"/office/rules/drafts/{draft}/overlay/"


def put(client, draft, revision, half, name, item="", **said):
    asked = {"revision": revision, "half": half, "list": name, "item": item, **said}
    return client.post(f"{page_of(draft)}part/", asked)


def kept(actor, draft):
    """What the draft says: its text and its content are the same."""
    with at(actor) as scope:
        found = find_draft(scope, draft)
    read = reading_of(found.text).rules
    assert isinstance(read, Overlay)
    assert read == found.rules
    return read


def row_of(page, name):
    return re.search(rf'<tr id="row-{name}".*?</tr>(<tr class="reason".*?</tr>)?', page, re.DOTALL)[0]


def test_a_row_a_limit_and_a_period_are_made_stricter_changed_and_taken_away_again(bank, cast):
    zhao, draft = client_of(cast.zhao), begun(cast, centre_rules())
    page = zhao.get(page_of(draft)).content.decode()
    assert "inherited" in row_of(page, "hours-32")
    assert "Make stricter" in row_of(page, "hours-32")
    form = zhao.get(f"{page_of(draft)}part/?half=tighten&list=rows&item=hours-32")
    assert form.status_code == 200
    assert "Inherited: 1.0." in form.content.decode()
    answer = put(zhao, draft, 1, "tighten", "rows", "hours-32", what="less", credit="0.5 学分", **CLAUSE)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{page_of(draft)}#row-hours-32")
    assert put(zhao, draft, 2, "tighten", "cap", "practice-term", most="2.5", **CLAUSE).status_code == 302
    assert put(zhao, draft, 3, "tighten", "validity", "claim-window", months="36", **CLAUSE).status_code == 302
    clause = {"zh": "本校从严", "en": "stricter here"}
    assert kept(cast.zhao, draft).tighten == {
        "rows": ({"id": "hours-32", "credit": "0.5", "clause": clause},),
        "cap": ({"id": "practice-term", "maximum": "2.5", "clause": clause},),
        "validity": ({"id": "claim-window", "within": {"months": 36}, "clause": clause},),
    }
    page = zhao.get(page_of(draft)).content.decode()
    row = row_of(page, "hours-32")
    assert "<del>1.0</del>" in row
    assert "<ins>0.5</ins>" in row
    assert "made stricter here" in row
    assert "does not hold" not in page
    assert "At most 2.5 credits in practice for each term." in page
    shown = zhao.get(f"{page_of(draft)}part/?half=tighten&list=rows&item=hours-32").context["form"].initial
    assert (shown["credit"], shown["clause_en"]) == ("0.5", "stricter here")
    assert put(zhao, draft, 4, "tighten", "rows", "hours-32", what="none", **CLAUSE).status_code == 302
    assert kept(cast.zhao, draft).tighten["rows"] == ({"id": "hours-32", "give": "refuse", "clause": clause},)
    assert put(zhao, draft, 5, "", "", take="tighten:cap:practice-term").status_code == 302
    assert kept(cast.zhao, draft).tighten.keys() == {"rows", "validity"}
    beside = zhao.get(f"{page_of(draft)}effects/")
    assert beside.status_code == 200
    assert "Test cases" in beside.content.decode()


def test_rows_and_parts_are_added_with_fields_and_the_text_says_them_line_by_line(bank, cast):
    zhao, draft = client_of(cast.zhao), begun(cast)
    form = zhao.get(f"{page_of(draft)}part/?half=add&list=rows&table=volunteering").context["form"]
    assert {"credit", "category", "when-hours"} <= form.fields.keys()
    said = {"table": "volunteering", "id": "own-1", "when-hours": "< 16", "credit": "0.25", **ROW_CLAUSE}
    assert put(zhao, draft, 1, "add", "rows", **said).headers["Location"].endswith("#row-own-1")
    form = zhao.get(f"{page_of(draft)}part/?half=add&list=rows&table=certificate").context["form"]
    assert "credit" not in form.fields, "a table that is not open takes only rows that refuse"
    said = {"table": "certificate", "id": "own-2", "when-score": "< 60", **ROW_CLAUSE}
    assert put(zhao, draft, 2, "add", "rows", **said).status_code == 302
    asked = {"id": "own-1", "when": "[考核成绩] < 61", **CLAUSE}
    assert put(zhao, draft, 3, "add", "exclude", **asked).status_code == 302
    asked = {"id": "own-1", "kind": "credit", "most": "1", "scope": "term", "category": "research", **CLAUSE}
    assert put(zhao, draft, 4, "add", "cap", **asked).status_code == 302
    added = kept(cast.zhao, draft).add
    assert [(one["id"], one["give"]) for one in added["rows"]] == [
        ("own-1", {"credit": "0.25", "category": "practice"}),
        ("own-2", "refuse"),
    ]
    assert added["exclude"][0]["otherwise"] == "refuse"
    with at(cast.zhao) as scope:
        lines = find_draft(scope, draft).text.split("\n")
    assert lines[6:9] == ["  rows:", "    - table: volunteering", "      id: own-1"]
    # The row of the closed table is changed, then renamed; the exclusion is changed in its fields.
    said = {"table": "certificate", "id": "low", "when-score": "< 50", **ROW_CLAUSE}
    assert put(zhao, draft, 5, "add", "rows", "own-2", **said).status_code == 302
    said = {"id": "own-1", "when": "[考核成绩] < 55", **CLAUSE}
    assert put(zhao, draft, 6, "add", "exclude", "own-1", **said).status_code == 302
    added = kept(cast.zhao, draft).add
    assert [one["id"] for one in added["rows"]] == ["own-1", "low"]
    assert added["exclude"][0]["when"] == {"score": {"below": "55"}}
    page = zhao.get(page_of(draft)).content.decode()
    assert "added here" in row_of(page, "low")
    assert (
        put(zhao, draft, 7, "head", "", name_zh="甲", name_en="A", source_zh="纪要", source_en="minutes").status_code
        == 302
    )
    assert kept(cast.zhao, draft).source.zh == "纪要"


def test_what_cannot_be_written_is_said_at_its_field_and_nothing_is_saved(bank, cast):
    zhao, draft = client_of(cast.zhao), begun(cast, centre_rules())
    wrong = put(zhao, draft, 1, "tighten", "rows", "hours-32", what="less", credit="许多<b>", **CLAUSE)
    assert (wrong.status_code, wrong.context["form"].errors.keys()) == (422, {"credit"})
    assert "许多&lt;b&gt;" in wrong.content.decode()
    wrong = put(zhao, draft, 1, "tighten", "rows", "hours-32", what="less", credit="由人工决定", **CLAUSE)
    assert wrong.context["form"].errors.keys() == {"credit"}
    wrong = put(zhao, draft, 1, "tighten", "cap", "practice-claim", most="viel", **CLAUSE)
    assert (wrong.status_code, wrong.context["form"].errors.keys()) == (422, {"most"})
    said = {"table": "volunteering", "id": "hours-16", "when-hours": "many", "credit": "1", **ROW_CLAUSE}
    wrong = put(zhao, draft, 1, "add", "rows", **said)
    assert wrong.context["form"].errors.keys() == {"id", "when-hours"}
    wrong = put(zhao, draft, 1, "add", "cap", id="x", kind="credit", most="1.234", scope="term", **CLAUSE)
    assert wrong.context["form"].errors.keys() == {"most"}
    assert put(zhao, draft, 1, "add", "choose", **CLAUSE).status_code == 422
    assert put(zhao, draft, "x", "add", "cap", **CLAUSE).status_code == 404
    assert kept(cast.zhao, draft).add == kept(cast.zhao, draft).tighten == {}


def test_what_is_locked_says_why_and_is_not_made_stricter_even_by_who_asks_past_the_page(bank, cast):
    zhao, draft = client_of(cast.zhao), begun(cast)
    page = zhao.get(page_of(draft)).content.decode()
    assert "locked" in row_of(page, "hours-96")
    assert "Make stricter" not in row_of(page, "hours-96")
    assert "Limit all-ever is locked by its publisher, so it stays as it is." in page
    # A limit under which a locked row stands is closed too, for that reason.
    assert "It cannot be made stricter: this would change what the locked row hours-96 gives" in page
    for name, part, said in (
        ("rows", "hours-96", {"what": "less", "credit": "1"}),
        ("cap", "all-ever", {"most": "1"}),
    ):
        assert zhao.get(f"{page_of(draft)}part/?half=tighten&list={name}&item={part}").status_code == 422
        answer = put(zhao, draft, 1, "tighten", name, part, **said, **CLAUSE)
        assert answer.status_code == 422
        assert "is locked by its publisher, so it stays as it is." in answer.content.decode()
    assert kept(cast.zhao, draft).tighten == {}


def test_what_does_not_hold_is_kept_and_said_at_its_row_until_it_is_taken_away(bank, cast):
    zhao, draft = client_of(cast.zhao), begun(cast)
    answer = put(zhao, draft, 1, "tighten", "rows", "hours-32", what="less", credit="2", **CLAUSE)
    assert answer.status_code == 302
    said = {"table": "volunteering", "id": "own-1", "when-hours": "≥ 10", "credit": "1", **ROW_CLAUSE}
    page = client_follow(zhao, put(zhao, draft, 2, "add", "rows", **said))
    assert "it does not hold yet: An outcome could fit this row and row hours-16" in page
    assert "1.0 credits became 2.0 credits; what is inherited may be made less, never more." in row_of(page, "hours-32")
    assert "does not hold" in row_of(page, "own-1")
    assert kept(cast.zhao, draft).tighten["rows"][0]["credit"] == "2"
    # Parts that the centre gave up have nothing to stand on: they are shown apart, and can be taken away.
    gone = [{"id": "gone", "credit": "1", "clause": both("gone")}]
    gone += [{"id": "hours-96", "credit": "1", "clause": both("locked since")}]
    text = write_document(overlay(tighten={"rows": gone}))
    zhao.post(f"/office/rules/drafts/{draft}/save/", {"revision": 3, "text": text})
    page = zhao.get(page_of(draft)).content.decode()
    assert "The inherited rules have no row gone (any more)." in page
    row = row_of(page, "hours-96")
    assert "Row hours-96 is locked by its publisher" in row
    assert "Take away" in row
    assert ">Change<" not in row
    for revision, name in ((4, "gone"), (5, "hours-96")):
        assert put(zhao, draft, revision, "", "", take=f"tighten:rows:{name}").status_code == 302
    assert put(zhao, draft, 6, "", "", take="tighten:rows:gone").status_code == 422
    assert kept(cast.zhao, draft).tighten == {}


def client_follow(client, answer):
    assert answer.status_code == 302
    return client.get(answer.headers["Location"].partition("#")[0]).content.decode()


def test_two_at_one_draft_lose_nothing_and_a_change_is_undone(bank, cast):
    zhao, draft = client_of(cast.zhao), begun(cast)
    liu = client_of(colleague(cast, "liu", Role.REGISTRAR))
    assert put(liu, draft, 1, "tighten", "rows", "hours-16", what="none", **CLAUSE).status_code == 302
    met = put(zhao, draft, 1, "tighten", "rows", "hours-32", what="less", credit="0.5", **CLAUSE)
    page = met.content.decode()
    assert met.status_code == 409
    assert 'name="revision" value="2"' in page
    assert 'value="0.5"' in page
    assert put(zhao, draft, 1, "", "", take="tighten:rows:hours-16").status_code == 409
    assert put(zhao, draft, 2, "tighten", "rows", "hours-32", what="less", credit="0.5", **CLAUSE).status_code == 302
    assert [one["id"] for one in kept(cast.zhao, draft).tighten["rows"]] == ["hours-16", "hours-32"]
    assert put(liu, draft, 3, "", "", undo="yes").status_code == 422, "another's change is not taken back"
    assert put(zhao, draft, 2, "", "", undo="yes").status_code == 409
    assert put(zhao, draft, 3, "", "", undo="yes").status_code == 302
    assert [one["id"] for one in kept(cast.zhao, draft).tighten["rows"]] == ["hours-16"]
    assert "revision 3 undone" in zhao.get(f"/office/rules/drafts/{draft}/").content.decode()


def test_only_the_school_that_writes_it_sees_the_table_and_a_reviewer_reads_it(bank, cast):
    draft = begun(cast)
    reader = client_of(cast.chen)
    page = reader.get(page_of(draft))
    assert page.status_code == 200
    assert "Make stricter" not in page.content.decode()
    assert reader.get(f"{page_of(draft)}part/?half=add&list=cap").status_code == 404
    other = client_of(cast.sun)
    for address in (page_of(draft), f"{page_of(draft)}part/", f"{page_of(draft)}effects/"):
        assert other.get(address).status_code == 404
    assert put(other, draft, 1, "tighten", "rows", "hours-32", what="none", **CLAUSE).status_code == 404


def test_other_drafts_lead_to_their_own_pages_and_nothing_is_a_dead_end(bank, cast):
    zhao, draft = client_of(cast.zhao), begun(cast)
    table = f"/office/rules/drafts/{draft}/table/"
    assert zhao.get(table).headers["Location"] == page_of(draft)
    text = zhao.get(f"/office/rules/drafts/{draft}/").content.decode()
    assert "Nothing is added or made stricter yet" in text
    assert f'href="{page_of(draft)}"' in text
    zhao.post(f"/office/rules/drafts/{draft}/save/", {"revision": 1, "text": "schema: ["})
    assert "cannot be read as rules yet" in zhao.get(page_of(draft)).content.decode()
    text = write_document(overlay() | {"code": "nothing-here"})
    zhao.post(f"/office/rules/drafts/{draft}/save/", {"revision": 2, "text": text})
    assert "so there is nothing to lay this on" in zhao.get(page_of(draft)).content.decode()
    with acting_for(institution=cast.college, purpose="test") as scope:
        base = scope.rows(RuleVersion).filter(institution_id=cast.centre, rule_set__code="example-limits").first().id
    zhao.post(f"/office/rules/{base}/begin/", {})
    with acting_for(institution=cast.college, purpose="test") as scope:
        own = scope.rows(RuleDraft).order_by("-created_at").first().id
    assert zhao.get(page_of(own)).headers["Location"] == f"/office/rules/drafts/{own}/table/"
