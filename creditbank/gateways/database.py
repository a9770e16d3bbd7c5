"""The bank's database: leases on the embedded server, the four logins, and what makes a login dangerous."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from creditbank.domain.values import Text
from creditbank.gateways import bank as banks
from creditbank.gateways import keys, leases, postgres_server
from creditbank.gateways.bank import Bank
from creditbank.gateways.leases import Tell
from creditbank.gateways.problem import DatabaseProblem as DatabaseProblem  # noqa: PLC0414 - callers catch it from here

ROLES = ("owner", "app", "sequencer", "auditor")
DATABASE = "creditbank"
EXTENSIONS = ("btree_gist", "citext", "ltree", "pg_trgm")
FLOOR = 150_000
"""The oldest PostgreSQL supported, as ``server_version_num``."""


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
        parts = {"sslmode": self.sslmode} if self.sslmode else {}
        return make_conninfo(
            "",
            host=self.host,
            port=self.port,
            dbname=self.dbname,
            user=self.user,
            password=self.password,
            **parts,
        )

    def connect(self, *, autocommit: bool = False) -> psycopg.Connection[Any]:
        """A new connection of this login."""
        return psycopg.connect(self.conninfo(), autocommit=autocommit, connect_timeout=10)


class _Cursor(Protocol):
    def execute(self, query: Any, params: Any = None, /) -> Any: ...
    def fetchone(self) -> Any: ...


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

    An empty folder becomes a bank; the embedded server is started or joined, and stopped by the last one out.
    With DATABASE_URL nothing is started: the server is checked, and prepared where it is not yet.

    Args:
        bank: the bank's folder.
        purpose: who asks, in a word, for instance ``serve``; shown to those who wait.
        tell: hears what takes time and what was recovered.

    Raises:
        Problem: BankProblem, DiskProblem, KeyProblem or DatabaseProblem, each saying what to do next.
    """
    with _hold(bank, purpose, tell=tell):
        yield


def logins(bank: Bank) -> dict[str, Login]:
    """The four logins by role; the server need not run, but the bank must have been initialised.

    Raises:
        KeyProblem: the bank has no key file for the database yet, or it must not be used.
    """
    users = keys.need(bank, "database")["roles"]
    place = _place(bank)
    return {
        role: Login(role, user=users[role]["user"], password=users[role]["password"], **place)
        for role in ROLES
    }


def superuser(bank: Bank) -> Login:
    """The embedded server's bootstrap superuser: for cloning test databases and for disaster tests only."""
    kept = keys.need(bank, "superuser")
    host = str(postgres_server.socket_folder(bank))
    return Login("superuser", host, postgres_server.PORT, DATABASE, kept["user"], kept["password"])


def holders(bank: Bank) -> list[leases.Holder]:
    """Who uses the embedded server now."""
    with leases.starting_or_stopping(bank, tell_on_stderr):
        return leases.holders(bank)


def prepare(bank: Bank) -> None:
    """Make the four roles, the database and its extensions where they are missing; done inside ``lease``.

    Raises:
        DatabaseProblem: the server refuses, is too old, or its database cannot hold Chinese text.
    """
    users = keys.read_or_make(bank, "database", _new_users)["roles"]
    url = server_url()
    if url is None:
        host = str(postgres_server.socket_folder(bank))
        with postgres_server.connect_as_superuser(bank, host) as connection:
            _check_no_trust(connection)
            _make_roles(connection, users, renew=True)
            _make_database(connection, DATABASE)
        with postgres_server.connect_as_superuser(bank, host, DATABASE) as connection:
            _make_extensions(connection)
            check_text(connection)
        return
    with _connect_to_server(url) as connection:
        if connection.info.server_version < FLOOR:
            raise _too_old(connection.info.server_version)
        try:
            _make_roles(connection, users, renew=False)
            grant_database(connection, connection.info.dbname)
            _make_extensions(connection)
        except psycopg.errors.InsufficientPrivilege as error:
            raise _needs_administrator(error) from error
        check_text(connection)


def server_url() -> str | None:
    """The address of a PostgreSQL server of one's own, from DATABASE_URL; nothing means the embedded one."""
    return os.environ.get("DATABASE_URL") or None


def grant_database(connection: psycopg.Connection[Any], dbname: str) -> None:
    """Let the four roles into one database and nobody else; the owner may make its objects there."""
    name = sql.Identifier(dbname)
    roles = sql.SQL(", ").join(sql.Identifier(user_of(role)) for role in ROLES)
    writers = sql.SQL(", ").join(sql.Identifier(user_of(role)) for role in ("owner", "app"))
    for statement in (
        sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name),
        sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, roles),
        sql.SQL("GRANT TEMPORARY ON DATABASE {} TO {}").format(name, writers),
        sql.SQL("GRANT CREATE ON DATABASE {} TO {}").format(name, sql.Identifier(user_of("owner"))),
    ):
        connection.execute(statement)


def check_text(connection: Connection) -> None:
    """Refuse a database in which Chinese text has no trigrams: searches in it would silently find nothing.

    Raises:
        DatabaseProblem: the database's encoding or locale is unfit; nothing was stored in it.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_encoding_to_char(encoding), datctype FROM pg_database WHERE datname = current_database()"
        )
        encoding, ctype = cursor.fetchone()
        cursor.execute("SELECT cardinality(show_trgm('学分'))")
        (trigrams,) = cursor.fetchone()
    if encoding != "UTF8" or not trigrams:
        raise DatabaseProblem(
            en=f"This database (encoding {encoding}, locale {ctype}) cannot search Chinese text. Nothing was stored in "
            "it. Make one with ENCODING 'UTF8' and locale C.UTF-8, and name it in DATABASE_URL.",
            zh=f"该数据库（编码 {encoding}，区域 {ctype}）无法检索中文文本。没有向其中写入任何内容。"
            "请以 ENCODING 'UTF8'、区域 C.UTF-8 新建数据库，并在 DATABASE_URL 中指定它。",
        )


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
    said = [(en, zh) for (en, zh), found in zip(_DANGER_WORDS, dangers, strict=True) if found]
    if said:
        raise DatabaseProblem(
            en=f"The login {name} must not serve the bank: {', '.join(en for en, _ in said)}. Nothing was started or "
            f"changed. Use the login {user_of('app')} from the keys folder, and take such rights from it.",
            zh=f"登录 {name} 不得用于运行学分银行：{'、'.join(zh for _, zh in said)}。没有启动任何程序，也没有任何改动。"
            f"请使用 keys 文件夹中的登录 {user_of('app')}，并收回上述权限。",
        )


def user_of(role: str) -> str:
    """The database user of one of the four roles."""
    return f"creditbank_{role}"


_DANGERS = """
    SELECT r.rolname, r.rolsuper, r.rolbypassrls, r.rolcreaterole OR r.rolcreatedb,
           d.datdba = r.oid,
           EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid AND c.relpersistence <> 't')
             OR EXISTS (SELECT FROM pg_namespace n WHERE n.nspowner = r.oid AND n.nspname NOT LIKE 'pg\\_%%'),
           EXISTS (SELECT FROM pg_roles o
                    WHERE o.oid <> r.oid AND (o.rolname = %(owner)s OR o.rolsuper OR o.rolbypassrls)
                      AND pg_has_role(r.oid, o.oid, 'MEMBER'))
      FROM pg_roles r, pg_database d
     WHERE r.rolname = session_user AND d.datname = current_database()
"""

_DANGER_WORDS = (
    ("it is a superuser", "它是超级用户"),
    ("it bypasses row security", "它绕过行级安全"),
    ("it may make roles or databases", "它可以创建角色或数据库"),
    ("it owns the database", "它是数据库的所有者"),
    ("it owns tables", "它拥有数据表"),
    ("it may become the owner or a superuser", "它可以切换为所有者或超级用户"),
)


@contextmanager
def _hold(bank: Bank, purpose: str, *, tell: Tell, unsafe_fsync_off: bool = False) -> Iterator[None]:
    """What ``lease`` does; only test banks that may be lost turn fsync off."""
    banks.check_format(bank)
    if server_url() is not None:
        _check_owner(bank)
        banks.lay_folders(bank)
        prepare(bank)
        _check_logins(bank)
        if not banks.exists(bank):
            banks.found(bank)
        yield
        return
    _check_owner(bank)
    banks.lay_folders(bank)
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
    if not postgres_server.data_of(bank).exists():
        if banks.exists(bank):
            raise DatabaseProblem(
                en=f"The database folder {postgres_server.data_of(bank)} is missing from the bank in {bank.home}. No new "
                "one was made, and keys, files and log were not touched. Mount the disk it is on, or restore a backup; "
                "to begin a new bank, name another folder with --bank.",
                zh=f"{bank.home} 中的学分银行缺少数据库文件夹 {postgres_server.data_of(bank)}。没有新建数据库，keys、files、log "
                "均未改动。请挂载其所在磁盘或恢复备份；如需新建学分银行，请用 --bank 指定其他文件夹。",
            )
        tell(
            Text(
                en=f"Making the bank's database in {bank.db}.", zh=f"正在 {bank.db} 中创建学分银行的数据库。"
            )
        )
        postgres_server.initialise(bank)
    running = postgres_server.find(bank)
    if running:
        postgres_server.join(bank, running, tell=tell)
        if banks.exists(bank):
            return
    else:
        postgres_server.start(bank, tell=tell, unsafe_fsync_off=unsafe_fsync_off)
    prepare(bank)
    if not banks.exists(bank):
        banks.found(bank)


def _leave(bank: Bank, held: leases.Lease, tell: Tell) -> None:
    leases.give_back(held)
    if not leases.holders(bank):
        running = postgres_server.find(bank)
        if running:
            postgres_server.stop(bank, running, tell=tell)


def _check_owner(bank: Bank) -> None:
    try:
        owner = bank.db.stat().st_uid
    except FileNotFoundError:
        return
    except OSError:
        owner = -1
    if owner != os.geteuid():
        raise DatabaseProblem(
            en=f"The bank in {bank.home} belongs to another user of this machine. It was not opened and nothing was "
            "changed. Run the command as that user, or name another folder with --bank.",
            zh=f"{bank.home} 中的学分银行属于本机的另一位用户。没有打开它，也没有任何改动。请以该用户身份运行，或用 --bank 指定其他文件夹。",
        )


def _place(bank: Bank) -> dict[str, Any]:
    url = server_url()
    if url is None:
        return {
            "host": str(postgres_server.socket_folder(bank)),
            "port": postgres_server.PORT,
            "dbname": DATABASE,
        }
    parts = _parts(url)
    return {
        "host": str(parts.get("host") or "localhost"),
        "port": int(parts.get("port") or 5432),
        "dbname": str(parts.get("dbname") or DATABASE),
        "sslmode": str(parts.get("sslmode") or ""),
    }


def _parts(url: str) -> dict[str, Any]:
    try:
        return dict(conninfo_to_dict(url))
    except psycopg.ProgrammingError as error:
        raise DatabaseProblem(
            en="DATABASE_URL is not a PostgreSQL address. Nothing was changed. It looks like "
            "postgresql://user:password@host:5432/creditbank",
            zh="DATABASE_URL 不是 PostgreSQL 地址。没有任何改动。其形式如 postgresql://user:password@host:5432/creditbank",
        ) from error


def _connect_to_server(url: str) -> psycopg.Connection[Any]:
    parts = _parts(url)
    try:
        return psycopg.connect(url, autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as error:
        where = f"{parts.get('host') or 'localhost'}:{parts.get('port') or 5432}"
        reason = str(error).strip().splitlines()[-1]
        raise DatabaseProblem(
            en=f"The database server at {where} (DATABASE_URL) cannot be used: {reason}. Nothing was changed. "
            "Check that it runs and that address, user and password are right, then run the command again.",
            zh=f"无法使用 DATABASE_URL 指定的数据库服务器 {where}：{reason}。没有任何改动。请确认服务器正在运行，且地址、用户和密码正确，然后重新运行。",
        ) from error


def _check_logins(bank: Bank) -> None:
    for login in logins(bank).values():
        try:
            login.connect().close()
        except psycopg.OperationalError as error:
            reason = str(error).strip().splitlines()[-1]
            raise DatabaseProblem(
                en=f"The login {login.user} cannot enter the server of DATABASE_URL: {reason}. Nothing was changed. If "
                f"another bank made it, set its password there to the one in {keys.path_of(bank, 'database')}.",
                zh=f"登录 {login.user} 无法进入 DATABASE_URL 的服务器：{reason}。没有任何改动。"
                f"如果它由另一个学分银行创建，请在服务器上将其密码设为 {keys.path_of(bank, 'database')} 中的密码。",
            ) from error


def _new_users() -> dict[str, Any]:
    users = {role: {"user": user_of(role), "password": keys.new_password()} for role in ROLES}
    return {"schema": "creditbank.keys.database/1", "roles": users}


def _make_roles(connection: psycopg.Connection[Any], users: dict[str, Any], *, renew: bool) -> None:
    """Make the missing roles; on the embedded server also bring existing ones back to what the keys say."""
    for role in ROLES:
        user = users[role]["user"]
        known = connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [user]).fetchone() is not None
        if known and not renew:
            continue
        # The server sees the SCRAM verifier only, so no log of its can ever hold the password.
        verifier = connection.pgconn.encrypt_password(
            users[role]["password"].encode(), user.encode(), b"scram-sha-256"
        ).decode()
        statement = sql.SQL(
            "{} ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD {}"
        ).format(sql.SQL("ALTER" if known else "CREATE"), sql.Identifier(user), sql.Literal(verifier))
        connection.execute(statement)


def _make_database(connection: psycopg.Connection[Any], dbname: str) -> None:
    if connection.execute("SELECT FROM pg_database WHERE datname = %s", [dbname]).fetchone() is None:
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8'").format(
                sql.Identifier(dbname), sql.Identifier(user_of("owner"))
            )
        )
    for other in ("postgres", "template1"):
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(other)))
    grant_database(connection, dbname)


def _make_extensions(connection: psycopg.Connection[Any]) -> None:
    for extension in EXTENSIONS:
        connection.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension)))


def _check_no_trust(connection: psycopg.Connection[Any]) -> None:
    line = connection.execute(
        "SELECT line_number FROM pg_hba_file_rules WHERE auth_method NOT IN ('scram-sha-256', 'peer', 'reject')"
    ).fetchone()
    if line:
        raise DatabaseProblem(
            en=f"Line {line[0]} of the database's pg_hba.conf lets people in without proof. The bank was not opened and "
            "nothing was changed. Take that line out; only scram-sha-256, peer and reject are accepted.",
            zh=f"数据库 pg_hba.conf 第 {line[0]} 行允许无凭据登录。没有打开学分银行，也没有任何改动。"
            "请删除该行；只接受 scram-sha-256、peer 和 reject。",
        )


def _too_old(version: int) -> DatabaseProblem:
    return DatabaseProblem(
        en=f"The server of DATABASE_URL is PostgreSQL {version // 10_000}; 15 is the oldest supported. Nothing was "
        "changed. Use a newer server, or unset DATABASE_URL to use the embedded one.",
        zh=f"DATABASE_URL 的服务器为 PostgreSQL {version // 10_000}，最低支持 15。没有任何改动。"
        "请使用更新的服务器，或取消 DATABASE_URL 以使用内嵌数据库。",
    )


def _needs_administrator(error: psycopg.Error) -> DatabaseProblem:
    reason = str(error).strip().splitlines()[0]
    users = ", ".join(user_of(role) for role in ROLES)
    return DatabaseProblem(
        en=f"The user of DATABASE_URL may not prepare the database: {reason}. What was there is unchanged. Run the "
        f"command once with an administrator in DATABASE_URL: it makes the roles {users} and the extensions "
        f"{', '.join(EXTENSIONS)}.",
        zh=f"DATABASE_URL 的用户无权准备数据库：{reason}。原有内容未改动。请先在 DATABASE_URL 中使用管理员运行一次本命令，"
        f"以创建角色 {users} 和扩展 {', '.join(EXTENSIONS)}。",
    )
