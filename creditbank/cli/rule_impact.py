"""What one rule set changes for outcomes in a file or in columns, when it follows another."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from creditbank.domain.rules import impact, populations
from creditbank.domain.values import format_credit
from creditbank.gateways.columns import count_rows, open_columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from creditbank.domain.rules.cases import Case
    from creditbank.domain.rules.compile import Compiled

DONE = 0
_MOST_SHOWN = 100
_COUNTED = "the facts alone: tables, steps and rounding, before families, limits, days and prerequisites"


def of_cases(before: Compiled, after: Compiled, cases: Sequence[Case], *, as_json: bool) -> int:
    """Each outcome of a document that changes, by its id."""
    groups = [(case.id, impact.Group(case.facts, "", "", 1)) for case in cases]
    names = {id(group): name for name, group in groups}
    found = impact.impact(before, after, [group for _name, group in groups])
    changed = [{"id": names[id(one.group)], **_both(one)} for one in found.changed]
    if as_json:
        _print(_sides(before, after) | {"counts": _counts(found), "changed": changed})
        return DONE
    for one in changed:
        print(f"{one['id']}: {one['effect']}, {_said(one['before'])} → {_said(one['after'])}")
    print(_summary(found))
    return DONE


def of_columns(before: Compiled, after: Compiled, folder: Path, *, as_json: bool) -> int:
    """What changes for the rows of a folder of column files, by effect, programme and cohort."""
    found, names, idle = counted(before, after, folder)
    told = {
        "outcomes": found.count,
        "counted_by": _COUNTED,
        "not_counted": {side: list(populations.not_counted(of)) for side, of in (("before", before), ("after", after))},
        "facts": list(names),
        "columns_without_effect": list(idle),
        "effects": {effect.value: _tally(tally) for effect, tally in found.effects.items()},
        "programmes": {name: _tally(tally) for name, tally in sorted(found.programmes.items())},
        "cohorts": {name: _tally(tally) for name, tally in sorted(found.cohorts.items())},
        "changed": [
            {
                "facts": dict(one.group.facts),
                "outcomes": one.group.count,
                "credit": format_credit(one.gain),
                **_both(one),
            }
            for one in found.changed[:_MOST_SHOWN]
        ],
        "more": max(len(found.changed) - _MOST_SHOWN, 0),
    }
    if as_json:
        _print(_sides(before, after) | told)
        return DONE
    for effect, tally in found.effects.items():
        print(f"{tally.count:>12,} {effect.value:<10} {format_credit(tally.gain):>14} credits")
    for title, tallies in (("programme", found.programmes), ("cohort", found.cohorts)):
        for name, tally in sorted(tallies.items(), key=lambda pair: -pair[1].count):
            if name:
                print(f"{title} {name}: {tally.count:,} change, {format_credit(tally.gain)} credits")
    for one in told["changed"][:20]:
        facts = ", ".join(f"{name} {value}" for name, value in one["facts"].items())
        print(f"{one['outcomes']:,} × {facts}: {one['effect']}, {_said(one['before'])} → {_said(one['after'])}")
    print(f"{found.count:,} outcomes, counted by {told['counted_by']}")
    for side, parts in told["not_counted"].items():
        if parts:
            print(f"not counted of the version {side}: {', '.join(parts)}")
    return DONE


def counted(before: Compiled, after: Compiled, folder: Path) -> tuple[impact.Impact, Sequence[str], Sequence[str]]:
    """The impact on the rows of a folder, the facts it is counted by, and the columns that make no difference."""
    of = open_columns(folder)
    names = populations.looked_at(before, after, of.columns)
    facts = {name: populations.value_classes(before, after, name, of.columns[name].values) for name in names}
    classes: dict[str, Sequence[int]] = {name: one.of for name, one in facts.items()}
    told: dict[str, Sequence[str]] = {}
    for name in (populations.PROGRAMME, populations.COHORT):
        told[name] = ("", *of.columns[name].values) if name in of.columns else ("",)
    by = [name for name in told if name in of.columns and name not in names]
    classes |= {name: range(len(told[name])) for name in by}
    counts: Iterable[tuple[tuple[int, ...], int]] = count_rows(of, classes)
    if len(by) < len(told):  # where a folder has no programme or cohort, all rows have the empty one
        tail = [name in by for name in told]
        counts = (((*key[: len(names)], *_filled(key[len(names) :], tail)), count) for key, count in counts)
    found = populations.impact_of_counts(
        before, after, facts, counts, programmes=told[populations.PROGRAMME], cohorts=told[populations.COHORT]
    )
    return found, names, sorted(set(of.columns) - set(classes))


def _filled(key: Sequence[int], tail: Sequence[bool]) -> tuple[int, ...]:
    rest = iter(key)
    return tuple(next(rest) if there else 0 for there in tail)


def _tally(tally: impact.Tally) -> dict[str, Any]:
    return {"outcomes": tally.count, "credit": format_credit(tally.gain)}


def _both(one: impact.Changed) -> dict[str, Any]:
    return {
        "effect": one.effect.value,
        **{
            side: None if given is None else {"ruling": given.ruling.value, "credit": format_credit(given.credit)}
            for side, given in (("before", one.before), ("after", one.after))
        },
    }


def _said(side: Mapping[str, Any] | None) -> str:
    return "unread" if side is None else f"{side['ruling']} {side['credit']}"


def _counts(found: impact.Impact) -> dict[str, int]:
    return {effect.value: found.effects[effect].count for effect in impact.Effect if effect in found.effects}


def _summary(found: impact.Impact) -> str:
    return ", ".join(f"{count} {effect}" for effect, count in _counts(found).items()) or "no outcomes"


def _sides(before: Compiled, after: Compiled) -> dict[str, Any]:
    return {side: {"code": one.rules.code, "hash": one.hash} for side, one in (("before", before), ("after", after))}


def _print(data: Any) -> None:
    print(json.dumps(data, ensure_ascii=False, indent=2))
