"""Rule sets as the office reads them: which are in force, and a version's tables in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from creditbank.domain.conversions.matrix import Matrix, matrix
from creditbank.domain.conversions.model import ConversionRules
from creditbank.domain.conversions.words import RulesSaid, rules_said
from creditbank.domain.explanation import Explanation
from creditbank.domain.rule_documents import (
    AnyRules,
    DecidingRules,
    is_overlay,
    kind_decided,
    read_rules,
    rules_differences,
)
from creditbank.domain.rule_life.states import Act, standing
from creditbank.domain.rule_life.states import State as Stage
from creditbank.domain.rules.amounts import credit_shown
from creditbank.domain.rules.facts import cell_shown
from creditbank.domain.rules.figures import figure_shown
from creditbank.domain.rules.model import Accept, Fact, Give, RuleSet, Ruling, Table
from creditbank.domain.values import Hundredths, Text
from creditbank.queries.courses import course_library, findings_of
from creditbank.queries.overlays import standing_of
from creditbank.records.institutions import Institution
from creditbank.records.rules import RuleAct, RuleVersion
from creditbank.records.scope import Scope, acting_for

_COARSE = {Stage.EFFECTIVE: "in_force", Stage.SUSPENDED: "suspended"}


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a rule set; ``state`` is in_force, future, past or suspended on the day it was asked for.

    A version without a day yet is ``future``; ``stage`` says in which step of its life it is.
    """

    version_id: UUID
    code: str
    kind: str
    name: Text
    publisher: Text
    number: int
    content_hash: str
    effective_from: date | None
    effective_until: date | None
    state: str
    stage: Stage
    rule_set_id: UUID
    institution_id: UUID
    meeting: str
    taken_in: bool
    approved_at: datetime

    @property
    def overlay(self) -> bool:
        """Whether it adds to inherited rules and tightens them, and decides as it is laid on these."""
        return is_overlay(self.kind)


@dataclass(frozen=True, slots=True)
class RowShown:
    """A row of a table: one cell for each column, what it gives, its clause."""

    id: str
    cells: tuple[Text, ...]
    credit: Hundredths | None
    gives: Text
    ruling: Ruling
    clause: Text
    locked: bool
    """Whether nobody further down may tighten it."""
    own: bool
    """Whether an overlay added or tightened it."""


@dataclass(frozen=True, slots=True)
class TableShown:
    """A decision table with the words of its columns and cells; ``open`` for rows from further down."""

    code: str
    when: Text
    columns: tuple[Text, ...]
    rows: tuple[RowShown, ...]
    open: bool


@dataclass(frozen=True, slots=True)
class LimitShown:
    """A step, family, limit or date with its clause, as :class:`RowShown` says it of a row."""

    id: str
    clause: Text
    locked: bool
    own: bool


@dataclass(frozen=True, slots=True)
class FigureShown:
    """A second figure beside the credit: how it is reckoned, and its clause."""

    id: str
    reckoned: Text
    clause: Text


@dataclass(frozen=True, slots=True)
class VersionShown:
    """A version with everything it says."""

    version: Version
    rules: AnyRules
    applies: dict[str, Any]
    """Which claims it decides beside their day, as ``domain.rule_life.applies`` reads it."""
    source: Text
    tables: tuple[TableShown, ...]
    limits: tuple[LimitShown, ...]
    """What the steps, families, caps and dates say, in the order they are applied."""
    findings: Explanation
    """What lint finds wrong with it, whatever is claimed."""
    before: int | None
    """The number of the version before it, if there is one."""
    changes: Explanation
    """What changed since then, in words."""
    base: Text | None
    """Who publishes the rules that an overlay is laid on; tables and limits are then those that decide."""
    refused: Explanation
    """What of an overlay does not hold with the rules it is laid on."""
    conversion: RulesSaid | None = None
    """Its rows and limits in words, where it is for conversion; it has no tables then."""
    decides: DecidingRules | None = None
    """The rules that decide by it: its own, or those it inherits with the overlay laid on them."""
    matrix: Matrix | None = None
    """The same as a matrix of outcomes and what they become."""
    figures: tuple[FigureShown, ...] = ()
    laid: Explanation = ()
    """What an overlay makes of the rules it inherits, in words."""


@dataclass(frozen=True, slots=True)
class PublicVersion:
    """A version as everybody reads it; ``publicity_until`` is the first day after its publicity, if it had one."""

    shown: VersionShown
    contact: str
    publicity_until: date | None


def list_versions(scope: Scope, *, kind: str, on: date) -> tuple[Version, ...]:
    """Every version of the rule sets of a kind that the scope's institution has or inherits; the newest first."""
    rows = scope.rows(RuleVersion).filter(institution_id__in=_places(scope), rule_set__kind=kind_decided(kind))
    rows = rows.select_related("rule_set", "institution").defer("content")
    return tuple(_version(row, on) for row in rows.order_by("rule_set__code", "-number"))


def read_version(scope: Scope, version_id: UUID, *, on: date) -> VersionShown | None:
    """One of those versions in words."""
    rows = scope.rows(RuleVersion).filter(institution_id__in=_places(scope)).select_related("rule_set", "institution")
    row = rows.filter(pk=version_id).first()
    return None if row is None else _shown(scope, row, on)


def find_content(scope: Scope, code: str, *, number: int | None, on: date) -> dict[str, Any] | None:
    """The document of a version that the scope's institution has or inherits; without a number of that in force.

    Of one code the institution's own rule set counts before that of the level above.
    """
    for place in _places(scope):
        rows = scope.rows(RuleVersion).filter(institution_id=place, rule_set__code=code).order_by("-number")
        for row in rows if number is None else rows.filter(number=number):
            stage = standing(Stage(row.state), row.effective_from, row.effective_until, on)
            if number is not None or stage is Stage.EFFECTIVE:
                return dict(row.content)
    return None


def _shown(scope: Scope, row: Any, on: date) -> VersionShown:
    document = read_rules(row.content)
    stands_on = max(on, row.effective_from or on)
    standing = standing_of(scope, document, institution=row.institution_id, on=stands_on)
    rules = standing.rules
    before = scope.rows(RuleVersion).filter(rule_set=row.rule_set_id, number__lt=row.number).order_by("-number").first()
    tables: tuple[TableShown, ...] = ()
    steps: list[Any] = [*rules.exclude, *rules.prerequisite] if rules is not None else []
    if isinstance(rules, RuleSet):
        own = {name for part, name in standing.own if part == "rows"}
        tables = tuple(_table(rules, table, own) for table in rules.tables)
        steps += [*rules.adjust, *rules.choose]
    steps += [*rules.cap, *rules.validity] if rules is not None else []
    own_steps = {name for part, name in standing.own if part != "rows"}
    findings: Explanation = ()
    if rules is not None:
        found = findings_of(scope, rules, institution=row.institution_id, on=on)
        findings = tuple(finding.line for finding in found)
    names = _course_names(scope, row.institution_id, on) if isinstance(rules, ConversionRules) else {}
    return VersionShown(
        version=_version(row, on),
        rules=document,
        applies=row.applies,
        source=document.source,
        tables=tables,
        limits=tuple(
            LimitShown(step.id, step.clause, getattr(step, "locked", False), step.id in own_steps) for step in steps
        ),
        findings=findings,
        before=before.number if before else None,
        changes=_changed(scope, before, document, rules, stands_on) if before else (),
        decides=rules,
        base=standing.base,
        refused=standing.refused,
        conversion=rules_said(rules, names, standing.own) if isinstance(rules, ConversionRules) else None,
        laid=_compared(standing.inherited, rules),
        matrix=matrix(rules, names) if isinstance(rules, ConversionRules) else None,
        figures=tuple(FigureShown(one.id, figure_shown(one), one.clause) for one in rules.figures)
        if isinstance(rules, RuleSet)
        else (),
    )


def _course_names(scope: Scope, institution: UUID, on: date) -> dict[str, Text]:
    """The names of an institution's courses by code; of those that the reader may see."""
    return {code: course.title for code, course in course_library(scope, institution, on).items()}


def compare_versions(before: VersionShown, after: VersionShown) -> Explanation:
    """What changed from one version to another, in words."""
    if before.rules.kind == after.rules.kind:
        return rules_differences(before.rules, after.rules)
    return _compared(before.decides, after.decides)


def _changed(scope: Scope, before: Any, document: AnyRules, decides: DecidingRules | None, on: date) -> Explanation:
    """What changed since the version before; where one of the two is an overlay, in the rules that decide."""
    former = read_rules(before.content)
    if former.kind == document.kind:
        return rules_differences(former, document)
    return _compared(standing_of(scope, former, institution=before.institution_id, on=on).rules, decides)


def _compared(before: DecidingRules | None, after: DecidingRules | None) -> Explanation:
    return rules_differences(before, after) if before is not None and after is not None else ()


def public_versions(*, kind: str, on: date) -> tuple[Version, ...]:
    """Every version of a kind that was approved anywhere, by rule set, the newest first; everybody may read them."""
    with acting_for(purpose="public") as scope:
        rows = scope.rows(RuleVersion).filter(rule_set__kind=kind_decided(kind))
        rows = rows.select_related("rule_set", "institution").defer("content")
        return tuple(_version(row, on) for row in rows.order_by("rule_set__code", "institution__code", "-number"))


def public_version(version_id: UUID, *, on: date) -> PublicVersion | None:
    """One approved version in words, with its institution's contact and the end of its publicity."""
    with acting_for(purpose="public") as scope:
        row = scope.rows(RuleVersion).select_related("rule_set", "institution").filter(pk=version_id).first()
        if row is None:
            return None
        announced = scope.rows(RuleAct).filter(version_id=version_id, act=Act.ANNOUNCE.value)
        facts = announced.values_list("facts", flat=True).first() or {}
        until = facts.get("until")
        shown = _shown(scope, row, on)
        return PublicVersion(shown, row.institution.contact, date.fromisoformat(until) if until else None)


def _places(scope: Scope) -> list[UUID]:
    """The institution and all above it."""
    found: list[UUID] = []
    place = scope.institution
    while place is not None:
        found.append(place)
        place = scope.rows(Institution).filter(pk=place).values_list("parent_id", flat=True).first()
    return found


def _version(row: Any, on: date) -> Version:
    stage = standing(Stage(row.state), row.effective_from, row.effective_until, on)
    over = row.effective_until is not None and row.effective_until < on
    state = "past" if over or stage is Stage.ABOLISHED else _COARSE.get(stage, "future")
    return Version(
        version_id=row.id,
        code=row.rule_set.code,
        kind=row.kind,
        name=Text(row.rule_set.name, row.rule_set.name_en),
        publisher=Text(row.institution.name, row.institution.name_en),
        number=row.number,
        content_hash=row.content_hash,
        effective_from=row.effective_from,
        effective_until=row.effective_until,
        state=state,
        stage=stage,
        rule_set_id=row.rule_set_id,
        institution_id=row.institution_id,
        meeting=row.meeting,
        taken_in=row.taken_in,
        approved_at=row.published_at,
    )


def _table(rules: RuleSet, table: Table, own: set[str]) -> TableShown:
    facts = {fact.name: fact for fact in rules.facts}
    rows = []
    for row in table.rows:
        tests = {test.fact: test.accept for test in row.when}
        credit, gives, ruling = _gives(rules, facts, row.give)
        cells = tuple(_cell(facts[name], tests.get(name)) for name in table.columns)
        locked = row.locked or table.locked
        rows.append(RowShown(row.id, cells, credit, gives, ruling, row.clause, locked, row.id in own))
    conditions = [(facts[test.fact], test.accept) for test in table.when]
    return TableShown(
        code=table.code,
        when=_joined([_with(fact.label, _cell(fact, accept)) for fact, accept in conditions], "；", "; "),
        columns=tuple(facts[name].label for name in table.columns),
        rows=tuple(rows),
        open=table.open,
    )


def _gives(rules: RuleSet, facts: dict[str, Fact], give: Give | Ruling) -> tuple[Hundredths | None, Text, Ruling]:
    if isinstance(give, Ruling):
        return None, Text(""), give
    category = next((one.label for one in rules.categories if one.code == give.category), Text(give.category))
    if isinstance(give.credit, int):
        return give.credit, category, Ruling.RECOGNISE
    said = credit_shown(give.credit, facts)
    return None, Text(f"{said.zh}（{category.zh}）", f"{said.en} ({category.en or category.zh})"), Ruling.RECOGNISE


def _cell(fact: Fact, accept: Accept | None) -> Text:
    return Text("") if accept is None else cell_shown(fact, accept)


def _with(label: Text, value: Text) -> Text:
    return Text(f"{label.zh}：{value.zh}", f"{label.en or label.zh}: {value.en or value.zh}")


def _joined(texts: list[Text], zh: str, en: str) -> Text:
    return Text(zh.join(text.zh for text in texts), en.join(text.en or text.zh for text in texts))
