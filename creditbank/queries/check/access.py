"""Check that policies, grants, keys and triggers of every table are those of the declaration."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from creditbank.domain.explanation import Line, Verdict
from creditbank.records.declaration import Table
from creditbank.records.ledger import VIEWS
from creditbank.records.tables import FRAMEWORK_TABLES, TABLES, policies

_POLICY = re.compile(
    r"CREATE POLICY (\w+) ON \w+ FOR (\w+) TO \{(\w+)\}(?: USING \((.*?)\))?(?: WITH CHECK \((.*)\))?", re.DOTALL
)
_PRIVILEGE = re.compile(r"([A-Z]+)(?: \(([^)]*)\))?")
_NAMED = re.compile(r"(?:CONSTRAINT|INDEX|TRIGGER) (\w+)")
_BODY = re.compile(r"CREATE FUNCTION (\w+).*\$body\$(.*)\$body\$", re.DOTALL)
_NOISE = re.compile(r'::text|AS "nullif"|[()\s]')

_JOB_TABLES = "procrastinate_"
"""The job queue's tables, which its own migrations make; the application works on them without tenants."""

_GRANTS = """
SELECT relname, rolname, privilege_type, NULL
FROM pg_class CROSS JOIN aclexplode(relacl) LEFT JOIN pg_roles ON pg_roles.oid = grantee
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm') AND grantee <> relowner
UNION ALL
SELECT relname, rolname, privilege_type, attname::text
FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND NOT attisdropped
CROSS JOIN aclexplode(attacl) LEFT JOIN pg_roles ON pg_roles.oid = grantee
WHERE relnamespace = 'public'::regnamespace AND grantee <> relowner
"""

# A constraint that is not valid, an index half-built and a trigger switched off do not hold, so they are not listed.
_KEYS = """
SELECT conrelid::regclass::text, conname::text FROM pg_constraint
WHERE connamespace = 'public'::regnamespace AND convalidated AND conrelid <> 0
UNION ALL
SELECT indrelid::regclass::text, relname::text FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
WHERE relnamespace = 'public'::regnamespace AND indisvalid
UNION ALL
SELECT tgrelid::regclass::text, tgname::text FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')
"""


def check_access(cursor: Any, users: Mapping[str, str]) -> list[Line]:
    """Every table whose policies, grants or keys differ from the declaration.

    Args:
        cursor: a cursor of the auditor; the catalogue is open to every login.
        users: the PostgreSQL role of each login: ``app``, ``sequencer`` and ``auditor``.
    """
    found: list[Line] = []
    secured, policed = _secured(cursor), _policed(cursor)
    granted, keyed = _grouped(cursor, _GRANTS), _grouped(cursor, _KEYS)
    bodies = _bodies(cursor)
    for table in TABLES:
        if table.name not in secured:
            found.append(_no("check.table_missing", table.name))
            continue
        wanted = _wanted_policies(table, users)
        if policed.get(table.name, set()) != wanted or secured[table.name] != bool(wanted):
            found.append(_no("check.policy", table.name))
        wanted_grants = {
            (users[login], *privilege)
            for login, said in (("app", table.app), ("sequencer", table.sequencer), ("auditor", table.auditor))
            for privilege in _privileges(said)
        }
        found += _differing_grants(table.name, granted[table.name], wanted_grants)
        lacking = _wanted_keys(table) - {name for (name,) in keyed[table.name]}
        lacking |= {name for name, body in _wanted_bodies(table) if bodies.get(name) != body}
        found += [_no("check.key", table.name, name=name) for name in sorted(lacking)]
    viewed = _viewed(cursor)
    for view in VIEWS:
        # Not every version of PostgreSQL names the table before each column.
        shown = _plain(viewed.get(view.name)).replace(f"{view.of.name}.", "")
        if shown != _plain(f"security_invoker=true {view.query};"):
            found.append(_no("check.key", view.name, name=view.name))
        found += _differing_grants(view.name, granted[view.name], _wanted_reading(users))
    declared = {table.name for table in TABLES} | {view.name for view in VIEWS}
    for name in sorted(secured.keys() - declared):
        if name.startswith(_JOB_TABLES) or name == "django_session":
            wanted_grants = {(users["app"], *one) for one in _privileges("SELECT, INSERT, UPDATE, DELETE")}
        elif name in FRAMEWORK_TABLES:
            wanted_grants = {(users["app"], "SELECT", None)}
        else:
            found.append(_no("check.table_undeclared", name))
            continue
        found += _differing_grants(name, granted[name], wanted_grants)
    return found


def _no(code: str, table: str, **facts: str) -> Line:
    return Line(code, Verdict.NO, {"table": table, **facts})


def _secured(cursor: Any) -> dict[str, bool]:
    cursor.execute(
        "SELECT relname, relrowsecurity FROM pg_class"
        " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')"
    )
    return dict(cursor.fetchall())


def _policed(cursor: Any) -> dict[str, set[tuple[Any, ...]]]:
    cursor.execute(
        "SELECT tablename, policyname, permissive, cmd, roles::text[], qual, with_check FROM pg_policies"
        " WHERE schemaname = 'public'"
    )
    found: dict[str, set[tuple[Any, ...]]] = defaultdict(set)
    for table, name, permissive, command, roles, using, check in cursor.fetchall():
        found[table].add((name, permissive, command, tuple(roles), _plain(using), _plain(check)))
    return found


def _viewed(cursor: Any) -> dict[str, str]:
    cursor.execute(
        "SELECT relname, concat_ws(' ', array_to_string(reloptions, ' '), pg_get_viewdef(oid)) FROM pg_class"
        " WHERE relnamespace = 'public'::regnamespace AND relkind = 'v'"
    )
    return dict(cursor.fetchall())


def _wanted_reading(users: Mapping[str, str]) -> set[tuple[str, str, str | None]]:
    return {(users[login], "SELECT", None) for login in ("app", "auditor")}


def _wanted_policies(table: Table, users: Mapping[str, str]) -> set[tuple[Any, ...]]:
    return {
        (made[1], "PERMISSIVE", made[2], (users[made[3]],), _plain(made[4]), _plain(made[5]))
        for statement in policies(table)
        if (made := _POLICY.fullmatch(statement))
    }


def _plain(condition: str | None) -> str:
    """A condition without what PostgreSQL adds when it shows one: parentheses, casts to text, names, spaces."""
    return _NOISE.sub("", condition or "")


def _grouped(cursor: Any, sql: str) -> dict[str, set[tuple[Any, ...]]]:
    cursor.execute(sql)
    found: dict[str, set[tuple[Any, ...]]] = defaultdict(set)
    for table, *row in cursor.fetchall():
        found[table].add(tuple(row))
    return found


def _privileges(said: str) -> set[tuple[str, str | None]]:
    """The privileges that a declaration names, each with its column or none."""
    return {
        (verb, column.strip() if column else None)
        for verb, columns in _PRIVILEGE.findall(said)
        for column in (columns.split(",") if columns else [None])
    }


def _differing_grants(table: str, granted: set[tuple[Any, ...]], wanted: set[tuple[Any, ...]]) -> list[Line]:
    def said(grant: tuple[Any, ...]) -> dict[str, str]:
        who, privilege, column = grant
        # A grant to PUBLIC has no role's name.
        return {"who": who or "PUBLIC", "privilege": f"{privilege} ({column})" if column else privilege}

    return [_no("check.grant_added", table, **said(grant)) for grant in sorted(granted - wanted, key=repr)] + [
        _no("check.grant_lacking", table, **said(grant)) for grant in sorted(wanted - granted, key=repr)
    ]


def _wanted_keys(table: Table) -> set[str]:
    shape = table.declared
    if shape is None:
        return {f"{table.name}_pkey"}
    said = (*shape.constraints, *shape.indexes, *shape.triggers)
    return {f"{table.name}_pkey", *(name for text in said for name in _NAMED.findall(text))}


def _wanted_bodies(table: Table) -> list[tuple[str, str]]:
    triggers = table.declared.triggers if table.declared else ()
    return [(made[1], made[2]) for text in triggers if (made := _BODY.fullmatch(text))]


def _bodies(cursor: Any) -> dict[str, str]:
    cursor.execute("SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace")
    return dict(cursor.fetchall())
