"""Forms of the deposit wizard; the questions come from the rules in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from creditbank.domain.rules.facts import Field
from creditbank.domain.rules.model import FactType
from creditbank.web.design.forms import Choices, DateInput, DesignForm, FileDrop
from creditbank.web.learner.answers import applicable

_PREFIX = "fact_"
_FEW = 7
"""So many choices stand open; more go into a list."""


class StartForm(DesignForm):
    """Which kind of outcome, and at which institution where there are several."""

    offer = forms.ChoiceField(label=_("What do you want to deposit?"), widget=Choices)

    def __init__(self, *values: Any, offers: Sequence[tuple[str, str]], **options: Any) -> None:
        super().__init__(*values, **options)
        self.fields["offer"].choices = offers


class FactsForm(DesignForm):
    """The name of the outcome and the questions that apply, given what is answered so far."""

    title = forms.CharField(
        label=_("Name of the outcome"), help_text=_("As it is written on the certificate."), max_length=120
    )

    def __init__(self, fields: tuple[Field, ...], *, title: str, answers: Mapping[str, str], bound: bool) -> None:
        self.answers = dict(answers)
        self.asked = applicable(fields, self.answers)
        values = {"title": title} | {_PREFIX + name: value for name, value in self.answers.items()}
        super().__init__(values if bound else None, initial=values)
        language = get_language() or "zh-hans"
        for field in self.asked:
            self.fields[_PREFIX + field.name] = _input(field, language)

    @property
    def kept(self) -> dict[str, str]:
        """The answers to what is asked; answers to questions that no longer apply are left behind."""
        return {field.name: self.answers[field.name] for field in self.asked if self.answers.get(field.name)}

    @property
    def asked_names(self) -> str:
        """The questions now asked, for comparison with the page's."""
        return ",".join(field.name for field in self.asked)

    def questions(self) -> list[Any]:
        """The bound fields of the facts, without the title."""
        return [self[_PREFIX + field.name] for field in self.asked]

    def blame(self, name: str, sentence: str) -> None:
        """Put a sentence of the rules at its question, unless it is blamed already."""
        place = _PREFIX + name
        if place not in self.fields:
            self.add_error(None, sentence)
        elif place not in self.errors:
            self.add_error(place, sentence)


def posted_answers(fields: tuple[Field, ...], posted: Mapping[str, str]) -> dict[str, str]:
    """What a request says about the facts the rules know; nothing else is read."""
    return {field.name: posted.get(_PREFIX + field.name, "").strip()[:400] for field in fields}


class _Files(FileDrop):
    allow_multiple_selected = True


class _SeveralFiles(forms.FileField):
    """Any number of files; what each one is, the vault finds out."""

    def clean(self, data: Any, initial: Any = None) -> list[Any]:  # noqa: ARG002 - Django names it
        return list(data or ())


class EvidenceForm(DesignForm):
    """Several files at once, and on a phone the camera."""

    files = _SeveralFiles(
        label=_("Files"),
        required=False,
        help_text=_("PDF, PNG or JPEG, at most 12 MB each, at most ten files."),
        widget=_Files(accept="application/pdf,image/png,image/jpeg"),
    )
    photo = forms.FileField(
        label=_("Or take a photo"),
        required=False,
        widget=FileDrop({"capture": "environment"}, accept="image/jpeg,image/png"),
    )


class SubmitForm(DesignForm):
    """Holds what the bank says against a submission; it asks nothing itself."""


def _input(field: Field, language: str) -> forms.Field:
    """One question as a form field; whether the answer fits is for the rules to say."""
    common: dict[str, Any] = {
        "label": field.label.said_in(language),
        "required": field.required,
        "help_text": field.help.said_in(language) if field.help else _range_said(field),
    }
    match field.kind:
        case FactType.ENUM:
            choices = [(choice.code, choice.label.said_in(language)) for choice in field.choices]
            if len(choices) <= _FEW:
                return forms.ChoiceField(choices=choices, widget=Choices, **common)
            return forms.ChoiceField(choices=[("", "—"), *choices], **common)
        case FactType.BOOLEAN:
            return forms.ChoiceField(choices=[("true", _("Yes")), ("false", _("No"))], widget=Choices, **common)
        case FactType.DATE:
            return forms.CharField(widget=DateInput, max_length=10, **common)
        case FactType.INTEGER | FactType.NUMBER:
            mode = "numeric" if field.kind is FactType.INTEGER else "decimal"
            widget = forms.TextInput({"inputmode": mode, "class": "short n", "autocomplete": "off"})
            return forms.CharField(widget=widget, max_length=30, **common)
        case _:
            return forms.CharField(max_length=400, **common)


def _range_said(field: Field) -> object:
    low, high = field.range
    if field.kind is FactType.DATE or not (low or high):
        return ""
    if low and high:
        return _("Between %(low)s and %(high)s.") % {"low": low, "high": high}
    return _("At least %(low)s.") % {"low": low} if low else _("At most %(high)s.") % {"high": high}
