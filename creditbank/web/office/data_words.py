"""Words of master data: values as a reader may see them, verdicts, figures and faults."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from creditbank.domain.access import Actor, Role, Thing, may
from creditbank.domain.explanation import Fact, Line
from creditbank.domain.masterdata.declaration import Check, CodeTable, DataSet, Field, Kind
from creditbank.domain.masterdata.editions import with_table
from creditbank.domain.masterdata.facts import Verdict
from creditbank.domain.masterdata.identity import masked
from creditbank.domain.masterdata.inheritance import Inherited, inherits
from creditbank.domain.masterdata.reading import say_value
from creditbank.domain.masterdata.sets import DATA_SETS, data_set_named, figure_facts
from creditbank.exchange import encoding, sheets, workbooks
from creditbank.exchange.masterdata import editions, reading
from creditbank.gateways import files, wording
from creditbank.gateways.identities import Identities
from creditbank.queries.masterdata.inheritance import Inheritance, inheritance_of, tables_on
from creditbank.records.scope import Scope, acting_for
from creditbank.services.access import NotVisible
from creditbank.web.office.desk import actor_of, today_at

MESSAGES: Mapping[str, str] = {
    **files.MESSAGES, **encoding.MESSAGES, **workbooks.MESSAGES, **sheets.MESSAGES, **reading.MESSAGES,
    **editions.MESSAGES,
}  # fmt: skip
"""Sentences of what can be wrong with a file, by code."""

VERDICTS = {
    Verdict.NEW: ("ok", _("New")),
    Verdict.CHANGED: ("info", _("Changed")),
    Verdict.SAME: ("plain", _("The same")),
    Verdict.OLDER: ("warn", _("Something later stands")),
}

_ALWAYS_SHOWN = frozenset({"name", "name_en"})


class Reader:
    """Whoever reads master data: their language, and which of the personal fields they see."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.language = get_language() or "zh-hans"
        self.registrar = Role.REGISTRAR in actor.roles

    @cached_property
    def identities(self) -> Identities:
        """The keys that open identity numbers."""
        return Identities(settings.BANK)

    @cached_property
    def tables(self) -> Mapping[str, CodeTable]:
        """The editions of code tables valid today where this reader works."""
        if self.actor.institution is None:
            return {}
        with acting_for(institution=self.actor.institution, purpose="masterdata.read") as scope:
            return tables_on(scope, today_at(scope))

    def field(self, field: Field) -> Field:
        """A field with the edition of its code table that is valid today."""
        return with_table(field, self.tables) if field.table is not None else field

    def hides(self, field: Field) -> bool:
        """Whether this reader sees only that something is there."""
        return field.personal and not self.registrar and field.name not in _ALWAYS_SHOWN

    def value(self, field: Field, value: Any) -> str:
        """A stored value as this reader may see it; an identity number is never shown whole."""
        if value is None or value == "":
            return ""
        if self.hides(field):
            return _t("hidden")
        if isinstance(value, dict):
            return masked(self.identities.opened(value))
        return say_value(self.field(field), value, self.language)

    def figure(self, data_set: DataSet, check: Check) -> str:
        """What a figure of the source register counts."""
        code, facts = figure_facts(data_set, check)
        return wording.say_code(code, facts, self.language)

    def fault(self, code: str, facts: Mapping[str, Fact]) -> str:
        """Why a cell, a row or a file is refused."""
        return wording.say_code(code, facts, self.language, MESSAGES)

    def lines(self, lines: tuple[Line, ...]) -> list[str]:
        """The reasons of a refusal as sentences."""
        return [wording.say(line, self.language) for line in lines]


def handed_down(scope: Scope, data_set: DataSet) -> Inheritance | None:
    """What the levels above hand down of a data set today, where they hand down anything."""
    return (inheritance_of(scope, data_set.code, today_at(scope)) or None) if inherits(data_set.code) else None


def origin_of(row: Inherited, reader: Reader) -> tuple[str, str]:
    """That a row comes from above, and whether it is locked, as a tag."""
    publisher = row.publisher.said_in(reader.language)
    if row.locked:
        return "info", _t("From %(publisher)s, locked") % {"publisher": publisher}
    return "plain", _t("From %(publisher)s") % {"publisher": publisher}


def visible_sets(actor: Actor) -> tuple[DataSet, ...]:
    """The data sets of this desk; one college's desk has those that are about no person."""
    return tuple(one for one in DATA_SETS if actor.college is None or not one.personal)


def set_for(request: HttpRequest, code: str) -> DataSet:
    """The data set of an address.

    Raises:
        NotVisible: there is none, or it is not for this desk.
    """
    found = data_set_named(code)
    if found is None or found not in visible_sets(actor_of(request)):
        raise NotVisible
    return found


def set_to_write(request: HttpRequest, code: str) -> DataSet:
    """The data set of an address, for somebody who keeps it true: a desk of the whole school.

    Raises:
        NotVisible: there is none, or this desk does not keep it.
    """
    found = set_for(request, code)
    actor = actor_of(request)
    if not may(actor, "masterdata.write", Thing(institution=actor.institution)):
        raise NotVisible
    return found


def may_write(actor: Actor) -> bool:
    """Whether this desk keeps master data true."""
    return may(actor, "masterdata.write", Thing(institution=actor.institution))


def list_address(data_set: DataSet, **filters: str) -> str:
    """The list of a data set, narrowed."""
    query = urlencode({name: value for name, value in filters.items() if value})
    return reverse("office:data-list", args=[data_set.code]) + (f"?{query}" if query else "")


def row_address(data_set: DataSet, key: str, rest: str = "data-row") -> str:
    """The page of one row."""
    return reverse(f"office:{rest}", args=[data_set.code, key])


def main_field(data_set: DataSet) -> Field:
    """The field by which rows are called in lists."""
    return data_set.field(data_set.label)


def listed_fields(data_set: DataSet, check: Check | None = None, most: int = 5) -> tuple[Field, ...]:
    """The fields a list shows beside label and key: what a figure is about, then what is expected of a row."""
    apart = {data_set.label, *(data_set.key if len(data_set.key) == 1 else ()), "retired"}
    # Of a path through references the row itself has the first step.
    asked = [data_set.field(path.partition(".")[0]) for path in (check.fields if check else ())]
    asked = [field for field in asked if field.name not in apart]
    usual = [
        field
        for field in data_set.fields
        if (field.expected or field.required) and field.name not in apart and not field.personal
    ]
    return tuple(dict.fromkeys([*asked, *usual]))[: max(most, len(asked))]


def is_short(field: Field) -> bool:
    """Whether a field's values are figures, which stand at the right."""
    return field.kind in {Kind.INTEGER, Kind.AMOUNT}
