"""Send results out to another system: make the next batch, or write an earlier one again."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

from creditbank.cli.boot import opened

_FORMS = ("xlsx", "csv", "csv-gb18030")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to send, for whom, up to when, and in what form."""
    parser.add_argument("kind", choices=["registrar"], help="the sheet that the academic affairs (教务) system takes")
    parser.add_argument("--institution", required=True, metavar="CODE", help="whose results they are")
    parser.add_argument("--mapping", type=Path, metavar="FILE", help="the columns (default: those of the last batch)")
    parser.add_argument("--until", type=date.fromisoformat, metavar="DATE", help="the last day whose postings go out")
    parser.add_argument("--batch", type=int, metavar="NUMBER", help="write this earlier batch again; none is made")
    parser.add_argument("--form", choices=_FORMS, default="xlsx", help="the form of the file (default: xlsx)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="where to write it (default: here, by its own name)")
    parser.add_argument("--by", metavar="SIGN-IN", help="who decides to export (default: the institution itself)")


def run(arguments: argparse.Namespace) -> int:
    """Make and write a batch; exit 1 when nothing waits to go out, 2 when something cannot be read or found."""
    from creditbank.domain.rules.places import UnreadableError
    from creditbank.exchange.documents import DocumentError

    with opened(arguments, "export"):
        from creditbank.domain.access import Actor, Role
        from creditbank.exchange import registrar
        from creditbank.gateways.documents import file_bytes
        from creditbank.queries.institutions import account_named, institution_named

        institution = institution_named(arguments.institution)
        if institution is None:
            print(f"There is no institution with the code {arguments.institution}.", file=sys.stderr)
            return 2
        person = account_named(arguments.by) if arguments.by else institution.id
        if person is None:
            print(f"There is no account with the sign-in {arguments.by}.", file=sys.stderr)
            return 2
        given = None
        if arguments.mapping is not None:
            try:
                data = file_bytes(arguments.mapping, most_bytes=registrar.MOST_MAPPING_BYTES)
                given = registrar.read_mapping_bytes(data, name=arguments.mapping.name)
            except (OSError, DocumentError, UnreadableError) as error:
                print(f"{arguments.mapping}: {error}. Nothing was exported.", file=sys.stderr)
                return 2
        return _export(arguments, Actor(person, institution.id, None, frozenset({Role.REGISTRAR})), given)


def _export(arguments: argparse.Namespace, actor: Any, given: Any) -> int:
    from creditbank.cli.shown import said
    from creditbank.domain.explanation import Refusal
    from creditbank.domain.registrar.lines import MESSAGES
    from creditbank.exchange import registrar
    from creditbank.gateways import clock
    from creditbank.queries.registrar.batches import numbered_batch
    from creditbank.records.scope import acting_for
    from creditbank.services.registrar.export import make_batch

    with acting_for(institution=actor.institution, purpose="export") as scope:
        number = arguments.batch
        if number is None:
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
        batch = numbered_batch(scope, number)
        if batch is None:
            print(f"There is no batch {number}.", file=sys.stderr)
            return 2
        return _write(arguments, scope, batch)


def _write(arguments: argparse.Namespace, scope: Any, batch: Any) -> int:
    from creditbank.domain.values import format_credit
    from creditbank.exchange import registrar
    from creditbank.exchange.outgoing import Form
    from creditbank.gateways.disk import write_whole

    form = Form(arguments.form)
    place = arguments.out or Path(registrar.file_name(scope, batch, form))
    if not place.parent.is_dir():
        print(
            f"{place.parent} is no folder. Batch {batch.number} is kept; write it with --batch {batch.number}.",
            file=sys.stderr,
        )
        return 2
    write_whole(place, registrar.write_batch(scope, batch, form))
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
