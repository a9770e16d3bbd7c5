"""Hold what a school states to what the levels above it allow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from creditbank.domain.explanation import Fact, Line, Refusal, Verdict
from creditbank.domain.masterdata.declaration import DataSet
from creditbank.domain.masterdata.facts import Stored
from creditbank.domain.masterdata.inheritance import Conflict, inherits, judge_row
from creditbank.domain.masterdata.reading import say_value
from creditbank.domain.values import Text
from creditbank.queries.masterdata.inheritance import Inheritance, inheritance_of
from creditbank.records.scope import Scope


def conflict_facts(data_set: DataSet, key: str, conflict: Conflict) -> dict[str, Fact]:
    """What the sentence of a conflict names: publisher, row, field and both values."""
    field = data_set.field(conflict.field)

    def said(value: Stored) -> Text:
        zh, en = say_value(field, value, "zh-hans"), say_value(field, value, "en")
        return Text(zh, en) if zh else Text("空", "empty")

    return {
        "key": key,
        "publisher": conflict.publisher,
        "field": field.label,
        "above": said(conflict.above),
        "own": said(conflict.own),
    }


def refused_by(
    found: Inheritance, data_set: DataSet, key: str, stated: Mapping[str, Stored]
) -> tuple[tuple[str, Line], ...]:
    """Each field that the levels above do not allow, with the line that says why."""
    above = found.rows.get(key)
    if above is None:
        return ()
    named = {field.name for field in data_set.fields}
    _made, conflicts = judge_row(found.kind, above, {name: value for name, value in stated.items() if name in named})
    return tuple(
        (conflict.field, Line(conflict.code, Verdict.NO, conflict_facts(data_set, key, conflict)))
        for conflict in in_order(data_set, conflicts)
    )


def in_order(data_set: DataSet, conflicts: Iterable[Conflict]) -> list[Conflict]:
    """Conflicts in the order of the declared fields."""
    places = {field.name: place for place, field in enumerate(data_set.fields)}
    return sorted(conflicts, key=lambda conflict: places[conflict.field])


def refusal_of(scope: Scope, data_set: DataSet, key: str, stated: Mapping[str, Stored], as_of: date) -> Refusal | None:
    """Why one row may not be stated, or nothing against it."""
    if not inherits(data_set.code):
        return None
    lines = refused_by(inheritance_of(scope, data_set.code, as_of), data_set, key, stated)
    return Refusal(tuple(line for _field, line in lines)) if lines else None


def is_handed_down(scope: Scope, data_set: DataSet, key: str, as_of: date) -> bool:
    """Whether a level above hands this row down on a day."""
    return inherits(data_set.code) and key in inheritance_of(scope, data_set.code, as_of).rows
