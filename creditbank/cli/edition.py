"""Editions that a centre publishes for its schools: prepare, publish, withdraw, show, acknowledge."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

from creditbank.cli.boot import actor_of, id_of, opened, place_of

REFUSED, WRONG = 1, 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Six actions and the table of codes."""
    from creditbank.domain.masterdata.codes import CODE_TABLES
    from creditbank.domain.masterdata.editions import KINDS

    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    prepare = actions.add_parser("prepare", help="keep a draft: the courses as they stand, or a sheet of codes")
    prepare.add_argument(
        "kind", choices=KINDS, metavar="KIND", help="courses, codes. and a code table, or mapping. and a data set"
    )
    prepare.add_argument("file", nargs="?", type=Path, help="all codes as XLSX, CSV, YAML or JSON")
    prepare.add_argument("--label", default="", help="the edition's name, such as 2027-1")
    prepare.add_argument("--effective-on", type=date.fromisoformat, metavar="DATE", help="the first day it is in force")
    prepare.add_argument("--source", default="", help="the standard or document it follows")
    prepare.add_argument(
        "--locked", action="store_true", help="of a mapping: schools read these headings in no other way"
    )
    prepare.add_argument("--note", default="", help="what changes, for the schools below")

    publish = actions.add_parser("publish", help="show a draft to every school below; its day does the rest")
    withdraw = actions.add_parser("withdraw", help="take an edition back before its day")
    acknowledge = actions.add_parser("acknowledge", help="take note of an edition from above")
    show = actions.add_parser("show", help="what an edition changes, and who has taken note of it")
    for action in (publish, withdraw, acknowledge, show):
        action.add_argument("edition", help="the edition's id, as prepare and list print it")

    listed = actions.add_parser("list", help="own editions and those from above")
    codes = actions.add_parser("codes", help="the codes of a table that are valid on a day")
    codes.add_argument("table", choices=[table.code for table in CODE_TABLES], metavar="TABLE", help="which code table")
    codes.add_argument("--on", type=date.fromisoformat, metavar="DATE", help="on which day (default: today)")
    codes.add_argument("--to", type=Path, metavar="FILE", help="write them as a workbook, which prepare reads")

    for action in (prepare, publish, withdraw, acknowledge, show, listed, codes):
        action.add_argument("--institution", required=True, metavar="CODE", help="whose")
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print the answer as JSON")
    for action in (prepare, publish, withdraw, acknowledge):
        action.add_argument("--by", metavar="SIGN-IN", help="who decides it (default: the institution itself)")
    for action in (show, codes):
        action.add_argument("--language", choices=["zh-hans", "en"], default="zh-hans", help="of the answer")


def run(arguments: argparse.Namespace) -> int:
    """Exit 1 when the decision was refused, 2 when nothing could be done."""
    with opened(arguments, "edition"):
        place = place_of(arguments)
        actor = actor_of(arguments, place)
        match arguments.action:
            case "prepare":
                return _prepare(arguments, place, actor)
            case "list":
                return _list(arguments, place)
            case "show":
                return _show(arguments, place)
            case "codes":
                return _codes(arguments, place)
            case _:
                return _decide(arguments, place, actor)


def _prepare(arguments: argparse.Namespace, place: Any, actor: Any) -> int:
    from creditbank.domain.explanation import Refusal
    from creditbank.domain.masterdata.editions import table_of
    from creditbank.gateways import clock
    from creditbank.records.scope import acting_for
    from creditbank.services.masterdata.editions import prepare_edition

    table = table_of(arguments.kind)
    read = None
    if table is not None:
        read = _read(arguments, table)
        if read is None:
            return WRONG
    elif arguments.file is not None:
        print(
            "Courses and mappings are taken as they stand in the bank; leave the file out. Nothing was done.",
            file=sys.stderr,
        )
        return WRONG
    day = arguments.effective_on or (read.effective_on if read else None)
    if day is None:
        print("Say from which day it is in force: --effective-on DATE. Nothing was done.", file=sys.stderr)
        return WRONG
    label = arguments.label or (read.label if read else "")
    source = arguments.source or (read.source if read else "")
    with acting_for(institution=place.id, purpose="edition") as scope:
        made = prepare_edition(
            scope=scope, kind=arguments.kind, rows=read.rows if read else None, label=label, source=source,
            note=arguments.note, effective_on=day, actor=actor, at=clock.now(),
            locked=arguments.locked,
        )  # fmt: skip
    if isinstance(made, Refusal):
        return _refused(made)
    if arguments.json:
        print(json.dumps({"edition": str(made.edition_id), "rows": len(made.rows), "effective_on": day.isoformat()}))
    else:
        print(f"Draft {made.edition_id}: {len(made.rows)} rows of {made.kind}, {made.label}, in force from {day}.")
        print(f"See what it changes: creditbank edition show {made.edition_id} --institution {place.code}")
    return 0


def _read(arguments: argparse.Namespace, table: Any) -> Any:
    from creditbank.exchange.documents import DocumentError
    from creditbank.exchange.encoding import SheetProblem
    from creditbank.exchange.masterdata.editions import MESSAGES, read_codes, read_codes_document
    from creditbank.gateways.files import FileRefused, open_upload
    from creditbank.gateways.wording import say_code

    if arguments.file is None:
        print("Name the file that holds all codes of the table. Nothing was done.", file=sys.stderr)
        return None
    try:
        if arguments.file.suffix.lower() in {".yaml", ".yml", ".json"}:
            read = read_codes_document(arguments.file.read_bytes(), name=arguments.file.name, table=table)
        else:
            with open_upload(arguments.file) as upload:
                read = read_codes(upload)
    except (OSError, DocumentError, SheetProblem, FileRefused) as refusal:
        print(f"{arguments.file}: {refusal} Nothing was done.", file=sys.stderr)
        return None
    for fault in read.refused:
        where = fault.facts.get("cell") or f"line {fault.line}"
        print(f"{where} ({fault.column}): {say_code(fault.code, fault.facts, 'en', MESSAGES)}", file=sys.stderr)
    if read.refused:
        print(f"{arguments.file}: {len(read.refused)} faults. Nothing was done.", file=sys.stderr)
        return None
    return read


def _decide(arguments: argparse.Namespace, place: Any, actor: Any) -> int:
    from creditbank.domain.explanation import Refusal
    from creditbank.gateways import clock
    from creditbank.records.scope import acting_for
    from creditbank.services.masterdata import editions

    at, today = clock.now(), clock.today(place.zone)
    with acting_for(institution=place.id, purpose="edition") as scope:
        edition_id = id_of(arguments.edition, en="an edition", zh="版本")
        named: dict[str, Any] = {"scope": scope, "edition_id": edition_id, "actor": actor, "at": at, "today": today}
        answer: Any
        match arguments.action:
            case "publish":
                answer = editions.publish_edition(**named)
            case "withdraw":
                answer = editions.withdraw_edition(**named)
            case _:
                answer = editions.take_note(**named, acknowledge=True)
    if isinstance(answer, Refusal):
        return _refused(answer)
    done = {"publish": "was published", "withdraw": "was withdrawn", "acknowledge": "was acknowledged"}
    if arguments.json:
        print(json.dumps({"edition": arguments.edition, "done": arguments.action}))
    else:
        print(f"Edition {arguments.edition} {done[arguments.action]}.")
    return 0


def _list(arguments: argparse.Namespace, place: Any) -> int:
    from creditbank.queries.masterdata.updates import editions_from_above, own_editions
    from creditbank.records.scope import acting_for

    with acting_for(institution=place.id, purpose="edition") as scope:
        lines = [*own_editions(scope), *editions_from_above(scope)]
    if arguments.json:
        print(json.dumps([_data(line) for line in lines], ensure_ascii=False))
        return 0
    for line in lines:
        said = "own" if line.is_own else line.publisher.zh
        print(f"{line.edition_id}  {line.effective_on}  {line.kind:<22} {line.label:<10} {_state(line):<10} {said}")
    return 0


def _show(arguments: argparse.Namespace, place: Any) -> int:
    from creditbank.queries.masterdata.updates import adoption_of, differences_for, find_edition
    from creditbank.records.scope import acting_for

    with acting_for(institution=place.id, purpose="edition") as scope:
        line = find_edition(scope, id_of(arguments.edition, en="an edition", zh="版本"))
        if line is None:
            print(f"There is no edition {arguments.edition} here.", file=sys.stderr)
            return WRONG
        found = differences_for(scope, line)
        schools = adoption_of(scope, line.edition_id) if line.is_own and line.published_at else ()
    counts = {
        "new": list(found.new), "changed": [one.key for one in found.changed], "retired": list(found.retired),
        "collide": list(found.collisions), "too_wide": list(found.too_wide),
    }  # fmt: skip
    if arguments.json:
        told = [
            {"code": one.code, "seen": one.seen_at is not None, "acknowledged": one.acknowledged_at is not None,
             "conflicts": one.conflicts}
            for one in schools
        ]  # fmt: skip
        print(json.dumps(_data(line) | counts | {"adoption": told}, ensure_ascii=False))
        return 0
    print(f"{line.kind} {line.label}, {_state(line)}, in force from {line.effective_on}: {line.rows} rows")
    words = {"new": "new", "changed": "changed", "retired": "retired", "collide": "own rows that collide",
             "too_wide": "own rows now too wide"}  # fmt: skip
    for name, keys in counts.items():
        print(
            f"{len(keys):>7} {words[name]}"
            + (f": {', '.join(keys[:8])}{' …' if len(keys) > 8 else ''}" if keys else "")
        )
    for one in schools:
        state = "acknowledged" if one.acknowledged_at else "seen" if one.seen_at else "not seen yet"
        print(f"  {one.code:<16} {state}" + (f", {one.conflicts} conflicts" if one.conflicts else ""))
    return 0


def _codes(arguments: argparse.Namespace, place: Any) -> int:
    from creditbank.exchange.masterdata.editions import codes_sheet
    from creditbank.exchange.spreadsheets import workbook_bytes
    from creditbank.gateways import clock
    from creditbank.queries.masterdata.inheritance import rows_on, tables_on
    from creditbank.records.scope import acting_for

    day = arguments.on or clock.today(place.zone)
    with acting_for(institution=place.id, purpose="edition") as scope:
        table = tables_on(scope, day)[arguments.table]
        rows = rows_on(scope, f"codes.{table.code}", day)
    if arguments.to is not None:
        arguments.to.write_bytes(workbook_bytes([codes_sheet(rows, arguments.language)]))
        print(json.dumps({"file": str(arguments.to), "rows": len(rows)}) if arguments.json
              else f"{arguments.to}: {len(rows)} codes")  # fmt: skip
        return 0
    if arguments.json:
        codes = [{"code": one.code, "name": one.label.zh, "retired": one.retired} for one in table.choices]
        print(json.dumps({"table": table.code, "edition": table.edition, "codes": codes}, ensure_ascii=False))
        return 0
    print(f"{table.name.said_in(arguments.language)}, {table.edition} ({table.source})")
    for one in table.choices:
        print(f"{one.code:<16} {one.label.said_in(arguments.language)}" + ("  (retired)" if one.retired else ""))
    return 0


def _state(line: Any) -> str:
    if line.withdrawn_at is not None:
        return "withdrawn"
    return "published" if line.published_at is not None else "draft"


def _data(line: Any) -> dict[str, Any]:
    return {
        "edition": str(line.edition_id),
        "kind": line.kind,
        "label": line.label,
        "effective_on": line.effective_on.isoformat(),
        "rows": line.rows,
        "state": _state(line),
        "own": line.is_own,
        "acknowledged": line.acknowledged_at is not None,
    }


def _refused(refusal: Any) -> int:
    from creditbank.gateways import wording

    for line in refusal.explanation:
        print(wording.say(line, "en"), file=sys.stderr)
    return REFUSED
