"""What an outcome or a catalogue item becomes by the rules in force at institutions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from uuid import UUID

from creditbank.domain.catalogue.items import Item
from creditbank.domain.conversions.credit_lots import Lot, carried
from creditbank.domain.explanation import Refusal
from creditbank.domain.rules.decision import Context, Outcome, Proposal
from creditbank.domain.rules.evaluate import evaluate
from creditbank.domain.rules.facts import Field, form_fields, read_outcome
from creditbank.domain.rules.model import FactType, Ruling
from creditbank.domain.values import Hundredths, Text
from creditbank.queries.conversion_options import Option, holdings_of_nobody, options_of
from creditbank.queries.outcome_schemas import asked_of
from creditbank.queries.outcome_types import OutcomeType, outcome_types_of
from creditbank.queries.recognition import Proposed, propose
from creditbank.queries.rules import InForce
from creditbank.records.institutions import Institution
from creditbank.records.scope import Scope

MOST_CASES = 240
"""Of more combinations of answers than this only the questions are told."""
_OPEN = (FactType.TEXT, FactType.CODE, FactType.DATE)
"""Types whose answers are as many as there are learners; what is not given of them decides no amount by itself."""


@dataclass(frozen=True, slots=True)
class Worth:
    """What an item becomes at an institution: from the least to the most, by which rules, and what decides.

    ``missing`` are the questions whose answers the item does not fix. Without amounts nobody can say yet.
    """

    institution: UUID
    institution_name: Text
    rules: Text
    version: InForce
    least: Hundredths | None
    most: Hundredths | None
    manual: bool
    """Whether some answer would go to a person."""
    missing: tuple[Text, ...]
    only: Proposal | None
    """The proposal, where every answer that decides is fixed."""


def worth_of_item(scope: Scope, item: Item, *, places: Sequence[UUID], on: date) -> tuple[Worth, ...]:
    """What an item becomes at each of these institutions on a day, for somebody with no credit yet.

    Args:
        scope: any; rules in force are for everybody.
        item: the item.
        places: the institutions that recognise it.
        on: the day.
    """
    found = (_worth(scope, item, place, on) for place in places)
    return tuple(one for one in found if one is not None)


def places_below(scope: Scope, institution: UUID, *, most: int = 20) -> tuple[UUID, ...]:
    """Where items of an institution’s catalogue are recognised: there, and in the institutions below a centre."""
    kinds = (Institution.Kind.CENTRE, Institution.Kind.INSTITUTION)
    rows = scope.rows(Institution).filter(parent_id=institution, kind__in=kinds).order_by("code")
    below = tuple(islice(rows.values_list("id", flat=True), most))
    return below or (institution,)


def _worth(scope: Scope, item: Item, place: UUID, on: date) -> Worth | None:
    asked = asked_of(scope, institution=place, outcome_type=item.outcome_type, on=on)
    if asked is None:
        return None
    rules = asked.version.compiled.rules
    name = scope.rows(Institution).values_list("name", "name_en").get(pk=place)
    fields = form_fields(rules)
    cases = _cases(fields, dict(item.facts), on)
    proposals: list[Proposal] = []
    for case in cases or ():
        outcome = read_outcome(rules, case)
        if isinstance(outcome, Outcome):
            proposals.append(evaluate(asked.version.compiled, outcome, Context(claimed_on=on, used={}, earlier={})))
    amounts = [one.credit for one in proposals if one.ruling is Ruling.RECOGNISE]
    return Worth(
        institution=place,
        institution_name=Text(*name),
        rules=rules.name,
        version=asked.version,
        least=min(amounts, default=None),
        most=max(amounts, default=None),
        manual=any(one.ruling is Ruling.MANUAL for one in proposals),
        missing=_missing(form_fields(asked.rules), item),
        only=proposals[0] if cases is not None and len(cases) == 1 and proposals else None,
    )


def _cases(fields: Sequence[Field], fixed: dict[str, str], on: date) -> list[dict[str, str]] | None:
    """Every combination of answers to what the item leaves open; none where they are too many or without end.

    What has no end of answers is answered by something that decides no amount, a day by the day that is asked.
    """
    cases: list[dict[str, str]] = [{}]
    for field in fields:
        made = []
        for case in cases:
            if not all(case.get(name) in accepted for name, accepted in field.when):
                made.append(case)
                continue
            answers = _answers(field, fixed.get(field.name), on)
            if answers is None:
                return None
            made += [case | {field.name: answer} if answer else case for answer in answers]
        if len(made) > MOST_CASES:
            return None
        cases = made
    return cases


def _answers(field: Field, fixed: str | None, on: date) -> tuple[str, ...] | None:
    if fixed is not None:
        return (fixed,)
    match field.kind:
        case FactType.ENUM:
            return tuple(choice.code for choice in field.choices)
        case FactType.BOOLEAN:
            return ("true", "false")
        case FactType.DATE:
            return (on.isoformat(),)
        case FactType.TEXT:
            return ("—",)
        case _:
            return None if field.required else ("",)


def _missing(fields: Sequence[Field], item: Item) -> tuple[Text, ...]:
    """The questions that are asked for this item and that it does not answer, in their order."""
    left = []
    for field in fields:
        known = all(item.facts.get(name, accepted[0]) in accepted for name, accepted in field.when)
        if known and field.name not in item.facts and field.kind not in _OPEN:
            left.append(field.label)
    return tuple(left)


MOST_PLACES = 40
"""So many institutions are asked for one estimate."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A type of outcome that some institutions take, by its code, with the first one's name for it."""

    code: str
    name: Text


@dataclass(frozen=True, slots=True)
class Estimate:
    """What an outcome would become at an institution, or why nothing can be said."""

    institution: Text
    code: str
    answer: Proposed | Refusal
    options: tuple[Option, ...] = ()
    """What the credit could become there by the conversion rules in force, and why not; empty without any."""


def offered_anywhere(scope: Scope, on: date) -> tuple[Offered, ...]:
    """The types of outcome that any institution takes on a day, by name."""
    found: dict[str, Offered] = {}
    for place in _deciding_places(scope):
        for kind in outcome_types_of(scope, place.id, on).values():
            if kind.is_open:
                found.setdefault(kind.code, Offered(kind.code, kind.name))
    return tuple(sorted(found.values(), key=lambda one: one.name.zh))


def asked_anywhere(scope: Scope, outcome_type: str, on: date) -> tuple[Field, ...]:
    """All that any institution's rules ask about a type of outcome, each question once."""
    fields: dict[str, Field] = {}
    for place in _deciding_places(scope):
        asked = asked_of(scope, institution=place.id, outcome_type=outcome_type, on=on)
        for field in form_fields(asked.rules) if asked else ():
            fields.setdefault(field.name, field)
    return tuple(fields.values())


def estimate_everywhere(scope: Scope, outcome_type: str, answers: Mapping[str, str], on: date) -> tuple[Estimate, ...]:
    """What an outcome would become at each institution that takes its type, for somebody with no credit yet.

    Each institution is told what its own rules ask and nothing else; nothing is stored.
    """
    found = []
    for place in _deciding_places(scope):
        asked = asked_of(scope, institution=place.id, outcome_type=outcome_type, on=on)
        if asked is None:
            continue
        names = {fact.name for fact in asked.rules.facts}
        raw = {name: value for name, value in answers.items() if name in names}
        answer = propose(scope, institution=place.id, outcome_type=outcome_type, raw=raw, on=on)
        options = _options(scope, place, answer, asked.kind, on)
        found.append(Estimate(Text(place.name, place.name_en), place.code, answer, options))
    return tuple(sorted(found, key=_most_first))


def _options(
    scope: Scope, place: Institution, answer: Proposed | Refusal, kind: OutcomeType, on: date
) -> tuple[Option, ...]:
    """What credit as it is proposed could become, by itself."""
    if isinstance(answer, Refusal) or answer.proposal.ruling is not Ruling.RECOGNISE:
        return ()
    proposal = answer.proposal
    lot = Lot(
        id="estimate",
        title=kind.name,
        credit=proposal.credit,
        expires_on=proposal.expires_on,
        known={"outcome_type": kind.code, "level": proposal.level, "earned_on": answer.facts.get("earned_on")},
        claimed=answer.facts,
        of=carried(outcome_type=kind.code, code="", category=proposal.category or "", institution=place.code),
    )
    return options_of(holdings_of_nobody(scope, place.id, [lot], on=on))


def _most_first(one: Estimate) -> tuple[int, str]:
    return (-one.answer.proposal.credit if isinstance(one.answer, Proposed) else 1, one.institution.zh)


def _deciding_places(scope: Scope) -> list[Institution]:
    """The institutions that decide claims: neither centres nor colleges."""
    rows = scope.rows(Institution).filter(kind=Institution.Kind.INSTITUTION).order_by("code")
    return list(rows[:MOST_PLACES])
