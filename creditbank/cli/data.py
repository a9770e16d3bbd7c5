"""Master data of a school: templates, imports, exports, reverting a run, and the source register."""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

from creditbank.cli.boot import actor_of, id_of, opened, place_of, refused
from creditbank.cli.shown import tell_refused


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Six actions."""
    from creditbank.domain.masterdata.sets import DATA_SETS

    sets = [data_set.code for data_set in DATA_SETS]
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    template = actions.add_parser("template", help="write the workbook to fill in; needs no bank")
    template.add_argument("set", choices=sets, help="which data set")
    template.add_argument("--to", type=Path, metavar="FILE", help="where to write it (default: SET.xlsx)")
    template.add_argument("--language", choices=["zh-hans", "en"], default="zh-hans", help="of the headings")

    bring = actions.add_parser("import", help="bring a sheet in as one run that can be reverted")
    bring.add_argument("set", choices=sets, help="which data set")
    bring.add_argument("file", type=Path, help="an XLSX or CSV file")
    bring.add_argument("--institution", required=True, metavar="CODE", help="whose data they are")
    bring.add_argument("--as-of", type=date.fromisoformat, metavar="DATE", help="whose state it is (default: today)")
    bring.add_argument("--sheet", help="the sheet of a workbook (default: the first whose head fits)")
    bring.add_argument("--encoding", help="the encoding of a CSV file, when the found one is wrong")
    bring.add_argument("--by", metavar="SIGN-IN", help="who decides to import (default: the institution itself)")
    bring.add_argument("--dry-run", action="store_true", help="say what each row would do, store nothing")

    export = actions.add_parser("export", help="write the rows in force under the template's headings")
    export.add_argument("set", choices=sets, help="which data set")
    export.add_argument("--institution", required=True, metavar="CODE", help="whose data")
    export.add_argument("--to", type=Path, metavar="FILE", help="where to write it (default: SET.xlsx)")
    export.add_argument("--language", choices=["zh-hans", "en"], default="zh-hans", help="of the headings")
    export.add_argument("--identities", action="store_true", help="with identity numbers, which are left out otherwise")

    revert = actions.add_parser("revert", help="take an import back as one")
    revert.add_argument("run", help="the run's id, as the import printed it")
    revert.add_argument("--institution", required=True, metavar="CODE", help="whose run it is")
    revert.add_argument("--by", metavar="SIGN-IN", help="who decides it (default: the institution itself)")

    status = actions.add_parser("status", help="the source register: owner, freshness, what is missing")
    status.add_argument("--institution", required=True, metavar="CODE", help="whose register")
    status.add_argument("--list", dest="figure", metavar="SET:FIGURE", help="list the rows behind one figure")
    status.add_argument("--language", choices=["zh-hans", "en"], default="zh-hans", help="of the answer")
    remind = actions.add_parser("remind", help="leave the office's reminders now; the worker does it every hour")
    remind.add_argument("--institution", required=True, metavar="CODE", help="whose office")
    for action in (template, bring, export, revert, status, remind):
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print the answer as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Exit 1 when rows were refused, 2 when nothing could be done."""
    if arguments.action == "template":
        return _template(arguments)
    with opened(arguments, "data") as bank:
        place = place_of(arguments)
        actor = actor_of(arguments, place)
        match arguments.action:
            case "import":
                return _import(arguments, bank, place, actor)
            case "export":
                return _export(arguments, bank, place)
            case "revert":
                return _revert(arguments, place, actor)
            case "remind":
                return _remind(arguments, place)
            case _:
                return _status(arguments, place)


def _data_set(code: str) -> Any:
    from creditbank.domain.masterdata.sets import data_set_named

    found = data_set_named(code)
    assert found is not None
    return found


def _written(arguments: argparse.Namespace, write: Any, rows: Any) -> int:
    """Write the workbook and tell how many rows it has; ``rows`` knows once they were written."""
    from creditbank.gateways.disk import replacing

    place = arguments.to or Path(f"{arguments.set}.xlsx")
    with replacing(place, mode=0o644) as out:
        write(out)
        size = out.tell()
    rows = rows()
    if arguments.json:
        print(json.dumps({"file": str(place), "rows": rows, "bytes": size}))
    else:
        print(f"{place}: {rows} rows" if rows else f"{place}: the template of {arguments.set}")
    return 0


def _template(arguments: argparse.Namespace) -> int:
    from creditbank.exchange.masterdata.writing import template_bytes

    content = template_bytes(_data_set(arguments.set), arguments.language)
    return _written(arguments, lambda out: out.write(content), lambda: 0)


def _import(arguments: argparse.Namespace, bank: Any, place: Any, actor: Any) -> int:
    from creditbank.exchange.encoding import SheetProblem
    from creditbank.exchange.masterdata.imports import import_sheet, plan_sheet, read_sheet
    from creditbank.gateways import clock
    from creditbank.gateways.files import FileRefused, open_upload
    from creditbank.gateways.identities import Identities

    today = clock.today(place.zone)
    as_of = arguments.as_of or today
    if as_of > today:
        print(f"{as_of} is still to come: a sheet shows a day that has been. Nothing was imported.", file=sys.stderr)
        return 2
    try:
        with open_upload(arguments.file) as upload:
            read = read_sheet(
                upload,
                _data_set(arguments.set),
                institution=place.id,
                sheet=arguments.sheet,
                encoding=arguments.encoding,
                today=today,
                as_of=as_of,
            )
    except (SheetProblem, FileRefused) as refusal:
        print(f"{arguments.file}: {refusal} Nothing was imported.", file=sys.stderr)
        return 2
    identities = Identities(bank)
    if arguments.dry_run:
        return _tell_plan(arguments, read, plan_sheet(read, institution=place.id, identities=identities, as_of=as_of))
    finished = import_sheet(read, institution=place.id, identities=identities, as_of=as_of, actor=actor, now=clock.now)
    counts = {
        name: getattr(finished, f"rows_{name}")
        for name in ("total", "new", "changed", "stored", "repeated", "refused", "missing")
    }
    if arguments.json:
        print(json.dumps({"run": str(finished.run_id), "as_of": as_of.isoformat()} | counts))
    else:
        tell_refused(read.notes, read.given.refused)
        print(
            f"Run {finished.run_id}: {counts['total']} rows as of {as_of}; {counts['new']} new,"
            f" {counts['changed']} changed, {counts['repeated']} known already, {counts['refused']} refused;"
            f" {counts['missing']} rows of the bank are not in the sheet and were kept."
        )
    return 1 if finished.rows_refused else 0


def _tell_plan(arguments: argparse.Namespace, read: Any, plan: Any) -> int:
    from creditbank.domain.masterdata.facts import Verdict
    from creditbank.domain.values import Text
    from creditbank.queries.masterdata.rows import say_stored

    data_set = read.table.data_set
    counts = {verdict.value: plan.count(verdict) for verdict in Verdict}
    if arguments.json:
        changed = [
            {"line": row.line, "key": row.key, "fields": sorted(change.field for change in row.changes)}
            for row in plan.judged
            if row.verdict is Verdict.CHANGED
        ]
        refused = [
            [
                fault.line,
                fault.column,
                fault.code,
                {name: said.zh if isinstance(said, Text) else said for name, said in fault.facts.items()},
            ]
            for fault in plan.refused
        ]
        columns = {column.heading: column.field for column in read.table.columns}
        answer = {"sheet": read.table.sheet, "as_of": plan.as_of.isoformat(), "columns": columns, "counts": counts}
        answer |= {"changed": changed, "refused": refused, "missing": plan.missing}
        print(json.dumps(answer | {"unknown_values": read.unknown_values}, ensure_ascii=False))
        return 1 if plan.refused else 0
    tell_refused(read.notes, read.given.refused)
    for row in plan.judged:
        if row.verdict is Verdict.CHANGED:
            said = [
                f"{data_set.field(change.field).label.en}: "
                f"{say_stored(data_set.field(change.field), change.old, 'en') or '—'} → "
                f"{say_stored(data_set.field(change.field), change.new, 'en') or '—'}"
                for change in row.changes
            ]
            print(f"line {row.line}: {row.key} {row.label}: {'; '.join(said)}")
    print(
        f"{counts['new']} new, {counts['changed']} changed, {counts['same']} the same, {counts['older']} older than"
        f" what is known, {len({fault.line for fault in plan.refused})} refused, {len(plan.missing)} not in the sheet."
        " This was a dry run: nothing was stored."
    )
    return 1 if plan.refused else 0


def _export(arguments: argparse.Namespace, bank: Any, place: Any) -> int:
    from creditbank.exchange.masterdata.writing import export_sheet
    from creditbank.exchange.spreadsheets import write_workbook
    from creditbank.gateways.identities import Identities
    from creditbank.queries.masterdata.rows import every_row
    from creditbank.records.scope import acting_for

    data_set = _data_set(arguments.set)
    identities = Identities(bank) if arguments.identities else None
    count = itertools.count()
    with acting_for(institution=place.id, purpose="masterdata.export") as scope:
        rows = (row.content for row, _ in zip(every_row(scope, data_set), count, strict=False))
        sheet = export_sheet(data_set, rows, language=arguments.language, identities=identities)
        return _written(arguments, lambda out: write_workbook(out, [sheet]), lambda: next(count))


def _revert(arguments: argparse.Namespace, place: Any, actor: Any) -> int:
    from creditbank.domain.explanation import Refusal
    from creditbank.gateways import clock
    from creditbank.records.scope import acting_for
    from creditbank.services.masterdata.imports import revert_run

    run_id = id_of(arguments.run, en="a run", zh="导入")
    with acting_for(institution=place.id, purpose="masterdata.revert") as scope:
        answer = revert_run(scope=scope, run_id=run_id, actor=actor, at=clock.now())
    if isinstance(answer, Refusal):
        raise refused(answer)
    if arguments.json:
        told = {"run": str(answer.run.run_id), "state": answer.run.state}
        print(json.dumps(told | {"withdrawn": answer.withdrawn, "kept": answer.kept}))
        return 0
    print(f"Run {answer.run.run_id} ({answer.run.file_name}) was reverted.")
    if answer.withdrawn:
        print(f"{answer.withdrawn} accounts that it had opened and nobody used were withdrawn.")
    if answer.kept:
        print(f"{len(answer.kept)} accounts that it had opened have been used and were kept: {', '.join(answer.kept)}")
    return 0


def _remind(arguments: argparse.Namespace, place: Any) -> int:
    from creditbank.gateways import clock
    from creditbank.records.scope import acting_for
    from creditbank.services.masterdata.reminders import remind_office

    with acting_for(institution=place.id, purpose="masterdata.remind") as scope:
        new = remind_office(scope=scope, at=clock.now(), today=clock.today(place.zone))
    print(json.dumps({"new": new}) if arguments.json else f"{new} new reminders stand on the workbench of the office.")
    return 0


def _status(arguments: argparse.Namespace, place: Any) -> int:
    from creditbank.gateways import clock
    from creditbank.gateways.wording import say_code
    from creditbank.queries.masterdata.sources import source_register
    from creditbank.records.scope import acting_for

    with acting_for(institution=place.id, purpose="masterdata.status") as scope:
        if arguments.figure:
            return _list(arguments, scope, clock.today(place.zone))
        register = source_register(scope, today=clock.today(place.zone))
    language = arguments.language
    if arguments.json:
        answer = [
            {
                "set": line.data_set.code,
                "owner": line.owner,
                "as_of": line.as_of.isoformat() if line.as_of else None,
                "rows": line.rows,
                "retired": line.retired,
                "stale": line.stale,
                "figures": {figure.code: figure.count for figure in line.figures},
            }
            for line in register
        ]
        print(json.dumps(answer, ensure_ascii=False))
        return 0
    for line in register:
        print(f"{line.data_set.code:<10} {line.rows:>7}  {line.as_of or '—'}  {line.data_set.name.said_in(language)}"
              f"{'  ' + line.owner if line.owner else ''}")  # fmt: skip
        for figure in line.figures:
            said = say_code(figure.sentence, figure.facts, language)
            print(f"{'':>18}  {figure.count:>6}  {said}  [{line.data_set.code}:{figure.code}]")
    return 0


def _list(arguments: argparse.Namespace, scope: Any, today: date) -> int:
    from creditbank.domain.masterdata.sets import data_set_named
    from creditbank.gateways.problem import Problem
    from creditbank.queries.masterdata.inheritance import handed_down_to
    from creditbank.queries.masterdata.rows import page_of_rows
    from creditbank.queries.masterdata.sources import figure_named

    code, _, named = arguments.figure.partition(":")
    data_set = data_set_named(code)
    check = figure_named(data_set, named) if data_set else None
    if data_set is None or check is None:
        raise Problem(
            en=f"There is no figure {arguments.figure}; name one as students:missing.class_code.",
            zh=f"没有名为 {arguments.figure} 的指标；写法如 students:missing.class_code。",
        )
    above = handed_down_to(scope, data_set, today)
    rows, total = page_of_rows(scope, data_set, figure=check, limit=1000, handed_down=above)
    if arguments.json:
        print(json.dumps({"total": total, "rows": [[row.key, row.label] for row in rows]}, ensure_ascii=False))
    else:
        for row in rows:
            print(f"{row.key}  {row.label}")
        print(f"{total} rows" + (f", the first {len(rows)} listed" if len(rows) < total else ""))
    return 0
