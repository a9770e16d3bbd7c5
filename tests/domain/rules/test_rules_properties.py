"""What holds for every rule set and every outcome."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from small_rules import both, outcome, row, rules

from creditbank.domain.rules.compile import Compiled
from creditbank.domain.rules.decision import Context
from creditbank.domain.rules.evaluate import evaluate, evaluate_untraced
from creditbank.domain.rules.model import Count, Hit, Portion, Ruling
from creditbank.domain.rules.read import read_rule_set
from creditbank.domain.rules.write import rule_set_data, rule_set_hash
from creditbank.domain.values import Amount, Hundredths

steady = settings(deadline=None, max_examples=60)  # a busy machine is no failure
GRADES = ("low", "middle", "high")
amounts = st.integers(0, 900).map(lambda n: f"{n // 100}.{n % 100:02d}")
signed = st.integers(-400, 400).map(lambda n: f"{'-' if n < 0 else ''}{abs(n) // 100}.{abs(n) % 100:02d}")
grade_cells = st.one_of(
    st.just("any"), st.sampled_from(GRADES), st.lists(st.sampled_from(GRADES), min_size=1, max_size=3)
)
hour_cells = st.one_of(
    st.just("any"),
    st.integers(0, 40),
    st.tuples(st.integers(0, 40), st.integers(0, 20), st.booleans(), st.booleans()).map(
        lambda t: {("above" if t[2] else "from"): t[0], ("below" if t[3] else "to"): t[0] + t[1] + 2}
    ),
    st.integers(0, 40).map(lambda n: {"from": n}),
    st.integers(1, 40).map(lambda n: {"below": n}),
)
conditions = st.fixed_dictionaries({"grade": grade_cells, "hours": hour_cells})


narrow = st.fixed_dictionaries({"grade": st.sampled_from(GRADES), "hours": hour_cells})
RECKONED: tuple[dict[str, Any], ...] = (
    {"fact": "hours"},
    {"fact": "hours", "times": "2/3"},
    {"each": "8", "of": "hours", "gives": "0.5"},
    {"each": "3", "of": "hours", "gives": "0.25", "whole": False},
    {"each": "7", "of": ["hours", "people"], "gives": "0.5"},
    {"of": "hours", "tiers": [{"from": 5, "gives": "1"}, {"from": 20, "gives": "2.5"}], "below": "manual"},
)
_FIGURE = {"id": "points", "name": both("points"), "clause": both("points")}
FIGURES: tuple[dict[str, Any] | None, ...] = (
    None,
    _FIGURE | {"times": "4.5", "rounding": {"step": "0.01", "mode": "down"}},
    _FIGURE | {"times": {"level": {"A": "2/3"}}, "rounding": {"step": "0.5", "mode": "up"}},
)
UNTIL = ("credit_expires", "credit_stays")


def maxima(scope: str) -> st.SearchStrategy[Any]:
    """What a limit may be: an amount, a share, and but for one claim a count."""
    counts = st.integers(0, 3).map(lambda most: {"count": most})
    share = st.sampled_from(({"share": "1/3", "of": "programme"}, {"share": "0.2", "of": "nowhere"}))
    return st.one_of(amounts, amounts, share) if scope == "claim" else st.one_of(amounts, share, counts)


@st.composite
def rule_sets(draw: st.DrawFn) -> dict[str, Any]:
    cells = draw(st.lists(conditions, min_size=1, max_size=6))
    gives = st.one_of(amounts, st.sampled_from(("refuse", "manual")))
    gives = st.one_of(gives, st.sampled_from(RECKONED))
    hit = draw(st.sampled_from(tuple(Hit)))
    rows = [row(f"r{i}", when, draw(gives)) for i, when in enumerate(cells)]
    if hit is Hit.PRIORITY:
        rows = [one | {"priority": draw(st.integers(0, 2))} for one in rows]
    lower = {"id": "lower", "lower": {"fact": "grade", "steps": draw(st.integers(1, 2)), "below": "manual"}}
    steps = [lower | {"when": draw(conditions), "clause": both("lower")}] if draw(st.booleans()) else []
    for i, kind in enumerate(
        draw(st.lists(st.sampled_from(("add", "each", "multiply", "divide", "share")), max_size=3))
    ):
        what: dict[str, Any] = {
            "add": {"add": draw(signed)},
            "each": {"add": {"amount": draw(signed), "each": "hours", "above": draw(st.integers(0, 30))}},
            "multiply": {"multiply": draw(st.sampled_from(("1/2", "2/3", "1.25", "0")))},
            "divide": {"divide": {"by": "people"}},
            "share": {"share": {"fact": "people", "parts": ["1", "1/2"], "rest": draw(st.sampled_from(("0", "1/3")))}},
        }[kind]
        steps.append({"id": f"s{i}", "when": draw(conditions), "clause": both("step"), **what})
    scopes = draw(st.lists(st.sampled_from(("claim", "term", "academic_year", "ever")), max_size=3))
    caps = [
        {"id": f"c{i}", "scope": s, "maximum": draw(maxima(s)), "whole": draw(st.booleans()), "clause": both("cap")}
        for i, s in enumerate(scopes)
    ]
    for cap in caps:
        if cap["scope"] != "claim" and "count" not in str(cap["maximum"]) and draw(st.booleans()):
            cap["beside"] = "side"
    exclude = [{"id": "out", "when": draw(narrow), "clause": both("out")}] if draw(st.booleans()) else []
    needs = draw(st.sampled_from(({"credit": "3"}, {"courses": ["A", "B"], "least": 1})))
    prerequisite = [{"id": "first", "needs": needs, "clause": both("first")}] if draw(st.booleans()) else []
    choose = [{"id": "f", "family": ["title"], "keep": "highest", "clause": both("family")}]
    validity = [
        {"id": "w", "fact": "earned_on", "within": {"years": 3}, "clause": both("w")},
        {
            "id": "x",
            "fact": "earned_on",
            "expires": {"months": draw(st.integers(1, 60))},
            "clause": both("x"),
        },
        {"id": "u", "fact": "valid_until", "until": draw(st.sampled_from(UNTIL)), "clause": both("u")},
    ]
    figures = draw(st.sampled_from(FIGURES))
    return rules(
        figures=[figures] if figures else [],
        facts=[
            *rules()["facts"],
            {"name": "people", "type": "integer", "label": both("people"), "range": {"from": 1, "to": 20}},
            {"name": "valid_until", "type": "date", "label": both("valid until"), "optional": True},
        ],
        rounding={
            "step": draw(st.sampled_from(("0.01", "0.1", "0.25", "0.5", "1"))),
            "mode": draw(st.sampled_from(("down", "up", "half_up"))),
            "place": draw(st.sampled_from(("each", "end"))),
        },
        tables=[
            {
                "code": "main",
                "columns": ["grade", "hours"],
                "hit": hit,
                "rows": rows,
            }
        ],
        adjust=steps,
        cap=caps,
        choose=choose if draw(st.booleans()) else [],
        validity=validity if draw(st.booleans()) else [],
        exclude=exclude,
        prerequisite=prerequisite,
    )


facts = st.fixed_dictionaries(
    {
        "grade": st.sampled_from(GRADES),
        "hours": st.integers(0, 60),
        "title": st.sampled_from((None, "甲", "乙")),
        "earned_on": st.sampled_from((None, "2019-02-28", "2022-01-31", "2024-02-29", "2025-01-01")),
        "people": st.integers(1, 20),
        "valid_until": st.sampled_from((None, "2023-12-31", "2024-06-30", "2030-01-01")),
    }
)
contexts = st.builds(
    Context,
    claimed_on=st.integers(0, 900).map(lambda n: date(2023, 1, 1) + timedelta(days=n)),
    used=st.fixed_dictionaries({}, optional={f"c{i}": st.integers(0, 1200).map(Hundredths) for i in range(3)}),
    beside=st.fixed_dictionaries({}, optional={f"c{i}": st.integers(0, 300) for i in range(3)}),
    earlier=st.fixed_dictionaries({}, optional={"f": st.integers(0, 900).map(Hundredths)}),
    held=st.fixed_dictionaries({}, optional={"first": st.integers(0, 600).map(Hundredths)}),
    passed=st.one_of(st.none(), st.frozensets(st.sampled_from("ABC"))),
    planned=st.fixed_dictionaries({}, optional={"programme": st.integers(0, 9000).map(Hundredths)}),
)


ROWS = {
    "rules.row_gives", "rules.row_gives_declared", "rules.row_gives_part", "rules.row_gives_each",
    "rules.row_gives_together", "rules.row_gives_tier", "rules.sum_counts",
}  # fmt: skip
STEPS = {"rules.added", "rules.taken_off", "rules.multiplied", "rules.divided", "rules.shared"}


def said(amount: object) -> Fraction:
    """An amount of an explanation in credits."""
    return Fraction(amount.hundredths, 100) if isinstance(amount, Amount) else Fraction(str(amount))


def fresh(data: dict[str, Any]) -> Compiled:
    """Compiled anew, so that nothing is remembered from another example."""
    rule_set = read_rule_set(data)
    return Compiled(rule_set, rule_set_hash(rule_set))


@steady
@given(rule_sets(), facts, contexts)
def test_equal_input_gives_an_equal_proposal_fresh_or_remembered(data: Any, given_facts: Any, context: Context) -> None:
    of = fresh(data)
    one = outcome(of, **given_facts)
    first = evaluate(of, one, context)
    assert evaluate(of, one, context) == first == evaluate(fresh(data), one, context)


@steady
@given(rule_sets(), facts, contexts)
def test_credit_is_never_negative_and_only_recognition_gives_any(data: Any, given_facts: Any, context: Context) -> None:
    of = fresh(data)
    proposal = evaluate(of, outcome(of, **given_facts), context)
    assert (proposal.credit > 0) == (proposal.ruling is Ruling.RECOGNISE)
    assert proposal.credit >= 0
    if proposal.expires_on is not None:
        assert proposal.expires_on > context.claimed_on


@steady
@given(rule_sets(), facts, contexts)
def test_no_cap_and_no_family_is_ever_exceeded(data: Any, given_facts: Any, context: Context) -> None:
    of = fresh(data)
    one = outcome(of, **given_facts)
    credit = evaluate(of, one, context).credit
    for cap in of.rules.cap:
        if cap.beside and not context.beside.get(cap.id):
            continue
        used = 0 if cap.scope == "claim" else context.used.get(cap.id, 0)
        if isinstance(cap.maximum, Count):
            assert credit == 0 or used < cap.maximum.most
        elif isinstance(cap.maximum, Portion):
            assert credit == 0 or credit + used <= cap.maximum.share * context.planned[cap.maximum.of]
        else:
            assert credit == 0 or credit + used <= cap.maximum
        if cap.whole and not isinstance(cap.maximum, Count) and len(of.rules.cap) == 1 and not of.rules.choose:
            assert credit in (0, evaluate_untraced(of, one).credit)
    if of.rules.choose and given_facts["title"]:
        assert credit == 0 or credit + context.earlier.get("f", 0) <= evaluate_untraced(of, one).credit


@steady
@given(rule_sets(), facts, contexts, st.randoms(use_true_random=False))
def test_the_order_of_rows_makes_no_difference_unless_the_first_decides(
    data: Any, given_facts: Any, context: Context, random: Any
) -> None:
    if data["tables"][0]["hit"] is Hit.FIRST:
        data["tables"][0]["hit"] = "unique"
    of = fresh(data)
    before = evaluate(of, outcome(of, **given_facts), context)
    random.shuffle(data["tables"][0]["rows"])
    after = evaluate(fresh(data), outcome(of, **given_facts), context)
    assert (after.ruling, after.credit, after.row, after.expires_on) == (
        before.ruling,
        before.credit,
        before.row,
        before.expires_on,
    )


def test_of_rows_that_refuse_together_the_same_one_is_named_in_whatever_order_they_stand() -> None:
    when = {"grade": "any", "hours": "any"}
    below = {"of": "hours", "tiers": [{"from": 5, "gives": "1"}], "below": "refuse"}
    for gives in (("refuse", "refuse"), (below, below)):
        both_ways = [
            [row("a", when, gives[0]), row("b", when, gives[1])],
            [row("b", when, gives[1]), row("a", when, gives[0])],
        ]
        for rows in both_ways:
            for hit in ("collect_max", "collect_sum"):
                of = fresh(rules(tables=[{"code": "main", "columns": ["grade", "hours"], "hit": hit, "rows": rows}]))
                found = evaluate(of, outcome(of, grade="low", hours=0), Context(date(2026, 1, 1), {}, {}))
                assert (found.ruling, found.row) == (Ruling.REFUSE, "a")


@steady
@given(rule_sets(), facts)
def test_the_index_finds_what_reading_every_row_finds(data: Any, given_facts: Any) -> None:
    data |= {"adjust": [], "exclude": []}
    data["tables"][0]["hit"] = "unique"
    for one in data["tables"][0]["rows"]:
        one.pop("priority", None)
    of = fresh(data)
    values = dict(zip(of.facts, outcome(of, **given_facts).values, strict=True))
    fits = [
        rule
        for rule in of.rules.tables[0].rows
        if all(values[test.fact] is not None and test.accept.accepts(values[test.fact]) for test in rule.when)
    ]
    answer = evaluate_untraced(of, outcome(of, **given_facts))
    if len(fits) != 1:
        assert (answer.ruling, answer.row) == (Ruling.MANUAL, None)
    else:
        assert answer.row == fits[0].id


@steady
@given(rule_sets(), facts, contexts)
def test_the_lines_of_an_explanation_add_up_to_its_credit(data: Any, given_facts: Any, context: Context) -> None:
    of = fresh(data)
    proposal = evaluate(of, outcome(of, **given_facts), context)
    amount: Fraction | None = None
    for line in proposal.explanation[0].lines:
        if line.code in ROWS:
            amount = said(line.facts["amount"])
        elif line.code in STEPS:
            assert said(line.facts["before"]) == amount
            amount = said(line.facts["amount"])
            if line.code == "rules.multiplied":
                assert amount == said(line.facts["before"]) * Fraction(str(line.facts["factor"]))
        elif line.code in ("rules.rounded", "rules.cap_kept", "rules.cap_binds", "rules.only_the_difference"):
            assert amount is not None
            assert line.code == "rules.rounded" or said(line.facts["amount"]) <= amount
            amount = said(line.facts["amount"])
    if proposal.ruling is Ruling.RECOGNISE:
        assert amount == Fraction(proposal.credit, 100)


@steady
@given(rule_sets(), st.lists(facts, min_size=2, max_size=8), contexts)
def test_many_at_once_give_what_each_gives_alone(data: Any, many: list[Any], context: Context) -> None:
    together = fresh(data)
    answers = [evaluate(together, outcome(together, **one), context) for one in many]
    assert answers == [evaluate(of, outcome(of, **one), context) for one in many for of in (fresh(data),)]
    plain = [evaluate_untraced(together, outcome(together, **one)) for one in many]
    assert plain == [evaluate_untraced(of, outcome(of, **one)) for one in many for of in (fresh(data),)]


@steady
@given(rule_sets())
def test_reading_what_was_written_gives_the_same_rule_set_and_hash(data: Any) -> None:
    rule_set = read_rule_set(data)
    again = read_rule_set(rule_set_data(rule_set))
    assert again == rule_set
    assert rule_set_hash(again) == rule_set_hash(rule_set)
