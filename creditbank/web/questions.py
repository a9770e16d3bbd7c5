"""The questions of a rule set as a form: what is asked given what is answered, and how each is put."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from creditbank.domain.rules.facts import Field
from creditbank.domain.rules.model import FactType
from creditbank.web.design.forms import Choices, DateInput, DesignForm

PREFIX = "fact_"
"""What the name of a question begins with on a page."""

_FEW = 7
"""So many choices stand open; more go into a list."""


def applicable(fields: tuple[Field, ...], answers: dict[str, str]) -> list[Field]:
    """The fields that are asked, given the answers so far; each may depend on earlier ones only."""
    asked: list[Field] = []
    for field in fields:
        names = {before.name for before in asked}
        if all(name in names and answers.get(name, "") in accepted for name, accepted in field.when):
            asked.append(field)
    return asked


class QuestionsForm(DesignForm):
    """The questions that apply, given what is answered so far."""

    def __init__(
        self,
        fields: tuple[Field, ...],
        *,
        answers: Mapping[str, str],
        bound: bool,
        more: Mapping[str, str] | None = None,
    ) -> None:
        self.answers = dict(answers)
        self.asked = applicable(fields, self.answers)
        values = dict(more or {}) | {PREFIX + name: value for name, value in self.answers.items()}
        super().__init__(values if bound else None, initial=values)
        language = get_language() or "zh-hans"
        for field in self.asked:
            self.fields[PREFIX + field.name] = _input(field, language)

    @property
    def kept(self) -> dict[str, str]:
        """The answers to what is asked; answers to questions that no longer apply are left behind."""
        return {field.name: self.answers[field.name] for field in self.asked if self.answers.get(field.name)}

    @property
    def asked_names(self) -> str:
        """The questions now asked, for comparison with the page's."""
        return ",".join(field.name for field in self.asked)

    def questions(self) -> list[Any]:
        """The bound fields of the facts, without anything else the form asks."""
        return [self[PREFIX + field.name] for field in self.asked]

    def blame(self, name: str, sentence: str) -> None:
        """Put a sentence of the rules at its question, unless it is blamed already."""
        place = PREFIX + name
        if place not in self.fields:
            self.add_error(None, sentence)
        elif place not in self.errors:
            self.add_error(place, sentence)


def posted_answers(fields: tuple[Field, ...], posted: Mapping[str, str]) -> dict[str, str]:
    """What a request says about the facts the rules know; nothing else is read."""
    return {field.name: posted.get(PREFIX + field.name, "").strip()[:400] for field in fields}


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
