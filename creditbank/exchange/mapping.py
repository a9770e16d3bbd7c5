"""Mappings: how another system's sheet becomes results, read from ``creditbank.mapping/1``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from creditbank.domain.canonical import content_hash
from creditbank.domain.results import OUTCOMES, REPEATS, SITTINGS
from creditbank.domain.rules.places import Place, Problem, UnreadableError
from creditbank.domain.values import Amount, Hundredths, Text
from creditbank.exchange.mapping_words import mapping_problem
from creditbank.exchange.sheets import SheetPlace

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

SCHEMA = "creditbank.mapping/1"

KEY = ("learner_number", "course", "presentation")
"""The facts that, with the institution, name one result."""

DATE_FORMS = (
    "YYYY-MM-DD",
    "YYYY/M/D",
    "YYYY.M.D",
    "YYYYMMDD",
    "YYYY年M月D日",
    "D/M/YYYY",
    "M/D/YYYY",
)
"""The ways to write a day that a mapping can allow; the first one is meant where it says nothing."""

_MAPPED = ("outcome", "mark", "sitting", "course_name", "term", "starts_on", "earned_on", "credit", "level", "field")
_COLUMN_FACTS = (*KEY, *_MAPPED)
_NEEDED = ("credit", "level", "field", "rule_set")
_DECLARED = (*_NEEDED, "repeat")
_SHEET_KEYS = ("name", "head_line", "delimiter")

_WORDED = {"outcome": OUTCOMES, "sitting": SITTINGS}

_Made = TypeVar("_Made")

EARLIEST_DAY = date(1900, 1, 1)
"""No result is older; an earlier day is a slip of the pen."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What a mapping states itself about a course, a presentation or all of them; None where it does not."""

    credit: Hundredths | None = None
    level: int | None = None
    field: str | None = None
    rule_set: str | None = None
    repeat: str | None = None
    """What a second pass of the course brings, one of ``REPEATS``; its credit once where nothing says otherwise."""

    def over(self, below: Declared) -> Declared:
        """These statements, and those of the wider place where these are silent."""
        return Declared(
            *(getattr(self, name) if getattr(self, name) is not None else getattr(below, name) for name in _DECLARED)
        )


@dataclass(frozen=True, slots=True)
class Presentation:
    """One presentation of a course: its term, its days, and what it states differently from its course."""

    term: str
    starts_on: date
    ends_on: date
    declared: Declared = Declared()


@dataclass(frozen=True, slots=True)
class Course:
    """One course by its code in the sheet, with the presentations it was taught in."""

    name: Text | None
    declared: Declared
    presentations: Mapping[str, Presentation]


@dataclass(frozen=True, slots=True)
class Related:
    """A sheet beside the sheet of results: another file, or another sheet of the same workbook."""

    file: str | None
    place: SheetPlace


@dataclass(frozen=True, slots=True)
class Reference:
    """A column of a related sheet."""

    sheet: str
    column: str


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One fact made from many rows: the exact mean of ``value`` weighted by ``weight``, for each group.

    Rows without a value or without a positive weight do not count; a group with no weight has no mean.
    ``join`` names the column of each of the two sheets that must agree. The mean is rounded half up to
    ``places`` decimals.
    """

    gives: str
    value: Reference
    weight: Reference | None
    join: tuple[Reference, Reference] | None
    group: Mapping[str, Reference]
    places: int


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a word in the place of a mark declares: the outcome, and the mark it stands for if any."""

    outcome: str
    mark: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Marks:
    """How a sheet without outcomes says them: a mark from ``pass_mark`` on passes, each word has a declared meaning."""

    pass_mark: Decimal
    words: Mapping[str, Meaning]


@dataclass(frozen=True, slots=True)
class Wide:
    """A sheet with one row for each learner and one column for each course; an empty cell is no result.

    ``courses`` goes from a column's heading to the course's code; all are of one ``presentation``.
    """

    presentation: str
    courses: Mapping[str, str]


SPREAD = ("course", "presentation", "mark")
"""The facts that a wide sheet says by its columns; each cell becomes a row that has them behind its own cells."""


@dataclass(frozen=True, slots=True)
class ResultMapping:
    """A whole mapping. ``digest`` is the SHA-256 of its canonical JSON; ``columns`` goes from fact to column.

    In a wide sheet the facts that its columns say (``SPREAD``) stand under their own names, and so do those of
    ``every``, which hold for every row because no column says them.
    ``courses`` is None where every course of the sheet is taken as the sheet describes it.
    """

    name: Text
    note: Text | None
    digest: str
    place: SheetPlace
    columns: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]]
    date_forms: tuple[str, ...]
    credit_more_than: Hundredths
    credit_at_most: Hundredths
    mark_at_least: Decimal
    mark_at_most: Decimal
    marks: Marks | None
    wide: Wide | None
    related: Mapping[str, Related]
    aggregate: Aggregate | None
    courses: Mapping[str, Course] | None
    presentations: Mapping[str, Presentation]
    defaults: Declared
    every: Mapping[str, str]

    @property
    def added(self) -> tuple[str, ...]:
        """The facts that stand behind the cells of each row: what a wide sheet's columns say, what holds for all."""
        return (*(SPREAD if self.wide else ()), *self.every)

    @property
    def headings(self) -> tuple[str, ...]:
        """The columns that a sheet must have."""
        own = (column for fact, column in self.columns.items() if fact not in self.added)
        return (*own, *(self.wide.courses if self.wide else ()))


def read_mapping(document: dict[str, Any]) -> ResultMapping:
    """Make a mapping of the data of a document with ``schema: creditbank.mapping/1``.

    Raises:
        UnreadableError: keys are unknown, missing or of the wrong kind, or a statement is impossible; each of
            its problems has the path.
    """
    root = Place(document).object(
        ("schema", "name", "columns"),
        (
            "note", "sheet", "values", "dates", "credit_limits", "mark_limits", "marks", "wide", "related", "aggregate",
            "courses", "presentations", "defaults", "every",
        ),
    )  # fmt: skip
    root.named("schema").one_of((SCHEMA,))
    low, high = _credit_limits(root.named("credit_limits"))
    mark_low, mark_high = _mark_limits(root.named("mark_limits"))
    wide = _wide(root.named("wide")) if root.given("wide") else None
    every = _every(root.named("every"), wide) if root.given("every") else {}
    columns = _columns(root.named("columns"), (*(SPREAD if wide else ()), *every))
    related = _each(root, "related", _related)
    plan = root.named("aggregate")
    aggregate = _aggregate(plan, related) if root.given("aggregate") else None
    if aggregate is not None and aggregate.gives in columns:
        plan.named("gives").fail(mapping_problem("column_and_aggregate", fact=aggregate.gives))
    credit = _CreditRange(low, high)
    mapping = ResultMapping(
        name=root.named("name").both(),
        note=root.named("note").both() if root.given("note") else None,
        digest=content_hash(_plain(document)),
        place=_sheet(root.named("sheet").object((), _SHEET_KEYS)) if root.given("sheet") else SheetPlace(),
        columns=columns,
        values=_values(root.named("values")),
        date_forms=root.named("dates").each(lambda form: form.one_of(DATE_FORMS), len(DATE_FORMS)) or DATE_FORMS[:1],
        credit_more_than=low,
        credit_at_most=high,
        mark_at_least=mark_low,
        mark_at_most=mark_high,
        marks=_marks(root.named("marks"), columns, (mark_low, mark_high)) if root.given("marks") else None,
        wide=wide,
        related=related,
        aggregate=aggregate,
        courses=_each(root, "courses", credit.course) if root.given("courses") else None,
        presentations=_each(root, "presentations", credit.presentation),
        defaults=credit.declared(root.named("defaults").object((), _DECLARED))
        if root.given("defaults")
        else Declared(),
        every=every,
    )
    _everything_has_a_source(mapping, root)
    return mapping


def _plain(value: Any) -> Any:
    """The same data in types that have a canonical form: decimals and very large numbers as written."""
    match value:
        case dict():
            return {key: _plain(below) for key, below in value.items()}
        case list():
            return [_plain(below) for below in value]
        case Decimal():
            return str(value)
        case int() if abs(value) > 2**53 - 1:
            return str(value)
        case _:
            return value


def _each(place: Place, name: str, read: Callable[[Place], _Made]) -> dict[str, _Made]:
    """The entries below a key whose names are free, with the problems of all of them collected."""
    if not place.given(name):
        return {}
    made: dict[str, _Made] = {}
    problems: list[Problem] = []
    for key, below in place.named(name).names():
        try:
            made[key] = read(below)
        except UnreadableError as unreadable:
            problems.extend(unreadable.problems)
    if problems:
        raise UnreadableError(tuple(problems))
    return made


def _sheet(place: Place) -> SheetPlace:
    words = {"comma": ",", "tab": "\t", "semicolon": ";"}
    return SheetPlace(
        place.named("name").text() if place.given("name") else None,
        place.named("head_line").whole(1, 100) if place.given("head_line") else 1,
        words[place.named("delimiter").one_of(tuple(words))] if place.given("delimiter") else None,
    )


def _columns(place: Place, added: Collection[str]) -> dict[str, str]:
    place.object(
        tuple(fact for fact in KEY if fact not in added), tuple(fact for fact in _COLUMN_FACTS if fact not in added)
    )
    columns = {fact: place.named(fact).text().strip() for fact in _COLUMN_FACTS if place.given(fact)}
    return columns | {fact: fact for fact in added}


def _every(place: Place, wide: Wide | None) -> dict[str, str]:
    facts = ("sitting",) if wide else ("presentation", "sitting")
    place.object((), facts)
    said = {fact: place.named(fact) for fact in facts if place.given(fact)}
    return {fact: at.one_of(SITTINGS) if fact == "sitting" else at.text().strip() for fact, at in said.items()}


def _wide(place: Place) -> Wide:
    place.object(("presentation", "courses"))
    return Wide(place.named("presentation").text().strip(), _each(place, "courses", lambda below: below.text().strip()))


def _values(place: Place) -> dict[str, dict[str, str]]:
    if place.value is None:
        return {}
    place.object((), _COLUMN_FACTS)
    values: dict[str, dict[str, str]] = {}
    for fact, below in place.names():
        values[fact] = {}
        for said, meant in below.names():
            if fact in _WORDED:
                values[fact][said] = meant.one_of(_WORDED[fact])
            elif isinstance(meant.value, int) and not isinstance(meant.value, bool):
                values[fact][said] = str(meant.value)
            else:
                # An empty text is how a word in the place of a mark, such as an absence, becomes no mark.
                values[fact][said] = "" if meant.value == "" else meant.text().strip()
    return values


def _credit_limits(place: Place) -> tuple[Hundredths, Hundredths]:
    more_than, at_most = Hundredths(0), Hundredths(6000)
    if place.value is not None:
        place.object((), ("more_than", "at_most"))
        more_than = place.named("more_than").amount() if place.given("more_than") else more_than
        at_most = place.named("at_most").amount() if place.given("at_most") else at_most
        if more_than >= at_most:
            place.fail(mapping_problem("credit_limits"))
    return more_than, at_most


def _mark_limits(place: Place) -> tuple[Decimal, Decimal]:
    if place.value is None:
        return Decimal(0), Decimal(100)
    place.object(("at_least", "at_most"))
    low, high = place.named("at_least").number(), place.named("at_most").number()
    if not -1000 < low < high < 1000:
        place.fail(mapping_problem("mark_limits"))
    return low, high


def _marks(place: Place, columns: Mapping[str, str], limits: tuple[Decimal, Decimal]) -> Marks:
    place.object(("words",), ("pass_mark",))
    if "mark" not in columns:
        place.fail(mapping_problem("marks_without_column"))

    def mark(at: Place) -> Decimal:
        number = at.number()
        if not limits[0] <= number <= limits[1]:
            at.fail(mapping_problem("mark_out_of_limits", low=str(limits[0]), high=str(limits[1])))
        return number

    def meaning(below: Place) -> Meaning:
        below.object(("outcome",), ("mark",))
        return Meaning(
            below.named("outcome").one_of(OUTCOMES), mark(below.named("mark")) if below.given("mark") else None
        )

    return Marks(
        mark(place.named("pass_mark")) if place.given("pass_mark") else Decimal(60), _each(place, "words", meaning)
    )


def _related(place: Place) -> Related:
    if "." in place.path.removeprefix("related."):
        place.fail(mapping_problem("related_dot"))
    place.object((), ("file", *_SHEET_KEYS))
    if not place.given("file") and not place.given("name"):
        place.fail(mapping_problem("related_where"))
    file = place.named("file").text() if place.given("file") else None
    if file is not None and (file in {".", ".."} or any(mark in file for mark in "/\\\0")):
        # A mapping may come from anywhere; it must not choose what else is read on this machine.
        place.named("file").fail(mapping_problem("related_folder"))
    return Related(file, _sheet(place))


def _reference(place: Place, sheets: Collection[str]) -> Reference:
    sheet, _, column = place.text().partition(".")
    if sheet not in sheets or not column.strip():
        place.fail(mapping_problem("reference", sheets=", ".join(sorted(sheets))))
    return Reference(sheet, column.strip())


def _aggregate(place: Place, related: Mapping[str, Related]) -> Aggregate:
    place.object(("gives", "function", "value", "group_by"), ("weight", "join", "places"))
    place.named("function").one_of(("weighted_mean",))
    value = _reference(place.named("value"), related)
    join = None
    if place.given("join"):
        pair = [_reference(item, related) for item in place.named("join").items(2)]
        if sum(reference.sheet == value.sheet for reference in pair) != 1 or len(pair) != 2:
            place.named("join").fail(mapping_problem("join"))
        join = (pair[0], pair[1]) if pair[0].sheet == value.sheet else (pair[1], pair[0])
    reachable = {value.sheet, join[1].sheet} if join else {value.sheet}
    group = place.named("group_by").object(KEY)
    return Aggregate(
        gives=place.named("gives").one_of(("mark",)),
        value=value,
        weight=_reference(place.named("weight"), reachable) if place.given("weight") else None,
        join=join,
        group={fact: _reference(group.named(fact), reachable) for fact in KEY},
        places=place.named("places").whole(0, 2) if place.given("places") else 2,
    )


@dataclass(frozen=True, slots=True)
class _CreditRange:
    """Reads what a mapping declares, within the credit it allows."""

    more_than: Hundredths
    at_most: Hundredths

    def credit(self, place: Place) -> Hundredths:
        credit = place.amount()
        if not self.more_than < credit <= self.at_most:
            limits = {"low": Amount(self.more_than), "high": Amount(self.at_most)}
            place.fail(mapping_problem("credit_out_of_limits", credit=Amount(credit), **limits))
        return credit

    def declared(self, place: Place) -> Declared:
        return Declared(
            self.credit(place.named("credit")) if place.given("credit") else None,
            place.named("level").whole(0, 99) if place.given("level") else None,
            place.named("field").code() if place.given("field") else None,
            place.named("rule_set").code() if place.given("rule_set") else None,
            place.named("repeat").one_of(REPEATS) if place.given("repeat") else None,
        )

    def presentation(self, place: Place) -> Presentation:
        place.object(("term", "starts_on", "ends_on"), _DECLARED)
        starts_on, ends_on = place.named("starts_on").day(), place.named("ends_on").day()
        if starts_on < EARLIEST_DAY:
            place.named("starts_on").fail(mapping_problem("too_early", day=str(EARLIEST_DAY)))
        if ends_on < starts_on:
            place.named("ends_on").fail(mapping_problem("ends_before_start", day=str(starts_on)))
        return Presentation(place.named("term").text(), starts_on, ends_on, self.declared(place))

    def course(self, place: Place) -> Course:
        place.object((), ("name", "presentations", *_DECLARED))
        return Course(
            place.named("name").both() if place.given("name") else None,
            self.declared(place),
            _each(place, "presentations", self.presentation),
        )


def _everything_has_a_source(mapping: ResultMapping, root: Place) -> None:
    """Refuse a mapping where a row would find out only late that nothing says its credit or its days."""
    if mapping.wide is not None and (mapping.marks is None or not mapping.wide.courses or mapping.aggregate):
        root.named("wide").fail(mapping_problem("wide"))
    if mapping.marks is None and "outcome" not in mapping.columns:
        root.named("columns").fail(mapping_problem("no_outcome"))
    days = [fact for fact in ("term", "starts_on", "earned_on") if fact not in mapping.columns]

    def check(declared: Declared, dated: Collection[str], place: Place) -> None:
        lacking = [f for f in _NEEDED if f not in mapping.columns and getattr(declared, f) is None]
        lacking += [] if dated else days
        if lacking:
            place.fail(mapping_problem("no_source", facts=", ".join(lacking)))

    if mapping.courses is None:
        for key, presentation in mapping.presentations.items():
            declared = presentation.declared.over(mapping.defaults)
            check(declared, mapping.presentations, root.named("presentations").named(key))
        if not mapping.presentations:
            check(mapping.defaults, (), root.named("defaults"))
        return
    for code, course in mapping.courses.items():
        place = root.named("courses").named(code)
        wider = course.declared.over(mapping.defaults)
        presentations = course.presentations or mapping.presentations
        for key, presentation in presentations.items():
            below = place.named("presentations").named(key) if course.presentations else place
            check(presentation.declared.over(wider), presentations, below)
        if not presentations:
            check(wider, (), place)
