"""The requirement that follows from a plan."""

from __future__ import annotations

from creditbank.domain.programmes.model import ANYTHING, Filter, Kind, Part, Requirement
from creditbank.domain.programmes.plan import ROOT, Module, Nature, Plan
from creditbank.domain.values import Hundredths, Text


def requirement_of(plan: Plan, title: Text) -> Requirement:
    """What the plan asks for, as a tree: every module's minimum, and each of its required courses.

    A module's minimum looks at all the credit that counts in it, so a required course that brought more or less
    credit than planned counts with what it brought.
    """
    children = tuple(_module_requirement(module) for module in plan.modules)
    parts: tuple[Part, ...] = ()
    if plan.minimum is not None and plan.minimum > sum(module.asked for module in plan.modules):
        parts = (Part(f"{ROOT}-minimum", Text("总学分", "Total credit"), ANYTHING, minimum=plan.minimum),)
    return Requirement(ROOT, title, Kind.ALL, parts=parts, children=children)


def _module_requirement(module: Module) -> Requirement:
    required = frozenset(course.code for course in module.courses if course.nature is Nature.REQUIRED)
    chosen = frozenset(course.code for course in module.courses if course.nature is not Nature.REQUIRED)
    inner = tuple(_module_requirement(below) for below in module.modules)
    only = not inner and [bool(required), bool(chosen), bool(module.categories)].count(True) == 1
    if only and chosen:
        return _from(module.id, module.title, Filter(codes=chosen), module.minimum)
    if only and module.categories:
        return _from(module.id, module.title, Filter(categories=module.categories), module.minimum)
    if only and module.minimum <= module.required:
        return _courses(module.id, module.title, required)
    leaves: list[Requirement] = []
    if required:
        leaves.append(_courses(f"{module.id}-required", _of(module, "必修课程", "required courses"), required))
    if chosen:
        title = _of(module, "选修课程", "elective courses")
        leaves.append(_from(f"{module.id}-elective", title, Filter(codes=chosen), Hundredths(0)))
    if module.categories:
        title = _of(module, "认定的学习成果", "recognised outcomes")
        leaves.append(_from(f"{module.id}-open", title, Filter(categories=module.categories), Hundredths(0)))
    parts: tuple[Part, ...] = ()
    if module.minimum > module.required:
        title = _of(module, "学分", "credit")
        parts = (Part(f"{module.id}-minimum", title, ANYTHING, minimum=module.minimum),)
    return Requirement(module.id, module.title, Kind.ALL, parts=parts, children=(*leaves, *inner))


def _from(name: str, title: Text, accepts: Filter, minimum: Hundredths) -> Requirement:
    return Requirement(name, title, Kind.CREDITS_FROM, accepts, minimum)


def _courses(name: str, title: Text, codes: frozenset[str]) -> Requirement:
    return Requirement(name, title, Kind.COURSES_FROM, Filter(codes=codes), n=len(codes))


def _of(module: Module, zh: str, en: str) -> Text:
    return Text(f"{module.title.zh}·{zh}", f"{module.title.en or module.title.zh}: {en}")
