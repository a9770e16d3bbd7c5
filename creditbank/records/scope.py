"""On whose behalf the bank acts: one transaction, three settings, and the filter every read uses."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connections, models, transaction
from django.db.models.expressions import RawSQL
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.sql import quote

from creditbank.records.declaration import Rows
from creditbank.records.ledger import VIEWS
from creditbank.records.tables import PUBLIC_KIND, TABLES

_NAMES = ("person", "institution", "purpose")
_ROWS = {table.name: table.rows for table in TABLES} | {view.name: view.of.rows for view in VIEWS}
_PERSON_COLUMN = {
    Rows.LEARNER: "learner_id",
    Rows.AWARDED: "learner_id",
    Rows.KEPT: "learner_id",
    Rows.MEMBER: "account_id",
    Rows.PERSONAL: "account_id",
    Rows.JOURNAL: "actor_id",
}
_STREAMS = itertools.count()
_OPEN = (Rows.PUBLISHED, Rows.TREE, Rows.OPAQUE)


@dataclass(frozen=True, slots=True)
class Scope:
    """The person and the institution acted for; what every query and service takes first."""

    person: UUID | None
    institution: UUID | None
    purpose: str
    using: str = "default"

    def condition(self, table: str, alias: str = "") -> tuple[str, list[UUID]]:
        """The SQL condition and its values that narrow a table to this scope.

        It stands beside the database's own row policies: either of the two holds without the other.
        """
        rows, dot = _ROWS[table], f"{alias}." if alias else ""
        if rows in _OPEN:
            return "true", []
        parts = [f"{dot}published"] if rows is Rows.ANNOUNCED else []
        if rows is Rows.INHERITED:
            parts = [f"({dot}published_at IS NOT NULL AND {dot}kind = '{PUBLIC_KIND}')"]
        values: list[UUID] = []
        if self.person is not None and rows in _PERSON_COLUMN:
            parts.append(f"{dot}{_PERSON_COLUMN[rows]} = %s")
            values.append(self.person)
        if self.institution is not None and rows is not Rows.PERSONAL:
            parts.append(f"{dot}institution_id = %s")
            values.append(self.institution)
            if rows is Rows.INHERITED:
                above = f"{dot}institution_id IN (SELECT institutions_above(%s))"
                parts.append(f"({dot}published_at IS NOT NULL AND {above})")
                values.append(self.institution)
            if rows is Rows.REPORTED:
                parts.append(f"{dot}publisher_id = %s")
                values.append(self.institution)
        return (f"({' OR '.join(parts)})" if parts else "false"), values

    def rows(self, model: type[models.Model]) -> models.QuerySet[Any]:
        """The rows of a model that this scope may see."""
        manager = model._default_manager.using(self.using)  # noqa: SLF001 - Django's documented default manager
        rows = _ROWS[model._meta.db_table]  # noqa: SLF001 - Django's documented meta interface
        if rows in _OPEN:
            return manager.all()
        allowed = models.Q(published=True) if rows is Rows.ANNOUNCED else models.Q(pk__in=[])
        if rows is Rows.INHERITED:
            allowed |= models.Q(published_at__isnull=False, kind=PUBLIC_KIND)
        if self.person is not None and rows in _PERSON_COLUMN:
            allowed |= models.Q(**{_PERSON_COLUMN[rows]: self.person})
        if self.institution is not None and rows is not Rows.PERSONAL:
            allowed |= models.Q(institution_id=self.institution)
            if rows is Rows.INHERITED:
                above = RawSQL("SELECT institutions_above(%s)", [self.institution])
                allowed |= models.Q(published_at__isnull=False, institution_id__in=above)
            if rows is Rows.REPORTED:
                allowed |= models.Q(publisher_id=self.institution)
        return manager.filter(allowed)

    def fetch(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
        """Run one SQL query in this scope's transaction and return its rows."""
        with connections[self.using].cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall()  # type: ignore[no-any-return]

    def stream(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> Iterator[tuple[Any, ...]]:
        """Run one SQL query in this scope's transaction and give its rows as they are asked for, few in memory."""
        connection = connections[self.using]
        connection.ensure_connection()
        with connection.connection.cursor(name=f"stream_{next(_STREAMS)}") as cursor:
            cursor.itersize = 2000
            cursor.execute(sql, values)
            yield from cursor

    def take_turn(self, work: str) -> None:
        """Wait until no other transaction does this work for the institution; the turn ends with this transaction.

        Raises:
            ValueError: the scope acts for no institution.
        """
        if self.institution is None:
            raise ValueError(f"the {work} of no institution")
        self.fetch("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{work}:{self.institution}"])


@contextmanager
def acting_for(
    *, purpose: str, person: UUID | None = None, institution: UUID | None = None, using: str = "default"
) -> Iterator[Scope]:
    """Open a transaction that acts for a person, an institution, both or (for what is public) neither.

    The settings live and die with the transaction, so that a pooled connection can never carry them on.
    A scope opened inside another one sets its own values and puts the outer ones back.
    """
    connection = connections[using]
    nested = connection.in_atomic_block
    values = (str(person or ""), str(institution or ""), purpose)
    with transaction.atomic(using=using):
        outer = None
        if nested:
            with connection.cursor() as cursor:
                outer = _settings(cursor)
                _set(cursor, values)
        else:
            begin(connection, values)
        yield Scope(person, institution, purpose, using)
        # A block that a refusal undoes is rolled back to its savepoint, and the settings with it.
        if outer is not None and not connection.needs_rollback:
            with connection.cursor() as cursor:
                _set(cursor, outer)


def begin(connection: Any, values: tuple[str, ...]) -> None:
    """Begin the transaction and set its settings in one round trip, where the driver would take three."""
    connection.ensure_connection()
    said = "BEGIN" + "".join(map(_set_local, _NAMES, values))
    with connection.wrap_database_errors:
        begun = connection.connection.pgconn.exec_(said.encode())
        if begun.status != ExecStatus.COMMAND_OK:
            raise error_from_result(begun)


# A server sees the same people, institutions and purposes again and again.
@lru_cache(maxsize=4096)
def _set_local(name: str, value: str) -> str:
    return f"; SET LOCAL bank.{name} = {quote(value)}"


def _settings(cursor: Any) -> tuple[str, ...]:
    cursor.execute("SELECT " + ", ".join(f"current_setting('bank.{name}', true)" for name in _NAMES))
    return tuple(value or "" for value in cursor.fetchone())


def _set(cursor: Any, values: tuple[str, ...]) -> None:
    cursor.execute("SELECT " + ", ".join(f"set_config('bank.{name}', %s, true)" for name in _NAMES), values)
