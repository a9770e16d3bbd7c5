"""What a school adds and tightens in conversion rules: refused wherever somebody could get more of what they hold."""

from __future__ import annotations

from datetime import date
from itertools import combinations
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from small_conversions import around, both, item, row, rules
from test_conversions_properties import AROUND, fresh, items

from creditbank.domain.conversions.compile import CompiledConversions
from creditbank.domain.conversions.composition import ComposedConversions, compose_conversions
from creditbank.domain.conversions.differences import conversion_differences, conversion_overlay_differences
from creditbank.domain.conversions.evaluate import convert
from creditbank.domain.conversions.model import Around, Item, Possibility, Standing, Target
from creditbank.domain.conversions.overlay import (
    conversion_overlay_data,
    conversion_overlay_hash,
    read_conversion_overlay,
)
from creditbank.domain.conversions.read import read_conversion_rules
from creditbank.domain.conversions.write import conversion_rules_data, conversion_rules_hash
from creditbank.domain.rules.cases import codes_of
from creditbank.domain.rules.model import Ruling
from creditbank.domain.rules.places import UnreadableError
from creditbank.domain.values import Hundredths

RANK = {Ruling.REFUSE: 0, Ruling.MANUAL: 1, Ruling.RECOGNISE: 2}
ELECTIVE = [{"category": "side"}]
TARGETS = ("elective", *ELECTIVE)


def overlay(**halves: Any) -> dict[str, Any]:
    head = {"schema": "creditbank.conversion-overlay/1", "code": "small", "kind": "conversion_overlay"}
    return head | {"name": both("ours"), "source": both("minutes 3")} | halves


def laid(under: dict[str, Any], **halves: Any) -> ComposedConversions:
    return compose_conversions(read_conversion_rules(under), read_conversion_overlay(overlay(**halves)))


def refusals(under: dict[str, Any], **halves: Any) -> list[tuple[str, str]]:
    """Path and code of each item that does not hold."""
    return [(one.path, one.line.code.removeprefix("overlay.")) for one in laid(under, **halves).conflicts]


def item_of(name: str, **says: Any) -> dict[str, Any]:
    return {"id": name, "clause": both(f"our {name}")} | says


def compiled(composed: ComposedConversions) -> CompiledConversions:
    return CompiledConversions(composed.rules, conversion_rules_hash(composed.rules))


def base(*rows: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A course for one certificate, half of it as side credit, a fixed amount, and a limit."""
    plain = (
        row("course", **{"from": [{"when": {"score": {"from": 60}}}]}),
        row("half", to=ELECTIVE, credit={"held": "1/2"}),
        row("fixed", to=["elective"], credit="2"),
    )
    cap = {"id": "side", "scope": "ever", "category": "side", "maximum": "4", "clause": both("side")}
    return rules(*(rows or plain), **({"cap": [cap]} | changes))


def test_a_school_asks_for_more_gives_less_and_says_by_which_clause() -> None:
    found = laid(
        base(),
        tighten={
            "rules": [
                item_of("course", **{"from": [{"when": {"score": {"from": 80}}}], "counts": {"graduation": False}}),
                item_of("half", credit={"held": "1/4"}, surplus="lost"),
                item_of("fixed", ruling="manual"),
            ],
            "standings": [item_of("failed", ruling="manual")],
            "cap": [item_of("side", maximum="3")],
        },
        add={
            "closed": [item_of("core", courses=["C5"])],
            "prerequisite": [item_of("before", needs={"credit": "10"})],
        },
    )
    assert found.conflicts == ()
    assert {name for _list, name in found.own} >= {"course", "failed", "side", "core", "before"}
    of = compiled(found)
    place = around(standing=Standing.FAILED, held={"before": Hundredths(1000)})
    low, high = (convert(of, "course", [item(of, "x", 300, score=score)], place) for score in (70, 90))
    assert (low.ruling, high.ruling, high.counts.graduation) == (Ruling.REFUSE, Ruling.MANUAL, False)
    (line,) = [line for line in high.explanation[0].lines if line.code == "conversion.failed"]
    assert line.clause is not None
    assert line.clause.en == "our failed"
    half = convert(of, "half", [item(of, "x", 400)], place)
    assert [made.credit for made in half.made] == [100]
    fixed = convert(of, "fixed", [item(of, "x", 200)], place)
    assert (fixed.ruling, "conversion.row_asks" in codes_of(fixed.explanation)) == (Ruling.MANUAL, True)
    assert convert(of, "fixed", [item(of, "x", 200)], around(held={"before": Hundredths(900)})).ruling is Ruling.REFUSE


def test_a_row_that_is_refused_here_says_so_and_takes_nothing() -> None:
    of = compiled(laid(base(), tighten={"rules": [item_of("half", ruling="refuse")]}))
    answer = convert(of, "half", [item(of, "x", 400)], around())
    assert (answer.ruling, answer.uses) == (Ruling.REFUSE, ())
    (line,) = [line for line in answer.explanation[0].lines if line.code == "conversion.row_refused"]
    assert line.clause is not None
    assert line.clause.en == "our half"


def test_a_lower_fixed_amount_still_asks_for_what_the_higher_one_asked() -> None:
    found = laid(base(), tighten={"rules": [item_of("fixed", credit="1")]})
    of = compiled(found)
    assert found.conflicts == ()
    answers = [convert(of, "fixed", [item(of, "x", credit)], around()) for credit in (150, 200)]
    assert [(one.ruling.value, sum(made.credit for made in one.made)) for one in answers] == [
        ("refuse", 0),
        ("recognise", 100),
    ]


TWO = row("two", **{"from": [{"when": {"kind": "a"}, "count": 2}], "to": ELECTIVE, "credit": "held"})
ENOUGH = {"when": {"kind": "a"}, "count": "as_needed"}
OPEN = row("open", **{"from": [ENOUGH], "surplus": "elective"})
LITTLE = row("little", **{"from": [ENOUGH | {"together": "1"}]})
SHORT = row("short", credit={"full": "even_if_short"})
KEPT = row("kept", to=["elective"], credit="2", surplus="kept")
SPARE = row("spare", to=ELECTIVE, credit="2", surplus="elective")
PAIR = row("pair", to=["elective"], credit="2", **{"from": [{"when": {"kind": "a"}}, {"when": {"kind": "b"}}]})
WHOLE = {"id": "all", "scope": "claim", "category": "side", "maximum": "3", "whole": True, "clause": both("all")}
MORE: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("from", base(), item_of("course", **{"from": [{"when": {"score": {"from": 50}}}]}), "takes_more"),
    ("from", base(), item_of("course", **{"from": [{}]}), "takes_more"),
    ("from", base(), item_of("half", **{"from": [{"when": {"kind": "a"}}, {"when": {"kind": "b"}}]}), "groups_differ"),
    ("credit", base(), item_of("half", credit="held"), "raised"),
    ("credit", base(), item_of("half", credit="1"), "not_compared"),
    ("credit", base(), item_of("fixed", credit="3"), "raised"),
    ("credit", base(), item_of("course", credit={"full": "even_if_short"}), "raised"),
    ("credit", base(KEPT), item_of("kept", credit="1"), "kept"),
    ("credit", base(SPARE), item_of("spare", credit="1"), "left_over"),
    ("credit", base(PAIR), item_of("pair", credit="1"), "needs_less"),
    ("credit", base(cap=[WHOLE]), item_of("half", credit={"held": "1/4"}), "all_or_nothing"),
    ("count", base(TWO), item_of("two", **{"from": [{"when": {"kind": "a"}}]}), "takes_less"),
    ("count", base(TWO), item_of("two", **{"from": [{"when": {"kind": "a"}, "count": 3}]}), "uses_differ"),
    ("count", base(), item_of("course", **{"from": [{"when": {"score": 90}, "count": 2}]}), "each_enough"),
    ("count", base(), item_of("fixed", **{"from": [{"when": {"kind": "a"}, "count": 2}]}), "each_enough"),
    ("rest", base(OPEN), item_of("open", **{"from": [ENOUGH | {"together": "5"}]}), "uses_differ"),
    ("together", base(LITTLE), item_of("little", **{"from": [ENOUGH]}), "takes_less"),
    ("little", base(LITTLE), item_of("little", **{"from": [ENOUGH | {"together": "3"}]}), "each_enough"),
    ("surplus", base(), item_of("half", surplus="kept"), "surplus"),
    ("gpa", base(), item_of("half", counts={"gpa": False}), "unreadable"),
    ("graduation", base(), item_of("half", counts={"graduation": True}), "counts"),
    ("gone", base(), item_of("gone", ruling="refuse"), "no_part"),
    ("fact", base(), item_of("half", **{"from": [{"when": {"nothing": 1}}]}), "unreadable"),
]


@pytest.mark.parametrize(("what", "under", "says", "why"), MORE, ids=[f"{one[0]}-{one[3]}" for one in MORE])
def test_what_could_give_more_or_cannot_be_shown_to_give_less_is_left_out(
    what: str, under: dict[str, Any], says: dict[str, Any], why: str
) -> None:
    found = laid(under, tighten={"rules": [says]})
    assert [one.line.code.removeprefix("overlay.") for one in found.conflicts] == [why], what
    assert found.rules == read_conversion_rules(under)


def test_more_items_are_asked_for_where_each_would_have_been_enough() -> None:
    two = {"when": {"kind": "a"}, "count": 2, "credit": "2"}
    assert refusals(base(), tighten={"rules": [item_of("fixed", **{"from": [two]})]}) == []
    both_of = {"when": {"kind": "a"}, "count": 2}
    assert refusals(base(SHORT), tighten={"rules": [item_of("short", **{"from": [both_of]})]}) == []


def test_a_standing_only_becomes_stricter() -> None:
    lift = [item_of("passed", ruling="manual")]
    assert refusals(base(), tighten={"standings": lift}) == [("tighten.standings[0]", "raised")]
    ask = [item_of("failed", ruling="refuse")]
    assert refusals(base(), tighten={"standings": ask}) == []


def test_a_limit_is_not_lowered_where_what_is_left_over_would_become_more() -> None:
    lower = {"cap": [item_of("side", maximum="1")]}
    assert refusals(base(SPARE), tighten=lower) == [("tighten.cap[0]", "left_over")]
    lost = {"rules": [item_of("spare", surplus="lost")]}
    assert refusals(base(SPARE), tighten=lower | lost) == []
    own = item_of("own", scope="ever", maximum="1", category="side")
    assert refusals(base(SPARE), add={"cap": [own]}) == [("add.cap[0]", "left_over")]
    assert refusals(base(), tighten={"cap": [item_of("side", maximum="5")]}) == [("tighten.cap[0]", "raised")]


def locked(*names: str, **changes: Any) -> dict[str, Any]:
    under = base(**changes)
    for one in under["rules"]:
        if one["id"] in names:
            one["locked"] = True
    return under


LOCKED: list[tuple[str, dict[str, Any], str]] = [
    ("course", {"tighten": {"rules": [item_of("course", ruling="manual")]}}, "locked"),
    ("course", {"tighten": {"standings": [item_of("failed", ruling="manual")]}}, "changes_locked"),
    ("course", {"add": {"closed": [item_of("core", courses=["C3"])]}}, "changes_locked"),
    ("course", {"add": {"closed": [item_of("core", categories=["main"])]}}, "changes_locked"),
    ("course", {"add": {"prerequisite": [item_of("first", needs={"credit": "2"})]}}, "changes_locked"),
    ("course", {"add": {"exclude": [item_of("no", when={"score": {"from": 70}})]}}, "changes_locked"),
    ("course", {"add": {"validity": [item_of("w", fact="earned_on", within={"years": 1})]}}, "changes_locked"),
    ("course", {"add": {"cap": [item_of("c", scope="ever", maximum="1", category="main")]}}, "changes_locked"),
    ("half", {"tighten": {"cap": [item_of("side", maximum="1")]}}, "changes_locked"),
]


@pytest.mark.parametrize(("name", "halves", "why"), LOCKED)
def test_what_would_change_a_locked_row_is_left_out(name: str, halves: dict[str, Any], why: str) -> None:
    assert [code for _path, code in refusals(locked(name), **halves)] == [why]
    assert refusals(locked(), **halves) == []


def test_what_touches_no_locked_row_holds_beside_it() -> None:
    under = locked("course")
    assert refusals(under, add={"exclude": [item_of("no", when={"score": {"to": 50}})]}) == []
    assert refusals(under, add={"closed": [item_of("core", courses=["C5"])]}) == []
    assert refusals(locked("half"), tighten={"standings": [item_of("failed", ruling="manual")]}) == []


def test_a_locked_limit_is_neither_lowered_nor_undercut() -> None:
    under = base()
    under["cap"][0]["locked"] = True
    assert refusals(under, tighten={"cap": [item_of("side", maximum="1")]}) == [("tighten.cap[0]", "locked")]
    own = item_of("own", scope="ever", maximum="1")
    assert refusals(under, add={"cap": [own]}) == [("add.cap[0]", "meets_locked_part")]


def test_a_row_is_added_only_where_the_rules_are_open_and_none_leads_there_yet() -> None:
    into = row("ours", **{"from": [{"when": {"kind": "c"}}], "to": [{"course": "C3"}]})
    apart = into | {"to": [{"course": "C1"}]}
    assert refusals(base(), add={"rules": [apart]}) == [("add.rules[0]", "not_open")]
    assert refusals(base(open=True), add={"rules": [apart]}) == []
    found = laid(base(open=True), add={"rules": [into]})
    (conflict,) = found.conflicts
    assert (conflict.line.code, conflict.line.facts["row"]) == ("overlay.meets_conversion", "course")
    assert "60" in conflict.line.facts["example"].en
    # To tighten a row makes no room for another of one's own.
    narrow = item_of("course", **{"from": [{"when": {"kind": "a", "score": {"from": 60}}}]})
    again = refusals(base(open=True), tighten={"rules": [narrow]}, add={"rules": [into]})
    assert again == [("add.rules[0]", "meets_conversion")]
    any_of = base(row("any", to=[{"course_of": "main"}]), open=True)
    wide = into | {"from": [{"when": {"kind": "a"}}], "to": [{"waiver": "C1"}]}
    assert refusals(any_of, add={"rules": [wide]}) == [("add.rules[0]", "meets_conversion")]
    units = apart | {"from": [{"unit": "U1"}]}
    assert refusals(base(open=True), add={"rules": [units]}) == [("add.rules[0]", "no_carriers")]


def test_what_cannot_hold_is_left_out_and_the_rest_holds() -> None:
    found = laid(base(), tighten={"rules": [item_of("half", credit="held"), item_of("fixed", credit="1")]})
    assert [one.path for one in found.conflicts] == ["tighten.rules[0]"]
    assert found.own == {("rules", "fixed")}


def test_an_overlay_for_other_rules_changes_nothing() -> None:
    found = compose_conversions(read_conversion_rules(base()), read_conversion_overlay(overlay() | {"code": "other"}))
    assert [one.line.code for one in found.conflicts] == ["overlay.other_code"]
    assert found.rules == read_conversion_rules(base())


@pytest.mark.parametrize(
    ("halves", "path"),
    [
        ({"add": {"rows": []}}, "add.rows"),
        ({"tighten": {"rules": [item_of("half")]}}, "tighten.rules[0]"),
        ({"tighten": {"rules": [item_of("half", ruling="recognise")]}}, "tighten.rules[0].ruling"),
        ({"tighten": {"rules": [item_of("half", grade="credit_only")]}}, "tighten.rules[0].grade"),
        ({"tighten": {"standings": [item_of("open", ruling="refuse")]}}, "tighten.standings[0].id"),
        ({"tighten": {"cap": [item_of("a", maximum="1"), item_of("a", maximum="2")]}}, "tighten.cap"),
        ({"kind": "overlay"}, "kind"),
    ],
)
def test_a_malformed_overlay_is_refused_with_its_path(halves: dict[str, Any], path: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        read_conversion_overlay(overlay(**halves))
    assert [problem.path for problem in caught.value.problems] == [path]


def test_an_overlay_and_the_rules_it_makes_are_written_as_they_were_read() -> None:
    halves = {
        "tighten": {"rules": [item_of("half", ruling="manual")], "standings": [item_of("failed", ruling="refuse")]},
        "add": {"closed": [item_of("core", courses=["C5"])]},
    }
    read = read_conversion_overlay(overlay(**halves))
    assert read_conversion_overlay(conversion_overlay_data(read)) == read
    assert conversion_overlay_hash(read) == conversion_overlay_hash(read_conversion_overlay(overlay(**halves)))
    under = locked("course", open=True)
    composed = laid(under, **halves)
    assert read_conversion_rules(conversion_rules_data(composed.rules)) == composed.rules
    said = codes_of(conversion_differences(read_conversion_rules(under), composed.rules))
    assert set(said) == {"diff.part_changed", "diff.value", "diff.clause", "diff.part_added"}
    assert codes_of(conversion_differences(read_conversion_rules(base()), read_conversion_rules(under))) == (
        "diff.opened", "diff.part_changed", "diff.locked",
    )  # fmt: skip
    assert conversion_overlay_differences(read, read_conversion_overlay(overlay())) != ()


score = st.sampled_from((0, 40, 60)).map(lambda least: {"score": {"from": least}})
cells = st.one_of(st.just({}), score, st.sampled_from("ab").map(lambda kind: {"kind": kind}))
amounts = st.sampled_from(("1", "1.5", "2", "3"))
AMOUNTS = {True: ("full", {"full": "even_if_short"}), False: ("held", {"held": "1/2"}, "1", "1.5", "2", "3")}


@st.composite
def asked_for(draw: st.DrawFn, like: dict[str, Any] | None = None) -> dict[str, Any]:
    """A group that takes something; one that is much like another."""
    like = like or {"when": draw(cells), "credit": "1", "count": draw(st.sampled_from((1, 1, 2, "as_needed")))}
    made = {key: value for key, value in like.items() if key != "together" or draw(st.booleans())}
    match draw(st.integers(0, 5)):
        case 0 | 1:
            made["when"] = {**like["when"], **draw(cells)} if draw(st.booleans()) else draw(cells)
        case 2:
            made["credit"] = draw(amounts)
        case 3 | 4:
            made["count"] = draw(st.sampled_from((2, "as_needed", 1)))
        case 5:
            made["together"] = draw(amounts)
    return made


@st.composite
def pairs(draw: st.DrawFn) -> tuple[dict[str, Any], ComposedConversions]:
    """Conversion rules with a few rows, some locked, and what holds of an overlay that changes most of them."""
    rows, tightened = [], []
    for name in ("r0", "r1"):
        into = draw(st.booleans())
        groups = [draw(asked_for())] + ([draw(asked_for()) | {"count": 1}] if draw(st.integers(0, 4)) == 0 else [])
        plain: dict[str, Any] = {
            "from": groups,
            "to": [{"course": draw(st.sampled_from(("C1", "C3")))}] if into else [draw(st.sampled_from(TARGETS))],
            "credit": draw(st.sampled_from(AMOUNTS[into])),
            "surplus": draw(st.sampled_from(("lost", "kept", "elective"))),
            "locked": draw(st.integers(0, 5)) == 0,
        }
        rows.append(row(name, **plain))
        says: dict[str, Any] = {}
        which = draw(st.sampled_from(("from", "from", "from", "credit", "credit", "both")))
        if which != "credit":
            says["from"] = [draw(asked_for(group)) for group in groups]
        if which != "from":
            says["credit"] = draw(st.sampled_from(AMOUNTS[into]))
        if draw(st.integers(0, 3)) == 0:
            says |= draw(st.sampled_from(({"surplus": "lost"}, {"surplus": "elective"}, {"ruling": "manual"})))
        tightened.append(item_of(name, **says))
    cap = {"id": "c", "scope": "ever", "maximum": draw(st.sampled_from(("3", "5"))), "clause": both("c")}
    under = rules(*rows, open=draw(st.booleans()), cap=[cap | {"whole": draw(st.booleans())}])
    own = row("ours", **{"from": [draw(asked_for())], "to": [{"course": draw(st.sampled_from(("C1", "C3")))}]})
    extra = draw(st.sampled_from(("cap", "limit", "closed", "exclude", "prerequisite", "standings", "")))
    add: dict[str, Any] = {"rules": [own]}
    tighten: dict[str, Any] = {"rules": tightened}
    match extra:
        case "cap":
            add["cap"] = [item_of("own", scope="ever", maximum=draw(amounts), whole=draw(st.booleans()))]
        case "limit":
            tighten["cap"] = [item_of("c", maximum=draw(st.sampled_from(("2", "2.5", "9"))))]
        case "closed":
            add["closed"] = [item_of("core", courses=["C3"])]
        case "exclude":
            add["exclude"] = [item_of("no", when={"score": {"to": 50}})]
        case "prerequisite":
            add["prerequisite"] = [item_of("first", needs={"credit": "3"}, otherwise="manual")]
        case "standings":
            tighten["standings"] = [item_of(name, ruling="manual") for name in ("failed", "passed")]
    return under, laid(under, tighten=tighten, add=add)


@st.composite
def holdings(draw: st.DrawFn) -> list[tuple[str, int, date | None, dict[str, Any]]]:
    """A few items of one to four credits, of two kinds and some scores."""
    return [
        (
            f"x{number}",
            draw(st.sampled_from((100, 150, 200, 300, 400))),
            draw(st.sampled_from((None, date(2027, 1, 1), date(2028, 1, 1)))),
            {"kind": draw(st.sampled_from("ab")), "score": draw(st.sampled_from((30, 50, 90)))},
        )
        for number in range(draw(st.integers(1, 4)))
    ]


def _made(one: Possibility) -> dict[Target, int]:
    return {made.target: made.credit for made in one.made}


def _no_more(after: Possibility, before: Possibility) -> bool:
    """Whether one gives no more than another: of each target and in all, at no better a rate, and nowhere else."""
    old, new = _made(before), _made(after)
    spent, less = (sum(use.credit for use in one.uses) for one in (before, after))
    return (
        RANK[after.ruling] <= RANK[before.ruling]
        and sum(new.values()) <= sum(old.values())
        and all(credit <= old.get(target, 0) for target, credit in new.items())
        # Where what is left over is kept, less may be used for less.
        and sum(new.values()) * spent <= sum(old.values()) * less
        and after.counts.graduation <= before.counts.graduation
    )


def _entitled(of: CompiledConversions, name: str, given: list[Item], place: Any) -> list[Possibility]:
    """What the inherited row gives of these items or of some of them."""
    return [
        convert(of, name, some, place)
        for count in range(len(given), 0, -1)
        for some in map(list, combinations(given, count))
    ]


@settings(deadline=None, max_examples=50, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(
    st.lists(pairs(), min_size=6, max_size=6),
    st.lists(holdings(), min_size=4, max_size=4),
    st.sampled_from((Standing.OPEN, Standing.FAILED, Standing.PASSED)),
)
def test_nobody_gets_more_of_what_they_hold_than_the_inherited_rules_give(
    many: list[tuple[dict[str, Any], ComposedConversions]], each: list[Any], standing: Standing
) -> None:
    for under, composed in many:
        old, new = fresh(under), fresh(conversion_rules_data(composed.rules))
        for held in each:
            place = around(standing=standing, used=AROUND["used"], held={"first": Hundredths(100 * len(held))})
            _compared(old, new, items(old, held), place)
            if ("rules", "ours") in composed.own:
                _leads_nowhere_else(old, new, items(old, held), place)


def _compared(old: CompiledConversions, new: CompiledConversions, held: list[Item], place: Around) -> None:
    for rule in old.rules.rows:
        after = convert(new, rule.id, held, place)
        if rule.locked:
            assert after == convert(old, rule.id, held, place)
        if after.ruling is Ruling.REFUSE:
            continue
        used = {use.item for use in after.uses}
        taken = [one for one in held if one.id in used]
        assert any(_no_more(after, before) for before in _entitled(old, rule.id, taken, place)), rule.id


def _leads_nowhere_else(old: CompiledConversions, new: CompiledConversions, held: list[Item], place: Around) -> None:
    """A row of one's own is there only in open rules, and where no inherited row makes the same of any of its items."""
    assert old.rules.open
    answer = convert(new, "ours", held, place)
    used = {use.item for use in answer.uses}
    for rule in old.rules.rows if used else ():
        if set(answer.targets) & set(rule.targets):
            taken = [one for one in held if one.id in used]
            assert not any(one.made for one in _entitled(old, rule.id, taken, place))
