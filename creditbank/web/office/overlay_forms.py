"""Fields for what an overlay makes stricter and adds: an amount, a limit, a period, a row, a part."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from creditbank.domain.explanation import Line, Refusal
from creditbank.domain.rules.amount_words import RULINGS, credit_words, read_credit
from creditbank.domain.rules.model import Cap, Expires, Give, Row, RuleSet, Ruling, Table, Within
from creditbank.domain.rules.overlay_edits import TIGHTEN, said_by
from creditbank.domain.rules.row_words import CATEGORY, CREDIT, FIELD, LEVEL, PRIORITY, RowWords
from creditbank.domain.values import Text
from creditbank.web.design.forms import Choices, DesignForm
from creditbank.web.office.overlay_rows import reasons_said
from creditbank.web.office.rule_part_forms import CapForm, PartForm, ValidityForm, facts_of, maximum_said
from creditbank.web.office.rule_row_forms import RowForm
from creditbank.web.office.rule_step_forms import ExcludeForm, PrerequisiteForm
from creditbank.web.office.rule_words import language_now, sentences

_LESS, _NONE = "less", "none"
_GIVES = (CREDIT, CATEGORY, LEVEL, FIELD, PRIORITY)
_CLAUSE_PLACES = {"clause.zh": "clause_zh", "clause.en": "clause_en"}


class StricterForm(DesignForm):
    """What every stricter part says: by which clause."""

    clause_zh = forms.CharField(
        label=_("Clause (Chinese)"), max_length=4000, widget=forms.Textarea({"rows": 2, "lang": "zh-Hans"})
    )
    clause_en = forms.CharField(
        label=_("Clause (English)"), max_length=4000, widget=forms.Textarea({"rows": 2, "lang": "en"})
    )
    places: Mapping[str, str] = {}

    def __init__(self, base: RuleSet, part: Any, item: Mapping[str, Any] | None, data: Any = None) -> None:
        super().__init__(data)
        self.base, self.inherited = base, part
        if item is not None:
            self.initial |= {"clause_zh": item["clause"]["zh"], "clause_en": item["clause"]["en"]}

    def item(self) -> dict[str, Any]:
        """The item as a document writes it."""
        said = self.cleaned_data
        clause = {"zh": said["clause_zh"].strip(), "en": said["clause_en"].strip()}
        return {"id": self.inherited.id, **self.own(), "clause": clause}

    def own(self) -> dict[str, Any]:
        """What is stricter."""
        raise NotImplementedError

    def field_at(self, path: str) -> str | None:
        """The field that a place of the item stands in; nothing where none does."""
        known = {**_CLAUSE_PLACES, **self.places}
        return next((name for start, name in known.items() if path.startswith(start)), None)


class StricterRowForm(StricterForm):
    """A lower amount for what fits a row, or none."""

    what = forms.ChoiceField(
        label=_("What it gives here"), widget=Choices, choices=((_LESS, _("A lower amount")), (_NONE, _("No credit")))
    )
    credit = forms.CharField(label=_("How much credit"), required=False, max_length=4000)
    places: Mapping[str, str] = {"credit": "credit", "give": "what"}
    field_order = ("what", "credit", "clause_zh", "clause_en")

    def __init__(
        self, base: RuleSet, part: Row, item: Mapping[str, Any] | None, data: Any = None, *, closed: Line | None = None
    ) -> None:
        super().__init__(base, part, item, data)
        facts, language = facts_of(base), language_now()
        self.initial["what"] = _LESS
        if isinstance(part.give, Give):
            said = {"inherited": credit_words(part.give.credit, facts, language)}
            self.fields["credit"].help_text = _("Inherited: %(inherited)s. Write it in the same way.") % said
        if item is not None and "credit" in item:
            self.initial["credit"] = self._said(item)
        elif item is not None:
            self.initial["what"] = _NONE
        if closed is not None and (item is None or "credit" not in item):
            field = self.fields["what"]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [(_NONE, _("No credit"))]
            field.help_text = reasons_said((closed,))[0]
            self.initial["what"] = _NONE
            del self.fields["credit"]

    def _said(self, item: Mapping[str, Any]) -> str:
        made = said_by(self.base, TIGHTEN, "rows", item)
        give = made.give if isinstance(made, Row) else None
        return credit_words(give.credit, facts_of(self.base), language_now()) if isinstance(give, Give) else ""

    def clean(self) -> dict[str, Any]:
        """An amount is read as a cell of the table reads it."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        if said.get("what") != _LESS or "credit" not in self.fields:
            return said
        typed = said.get("credit", "").strip()
        if not typed:
            self.add_error("credit", _("Say how much it gives here"))
            return said
        found = read_credit(facts_of(self.base), typed)
        if isinstance(found, Refusal):
            self.add_error("credit", sentences(found.explanation))
        elif found is Ruling.REFUSE:
            said["what"] = _NONE
        elif isinstance(found, Ruling):
            self.add_error("credit", _("What is stricter gives less or refuses; it does not ask a person"))
        else:
            said["amount"] = found
        return said

    def own(self) -> dict[str, Any]:
        """A lower amount, or none."""
        said = self.cleaned_data
        return {"give": Ruling.REFUSE.value} if said["what"] == _NONE else {"credit": said["amount"]}


class StricterCapForm(StricterForm):
    """A lower limit, of the kind that it has."""

    most = forms.CharField(label=_("At most"), max_length=20)
    places: Mapping[str, str] = {"maximum": "most"}
    field_order = ("most", "clause_zh", "clause_en")

    def __init__(self, base: RuleSet, part: Cap, item: Mapping[str, Any] | None, data: Any = None) -> None:
        super().__init__(base, part, item, data)
        self.kind, most, self.of = maximum_said(part)
        hints = {
            "credit": _("Inherited: %(most)s credits."),
            "share": _("Inherited: %(most)s; a lower share of the same."),
            "count": _("Inherited: %(most)s outcomes."),
        }
        self.fields["most"].help_text = hints[self.kind] % {"most": most}
        if item is not None:
            now: Any = item["maximum"]
            self.initial["most"] = next(iter(now.values())) if isinstance(now, Mapping) else now

    def own(self) -> dict[str, Any]:
        """The lower limit."""
        most: Any = self.cleaned_data["most"].strip()
        if self.kind == "share":
            return {"maximum": {"share": most, "of": self.of}}
        if self.kind == "count":
            return {"maximum": {"count": int(most) if most.isdecimal() else most}}
        return {"maximum": most}


class StricterPeriodForm(StricterForm):
    """A shorter period."""

    months = forms.IntegerField(label=_("Months"), min_value=1, max_value=1200)
    places: Mapping[str, str] = {"within": "months", "expires": "months"}
    field_order = ("months", "clause_zh", "clause_en")

    def __init__(self, base: RuleSet, part: Within | Expires, item: Mapping[str, Any] | None, data: Any = None) -> None:
        super().__init__(base, part, item, data)
        self.kind = "within" if isinstance(part, Within) else "expires"
        self.fields["months"].help_text = _("Inherited: %(months)s months.") % {"months": part.months}
        if item is not None:
            period = item[self.kind]
            self.initial["months"] = int(period.get("years", 0)) * 12 + int(period.get("months", 0))

    def own(self) -> dict[str, Any]:
        """The shorter period."""
        return {self.kind: {"months": self.cleaned_data["months"]}}


class AddedRowForm(RowForm):
    """A row of one's own in an inherited table; where the table is not open it refuses, and nothing else is asked."""

    def __init__(self, words: RowWords, row: Row, data: Any = None, *, new: bool) -> None:
        super().__init__(words, row, data)
        self.refuses = not words.table.open
        if self.refuses:
            for name in _GIVES:
                self.fields.pop(name, None)
        elif new:
            self.initial |= {CREDIT: "", CATEGORY: words.category or ""}

    def typed(self) -> dict[str, str]:
        """What was entered; in a table that is not open, that it gives nothing."""
        said = super().typed()
        if self.refuses:
            said |= dict.fromkeys((name for name in _GIVES if name in said), "")
            said[CREDIT] = RULINGS[Ruling.REFUSE][0]
        return said

    def field_at(self, path: str) -> str | None:
        """The field that a place of the row stands in; nothing where none does."""
        clause = {"clause.zh": "clause-zh", "clause.en": "clause-en"}
        first = re.split(r"[.\[]", path.removeprefix("give."), maxsplit=1)[0]
        found = clause.get(path, first)
        return found if found in self.fields else None


def row_words(base: RuleSet, table: Table) -> RowWords:
    """The columns of a row that is added: also the level and field that no row of the table has."""
    return RowWords.of(base, table, every=table.open)


def blank_row(name: str, table: Table) -> Row:
    """A row to be written."""
    return Row(name, (), Ruling.MANUAL if table.open else Ruling.REFUSE, Text("", ""))


ADDED: Mapping[str, type[PartForm]] = {
    "cap": CapForm, "validity": ValidityForm, "exclude": ExcludeForm, "prerequisite": PrerequisiteForm,
}  # fmt: skip


def added_form(base: RuleSet, name: str, part: Any, data: Any, others: frozenset[str], *, fresh: str) -> PartForm:
    """The fields of a part that is added; it is not asked what happens otherwise, for what is added refuses."""
    form = ADDED[name](base, part, data)
    form.others = others
    form.fields.pop("otherwise", None)
    if part is None:
        form.initial["id"] = fresh
    return form


def added_part(form: PartForm) -> dict[str, Any]:
    """The part as a document writes it."""
    form.cleaned_data["otherwise"] = Ruling.REFUSE.value
    return form.part()


class HeadForm(DesignForm):
    """What the overlay is called, and by which decision of the school it stands."""

    name_zh = forms.CharField(label=_("Name (Chinese)"), max_length=400)
    name_en = forms.CharField(label=_("Name (English)"), max_length=400)
    source_zh = forms.CharField(
        label=_("Source (Chinese)"), max_length=4000, widget=forms.Textarea({"rows": 2, "lang": "zh-Hans"}),
        help_text=_("The regulation or the minutes by which the school decided it."),
    )  # fmt: skip
    source_en = forms.CharField(
        label=_("Source (English)"), max_length=4000, widget=forms.Textarea({"rows": 2, "lang": "en"})
    )
