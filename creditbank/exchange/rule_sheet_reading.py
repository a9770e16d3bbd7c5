"""Reads a rule set from a workbook, as it is written or after people have changed it, cell by cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from creditbank.domain.conversions.model import ConversionRules
from creditbank.domain.explanation import Line, Refusal, Verdict
from creditbank.domain.rules.amount_words import RULINGS
from creditbank.domain.rules.cell_words import plain, read_cell
from creditbank.domain.rules.condition_words import read_categories, read_condition
from creditbank.domain.rules.model import Choice, Fact, FactType, Hit, RoundAt, Rounding, RuleSet, Table
from creditbank.domain.rules.places import Place, UnreadableError
from creditbank.domain.rules.read import read_rule_set
from creditbank.domain.rules.read_cells import read_facts
from creditbank.domain.rules.row_words import RowWords, TableWords
from creditbank.domain.values import Hundredths, Text
from creditbank.exchange import encoding, rule_sheets, sheets, workbooks
from creditbank.exchange.documents import DocumentError, read_document
from creditbank.exchange.rule_sheets import NAME, PART_NAMES, ROW_ENDS, row_heads, told_apart
from creditbank.exchange.sheets import RowProblem, SheetPlace, open_sheet
from creditbank.exchange.unreadable import ALL_MESSAGES as PLACES
from creditbank.exchange.unreadable import said_by
from creditbank.exchange.workbooks import visible_sheets
from creditbank.gateways import files
from creditbank.gateways.files import Kind, Upload

MESSAGES: dict[str, str] = {
    "rule_sheets.not_a_workbook": "Rules are read from an XLSX workbook. Save it as .xlsx and try again.",
    "rule_sheets.no_sheet": "The workbook has no sheet {title}. Download the rules once more and change that workbook.",
    "rule_sheets.no_column": "The sheet has no column {head}.",
    "rule_sheets.unknown": "“{typed}” is not expected here. Expected: {values}.",
    "rule_sheets.content": "“{typed}” cannot be read: {why}",
    "rule_sheets.rules": "{why}",
    "rule_sheets.too_many": "The sheet has more than {most} rows.",
    "rule_sheets.other_kind": "The workbook holds rules of another kind. Bring in one that holds rules of this kind; "
    "nothing of it was taken.",
}

ALL_MESSAGES: Mapping[str, str] = {
    **files.MESSAGES, **encoding.MESSAGES, **workbooks.MESSAGES, **sheets.MESSAGES, **PLACES, **MESSAGES,
}  # fmt: skip
RULES = "creditbank.rules/1"
_MOST = 20_000
MOST_PROBLEMS = 200


@dataclass(frozen=True, slots=True)
class SheetFault:
    """One thing wrong: in which sheet, row (from 1, 0 for the whole sheet) and column, and what."""

    sheet: str
    row: int
    column: str
    line: Line


@dataclass(frozen=True, slots=True)
class SheetRules:
    """What a workbook says: rules, or what is wrong with it."""

    rules: RuleSet | ConversionRules | None
    faults: tuple[SheetFault, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """One sheet: its rows as texts by column, each with its number."""

    title: str
    heads: Mapping[str, str]
    rows: tuple[tuple[int, Mapping[str, str]], ...]


@dataclass(slots=True)
class SheetReader:
    """Reads sheets of one workbook; what is wrong is noted, and where each place of the document came from."""

    upload: Upload
    titles: tuple[str, ...]
    faults: list[SheetFault] = field(default_factory=list)
    places: dict[str, tuple[str, int]] = field(default_factory=dict)
    heads: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def wrong(self, grid: Grid, row: int, key: str, why: Refusal | Line) -> None:
        """Note what is wrong with a cell."""
        lines = why.explanation if isinstance(why, Refusal) else (why,)
        self.faults += [SheetFault(grid.title, row, grid.heads.get(key, ""), line) for line in lines]

    def flagged(self, grid: Grid, row: int, key: str, code: str, **facts: Any) -> None:
        """Note what is wrong with a cell, by its code."""
        self.wrong(grid, row, key, Line(f"rule_sheets.{code}", Verdict.NO, facts))

    def grid(self, title: Text, head: Sequence[Text], keys: Sequence[str], *, optional: Sequence[str] = ()) -> Grid:
        """The sheet of a title in either language; what is wrong with it is noted."""
        found = next((name for name in self.titles if name in (title.zh, title.en)), None)
        if found is None:
            line = Line("rule_sheets.no_sheet", Verdict.NO, {"title": title})
            self.faults.append(SheetFault(title.zh, 0, "", line))
            return Grid(title.zh, {}, ())
        return self.named(found, [(key, (text.zh, text.en)) for key, text in zip(keys, head, strict=True)], optional)

    def named(self, title: str, columns: Sequence[tuple[str, tuple[str, ...]]], optional: Sequence[str] = ()) -> Grid:
        """One sheet under its columns: a key and the heads that may stand above it."""
        sheet = open_sheet(self.upload, SheetPlace(sheet=title))
        heads = [plain(head) for head in sheet.head]
        places: dict[str, int] = {}
        for key, names in columns:
            at = next((heads.index(plain(name)) for name in names if plain(name) in heads), None)
            if at is not None:
                places[key] = at
            elif key not in optional:
                line = Line("rule_sheets.no_column", Verdict.NO, {"head": " / ".join(dict.fromkeys(names[:2]))})
                self.faults.append(SheetFault(title, 1, "", line))
        shown = self.heads[title] = {key: sheet.head[at] for key, at in places.items()}
        if any(key not in places and key not in optional for key, _names in columns):
            return Grid(title, shown, ())
        rows: list[tuple[int, Mapping[str, str]]] = []
        for row in sheet.rows(list(places.values())):
            if isinstance(row, RowProblem):
                self.faults.append(SheetFault(title, row.line, row.column, Line(row.code, Verdict.NO, row.facts)))
                continue
            if len(rows) == _MOST:
                self.faults.append(
                    SheetFault(title, row.line, "", Line("rule_sheets.too_many", Verdict.NO, {"most": _MOST}))
                )
                break
            cells = {key: row.cells[at] for key, at in places.items()}
            if any(cell.strip() for cell in cells.values()):
                rows.append((row.line, cells))
        return Grid(title, shown, tuple(rows))

    def flag(self, grid: Grid, line: int, key: str, cells: Mapping[str, str]) -> bool:
        """A cell that says yes, or nothing."""
        word = plain(cells.get(key, ""))
        if word not in ("", "yes", "y", "true", "是", "√", "no", "false", "否"):
            values = Text("是，或留空", "yes, or empty")
            self.flagged(grid, line, key, "unknown", typed=cells[key][:80], values=values)
        return word in ("yes", "y", "true", "是", "√")


def read_rules_workbook(upload: Upload) -> SheetRules:
    """The rules of a workbook; equal content gives the hash of the rules it was written from.

    Raises:
        FileRefused: the file is no workbook, is damaged, or is larger than allowed.
    """
    if upload.kind is not Kind.XLSX:
        raise files.FileRefused(MESSAGES, "rule_sheets.not_a_workbook")
    reader = SheetReader(upload, visible_sheets(upload))
    document = _document(reader)
    if document is None or reader.faults:
        return SheetRules(None, tuple(reader.faults[:MOST_PROBLEMS]))
    try:
        return SheetRules(read_rule_set(document), ())
    except UnreadableError as unreadable:
        return SheetRules(None, tuple(placed(reader, unreadable))[:MOST_PROBLEMS])


def placed(reader: SheetReader, unreadable: UnreadableError) -> Iterator[SheetFault]:
    """What the rules as a whole say against the document, at the row it came from."""
    for problem in unreadable.problems:
        path = problem.path
        while path and path not in reader.places:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        sheet, row = reader.places.get(path, (rule_sheets.ABOUT.zh, 0))
        code, facts = said_by(problem.message)
        line = Line(code, Verdict.NO, dict(facts))
        if code == "place.something":
            line = Line("rule_sheets.rules", Verdict.NO, {"why": problem.message})
        yield SheetFault(sheet, row, "", line)


def _document(reader: SheetReader) -> dict[str, Any] | None:
    """The whole document; nothing where what everything stands on cannot be read."""
    document = about_document(reader)
    categories = category_documents(reader)
    data = fact_documents(reader)
    try:
        facts = {fact.name: fact for fact in read_facts(Place(data, "facts"))}
    except UnreadableError as unreadable:
        if not reader.faults:
            reader.faults += placed(reader, unreadable)
        return None
    choices = tuple(Choice(one["code"], Text(one["zh"], one["en"])) for one in categories)
    bare = _bare_rules(choices, facts)
    document |= {"categories": categories, "facts": data, "tables": _tables(reader, bare)}
    document |= part_documents(reader, facts) | {"cap": cap_documents(reader, choices, facts)}
    return document


def _bare_rules(choices: tuple[Choice, ...], facts: Mapping[str, Fact]) -> RuleSet:
    """Facts and categories without tables: what the words of cells are read by."""
    nothing = Text("", "")
    rounding = Rounding(Hundredths(1), "down", RoundAt.END)
    return RuleSet("x", "recognition", nothing, nothing, "credit", rounding, choices, tuple(facts.values()), ())


def about_document(
    reader: SheetReader, schema: str = RULES, labels: Mapping[str, Text] = rule_sheets.ABOUT_ROWS
) -> dict[str, Any]:
    """What rules say of themselves, each line under the path of its label."""
    grid = reader.grid(rule_sheets.ABOUT, rule_sheets.ABOUT_HEAD, ("what", "content"))
    names = {plain(name): key for key, text in labels.items() for name in (text.zh, text.en, key)}
    document: dict[str, Any] = {"schema": schema}
    for line, cells in grid.rows:
        key = names.get(plain(cells["what"]))
        if key is None:
            said = list(labels.values())
            values = Text("、".join(one.zh for one in said), ", ".join(one.en for one in said))
            reader.flagged(grid, line, "what", "unknown", typed=cells["what"][:80], values=values)
            continue
        outer, _dot, inner = key.partition(".")
        if inner:
            document.setdefault(outer, {})[inner] = cells["content"]
        else:
            document[outer] = cells["content"]
        reader.places[key] = reader.places[outer] = (grid.title, line)
    return document


def category_documents(reader: SheetReader) -> list[dict[str, str]]:
    """The categories."""
    grid = reader.grid(rule_sheets.CATEGORIES, rule_sheets.CATEGORY_HEAD, ("code", "zh", "en"))
    found: list[dict[str, str]] = []
    for line, cells in grid.rows:
        reader.places[f"categories[{len(found)}]"] = (grid.title, line)
        found.append({key: cells.get(key, "") for key in ("code", "zh", "en")})
    return found


def fact_documents(reader: SheetReader) -> list[dict[str, Any]]:
    """The facts with their values."""
    keys = ("name", "type", "zh", "en", "ordered", "optional", "when", "range", "help_zh", "help_en")
    grid = reader.grid(rule_sheets.FACTS, rule_sheets.FACT_HEAD, keys)
    listed = reader.grid(rule_sheets.VALUES, rule_sheets.VALUE_HEAD, ("fact", "code", "zh", "en"))
    values: dict[str, list[dict[str, str]]] = {}
    for line, cells in listed.rows:
        values.setdefault(cells["fact"].strip(), []).append({key: cells[key] for key in ("code", "zh", "en")})
        if cells["fact"].strip() not in {one["name"].strip() for _line, one in grid.rows}:
            names = ", ".join(one["name"] for _line, one in grid.rows)
            reader.flagged(listed, line, "fact", "unknown", typed=cells["fact"][:80], values=names)
    found: list[dict[str, Any]] = []
    known: dict[str, Fact] = {}
    for line, cells in grid.rows:
        reader.places[f"facts[{len(found)}]"] = (grid.title, line)
        name, kind = cells["name"].strip(), cells["type"].strip().lower()
        data: dict[str, Any] = {"name": name, "type": kind, "label": {"zh": cells["zh"], "en": cells["en"]}}
        if name in values:
            data["values"] = values[name]
        data |= {key: True for key in ("ordered", "optional") if reader.flag(grid, line, key, cells)}
        _put_condition(reader, grid, line, cells, known, data)
        if cells["range"].strip() and kind in tuple(FactType):
            bounds = read_cell(Fact(name, FactType(kind), Text(cells["zh"], cells["en"])), cells["range"])
            if isinstance(bounds, Refusal):
                reader.wrong(grid, line, "range", bounds)
            else:
                data["range"] = bounds
        if cells["help_zh"].strip() or cells["help_en"].strip():
            data["help"] = {"zh": cells["help_zh"], "en": cells["help_en"]}
        found.append(data)
        choices = tuple(Choice(one["code"], Text(one["zh"], one["en"])) for one in values.get(name, ()))
        if kind in tuple(FactType):
            label = Text(cells["zh"], cells["en"])
            known[name] = Fact(name, FactType(kind), label, choices, ordered="ordered" in data)
    return found


def _put_condition(
    reader: SheetReader,
    grid: Grid,
    line: int,
    cells: Mapping[str, str],
    facts: Mapping[str, Fact],
    onto: dict[str, Any],
) -> None:
    when = read_condition(facts, cells.get("when", ""))
    if isinstance(when, Refusal):
        reader.wrong(grid, line, "when", when)
    elif when:
        onto["when"] = when


def _tables(reader: SheetReader, rules: RuleSet) -> list[dict[str, Any]]:
    keys = ("code", "sheet", "columns", "when", "hit", "on_gap", "locked", "open")
    grid = reader.grid(rule_sheets.TABLES, rule_sheets.TABLE_HEAD, keys, optional=("locked", "open"))
    facts = {fact.name: fact for fact in rules.facts}
    gaps = {plain(word): ruling.value for ruling, words in RULINGS.items() for word in (*words, ruling.value)}
    found: list[dict[str, Any]] = []
    for line, cells in grid.rows:
        at = len(found)
        reader.places[f"tables[{at}]"] = (grid.title, line)
        columns = [name for part in cells["columns"].replace("，", ",").split(",") if (name := part.strip())]
        unknown = [name for name in columns if name not in facts]
        hit, gap = cells["hit"].strip() or "unique", gaps.get(plain(cells["on_gap"]) or "manual")
        data: dict[str, Any] = {"code": cells["code"].strip(), "columns": columns, "hit": hit, "rows": []}
        data |= {"on_gap": gap} if gap else {}
        data |= {key: True for key in ("locked", "open") if reader.flag(grid, line, key, cells)}
        found.append(data)
        _put_condition(reader, grid, line, cells, facts, data)
        if gap is None:
            values = Text("、".join(one[0] for one in RULINGS.values()), ", ".join(one[1] for one in RULINGS.values()))
            reader.flagged(grid, line, "on_gap", "unknown", typed=cells["on_gap"][:80], values=values)
        if unknown:
            reader.flagged(grid, line, "columns", "unknown", typed=", ".join(unknown)[:80], values=", ".join(facts))
        elif hit not in tuple(Hit):
            reader.flagged(grid, line, "hit", "unknown", typed=hit[:80], values=", ".join(Hit))
        elif cells["sheet"] not in reader.titles:
            line_said = Line("rule_sheets.no_sheet", Verdict.NO, {"title": cells["sheet"][:80]})
            reader.wrong(grid, line, "sheet", line_said)
        else:
            table = Table(data["code"], tuple(columns), (), hit=Hit(hit))
            data["rows"] = _rows(reader, RowWords.of(rules, table, every=True), cells["sheet"], f"tables[{at}]")
    return found


def word_columns(words: TableWords, ends: Mapping[str, Text] = ROW_ENDS) -> list[tuple[str, tuple[str, ...]]]:
    """The columns of a table's sheet: each key with the heads that may stand above it, in either language."""
    first, last = ends
    keys = [first, *(one.key for one in words.columns), last]
    heads = [told_apart(row_heads(words, language, ends), keys) for language in ("zh-hans", "en")]
    bare = {one.key: (one.head.zh, one.head.en, one.fact.name if one.fact else one.key) for one in words.columns}
    return [
        (key, tuple(dict.fromkeys((zh, en, *bare.get(key, (key,)))))) for key, zh, en in zip(keys, *heads, strict=True)
    ]


def _rows(reader: SheetReader, words: RowWords, title: str, path: str) -> list[dict[str, Any]]:
    """The rows of a table's own sheet."""
    _first, last = ROW_ENDS
    grid = reader.named(title, word_columns(words), ("level", "field", "priority", last))
    found: list[dict[str, Any]] = []
    for line, cells in grid.rows:
        reader.places[f"{path}.rows[{len(found)}]"] = (title, line)
        typed = {key: text for key, text in cells.items() if key not in ROW_ENDS}
        row, wrong = words.read(typed, {"id": cells.get(NAME, "").strip()})
        for key, refusal in wrong.items():
            reader.wrong(grid, line, key, refusal)
        for key, side in (("clause-zh", "zh"), ("clause-en", "en")):
            row["clause"][side] = cells.get(key, "")
        row |= {last: True} if reader.flag(grid, line, last, cells) else {}
        found.append(row)
    return found


def cap_documents(
    reader: SheetReader,
    categories: Sequence[Choice],
    facts: Mapping[str, Fact],
    optional: Sequence[str] = ("locked", "beside"),
) -> list[dict[str, Any]]:
    """The limits; columns that these rules do not know may be missing."""
    grid = reader.grid(rule_sheets.CAPS, rule_sheets.CAP_HEAD, rule_sheets.CAP_KEYS, optional=optional)
    found: list[dict[str, Any]] = []
    for line, cells in grid.rows:
        reader.places[f"cap[{len(found)}]"] = (grid.title, line)
        data: dict[str, Any] = {"id": cells["id"].strip(), "scope": cells["scope"].strip()}
        _put_condition(reader, grid, line, cells, facts, data)
        for key in ("category", "beside"):
            named = read_categories(categories, cells.get(key, ""))
            if isinstance(named, Refusal):
                reader.wrong(grid, line, key, named)
            elif named:
                data[key] = named
        by = [name for part in cells.get("by", "").replace("，", ",").split(",") if (name := part.strip())]
        data |= {"by": by} if by else {}
        data |= {key: True for key in ("whole", "locked") if reader.flag(grid, line, key, cells)}
        data |= {"maximum": read_maximum(cells["maximum"]), "clause": {"zh": cells["zh"], "en": cells["en"]}}
        found.append(data)
    return found


def read_maximum(typed: str) -> Any:
    """A limit as a document writes it; what it cannot be stays as it was typed, for the rules to refuse."""
    words = typed.replace("×", " × ").split()
    if len(words) == 2 and words[1] in ("×", "x", "件") and words[0].isdecimal():
        return {"count": int(words[0])}
    if len(words) == 2:
        return {"share": words[0], "of": words[1]}
    return typed.strip()


def part_documents(
    reader: SheetReader, facts: Mapping[str, Fact], names: Sequence[str] = PART_NAMES
) -> dict[str, list[dict[str, Any]]]:
    """The parts that have no sheet of their own, by the list they belong to."""
    grid = reader.grid(rule_sheets.PARTS, rule_sheets.PART_HEAD, ("part", "id", "when", "content", "zh", "en"))
    found: dict[str, list[dict[str, Any]]] = {}
    for line, cells in grid.rows:
        name = cells["part"].strip()
        if name not in names:
            reader.flagged(grid, line, "part", "unknown", typed=name[:80], values=", ".join(names))
            continue
        listed = found.setdefault(name, [])
        reader.places[f"{name}[{len(listed)}]"] = (grid.title, line)
        try:
            content = read_document(cells["content"].encode("utf-8", "replace"), name="cell.yaml")
        except DocumentError as error:
            reader.flagged(grid, line, "content", "content", typed=cells["content"][:80], why=str(error.message))
            continue
        data: dict[str, Any] = {"id": cells["id"].strip()} if name != "abbreviations" else {}
        _put_condition(reader, grid, line, cells, facts, data)
        data |= content
        if name != "abbreviations":
            data["clause"] = {"zh": cells["zh"], "en": cells["en"]}
        listed.append(data)
    return found
