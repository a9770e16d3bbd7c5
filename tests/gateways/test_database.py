"""The embedded database: made, shared, stopped, and entered by four logins that cannot do too much."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql

from creditbank.gateways import bank as banks_of
from creditbank.gateways import database, database_roles, keys
from creditbank.gateways import postgres_state as state
from creditbank.gateways.bank import Bank
from creditbank.gateways.database import DatabaseProblem
from creditbank.gateways.postgres_server import SUPERUSER
from tests.embedded import clone_database, drop_database
from tests.gateways import banks


def one(connection, statement, values=()):
    return connection.execute(statement, values).fetchone()[0]


def test_the_folder_is_named_by_the_option_then_the_environment_then_the_user(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CREDITBANK_HOME", "/srv/bank")
    assert banks_of.locate("here") == Bank(tmp_path / "here")
    assert banks_of.locate() == Bank(banks_of.Path("/srv/bank"))
    monkeypatch.delenv("CREDITBANK_HOME")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert banks_of.locate() == Bank(tmp_path / "bank")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert banks_of.locate() == Bank(banks_of.SYSTEM_HOME)


def test_a_new_bank_has_four_logins_that_get_in_and_are_nothing_more(running_bank):
    ways = database.logins(running_bank)
    assert sorted(ways) == ["app", "auditor", "owner", "sequencer"]
    for role, login in ways.items():
        with login.connect() as connection:
            rights = connection.execute(
                "SELECT rolname, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication"
                "  FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
        assert rights == (f"creditbank_{role}", False, False, False, False, False)


def test_keys_are_closed_to_everyone_else_and_hold_four_different_passwords(running_bank):
    for path in running_bank.keys.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    for folder in (running_bank.keys, running_bank.db, state.data_of(running_bank)):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder
    passwords = {login.password for login in database.logins(running_bank).values()}
    assert len(passwords | {database.superuser(running_bank).password}) == 5


def test_no_password_is_ever_in_the_servers_log(running_bank):
    log = state.log_of(running_bank).read_text()
    assert "ready to accept connections" in log
    for login in [*database.logins(running_bank).values(), database.superuser(running_bank)]:
        assert login.password not in log


def test_the_server_listens_on_no_network_and_trusts_nobody(running_bank):
    with database.superuser(running_bank).connect() as connection:
        assert one(connection, "SHOW listen_addresses") == ""
        methods = {row[0] for row in connection.execute("SELECT auth_method FROM pg_hba_file_rules")}
    assert methods == {"scram-sha-256"}
    socket = state.socket_folder(running_bank)
    assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    assert stat.S_IMODE((socket / ".s.PGSQL.5432").stat().st_mode) == 0o700


def test_a_wrong_password_does_not_get_in(running_bank):
    login = replace(database.logins(running_bank)["app"], password="guessed")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        login.connect()


def test_the_bank_is_utf8_with_a_locale_that_finds_chinese_text(running_bank):
    with database.logins(running_bank)["app"].connect() as connection:
        row = connection.execute(
            "SELECT pg_encoding_to_char(encoding), datlocprovider, datlocale FROM pg_database WHERE datname = %s",
            [database.DATABASE],
        ).fetchone()
        assert row == ("UTF8", "b", "C.UTF-8")
        assert one(connection, "SELECT cardinality(show_trgm('学分'))") == 3
        extensions = {name for (name,) in connection.execute("SELECT extname FROM pg_extension")}
    assert extensions >= set(database_roles.EXTENSIONS)


def test_a_database_that_cannot_find_chinese_text_is_refused(running_bank):
    with database.superuser(running_bank).connect(autocommit=True) as administrator:
        administrator.execute(
            "CREATE DATABASE under_c TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER libc LOCALE 'C'"
        )
    try:
        with replace(database.superuser(running_bank), dbname="under_c").connect() as connection:
            connection.execute("CREATE EXTENSION pg_trgm")
            with pytest.raises(DatabaseProblem, match="cannot search Chinese text") as caught:
                database_roles.check_text(connection)
    finally:
        drop_database(running_bank, "under_c")
    assert "无法检索中文文本" in caught.value.zh


def test_the_product_never_turns_durability_off(bank):
    with database.lease(bank, "test", tell=banks.quiet), database.superuser(bank).connect() as connection:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            assert one(connection, sql.SQL("SHOW {}").format(sql.Identifier(setting))) == "on"


def test_an_edited_configuration_cannot_open_the_server_or_turn_fsync_off(bank):
    with (state.data_of(bank) / "postgresql.conf").open("a") as configuration:
        configuration.write("listen_addresses = '*'\nfsync = off\nunix_socket_permissions = 0777\n")
    with database.lease(bank, "test", tell=banks.quiet), database.superuser(bank).connect() as connection:
        assert one(connection, "SHOW listen_addresses") == ""
        assert one(connection, "SHOW fsync") == "on"
        assert one(connection, "SHOW unix_socket_permissions") == "0700"


def test_a_trusting_line_in_pg_hba_is_refused_by_its_number(bank):
    rules = state.data_of(bank) / "pg_hba.conf"
    rules.write_text("local all all trust\n" + rules.read_text())
    with (
        pytest.raises(DatabaseProblem, match=r"Line 1 of the database's pg_hba\.conf"),
        database.lease(bank, "test", tell=banks.quiet),
    ):
        pytest.fail("the bank was opened")
    assert state.find(bank) is None


def test_logins_are_known_without_a_running_server_and_lead_to_it_later(bank):
    assert state.find(bank) is None
    before = database.logins(bank)["app"]
    with database.lease(bank, "test", tell=banks.quiet):
        assert database.logins(bank)["app"] == before
        before.connect().close()


def test_two_processes_share_one_server_and_the_last_one_out_stops_it(bank, hold):
    first = hold(bank).wait_until_held()
    second = hold(bank).wait_until_held()
    assert first.server == second.server
    assert first.word.split()[2] == "creditbank_app"
    assert sorted(holder.purpose for holder in database.holders(bank)) == ["holder", "holder"]
    first.end()
    assert banks.is_alive(second.server)
    with database.logins(bank)["app"].connect() as connection:
        assert one(connection, "SELECT 1") == 1
    second.end()
    assert not banks.is_alive(second.server)
    assert state.find(bank) is None


@pytest.mark.slow
def test_four_processes_that_begin_a_bank_at_once_make_it_once(tmp_path, hold):
    bank = Bank(tmp_path / "bank")
    together = [hold(bank) for _ in range(4)]
    servers = {holder.wait_until_held().server for holder in together}
    assert len(servers) == 1
    for holder in together:
        holder.end()
    assert not banks.is_alive(servers.pop())
    assert not list(bank.db.glob("data.new.*"))


def test_a_lease_inside_a_lease_does_not_stop_the_server_early(bank):
    with database.lease(bank, "outer", tell=banks.quiet):
        with database.lease(bank, "inner", tell=banks.quiet):
            pass
        database.logins(bank)["app"].connect().close()
    assert state.find(bank) is None


def test_a_forked_child_that_unwinds_does_not_take_the_parents_server_away(bank):
    try:
        with database.lease(bank, "parent", tell=banks.quiet):
            child = os.fork()
            if child == 0:
                raise KeyboardInterrupt  # noqa: TRY301 - how the child leaves
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
            assert [holder.purpose for holder in database.holders(bank)] == ["parent"]
            with database.logins(bank)["app"].connect() as connection:
                assert one(connection, "SELECT 1") == 1
    except KeyboardInterrupt:
        os._exit(7)


def test_an_error_in_the_block_gives_the_lease_back(bank):
    with pytest.raises(ZeroDivisionError), database.lease(bank, "test", tell=banks.quiet):
        _ = 1 / 0
    assert state.find(bank) is None


@pytest.mark.parametrize("role", ["app", "sequencer", "auditor"])
def test_the_logins_that_serve_are_not_dangerous(running_bank, role):
    with database.logins(running_bank)[role].connect() as connection:
        database.refuse_dangerous_login(connection)


def test_a_superuser_the_owner_and_whoever_may_become_it_must_not_serve(running_bank):
    ways = clone_database(running_bank, "creditbank", "dangers")
    try:
        with ways["superuser"].connect() as connection:
            with pytest.raises(DatabaseProblem, match="it is a superuser") as caught:
                database.refuse_dangerous_login(connection)
            assert SUPERUSER in caught.value.en
            assert "它是超级用户" in caught.value.zh
        with (
            ways["owner"].connect() as connection,
            pytest.raises(DatabaseProblem, match="it owns the database"),
        ):
            database.refuse_dangerous_login(connection)
        with ways["superuser"].connect(autocommit=True) as administrator:
            administrator.execute("CREATE TABLE mine (); ALTER TABLE mine OWNER TO creditbank_auditor")
            with (
                ways["auditor"].connect() as connection,
                pytest.raises(DatabaseProblem, match="it owns tables"),
            ):
                database.refuse_dangerous_login(connection)
            administrator.execute("GRANT creditbank_owner TO creditbank_app")
            try:
                with (
                    ways["app"].connect() as connection,
                    pytest.raises(DatabaseProblem, match="become the owner"),
                ):
                    database.refuse_dangerous_login(connection)
            finally:
                administrator.execute("REVOKE creditbank_owner FROM creditbank_app")
            administrator.execute("ALTER ROLE creditbank_app BYPASSRLS")
            try:
                with (
                    ways["app"].connect() as connection,
                    pytest.raises(DatabaseProblem, match="bypasses row"),
                ):
                    database.refuse_dangerous_login(connection)
            finally:
                administrator.execute("ALTER ROLE creditbank_app NOBYPASSRLS")
    finally:
        drop_database(running_bank, "dangers")


def test_a_clone_holds_the_templates_rows_and_lets_in_the_four_logins_only(running_bank):
    template = clone_database(running_bank, "creditbank", "a_template")
    with template["owner"].connect() as connection:
        connection.execute("CREATE TABLE note AS SELECT 'from the template' AS text")
    copy = clone_database(running_bank, "a_template", "a_copy")
    try:
        with copy["owner"].connect() as connection:
            assert one(connection, "SELECT text FROM note") == "from the template"
        with copy["app"].connect() as connection:
            connection.execute("CREATE TEMPORARY TABLE bulk (x int)")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("CREATE TABLE kept (x int)")
        with copy["auditor"].connect() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TEMPORARY TABLE bulk (x int)")
        with copy["superuser"].connect() as connection:
            public = "SELECT has_database_privilege('public', current_database(), 'CONNECT')"
            assert one(connection, public) is False
    finally:
        drop_database(running_bank, "a_copy")
        drop_database(running_bank, "a_template")


def address(login):
    return f"postgresql://{login.user}:{quote(login.password)}@/{login.dbname}?host={quote(login.host)}"


@pytest.fixture
def own_server(running_bank, monkeypatch):
    """An empty database on a server that is not the bank's, named by DATABASE_URL as its administrator."""
    administrator = database.superuser(running_bank)
    with administrator.connect(autocommit=True) as connection:
        connection.execute("CREATE DATABASE elsewhere TEMPLATE template0")
        connection.execute("DROP ROLE IF EXISTS visitor")
        connection.execute("CREATE ROLE visitor LOGIN PASSWORD 'visiting'")
    login = replace(administrator, dbname="elsewhere")
    monkeypatch.setenv("DATABASE_URL", address(login))
    yield login
    drop_database_as(administrator)


def drop_database_as(administrator):
    with administrator.connect(autocommit=True) as connection:
        connection.execute("DROP DATABASE elsewhere WITH (FORCE)")
        connection.execute("DROP ROLE IF EXISTS visitor")


@pytest.fixture
def bank_elsewhere(running_bank, tmp_path):
    """A bank whose four logins are those the session's server knows."""
    bank = Bank(tmp_path / "bank")
    keys.write(bank, "database", keys.need(running_bank, "database"))
    return bank


def test_with_database_url_nothing_is_started_and_the_four_logins_lead_there(own_server, bank_elsewhere):
    with database.lease(bank_elsewhere, "test", tell=banks.quiet):
        login = database.logins(bank_elsewhere)["app"]
        assert (login.host, login.dbname) == (own_server.host, "elsewhere")
        with login.connect() as connection:
            database.refuse_dangerous_login(connection)
            assert one(connection, "SELECT cardinality(show_trgm('学分'))") == 3
        with database.logins(bank_elsewhere)["owner"].connect() as connection:
            connection.execute("CREATE TABLE note ()")
    assert not state.data_of(bank_elsewhere).exists()


def test_a_prepared_server_needs_no_administrator_any_more(own_server, bank_elsewhere, monkeypatch):
    with database.lease(bank_elsewhere, "first", tell=banks.quiet):
        app = database.logins(bank_elsewhere)["app"]
    monkeypatch.setenv("DATABASE_URL", address(app))
    with database.lease(bank_elsewhere, "second", tell=banks.quiet):
        assert database.logins(bank_elsewhere)["app"].user == app.user


def test_an_unprepared_server_asks_for_an_administrator(own_server, bank_elsewhere, monkeypatch):
    visitor = replace(own_server, user="visitor", password="visiting")
    monkeypatch.setenv("DATABASE_URL", address(visitor))
    with (
        pytest.raises(DatabaseProblem, match="once with an administrator in DATABASE_URL"),
        database.lease(bank_elsewhere, "test", tell=banks.quiet),
    ):
        pytest.fail("the bank was opened")


def test_an_administrator_who_is_no_superuser_can_prepare_a_server(bank, tmp_path, monkeypatch):
    with database.lease(bank, "the server", tell=banks.quiet):
        administrator = replace(database.superuser(bank), dbname="postgres")
        with administrator.connect(autocommit=True) as connection:
            connection.execute("DROP DATABASE creditbank")
            for role in database_roles.ROLES:
                connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(database_roles.user_of(role))))
            connection.execute("CREATE ROLE administrator LOGIN CREATEROLE PASSWORD 'administering'")
            connection.execute("CREATE DATABASE elsewhere TEMPLATE template0 OWNER administrator")
        login = replace(administrator, dbname="elsewhere", user="administrator", password="administering")
        monkeypatch.setenv("DATABASE_URL", address(login))
        other = Bank(tmp_path / "other")
        with database.lease(other, "test", tell=banks.quiet):
            with database.logins(other)["app"].connect() as connection:
                database.refuse_dangerous_login(connection)
            with database.logins(other)["owner"].connect() as connection:
                connection.execute("CREATE TABLE note ()")
        monkeypatch.delenv("DATABASE_URL")


def test_logins_of_another_bank_on_the_same_server_are_not_overwritten(own_server, tmp_path):
    stranger = Bank(tmp_path / "stranger")
    with (
        pytest.raises(DatabaseProblem, match="another bank made it"),
        database.lease(stranger, "test", tell=banks.quiet),
    ):
        pytest.fail("the bank was opened")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://app:secret@127.0.0.1:1/creditbank", "127.0.0.1:1 .* cannot be used: .*refused"),
        ("mysql://app:secret@127.0.0.1/creditbank", "not the address of one PostgreSQL database"),
        ("postgresql://app:secret@127.0.0.1", "not the address of one PostgreSQL database"),
        ("postgresql://app:secret@a,b/creditbank", "not the address of one PostgreSQL database"),
    ],
)
def test_an_address_that_does_not_work_is_said_without_its_password(tmp_path, monkeypatch, url, said):
    monkeypatch.setenv("DATABASE_URL", url)
    with (
        pytest.raises(DatabaseProblem, match=said) as caught,
        database.lease(Bank(tmp_path / "bank"), "test", tell=banks.quiet),
    ):
        pytest.fail("the bank was opened")
    assert "secret" not in caught.value.en + caught.value.zh
