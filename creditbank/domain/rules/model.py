"""The typed, frozen values of a rule set: facts, tables, steps, limits and what they give."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

    from creditbank.domain.explanation import Explanation
    from creditbank.domain.values import Hundredths, Text

Value = str | int | Decimal | date | bool
"""What one fact of an outcome may be once it is read: never a float."""


class Ruling(StrEnum):
    """What a rule set proposes for one outcome."""

    RECOGNISE = "recognise"
    MANUAL = "manual"
    REFUSE = "refuse"


class FactType(StrEnum):
    """The types a fact may be declared with."""

    ENUM = "enum"
    INTEGER = "integer"
    NUMBER = "number"
    DATE = "date"
    CODE = "code"
    TEXT = "text"
    BOOLEAN = "boolean"


class Hit(StrEnum):
    """How a table answers when several rows fit: ``unique`` asks a person, ``first`` takes the first row."""

    UNIQUE = "unique"
    FIRST = "first"


class RoundAt(StrEnum):
    """Where amounts are rounded: after each step, or once after the last one."""

    EACH = "each"
    END = "end"


class Scope(StrEnum):
    """What a cap counts together with the present claim."""

    CLAIM = "claim"
    TERM = "term"
    ACADEMIC_YEAR = "academic_year"
    EVER = "ever"


@dataclass(frozen=True, slots=True)
class OneOf:
    """A cell that lists its values; enum values stand in declared order, others sorted."""

    values: tuple[str | bool, ...]

    def accepts(self, value: Value) -> bool:
        """Whether the value is listed."""
        return value in self.values


@dataclass(frozen=True, slots=True)
class Interval:
    """A cell for numbers or dates; a missing end is unbounded, an open end excludes its own value."""

    low: Decimal | date | None = None
    high: Decimal | date | None = None
    low_open: bool = False
    high_open: bool = False

    def accepts(self, value: Value) -> bool:
        """Whether the value lies inside; both sides are numbers or both are dates."""
        low, high = self.low, self.high
        if low is not None and (value < low or (self.low_open and value == low)):  # type: ignore[operator]
            return False
        return not (high is not None and (value > high or (self.high_open and value == high)))  # type: ignore[operator]


Accept = OneOf | Interval


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: the fact of a name must be given and accepted."""

    fact: str
    accept: Accept


Condition = tuple[Cell, ...]
"""Cells that must all hold; an empty condition always holds, a fact not mentioned may be anything."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of an enum fact with what people call it."""

    code: str
    label: Text


@dataclass(frozen=True, slots=True)
class Fact:
    """One declared input.

    ``choices`` belong to enums; when ``ordered`` they run from the lowest to the highest. ``when`` says for
    which outcomes the fact is asked at all, by facts declared before it. ``range`` bounds numbers and dates.
    """

    name: str
    type: FactType
    label: Text
    choices: tuple[Choice, ...] = ()
    ordered: bool = False
    optional: bool = False
    when: Condition = ()
    range: Interval | None = None
    help: Text | None = None


@dataclass(frozen=True, slots=True)
class FromFact:
    """A value taken over from the outcome itself, for instance the credits a course declares."""

    fact: str


@dataclass(frozen=True, slots=True)
class Give:
    """What a row grants; ``level`` and ``field`` are the institution's own codes."""

    credit: Hundredths | FromFact
    category: str
    level: str | FromFact | None = None
    field: str | FromFact | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a regulation: its cells, what it gives (or that it refuses or asks), its clause."""

    id: str
    when: Condition
    give: Give | Ruling
    clause: Text


@dataclass(frozen=True, slots=True)
class Table:
    """A decision table over ``columns``; the conditions of a rule set's tables exclude each other."""

    code: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    when: Condition = ()
    hit: Hit = Hit.UNIQUE
    on_gap: Ruling = Ruling.MANUAL


@dataclass(frozen=True, slots=True)
class Lower:
    """Before the tables: an ordered fact counts so many steps lower; below the lowest stands ``below``."""

    id: str
    when: Condition
    fact: str
    steps: int
    below: Ruling
    clause: Text


@dataclass(frozen=True, slots=True)
class Add:
    """After the tables: add an amount, often negative, once or per unit of a fact beyond ``above``."""

    id: str
    when: Condition
    amount: Hundredths
    each: str | None
    above: int
    clause: Text


@dataclass(frozen=True, slots=True)
class Multiply:
    """After the tables: take an exact share of the amount."""

    id: str
    when: Condition
    factor: Fraction
    clause: Text


Step = Lower | Add | Multiply


@dataclass(frozen=True, slots=True)
class Choose:
    """The highest of a family only: outcomes whose ``family`` facts agree count once, at the best amount."""

    id: str
    when: Condition
    family: tuple[str, ...]
    clause: Text


@dataclass(frozen=True, slots=True)
class Cap:
    """At most ``maximum`` in a category (or in all, when ``None``) within a scope."""

    id: str
    category: str | None
    scope: Scope
    maximum: Hundredths
    clause: Text


@dataclass(frozen=True, slots=True)
class Within:
    """The outcome must have been earned at most so many months before the claim."""

    id: str
    when: Condition
    fact: str
    months: int
    otherwise: Ruling
    clause: Text


@dataclass(frozen=True, slots=True)
class Expires:
    """The credit expires so many months after the outcome was earned."""

    id: str
    when: Condition
    fact: str
    months: int
    clause: Text


Validity = Within | Expires


@dataclass(frozen=True, slots=True)
class Rounding:
    """Amounts are multiples of ``step`` hundredths, reached by ``mode`` (down, up, half_up) at ``place``."""

    step: int
    mode: str
    place: RoundAt


@dataclass(frozen=True, slots=True)
class RuleSet:
    """One immutable version of a regulation for recognition (认定): outcome -> credit."""

    code: str
    kind: str
    name: Text
    source: Text
    unit: str
    rounding: Rounding
    categories: tuple[Choice, ...]
    facts: tuple[Fact, ...]
    tables: tuple[Table, ...]
    adjust: tuple[Step, ...] = ()
    choose: tuple[Choose, ...] = ()
    cap: tuple[Cap, ...] = ()
    validity: tuple[Validity, ...] = ()


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
        used: by cap id, what the learner already holds in that cap's category and scope, without this claim.
        earlier: by choose id, what the learner already holds from the same family, reversals taken off.
    """

    claimed_on: date
    used: Mapping[str, Hundredths] = field(default_factory=lambda: MappingProxyType({}))
    earlier: Mapping[str, Hundredths] = field(default_factory=lambda: MappingProxyType({}))


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
class Proposal:
    """What a rule set proposes for an outcome, and why.

    ``credit`` is 0 unless the ruling is RECOGNISE. ``expires_on`` is the first day on which the credit no
    longer counts. The explanation is one line, the summary, with the reasons underneath.
    """

    ruling: Ruling
    credit: Hundredths
    category: str | None
    level: str | None
    field: str | None
    row: str | None
    expires_on: date | None
    explanation: Explanation
