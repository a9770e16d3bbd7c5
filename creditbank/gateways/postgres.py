"""Statements with values bound by the server and plans kept by the connection."""

from __future__ import annotations

from typing import Any

import psycopg


def run(connection: Any, sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Run one prepared statement on Django's connection, inside whatever transaction is open there.

    Django's own cursors bind values on the client, which is slow for long arrays and plans every time.
    """
    connection.ensure_connection()
    raw = connection.connection
    if raw.prepare_threshold is None:
        # Django turns prepared statements off for its own cursors; ours are few, long and always the same.
        raw.prepare_threshold = 5
    cursor: psycopg.Cursor[tuple[Any, ...]] = psycopg.Cursor(raw)
    cursor.execute(sql, values, prepare=True, binary=True)
    return cursor.fetchall()
