"""What lint finds is what trying every outcome finds, no more and no less."""

from __future__ import annotations

import itertools
import time
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from small_rules import both, row, rules

from creditbank.domain.explanation import Verdict
from creditbank.domain.rules.facts import holds
from creditbank.domain.rules.lint import MOST_PAIRS, Finding, lint
from creditbank.domain.rules.model import Hit, Lower, RuleSet, Table, Value
from creditbank.domain.rules.read import read_rule_set

steady = settings(deadline=None, max_examples=80)
COURSES = ("A", "B", "elsewhere")


def enum(name: str, *codes: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name, "type": "enum", "label": both(name), "values": [{"code": c, **both(c)} for c in codes], **more,
    }  # fmt: skip


FACTS = [
    enum("kind", "a", "b"),
    enum("grade", "low", "middle", "high", ordered=True, when={"kind": "a"}),
    enum("organiser", "state", "guild", when={"kind": "a"}, optional=True),
    {"name": "course", "type": "code", "label": both("course"), "optional": True},
    {"name": "hours", "type": "integer", "label": both("hours"), "range": {"from": 0, "to": 4}},
    {"name": "score", "type": "number", "label": both("score"), "range": {"above": 0, "to": 2}, "when": {"kind": "b"}},
]
ends = st.tuples(st.integers(0, 4), st.integers(0, 3)).map(lambda t: {"from": t[0], "to": t[0] + t[1]})
halves = st.tuples(st.integers(0, 3), st.integers(1, 3), st.booleans(), st.booleans()).map(
    lambda t: {("above" if t[2] else "from"): str(t[0] / 2), ("below" if t[3] else "to"): str((t[0] + t[1]) / 2)}
)
cells = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.sampled_from(("a", "b")),
        "grade": st.sampled_from(("low", "high", ["low", "middle"], {"from": "middle"})),
        "organiser": st.sampled_from(("state", "guild")),
        "course": st.sampled_from(("A", "B", ["A", "B"])),
        "hours": ends,
        "score": halves,
    },
)


@st.composite
def rule_sets(draw: st.DrawFn) -> RuleSet:
    columns = ["grade", "organiser", "course", "hours", "score"]
    split = draw(st.booleans())

    def table(code: str, when: dict[str, Any]) -> dict[str, Any]:
        given_rows = draw(st.lists(cells, min_size=1, max_size=5))
        hit = draw(st.sampled_from(tuple(Hit)))
        return {
            "code": code, "columns": columns if split else ["kind", *columns], "hit": hit,
            "rows": [
                row(f"{code}{i}", {k: v for k, v in when_.items() if not split or k != "kind"}, draw(st.sampled_from(("1", "2", "refuse"))))
                | ({"priority": draw(st.integers(0, 2))} if hit is Hit.PRIORITY else {})
                for i, when_ in enumerate(given_rows)
            ],
            **({"when": when} if when else {}),
        }  # fmt: skip

    lowers = [
        {"id": f"l{i}", "lower": {"fact": "grade", "steps": steps, "below": "manual"}, "when": when, "clause": both("l")}
        for i, (steps, when) in enumerate(
            draw(st.lists(st.tuples(st.integers(1, 2), st.sampled_from(({"organiser": "guild"}, {"grade": "high"}, {}))), max_size=2))
        )
    ]  # fmt: skip
    tables = [table("t", {"kind": "a"}), table("u", {"kind": "b"})] if split else [table("t", {})]
    return read_rule_set(rules(facts=FACTS, tables=tables, adjust=lowers))


def outcomes() -> list[dict[str, Value | None]]:
    """Every outcome of the facts above, as a form would let people give it."""
    found: list[dict[str, Value | None]] = []
    for kind, course, hours in itertools.product(("a", "b"), (None, *COURSES), range(5)):
        free: dict[str, Value | None] = {"kind": kind, "course": course, "hours": hours}
        if kind == "a":
            found += [
                free | {"grade": grade, "organiser": organiser, "score": None}
                for grade, organiser in itertools.product(("low", "middle", "high"), (None, "state", "guild"))
            ]
        else:
            scores = ("0.25", "0.5", "0.75", "1", "1.25", "1.5", "1.75", "2")
            found += [free | {"grade": None, "organiser": None, "score": Decimal(score)} for score in scores]
    return found


ALL = outcomes()


def lowered(of: RuleSet, values: dict[str, Value | None]) -> dict[str, Value | None] | None:
    """The outcome as the tables see it; ``None`` where it was lowered too far."""
    scale = ["low", "middle", "high"]
    values = dict(values)
    for step in of.adjust:
        assert isinstance(step, Lower)
        if values["grade"] is not None and holds(step.when, values):
            rank = scale.index(str(values["grade"])) - step.steps
            if rank < 0:
                return None
            values["grade"] = scale[rank]
    return values


def tried(of: RuleSet, table: Table) -> list[tuple[dict[str, Value | None], list[int]]]:
    """Each outcome that comes to a table, as the table sees it, with the rows that fit."""
    seen = [values for one in ALL if (values := lowered(of, one)) is not None and holds(table.when, values)]
    return [(values, [i for i, r in enumerate(table.rows) if holds(r.when, values)]) for values in seen]


def foremost(table: Table, fits: list[int]) -> list[int]:
    """The rows that fit, of the highest priority among them."""
    highest = max((table.rows[i].priority for i in fits), default=0)
    return [i for i in fits if table.rows[i].priority == highest]


def found(findings: tuple[Finding, ...], code: str, table: Table) -> list[Finding]:
    return [one for one in findings if one.line.code == code and one.line.facts.get("table") == table.code]


def rows_of(findings: list[Finding]) -> set[Any]:
    return {one.line.facts["row"] for one in findings}


@steady
@given(rule_sets())
def test_overlaps_are_the_pairs_that_some_outcome_fits(of: RuleSet) -> None:
    findings = lint(of)
    for table in of.tables:
        expected = {
            frozenset((table.rows[a].id, table.rows[b].id))
            for _values, fits in tried(of, table) for a, b in itertools.combinations(foremost(table, fits), 2)
        } if table.hit in (Hit.UNIQUE, Hit.PRIORITY) else set()  # fmt: skip
        overlaps = found(findings, "lint.overlap", table)
        assert {frozenset((one.line.facts["first"], one.line.facts["second"])) for one in overlaps} == expected
        for one in overlaps:
            example = {fact.name: one.example.get(fact.name) for fact in of.facts}
            seen = lowered(of, example)
            assert seen is not None
            for row_of in table.rows:
                if row_of.id in (one.line.facts["first"], one.line.facts["second"]):
                    assert holds(row_of.when, seen)


@steady
@given(rule_sets())
def test_gaps_are_what_no_row_fits_and_the_rows_offered_close_exactly_them(of: RuleSet) -> None:
    findings = lint(of)
    for table in of.tables:
        gaps = found(findings, "lint.gap", table)
        empty = [values for values, fits in tried(of, table) if not fits]
        assert bool(gaps) == bool(empty)
        sayable = all(one.close for one in gaps)
        for values, fits in tried(of, table):
            closed = any(holds(condition, values) for one in gaps for condition in one.close)
            assert not (closed and fits), (values, gaps)
            assert closed or fits or not sayable, (values, gaps)


@steady
@given(rule_sets())
def test_rows_that_never_decide_and_rows_nobody_would_miss_are_named(of: RuleSet) -> None:
    findings = lint(of)
    for table in of.tables:
        seen = tried(of, table)
        fitted = {i for _values, fits in seen for i in fits}
        first = {fits[0] for _values, fits in seen if fits}
        needed = {
            fits[0] for _values, fits in seen
            if fits and (len(fits) == 1 or table.rows[fits[0]].give != table.rows[fits[1]].give)
        }  # fmt: skip
        names = [row_of.id for row_of in table.rows]
        if not seen:
            assert found(findings, "lint.table_unreached", table)
            continue
        assert rows_of(found(findings, "lint.unreachable", table)) == {
            n for i, n in enumerate(names) if i not in fitted
        }
        if table.hit is Hit.FIRST:
            shadowed = {names[i] for i in fitted - first}
            assert rows_of(found(findings, "lint.shadowed", table)) == shadowed
            assert rows_of(found(findings, "lint.redundant", table)) == {names[i] for i in first - needed}
        if table.hit is Hit.PRIORITY:
            before = {i for _values, fits in seen for i in foremost(table, fits)}
            assert rows_of(found(findings, "lint.shadowed", table)) == {names[i] for i in fitted - before}


def codes(**changes: Any) -> list[str]:
    return [finding.line.code for finding in lint(read_rule_set(rules(**changes)))]


def small(*rows: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    return [{"code": "main", "columns": ["grade", "hours"], "rows": list(rows), **more}]


def test_rows_of_one_clause_that_differ_in_one_cell_could_be_one() -> None:
    low, middle = row("low", {"grade": "low"}, "1"), row("middle", {"grade": "middle"}, "1")
    high = row("high", {"grade": "high"}, "2")
    assert "lint.mergeable" not in codes(tables=small(low, middle, high))
    middle["clause"] = low["clause"]
    assert "lint.mergeable" in codes(tables=small(low, middle, high))


def test_a_step_that_nothing_fulfils_is_named() -> None:
    facts = [*rules()["facts"], enum("club", "x", "y", when={"grade": "high"})]
    step = {"id": "s", "when": {"grade": "low", "club": "x"}, "add": "1", "clause": both("s")}
    (finding,) = [
        f for f in lint(read_rule_set(rules(facts=facts, adjust=[step]))) if f.line.code == "lint.never_applies"
    ]
    assert finding.places == ("adjust[0]",)
    assert "lint.never_applies" not in codes(facts=facts, adjust=[step | {"when": {"club": "x"}}])


def test_rows_above_a_limit_and_limits_and_categories_without_rows_are_named() -> None:
    cap = {"id": "c", "scope": "term", "maximum": "2", "clause": both("c")}
    found_codes = codes(cap=[cap, cap | {"id": "d", "category": "side"}])
    assert found_codes.count("lint.over_limit") == 1
    assert "lint.limit_without_rows" in found_codes
    assert "lint.category_without_rows" in found_codes
    assert "lint.over_limit" not in codes(cap=[cap | {"maximum": "4"}])


def test_a_table_of_two_thousand_rows_takes_little_time() -> None:
    names = [f"C{i}" for i in range(500)]
    facts = [
        {"name": "course", "type": "code", "label": both("course")},
        enum("grade", "low", "middle", "high", ordered=True),
        {"name": "score", "type": "integer", "label": both("score"), "range": {"from": 0, "to": 100}},
    ]
    stretches = ({"to": 59}, {"from": 60, "to": 79}, {"from": 80, "to": 89}, {"from": 90})
    many = [
        row(f"r{i}-{j}", {"course": name, "score": stretch}, "1")
        for i, name in enumerate(names) for j, stretch in enumerate(stretches)
    ]  # fmt: skip
    many[777]["when"]["score"] = {"from": 59, "to": 79}
    many[1234]["when"]["course"] = "C0"
    of = read_rule_set(rules(facts=facts, tables=[{"code": "main", "columns": ["course", "score"], "rows": many}]))
    begun = time.process_time()
    findings = lint(of)
    assert time.process_time() - begun < 3  # a loose bound; the figure itself is measured by the bench
    told = sorted(
        (f.line.code, *(str(f.line.facts.get(n)) for n in ("first", "second")))
        for f in findings
        if f.line.verdict is Verdict.NO
    )
    assert told == [("lint.overlap", "r0-2", "r308-2"), ("lint.overlap", "r194-0", "r194-1")]
    holes = [f for f in findings if f.line.code == "lint.gap"]
    assert [
        condition for f in holes for condition in f.close
    ]  # C308 between 80 and 89; all other courses cannot be said
    assert len(holes) == 2


def test_more_overlaps_than_anybody_reads_are_counted() -> None:
    many = [row(f"r{i}", {"grade": "low"}, "1") for i in range(30)]
    findings = lint(read_rule_set(rules(tables=small(*many))))
    overlaps = [f for f in findings if f.line.code == "lint.overlap"]
    (more,) = [f for f in findings if f.line.code == "lint.more_overlaps"]
    assert len(overlaps) == MOST_PAIRS
    assert more.line.facts["count"] == 30 * 29 // 2 - MOST_PAIRS


def test_a_fact_that_a_rank_says_where_nobody_is_asked_for_it_leaves_no_gap() -> None:
    def place(name: str) -> dict[str, Any]:
        asked = {"range": {"from": 1, "to": 99}, "when": {"ranked": True}}
        return {"name": name, "type": "integer", "label": both(name), **asked}

    facts = [
        {"name": "ranked", "type": "boolean", "label": both("ranked")},
        enum("award", "first", "other", when={"ranked": False}),
        place("place"),
        place("among"),
    ]
    bands = [{"up_to": "15%", "value": "first"}, {"value": "other"}]
    rank = {"fact": "award", "place": "place", "among": "among", "bands": bands}
    step = {"id": "rank", "when": {"ranked": True}, "rank": rank, "clause": both("rank")}
    table = {
        "code": "t",
        "columns": ["award"],
        "rows": [row("f", {"award": "first"}, "2"), row("o", {"award": "other"}, "1")],
    }
    assert "lint.gap" not in codes(facts=facts, tables=[table], adjust=[step])
    assert "lint.gap" in codes(facts=facts, tables=[table])
    only = step | {"when": {"ranked": True, "place": {"from": 2}}}
    assert "lint.gap" in codes(facts=facts, tables=[table], adjust=[only])
    some = [dict(facts[0]), facts[1] | {"when": {"ranked": False}}, *facts[2:]]
    other = step | {"when": {"ranked": False}}
    assert "lint.gap" in codes(facts=some, tables=[table], adjust=[other])
