"""Turns a programme into numbered needs and limits, and a learner's credits into a problem over them."""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from creditbank.domain.audit.model import Credit, Goal, Option, Problem
from creditbank.domain.programmes.model import LEAVES, Filter, Kind, Part, Programme, Requirement

if TYPE_CHECKING:
    from collections.abc import Sequence

_ATTRIBUTES = {
    "fields": "field",
    "categories": "category",
    "levels": "level",
    "level_at_least": "level",
    "codes": "code",
    "sources": "source",
    "grade_at_least": "grade",
    "earned_from": "earned_on",
    "earned_until": "earned_on",
}
_KEPT = 50_000


def mismatch(wanted: Filter, credit: Credit) -> str | None:
    """The first condition of the filter that the credit fails, by its name in the document, or None."""
    if wanted.fields and credit.field not in wanted.fields:
        return "fields"
    if wanted.categories and credit.category not in wanted.categories:
        return "categories"
    if wanted.levels and credit.level not in wanted.levels:
        return "levels"
    if wanted.level_at_least is not None and (credit.level is None or credit.level < wanted.level_at_least):
        return "level_at_least"
    if wanted.codes and credit.code not in wanted.codes:
        return "codes"
    if wanted.sources and credit.source not in wanted.sources:
        return "sources"
    if wanted.grade_at_least is not None and (credit.grade is None or credit.grade < wanted.grade_at_least):
        return "grade_at_least"
    if wanted.earned_from is not None and (credit.earned_on is None or credit.earned_on < wanted.earned_from):
        return "earned_from"
    if wanted.earned_until is not None and (credit.earned_on is None or credit.earned_on > wanted.earned_until):
        return "earned_until"
    if any(mismatch(exception, credit) is None for exception in wanted.besides):
        return "except"
    return None


@dataclass(frozen=True, slots=True)
class Need:
    """One stated minimum: a requirement's own (``part`` None) or a part's; ``amount`` in hundredths."""

    requirement: Requirement
    part: Part | None
    amount: int
    counts_courses: bool = False


@dataclass(frozen=True, slots=True)
class Limit:
    """One stated maximum, in hundredths."""

    requirement: Requirement
    part: Part
    amount: int


Interned = tuple[tuple[int, ...], tuple[int, ...]]


@dataclass(slots=True)
class Scope:
    """A part of the tree in which a credit counts once; its answers never depend on other scopes.

    The tables are fixed by the programme; ``_options`` only remembers what was computed for equal credits.
    """

    root: Requirement
    course_credits: int
    leaves: tuple[Requirement, ...] = ()
    needs: tuple[Need, ...] = ()
    limits: tuple[Limit, ...] = ()
    goal: Goal = field(default_factory=lambda: Goal(0, ()))
    above: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = ()
    _options: dict[Any, tuple[Option, ...]] = field(default_factory=dict)

    def options(self, credit: Credit, key: Any) -> tuple[Option, ...]:
        """The places where a credit may count; ``key`` tells apart what the filters tell apart."""
        known = self._options.get(key)
        if known is None:
            if len(self._options) > _KEPT:
                self._options.clear()
            known = self._options[key] = tuple(self._compute(credit))
        return known

    def _compute(self, credit: Credit) -> list[Option]:
        found = []
        amount = credit.hundredths
        for index, leaf in enumerate(self.leaves):
            if amount < 0 or mismatch(leaf.accepts, credit) is not None:
                continue
            gives = []
            for need_index in self.above[index][0]:
                need = self.needs[need_index]
                if need.part is not None and mismatch(need.part.accepts, credit) is not None:
                    continue
                gives.append((need_index, self.course_credits if need.counts_courses else int(amount)))
            takes = [
                (limit_index, int(amount))
                for limit_index in self.above[index][1]
                if mismatch(self.limits[limit_index].part.accepts, credit) is None
            ]
            if all(taken <= self.limits[limit_index].amount for limit_index, taken in takes):
                found.append(Option(index, tuple(gives), tuple(takes)))
        return found


@dataclass(frozen=True, slots=True)
class Compiled:
    """A programme ready for many audits. ``key`` reads from a credit all that the filters may look at."""

    programme: Programme
    scopes: tuple[Scope, ...]
    key: attrgetter[Any]
    _names: dict[Any, str] = field(default_factory=dict)

    def in_order(self, credits_: Sequence[Credit]) -> list[Credit]:
        """The credits ordered by what the filters look at; those alike keep the order in which they come.

        It makes every answer independent of names, dates and order that the programme does not look at.
        """
        names = self._names
        if len(names) > _KEPT:
            names.clear()
        again = set()
        if not self.programme.repeats:
            again = {credits_[group[0]].code for group in repeated(credits_)}
        marks = []
        for credit in credits_:
            key = self.key(credit)
            name = names.get(key)
            if name is None:
                name = names[key] = repr(key)
            marks.append((name, credit.code if credit.code in again else ""))
        return [credits_[place] for place in sorted(range(len(marks)), key=marks.__getitem__)]

    def problem(self, scope: Scope, credits_: Sequence[Credit]) -> Problem:
        """The problem of one scope; lot ``i`` of it is credit ``i``."""
        key = self.key
        options = scope.options
        lots = [options(credit, key(credit)) for credit in credits_]
        limits = [limit.amount for limit in scope.limits]
        if not self.programme.repeats:
            for positions in repeated(credits_):
                # Of credits with one code a single one counts: a limit of one piece over them.
                for position in positions:
                    lots[position] = tuple(
                        Option(option.leaf, option.gives, (*option.takes, (len(limits), 1)))
                        for option in lots[position]
                    )
                limits.append(1)
        return Problem(tuple(need.amount for need in scope.needs), tuple(limits), tuple(lots), scope.goal)


def repeated(credits_: Sequence[Credit]) -> list[list[int]]:
    """The positions of credits that share a code, group by group."""
    codes = [credit.code for credit in credits_ if credit.code]
    if len(codes) == len(set(codes)):
        return []
    groups: dict[str, list[int]] = {}
    for position, credit in enumerate(credits_):
        if credit.code:
            groups.setdefault(credit.code, []).append(position)
    return [group for group in groups.values() if len(group) > 1]


def compile_programme(programme: Programme) -> Compiled:
    """Everything about a programme that does not depend on the learner, computed once."""
    scopes = tuple(_scope(root, programme.course_credits) for root in _scope_roots(programme.requirement))
    used = {"hundredths"}
    for node in programme.requirement.walk():
        for wanted in (node.accepts, *(part.accepts for part in node.parts)):
            used |= _looked_at(wanted)
    return Compiled(programme, scopes, attrgetter(*sorted(used)))


def _scope_roots(requirement: Requirement) -> list[Requirement]:
    if not requirement.shared:
        return [requirement]
    return [root for child in requirement.children for root in _scope_roots(child)]


def _looked_at(wanted: Filter) -> set[str]:
    used = {
        attribute
        for name, attribute in _ATTRIBUTES.items()
        if getattr(wanted, name) is not None and getattr(wanted, name) != frozenset()
    }
    for exception in wanted.besides:
        used |= _looked_at(exception)
    return used


def _scope(root: Requirement, course_credits: int) -> Scope:
    leaves: list[Requirement] = []
    needs: list[Need] = []
    limits: list[Limit] = []
    above: list[tuple[tuple[int, ...], tuple[int, ...]]] = []

    def enter(node: Requirement, over: tuple[int, ...], under: tuple[int, ...]) -> Goal:
        own = []
        if node.kind is Kind.CREDITS_FROM:
            own.append(len(needs))
            needs.append(Need(node, None, node.minimum))
        elif node.kind is Kind.COURSES_FROM:
            own.append(len(needs))
            needs.append(Need(node, None, node.n * course_credits, counts_courses=True))
        for part in node.parts:
            if part.minimum is not None:
                own.append(len(needs))
                needs.append(Need(node, part, part.minimum))
            if part.maximum is not None:
                under = (*under, len(limits))
                limits.append(Limit(node, part, part.maximum))
        over = (*over, *own)
        if node.kind in LEAVES:
            leaves.append(node)
            above.append((over, under))
            return Goal(0, tuple(own))
        goals = tuple(enter(child, over, under) for child in node.children)
        n = {Kind.ALL: len(goals), Kind.ANY: 1}.get(node.kind, node.n)
        return Goal(n, tuple(own), goals)

    goal = enter(root, (), ())
    return Scope(root, course_credits, tuple(leaves), tuple(needs), tuple(limits), goal, tuple(above))
