"""Bring results or opening lots in from a sheet as one run, or take opening lots back."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from creditbank.cli.boot import actor_of, opened, place_of
from creditbank.domain.recognition import REVERSAL_REASONS

ROOT = Path(__file__).resolve().parents[1]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to import, how to read it, and for whom."""
    parser.add_argument("kind", choices=["results", "opening"], help="what the sheet holds")
    parser.add_argument(
        "file", metavar="FILE", help="a CSV or XLSX file; related sheets lie beside it. With --revert the id of a run"
    )
    parser.add_argument("--mapping", help="of results: a mapping file, or the name of one that ships (oulad)")
    parser.add_argument("--institution", required=True, metavar="CODE", help="whose results they are")
    parser.add_argument("--by", metavar="SIGN-IN", help="who decides to import (default: the institution itself)")
    parser.add_argument(
        "--as-of",
        type=date.fromisoformat,
        metavar="DATE",
        help="the day whose state the sheet shows: what was reported as of earlier days is corrected",
    )
    parser.add_argument("--encoding", help="the sheet's encoding, when the found one is wrong")
    parser.add_argument("--dry-run", action="store_true", help="read everything, store nothing")
    parser.add_argument(
        "--revert",
        action="store_true",
        help="of opening lots: take the run back; one registrar asks, a second one repeats the command to confirm",
    )
    parser.add_argument(
        "--reason",
        choices=REVERSAL_REASONS,
        default=REVERSAL_REASONS[0],
        help="why it is taken back (default: %(default)s)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Import, or say what an import would do; exit 1 when rows were refused, 2 when nothing could be read."""
    if arguments.revert:
        return _revert(arguments)
    arguments.file = Path(arguments.file)
    if arguments.kind == "opening":
        return _guarded(arguments, _opening)
    if not arguments.mapping:
        print("Say with --mapping how the sheet of results is to be read. Nothing was imported.", file=sys.stderr)
        return 2
    from creditbank.domain.rules.places import UnreadableError
    from creditbank.exchange.documents import DocumentError, expect_schema, read_document
    from creditbank.exchange.mapping import read_mapping

    shipped = ROOT / "packs" / "mappings" / f"{arguments.mapping}.yaml"
    place = Path(arguments.mapping)
    if not place.exists() and shipped.exists():
        place = shipped
    try:
        document = read_document(place.read_bytes(), name=place.name)
        mapping = read_mapping(expect_schema(document, "mapping", name=place.name))
    except (OSError, DocumentError, UnreadableError) as error:
        print(f"{place}: {error}. Nothing was imported.", file=sys.stderr)
        return 2
    return _guarded(arguments, lambda given: _import(given, mapping))


def _guarded(arguments: argparse.Namespace, act: Callable[[argparse.Namespace], int]) -> int:
    from creditbank.exchange.encoding import SheetProblem
    from creditbank.gateways.files import FileRefused

    try:
        return act(arguments)
    except (SheetProblem, FileRefused) as refusal:
        print(f"{arguments.file}: {refusal} Nothing was imported.", file=sys.stderr)
        return 2
    except BlockingIOError as busy:
        print(f"{arguments.file}: {busy}. Wait until it has finished.", file=sys.stderr)
        return 2


def _import(arguments: argparse.Namespace, mapping: Any) -> int:
    from creditbank.gateways import clock

    with opened(arguments, "import"):
        from creditbank.exchange import imports

        institution = place_of(arguments)
        actor = actor_of(arguments, institution)
        reading, uploads = imports.open_results(arguments.file, mapping, encoding=arguments.encoding, at=clock.now())
        try:
            if arguments.dry_run:
                return _tell_dry_run(arguments, imports.dry_run(reading))
            with _bar(arguments) as progress:
                finished = imports.import_results(
                    reading=reading,
                    mapping=mapping,
                    path=arguments.file,
                    institution=institution.id,
                    actor=actor,
                    as_of=arguments.as_of,
                    now=clock.now,
                    progress=progress,
                )
        finally:
            for upload in uploads:
                upload.close()
        return _tell_run(arguments, finished)


def _opening(arguments: argparse.Namespace) -> int:
    from creditbank.gateways import clock
    from creditbank.gateways.files import open_upload

    with opened(arguments, "import"):
        from creditbank.exchange import opening_lots

        institution = place_of(arguments)
        actor = actor_of(arguments, institution)
        with open_upload(arguments.file) as upload:
            read = opening_lots.read_opening(upload, today=clock.today(institution.zone), encoding=arguments.encoding)
        if arguments.dry_run:
            return _tell_opening(arguments, read, opening_lots.plan_sheet(read, institution=institution.id))
        return _tell_run(
            arguments, opening_lots.import_sheet(read, institution=institution.id, actor=actor, now=clock.now)
        )


def _revert(arguments: argparse.Namespace) -> int:
    """Preview, ask or confirm; exit 1 when it was refused, 2 when somebody or something is not there."""
    from creditbank.gateways import clock
    from creditbank.gateways.problem import Problem

    try:
        arguments.run_id = UUID(arguments.file)
    except ValueError:
        print(
            f"{arguments.file} is no id of a run; the address of its page ends in it. Nothing was changed.",
            file=sys.stderr,
        )
        return 2
    if arguments.kind != "opening":
        print("Only a run of opening lots is taken back; a later sheet corrects results.", file=sys.stderr)
        return 2
    with opened(arguments, "import"):
        from creditbank.domain.access import Actor
        from creditbank.queries.reversals import preview_run
        from creditbank.queries.visitors import visitor_of
        from creditbank.records.scope import acting_for

        place = place_of(arguments)
        if not arguments.dry_run and not arguments.by:
            print("Two people take an import back: say with --by who you are. Nothing was changed.", file=sys.stderr)
            return 2
        person, today = actor_of(arguments, place), clock.today(place.zone)
        if arguments.dry_run:
            with acting_for(institution=place.id, purpose="imports.reversal") as scope:
                preview = preview_run(scope, arguments.run_id)
            if not preview.lots:
                print(f"No opening lots came with a run {arguments.run_id} here.", file=sys.stderr)
                return 2
            return _tell_preview(arguments, preview)
        desks = [desk for desk in visitor_of(person, chosen=None, on=today).desks if desk.institution == place.id]
        whole = [desk for desk in desks if desk.college is None]
        actor = Actor(person, place.id, None, whole[0].roles if whole else frozenset())
        from creditbank.services.access import NotVisible

        try:
            return _take_back(arguments, actor, today)
        except NotVisible:
            raise Problem(
                en=f"{arguments.by} is no registrar of the whole institution. Nothing was changed.",
                zh=f"{arguments.by} 不是全校的教务人员。没有改动任何数据。",
            ) from None


def _take_back(arguments: argparse.Namespace, actor: Any, today: date) -> int:
    from creditbank.domain.explanation import Refusal
    from creditbank.gateways import clock
    from creditbank.gateways.wording import say_all
    from creditbank.queries.reversals import open_request, preview_run
    from creditbank.records.scope import acting_for
    from creditbank.services.reversals import ask_reversal, confirm_reversal

    run_id = arguments.run_id
    with acting_for(institution=actor.institution, purpose="imports.reversal") as scope:
        asked = open_request(scope, run_id)
        if asked is None:
            answer = ask_reversal(scope=scope, actor=actor, run_id=run_id, reason=arguments.reason, at=clock.now())
        else:
            answer = confirm_reversal(
                scope=scope, actor=actor, run_id=run_id, seen=preview_run(scope, run_id).digest, at=clock.now(),
                on=today,
            )  # fmt: skip
        if isinstance(answer, Refusal):
            print("\n".join(say_all(answer.explanation, "en")), file=sys.stderr)
            return 1
        if asked is None:
            _tell_preview(arguments, preview_run(scope, run_id), request=str(answer))
            return 0
    if arguments.json:
        print(json.dumps({"run": str(run_id), "mirrors": answer.mirrors, "lots": answer.lots}))
    else:
        print(
            f"Run {run_id} was taken back: {answer.lots} lots of {answer.learners} learners, {answer.mirrors} mirrors."
        )
    return 0


def _tell_preview(arguments: argparse.Namespace, preview: Any, request: str = "") -> int:
    from creditbank.domain.values import format_credit

    if arguments.json:
        rows = [[one.number, one.lots, one.taken, one.given_back, one.available, one.then] for one in preview.learners]
        used = [
            [lot.line, lot.number, lot.title.zh, use.into, use.amount] for lot in preview.in_the_way for use in lot.uses
        ]
        print(json.dumps({"request": request, "learners": rows, "in_the_way": used}, ensure_ascii=False))
        return 1 if used else 0
    for one in preview.learners:
        print(
            f"{one.number}: {one.lots} lots, {format_credit(one.taken)} credits taken back,"
            f" {format_credit(one.given_back)} given back; available {format_credit(one.available)},"
            f" then {format_credit(one.then)}."
        )
    for lot in preview.in_the_way:
        for use in lot.uses:
            print(
                f"line {lot.line}, {lot.number}, {lot.title.zh}: {format_credit(use.amount)} became {use.into or '-'}."
            )
    print(f"{len(preview.standing)} lots of {len(preview.learners)} learners, {len(preview.in_the_way)} in use since.")
    if request:
        print("Asked for. A second registrar repeats this command with --by to confirm it; nothing was posted yet.")
    else:
        print("This was a dry run: nothing was changed.")
    return 1 if preview.in_the_way else 0


def _tell_opening(arguments: argparse.Namespace, read: Any, plan: Any) -> int:
    from creditbank.exchange.results import ALL_MESSAGES
    from creditbank.gateways.wording import say_code

    counts = {"recognitions": len(plan.recognitions), "conversions": len(plan.conversions)}
    repeated = plan.repeated + read.repeated
    if arguments.json:
        refused = [[row.line, row.column, row.code, {k: str(v) for k, v in row.facts.items()}] for row in plan.refused]
        print(json.dumps(counts | {"repeated": repeated, "refused": refused}, ensure_ascii=False))
    else:
        for row in plan.refused:
            where = f", column {row.column}" if row.column else ""
            print(f"line {row.line}{where}: {say_code(row.code, row.facts, 'en', ALL_MESSAGES)}")
        print(
            f"{counts['recognitions']} recognitions and {counts['conversions']} conversions, {repeated} known already,"
            f" {len(plan.refused)} refused. This was a dry run: nothing was posted."
        )
    return 1 if plan.refused else 0


class _bar:  # noqa: N801 - used as a context, read as a verb
    """A progress bar on a terminal, nothing elsewhere."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._shown = sys.stderr.isatty() and not arguments.json

    def __enter__(self) -> Any:
        if not self._shown:
            return lambda _done, _total: None
        from rich.console import Console
        from rich.progress import Progress

        self._progress = Progress(console=Console(stderr=True))
        self._progress.start()
        task = self._progress.add_task("Importing", total=None)
        return lambda done, total: self._progress.update(task, completed=done, total=total)

    def __exit__(self, *_error: object) -> None:
        if self._shown:
            self._progress.stop()


def _tell_dry_run(arguments: argparse.Namespace, found: Any) -> int:
    from creditbank.exchange.results import ALL_MESSAGES
    from creditbank.gateways.wording import say_code

    if arguments.json:
        print(
            json.dumps(
                {
                    "rows": found.rows,
                    "results": found.results,
                    "repeated": found.repeated,
                    "refused": [[row.line, row.column, row.code, row.facts] for row in found.refused],
                    "encoding": found.encoding,
                },
                ensure_ascii=False,
            )
        )
    else:
        for row in found.refused:
            where = f", column {row.column}" if row.column else ""
            print(f"line {row.line}{where}: {say_code(row.code, row.facts, 'en', ALL_MESSAGES)}")
        print(
            f"{found.rows} rows ({found.encoding}): {found.results} results, {found.repeated} identical repeats,"
            f" {len(found.refused)} refused. This was a dry run: nothing was stored."
        )
    return 1 if found.refused else 0


def _tell_run(arguments: argparse.Namespace, finished: Any) -> int:
    from creditbank.domain.values import format_credit

    if arguments.json:
        names = ("rows_total", "rows_stored", "rows_repeated", "rows_refused", "lots_posted", "hundredths_posted")
        print(json.dumps({"run": str(finished.run_id)} | {name: getattr(finished, name) for name in names}))
    else:
        print(
            f"Run {finished.run_id}: {finished.rows_total} rows ({finished.encoding});"
            f" {finished.rows_stored} stored, {finished.rows_repeated} known already, {finished.rows_refused} refused;"
            f" {finished.lots_posted} lots, {format_credit(finished.hundredths_posted)} credits posted."
        )
        if finished.rows_refused:
            print("The refused rows with their reasons are on the run's page in the office.")
    return 1 if finished.rows_refused else 0
