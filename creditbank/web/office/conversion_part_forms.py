"""Fields of the parts of conversion rules: limits, closed courses, standings, what facts name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from creditbank.domain.conversions.model import (
    CARRIERS,
    STANDINGS,
    UNIT_CARRIERS,
    Closed,
    ConversionRules,
    Standing,
)
from creditbank.domain.conversions.words import RULING, STANDING
from creditbank.domain.rules.model import FactType, Scope
from creditbank.domain.rules.places import Place, UnreadableError
from creditbank.web.design.forms import DesignForm
from creditbank.web.office.rule_part_forms import SCOPES, CapForm, PartForm, ValidityForm
from creditbank.web.office.rule_step_forms import ExcludeForm, PrerequisiteForm
from creditbank.web.office.rule_words import language_now

_COMMAS = re.compile(r"[\s,，、;；]+")
_CLOSING = ("courses", "natures", "categories")
_ASKED = tuple(one for one in Standing if one is not Standing.OPEN)
CARRIED = {
    "course": _("Course"),
    "certificate": _("Certificate"),
    "outcome": _("Outcome"),
    "category": _("Category"),
    "institution": _("Institution that gave it"),
}
"""What a fact of an item may name."""


class ConversionCapForm(CapForm):
    """A limit; it is about the learner, for several items may be converted at once."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for name in ("when", "by", "beside"):
            del self.fields[name]
        scopes = {**SCOPES, Scope.CLAIM: _("conversion")}
        self._listed("scope", [(scope.value, word) for scope, word in scopes.items()])


class ConversionPrerequisiteForm(PrerequisiteForm):
    """What a learner must have before; it is about the learner alone."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        del self.fields["when"]


class ClosedForm(PartForm):
    """Courses that nothing converts into."""

    courses = forms.CharField(
        label=_("Courses"), max_length=20_000, required=False, widget=forms.Textarea({"rows": 2}),
        help_text=_("Codes with commas between."),
    )  # fmt: skip
    natures = forms.CharField(
        label=_("Natures of courses"), max_length=2_000, required=False, help_text=_("Codes with commas between.")
    )
    categories = forms.CharField(
        label=_("Categories of courses"), max_length=2_000, required=False, help_text=_("Codes with commas between.")
    )
    field_order = ("courses", "natures", "categories", "clause_zh", "clause_en", "id")

    def __init__(self, rules: ConversionRules, part: Closed | None, *arguments: Any, **options: Any) -> None:
        # What is closed is asked of no item, so that it has no condition to show.
        super().__init__(rules, None, *arguments, **options)
        del self.fields["when"]
        if part is not None:
            self.initial |= {"id": part.id, "clause_zh": part.clause.zh, "clause_en": part.clause.en}
            self.initial |= {
                name: ", ".join(sorted(getattr(part, name))) for name in ("courses", "natures", "categories")
            }

    def clean(self) -> dict[str, Any]:
        """Something has to be closed, and every word is a code."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        for name in _CLOSING:
            codes = [one for one in _COMMAS.split(said.get(name, "")) if one]
            for code in codes:
                try:
                    Place(code).code()
                except UnreadableError:
                    self.add_error(name, _t("“%(typed)s” is no code") % {"typed": code[:80]})
                    break
            said[name] = codes
        if not any(said[name] for name in _CLOSING) and not self.errors:
            self.add_error("courses", _("Say which courses are closed: by their codes, natures or categories"))
        return said

    def own(self) -> dict[str, Any]:
        """What only it says."""
        return {name: self.cleaned_data[name] for name in _CLOSING if self.cleaned_data[name]}


class StandingsForm(DesignForm):
    """What happens where a learner has the course already, fails it or studies it."""

    def __init__(self, rules: ConversionRules, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        rulings = [(one.value, word.said_in(language_now())) for one, word in RULING.items()]
        self.clauses = rules.standing_clauses
        for one in _ASKED:
            label = _t("Where the course is: %(standing)s") % {"standing": STANDING[one].said_in(language_now())}
            self.fields[one.value] = forms.ChoiceField(label=label, choices=rulings)
            self.initial[one.value] = rules.standings[one].value

    def part(self) -> dict[str, Any]:
        """The standings as a document writes them: what differs from what holds where nothing is said, with clauses."""
        said, clauses = self.cleaned_data, self.clauses
        rulings = {one: said[one.value] for one in _ASKED if said[one.value] != STANDINGS[one].value or one in clauses}
        return {
            one.value: {"ruling": ruling, "clause": {"zh": clauses[one].zh, "en": clauses[one].en}}
            if one in clauses
            else ruling
            for one, ruling in rulings.items()
        }

    @staticmethod
    def said(rules: ConversionRules) -> str:
        """The standings as one sentence."""
        language = language_now()
        parts = [
            f"{STANDING[one].said_in(language)}{_t(': ')}{RULING[rules.standings[one]].said_in(language)}"
            for one in _ASKED
        ]
        return _t("; ").join(parts)


class CarriersForm(DesignForm):
    """Which fact of an item names what its credit is of, and who gave it."""

    def __init__(self, rules: ConversionRules, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        facts = [fact for fact in rules.facts if fact.type in (FactType.CODE, FactType.ENUM)]
        listed = [("", "—"), *((fact.name, fact.label.said_in(language_now())) for fact in facts)]
        for name in CARRIERS:
            self.fields[name] = forms.ChoiceField(label=CARRIED[name], choices=listed, required=False)
            self.initial[name] = rules.carriers.get(name, "")
        self.units = any(one.units for row in rules.rows for group in row.groups for one in group.sources)

    def clean(self) -> dict[str, Any]:
        """Rows that name certification units need a fact by which their carriers are found."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        if self.units and not any(said.get(name) for name in UNIT_CARRIERS):
            self.add_error(UNIT_CARRIERS[0], _("Rows name certification units: say which fact names a carrier"))
        return said

    def part(self) -> dict[str, str]:
        """What facts name, as a document writes it."""
        return {name: self.cleaned_data[name] for name in CARRIERS if self.cleaned_data[name]}

    @staticmethod
    def said(rules: ConversionRules) -> str:
        """What facts name, as one sentence."""
        labels = {fact.name: fact.label.said_in(language_now()) for fact in rules.facts}
        parts = [f"{CARRIED[name]}{_t(': ')}{labels[fact]}" for name, fact in rules.carriers.items()]
        return _t("; ").join(parts) or _t("None.")


CONVERSION_FORMS: Mapping[str, type[PartForm]] = {
    "cap": ConversionCapForm, "closed": ClosedForm, "exclude": ExcludeForm, "validity": ValidityForm,
    "prerequisite": ConversionPrerequisiteForm,
}  # fmt: skip
CONVERSION_LISTS = {
    "cap": (_("Limits"), _("Add a limit")),
    "closed": (_("Closed courses"), _("Close courses")),
    "exclude": (_("Exclusions"), _("Add an exclusion")),
    "validity": (_("Dates"), _("Add a rule about days")),
    "prerequisite": (_("Prerequisites"), _("Add a prerequisite")),
}
SINGLES: Mapping[str, tuple[Any, type[StandingsForm | CarriersForm]]] = {
    "standings": (_("Where the learner stands"), StandingsForm),
    "carriers": (_("What facts name"), CarriersForm),
}
"""Parts of which there is one."""
