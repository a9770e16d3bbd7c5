"""The form of one row of a rule table: a field for each column, as its kind needs it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from creditbank.domain.explanation import Refusal
from creditbank.domain.rules.cell_words import choice_words
from creditbank.domain.rules.model import Accept, Fact, FactType, OneOf
from creditbank.domain.rules.row_words import (
    CATEGORY,
    CLAUSE_EN,
    CLAUSE_ZH,
    CREDIT,
    LEVEL,
    PRIORITY,
    RowWords,
    TableWords,
    WordColumn,
)
from creditbank.gateways import wording
from creditbank.web.design.forms import DesignForm, Ticks
from creditbank.web.office.rule_words import language_now

_FROM, _TO = "-from", "-to"
_AMOUNTS = _(
    "3 or 0.5; “no credit” or “a person decides”; [fact] or [fact] × 2/3; 0.5 per 16 [fact]; 1 per 8 [fact] + [fact]; "
    "[fact] ≥ 16: 1; ≥ 32: 2."
)


class RowForm(DesignForm):
    """One row; conditions left empty restrict nothing."""

    def __init__(self, words: TableWords, row: Any, data: Any = None) -> None:
        super().__init__(data)
        self.words, self.row = words, row
        said, cells = words.said(row, language_now()), self._cells(row)
        for column in words.columns:
            if column.fact is not None:
                self._add_cell(column, column.fact, cells.get(column.fact.name), said[column.key])
            else:
                self._add(column, said[column.key])
        self.fields["id"] = forms.CharField(
            label=_("Name of the row"), max_length=80, help_text=_("Cases and reasons name the row by it.")
        )
        self.initial["id"] = row.id

    @staticmethod
    def _cells(row: Any) -> dict[str, Accept]:
        """The cells that the form has a field of their own for, by fact."""
        return {cell.fact: cell.accept for cell in row.when}

    def _add_cell(self, column: WordColumn, fact: Fact, accept: Any, said: str) -> None:
        label, language = column.head.said_in(language_now()), language_now()
        listed = [(one.code, choice_words(fact.choices, one.code, language)) for one in fact.choices]
        codes = [str(value) for value in accept.values] if isinstance(accept, OneOf) else []
        scale = [code for code, _word in listed]
        if fact.type is FactType.BOOLEAN:
            words = (("", _("any")), ("yes", _("yes")), ("no", _("no")))
            self.fields[column.key] = forms.ChoiceField(label=label, choices=words, required=False)
            self.initial[column.key] = "" if not isinstance(accept, OneOf) else "yes" if accept.values[0] else "no"
        elif fact.ordered and codes == (scale[scale.index(codes[0]) : scale.index(codes[-1]) + 1] if codes else []):
            for end, word in ((_FROM, _("from")), (_TO, _("to"))):
                self.fields[column.key + end] = forms.ChoiceField(
                    label=f"{label} · {word}", choices=[("", _("any")), *listed], required=False
                )
                self.initial[column.key + end] = codes[0 if end == _FROM else -1] if codes else ""
        elif fact.type is FactType.ENUM:
            self.fields[column.key] = forms.MultipleChoiceField(
                label=label, choices=listed, required=False, widget=Ticks, help_text=_("None ticked: any.")
            )
            self.initial[column.key] = codes
        else:
            hint = _("2026-03-01–2026-08-31, ≥ 2026-03-01, or any") if fact.type is FactType.DATE else None
            hint = _("60, 60–100, ≥ 60, < 60, or any") if fact.type in (FactType.INTEGER, FactType.NUMBER) else hint
            hint = hint or _("Codes with commas between, or any")
            self.fields[column.key] = forms.CharField(label=label, required=False, help_text=hint, max_length=4000)
            self.initial[column.key] = said

    def _add(self, column: WordColumn, said: str) -> None:
        label = column.head.said_in(language_now())
        if column.key == CATEGORY and isinstance(self.words, RowWords):
            categories = self.words.rules.categories
            listed = [(one.code, choice_words(categories, one.code, language_now())) for one in categories]
            self.fields[column.key] = forms.ChoiceField(label=label, choices=[("", "—"), *listed], required=False)
            give = self.row.give
            self.initial[column.key] = getattr(give, "category", "")
            return
        field = forms.CharField(label=label, required=column.key not in (LEVEL, "field", PRIORITY), max_length=4000)
        if column.key == CREDIT:
            field.help_text = _AMOUNTS
        if column.key in (CLAUSE_ZH, CLAUSE_EN):
            field.widget = forms.Textarea({"rows": 2, "lang": "zh-Hans" if column.key == CLAUSE_ZH else "en"})
        self.fields[column.key] = field
        self.initial[column.key] = said

    def typed(self) -> dict[str, str]:
        """What was entered, as the words that a cell would hold."""
        said: dict[str, str] = {}
        for column in self.words.columns:
            key = column.key
            if key + _FROM in self.fields:
                low, high = self.cleaned_data.get(key + _FROM, ""), self.cleaned_data.get(key + _TO, "")
                said[key] = f"{low}–{high}" if low and high and low != high else f"≥ {low}" if low and not high else low
                said[key] = f"≤ {high}" if high and not low else said[key]
            elif isinstance(self.cleaned_data.get(key), list):
                said[key] = ", ".join(self.cleaned_data[key])
            else:
                said[key] = str(self.cleaned_data.get(key, ""))
        return said

    def refuse(self, column: str, refusal: Refusal) -> None:
        """Say beside a field why what it holds was not taken."""
        name = column if column in self.fields else column + _FROM if column + _FROM in self.fields else None
        for line in refusal.explanation:
            self.add_error(name, wording.say(line, language_now()))
