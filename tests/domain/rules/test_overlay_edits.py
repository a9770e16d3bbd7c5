"""Edits of an overlay's document: what is put in, changed and taken away, and what the rules below leave open."""

from __future__ import annotations

from typing import Any

import pytest
from small_rules import both, row
from test_rules_overlay import base, item, overlay, own_row

from creditbank.domain.explanation import Refusal
from creditbank.domain.rules.composition import compose
from creditbank.domain.rules.model import Cap, Exclude, Expires, Give, Row, Ruling
from creditbank.domain.rules.overlay import Overlay, overlay_data, read_overlay
from creditbank.domain.rules.overlay_edits import (
    ADD,
    TIGHTEN,
    amount_closed,
    closed_parts,
    conflicts_by_item,
    item_of,
    own_id,
    put_item,
    said_by,
    take_item,
    write_head,
)
from creditbank.domain.rules.places import UnreadableError
from creditbank.domain.rules.read import read_rule_set
from creditbank.domain.values import Text


def of(**halves: Any) -> Overlay:
    return read_overlay(overlay(**halves))


def codes(answer: Any) -> list[str]:
    assert isinstance(answer, Refusal)
    return [line.code for line in answer.explanation]


def test_an_item_is_put_in_changed_in_its_place_and_taken_away_and_nothing_else_moves():
    before = of(tighten={"rows": [item("high", credit="3"), item("low", give="refuse")]}, add={"cap": []})
    lower = put_item(before, TIGHTEN, "rows", item("high", credit="2"))
    assert [one["id"] for one in lower.tighten["rows"]] == ["high", "low"]
    assert item_of(lower, TIGHTEN, "rows", "high")["credit"] == "2"
    assert put_item(lower, TIGHTEN, "rows", item("high", credit="3")) == before
    more = put_item(before, ADD, "exclude", item("none", when={"hours": {"below": 3}}))
    assert [one["id"] for one in more.add["exclude"]] == ["none"]
    named = put_item(more, ADD, "exclude", item("nothing", when={"hours": {"below": 3}}), instead="none")
    assert [one["id"] for one in named.add["exclude"]] == ["nothing"]
    assert take_item(named, ADD, "exclude", "nothing") == before
    assert overlay_data(take_item(before, TIGHTEN, "rows", "high"))["tighten"]["rows"] == [item("low", give="refuse")]


def test_what_is_gone_or_taken_is_refused_and_what_no_document_could_hold_is_named_by_its_path():
    before = of(add={"rows": [own_row("few", {"hours": {"below": 10}}, "refuse")]})
    assert codes(take_item(before, ADD, "rows", "many")) == ["overlay.item_gone"]
    again = own_row("few", {"hours": {"below": 5}}, "refuse")
    assert codes(put_item(before, ADD, "rows", again)) == ["overlay.item_taken"]
    assert codes(put_item(before, ADD, "rows", again, instead="gone")) == ["overlay.item_gone"]
    with pytest.raises(UnreadableError) as unreadable:
        put_item(before, ADD, "cap", {"id": "x y", "clause": {"zh": "", "en": "x"}})
    assert [one.path for one in unreadable.value.problems] == ["add.cap[0].id"]


def test_the_head_is_written_and_names_for_what_is_added_are_free_below_and_here():
    before = of(add={"rows": [own_row("own-1", {"hours": {"below": 10}}, "refuse")]})
    named = write_head(before, name=Text("名", "name"), source=Text("据", "minutes"))
    assert (named.name.en, named.source.zh, named.add) == ("name", "据", before.add)
    data = base()
    data["tables"][0]["rows"].append(row("own-2", {"grade": "low", "hours": {"below": 5}}, "refuse"))
    rules = read_rule_set(data)
    assert own_id(rules, before, "rows") == "own-3"
    assert own_id(rules, before, "cap") == "own-1"


def test_what_is_closed_is_closed_for_the_reason_that_the_laying_gives():
    data = base()
    data["tables"][0]["rows"][0]["locked"] = True
    data["tables"][0]["rows"][1]["give"] = "refuse"
    data["cap"] += [{"id": "ever", "scope": "ever", "category": "side", "maximum": "9", "clause": both("ever")}]
    data["validity"] += [
        {"id": "asks", "fact": "earned_on", "within": {"years": 2}, "otherwise": "manual", "clause": both("asks")},
        {"id": "ends", "fact": "earned_on", "until": "credit_stays", "clause": both("ends")},
    ]
    closed = {key: line.code.removeprefix("overlay.") for key, line in closed_parts(read_rule_set(data)).items()}
    assert closed == {
        ("rows", "low"): "locked",
        ("rows", "middle"): "gives_none",
        ("cap", "year"): "meets_locked",
        ("validity", "shelf"): "meets_locked",
        ("validity", "asks"): "asks_below",
        ("validity", "ends"): "no_period",
    }
    assert closed_parts(read_rule_set(base())) == {}


def test_an_amount_is_closed_where_a_limit_grants_all_or_nothing_and_open_elsewhere():
    rules = read_rule_set(base())
    assert amount_closed(rules, rules.tables[0].rows[2]) is None
    data = base()
    data["cap"][0]["whole"] = True
    rules = read_rule_set(data)
    assert amount_closed(rules, rules.tables[0].rows[2]).code == "overlay.all_or_nothing"
    assert ("rows", "high") not in closed_parts(rules)


def test_items_are_said_as_what_they_make_whether_they_hold_or_not():
    rules = read_rule_set(base())
    lower = said_by(rules, TIGHTEN, "rows", item("high", credit="9"))
    assert isinstance(lower, Row)
    assert isinstance(lower.give, Give)
    assert (lower.give.credit, lower.clause.en) == (900, "our high")
    assert said_by(rules, TIGHTEN, "rows", item("high", give="refuse")).give is Ruling.REFUSE
    assert said_by(rules, TIGHTEN, "rows", item("gone", credit="1")) is None
    assert said_by(rules, TIGHTEN, "rows", item("high", credit="many")) is None
    cap = said_by(rules, TIGHTEN, "cap", item("year", maximum="5"))
    assert isinstance(cap, Cap)
    assert cap.maximum == 500
    shelf = said_by(rules, TIGHTEN, "validity", item("shelf", expires={"years": 2}))
    assert isinstance(shelf, Expires)
    assert shelf.months == 24
    own = said_by(rules, ADD, "rows", own_row("few", {"hours": {"below": 10}}, "0.5"))
    assert isinstance(own, Row)
    assert said_by(rules, ADD, "rows", own_row("few", {}, "1") | {"table": "nowhere"}) is None
    assert isinstance(said_by(rules, ADD, "exclude", item("none", when={"hours": {"below": 3}})), Exclude)
    assert said_by(rules, ADD, "exclude", item("none", when={"nothing": 1})) is None


def test_each_reason_stands_at_its_item():
    rules = read_rule_set(base())
    laid = of(
        tighten={"rows": [item("low", credit="0.5"), item("high", credit="5")]},
        add={"rows": [own_row("any", {"hours": {"below": 10}}, "1"), own_row("few", {"hours": {"from": 5}}, "1")]},
    )
    found = conflicts_by_item(laid, compose(rules, laid))
    assert {key: [line.code for line in lines] for key, lines in found.items()} == {
        (TIGHTEN, "rows", "high"): ["overlay.raised"],
        (ADD, "rows", "few"): ["overlay.meets_row"],
    }
    other = read_overlay(overlay() | {"code": "another"})
    whole = conflicts_by_item(other, compose(rules, other))
    assert [line.code for line in whole["", "", ""]] == ["overlay.other_code"]
