"""Audit a learner's record against a programme, on files and without a database."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from creditbank.cli.shown import said
from creditbank.domain.audit.answer import to_data
from creditbank.domain.audit.decide import audit
from creditbank.domain.audit.explain import MESSAGES, explain
from creditbank.domain.audit.model import Proof
from creditbank.domain.explanation import to_data as explanation_data
from creditbank.exchange.documents import MOST_BYTES, DocumentError
from creditbank.exchange.programmes import load_packaged_programme, load_programme, load_record
from creditbank.gateways.documents import file_bytes, programme_codes

if TYPE_CHECKING:
    import argparse

    from creditbank.domain.audit.model import Problem, Solution
    from creditbank.domain.programmes.model import Programme

MET, NOT_MET, UNREADABLE, UNDECIDED = 0, 1, 2, 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The two documents."""
    parser.add_argument(
        "programme", metavar="PROGRAMME", nargs="?", help="a file with a programme, or the name of one that comes along"
    )
    parser.add_argument("record", metavar="RECORD", nargs="?", help="a file with a learner's credits")
    parser.add_argument(
        "--institution", metavar="CODE", help="audit all learners of an institution of the bank instead, and store it"
    )


def run(args: argparse.Namespace) -> int:
    """Exit status 0: everything is met; 1: not met; 2: a document cannot be read; 3: not decided."""
    if args.institution:
        return _population(args)
    if args.programme is None or args.record is None:
        print("Name a programme and a record, or an institution with --institution CODE.", file=sys.stderr)
        return UNREADABLE
    try:
        programme = _programme(args.programme)
        record = load_record(file_bytes(args.record, most_bytes=MOST_BYTES), name=args.record)
    except DocumentError as error:
        print(error, file=sys.stderr)
        return UNREADABLE
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        return UNREADABLE
    except LookupError as error:
        print(f"{error.args[0]}; there are {', '.join(programme_codes())}", file=sys.stderr)
        return UNREADABLE
    answer = audit(programme, record.credits, previous=record.previous, solve=_solve, on=record.on)
    explanation = explain(answer)
    if args.json:
        data = {**to_data(answer), "learner": record.learner, "explanation": explanation_data(explanation)}
        print(json.dumps(data, ensure_ascii=False, indent=2))
    else:
        print("\n".join(said(explanation, MESSAGES)))
    if answer.met:
        return MET
    return UNDECIDED if answer.proof is Proof.OPEN and not answer.bound else NOT_MET


def _population(args: argparse.Namespace) -> int:
    """Audit every learner of an institution against its programmes, and store their progress."""
    from creditbank.cli.boot import opened, place_of

    with opened(args, "audit"):
        from creditbank.gateways import clock
        from creditbank.projections.progress import rebuild_progress
        from creditbank.records.scope import acting_for

        place = place_of(args)
        began = clock.monotonic()
        with acting_for(institution=place.id, purpose="audit") as scope:
            count = rebuild_progress(scope, at=clock.now(), on=clock.today(place.zone))
        seconds = clock.monotonic() - began
        if args.json:
            print(json.dumps({"audits": count, "milliseconds": round(seconds * 1000)}))
        else:
            print(f"{count:,} audits of {place.name} are stored ({seconds:.1f} s).")
    return MET


def _programme(named: str) -> Programme:
    """A file is meant where the word looks like one, else a programme that comes along."""
    if Path(named).suffix or "/" in named:
        return load_programme(file_bytes(named, most_bytes=MOST_BYTES), name=named)
    return load_packaged_programme(named)


def _solve(problem: Problem) -> Solution:
    # The solver takes a second to load, and few audits ask it.
    from creditbank.gateways.solver import solve

    return solve(problem)
