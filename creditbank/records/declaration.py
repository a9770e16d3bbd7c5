"""What is declared of a table: whose its rows are, where they live, who may do what with them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Distribution(StrEnum):
    """Where a table's rows live when the bank spans many servers."""

    LEARNER = "learner_id"
    INSTITUTION = "institution_id"
    REFERENCE = "reference"
    LOCAL = "local"


class Rows(StrEnum):
    """Whose a row is: the rule of its row-level policy."""

    LEARNER = "its learner or its institution"
    AWARDED = "readable by its learner or its institution, written by its institution"
    KEPT = "readable and lockable by its learner's institution, readable by its learner, written by the database alone"
    INSTITUTION = "its institution"
    MEMBER = "the account it names or its institution"
    PERSONAL = "the account it names and nobody else"
    PUBLISHED = "readable by all, written by its institution"
    ANNOUNCED = "readable by all once published, before that by its institution; written by its institution"
    INHERITED = "its institution; once published, readable by every institution below, outcome types by all"
    REPORTED = "its institution, and readable by the institution above to which it reports"
    TREE = "readable by all, written by itself or its parent"
    JOURNAL = "readable by its institution or actor, added under the names acted for"
    OPAQUE = "no policy: asked before anybody is known, or without a person or tenant in it"


@dataclass(frozen=True, slots=True)
class Declared:
    """The full shape of a table that is no Django model: SQL columns and constraints in order."""

    columns: tuple[tuple[str, str], ...]
    key: tuple[str, ...]
    constraints: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """One table's declaration; ``app``, ``sequencer`` and ``auditor`` are what each login may do."""

    name: str
    distribution: Distribution
    rows: Rows
    app: str = "SELECT, INSERT"
    sequencer: str = ""
    auditor: str = "SELECT"
    declared: Declared | None = None


@dataclass(frozen=True, slots=True)
class View:
    """Another way to read one table, under the reader's own policies."""

    name: str
    of: Table
    query: str


WHO_AND_WHEN = (("actor_id", "uuid NOT NULL"), ("recorded_at", "timestamptz NOT NULL"))
"""The columns of what somebody did at some time."""

FILE = (("file_name", "text NOT NULL"), ("file_hash", "text NOT NULL"), ("mapping_hash", "text NOT NULL"))
"""The columns of a file that was read by a mapping."""


def institution_table(
    name: str,
    *,
    key: tuple[str, ...],
    columns: tuple[tuple[str, str], ...],
    constraints: tuple[str, ...] = (),
    indexes: tuple[str, ...] = (),
    app: str = "SELECT, INSERT",
) -> Table:
    """A table whose rows are an institution's own, in full: its first column and the head of its key say whose."""
    columns = (("institution_id", "uuid NOT NULL"), *columns)
    shape = Declared(columns=columns, key=("institution_id", *key), constraints=constraints, indexes=indexes)
    return Table(name, Distribution.INSTITUTION, Rows.INSTITUTION, app=app, declared=shape)


def refers(name: str, columns: tuple[str, ...], table: str, to: tuple[str, ...] = ()) -> str:
    """The constraint that columns of an institution's table name a row of the same institution in another."""
    mine, theirs = ", ".join(("institution_id", *columns)), ", ".join(("institution_id", *(to or columns)))
    return f"CONSTRAINT {name} FOREIGN KEY ({mine}) REFERENCES {table} ({theirs})"
