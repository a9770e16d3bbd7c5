"""Statements with values bound by the server and plans kept by the connection."""

from __future__ import annotations

from typing import Any

import psycopg


def run(connection: Any, sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Run one prepared statement on Django's connection, inside whatever transaction is open there.

    Django's own cursors bind values on the client, which is slow for long arrays and plans every time.
    """
    connection.ensure_connection()
    cursor: psycopg.Cursor[tuple[Any, ...]] = psycopg.Cursor(connection.connection)
    cursor.execute(sql, values, prepare=True, binary=True)
    return cursor.fetchall()
