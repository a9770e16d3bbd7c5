"""Documents of rules of every kind: how each is read, written, hashed, checked, compared and tested."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from creditbank.domain.canonical import content_hash
from creditbank.domain.conversions.cases import SCHEMA as CONVERSION_CASES_SCHEMA
from creditbank.domain.conversions.cases import ConversionCase, read_conversion_cases, run_conversion_case
from creditbank.domain.conversions.compile import compile_conversions
from creditbank.domain.conversions.composition import ComposedConversions, compose_conversions
from creditbank.domain.conversions.differences import conversion_differences, conversion_overlay_differences
from creditbank.domain.conversions.lint import lint_conversions
from creditbank.domain.conversions.loops import NO_CARRIERS, Carriers, finding, loops
from creditbank.domain.conversions.model import ConversionRules, Course
from creditbank.domain.conversions.overlay import KIND as CONVERSION_OVERLAY
from creditbank.domain.conversions.overlay import SCHEMA as CONVERSION_OVERLAY_SCHEMA
from creditbank.domain.conversions.overlay import (
    conversion_overlay_data,
    conversion_overlay_hash,
    read_conversion_overlay,
)
from creditbank.domain.conversions.read import KIND as CONVERSION
from creditbank.domain.conversions.read import SCHEMA as CONVERSION_SCHEMA
from creditbank.domain.conversions.read import read_conversion_rules
from creditbank.domain.conversions.write import conversion_rules_data, conversion_rules_hash
from creditbank.domain.explanation import Explanation
from creditbank.domain.rules.cases import CASES_SCHEMA, Case, Difference, read_cases, run_case
from creditbank.domain.rules.compile import compile_rules
from creditbank.domain.rules.composition import Composed, compose
from creditbank.domain.rules.differences import differences, overlay_differences
from creditbank.domain.rules.finding import Finding
from creditbank.domain.rules.lint import lint
from creditbank.domain.rules.model import RuleSet
from creditbank.domain.rules.overlay import KIND as OVERLAY
from creditbank.domain.rules.overlay import SCHEMA as OVERLAY_SCHEMA
from creditbank.domain.rules.overlay import Overlay, overlay_data, overlay_hash, read_overlay
from creditbank.domain.rules.places import Problem, UnreadableError
from creditbank.domain.rules.read import KIND as RECOGNITION
from creditbank.domain.rules.read import SCHEMA as RECOGNITION_SCHEMA
from creditbank.domain.rules.read import read_rule_set
from creditbank.domain.rules.write import rule_set_data, rule_set_hash

DecidingRules = RuleSet | ConversionRules
"""Rules that answer by themselves."""

AnyRules = DecidingRules | Overlay
"""What a document of rules says; each has ``code``, ``kind``, ``name`` and ``source``.

An overlay answers only once it is laid on the rules it inherits; it is checked and tested as these.
"""

Library = Mapping[str, Course]
"""The courses that rules may name, by code."""

AnyCase = Case | ConversionCase
"""A test case of rules, as its document was read for them."""

_Rules = TypeVar("_Rules", RuleSet, ConversionRules, Overlay)
_Case = TypeVar("_Case", Case, ConversionCase)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands around rules that are checked: courses by code, where they are known, and for conversion more.

    ``carriers`` is the table of certification units; ``others`` are the other rules in force at the same place, through
    which a circle may lead.
    """

    library: Library | None = None
    carriers: Carriers = field(default_factory=lambda: NO_CARRIERS)
    others: tuple[ConversionRules, ...] = ()


ALONE = Surroundings()
"""Nothing is known of what stands around rules."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What rules say of a test case: what differs from what it expects, and why."""

    differences: tuple[Difference, ...]
    explanation: Explanation


@dataclass(frozen=True, slots=True)
class DocumentKind(Generic[_Rules, _Case]):
    """One kind of rules, known by the ``schema`` of its documents, and everything that is done with one.

    ``cases`` is the schema of its test cases, which are read for one set of rules and answered by it.
    """

    kind: str
    schema: str
    cases: str
    read: Callable[[Mapping[str, Any]], _Rules]
    data: Callable[[_Rules], dict[str, Any]]
    hash: Callable[[_Rules], str]
    lint: Callable[[_Rules, Surroundings], tuple[Finding, ...]]
    differences: Callable[[_Rules, _Rules], Explanation]
    read_cases: Callable[[Mapping[str, Any], _Rules], Sequence[_Case]]
    answer: Callable[[_Rules, Sequence[_Case]], tuple[Answered, ...]]


def read_rules(data: Mapping[str, Any]) -> AnyRules:
    """The rules that plain data describe, of the kind that its ``schema`` names.

    Raises:
        UnreadableError: with every problem found, each with its path; also where no kind has that schema.
    """
    schema = data.get("schema")
    for one in KINDS.values():
        if one.schema == schema:
            return one.read(data)  # type: ignore[no-any-return]
    expected = ", ".join(one.schema for one in KINDS.values())
    raise UnreadableError((Problem("schema", f"expected one of {expected}"),))


def kept_rules(digest: str, data: Callable[[], Mapping[str, Any]]) -> AnyRules:
    """The rules of a stored content hash, read from its data only where they were not read lately.

    Equal hashes are equal content, and rules are never edited, so that everybody who asks may hold the same ones. An
    editor asks for the same hundreds of rows after each change of one of them.

    Raises:
        UnreadableError: as :func:`read_rules` does.
    """
    found = _KEPT.pop(digest, None)
    if found is None:
        found = read_rules(data())
    keep_rules(digest, found)
    return found


def keep_rules(digest: str, rules: AnyRules) -> None:
    """Hold rules of a content hash ready for who asks next; of the many only the last are held."""
    _KEPT[digest] = rules
    for oldest in list(_KEPT)[:-_MOST_KEPT]:
        _KEPT.pop(oldest, None)


def forget_rules() -> None:
    """Hold no rules ready any more."""
    _KEPT.clear()


_KEPT: dict[str, AnyRules] = {}
_MOST_KEPT = 16


def kind_of(rules: AnyRules) -> DocumentKind[Any, Any]:
    """The kind of rules that were read."""
    return KINDS[rules.kind]


def rules_data(rules: AnyRules) -> dict[str, Any]:
    """Plain data in the one normal form, which :func:`read_rules` reads back as equal rules."""
    return kind_of(rules).data(rules)


def rules_content(rules: AnyRules) -> tuple[dict[str, Any], str]:
    """The normal form with its hash, as :func:`rules_data` and :func:`rules_hash` give them, written once."""
    data = rules_data(rules)
    return data, content_hash(data)


def rules_hash(rules: AnyRules) -> str:
    """The SHA-256 of the canonical normal form: 64 hexadecimal digits, equal for equal content."""
    return kind_of(rules).hash(rules)


def lint_rules(rules: AnyRules, around: Surroundings = ALONE) -> tuple[Finding, ...]:
    """Everything that is wrong with rules where they stand, whatever is claimed or held."""
    return kind_of(rules).lint(rules, around)


def rules_differences(before: AnyRules, after: AnyRules) -> Explanation:
    """What changed between two versions, in words; empty exactly if their hashes are equal.

    Raises:
        ValueError: they are of two kinds.
    """
    if before.kind != after.kind:
        raise ValueError(f"{before.kind} and {after.kind} are not compared")
    return kind_of(before).differences(before, after)


def read_cases_of(rules: AnyRules, items: Sequence[Mapping[str, Any]]) -> Sequence[AnyCase]:
    """Test cases, read for the rules they are asked of.

    Raises:
        UnreadableError: with every problem found, each with its path, as ``cases[0].facts``.
    """
    kind = kind_of(rules)
    return kind.read_cases(cases_document(kind, rules.code, items), rules)


def answer_cases(rules: AnyRules, cases: Sequence[AnyCase]) -> tuple[Answered, ...]:
    """What rules say of each test case that was read for them."""
    return kind_of(rules).answer(rules, cases)


def cases_document(kind: DocumentKind[Any, Any], code: str, items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The document that holds test cases of the rules of a kind and code."""
    return {"schema": kind.cases, "rules": code, "cases": [dict(item) for item in items]}


def _not_laid(*_asked: Any) -> Any:
    """Cases are not asked of an overlay.

    Raises:
        ValueError: always.
    """
    raise ValueError("an overlay is tested as it decides, laid on the rules it inherits")


OVERLAYS: Mapping[str, str] = {RECOGNITION: OVERLAY, CONVERSION: CONVERSION_OVERLAY}
"""The kind of an overlay's documents by that of the rules it is laid on."""
_DECIDED = {overlay: kind for kind, overlay in OVERLAYS.items()}


def is_overlay(kind: str) -> bool:
    """Whether documents of a kind decide only as they are laid on what is inherited."""
    return kind in _DECIDED


def kind_decided(kind: str) -> str:
    """The kind of rules by which documents of a kind decide, and that of their rule set: an overlay is laid on one."""
    return _DECIDED.get(kind, kind)


def lay_any(base: DecidingRules, overlay: Overlay) -> Composed | ComposedConversions:
    """An overlay laid on rules of whichever kind it is for.

    Raises:
        ValueError: it is for rules of the other kind.
    """
    if isinstance(base, RuleSet) and overlay.kind == OVERLAY:
        return compose(base, overlay)
    if isinstance(base, ConversionRules) and overlay.kind == CONVERSION_OVERLAY:
        return compose_conversions(base, overlay)
    raise ValueError(f"{overlay.kind} is not laid on rules for {base.kind}")


def _answer_recognition(rules: RuleSet, cases: Sequence[Case]) -> tuple[Answered, ...]:
    compiled = compile_rules(rules)
    results = (run_case(compiled, case) for case in cases)
    return tuple(Answered(one.differences, one.answer.explanation) for one in results)


def _answer_conversion(rules: ConversionRules, cases: Sequence[ConversionCase]) -> tuple[Answered, ...]:
    compiled = compile_conversions(rules)
    results = (run_conversion_case(compiled, case) for case in cases)
    return tuple(Answered(one.differences, one.answer.explanation if one.answer else ()) for one in results)


def _conversion_lint(rules: ConversionRules, around: Surroundings) -> tuple[Finding, ...]:
    """What is wrong with the rules, with the circles in which credit grows within them and through others."""
    found = loops([rules, *around.others], around.library or {}, around.carriers)
    return (*lint_conversions(rules, around.library), *(finding(loop, rules.code) for loop in found))


KINDS: Mapping[str, DocumentKind[Any, Any]] = {
    RECOGNITION: DocumentKind(
        kind=RECOGNITION,
        schema=RECOGNITION_SCHEMA,
        cases=CASES_SCHEMA,
        read=read_rule_set,
        data=rule_set_data,
        hash=rule_set_hash,
        lint=lambda rules, _around: lint(rules),
        differences=differences,
        read_cases=lambda document, rules: read_cases(document, rules).cases,
        answer=_answer_recognition,
    ),
    CONVERSION: DocumentKind(
        kind=CONVERSION,
        schema=CONVERSION_SCHEMA,
        cases=CONVERSION_CASES_SCHEMA,
        read=read_conversion_rules,
        data=conversion_rules_data,
        hash=conversion_rules_hash,
        lint=_conversion_lint,
        differences=conversion_differences,
        read_cases=read_conversion_cases,
        answer=_answer_conversion,
    ),
    OVERLAY: DocumentKind(
        kind=OVERLAY,
        schema=OVERLAY_SCHEMA,
        cases=CASES_SCHEMA,
        read=read_overlay,
        data=overlay_data,
        hash=overlay_hash,
        lint=lambda _overlay, _around: (),
        differences=overlay_differences,
        read_cases=_not_laid,
        answer=_not_laid,
    ),
    CONVERSION_OVERLAY: DocumentKind(
        kind=CONVERSION_OVERLAY,
        schema=CONVERSION_OVERLAY_SCHEMA,
        cases=CONVERSION_CASES_SCHEMA,
        read=read_conversion_overlay,
        data=conversion_overlay_data,
        hash=conversion_overlay_hash,
        lint=lambda _overlay, _around: (),
        differences=conversion_overlay_differences,
        read_cases=_not_laid,
        answer=_not_laid,
    ),
}
"""The kinds of rules by the name that a rule set keeps."""
