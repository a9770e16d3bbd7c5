"""Uploaded sheets of results between their steps: what was said of them, the dry run, the import."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from creditbank.domain.explanation import Fact, fact_data, fact_of
from creditbank.domain.results import RefusedRow
from creditbank.exchange.encoding import SheetProblem
from creditbank.exchange.imports import BATCH, import_reading, result_items
from creditbank.exchange.kept_sheets import KeptSheet
from creditbank.exchange.result_sheets import RESULTS, Answers, School, read_answers
from creditbank.exchange.results import Reading, read_results
from creditbank.gateways import staging
from creditbank.gateways.bank import Bank
from creditbank.gateways.files import FileRefused, Upload
from creditbank.records.results import ImportRun
from creditbank.records.scope import acting_for
from creditbank.services.masterdata.imports import remember_mapping
from creditbank.services.results.deciding import Deciding
from creditbank.services.results.plans import MOST_NAMED, ResultPlan, plan_batch

AT_ONCE = 5_000
"""Up to so many rows a page does the work itself; more are left to the worker."""

PLAN, IMPORT = "plan", "import"
"""What a sheet can wait for."""

DRY_RUN = "dry-run"
"""The part of a kept sheet's report that tells what it would store."""


@dataclass(slots=True)
class KeptResults(KeptSheet):
    """An uploaded sheet of results between its steps."""

    @property
    def shape(self) -> str:
        """Long or wide."""
        return str(self.state["shape"])

    @property
    def waits_for(self) -> str:
        """What the worker was asked to do and has not done: plan, import or nothing."""
        return str(self.state.get("waits_for", ""))

    @property
    def file_hash(self) -> str:
        """As an import from this machine calls the same file."""
        return str(self.state["file_hash"])

    def report(self) -> dict[str, Any] | None:
        """The dry run by the present answers, where there is one."""
        kept = staging.report_of(self.bank, self.institution, self.upload_id, DRY_RUN)
        found: dict[str, Any] = json.loads(kept) if kept else {}
        return found if found and found["digest"] == self.digest else None

    @property
    def digest(self) -> str:
        """What tells one set of answers from another."""
        return str(self.state.get("digest", ""))


def find_kept(bank: Bank, institution: UUID, upload_id: UUID) -> KeptResults | None:
    """The kept sheet of an id, when this institution has it and it is one of results."""
    state = staging.state_of(bank, institution, upload_id)
    if state is None or state.get("set") != RESULTS.code:
        return None
    return KeptResults(bank, institution, upload_id, state)


def keep_results(
    bank: Bank, institution: UUID, upload_id: UUID, content: bytes, *, name: str, as_of: date, shape: str
) -> None:
    """Keep an uploaded sheet sealed until it is imported or too old."""
    file_hash = hashlib.sha256(hashlib.sha256(content).digest()).hexdigest()
    state = {"set": RESULTS.code, "name": name, "as_of": as_of.isoformat(), "shape": shape, "file_hash": file_hash}
    staging.keep_sheet(bank, institution, upload_id, content, state)


def plan_kept(kept: KeptResults, *, today: date) -> None:
    """Make the dry run of a kept sheet and keep what it says; nothing else is stored."""
    mapping, plan, deciding = read_answers(kept.state["mapping"]), ResultPlan(), Deciding()
    try:
        with kept.opened() as upload:
            reading = read_results(upload, mapping, _no_related, today=today)
            items = result_items(reading)
            while batch := list(itertools.islice(items, BATCH)):
                with acting_for(institution=kept.institution, purpose="results.plan") as scope:
                    plan_batch(scope=scope, plan=plan, items=batch, deciding=deciding, as_of=kept.as_of)
    except (SheetProblem, FileRefused) as problem:
        report: dict[str, Any] = {"digest": mapping.digest, "problem": [problem.code, _plain(problem.facts)]}
    else:
        report = {"digest": mapping.digest, "plan": _plan_data(plan, reading)}
    staging.keep_report(kept.bank, kept.institution, kept.upload_id, DRY_RUN, json.dumps(report).encode())


def import_kept(kept: KeptResults, *, today: date, now: Callable[[], datetime]) -> ImportRun:
    """Import a kept sheet as one run, and remember what its columns and words meant.

    Raises:
        BlockingIOError: it is being imported at this moment.
        SheetProblem: the file cannot be read as such a sheet.
    """
    mapping = read_answers(kept.state["mapping"])
    actor = UUID(kept.state["actor"])
    with kept.opened() as upload:
        reading = read_results(upload, mapping, _no_related, today=today)
        run = import_reading(
            reading=reading,
            mapping_hash=mapping.digest,
            file_name=kept.name,
            file_hash=kept.file_hash,
            institution=kept.institution,
            actor=actor,
            now=now,
            as_of=kept.as_of,
        )
    with acting_for(institution=kept.institution, purpose="results.import") as scope:
        remember_mapping(
            scope=scope,
            data_set=School((), {}, ()).columns(kept.shape),
            headings=kept.state["headings"],
            values={**kept.state["words"], "every": kept.state["every"], "course": kept.state["courses"]},
            actor=actor,
            at=now(),
        )
    kept.note(run=str(run.run_id), waits_for="")
    return run


def answers_of(kept: KeptResults) -> Answers:
    """What was said of a kept sheet so far."""
    return Answers(
        kept.shape, kept.given or {}, kept.state.get("courses", {}), kept.state.get("words", {}),
        kept.state.get("every", {}),
    )  # fmt: skip


def refused_rows(report: dict[str, Any]) -> list[RefusedRow]:
    """The refused rows of a dry run."""
    return [RefusedRow(line, column, code, _facts(facts)) for line, column, code, facts in report["plan"]["refused"]]


def whole_problem(report: dict[str, Any]) -> tuple[str, dict[str, Fact]] | None:
    """Why the sheet could not be tried at all: the sentence's code and its facts; nothing where it could."""
    if "problem" not in report:
        return None
    code, facts = report["problem"]
    return code, _facts(facts)


def _plan_data(plan: ResultPlan, reading: Reading) -> dict[str, Any]:
    refused = sorted(plan.refused, key=lambda row: row.line)
    strangers = sorted(plan.strangers)
    return {
        "rows": reading.summary.rows,
        "encoding": reading.summary.encoding,
        "new": plan.new,
        "corrections": plan.corrections,
        "same": plan.same,
        "repeated": plan.repeated + reading.summary.ignored_repeats,
        "earning": plan.earning,
        "outcomes": dict(plan.outcomes.most_common()),
        "sittings": dict(plan.sittings.most_common()),
        "strangers": len(strangers),
        "some_strangers": strangers[:MOST_NAMED],
        "refused": [[row.line, row.column, row.code, _plain(row.facts)] for row in refused],
    }


def _facts(data: dict[str, Any]) -> dict[str, Fact]:
    return {name: fact_of(value) for name, value in data.items()}


def _plain(facts: Any) -> dict[str, Any]:
    return {name: fact_data(fact) for name, fact in facts.items()}


def _no_related(name: str) -> Upload:
    raise FileNotFoundError(name)
