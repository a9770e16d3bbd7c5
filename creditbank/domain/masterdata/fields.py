"""Short ways to declare the fields of a data set."""

from __future__ import annotations

from creditbank.domain.masterdata.declaration import CodeTable, Field, Kind
from creditbank.domain.values import Text


def text(name: str, zh: str, en: str, aliases: str = "", **more: object) -> Field:
    """A field of text; ``aliases`` are other headings, divided by spaces."""
    return field(name, zh, en, Kind.TEXT, aliases, **more)


def field(name: str, zh: str, en: str, kind: Kind, aliases: str = "", **more: object) -> Field:
    """A field of any kind with its two labels."""
    return Field(name, Text(zh, en), kind, tuple(aliases.split()), **more)  # type: ignore[arg-type]


def choice(name: str, zh: str, en: str, table: CodeTable, aliases: str = "", **more: object) -> Field:
    """A field that holds a code of a table."""
    return field(name, zh, en, Kind.CHOICE, aliases, table=table, **more)


def reference(name: str, zh: str, en: str, data_set: str, aliases: str = "", **more: object) -> Field:
    """A field that names a row of a data set."""
    return field(name, zh, en, Kind.REFERENCE, aliases, data_set=data_set, **more)


RETIRED = field("retired", "是否停用", "Retired", Kind.YES_NO, "停用 是否停用 已停用", examples=("否", ""))
NAME_EN = ("name_en", "英文名称", "English name")
