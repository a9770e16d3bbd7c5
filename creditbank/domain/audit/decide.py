"""Audits one learner's credit against a programme: best allocation, proof, re-check and answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from creditbank.domain.audit.answer import (
    Answer,
    CutAnswer,
    Fix,
    NodeAnswer,
    NotUsed,
    PartAnswer,
    Reason,
    Used,
)
from creditbank.domain.audit.bound import cuts
from creditbank.domain.audit.compiled import Compiled, Scope, compile_programme, mismatch, repeated
from creditbank.domain.audit.figures import Figure, figures
from creditbank.domain.audit.model import NOTHING, Allocation, Credit, Found, Problem, Proof, Solve
from creditbank.domain.audit.search import search
from creditbank.domain.audit.settle import Choice, settle
from creditbank.domain.audit.verify import verify
from creditbank.domain.programmes.model import LEAVES, Filter, Kind, Part, Programme, Requirement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from creditbank.domain.values import Text

_STRENGTH = [Proof.BOUND, Proof.SEARCH, Proof.SOLVER, Proof.OPEN]


@dataclass(frozen=True, slots=True)
class _Solved:
    scope: Scope
    problem: Problem
    found: Found
    choice: Choice
    held: list[Credit]


def audit(
    programme: Programme | Compiled,
    credits_: Sequence[Credit],
    *,
    previous: Allocation = NOTHING,
    solve: Solve | None = None,
    on: date | None = None,
) -> Answer:
    """What the credits fulfil of a programme, at best, with the proof that no allocation does better.

    Args:
        programme: what is asked; compile it once (:func:`compile_programme`) where many audits follow.
        credits_: every credit of the learner, in any order; the order never changes the answer.
        previous: yesterday's allocation, kept wherever it is as good as any.
        solve: asked when branch and bound spends its budget.
        on: the day of the audit; credit whose last day lies before it does not count.

    Raises:
        ValueError: two credits share an id.
        VerificationError: the independent re-check found a fault, which is a defect of the search.
    """
    compiled = programme if isinstance(programme, Compiled) else compile_programme(programme)
    programme = compiled.programme
    everything = sorted(credits_, key=_standing)
    if len({credit.id for credit in everything}) != len(everything):
        raise ValueError("two credits share an id")
    usable = [credit for credit in everything if not _expired(credit, on)]
    solved = [solve_scope(compiled, scope, usable, previous=previous, solve=solve) for scope in compiled.scopes]
    counted: dict[str, list[Credit]] = {}
    pairs = []
    for part in solved:
        for lot, index in enumerate(part.choice):
            if index is not None:
                leaf = part.scope.leaves[part.problem.lots[lot][index].leaf]
                counted.setdefault(leaf.id, []).append(part.held[lot])
                pairs.append((part.held[lot].id, leaf.id))
    for told in counted.values():
        told.sort(key=_standing)
    allocation = frozenset(pairs)
    found = figures(programme, counted, accepts)
    root = found[programme.requirement.id]
    verify(
        programme,
        everything,
        allocation,
        shortage=root.shortage,
        counted={name: figure.counted for name, figure in found.items()},
        on=on,
    )
    shortage = sum(part.found.shortage for part in solved)
    if root.shortage != shortage:
        raise AssertionError(f"the search says {shortage} is missing, the figures say {root.shortage}")
    teller = _Teller(compiled, everything, on, solved, allocation, counted, found)
    return Answer(
        programme=programme.code,
        title=programme.title,
        on=on,
        met=root.met,
        shortage=shortage,
        missing=root.missing,
        bound=sum(part.found.bound for part in solved),
        proof=max((part.found.proof for part in solved), key=_STRENGTH.index),
        states=sum(part.found.states for part in solved),
        status=" ".join(sorted({part.found.status for part in solved if part.found.status})),
        allocation=allocation,
        counted=root.counted,
        tree=teller.node(programme.requirement),
        unused=teller.unused(),
        cuts=tuple(cut for part in solved for cut in _cuts(part)),
        fixes=tuple(teller.fixes()),
    )


def solve_scope(
    compiled: Compiled,
    scope: Scope,
    credits_: Sequence[Credit],
    *,
    previous: Allocation = NOTHING,
    solve: Solve | None = None,
) -> _Solved:
    """The settled best allocation of one scope; unexpired credits, of those alike the older first."""
    held = compiled.in_order(credits_)
    problem = compiled.problem(scope, held)
    liked: list[int | None] = []
    before: list[int | None] = []
    if previous:
        number = {leaf.id: index for index, leaf in enumerate(scope.leaves)}
        places = {credit: number[leaf] for credit, leaf in previous if leaf in number}
        liked = [places.get(credit.id) for credit in held]
        before = [
            next((index for index, option in enumerate(options) if option.leaf == leaf), None)
            for options, leaf in zip(problem.lots, liked, strict=True)
        ]
    found = search(problem, solve=solve, preferred=liked)
    return _Solved(scope, problem, found, settle(problem, found.chosen, before), held)


def accepts(wanted: Filter, credit: Credit) -> bool:
    """Whether a filter accepts a credit."""
    return mismatch(wanted, credit) is None


def _standing(credit: Credit) -> tuple[date, str]:
    return credit.earned_on or date.max, credit.id


def _expired(credit: Credit, on: date | None) -> bool:
    return on is not None and credit.expires_on is not None and credit.expires_on < on


def _cuts(part: _Solved) -> list[CutAnswer]:
    answers = []
    for cut in cuts(part.problem, part.found.shortage):
        needs = [part.scope.needs[need] for need in cut.needs]
        named = [need.part or need.requirement for need in needs]
        limits = [part.scope.limits[limit].part.id for limit in cut.limits if limit < len(part.scope.limits)]
        answers.append(
            CutAnswer(
                tuple(place.id for place in named),
                tuple(place.title for place in named),
                cut.needed,
                cut.available,
                tuple(limits),
            )
        )
    return answers


class _Teller:
    """Tells one audit's outcome as an answer tree."""

    def __init__(
        self,
        compiled: Compiled,
        everything: Sequence[Credit],
        on: date | None,
        solved: Sequence[_Solved],
        allocation: Allocation,
        counted: dict[str, list[Credit]],
        found: dict[str, Figure],
    ) -> None:
        self.programme = compiled.programme
        self.everything = everything
        self.on = on
        self.counted = counted
        self.found = found
        self.scope_of = {leaf.id: part.scope for part in solved for leaf in part.scope.leaves}
        self.place: dict[tuple[str, int], str] = {
            (credit, id(self.scope_of[leaf])): leaf for credit, leaf in allocation
        }
        self.placed = {credit for credit, _ in allocation}
        self.repeat: dict[tuple[str, int], str] = {}
        if not self.programme.repeats:
            for group in repeated(everything):
                for part in solved:
                    here = [everything[lot].id for lot in group if (everything[lot].id, id(part.scope)) in self.place]
                    for lot in group:
                        if here and everything[lot].id != here[0]:
                            self.repeat[everything[lot].id, id(part.scope)] = here[0]
        self.limits_over: dict[str, list[Part]] = {}
        self._limits(self.programme.requirement, [])
        self.nodes = {node.id: node for node in self.programme.requirement.walk()}

    def _limits(self, node: Requirement, above: list[Part]) -> None:
        above = above + [part for part in node.parts if part.maximum is not None]
        self.limits_over[node.id] = above
        for child in node.children:
            self._limits(child, above)

    def node(self, node: Requirement) -> NodeAnswer:
        figure = self.found[node.id]
        leaf = node.kind in LEAVES
        used = [Used(credit.id, credit.code, credit.hundredths) for credit in self.counted.get(node.id, ())]
        others = self._others(node) if leaf else []
        return NodeAnswer(
            id=node.id,
            title=node.title,
            kind=node.kind,
            met=figure.met,
            wanted=figure.wanted,
            minimum=node.minimum,
            n=node.n,
            counted=figure.counted,
            courses=figure.courses,
            short_by=figure.short_by,
            shortage=figure.shortage,
            missing=figure.missing,
            used=tuple(used),
            others=tuple(others),
            parts=tuple(self._part(part) for part in node.parts),
            children=tuple(self.node(child) for child in node.children),
        )

    def _part(self, part: Part) -> PartAnswer:
        figure = self.found[part.id]
        kept_out = []
        if part.maximum is not None:
            for leaf in self.programme.requirement.leaves():
                if part in self.limits_over[leaf.id]:
                    kept_out += [
                        credit.id
                        for credit in self.everything
                        if self._why(credit, leaf) == (Reason.LIMIT, part.id) and credit.id not in kept_out
                    ]
        return PartAnswer(
            part.id,
            part.title,
            part.minimum,
            part.maximum,
            figure.counted,
            figure.short_by,
            figure.met,
            tuple(kept_out),
        )

    def _why(self, credit: Credit, leaf: Requirement) -> tuple[Reason, str] | None:
        """Why a credit is not counted in a leaf; None when it is."""
        scope = id(self.scope_of[leaf.id])
        place = self.place.get((credit.id, scope))
        if place == leaf.id:
            return None
        if _expired(credit, self.on):
            return Reason.EXPIRED, str(credit.expires_on)
        failed = mismatch(leaf.accepts, credit)
        if failed is not None:
            return Reason.NOT_ACCEPTED, failed
        if place is not None:
            return Reason.ELSEWHERE, place
        if (credit.id, scope) in self.repeat:
            return Reason.REPEAT, self.repeat[credit.id, scope]
        if not self.found[leaf.id].wanted:
            return Reason.NOT_CHOSEN, ""
        if self._helps(credit, leaf):
            for part in self.limits_over[leaf.id]:
                if accepts(part.accepts, credit):
                    room = (part.maximum or 0) - self.found[part.id].counted
                    if credit.hundredths > room:
                        return Reason.LIMIT, part.id
        return Reason.NOT_NEEDED, ""

    def _helps(self, credit: Credit, leaf: Requirement) -> bool:
        """Whether counting the credit in the leaf would make anything less short."""
        if self.found[leaf.id].short_by:
            return True
        return any(
            self.found[part.id].short_by and accepts(part.accepts, credit)
            for node in self.programme.requirement.walk()
            if leaf in node.leaves()
            for part in node.parts
        )

    def _others(self, leaf: Requirement) -> list[NotUsed]:
        figure = self.found[leaf.id]
        told = []
        for credit in self.everything:
            why = self._why(credit, leaf)
            if why is None:
                continue
            reason, detail = why
            foreign = reason is Reason.NOT_ACCEPTED
            if foreign and (figure.met or not figure.wanted or credit.id in self.placed):
                continue
            if reason is Reason.EXPIRED and mismatch(leaf.accepts, credit) is not None:
                continue
            told.append(NotUsed(credit.id, credit.code, credit.hundredths, reason, detail))
        return told

    def unused(self) -> tuple[NotUsed, ...]:
        """Every credit that counts nowhere, with the reason that comes nearest to counting."""
        told = []
        nearness = [Reason.LIMIT, Reason.REPEAT, Reason.NOT_NEEDED, Reason.NOT_CHOSEN, Reason.EXPIRED]
        for credit in self.everything:
            if credit.id in self.placed:
                continue
            reasons = [self._why(credit, leaf) for leaf in self.programme.requirement.leaves()]
            known = [why for why in reasons if why is not None]
            reason, detail = min(known, key=lambda why: nearness.index(why[0]) if why[0] in nearness else len(nearness))
            if reason is Reason.NOT_ACCEPTED:
                detail = ""
            told.append(NotUsed(credit.id, credit.code, credit.hundredths, reason, detail))
        return tuple(told)

    def fixes(self) -> list[Fix]:
        """What each gap asks for, in reading order."""
        fixes = []
        for node in self.programme.requirement.walk():
            figure = self.found[node.id]
            if not figure.wanted:
                continue
            if figure.short_by and node.kind is Kind.COURSES_FROM:
                fixes.append(_fix(node.id, node.title, 0, figure.short_by, node.accepts))
            elif figure.short_by:
                fixes.append(_fix(node.id, node.title, figure.short_by, 0, node.accepts))
            for part in node.parts:
                short = self.found[part.id].short_by
                if short:
                    fixes.append(_fix(part.id, part.title, short, 0, node.accepts, part.accepts))
        return fixes


def _fix(name: str, title: Text, hundredths: int, courses: int, *accepted: Filter) -> Fix:
    return Fix(name, title, hundredths, courses, tuple(wanted for wanted in accepted if wanted != Filter()))
