"""Components say and show what they were given, and nothing breaks out of them."""

from __future__ import annotations

import html
import re

import pytest
from django import forms
from django.http import QueryDict
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation

from creditbank.domain.values import Amount, Text
from creditbank.web.design.forms import CreditField, DateField, DesignForm
from creditbank.web.design.navigation import Group, Place, shown_groups, shown_places
from creditbank.web.design.tables import Column, Filter, read_state
from tests.web import design_site


@pytest.fixture(scope="module", autouse=True)
def site():
    design_site.compile_translations()
    with design_site.alone:
        yield


def render(source: str, language: str = "en", path: str = "/", **context) -> str:
    context.setdefault("request", RequestFactory().get(path))
    with translation.override(language):
        return Template("{% load design %}" + source).render(Context(context))


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page))).strip()


@pytest.mark.parametrize(
    ("amount", "options", "shown", "css"),
    [
        (300, "", "3.0", "n credit"),
        (300, "signed=True", "+3.0", "n credit in"),
        (-400, "signed=True", "−4.0", "n credit out"),
        (-225, "", "−2.25", "n credit"),
        (0, "signed=True", "0.0", "n credit"),
        (4600, "short=True", "46", "n credit"),
        (4650, "short=True", "46.5", "n credit"),
        (Amount(25), "", "0.25", "n credit"),
        (300, "aligned=True", "3.0\u2007", "n credit"),
        (225, "aligned=True", "2.25", "n credit"),
    ],
)
def test_credit_is_shown_with_its_true_sign(amount, options, shown, css):
    assert render("{% credit amount " + options + " %}", amount=amount) == f'<span class="{css}">{shown}</span>'


def test_a_status_is_a_word_and_a_mark_beside_its_colour():
    shown = render('{% tag "bad" word %}', word="<Missing>")
    assert 'class="tag bad"' in shown
    assert "<svg" in shown
    assert plain(shown) == "<Missing>"


@pytest.mark.parametrize(
    ("level", "word", "bars"), [(0, "正常", 1), (1, "黄色预警", 2), (3, "红色预警", 4), (9, "红色预警", 4)]
)
def test_a_warning_is_told_by_word_and_bars(level, word, bars):
    shown = render("{% warning_level level %}", "zh-hans", level=level)
    assert plain(shown) == word
    assert shown.count('class="v"') == bars


class Claim(DesignForm):
    title = forms.CharField(label="Name", help_text="As <printed>")
    credit = CreditField(label="Credit", least=50, most=2000)
    on = DateField(label="Date", required=False)


def test_errors_stand_in_the_summary_and_at_the_field_in_the_same_words():
    form = Claim({"credit": "20.5", "on": "2026-02-30"})
    summary = render("{% error_summary form %}", form=form)
    assert plain(summary) == (
        "Please check these entries Fill in: Name Enter credit between 0.5 and 20.0 Enter a date like 2026-11-18"
    )
    page = render("{{ form }}", form=form)
    for field in ("title", "credit", "on"):
        assert f'href="#id_{field}"' in summary
        assert f'id="id_{field}_error"' in page
        assert re.search(
            rf'<input[^>]*name="{field}"[^>]*aria-invalid="true"[^>]*aria-describedby="[^"]*id_{field}_error"',
            page,
        )
    assert "As <printed>" in plain(page)
    assert "<printed>" not in page


def test_a_form_without_errors_has_no_summary():
    assert render("{% error_summary form %}", form=Claim()).strip() == ""
    assert render("{% error_summary form %}", form=Claim({"title": "a", "credit": "3"})).strip() == ""


@pytest.mark.parametrize(("typed", "read"), [("3", 300), ("2.5", 250), (" 0.50 ", 50), ("20", 2000)])
def test_credit_is_read_exactly(typed, read):
    form = Claim({"title": "a", "credit": typed})
    assert form.is_valid()
    assert form.cleaned_data["credit"] == read


@pytest.mark.parametrize("typed", ["0.49", "20.01", "-3", "1e2", "3.125", "三", "NaN", "", "1,5"])
def test_credit_that_is_none_is_refused(typed):
    assert "credit" in Claim({"title": "a", "credit": typed}).errors


def test_what_was_typed_stays_in_the_field():
    page = render("{{ form }}", form=Claim({"credit": "3,5"}))
    assert 'value="3,5"' in page
    assert 'value="3.5"' in render("{{ form }}", form=Claim(initial={"credit": 350}))


COLUMNS = (
    Column("who", "Learner", sortable=True, second="number", link="url"),
    Column("amount", "Credit", kind="signed"),
    Column("status", "Status", kind="tag"),
    Column("title", "Outcome"),
)
ROWS = [
    {
        "id": "c1",
        "credit": 300,
        "who": "<Lin>",
        "number": "42",
        "url": "/c/1",
        "amount": -300,
        "status": ("ok", "Agree"),
        "title": Text("网页", "Web"),
    },
    {"id": "c2", "who": "Wei", "number": "43", "url": "", "amount": None, "status": "", "title": ""},
]


def test_a_table_labels_every_cell_for_the_phone_and_keeps_the_selection():
    state = read_state(QueryDict("selected=c2&sort=who"), columns=COLUMNS)
    page = render(
        '{% table columns rows state "Queue" select=True %}',
        columns=COLUMNS,
        rows=ROWS,
        state=state,
        path="/q/",
    )
    assert page.count('data-label="Learner"') == 2
    assert 'value="c1" data-credit="300"' in page
    assert re.search(r'value="c2"[^>]* checked', page)
    assert 'href="/q/?sort=-who&amp;selected=c2"' in page
    assert 'aria-sort="ascending"' in page
    assert "−3.0" in page
    assert "<Lin>" not in page
    assert page.count("—") == 3
    assert re.findall(r'data-slot="(\w+)"', page)[:4] == ["main", "amount", "tag", "rest"]


def test_a_filter_that_is_set_can_be_taken_away():
    filters = (Filter("q", "Name"), Filter("status", "Status", (("ok", "Agree"),)))
    state = read_state(QueryDict("q=Lin&status=ok&sort=-who"), columns=COLUMNS, filters=filters)
    page = render('{% filter_bar filters state "q" %}', filters=filters, state=state, path="/q/")
    assert 'href="/q/?status=ok&amp;sort=-who"' in page
    assert "Status: Agree" in plain(page)
    assert 'name="sort" value="-who"' in page


def test_pages_say_where_we_are():
    page = render("{% pagination state 142 %}", state=read_state(QueryDict("page=8"), columns=COLUMNS))
    assert plain(page).startswith("141–142 of 142")
    assert 'aria-current="page">8<' in page
    assert 'rel="next"' not in page


PLACES = (
    Place("Home", "/"),
    Place("Rules", "/rules/"),
    Place("Drafts", "/rules/drafts/"),
    Place("Unbuilt", "office:nowhere"),
)


def current(path: str) -> list[str]:
    return [shown.place.label for shown in shown_places(PLACES, path) if shown.current]


def test_the_longest_address_is_the_present_place():
    assert current("/rules/drafts/7/") == ["Drafts"]
    assert current("/rules/7/") == ["Rules"]
    assert current("/") == ["Home"]
    assert current("/rulesque/") == []


def test_a_page_that_is_not_built_is_not_offered():
    assert [shown.place.label for shown in shown_places(PLACES, "/")] == ["Home", "Rules", "Drafts"]
    groups = (Group("A", PLACES[3:]), Group("B", PLACES[1:2]), Group("C", PLACES[2:3]))
    shown = [
        (group.label, [place.current for place in places]) for group, places in shown_groups(groups, "/rules/drafts/")
    ]
    assert shown == [("B", [False]), ("C", [True])]


def test_a_menu_counts_what_waits():
    page = render("{% nav_list nav %}", nav=PLACES, nav_counts={"/rules/": 42}, path="/rules/")
    assert plain(page) == "Home Rules 42 waiting Drafts".replace(
        "Home Rules 42 waiting Drafts", "Home Rules 42 waiting Drafts"
    )


def test_an_identifier_copies_itself_and_stays_text():
    page = render("{% copy_id value %}", value='R-"42')
    assert 'data-copy="R-&quot;42"' in page
    assert plain(page).startswith('R-"42')
