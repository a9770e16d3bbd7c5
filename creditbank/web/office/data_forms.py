"""The form of one row of master data, built from what is declared of its data set."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from creditbank.domain.masterdata.declaration import DataSet, Field, Kind
from creditbank.domain.masterdata.facts import Stored
from creditbank.domain.masterdata.reading import MOST_LONG, MOST_TEXT, read_record, say_value
from creditbank.domain.values import Text
from creditbank.exchange.masterdata.reading import heading_key
from creditbank.queries.masterdata.pages import choices_of
from creditbank.queries.masterdata.updates import has_below
from creditbank.records.scope import Scope
from creditbank.web.design.forms import DateField, DateInput, DesignForm, FileDrop
from creditbank.web.office.data_words import Reader


class RowForm(DesignForm):
    """One field for each declared one, and the day whose state is typed.

    Only what differs from the row in force is stated, so that a later sheet still decides the rest.
    """

    as_of = DateField(
        label=_("As of"), help_text=_("The day from which this is so. A later day stands over an earlier one.")
    )

    def __init__(
        self,
        data_set: DataSet,
        reader: Reader,
        scope: Scope,
        today: date,
        content: Mapping[str, Stored] | None,
        data: Any = None,
    ) -> None:
        self.data_set, self.reader, self.today = data_set, reader, today
        self.known = content
        shown = {one.name: self._text(one) for one in data_set.fields} if content is not None else {}
        super().__init__(data, initial={**shown, "as_of": today}, prefix="row")
        below = has_below(scope)
        for one in data_set.fields:
            if one.name == "locked" and not below:
                continue
            if one.name == "retired" or (content is not None and one.name in data_set.key):
                continue
            self.fields[one.name] = self._field(one, scope)
        self.order_fields([one.name for one in data_set.fields])

    def _text(self, one: Field) -> str:
        """What the form shows of the row in force; an identity number is typed anew or left alone."""
        value = (self.known or {}).get(one.name)
        if one.kind is Kind.PERSON_ID or value is None:
            return ""
        if one.kind is Kind.CHOICE:
            return str(value)
        if one.kind is Kind.YES_NO:
            return "yes" if value else "no"
        return say_value(one, value, "en")

    def _field(self, one: Field, scope: Scope) -> forms.Field:
        label = one.label.said_in(self.reader.language)
        told: dict[str, Any] = {"label": label, "required": one.required}
        match one.kind:
            case Kind.CHOICE if one.table is not None:
                table, held = self.reader.tables.get(one.table.code, one.table), (self.known or {}).get(one.name)
                words = [("", "—")] + [
                    # A retired code stays where it stands, and is chosen nowhere anew.
                    (c.code, c.label.said_in(self.reader.language))
                    for c in table.choices
                    if not c.retired or c.code == held
                ]
                return forms.ChoiceField(choices=words, **told)
            case Kind.YES_NO:
                return forms.ChoiceField(choices=[("", "—"), ("yes", _t("yes")), ("no", _t("no"))], **told)
            case Kind.DATE:
                return forms.CharField(widget=DateInput(), max_length=10, **told)
            case Kind.INTEGER | Kind.AMOUNT:
                mode = "numeric" if one.kind is Kind.INTEGER else "decimal"
                widget = forms.TextInput({"inputmode": mode, "class": "short n", "autocomplete": "off"})
                return forms.CharField(widget=widget, max_length=20, **told)
            case Kind.REFERENCE:
                known = choices_of(scope, one.data_set, self.today)
                value = str((self.known or {}).get(one.name) or "")
                if not known:
                    return forms.CharField(help_text=_t("The code of the other row."), max_length=64, **told)
                words = [("", "—")] + [(key, key if key == name else f"{name} ({key})") for key, name in known]
                if value and value not in dict(known):
                    # What is not in the data, or retired, stays until somebody chooses otherwise.
                    words.append((value, value))
                return forms.ChoiceField(choices=words, **told)
            case Kind.PERSON_ID:
                told["help_text"] = _t("Kept sealed. Leave it empty to leave it as it is.") if self.known else ""
                widget = forms.TextInput({"autocomplete": "off"})
                return forms.CharField(widget=widget, max_length=40, **told)
            case _ if one.long:
                return forms.CharField(max_length=MOST_LONG, widget=forms.Textarea({"rows": 4}), **told)
            case _:
                return forms.CharField(max_length=MOST_TEXT, **told)

    def clean(self) -> dict[str, Any]:
        """Read what was typed as a sheet would be read; each fault stands at its field."""
        cleaned: dict[str, Any] = super().clean() or {}
        if self.errors:
            return cleaned
        read = read_record(self.data_set, self.texts(cleaned), today=self.today, tables=self.reader.tables)
        if isinstance(read, tuple):
            for fault in read:
                self.add_error(
                    fault.field if fault.field in self.fields else None, self.reader.fault(fault.code, fault.facts)
                )
        else:
            self.key = read.key
        return cleaned

    def texts(self, cleaned: Mapping[str, Any] | None = None) -> dict[str, str]:
        """What is stated: the key, and every field that was typed otherwise than it was shown."""
        said = self.cleaned_data if cleaned is None else cleaned
        if self.known is None:
            return {one.name: str(said.get(one.name) or "") for one in self.data_set.fields if one.name in self.fields}
        stated = {name: self._text(self.data_set.field(name)) for name in self.data_set.key}
        for one in self.data_set.fields:
            if one.name in self.fields and str(said.get(one.name) or "") != self._text(one):
                stated[one.name] = str(said.get(one.name) or "")
        if stated.get("national_id") and "id_kind" in self.fields:
            # Whether a number is one of the state's depends on the kind of document.
            stated["id_kind"] = str(said.get("id_kind") or "")
        return stated

    def cleared(self) -> tuple[str, ...]:
        """The fields that were emptied."""
        if self.known is None:
            return ()
        return tuple(name for name, text in self.texts().items() if not text and self._text(self.data_set.field(name)))


class ReasonForm(DesignForm):
    """Why a row is retired or taken back, and from which day."""

    as_of = DateField(label=_("As of"))
    reason = forms.CharField(
        label=_("Reason"),
        max_length=400,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("It stands in the history of the row. Do not name people."),
    )


class UploadForm(DesignForm):
    """A sheet and the day whose state it shows."""

    file = forms.FileField(
        label=_("Sheet (XLSX or CSV)"),
        widget=FileDrop(accept=".xlsx,.csv,.txt,.tsv"),
        error_messages={"required": _("Choose the sheet"), "empty": _("The file is empty. Export it again.")},
    )
    as_of = DateField(
        label=_("As of"),
        help_text=_(
            "The day whose state the sheet shows, not the day of the upload. A later day stands over an earlier one,"
            " in whatever order the sheets arrive."
        ),
    )


class MappingForm(DesignForm):
    """What each heading of a sheet means, and what words stand for that no code table knows."""

    def __init__(
        self,
        data_set: DataSet,
        reader: Reader,
        columns: Mapping[str, str],
        unknown: Mapping[str, Mapping[str, int]],
        values: Mapping[str, Mapping[str, str]],
        data: Any = None,
        *,
        locked: Mapping[str, tuple[str, Text]] = MappingProxyType({}),
    ) -> None:
        super().__init__(data, prefix="map")
        self.locked = locked
        self.data_set, self.headings, self.language = data_set, tuple(columns), reader.language
        self.words: list[tuple[str, str, int]] = []
        leave_out = [("", _t("Leave this column out"))]
        every = [
            (one.name, one.label.said_in(reader.language) + (" *" if one.required else "")) for one in data_set.fields
        ]
        for place, (heading, field) in enumerate(columns.items()):
            self.fields[f"heading{place}"] = forms.ChoiceField(
                label=heading, choices=leave_out + every, required=False, initial=field
            )
        for name, said in unknown.items():
            one = data_set.field(name)
            refuse = [("", _t("Refuse these rows"))]
            table = reader.field(one).table
            known = [(c.code, c.label.said_in(reader.language)) for c in (table.in_use if table else ())]
            for word, count in said.items():
                self.fields[f"word{len(self.words)}"] = forms.ChoiceField(
                    label=f"{one.label.said_in(reader.language)}: {word}",
                    choices=refuse + known,
                    required=False,
                    initial=values.get(name, {}).get(word, ""),
                )
                self.words.append((name, word, count))

    def given(self) -> dict[str, str]:
        """From heading to field."""
        return {heading: self.cleaned_data[f"heading{place}"] for place, heading in enumerate(self.headings)}

    def meanings(self) -> dict[str, dict[str, str]]:
        """By field, from a word of the sheet to what it stands for."""
        found: dict[str, dict[str, str]] = {}
        for place, (name, word, _count) in enumerate(self.words):
            if chosen := self.cleaned_data[f"word{place}"]:
                found.setdefault(name, {})[word] = chosen
        return found

    def columns_taken(self, cleaned: Mapping[str, Any]) -> dict[str, int]:
        """The place of the column of each field; one that was given to two is an error at the second."""
        taken: dict[str, int] = {}
        for place in range(len(self.headings)):
            field = cleaned.get(f"heading{place}", "")
            if field in taken:
                said = _t("%(heading)s was given to this field too. Leave one of them out.")
                self.add_error(f"heading{place}", said % {"heading": self.headings[taken[field]]})
            elif field:
                taken[field] = place
        return taken

    def clean(self) -> dict[str, Any]:
        """One field has one column, and what every row needs has one."""
        cleaned: dict[str, Any] = super().clean() or {}
        taken = self.columns_taken(cleaned)
        for place, heading in enumerate(self.headings):
            field, publisher = self.locked.get(heading_key(heading), ("", None))
            if publisher is not None and cleaned.get(f"heading{place}", "") != field:
                said = _t("%(publisher)s has locked what this heading means: %(field)s. Choose that.")
                label = self.data_set.field(field).label.said_in(self.language)
                words = {"publisher": publisher.said_in(self.language), "field": label}
                self.add_error(f"heading{place}", said % words)
        for one in self.data_set.fields:
            if one.required and one.name not in taken and not self.errors:
                label = one.label.said_in(self.language)
                self.add_error(None, _t("No column says: %(field)s. Every row needs it.") % {"field": label})
        return cleaned
