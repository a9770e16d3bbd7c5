"""The outcome catalogue: search it, bring a whitelist in, write it out."""

from __future__ import annotations

import argparse
import io
import itertools
import json
import sys
from pathlib import Path
from typing import Any

from creditbank.cli.boot import actor_of, opened, place_of
from creditbank.cli.shown import tell_refused


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Three actions."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    search = actions.add_parser("search", help="find published items by name, alias, pinyin or initials")
    search.add_argument("text", help="what to look for")
    search.add_argument("--institution", metavar="CODE", help="whose catalogue (default: every one)")
    search.add_argument("--most", type=int, default=20, help="how many at most (default: 20)")

    bring = actions.add_parser("import", help="bring a whitelist in: XLSX, CSV, YAML or JSON")
    bring.add_argument("file", type=Path, help="a sheet, or a creditbank.catalogue/1 document")
    bring.add_argument("--institution", required=True, metavar="CODE", help="whose catalogue")
    bring.add_argument("--by", metavar="SIGN-IN", help="who types it, and so approves none of it")
    bring.add_argument("--submit", action="store_true", help="submit for approval what can be submitted")
    bring.add_argument("--dry-run", action="store_true", help="say what each row would do, store nothing")

    export = actions.add_parser("export", help="write what was typed under the template's headings")
    export.add_argument("--institution", required=True, metavar="CODE", help="whose catalogue")
    export.add_argument("--to", type=Path, default=Path("catalogue.xlsx"), metavar="FILE", help="where to write it")
    export.add_argument("--language", choices=["zh-hans", "en"], default="zh-hans", help="of the headings")
    for action in (search, bring, export):
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print the answer as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Exit 1 when rows were refused or nothing was found, 2 when nothing could be done."""
    with opened(arguments, "catalogue") as bank:
        match arguments.action:
            case "search":
                return _search(arguments)
            case "import":
                return _import(arguments, bank)
            case _:
                return _export(arguments)


def _search(arguments: argparse.Namespace) -> int:
    from creditbank.queries.catalogue.items import items_found
    from creditbank.queries.catalogue.search import search_items
    from creditbank.records.scope import acting_for

    places = [place_of(arguments).id] if arguments.institution else []
    with acting_for(purpose="catalogue.search") as scope:
        found = search_items(scope, arguments.text, institutions=places, most=max(1, arguments.most))
        lines = items_found(scope, found)
    how = {(one.institution, one.code): one.match for one in found}
    if arguments.json:
        answer = [
            {
                "institution": line.institution_code, "code": line.code, "name": line.item.name.zh,
                "name_en": line.item.name.en, "tier": line.item.tier, "state": line.shown_state.value,
                "found": how[line.institution, line.code].found.value,
                "score": how[line.institution, line.code].score,
            }
            for line in lines
        ]  # fmt: skip
        print(json.dumps(answer, ensure_ascii=False))
    else:
        for line in lines:
            match = how[line.institution, line.code]
            print(f"{match.found.value:<12}{line.institution_code}/{line.code}  {line.item.name.zh}")
        if not lines:
            print("Nothing in the catalogue fits this.", file=sys.stderr)
    return 0 if lines else 1


def _import(arguments: argparse.Namespace, bank: Any) -> int:
    from creditbank.domain.masterdata.catalogue_sets import CATALOGUE
    from creditbank.domain.masterdata.facts import Verdict
    from creditbank.domain.rules.places import UnreadableError
    from creditbank.exchange.catalogue import MOST_BYTES, read_catalogue, sheet_of
    from creditbank.exchange.documents import DocumentError
    from creditbank.exchange.encoding import SheetProblem
    from creditbank.exchange.masterdata.imports import import_sheet, plan_sheet, read_sheet
    from creditbank.gateways import clock
    from creditbank.gateways.documents import file_bytes
    from creditbank.gateways.files import FileRefused, open_upload
    from creditbank.gateways.identities import Identities

    place = place_of(arguments)
    actor = actor_of(arguments, place)
    today = clock.today(place.zone)
    source: Any = arguments.file
    try:
        if arguments.file.suffix.lower() in (".yaml", ".yml", ".json"):
            data = file_bytes(arguments.file, most_bytes=MOST_BYTES)
            source = io.BytesIO(sheet_of(read_catalogue(data, name=arguments.file.name)))
        name = arguments.file.name if source is arguments.file else f"{arguments.file.stem}.csv"
        with open_upload(source, name=name) as upload:
            read = read_sheet(upload, CATALOGUE, institution=place.id, today=today, as_of=today)
    except (SheetProblem, FileRefused, DocumentError, UnreadableError, OSError) as refusal:
        print(f"{arguments.file}: {refusal} Nothing was imported.", file=sys.stderr)
        return 2
    what: dict[str, Any] = {"institution": place.id, "identities": Identities(bank), "as_of": today}
    if arguments.dry_run:
        plan = plan_sheet(read, **what)
        counts = {verdict.value: plan.count(verdict) for verdict in Verdict}
        counts["refused"] = len({fault.line for fault in plan.refused})
        return _tell(arguments, read, counts, "This was a dry run: nothing was stored.")
    done = import_sheet(read, **what, actor=actor, now=clock.now)
    counts = {name: getattr(done, f"rows_{name}") for name in ("new", "changed", "repeated", "refused")}
    counts["same"] = done.rows_total - sum(counts.values())
    if arguments.submit:
        counts |= _submit(place, actor, [row.record.key for row in read.given.rows])
    return _tell(arguments, read, counts, f"Run {done.run_id}; nothing of it is public before it is approved.")


def _submit(place: Any, actor: Any, codes: list[str]) -> dict[str, int]:
    """Submit what was brought in; what cannot be submitted is told, and waits as a draft."""
    from creditbank.domain.explanation import Refusal
    from creditbank.gateways import clock, wording
    from creditbank.records.scope import acting_for
    from creditbank.services.catalogue.versions import submit_item

    submitted = 0
    for code in codes:
        with acting_for(institution=place.id, purpose="catalogue.submit") as scope:
            answer = submit_item(scope=scope, actor=actor, code=code, at=clock.now(), on=clock.today(place.zone))
        if isinstance(answer, Refusal):
            print(f"{code}: {' '.join(wording.say(line, 'en') for line in answer.explanation)}", file=sys.stderr)
        else:
            submitted += 1
    return {"submitted": submitted, "not_submitted": len(codes) - submitted}


def _tell(arguments: argparse.Namespace, read: Any, counts: dict[str, int], end: str) -> int:
    if arguments.json:
        refused = [[fault.line, fault.column, fault.code] for fault in read.given.refused]
        answer = {"file": arguments.file.name, "counts": counts, "refused": refused}
        print(json.dumps(answer, ensure_ascii=False))
    else:
        tell_refused(read.notes, read.given.refused)
        told = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
        print(f"{arguments.file.name}: {told}. {end}")
    return 1 if read.given.refused else 0


def _export(arguments: argparse.Namespace) -> int:
    from creditbank.domain.masterdata.catalogue_sets import CATALOGUE
    from creditbank.exchange.masterdata.writing import export_sheet
    from creditbank.exchange.spreadsheets import write_workbook
    from creditbank.gateways.disk import replacing
    from creditbank.queries.masterdata.rows import every_row
    from creditbank.records.scope import acting_for

    place = place_of(arguments)
    count = itertools.count()
    with acting_for(institution=place.id, purpose="catalogue.export") as scope:
        rows = (row.content for row, _ in zip(every_row(scope, CATALOGUE), count, strict=False))
        with replacing(arguments.to, mode=0o644) as out:
            write_workbook(out, [export_sheet(CATALOGUE, rows, language=arguments.language, identities=None)])
    written = next(count)
    print(
        json.dumps({"file": str(arguments.to), "rows": written})
        if arguments.json
        else f"{arguments.to}: {written} rows"
    )
    return 0
