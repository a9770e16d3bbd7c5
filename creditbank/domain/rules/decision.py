"""What is decided about an outcome: its facts, what is known around it, what the rules propose."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from creditbank.domain.explanation import Explanation
    from creditbank.domain.rules.model import Ruling, Value
    from creditbank.domain.values import Hundredths, Text


@dataclass(frozen=True, slots=True)
class Outcome:
    """The checked facts of one learning outcome, in the order the rule set declares them; hashable.

    ``None`` stands for a fact that was not asked, or was optional and left out.
    """

    values: tuple[Value | None, ...]


@dataclass(frozen=True, slots=True)
class Context:
    """What a decision needs beyond the outcome itself.

    Args:
        claimed_on: the day of the claim in the institution's zone.
        used: by cap id, what the learner already holds in that cap's category and scope, without this claim; for a
            cap on a count, how many outcomes.
        beside: by the id of a cap that holds only beside other credit, how much of that there is in its scope.
        earlier: by choose id, what the learner already holds from the same family, reversals taken off.
        held: by prerequisite id, the credit the learner holds that it asks for.
        passed: the codes of courses the learner passed; ``None`` where that is not known.
        planned: what limits that are shares take a share of: ``programme`` and the plan's categories.
    """

    claimed_on: date
    used: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    earlier: Mapping[str, Hundredths] = field(default_factory=lambda: MappingProxyType({}))
    held: Mapping[str, Hundredths] = field(default_factory=lambda: MappingProxyType({}))
    passed: frozenset[str] | None = None
    planned: Mapping[str, Hundredths] = field(default_factory=lambda: MappingProxyType({}))
    beside: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Granted:
    """What the facts alone lead to, before families, caps and dates: the answer of the bulk path."""

    ruling: Ruling
    row: str | None
    credit: Hundredths
    category: str | None
    level: str | None
    field: str | None


@dataclass(frozen=True, slots=True)
class FigureGiven:
    """A second figure beside the credit, such as credit points, in hundredths."""

    id: str
    name: Text
    amount: Hundredths


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a rule set proposes for an outcome, and why.

    ``credit`` is 0 unless the ruling is RECOGNISE. ``expires_on`` is the first day on which the credit no
    longer counts. The explanation is one line, the summary, with the reasons underneath. ``figures`` follow from
    the credit and its level.
    """

    ruling: Ruling
    credit: Hundredths
    category: str | None
    level: str | None
    field: str | None
    row: str | None
    expires_on: date | None
    explanation: Explanation
    figures: tuple[FigureGiven, ...] = ()
