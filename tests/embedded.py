"""One embedded server for a test session, and databases cloned from a template for single tests."""

from __future__ import annotations

import atexit
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from psycopg import sql

from creditbank.gateways import database
from creditbank.gateways.bank import Bank
from creditbank.gateways.database_roles import grant_database, user_of

if TYPE_CHECKING:
    from pathlib import Path

    from creditbank.gateways.database import Login

_open: dict[Path, ExitStack] = {}


def session_server(tmp_root: Path) -> Bank:
    """Start a server with fsync off in ``tmp_root/bank``; it ends with the session, or by ``end_session_server``.

    Its database ``creditbank`` is empty but for roles and extensions: migrate a template once, then clone it.
    """
    bank = Bank(tmp_root / "bank")
    stack = ExitStack()
    stack.enter_context(database._hold(bank, "tests", tell=lambda said: None, unsafe_fsync_off=True))
    _open[bank.home] = stack
    atexit.register(end_session_server, bank)
    return bank


def end_session_server(bank: Bank) -> None:
    """Give the session's lease back; the server stops with the last one."""
    stack = _open.pop(bank.home, None)
    if stack:
        stack.close()


def clone_database(bank: Bank, template: str, name: str) -> dict[str, Login]:
    """Copy a database, owner, tables and rows included; nobody may be connected to the template meanwhile.

    Returns:
        The four logins and ``superuser``, for the copy.
    """
    with _administrator(bank) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {} STRATEGY FILE_COPY").format(
                sql.Identifier(name), sql.Identifier(template), sql.Identifier(user_of("owner"))
            )
        )
        grant_database(connection, name)
    ways = database.logins(bank) | {"superuser": database.superuser(bank)}
    return {role: replace(login, dbname=name) for role, login in ways.items()}


def drop_database(bank: Bank, name: str) -> None:
    """Remove a cloned database, ending whoever is still connected to it."""
    with _administrator(bank) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _administrator(bank: Bank):
    return replace(database.superuser(bank), dbname="postgres").connect(autocommit=True)
