"""The catalogue of the demonstration: invented items, typed by one registrar and approved by another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from creditbank.domain.catalogue.life import Act
from creditbank.domain.explanation import Refusal
from creditbank.domain.masterdata.catalogue_sets import CATALOGUE
from creditbank.domain.masterdata.reading import Record, read_record
from creditbank.queries.outcome_types import outcome_types_of
from creditbank.records.institutions import Institution
from creditbank.records.scope import acting_for
from creditbank.services.catalogue.versions import Moved, act_on_version, submit_item
from creditbank.services.masterdata.facts import store_facts
from creditbank.services.masterdata.rows import take_turn

_TYPE = "innovation"


def publish_items(
    place: UUID, items: Sequence[Mapping[str, str]], *, author: UUID, second: UUID, at: datetime, on: date
) -> int:
    """Type the invented items, have them approved, and bring into force all but the last; tells how many.

    Args:
        place: the institution whose catalogue it is; where it takes no innovation, nothing is done.
        items: each one's texts by field, as a sheet would give them.
        author: who types and submits them.
        second: who approves them.
        at: the moment.
        on: the same day there.
    """
    with acting_for(institution=place, purpose="demo") as scope:
        if _TYPE not in outcome_types_of(scope, place, on):
            return 0
        take_turn(scope)
        stated = [(record.key, dict(record.content), None) for record in (_read(texts, on) for texts in items)]
        store_facts(scope=scope, data_set=CATALOGUE, stated=stated, as_of=on, run_id=None, actor=author, at=at)
        days = scope.rows(Institution).values_list("publicity_days", flat=True).get(pk=place)
        before = on - timedelta(days=days + 1)
        codes = [key for key, _content, _line in stated]
        for code in codes:
            last = code == codes[-1]
            moved = _done(submit_item(scope=scope, actor=author, code=code, at=at, on=on))
            for act in (Act.APPROVE,) if last else (Act.APPROVE, Act.ENACT):
                # All but the last were published early enough to be in force today.
                day = on if last or act is Act.ENACT else before
                moved = _done(
                    act_on_version(scope=scope, actor=second, code=code, number=moved.number, act=act, at=at, on=day)
                )
    return len(codes)


def _done(answer: Moved | Refusal) -> Moved:
    if isinstance(answer, Refusal):
        raise TypeError(f"the demonstration's own catalogue was refused: {answer}")
    return answer


def _read(texts: Mapping[str, str], on: date) -> Record:
    read = read_record(CATALOGUE, texts, today=on)
    if isinstance(read, tuple):
        raise TypeError(f"the demonstration's own catalogue cannot be read: {read}")
    return read
