"""What a sheet that came back says of each line that went out."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

from creditbank.domain.registrar.sheet import REFUSED

MESSAGES = {
    "registrar.contradicts": "Line {voucher} stands in rows {rows} of the sheet, which do not say the same; none of"
    " them was taken.",
    "registrar.repeats": "The row says again what row {row} says of line {voucher}; it was counted once.",
    "registrar.status_unknown": "The mapping does not say what {word} means in the column {column}.",
    "registrar.no_voucher": "The row has no voucher, so nobody knows which line it speaks of.",
}
"""Sentences about rows of a returned sheet that were not taken, by code."""


class Outcome(StrEnum):
    """What became of a line, or what a row of the returned sheet is."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    MISSING = "missing"
    DIFFERENT = "different"
    UNKNOWN = "unknown"
    UNREAD = "unread"


@dataclass(frozen=True, slots=True)
class SentLine:
    """A line as it went out: where it stands, and its cells by heading. ``numbers`` and ``days`` name headings."""

    batch_id: UUID
    line: int
    cells: Mapping[str, str]
    numbers: frozenset[str]
    days: frozenset[str]


@dataclass(frozen=True, slots=True)
class ReturnedRow:
    """A row of the returned sheet: its line there, the voucher, the status and their cells by our headings.

    ``problem`` is why its fate cannot be told: the code of a sentence, with its facts.
    """

    row: int
    voucher: str
    status: str
    reason: str
    cells: Mapping[str, str]
    problem: tuple[str, Mapping[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of the comparison; ``detail`` holds differing columns, or why a row was not taken."""

    outcome: Outcome
    row: int | None
    voucher: str
    sent: SentLine | None = None
    reason: str = ""
    detail: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


def compare_lines(
    rows: Sequence[ReturnedRow], sent: Mapping[str, SentLine], expected: Sequence[str], *, blind: int = 0
) -> tuple[Finding, ...]:
    """What the rows say of the lines sent, row by row, and then which of the ``expected`` vouchers are missing.

    Args:
        rows: the rows that could be read.
        sent: every line that went out, by its voucher, as far as a row may name it.
        expected: the vouchers of the batch the sheet answers, in order.
        blind: how many rows could not be read at all; a line called missing may stand in one of them, and says so.

    Two rows with one voucher that say the same count once; if they contradict each other neither is taken.
    """
    found: list[Finding] = []
    named: dict[str, list[ReturnedRow]] = defaultdict(list)
    for row in rows:
        if row.voucher:
            named[row.voucher].append(row)
        else:
            found.append(_unread(row, "registrar.no_voucher", {}))
            blind += 1
    for voucher, same in named.items():
        first, *others = same
        if len({(one.status, one.reason, tuple(sorted(one.cells.items()))) for one in same}) > 1:
            listed = ", ".join(str(one.row) for one in same[:20])
            found += [_unread(one, "registrar.contradicts", {"voucher": voucher, "rows": listed}) for one in same]
            continue
        found.append(_judge(first, sent.get(voucher)))
        found += [_unread(one, "registrar.repeats", {"voucher": voucher, "row": first.row}) for one in others]
    found.sort(key=lambda one: one.row or 0)
    missing = [voucher for voucher in expected if voucher not in named]
    doubt = {"blind": blind} if blind else {}
    return (*found, *(Finding(Outcome.MISSING, None, voucher, sent[voucher], detail=doubt) for voucher in missing))


def _unread(row: ReturnedRow, code: str, facts: Mapping[str, Any]) -> Finding:
    return Finding(Outcome.UNREAD, row.row, row.voucher, detail={"code": code, "facts": dict(facts)})


def _judge(row: ReturnedRow, sent: SentLine | None) -> Finding:
    if row.problem is not None:
        code, facts = row.problem
        return _unread(row, code, facts)
    if sent is None:
        return Finding(Outcome.UNKNOWN, row.row, row.voucher, reason=row.reason, detail={"theirs": dict(row.cells)})
    if row.status == REFUSED:
        return Finding(Outcome.REFUSED, row.row, row.voucher, sent, row.reason)
    differing = [
        {"head": head, "ours": sent.cells[head], "theirs": theirs}
        for head, theirs in row.cells.items()
        if head in sent.cells and not _same(sent.cells[head], theirs, head, sent)
    ]
    if differing:
        return Finding(Outcome.DIFFERENT, row.row, row.voucher, sent, row.reason, {"columns": differing})
    return Finding(Outcome.ACCEPTED, row.row, row.voucher, sent, row.reason)


_DECIMAL = re.compile(r"-?\d{1,15}(?:\.\d{1,9})?")
_DAY = re.compile(r"(\d{4})(?:\D{1,2}(\d{1,2})\D{1,2}(\d{1,2})\D?|(\d{2})(\d{2}))(?:[ T]00:00(?::00)?)?")


def plain_text(text: str) -> str:
    """A cell without what programs change in passing: width and outer spaces."""
    return unicodedata.normalize("NFKC", text).strip()


def _same(ours: str, theirs: str, head: str, sent: SentLine) -> bool:
    mine, other = plain_text(ours), plain_text(theirs)
    if mine == other:
        return True
    if head in sent.numbers:
        mine, other = mine.replace("−", "-"), other.replace("−", "-")
        if _DECIMAL.fullmatch(mine) and _DECIMAL.fullmatch(other):
            return Decimal(mine) == Decimal(other)
    if head in sent.days:
        days = _day(mine), _day(other)
        return days[0] is not None and days[0] == days[1]
    return False


def _day(text: str) -> tuple[int, ...] | None:
    made = _DAY.fullmatch(text)
    return tuple(int(part) for part in made.groups() if part) if made else None


def counts_of(findings: Iterable[Finding]) -> dict[Outcome, int]:
    """How many findings there are of each outcome."""
    counts = dict.fromkeys(Outcome, 0)
    for one in findings:
        counts[one.outcome] += 1
    return counts
