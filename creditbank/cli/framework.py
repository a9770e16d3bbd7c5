"""Qualification frameworks, crosswalks, credit units and certification units: show, import, export."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from creditbank.cli.boot import actor_of, opened, place_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Three actions; only importing, and exporting from an institution, need a bank."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    what = "a file, or the name of one that comes with the program"

    show = actions.add_parser("show", help="say what a file holds; needs no bank")
    show.add_argument("what", nargs="?", metavar="WHAT", help=f"{what}; without it, the names of those")

    bring = actions.add_parser("import", help="take a file into an institution's rows; a second time changes nothing")
    bring.add_argument("what", metavar="WHAT", help=what)
    bring.add_argument("--institution", required=True, metavar="CODE", help="whose rows they become")
    bring.add_argument("--publish", action="store_true", help="mark what it holds to be shown to everybody")
    bring.add_argument("--by", metavar="SIGN-IN", help="who decides it (default: the institution itself)")
    bring.add_argument("--dry-run", action="store_true", help="say what it would change, store nothing")

    export = actions.add_parser("export", help="write a framework as YAML, JSON or a CASE 1.1 package")
    export.add_argument("what", metavar="WHAT", help=f"{what}; with --institution, the code of a framework")
    export.add_argument("--institution", metavar="CODE", help="whose framework, or a framework from above it")
    export.add_argument("--to", type=Path, metavar="FILE", help="where to write it (default: the terminal)")
    form = export.add_mutually_exclusive_group()
    form.add_argument("--case", action="store_true", help="as a CASE package, with the crosswalks that begin at it")
    form.add_argument("--as-json", action="store_true", help="as JSON instead of YAML")
    export.add_argument("--creator", default="Credit Bank", help="who answers for it, which CASE asks for")
    for action in (show, bring, export):
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print the answer as JSON")
        action.add_argument("--language", choices=["zh-hans", "en"], default="en", help="of the answer")


def run(arguments: argparse.Namespace) -> int:
    """Exit 1 when something of a CASE package was left out, 2 when nothing could be done."""
    from creditbank.domain.rules.places import UnreadableError
    from creditbank.exchange.documents import DocumentError

    try:
        match arguments.action:
            case "show":
                return _show(arguments)
            case "import":
                return _import(arguments)
            case _:
                return _export(arguments)
    except DocumentError as error:
        for one in (error, *error.more):
            print(one, file=sys.stderr)
    except (UnreadableError, LookupError, OSError) as error:
        said = error.args[0] if isinstance(error, LookupError) else error
        print(f"{arguments.what}: {said}", file=sys.stderr)
    print("Nothing was done.", file=sys.stderr)
    return 2


def _read(what: str) -> Any:
    """A file is meant where there is one or the word looks like one, else what comes with the program."""
    from creditbank.exchange.frameworks.files import MOST_BYTES, FileReading, read_file, read_packaged
    from creditbank.gateways.documents import file_bytes

    path = Path(what)
    if path.suffix or path.exists():
        return read_file(file_bytes(path, most_bytes=MOST_BYTES), name=path.name)
    return FileReading((read_packaged(what),))


def _show(arguments: argparse.Namespace) -> int:
    from creditbank.domain.frameworks.write import write_any
    from creditbank.exchange.frameworks.files import packaged_names

    if arguments.what is None:
        names = packaged_names()
        print(json.dumps(names) if arguments.json else "\n".join(names))
        return 0
    found = _read(arguments.what)
    if arguments.json:
        remarks = _remarks(found, arguments.language)
        print(json.dumps({"documents": [write_any(one) for one in found.documents], "remarks": remarks},
                         ensure_ascii=False))  # fmt: skip
    else:
        for one in found.documents:
            print("\n".join(_said(one, arguments.language)))
        _tell(found, arguments.language)
    return 1 if found.remarks else 0


def _import(arguments: argparse.Namespace) -> int:
    from creditbank.domain.masterdata.facts import Verdict

    found = _read(arguments.what)
    with opened(arguments, "framework"):
        from creditbank.gateways import clock
        from creditbank.records.scope import acting_for
        from creditbank.services.frameworks import plan_documents, store_documents

        place = place_of(arguments)
        what: dict[str, Any] = {
            "documents": found.documents,
            "published": arguments.publish,
            "as_of": clock.today(place.zone),
            "at": clock.now(),
        }
        actor = actor_of(arguments, place)
        with acting_for(institution=place.id, purpose="frameworks.import") as scope:
            if arguments.dry_run:
                plan = plan_documents(scope=scope, **what)
            else:
                plan = store_documents(scope=scope, actor=actor, **what)
    counts = {verdict.value: plan.count(verdict) for verdict in Verdict}
    missing = [[data_set.code, key] for data_set, key in plan.missing]
    if arguments.json:
        answer = {"counts": counts, "missing": missing, "remarks": _remarks(found, arguments.language)}
        print(json.dumps(answer | {"stored": not arguments.dry_run}, ensure_ascii=False))
    else:
        print(", ".join(f"{count} {name}" for name, count in counts.items()))
        for code, key in missing:
            print(f"{code} {key} is in the bank and not in the file. It was kept.")
        _tell(found, arguments.language)
        if arguments.dry_run:
            print("This was a dry run: nothing was stored.")
    return 1 if found.remarks else 0


def _export(arguments: argparse.Namespace) -> int:
    from creditbank.domain.frameworks.model import Crosswalk, Framework
    from creditbank.exchange.frameworks.files import FileForm, write_case, write_file
    from creditbank.gateways import clock
    from creditbank.gateways.disk import replacing

    form = FileForm.CASE if arguments.case else FileForm.JSON if arguments.as_json else FileForm.YAML
    crosswalks: tuple[Crosswalk, ...] = ()
    others: tuple[Framework, ...] = ()
    if arguments.institution:
        document, crosswalks, others = _stored(arguments)
    else:
        document = _read(arguments.what).documents[0]
    if form is not FileForm.CASE:
        content = write_file(document, form)
    elif isinstance(document, Framework):
        content = write_case(document, creator=arguments.creator, at=clock.now(), crosswalks=crosswalks, others=others)
    else:
        raise LookupError("only a framework can be written as a CASE package; its crosswalks go with it")
    if arguments.to is None:
        sys.stdout.write(content.decode())
        return 0
    with replacing(arguments.to, mode=0o644) as out:
        out.write(content)
    answer = {"file": str(arguments.to), "form": form.value, "bytes": len(content)}
    print(json.dumps(answer) if arguments.json else f"{arguments.to}: {len(content)} bytes")
    return 0


def _stored(arguments: argparse.Namespace) -> Any:
    """A framework of an institution, with the crosswalks that begin at it and the frameworks they lead to."""
    with opened(arguments, "framework"):
        from creditbank.queries.frameworks import library_at
        from creditbank.records.scope import acting_for

        with acting_for(institution=place_of(arguments).id, purpose="frameworks.export") as scope:
            library = library_at(scope)
            placed = next((one for one in library.frameworks() if one.framework.code == arguments.what), None)
            if placed is None:
                raise LookupError(f"there is no framework {arguments.what} at {arguments.institution} or above it")
            links = [one for one in library.crosswalks() if one.first.key == placed.key]
    crosswalks = tuple(one.crosswalk for one in links)
    return placed.framework, crosswalks, tuple(one.second.framework for one in links)


def _remarks(found: Any, language: str) -> list[str]:
    from creditbank.exchange.frameworks.case_reading import MESSAGES
    from creditbank.gateways.wording import say_code

    return [say_code(line.code, line.facts, language, MESSAGES) for line in found.remarks]


def _tell(found: Any, language: str) -> None:
    for said in _remarks(found, language):
        print(said)


def _said(document: Any, language: str) -> list[str]:
    from creditbank.domain.frameworks.model import CertificationUnit, Crosswalk, Framework, UnitTable
    from creditbank.domain.frameworks.units import interval_said, said

    match document:
        case Framework():
            head = f"{document.code}  {document.name.said_in(language)}  {document.edition}"
            lines = [f"  {one.code:<8} {said(one.ordinal):>5}  {one.name.said_in(language)}" for one in document.levels]
        case Crosswalk():
            head = f"{document.code}  {document.from_framework} → {document.to_framework}"
            lines = [
                f"  {one.from_level:<8} {one.match.value:<8} {one.to_level:<8}"
                + ("" if one.confidence is None else f" {one.confidence} %")
                for one in document.rows
            ]
        case UnitTable():
            head = f"{len(document.systems)} credit units, {len(document.ratios)} ratios"
            lines = [
                f"  {one.code:<14} {interval_said(one.hours) if one.hours else '—':>6} h "
                f"{said(one.full_year) if one.full_year else '—':>5} a year  {one.name.said_in(language)}"
                for one in document.systems
            ]
        case _:
            units: tuple[CertificationUnit, ...] = document
            head = f"{len(units)} certification units"
            lines = [
                f"  {one.code:<14} {said(one.credit):>5} {one.unit}  {one.framework} {one.level}  "
                f"{one.name.said_in(language)}"
                for one in units
            ]
    return [head, *lines]
