"""Forms of official lists: the upload, what columns mean, and whose doubtful lines are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from creditbank.domain.masterdata.declaration import Field, Kind
from creditbank.domain.masterdata.reading import Fault, read_value
from creditbank.domain.official_lists.kind import ListKind
from creditbank.queries.official_lists.lists import ListLine, PersonShown
from creditbank.services.official_lists.imports import About
from creditbank.web.design.forms import Choices, DateField, DesignForm, FileDrop
from creditbank.web.office.data_forms import MappingForm
from creditbank.web.office.data_words import Reader
from creditbank.web.office.list_words import fault_said, language_now

NOBODY = "nobody"


class ListUploadForm(DesignForm):
    """A list as a file, and what it is."""

    kind = forms.ChoiceField(label=_("Kind of list"), widget=Choices)
    file = forms.FileField(
        label=_("List (XLSX or CSV)"),
        widget=FileDrop(accept=".xlsx,.csv,.txt,.tsv"),
        error_messages={"required": _("Choose the list"), "empty": _("The file is empty. Export it again.")},
    )
    title = forms.CharField(
        label=_("Name of the list"),
        max_length=120,
        help_text=_("Lists of one kind and one name are versions of each other. Reviewers and learners read the name."),
    )
    issuer = forms.CharField(label=_("Issuer"), max_length=120, required=False)
    issued_on = DateField(
        label=_("Issued on"),
        help_text=_("The day of this version. The latest version counts, in whatever order they arrive."),
    )
    all_ours = forms.BooleanField(
        label=_("Every line of this list is about our school"),
        required=False,
        help_text=_("Then a name that only one learner has is enough. Leave it empty for a list of many schools."),
    )
    also_called = forms.CharField(
        label=_("Other names of our school in this list"),
        max_length=200,
        required=False,
        help_text=_("A former or a short name; several with 、 between them."),
    )

    def __init__(self, kinds: Sequence[ListKind], today: date, data: Any = None, files: Any = None) -> None:
        super().__init__(data, files, prefix="list", initial={"kind": "contest"})
        self.today = today
        language = language_now()
        field = self.fields["kind"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(kind.code, kind.name.said_in(language)) for kind in kinds]
        self.kinds = {kind.code: kind for kind in kinds}

    def clean_issued_on(self) -> date:
        """A list of tomorrow has not been issued."""
        day: date = self.cleaned_data["issued_on"]
        if day > self.today:
            raise forms.ValidationError(_t("This day is still to come. A list is issued on a day that has been."))
        return day

    def chosen(self) -> ListKind:
        """The kind that was chosen."""
        return self.kinds[self.cleaned_data["kind"]]

    def state(self) -> dict[str, Any]:
        """What is kept of the list between its steps."""
        said = self.cleaned_data
        return {
            "list_kind": said["kind"],
            "title": said["title"].strip(),
            "issuer": said["issuer"].strip(),
            "issued_on": said["issued_on"].isoformat(),
            "all_ours": said["all_ours"],
            "also_called": [name.strip() for name in said["also_called"].split("、") if name.strip()],
        }


def about_of(state: Mapping[str, Any]) -> About:
    """What was said of a list that is kept between its steps."""
    return About(
        title=state["title"],
        issuer=state["issuer"],
        issued_on=date.fromisoformat(state["issued_on"]),
        all_ours=bool(state["all_ours"]),
        also_called=tuple(state["also_called"]),
    )


class ListMappingForm(MappingForm):
    """What each heading of a list means, what words stand for, and what holds for every row."""

    def __init__(
        self,
        kind: ListKind,
        reader: Reader,
        columns: Mapping[str, str],
        unknown: Mapping[str, Mapping[str, int]],
        state: Mapping[str, Any],
        data: Any = None,
    ) -> None:
        super().__init__(kind.columns, reader, columns, unknown, state.get("values", {}), data)
        self.kind = kind
        every = state.get("every", {})
        for field in kind.stated:
            self.fields[f"every_{field.name}"] = self._every(field, every.get(field.name, ""))

    def every_fields(self) -> list[Any]:
        """The bound fields of what holds for every row, those that need it first."""
        taken = {self[f"heading{place}"].value() for place in range(len(self.headings))}
        lacking = [field for field in self.kind.stated if field.name not in taken]
        return [self[f"every_{field.name}"] for field in sorted(lacking, key=lambda field: not field.required)]

    def every(self) -> dict[str, str]:
        """By column, what holds for every row."""
        said = {field.name: self.cleaned_data.get(f"every_{field.name}", "") for field in self.kind.stated}
        return {name: text.strip() for name, text in said.items() if text and text.strip()}

    def clean(self) -> dict[str, Any]:
        """One field has one column; what every row needs has a column, or is said once for all."""
        cleaned: dict[str, Any] = forms.Form.clean(self) or {}
        taken = self.columns_taken(cleaned)
        for one in self.data_set.fields:
            text = str(cleaned.get(f"every_{one.name}") or "").strip()
            if one.name in taken:
                continue
            if text:
                self._check_every(one, text)
            elif one.required:
                label = one.label.said_in(self.language)
                said = _t("No column says: %(field)s. Choose its column, or say what holds for every row.")
                self.add_error(f"every_{one.name}" if one in self.kind.stated else None, said % {"field": label})
        return cleaned

    def _check_every(self, one: Field, text: str) -> None:
        read = read_value(one, text)
        if isinstance(read, Fault):
            self.add_error(f"every_{one.name}", fault_said(read.code, read.facts))

    def _every(self, one: Field, text: str) -> forms.Field:
        label = one.label.said_in(self.language) + (" *" if one.required else "")
        if one.table is not None:
            choices = [("", _t("Not said"))] + [
                (choice.code, choice.label.said_in(self.language)) for choice in one.table.choices
            ]
            return forms.ChoiceField(label=label, choices=choices, required=False, initial=text)
        help_text = _t("For instance 2026-06-20") if one.kind is Kind.DATE else ""
        return forms.CharField(label=label, max_length=200, required=False, initial=text, help_text=help_text)


class ChoiceForm(DesignForm):
    """Whose doubtful lines are: one of those they may be, another student, nobody; or nothing yet."""

    def __init__(self, lines: Sequence[ListLine], people: Mapping[UUID, PersonShown], data: Any = None) -> None:
        super().__init__(data, prefix="choose")
        self.lines, self.language = tuple(lines), language_now()
        for line in self.lines:
            name = place_of(line)
            known = [people[one] for one in line.candidates if one in people]
            choices = [(str(one.learner_id), self._said(one)) for one in known]
            choices.append((NOBODY, _t("Nobody of ours")))
            who = line.stated.get("name") or line.stated.get("number") or ""
            self.fields[name] = forms.ChoiceField(
                label=_t("Whose is line %(line)s: %(who)s?") % {"line": line.line, "who": who},
                choices=choices, widget=Choices, required=False,
                initial=(str(line.learner_id or NOBODY) if line.found.value != "doubtful" else None),
            )  # fmt: skip
            self.fields[f"{name}_number"] = forms.CharField(
                label=_t("Another student, by student number"), max_length=40, required=False,
                widget=forms.TextInput({"class": "short n", "autocomplete": "off"}),
            )  # fmt: skip

    def only_suggestions(self) -> dict[tuple[int, int], UUID | None]:
        """The suggestion of every line that has exactly one and was not answered otherwise."""
        said = self.said()
        return {
            (line.line, line.member): said.get(place_of(line), (line.candidates[0], ""))[0]
            for line in self.lines
            if place_of(line) in said or len(line.candidates) == 1
        }

    def said(self) -> dict[str, tuple[UUID | None, str]]:
        """By line, the learner that was chosen or none, and a student number where one was typed."""
        answers: dict[str, tuple[UUID | None, str]] = {}
        for line in self.lines:
            name = place_of(line)
            chosen, number = self.cleaned_data.get(name, ""), self.cleaned_data.get(f"{name}_number", "").strip()
            if number:
                answers[name] = None, number
            elif chosen:
                answers[name] = (None if chosen == NOBODY else UUID(chosen)), ""
        return answers

    def _said(self, one: PersonShown) -> str:
        parts = (
            one.name.said_in(self.language), one.number, one.college.said_in(self.language), one.class_code,
            str(one.cohort or ""),
        )  # fmt: skip
        return " · ".join(part for part in parts if part)


def place_of(line: ListLine) -> str:
    """The name of a line's field."""
    return f"l{line.line}_{line.member}"
