"""What a version of a catalogue item says, whether it can be submitted, and what holds on a day."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any

from creditbank.domain.canonical import content_hash
from creditbank.domain.education_resources import Accreditation, Provider, accreditation_on
from creditbank.domain.explanation import Explanation, Line, Refusal, Verdict
from creditbank.domain.rules.facts import Field, fact_shown
from creditbank.domain.rules.model import Fact, FactType
from creditbank.domain.values import Text

MESSAGES: dict[str, str] = {
    "catalogue.lacks": "{fact} is missing.",
    "catalogue.no_such_type": "{type} is no outcome type that is open here. Choose one, or add it first.",
    "catalogue.days_reversed": "It ends on {ends}, before it begins on {starts}.",
    "catalogue.fact_unreadable": "“{part}” does not say a fact; write name=value, divided by semicolons.",
    "catalogue.fact_twice": "The fact {fact} is given twice.",
    "catalogue.fact_unknown": "{fact} is nothing that this outcome type asks; it asks {known}.",
    "catalogue.fact_value": "{fact}: {value} is none of {choices}.",
    "catalogue.kind_refused": "This outcome type draws from {known}; {kind} is none of them.",
    "catalogue.not_offered": "This item is not in force any more. Search again, or begin without the catalogue.",
    "catalogue.taken_from": "Taken from the catalogue: {item}, version {version}.",
    "catalogue.fact_differs": "{fact}: the claim says {value}, the catalogue says {fixed}.",
    "catalogue.not_in_force": "The catalogue item {item} is not in force any more.",
    "catalogue.before_it_held": "The catalogue item holds from {starts} on; this was earned on {earned}.",
    "catalogue.after_it_held": "The catalogue item held until {ends}; this was earned on {earned}.",
    "catalogue.provider_ended": "The accreditation of {provider} ended on {until}; this was earned on {earned}.",
    "catalogue.provider_begins": "The accreditation of {provider} begins only on {since}; this was earned on {earned}.",
    "catalogue.provider_none": "No accreditation of {provider} is known for {earned}.",
}
"""What is said of an item when it is submitted, and of an outcome that was taken from it."""

_APART = re.compile(r"[;；\n]+")
_NAMES_APART = re.compile(r"[;；、|\n]+")
_FACT = re.compile(r"\s*([a-z][a-z0-9_]{0,39})\s*[=＝:：]\s*(.{1,120}?)\s*")
_CONTENT = (
    "code", "name", "name_en", "aliases", "type", "kind", "tier", "association", "ranking_only", "issuer", "provider",
    "facts", "starts_on", "ends_on", "document",
)  # fmt: skip
"""The fields of the data set that make a version; whether a row is retired is no part of it."""


@dataclass(frozen=True, slots=True)
class Item:
    """A catalogue item as one version states it.

    ``facts`` are the facts of its outcome type that the item fixes, for instance ``tier`` of a contest;
    ``starts_on`` and ``ends_on`` its first and last day, both included.
    """

    code: str
    name: Text
    aliases: tuple[str, ...] = ()
    outcome_type: str = ""
    kind: str = ""
    tier: str = ""
    association: bool = False
    ranking_only: bool = False
    issuer: str = ""
    provider: str = ""
    facts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    starts_on: date | None = None
    ends_on: date | None = None
    document: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Everything it is called."""
        return tuple(dict.fromkeys(name for name in (self.name.zh, self.name.en, *self.aliases) if name))


def version_content(row: Mapping[str, Any]) -> dict[str, Any]:
    """What of a master data row makes a version: its fields that say something."""
    return {name: row[name] for name in _CONTENT if row.get(name) not in (None, "", False)}


def digest_of(content: Mapping[str, Any]) -> str:
    """The SHA-256 of a version's content; equal content has an equal one."""
    return content_hash(dict(content))


def item_of(content: Mapping[str, Any]) -> Item:
    """The item a content states; what cannot be read as a fact is left out."""
    facts, _problems = facts_of(str(content.get("facts") or ""))
    code = str(content.get("code") or "")
    return Item(
        code=code,
        name=Text(str(content.get("name") or code), str(content.get("name_en") or "")),
        aliases=aliases_of(str(content.get("aliases") or "")),
        outcome_type=str(content.get("type") or ""),
        kind=str(content.get("kind") or ""),
        tier=str(content.get("tier") or ""),
        association=content.get("association") is True,
        ranking_only=content.get("ranking_only") is True,
        issuer=str(content.get("issuer") or ""),
        provider=str(content.get("provider") or ""),
        facts=facts,
        starts_on=_day(content.get("starts_on")),
        ends_on=_day(content.get("ends_on")),
        document=str(content.get("document") or ""),
    )


def aliases_of(text: str) -> tuple[str, ...]:
    """Other names, divided by semicolons, 、 or bars; a space or a comma may be part of a name."""
    return tuple(dict.fromkeys(name for part in _NAMES_APART.split(text) if (name := part.strip())))


def facts_of(text: str) -> tuple[dict[str, str], Explanation]:
    """The facts a text fixes, such as ``tier=national; award=first``, and what of it says none."""
    facts: dict[str, str] = {}
    problems: list[Line] = []
    for part in _APART.split(text):
        if not part.strip():
            continue
        found = _FACT.fullmatch(part)
        if found is None:
            problems.append(Line("catalogue.fact_unreadable", Verdict.NO, {"part": part.strip()[:60]}))
        elif found[1] in facts:
            problems.append(Line("catalogue.fact_twice", Verdict.NO, {"fact": found[1]}))
        else:
            facts[found[1]] = found[2]
    return facts, tuple(problems)


def problems_of(
    content: Mapping[str, Any], fields: Sequence[Field] | None, *, labels: Mapping[str, Text], kinds: Sequence[str] = ()
) -> Explanation:
    """What keeps an item from being submitted; nothing when it may be.

    Args:
        content: what the row says.
        fields: what its outcome type asks; none where there is no such type.
        labels: what the fields of the data set are called.
        kinds: the kinds of item its outcome type draws from; empty for all.
    """
    item = item_of(content)
    problems = [
        Line("catalogue.lacks", Verdict.NO, {"fact": labels[name]})
        for name in ("name", "type", "kind")
        if not content.get(name)
    ]
    if item.starts_on and item.ends_on and item.ends_on < item.starts_on:
        days = {"starts": item.starts_on.isoformat(), "ends": item.ends_on.isoformat()}
        problems.append(Line("catalogue.days_reversed", Verdict.NO, days))
    facts, unreadable = facts_of(str(content.get("facts") or ""))
    problems += unreadable
    if fields is None:
        if item.outcome_type:
            problems.append(Line("catalogue.no_such_type", Verdict.NO, {"type": item.outcome_type}))
        return tuple(problems)
    if kinds and item.kind and item.kind not in kinds:
        said = {"kind": item.kind, "known": ", ".join(kinds)}
        problems.append(Line("catalogue.kind_refused", Verdict.NO, said))
    return (*problems, *_fact_problems(facts, fields))


def _fact_problems(facts: Mapping[str, str], fields: Sequence[Field]) -> Iterable[Line]:
    asked = {field.name: field for field in fields}
    for name, value in facts.items():
        field = asked.get(name)
        if field is None:
            yield Line("catalogue.fact_unknown", Verdict.NO, {"fact": name, "known": ", ".join(asked)})
            continue
        allowed = ("true", "false") if field.kind is FactType.BOOLEAN else tuple(one.code for one in field.choices)
        if allowed and value not in allowed:
            said: dict[str, Any] = {"fact": field.label, "value": value, "choices": ", ".join(allowed)}
            yield Line("catalogue.fact_value", Verdict.NO, said)


def notes_on(
    item: Item,
    *,
    version: int,
    in_force: bool,
    provider: Provider | None,
    provider_name: Text,
    earned_on: date | None,
    answers: Mapping[str, Any],
    asked: Sequence[Fact],
) -> Explanation:
    """What a reviewer should know of an outcome that was taken from an item.

    Args:
        item: as the version states it.
        version: its number.
        in_force: whether the version is still in force.
        provider: of the item, where it names one; an item without one needs no accreditation.
        provider_name: what that provider is called.
        earned_on: when the outcome was earned; nothing is said of days where that is not known.
        answers: the facts of the claim as they were read; where they differ from what the item fixes, a person looks.
        asked: what these facts are called.
    """
    lines = [Line("catalogue.taken_from", Verdict.NOTE, {"item": item.name, "version": version})]
    if not in_force:
        lines.append(Line("catalogue.not_in_force", Verdict.ASK, {"item": item.name}))
    for fact in asked:
        fixed, value = item.facts.get(fact.name), answers.get(fact.name)
        if fixed is not None and value is not None and _shown(value) != fixed:
            known = next((choice.label for choice in fact.choices if choice.code == fixed), fixed)
            said = {"fact": fact.label, "value": fact_shown(fact, value), "fixed": known}
            lines.append(Line("catalogue.fact_differs", Verdict.ASK, said))
    if earned_on is None:
        return tuple(lines)
    earned = earned_on.isoformat()
    if item.starts_on and earned_on < item.starts_on:
        said = {"starts": item.starts_on.isoformat(), "earned": earned}
        lines.append(Line("catalogue.before_it_held", Verdict.ASK, said))
    if item.ends_on and earned_on > item.ends_on:
        said = {"ends": item.ends_on.isoformat(), "earned": earned}
        lines.append(Line("catalogue.after_it_held", Verdict.ASK, said))
    if item.provider:
        lines += provider_notes(provider, provider_name, earned_on)
    return tuple(lines)


def provider_notes(provider: Provider | None, name: Text, earned_on: date) -> Explanation:
    """Whether the provider of an item was accredited when an outcome was earned; nothing to say where it was."""
    accreditation, _reasons = accreditation_on(provider, earned_on)
    if accreditation.stands:
        return ()
    facts: dict[str, Any] = {"provider": name, "earned": earned_on.isoformat()}
    if accreditation is Accreditation.ENDED and provider and provider.accredited_until:
        return (
            Line("catalogue.provider_ended", Verdict.ASK, facts | {"until": provider.accredited_until.isoformat()}),
        )
    if accreditation is Accreditation.COMING and provider and provider.accredited_from:
        since = provider.accredited_from.isoformat()
        return (Line("catalogue.provider_begins", Verdict.ASK, facts | {"since": since}),)
    return (Line("catalogue.provider_none", Verdict.ASK, facts),)


def refused_with(problems: Explanation) -> Refusal | None:
    """The problems as a refusal, where there are any."""
    return Refusal(problems) if problems else None


def _shown(value: Any) -> str:
    """A value as an item fixes it: a truth as true or false."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _day(value: Any) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) and value else None
