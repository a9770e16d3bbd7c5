"""The bank's database: leases on the embedded server, four logins, what makes one dangerous."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

import psycopg
from psycopg.conninfo import make_conninfo

from creditbank.domain.values import Text
from creditbank.gateways import bank as banks
from creditbank.gateways import database_problems, keys, leases, postgres_server
from creditbank.gateways import database_roles as roles
from creditbank.gateways import postgres_state as state
from creditbank.gateways.database_roles import ROLES, user_of
from creditbank.gateways.problem import DatabaseProblem as DatabaseProblem  # noqa: PLC0414 - caught from here

if TYPE_CHECKING:
    from collections.abc import Iterator

    from creditbank.gateways.bank import Bank
    from creditbank.gateways.leases import Tell

DATABASE = "creditbank"
"""The embedded server's database."""


@dataclass(frozen=True, slots=True)
class Login:
    """One way into the database: ``host`` is a socket's folder for the embedded server."""

    role: str
    host: str
    port: int
    dbname: str
    user: str
    password: str
    sslmode: str = ""

    def conninfo(self) -> str:
        """The connection string for libpq; it holds the password."""
        return make_conninfo(
            host=self.host,
            port=self.port,
            dbname=self.dbname,
            user=self.user,
            password=self.password,
            sslmode=self.sslmode or None,
        )

    def connect(self, *, autocommit: bool = False) -> psycopg.Connection[Any]:
        """A new connection of this login."""
        return psycopg.connect(self.conninfo(), autocommit=autocommit, connect_timeout=10)


class Connection(Protocol):
    """What psycopg's and Django's connections have in common."""

    def cursor(self) -> Any:
        """A cursor that is a context manager."""


def tell_on_stderr(said: Text) -> None:
    """Say a line to the person at the terminal, in the language of the environment."""
    language = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or "en"
    sys.stderr.write(said.said_in(language) + "\n")
    sys.stderr.flush()


@contextmanager
def lease(bank: Bank, purpose: str, *, tell: Tell = tell_on_stderr) -> Iterator[None]:
    """Use the bank's database for as long as the block runs.

    An empty folder becomes a bank; the embedded server is started or joined, and stopped by the last one
    out, also when the process is asked to end (SIGTERM, SIGHUP). With DATABASE_URL nothing is started: the
    server is checked, and prepared where it is not yet.

    Args:
        bank: the bank's folder.
        purpose: who asks, in a word, for instance ``serve``; kept beside the pid for those who look.
        tell: hears what takes time and what was recovered.

    Raises:
        Problem: BankProblem, DiskProblem, KeyProblem or DatabaseProblem, each saying what to do next.
    """
    with _unwinding_when_asked_to_end(), _hold(bank, purpose, tell=tell):
        yield


def revive(bank: Bank, *, tell: Tell = tell_on_stderr) -> bool:
    """Start the embedded server again if it died under a living lease; true when that was needed.

    For long-running holders: call it when a connection is refused, then connect again.

    Raises:
        DatabaseProblem: it does not start again; the message says why.
    """
    if server_url() is not None:
        return False
    with leases.starting_or_stopping(bank, tell):
        if state.find(bank):
            return False
        postgres_server.start(bank, tell=tell)
        return True


def logins(bank: Bank) -> dict[str, Login]:
    """The four logins by role; the server need not run, but the bank must have been initialised.

    Raises:
        KeyProblem: the bank has no key file for the database yet, or it must not be used.
        DatabaseProblem: DATABASE_URL cannot be read.
    """
    users = keys.need(bank, "database")["roles"]
    place = _place(bank)
    return {
        role: Login(role=role, user=users[role]["user"], password=users[role]["password"], **place) for role in ROLES
    }


def superuser(bank: Bank) -> Login:
    """The embedded server's bootstrap superuser: for cloning test databases and for disaster tests only."""
    kept = keys.need(bank, "superuser")
    host = str(state.socket_folder(bank))
    return Login("superuser", host, state.PORT, DATABASE, kept["user"], kept["password"])


def holders(bank: Bank) -> list[leases.Holder]:
    """Who uses the embedded server now."""
    with leases.starting_or_stopping(bank, tell_on_stderr):
        return leases.holders(bank)


def prepare(bank: Bank) -> None:
    """Make the four roles, the database and its extensions where they are missing; done inside ``lease``.

    Raises:
        DatabaseProblem: the server refuses, is too old, or its database cannot hold Chinese text.
    """
    users = keys.read_or_make(bank, "database", roles.new_users)["roles"]
    url = server_url()
    if url is not None:
        with _connect_to_server(url) as connection:
            roles.prepare_server(connection, users)
        return
    host = str(state.socket_folder(bank))
    try:
        with postgres_server.connect_as_superuser(bank, host) as connection:
            roles.check_no_open_door(connection)
            roles.make_roles(connection, users, renew=True)
            roles.make_database(connection, DATABASE)
        with postgres_server.connect_as_superuser(bank, host, DATABASE) as connection:
            roles.make_extensions(connection)
            roles.check_text(connection)
    except psycopg.errors.DiskFull as error:
        raise database_problems.disk_full(bank.db) from error
    except psycopg.Error as error:
        raise database_problems.not_prepared(bank.db, str(error)) from error


def server_url() -> str | None:
    """The address of a PostgreSQL server of one's own, from DATABASE_URL; nothing means the embedded one."""
    return os.environ.get("DATABASE_URL") or None


def refuse_dangerous_login(connection: Connection) -> None:
    """Refuse to serve with a login that row security or grants do not bind.

    Args:
        connection: psycopg's or Django's, made with the application's login.

    Raises:
        DatabaseProblem: the login is a superuser, bypasses row security, may make roles or databases, owns
            the database or something in it, or may become the owner.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DANGERS, {"owner": user_of("owner")})
        name, *dangers = cursor.fetchone()
    said = [words for words, found in zip(_DANGER_WORDS, dangers, strict=True) if found]
    if said:
        raise database_problems.dangerous(name, user_of("app"), [en for en, _ in said], [zh for _, zh in said])


_DANGERS = r"""
    SELECT r.rolname, r.rolsuper, r.rolbypassrls, r.rolcreaterole OR r.rolcreatedb OR r.rolreplication,
           d.datdba = r.oid,
           EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid AND c.relpersistence <> 't')
             OR EXISTS (SELECT FROM pg_proc p WHERE p.proowner = r.oid)
             OR EXISTS (SELECT FROM pg_namespace n
                         WHERE n.nspowner = r.oid AND n.nspname !~ '^pg_(toast_)?temp_'),
           EXISTS (SELECT FROM pg_roles o
                    WHERE o.oid <> r.oid AND (o.rolname = %(owner)s OR o.rolsuper OR o.rolbypassrls)
                      AND pg_has_role(r.oid, o.oid, 'MEMBER'))
      FROM pg_roles r, pg_database d
     WHERE r.rolname = session_user AND d.datname = current_database()
"""

_DANGER_WORDS = (
    ("it is a superuser", "它是超级用户"),
    ("it bypasses row security", "它绕过行级安全"),
    ("it may make roles or databases, or replicate", "它可以创建角色或数据库，或进行复制"),
    ("it owns the database", "它是数据库的所有者"),
    ("it owns tables or functions", "它拥有数据表或函数"),
    ("it may become the owner or a superuser", "它可以切换为所有者或超级用户"),
)


@contextmanager
def _hold(bank: Bank, purpose: str, *, tell: Tell, unsafe_fsync_off: bool = False) -> Iterator[None]:
    """What ``lease`` does; only test banks that may be lost turn fsync off."""
    banks.check_format(bank)
    _check_owner(bank)
    banks.lay_folders(bank)
    if server_url() is not None:
        with leases.starting_or_stopping(bank, tell):
            prepare(bank)
            _check_logins(bank)
            banks.found(bank)
        yield
        return
    with leases.starting_or_stopping(bank, tell):
        held = leases.take(bank, purpose)
        try:
            _open(bank, tell=tell, unsafe_fsync_off=unsafe_fsync_off)
        except BaseException:
            _leave(bank, held, tell)
            raise
    try:
        yield
    finally:
        if os.getpid() == held.pid:  # a forked child that unwinds holds nothing of its own
            with leases.starting_or_stopping(bank, tell):
                _leave(bank, held, tell)


def _open(bank: Bank, *, tell: Tell, unsafe_fsync_off: bool) -> None:
    leases.holders(bank)  # sweeps those that died without a word
    if not state.data_of(bank).exists():
        if banks.exists(bank):
            raise database_problems.data_missing(bank.home, state.data_of(bank))
        tell(Text(en=f"Making the bank's database in {bank.db}.", zh=f"正在 {bank.db} 中创建学分银行的数据库。"))
        postgres_server.initialise(bank)
    running = state.find(bank)
    joined = running is not None and postgres_server.join(bank, running, tell=tell)
    if not joined:
        postgres_server.start(bank, tell=tell, unsafe_fsync_off=unsafe_fsync_off)
    if not joined or not banks.exists(bank):
        prepare(bank)
        banks.found(bank)


def _leave(bank: Bank, held: leases.Lease, tell: Tell) -> None:
    leases.give_back(held)
    if not leases.holders(bank):
        running = state.find(bank)
        if running:
            postgres_server.stop(bank, running, tell=tell)


@contextmanager
def _unwinding_when_asked_to_end() -> Iterator[None]:
    """Let SIGTERM and SIGHUP unwind the program, so that the lease is given back; others' handlers stay."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    replaced = [number for number in _ENDING if signal.getsignal(number) == signal.SIG_DFL]
    for number in replaced:
        signal.signal(number, _unwind)
    try:
        yield
    finally:
        for number in replaced:
            if signal.getsignal(number) == _unwind:
                signal.signal(number, signal.SIG_DFL)


_ENDING = (signal.SIGTERM, signal.SIGHUP)


def _unwind(number: int, _frame: object) -> NoReturn:
    raise SystemExit(128 + number)


def _check_owner(bank: Bank) -> None:
    try:
        owner = bank.db.stat().st_uid
    except FileNotFoundError:
        return
    except OSError:
        owner = -1
    if owner != os.geteuid():
        raise database_problems.other_user(bank.home)


def _place(bank: Bank) -> dict[str, Any]:
    url = server_url()
    if url is None:
        return {"host": str(state.socket_folder(bank)), "port": state.PORT, "dbname": DATABASE}
    return roles.place_of(url)


def _connect_to_server(url: str) -> psycopg.Connection[Any]:
    place = roles.place_of(url)
    try:
        return psycopg.connect(url, autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as error:
        where = f"{place['host']}:{place['port']}"
        raise database_problems.server_unreachable(where, _reason(error)) from error


def _check_logins(bank: Bank) -> None:
    for login in logins(bank).values():
        try:
            login.connect().close()
        except psycopg.OperationalError as error:
            key_file = keys.path_of(bank, "database")
            raise database_problems.login_refused(login.user, _reason(error), key_file) from error


def _reason(error: psycopg.Error) -> str:
    return str(error).strip().splitlines()[0].removeprefix("connection failed: ")
