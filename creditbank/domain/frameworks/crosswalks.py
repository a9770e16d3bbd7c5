"""Levels across frameworks: what a crosswalk says of a level, and paths over several of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from creditbank.domain.explanation import Explanation, Fact, Line, Verdict
from creditbank.domain.frameworks.model import Correspondence, Crosswalk, Framework, Match

MESSAGES: dict[str, str] = {
    "frameworks.exact": "{from} corresponds to {to}, by the crosswalk {crosswalk}.",
    "frameworks.broader": "{to} is broader than {from} and takes it in, by the crosswalk {crosswalk}.",
    "frameworks.narrower": "{to} is narrower than {from} and a part of it, by the crosswalk {crosswalk}.",
    "frameworks.related": "{from} is related to {to}, without being equal to it, by the crosswalk {crosswalk}.",
    "frameworks.confidence": "Confidence {percent} %.",
    "frameworks.no_confidence": "Nobody has stated how sure this is.",
    "frameworks.path": "No crosswalk compares the two directly; this goes over {count} crosswalks, and is no more "
    "certain than the least certain of them.",
    "frameworks.no_path": "No crosswalk leads from {from} to {to}.",
    "frameworks.unknown_level": "The crosswalk {crosswalk} names the level {level}, which {framework} does not have.",
}
"""What is said of a level in another framework."""

MOST_STEPS = 3
"""Over more crosswalks than this no path is looked for."""
MOST_PATHS = 1_000


@dataclass(frozen=True, slots=True)
class Step:
    """One row of one crosswalk, read in the direction of a path."""

    crosswalk: str
    from_framework: str
    to_framework: str
    row: Correspondence


@dataclass(frozen=True, slots=True)
class Path:
    """The way from a level to another one over one crosswalk or several, which are never hidden."""

    steps: tuple[Step, ...]

    @property
    def to_level(self) -> str:
        """Where it ends."""
        return self.steps[-1].row.to_level

    @property
    def direct(self) -> bool:
        """Whether one crosswalk says it."""
        return len(self.steps) == 1

    @property
    def confidence(self) -> int | None:
        """The lowest of the steps; ``None`` where one of them has none."""
        found = [step.row.confidence for step in self.steps]
        return None if None in found else min(one for one in found if one is not None)

    @property
    def match(self) -> Match:
        """What the steps together say: broader and broader is broader, and whatever points both ways is related."""
        kinds = {step.row.match for step in self.steps} - {Match.EXACT}
        return Match.EXACT if not kinds else kinds.pop() if len(kinds) == 1 else Match.RELATED


def turned(crosswalk: Crosswalk) -> Crosswalk:
    """The same crosswalk read from its second framework to its first."""
    rows = tuple(
        Correspondence(row.to_level, row.from_level, row.match.turned, row.confidence, row.note)
        for row in crosswalk.rows
    )
    return Crosswalk(crosswalk.code, crosswalk.to_framework, crosswalk.from_framework, crosswalk.source, rows)


def paths(
    crosswalks: Iterable[Crosswalk], *, from_framework: str, from_level: str, to_framework: str, most: int = MOST_STEPS
) -> tuple[Path, ...]:
    """Every way from a level to the levels of another framework, the shortest and then the surest first.

    Where a crosswalk says it directly, no path over others is looked for: they would only be less certain. A
    crosswalk is read in both directions, and no framework is visited twice.
    """
    both = [one for given in crosswalks for one in (given, turned(given))]
    found: list[Path] = []
    for length in range(1, most + 1):
        found = list(_walk(both, from_framework, from_level, to_framework, length, (from_framework,)))[:MOST_PATHS]
        if found:
            break

    def order(path: Path) -> tuple[int, str, list[str]]:
        sure = -1 if path.confidence is None else path.confidence
        return -sure, path.to_level, [step.crosswalk for step in path.steps]

    return tuple(sorted(found, key=order))


def _walk(
    crosswalks: list[Crosswalk], framework: str, level: str, to_framework: str, left: int, seen: tuple[str, ...]
) -> Iterator[Path]:
    for one in crosswalks:
        last = one.to_framework == to_framework
        if one.from_framework != framework or one.to_framework in seen or last is not (left == 1):
            continue
        for row in one.rows:
            if row.from_level != level:
                continue
            step = Step(one.code, framework, one.to_framework, row)
            if last:
                yield Path((step,))
                continue
            for rest in _walk(
                crosswalks, one.to_framework, row.to_level, to_framework, left - 1, (*seen, one.to_framework)
            ):
                yield Path((step, *rest.steps))


def explain(path: Path) -> Explanation:
    """What a path says, a line for each crosswalk it goes over."""
    lines = tuple(_said(step) for step in path.steps)
    if path.direct:
        return lines
    sure = _sure(path.confidence)
    return (Line("frameworks.path", Verdict.ASK, {"count": len(path.steps)}, lines=(*lines, sure)),)


def explain_none(from_level: str, to_framework: str) -> Explanation:
    """That nothing leads there."""
    return (Line("frameworks.no_path", Verdict.NO, {"from": from_level, "to": to_framework}),)


def _said(step: Step) -> Line:
    facts: dict[str, Fact] = {
        "from": f"{step.from_framework} {step.row.from_level}",
        "to": f"{step.to_framework} {step.row.to_level}",
        "crosswalk": step.crosswalk,
    }
    verdict = Verdict.YES if step.row.match is Match.EXACT else Verdict.ASK
    return Line(f"frameworks.{step.row.match.value}", verdict, facts, lines=(_sure(step.row.confidence),))


def _sure(confidence: int | None) -> Line:
    if confidence is None:
        return Line("frameworks.no_confidence", Verdict.ASK)
    return Line("frameworks.confidence", Verdict.NOTE, {"percent": confidence})


def lint(crosswalk: Crosswalk, frameworks: Iterable[Framework]) -> Explanation:
    """Rows that name a level which its framework does not have; a framework that is not given is not judged."""
    known = {one.code: one for one in frameworks}
    lines = []
    for row in crosswalk.rows:
        for code, level in ((crosswalk.from_framework, row.from_level), (crosswalk.to_framework, row.to_level)):
            framework = known.get(code)
            if framework is not None and framework.level(level) is None:
                facts: dict[str, Fact] = {"crosswalk": crosswalk.code, "level": level, "framework": framework.name}
                lines.append(Line("frameworks.unknown_level", Verdict.NO, facts))
    return tuple(lines)
