"""Forms of an import of results: the upload, and what columns, words and every row mean."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from creditbank.domain.results import EARNS_EACH, EARNS_ONCE
from creditbank.exchange.result_sheets import COURSE, LONG, SITTING, WIDE, School
from creditbank.web.design.forms import Choices, DateField, DesignForm, FileDrop
from creditbank.web.office.data_forms import MappingForm
from creditbank.web.office.data_words import Reader


class ResultUploadForm(DesignForm):
    """A sheet of results, how it is laid out, and the day whose state it shows."""

    file = forms.FileField(
        label=_("Sheet (XLSX or CSV)"),
        widget=FileDrop(accept=".xlsx,.csv,.txt,.tsv"),
        error_messages={"required": _("Choose the sheet"), "empty": _("The file is empty. Export it again.")},
    )
    shape = forms.ChoiceField(
        label=_("How the sheet is laid out"),
        widget=Choices,
        choices=(
            (LONG, _("One row for each result")),
            (WIDE, _("One row for each student, one column for each course")),
        ),
        initial=LONG,
    )
    as_of = DateField(
        label=_("As of"),
        help_text=_(
            "The day whose state the sheet shows, not the day of the upload. A later day corrects an earlier one,"
            " in whatever order the sheets arrive."
        ),
    )

    def __init__(self, today: date, data: Any = None, files: Any = None) -> None:
        super().__init__(data, files, initial={"as_of": today, "shape": LONG})
        self.today = today

    def clean_as_of(self) -> date:
        """What a sheet shows has been."""
        day: date = self.cleaned_data["as_of"]
        if day > self.today:
            raise forms.ValidationError(_("This day is still to come. A sheet shows the state of a day that has been."))
        return day


class ResultMappingForm(MappingForm):
    """What each heading of a sheet of results means, what its words stand for, and what holds for every row."""

    def __init__(
        self,
        shape: str,
        school: School,
        reader: Reader,
        columns: Mapping[str, str],
        found: Mapping[str, Mapping[str, int]],
        words: Mapping[str, Mapping[str, str]],
        courses: Mapping[str, str],
        every: Mapping[str, str],
        data: Any = None,
    ) -> None:
        super().__init__(school.said(shape), reader, columns, found, words, data)
        self.shape, self.school = shape, school
        for place, (heading, field) in enumerate(columns.items()):
            if shape == WIDE:
                chosen = self.fields[f"heading{place}"]
                assert isinstance(chosen, forms.ChoiceField)
                own = [(name, word) for name, word in chosen.choices if name != "mark"]
                chosen.choices = [*own, (COURSE, _t("The marks of a course"))]
                if not field and courses.get(heading):
                    chosen.initial = COURSE
                self.fields[f"code{place}"] = forms.CharField(
                    label=_t("Course code of %(heading)s") % {"heading": heading}, max_length=64, required=False,
                    initial=courses.get(heading, ""),
                    widget=forms.TextInput({"class": "short", "autocomplete": "off", "list": "library"}),
                )  # fmt: skip
        self._add_every(every)

    def _add_every(self, every: Mapping[str, str]) -> None:
        said = self.reader_words
        terms = [("", "—"), *((term.code, said(term.name, term.code)) for term in self.school.terms)]
        sittings = [(one.code, one.label.said_in(self.language)) for one in SITTING.choices]
        rules = [(rule.code, said(rule.name, rule.code)) for rule in self.school.rules]
        short = {"class": "short n", "autocomplete": "off"}
        repeats = (
            (EARNS_ONCE, _t("Its credit once: the first pass counts, later ones keep their mark")),
            (EARNS_EACH, _t("Its credit each time, as for a course whose content changes")),
        )
        self.fields["every_presentation"] = forms.ChoiceField(label=_t("Term"), choices=terms, required=False)
        self.fields["every_sitting"] = forms.ChoiceField(label=_t("Sitting"), choices=sittings, required=False)
        self.fields["every_rule_set"] = forms.ChoiceField(label=_t("Rule set that decides"), choices=rules)
        self.fields["every_pass_mark"] = forms.DecimalField(
            label=_t("Pass mark"), min_value=0, max_value=100, max_digits=5, decimal_places=2,
            widget=forms.TextInput({**short, "inputmode": "decimal"}),
        )  # fmt: skip
        self.fields["every_level"] = forms.IntegerField(
            label=_t("Level of the courses"), min_value=0, max_value=99,
            widget=forms.TextInput({**short, "inputmode": "numeric"}),
        )  # fmt: skip
        self.fields["every_field"] = forms.RegexField(
            label=_t("Field of the courses"), regex=r"^[A-Za-z0-9][A-Za-z0-9_.:-]*$", max_length=64,
            widget=forms.TextInput({"class": "short", "autocomplete": "off"}),
            error_messages={"invalid": _t("Letters, digits and the signs _ . : - only")},
        )  # fmt: skip
        self.fields["every_repeat"] = forms.ChoiceField(
            label=_t("A course that is passed again brings"), choices=repeats, widget=Choices
        )
        for name, value in every.items():
            if f"every_{name}" in self.fields:
                self.fields[f"every_{name}"].initial = value

    def reader_words(self, name: Any, code: str) -> str:
        """A name with its code, or the code where the name says no more."""
        said = name.said_in(self.language)
        return code if said in ("", code) else f"{said} ({code})"

    def _taken(self) -> set[str]:
        return {str(self[f"heading{place}"].value() or "") for place in range(len(self.headings))}

    def every_fields(self) -> list[Any]:
        """The bound fields of what holds for every row, save what columns say."""
        taken = self._taken()
        names = [name for name in ("presentation", "sitting") if name not in taken]
        return [self[f"every_{name}"] for name in (*names, "pass_mark", "rule_set")]

    def more_fields(self) -> list[Any]:
        """Those that most schools leave as they are."""
        return [self[f"every_{name}"] for name in ("level", "field", "repeat")]

    def _initial(self, name: str) -> Any:
        return self.get_initial_for_field(self.fields[name], name) or ""

    def every(self) -> dict[str, str]:
        """What holds for every row."""
        return {
            name.removeprefix("every_"): str(self._initial(name) if value in ("", None) else value)
            for name, value in self.cleaned_data.items()
            if name.startswith("every_")
        }

    def given(self) -> dict[str, str]:
        """From heading to field; columns of courses are no fields."""
        return {heading: "" if field == COURSE else field for heading, field in super().given().items()}

    def courses(self) -> dict[str, str]:
        """From heading to course code, of a wide sheet."""
        return {
            heading: self.cleaned_data[f"code{place}"].strip()
            for place, heading in enumerate(self.headings)
            if self.cleaned_data.get(f"heading{place}") == COURSE
        }

    def clean(self) -> dict[str, Any]:
        """One field has one column; a result has its term, a course its code and its credit."""
        cleaned: dict[str, Any] = forms.Form.clean(self) or {}
        taken: dict[str, int] = {}
        for place, heading in enumerate(self.headings):
            field = cleaned.get(f"heading{place}", "")
            if field == COURSE:
                self._check_course(place, heading, str(cleaned.get(f"code{place}") or "").strip())
            elif field in taken:
                said = _t("%(heading)s was given to this field too. Leave one of them out.")
                self.add_error(f"heading{place}", said % {"heading": self.headings[taken[field]]})
            elif field:
                taken[field] = place
        for one in self.data_set.fields:
            if one.required and one.name not in taken and not self.errors:
                label = one.label.said_in(self.language)
                self.add_error(None, _t("No column says: %(field)s. Every row needs it.") % {"field": label})
        if self.shape == WIDE and not self.errors and not self.courses():
            self.add_error(None, _t("No column holds the marks of a course. Say which ones do."))
        if "presentation" not in taken and not cleaned.get("every_presentation"):
            self.add_error(
                "every_presentation", _t("No column says the term. Choose the one that holds for every row.")
            )
        return cleaned

    def _check_course(self, place: int, heading: str, code: str) -> None:
        others = [self.cleaned_data.get(f"code{other}", "") for other in range(place)
                  if self.cleaned_data.get(f"heading{other}") == COURSE]  # fmt: skip
        if not code:
            self.add_error(f"code{place}", _t("Say which course %(heading)s is.") % {"heading": heading})
        elif code not in self.school.library:
            said = _t("The course library has no course %(code)s with credit.")
            self.add_error(f"code{place}", said % {"code": code})
        elif code in others:
            self.add_error(f"code{place}", _t("Another column holds the marks of %(code)s too.") % {"code": code})
