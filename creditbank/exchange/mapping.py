"""Mappings: how the columns of another system's sheet become results, read from ``creditbank.mapping/1``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any, TypeVar

from creditbank.domain.canonical import content_hash
from creditbank.domain.values import Hundredths, Text, parse_credit
from creditbank.exchange.encoding import SheetProblem
from creditbank.exchange.sheets import SheetPlace

SCHEMA = "creditbank.mapping/1"

MESSAGES: dict[str, str] = {
    "mapping.schema": "{name} is not a mapping: its schema is {found}, not creditbank.mapping/1.",
    "mapping.unknown_key": "{name} has an unknown key at {path}. Known there: {known}.",
    "mapping.missing_key": "{name} lacks {path}.",
    "mapping.wrong_kind": "{name} has something else than {wanted} at {path}.",
    "mapping.unknown_word": "{name} says {found} at {path}; it must be one of: {known}.",
    "mapping.not_a_day": "{name} says {found} at {path}, which is not a day like 2014-06-26.",
    "mapping.not_a_number": "{name} says {found} at {path}, which is not an exact number there.",
    "mapping.dates_order": "{name} lets {path} end before it starts.",
    "mapping.credit_range": "{name} gives {found} credits at {path}; it must be more than {low} and at most "
    "{high}. Widen credit_limits if that is meant.",
    "mapping.nowhere": "{name} says nowhere where {fact} comes from: neither a column, a course nor a "
    "default has it (at {path}).",
    "mapping.twice": "{name} says twice where {fact} comes from. Keep the column or the aggregate.",
    "mapping.reference": "{name} names {found} at {path}; write it as a related sheet, a dot and a column.",
}
"""Sentences of the refusals this module makes, by code."""

OUTCOMES = ("distinction", "pass", "fail", "withdrawn", "absent", "deferred")
"""What a result can be. Distinction and pass earn credit; absent and deferred are no failure and no zero."""

KEY = ("learner_number", "course", "presentation")
"""The facts that, with the institution, name one result."""

_COLUMN_FACTS = (
    *KEY,
    "outcome",
    "mark",
    "course_name",
    "term",
    "starts_on",
    "earned_on",
    "credit",
    "level",
    "field",
)
_DECLARED = ("credit", "level", "field", "rule_set")
_DATE_FORMS = ("YYYY-MM-DD", "YYYY/M/D", "YYYY.M.D", "YYYYMMDD", "YYYY年M月D日", "D/M/YYYY", "M/D/YYYY")

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

    def over(self, below: Declared) -> Declared:
        """These statements, and those of the wider place where these are silent."""
        return Declared(
            *(
                getattr(self, name) if getattr(self, name) is not None else getattr(below, name)
                for name in _DECLARED
            )
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
class ResultMapping:
    """A whole mapping. ``digest`` is the SHA-256 of its canonical JSON; ``columns`` goes from fact to column.

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
    related: Mapping[str, Related]
    aggregate: Aggregate | None
    courses: Mapping[str, Course] | None
    presentations: Mapping[str, Presentation]
    defaults: Declared


class MappingProblem(SheetProblem):
    """A mapping that cannot be used; the message names the path in it."""


def read_mapping(document: Mapping[str, Any], *, name: str) -> ResultMapping:
    """Make a mapping of the data of a YAML or JSON file with ``schema: creditbank.mapping/1``.

    Raises:
        MappingProblem: a key is unknown, missing or of the wrong kind, or a statement is impossible; ``path``
            in its facts says where.
    """
    root = _Node(document, "", name)
    found = root.data.get("schema") if isinstance(root.data, Mapping) else None
    if found != SCHEMA:
        raise MappingProblem(MESSAGES, "mapping.schema", name=name, found=str(found)[:60])
    root.only(
        "schema", "name", "note", "sheet", "columns", "values", "dates", "credit_limits", "mark_limits",
        "related", "aggregate", "courses", "presentations", "defaults",
    )  # fmt: skip
    low, high = _credit_limits(root.get("credit_limits"))
    mark_low, mark_high = _mark_limits(root.get("mark_limits"))
    columns = _columns(root.need("columns"))
    values = _values(root.get("values"))
    related = {key: _related(node) for key, node in root.entries("related")}
    aggregate_node = root.get("aggregate")
    aggregate = _aggregate(aggregate_node, related) if aggregate_node else None
    if aggregate is not None and aggregate.gives in columns:
        raise MappingProblem(MESSAGES, "mapping.twice", name=name, fact=aggregate.gives)
    credit = _CreditRange(low, high)
    courses_node = root.get("courses")
    mapping = ResultMapping(
        name=root.need("name").text(),
        note=node.text() if (node := root.get("note")) else None,
        digest=content_hash(_plain(document)),
        place=_place(root.get("sheet")),
        columns=columns,
        values=values,
        date_forms=_date_forms(root.get("dates")),
        credit_more_than=low,
        credit_at_most=high,
        mark_at_least=mark_low,
        mark_at_most=mark_high,
        related=related,
        aggregate=aggregate,
        courses={key: _course(node, credit) for key, node in root.entries("courses")}
        if courses_node
        else None,
        presentations={key: _presentation(node, credit) for key, node in root.entries("presentations")},
        defaults=_declared(node, credit, ()) if (node := root.get("defaults")) else Declared(),
    )
    _everything_has_a_source(mapping, name)
    return mapping


def _plain(value: Any) -> Any:
    """The same data in the types that have a canonical form; a decimal is hashed as it was written."""
    match value:
        case Mapping():
            return {key: _plain(below) for key, below in value.items()}
        case list():
            return [_plain(below) for below in value]
        case Decimal():
            return str(value)
        case _:
            return value


class _Node:
    """A place in the document, with the path that messages name."""

    def __init__(self, data: Any, path: str, name: str) -> None:
        self.data = data
        self.path = path
        self.name = name

    def problem(self, code: str, **facts: str) -> MappingProblem:
        return MappingProblem(MESSAGES, code, name=self.name, path=self.path or "the top", **facts)

    def wrong(self, wanted: str) -> MappingProblem:
        return self.problem("mapping.wrong_kind", wanted=wanted)

    def only(self, *known: str) -> None:
        if not isinstance(self.data, Mapping):
            raise self.wrong("a mapping of names to values")
        for key in self.data:
            if key not in known:
                raise self.below(key).problem("mapping.unknown_key", known=", ".join(known))

    def below(self, key: Any) -> _Node:
        value = self.data.get(key) if isinstance(self.data, Mapping) else None
        return _Node(value, f"{self.path}.{key}" if self.path else str(key), self.name)

    def get(self, key: str) -> _Node | None:
        node = self.below(key)
        return None if node.data is None else node

    def need(self, key: str) -> _Node:
        node = self.below(key)
        if node.data is None:
            raise node.problem("mapping.missing_key")
        return node

    def entries(self, key: str) -> list[tuple[str, _Node]]:
        node = self.below(key)
        if node.data is None:
            return []
        if not isinstance(node.data, Mapping):
            raise node.wrong("a mapping of names to values")
        for name in node.data:
            if not isinstance(name, str) or not name.strip():
                raise node.below(name).wrong("a text as its name (put it between quotation marks)")
        return [(name, node.below(name)) for name in node.data]

    def string(self) -> str:
        if not isinstance(self.data, str) or not self.data.strip():
            raise self.wrong("a text (put it between quotation marks)")
        return self.data.strip()

    def word(self, known: Sequence[str]) -> str:
        found = self.string()
        if found not in known:
            raise self.problem("mapping.unknown_word", found=found[:60], known=", ".join(known))
        return found

    def whole(self, low: int, high: int) -> int:
        if isinstance(self.data, bool) or not isinstance(self.data, int) or not low <= self.data <= high:
            raise self.wrong(f"a whole number from {low} to {high}")
        return self.data

    def text(self) -> Text:
        if isinstance(self.data, str):
            return Text(self.string())
        self.only("zh", "en")
        english = self.get("en")
        return Text(self.need("zh").string(), english.string() if english else "")

    def day(self) -> date:
        text = str(self.data)
        try:
            # The length leaves out other ISO forms, such as a year with a week.
            day = date.fromisoformat(text) if len(text) == 10 else None
        except ValueError:
            day = None
        if day is None or day < EARLIEST_DAY:
            raise self.problem("mapping.not_a_day", found=text[:40])
        return day

    def exact(self, read: Callable[[str], _Made]) -> _Made:
        if isinstance(self.data, bool) or not isinstance(self.data, int | str | Decimal):
            raise self.problem("mapping.not_a_number", found=str(self.data)[:40])
        try:
            return read(str(self.data))
        except (ValueError, ArithmeticError) as problem:
            raise self.problem("mapping.not_a_number", found=str(self.data)[:40]) from problem


@dataclass(frozen=True, slots=True)
class _CreditRange:
    more_than: Hundredths
    at_most: Hundredths

    def read(self, node: _Node) -> Hundredths:
        credit = node.exact(parse_credit)
        if not self.more_than < credit <= self.at_most:
            raise node.problem(
                "mapping.credit_range",
                found=str(node.data),
                low=str(Decimal(self.more_than) / 100),
                high=str(Decimal(self.at_most) / 100),
            )
        return credit


def _place(node: _Node | None) -> SheetPlace:
    if node is None:
        return SheetPlace()
    node.only("name", "head_line", "delimiter")
    return _place_of(node)


def _place_of(node: _Node) -> SheetPlace:
    title, line, mark = node.get("name"), node.get("head_line"), node.get("delimiter")
    words = {"comma": ",", "tab": "\t", "semicolon": ";"}
    return SheetPlace(
        title.string() if title else None,
        line.whole(1, 100) if line else 1,
        words[mark.word(tuple(words))] if mark else None,
    )


def _columns(node: _Node) -> dict[str, str]:
    node.only(*_COLUMN_FACTS)
    for fact in (*KEY, "outcome"):
        node.need(fact)
    return {fact: below.string() for fact in _COLUMN_FACTS if (below := node.get(fact))}


def _values(node: _Node | None) -> dict[str, dict[str, str]]:
    if node is None:
        return {}
    node.only(*_COLUMN_FACTS)
    values: dict[str, dict[str, str]] = {}
    for fact in node.data:
        values[fact] = {}
        for said, below in node.entries(fact):
            if fact == "outcome":
                values[fact][said] = below.word(OUTCOMES)
            elif isinstance(below.data, int) and not isinstance(below.data, bool):
                values[fact][said] = str(below.data)
            # An empty text is how a mark of words, such as an absence, becomes no mark.
            else:
                values[fact][said] = "" if below.data == "" else below.string()
    return values


def _date_forms(node: _Node | None) -> tuple[str, ...]:
    if node is None:
        return ("YYYY-MM-DD",)
    if not isinstance(node.data, list) or not node.data:
        raise node.wrong("a list of date forms")
    forms = [
        _Node(form, f"{node.path}[{index}]", node.name).word(_DATE_FORMS)
        for index, form in enumerate(node.data)
    ]
    return tuple(forms)


def _credit_limits(node: _Node | None) -> tuple[Hundredths, Hundredths]:
    if node is None:
        return Hundredths(0), Hundredths(6000)
    node.only("more_than", "at_most")
    low, high = node.get("more_than"), node.get("at_most")
    more_than = low.exact(parse_credit) if low else Hundredths(0)
    at_most = high.exact(parse_credit) if high else Hundredths(6000)
    if not 0 <= more_than < at_most:
        raise node.wrong("an amount of credit not below 0 and a larger one")
    return more_than, at_most


def _decimal(text: str) -> Decimal:
    value = Decimal(text)
    if not value.is_finite():
        raise ValueError(text)
    return value


def _mark_limits(node: _Node | None) -> tuple[Decimal, Decimal]:
    if node is None:
        return Decimal(0), Decimal(100)
    node.only("at_least", "at_most")
    low, high = node.need("at_least").exact(_decimal), node.need("at_most").exact(_decimal)
    if not -1000 < low < high < 1000:
        raise node.wrong("a lowest mark and a larger highest one, both of at most three digits")
    return low, high


def _related(node: _Node) -> Related:
    if "." in node.path.removeprefix("related."):
        raise node.wrong("a name without a dot")
    node.only("file", "name", "head_line", "delimiter")
    file = node.get("file")
    if file is None and node.get("name") is None:
        raise node.below("file").problem("mapping.missing_key")
    return Related(file.string() if file else None, _place_of(node))


def _reference(node: _Node, related: Mapping[str, Related]) -> Reference:
    sheet, dot, column = node.string().partition(".")
    if not dot or not column.strip() or sheet not in related:
        raise node.problem("mapping.reference", found=str(node.data)[:60])
    return Reference(sheet, column.strip())


def _aggregate(node: _Node, related: Mapping[str, Related]) -> Aggregate:
    node.only("gives", "function", "value", "weight", "join", "group_by", "places")
    node.need("function").word(("weighted_mean",))
    value = _reference(node.need("value"), related)
    weight_node, join_node, places = node.get("weight"), node.get("join"), node.get("places")
    weight = _reference(weight_node, related) if weight_node else None
    join = None
    if join_node:
        if not isinstance(join_node.data, list) or len(join_node.data) != 2:
            raise join_node.wrong("a list of two columns that must agree")
        pair = [_Node(item, f"{join_node.path}[{at}]", node.name) for at, item in enumerate(join_node.data)]
        join = (_reference(pair[0], related), _reference(pair[1], related))
        if (join[0].sheet == value.sheet) == (join[1].sheet == value.sheet):
            raise join_node.wrong("one column of the sheet with the values and one of another sheet")
        if join[0].sheet != value.sheet:
            join = (join[1], join[0])
    group_node = node.need("group_by")
    group_node.only(*KEY)
    group = {fact: _reference(group_node.need(fact), related) for fact in KEY}
    reachable = {value.sheet, join[1].sheet} if join else {value.sheet}
    for reference in (*group.values(), *((weight,) if weight else ())):
        if reference.sheet not in reachable:
            raise node.problem("mapping.reference", found=f"{reference.sheet}.{reference.column}")
    return Aggregate(
        gives=node.need("gives").word(("mark",)),
        value=value,
        weight=weight,
        join=join,
        group=group,
        places=places.whole(0, 6) if places else 2,
    )


def _declared(node: _Node, credit: _CreditRange, more: Sequence[str]) -> Declared:
    node.only(*_DECLARED, *more)
    amount, level, subject, rule_set = (node.get(name) for name in _DECLARED)
    return Declared(
        credit.read(amount) if amount else None,
        level.whole(0, 99) if level else None,
        subject.string() if subject else None,
        rule_set.string() if rule_set else None,
    )


def _presentation(node: _Node, credit: _CreditRange) -> Presentation:
    declared = _declared(node, credit, ("term", "starts_on", "ends_on"))
    starts_on, ends_on = node.need("starts_on").day(), node.need("ends_on").day()
    if ends_on < starts_on:
        raise node.problem("mapping.dates_order")
    return Presentation(node.need("term").string(), starts_on, ends_on, declared)


def _course(node: _Node, credit: _CreditRange) -> Course:
    title = node.get("name")
    declared = _declared(node, credit, ("name", "presentations"))
    presentations = {key: _presentation(below, credit) for key, below in node.entries("presentations")}
    return Course(title.text() if title else None, declared, MappingProxyType(presentations))


def _everything_has_a_source(mapping: ResultMapping, name: str) -> None:
    """Refuse a mapping where a row would find out only late that nothing says its credit or its days."""
    days = [fact for fact in ("term", "starts_on", "earned_on") if fact not in mapping.columns]

    def need(declared: Declared, path: str) -> None:
        for fact in _DECLARED:
            if fact not in mapping.columns and getattr(declared, fact) is None:
                raise MappingProblem(MESSAGES, "mapping.nowhere", name=name, fact=fact, path=path)

    if (
        days
        and not mapping.presentations
        and not any(c.presentations for c in (mapping.courses or {}).values())
    ):
        raise MappingProblem(MESSAGES, "mapping.nowhere", name=name, fact=days[0], path="presentations")
    if mapping.courses is None:
        for code, presentation in mapping.presentations.items():
            need(presentation.declared.over(mapping.defaults), f"presentations.{code}")
        if not mapping.presentations:
            need(mapping.defaults, "defaults")
        return
    for code, course in mapping.courses.items():
        wider = course.declared.over(mapping.defaults)
        for presentation_code, presentation in (course.presentations or mapping.presentations).items():
            need(presentation.declared.over(wider), f"courses.{code}.presentations.{presentation_code}")
        if not course.presentations and not mapping.presentations:
            need(wider, f"courses.{code}")
