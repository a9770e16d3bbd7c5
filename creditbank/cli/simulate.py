"""Make an invented college of any size: its sheets, and a bank that took them in."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from datetime import date
from pathlib import Path
from typing import Any

from creditbank.cli.boot import bank_of, opened
from creditbank.gateways import bank as banks
from creditbank.gateways import keys
from creditbank.gateways.problem import Problem

STUDENTS, LEAST, MOST = 5000, 300, 60_000
_CODE = re.compile(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*")
MARK = "simulated"
"""The key file that says which institutions are invented, and how."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One thing to simulate."""
    actions = parser.add_subparsers(dest="action", metavar="WHAT", required=True)
    college = actions.add_parser("college", help="a college with students, plans, results, earlier credit and lists")
    college.add_argument("--seed", type=int, default=1, help="the same seed gives the same sheets (default: 1)")
    college.add_argument(
        "--students", type=int, default=STUDENTS, help=f"how many, from {LEAST} to {MOST} (default: {STUDENTS})"
    )
    college.add_argument("--results", type=int, help="rows of results at most (default: twelve for each student)")
    college.add_argument("--year", type=int, help="when the present academic year began (default: by the calendar)")
    college.add_argument("--out", type=Path, metavar="FOLDER", help="only write the sheets there; needs no bank")
    college.add_argument("--institution", default="nmc", metavar="CODE", help="a new institution's code (default: nmc)")
    college.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print the answer as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Exit 2 when nothing could be done; rows that a real school's sheets would have refused too are no failure."""
    if not LEAST <= arguments.students <= MOST:
        raise Problem(
            en=f"A college has {LEAST} to {MOST} students. Nothing was written.",
            zh=f"学生数须在 {LEAST} 到 {MOST} 之间。没有写出任何文件。",
        )
    if not _CODE.fullmatch(arguments.institution):
        raise Problem(
            en=f"An institution's code has letters, digits and hyphens, not {arguments.institution!r}."
            " Nothing was made.",
            zh=f"机构代码只能由字母、数字和连字符组成，不能是 {arguments.institution!r}。没有创建任何内容。",
        )
    if arguments.out is not None:
        return _write_only(arguments)
    # A bank is made where there is none; one of an older shape is left as it is.
    fresh = not banks.exists(bank_of(arguments))
    with opened(arguments, "simulate", migrated=not fresh) as bank:
        if fresh:
            from creditbank.services.bank import migrate_bank

            migrate_bank()
        report = simulate_college(bank, _asked(arguments), code=arguments.institution, say=_say(arguments))
    if arguments.json:
        print(json.dumps(report, ensure_ascii=False))
    return 0


def simulate_college(bank: Any, asked: Any, *, code: str, say: Any) -> dict[str, Any]:
    """Write the college's sheets beside the bank and bring them in; the report of each step.

    Raises:
        Problem: the institution is somebody's already. Nothing was changed.
    """
    from dataclasses import asdict

    from creditbank.exchange import college as colleges
    from creditbank.gateways import clock
    from creditbank.gateways.documents import packaged
    from creditbank.services.demonstration.founding import found_college, name_keepers

    began, worked = clock.monotonic(), clock.worked()
    _claim(bank, code, asdict(asked))
    made = colleges.simulate(asked)
    folder = bank.sheets / code
    written = colleges.write_college(made, folder)
    say(
        f"{len(written)} files are in {folder} ({clock.monotonic() - began:.1f} s)",
        f"{len(written)} 个文件已写入 {folder}（{clock.monotonic() - began:.1f} 秒）",
    )

    def pack(name: str) -> Any:
        from creditbank.exchange.documents import read_document

        return read_document(packaged(f"{name}.yaml"), name=name)

    place = found_college(code, made.name, pack, since=date(2010, 1, 1), at=clock.now())
    bringing = colleges.Bringing(
        college=made,
        folder=folder,
        bank=bank,
        institution=place.id,
        zone=place.zone,
        actor=place.id,
        now=clock.now,
    )

    def told(done: Any) -> None:
        brought, title = done.brought, done.step.title
        en = f"{title.en}: {brought.rows:,} rows, {brought.stored:,} stored, {brought.repeated:,} known already"
        zh = f"{title.zh}：{brought.rows:,} 行，存入 {brought.stored:,}，已有 {brought.repeated:,}"
        en += f", {brought.refused} refused" + (f"; {brought.note.en}" if brought.note.en else "")
        zh += f"，退回 {brought.refused}" + (f"；{brought.note.zh}" if brought.note.zh else "")
        say(f"  {en} ({done.seconds:.1f} s)", f"  {zh}（{done.seconds:.1f} 秒）")

    steps = colleges.bring_college(bringing, told=told)
    name_keepers(place.id, clock.now())
    seconds, work = clock.monotonic() - began, clock.worked() - worked
    say(
        f"{made.name.en} ({code}) is in the bank: {seconds:.0f} s, {work:.0f} s of this program's own work.",
        f"{made.name.zh}（{code}）已在学分银行中：用时 {seconds:.0f} 秒，其中本程序运算 {work:.0f} 秒。",
    )
    return {
        "institution": code,
        "name": made.name.zh,
        **asdict(asked),
        "folder": str(folder),
        "stars": dict(made.stars),
        "seconds": round(seconds, 1),
        "cpu_seconds": round(work, 1),
        "steps": [
            {
                "step": done.step.code,
                "rows": done.brought.rows,
                "stored": done.brought.stored,
                "repeated": done.brought.repeated,
                "refused": done.brought.refused,
                "seconds": done.seconds,
            }
            for done in steps
        ],
    }


def _asked(arguments: argparse.Namespace) -> Any:
    from creditbank.exchange.college import Simulated
    from creditbank.gateways import clock
    from creditbank.services.demonstration.college.calendar import present_year
    from creditbank.services.demonstration.college.sheets import RESULTS_EACH

    latest = present_year(clock.today("Asia/Shanghai"))
    year = arguments.year or latest
    if not 2014 <= year <= latest:
        raise Problem(
            en=f"The present academic year began between 2014 and {latest}. Nothing was written.",
            zh=f"当前学年的起始年份须在 2014 到 {latest} 之间。没有写出任何文件。",
        )
    results = arguments.students * RESULTS_EACH if arguments.results is None else arguments.results
    return Simulated(seed=arguments.seed, students=arguments.students, results=max(0, results), present=year)


def _write_only(arguments: argparse.Namespace) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "creditbank.config.settings")
    import django

    django.setup()
    from creditbank.exchange.college import simulate, write_college

    made = simulate(_asked(arguments))
    written = write_college(made, arguments.out)
    if arguments.json:
        answer = {"files": [str(path) for path in written], "rows": {k: len(s.rows) for k, s in made.sheets.items()}}
        print(json.dumps(answer, ensure_ascii=False))
    else:
        _say(arguments)(
            f"{len(written)} files of {made.name.en} are in {arguments.out}. No bank was touched.",
            f"{made.name.zh}的 {len(written)} 个文件已写入 {arguments.out}。没有改动任何学分银行。",
        )
    return 0


def _claim(bank: Any, code: str, asked: dict[str, Any]) -> None:
    """Note that the institution is invented; one that is somebody's, or invented otherwise, is left alone."""
    from creditbank.queries.institutions import institution_named

    marks = keys.read(bank, MARK) or {"schema": "creditbank.simulated/1", "institutions": {}}
    known = marks["institutions"].get(code)
    if (known is None and institution_named(code) is not None) or known not in (None, asked):
        raise Problem(
            en=f"There is an institution {code} already, and it is not this invented college. Nothing was changed."
            " Name a new code with --institution.",
            zh=f"已有代码为 {code} 的机构，且并非这所虚构学院。没有任何改动。请用 --institution 指定新的代码。",
        )
    marks["institutions"][code] = asked
    keys.write(bank, MARK, marks)


def _say(arguments: argparse.Namespace) -> Any:
    """Says a line in both languages, unless the answer is asked for as JSON."""

    def say(en: str, zh: str) -> None:
        if not arguments.json:
            print(f"{en}\n{zh}", file=sys.stderr, flush=True)

    return say
