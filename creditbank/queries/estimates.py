"""What a catalogue item becomes by the rules in force at an institution, as far as it fixes facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from uuid import UUID

from creditbank.domain.catalogue.items import Item
from creditbank.domain.rules.decision import Context, Outcome, Proposal
from creditbank.domain.rules.evaluate import evaluate
from creditbank.domain.rules.facts import Field, form_fields, read_outcome
from creditbank.domain.rules.model import FactType, Ruling
from creditbank.domain.values import Hundredths, Text
from creditbank.queries.outcome_schemas import asked_of
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
