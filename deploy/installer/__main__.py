"""Install, upgrade, back up or restore: the steps, each said in one line."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from installer import bank as banks
from installer import bundle as bundles
from installer import place as places
from installer.bank import Bank
from installer.bundle import Bundle
from installer.place import Place
from installer.words import Speaker, Stop


@dataclass(frozen=True, slots=True)
class Work:
    """What one run works on."""

    place: Place
    bank: Bank
    backups: Path
    speaker: Speaker


def main() -> int:
    """Exit status 0: done; 2: refused, nothing changed; 3: rolled back; 4: not even that, to be finished."""
    arguments = _parser().parse_args()
    speaker = Speaker(arguments.lang)
    signal.signal(signal.SIGTERM, _interrupt)
    os.umask(0o022)
    try:
        return _run(arguments, speaker)
    except Stop as stop:
        speaker.refuse(stop)
    except OSError as error:
        speaker.refuse(
            Stop(
                zh=f"系统拒绝了一步操作（{error}）。学分银行没有改动。请排除原因后重新运行。",
                en=f"The system refused a step ({error}). The bank was not changed. Remove the cause and run it again.",
            )
        )
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="install.sh", description="Install or upgrade a credit bank, offline. 离线安装或升级学分银行。"
    )
    parser.add_argument("--bundle", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--to", type=Path, help="where the program goes 程序的安装位置 (root: /opt/creditbank)")
    parser.add_argument("--python", help="the Python to use 使用的 Python (3.11+)")
    parser.add_argument("--bank", type=Path, help="the bank's folder 学分银行文件夹 (root: /var/lib/creditbank)")
    parser.add_argument("--backups", type=Path, help="where backups go 备份位置 (default: DIR/backups)")
    parser.add_argument("--lang", choices=["zh", "en"], help="the language of these lines 提示语言")
    parser.add_argument(
        "--database-backed-up", action="store_true", help="with DATABASE_URL: its own backup exists 已自行备份数据库"
    )
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--back-up", action="store_true", help="only make a backup 只做备份")
    only.add_argument("--restore", type=Path, metavar="BACKUP", help="put a backup back 恢复某个备份")
    return parser


def _run(arguments: argparse.Namespace, speaker: Speaker) -> int:
    here = arguments.bundle.resolve()
    if here.parent.name == "versions" and not arguments.to:  # the copy that lies beside an installed program
        arguments.to = here.parent.parent
    place = Place(
        _absolute(arguments.to) or (Path("/opt/creditbank") if os.geteuid() == 0 else Path.home() / "creditbank")
    )
    kept = _kept(place)
    bank = Bank(
        _absolute(arguments.bank)
        or _absolute(kept.get("bank") or os.environ.get("CREDITBANK_HOME"))
        or (Path("/var/lib/creditbank") if os.geteuid() == 0 else place.home / "bank")
    )
    work = Work(place, bank, _absolute(arguments.backups or kept.get("backups")) or place.home / "backups", speaker)
    backup = _absolute(arguments.restore)
    if arguments.back_up or backup:
        with places.alone(place):
            return _restore(work, backup) if backup else _back_up(work)
    bundle = bundles.verify(here)
    speaker.say(
        zh=f"安装包 {bundle.name} 完整，所有文件与清单一致。",
        en=f"The bundle {bundle.name} is whole: every file is as its manifest says.",
    )
    bundles.check_machine(bundle)
    _warn_of_closed_python(work)
    with places.alone(place):
        if place.journal.exists():
            _recover(work)
        _refuse_older(work, bundle)
        _refuse_unready(work, server_backed_up=arguments.database_backed_up)
        _install(work, bundle, chosen=arguments.python is not None)
        places.write_whole(
            place.home / "install.json", json.dumps({"bank": str(bank.home), "backups": str(work.backups)}) + "\n"
        )
        places.write_launcher(place, bank.home)
        if not bank.exists:
            return _begin(work, bundle)
        if place.current_name() == bundle.name:
            speaker.say(
                zh=f"版本 {bundle.name} 已在使用，无需升级。",
                en=f"Version {bundle.name} is in use already; there is nothing to upgrade.",
            )
            return 0
        return _upgrade(work, bundle)


def _install(work: Work, bundle: Bundle, *, chosen: bool) -> None:
    """Install the version unless it stands, works, and runs the Python that was asked for."""
    place = work.place
    if place.is_complete(bundle.name) and place.works(bundle.name) and not (chosen and place.other_python(bundle.name)):
        return
    work.speaker.say(
        zh=f"正在安装到 {work.place.version(bundle.name)}（不使用网络）。",
        en=f"Installing into {work.place.version(bundle.name)}, without a network.",
    )
    places.install(work.place, bundle)


def _begin(work: Work, bundle: Bundle) -> int:
    places.point(work.place, bundle.name)
    work.speaker.say(
        zh=f"已安装 {bundle.name}。{work.bank.home} 中还没有学分银行，请运行：{work.place.launcher} init",
        en=f"{bundle.name} is installed. There is no bank in {work.bank.home} yet; run: {work.place.launcher} init",
    )
    return 0


def _upgrade(work: Work, bundle: Bundle) -> int:
    place, bank, speaker = work.place, work.bank, work.speaker
    before = place.current_name()
    speaker.say(zh=f"正在备份 {bank.home}。", en=f"Backing up {bank.home}.")
    backup = _new_backup(work)
    speaker.say(zh=f"备份完成：{backup}", en=f"The backup is complete: {backup}")
    journal = {"from": before, "to": bundle.name, "backup": str(backup), "bank": str(bank.home)}
    places.write_whole(place.journal, json.dumps(journal) + "\n")
    log = backup / "upgrade.log"
    try:
        for words, zh, en in (
            (["migrate"], "正在把学分银行迁移到新版本。", "Bringing the bank to the new version."),
            (["check"], "正在核对整个学分银行。", "Checking the whole bank."),
        ):
            speaker.say(zh=zh, en=en)
            status = banks.command(place.version(bundle.name), bank, *words, log=log)
            if status:
                last = _last_words(log)
                raise Stop(  # noqa: TRY301 - one way back for every failure
                    zh=f"creditbank {words[0]} 失败（退出码 {status}）：{last}",
                    en=f"creditbank {words[0]} failed (exit status {status}): {last}",
                )
    except BaseException as error:  # noqa: BLE001 - Ctrl-C leads the same way back
        if not isinstance(error, Stop):
            error = Stop(zh=f"升级被中断（{error!r}）。", en=f"The upgrade was interrupted ({error!r}).")
        speaker.refuse(error)
        return _roll_back(work, backup, before, bundle.name)
    places.point(place, bundle.name)
    place.journal.unlink()
    places.sync(place.home)
    speaker.say(
        zh=f"升级完成：{before or '（无）'} → {bundle.name}。现在可以启动：systemctl start creditbank，或 "
        f"{place.launcher} serve",
        en=f"Upgraded: {before or 'nothing'} -> {bundle.name}. Start it: systemctl start creditbank, or "
        f"{place.launcher} serve",
    )
    return 0


def _roll_back(work: Work, backup: Path, before: str | None, failed: str) -> int:
    place, bank, speaker = work.place, work.bank, work.speaker
    speaker.say(zh="正在恢复升级前的学分银行。", en="Putting the bank of before the upgrade back.")
    aside = bank.home / f".before-restore-{_stamp()}"
    try:
        if not os.environ.get("DATABASE_URL"):
            banks.restore(bank, backup, aside=aside)
    except (Stop, OSError) as error:
        said = (error.zh, error.en) if isinstance(error, Stop) else (str(error), str(error))
        speaker.refuse(
            Stop(
                zh=f"恢复没有完成：{said[0]}\n备份完好：{backup}。在恢复完成之前，{place.launcher} "
                "不会打开学分银行。请排除原因后重新运行 install.sh，它会先完成恢复。",
                en=f"It could not be put back: {said[1]}\nThe backup is whole: {backup}. Until it is back, "
                f"{place.launcher} does not "
                "open the bank. Remove the cause and run install.sh again: it finishes this first.",
            )
        )
        return 4
    shutil.rmtree(aside, ignore_errors=True)
    if place.current_name() != failed:
        shutil.rmtree(place.version(failed), ignore_errors=True)
    place.journal.unlink(missing_ok=True)
    places.sync(place.home)
    if os.environ.get("DATABASE_URL"):
        speaker.refuse(
            Stop(
                zh=f"程序仍为 {before or '（无）'}。数据库在 DATABASE_URL 指向的服务器上，请用您自己的备份恢复它，"
                f"再启动。密钥和文件的备份：{backup}",
                en=f"The program is still {before or 'none'}. The database is on the server of DATABASE_URL: "
                "restore it from your own backup "
                f"before you start. Backup of keys and files: {backup}",
            )
        )
        return 3
    speaker.refuse(
        Stop(
            zh=f"已回到升级前：程序 {before or '（无）'}，学分银行与升级前完全一样。备份保留在 {backup}，"
            "失败的详情见其中的 upgrade.log。现在可以照常启动；请把 upgrade.log 交给程序的维护者，"
            "待有修正的安装包后再升级。",
            en=f"Everything is as before the upgrade: the program {before or 'none'}, and the bank exactly. The "
            f"backup stays in {backup}; "
            "its upgrade.log tells what failed. Start the bank as usual; hand upgrade.log to those who maintain "
            "the program, "
            "and upgrade again with a corrected bundle.",
        )
    )
    return 3


def _recover(work: Work) -> None:
    journal = json.loads(work.place.journal.read_bytes())
    work.speaker.say(
        zh="上一次升级曾中断（例如断电），先恢复到升级前的状态。",
        en="An earlier upgrade was interrupted (a power cut, for instance); going back to before it first.",
    )
    interrupted = Work(work.place, Bank(Path(journal["bank"])), work.backups, work.speaker)
    if work.place.current_name() == journal["to"]:  # all was done but the last line
        work.place.journal.unlink()
        return
    if _roll_back(interrupted, Path(journal["backup"]), journal["from"], journal["to"]) == 4:
        raise SystemExit(4)


def _back_up(work: Work) -> int:
    if not work.bank.exists:
        raise Stop(
            zh=f"{work.bank.home} 中没有学分银行。没有任何改动。请用 --bank 指定其文件夹。",
            en=f"There is no bank in {work.bank.home}. Nothing was changed. Name its folder with --bank.",
        )
    backup = _new_backup(work)
    work.speaker.say(zh=f"备份完成：{backup}", en=f"The backup is complete: {backup}")
    if os.environ.get("DATABASE_URL"):
        work.speaker.say(
            zh="数据库在 DATABASE_URL 指向的服务器上，不在此备份中；请用该服务器自己的工具备份。",
            en="The database is on the server of DATABASE_URL and not in this backup; back it up with that "
            "server's own tools.",
        )
    return 0


def _restore(work: Work, backup: Path) -> int:
    place, bank, speaker = work.place, work.bank, work.speaker
    about = banks.read_backup(backup)
    name = about["program"]
    if not (place.is_complete(name) and place.works(name)):
        raise Stop(
            zh=f"此备份属于版本 {name}，{place.home} 中没有安装它。没有任何改动。请先安装该版本的安装包。",
            en=f"This backup belongs to version {name}, which is not installed in {place.home}. Nothing was "
            "changed. Install its bundle first.",
        )
    aside = bank.home / f".before-restore-{_stamp()}"
    speaker.say(zh=f"正在从 {backup} 恢复 {bank.home}。", en=f"Restoring {bank.home} from {backup}.")
    try:
        banks.restore(bank, backup, aside=aside)
    except OSError as error:
        raise Stop(
            zh=f"恢复没有完成（{error}）。备份完好；恢复前的内容在 {aside}。请排除原因后重新运行同一条命令。",
            en=f"The restore did not finish ({error}). The backup is whole; what was there before is in {aside}. "
            "Remove the cause and run the same command again.",
        ) from error
    places.point(place, name)
    place.journal.unlink(missing_ok=True)
    log = work.backups / f"restore-{_stamp()}.log"
    if banks.command(place.version(name), bank, "check", log=log):
        raise Stop(
            zh=f"已恢复，但核对发现问题，见 {log}。恢复前的内容保留在 {aside}。",
            en=f"It is restored, but checking it found something: see {log}. What was there before is kept in {aside}.",
        )
    speaker.say(
        zh=f"已恢复，核对无误，程序为 {name}。恢复前的内容保留在 {aside}，确认无误后可删除。",
        en=f"Restored and checked; the program is {name}. What was there before is kept in {aside}; delete it "
        "when you are sure.",
    )
    return 0


def _new_backup(work: Work) -> Path:
    name = work.place.current_name()
    stem = f"{_stamp()}-{name or 'before'}"
    folder = work.backups / stem
    while folder.exists():  # of the same second
        folder = folder.with_name(f"{folder.name}+")
    banks.back_up(work.bank, folder, program=name or "")
    return folder


def _refuse_older(work: Work, bundle: Bundle) -> None:
    before = work.place.current_name()
    if before is None or before == bundle.name or not work.place.is_complete(before):
        return
    if work.place.about(before)["committed"] > bundle.committed:
        raise Stop(
            zh=f"{bundle.name} 比正在使用的 {before} 旧，旧程序不能打开新的学分银行。没有任何改动。如要退回，请见 "
            "docs/operate.zh.md 中的“退回旧版本”。",
            en=f"{bundle.name} is older than {before}, which is in use, and an older program cannot open a newer "
            "bank. Nothing was "
            "changed. To go back, see 'Roll back' in docs/operate.md.",
        )


def _refuse_unready(work: Work, *, server_backed_up: bool) -> None:
    if not work.bank.exists:
        return
    if os.geteuid() != 0 and work.bank.owner is not None:
        raise Stop(
            zh=f"{work.bank.home} 属于另一个用户。没有任何改动。请以该用户或 root 身份运行。",
            en=f"{work.bank.home} belongs to another user. Nothing was changed. Run this as that user, or as root.",
        )
    if os.environ.get("DATABASE_URL") and not server_backed_up:
        raise Stop(
            zh="数据库在 DATABASE_URL 指向的服务器上，安装程序不能备份它。没有任何改动。"
            "请先用该服务器的工具备份，再加上 --database-backed-up 重新运行。",
            en="The database is on the server of DATABASE_URL, which the installer cannot back up. Nothing was "
            "changed. "
            "Back it up with that server's tools, then run this again with --database-backed-up.",
        )
    with banks.at_rest(work.bank):
        return


def _warn_of_closed_python(work: Work) -> None:
    closed = bundles.closed_folder() if os.geteuid() == 0 else None
    if closed is None:
        return
    zh = (
        f"Python 位于 {closed} 中，只有其所有者能进入；以其他用户运行的服务无法使用它。"
        "请用 --python 指定系统的 Python，例如 /usr/bin/python3。"
    )
    en = (
        f"This Python lies in {closed}, which only its owner may enter; a service of another user cannot run it. "
        "Name the system's with --python, for instance /usr/bin/python3."
    )
    if work.bank.exists and work.bank.owner is not None:
        raise Stop(zh=f"{zh}没有任何改动。", en=f"{en} Nothing was changed.")
    work.speaker.say(zh=zh, en=en)


def _last_words(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else ""


def _kept(place: Place) -> dict[str, str]:
    try:
        return dict(json.loads((place.home / "install.json").read_bytes()))
    except (OSError, ValueError):
        return {}


def _absolute(path: str | Path | None) -> Path | None:
    return Path(os.path.abspath(Path(path).expanduser())) if path else None  # noqa: PTH100 - links stay as chosen


def _stamp() -> str:
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())


def _interrupt(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
