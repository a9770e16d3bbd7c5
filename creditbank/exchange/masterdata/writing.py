"""Write master data as workbooks: templates to fill in, and the rows in force under the same heads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from creditbank.domain.masterdata.declaration import DataSet, Field, Kind
from creditbank.domain.masterdata.reading import say_value
from creditbank.exchange.spreadsheets import SheetContent, workbook_bytes
from creditbank.gateways.identities import Identities

_WORDS = {
    "zh": {
        "examples": "示例",
        "notes": "填写说明",
        "head": ("列名", "是否必填", "内容", "可用取值", "也可写作"),
        "yes": "必填",
        "no": "选填",
        "key": "必填，用于识别同一条记录",
    },
    "en": {
        "examples": "Examples",
        "notes": "Notes",
        "head": ("Column", "Required", "Content", "Values", "Also read as"),
        "yes": "required",
        "no": "optional",
        "key": "required; tells one row from another",
    },
}
_KINDS = {
    Kind.TEXT: ("文字", "text"),
    Kind.CODE: ("代码，不含空格", "a code without spaces"),
    Kind.CHOICE: ("从取值中选择", "one of the values"),
    Kind.DATE: ("日期，如 2026-09-01、2026/9/1 或 2026年9月1日", "a day, such as 2026-09-01 or 2026/9/1"),
    Kind.INTEGER: ("整数", "a whole number"),
    Kind.AMOUNT: ("数字，最多两位小数", "a number with at most two decimals"),
    Kind.YES_NO: ("是或否", "yes or no"),
    Kind.PERSON_ID: ("18 位身份证号（15 位旧号自动转换），单元格设为文本", "an identity number of 18 digits, as text"),
    Kind.REFERENCE: ("另一类数据中的代码或名称", "a code or a name of another data set"),
}


def template_bytes(data_set: DataSet, language: str = "zh-hans") -> bytes:
    """The workbook to fill in: an empty sheet with drop-downs, a sheet of examples, a sheet that explains.

    The same language gives the same bytes.
    """
    words = _WORDS[_language(language)]
    head, widths, choices = _head(data_set, language), _widths(data_set, language), _choices(data_set, language)
    examples = [
        ["" if not field.examples[row] else _example(field, field.examples[row], language) for field in data_set.fields]
        for row in (0, 1)
    ]
    return workbook_bytes(
        [
            SheetContent(data_set.name.said_in(language), head, [], widths, choices),
            SheetContent(str(words["examples"]), head, examples, widths, choices),
            SheetContent(str(words["notes"]), words["head"], list(_notes(data_set, language)), (18, 28, 46, 60, 60)),
        ]
    )


def export_sheet(
    data_set: DataSet,
    rows: Iterable[Mapping[str, Any]],
    *,
    language: str = "zh-hans",
    identities: Identities | None = None,
) -> SheetContent:
    """Rows in force as a sheet whose import changes nothing; they are read while it is written.

    Args:
        data_set: what the rows are of.
        rows: their contents as stored.
        language: of headings and of what codes are called.
        identities: opens identity numbers; without it their column stays empty, which states nothing.
    """
    written = ([_cell(field, row.get(field.name), language, identities) for field in data_set.fields] for row in rows)
    title = data_set.name.said_in(language)
    return SheetContent(title, _head(data_set, language), written, _widths(data_set, language))


def _language(language: str) -> str:
    return "zh" if language.lower().startswith("zh") else "en"


def _head(data_set: DataSet, language: str) -> list[str]:
    return [field.label.said_in(language) + ("*" if field.required else "") for field in data_set.fields]


def _widths(data_set: DataSet, language: str) -> list[int]:
    zh = _language(language) == "zh"
    wide = {"name", "name_en", "college", "major", "national_id", "document", "reason", "email"}
    return [
        max(len(field.label.said_in(language)) * (2 if zh else 1) + 3, 22 if field.name in wide else 12)
        for field in data_set.fields
    ]


def _choices(data_set: DataSet, language: str) -> dict[int, list[str]]:
    found = {}
    for place, field in enumerate(data_set.fields):
        if field.kind is Kind.YES_NO:
            found[place] = [say_value(field, value=True, language=language), say_value(field, False, language)]
        elif field.table is not None:
            found[place] = [choice.label.said_in(language) for choice in field.table.in_use]
    return found


def _example(field: Field, text: str, language: str) -> str:
    if _language(language) == "zh" or field.table is None:
        return {"是": "yes", "否": "no"}.get(text, text) if _language(language) == "en" else text
    return next((choice.label.said_in(language) for choice in field.table.choices if choice.label.zh == text), text)


def _notes(data_set: DataSet, language: str) -> Iterable[list[str]]:
    words, second = _WORDS[_language(language)], int(_language(language) == "en")
    for field in data_set.fields:
        needed = words["key"] if field.name in data_set.key else words["yes"] if field.required else words["no"]
        values = [choice.label.said_in(language) for choice in field.table.in_use] if field.table else []
        yield [
            field.label.said_in(language),
            str(needed),
            _KINDS[field.kind][second],
            "、".join(values),
            "、".join((field.label.en if not second else field.label.zh, *field.aliases)),
        ]


def _cell(field: Field, value: Any, language: str, identities: Identities | None) -> str:
    if field.kind is Kind.PERSON_ID and isinstance(value, dict):
        return identities.opened(value) if identities is not None else ""
    return say_value(field, value, language)
