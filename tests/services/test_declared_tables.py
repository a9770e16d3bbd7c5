"""Every table is what it is declared to be: shape, distribution, policies and grants."""

from __future__ import annotations

import re

from django.apps import apps

from creditbank.gateways.database_roles import user_of
from creditbank.records.declaration import Distribution, Rows
from creditbank.records.ledger import LEDGER, VIEWS, enum_types
from creditbank.records.official_lists import OFFICIAL_LISTS
from creditbank.records.outcome_catalogue import OUTCOME_CATALOGUE
from creditbank.records.registrar import REGISTRAR
from creditbank.records.tables import FRAMEWORK_TABLES, TABLES, definition, grants, policies
from creditbank.services.bank import migrate_bank
from tests.intruder import superuser

LOGINS = ("app", "sequencer", "auditor")

# An account is looked up by its sign-in name before anybody is known, so it is local, and a membership names it.
KNOWN_REFERENCES = (("membership", "account"),)

DECLARED = (*LEDGER, *REGISTRAR, *OFFICIAL_LISTS, *OUTCOME_CATALOGUE)


def test_every_table_is_declared_or_the_frameworks(bank):
    with superuser(bank) as administrator:
        found = {
            name
            for (name,) in administrator.execute(
                "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
                " WHERE nspname = 'public' AND relkind IN ('r', 'p', 'v', 'm', 'f')"
            )
        }
        definers = administrator.execute(
            "SELECT proname FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace"
            " WHERE nspname = 'public' AND prosecdef"
        ).fetchall()
    declared = {table.name for table in TABLES}
    assert len(declared) == len(TABLES)
    assert {name for name in found if not name.startswith("procrastinate_")} == (
        declared | {view.name for view in VIEWS} | set(FRAMEWORK_TABLES)
    )
    assert declared == {table.name for table in DECLARED} | {
        model._meta.db_table for model in apps.get_app_config("records").get_models()
    }
    # What looks across tenants: whose account an identity number is, and whether anybody has used one that a roster
    # opened, before it is withdrawn; nothing else of it. And what keeps balances.
    assert sorted(definers) == [("learner_of_identity",), ("posting_books",), ("withdraw_learners",)]


def shape(administrator, schema, table):
    """Columns, constraints and indexes of a table as the catalogue tells them, schema names aside."""
    place = f"{schema}.{table}"
    found = {
        "columns": administrator.execute(
            "SELECT attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid)"
            " FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum"
            " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            [place],
        ).fetchall(),
        "constraints": administrator.execute(
            "SELECT conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint WHERE conrelid = %s::regclass"
            " ORDER BY 1",
            [place],
        ).fetchall(),
        "indexes": administrator.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = %s::regclass"
            " ORDER BY 1",
            [place],
        ).fetchall(),
        "triggers": administrator.execute(
            "SELECT pg_get_triggerdef(pg_trigger.oid), tgenabled, prosrc, prosecdef FROM pg_trigger"
            " JOIN pg_proc ON pg_proc.oid = tgfoid WHERE tgrelid = %s::regclass AND NOT tgisinternal ORDER BY 1",
            [place],
        ).fetchall(),
    }
    return {
        kind: [tuple(re.sub(r"\b(declared|public)\.", "", str(value)) for value in row) for row in rows]
        for kind, rows in found.items()
    }


def test_the_migrations_made_exactly_the_tables_that_are_declared(bank):
    with superuser(bank) as administrator:
        administrator.execute("CREATE SCHEMA declared")
        administrator.execute("SET search_path = declared, public")
        for statement in (*enum_types(), *(line for table in DECLARED for line in definition(table))):
            administrator.execute(statement)
        for table in DECLARED:
            assert shape(administrator, "public", table.name) == shape(administrator, "declared", table.name), (
                table.name
            )
        labels = administrator.execute(
            "SELECT typname, array_agg(enumlabel::text ORDER BY enumsortorder), count(DISTINCT typnamespace)"
            " FROM pg_type JOIN pg_enum ON enumtypid = pg_type.oid JOIN pg_namespace n ON n.oid = typnamespace"
            " WHERE nspname IN ('public', 'declared') AND typname IN ('lot_state', 'posting_kind')"
            " GROUP BY typname, typnamespace ORDER BY 1"
        ).fetchall()
    assert len(labels) == 4
    assert labels[0] == labels[1]
    assert labels[2] == labels[3]


def access(administrator, schema, table):
    """Policies and privileges of a table as the catalogue tells them."""
    place = f"{schema}.{table}"
    return (
        administrator.execute(
            "SELECT policyname, permissive, roles::text, cmd, qual, with_check FROM pg_policies"
            " WHERE schemaname = %s AND tablename = %s ORDER BY 1",
            [schema, table],
        ).fetchall(),
        administrator.execute("SELECT relrowsecurity FROM pg_class WHERE oid = %s::regclass", [place]).fetchone(),
        sorted(
            administrator.execute(
                "SELECT NULL AS name, grantee::regrole::text, privilege_type, is_grantable FROM pg_class,"
                " aclexplode(relacl) WHERE oid = %(place)s::regclass AND grantee <> relowner UNION ALL"
                " SELECT attname, grantee::regrole::text, privilege_type, is_grantable FROM pg_attribute,"
                " aclexplode(attacl) WHERE attrelid = %(place)s::regclass AND NOT attisdropped",
                {"place": place},
            ).fetchall(),
            key=repr,
        ),
    )


def test_policies_and_grants_are_those_of_the_declaration(bank):
    names = {login: user_of(login) for login in LOGINS}
    with superuser(bank) as administrator:
        administrator.execute("CREATE SCHEMA declared")
        for table in TABLES:
            administrator.execute(f"CREATE TABLE declared.{table.name} (LIKE public.{table.name})")
            administrator.execute("SET search_path = declared, public")
            for statement in (*policies(table), *grants(table)):
                administrator.execute(statement.format(**names))
            administrator.execute("RESET search_path")
            found = access(administrator, "public", table.name)
            assert found == access(administrator, "declared", table.name), table.name
            assert found[1] == (table.rows is not Rows.OPAQUE,)
            assert found[2], table.name


def test_putting_access_in_place_again_changes_nothing(bank):
    with superuser(bank) as administrator:
        before = [access(administrator, "public", table.name) for table in TABLES]
        migrate_bank()
        assert [access(administrator, "public", table.name) for table in TABLES] == before


def test_every_table_can_be_distributed_as_it_is_declared(bank):
    """A distributed table's keys begin with what it is distributed by, and refer to reference tables or its like."""
    spread = {table.name: table.distribution for table in TABLES}
    with superuser(bank) as administrator:
        keys = administrator.execute(
            "SELECT indrelid::regclass::text, indexrelid::regclass::text, array_agg(attname::text ORDER BY ordinality)"
            " FROM pg_index, unnest(indkey::smallint[]) WITH ORDINALITY AS key(number, ordinality)"
            " JOIN pg_attribute ON attnum = number WHERE attrelid = indrelid AND indisunique"
            " AND indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace) GROUP BY 1, 2"
        ).fetchall()
        references = administrator.execute(
            "SELECT conrelid::regclass::text, confrelid::regclass::text, conname,"
            " (SELECT array_agg(attname::text ORDER BY ordinality) FROM unnest(conkey) WITH ORDINALITY AS key(number, ordinality)"
            " JOIN pg_attribute ON attnum = number AND attrelid = conrelid)"
            " FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace"
        ).fetchall()
    by = (Distribution.LEARNER, Distribution.INSTITUTION)
    wrong = {
        (table, key) for table, key, columns in keys if spread.get(table) in by and columns[0] != spread[table].value
    }
    assert wrong == set()
    assert len([key for key in keys if spread.get(key[0]) in by]) > 15
    for table, other, name, columns in references:
        if table not in spread:
            continue
        same = spread[table] is spread[other] and (spread[table] not in by or columns[0] == spread[table].value)
        assert spread[other] is Distribution.REFERENCE or same or (table, other) in KNOWN_REFERENCES, name
