"""Reads a programme from plain data, naming the path of every mistake."""

from __future__ import annotations

from typing import Any

from creditbank.domain.programmes.derived import requirement_of
from creditbank.domain.programmes.fields import (
    SCHEMA,
    ProgrammeError,
    read_amount,
    read_code,
    read_count,
    read_day,
    read_flag,
    read_id,
    read_mapping,
    read_mark,
    read_numbers,
    read_sequence,
    read_title,
    read_whole,
    read_words,
    refuse_unknown,
)
from creditbank.domain.programmes.model import (
    ANYTHING,
    LEAVES,
    Filter,
    Kind,
    Part,
    Programme,
    Requirement,
)
from creditbank.domain.programmes.plan_document import read_plan
from creditbank.domain.values import Hundredths, Text

MAX_DEPTH = 12
MAX_REQUIREMENTS = 400

_FILTER_KEYS = {
    "fields", "categories", "levels", "level_at_least", "codes", "sources", "grade_at_least", "earned_from",
    "earned_until", "except",
}  # fmt: skip
_ALLOWED = {
    Kind.ALL: {"shared"},
    Kind.ANY: set[str](),
    Kind.N_OF: {"n"},
    Kind.CREDITS_FROM: {"minimum"},
    Kind.COURSES_FROM: {"n"},
}


def read_programme(data: Any) -> Programme:
    """The programme of a document with ``schema: creditbank.programme/1``.

    A document that carries a plan and no requirement asks for what follows from the plan.

    Raises:
        ProgrammeError: something is missing, unknown, of the wrong type or contradictory; nothing is guessed.
    """
    top = read_mapping(data, "document")
    if top.get("schema") != SCHEMA:
        raise ProgrammeError("schema", f"must be {SCHEMA!r}, not {top.get('schema')!r}")
    refuse_unknown(top, {"schema", "code", "title", "note", "requirement", "course_credits", "repeats", "plan"}, "")
    repeats = top.get("repeats", "count_once")
    if repeats not in {"count_once", "count_each"}:
        raise ProgrammeError("repeats", f"must be count_once or count_each, not {repeats!r}")
    course_credits = read_amount(top.get("course_credits", "3"), "course_credits")
    if course_credits <= 0:
        raise ProgrammeError("course_credits", "must be more than 0")
    title = read_title(top.get("title"), "title")
    plan = read_plan(top["plan"]) if "plan" in top else None
    if plan is not None and "requirement" not in top:
        requirement = requirement_of(plan, title)
    else:
        requirement = _requirement(top.get("requirement"), "requirement", depth=1, shareable=True)
    seen: set[str] = set()
    nodes = list(requirement.walk())
    if len(nodes) > MAX_REQUIREMENTS:
        raise ProgrammeError("requirement", f"has {len(nodes)} requirements; at most {MAX_REQUIREMENTS} are read")
    for node in nodes:
        for name in (node.id, *(part.id for part in node.parts)):
            if name in seen:
                raise ProgrammeError("requirement", f"the id {name!r} is used twice; every id names one place")
            seen.add(name)
    if not any(True for _ in requirement.leaves()):
        raise ProgrammeError("requirement", "counts nothing: it has no credits_from and no courses_from")
    return Programme(
        code=read_code(top.get("code"), "code"),
        title=title,
        note=read_title(top["note"], "note") if "note" in top else Text(""),
        requirement=requirement,
        course_credits=course_credits,
        repeats=repeats == "count_each",
        plan=plan,
    )


def _requirement(data: Any, path: str, *, depth: int, shareable: bool) -> Requirement:
    if depth > MAX_DEPTH:
        raise ProgrammeError(path, f"lies deeper than {MAX_DEPTH} levels")
    node = read_mapping(data, path)
    kinds = [kind for kind in Kind if kind.value in node]
    if len(kinds) != 1:
        found = ", ".join(kinds) or "none"
        raise ProgrammeError(path, f"needs exactly one of {', '.join(Kind)}; found {found}")
    kind = kinds[0]
    refuse_unknown(node, {"id", "title", "of_which", kind.value, *_ALLOWED[kind]}, path)
    shared = read_flag(node.get("shared", False), f"{path}.shared")
    if shared and not shareable:
        raise ProgrammeError(f"{path}.shared", "is possible only where everything above is a shared `all` too")
    identity = read_id(node.get("id"), f"{path}.id")
    title = read_title(node.get("title"), f"{path}.title")
    parts = _parts(node.get("of_which", []), f"{path}.of_which")
    if shared and parts:
        raise ProgrammeError(f"{path}.of_which", "cannot stand on a shared requirement; put it on the children")
    if kind in LEAVES:
        minimum, n = Hundredths(0), 0
        if kind is Kind.CREDITS_FROM:
            minimum = read_amount(node.get("minimum"), f"{path}.minimum")
        else:
            n = read_count(node.get("n"), f"{path}.n")
        accepts = _filter(node[kind.value], f"{path}.{kind.value}")
        return Requirement(identity, title, kind, accepts, minimum, n, parts)
    children = tuple(
        _requirement(child, f"{path}.{kind.value}[{index}]", depth=depth + 1, shareable=shared)
        for index, child in enumerate(read_sequence(node[kind.value], f"{path}.{kind.value}"))
    )
    if not children:
        raise ProgrammeError(f"{path}.{kind.value}", "is empty")
    n = read_count(node.get("n"), f"{path}.n") if kind is Kind.N_OF else 0
    if kind is Kind.N_OF and n > len(children):
        raise ProgrammeError(f"{path}.n", f"asks for {n} of only {len(children)} requirements")
    asked = next((index for index, part in enumerate(parts) if part.minimum is not None), None)
    if asked is not None:
        result = Requirement(identity, title, kind, children=children)
        if any(below.kind in {Kind.ANY, Kind.N_OF} for below in result.walk()):
            raise ProgrammeError(
                f"{path}.of_which[{asked}].minimum", "cannot stand over a choice; state it inside each branch"
            )
    return Requirement(identity, title, kind, n=n, parts=parts, children=children, shared=shared)


def _parts(data: Any, path: str) -> tuple[Part, ...]:
    parts = []
    for index, item in enumerate(read_sequence(data, path)):
        place = f"{path}[{index}]"
        part = read_mapping(item, place)
        refuse_unknown(part, {"id", "title", "from", "minimum", "maximum"}, place)
        if "minimum" not in part and "maximum" not in part:
            raise ProgrammeError(place, "needs a minimum, a maximum or both")
        low = read_amount(part["minimum"], f"{place}.minimum") if "minimum" in part else None
        high = read_amount(part["maximum"], f"{place}.maximum") if "maximum" in part else None
        if low is not None and high is not None and low > high:
            raise ProgrammeError(f"{place}.minimum", "is greater than the maximum")
        accepts = _filter(part.get("from", {}), f"{place}.from")
        parts.append(
            Part(
                read_id(part.get("id"), f"{place}.id"),
                read_title(part.get("title"), f"{place}.title"),
                accepts,
                low,
                high,
            )
        )
    return tuple(parts)


def _filter(data: Any, path: str) -> Filter:
    wanted = read_mapping(data, path)
    refuse_unknown(wanted, _FILTER_KEYS, path)
    result = Filter(
        fields=read_words(wanted, "fields", path),
        categories=read_words(wanted, "categories", path),
        levels=frozenset(read_numbers(wanted, "levels", path)),
        level_at_least=read_whole(wanted["level_at_least"], f"{path}.level_at_least")
        if "level_at_least" in wanted
        else None,
        codes=read_words(wanted, "codes", path),
        sources=read_words(wanted, "sources", path),
        grade_at_least=read_mark(wanted["grade_at_least"], f"{path}.grade_at_least")
        if "grade_at_least" in wanted
        else None,
        earned_from=read_day(wanted["earned_from"], f"{path}.earned_from") if "earned_from" in wanted else None,
        earned_until=read_day(wanted["earned_until"], f"{path}.earned_until") if "earned_until" in wanted else None,
        besides=tuple(
            _filter(item, f"{path}.except[{index}]")
            for index, item in enumerate(read_sequence(wanted.get("except", []), f"{path}.except"))
        ),
    )
    if ANYTHING in result.besides:
        raise ProgrammeError(f"{path}.except", "an empty exception would leave nothing")
    return result
