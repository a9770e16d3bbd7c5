"""A table's state comes from the address; nothing in an address can break it."""

from __future__ import annotations

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from creditbank.web.design.tables import MOST_SELECTED, Column, Filter, State, page_numbers, read_state

COLUMNS = (
    Column("learner", "Learner", sortable=True),
    Column("credit", "Credit", "credit", sortable=True),
    Column("note", "Note"),
)
FILTERS = (Filter("q", "Search"), Filter("status", "Status", (("ok", "Agree"), ("bad", "Missing"))))


def read(text: str) -> State:
    return read_state(QueryDict(text), columns=COLUMNS, filters=FILTERS, sort="-credit")


def test_an_empty_address_gives_the_defaults():
    state = read("")
    assert (state.sort, state.descending, state.page, state.size, dict(state.filters)) == (
        "credit",
        True,
        1,
        20,
        {},
    )


def test_a_whole_address_is_read_and_written_again():
    state = read("q=%E6%9E%97&status=ok&sort=-learner&size=50&page=3&selected=a-1&selected=b_2")
    assert state.offset == 100
    assert state.selected == ("a-1", "b_2")
    assert read(state.querystring()[1:]) == state


@pytest.mark.parametrize("page", ["0", "-1", "x", "", "1e3", "٣", "99999999999999999999", "1.5"])
def test_a_page_that_is_none_becomes_the_first(page):
    assert read(f"page={page}").page == 1


@pytest.mark.parametrize("sort", ["note", "password", "--learner", "learner__x", "-", ""])
def test_only_sortable_columns_sort(sort):
    assert (read(f"sort={sort}").sort, read(f"sort={sort}").descending) == ("credit", True)


def test_only_named_filters_and_their_choices_are_read():
    state = read("status=evil&q=%00abc%20&is_staff=1&size=7")
    assert dict(state.filters) == {"q": "abc"}
    assert state.size == 20


def test_a_selection_is_bounded_and_its_ids_are_plain():
    address = "&".join(["selected=' OR 1=1", "selected=" + "a" * 65, *(f"selected=r{n}" for n in range(600))])
    assert read(address).selected == tuple(f"r{n}" for n in range(MOST_SELECTED))
    assert read("selected=a&selected=a").selected == ("a",)


def test_sorting_the_same_column_again_turns_it_round_and_starts_over():
    state = read("sort=learner&page=4")
    assert state.sorted_by("learner").descending
    assert state.sorted_by("learner").page == 1
    assert not state.sorted_by("credit").descending
    assert (state.order("learner"), state.order("credit")) == ("ascending", "none")


def test_a_filter_taken_away_leads_to_the_first_page_without_a_selection():
    state = read("q=a&status=ok&page=5&selected=x").without("q")
    assert (dict(state.filters), state.page, state.selected) == ({"status": "ok"}, 1, ())


def test_a_page_past_the_end_is_the_last_one():
    assert read("page=900").on_page_of(142).page == 8
    assert read("page=3").on_page_of(0).page == 1


@given(st.integers(1, 500).flatmap(lambda pages: st.tuples(st.integers(1, pages), st.just(pages))))
def test_the_offered_pages_hold_both_ends_the_present_one_and_no_false_gap(pair):
    page, pages = pair
    shown = page_numbers(page, pages)
    numbers = [number for number in shown if number]
    assert numbers == sorted(set(numbers))
    assert {1, page, pages} <= set(numbers)
    for index, number in enumerate(shown):
        if number is None:
            assert shown[index + 1] - shown[index - 1] > 2
        elif index and shown[index - 1] is not None:
            assert number - shown[index - 1] == 1


@given(st.text(max_size=300))
def test_no_address_raises(text):
    state = read(text)
    assert state.page >= 1
    assert read(state.querystring()[1:]) == state


def test_an_unknown_kind_of_column_is_refused():
    with pytest.raises(ValueError, match="'money'"):
        Column("credit", "Credit", "money")
