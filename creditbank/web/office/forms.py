"""The forms of the office: a reason for the learner, and an amount the rules leave to a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from creditbank.domain.recognition import Act
from creditbank.domain.rules.model import Choice
from creditbank.services.recognition.review import MOST_CREDIT, Judgement
from creditbank.web.design.forms import Choices, CreditField, DesignForm
from creditbank.web.office.words import REASONS, REASONS_FOR


class ReasonForm(DesignForm):
    """Why a case goes back, is refused or is reversed; the learner reads both fields."""

    reason = forms.ChoiceField(
        label=_("Reason"), widget=Choices({"autofocus": True}), error_messages={"required": _("Choose a reason")}
    )
    note = forms.CharField(
        label=_("What the learner should know"),
        max_length=400,
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("The learner reads this. Do not name other people."),
    )

    def __init__(self, act: Act, *arguments: Any, **options: Any) -> None:
        options.setdefault("prefix", act.value)
        super().__init__(*arguments, **options)
        self.fields["reason"].choices = [(code, REASONS[code]) for code in REASONS_FOR[act]]
        if act is Act.REVERSE:
            del self.fields["note"]


class ReversalForm(ReasonForm):
    """Why something is reversed, below what that undoes, which is read first."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(Act.REVERSE, *arguments, **options)
        self.fields["reason"].widget.attrs.pop("autofocus", None)


class JudgementForm(DesignForm):
    """What a reviewer recognises where the rules leave it to a person."""

    credit = CreditField(
        label=_("Credits to recognise"),
        least=1,
        most=MOST_CREDIT,
        help_text=_("The rules leave the amount to you. Between 0.01 and 60."),
    )
    category = forms.ChoiceField(
        label=_("Category"), widget=Choices, error_messages={"required": _("Choose a category")}
    )

    def __init__(self, categories: Sequence[Choice], *arguments: Any, **options: Any) -> None:
        options.setdefault("prefix", "judgement")
        super().__init__(*arguments, **options)
        language = get_language() or "zh-hans"
        self.fields["category"].choices = [(one.code, one.label.said_in(language)) for one in categories]
        if len(categories) == 1:
            self.initial.setdefault("category", categories[0].code)

    def judgement(self) -> Judgement:
        """What was entered, once it is valid."""
        return Judgement(credit=self.cleaned_data["credit"], category=self.cleaned_data["category"])
