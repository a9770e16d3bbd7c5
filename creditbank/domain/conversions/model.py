"""The typed, frozen values of conversion rules: what is held, what it becomes, what is left over."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING

from creditbank.domain.rules.decision import Context
from creditbank.domain.rules.model import Ruling
from creditbank.domain.values import Hundredths

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from creditbank.domain.explanation import Explanation
    from creditbank.domain.rules.decision import Outcome
    from creditbank.domain.rules.model import Cap, Choice, Condition, Exclude, Fact, Prerequisite, Rounding, Validity
    from creditbank.domain.values import Text


COURSE, CERTIFICATE, OUTCOME = UNIT_CARRIERS = ("course", "certificate", "outcome")
"""What carries a certification unit 认证单元, in the words of the table of units."""
CATEGORY, INSTITUTION = "category", "institution"
CARRIERS = (*UNIT_CARRIERS, CATEGORY, INSTITUTION)
"""What a fact of an item may name: what its credit is of, its category, who gave it."""


class TargetKind(StrEnum):
    """What credit can become."""

    COURSE = "course"
    COURSE_OF = "course_of"
    CATEGORY = "category"
    REQUIREMENT = "requirement"
    ELECTIVE = "elective"
    WAIVER = "waiver"


@dataclass(frozen=True, slots=True)
class Target:
    """One thing credit becomes.

    ``code`` is a course of the library, a category or a requirement; an elective has none: it is unspecified credit. A
    waiver exempts from a course and brings no credit. ``course_of`` stands in rules only: any course of the category.
    """

    kind: TargetKind
    code: str = ""

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.code}" if self.code else self.kind.value


class Surplus(StrEnum):
    """What becomes of credit that is used and not needed: lost, kept in its lot, or made unspecified elective."""

    LOST = "lost"
    KEPT = "kept"
    ELECTIVE = "elective"


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of item that serves: its cells, how much credit it must have at least, what it must carry.

    ``units`` are codes of certification units; an item serves that carries any of them, whatever course it is.
    """

    when: Condition
    credit: Hundredths | None = None
    units: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Items that are needed together with the other groups (AND); each of them is of any of the sources (OR).

    ``count`` different items, or with ``None`` as many as it takes to reach ``credit`` together, or where that is not
    said what the targets need.
    """

    sources: tuple[Source, ...]
    count: int | None = 1
    credit: Hundredths | None = None


@dataclass(frozen=True, slots=True)
class Full:
    """The targets' own credit; ``short`` allows it although the items hold less."""

    short: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """All that the items hold, or an exact share of it."""

    times: Fraction = Fraction(1)


Worth = Full | Held | Hundredths
"""How much is made: the target's own credit, what is held, or a fixed amount."""


@dataclass(frozen=True, slots=True)
class FixedGrade:
    """The grade that is recorded whatever was earned."""

    grade: str


@dataclass(frozen=True, slots=True)
class CreditOnly:
    """No grade: recorded as credit (CR)."""


@dataclass(frozen=True, slots=True)
class KeptGrade:
    """The grade of the first group's item, from one of its facts."""

    fact: str


@dataclass(frozen=True, slots=True)
class MappedGrade:
    """The grade that the first row of a table says whose condition the first group's item fulfils."""

    rows: tuple[tuple[Condition, str], ...]


Grade = FixedGrade | CreditOnly | KeptGrade | MappedGrade


@dataclass(frozen=True, slots=True)
class Counts:
    """Where the converted course counts."""

    gpa: bool = False
    rank: bool = False
    transcript: bool = True
    graduation: bool = True


@dataclass(frozen=True, slots=True)
class ConversionRow:
    """One line of a regulation: these items become these targets.

    ``ruling`` says whether that is granted, left to a person or refused; ``locked`` rows stay as they are further down.
    """

    id: str
    groups: tuple[Group, ...]
    targets: tuple[Target, ...]
    worth: Worth
    grade: Grade
    counts: Counts
    surplus: Surplus
    clause: Text
    ruling: Ruling = Ruling.RECOGNISE
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Closed:
    """Courses that nothing converts into, by code, nature or category."""

    id: str
    courses: frozenset[str]
    natures: frozenset[str]
    categories: frozenset[str]
    clause: Text


class Standing(StrEnum):
    """How a learner stands to a course."""

    OPEN = "open"
    PASSED = "passed"
    FAILED = "failed"
    IN_PROGRESS = "in_progress"
    SELECTED = "selected"
    CONVERTED = "converted"


@dataclass(frozen=True, slots=True)
class ConversionRules:
    """One immutable version of a regulation for conversion (置换).

    ``unit`` is the unit of what is made, ``held_unit`` that of what is held. ``carriers`` say which facts of an item
    name what its credit is of and who gave it (see ``CARRIERS``). ``standings`` rule for each standing, by the clause
    in ``standing_clauses`` where one is named. ``open`` rules take further rows from further down.
    """

    code: str
    name: Text
    source: Text
    unit: str
    held_unit: str
    rounding: Rounding
    categories: tuple[Choice, ...]
    facts: tuple[Fact, ...]
    rows: tuple[ConversionRow, ...]
    carriers: Mapping[str, str]
    standings: Mapping[Standing, Ruling]
    closed: tuple[Closed, ...] = ()
    exclude: tuple[Exclude, ...] = ()
    prerequisite: tuple[Prerequisite, ...] = ()
    cap: tuple[Cap, ...] = ()
    validity: tuple[Validity, ...] = ()
    kind: str = "conversion"
    open: bool = False
    standing_clauses: Mapping[Standing, Text] = field(default_factory=lambda: MappingProxyType({}))


STANDINGS: Mapping[Standing, Ruling] = MappingProxyType(
    {
        Standing.OPEN: Ruling.RECOGNISE,
        Standing.PASSED: Ruling.REFUSE,
        Standing.FAILED: Ruling.RECOGNISE,
        Standing.IN_PROGRESS: Ruling.MANUAL,
        Standing.SELECTED: Ruling.MANUAL,
        Standing.CONVERTED: Ruling.REFUSE,
    }
)
"""What a standing leads to where the regulation says nothing."""


@dataclass(frozen=True, slots=True)
class Item:
    """Credit a learner holds: one lot, what is known of it, how much of it is there."""

    id: str
    title: Text
    outcome: Outcome
    credit: Hundredths
    expires_on: date | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """A course of the library as a learner stands to it."""

    code: str
    title: Text
    credit: Hundredths
    category: str = ""
    nature: str = ""
    retired: bool = False
    standing: Standing = Standing.OPEN


@dataclass(frozen=True, slots=True)
class Around:
    """What a conversion needs to know beyond the items: days, limits used, the library with the learner's standing."""

    context: Context
    courses: Mapping[str, Course] = field(default_factory=lambda: MappingProxyType({}))
    units: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    """What the table of certification units says: which of them a carrier, by its kind and code, carries whole."""
    complete: bool = False
    """Whether ``courses`` is all that is offered here; then nothing converts into a course that is not among them."""


@dataclass(frozen=True, slots=True)
class Use:
    """So much of an item is used up; ``left`` stays in its lot."""

    item: str
    credit: Hundredths
    left: Hundredths


@dataclass(frozen=True, slots=True)
class Made:
    """What comes of it: a target with its credit (none for a waiver) and the category it counts in."""

    target: Target
    credit: Hundredths
    category: str


@dataclass(frozen=True, slots=True)
class Possibility:
    """What one row would do with the items, and why; where it refuses nothing is used or made.

    Where a person has to settle something, it says what would be used and made if they do.
    ``surplus`` is what is used beyond what was needed, by the row's policy lost or made elective.
    """

    ruling: Ruling
    row: str
    targets: tuple[Target, ...]
    uses: tuple[Use, ...]
    made: tuple[Made, ...]
    grade: str | None
    counts: Counts
    surplus: Hundredths
    explanation: Explanation
