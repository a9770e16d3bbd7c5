"""What changed between two versions of conversion rules, in words a registrar reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from creditbank.domain.conversions.model import ConversionRules, Standing
from creditbank.domain.conversions.overlay import ADDED, CHANGES, conversion_overlay_data
from creditbank.domain.conversions.words import (
    RULING,
    STANDING,
    PartSaid,
    RowSaid,
    both_of,
    rules_said,
    worth_said,
)
from creditbank.domain.conversions.write import conversion_rules_data
from creditbank.domain.explanation import Explanation
from creditbank.domain.rules.differences import listed, values
from creditbank.domain.rules.overlay import Overlay
from creditbank.domain.values import Text

_LISTS = ("categories", "facts", "rules", "closed", "exclude", "prerequisite", "cap", "validity")
_PARTS = ("closed", "exclude", "prerequisite", "cap", "validity")
_TAKES, _BECOMES, _CREDIT = Text("使用", "Takes"), Text("置换为", "Becomes"), Text("学分", "Credit")
_GRADE, _COUNTS, _SURPLUS = Text("成绩", "Grade"), Text("计入", "Counts for"), Text("剩余学分", "What is left over")
_RULING, _SAYS = Text("处理", "Then"), Text("内容", "It says")


def conversion_differences(before: ConversionRules, after: ConversionRules) -> Explanation:
    """Every difference between two sets of conversion rules; empty exactly if their hashes are equal."""
    old, new = conversion_rules_data(before), conversion_rules_data(after)
    said = [*values(old, new, without=(*_LISTS, "standings"))]
    rows, parts = _Rows.of(before, after), _Parts.of(before, after)
    for name in ("categories", "facts"):
        said += listed(name, old[name], new[name])
    said += listed("rules", old["rules"], new["rules"], rows)
    for name in _PARTS:
        said += listed(name, old.get(name, ()), new.get(name, ()), parts[name])
    said += listed("standings", _standings(before), _standings(after), _Standings(before, after))
    return tuple(said)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows in words, by the keys that their data have."""

    before: Mapping[str, RowSaid]
    after: Mapping[str, RowSaid]
    worth: tuple[Mapping[str, Text], Mapping[str, Text]]

    @classmethod
    def of(cls, before: ConversionRules, after: ConversionRules) -> _Rows:
        old, new = ({row.id: row for row in rules_said(rules).rows} for rules in (before, after))
        worth = [{row.id: worth_said(row.worth) for row in rules.rows} for rules in (before, after)]
        return cls(old, new, (worth[0], worth[1]))

    def whole(self, name: str, *, later: bool) -> Text:
        row = (self.after if later else self.before)[name]
        takes, makes = both_of(row.takes), both_of(row.makes)
        return Text(
            f"{takes.zh} → {makes.zh}；{row.credit.zh}（{row.clause.zh}）",
            f"{takes.en} → {makes.en}; {row.credit.en} ({row.clause.en})",
        )

    def changed(self, name: str, key: str) -> tuple[Text, Text, Text] | None:
        old, new = self.before[name], self.after[name]
        match key:
            case "from":
                return _TAKES, both_of(old.takes), both_of(new.takes)
            case "to":
                return _BECOMES, both_of(old.makes), both_of(new.makes)
            case "credit":
                return _CREDIT, self.worth[0][name], self.worth[1][name]
            case "grade":
                return _GRADE, both_of(old.grade), both_of(new.grade)
            case "counts":
                return _COUNTS, old.counts, new.counts
            case "surplus":
                return _SURPLUS, old.surplus, new.surplus
            case "ruling":
                return _RULING, RULING[old.ruling], RULING[new.ruling]
            case "clause":
                return _RULING, old.clause, new.clause
        return None


@dataclass(frozen=True, slots=True)
class _Parts:
    """Limits, exclusions and the like as the sentences that they are."""

    before: Mapping[str, PartSaid]
    after: Mapping[str, PartSaid]

    @classmethod
    def of(cls, before: ConversionRules, after: ConversionRules) -> Mapping[str, _Parts]:
        found = {}
        for name in _PARTS:
            # Ids are told apart within a list, so each list is said by itself.
            others: dict[str, Any] = {other: () for other in _PARTS if other != name}
            bare = [replace(rules, rows=(), **others) for rules in (before, after)]
            old, new = ({part.id: part for part in rules_said(rules).parts} for rules in bare)
            found[name] = cls(old, new)
        return found

    def whole(self, name: str, *, later: bool) -> Text:
        part = (self.after if later else self.before)[name]
        return Text(f"{part.said.zh}（{part.clause.zh}）", f"{part.said.en} ({part.clause.en})")

    def changed(self, name: str, key: str) -> tuple[Text, Text, Text] | None:
        old, new = self.before[name], self.after[name]
        return (_SAYS, old.clause, new.clause) if key == "clause" else (_SAYS, old.said, new.said)


@dataclass(frozen=True, slots=True)
class _Standings:
    """What standings lead to, in words."""

    before: ConversionRules
    after: ConversionRules

    def whole(self, name: str, *, later: bool) -> Text:
        return RULING[(self.after if later else self.before).standings[Standing(name)]]

    def changed(self, name: str, key: str) -> tuple[Text, Text, Text] | None:
        standing, rules = Standing(name), (self.before, self.after)
        if key == "clause" and not all(standing in one.standing_clauses for one in rules):
            return None
        old, new = (
            one.standing_clauses[standing] if key == "clause" else RULING[one.standings[standing]] for one in rules
        )
        return STANDING[standing], old, new


def _standings(rules: ConversionRules) -> list[dict[str, Any]]:
    """What every standing leads to, also where a document leaves it as it is everywhere."""
    return [
        {"id": standing.value, "ruling": ruling.value}
        | ({"clause": {"zh": clause.zh, "en": clause.en}} if (clause := rules.standing_clauses.get(standing)) else {})
        for standing, ruling in rules.standings.items()
    ]


def conversion_overlay_differences(before: Overlay, after: Overlay) -> Explanation:
    """Every difference between two versions of an overlay as they are written; empty if their hashes are equal."""
    old, new = conversion_overlay_data(before), conversion_overlay_data(after)
    said = [*values(old, new, without=("add", "tighten"))]
    for half, names in (("tighten", CHANGES), ("add", ADDED)):
        for name in names:
            said += listed(name, old[half].get(name, ()), new[half].get(name, ()))
    return tuple(said)
