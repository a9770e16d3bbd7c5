"""The parts beside the tables of a rule set as sentences, from what their fields say."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _t

from creditbank.domain.rules.cell_words import choice_words
from creditbank.domain.rules.condition_words import condition_words
from creditbank.domain.rules.model import (
    Add,
    Cap,
    Choose,
    Divide,
    Exclude,
    Expires,
    FromFact,
    Lower,
    Multiply,
    NeedsCredit,
    Prerequisite,
    Rank,
    RuleSet,
    Ruling,
    Share,
    Until,
    Within,
)
from creditbank.web.office.rule_part_forms import SCOPES, facts_of, maximum_said, plain_credit
from creditbank.web.office.rule_step_forms import percent, plain_share
from creditbank.web.office.rule_words import language_now


def part_said(rules: RuleSet, part: Any) -> str:
    """A limit, a family, a rule about days, an adjustment, an exclusion or a prerequisite as one sentence."""
    labels = {fact.name: fact.label.said_in(language_now()) for fact in rules.facts}
    match part:
        case Cap():
            said = _cap(rules, part, labels)
        case Choose():
            shared = _t(", ").join(labels[one] for one in part.family)
            said = _t("Outcomes that agree in %(facts)s count once, at the best amount.") % {"facts": shared}
        case Within() | Expires() | Until():
            said = _days(part, labels)
        case Exclude() | Prerequisite():
            said = _asked(rules, part)
        case _:
            said = _step(rules, part, labels)
    asked = condition_words(part.when, facts_of(rules), language_now())
    return f"{said} {_t('Only for: %(when)s.') % {'when': asked}}" if asked else said


def _cap(rules: RuleSet, part: Cap, facts: dict[str, str]) -> str:
    kind, most, of = maximum_said(part)
    between = _t(", ")
    amounts = {
        "credit": _t("%(most)s credits"), "count": _t("%(most)s outcomes"), "share": _t("%(most)s of %(of)s"),
    }  # fmt: skip
    whole = _t("the programme") if of == "programme" else of
    labels = {one.code: one.label.said_in(language_now()) for one in rules.categories}
    most = amounts[kind] % {"most": most, "of": labels.get(of, whole)}
    what = between.join(labels[code] for code in part.categories) or _t("all categories")
    where = {"most": most, "what": what, "scope": SCOPES[part.scope]}
    said = _t("At most %(most)s in %(what)s for each %(scope)s.") % where
    if part.by:
        said += " " + _t("Counted apart by %(facts)s.") % {"facts": between.join(facts[one] for one in part.by)}
    if part.beside:
        near = between.join(labels[code] for code in part.beside)
        said += " " + _t("It holds only beside credit of %(what)s.") % {"what": near}
    return said


def _days(part: Within | Expires | Until, facts: dict[str, str]) -> str:
    months: Any = getattr(part, "months", "")
    months = f"[{facts[months.fact]}]" if isinstance(months, FromFact) else months
    match part:
        case Within():
            said = _t("It must be claimed within %(months)s months after: %(fact)s.")
        case Expires():
            said = _t("The credit expires %(months)s months after: %(fact)s.")
        case Until():
            said = _t("The certificate must still be in force: %(fact)s.")
    return said % {"months": months, "fact": facts[part.fact]}


def _asked(rules: RuleSet, part: Exclude | Prerequisite) -> str:
    ruling = _ruling(part.otherwise)
    if isinstance(part, Exclude):
        return _t("Excluded: %(ruling)s.") % {"ruling": ruling}
    if isinstance(part.needs, NeedsCredit):
        category = part.needs.category
        what = choice_words(rules.categories, category, language_now()) if category else _t("all categories")
        said = _t("Before it %(least)s credits in %(what)s must be held; otherwise %(ruling)s.")
        return said % {"least": plain_credit(part.needs.least), "what": what, "ruling": ruling}
    courses = _t(", ").join(part.needs.courses)
    said = _t("Before it %(least)s of these courses must be passed: %(courses)s; otherwise %(ruling)s.")
    return said % {"least": part.needs.least, "courses": courses, "ruling": ruling}


def _step(rules: RuleSet, part: Any, facts: dict[str, str]) -> str:
    match part:
        case Lower():
            said = _t("%(fact)s counts lower by %(steps)s; below the lowest %(ruling)s.")
            return said % {"fact": facts[part.fact], "steps": part.steps, "ruling": _ruling(part.below)}
        case Add(each=None):
            said = _t("%(amount)s credits are taken off.") if part.amount < 0 else _t("%(amount)s credits are added.")
            return said % {"amount": plain_credit(abs(part.amount))}
        case Add():
            said = _t("For each step of %(fact)s beyond %(above)s, %(amount)s credits are added.")
            if part.amount < 0:
                said = _t("For each step of %(fact)s beyond %(above)s, %(amount)s credits are taken off.")
            amount = plain_credit(abs(part.amount))
            return said % {"fact": facts[str(part.each)], "above": part.above, "amount": amount}
        case Multiply():
            return _t("The amount is multiplied by %(factor)s.") % {"factor": plain_share(part.factor)}
        case Divide():
            return _t("The amount is shared equally: %(fact)s.") % {"fact": facts[part.by]}
        case Share():
            parts = _t(", ").join(plain_share(one) for one in part.parts)
            said = _t("By %(fact)s the first places take %(parts)s; every later one %(rest)s.")
            return said % {"fact": facts[part.fact], "parts": parts, "rest": plain_share(part.rest)}
        case Rank():
            choices = facts_of(rules)[part.fact].choices
            values = [choice_words(choices, one, language_now()) for _share, one in part.bands]
            shares = [percent(one) if one is not None else _t("the others") for one, _value in part.bands]
            bands = [f"{share} {value}" for share, value in zip(shares, values, strict=True)]
            said = _t("The place among %(among)s counts as %(fact)s: up to %(bands)s.")
            among = facts[part.among]
            return said % {"among": among, "fact": facts[part.fact], "bands": _t("; ").join(bands)}
    raise TypeError(f"no sentence for {type(part).__name__}")


def _ruling(ruling: Ruling) -> str:
    return _t("no credit") if ruling is Ruling.REFUSE else _t("a person decides")
