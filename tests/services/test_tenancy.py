"""Tenancy on a real bank: the four logins, and what one tenant can do to another."""

from __future__ import annotations

import re
import threading
from contextlib import closing, contextmanager

import psycopg
import pytest
from django.apps import apps
from django.db import DatabaseError, connection, connections

from creditbank.cli.main import main
from creditbank.gateways.clock import new_id
from creditbank.gateways.database import DatabaseProblem, refuse_dangerous_login
from creditbank.gateways.database_roles import user_of
from creditbank.records.accounts import Factor
from creditbank.records.declaration import Rows
from creditbank.records.scope import Scope, acting_for
from creditbank.records.tables import TABLES
from tests.cast import AT
from tests.intruder import superuser
from tests.services.bookings import deposit, post
from tests.services.tenants import OPEN, PERSON_COLUMN, TENANT, Tenant, all_columns, fill, insert, row_of

MODELS = {model._meta.db_table: model for model in apps.get_models()}


@pytest.fixture
def tenants(bank, cast):
    one, other = Tenant(cast.college, cast.lin.person), Tenant(cast.university, cast.wei.person)
    fill(bank, (one, other))
    return one, other


def rows_of(table, scope):
    """The institution and person of every row a scope is given of a table, the way queries ask."""
    names = ["institution_id", *([PERSON_COLUMN[table.rows]] if table.rows in PERSON_COLUMN else [])]
    if table.name in MODELS:
        return [tuple(row) for row in scope.rows(MODELS[table.name]).values_list(*names)]
    condition, values = scope.condition(table.name)
    return scope.fetch(f"SELECT {', '.join(names)} FROM {table.name} WHERE {condition}", values)


def scopes(one):
    """Whom one may act for: the tenant's learner, its institution, both, or nobody at all."""
    return [
        {"person": one.person}, {"institution": one.institution}, {"person": one.person, "institution": one.institution},
        {}, {"person": new_id()}, {"institution": new_id()},
    ]  # fmt: skip


def leaks(tenants):
    """Tables of which a scope is given a row that it may not see, and tables of which it lacks its own."""
    leaked, lacking = set(), set()
    for one in tenants:
        for acted in scopes(one):
            with acting_for(**acted, purpose="test") as scope:
                for table in TENANT:
                    rows = rows_of(table, scope)
                    person = acted.get("person") if table.rows in PERSON_COLUMN else None
                    place = acted.get("institution")
                    if any(not ((row[0] == place and place) or (row[-1] == person and person)) for row in rows):
                        leaked.add(table.name)
                    if one.person == person or one.institution == place:
                        lacking |= set() if rows else {table.name}
                    elif rows:
                        leaked.add(table.name)
    return leaked, lacking


@contextmanager
def unfiltered(monkeypatch):
    """The house's own filter taken out: only the database is left."""
    with monkeypatch.context() as patched:
        patched.setattr(Scope, "rows", lambda self, model: model._default_manager.using(self.using).all())
        patched.setattr(Scope, "condition", lambda _self, _table, _alias="": ("true", []))
        yield


def unsecured(bank):
    """Row security taken out of this test's database: only the house's filter is left."""
    with superuser(bank) as administrator:
        for table in TENANT:
            administrator.execute(f"ALTER TABLE {table.name} DISABLE ROW LEVEL SECURITY")


def test_no_scope_is_given_a_row_of_another_tenant(tenants):
    assert leaks(tenants) == (set(), set())


def test_row_security_alone_gives_no_row_of_another_tenant(tenants, monkeypatch):
    with unfiltered(monkeypatch):
        assert leaks(tenants) == (set(), set())


def test_the_scopes_filter_alone_gives_no_row_of_another_tenant(bank, tenants):
    unsecured(bank)
    assert leaks(tenants) == (set(), set())


def test_with_neither_of_the_two_every_table_leaks(bank, tenants, monkeypatch):
    unsecured(bank)
    with unfiltered(monkeypatch):
        assert leaks(tenants) == ({table.name for table in TENANT}, set())


def refusal_of(statement, values, **acted):
    """What the database says to a write; the number of rows when it says nothing."""
    try:
        with acting_for(**acted, purpose="test"), connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.rowcount
    except DatabaseError as error:
        return str(error)


def test_nobody_adds_a_row_to_another_tenant(bank, tenants):
    one, other = tenants
    columns = all_columns(bank)
    for table in (*TENANT, *OPEN):
        statement, values = insert(table, row_of(columns[table.name], table, other))
        for acted in scopes(one):
            if table.name == "institution":
                continue
            assert "row-level security" in str(refusal_of(statement, values, **acted)), (table.name, acted)


def test_an_institution_founds_others_only_below_itself(cast):
    statement = (
        "INSERT INTO institution (id, parent_id, kind, code, name, name_en, zone, publicity_days)"
        " VALUES (%s, %s, 'college', %s, 'x', '', 'Asia/Shanghai', 0)"
    )
    assert refusal_of(statement, [new_id(), cast.college, "own"], institution=cast.college) == 1
    for acted in ({"institution": cast.college}, {"person": cast.sun.person}, {}):
        said = refusal_of(statement, [new_id(), cast.university, "alien"], **acted)
        assert "row-level security" in said


def test_no_learner_gives_itself_credit_a_result_an_enrolment_or_a_clean_record(bank, tenants):
    one, other = tenants
    columns = all_columns(bank)
    awarded = [table for table in TENANT if table.rows is Rows.AWARDED]
    assert {"lot", "posting", "result", "enrolment"} <= {table.name for table in awarded}
    for table in awarded:
        for place in (one.institution, other.institution):
            statement, values = insert(table, row_of(columns[table.name], table, Tenant(place, one.person)))
            assert "row-level security" in str(refusal_of(statement, values, person=one.person)), table.name
        for statement in updates_and_removals(bank, table, "learner_id"):
            assert refusal_of(statement, [one.person], person=one.person) == 0, statement


def updates_and_removals(bank, table, column):
    """The statements that the application's login may send at all, each limited by a column."""
    with superuser(bank) as administrator:
        allowed = administrator.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
            " AND has_column_privilege(%s, attrelid, attnum, 'UPDATE') ORDER BY attnum",
            [table.name, user_of("app")],
        ).fetchall()
    if allowed:
        yield f"UPDATE {table.name} SET {allowed[0][0]} = {allowed[0][0]} WHERE {column} = %s"
    if "DELETE" in table.app:
        yield f"DELETE FROM {table.name} WHERE {column} = %s"


def test_nobody_changes_or_removes_a_row_of_another_tenant(bank, tenants):
    one, other = tenants
    tried = 0
    for table in (*TENANT, *OPEN):
        column = "id" if table.rows is Rows.TREE else "institution_id"
        for statement in updates_and_removals(bank, table, column):
            for acted in scopes(one):
                assert refusal_of(statement, [other.institution], **acted) == 0, (statement, acted)
                tried += 1
            done = refusal_of(statement, [other.institution], institution=other.institution)
            # Its own rows it reaches; a few of them hold a promise that another row stands on.
            assert (
                re.search("foreign key|security policy for table .balance", done) if isinstance(done, str) else done > 0
            ), statement
    assert tried > 60


def test_nobody_moves_a_row_of_its_own_to_another_tenant(bank, tenants):
    one, other = tenants
    moved = [
        table for table in (*TENANT, *OPEN)
        if re.search(r"UPDATE(?! \()", table.app) and table.rows is not Rows.TREE
    ]  # fmt: skip
    assert {"claim", "enrolment", "membership", "import_run", "course"} <= {table.name for table in moved}
    for table in moved:
        statement = f"UPDATE {table.name} SET institution_id = '{other.institution}' WHERE institution_id = %s"
        said = refusal_of(statement, [one.institution], institution=one.institution)
        assert "row-level security" in str(said), table.name


def test_what_is_personal_is_reached_by_that_person_alone_through_either_lock(bank, cast, monkeypatch):
    columns = "(id, account_id, kind, name, secret, counter, created_at)"
    statement = f"INSERT INTO account_factor {columns} VALUES (%s, %s, 'passkey', '', 'x', 0, now())"
    lin, mei = cast.lin.person, cast.mei.person
    assert refusal_of(statement, [new_id(), lin], person=lin) == 1
    strangers = ({"person": mei}, {"institution": cast.college}, {"person": mei, "institution": cast.college}, {})

    def seen(**acted):
        with acting_for(**acted, purpose="test") as scope:
            condition, values = scope.condition("account_factor")
            raw = scope.fetch(f"SELECT count(*) FROM account_factor WHERE {condition}", values)[0][0]
            return scope.rows(Factor).count(), raw

    for acted in strangers:
        assert "row-level security" in str(refusal_of(statement, [new_id(), lin], **acted))
        for change in ("DELETE FROM account_factor", "UPDATE account_factor SET counter = 9"):
            assert refusal_of(change, [], **acted) == 0
        with unfiltered(monkeypatch):
            assert seen(**acted) == (0, 0)
    assert seen(person=lin) == (1, 1)
    with superuser(bank) as administrator:
        administrator.execute("ALTER TABLE account_factor DISABLE ROW LEVEL SECURITY")
    assert [seen(**acted) for acted in strangers] == [(0, 0)] * 4
    with unfiltered(monkeypatch):
        assert seen(person=mei) == (1, 1)


def test_a_line_of_the_operation_log_carries_only_the_names_acted_for(cast):
    statement = (
        "INSERT INTO operation (id, institution_id, actor_id, request_id, action, object_kind, outcome, recorded_at)"
        " VALUES (%s, %s, %s, '', 'x', '', 'done', now())"
    )
    lin, wei, college = cast.lin.person, cast.wei.person, cast.college
    for place, actor, acted, taken in (
        (college, lin, {"institution": college}, True),
        (college, lin, {"institution": college, "person": lin}, True),
        (None, lin, {"person": lin}, True),
        (None, lin, {}, True),  # somebody tried to sign in
        (None, None, {}, True),
        (cast.university, lin, {"institution": college}, False),
        (college, wei, {"institution": college, "person": lin}, False),
        (None, wei, {"person": lin}, False),
        (college, lin, {"person": lin}, False),
        (college, lin, {}, False),
        (None, lin, {"institution": college}, False),
    ):
        said = refusal_of(statement, [new_id(), place, actor], **acted)
        assert (said == 1) if taken else ("row-level security" in str(said)), (place, actor, acted)


def test_settings_do_not_outlive_the_transaction_on_a_reused_connection(cast):
    def backend_and_settings():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_backend_pid(), current_setting('bank.person', true), current_setting('bank.institution', true),"
                " current_setting('bank.purpose', true), (SELECT count(*) FROM enrolment)"
            )
            return cursor.fetchone()

    with acting_for(person=cast.lin.person, institution=cast.college, purpose="test"):
        pid, *inside = backend_and_settings()
        assert inside == [str(cast.lin.person), str(cast.college), "test", 2]
    assert backend_and_settings() == (pid, "", "", "", 0)
    with pytest.raises(RuntimeError), acting_for(person=cast.lin.person, purpose="test"):
        raise RuntimeError
    assert backend_and_settings() == (pid, "", "", "", 0)
    with acting_for(person=cast.lin.person, purpose="outer"):
        with acting_for(institution=cast.university, purpose="inner"):
            assert backend_and_settings()[1:] == ("", str(cast.university), "inner", 1)
        assert backend_and_settings()[1:] == (str(cast.lin.person), "", "outer", 1)
        with pytest.raises(RuntimeError), acting_for(institution=cast.university, purpose="inner"):
            raise RuntimeError
        assert backend_and_settings()[1:] == (str(cast.lin.person), "", "outer", 1)
    assert backend_and_settings() == (pid, "", "", "", 0)


def test_outside_any_scope_nothing_of_a_tenant_is_seen(tenants):
    with connection.cursor() as cursor:
        for table in TENANT:
            cursor.execute(f"SELECT count(*) FROM {table.name}")
            assert cursor.fetchone() == (0,), table.name


# The four logins


def test_the_logins_are_bound_and_cannot_become_one_another(bank, cast):
    for alias, role in (("default", "app"), ("sequencer", "sequencer"), ("auditor", "auditor")):
        with connections[alias].cursor() as cursor:
            cursor.execute(
                "SELECT current_user, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication FROM pg_roles"
                " WHERE rolname = current_user"
            )
            assert cursor.fetchone() == (user_of(role), False, False, False, False, False)
            for other in ("owner", "app", "sequencer", "auditor"):
                if other != role:
                    with pytest.raises(DatabaseError, match="permission denied to set role"):
                        cursor.execute(f"SET ROLE {user_of(other)}")
            with pytest.raises(DatabaseError, match="permission denied"):
                cursor.execute(f"SET SESSION AUTHORIZATION {user_of('owner')}")
            with pytest.raises(DatabaseError, match="permission denied"):
                cursor.execute("SET session_replication_role = replica")
            cursor.execute("SET row_security = off")
            with pytest.raises(DatabaseError, match=r"affected by row-level security|permission denied"):
                cursor.execute("SELECT * FROM lot")
            cursor.execute("RESET row_security")


def all_tables(administrator):
    return [name for (name,) in administrator.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]


def test_the_sequencer_sees_its_queue_and_its_leaves_and_nothing_else(bank, tenants):
    with superuser(bank) as administrator:
        names = all_tables(administrator)
    with connections["sequencer"].cursor() as cursor:
        for name in names:
            if name in {"log_outbox", "log_leaf"}:
                cursor.execute(f"SELECT count(*) FROM {name}")
                continue
            for statement in (
                f"SELECT count(*) FROM {name}",
                f"DELETE FROM {name}",
                f"INSERT INTO {name} DEFAULT VALUES",
            ):
                with pytest.raises(DatabaseError, match="permission denied"):
                    cursor.execute(statement)
        for statement in (
            "UPDATE log_leaf SET commitment = commitment", "UPDATE log_outbox SET commitment = commitment",
            "INSERT INTO log_outbox VALUES ('posting', 'x', NULL, sha256('x'))", "TRUNCATE log_leaf",
        ):  # fmt: skip
            with pytest.raises(DatabaseError, match="permission denied"):
                cursor.execute(statement)


def test_the_auditor_reads_across_tenants_and_writes_nothing(bank, tenants):
    with superuser(bank) as administrator, connections["auditor"].cursor() as cursor:
        for table in TABLES:
            column = re.search(r"\((\w+)", table.auditor)
            if table.auditor:
                what = f"count({column.group(1) if column else '*'})"
                cursor.execute(f"SELECT {what} FROM {table.name}")
                assert cursor.fetchone() == administrator.execute(f"SELECT {what} FROM {table.name}").fetchone()
        for name in all_tables(administrator):
            for statement in (f"DELETE FROM {name}", f"INSERT INTO {name} DEFAULT VALUES", f"TRUNCATE {name}"):
                with pytest.raises(DatabaseError, match="permission denied"):
                    cursor.execute(statement)
            ((writable,),) = administrator.execute(
                "SELECT has_any_column_privilege(%s, %s, 'INSERT, UPDATE, REFERENCES')", [user_of("auditor"), name]
            ).fetchall()
            assert not writable
        for statement in (
            "SELECT password FROM account",
            "SELECT sign_in FROM account",
            "SELECT * FROM django_session",
        ):
            with pytest.raises(DatabaseError, match="permission denied"):
                cursor.execute(statement)


@contextmanager
def signed_in_as(role):
    """The application's connection made with another login."""
    place = connections["default"].settings_dict
    kept = {name: place[name] for name in ("USER", "PASSWORD")}
    connections.close_all()
    place.update(USER=role.user, PASSWORD=role.password)
    try:
        yield
    finally:
        connections.close_all()
        place.update(kept)


@pytest.mark.parametrize("who", ["owner", "superuser"])
def test_a_bank_does_not_start_with_an_application_login_that_could_do_too_much(bank, cast, capsys, who):
    from creditbank.gateways import database

    login = database.superuser(bank) if who == "superuser" else database.logins(bank)[who]
    with signed_in_as(login):
        assert main(["--bank", str(bank.home), "check"]) == 2
    assert login.user in capsys.readouterr().err
    refuse_dangerous_login(connections["default"])


@pytest.mark.parametrize(
    "granted", ["ALTER ROLE {app} BYPASSRLS", "GRANT {owner} TO {app}", "ALTER TABLE dirty OWNER TO {app}"]
)
def test_a_login_that_was_given_too_much_later_is_refused(bank, granted):
    names = {role: user_of(role) for role in ("app", "owner")}
    undo = {
        "ALTER ROLE {app} BYPASSRLS": "ALTER ROLE {app} NOBYPASSRLS",
        "GRANT {owner} TO {app}": "REVOKE {owner} FROM {app}",
        "ALTER TABLE dirty OWNER TO {app}": "ALTER TABLE dirty OWNER TO {owner}",
    }
    with superuser(bank) as administrator:
        administrator.execute(granted.format(**names))
        try:
            with pytest.raises(DatabaseProblem):
                refuse_dangerous_login(connections["default"])
        finally:
            administrator.execute(undo[granted].format(**names))
    refuse_dangerous_login(connections["default"])


def test_two_threads_of_one_process_never_share_a_scope(bank, cast):
    seen = {}
    both = threading.Barrier(2)

    def look(who):
        try:
            with acting_for(person=who, purpose="test") as scope:
                both.wait(20)
                seen[who] = scope.fetch("SELECT learner_id FROM enrolment")
                both.wait(20)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=look, args=[who]) for who in (cast.lin.person, cast.wei.person)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert seen == {who: [(who,)] for who in (cast.lin.person, cast.wei.person)}


def test_the_ledger_of_another_institution_stays_the_learners_and_that_institutions(bank, cast):
    """One learner, two awarding institutions: each sees what it awarded, the learner both."""
    lin = cast.lin.person
    post(cast, deposit(lin, amount=100), at=AT)
    post(cast, deposit(lin, amount=200), institution=cast.university)
    for acted, amounts in (
        ({"person": lin}, [100, 200]), ({"institution": cast.college}, [100]), ({"institution": cast.university}, [200]),
        ({"person": cast.mei.person}, []), ({"person": cast.mei.person, "institution": cast.centre}, []),
    ):  # fmt: skip
        with acting_for(**acted, purpose="test") as scope:
            condition, values = scope.condition("lot")
            found = scope.fetch(f"SELECT amount FROM lot WHERE {condition} ORDER BY amount", values)
        assert [amount for (amount,) in found] == amounts


def test_a_connection_of_the_application_takes_no_password_but_its_own(bank):
    place = connections["default"].settings_dict
    with (
        pytest.raises(psycopg.OperationalError),
        closing(
            psycopg.connect(
                host=place["HOST"], port=place["PORT"], dbname=place["NAME"], user=place["USER"], password="x"
            )
        ),
    ):
        pass
