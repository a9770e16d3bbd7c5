"""Drafts of rule versions: which there are, and what stands before their next step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models.fields.json import KT

from creditbank.domain.explanation import Explanation, Line, Verdict
from creditbank.domain.rule_documents import OVERLAYS, AnyRules, is_overlay, kept_rules, kind_decided, read_rules
from creditbank.domain.rule_life.applies import read_applies
from creditbank.domain.rule_life.states import Act, Life, State
from creditbank.domain.values import Text
from creditbank.queries.courses import findings_of
from creditbank.queries.outcome_types import today_at
from creditbank.queries.overlays import standing_of
from creditbank.queries.rule_cases import CaseRun, list_cases, run_cases
from creditbank.records.rules import RuleDraft, RuleDraftAct, RuleVersion
from creditbank.records.scope import Scope

_OPEN = (State.DRAFT.value, State.TESTED.value, State.IN_REVIEW.value)


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A draft as a list shows it; ``kind`` is that of its document, or of what it was begun as."""

    draft_id: UUID
    rule_set_id: UUID
    code: str
    kind: str
    name: Text
    state: State
    revision: int
    origin: dict[str, Any]
    saved_at: datetime
    saved_by: UUID

    @property
    def overlay(self) -> bool:
        """Whether it is to be laid on inherited rules."""
        return is_overlay(self.kind)


@dataclass(frozen=True, slots=True)
class DraftDetail:
    """A draft with its text and what it says, if it says anything yet; ``authors`` saved it."""

    line: DraftLine
    text: str
    rules: AnyRules | None
    content_hash: str
    effective: dict[str, Any]
    life: Life
    version_id: UUID | None


def list_drafts(scope: Scope, *, kind: str) -> tuple[DraftLine, ...]:
    """The drafts of one kind of the scope's institution that are being written or reviewed, the last saved first."""
    kind = kind_decided(kind)
    rows = _lines(scope).filter(institution_id=scope.institution, state__in=_OPEN, rule_set__kind=kind)
    return tuple(_line(row) for row in rows.defer("content", "text").order_by("-saved_at"))


def find_draft(scope: Scope, draft_id: UUID) -> DraftDetail | None:
    """One draft of the scope's institution in full."""
    row = _lines(scope).filter(pk=draft_id, institution_id=scope.institution).defer("content").first()
    if row is None:
        return None
    return DraftDetail(
        line=_line(row),
        text=row.text,
        # A draft has a hash exactly while it has content.
        rules=kept_rules(row.content_hash, lambda: row.content) if row.content_hash else None,
        content_hash=row.content_hash,
        effective=row.applies,
        life=draft_life(scope, row),
        version_id=row.version_id,
    )


def draft_life(scope: Scope, draft: RuleDraft) -> Life:
    """Where a draft stands, with who wrote it and who agreed to it since it was last sent for review."""
    signed: list[UUID] = []
    for act, actor in draft_acts(scope, draft.id).values_list("act", "actor_id"):
        if act == Act.SUBMIT:
            signed = []
        if act == Act.SIGN:
            signed.append(actor)
    authors = frozenset(UUID(author) for author in draft.authors)
    return Life(state=State(draft.state), authors=authors, signed=tuple(signed))


def draft_acts(scope: Scope, draft_id: UUID) -> Any:
    """The steps of a draft in their order."""
    return scope.rows(RuleDraftAct).filter(draft_id=draft_id).order_by("recorded_at", "id")


def readiness(scope: Scope, draft: RuleDraft) -> Explanation:
    """What speaks against a draft's content: nothing, if its cases are green and lint finds nothing to forbid."""
    code = draft.rule_set.code
    if draft.content is None:
        return (Line("rule_draft.unreadable", Verdict.NO),)
    rules = read_rules(draft.content)
    said: list[Line] = []
    if rules.code != code:
        said.append(Line("rule_draft.other_code", Verdict.NO, {"code": code, "found": rules.code}))
    if kind_decided(rules.kind) != draft.rule_set.kind:
        said.append(Line("rule_draft.other_kind", Verdict.NO, {"kind": draft.rule_set.kind, "found": rules.kind}))
    place, today = draft.institution_id, today_at(scope, draft.institution_id)
    decides = standing_of(scope, rules, institution=place, on=today, laid_on=draft.origin)
    said += decides.refused
    cases = list_cases(scope, draft.rule_set_id)
    if not cases:
        said.append(Line("rule_draft.no_cases", Verdict.NO))
    if decides.rules is not None:
        found = findings_of(scope, decides.rules, institution=place, on=today)
        said += [finding.line for finding in found if finding.line.worst() is Verdict.NO]
        said += red_lines(run_cases(decides.rules, cases))
    return (*said, *unknown_stays(scope, draft.rule_set_id, draft.applies))


def red_lines(runs: Iterable[CaseRun]) -> Sequence[Line]:
    """A line for each case that is red, with what differs underneath."""
    found = []
    for run in runs:
        if run.green:
            continue
        below = [
            Line(
                "rule_draft.case_differs",
                Verdict.NO,
                {"what": one.what, "expected": one.expected, "found": one.found or "—"},
            )
            for one in run.differences
        ]
        below += [Line("rule_draft.case_unreadable", Verdict.NO, {"problem": problem}) for problem in run.problems]
        facts = {"case": run.case.code, "name": run.case.name}
        found.append(Line("rule_draft.case_red", Verdict.NO, facts, None, tuple(below)))
    return found


def unknown_stays(scope: Scope, rule_set_id: UUID, applies: dict[str, Any]) -> Sequence[Line]:
    """A line for each transitional clause that names a version which the rule set does not have in force."""
    named = [clause.under for clause in read_applies(applies).stays] if applies else []
    if not named:
        return ()
    rows = scope.rows(RuleVersion).filter(rule_set_id=rule_set_id, number__in=named, effective_from__isnull=False)
    known = set(rows.exclude(state=State.ABOLISHED.value).values_list("number", flat=True))
    return [Line("rule_life.stays_unknown", Verdict.NO, {"number": number}) for number in named if number not in known]


def _lines(scope: Scope) -> Any:
    """Drafts with the kind that their document says, where it can be read."""
    return scope.rows(RuleDraft).select_related("rule_set").annotate(said_kind=KT("content__kind"))


def _line(row: Any) -> DraftLine:
    return DraftLine(
        draft_id=row.id,
        rule_set_id=row.rule_set_id,
        code=row.rule_set.code,
        kind=row.said_kind or (OVERLAYS[row.rule_set.kind] if "overlay" in row.origin else row.rule_set.kind),
        name=Text(row.rule_set.name, row.rule_set.name_en),
        state=State(row.state),
        revision=row.revision,
        origin=row.origin,
        saved_at=row.saved_at,
        saved_by=row.saved_by,
    )
