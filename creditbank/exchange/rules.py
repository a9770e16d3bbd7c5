"""Rule sets, outcomes and cases from documents, each problem with its line; the packaged rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from creditbank.domain.conversions.cases import read_conversion_cases, read_courses
from creditbank.domain.conversions.overlay import SCHEMA as CONVERSION_OVERLAY_SCHEMA
from creditbank.domain.conversions.overlay import read_conversion_overlay
from creditbank.domain.conversions.read import SCHEMA as CONVERSION_SCHEMA
from creditbank.domain.conversions.read import read_conversion_rules
from creditbank.domain.frameworks.model import carried_by
from creditbank.domain.frameworks.read import read_certification_units
from creditbank.domain.rules.cases import Case, CaseFile, read_cases, read_outcomes
from creditbank.domain.rules.overlay import SCHEMA as OVERLAY_SCHEMA
from creditbank.domain.rules.overlay import read_overlay
from creditbank.domain.rules.places import UnreadableError
from creditbank.domain.rules.read import read_rule_set
from creditbank.exchange.documents import (
    MOST_BYTES,
    MOST_PLACES,
    DocumentError,
    expect_schema,
    locate_all,
    read_document,
)
from creditbank.gateways.documents import pack_bytes, pack_cases_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from creditbank.domain.conversions.cases import ConversionCase
    from creditbank.domain.conversions.loops import Carriers
    from creditbank.domain.conversions.model import ConversionRules, Course
    from creditbank.domain.rule_documents import AnyRules
    from creditbank.domain.rules.model import RuleSet
    from creditbank.domain.rules.overlay import Overlay

_T = TypeVar("_T")


def load_rule_set(data: bytes, *, name: str) -> RuleSet:
    """The rule set of a document.

    Raises:
        DocumentError: the first problem with its line, column and path; the others in its ``more``.
    """
    return _load(data, "rules", name, read_rule_set)


def load_overlay(data: bytes, *, name: str) -> Overlay:
    """What a document adds to inherited rules for recognition or for conversion, as its schema says, and tightens.

    Raises:
        DocumentError: the first problem with its line, column and path; the others in its ``more``.
    """
    found = read_document(data, name=name)
    if found.get("schema") == CONVERSION_OVERLAY_SCHEMA:
        return _load(data, "conversion-overlay", name, read_conversion_overlay, document=found)
    return _load(data, "rules-overlay", name, read_overlay, document=found)


def load_outcomes(data: bytes, rule_set: RuleSet, *, name: str, most_bytes: int = MOST_BYTES) -> tuple[Case, ...]:
    """The outcomes of a document, for one rule set.

    Raises:
        DocumentError: the first problem with its line, column and path; the others in its ``more``.
    """
    return _load(data, "outcomes", name, lambda document: read_outcomes(document, rule_set), most_bytes)


def load_cases(data: bytes, rule_set: RuleSet, *, name: str) -> CaseFile:
    """The golden cases of a document, for one rule set.

    Raises:
        DocumentError: the first problem with its line, column and path; the others in its ``more``.
    """
    return _load(data, "cases", name, lambda document: read_cases(document, rule_set))


def load_any_rules(data: bytes, *, name: str) -> AnyRules:
    """The rules of a document, for recognition, for conversion or an overlay as its schema says.

    Raises:
        DocumentError: the first problem with its line, column and path; the others in its ``more``.
    """
    found = read_document(data, name=name)
    if found.get("schema") == CONVERSION_SCHEMA:
        return _load(data, "conversion_rules", name, read_conversion_rules, document=found)
    if found.get("schema") in (OVERLAY_SCHEMA, CONVERSION_OVERLAY_SCHEMA):
        return load_overlay(data, name=name)
    return _load(data, "rules", name, read_rule_set, document=found)


def load_conversion_cases(data: bytes, rules: ConversionRules, *, name: str) -> tuple[ConversionCase, ...]:
    """The golden cases of a document, for one set of conversion rules.

    Raises:
        DocumentError: the first problem with its line, column and path; the others in its ``more``.
    """
    return _load(data, "conversion_cases", name, lambda document: read_conversion_cases(document, rules))


def load_courses(data: bytes, *, name: str) -> dict[str, Course]:
    """The courses of a document by code.

    Raises:
        DocumentError: the first problem with its line, column and path; the others in its ``more``.
    """
    return _load(data, "courses", name, read_courses)


def load_carriers(data: bytes, *, name: str) -> Carriers:
    """What carries the certification units of a document, with the share of each.

    Raises:
        DocumentError: the first problem with its line, column and path; the others in its ``more``.
    """
    return carried_by(_load(data, "certification-units", name, read_certification_units))


def load_any_pack(code: str) -> AnyRules:
    """The rules of a pack that comes with the program, for recognition or for conversion.

    Raises:
        LookupError: there is no such pack.
    """
    data = pack_bytes(code)
    if data is None:
        raise LookupError(f"there is no rule pack {code}")
    return load_any_rules(data, name=f"{code}.yaml")


def load_pack(code: str) -> RuleSet:
    """The rule set for recognition of a pack that comes with the program.

    Raises:
        LookupError: there is no such pack.
    """
    data = pack_bytes(code)
    if data is None:
        raise LookupError(f"there is no rule pack {code}")
    return load_rule_set(data, name=f"{code}.yaml")


def load_pack_cases(code: str) -> CaseFile:
    """The golden cases of a pack that comes with the program.

    Raises:
        LookupError: there is no such pack, or it has no cases.
    """
    data = pack_cases_bytes(code)
    if data is None:
        raise LookupError(f"there are no cases of a rule pack {code}")
    return load_cases(data, load_pack(code), name=f"{code}.cases.yaml")


def _load(
    data: bytes,
    noun: str,
    name: str,
    read: Callable[[dict[str, Any]], _T],
    most_bytes: int = MOST_BYTES,
    *,
    document: dict[str, Any] | None = None,
) -> _T:
    document = read_document(data, name=name, most_bytes=most_bytes) if document is None else document
    expect_schema(document, noun, name=name)
    try:
        return read(document)
    except UnreadableError as unreadable:
        problems = unreadable.problems[:MOST_PLACES]
        places = locate_all(data, [problem.path for problem in problems])
        errors = []
        for problem, place in zip(problems, places, strict=True):
            line, column = place or (0, 0)
            errors.append(DocumentError(name, problem.message, line=line, column=column, path=problem.path))
        errors[0].more = tuple(errors[1:])
        raise errors[0] from None
