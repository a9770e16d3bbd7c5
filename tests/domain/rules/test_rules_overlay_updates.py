"""A centre changes its rules under an overlay: what does not fit any more is left out by itself, and gives nothing more."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import date
from typing import Any

import pytest

from creditbank.domain.explanation import Refusal
from creditbank.domain.rules.compile import compile_rules
from creditbank.domain.rules.composition import Composed, compose
from creditbank.domain.rules.decision import Context
from creditbank.domain.rules.evaluate import evaluate
from creditbank.domain.rules.facts import read_outcome
from creditbank.domain.rules.model import RuleSet, Ruling
from creditbank.domain.rules.overlay import read_overlay
from creditbank.domain.rules.read import read_rule_set

RANK = {Ruling.REFUSE: 0, Ruling.MANUAL: 1, Ruling.RECOGNISE: 2}
Document = dict[str, Any]


def said(text: str) -> Document:
    return {"zh": f"{text}（中）", "en": text}


def row(name: str, since: int, until: int | None, credit: str, **more: Any) -> Document:
    hours = {"from": since} if until is None else {"from": since, "below": until}
    give = {"credit": credit, "category": "practice"}
    return {"id": name, "when": {"hours": hours}, "give": give, "clause": said(name)} | more


def centre() -> Document:
    """From 16 hours half a credit, from 32 one, from 96 three; at most four in a year, to be claimed within five years."""
    both = {"name": said("service"), "source": said("minutes")}
    hours = {"name": "hours", "type": "integer", "range": {"from": 1, "to": 2000}, "label": said("hours")}
    earned = {"name": "earned_on", "type": "date", "label": said("earned on")}
    rows = [row("some", 16, 32, "0.5"), row("more", 32, 96, "1"), row("most", 96, None, "3")]
    cap = {"id": "year", "category": "practice", "scope": "academic_year", "maximum": "4", "clause": said("year")}
    window = {
        "id": "window",
        "fact": "earned_on",
        "within": {"years": 5},
        "otherwise": "refuse",
        "clause": said("in time"),
    }
    return {
        "schema": "creditbank.rules/1", "code": "service", "kind": "recognition", **both, "unit": "credit",
        "rounding": {"step": "0.5", "mode": "half_up", "place": "end"}, "facts": [hours, earned],
        "categories": [{"code": "practice", **said("practice")}], "cap": [cap], "validity": [window],
        "tables": [{"code": "main", "columns": ["hours"], "open": True, "rows": rows}],
    }  # fmt: skip


def ours() -> Document:
    """Two rows lower, a limit and a window narrower, a row for few hours, and none below four."""
    few = row("few", 8, 16, "0.5") | {"table": "main"}
    none = {"id": "none", "when": {"hours": {"below": 4}}, "clause": said("none")}
    lower = [
        {"id": name, "credit": credit, "clause": said("less")} for name, credit in (("more", "0.5"), ("most", "2"))
    ]
    return {
        "schema": "creditbank.rules-overlay/1", "code": "service", "kind": "overlay", "name": said("ours"),
        "source": said("minutes 3"), "add": {"rows": [few], "exclude": [none]},
        "tighten": {
            "rows": lower,
            "cap": [{"id": "year", "maximum": "2.5", "clause": said("here")}],
            "validity": [{"id": "window", "within": {"years": 3}, "clause": said("here")}],
        },
    }  # fmt: skip


def table(document: Document) -> Document:
    found: Document = document["tables"][0]
    return found


def gone(document: Document) -> None:
    """A row is taken away."""
    del table(document)["rows"][1]


def renamed(document: Document) -> None:
    """The same row has another id."""
    table(document)["rows"][1]["id"] = "middle"


def lowered(document: Document) -> None:
    """The centre itself now gives less than the school did."""
    table(document)["rows"][2]["give"]["credit"] = "1.5"


def raised(document: Document) -> None:
    """The centre gives more; the school's lower amount stays."""
    table(document)["rows"][2]["give"]["credit"] = "4"


def reckoned(document: Document) -> None:
    """A row that had a fixed amount is reckoned by hours."""
    table(document)["rows"][2]["give"]["credit"] = {"each": 32, "of": "hours", "gives": "1"}


def collides(document: Document) -> None:
    """The centre now says something itself where the school had said it."""
    table(document)["rows"].insert(0, row("fewer", 12, 16, "0"))


def taken(document: Document) -> None:
    """The centre's new row has the id of the school's."""
    table(document)["rows"].insert(0, row("few", 8, 16, "1"))


def closed(document: Document) -> None:
    """The table is not open any more."""
    table(document)["open"] = False


def locked(document: Document) -> None:
    """A row is locked."""
    table(document)["rows"][1]["locked"] = True


def unlimited(document: Document) -> None:
    """The limit is gone, and the window is longer."""
    del document["cap"]
    document["validity"][0]["within"] = {"years": 6}


def regrouped(document: Document) -> None:
    """Credit goes to another category, which the school's row does not know."""
    document["categories"] = [{"code": "service", **said("service")}]
    document["cap"][0]["category"] = "service"
    for one in table(document)["rows"]:
        one["give"]["category"] = "service"


UPDATES: list[tuple[Callable[[Document], None], list[tuple[str, str]]]] = [
    (gone, [("tighten.rows[0]", "no_part")]),
    (renamed, [("tighten.rows[0]", "no_part")]),
    (lowered, [("tighten.rows[1]", "raised")]),
    (raised, []),
    (reckoned, [("tighten.rows[1]", "not_compared")]),
    (collides, [("add.rows[0]", "meets_row")]),
    (taken, [("add.rows[0]", "taken")]),
    (closed, [("add.rows[0]", "table_closed")]),
    (locked, [("tighten.rows[0]", "locked"), ("tighten.cap[0]", "meets_locked"), ("tighten.validity[0]", "meets_locked")]),
    (unlimited, [("tighten.cap[0]", "no_part")]),
    (regrouped, [("add.rows[0].give.category", "unreadable")]),
]  # fmt: skip


def updated(change: Callable[[Document], None]) -> tuple[RuleSet, Composed]:
    """The centre's changed rules, and the unchanged overlay laid on them."""
    document = deepcopy(centre())
    change(document)
    rules = read_rule_set(document)
    return rules, compose(rules, read_overlay(ours()))


def answers(rules: RuleSet, hours: int, used: int = 0) -> tuple[Ruling, int, str | None]:
    """What so many hours give to somebody who has so many hundredths this year already."""
    compiled = compile_rules(rules)
    outcome = read_outcome(rules, {"hours": str(hours), "earned_on": "2026-10-01"})
    assert not isinstance(outcome, Refusal)
    given = evaluate(compiled, outcome, Context(claimed_on=date(2026, 11, 18), used={"year": used}))
    return given.ruling, given.credit, given.row


def test_the_overlay_fits_before_the_update() -> None:
    rules, composed = updated(lambda _document: None)
    assert composed.conflicts == ()
    found = [answers(composed.rules, hours)[1] for hours in (3, 10, 20, 40, 100)]
    assert (found, [answers(rules, hours)[1] for hours in (3, 10, 20, 40, 100)]) == (
        [0, 50, 50, 50, 200],
        [0, 0, 50, 100, 300],
    )


@pytest.mark.parametrize(("change", "expected"), UPDATES, ids=[change.__name__ for change, _expected in UPDATES])
def test_what_an_update_makes_unfit_is_named_and_left_out_and_the_rest_holds(
    change: Callable[[Document], None], expected: list[tuple[str, str]]
) -> None:
    _rules, composed = updated(change)
    assert [(one.path, one.line.code.removeprefix("overlay.")) for one in composed.conflicts] == expected
    kept = {
        ("rows", "more"),
        ("rows", "most"),
        ("cap", "year"),
        ("validity", "window"),
        ("rows", "few"),
        ("exclude", "none"),
    }
    lost = {
        "tighten.rows[0]": ("rows", "more"), "tighten.rows[1]": ("rows", "most"), "tighten.cap[0]": ("cap", "year"),
        "tighten.validity[0]": ("validity", "window"), "add.rows[0]": ("rows", "few"),
    }  # fmt: skip
    assert composed.own == kept - {lost[path.removesuffix(".give.category")] for path, _code in expected}


@pytest.mark.parametrize("change", [change for change, _expected in UPDATES], ids=lambda change: change.__name__)
def test_nobody_gets_more_after_an_update_than_the_centre_gives_but_where_it_left_that_open(
    change: Callable[[Document], None],
) -> None:
    rules, composed = updated(change)
    for hours in (1, 3, 4, 8, 12, 15, 16, 31, 32, 95, 96, 200):
        for used in (0, 200, 250, 390):
            alone, here = answers(rules, hours, used), answers(composed.rules, hours, used)
            if here[2] == "few" and ("rows", "few") in composed.own:
                assert alone[0] is Ruling.MANUAL  # no row of the centre fits, and its table is open
                continue
            assert (RANK[here[0]], here[1]) <= (RANK[alone[0]], alone[1])


@pytest.mark.parametrize(
    ("change", "hours", "credit"),
    [(gone, 40, 0), (renamed, 40, 100), (lowered, 100, 150), (raised, 100, 200), (reckoned, 100, 250), (collides, 13, 0),
     (taken, 10, 100), (closed, 10, 0), (locked, 40, 100), (regrouped, 10, 0)],
)  # fmt: skip
def test_what_is_left_out_leaves_the_decision_to_the_centre_and_to_what_still_holds(
    change: Callable[[Document], None], hours: int, credit: int
) -> None:
    assert answers(updated(change)[1].rules, hours)[1] == credit
