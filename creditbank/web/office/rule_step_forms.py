"""Fields of the adjustments, exclusions and prerequisites of a rule set."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from creditbank.domain.rules.cell_words import choice_words, read_choice_words
from creditbank.domain.rules.model import (
    Add,
    Divide,
    Exclude,
    Fact,
    FactType,
    Lower,
    Multiply,
    NeedsCourses,
    NeedsCredit,
    Prerequisite,
    Rank,
    RuleSet,
    Share,
)
from creditbank.domain.rules.write import share_data
from creditbank.web.office.rule_part_forms import FACTOR, PartForm, facts_of, plain_credit
from creditbank.web.office.rule_words import language_now

OTHERWISE = (("refuse", _("no credit")), ("manual", _("a person decides")))
_ENDS = ("when", "clause_zh", "clause_en", "id")
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,4})?)\s*[%％]|(\d{1,9}/[1-9]\d{0,8})")
_COMMAS = re.compile(r"[\s,，、;；]+")


def counted(fact: Fact) -> bool:
    """Whether a fact counts people or places: a whole number from 1 on."""
    low = fact.range.low if fact.range else None
    return fact.type is FactType.INTEGER and isinstance(low, Decimal) and low >= 1


def plain_share(share: Fraction) -> str:
    """A share as people write it: 2/3, or 2."""
    return str(share.numerator) if share.denominator == 1 else share_data(share)


def percent(share: Fraction) -> str:
    """A share as a percentage where that is exact, else as it stands."""
    hundred = share * 100
    return f"{hundred.numerator}%" if hundred.denominator == 1 else share_data(share)


class StepForm(PartForm):
    """An adjustment of one kind."""

    kind = ""

    @classmethod
    def fits(cls, rules: RuleSet) -> bool:
        """Whether the rule set has what such a step is about."""
        return bool(rules.tables)

    def _facts(self, name: str, facts: list[Fact], *, none: str = "") -> None:
        listed = [(fact.name, fact.label.said_in(language_now())) for fact in facts]
        self._listed(name, [("", none), *listed] if none else listed)


class LowerForm(StepForm):
    """An ordered fact counts so many steps lower."""

    kind = "lower"
    places: ClassVar[Mapping[str, str]] = {"lower.fact": "fact", "lower.steps": "steps", "lower.below": "below"}
    fact = forms.ChoiceField(label=_("What counts lower"))
    steps = forms.IntegerField(label=_("By how many steps"), min_value=1, max_value=100)
    below = forms.ChoiceField(label=_("Below the lowest"), choices=OTHERWISE)
    field_order = ("fact", "steps", "below", *_ENDS)

    def __init__(self, rules: RuleSet, part: Lower | None, *arguments: Any, **options: Any) -> None:
        super().__init__(rules, part, *arguments, **options)
        self._facts("fact", [fact for fact in rules.facts if fact.ordered])
        if part is not None:
            self.initial |= {"fact": part.fact, "steps": part.steps, "below": part.below.value}

    @classmethod
    def fits(cls, rules: RuleSet) -> bool:
        """Whether there is a fact for it."""
        return any(fact.ordered for fact in rules.facts)

    def own(self) -> dict[str, Any]:
        """What only it says."""
        return {"lower": {name: self.cleaned_data[name] for name in ("fact", "steps", "below")}}


class RankForm(StepForm):
    """What a place among entrants counts as."""

    kind = "rank"
    places: ClassVar[Mapping[str, str]] = {
        "rank.fact": "fact",
        "rank.place": "place",
        "rank.among": "among",
        "rank.bands": "bands",
    }
    fact = forms.ChoiceField(label=_("What the place counts as"))
    place = forms.ChoiceField(label=_("Place reached"))
    among = forms.ChoiceField(label=_("Among how many"))
    bands = forms.CharField(
        label=_("Shares from the top"), max_length=2000, widget=forms.Textarea({"rows": 4}),
        help_text=_("One in each line, as 15%: first prize; the last line says alone what all others count as."),
    )  # fmt: skip
    field_order = ("fact", "place", "among", "bands", *_ENDS)

    def __init__(self, rules: RuleSet, part: Rank | None, *arguments: Any, **options: Any) -> None:
        super().__init__(rules, part, *arguments, **options)
        numbers = [fact for fact in rules.facts if counted(fact)]
        self._facts("fact", _ranked(rules))
        self._facts("place", numbers)
        self._facts("among", numbers)
        if part is not None:
            choices = facts_of(rules)[part.fact].choices
            words = [choice_words(choices, value, language_now()) for _share, value in part.bands]
            lines = [
                f"{percent(share)}: {word}" if share is not None else word
                for (share, _value), word in zip(part.bands, words, strict=True)
            ]
            said = {"place": part.place, "among": part.among, "bands": "\n".join(lines)}
            self.initial |= {"fact": part.fact, **said}

    @classmethod
    def fits(cls, rules: RuleSet) -> bool:
        """Whether there is a fact for it."""
        return bool(_ranked(rules)) and any(counted(fact) for fact in rules.facts)

    def clean(self) -> dict[str, Any]:
        """Bands rise, and the last one holds all others."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        if "bands" not in said or "fact" not in said:
            return said
        lines = [line.strip() for line in said["bands"].splitlines() if line.strip()]
        choices, made, before = facts_of(self.rules)[said["fact"]].choices, list[dict[str, str]](), Fraction(0)
        for number, line in enumerate(lines, start=1):
            share, found = None, _PERCENT.match(line)
            word = line
            if found is not None:
                share = Fraction(found[1]) / 100 if found[1] else Fraction(found[2])
                word = line[found.end() :].lstrip(" :：")
            code = read_choice_words(choices, word)
            wrong: Any = None
            if code is None:
                wrong = _("Line %(number)s: “%(typed)s” is no value of it")
            elif share is None and number < len(lines):
                wrong = _("Line %(number)s: say a share such as 15%%; only the last line has none")
            elif share is not None and (number == len(lines) or not before < share <= 1):
                wrong = _("Line %(number)s: shares rise up to 100%%, and the last line has none")
            if wrong is not None or code is None:
                self.add_error("bands", wrong % {"number": number, "typed": word[:80]})
                return said
            made.append({"up_to": share_data(share), "value": code} if share is not None else {"value": code})
            before = share or before
        said["bands"] = made
        return said

    def own(self) -> dict[str, Any]:
        """What only it says."""
        return {"rank": {name: self.cleaned_data[name] for name in ("fact", "place", "among", "bands")}}


class AddForm(StepForm):
    """An amount, once or for each step beyond a number."""

    kind = "add"
    places: ClassVar[Mapping[str, str]] = {
        "add.amount": "amount",
        "add.each": "each",
        "add.above": "above",
        "add": "amount",
    }
    amount = forms.CharField(label=_("Credits"), max_length=20, help_text=_("0.5 adds, -0.5 takes off."))
    each = forms.ChoiceField(label=_("For each step of"), required=False)
    above = forms.IntegerField(
        label=_("Counted beyond"), min_value=0, max_value=1_000_000, required=False,
        help_text=_("1: the second one is the first that counts."),
    )  # fmt: skip
    field_order = ("amount", "each", "above", *_ENDS)

    def __init__(self, rules: RuleSet, part: Add | None, *arguments: Any, **options: Any) -> None:
        super().__init__(rules, part, *arguments, **options)
        self._facts("each", [fact for fact in rules.facts if fact.type is FactType.INTEGER], none="—")
        if part is not None:
            above = part.above if part.each is not None else None
            self.initial |= {"amount": plain_credit(part.amount), "each": part.each or "", "above": above}

    def clean(self) -> dict[str, Any]:
        """A number to count beyond belongs to what is counted."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        if said.get("above") and not said.get("each") and "each" not in self.errors:
            self.add_error("each", _("Choose what is counted, or leave the number empty"))
        return said

    def own(self) -> dict[str, Any]:
        """What only it says."""
        said = self.cleaned_data
        amount = said["amount"].strip().replace("−", "-")
        if not said["each"]:
            return {"add": amount}
        return {"add": {"amount": amount, "each": said["each"], "above": said["above"] or 0}}


class MultiplyForm(StepForm):
    """An exact share of the amount."""

    kind = "multiply"
    places: ClassVar[Mapping[str, str]] = {"multiply": "factor"}
    factor = forms.CharField(label=_("Times"), max_length=20, help_text=_("2/3, 0.75 or 2."))
    field_order = ("factor", *_ENDS)

    def __init__(self, rules: RuleSet, part: Multiply | None, *arguments: Any, **options: Any) -> None:
        super().__init__(rules, part, *arguments, **options)
        if part is not None:
            self.initial["factor"] = plain_share(part.factor)

    def own(self) -> dict[str, Any]:
        """What only it says."""
        return {"multiply": self.cleaned_data["factor"].strip()}


class DivideForm(StepForm):
    """Equal shares of a team."""

    kind = "divide"
    places: ClassVar[Mapping[str, str]] = {"divide": "by"}
    by = forms.ChoiceField(label=_("Shared equally by"))
    field_order = ("by", *_ENDS)

    def __init__(self, rules: RuleSet, part: Divide | None, *arguments: Any, **options: Any) -> None:
        super().__init__(rules, part, *arguments, **options)
        self._facts("by", [fact for fact in rules.facts if counted(fact)])
        if part is not None:
            self.initial["by"] = part.by

    @classmethod
    def fits(cls, rules: RuleSet) -> bool:
        """Whether there is a fact for it."""
        return any(counted(fact) for fact in rules.facts)

    def own(self) -> dict[str, Any]:
        """What only it says."""
        return {"divide": {"by": self.cleaned_data["by"]}}


class ShareForm(StepForm):
    """The share of each place."""

    kind = "share"
    places: ClassVar[Mapping[str, str]] = {"share.fact": "fact", "share.parts": "parts", "share.rest": "rest"}
    fact = forms.ChoiceField(label=_("By the place of"))
    parts = forms.CharField(
        label=_("Shares of the first places"), max_length=400, help_text=_("1, 1/2, 1/3: the first takes all.")
    )
    rest = forms.CharField(label=_("Every later place"), max_length=20, help_text=_("0 for none."))
    field_order = ("fact", "parts", "rest", *_ENDS)

    def __init__(self, rules: RuleSet, part: Share | None, *arguments: Any, **options: Any) -> None:
        super().__init__(rules, part, *arguments, **options)
        self._facts("fact", [fact for fact in rules.facts if counted(fact)])
        if part is not None:
            parts = ", ".join(plain_share(one) for one in part.parts)
            self.initial |= {"fact": part.fact, "parts": parts, "rest": plain_share(part.rest)}

    @classmethod
    def fits(cls, rules: RuleSet) -> bool:
        """Whether there is a fact for it."""
        return any(counted(fact) for fact in rules.facts)

    def clean_parts(self) -> list[str]:
        """Every share, with the one that is none named."""
        parts = [one for one in _COMMAS.split(str(self.cleaned_data["parts"])) if one]
        for one in parts:
            if FACTOR.fullmatch(one) is None:
                raise forms.ValidationError(_("“%(typed)s” is no share such as 1/2"), params={"typed": one[:40]})
        return parts

    def own(self) -> dict[str, Any]:
        """What only it says."""
        said = self.cleaned_data
        return {"share": {"fact": said["fact"], "parts": said["parts"], "rest": said["rest"].strip()}}


class ExcludeForm(PartForm):
    """Outcomes that bring nothing."""

    otherwise = forms.ChoiceField(label=_("Then"), choices=OTHERWISE)
    field_order = ("when", "otherwise", "clause_zh", "clause_en", "id")

    def __init__(self, rules: RuleSet, part: Exclude | None, *arguments: Any, **options: Any) -> None:
        super().__init__(rules, part, *arguments, **options)
        self.fields["when"].required = True
        self.fields["when"].label = _("Outcomes with")
        self.fields["when"].help_text = _("[fact] value; [fact] value.")
        if part is not None:
            self.initial["otherwise"] = part.otherwise.value

    def clean_when(self) -> dict[str, Any]:
        """Something must be said: an exclusion of everything would leave nothing."""
        found = super().clean_when()
        if not found:
            raise forms.ValidationError(_("Say which outcomes it means"))
        return found

    def own(self) -> dict[str, Any]:
        """What only it says."""
        return {"otherwise": self.cleaned_data["otherwise"]}


class PrerequisiteForm(PartForm):
    """What a learner must have before."""

    places: ClassVar[Mapping[str, str]] = {
        "needs.credit": "credit",
        "needs.category": "category",
        "needs.courses": "courses",
        "needs": "credit",
    }
    credit = forms.CharField(label=_("Credits held before"), max_length=20, required=False)
    category = forms.ChoiceField(label=_("Of the category"), required=False)
    courses = forms.CharField(
        label=_("Or courses passed before"), max_length=20_000, required=False, widget=forms.Textarea({"rows": 2}),
        help_text=_("Codes with commas between."),
    )  # fmt: skip
    least = forms.IntegerField(
        label=_("So many of these courses"), min_value=1, required=False, help_text=_("Empty: all of them.")
    )
    otherwise = forms.ChoiceField(label=_("Otherwise"), choices=OTHERWISE)
    field_order = ("credit", "category", "courses", "least", "otherwise", *_ENDS)

    def __init__(self, rules: RuleSet, part: Prerequisite | None, *arguments: Any, **options: Any) -> None:
        super().__init__(rules, part, *arguments, **options)
        listed = [(one.code, choice_words(rules.categories, one.code, language_now())) for one in rules.categories]
        self._listed("category", [("", _("all together")), *listed])
        if part is None:
            return
        self.initial["otherwise"] = part.otherwise.value
        match part.needs:
            case NeedsCredit(category=category, least=least):
                self.initial |= {"credit": plain_credit(least), "category": category or ""}
            case NeedsCourses(courses=courses, least=count):
                # All of them is said by leaving the number out.
                every = None if count == len(courses) else count
                self.initial |= {"courses": ", ".join(courses), "least": every}

    def clean_courses(self) -> list[str]:
        """Every code once."""
        codes = [one for one in _COMMAS.split(str(self.cleaned_data["courses"])) if one]
        twice = next((code for at, code in enumerate(codes) if code in codes[:at]), None)
        if twice is not None:
            raise forms.ValidationError(_("%(code)s stands there twice"), params={"code": twice[:80]})
        return codes

    def clean(self) -> dict[str, Any]:
        """Credit or courses, and no more courses than are named."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        courses, credit = said.get("courses") or [], said.get("credit", "").strip()
        if bool(courses) == bool(credit) and not {"courses", "credit"} & self.errors.keys():
            self.add_error("credit", _("Say how much credit or which courses, one of the two"))
        elif courses and (said.get("least") or 1) > len(courses):
            self.add_error("least", _("There are only %(count)s courses") % {"count": len(courses)})
        return said

    def own(self) -> dict[str, Any]:
        """What only it says."""
        said = self.cleaned_data
        needs: dict[str, Any] = {"credit": said["credit"].strip()}
        needs |= {"category": said["category"]} if said["category"] else {}
        if said["courses"]:
            needs = {"courses": said["courses"], "least": said["least"] or len(said["courses"])}
        return {"needs": needs, "otherwise": said["otherwise"]}


STEP_FORMS: Mapping[str, type[StepForm]] = {
    form.kind: form for form in (LowerForm, RankForm, AddForm, MultiplyForm, DivideForm, ShareForm)
}
STEP_NAMES = {
    "lower": _("count a level lower"),
    "rank": _("read a level from a place"),
    "add": _("add or take off credit"),
    "multiply": _("multiply by a factor"),
    "divide": _("share equally"),
    "share": _("share by place"),
}
BEFORE = ("lower", "rank")
"""Kinds that act before the tables; they stand first."""
_KINDS = {Lower: "lower", Rank: "rank", Add: "add", Multiply: "multiply", Divide: "divide", Share: "share"}


def kind_of_step(step: Any) -> str:
    """What an adjustment does."""
    return _KINDS[type(step)]


def _ranked(rules: RuleSet) -> list[Fact]:
    """Facts that a place can say: a value that need not be given."""
    return [fact for fact in rules.facts if fact.type is FactType.ENUM and (fact.optional or fact.when)]
