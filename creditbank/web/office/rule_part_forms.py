"""Fields of the limits, families, dates and rounding of a rule set."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from creditbank.domain.explanation import Refusal
from creditbank.domain.rule_documents import DecidingRules
from creditbank.domain.rules.cell_words import choice_words
from creditbank.domain.rules.condition_words import condition_words, read_condition
from creditbank.domain.rules.model import (
    Cap,
    Choose,
    Count,
    Expires,
    Fact,
    FactType,
    FromFact,
    Portion,
    RoundAt,
    RuleSet,
    Scope,
    Until,
    Validity,
    Within,
)
from creditbank.domain.rules.read_limits import LONGEST
from creditbank.domain.rules.write import credit_data, share_data
from creditbank.domain.values import format_credit
from creditbank.web.design.forms import DesignForm, Ticks
from creditbank.web.office.rule_words import language_now, sentences

SCOPES = {
    Scope.CLAIM: _("claim"),
    Scope.TERM: _("term"),
    Scope.ACADEMIC_YEAR: _("academic year"),
    Scope.EVER: _("learner, ever"),
}
MODES = {"down": _("down"), "up": _("up"), "half_up": _("half up")}
ROUND_PLACES = {RoundAt.EACH: _("after each step"), RoundAt.END: _("once at the end")}
FACTOR = re.compile(r"\d{1,9}(?:/[1-9]\d{0,8}|\.\d{1,6})?")
"""A share as people type it: 1/2, 0.5 or 2."""
_CREDIT, _SHARE, _COUNT = "credit", "share", "count"
_WITHIN, _EXPIRES, _UNTIL_ENDS, _UNTIL_STAYS = "within", "expires", "until-ends", "until-stays"


def facts_of(rules: DecidingRules) -> dict[str, Fact]:
    """The facts of a rule set by name."""
    return {fact.name: fact for fact in rules.facts}


class PartForm(DesignForm):
    """One part: its name, its condition in words, its clause in both languages."""

    id = forms.RegexField(r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,79}$", label=_("Name of the part"), max_length=80)
    when = forms.CharField(
        label=_("Only for outcomes with"),
        required=False,
        max_length=2000,
        help_text=_("[fact] value; [fact] value. Empty: for all."),
    )
    clause_zh = forms.CharField(label=_("Clause (Chinese)"), max_length=4000, widget=forms.Textarea({"rows": 2}))
    clause_en = forms.CharField(label=_("Clause (English)"), max_length=4000, widget=forms.Textarea({"rows": 2}))
    field_order: Sequence[str] | None = None
    places: ClassVar[Mapping[str, str]] = {}
    """Which field a place of the part stands in, where it is not the field of its name."""

    def __init__(self, rules: DecidingRules, part: Any, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.rules, self.locked = rules, bool(getattr(part, "locked", False))
        self.others: frozenset[str] = frozenset()
        if part is not None:
            self.initial |= {
                "id": part.id,
                "when": condition_words(part.when, facts_of(rules), language_now()),
                "clause_zh": part.clause.zh,
                "clause_en": part.clause.en,
            }

    def clean_when(self) -> dict[str, Any]:
        """The condition as a document writes it."""
        found = read_condition(facts_of(self.rules), self.cleaned_data["when"])
        if isinstance(found, Refusal):
            raise forms.ValidationError(sentences(found.explanation))
        return found

    def clean_id(self) -> str:
        """A name that no other part of the list has."""
        name = str(self.cleaned_data["id"])
        if name in self.others:
            raise forms.ValidationError(_("Another part has this name"))
        return name

    def part(self) -> dict[str, Any]:
        """The part as a document writes it: what every part says, and what those of its kind say."""
        said = self.cleaned_data
        clause = {"zh": said["clause_zh"].strip(), "en": said["clause_en"].strip()}
        common = {"id": said["id"], **({"when": said["when"]} if said.get("when") else {}), "clause": clause}
        # What a centre locked stays locked.
        return common | ({"locked": True} if self.locked else {}) | self.own()

    def field_at(self, path: str) -> str | None:
        """The field that a place of the part stands in, such as ``share.parts[0]``; nothing where none does."""
        known = {"clause.zh": "clause_zh", "clause.en": "clause_en", **self.places}
        for start, name in sorted(known.items(), key=lambda pair: -len(pair[0])):
            if path.startswith(start):
                return name
        first = re.split(r"[.\[]", path, maxsplit=1)[0]
        return first if first in self.fields else None

    def own(self) -> dict[str, Any]:
        """What only parts of this kind say; a part that says nothing else has nothing."""
        return {}

    def _listed(self, name: str, choices: Sequence[tuple[str, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(choices)


class CapForm(PartForm):
    """A limit."""

    kind = forms.ChoiceField(
        label=_("At most"),
        choices=((_CREDIT, _("credits")), (_SHARE, _("a share of what is planned")), (_COUNT, _("so many outcomes"))),
    )
    most = forms.CharField(
        label=_("How much"), max_length=20, help_text=_("8 or 2.5; a share such as 1/2; a count such as 3.")
    )
    of = forms.ChoiceField(label=_("Share of"), required=False)
    scope = forms.ChoiceField(label=_("For each"), choices=[(scope.value, word) for scope, word in SCOPES.items()])
    category = forms.MultipleChoiceField(
        label=_("Of the categories"), required=False, widget=Ticks, help_text=_("None ticked: of all together.")
    )
    by = forms.MultipleChoiceField(label=_("Counted apart by"), required=False, widget=Ticks)
    whole = forms.BooleanField(label=_("An outcome counts whole or not at all"), required=False)
    beside = forms.MultipleChoiceField(
        label=_("Only beside credit of"),
        required=False,
        widget=Ticks,
        help_text=_("None ticked: it holds always. Otherwise only where there is such credit in its scope."),
    )
    places: ClassVar[Mapping[str, str]] = {"maximum.of": "of", "maximum": "most"}
    field_order = (
        "kind",
        "most",
        "of",
        "scope",
        "category",
        "by",
        "whole",
        "beside",
        "when",
        "clause_zh",
        "clause_en",
        "id",
    )

    def __init__(self, rules: DecidingRules, part: Cap | None, *arguments: Any, **options: Any) -> None:
        super().__init__(rules, part, *arguments, **options)
        language = language_now()
        categories = [(one.code, choice_words(rules.categories, one.code, language)) for one in rules.categories]
        shares = {cap.maximum.of for cap in rules.cap if isinstance(cap.maximum, Portion)} | {"programme"}
        known = dict(categories)
        self._listed("category", categories)
        self._listed("beside", categories)
        others = [(name, name) for name in sorted(shares - known.keys() - {"programme"})]
        self._listed("of", [("", "—"), ("programme", _("the programme")), *others, *categories])
        facts = [(fact.name, fact.label.said_in(language)) for fact in rules.facts]
        self._listed("by", facts)
        if part is not None:
            kind, most, of = maximum_said(part)
            self.initial |= {
                "kind": kind, "most": most, "of": of, "scope": part.scope.value, "category": list(part.categories),
                "by": list(part.by), "whole": part.whole, "beside": list(part.beside),
            }  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """One claim is one outcome of one kind; a share lies above nothing and is at most the whole."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        if said.get("scope") == Scope.CLAIM.value and said.get("by"):
            self.add_error("by", _("One claim has one value of each of these: choose a term, a year or ever"))
        if said.get("scope") == Scope.CLAIM.value and said.get("kind") == _COUNT:
            self.add_error("scope", _("One claim is one outcome: for a count choose a term, a year or ever"))
        share = said.get("most", "").strip()
        if said.get("kind") == _SHARE and FACTOR.fullmatch(share) and not 0 < Fraction(share) <= 1:
            self.add_error("most", _("A share lies above 0 and is at most 1"))
        return said

    def own(self) -> dict[str, Any]:
        """What a limit says."""
        said = self.cleaned_data
        maximum: Any = said["most"].strip()
        if said["kind"] == _SHARE:
            maximum = {"share": maximum, "of": said["of"] or "programme"}
        elif said["kind"] == _COUNT:
            maximum = {"count": int(maximum) if maximum.isdecimal() else maximum}
        more = {"category": said["category"]} if said["category"] else {}
        more |= {"by": said["by"]} if said.get("by") else {}
        more |= {"whole": True} if said["whole"] else {}
        more |= {"beside": said["beside"]} if said.get("beside") else {}
        return {**more, "scope": said["scope"], "maximum": maximum}


class ChooseForm(PartForm):
    """A family of which the best counts."""

    family = forms.MultipleChoiceField(label=_("Outcomes that agree in"), widget=Ticks)
    field_order = ("family", "when", "clause_zh", "clause_en", "id")

    def __init__(self, rules: RuleSet, part: Choose | None, *arguments: Any, **options: Any) -> None:
        super().__init__(rules, part, *arguments, **options)
        self._listed("family", [(fact.name, fact.label.said_in(language_now())) for fact in rules.facts])
        if part is not None:
            self.initial["family"] = list(part.family)

    def own(self) -> dict[str, Any]:
        """What a family says."""
        return {"family": self.cleaned_data["family"], "keep": "highest"}


class ValidityForm(PartForm):
    """A rule about days."""

    places: ClassVar[Mapping[str, str]] = {
        "within": "months",
        "expires.months_of": "months_of",
        "expires": "months",
        "until": "kind",
    }

    kind = forms.ChoiceField(
        label=_("What it says"),
        choices=(
            (_WITHIN, _("It must be claimed within a period after the day")),
            (_EXPIRES, _("The credit expires a period after the day")),
            (_UNTIL_ENDS, _("The certificate must be in force until the day, and the credit ends with it")),
            (_UNTIL_STAYS, _("The certificate must be in force until the day; the credit stays")),
        ),
    )
    fact = forms.ChoiceField(label=_("Day"))
    months = forms.IntegerField(label=_("Months"), min_value=1, max_value=1200, required=False)
    months_of = forms.ChoiceField(
        label=_("Or as many months as it says itself"),
        required=False,
        help_text=_("For credit that expires after the awarder's own period."),
    )
    otherwise = forms.ChoiceField(
        label=_("Otherwise"), choices=(("refuse", _("no credit")), ("manual", _("a person decides"))), required=False
    )
    field_order = ("kind", "fact", "months", "months_of", "otherwise", "when", "clause_zh", "clause_en", "id")

    def __init__(self, rules: RuleSet, part: Validity | None, *arguments: Any, **options: Any) -> None:
        super().__init__(rules, part, *arguments, **options)
        days = [fact for fact in rules.facts if fact.type is FactType.DATE]
        self._listed("fact", [(fact.name, fact.label.said_in(language_now())) for fact in days])
        periods = [fact for fact in rules.facts if _says_months(fact)]
        self._listed("months_of", [("", "—"), *((fact.name, fact.label.said_in(language_now())) for fact in periods)])
        if not periods:
            del self.fields["months_of"]
        if part is not None:
            months = getattr(part, "months", None)
            self.initial |= {
                "kind": _kind(part),
                "fact": part.fact,
                "months": months if isinstance(months, int) else None,
                "months_of": months.fact if isinstance(months, FromFact) else "",
                "otherwise": getattr(part, "otherwise", "refuse"),
            }

    def own(self) -> dict[str, Any]:
        """What a rule about days says."""
        said, data = self.cleaned_data, {"fact": self.cleaned_data["fact"]}
        kind, otherwise = said["kind"], {"otherwise": said["otherwise"] or "refuse"}
        if kind in (_UNTIL_ENDS, _UNTIL_STAYS):
            return data | {"until": "credit_expires" if kind == _UNTIL_ENDS else "credit_stays"} | otherwise
        period = {"months_of": said["months_of"]} if said.get("months_of") else {"months": said["months"]}
        return data | ({"within": period} | otherwise if kind == _WITHIN else {"expires": period})

    def clean(self) -> dict[str, Any]:
        """A period is needed where there is no day of its own; only what expires may say it itself."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        kind, months, told = said.get("kind"), said.get("months"), said.get("months_of")
        if kind == _EXPIRES and months and told:
            self.add_error("months_of", _("Say the months or choose what says them, not both"))
        elif kind == _WITHIN and told:
            self.add_error("months_of", _("Only credit that expires can take its months from the outcome"))
        elif kind in (_WITHIN, _EXPIRES) and not months and not told and "months" not in self.errors:
            self.add_error("months", _("Say how many months"))
        return said


class RoundingForm(DesignForm):
    """How amounts are rounded."""

    step = forms.CharField(label=_("To multiples of"), max_length=8)
    mode = forms.ChoiceField(label=_("Rounded"), choices=list(MODES.items()))
    place = forms.ChoiceField(label=_("When"), choices=[(one.value, word) for one, word in ROUND_PLACES.items()])

    def __init__(self, rules: DecidingRules, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        one = rules.rounding
        self.initial |= {"step": format_credit(one.step), "mode": one.mode, "place": one.place.value}

    def part(self) -> dict[str, Any]:
        """The rounding as a document writes it."""
        return {name: self.cleaned_data[name] for name in ("step", "mode", "place")}


def plain_credit(amount: int) -> str:
    """An amount as people type it: 2, or 0.5."""
    return credit_data(amount).rstrip("0").rstrip(".")


def maximum_said(cap: Cap) -> tuple[str, str, str]:
    """The kind of a limit, how much it lets through, and what that is a share of."""
    match cap.maximum:
        case Portion(share=share, of=of):
            return _SHARE, share_data(share), of
        case Count(most=most):
            return _COUNT, str(most), ""
        case amount:
            return _CREDIT, plain_credit(amount), ""


def _says_months(fact: Fact) -> bool:
    ends = (fact.range.low, fact.range.high) if fact.range else (None, None)
    return fact.type is FactType.INTEGER and all(isinstance(end, Decimal) and 1 <= end <= LONGEST for end in ends)


def _kind(part: Validity) -> str:
    match part:
        case Within():
            return _WITHIN
        case Expires():
            return _EXPIRES
        case Until(ends_credit=True):
            return _UNTIL_ENDS
    return _UNTIL_STAYS
