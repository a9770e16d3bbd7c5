"""Forms of rule versions: how a draft begins, and each step that needs more than a button."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from creditbank.domain.conversions.read import KIND as CONVERSION
from creditbank.domain.rule_life.states import ACT_NAMES, Act
from creditbank.domain.rules.read import KIND as RECOGNITION
from creditbank.gateways.documents import conversion_pack_codes, pack_codes
from creditbank.web.design.forms import Choices, DateField, DesignForm, FileDrop
from creditbank.web.office.rule_words import language_now

PACKS = {RECOGNITION: pack_codes, CONVERSION: conversion_pack_codes}
"""The packs that come with the program, by kind of rules."""

PACK, FILE, BLANK = "pack", "file", "blank"
_CODE = r"^[a-z0-9][a-z0-9-]{0,63}$"


class BeginForm(DesignForm):
    """Where a draft comes from."""

    start = forms.ChoiceField(
        label=_("Begin with"),
        widget=Choices,
        choices=(
            (PACK, _("A pack that comes with the program")),
            (FILE, _("A document from this computer")),
            (BLANK, _("An empty rule set")),
        ),
        initial=PACK,
    )
    pack = forms.ChoiceField(label=_("Pack"), required=False)
    file = forms.FileField(
        label=_("Document (YAML or JSON)"), required=False, widget=FileDrop(accept=".yaml,.yml,.json")
    )
    code = forms.RegexField(
        _CODE,
        label=_("Code of the new rule set"),
        required=False,
        help_text=_("Small letters, digits and hyphens, such as volunteering-2027."),
    )
    name = forms.CharField(label=_("Name of the new rule set"), max_length=120, required=False)

    def __init__(self, packs: Sequence[str], *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        field = self.fields["pack"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(code, code) for code in packs]

    def clean(self) -> dict[str, Any]:
        """What the chosen beginning needs is there."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        start = said.get("start")
        if start == FILE and not said.get("file") and "file" not in self.errors:
            self.add_error("file", _("Choose the document"))
        for name in ("code", "name") if start == BLANK else ():
            if not said.get(name) and name not in self.errors:
                self.add_error(name, _("Fill this in to begin an empty rule set"))
        return said


class ReasonForm(DesignForm):
    """Something said in words that stands in the record."""

    reason = forms.CharField(label=_("Why"), max_length=2000, widget=forms.Textarea({"rows": 3}))


class ApproveForm(DesignForm):
    """The minutes of the approval."""

    meeting = forms.CharField(label=_("Number of the minutes"), max_length=120)
    sure = forms.BooleanField(label=_("From here on its content is never changed."))


class AnnounceForm(DesignForm):
    """How long a version is up for publicity."""

    days = forms.IntegerField(label=_("Days of publicity"), min_value=0, max_value=365)

    def __init__(self, least: int, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, initial={"days": least}, **options)


class ObjectionForm(DesignForm):
    """An objection that somebody made."""

    said = forms.CharField(
        label=_("Objection"),
        max_length=2000,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("Everybody may read it. Do not name people."),
    )


class AnswerForm(DesignForm):
    """The answer to an open objection."""

    number = forms.TypedChoiceField(label=_("Objection"), coerce=int, widget=Choices)
    answer = forms.CharField(label=_("Answer"), max_length=2000, widget=forms.Textarea({"rows": 3}))

    def __init__(self, numbers: Sequence[int], *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, initial={"number": numbers[0] if numbers else None}, **options)
        field = self.fields["number"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(number, f"#{number}") for number in numbers]


class ScheduleForm(DesignForm):
    """The first day on which a version decides claims, and perhaps the last."""

    effective_from = DateField(label=_("In force from"))
    effective_until = DateField(label=_("Last day, if it is to end by itself"), required=False)
    sure = forms.BooleanField(label=_("Versions that it takes over whole end the day before."))


class AskForm(DesignForm):
    """What a second person is to confirm."""

    wanted = forms.ChoiceField(label=_("What is to happen"), widget=Choices)
    day = DateField(label=_("First day without it, where it is to be abolished"), required=False)
    reason = forms.CharField(
        label=_("Why"),
        max_length=2000,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("Everybody may read it. Do not name people."),
    )

    def __init__(self, acts: Sequence[Act], *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, initial={"wanted": acts[0].value if acts else None}, **options)
        field = self.fields["wanted"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(act.value, ACT_NAMES[act].said_in(language_now())) for act in acts]
