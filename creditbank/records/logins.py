"""Give each database login exactly what the declaration grants, after every migration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from creditbank.records.tables import access_statements

_JOBS = (
    "SELECT format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO {app}', tablename) FROM pg_tables"
    " WHERE schemaname = 'public' AND tablename LIKE 'procrastinate%'"
)


def apply_access(cursor: Any, names: Mapping[str, str]) -> None:
    """Put policies and grants in place, as the owner; safe to repeat.

    Args:
        cursor: a cursor of the owner's connection, inside a transaction.
        names: the PostgreSQL role of each login: ``app``, ``sequencer`` and ``auditor``.
    """
    for sql in access_statements():
        cursor.execute(sql.format(**names))
    for login in names.values():
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {login}")
    # The job queue is machinery without tenants; its rows carry ids only.
    cursor.execute(_JOBS.format(**names))
    for (statement,) in cursor.fetchall():
        cursor.execute(statement)
    cursor.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {names['app']}")
