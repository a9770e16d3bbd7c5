"""Tables: one state read from the address, and the behaviours that lead to the next address."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SIZES = (20, 50, 100)
"""Rows on a page a reader may choose; the first is the default."""
MOST_SELECTED = 500
"""A batch is never larger than this."""
_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_KINDS = ("text", "number", "credit", "signed", "date", "tag", "tags", "id")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: where its value is, how it is shown, and whether it sorts.

    ``key`` names an attribute or item of the row, ``second`` another one shown underneath in small;
    ``kind`` is text, number, credit, signed, date, tag (a pair of tone and word), tags (several) or id; ``link``
    names the attribute with the address its text leads to.
    """

    key: str
    label: str
    kind: str = "text"
    sortable: bool = False
    second: str = ""
    link: str = ""

    def __post_init__(self) -> None:
        """Refuse a kind nobody knows how to show."""
        if self.kind not in _KINDS:
            raise ValueError(f"unknown kind {self.kind!r} of column {self.key!r}; use one of {', '.join(_KINDS)}")

    @property
    def numeric(self) -> bool:
        """Whether the column stands at the right edge with figures of equal width."""
        return self.kind in {"number", "credit", "signed"}


@dataclass(frozen=True, slots=True)
class Filter:
    """One thing a list can be narrowed by; without choices it is free text of at most 100 characters."""

    name: str
    label: str
    choices: tuple[tuple[str, str], ...] = ()

    def accepted(self, value: str) -> str:
        """The value if it may stand, else nothing."""
        value = value.replace("\x00", "").strip()[:100]
        if self.choices and value not in {key for key, _ in self.choices}:
            return ""
        return value


@dataclass(frozen=True, slots=True)
class State:
    """What a table shows just now: order, page, filters and selection; never anything unchecked."""

    sort: str = ""
    descending: bool = False
    page: int = 1
    size: int = SIZES[0]
    filters: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    selected: tuple[str, ...] = ()

    @property
    def offset(self) -> int:
        """How many rows come before this page."""
        return (self.page - 1) * self.size

    def on_page_of(self, total: int) -> State:
        """The same state on the last page when its own one no longer exists."""
        return replace(self, page=min(self.page, self.pages(total)))

    def pages(self, total: int) -> int:
        """How many pages a number of rows fills; an empty list has one."""
        return max(1, -(-total // self.size))

    def sorted_by(self, key: str) -> State:
        """Ordered by a column, the other way round when it is the present one, from the first page."""
        return replace(self, sort=key, descending=self.sort == key and not self.descending, page=1)

    def on_page(self, page: int) -> State:
        """Another page; a selection does not travel."""
        return replace(self, page=page, selected=())

    def filtered(self, name: str, value: str) -> State:
        """Narrowed by one more filter, from the first page."""
        return replace(self, filters={**self.filters, name: value}, page=1, selected=())

    def without(self, name: str) -> State:
        """Without one filter, from the first page."""
        rest = {key: value for key, value in self.filters.items() if key != name}
        return replace(self, filters=rest, page=1, selected=())

    def querystring(self) -> str:
        """The address of this state, beginning with a question mark; defaults are left out."""
        pairs: list[tuple[str, str]] = [(key, value) for key, value in self.filters.items() if value]
        if self.sort:
            pairs.append(("sort", ("-" if self.descending else "") + self.sort))
        if self.size != SIZES[0]:
            pairs.append(("size", str(self.size)))
        if self.page > 1:
            pairs.append(("page", str(self.page)))
        pairs += [("selected", key) for key in self.selected]
        return "?" + urlencode(pairs)

    def order(self, word: str = "") -> str:
        """What ``aria-sort`` says about a column."""
        if self.sort != word:
            return "none"
        return "descending" if self.descending else "ascending"


def read_state(query: Any, *, columns: Sequence[Column], filters: Sequence[Filter] = (), sort: str = "") -> State:
    """The state a querystring asks for; whatever it may not ask for becomes the default.

    Args:
        query: Django's ``QueryDict`` (``request.GET`` or ``request.POST``).
        columns: those with ``sortable`` may be named by ``sort=key`` or ``sort=-key``.
        filters: the only other names that are read.
        sort: the default order, with a minus for descending.
    """
    allowed = {column.key for column in columns if column.sortable}
    asked = query.get("sort", "")
    chosen = asked if asked.removeprefix("-") in allowed else sort
    size = _whole(query.get("size", ""), SIZES[0])
    kept = {one.name: one.accepted(query.get(one.name, "")) for one in filters}
    selected = dict.fromkeys(key for key in query.getlist("selected") if _ID.fullmatch(key))
    return State(
        sort=chosen.removeprefix("-"),
        descending=chosen.startswith("-"),
        page=max(1, _whole(query.get("page", ""), 1)),
        size=size if size in SIZES else SIZES[0],
        filters=MappingProxyType({name: value for name, value in kept.items() if value}),
        selected=tuple(selected)[:MOST_SELECTED],
    )


def page_numbers(page: int, pages: int) -> list[int | None]:
    """The pages to offer: the ends, the neighbours, and ``None`` where some are left out."""
    wanted = sorted({1, pages, *range(max(1, page - 1), min(pages, page + 1) + 1)})
    shown: list[int | None] = []
    for before, number in zip([0, *wanted], wanted, strict=False):
        if number - before == 2:
            shown.append(number - 1)
        elif number - before > 2:
            shown.append(None)
        shown.append(number)
    return shown


def _whole(text: str, default: int) -> int:
    return int(text) if re.fullmatch(r"[0-9]{1,6}", text) else default
