"""What the pages of master data show beside rows: choices, dependants, steps of a history, runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from creditbank.domain.masterdata.declaration import DataSet, Field
from creditbank.domain.masterdata.facts import Change, Stated, Stored, canonical
from creditbank.domain.masterdata.inheritance import inherits, lay
from creditbank.domain.masterdata.reading import normal
from creditbank.domain.masterdata.sets import DATA_SETS, data_set_named
from creditbank.domain.values import Text
from creditbank.queries.masterdata.inheritance import Inheritance, inheritance_of, own_rows
from creditbank.queries.masterdata.rows import NOTHING, FactLine
from creditbank.records.masterdata import DataRow
from creditbank.records.people import Account, Enrolment
from creditbank.records.results import ImportRun
from creditbank.records.scope import Scope


@dataclass(frozen=True, slots=True)
class Step:
    """One fact of a history with what it changed, in the order in which facts count."""

    fact: FactLine
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Dependants:
    """How many rows of another data set name this one in a field, and under which of its two names."""

    data_set: DataSet
    field: Field
    said: str
    count: int


@dataclass(frozen=True, slots=True)
class DataRun:
    """A run of master data, who began it, and who took it back."""

    run: ImportRun
    data_set: DataSet
    actor: Text
    reverted_by: Text


def steps_of(history: Sequence[FactLine]) -> tuple[Step, ...]:
    """The facts of a row, those that count most first, each with what it changed of what stood before.

    A fact that was taken back changes nothing for those after it.
    """

    def rank(fact: FactLine) -> tuple[str, str]:
        typed_at = fact.recorded_at if fact.run_id is None and not fact.event else None
        return Stated(fact.as_of, fact.content, typed_at, bool(fact.event)).rank, fact.recorded_at.isoformat()

    standing: dict[str, Stored] = {}
    steps = []
    for fact in sorted(history, key=rank):
        changes = tuple(
            Change(name, standing.get(name), value)
            for name, value in fact.content.items()
            if canonical(standing.get(name)) != canonical(value)
        )
        if fact.counts:
            standing |= fact.content
        steps.append(Step(fact, changes))
    return tuple(reversed(steps))


MOST_CHOICES = 300
"""From so many on a list is searched, not chosen from."""


def choices_of(scope: Scope, code: str, day: date, *, most: int = MOST_CHOICES) -> tuple[tuple[str, str], ...]:
    """Key and label of the rows in use a reference may name; none where there are too many to choose from.

    Of rows that are handed down those of the day, tightened, are among them.
    """
    above = inheritance_of(scope, code, day) if inherits(code) else None
    if above:
        rows = lay(code, above.rows, own_rows(scope, code, day), above.name).rows
        open_rows = [(key, str(row.content.get("name") or key)) for key, row in sorted(rows.items()) if not row.retired]
        return tuple(open_rows) if len(open_rows) <= most else ()
    known = scope.rows(DataRow).filter(institution_id=scope.institution, data_set=code, retired=False)
    found = tuple(known.order_by("key").values_list("key", "label")[: most + 1])
    return found if len(found) <= most else ()


def said_of(
    scope: Scope,
    data_set: DataSet,
    field: Field,
    *,
    handed_down: Mapping[str, Inheritance] = NOTHING,
    most: int = MOST_CHOICES,
) -> tuple[tuple[str, str], ...]:
    """What the rows of a data set say in a reference, each with what that row is called; none where it is too much."""
    found = scope.fetch(
        "SELECT said, coalesce(named.label, said) FROM (SELECT DISTINCT content->>%s AS said FROM data_row"
        " WHERE institution_id = %s AND data_set = %s AND content->>%s <> '' LIMIT %s) AS distinct_said"
        " LEFT JOIN data_row AS named ON named.institution_id = %s AND named.data_set = %s AND named.key = said"
        " ORDER BY said",
        [field.name, scope.institution, data_set.code, field.name, most + 1, scope.institution, field.data_set],
    )
    if len(found) > most:
        return ()
    above = handed_down[field.data_set].rows if field.data_set in handed_down else {}
    return tuple(
        (str(said), str(above[said].content.get("name") or said) if said in above else str(label))
        for said, label in found
    )


def dependants_of(scope: Scope, data_set: DataSet, key: str, label: str) -> tuple[Dependants, ...]:
    """Which rows of all data sets name this one, by its key or its label."""
    found = []
    for other in DATA_SETS:
        for field in other.references:
            if field.data_set != data_set.code:
                continue
            counts = scope.fetch(
                "SELECT content->>%s AS said, count(*) FROM data_row WHERE institution_id = %s AND data_set = %s"
                " AND content->>%s = ANY(%s) AND NOT retired GROUP BY 1 ORDER BY 1",
                [field.name, scope.institution, other.code, field.name, [key, normal(label)]],
            )
            found += [Dependants(other, field, str(said), int(count)) for said, count in counts]
    return tuple(found)


def learner_of_number(scope: Scope, number: str) -> UUID | None:
    """The learner enrolled under a student number."""
    rows = scope.rows(Enrolment).filter(institution_id=scope.institution, student_number=number)
    found: UUID | None = rows.values_list("learner_id", flat=True).first()
    return found


def find_data_run(scope: Scope, run_id: UUID) -> DataRun | None:
    """A run of master data of the scope's institution."""
    run = scope.rows(ImportRun).filter(institution_id=scope.institution, run_id=run_id).first()
    data_set = data_set_named(run.kind) if run is not None else None
    if run is None or data_set is None:
        return None
    people = Account.objects.using(scope.using).filter(pk__in={run.actor_id, run.reverted_by} - {None})
    names = {person: Text(name, name_en) for person, name, name_en in people.values_list("id", "name", "name_en")}
    return DataRun(run, data_set, names.get(run.actor_id, Text("")), names.get(run.reverted_by, Text("")))


def standing_on(scope: Scope, run_id: UUID) -> tuple[int, int]:
    """Of how many rows a run has stated something, and how many of them would be gone without it."""
    rows, alone = scope.fetch(
        "SELECT count(*), count(*) FILTER (WHERE NOT others) FROM (SELECT DISTINCT own.key, EXISTS ("
        " SELECT FROM data_fact AS other LEFT JOIN import_run AS run"
        " ON run.institution_id = other.institution_id AND run.run_id = other.run_id"
        " WHERE other.institution_id = own.institution_id AND other.data_set = own.data_set"
        " AND other.key = own.key AND other.run_id IS DISTINCT FROM own.run_id"
        " AND run.state IS DISTINCT FROM 'reverted') AS others"
        " FROM data_fact AS own WHERE own.institution_id = %s AND own.run_id = %s) AS touched",
        [scope.institution, run_id],
    )[0]
    return int(rows), int(alone)
