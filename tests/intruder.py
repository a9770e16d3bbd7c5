"""A superuser's hand in a test's own bank: for what no login of the bank may do."""

from __future__ import annotations

from dataclasses import replace

from django.db import connections

from creditbank.gateways import database


def superuser(bank):
    """A connection of the server's superuser to the database the test works on; it commits each statement."""
    name = connections["default"].settings_dict["NAME"]
    return replace(database.superuser(bank), dbname=name).connect(autocommit=True)


def change(bank, *statements):
    """Run statements as a superuser with triggers and foreign keys off, in one transaction."""
    with superuser(bank) as connection, connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")
        for statement, values in (item if isinstance(item, tuple) else (item, None) for item in statements):
            connection.execute(statement, values)
