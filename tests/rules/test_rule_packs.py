"""What must hold for the rule packs that come along, and for whatever is claimed under them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from creditbank.domain.explanation import Refusal, Verdict
from creditbank.domain.rules.cases import answer_case
from creditbank.domain.rules.compile import compile_rules
from creditbank.domain.rules.decision import Context, Outcome, Proposal
from creditbank.domain.rules.evaluate import caps_of, evaluate, evaluate_untraced, family_keys, is_keyed, limit_keys
from creditbank.domain.rules.facts import read_outcome
from creditbank.domain.rules.lint import lint
from creditbank.domain.rules.model import Cap, Count, Give, Ruling, Scope, Until, Within
from creditbank.domain.values import Hundredths
from creditbank.exchange.rules import load_pack, load_pack_cases
from creditbank.gateways.documents import pack_codes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from creditbank.domain.explanation import Explanation, Line
    from creditbank.domain.rules.compile import Compiled
    from creditbank.domain.values import Text

steady = settings(deadline=None, max_examples=60)  # a busy machine is no failure
# Long lists of claims shrink for minutes; the example that was found says enough.
quick = settings(steady, phases=(Phase.explicit, Phase.reuse, Phase.generate))
CLEAN = (
    "cn-certificates",
    "cn-innovation-c",
    "cn-innovation-e",
    "cn-one-plus-x",
    "cn-share-cap",
    "in-abc",
    "kr-acbs",
    "transfer-courses",
    "uk-cats",
    "units-exact",
)
"""Packs that leave nothing open: no gap, no row or step that never acts."""

BOUND = {"rules.cap_binds", "rules.cap_full", "rules.cap_whole", "rules.count_full"}
LATE = {"rules.too_late", "rules.no_longer_valid"}


def lines_of(explanation: Explanation) -> Iterator[Line]:
    for line in explanation:
        yield line
        yield from lines_of(line.lines)


def said_by_cases(code: str) -> list[Line]:
    """Every line that the answers to a pack's cases hold."""
    compiled = compiled_pack(code)
    answers = [answer_case(compiled, case) for case in load_pack_cases(code).cases]
    return [line for answer in answers for line in lines_of(answer.explanation)]


@pytest.mark.parametrize("code", pack_codes())
def test_a_pack_brings_cases_and_says_where_its_numbers_are_from(code: str) -> None:
    rules = load_pack(code)
    assert rules.code == code
    assert load_pack_cases(code).cases, f"{code} has no cases"
    assert len(rules.source.zh) >= 30
    assert rules.source.en


@pytest.mark.parametrize("code", pack_codes())
def test_every_clause_of_a_pack_acts_in_one_of_its_cases(code: str) -> None:
    rules, said = load_pack(code), said_by_cases(code)
    clauses: set[Text | None] = {line.clause for line in said}
    parts = [*rules.adjust, *rules.choose, *rules.exclude, *rules.prerequisite, *rules.cap, *rules.validity]
    rows = [row for table in rules.tables for row in table.rows]
    assert [part.id for part in (*parts, *rows) if part.clause not in clauses] == []
    late = {line.clause for line in said if line.code in LATE}
    assert [rule.id for rule in rules.validity if isinstance(rule, Within | Until) and rule.clause not in late] == []
    bound = {line.clause for line in said if line.code in BOUND}
    assert [cap.id for cap in rules.cap if cap.clause not in bound] == []
    assert [
        cap.id for cap in rules.cap if cap.clause not in {line.clause for line in said if line.code not in BOUND}
    ] == []


@pytest.mark.parametrize("code", pack_codes())
def test_lint_finds_nothing_wrong_in_a_pack(code: str) -> None:
    found = lint(load_pack(code))
    grave = {Verdict.NO, Verdict.ASK, Verdict.NOTE} if code in CLEAN else {Verdict.NO}
    assert [finding.line for finding in found if finding.line.verdict in grave] == []


def test_no_pack_says_a_clause_twice() -> None:
    for code in pack_codes():
        rules = load_pack(code)
        clauses = [row.clause.zh for table in rules.tables for row in table.rows]
        assert len(clauses) == len(set(clauses)), code


@cache
def compiled_pack(code: str) -> Compiled:
    return compile_rules(load_pack(code))


@dataclass(frozen=True)
class Posted:
    """A recognised claim with the keys that a service stores beside it."""

    proposal: Proposal
    day: date
    families: dict[str, str]
    limits: dict[str, str]


class Account:
    """One learner under one rule set: claims are fed one after the other, limits and families add up."""

    def __init__(self, code: str, period: Callable[[date], tuple[str, str]], planned: str = "160") -> None:
        self.compiled = compiled_pack(code)
        self.period = period
        self.planned = {"programme": Hundredths(int(planned) * 100)}
        self.posted: list[Posted] = []

    def claim(self, facts: dict[str, Any], claimed_on: date = date(2030, 1, 1)) -> Proposal:
        outcome = read_outcome(self.compiled.rules, facts)
        assert not isinstance(outcome, Refusal), outcome
        day = date.fromisoformat(facts["earned_on"])
        families, limits = family_keys(self.compiled, outcome), limit_keys(self.compiled, outcome)
        near = {cap.id: self._near(cap, day) for cap in self.compiled.rules.cap if cap.beside}
        used, earlier = self._used(outcome, day, limits), self._earlier(families)
        context = Context(claimed_on, used, earlier, planned=self.planned, beside=near)
        proposal = evaluate(self.compiled, outcome, context)
        if proposal.ruling is Ruling.RECOGNISE:
            self.posted.append(Posted(proposal, day, families, limits))
        return proposal

    def _used(self, outcome: Outcome, day: date, limits: dict[str, str]) -> dict[str, int]:
        used = {}
        places = {Scope.TERM: 0, Scope.ACADEMIC_YEAR: 1}
        for cap in caps_of(self.compiled, evaluate_untraced(self.compiled, outcome).category, outcome):
            same = [
                one.proposal.credit
                for one in self.posted
                if cap.scope not in places
                or self.period(day)[places[cap.scope]] == self.period(one.day)[places[cap.scope]]
                if (one.limits.get(cap.id) == limits[cap.id] if is_keyed(cap) else cap.binds(one.proposal.category))
            ]
            used[cap.id] = len(same) if isinstance(cap.maximum, Count) else sum(same)
        return used

    def _near(self, cap: Cap, day: date) -> int:
        """What there is in a limit's scope of the credit that it stands beside."""
        place = {Scope.TERM: 0, Scope.ACADEMIC_YEAR: 1}[cap.scope]
        same = [one.proposal for one in self.posted if self.period(day)[place] == self.period(one.day)[place]]
        return sum(one.credit for one in same if one.category in cap.beside)

    def _earlier(self, families: dict[str, str]) -> dict[str, Hundredths]:
        return {
            name: Hundredths(sum(one.proposal.credit for one in self.posted if one.families.get(name) == key))
            for name, key in families.items()
        }


def korean_period(day: date) -> tuple[str, str]:
    """Term and year of a day where the year begins on 1 March and term 2 on 1 September."""
    year = day.year - (day.month < 3)
    return f"{year}-{1 if 3 <= day.month <= 8 else 2}", str(year)


@st.composite
def korean_claims(draw: st.DrawFn) -> dict[str, Any]:
    source = draw(
        st.sampled_from(("course", "part-time", "self-study", "prior-university", "qualification", "qualification"))
    )
    day = date(2023, 3, 1) + timedelta(days=draw(st.integers(0, 729)))
    facts: dict[str, Any] = {
        "source": source,
        "degree": "bachelor",
        "route": "first-degree",
        "enrolment": "none",
        "division": draw(st.sampled_from(("major", "major", "elective"))),
        "earned_on": day.isoformat(),
    }
    if source == "qualification":
        kind = draw(st.sampled_from(("sqld", "network-2", "engineer")))
        title = f"{kind} {draw(st.integers(1, 9))}"
        return facts | {"title": title, "nature": "examined", "qualification": kind, "value_table": "present"}
    facts |= {"subject": f"과목 {draw(st.integers(1, 60))}", "credits": draw(st.integers(1, 12))}
    facts |= {"institution": draw(st.sampled_from(("가나 평생교육원", "다라 평생교육원"))), "passed": True}
    return facts | {
        "attendance": draw(st.integers(78, 100)),
        "score": draw(st.integers(58, 100)),
        "self_study_part": draw(st.sampled_from(("exemption-course", "exam"))),
    }


@quick
@given(st.lists(korean_claims(), min_size=15, max_size=40))
def test_no_order_of_claims_brings_more_than_the_limits_of_korea(claims: list[dict[str, Any]]) -> None:
    account = Account("kr-acbs", korean_period)
    for facts in claims:
        account.claim({name: facts[name] for name in facts if _asked(account.compiled, name, facts)})
    classes = ("course", "part-time", "exemption-course")
    held: dict[str, int] = defaultdict(int)
    beside: dict[str, int] = defaultdict(int)
    certificates: list[str | None] = []
    for one in account.posted:
        proposal, (term, year) = one.proposal, korean_period(one.day)
        for period in (term, year):
            held[period] += proposal.credit if proposal.category in (*classes, "prior") else 0
            beside[period] += proposal.credit if proposal.category in classes else 0
        if proposal.category == "qualification":
            certificates.append(proposal.field)
    # A term is written with its number, as 2023-1; where there are classes, prior credit falls under their limits.
    assert all(held[period] <= (2400 if "-" in period else 4200) for period, credit in beside.items() if credit)
    assert len(certificates) <= 3
    assert certificates.count("elective") <= 1


def _asked(compiled: Compiled, name: str, facts: dict[str, Any]) -> bool:
    when = compiled.facts[name].when
    return all(cell.accept.accepts(facts.get(cell.fact, "")) for cell in when)


def test_a_full_term_lets_a_course_of_the_next_term_through() -> None:
    account = Account("kr-acbs", korean_period)
    facts = {
        "source": "course",
        "degree": "bachelor",
        "route": "first-degree",
        "enrolment": "none",
        "division": "general",
        "institution": "가나 평생교육원",
        "credits": 3,
        "attendance": 80,
        "score": 60,
    }
    ends = [*["2024-08-31"] * 9, "2024-09-01", "2025-02-28", "2025-03-01"]
    given_credit = [
        account.claim(facts | {"subject": f"과목 {number}", "earned_on": day}).credit for number, day in enumerate(ends)
    ]
    assert given_credit == [*[300] * 8, 0, 300, 300, 300]
    assert {one.proposal.field for one in account.posted} == {"general"}


def test_subjects_of_korea_written_differently_are_one_family() -> None:
    compiled = compiled_pack("kr-acbs")

    def key(subject: str) -> str:
        facts = {"source": "self-study", "degree": "bachelor", "route": "first-degree", "enrolment": "none"}
        facts |= {"division": "major", "subject": subject, "self_study_part": "exam", "earned_on": "2024-06-01"}
        outcome = read_outcome(compiled.rules, facts | {"credits": 3})
        assert isinstance(outcome, Outcome)
        return family_keys(compiled, outcome)["same-subject"]

    assert len({key(name) for name in ("데이터베이스 설계", "데이터베이스설계", "DB 설계", "db·설계", "ＤＢ설계")}) == 1
    assert key("데이터베이스 설계") != key("데이터베이스 개론")


def _indian(**more: Any) -> dict[str, Any]:
    facts = {"kind": "course", "assessed": True, "here": True, "credits": 4, "level": "5", "band": "theory"}
    return facts | {"earned_on": "2024-05-20"} | more


months = st.one_of(st.none(), st.integers(1, 200))


@steady
@given(months, months)
def test_credit_of_india_lives_as_long_as_the_shortest_of_three(awarder: int | None, acceptor: int | None) -> None:
    account = Account("in-abc", lambda _day: ("", ""))
    given_months = {"awarder_months": awarder, "acceptor_months": acceptor}
    facts = _indian(**{name: value for name, value in given_months.items() if value is not None})
    proposal = account.claim(facts, date(2024, 5, 20))
    shortest = min(84, *(value for value in (awarder, acceptor) if value is not None), 84)
    whole = 2024 * 12 + 4 + shortest
    assert proposal.expires_on == date(whole // 12, whole % 12 + 1, 20)


def test_credit_of_the_united_kingdom_does_not_expire() -> None:
    account = Account("uk-cats", lambda _day: ("", ""))
    facts = {"kind": "hours", "prior": True, "passed": True, "level": "4", "hours": 200, "earned_on": "1980-01-01"}
    assert (account.claim(facts).credit, account.posted[0].proposal.expires_on) == (2000, None)


SHARES = ("certificate", "training", "online", "contest", "practice")


@steady
@given(
    st.integers(1, 200),
    st.lists(st.tuples(st.sampled_from(SHARES), st.integers(1, 40)), min_size=5, max_size=30),
)
def test_recognised_credit_never_exceeds_its_share_of_a_programme(
    programme: int, claims: list[tuple[str, int]]
) -> None:
    account = Account("cn-share-cap", lambda _day: ("", ""), str(programme))
    for number, (kind, credits_given) in enumerate(claims):
        facts = {"kind": kind, "item": f"item {number}", "credits": credits_given, "earned_on": "2024-05-20"}
        account.claim(facts)
    total = {
        kind: sum(one.proposal.credit for one in account.posted if one.proposal.category == kind) for kind in SHARES
    }
    assert sum(total.values()) * 2 <= programme * 100
    for group in (("certificate", "training"), ("online",), ("contest", "practice")):
        assert sum(total[kind] for kind in group) * 4 <= programme * 100


@steady
@given(st.lists(st.tuples(st.sampled_from(("course", "mooc", "own")), st.integers(1, 30)), min_size=5, max_size=30))
def test_half_of_a_programme_of_india_is_earned_where_the_degree_is_awarded(claims: list[tuple[str, int]]) -> None:
    account = Account("in-abc", lambda _day: ("", ""), "120")
    for kind, credits_given in claims:
        facts = _indian(kind="course" if kind == "own" else kind, here=kind == "own", credits=credits_given)
        account.claim({name: facts[name] for name in facts if name != "here" or kind != "mooc"}, date(2024, 6, 1))
    total: dict[str | None, int] = defaultdict(int)
    for one in account.posted:
        total[one.proposal.category] += one.proposal.credit
    assert total["mooc"] <= 4800
    assert total["elsewhere"] + total["mooc"] <= 6000
    assert total["own"] == 100 * sum(credits_given for kind, credits_given in claims if kind == "own")


UNITS = {"ects": Fraction(1), "cats": Fraction(2), "semester-hour": Fraction(1, 2), "quarter-hour": Fraction(3, 4)}


@steady
@given(st.sampled_from(sorted(UNITS)), st.sampled_from(sorted(UNITS)), st.integers(1, 10_000))
def test_units_of_credit_are_converted_without_loss(source: str, target: str, hundredths: int) -> None:
    compiled = compiled_pack("units-exact")
    amount = f"{hundredths // 100}.{hundredths % 100:02d}"
    outcome = read_outcome(compiled.rules, {"unit_from": source, "unit_to": target, "credits": amount})
    assert isinstance(outcome, Outcome)
    answer = evaluate(compiled, outcome, Context(date(2024, 6, 30)))
    assert answer.credit == int(hundredths * UNITS[target] / UNITS[source])
    assert answer.category == (target if answer.credit else None)


def test_the_ratios_of_the_units_agree_with_each_other() -> None:
    rules = load_pack("units-exact")
    ratio = {
        row.id: row.give.credit.times  # type: ignore[union-attr]
        for row in rules.tables[0].rows
        if isinstance(row.give, Give) and not row.id.startswith("year")
    }
    for a in UNITS:
        for b in UNITS:
            for c in UNITS:
                assert ratio[f"{a}-to-{b}"] * ratio[f"{b}-to-{c}"] == ratio[f"{a}-to-{c}"]


def places_among(among: int) -> st.SearchStrategy[tuple[int, int]]:
    """Any place, and often one beside the border."""
    border = among * 15 // 100
    beside = st.sampled_from([place for place in (border, border + 1) if place >= 1])
    return st.tuples(st.one_of(beside, st.integers(1, among)), st.just(among))


@steady
@given(st.integers(1, 500).flatmap(places_among))
def test_a_place_is_a_first_prize_exactly_within_the_first_fifteen_percent(place: tuple[int, int]) -> None:
    account = Account("cn-innovation-c", lambda _day: ("", ""))
    facts = {"kind": "contest", "activity": "a", "tier": "national", "ranking_only": True, "earned_on": "2024-05-20"}
    proposal = account.claim(facts | {"place": place[0], "entrants": place[1]})
    first = Fraction(*place) <= Fraction(15, 100)
    assert (proposal.ruling, proposal.credit) == ((Ruling.RECOGNISE, 600) if first else (Ruling.MANUAL, 0))


@steady
@given(st.sampled_from(("top", "tier-1", "tier-2", "public")), st.integers(1, 20))
def test_a_later_author_never_gets_more_and_never_less_than_nothing(publication: str, author: int) -> None:
    account = Account("cn-innovation-c", lambda _day: ("", ""))
    facts = {"kind": "paper", "publication": publication, "earned_on": "2024-05-20"}
    full = {"top": 600, "tier-1": 400, "tier-2": 200, "public": 100}[publication]
    assert account.claim(facts | {"author_place": author}).credit == max(full - 50 * (author - 1), 0)
