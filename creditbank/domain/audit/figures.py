"""The figures of an allocation: counted, short and met for each requirement and part."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from creditbank.domain.audit.model import Credit
from creditbank.domain.programmes.model import LEAVES, Filter, Kind, Programme, Requirement


@dataclass(frozen=True, slots=True)
class Figure:
    """How one requirement or part stands.

    ``counted`` is hundredths, ``courses`` a number; ``short_by`` is missing here itself (hundredths,
    courses for ``courses_from``), ``shortage`` is the sum of all
    that is short here and underneath, in hundredths, which an audit makes least. ``missing`` is the credit
    that closes it at the least (hundredths): short by 60 and its level part by 30, 60 credits close both.

    ``wanted`` is False in a branch of a choice that is not among the nearest, and for everything underneath.
    """

    counted: int
    courses: int
    short_by: int
    shortage: int
    missing: int
    wanted: bool = True

    @property
    def met(self) -> bool:
        """Whether nothing is missing here or underneath."""
        return self.shortage == 0


Accepts = Callable[[Filter, Credit], bool]


def figures(programme: Programme, counted: Mapping[str, Sequence[Credit]], accepts: Accepts) -> dict[str, Figure]:
    """The figures by id of requirement or part; ``counted`` names the credits of each leaf."""
    found: dict[str, Figure] = {}
    _node(programme.requirement, programme.course_credits, counted, accepts, found)
    _mark(programme.requirement, found, wanted=True)
    return found


def _node(
    node: Requirement,
    course_credits: int,
    counted: Mapping[str, Sequence[Credit]],
    accepts: Accepts,
    found: dict[str, Figure],
) -> list[Credit]:
    here: list[Credit]
    short_by = 0
    if node.kind in LEAVES:
        here = list(counted.get(node.id, ()))
        amount = _sum(here)
        if node.kind is Kind.CREDITS_FROM:
            short_by = max(0, node.minimum - amount)
            total = short_by
        else:
            short_by = max(0, node.n - len(here))
            total = short_by * course_credits
        least = total
    else:
        here = []
        for child in node.children:
            here.extend(_node(child, course_credits, counted, accepts, found))
        if node.shared:
            here = list({credit.id: credit for credit in here}.values())
        amount = _sum(here)
        below = sorted(found[child.id].shortage for child in node.children)
        nearest = {Kind.ALL: len(below), Kind.ANY: 1}.get(node.kind, node.n)
        total = sum(below[:nearest])
        gaps = [
            gap for _, gap in sorted((found[child.id].shortage, found[child.id].missing) for child in node.children)
        ]
        least = max(gaps) if node.shared else sum(gaps[:nearest])
    for part in node.parts:
        of_it = [credit for credit in here if accepts(part.accepts, credit)]
        sum_of_it = _sum(of_it)
        missing = max(0, (part.minimum or 0) - sum_of_it)
        found[part.id] = Figure(sum_of_it, len(of_it), missing, missing, missing)
        total += missing
        least = max(least, missing)
    found[node.id] = Figure(amount, len(here), short_by, total, least)
    return here


def _sum(credits_: list[Credit]) -> int:
    return sum([credit.hundredths for credit in credits_])


def _mark(node: Requirement, found: dict[str, Figure], *, wanted: bool) -> None:
    if not wanted:
        for name in (node.id, *(part.id for part in node.parts)):
            found[name] = replace(found[name], wanted=False)
    if not node.children:
        return
    if node.kind is Kind.ALL:
        for child in node.children:
            if not wanted or child.children:
                _mark(child, found, wanted=wanted)
        return
    n = 1 if node.kind is Kind.ANY else node.n
    ranked = sorted(range(len(node.children)), key=lambda index: (found[node.children[index].id].shortage, index))
    nearest = set(ranked[:n])
    for index, child in enumerate(node.children):
        _mark(child, found, wanted=wanted and index in nearest)
