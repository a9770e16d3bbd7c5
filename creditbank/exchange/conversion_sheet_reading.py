"""Reads conversion rules from a workbook, as written or after people changed it, cell by cell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from creditbank.domain.conversions.model import STANDINGS, ConversionRules, Surplus
from creditbank.domain.conversions.read import KIND, SCHEMA, read_conversion_rules
from creditbank.domain.conversions.row_words import GRADE, TO, ConversionWords
from creditbank.domain.conversions.words import RULING
from creditbank.domain.rules.cell_words import plain
from creditbank.domain.rules.model import Choice, Fact, RoundAt, Rounding
from creditbank.domain.rules.places import Place, UnreadableError
from creditbank.domain.rules.read_cells import read_facts
from creditbank.domain.rules.row_words import CLAUSE_EN, CLAUSE_ZH, CREDIT
from creditbank.domain.values import Hundredths, Text
from creditbank.exchange.conversion_sheets import (
    ABOUT_CONVERSIONS,
    CAPS_WITHOUT,
    CLOSED,
    CLOSED_HEAD,
    CLOSED_KEYS,
    ENDS,
    MORE,
    PARTS,
    ROWS,
)
from creditbank.exchange.documents import DocumentError, read_document
from creditbank.exchange.rule_sheet_reading import (
    MESSAGES,
    MOST_PROBLEMS,
    Grid,
    SheetFault,
    SheetReader,
    SheetRules,
    about_document,
    cap_documents,
    category_documents,
    fact_documents,
    part_documents,
    placed,
    read_rules_workbook,
    word_columns,
)
from creditbank.exchange.rule_sheets import ABOUT, ABOUT_HEAD, NAME
from creditbank.exchange.workbooks import visible_sheets
from creditbank.gateways.files import FileRefused, Kind, Upload

_COMMA = re.compile(r"\s*[,，、]\s*")
_NEEDED = (TO, CREDIT, GRADE, CLAUSE_ZH, CLAUSE_EN)


def read_any_workbook(upload: Upload, *, kind: str | None = None) -> SheetRules:
    """The rules of a workbook, for recognition or for conversion as it says itself.

    Args:
        upload: the workbook.
        kind: the only kind that is wanted, where it may not be another one.

    Raises:
        FileRefused: the file is no workbook, is damaged, is larger than allowed, or holds rules of another kind.
    """
    if upload.kind is not Kind.XLSX:
        raise FileRefused(MESSAGES, "rule_sheets.not_a_workbook")
    found = KIND if _holds_conversions(upload) else "recognition"
    if kind is not None and found != kind:
        raise FileRefused(MESSAGES, "rule_sheets.other_kind")
    return read_conversion_workbook(upload) if found == KIND else read_rules_workbook(upload)


def _holds_conversions(upload: Upload) -> bool:
    titles = visible_sheets(upload)
    if any(title in (ROWS.zh, ROWS.en) for title in titles):
        return True
    grid = SheetReader(upload, titles).grid(ABOUT, ABOUT_HEAD, ("what", "content"))
    return any(cells["content"].strip() == KIND for _line, cells in grid.rows)


def read_conversion_workbook(upload: Upload) -> SheetRules:
    """The conversion rules of a workbook; equal content gives the hash of the rules it was written from.

    Raises:
        FileRefused: the file is no workbook, is damaged, or is larger than allowed.
    """
    reader = SheetReader(upload, visible_sheets(upload))
    document = _about(reader)
    categories = category_documents(reader)
    data = fact_documents(reader)
    try:
        facts = {fact.name: fact for fact in read_facts(Place(data, "facts"))}
    except UnreadableError as unreadable:
        return SheetRules(None, tuple(reader.faults or placed(reader, unreadable))[:MOST_PROBLEMS])
    choices = tuple(Choice(one["code"], Text(one["zh"], one["en"])) for one in categories)
    words = ConversionWords.of(_bare_rules(choices, facts), every=True)
    grid, rows = _rows(reader, words)
    caps = cap_documents(reader, choices, facts, (*CAPS_WITHOUT, "locked"))
    parts = part_documents(reader, facts, PARTS)
    document |= {"categories": categories, "facts": data, "rules": rows, "cap": caps, **parts}
    document["closed"] = _closed(reader)
    if reader.faults:
        return SheetRules(None, tuple(reader.faults[:MOST_PROBLEMS]))
    try:
        return SheetRules(read_conversion_rules(document), ())
    except UnreadableError as unreadable:
        return SheetRules(None, tuple(_at_cells(reader, unreadable, grid, words))[:MOST_PROBLEMS])


def _at_cells(
    reader: SheetReader, unreadable: UnreadableError, grid: Grid, words: ConversionWords
) -> Iterator[SheetFault]:
    """What the rules as a whole say against the document, with the column of a row's cell."""
    for problem, fault in zip(unreadable.problems, placed(reader, unreadable), strict=True):
        of_row = problem.path.startswith("rules[")
        key = words.key_of(problem.path.partition(".")[2]) if of_row else ""
        yield replace(fault, column=grid.heads.get(key, ""))


def _bare_rules(choices: tuple[Choice, ...], facts: Mapping[str, Fact]) -> ConversionRules:
    """Facts and categories without rows: what the words of cells are read by."""
    nothing = Text("", "")
    rounding = Rounding(Hundredths(1), "down", RoundAt.END)
    return ConversionRules(
        "x", nothing, nothing, "credit", "credit", rounding, choices, tuple(facts.values()), (), {}, dict(STANDINGS)
    )


def _about(reader: SheetReader) -> dict[str, Any]:
    document = about_document(reader, SCHEMA, ABOUT_CONVERSIONS)
    title, line = reader.places.get("standings", (ABOUT.zh, 0))
    rulings = {plain(word): one.value for one, text in RULING.items() for word in (text.zh, text.en, one.value)}
    grid = Grid(title, reader.heads.get(title, {}), ())
    for name, typed in dict(document.get("standings", {})).items():
        _title, line = reader.places.get(f"standings.{name}", (title, line))
        if typed.strip().startswith("{"):
            document["standings"][name] = _more(reader, grid, line, typed)
        elif plain(typed) in rulings:
            document["standings"][name] = rulings[plain(typed)]
        elif plain(typed):
            values = Text("、".join(one.zh for one in RULING.values()), ", ".join(one.en for one in RULING.values()))
            reader.flagged(grid, line, "content", "unknown", typed=typed[:80], values=values)
        else:
            del document["standings"][name]
    named = {name: typed.strip() for name, typed in document.pop("carriers", {}).items() if typed.strip()}
    document |= {"carriers": named} if named else {}
    if not document.get("held_unit", "").strip():
        document.pop("held_unit", None)
    more = document.pop(MORE, "")
    _title, line = reader.places.get(MORE, (title, 0))
    return document | _more(reader, grid, line, more)


def _rows(reader: SheetReader, words: ConversionWords) -> tuple[Grid, list[dict[str, Any]]]:
    """The rows; a column that is missing says nothing, but what a row becomes has to be there."""
    found = next((name for name in reader.titles if name in (ROWS.zh, ROWS.en)), None)
    if found is None:
        return reader.grid(ROWS, (), ()), []
    columns = word_columns(words, ENDS)
    grid = reader.named(found, columns, [key for key, _heads in columns if key not in (NAME, *_NEEDED)])
    rows: list[dict[str, Any]] = []
    for line, cells in grid.rows:
        reader.places[f"rules[{len(rows)}]"] = (found, line)
        typed = {key: text for key, text in cells.items() if key not in ENDS}
        row, wrong = words.read(typed, {"id": cells.get(NAME, "").strip(), "surplus": Surplus.LOST.value})
        for key, refusal in wrong.items():
            reader.wrong(grid, line, key, refusal)
        for key, side in ((CLAUSE_ZH, "zh"), (CLAUSE_EN, "en")):
            row["clause"][side] = cells.get(key, "")
        rows.append(row | _more(reader, grid, line, cells.get(MORE, "")))
    return grid, rows


def _more(reader: SheetReader, grid: Grid, line: int, typed: str) -> dict[str, Any]:
    """What a cell says that has no column of its own, as a document writes it."""
    if not typed.strip():
        return {}
    try:
        return read_document(typed.encode("utf-8", "replace"), name="cell.yaml")
    except DocumentError as error:
        reader.flagged(grid, line, MORE, "content", typed=typed[:80], why=str(error.message))
        return {}


def _closed(reader: SheetReader) -> list[dict[str, Any]]:
    grid = reader.grid(CLOSED, CLOSED_HEAD, CLOSED_KEYS)
    found: list[dict[str, Any]] = []
    for line, cells in grid.rows:
        reader.places[f"closed[{len(found)}]"] = (grid.title, line)
        data: dict[str, Any] = {"id": cells["id"].strip()}
        for key in ("courses", "natures", "categories"):
            codes = [code for code in _COMMA.split(cells[key].strip()) if code]
            data |= {key: codes} if codes else {}
        found.append(data | {"clause": {"zh": cells["zh"], "en": cells["en"]}})
    return found
