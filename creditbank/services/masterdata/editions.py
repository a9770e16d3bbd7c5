"""Prepare, publish and withdraw editions, and say that an institution has taken note of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from creditbank.domain.canonical import content_hash
from creditbank.domain.explanation import Refusal
from creditbank.domain.masterdata.editions import FIRST_DAY, is_kind, mapping_rows, row_content, rows_by_key
from creditbank.domain.masterdata.facts import Stored
from creditbank.domain.masterdata.inheritance import lay
from creditbank.domain.masterdata.sets import OUTCOME_TYPES
from creditbank.gateways.clock import new_id
from creditbank.queries.masterdata.inheritance import inheritance_of, outcome_types_as_they_stand
from creditbank.queries.masterdata.updates import conflicts_with, find_edition
from creditbank.records.editions import Adoption, Edition
from creditbank.records.institutions import Institution
from creditbank.records.masterdata import DataRow, SheetMapping
from creditbank.records.scope import Scope
from creditbank.services.masterdata.rows import take_turn
from creditbank.services.operations import note_operation

_MOST_NAMED = 10
_TENANTS = (Institution.Kind.CENTRE, Institution.Kind.INSTITUTION)


def prepare_edition(
    *,
    scope: Scope,
    kind: str,
    rows: Sequence[Mapping[str, Stored]] | None,
    label: str,
    source: str,
    note: str,
    effective_on: date,
    actor: UUID,
    at: datetime,
    locked: bool = False,
) -> Edition | Refusal:
    """Keep an edition as a draft that nobody below sees.

    Args:
        scope: acts for the publisher.
        kind: ``courses``, or ``codes.`` and a code table.
        rows: the whole content; nothing for ``courses`` and mappings, which are taken as they stand.
        label: by which the edition is told from others.
        source: where the content comes from, a standard or a document.
        note: what changes, in words for those below.
        effective_on: the first day it is in force.
        actor: who prepares it.
        at: the moment.
        locked: of a mapping, whether schools below may read its headings otherwise.
    """
    take_turn(scope)
    if not is_kind(kind):
        return Refusal.because("edition.no_kind", kind=kind)
    if not label.strip():
        return Refusal.because("edition.no_label")
    if rows is None and kind.startswith("mapping."):
        known = scope.rows(SheetMapping).filter(institution_id=scope.institution, data_set=kind[8:]).first()
        rows = mapping_rows(known.headings, known.values, locked=locked) if known is not None else []
    if rows is None:
        stored = scope.rows(DataRow).filter(institution_id=scope.institution, data_set=kind).order_by("key")
        rows = list(stored.values_list("content", flat=True))
    content = [row_content(row) for row in rows]
    if not content:
        return Refusal.because("edition.no_rows")
    held = _held(scope, kind, content, effective_on)
    if held is not None:
        return held
    made: Edition = scope.rows(Edition).create(
        institution_id=scope.institution,
        edition_id=new_id(),
        kind=kind,
        label=label.strip()[:60],
        source=source.strip()[:300],
        note=note.strip()[:1000],
        effective_on=effective_on,
        rows=content,
        content_hash=content_hash(content),
        made_by=actor,
        made_at=at,
    )
    _note(scope, actor, "edition.prepare", made.edition_id, at)
    return made


def publish_edition(*, scope: Scope, edition_id: UUID, actor: UUID, at: datetime, today: date) -> Edition | Refusal:
    """Show a draft to every institution below; from its day on it is in force, whoever does or does not act then.

    An institution with others below it publishes for a day to come, so that they see first what changes.
    """
    found = _standing(scope, edition_id)
    if isinstance(found, Refusal):
        return found
    if found.published_at is not None:
        return Refusal.because("edition.published_before")
    below = scope.rows(Institution).filter(parent_id=scope.institution, kind__in=_TENANTS).exists()
    if below and found.effective_on <= today:
        return Refusal.because("edition.day_past", day=found.effective_on.isoformat())
    held = _held(scope, found.kind, found.rows, found.effective_on)
    if held is not None:
        return held
    others = scope.rows(Edition).filter(institution_id=scope.institution, kind=found.kind, withdrawn_at=None)
    if others.filter(effective_on=found.effective_on).exclude(published_at=None).exists():
        return Refusal.because("edition.day_taken", day=found.effective_on.isoformat())
    if found.kind == OUTCOME_TYPES.code:
        keep_outcome_types(scope=scope, actor=actor, at=at)
    _rows(scope, edition_id).update(published_at=at, published_by=actor)
    _note(scope, actor, "edition.publish", edition_id, at)
    return _rows(scope, edition_id).get()  # type: ignore[no-any-return]


def withdraw_edition(*, scope: Scope, edition_id: UUID, actor: UUID, at: datetime, today: date) -> Edition | Refusal:
    """Take a draft back, or a published edition before its day; what was in force before simply stays."""
    found = _standing(scope, edition_id)
    if isinstance(found, Refusal):
        return found
    if found.published_at is not None and found.effective_on <= today:
        return Refusal.because("edition.in_force", day=found.effective_on.isoformat())
    _rows(scope, edition_id).update(withdrawn_at=at, withdrawn_by=actor)
    _note(scope, actor, "edition.withdraw", edition_id, at)
    return _rows(scope, edition_id).get()  # type: ignore[no-any-return]


def take_note(
    *, scope: Scope, edition_id: UUID, actor: UUID, at: datetime, today: date, acknowledge: bool
) -> Adoption | Refusal:
    """Keep that the institution has seen an edition from above, or takes note of it, with what then does not hold.

    The publisher reads the moments and the number, nothing else.
    """
    found = find_edition(scope, edition_id)
    if found is None or found.is_own or found.published_at is None:
        return Refusal.because("edition.not_found")
    if found.withdrawn_at is not None:
        return Refusal.because("edition.withdrawn_before")
    take_turn(scope)
    values: dict[str, Any] = {"conflicts": conflicts_with(scope, found, today=today), "counted_at": at}
    if acknowledge:
        values |= {"acknowledged_at": at, "acknowledged_by": actor}
    named = {"institution_id": scope.institution, "publisher_id": found.publisher_id, "edition_id": edition_id}
    known = scope.rows(Adoption).filter(**named)
    if not known.update(**values):
        scope.rows(Adoption).create(**named, seen_at=at, **values)
    if acknowledge:
        _note(scope, actor, "edition.acknowledge", edition_id, at)
    return known.get()  # type: ignore[no-any-return]


def _held(scope: Scope, kind: str, content: Sequence[Mapping[str, Stored]], day: date) -> Refusal | None:
    """A level in the middle publishes only what the levels above it allow."""
    above = inheritance_of(scope, kind, day)
    wrong = lay(kind, above.rows, rows_by_key(content), above.name).conflicts
    if not wrong:
        return None
    named = "、".join(sorted(wrong)[:_MOST_NAMED]) + ("…" if len(wrong) > _MOST_NAMED else "")
    return Refusal.because("edition.above_locks", count=len(wrong), rows=named)


def keep_outcome_types(*, scope: Scope, actor: UUID, at: datetime) -> None:
    """Keep types that were made before they were master data as an edition of the first day there is.

    Those below go on with them as they stand now, until an edition that they have seen before takes effect.
    """
    kind = OUTCOME_TYPES.code
    if scope.rows(Edition).filter(institution_id=scope.institution, kind=kind).exclude(published_at=None).exists():
        return
    assert scope.institution is not None
    here = [scope.institution]
    standing = outcome_types_as_they_stand(scope, here, unstated=True).get(scope.institution, {})
    if not standing:
        return
    rows = [row_content(row) for _key, row in sorted(standing.items())]
    scope.rows(Edition).create(
        institution_id=scope.institution,
        edition_id=new_id(),
        kind=kind,
        label="0",
        effective_on=FIRST_DAY,
        rows=rows,
        content_hash=content_hash(rows),
        made_by=actor,
        made_at=at,
        published_by=actor,
        published_at=at,
    )


def _rows(scope: Scope, edition_id: UUID) -> Any:
    return scope.rows(Edition).filter(institution_id=scope.institution, edition_id=edition_id)


def _standing(scope: Scope, edition_id: UUID) -> Edition | Refusal:
    """An edition of one's own that nobody has withdrawn, in a turn of this transaction."""
    take_turn(scope)
    found = _own(scope, edition_id)
    if found is None:
        return Refusal.because("edition.not_found")
    if found.withdrawn_at is not None:
        return Refusal.because("edition.withdrawn_before")
    return found


def _own(scope: Scope, edition_id: UUID) -> Edition | None:
    found: Edition | None = _rows(scope, edition_id).first()
    return found


def _note(scope: Scope, actor: UUID, action: str, edition_id: UUID, at: datetime) -> None:
    note_operation(
        scope=scope, actor=actor, action=action, outcome="done", at=at, object_kind="edition", object_id=edition_id
    )
