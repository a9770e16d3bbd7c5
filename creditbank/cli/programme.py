"""Bring a programme's plan in from a workbook, or write a programme out as one."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from creditbank.cli.boot import actor_of, opened, place_of, refused

DONE, WRONG, UNREADABLE = 0, 1, 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Two actions."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    taken = actions.add_parser("import", help="publish a plan as the next version of its programme")
    taken.add_argument("file", metavar="FILE", help="a workbook; the office's programmes page offers a template")
    taken.add_argument("--code", default="", help="the programme's code (default: the one in the workbook)")
    taken.add_argument("--name", default="", help="its Chinese name (default: the one in the workbook)")
    taken.add_argument("--by", metavar="SIGN-IN", help="who publishes it (default: the institution itself)")
    taken.add_argument("--dry-run", action="store_true", help="say what the workbook holds, publish nothing")
    given = actions.add_parser("export", help="write a programme as a workbook")
    given.add_argument("code", metavar="CODE", help="the programme's code")
    given.add_argument("--to", metavar="FILE", help="where to write it (default: CODE.xlsx here); no file is replaced")
    for action in (taken, given):
        action.add_argument("--institution", required=True, metavar="CODE", help="whose programme it is")
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print the answer as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Exit status 0: done; 1: the plan has errors, nothing was published; 2: nothing could be read."""
    with opened(arguments, "programme"):
        place = place_of(arguments)
        return _export(arguments, place) if arguments.action == "export" else _import(arguments, place)


def _import(arguments: argparse.Namespace, place: Any) -> int:
    from creditbank.domain.values import Text
    from creditbank.exchange.plans import ALL_MESSAGES, read_plan_workbook
    from creditbank.gateways import wording
    from creditbank.gateways.files import FileRefused, open_upload
    from creditbank.gateways.problem import Problem

    actor = actor_of(arguments, place)
    title = Text(arguments.name.strip()) if arguments.name.strip() else None
    try:
        with open_upload(arguments.file) as upload:
            reading = read_plan_workbook(upload, code=arguments.code.strip(), title=title)
    except FileRefused as problem:
        said = wording.say_code(problem.code, problem.facts, "zh-hans", ALL_MESSAGES)
        raise Problem(en=f"{problem} Nothing was changed.", zh=f"{said}没有任何改动。") from problem
    return _take(arguments, place, actor, reading)


def _take(arguments: argparse.Namespace, place: Any, actor: Any, reading: Any) -> int:
    from creditbank.domain.explanation import Refusal
    from creditbank.exchange.plans import missing_courses
    from creditbank.gateways import clock
    from creditbank.queries.programmes import unknown_courses
    from creditbank.records.scope import acting_for
    from creditbank.services.programmes import publish_plan

    if reading.document is None:
        _tell(arguments, reading, reading.remarks, None)
        return WRONG
    with acting_for(institution=place.id, purpose="programme") as scope:
        remarks = (
            *reading.remarks,
            *missing_courses(reading, unknown_courses(scope, reading.places, clock.today(place.zone))),
        )
        if arguments.dry_run:
            _tell(arguments, reading, remarks, None)
            return DONE
        made = publish_plan(scope=scope, document=reading.document, replaces=None, actor=actor, at=clock.now())
    if isinstance(made, Refusal):
        raise refused(made)
    _tell(arguments, reading, remarks, made.version)
    return DONE


def _tell(arguments: argparse.Namespace, reading: Any, remarks: Any, version: int | None) -> None:
    from creditbank.domain.values import format_credit
    from creditbank.exchange.plans import ALL_MESSAGES
    from creditbank.gateways.wording import say_code

    language = _language()
    plan = reading.plan
    terms = {} if plan is None else plan.credit_by_term()
    by_term = ", ".join(f"{term}: {format_credit(amount)}" for term, amount in terms.items())

    def said(problem: Any) -> str:
        return say_code(problem.code, problem.facts, language, ALL_MESSAGES)

    if arguments.json:
        data = {
            "code": reading.code,
            "version": version,
            "courses": 0 if plan is None else len(list(plan.courses())),
            "modules": 0 if plan is None else len(list(plan.walk())),
            "credit": None if plan is None else format_credit(plan.asked),
            "terms": {str(term): format_credit(amount) for term, amount in terms.items()},
            "errors": [
                {"sheet": one.sheet, "cell": one.cell, "code": one.code, "said": said(one)} for one in reading.errors
            ],
            "remarks": [{"sheet": one.sheet, "cell": one.cell, "code": one.code, "said": said(one)} for one in remarks],
        }
        print(json.dumps(data, ensure_ascii=False))
        return
    for one in (*reading.errors, *remarks):
        where = " ".join(part for part in (one.sheet, one.cell) if part)
        print(f"{where}: {said(one)}" if where else said(one), file=sys.stderr if one in reading.errors else sys.stdout)
    if plan is None:
        count = len(reading.errors)
        print(f"{count} 处错误，没有发布。" if language == "zh-hans" else f"{count} errors; nothing was published.")
        return
    courses, modules, asked = len(list(plan.courses())), len(list(plan.walk())), format_credit(plan.asked)
    if language == "zh-hans":
        end = "这是试运行，没有发布。" if version is None else f"已发布为第 {version} 版。"
        print(f"{reading.code}：{modules} 个模块，{courses} 门课程，最低 {asked} 学分。{end}")
        print(f"各学期计划学分：{by_term}")
    else:
        end = "This was a dry run: nothing was published." if version is None else f"Published as version {version}."
        print(f"{reading.code}: {modules} modules, {courses} courses, at least {asked} credits. {end}")
        print(
            "Planned credit by term: " + ", ".join(f"{term}: {format_credit(amount)}" for term, amount in terms.items())
        )


def _export(arguments: argparse.Namespace, place: Any) -> int:
    from creditbank.exchange.plan_workbooks import programme_workbook
    from creditbank.gateways.disk import write_whole
    from creditbank.gateways.problem import Problem
    from creditbank.queries.programmes import newest_version
    from creditbank.records.scope import acting_for

    with acting_for(institution=place.id, purpose="programme") as scope:
        page = newest_version(scope, arguments.code)
    if page is None:
        raise Problem(
            en=f"{arguments.institution} has no programme with the code {arguments.code}. Nothing was written.",
            zh=f"{arguments.institution} 没有代码为 {arguments.code} 的培养方案。没有写出文件。",
        )
    path = Path(arguments.to or f"{arguments.code.replace('/', '-')}.xlsx")
    if path.exists():
        raise Problem(
            en=f"{path} exists already and was not replaced. Name another file with --to.",
            zh=f"{path} 已经存在，没有覆盖。请用 --to 指定别的文件。",
        )
    write_whole(path, programme_workbook(page.programme), mode=0o644)
    if arguments.json:
        print(json.dumps({"code": arguments.code, "version": page.version, "file": str(path)}, ensure_ascii=False))
    elif _language() == "zh-hans":
        print(f"{arguments.code} 第 {page.version} 版已写入 {path}。")
    else:
        print(f"Version {page.version} of {arguments.code} is in {path}.")
    return DONE


def _language() -> str:
    """The language of the terminal, as the messages of the program take it."""
    said = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "zh-hans" if said.lower().startswith("zh") else "en"
