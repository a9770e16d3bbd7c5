"""Forms of the deposit wizard; the questions come from the rules in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from creditbank.domain.rules.facts import Field
from creditbank.web.design.forms import Choices, DesignForm, FileDrop
from creditbank.web.questions import QuestionsForm


class StartForm(DesignForm):
    """Which kind of outcome, and at which institution where there are several."""

    offer = forms.ChoiceField(label=_("What do you want to deposit?"), widget=Choices)

    def __init__(self, *values: Any, offers: Sequence[tuple[str, str]], **options: Any) -> None:
        super().__init__(*values, **options)
        self.fields["offer"].choices = offers


class FactsForm(QuestionsForm):
    """The name of the outcome and the questions that apply, given what is answered so far."""

    title = forms.CharField(
        label=_("Name of the outcome"), help_text=_("As it is written on the certificate."), max_length=120
    )

    def __init__(self, fields: tuple[Field, ...], *, title: str, answers: Mapping[str, str], bound: bool) -> None:
        super().__init__(fields, answers=answers, bound=bound, more={"title": title})


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
