"""Which claims an official outcome bears out, where they differ, and which outcomes nobody claimed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from creditbank.domain.canonical import canonical
from creditbank.domain.recognition import State
from creditbank.domain.rules.sameness import normal_words

MESSAGES: dict[str, str] = {
    "lists.verified": "Verified by the official list “{list}” of {day}, line {line}. Nobody's decision was made by it.",
    "lists.differs": "The official list “{list}” of {day}, line {line}, says something else. A person decides.",
    "lists.difference": "{fact}: the claim says {claimed}, the list says {listed}.",
    "lists.no_proposal": "There is no such proposal. Nothing was changed.",
    "lists.proposal_settled": "This proposal was answered before. Nothing was changed.",
    "lists.proposal_gone": "The school has withdrawn the list. Nothing was changed; you can still deposit the outcome "
    "by yourself, with your certificate.",
    "lists.reason_needed": "Choose why you do not claim it. Nothing was changed.",
    "lists.no_kind": "There is no such kind of list here. Nothing was changed.",
    "lists.kind_packaged": "The code {kind} belongs to a kind of list that comes with the program. Give yours another.",
    "lists.no_list": "There is no such list. Nothing was changed.",
    "lists.withdrawn_before": "This list was withdrawn before. Nothing was changed.",
    "lists.no_choice": "Choose a learner, or nobody of ours, for at least one line. Nothing was changed.",
    "lists.not_doubtful": "Line {line} waits for no choice. Nothing was changed; open the page again.",
    "lists.no_outcome_type": "This school takes no outcomes of the type {type}, which this kind of list is about."
    " Open the type, or use another mapping.",
}
"""What is said of claims beside a list, and of proposals."""

DECLINED_REASONS = ("not_mine", "no_need", "facts_wrong")
"""Why a learner does not claim what a list says."""

WAITING = frozenset({State.SUBMITTED, State.UNDER_REVIEW, State.SUPPLEMENT_REQUESTED, State.SCHEDULED})
UNCLAIMED = frozenset({State.DRAFT, State.WITHDRAWN})
"""States in which nobody has asked for the outcome."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_SHORTEST = 4


class Standing(StrEnum):
    """What an outcome of a list meant for claims."""

    VERIFIED = "verified"
    DIFFERS = "differs"
    CLAIMED = "claimed"
    """A claim about it was decided before."""
    KNOWN = "known"
    """The bank holds credit for it that came another way."""
    PROPOSED = "proposed"
    TAKEN_UP = "taken_up"
    """The learner has made a claim of the proposal; it is a draft still."""
    DECLINED = "declined"
    UNSAID = "unsaid"
    """Nobody claimed it and nothing was proposed yet."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An outcome as an official list states it of one learner.

    ``same`` are the facts by which a claim is about this outcome at all, ``names`` words that its title then has,
    ``days`` how far the day of a fact may lie from the list's.
    """

    outcome_type: str
    key: str
    title: str
    facts: Mapping[str, str]
    allowed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    same: Sequence[str] = ()
    names: Sequence[str] = ()
    days: Mapping[str, int] = field(default_factory=dict)
    certificate: str = ""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A claim as far as a list can speak of it."""

    claim_id: UUID
    outcome_type: str
    title: str
    facts: Mapping[str, str]
    state: State


@dataclass(frozen=True, slots=True)
class Difference:
    """A fact of which claim and list say different things."""

    fact: str
    claimed: str
    listed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A claim that is about a listed outcome, and where they differ; without a difference it is verified."""

    claim_id: UUID
    differences: tuple[Difference, ...]

    @property
    def verified(self) -> bool:
        """Whether the list says the same."""
        return not self.differences


def compare(listed: Listed, claim: Claimed) -> Comparison | None:
    """How a claim stands to a listed outcome; nothing when it is about another one.

    A certificate number that both have decides that they are the same; without it the facts that name the outcome
    must agree: the item's name, and its day within the days allowed.
    """
    if claim.outcome_type != listed.outcome_type:
        return None
    texts = [normal_words(text) for text in (claim.title, *claim.facts.values())]
    by_number = len(listed.certificate) >= _SHORTEST and any(listed.certificate in text for text in texts)
    if not by_number:
        for fact in listed.same:
            said = claim.facts.get(fact, "")
            if not said or not _agree(said, listed.facts.get(fact, ""), listed.days.get(fact, 0), loosely=True):
                return None
        title = normal_words(claim.title)
        if not all(_same_words(normal_words(name), title) for name in listed.names):
            return None
    found = []
    for fact, value in (*((name, (text,)) for name, text in listed.facts.items()), *listed.allowed.items()):
        said = claim.facts.get(fact, "")
        if not said or (by_number and _DAY.fullmatch(said)):
            continue
        loosely = fact in listed.same
        if not any(_agree(said, one, listed.days.get(fact, 0), loosely=loosely) for one in value):
            found.append(Difference(fact, said, tuple(value)))
    return Comparison(claim.claim_id, tuple(sorted(found, key=lambda one: one.fact)))


def best_comparison(listed: Listed, claims: Iterable[Claimed]) -> tuple[Claimed, Comparison] | None:
    """Of the claims about an outcome the one that agrees best; drafts and withdrawn ones only if there is no other."""
    found = [(claim, answer) for claim in claims if (answer := compare(listed, claim)) is not None]
    return min(
        found,
        key=lambda one: (one[0].state in UNCLAIMED, len(one[1].differences), str(one[0].claim_id)),
        default=None,
    )


def same_outcome(listed: Listed, title: str, earned_on: date) -> bool:
    """Whether credit that came another way is for this outcome: its title names it and its day fits."""
    plain = normal_words(title)
    words = [normal_words(name) for name in listed.names] or [
        normal_words(text) for fact in listed.same if not _DAY.fullmatch(text := listed.facts.get(fact, ""))
    ]
    named = normal_words(listed.title) == plain or (
        bool(listed.names) and all(_same_words(word, plain) for word in words)
    )
    days = [(text, listed.days.get(fact, 0)) for fact, text in listed.facts.items() if _DAY.fullmatch(text)]
    return named and all(_near(text, earned_on.isoformat(), far) for text, far in days)


def standing_of(
    listed: Listed,
    claims: Iterable[Claimed],
    credit: Iterable[tuple[str, date]],
    proposal: str,
    others: Iterable[Listed] = (),
) -> tuple[Standing, UUID | None]:
    """What an outcome means for its learner, and the claim that it is about.

    Args:
        listed: the outcome.
        claims: all claims of the learner at this school.
        credit: title and day of credit that came otherwise than by a claim.
        proposal: the state of a proposal made of it before, empty where there is none.
        others: what lists say of the learner besides; a claim that is verified by another outcome is about that one.
    """
    others = [one for one in others if one.key != listed.key and one.outcome_type == listed.outcome_type]
    found = best_comparison(listed, (claim for claim in claims if not _is_about_another(claim, listed, others)))
    if found is not None and found[0].state not in UNCLAIMED:
        claim, answer = found
        if claim.state not in WAITING:
            return Standing.CLAIMED, claim.claim_id
        return (Standing.VERIFIED if answer.verified else Standing.DIFFERS), claim.claim_id
    if any(same_outcome(listed, title, earned_on) for title, earned_on in credit):
        return Standing.KNOWN, None
    made = {"open": Standing.PROPOSED, "claimed": Standing.TAKEN_UP, "declined": Standing.DECLINED}
    return made.get(proposal, Standing.UNSAID), found[0].claim_id if found else None


def _is_about_another(claim: Claimed, listed: Listed, others: Sequence[Listed]) -> bool:
    own = compare(listed, claim) if others else None
    if own is None or own.verified:
        return False
    return any((answer := compare(other, claim)) is not None and answer.verified for other in others)


_T = TypeVar("_T")


def in_force(stated: Iterable[tuple[date, Mapping[str, object], _T]]) -> _T | None:
    """Of several statements about one outcome of one person the one that counts: of the latest list.

    Two lists of one day are told apart by what they say, so that the order in which they came decides nothing.
    """
    return max(stated, key=lambda one: (one[0], canonical(dict(one[1]))), default=(None, None, None))[2]


def _agree(said: str, listed: str, days: int, *, loosely: bool) -> bool:
    if _DAY.fullmatch(said) and _DAY.fullmatch(listed):
        return _near(said, listed, days)
    one, other = normal_words(said), normal_words(listed)
    return _same_words(one, other) if loosely else one == other


def _near(one: str, other: str, days: int) -> bool:
    try:
        return abs((date.fromisoformat(one) - date.fromisoformat(other)).days) <= days
    except ValueError:
        return False


def _same_words(one: str, other: str) -> bool:
    """Whether two names are the same, or one of them is the other with words around it."""
    if not one or not other:
        return False
    short, long = sorted((one, other), key=len)
    return short == long or (len(short) >= _SHORTEST and short in long)
