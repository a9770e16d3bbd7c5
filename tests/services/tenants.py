"""Rows of two tenants in every table, made from the catalogue, whatever columns a table has."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from creditbank.gateways.clock import new_id
from creditbank.records.declaration import Rows
from creditbank.records.tables import TABLES
from tests.cast import AT, ON
from tests.intruder import superuser

PERSON_COLUMN = {
    Rows.LEARNER: "learner_id", Rows.AWARDED: "learner_id", Rows.MEMBER: "account_id", Rows.JOURNAL: "actor_id",
}  # fmt: skip
TENANT = [table for table in TABLES if table.rows in PERSON_COLUMN or table.rows in (Rows.INSTITUTION, Rows.ANNOUNCED)]
"""The tables whose rows not everybody may read; those that can be published are not yet."""
OPEN = [table for table in TABLES if table.rows in (Rows.PUBLISHED, Rows.TREE)]

_BY_TYPE = {
    "uuid": new_id, "text": lambda: f"x{new_id().hex}", "integer": lambda: 1, "bigint": lambda: 1,
    "smallint": lambda: 1, "boolean": lambda: True, "date": lambda: ON, "timestamp with time zone": lambda: AT,
    "bytea": lambda: new_id().bytes * 2, "jsonb": lambda: "{}", "numeric(5,2)": lambda: 1,
    "lot_state": lambda: "available", "posting_kind": lambda: "deposit",
}  # fmt: skip
_BY_NAME = {"reason": "x", "starts_on": ON.replace(year=2020), "published": False}


@dataclass(frozen=True)
class Tenant:
    """An institution and one of its learners; nothing of one tenant belongs to the other."""

    institution: UUID
    person: UUID
    made: dict = field(default_factory=dict, compare=False)


def needed_columns(connection, table):
    """The columns a row must give, with their types."""
    return connection.execute(
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
        " AND NOT attisdropped AND (attnotnull AND NOT atthasdef OR attname IN ('institution_id', 'actor_id'))"
        " ORDER BY attnum",
        [table],
    ).fetchall()


def row_of(columns, table, tenant):
    """A row of a table that belongs to a tenant, as column names and values."""
    found = {}
    for name, kind in columns:
        if name in {"institution_id", "parent_id"}:
            found[name] = tenant.institution
        elif name == PERSON_COLUMN.get(table.rows) or name in {"learner_id", "actor_id"}:
            found[name] = tenant.person
        else:
            found[name] = _BY_NAME[name] if name in _BY_NAME else _BY_TYPE[kind]()
    if table.rows is Rows.TREE:
        found["parent_id"] = tenant.institution
    if table.name == "posting":
        found |= {"from_state": "issued", "to_state": "available", "to_version": 1, "to_after": 1}
    return found


def insert(table, row):
    """The statement and values that add a row."""
    names = ", ".join(f'"{name}"' for name in row)
    return f"INSERT INTO {table.name} ({names}) VALUES ({', '.join(['%s'] * len(row))})", list(row.values())


def all_columns(bank):
    """What a row of each table needs."""
    with superuser(bank) as connection:
        return {table.name: needed_columns(connection, table.name) for table in (*TENANT, *OPEN)}


def fill(bank, tenants):
    """Give each tenant a row in every table, references unchecked."""
    columns = all_columns(bank)
    with superuser(bank) as connection, connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")
        for table in (*TENANT, *OPEN):
            for tenant in tenants:
                connection.execute(
                    f"DELETE FROM {table.name} WHERE {PERSON_COLUMN.get(table.rows, 'NULL::uuid')} = %s",
                    [tenant.person],
                )  # the cast's own rows of the key
                connection.execute(*insert(table, row_of(columns[table.name], table, tenant)))
    return columns
