"""The typed, frozen values of a rule set: facts, tables, steps, limits and what they give."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING

from creditbank.domain.values import Hundredths

if TYPE_CHECKING:
    from creditbank.domain.values import Text

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
    """How a table answers when several rows fit.

    ``unique`` asks a person; ``first`` takes the first row; ``priority`` takes the row of the highest priority and
    asks a person where two share it; ``collect_max`` takes the row that gives most; ``collect_sum`` adds up all.
    Where rows are collected, one that refuses goes before one that asks, and that before all that give.
    """

    UNIQUE = "unique"
    FIRST = "first"
    PRIORITY = "priority"
    COLLECT_MAX = "collect_max"
    COLLECT_SUM = "collect_sum"


COLLECTS = (Hit.COLLECT_MAX, Hit.COLLECT_SUM)


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
    """A value taken over from the outcome itself, for instance the credits a course declares, or a share of them."""

    fact: str
    times: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class PerUnit:
    """So much credit for each ``each`` of a fact: 0.5 for each 16 hours; ``whole`` counts full portions only.

    Several facts, in the order they are declared, are counted together: 1 for each 8 lectures and readings.
    """

    of: tuple[str, ...]
    each: Decimal
    gives: Hundredths
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Tiers:
    """The amount of the highest tier that a fact reaches; ``tiers`` rise, below the first one stands ``below``."""

    of: str
    tiers: tuple[tuple[Decimal, Hundredths], ...]
    below: Ruling


CreditOf = Hundredths | FromFact | PerUnit | Tiers
"""How a row says its credit: fixed, taken over or a share of it (ratio), by hours or by count, tiered."""


@dataclass(frozen=True, slots=True)
class Give:
    """What a row grants; ``level`` and ``field`` are the institution's own codes."""

    credit: CreditOf
    category: str
    level: str | FromFact | None = None
    field: str | FromFact | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a regulation: its cells, what it gives (or that it refuses or asks), its clause.

    A ``locked`` row is one that nobody further down may tighten.
    """

    id: str
    when: Condition
    give: Give | Ruling
    clause: Text
    priority: int = 0
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A decision table over ``columns``; the conditions of a rule set's tables exclude each other.

    For overlays: where it is ``open``, rows may be added; ``locked`` locks all its rows, and adding to it.
    """

    code: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    when: Condition = ()
    hit: Hit = Hit.UNIQUE
    on_gap: Ruling = Ruling.MANUAL
    open: bool = False
    locked: bool = False


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
class Rank:
    """Before the tables: what a place among entrants counts as, for contests that only rank.

    ``fact`` becomes the value of the first band whose share holds ``place`` / ``among``; the last band has no share
    and holds all others.
    """

    id: str
    when: Condition
    fact: str
    place: str
    among: str
    bands: tuple[tuple[Fraction | None, str], ...]
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


@dataclass(frozen=True, slots=True)
class Divide:
    """After the tables: share the amount equally, 1/N for a team of N."""

    id: str
    when: Condition
    by: str
    clause: Text


@dataclass(frozen=True, slots=True)
class Share:
    """After the tables: the share of a place, the first of ``parts`` for place 1; ``rest`` for all later places."""

    id: str
    when: Condition
    fact: str
    parts: tuple[Fraction, ...]
    rest: Fraction
    clause: Text


Before = Lower | Rank
"""Steps that change a fact before the tables look at it."""

After = Add | Multiply | Divide | Share
"""Steps that change the amount a row gives."""

Step = Before | After


@dataclass(frozen=True, slots=True)
class Choose:
    """The highest of a family only: outcomes whose ``family`` facts agree count once, at the best amount."""

    id: str
    when: Condition
    family: tuple[str, ...]
    clause: Text


@dataclass(frozen=True, slots=True)
class Exclude:
    """Outcomes that bring no credit at all (除外), whatever a table says."""

    id: str
    when: Condition
    otherwise: Ruling
    clause: Text


@dataclass(frozen=True, slots=True)
class NeedsCredit:
    """So much credit of a category (or of all, when ``None``) that the learner holds already."""

    category: str | None
    least: Hundredths


@dataclass(frozen=True, slots=True)
class NeedsCourses:
    """Courses that the learner passed before: so many of these codes."""

    courses: tuple[str, ...]
    least: int


@dataclass(frozen=True, slots=True)
class Prerequisite:
    """What a learner must have before the outcome counts; a person decides where it is not known."""

    id: str
    when: Condition
    needs: NeedsCredit | NeedsCourses
    otherwise: Ruling
    clause: Text


@dataclass(frozen=True, slots=True)
class Portion:
    """A limit that is a share of something planned: of ``of``, such as ``programme`` or a code of its categories."""

    share: Fraction
    of: str


@dataclass(frozen=True, slots=True)
class Count:
    """A limit on how many outcomes count, whatever each gives."""

    most: int


@dataclass(frozen=True, slots=True)
class Cap:
    """At most ``maximum`` in some categories (or in all, when empty) within a scope.

    ``when`` names the outcomes it is about. ``by`` counts apart what differs in these facts: each contest, each
    training institution. ``whole`` grants all or nothing where the room is less than the amount. With ``beside`` it
    holds only where there is credit of one of these categories within its scope, the present claim included.
    """

    id: str
    categories: tuple[str, ...]
    scope: Scope
    maximum: Hundredths | Portion | Count
    clause: Text
    when: Condition = ()
    by: tuple[str, ...] = ()
    whole: bool = False
    locked: bool = False
    beside: tuple[str, ...] = ()

    def binds(self, category: str | None) -> bool:
        """Whether credit of a category falls under it."""
        return not self.categories or category in self.categories


@dataclass(frozen=True, slots=True)
class Within:
    """The outcome must have been earned at most so many months before the claim."""

    id: str
    when: Condition
    fact: str
    months: int
    otherwise: Ruling
    clause: Text
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Expires:
    """The credit expires so many months after a day; ``months`` may be a fact, the awarder's own period."""

    id: str
    when: Condition
    fact: str
    months: int | FromFact
    clause: Text
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Until:
    """The certificate itself counts up to the day in a fact; ``ends_credit``: the credit no longer than that."""

    id: str
    when: Condition
    fact: str
    ends_credit: bool
    otherwise: Ruling
    clause: Text
    locked: bool = False


Validity = Within | Expires | Until
"""Rules about days. Of several that end the credit the earliest counts: min(awarder, acceptor)."""


@dataclass(frozen=True, slots=True)
class Rounding:
    """Amounts are multiples of ``step`` hundredths, reached by ``mode`` (down, up, half_up) at ``place``."""

    step: int
    mode: str
    place: RoundAt


@dataclass(frozen=True, slots=True)
class Abbreviation:
    """What people write for short, and in full; families and limits take both for the same."""

    short: str
    full: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A second figure beside the credit: the credit times a ratio, or times the weight of the level it is given at.

    ``times`` is the ratio, or the weights by level; the figure is rounded to multiples of ``step`` hundredths.
    """

    id: str
    name: Text
    times: Fraction | tuple[tuple[str, Fraction], ...]
    step: int
    mode: str
    clause: Text


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
    exclude: tuple[Exclude, ...] = ()
    abbreviations: tuple[Abbreviation, ...] = ()
    prerequisite: tuple[Prerequisite, ...] = ()
    figures: tuple[Figure, ...] = ()
