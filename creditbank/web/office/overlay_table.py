"""The table of an overlay: the inherited rules, and what is made stricter or added here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.views.decorators.http import require_GET

from creditbank.domain.explanation import Explanation, Refusal
from creditbank.domain.rule_life.states import STEPS, Act
from creditbank.domain.rules.model import RuleSet
from creditbank.domain.rules.overlay import Overlay, overlay_data
from creditbank.domain.values import Text
from creditbank.exchange.rule_texts import comments_inside, rules_text
from creditbank.gateways import clock
from creditbank.queries.overlays import standing_of
from creditbank.queries.rule_cases import list_cases, run_cases
from creditbank.queries.rule_drafts import DraftDetail, find_draft
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.rule_drafts import Conflict, save_draft
from creditbank.web.doors import door
from creditbank.web.office.desk import actor_of, at_desk, show, today_at
from creditbank.web.office.overlay_rows import Overlaid, loose_items, parts_said, reasons_said, staying, tables_said
from creditbank.web.office.rule_tables import findings_said
from creditbank.web.office.rule_undo import can_go_back, note_change
from creditbank.web.office.rule_words import HOMES, may_act, tag_of


@dataclass(frozen=True, slots=True)
class OverlayDraft:
    """A draft of an overlay with what it is laid on.

    ``over`` is nothing where its text cannot be read yet, where nothing is inherited (``missing`` says so), or where
    what it is laid on has no tables (``other``).
    """

    found: DraftDetail
    over: Overlaid | None = None
    publisher: Text | None = None
    missing: Explanation = ()
    other: bool = False


@door("rules.approve")
@require_GET
def page(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """The inherited rules with what the draft makes of them."""
    with at_desk(request, "rules.approve") as scope:
        draft = overlay_drafted(request, scope, draft_id)
        if draft is None:
            return HttpResponseRedirect(reverse("office:rule-table", args=[draft_id]))
        return overlay_page(request, scope, draft)


@door("rules.approve")
@require_GET
def effects(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """What the check and the cases say of the rules as they would decide, as the part beside the table."""
    with at_desk(request, "rules.approve") as scope:
        draft = overlay_drafted(request, scope, draft_id)
        if draft is None or draft.over is None:
            return HttpResponseRedirect(reverse("office:rule-draft", args=[draft_id]))
        rules, line = draft.over.composed.rules, draft.found.line
        runs = run_cases(rules, list_cases(scope, line.rule_set_id))
        context = {
            "line": line,
            "findings": findings_said(rules),
            "checked": True,
            "case_count": len(runs),
            "red": [run.case for run in runs if not run.green],
        }
        return render(request, "office/parts/overlay_effects.html", context)


def overlay_drafted(request: HttpRequest, scope: Scope, draft_id: UUID) -> OverlayDraft | None:
    """An overlay's draft at this desk; nothing where the draft is of rules of one's own.

    Raises:
        NotVisible: there is no such draft, or it is not for this person.
    """
    found = find_draft(scope, draft_id)
    if found is None or scope.institution is None or not may_act(actor_of(request), Act.SIGN):
        raise NotVisible
    if not is_overlay(found):
        return None
    if not isinstance(found.rules, Overlay):
        return OverlayDraft(found)
    stands = standing_of(
        scope, found.rules, institution=scope.institution, on=today_at(scope), laid_on=found.line.origin
    )
    if stands.inherited is None:
        return OverlayDraft(found, missing=stands.refused)
    if not isinstance(stands.inherited, RuleSet):
        return OverlayDraft(found, other=True)
    return OverlayDraft(found, Overlaid.of(stands.inherited, found.rules), stands.base)


def is_overlay(found: DraftDetail) -> bool:
    """Whether a draft's document is laid on inherited rules, or was begun so while it cannot be read."""
    return isinstance(found.rules, Overlay) or (found.rules is None and "overlay" in found.line.origin)


def may_change(request: HttpRequest, draft: OverlayDraft) -> bool:
    """Whether this person may write the draft as it stands."""
    return may_act(actor_of(request), Act.SAVE) and draft.found.line.state in STEPS[Act.SAVE].origins


def keep(
    request: HttpRequest, scope: Scope, draft: OverlayDraft, overlay: Overlay, revision: int
) -> int | Conflict | Refusal:
    """Save the overlay, its text written anew; the new revision."""
    found = draft.found
    text = rules_text(overlay_data(overlay), before=found.text)
    saved = save_draft(
        scope=scope, actor=actor_of(request), draft_id=found.line.draft_id, revision=revision, text=text,
        rules=overlay, at=clock.now(),
    )  # fmt: skip
    if isinstance(saved, Conflict | Refusal):
        return saved
    if saved.revision > revision:
        note_change(request, found.line.draft_id, found.text, text, saved.revision)
    return saved.revision


def overlay_page(
    request: HttpRequest,
    scope: Scope,
    draft: OverlayDraft,
    *,
    wrong: Sequence[str] = (),
    again: Sequence[tuple[str, str]] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page, with what was not saved and why; ``again`` is what was sent where somebody saved meanwhile."""
    found, over = draft.found, draft.over
    editable = may_change(request, draft)
    context: dict[str, Any] = {
        "nav_path": HOMES[found.line.kind].url,
        "line": found.line,
        "status": tag_of(found.line.state),
        "editable": editable,
        "wrong": wrong,
        "conflict": again is not None,
        "again": again,
        "undo": editable and can_go_back(request, found.line),
        "readable": found.rules is not None,
        "missing": draft.missing,
        "other": draft.other,
        "publisher": draft.publisher,
    }
    if over is not None:
        draft_id = found.line.draft_id
        counts = {half: sum(map(len, getattr(over.overlay, half).values())) for half in ("tighten", "add")}
        lost = sum(bool(half) for half, _name, _item in over.conflicts)
        context |= {
            "over": over.overlay,
            "counts": counts | {"lost": lost},
            "whole": reasons_said(over.conflicts.get(("", "", ""), ())),
            "tables": tables_said(over, draft_id, editable=editable),
            "lists": parts_said(over, draft_id, editable=editable),
            "loose": loose_items(over, editable=editable),
            "staying": staying(over.base),
            "comments": comments_inside(found.text) if editable else 0,
        }
    return show(request, scope, "office/overlay_table.html", context, status=status)


def met_meanwhile() -> str:
    """That a change met another person's."""
    return _t("Somebody else saved this draft meanwhile.")
