"""Send results out to another system, write an earlier batch again, or take its answer in."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

from creditbank.cli.boot import actor_of, opened, place_of, refused

_FORMS = ("xlsx", "csv", "csv-gb18030")
_SAID = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to send or take in, for whom, up to when, and in what form."""
    parser.add_argument("kind", choices=["registrar"], help="the sheet that the academic affairs (教务) system takes")
    parser.add_argument("--institution", required=True, metavar="CODE", help="whose results they are")
    parser.add_argument("--mapping", type=Path, metavar="FILE", help="the columns (default: those of the last batch)")
    parser.add_argument("--until", type=date.fromisoformat, metavar="DATE", help="the last day whose postings go out")
    parser.add_argument("--batch", type=int, metavar="NUMBER", help="write this earlier batch again; none is made")
    parser.add_argument("--form", choices=_FORMS, default="xlsx", help="the form of the file (default: xlsx)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="where to write it (default: here, by its own name)")
    parser.add_argument("--by", metavar="SIGN-IN", help="who decides to export (default: the institution itself)")
    parser.add_argument(
        "--returned", type=Path, metavar="FILE", help="the sheet with which the other system answered --batch"
    )
    parser.add_argument(
        "--sheet-on", type=date.fromisoformat, metavar="DATE", help="the day of the returned sheet (default: today)"
    )
    parser.add_argument("--encoding", help="of a returned text file, when the found one is wrong")


def run(arguments: argparse.Namespace) -> int:
    """Exit 0: done; 1: nothing waits to go out, or lines came back otherwise; 2: something is unreadable or unknown."""
    if arguments.returned is not None and arguments.batch is None:
        print("Say with --batch which batch the sheet answers. Nothing was taken in.", file=sys.stderr)
        return 2
    from creditbank.domain.rules.places import UnreadableError
    from creditbank.exchange.documents import DocumentError

    with opened(arguments, "export"):
        from creditbank.domain.access import Actor, Role
        from creditbank.exchange import registrar
        from creditbank.gateways.documents import file_bytes

        place = place_of(arguments)
        actor = Actor(actor_of(arguments, place), place.id, None, frozenset({Role.REGISTRAR}))
        given = None
        if arguments.mapping is not None:
            try:
                data = file_bytes(arguments.mapping, most_bytes=registrar.MOST_MAPPING_BYTES)
                given = registrar.read_mapping_bytes(data, name=arguments.mapping.name)
            except (OSError, DocumentError, UnreadableError) as error:
                print(f"{arguments.mapping}: {error}. Nothing was done.", file=sys.stderr)
                return 2
        if arguments.returned is not None:
            return _take_back(arguments, place, actor, given)
        return _export(arguments, actor, given)


def _export(arguments: argparse.Namespace, actor: Any, given: Any) -> int:
    from creditbank.cli.shown import said
    from creditbank.domain.explanation import Refusal
    from creditbank.domain.registrar.lines import MESSAGES
    from creditbank.exchange import registrar
    from creditbank.gateways import clock
    from creditbank.records.scope import acting_for
    from creditbank.services.registrar.export import make_batch

    number = arguments.batch
    if number is None:
        with acting_for(institution=actor.institution, purpose="export") as scope:
            sheet, document = given or registrar.mapping_for(scope)
            made = make_batch(
                scope=scope, actor=actor, sheet=sheet, document=document, until=arguments.until, at=clock.now()
            )
        if isinstance(made, Refusal):
            print("\n".join(said(made.explanation, MESSAGES)), file=sys.stderr)
            return 1
        number = made.number
    # The batch is kept before its file is written: a file that cannot be written is written again with --batch.
    with acting_for(institution=actor.institution, purpose="export") as scope:
        return _write(arguments, scope, _batch(scope, number))


def _batch(scope: Any, number: int) -> Any:
    from creditbank.gateways.problem import Problem
    from creditbank.queries.registrar.batches import numbered_batch

    batch = numbered_batch(scope, number)
    if batch is None:
        raise Problem(
            en=f"There is no batch {number}. Nothing was done.", zh=f"没有编号为 {number} 的批次。没有任何操作。"
        )
    return batch


def _write(arguments: argparse.Namespace, scope: Any, batch: Any) -> int:
    from creditbank.domain.values import format_credit
    from creditbank.exchange import registrar
    from creditbank.exchange.spreadsheets import Form, write_sheet
    from creditbank.gateways.disk import replacing

    form = Form(arguments.form)
    place = arguments.out or Path(registrar.file_name(scope, batch, form))
    if not place.parent.is_dir():
        print(
            f"{place.parent} is no folder. Batch {batch.number} is kept; write it with --batch {batch.number}.",
            file=sys.stderr,
        )
        return 2
    with replacing(place) as out:
        write_sheet(out, form, registrar.batch_sheet(scope, batch), made_at=batch.recorded_at)
    if arguments.json:
        told = {
            "batch": batch.number,
            "file": str(place),
            "lines": batch.lines,
            "offsets": batch.offsets,
            "sent_again": batch.resent,
            "hundredths": batch.credit,
        }
        print(json.dumps(told, ensure_ascii=False))
    else:
        print(
            f"Batch {batch.number}: {batch.lines} lines, {format_credit(batch.credit)} credits"
            f" ({batch.resent} lines sent again, {batch.offsets} postings that offset each other); written to {place}"
        )
    return 0


def _take_back(arguments: argparse.Namespace, place: Any, actor: Any, given: Any) -> int:
    """Take the answer of the other system in, line by line; nothing is sent again by itself."""
    from creditbank.domain.explanation import Refusal
    from creditbank.exchange.registrar import read_returned
    from creditbank.gateways import clock
    from creditbank.gateways.files import FileRefused, open_upload
    from creditbank.records.scope import acting_for
    from creditbank.services.registrar.reconcile import keep_returned

    today = clock.today(place.zone)
    with acting_for(institution=place.id, purpose="export") as scope:
        batch = _batch(scope, arguments.batch)
        sheet = given[0] if given else batch.sheet
        try:
            with open_upload(arguments.returned) as upload:
                returned = read_returned(upload, sheet, encoding=arguments.encoding)
        except FileRefused as problem:
            print(f"{arguments.returned}: {problem} Nothing was taken in.", file=sys.stderr)
            return 2
        kept = keep_returned(
            scope=scope,
            actor=actor,
            batch_id=batch.batch_id,
            sheet=sheet,
            returned=returned,
            sheet_on=arguments.sheet_on or today,
            at=clock.now(),
        )
        if isinstance(kept, Refusal):
            raise refused(kept)
        return _tell(arguments, scope, batch, kept)


def _tell(arguments: argparse.Namespace, scope: Any, batch: Any, kept: Any) -> int:
    from creditbank.domain.registrar.compare import Outcome
    from creditbank.exchange.registrar import ALL_MESSAGES
    from creditbank.gateways.wording import say_code
    from creditbank.queries.registrar.reconciliations import every_finding

    counts = dict.fromkeys((one.value for one in Outcome), 0)
    counts |= Counter(one.outcome for one in every_finding(scope, kept.reconciliation_id))
    others = [one for one in every_finding(scope, kept.reconciliation_id) if one.outcome != Outcome.ACCEPTED]
    if arguments.json:
        told = {"batch": batch.number, "reconciliation": str(kept.reconciliation_id), "repeated": kept.repeated}
        lines = [
            {"outcome": one.outcome, "row": one.row, "voucher": one.voucher, "reason": one.reason} | dict(one.detail)
            for one in others
        ]
        print(json.dumps(told | {"counts": counts, "lines": lines}, ensure_ascii=False))
        return 1 if others else 0
    for one in others[:_SAID]:
        where = f"row {one.row}" if one.row is not None else "no row"
        parts = [
            f"{column['head']}: we sent {column['ours'] or 'nothing'}, they have {column['theirs'] or 'nothing'}"
            for column in one.detail.get("columns", ())
        ]
        if "code" in one.detail:
            parts.append(say_code(one.detail["code"], one.detail["facts"], "en", ALL_MESSAGES))
        parts.append(one.reason)
        print(f"{one.voucher or 'no voucher'} ({where}) {one.outcome}: {'; '.join(part for part in parts if part)}")
    if len(others) > _SAID:
        print(f"… and {len(others) - _SAID} more; --json lists all, and so does the page of the batch")
    print(
        f"Batch {batch.number}: "
        + ", ".join(f"{count} {name}" for name, count in counts.items() if count or name == Outcome.ACCEPTED)
        + (". This file had been taken in before; nothing was changed." if kept.repeated else "")
    )
    return 1 if others else 0
