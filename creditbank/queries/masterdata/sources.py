"""The source register: who keeps each data set, how fresh it is, what is missing or contradictory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from creditbank.domain.masterdata.declaration import Check, DataSet
from creditbank.domain.masterdata.editions import FIRST_DAY
from creditbank.domain.masterdata.reminders import Reminder, Rhythm, overdue_days, reminders_of
from creditbank.domain.masterdata.sets import DATA_SETS, figure_facts
from creditbank.domain.values import Text
from creditbank.gateways.clock import day_in
from creditbank.queries.masterdata.inheritance import handed_down_to
from creditbank.queries.masterdata.rows import figures_condition, rows_with
from creditbank.records.institutions import Institution, Term
from creditbank.records.masterdata import DataSource
from creditbank.records.results import ImportRun
from creditbank.records.scope import Scope


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of the register; ``code`` names its list, ``sentence`` and ``facts`` say what it counts."""

    check: Check
    count: int
    sentence: str
    facts: Mapping[str, Text]

    @property
    def code(self) -> str:
        """The figure's name in addresses, for instance ``missing.class_code``."""
        return self.check.code


@dataclass(frozen=True, slots=True)
class SourceLine:
    """What the register says of one data set; only figures above zero are listed."""

    data_set: DataSet
    owner: str
    contact: str
    every_days: int | None
    note: str
    rows: int
    retired: int
    as_of: date | None
    """The latest day any source has stated something of."""
    refreshed_at: datetime | None
    run_id: UUID | None
    """The last import that stands."""
    stale: bool
    term_day: int | None
    overdue: tuple[date, ...]
    """The days by which data should have come and have not."""
    figures: tuple[Figure, ...]


def source_register(scope: Scope, *, today: date) -> tuple[SourceLine, ...]:
    """Every data set with its owner, its last refresh and its figures.

    Args:
        scope: acts for the institution.
        today: the day, in the institution's zone, by which data are called stale.
    """
    sources = {row.data_set: row for row in scope.rows(DataSource).filter(institution_id=scope.institution)}
    return tuple(_line(scope, data_set, sources.get(data_set.code), today) for data_set in DATA_SETS)


def source_of(scope: Scope, data_set: DataSet, *, today: date) -> SourceLine:
    """What the register says of one data set."""
    source = scope.rows(DataSource).filter(institution_id=scope.institution, data_set=data_set.code).first()
    return _line(scope, data_set, source, today)


def reminders_due(scope: Scope, *, today: date) -> tuple[tuple[Reminder, SourceLine], ...]:
    """Of what the office is reminded today, each with what the register says of its data set."""
    return tuple(
        (reminder, line)
        for line in source_register(scope, today=today)
        for reminder in reminders_of(
            line.data_set.code, line.overdue, line.as_of, sum(figure.count for figure in line.figures), today
        )
    )


def figure_named(data_set: DataSet, code: str) -> Check | None:
    """The figure of a name such as ``missing.class_code``; its list is ``page_of_rows(..., figure=...)``."""
    return next((check for check in data_set.figures() if check.code == code), None)


def list_data_runs(
    scope: Scope, data_set: DataSet | None = None, *, offset: int = 0, limit: int = 20
) -> tuple[tuple[ImportRun, ...], int]:
    """Imports of master data, the newest first, and how many there are."""
    kinds = [data_set.code] if data_set else [one.code for one in DATA_SETS]
    rows = scope.rows(ImportRun).filter(institution_id=scope.institution, kind__in=kinds)
    return tuple(rows.order_by("-started_at", "-run_id")[offset : offset + limit]), rows.count()


def _line(scope: Scope, data_set: DataSet, source: DataSource | None, today: date) -> SourceLine:
    checks = data_set.figures()
    values: dict[str, Any] = {}
    above = handed_down_to(scope, data_set, today)
    conditions = figures_condition(scope, data_set, checks, values, above)
    counted = "".join(f", count(*) FILTER (WHERE {condition})" for condition in conditions)
    rows, retired, *counts = scope.fetch(
        f"SELECT count(*), count(*) FILTER (WHERE retired){counted} FROM {rows_with(scope, data_set, values, above)}"  # noqa: S608 - fixed
        " AS stored"
        " WHERE institution_id = %(institution)s AND data_set = %(data_set)s",
        values,
    )[0]
    as_of, recorded_at = scope.fetch(
        "SELECT max(fact.as_of) FILTER (WHERE fact.as_of > %(first)s), max(fact.recorded_at) FROM data_fact AS fact"
        " LEFT JOIN import_run AS run ON run.institution_id = fact.institution_id AND run.run_id = fact.run_id"
        " WHERE fact.institution_id = %(institution)s AND fact.data_set = %(data_set)s"
        " AND run.state IS DISTINCT FROM 'reverted'",
        {"institution": scope.institution, "data_set": data_set.code, "first": FIRST_DAY},
    )[0]
    last = (
        scope.rows(ImportRun)
        .filter(institution_id=scope.institution, kind=data_set.code)
        .exclude(state="reverted")
        .order_by("-started_at")
        .first()
    )
    every = source.every_days if source else None
    overdue: tuple[date, ...] = ()
    if source is not None and (every is not None or source.term_day is not None):
        zone = scope.rows(Institution).values_list("zone", flat=True).get(pk=scope.institution)
        rhythm = Rhythm(every, source.term_day, day_in(source.recorded_at, zone))
        terms = scope.rows(Term).filter(institution_id=scope.institution).values_list("starts_on", flat=True)
        overdue = overdue_days(rhythm, as_of, terms, today)
    figures = []
    for check, count in zip(checks, counts, strict=True):
        if count:
            sentence, facts = figure_facts(data_set, check)
            figures.append(Figure(check, int(count), sentence, facts))
    return SourceLine(
        data_set=data_set,
        owner=source.owner if source else "",
        contact=source.contact if source else "",
        every_days=every,
        note=source.note if source else "",
        rows=int(rows),
        retired=int(retired),
        as_of=as_of,
        refreshed_at=last.started_at if last is not None else recorded_at,
        run_id=last.run_id if last is not None else None,
        stale=bool(overdue) or (every is not None and as_of is None),
        term_day=source.term_day if source else None,
        overdue=overdue,
        figures=tuple(figures),
    )
