"""The four logins' roles, the database they share and its extensions, on any server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from creditbank.gateways import database_problems, keys

ROLES = ("owner", "app", "sequencer", "auditor")
EXTENSIONS = ("btree_gist", "citext", "ltree", "pg_trgm")
FLOOR = 15
"""The oldest PostgreSQL supported."""

Users = Mapping[str, Mapping[str, str]]
"""User and password by role, as the key file holds them."""


def user_of(role: str) -> str:
    """The database user of one of the four roles."""
    return f"creditbank_{role}"


def new_users() -> dict[str, Any]:
    """The key file of the four logins, with new random passwords."""
    users = {role: {"user": user_of(role), "password": keys.new_password()} for role in ROLES}
    return {"schema": "creditbank.keys.database/1", "roles": users}


def make_roles(connection: psycopg.Connection[Any], users: Users, *, renew: bool) -> None:
    """Make the missing roles; ``renew`` brings existing ones back to what the keys say."""
    for role in ROLES:
        user, password = users[role]["user"], users[role]["password"]
        known = connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [user]).fetchone() is not None
        if known and not renew:
            continue
        # The server sees the SCRAM verifier only, so no log of its can ever hold the password.
        verifier = connection.pgconn.encrypt_password(password.encode(), user.encode(), b"scram-sha-256")
        rights = "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION"
        if connection.info.parameter_status("is_superuser") != "on":
            rights = "LOGIN NOCREATEDB NOCREATEROLE"  # naming the others needs them; they are off by default
        connection.execute(
            sql.SQL("{} ROLE {} {} PASSWORD {}").format(
                sql.SQL("ALTER" if known else "CREATE"),
                sql.Identifier(user),
                sql.SQL(rights),
                sql.Literal(verifier.decode()),
            )
        )


def make_database(connection: psycopg.Connection[Any], dbname: str) -> None:
    """Make the embedded server's database if it is missing, and close the server's other ones."""
    if connection.execute("SELECT FROM pg_database WHERE datname = %s", [dbname]).fetchone() is None:
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8'").format(
                sql.Identifier(dbname), sql.Identifier(user_of("owner"))
            )
        )
    for other in ("postgres", "template1"):
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(other)))
    grant_database(connection, dbname)


def grant_database(connection: psycopg.Connection[Any], dbname: str) -> None:
    """Let the four roles into one database and nobody else; the owner may make its objects there."""
    name = sql.Identifier(dbname)
    everyone = sql.SQL(", ").join(sql.Identifier(user_of(role)) for role in ROLES)
    writers = sql.SQL(", ").join(sql.Identifier(user_of(role)) for role in ("owner", "app"))
    owner = sql.Identifier(user_of("owner"))
    for statement in (
        sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name),
        sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, everyone),
        sql.SQL("GRANT TEMPORARY ON DATABASE {} TO {}").format(name, writers),  # bulk work copies into these
        sql.SQL("GRANT CREATE ON DATABASE {} TO {}").format(name, owner),
    ):
        connection.execute(statement)


def make_extensions(connection: psycopg.Connection[Any]) -> None:
    """Make the extensions the bank's tables use."""
    for extension in EXTENSIONS:
        connection.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension)))


def prepare_server(connection: psycopg.Connection[Any], users: Users) -> None:
    """Make on a server of one's own what is missing; where nothing is, no right is needed.

    Raises:
        DatabaseProblem: too old, unfit for Chinese, or the user may not make what is missing.
    """
    major = connection.info.server_version // 10_000
    if major < FLOOR:
        raise database_problems.too_old(major, FLOOR)
    connection.execute("SELECT pg_advisory_lock(hashtext('creditbank.prepare'))")  # until the connection ends
    try:
        if not _is_prepared(connection):
            make_roles(connection, users, renew=False)
            grant_database(connection, connection.info.dbname)
            connection.execute(sql.SQL("GRANT ALL ON SCHEMA public TO {}").format(sql.Identifier(user_of("owner"))))
            make_extensions(connection)
    except psycopg.errors.InsufficientPrivilege as error:
        reason = str(error).strip().splitlines()[0]
        names = ", ".join(user_of(role) for role in ROLES)
        raise database_problems.needs_administrator(reason, names, ", ".join(EXTENSIONS)) from error
    check_text(connection)


def check_text(connection: psycopg.Connection[Any]) -> None:
    """Refuse a database in which Chinese text has no trigrams: searches in it would silently find nothing.

    Raises:
        DatabaseProblem: the database's encoding or locale is unfit; nothing was stored in it.
    """
    row = connection.execute(
        "SELECT pg_encoding_to_char(encoding), datctype, cardinality(show_trgm('学分'))"
        "  FROM pg_database WHERE datname = current_database()"
    ).fetchone()
    encoding, ctype, trigrams = row or ("?", "?", 0)
    if encoding != "UTF8" or not trigrams:
        raise database_problems.unfit_for_chinese(encoding, ctype)


def check_no_open_door(connection: psycopg.Connection[Any]) -> None:
    """Refuse a pg_hba.conf that lets anyone in without proof.

    Raises:
        DatabaseProblem: a line uses another method than scram-sha-256, peer or reject.
    """
    line = connection.execute(
        "SELECT line_number FROM pg_hba_file_rules WHERE auth_method NOT IN ('scram-sha-256', 'peer', 'reject')"
    ).fetchone()
    if line:
        raise database_problems.open_door(line[0])


def place_of(url: str) -> dict[str, Any]:
    """Host, port, database and sslmode of a PostgreSQL address.

    Raises:
        DatabaseProblem: it is not the address of one database on one host.
    """
    try:
        parts = conninfo_to_dict(url)
        port = int(parts.get("port") or 5432)
    except (psycopg.ProgrammingError, ValueError) as error:
        raise database_problems.bad_address() from error
    host, dbname = str(parts.get("host") or "localhost"), str(parts.get("dbname") or "")
    if not dbname or "," in host:
        raise database_problems.bad_address()
    return {"host": host, "port": port, "dbname": dbname, "sslmode": str(parts.get("sslmode") or "")}


def _is_prepared(connection: psycopg.Connection[Any]) -> bool:
    roles = connection.execute(
        "SELECT count(*) FROM pg_roles WHERE rolname = ANY(%s)"
        "   AND has_database_privilege(oid, current_database(), 'CONNECT')",
        [[user_of(role) for role in ROLES]],
    ).fetchone()
    extensions = connection.execute(
        "SELECT count(*) FROM pg_extension WHERE extname = ANY(%s)", [list(EXTENSIONS)]
    ).fetchone()
    return roles == (len(ROLES),) and extensions == (len(EXTENSIONS),)
