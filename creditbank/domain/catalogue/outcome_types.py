"""An outcome type as a schema: further fields, evidence, and what identifies one outcome of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from creditbank.domain.canonical import content_hash
from creditbank.domain.catalogue.names import normal_name
from creditbank.domain.explanation import Explanation, Line, Verdict
from creditbank.domain.masterdata.codes import ITEM_KIND
from creditbank.domain.rules.decision import Outcome
from creditbank.domain.rules.model import Cell, Choice, Fact, FactType, Interval, OneOf, RuleSet
from creditbank.domain.rules.places import Place
from creditbank.domain.values import Text

MESSAGES: dict[str, str] = {
    "outcome_type.field_differs": "The field {field} is {said} here, and {ruled} in the rule set {rules}.",
    "outcome_type.values_differ": "The field {field} lists {said} here, and {ruled} in the rule set {rules}.",
    "outcome_type.order_differs": "The field {field} is a scale either here or in the rule set {rules}, not in both.",
    "outcome_type.range_differs": "The field {field} has another range than in the rule set {rules}.",
    "outcome_type.when_unknown": "The field {field} is asked depending on {other}, which nothing before it asks.",
    "outcome_type.identity_unknown": "{field} is to identify an outcome, but nothing of that name is asked.",
    "outcome_type.code_differs": "The document is about {said}, not about {type}. Nothing was kept.",
    "outcome_type.evidence_short": "{evidence}: {needed} files are needed, {given} were added.",
    "outcome_type.evidence_format": "{name} is none of the formats that are taken here: {formats}.",
    "outcome_type.item_needed": "Outcomes of this type are chosen from the catalogue. Begin again with a search.",
    "outcome_type.claimed_already": "You have claimed this outcome already, as {number}.",
    "outcome_type.no_type": "There is no outcome type {type} here. Add it first.",
}
"""Why an outcome type's document does not fit its rule set, and what a claim of the type lacks."""

SCHEMA = "creditbank.outcome-type/1"
TITLE = "title"
ITEM = "item"
ALWAYS_ASKED = (TITLE, ITEM)
"""What identifies an outcome besides its fields: the name the learner wrote, the catalogue item it was taken from."""
FORMATS = {"pdf": "application/pdf", "png": "image/png", "jpeg": "image/jpeg"}
ITEM_KINDS = tuple(choice.code for choice in ITEM_KIND.choices)
MOST_FIELDS = 40
_LISTED = (FactType.ENUM, FactType.BOOLEAN)
_NUMERIC = (FactType.INTEGER, FactType.NUMBER)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One kind of evidence: how many files, and in which formats; no format named means every one the bank takes."""

    code: str
    label: Text
    least: int = 1
    most: int = 10
    formats: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OutcomeSchema:
    """What one document says of an outcome type; ``digest`` is the SHA-256 of its canonical JSON.

    ``fields`` are facts in the order they are asked, of which some may be the rule set's own, said again; ``scales``
    names, by field, the scale its values come from; ``identity`` the fields by which two claims are one outcome;
    ``kinds`` the kinds of catalogue item it draws from, empty for all.
    """

    code: str
    digest: str
    fields: tuple[Fact, ...] = ()
    scales: tuple[tuple[str, str], ...] = ()
    evidence: tuple[Evidence, ...] = ()
    identity: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    item_needed: bool = False


def read_outcome_schema(document: Mapping[str, Any]) -> OutcomeSchema:
    """Read a document with ``schema: creditbank.outcome-type/1``.

    Raises:
        UnreadableError: keys are unknown, missing or of the wrong kind; each problem has its path.
    """
    root = Place(document).object(("schema", "code"), ("fields", "evidence", "identity", "catalogue", "note"))
    root.named("schema").one_of((SCHEMA,))
    code = root.named("code").code()
    before: dict[str, Fact] = {}
    scales: list[tuple[str, str]] = []

    def field(place: Place) -> Fact:
        fact = _field(place)
        if fact.name in (*before, *ALWAYS_ASKED):
            place.named("name").fail(f"the field {fact.name} is declared twice or always asked")
        before[fact.name] = fact
        if place.given("scale"):
            scales.append((fact.name, place.named("scale").code()))
        return fact

    fields = root.named("fields").each(field, MOST_FIELDS)
    evidence = root.named("evidence").each(_evidence, 10)
    _no_doubles(root.named("evidence"), [one.code for one in evidence])
    identity = root.named("identity").each(Place.name, 10)
    catalogue = root.named("catalogue")
    kinds: tuple[str, ...] = ()
    needed = False
    if catalogue.value is not None:
        catalogue.object((), ("kinds", "required"))
        kinds = catalogue.named("kinds").each(lambda place: place.one_of(ITEM_KINDS), len(ITEM_KINDS))
        needed = catalogue.named("required").flag()
    return OutcomeSchema(
        code=code,
        digest=content_hash(_plain(document)),
        fields=fields,
        scales=tuple(scales),
        evidence=evidence,
        identity=identity,
        kinds=kinds,
        item_needed=needed,
    )


def disagreements(schema: OutcomeSchema, rules: RuleSet) -> Explanation:
    """Where a type and its rule set name one field and mean two things, and what the type refers to in vain."""
    ruled = {fact.name: fact for fact in rules.facts}
    lines: list[Line] = []
    asked = set(ruled)
    for fact in schema.fields:
        known = ruled.get(fact.name)
        if known is not None:
            lines += _differences(fact, known, rules.code)
        lines += [
            Line("outcome_type.when_unknown", Verdict.NO, {"field": fact.label, "other": cell.fact})
            for cell in fact.when
            if cell.fact not in asked
        ]
        asked.add(fact.name)
    lines += [
        Line("outcome_type.identity_unknown", Verdict.NO, {"field": name})
        for name in schema.identity
        if name not in asked and name not in ALWAYS_ASKED
    ]
    return tuple(lines)


def asked_by(rules: RuleSet, schema: OutcomeSchema | None) -> RuleSet:
    """The rule set with the further fields of a type behind its own facts, for forms and for reading answers.

    Its tables know its own facts alone: of an outcome read by it, :func:`ruled_part` is what they take.
    """
    if schema is None:
        return rules
    known = {fact.name for fact in rules.facts}
    more = tuple(fact for fact in schema.fields if fact.name not in known)
    return replace(rules, facts=(*rules.facts, *more)) if more else rules


def ruled_part(rules: RuleSet, outcome: Outcome) -> Outcome:
    """Of an outcome that was read with further fields, the values of the rule set's own facts."""
    return Outcome(outcome.values[: len(rules.facts)])


def evidence_problems(schema: OutcomeSchema | None, media_types: Sequence[tuple[str, str]]) -> Explanation:
    """What evidence is lacking or has a format that is not taken.

    Args:
        schema: of the outcome's type; none asks nothing.
        media_types: each file's name and media type.
    """
    if schema is None or not schema.evidence:
        return ()
    least = sum(one.least for one in schema.evidence)
    names = Text("、".join(one.label.zh for one in schema.evidence), ", ".join(one.label.en for one in schema.evidence))
    lines: list[Line] = []
    if len(media_types) < least:
        said: dict[str, Any] = {"evidence": names, "needed": least, "given": len(media_types)}
        lines.append(Line("outcome_type.evidence_short", Verdict.NO, said))
    taken = {FORMATS[code] for one in schema.evidence for code in (one.formats or FORMATS)}
    formats = ", ".join(code for code in FORMATS if FORMATS[code] in taken)
    lines += [
        Line("outcome_type.evidence_format", Verdict.NO, {"name": name, "formats": formats})
        for name, media_type in media_types
        if media_type not in taken
    ]
    return tuple(lines)


def identity_of(schema: OutcomeSchema | None, facts: Mapping[str, Any], *, title: str, item: str) -> str:
    """What two claims of one outcome have in common; empty where the type does not say, or the claim lacks it.

    Two texts are the same that differ in width, case, spacing and punctuation.
    """
    if schema is None or not schema.identity:
        return ""
    said = {**facts, TITLE: title, ITEM: item}
    parts = [normal_name(str(said.get(name) or "")) for name in schema.identity]
    return "|".join(parts) if all(parts) else ""


def _field(place: Place) -> Fact:
    place.object(("name", "type", "label"), ("values", "ordered", "required", "range", "when", "help", "scale"))
    kind = FactType(place.named("type").one_of(tuple(FactType)))
    choices = place.named("values").each(_choice)
    if (kind is FactType.ENUM) != bool(choices):
        place.fail("an enum, and only an enum, lists its values")
    _no_doubles(place.named("values"), [choice.code for choice in choices])
    if place.named("ordered").flag() and kind is not FactType.ENUM:
        place.named("ordered").fail("only an enum can be ordered; numbers and dates are so by themselves")
    if place.given("range") and kind not in (*_NUMERIC, FactType.DATE):
        place.named("range").fail("only numbers and dates have a range")
    return Fact(
        name=place.named("name").name(),
        type=kind,
        label=place.named("label").both(),
        choices=choices,
        ordered=place.named("ordered").flag(),
        optional=place.value.get("required") is not None and not place.named("required").flag(),
        when=_when(place.named("when")),
        range=_range(place.named("range"), kind) if place.given("range") else None,
        help=place.named("help").both() if place.given("help") else None,
    )


def _when(place: Place) -> tuple[Cell, ...]:
    """For which answers a field is asked: by name of an earlier one, a value or several."""
    if place.value is None:
        return ()
    cells = []
    for name, at in place.names():
        values = [one.value for one in at.items(40)] if isinstance(at.value, list) else [at.value]
        if not values or not all(isinstance(value, str | bool) for value in values):
            at.fail("expected a value of an earlier field, or a list of them")
        cells.append(Cell(Place(name, at.path).name(), OneOf(tuple(values))))
    return tuple(cells)


def _range(place: Place, kind: FactType) -> Interval:
    place.object((), ("from", "to"))
    if not place.value:
        place.fail("a range needs an end: from, to, or both")
    ends = {}
    for name in ("from", "to"):
        at = place.named(name)
        ends[name] = None if at.value is None else at.day() if kind is FactType.DATE else at.number()
    low, high = ends["from"], ends["to"]
    if low is not None and high is not None and low > high:  # type: ignore[operator]
        place.fail("this range is empty")
    return Interval(low, high)


def _choice(place: Place) -> Choice:
    place.object(("code", "zh", "en"))
    return Choice(place.named("code").code(), Text(place.named("zh").text(), place.named("en").text()))


def _evidence(place: Place) -> Evidence:
    place.object(("code", "label"), ("least", "most", "formats"))
    least = place.named("least").whole(0, 10) if place.given("least") else 1
    most = place.named("most").whole(1, 10) if place.given("most") else 10
    if least > most:
        place.named("most").fail("at most fewer files than at least")
    formats = place.named("formats").each(lambda at: at.one_of(tuple(FORMATS)), len(FORMATS))
    return Evidence(place.named("code").code(), place.named("label").both(), least, most, formats)


def _no_doubles(place: Place, codes: Sequence[str]) -> None:
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        place.fail(f"{', '.join(twice)} stands here twice")


def _differences(fact: Fact, known: Fact, rules: str) -> Iterable[Line]:
    common: dict[str, Any] = {"field": fact.label, "rules": rules}
    if fact.type is not known.type:
        said = {"said": fact.type.value, "ruled": known.type.value}
        yield Line("outcome_type.field_differs", Verdict.NO, common | said)
        return
    mine, theirs = [one.code for one in fact.choices], [one.code for one in known.choices]
    scale = fact.ordered or known.ordered
    if (mine if scale else sorted(mine)) != (theirs if scale else sorted(theirs)):
        lists = {"said": ", ".join(mine), "ruled": ", ".join(theirs)}
        yield Line("outcome_type.values_differ", Verdict.NO, common | lists)
    elif fact.ordered != known.ordered:
        yield Line("outcome_type.order_differs", Verdict.NO, common)
    if fact.range is not None and fact.range != known.range:
        yield Line("outcome_type.range_differs", Verdict.NO, common)


def _plain(value: Any) -> Any:
    """A document as canonical JSON can hold it: days and decimals as texts."""
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value if value is None or isinstance(value, bool | int | str) else str(value)
