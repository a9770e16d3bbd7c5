"""Official lists of issuers: bring one in, withdraw one, see what they found."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

from creditbank.cli.boot import actor_of, id_of, opened, place_of, refused
from creditbank.cli.shown import tell_refused


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Three actions."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    bring = actions.add_parser("import", help="match a list, verify claims, propose what nobody claimed")
    bring.add_argument("file", type=Path, help="an XLSX or CSV file")
    bring.add_argument("--institution", required=True, metavar="CODE", help="whose learners it is matched with")
    kind = bring.add_mutually_exclusive_group(required=True)
    kind.add_argument("--kind", metavar="CODE", help="a kind of list: of the program, or of the school's own")
    kind.add_argument("--mapping", type=Path, metavar="FILE", help="another kind, as creditbank.list_mapping/1")
    bring.add_argument("--title", help="what the list is called (default: the file's name)")
    bring.add_argument("--issuer", default="", help="who made it")
    bring.add_argument(
        "--issued-on", type=date.fromisoformat, metavar="DATE", help="the day of this version (default: today)"
    )
    ours = bring.add_mutually_exclusive_group()
    ours.add_argument("--all-ours", action="store_true", default=None, help="every line is about this school")
    ours.add_argument("--many-schools", dest="all_ours", action="store_false", help="a name alone is never enough")
    bring.add_argument(
        "--every", action="append", default=[], metavar="COLUMN=TEXT", help="what holds for every row; may be repeated"
    )
    bring.add_argument("--also-called", action="append", default=[], metavar="NAME", help="another name of the school")
    bring.add_argument("--sheet", help="the sheet of a workbook (default: the first whose head fits)")
    bring.add_argument("--encoding", help="the encoding of a CSV file, when the found one is wrong")
    bring.add_argument("--by", metavar="SIGN-IN", help="who brings it in (default: the institution itself)")
    bring.add_argument("--dry-run", action="store_true", help="say what each line would do, store nothing")

    withdraw = actions.add_parser("withdraw", help="take a list back as one")
    withdraw.add_argument("list", help="the list's id, as the import printed it")
    withdraw.add_argument("--institution", required=True, metavar="CODE", help="whose list it is")
    withdraw.add_argument("--by", metavar="SIGN-IN", help="who decides it (default: the institution itself)")

    status = actions.add_parser("status", help="the lists of a school and what they mean now")
    status.add_argument("--institution", required=True, metavar="CODE", help="whose lists")
    for action in (bring, withdraw, status):
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print the answer as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Exit 1 when rows were refused or lines are doubtful, 2 when nothing could be done."""
    with opened(arguments, "list") as bank:
        place = place_of(arguments)
        actor = actor_of(arguments, place)
        match arguments.action:
            case "import":
                return _import(arguments, bank, place, actor)
            case "withdraw":
                return _withdraw(arguments, place, actor)
            case _:
                return _status(arguments, place)


def _kind(arguments: argparse.Namespace, place: Any) -> Any:
    from creditbank.exchange.official_lists import MOST_MAPPING_BYTES, kinds_here, read_kind_bytes
    from creditbank.gateways.documents import file_bytes
    from creditbank.records.scope import acting_for

    if arguments.kind:
        with acting_for(institution=place.id, purpose="lists.import") as scope:
            known = {kind.code: kind for kind in kinds_here(scope)}
        if arguments.kind not in known:
            raise OSError(f"--kind {arguments.kind}: there is no such kind; there are {', '.join(sorted(known))}.")
        return known[arguments.kind]
    data = file_bytes(arguments.mapping, most_bytes=MOST_MAPPING_BYTES)
    return read_kind_bytes(data, name=arguments.mapping.name)


def _import(arguments: argparse.Namespace, bank: Any, place: Any, actor: Any) -> int:
    from creditbank.domain.explanation import Refusal
    from creditbank.domain.rules.places import UnreadableError
    from creditbank.exchange.documents import DocumentError
    from creditbank.exchange.encoding import SheetProblem
    from creditbank.exchange.official_lists import read_list
    from creditbank.gateways import clock
    from creditbank.gateways.files import FileRefused, open_upload
    from creditbank.gateways.identities import Identities
    from creditbank.records.scope import acting_for
    from creditbank.services.official_lists.imports import About, apply_list, plan_list

    today = clock.today(place.zone)
    if (arguments.issued_on or today) > today:
        print(f"{arguments.issued_on} is still to come. Nothing was brought in.", file=sys.stderr)
        return 2
    try:
        kind = _kind(arguments, place)
        every = _every(arguments.every, kind)
        with open_upload(arguments.file) as upload:
            read = read_list(
                upload, kind, institution=place.id, sheet=arguments.sheet, encoding=arguments.encoding, every=every,
                today=today,
            )  # fmt: skip
    except (SheetProblem, FileRefused, DocumentError, UnreadableError, OSError) as refusal:
        print(f"{arguments.file}: {refusal} Nothing was brought in.", file=sys.stderr)
        return 2
    about = About(
        arguments.title or arguments.file.stem,
        arguments.issuer,
        arguments.issued_on or today,
        kind.all_ours if arguments.all_ours is None else arguments.all_ours,
        tuple(arguments.also_called),
    )
    what: dict[str, Any] = {"identities": Identities(bank), "brought": read.brought(), "about": about}
    with acting_for(institution=place.id, purpose="lists.import") as scope:
        if arguments.dry_run:
            answer: Any = plan_list(scope=scope, **what)
        else:
            answer = apply_list(scope=scope, **what, actor=actor, at=clock.now())
    if isinstance(answer, Refusal):
        raise refused(answer)
    return _tell_plan(arguments, read, answer) if arguments.dry_run else _tell(arguments, read, answer)


def _every(given: list[str], kind: Any) -> dict[str, str]:
    """What holds for every row, by column."""
    known = {field.name for field in kind.stated}
    every: dict[str, str] = {}
    for one in given:
        name, mark, text = one.partition("=")
        if not mark or name not in known:
            raise OSError(f"--every {one}: write COLUMN=TEXT; the columns are {', '.join(sorted(known))}.")
        every[name] = text
    return every


def _tell(arguments: argparse.Namespace, read: Any, applied: Any) -> int:
    counts = {
        "rows": read.rows, "certain": applied.certain, "doubtful": applied.doubtful, "nobody": applied.nobody,
        "no_outcome": read.left, "refused": len({fault.line for fault in read.refused}), "proposed": applied.proposed,
    }  # fmt: skip
    if arguments.json:
        print(json.dumps({"list": str(applied.list_id), "repeated": applied.repeated} | counts))
    else:
        tell_refused(read.notes, read.refused)
        print(
            f"List {applied.list_id}: {counts['rows']} rows; {counts['certain']} found, {counts['doubtful']} doubtful,"
            f" {counts['nobody']} nobody of ours, {counts['no_outcome']} rows without an outcome, {counts['refused']}"
            f" refused; {counts['proposed']} outcomes proposed to their learners."
            + (" It was applied before." if applied.repeated else "")
        )
    return 1 if read.refused or applied.doubtful else 0


def _tell_plan(arguments: argparse.Namespace, read: Any, plan: Any) -> int:
    from creditbank.domain.official_lists.matching import Found
    from creditbank.gateways import wording

    counts = {found.value: plan.count(found) for found in Found}
    standings = {standing.value: count for standing, count in sorted(plan.standings.items())}
    if arguments.json:
        answer: dict[str, Any] = {
            "known": str(plan.known) if plan.known else None,
            "counts": counts,
            "standings": standings,
        }
        answer |= {
            "refused": [[fault.line, fault.column, fault.code] for fault in read.refused],
            "gone": len(plan.gone),
        }
        print(json.dumps(answer | {"unknown_values": read.unknown_values}, ensure_ascii=False))
    else:
        tell_refused(read.notes, read.refused)
        for line in plan.lines:
            if line.match.found is Found.DOUBTFUL:
                why = " ".join(wording.say(one, "en") for one in line.match.explanation)
                print(f"line {line.entry.line}: {line.entry.person.name}: {why}")
        said = ", ".join(f"{count} {name}" for name, count in (counts | standings).items())
        print(f"{said}; {len(plan.gone)} only on an earlier version. This was a dry run: nothing was stored.")
    return 1 if read.refused or counts["doubtful"] else 0


def _withdraw(arguments: argparse.Namespace, place: Any, actor: Any) -> int:
    from creditbank.domain.explanation import Refusal
    from creditbank.gateways import clock
    from creditbank.records.scope import acting_for
    from creditbank.services.official_lists.imports import withdraw_list

    list_id = id_of(arguments.list, en="a list", zh="名单")
    with acting_for(institution=place.id, purpose="lists.withdraw") as scope:
        answer = withdraw_list(scope=scope, actor=actor, list_id=list_id, at=clock.now())
    if isinstance(answer, Refusal):
        raise refused(answer)
    print(
        json.dumps({"list": str(answer), "state": "withdrawn"}) if arguments.json else f"List {answer} was withdrawn."
    )
    return 0


def _status(arguments: argparse.Namespace, place: Any) -> int:
    from creditbank.domain.access import Actor
    from creditbank.queries.official_lists.lists import count_standings, lines_of, list_lists, standings_of
    from creditbank.records.scope import acting_for

    with acting_for(institution=place.id, purpose="lists.status") as scope:
        found, total = list_lists(scope, Actor(institution=place.id), limit=50)
        meanings = {one.list_id: count_standings(standings_of(scope, one.list_id, lines_of(scope, one.list_id)))
                    for one in found}  # fmt: skip
    if arguments.json:
        answer = [
            {
                "list": str(one.list_id), "kind": one.kind, "title": one.title, "issued_on": one.issued_on.isoformat(),
                "state": one.state, "rows": one.rows, "refused": one.refused, "no_outcome": one.left,
                "found": dict(one.counts), "means": {key.value: count for key, count in meanings[one.list_id].items()},
            }
            for one in found
        ]  # fmt: skip
        print(json.dumps(answer, ensure_ascii=False))
        return 0
    for one in found:
        said = ", ".join(f"{count} {name}" for name, count in sorted(one.counts.items()))
        means = ", ".join(f"{count} {key.value}" for key, count in sorted(meanings[one.list_id].items()))
        print(f"{one.list_id}  {one.issued_on}  {one.state:<9}  {one.title}\n    {said}{'; ' + means if means else ''}")
    print(f"{total} lists" + (f", the newest {len(found)} shown" if len(found) < total else ""))
    return 0
