"""Audits many learners at once: equal multisets of credit are decided once, answers are compact."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from creditbank.domain.audit.decide import accepts, solve_scope
from creditbank.domain.audit.figures import figures
from creditbank.domain.audit.model import Credit, Proof, Solve
from creditbank.domain.audit.verify import verify

if TYPE_CHECKING:
    from datetime import date

    from creditbank.domain.audit.compiled import Compiled

_KEPT = 200_000
_PROOFS = [Proof.BOUND, Proof.SEARCH, Proof.SOLVER, Proof.OPEN]

Learner = TypeVar("Learner", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a multiset of credit stands to a programme.

    ``shortage``, ``missing`` and ``counted`` are hundredths in all, as in an answer; ``by_requirement``
    holds, in the order of :func:`rows`, hundredths counted and hundredths missing.
    """

    met: bool
    shortage: int
    missing: int
    counted: int
    proof: Proof
    by_requirement: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Result(Generic[Learner]):
    """The standing of one learner."""

    learner: Learner
    standing: Standing


def rows(compiled: Compiled) -> tuple[str, ...]:
    """The ids of requirements and parts in the order of ``Standing.by_requirement``."""
    return tuple(
        name for node in compiled.programme.requirement.walk() for name in (node.id, *(part.id for part in node.parts))
    )


def population(
    compiled: Compiled,
    learners: Iterable[tuple[Learner, Sequence[Credit]]],
    *,
    solve: Solve | None = None,
    on: date | None = None,
    check: bool = True,
) -> Iterator[Result[Learner]]:
    """The standing of each learner, in the order given, one at a time.

    The figures are those of :func:`creditbank.domain.audit.decide.audit` without a previous allocation. Every
    allocation is re-checked before its standing is given, unless ``check`` is off, which is for measuring
    only.
    """
    known: dict[Any, Standing] = {}
    names = rows(compiled)
    key = compiled.key
    repeats = compiled.programme.repeats
    for learner, held in learners:
        credits_ = held
        if on is not None:
            credits_ = [credit for credit in held if credit.expires_on is None or credit.expires_on >= on]
        signature = _signature(credits_, key, repeats=repeats)
        standing = known.get(signature)
        if standing is None:
            if len(known) >= _KEPT:
                known.clear()
            standing = known[signature] = _standing(compiled, credits_, names, solve, check=check)
        yield Result(learner, standing)


def _signature(credits_: Sequence[Credit], key: Any, *, repeats: bool) -> Any:
    """What equal standings share: everything the filters look at, and which credits repeat a code."""
    if not credits_:
        return ()
    if len(credits_) == 1:
        return (key(credits_[0]),)
    if not repeats:
        codes = [credit.code for credit in credits_ if credit.code]
        if len(codes) != len(set(codes)):
            return frozenset(_counts((key(credit), credit.code) for credit in credits_).items())
    return frozenset(_counts(map(key, credits_)).items())


def _counts(items: Iterable[Any]) -> dict[Any, int]:
    counts: dict[Any, int] = {}
    for item in items:
        counts[item] = counts.get(item, 0) + 1
    return counts


def _standing(
    compiled: Compiled,
    credits_: Sequence[Credit],
    names: tuple[str, ...],
    solve: Solve | None,
    *,
    check: bool,
) -> Standing:
    counted: dict[str, list[Credit]] = {}
    pairs = []
    proofs = []
    shortage = 0
    for scope in compiled.scopes:
        part = solve_scope(compiled, scope, credits_, solve=solve)
        proofs.append(part.found.proof)
        shortage += part.found.shortage
        for lot, index in enumerate(part.choice):
            if index is not None:
                leaf = scope.leaves[part.problem.lots[lot][index].leaf].id
                counted.setdefault(leaf, []).append(part.held[lot])
                pairs.append((part.held[lot].id, leaf))
    found = figures(compiled.programme, counted, accepts)
    root = found[compiled.programme.requirement.id]
    if check:
        verify(
            compiled.programme,
            credits_,
            frozenset(pairs),
            shortage=shortage,
            counted={name: figure.counted for name, figure in found.items()},
        )
    return Standing(
        met=root.met,
        shortage=shortage,
        missing=root.missing,
        counted=root.counted,
        proof=max(proofs, key=_PROOFS.index),
        by_requirement=tuple((found[name].counted, found[name].missing) for name in names),
    )
