"""A plan as the part of a programme document, and a programme document made of a plan."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from creditbank.domain.programmes.derived import requirement_of
from creditbank.domain.programmes.fields import (
    SCHEMA,
    ProgrammeError,
    read_amount,
    read_code,
    read_id,
    read_mapping,
    read_sequence,
    read_title,
    read_whole,
    read_words,
    refuse_unknown,
)
from creditbank.domain.programmes.model import Filter, Kind, Part, Requirement
from creditbank.domain.programmes.plan import (
    DEEPEST,
    LAST_TERM,
    MESSAGES,
    MOST_COURSES,
    MOST_MODULES,
    RESERVED,
    ROOT,
    Module,
    Nature,
    Plan,
    PlannedCourse,
    course_weight,
    faults,
)
from creditbank.domain.values import Amount, Hundredths, Text, format_credit

MOST_CREDIT = Hundredths(100_000)
MOST_HOURS = 9_999
MOST_LETTERS = 200
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")


def read_plan(data: Any, path: str = "plan") -> Plan:
    """The plan under the key ``plan`` of a programme document.

    Raises:
        ProgrammeError: something is missing, unknown or contradictory.
    """
    top = read_mapping(data, path)
    refuse_unknown(top, {"modules", "minimum"}, path)
    minimum = _credit(top["minimum"], f"{path}.minimum") if "minimum" in top else None
    items = read_sequence(top.get("modules"), f"{path}.modules")
    if not items:
        raise ProgrammeError(f"{path}.modules", "is empty")
    paths: dict[str, str] = {}
    course_paths: list[str] = []
    modules = tuple(
        _module(item, f"{path}.modules[{index}]", paths, course_paths, 1) for index, item in enumerate(items)
    )
    plan = Plan(modules, minimum)
    if len(paths) > MOST_MODULES:
        raise ProgrammeError(f"{path}.modules", f"has {len(paths)} modules; at most {MOST_MODULES} are read")
    if len(course_paths) > MOST_COURSES:
        raise ProgrammeError(f"{path}.modules", f"has {len(course_paths)} courses; at most {MOST_COURSES} are read")
    found = faults(plan)
    if found:
        first = found[0]
        place = course_paths[first.course] if first.course is not None else paths.get(first.module, path)
        words = {name: _said(fact) for name, fact in first.facts.items()}
        raise ProgrammeError(place, MESSAGES[first.code].format(**words))
    return plan


def plan_data(plan: Plan) -> dict[str, Any]:
    """The data that :func:`read_plan` reads back as the same plan; amounts are texts."""
    data: dict[str, Any] = {"modules": [_module_data(module) for module in plan.modules]}
    if plan.minimum is not None:
        data["minimum"] = format_credit(plan.minimum)
    return data


def programme_document(*, code: str, title: Text, plan: Plan, note: Text | None = None) -> dict[str, Any]:
    """A whole programme document: the plan, and the requirement that follows from it written out.

    The requirement is part of the document so that a published version asks for the same for ever.
    """
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "code": code,
        "title": _text_data(title),
        "course_credits": format_credit(course_weight(plan)),
        "plan": plan_data(plan),
        "requirement": requirement_data(requirement_of(plan, title)),
    }
    if note is not None and note.zh:
        document["note"] = _text_data(note)
    return document


def requirement_data(node: Requirement) -> dict[str, Any]:
    """A requirement that was derived from a plan, as a document writes it."""
    data: dict[str, Any] = {"id": node.id, "title": _text_data(node.title)}
    if node.kind is Kind.CREDITS_FROM:
        data |= {"credits_from": _filter_data(node.accepts), "minimum": format_credit(node.minimum)}
    elif node.kind is Kind.COURSES_FROM:
        data |= {"courses_from": _filter_data(node.accepts), "n": node.n}
    else:
        data[node.kind.value] = [requirement_data(child) for child in node.children]
    if node.parts:
        data["of_which"] = [_part_data(part) for part in node.parts]
    return data


def plan_text(value: str, path: str, *, most: int = MOST_LETTERS) -> str:
    """One line of text as a plan holds it: nothing around it, no control characters.

    Raises:
        ProgrammeError: it is longer, or holds what no sheet shows.
    """
    if value != value.strip() or _CONTROL.search(value):
        raise ProgrammeError(path, "must be one line without space around it and without control characters")
    if len(value) > most:
        raise ProgrammeError(path, f"has {len(value)} characters; at most {most} are read")
    return value


def course_code(value: str, path: str) -> str:
    """A course code: one line, in ordinary letters and digits rather than full-width ones.

    Raises:
        ProgrammeError: it is something else.
    """
    if not value or value != unicodedata.normalize("NFKC", value):
        raise ProgrammeError(path, "must be written in ordinary characters, not in full-width ones")
    return plan_text(value, path, most=64)


def module_id(value: str, path: str) -> str:
    """A module's id, which may not look like one that is derived.

    Raises:
        ProgrammeError: it is no id, too long or reserved.
    """
    name = read_id(value, path)
    if name == ROOT or name.endswith(RESERVED) or len(name) > 40:
        raise ProgrammeError(path, f"cannot be {name!r}: {ROOT}, endings {', '.join(RESERVED)}, or over 40 letters")
    return name


def _module(data: Any, path: str, paths: dict[str, str], course_paths: list[str], depth: int) -> Module:
    if depth > DEEPEST:
        raise ProgrammeError(path, f"lies deeper than {DEEPEST} levels")
    item = read_mapping(data, path)
    refuse_unknown(item, {"id", "title", "minimum", "courses", "modules", "categories"}, path)
    name = module_id(item.get("id", ""), f"{path}.id")
    if name in paths:
        raise ProgrammeError(f"{path}.id", f"the id {name!r} is used twice; every id names one place")
    paths[name] = path
    courses = []
    for index, course in enumerate(read_sequence(item.get("courses", []), f"{path}.courses")):
        courses.append(_course(course, f"{path}.courses[{index}]"))
        course_paths.append(f"{path}.courses[{index}]")
    inner = read_sequence(item.get("modules", []), f"{path}.modules")
    categories = read_words(item, "categories", path)
    for category in categories:
        plan_text(category, f"{path}.categories", most=64)
    return Module(
        id=name,
        title=_text(item.get("title"), f"{path}.title"),
        minimum=_credit(item.get("minimum"), f"{path}.minimum"),
        courses=tuple(courses),
        modules=tuple(
            _module(below, f"{path}.modules[{index}]", paths, course_paths, depth + 1)
            for index, below in enumerate(inner)
        ),
        categories=categories,
    )


def _course(data: Any, path: str) -> PlannedCourse:
    item = read_mapping(data, path)
    refuse_unknown(item, {"code", "title", "nature", "credit", "hours", "weeks", "terms", "assessment"}, path)
    nature = item.get("nature")
    if nature not in set(Nature):
        raise ProgrammeError(f"{path}.nature", f"must be one of {', '.join(Nature)}, not {nature!r}")
    if "hours" in item and "weeks" in item:
        raise ProgrammeError(f"{path}.weeks", "stands beside hours; a course has hours or weeks")
    terms = read_sequence(item.get("terms", []), f"{path}.terms")
    for index, term in enumerate(terms):
        if not 1 <= read_whole(term, f"{path}.terms[{index}]") <= LAST_TERM:
            raise ProgrammeError(f"{path}.terms[{index}]", f"must be a term from 1 to {LAST_TERM}, not {term}")
    if terms != sorted(set(terms)):
        raise ProgrammeError(f"{path}.terms", "must be in order, each term once")
    assessment = item.get("assessment", "")
    if not isinstance(assessment, str):
        raise ProgrammeError(f"{path}.assessment", f"must be a text, not {assessment!r}")
    return PlannedCourse(
        code=course_code(read_code(item.get("code"), f"{path}.code"), f"{path}.code"),
        title=_text(item.get("title"), f"{path}.title"),
        nature=Nature(nature),
        credit=_credit(item.get("credit"), f"{path}.credit"),
        hours=_length(item["hours"], f"{path}.hours") if "hours" in item else None,
        weeks=_length(item["weeks"], f"{path}.weeks") if "weeks" in item else None,
        terms=tuple(terms),
        assessment=plan_text(assessment, f"{path}.assessment", most=64),
    )


def _credit(value: Any, path: str) -> Hundredths:
    amount = read_amount(value, path)
    if amount > MOST_CREDIT:
        raise ProgrammeError(path, f"is more than {format_credit(MOST_CREDIT)} credits")
    return amount


def _length(value: Any, path: str) -> int:
    number = read_whole(value, path)
    if not 0 <= number <= MOST_HOURS:
        raise ProgrammeError(path, f"must be between 0 and {MOST_HOURS}, not {number}")
    return number


def _text(value: Any, path: str) -> Text:
    text = read_title(value, path)
    return Text(plan_text(text.zh, path), plan_text(text.en, path))


def _module_data(module: Module) -> dict[str, Any]:
    data: dict[str, Any] = {
        "id": module.id,
        "title": _text_data(module.title),
        "minimum": format_credit(module.minimum),
    }
    if module.courses:
        data["courses"] = [_course_data(course) for course in module.courses]
    if module.modules:
        data["modules"] = [_module_data(below) for below in module.modules]
    if module.categories:
        data["categories"] = sorted(module.categories)
    return data


def _course_data(course: PlannedCourse) -> dict[str, Any]:
    data: dict[str, Any] = {
        "code": course.code,
        "title": _text_data(course.title),
        "nature": course.nature.value,
        "credit": format_credit(course.credit),
    }
    if course.hours is not None:
        data["hours"] = course.hours
    if course.weeks is not None:
        data["weeks"] = course.weeks
    if course.terms:
        data["terms"] = list(course.terms)
    if course.assessment:
        data["assessment"] = course.assessment
    return data


def _part_data(part: Part) -> dict[str, Any]:
    data: dict[str, Any] = {"id": part.id, "title": _text_data(part.title)}
    if part.minimum is not None:
        data["minimum"] = format_credit(part.minimum)
    return data


def _filter_data(wanted: Filter) -> dict[str, Any]:
    data: dict[str, Any] = {}
    if wanted.codes:
        data["codes"] = sorted(wanted.codes)
    if wanted.categories:
        data["categories"] = sorted(wanted.categories)
    return data


def _text_data(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en} if text.en else {"zh": text.zh}


def _said(fact: Any) -> str:
    if isinstance(fact, Amount):
        return format_credit(fact.hundredths)
    return fact.said_in("en") if isinstance(fact, Text) else str(fact)
