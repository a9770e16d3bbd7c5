"""The plan of a programme: modules with their minima, and courses with their terms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from creditbank.domain.explanation import Fact
from creditbank.domain.values import Amount, Hundredths, Text

MESSAGES: dict[str, str] = {
    "plan.course_twice": "The course {course} stands in the plan more than once. Keep one of them; "
    "a course that runs through several terms names them all in one row, for instance 1-4.",
    "plan.module_empty": "The module “{module}” has no course and accepts no category of outcomes. "
    "List its courses, or say which categories count in it.",
    "plan.module_unreachable": "The module “{module}” asks for {minimum} credits, and its courses come to {offered}. "
    "Lower the minimum or add courses.",
    "plan.total_unreachable": "The programme asks for {minimum} credits, and all its courses come to {offered}. "
    "Lower the total or add courses.",
    "plan.modules_alike": "Two modules that stand side by side are both called “{module}”. Give them different names.",
    "plan.asks_nothing": "The plan asks for nothing: no course is required and no module has a minimum.",
    "plan.minimum_below_required": "The module “{module}” asks for {minimum} credits, and its required courses alone "
    "come to {required}; these are asked for.",
    "plan.total_below_modules": "The programme asks for {minimum} credits, and its modules together for {required}; "
    "these are asked for.",
    "plan.course_without_term": "The course {course} has no term, so it is in no term's planned credit.",
    "plan.changed_meanwhile": "Somebody has published version {version} of {programme} since you uploaded this plan. "
    "Nothing was published. Look at that version, then upload the plan again.",
    "plan.missing": "The programme {programme} carries no plan. Nothing was published.",
}
"""Sentences about plans, by code: the first six are errors, then come remarks, then what publication refuses."""

LAST_TERM = 12
MOST_COURSES = 600
MOST_MODULES = 80
DEEPEST = 3
"""Modules may stand in modules, so many levels in all."""

ROOT = "programme"
RESERVED = ("-required", "-elective", "-open", "-minimum")
"""How the ids of what is derived from a module end; no module's own id does."""

_NO_FACTS: Mapping[str, Fact] = MappingProxyType({})


class Nature(StrEnum):
    """What a course is in its module: must be taken, is chosen from a short list, or is chosen freely."""

    REQUIRED = "required"
    LIMITED = "limited"
    ELECTIVE = "elective"


@dataclass(frozen=True, slots=True)
class PlannedCourse:
    """One course of a plan. It lasts ``hours`` class hours or ``weeks`` of practice, in the given terms.

    Several terms share the credit evenly. ``assessment`` is in the institution's own words.
    """

    code: str
    title: Text
    nature: Nature
    credit: Hundredths
    hours: int | None = None
    weeks: int | None = None
    terms: tuple[int, ...] = ()
    assessment: str = ""


@dataclass(frozen=True, slots=True)
class Module:
    """A group of courses with the credit it asks for at least, its inner modules included.

    ``categories`` are categories of recognised outcomes that count here beside the courses.
    """

    id: str
    title: Text
    minimum: Hundredths
    courses: tuple[PlannedCourse, ...] = ()
    modules: tuple[Module, ...] = ()
    categories: frozenset[str] = frozenset()

    def walk(self) -> Iterator[Module]:
        """This module and all inside, the outer ones first."""
        yield self
        for inner in self.modules:
            yield from inner.walk()

    @property
    def required(self) -> int:
        """The credit of what nobody can leave out, in hundredths."""
        own = sum(course.credit for course in self.courses if course.nature is Nature.REQUIRED)
        return own + sum(inner.asked for inner in self.modules)

    @property
    def asked(self) -> int:
        """The credit a learner needs here at least, in hundredths."""
        return max(self.minimum, self.required)

    @property
    def offered(self) -> int:
        """The credit of all courses here and inside, in hundredths."""
        return sum(course.credit for module in self.walk() for course in module.courses)

    @property
    def is_open(self) -> bool:
        """Whether outcomes count here that the plan does not list."""
        return any(module.categories for module in self.walk())


@dataclass(frozen=True, slots=True)
class Plan:
    """All modules in order; ``minimum`` is the credit of the whole programme, where it says more than they do."""

    modules: tuple[Module, ...]
    minimum: Hundredths | None = None

    def walk(self) -> Iterator[Module]:
        """All modules, the outer ones first."""
        for module in self.modules:
            yield from module.walk()

    def courses(self) -> Iterator[PlannedCourse]:
        """All courses in reading order."""
        for module in self.walk():
            yield from module.courses

    @property
    def asked(self) -> int:
        """The credit a learner needs at least, in hundredths."""
        return max(self.minimum or 0, sum(module.asked for module in self.modules))

    def credit_by_term(self) -> dict[int, int]:
        """The planned credit of every term up to the last one that is used, in hundredths, all courses counted."""
        return _by_term(list(self.courses()))

    def required_by_term(self) -> dict[int, int]:
        """The same of the required courses only."""
        required = _by_term([course for course in self.courses() if course.nature is Nature.REQUIRED])
        return {term: required.get(term, 0) for term in self.credit_by_term()}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to say about a plan: the sentence of ``code`` with ``facts``.

    ``module`` is the id of the module it is about; ``course`` the place of the course in reading order.
    """

    code: str
    facts: Mapping[str, Fact] = field(default_factory=lambda: _NO_FACTS)
    module: str = ""
    course: int | None = None


def credit_in_term(course: PlannedCourse, term: int) -> int:
    """The hundredths of a course that fall in one of its terms; what does not divide evenly comes first."""
    share, rest = divmod(course.credit, len(course.terms))
    return share + (1 if course.terms.index(term) < rest else 0)


def faults(plan: Plan) -> tuple[Finding, ...]:
    """Everything that makes a plan unusable, in reading order; empty for a plan that can be published."""
    found: list[Finding] = []
    seen: set[str] = set()
    for place, course in enumerate(plan.courses()):
        if course.code in seen:
            found.append(Finding("plan.course_twice", {"course": course.code}, course=place))
        seen.add(course.code)
    alike = {id(module) for level in _levels(plan) for module in _repeated(level)}
    for module in plan.walk():
        named: dict[str, Fact] = {"module": module.title}
        if id(module) in alike:
            found.append(Finding("plan.modules_alike", named, module.id))
        if not (module.courses or module.modules or module.categories):
            found.append(Finding("plan.module_empty", named, module.id))
        elif module.minimum > module.offered and not module.is_open:
            amounts = {"minimum": Amount(module.minimum), "offered": Amount(module.offered)}
            found.append(Finding("plan.module_unreachable", named | amounts, module.id))
    offered = sum(module.offered for module in plan.modules)
    is_open = any(module.is_open for module in plan.modules)
    if plan.minimum is not None and plan.minimum > offered and not is_open:
        amounts = {"minimum": Amount(plan.minimum), "offered": Amount(offered)}
        found.append(Finding("plan.total_unreachable", amounts))
    if not plan.asked and not any(course.nature is Nature.REQUIRED for course in plan.courses()):
        found.append(Finding("plan.asks_nothing"))
    return tuple(found)


def remarks(plan: Plan) -> tuple[Finding, ...]:
    """What is worth a look and stands in nobody's way, in reading order."""
    found: list[Finding] = []
    for module in plan.walk():
        if module.minimum < module.required:
            facts: dict[str, Fact] = {"module": module.title, "minimum": Amount(module.minimum)}
            facts["required"] = Amount(module.required)
            found.append(Finding("plan.minimum_below_required", facts, module.id))
    required = sum(module.asked for module in plan.modules)
    if plan.minimum is not None and plan.minimum < required:
        amounts: dict[str, Fact] = {"minimum": Amount(plan.minimum), "required": Amount(required)}
        found.append(Finding("plan.total_below_modules", amounts))
    found += [
        Finding("plan.course_without_term", {"course": course.code}, course=place)
        for place, course in enumerate(plan.courses())
        if not course.terms
    ]
    return tuple(found)


def course_weight(plan: Plan) -> Hundredths:
    """What one missing course weighs beside missing credit: the mean credit of the required ones."""
    required = [course.credit for course in plan.courses() if course.nature is Nature.REQUIRED]
    return Hundredths(sum(required) // len(required) or 1) if any(required) else Hundredths(300)


def _by_term(courses: list[PlannedCourse]) -> dict[int, int]:
    last = max((term for course in courses for term in course.terms), default=0)
    found = dict.fromkeys(range(1, last + 1), 0)
    for course in courses:
        for term in course.terms:
            found[term] += credit_in_term(course, term)
    return found


def _levels(plan: Plan) -> Iterator[tuple[Module, ...]]:
    yield plan.modules
    for module in plan.walk():
        yield module.modules


def _repeated(level: tuple[Module, ...]) -> Iterator[Module]:
    seen: set[str] = set()
    for module in level:
        if module.title.zh in seen:
            yield module
        seen.add(module.title.zh)
