"""The form of one row of conversion rules: what goes in, what comes out, each as its kind needs it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from creditbank.domain.conversions.row_words import (
    AND,
    COUNT,
    COUNTS,
    GRADE,
    LEAST,
    LEFT,
    LOCKED,
    NOWHERE,
    OTHER,
    RULED,
    TO,
    TOGETHER,
    UNIT,
    ConversionWords,
)
from creditbank.domain.conversions.words import COUNTED, RULING, SURPLUS
from creditbank.domain.rules.model import Accept
from creditbank.domain.rules.row_words import CLAUSE_EN, CLAUSE_ZH, CREDIT, WordColumn
from creditbank.web.design.forms import Ticks
from creditbank.web.office.rule_row_forms import RowForm
from creditbank.web.office.rule_words import language_now

_HINTS = {
    UNIT: _("Codes of certification units with commas; whatever carries one of them whole serves."),
    LEAST: _("The least credit that one outcome must hold. Empty: any amount."),
    OTHER: _("What serves in its place, each in braces: {[fact] value; [fact] value | unit U1 | at least 2} or {…}."),
    COUNT: _("1, 2 and so on, or “as needed”: as many as it takes."),
    TOGETHER: _("The least credit that they must hold together. Empty: what the targets need."),
    AND: _("What is needed beside it: {[fact] value} × 2 together 3 + {[fact] value} or {…}."),
    TO: _(
        "A course's code; any of CATEGORY; credit of CATEGORY; requirement CODE; waiver CODE; elective credit; several "
        "with +."
    ),
    CREDIT: _("course credit; course credit, even if short; credit held; credit held × 1/2; or 3."),
    GRADE: _("credit only; 90; [fact] takes a grade over; [fact] value → 95; else → 75."),
}


class ConversionRowForm(RowForm):
    """One row; conditions left empty restrict nothing."""

    words: ConversionWords

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["id"].help_text = _("Cases and reasons of conversions name the row by it.")

    @staticmethod
    def _cells(row: Any) -> dict[str, Accept]:
        """The cells of the first source of the first group; what stands beside it is written in words."""
        return {cell.fact: cell.accept for cell in row.groups[0].sources[0].when}

    def _add(self, column: WordColumn, said: str) -> None:
        label, key = column.head.said_in(language_now()), column.key
        if key == COUNTS:
            listed = [(name, word.said_in(language_now())) for name, word in COUNTED.items()]
            self.fields[key] = forms.MultipleChoiceField(label=label, choices=listed, required=False, widget=Ticks)
            self.initial[key] = [name for name, value in asdict(self.row.counts).items() if value]
            return
        if key == LEFT:
            policies = [(one.value, word.said_in(language_now())) for one, word in SURPLUS.items()]
            self.fields[key] = forms.ChoiceField(label=label, choices=policies)
            self.initial[key] = self.row.surplus.value
            return
        if key == RULED:
            rulings = [(one.value, word.said_in(language_now())) for one, word in RULING.items()]
            self.fields[key] = forms.ChoiceField(label=label, choices=rulings, required=False)
            self.initial[key] = self.row.ruling.value
            return
        if key == LOCKED:
            self.fields[key] = forms.ChoiceField(
                label=label, choices=[("", _("no")), ("yes", _("yes"))], required=False,
                help_text=_("Nobody further down may tighten it."),
            )  # fmt: skip
            self.initial[key] = "yes" if self.row.locked else ""
            return
        field = forms.CharField(
            label=label, required=key in (TO, CREDIT, GRADE, CLAUSE_ZH, CLAUSE_EN), max_length=20_000
        )
        field.help_text = _HINTS.get(key, "")
        if column.long:
            field.widget = forms.Textarea({"rows": 2})
        if key in (CLAUSE_ZH, CLAUSE_EN):
            field.widget = forms.Textarea({"rows": 2, "lang": "zh-Hans" if key == CLAUSE_ZH else "en"})
        self.fields[key] = field
        self.initial[key] = said

    def typed(self) -> dict[str, str]:
        """What was entered, as the words that a cell would hold; where nothing is ticked it counts nowhere."""
        said = super().typed()
        return {**said, COUNTS: said[COUNTS] or NOWHERE.en}
