"""Reads the text of a cell as the value of a field, or says why it is none."""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from types import MappingProxyType

from creditbank.domain.explanation import Fact
from creditbank.domain.masterdata.declaration import CodeTable, DataSet, Field, Kind
from creditbank.domain.masterdata.identity import read_identity
from creditbank.domain.values import format_credit, parse_credit

MESSAGES: dict[str, str] = {
    "masterdata.required": "{field} is required and this cell is empty.",
    "masterdata.too_long": "The text has {letters} characters, more than {most}. Shorten it.",
    "masterdata.no_text": "The text holds a character that cannot be shown ({character}). Type it again.",
    "masterdata.no_code": "“{value}” is no code: a code has no spaces and at most {most} characters.",
    "masterdata.no_unit_code": "“{value}” cannot be the code of a unit, which has letters, digits and hyphens only.",
    "masterdata.no_date": "“{value}” is no day. Write it as 2026-09-01, 2026/9/1 or 2026年9月1日.",
    "masterdata.no_integer": "“{value}” is no whole number. Write digits only.",
    "masterdata.no_amount": "“{value}” is no number with at most two decimals.",
    "masterdata.out_of_range": "“{value}” is outside what {field} can be, {least} to {most}.",
    "masterdata.no_choice": "“{value}” is not one of {choices}. Say in the mapping what it means, or correct it.",
    "masterdata.retired_choice": "“{value}” is no longer used; since then there are {choices}. Say in the mapping what "
    "it means, or correct it.",
    "masterdata.no_yes_no": "“{value}” is neither yes nor no (是、否).",
}
"""Why a cell is refused, by code."""

Value = str | int | bool | None
"""A value in a fact; ``None`` states that the field is empty, an absent field is not stated."""

_NO_FACTS: Mapping[str, Fact] = MappingProxyType({})
MOST_TEXT, MOST_LONG, MOST_CODE = 500, 2000, 64
"""How many characters a text may have, a paragraph, and a code."""
_NO_MAP: Mapping[str, str] = MappingProxyType({})
_REPEATED = frozenset({Kind.CHOICE, Kind.DATE, Kind.INTEGER, Kind.AMOUNT, Kind.YES_NO, Kind.REFERENCE})
_UNSHOWN = re.compile("[\ufffd\ue000-\uf8ff\U000f0000-\U0010ffff]")
_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T]0{1,2}:00(?::00(?:\.0+)?)?)?")
_PACKED = re.compile(r"(?:19|20)\d{6}")
_SERIAL = re.compile(r"(\d{5})(?:\.0+)?")
_SERIAL_DAY_ZERO = date(1899, 12, 30)
_CHINESE = str.maketrans("〇零○一二三四五六七八九", "000123456789")
_YES = frozenset({"是", "y", "yes", "true", "1", "√", "✓", "✔", "有"})
_NO = frozenset({"否", "n", "no", "false", "0", "×", "✗", "无"})
_UNIT_CODE = re.compile(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a cell cannot be the value of a field; the sentence of ``code`` says it with ``facts``."""

    field: str
    code: str
    facts: Mapping[str, Fact] = dataclasses.field(default_factory=lambda: _NO_FACTS)


@dataclass(frozen=True, slots=True)
class Record:
    """One row as a sheet or a form states it: its key and only the fields that were given."""

    key: str
    content: Mapping[str, Value]


def normal(text: str) -> str:
    """A code, a number or a heading with ordinary digits, letters and brackets, and no spaces around."""
    return text.strip() if text.isascii() else unicodedata.normalize("NFKC", text).strip()


def key_of(data_set: DataSet, content: Mapping[str, Value]) -> str:
    """The key of a record: its key field, or several of them, of which some may be empty, with a bar between them."""
    if len(data_set.key) == 1:
        return str(content[data_set.key[0]])
    return "|".join(str(content.get(name) or "").replace("\\", "\\\\").replace("|", "\\|") for name in data_set.key)


def read_record(
    data_set: DataSet,
    texts: Mapping[str, str],
    *,
    values: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
    today: date | None = None,
    tables: Mapping[str, CodeTable] = MappingProxyType({}),
) -> Record | tuple[Fault, ...]:
    """A row of texts by field name as a record, or every fault of it.

    Args:
        data_set: what the row is of.
        texts: the cells; an empty one states nothing.
        values: by field, what a text of the sheet stands for: a code of the field's table or another text.
        today: the day after which nobody is born.
        tables: the editions of code tables to read by, where they are not the packaged ones.
    """
    content: dict[str, Value] = {}
    faults: list[Fault] = []
    foreign = False
    for one in data_set.fields:
        text = texts.get(one.name, "").strip()
        text = values.get(one.name, _NO_MAP).get(text, text)
        if not text:
            if one.required:
                faults.append(Fault(one.name, "masterdata.required", {"field": one.label}))
            continue
        if one.kind in _REPEATED:
            # A column of a roster says the same few things thousands of times.
            table = tables.get(one.table.code, one.table) if one.table is not None else None
            read = _repeated(data_set, one.name, text, table)
        else:
            read = _foreign(one, text) if one.kind is Kind.PERSON_ID and foreign else read_value(one, text, today)
        if isinstance(read, Fault):
            faults.append(read)
            continue
        content[one.name] = read
        if one.name == "id_kind":
            foreign = read != "1"
        if data_set.code == "colleges" and one.name == "code" and not _UNIT_CODE.fullmatch(str(read)):
            faults.append(Fault("code", "masterdata.no_unit_code", {"value": str(read)}))
    return tuple(faults) if faults else Record(key_of(data_set, content), content)


@lru_cache(maxsize=50_000)
def _repeated(data_set: DataSet, name: str, text: str, table: CodeTable | None) -> Value | Fault:
    one = data_set.field(name)
    return _choice(one, text, table) if one.kind is Kind.CHOICE else read_value(one, text)


def read_value(one: Field, text: str, today: date | None = None) -> Value | Fault:
    """The value of a cell that is not empty."""
    match one.kind:
        case Kind.TEXT:
            return _text(one, text)
        case Kind.CODE | Kind.REFERENCE:
            return _code(one, text)
        case Kind.CHOICE:
            return _choice(one, text, one.table)
        case Kind.DATE:
            found = read_date(text)
            return found.isoformat() if found else Fault(one.name, "masterdata.no_date", {"value": text[:40]})
        case Kind.INTEGER:
            return _integer(one, text)
        case Kind.AMOUNT:
            return _amount(one, text)
        case Kind.YES_NO:
            said = normal(text).casefold()
            if said in _YES or said in _NO:
                return said in _YES
            return Fault(one.name, "masterdata.no_yes_no", {"value": text[:40]})
        case Kind.PERSON_ID:
            read = read_identity(normal(text).replace(" ", ""), today)
            return read if isinstance(read, str) else Fault(one.name, *read)


@lru_cache(maxsize=20_000)
def read_date(text: str) -> date | None:
    """The day that a cell means: ISO, with slashes or points, Chinese, eight digits, or an Excel serial number."""
    said = normal(text)
    if match := _SERIAL.fullmatch(said):
        # From 1930 to 2099: a smaller number is rather a quantity than a day.
        serial = int(match[1])
        return _SERIAL_DAY_ZERO + timedelta(days=serial) if 10_959 <= serial <= 73_050 else None
    if _PACKED.fullmatch(said):
        said = f"{said[:4]}-{said[4:6]}-{said[6:]}"
    if "年" in said:
        said = re.sub(r"([一二三四五六七八九]?)十([一二三四五六七八九]?)", _tens, said).translate(_CHINESE)
    match = _DATE.fullmatch(said)
    if match is None or not 1900 <= int(match[1]) <= 2100:
        return None
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None


def _tens(match: re.Match[str]) -> str:
    return (match[1] or "一") + (match[2] or "〇")


def _text(one: Field, text: str) -> Value | Fault:
    if one.long:
        text = " ".join(text.split())
    # A character of private use looks like anything or nothing on another machine.
    if not text.isprintable() or _UNSHOWN.search(text):
        spoiled = next(one for one in text if not one.isprintable() or _UNSHOWN.match(one))
        return Fault(one.name, "masterdata.no_text", {"character": f"U+{ord(spoiled):04X}"})
    most = MOST_LONG if one.long else MOST_TEXT
    if len(text) > most:
        return Fault(one.name, "masterdata.too_long", {"letters": len(text), "most": most})
    return text


def _code(one: Field, text: str) -> Value | Fault:
    said = normal(text)
    # What a spreadsheet makes of a long number is no code any more.
    spoiled = one.kind is Kind.CODE and re.fullmatch(r"\d\.\d+[eE]\+\d+", said)
    if spoiled or len(said) > MOST_CODE or not said.isprintable() or (one.kind is Kind.CODE and " " in said):
        return Fault(one.name, "masterdata.no_code", {"value": said[:40], "most": MOST_CODE})
    return said


def _foreign(one: Field, text: str) -> Value | Fault:
    said = normal(text).upper().replace(" ", "")
    if re.fullmatch(r"[A-Z0-9()-]{5,30}", said):
        return said
    return Fault(one.name, "masterdata.id_shape", {"letters": len(said)})


@lru_cache(maxsize=200)
def _choices(table: CodeTable) -> Mapping[str, tuple[str, bool]]:
    """By word the code it means and whether that is retired; a code in use goes before a retired one."""
    found: dict[str, tuple[str, bool]] = {}
    for retired in (True, False):
        for choice in reversed(table.choices):
            if choice.retired is retired:
                for word in (*choice.aliases, choice.label.en, choice.label.zh, choice.code):
                    if word:
                        found[normal(word).casefold()] = choice.code, retired
    return found


def _choice(one: Field, text: str, table: CodeTable | None) -> Value | Fault:
    assert table is not None
    found = _choices(table).get(normal(text).casefold())
    if found is not None and not found[1]:
        return found[0]
    listed = "、".join(choice.label.zh for choice in table.in_use)
    code = "masterdata.retired_choice" if found else "masterdata.no_choice"
    return Fault(one.name, code, {"value": text[:40], "choices": listed})


def _bare(one: Field, text: str) -> str:
    said = normal(text)
    for unit in one.units:
        said = said.removesuffix(unit).strip()
    return said


def _integer(one: Field, text: str) -> Value | Fault:
    said = _bare(one, text)
    match = re.fullmatch(r"(\d{1,9})(?:\.0+)?", said)
    if match is None:
        return Fault(one.name, "masterdata.no_integer", {"value": text[:40]})
    value = int(match[1])
    if value < one.least or (one.most and value > one.most):
        return _outside(one, text, str(one.least), str(one.most))
    return value


def _amount(one: Field, text: str) -> Value | Fault:
    said = _bare(one, text)
    try:
        value = int(parse_credit(re.sub(r"(\.\d\d)0+$", r"\1", said)))
    except ValueError:
        return Fault(one.name, "masterdata.no_amount", {"value": text[:40]})
    if value < one.least or (one.most and value > one.most):
        return _outside(one, text, format_credit(one.least), format_credit(one.most))
    return value


def _outside(one: Field, text: str, least: str, most: str) -> Fault:
    return Fault(
        one.name, "masterdata.out_of_range", {"value": text[:40], "field": one.label, "least": least, "most": most}
    )


def say_value(one: Field, value: Value, language: str = "zh-hans") -> str:
    """A value as a cell says it, so that reading it again gives the same value."""
    if value is None:
        return ""
    match one.kind:
        case Kind.CHOICE if one.table is not None:
            found = next((choice for choice in one.table.choices if choice.code == value), None)
            return found.label.said_in(language) if found else str(value)
        case Kind.AMOUNT if isinstance(value, int):
            whole, part = divmod(value, 100)
            return f"{whole}.{part:02d}".rstrip("0").rstrip(".")
        case Kind.YES_NO:
            yes, no = ("是", "否") if language.startswith("zh") else ("yes", "no")
            return yes if value else no
        case _:
            return str(value)
