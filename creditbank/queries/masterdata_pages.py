"""Master data as its pages show it: lists, figures, one row with its history and what depends on it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from creditbank.domain.masterdata.declaration import Check, CheckKind, DataSet, Field, Kind
from creditbank.domain.masterdata.facts import Change, Stated, Stored, canonical, effect_of_change
from creditbank.domain.masterdata.sets import CHANGES, DATA_SETS, STUDENTS, data_set_named
from creditbank.domain.values import Text
from creditbank.records.masterdata import DataFact, DataRow, DataSource
from creditbank.records.people import Account, Enrolment
from creditbank.records.results import ImportRun
from creditbank.records.scope import Scope

ACTIVE, RETIRED, EVERY = "active", "retired", "every"
"""Which rows a list shows."""

_ORDER = {"label": "stored.label_sort", "key": "stored.key"}
_SORTED_AS_TEXT = (Kind.TEXT, Kind.CODE, Kind.CHOICE, Kind.DATE, Kind.REFERENCE, Kind.YES_NO)


@dataclass(frozen=True, slots=True)
class DataLine:
    """One row of a list."""

    key: str
    label: str
    content: Mapping[str, Stored]
    retired: bool
    contested: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """What the source register says of one data set; the figures are those of declared checks that are not zero."""

    data_set: DataSet
    rows: int
    retired: int
    as_of: date | None
    """The latest day of which a source stated anything."""
    recorded_at: datetime | None
    owner: str
    contact: str
    every_days: int | None
    note: str
    figures: tuple[tuple[Check, int], ...]

    def stale(self, today: date) -> bool:
        """Whether more days have gone by than its owner said."""
        return bool(self.every_days and (self.as_of is None or (today - self.as_of).days > self.every_days))


@dataclass(frozen=True, slots=True)
class Stage:
    """One fact in a row's history: who stated it, from where, and what it changed in the order of days."""

    as_of: date
    recorded_at: datetime
    actor: Text
    run_id: UUID | None
    file_name: str
    line: int | None
    reverted: bool
    changes: tuple[Change, ...]
    caused_by: str = ""
    """The key of the change of enrolment that it follows from."""


@dataclass(frozen=True, slots=True)
class Dependants:
    """How many rows of another data set name this one in a field."""

    data_set: DataSet
    field: Field
    count: int


def list_rows(
    scope: Scope,
    data_set: DataSet,
    *,
    search: str = "",
    equal: Mapping[str, str] | None = None,
    check: Check | None = None,
    shown: str = ACTIVE,
    sort: str = "key",
    descending: bool = False,
    offset: int = 0,
    limit: int = 20,
) -> tuple[tuple[DataLine, ...], int]:
    """A page of the rows in force, and how many there are.

    Args:
        scope: acts for the institution.
        data_set: what the rows are of.
        search: part of a key or a label.
        equal: by field, the value its rows have; a reference also finds rows that give the name for the key.
        check: only rows that this figure counts.
        shown: active, retired or every row.
        sort: ``key``, ``label`` or a field of the data set.
        descending: the other way round.
        offset: how many rows come before the page.
        limit: how many it holds at most.
    """
    values: dict[str, Any] = {"institution": scope.institution, "set": data_set.code}
    where = ["stored.institution_id = %(institution)s", "stored.data_set = %(set)s"]
    if search:
        escaped = search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        values["like"] = f"%{escaped}%"
        where.append("(stored.key ILIKE %(like)s OR stored.label ILIKE %(like)s OR stored.label_sort ILIKE %(like)s)")
    if shown != EVERY:
        where.append("stored.retired" if shown == RETIRED else "NOT stored.retired")
    for place, (name, value) in enumerate((equal or {}).items()):
        where.append(_equal(data_set.field(name), f"equal{place}"))
        values[f"equal{place}"] = value
    if check is not None:
        where.append(_condition(data_set, check, values))
    condition = " AND ".join(where)
    total = int(scope.fetch(f"SELECT count(*) FROM data_row AS stored WHERE {condition}", values)[0][0])  # noqa: S608
    way = "DESC" if descending else "ASC"
    values |= {"offset": min(offset, max(0, (total - 1) // limit * limit)), "limit": limit}
    rows = scope.fetch(
        "SELECT stored.key, stored.label, stored.content::text, stored.retired, stored.contested::text"  # noqa: S608
        f" FROM data_row AS stored WHERE {condition}"
        f" ORDER BY {_order(data_set, sort)} {way} NULLS LAST, stored.key OFFSET %(offset)s LIMIT %(limit)s",
        values,
    )
    return tuple(
        DataLine(key, label, json.loads(content), retired, tuple(json.loads(contested)))
        for key, label, content, retired, contested in rows
    ), total


def find_row(scope: Scope, data_set: DataSet, key: str) -> DataRow | None:
    """One row in force."""
    found: DataRow | None = scope.rows(DataRow).filter(data_set=data_set.code, key=key).first()
    return found


def labels_of(scope: Scope, data_set: DataSet, rows: Sequence[Mapping[str, Stored]]) -> dict[tuple[str, str], str]:
    """By field and value, what the rows that these contents refer to are called; unknown ones are left out."""
    found: dict[tuple[str, str], str] = {}
    for field in data_set.references:
        said = sorted({str(row[field.name]) for row in rows if row.get(field.name)})
        if said:
            known = scope.rows(DataRow).filter(data_set=field.data_set, key__in=said)
            found |= {(field.name, key): label for key, label in known.values_list("key", "label")}
    return found


def choices_of(scope: Scope, code: str, *, also_retired: bool = False, most: int = 300) -> tuple[tuple[str, str], ...]:
    """Key and label of the rows a reference may name; none where there are too many to choose from."""
    known = scope.rows(DataRow).filter(data_set=code).order_by("key").values_list("key", "label")
    if not also_retired:
        known = known.filter(retired=False)
    found = tuple(known[: most + 1])
    return found if len(found) <= most else ()


def history_of(scope: Scope, data_set: DataSet, key: str) -> tuple[Stage, ...]:
    """Everything that was stated of a row, the latest day first, with what each statement changed."""
    stated = list(scope.rows(DataFact).filter(data_set=data_set.code, key=key))
    runs = {
        run.run_id: run
        for run in scope.rows(ImportRun).filter(run_id__in={fact.run_id for fact in stated if fact.run_id})
    }
    names = _names(scope, {fact.actor_id for fact in stated})
    known: list[tuple[str, Stage, Mapping[str, Stored]]] = []
    for fact in stated:
        run = runs.get(fact.run_id) if fact.run_id else None
        typed_at = fact.recorded_at if fact.run_id is None else None
        stage = Stage(
            fact.as_of, fact.recorded_at, names.get(fact.actor_id, Text("")), fact.run_id,
            run.file_name if run else "", fact.line, bool(run and run.state == "reverted"), (),
        )  # fmt: skip
        known.append((Stated(fact.as_of, fact.content, typed_at).rank, stage, fact.content))
    if data_set is STUDENTS:
        known += _events(scope, key)
    return tuple(reversed(_told(known)))


def dependants_of(scope: Scope, data_set: DataSet, key: str, label: str) -> tuple[Dependants, ...]:
    """Which rows of all data sets name this one, by its key or its label."""
    found = []
    for other in DATA_SETS:
        for field in other.references:
            if field.data_set != data_set.code:
                continue
            count = scope.fetch(
                "SELECT count(*) FROM data_row WHERE institution_id = %s AND data_set = %s"
                " AND content->>%s = ANY(%s) AND NOT retired",
                [scope.institution, other.code, field.name, [key, label]],
            )[0][0]
            if count:
                found.append(Dependants(other, field, int(count)))
    return tuple(found)


def course_uses(scope: Scope, code: str) -> tuple[int, tuple[Text, ...]]:
    """How many results name a course, and the programmes whose newest version does."""
    results = scope.fetch(
        "SELECT count(*) FROM result WHERE institution_id = %s AND course = %s", [scope.institution, code]
    )[0][0]
    programmes = scope.fetch(
        "SELECT name, name_en FROM (SELECT DISTINCT ON (code) name, name_en, content::text AS said FROM programme"
        " WHERE institution_id = %s ORDER BY code, version DESC) AS newest"
        " WHERE position(%s IN said) > 0 ORDER BY name",
        [scope.institution, json.dumps(code, ensure_ascii=False)],
    )
    return int(results), tuple(Text(name, name_en) for name, name_en in programmes)


def learner_of_number(scope: Scope, number: str) -> UUID | None:
    """The learner enrolled under a student number."""
    found: UUID | None = (
        scope.rows(Enrolment)
        .filter(institution_id=scope.institution, student_number=number)
        .values_list("learner_id", flat=True)
        .first()
    )
    return found


def sources(scope: Scope, data_sets: Sequence[DataSet]) -> tuple[Source, ...]:
    """The source register of these data sets."""
    owners = {owner.data_set: owner for owner in scope.rows(DataSource)}
    stated = {
        code: (as_of, recorded_at)
        for code, as_of, recorded_at in scope.fetch(
            "SELECT fact.data_set, max(fact.as_of), max(fact.recorded_at) FROM data_fact AS fact"
            " LEFT JOIN import_run AS run ON run.institution_id = fact.institution_id AND run.run_id = fact.run_id"
            " WHERE fact.institution_id = %s AND run.state IS DISTINCT FROM 'reverted' GROUP BY fact.data_set",
            [scope.institution],
        )
    }
    return tuple(_source(scope, one, owners.get(one.code), stated.get(one.code)) for one in data_sets)


def find_data_run(scope: Scope, run_id: UUID) -> tuple[ImportRun, DataSet, Text, Text] | None:
    """A run of master data, its data set, who began it and who took it back."""
    run = scope.rows(ImportRun).filter(run_id=run_id).first()
    data_set = data_set_named(run.kind) if run is not None else None
    if run is None or data_set is None:
        return None
    names = _names(scope, {run.actor_id, run.reverted_by} - {None})
    return run, data_set, names.get(run.actor_id, Text("")), names.get(run.reverted_by, Text(""))


def last_runs(scope: Scope, data_set: DataSet, limit: int = 5) -> tuple[ImportRun, ...]:
    """The newest runs of one data set."""
    return tuple(scope.rows(ImportRun).filter(kind=data_set.code).order_by("-started_at", "-run_id")[:limit])


def changed_by(scope: Scope, run_id: UUID) -> tuple[int, int]:
    """How many rows have statements of a run, and how many of them stand on it alone and would go with it."""
    rows, alone = scope.fetch(
        "SELECT count(*), count(*) FILTER (WHERE NOT others) FROM (SELECT DISTINCT own.key, EXISTS ("
        "  SELECT FROM data_fact AS other LEFT JOIN import_run AS run"
        "  ON run.institution_id = other.institution_id AND run.run_id = other.run_id"
        "  WHERE other.institution_id = own.institution_id AND other.data_set = own.data_set"
        "  AND other.key = own.key AND other.run_id IS DISTINCT FROM own.run_id"
        "  AND run.state IS DISTINCT FROM 'reverted') AS others"
        " FROM data_fact AS own WHERE own.institution_id = %s AND own.run_id = %s) AS touched",
        [scope.institution, run_id],
    )[0]
    return int(rows), int(alone)


def _names(scope: Scope, people: Any) -> dict[UUID | None, Text]:
    found = Account.objects.using(scope.using).filter(pk__in=people)
    return {person: Text(name, name_en) for person, name, name_en in found.values_list("id", "name", "name_en")}


def _told(known: list[tuple[str, Stage, Mapping[str, Stored]]]) -> list[Stage]:
    """Stages in the order in which they count, each with what it changed; what was taken back changes nothing."""
    standing: dict[str, Stored] = {}
    told = []
    for _rank, stage, content in sorted(known, key=lambda one: (one[0], one[1].recorded_at)):
        changes = tuple(
            Change(name, standing.get(name), value)
            for name, value in content.items()
            if canonical(standing.get(name)) != canonical(value)
        )
        if not stage.reverted:
            standing |= content
        told.append(
            Stage(
                stage.as_of,
                stage.recorded_at,
                stage.actor,
                stage.run_id,
                stage.file_name,
                stage.line,
                stage.reverted,
                changes,
                stage.caused_by,
            )  # fmt: skip
        )
    return told


def _events(scope: Scope, student: str) -> list[tuple[str, Stage, Mapping[str, Stored]]]:
    """What changes of enrolment state of a student."""
    found = []
    for row in scope.rows(DataRow).filter(data_set=CHANGES.code, content__student=student):
        effect = effect_of_change(row.content)
        if effect is None:
            continue
        last = scope.rows(DataFact).filter(data_set=CHANGES.code, key=row.key).order_by("-recorded_at").first()
        if last is not None:
            actor = _names(scope, {last.actor_id}).get(last.actor_id, Text(""))
            stage = Stage(effect.as_of, last.recorded_at, actor, last.run_id, "", None, False, (), row.key)
            found.append((effect.rank, stage, effect.content))
    return found


def _source(scope: Scope, data_set: DataSet, owner: DataSource | None, stated: tuple[date, datetime] | None) -> Source:
    values: dict[str, Any] = {"institution": scope.institution, "set": data_set.code}
    checks = data_set.figures()
    counts = "".join(
        f", count(*) FILTER (WHERE NOT stored.retired AND {_condition(data_set, check, values)})" for check in checks
    )
    row = scope.fetch(
        f"SELECT count(*) FILTER (WHERE NOT retired), count(*) FILTER (WHERE retired){counts}"  # noqa: S608 - fixed
        " FROM data_row AS stored WHERE institution_id = %(institution)s AND data_set = %(set)s",
        values,
    )[0]
    figures = tuple((check, int(count)) for check, count in zip(checks, row[2:], strict=True) if count)
    return Source(
        data_set,
        int(row[0]),
        int(row[1]),
        stated[0] if stated else None,
        stated[1] if stated else None,
        owner.owner if owner else "",
        owner.contact if owner else "",
        owner.every_days if owner else None,
        owner.note if owner else "",
        figures,
    )


def _order(data_set: DataSet, sort: str) -> str:
    if sort in _ORDER:
        return _ORDER[sort]
    try:
        field = data_set.field(sort)
    except KeyError:
        return _ORDER["key"]
    # The name comes from the declaration, never from the address.
    said = f"stored.content->>'{field.name}'"
    return said if field.kind in _SORTED_AS_TEXT else f"({said})::bigint"


def _equal(field: Field, value: str) -> str:
    said = f"stored.content->>'{field.name}'"
    if field.kind is not Kind.REFERENCE:
        return f"{said} = %({value})s"
    return (
        f"({said} = %({value})s OR {said} IN (SELECT named.label FROM data_row AS named"  # noqa: S608 - fixed names
        f" WHERE named.institution_id = %(institution)s AND named.data_set = '{field.data_set}'"
        f" AND named.key = %({value})s))"
    )


def _condition(data_set: DataSet, check: Check, values: dict[str, Any]) -> str:
    """The SQL condition of a figure; every name in it is declared."""
    values.setdefault("institution", None)
    said = [f"stored.content->>'{data_set.field(name).name}'" for name in check.fields]
    match check.kind:
        case CheckKind.MISSING:
            return f"coalesce({said[0]}, '') = ''"
        case CheckKind.UNKNOWN:
            other = data_set.field(check.fields[0]).data_set
            below = (
                "SELECT FROM data_row AS named WHERE named.institution_id = %(institution)s"
                f" AND named.data_set = '{other}' AND named."
            )
            return (
                f"(coalesce({said[0]}, '') <> '' AND NOT EXISTS ({below}key = {said[0]})"
                f" AND NOT EXISTS ({below}label = {said[0]}))"
            )
        case CheckKind.ORDER:
            return f"{said[0]} > {said[1]}"
        case CheckKind.TWICE:
            one = data_set.field(check.fields[0])
            way = f"->'{one.name}'->>'index'" if one.kind is Kind.PERSON_ID else f"->>'{one.name}'"
            return (
                f"(stored.content{way}) IN (SELECT twin.content{way} FROM data_row AS twin"  # noqa: S608 - fixed names
                " WHERE twin.institution_id = %(institution)s AND twin.data_set = %(set)s AND NOT twin.retired"
                f" AND twin.content{way} IS NOT NULL GROUP BY 1 HAVING count(*) > 1)"
            )
        case CheckKind.CONTESTED:
            return "stored.contested <> '[]'::jsonb"
