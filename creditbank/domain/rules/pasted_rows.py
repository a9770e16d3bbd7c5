"""A pasted block of cells, read as rows of a rule table, with what is wrong with each cell."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from creditbank.domain.explanation import Explanation, Line, Refusal, Verdict
from creditbank.domain.rules.cell_words import plain
from creditbank.domain.rules.row_words import CLAUSE_EN, CLAUSE_ZH, HEADS, TableWords, numbered_id

MESSAGES: dict[str, str] = {
    "cell.pasted_too_long": "The pasted block has {letters} characters; at most {most} are taken at once. Nothing was "
    "taken.",
    "cell.pasted_too_many": "The pasted block has more than {most} rows. Paste it in parts; nothing was taken.",
    "cell.pasted_quotes": "A quotation mark opens a cell and does not close. Copy the block again; nothing was taken.",
    "cell.pasted_beyond": "“{typed}” stands beyond the last column.",
    "cell.pasted_nothing": "There is no row in what was pasted.",
}

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,79}")
MOST_LETTERS = 1_000_000
MOST_ROWS = 2_000


@dataclass(frozen=True, slots=True)
class PastedRow:
    """One row: its number in the block from 1, its cells as typed, the row they make, and what is wrong by place."""

    number: int
    cells: tuple[str, ...]
    row: Mapping[str, Any] | None
    wrong: Mapping[int, Explanation]


@dataclass(frozen=True, slots=True)
class Pasted:
    """A block under the columns it was read by: their keys in the order of the block, and its rows."""

    keys: tuple[str, ...]
    rows: tuple[PastedRow, ...]
    headed: bool

    @property
    def good(self) -> tuple[Mapping[str, Any], ...]:
        """The rows that can be taken."""
        return tuple(one.row for one in self.rows if one.row is not None)

    @property
    def left(self) -> tuple[tuple[str, ...], ...]:
        """The cells of the rows that cannot, as they were typed."""
        return tuple(one.cells for one in self.rows if one.row is None)


def read_pasted(block: str, words: TableWords, language: str, taken: Sequence[str] = ()) -> Pasted | Refusal:
    """The rows of a block: cells between tabs, as spreadsheet programs copy them.

    A first line that names columns, in either language, says the order; without one it is the order of the table, the
    clause in the reader's language first. A clause that is missing is made from the cells. ``taken`` are the names of
    the rows there are.
    """
    found = lines_of(block, headed=1)
    if isinstance(found, Refusal):
        return found
    lines = [cells for cells in found if any(cell.strip() for cell in cells)]
    keys = _headed(lines[0], words)
    headed = keys is not None
    keys = keys if keys is not None else _usual(words, language)
    names = list(taken)
    rows = []
    for number, cells in enumerate(lines[1:] if headed else lines, start=1):
        rows.append(_row(number, cells, keys, words, names))
    return Pasted(keys, tuple(rows), headed)


def lines_of(block: str, *, headed: int = 0) -> list[list[str]] | Refusal:
    """The lines of a block as their cells, without those at its end that are empty; ``headed`` may stand above rows."""
    if len(block) > MOST_LETTERS:
        return Refusal.because("cell.pasted_too_long", letters=len(block), most=MOST_LETTERS)
    try:
        lines = list(csv.reader(io.StringIO(block, newline=""), delimiter="\t", strict=True))
    except csv.Error:
        return Refusal.because("cell.pasted_quotes")
    filled = [at for at, cells in enumerate(lines, start=1) if any(cell.strip() for cell in cells)]
    if not filled:
        return Refusal.because("cell.pasted_nothing")
    if len(filled) > MOST_ROWS + headed:
        return Refusal.because("cell.pasted_too_many", most=MOST_ROWS)
    return lines[: filled[-1]]


def block_of(lines: Sequence[Sequence[str]]) -> str:
    """Cells as a block that is read back as the same."""
    return "".join("\t".join(_quoted(cell) for cell in cells) + "\n" for cells in lines)


def _quoted(cell: str) -> str:
    """A cell as spreadsheet programs copy it: in quotes where it holds a tab, a line end or a quote."""
    return '"' + cell.replace('"', '""') + '"' if set(cell) & set('\t\r\n"') else cell


def heads_of(pasted: Pasted, words: TableWords, language: str) -> tuple[str, ...]:
    """What stands above the columns of a block."""
    return tuple(_head(key, words, language) for key in pasted.keys)


def _head(key: str, words: TableWords, language: str) -> str:
    column = next((one for one in words.known if one.key == key), None)
    return (column.head if column is not None else HEADS["id"]).said_in(language)


def _usual(words: TableWords, language: str) -> tuple[str, ...]:
    keys = [column.key for column in words.columns]
    if not language.lower().startswith("zh"):
        keys[-2:] = [CLAUSE_EN, CLAUSE_ZH]
    return tuple(keys)


def _headed(cells: Sequence[str], words: TableWords) -> tuple[str, ...] | None:
    """The columns that a first line names; nothing where it names none, or one it does not know."""
    known = {plain(name): "id" for name in (HEADS["id"].zh, HEADS["id"].en, "id")}
    for column in words.known:
        for name in (column.head.zh, column.head.en, column.key, column.fact.name if column.fact else ""):
            if name:
                known.setdefault(plain(name), column.key)
    keys = [known.get(plain(cell)) for cell in cells]
    found = [key for key in keys if key is not None]
    return tuple(found) if len(found) == len(keys) and len(set(found)) == len(found) else None


def _row(number: int, cells: Sequence[str], keys: Sequence[str], words: TableWords, names: list[str]) -> PastedRow:
    wrong: dict[int, Explanation] = {}
    for place in range(len(keys), len(cells)):
        if cells[place].strip():
            said = Line("cell.pasted_beyond", Verdict.NO, {"typed": cells[place][:80]})
            wrong[place] = (said,)
    typed = dict(zip(keys, cells, strict=False))
    name = typed.pop("id", "").strip()
    if name and (name in names or _CODE.fullmatch(name) is None):
        wrong[list(keys).index("id")] = (Line("cell.row_id", Verdict.NO, {"typed": name[:80]}),)
    clauses = {key: typed.pop(key, "").strip() for key in (CLAUSE_ZH, CLAUSE_EN)}
    row, refused = words.read(typed, {"id": name or numbered_id(names)})
    for key, refusal in refused.items():
        place = list(keys).index(key) if key in keys else 0
        wrong[place] = (*wrong.get(place, ()), *refusal.explanation)
    # A block without a column for the credit leaves it to a person.
    row = words.completed(row)
    if wrong:
        return PastedRow(number, tuple(cells), None, wrong)
    made = words.clause_said(row)
    row["clause"] = {side: clauses[key] or made[side] for key, side in ((CLAUSE_ZH, "zh"), (CLAUSE_EN, "en"))}
    names.append(str(row["id"]))
    return PastedRow(number, tuple(cells), row, {})
