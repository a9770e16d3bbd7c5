"""Seeded learners and programmes for audits: 20-40 lots each, overlapping requirements, binding caps."""

from __future__ import annotations

import random
from datetime import date, timedelta

from creditbank.domain.audit.model import Credit
from creditbank.domain.programmes.model import Filter, Kind, Part, Programme, Requirement
from creditbank.domain.values import Hundredths, Text

AMOUNTS = [100, 150, 200, 200, 300, 300, 300, 400, 400, 500, 600]
CATEGORIES = ["course", "course", "course", "course", "contest", "certificate", "transfer"]


def programme(seed: int, *, overlap: float, caps: bool, choices: bool = False) -> Programme:
    """Six groups over ten fields; ``overlap`` is the share of fields that a second group accepts too."""
    draw = random.Random(f"programme {seed}")
    fields = [f"f{number}" for number in range(10)]
    accepted: list[set[str]] = [set() for _ in range(6)]
    for number, field in enumerate(fields):
        accepted[number % 5].add(field)
        if draw.random() < overlap:
            accepted[draw.choice([group for group in range(5) if group != number % 5])].add(field)
    accepted[5] = {field for field in fields if draw.random() < overlap} or {"f0"}
    leaves = []
    for group, taken in enumerate(accepted):
        parts = []
        if caps and group < 3:
            parts.append(
                Part(
                    f"cap-{group}",
                    Text("上限", "limit"),
                    Filter(categories=frozenset({draw.choice(["contest", "certificate", "transfer"])})),
                    maximum=Hundredths(draw.choice([200, 300, 400, 600])),
                )
            )
        if draw.random() < 0.3:
            parts.append(
                Part(
                    f"level-{group}",
                    Text("等级", "level"),
                    Filter(level_at_least=6),
                    minimum=Hundredths(draw.choice([200, 300, 400])),
                )
            )
        if choices and group == 4:
            leaves.append(
                Requirement(
                    f"group-{group}",
                    Text("门数", "courses"),
                    Kind.COURSES_FROM,
                    Filter(fields=frozenset(taken)),
                    n=draw.randint(2, 5),
                )
            )
            continue
        leaves.append(
            Requirement(
                f"group-{group}",
                Text("模块", "group"),
                Kind.CREDITS_FROM,
                Filter(fields=frozenset(taken)),
                Hundredths(draw.randrange(600, 2000, 100)),
                parts=tuple(parts),
            )
        )
    top = tuple(leaves)
    if choices:
        top = (
            *leaves[:3],
            Requirement("choice", Text("任选", "choice"), Kind.N_OF, n=2, children=tuple(leaves[3:])),
        )
    whole = ()
    if caps:
        whole = (
            Part(
                "transfer-cap",
                Text("转移学分上限", "transferred"),
                Filter(categories=frozenset({"transfer", "contest"})),
                maximum=Hundredths(draw.choice([600, 900, 1200])),
            ),
        )
    root = Requirement("programme", Text("方案", "programme"), Kind.ALL, parts=whole, children=top)
    return Programme("SEEDED", Text("方案", "Programme"), root)


def learner(seed: int, *, least: int = 20, most: int = 40) -> list[Credit]:
    """One learner's credits; the same seed gives the same credits."""
    draw = random.Random(f"learner {seed}")
    start = date(2020, 9, 1)
    return [
        Credit(
            id=f"lot-{number:02d}",
            hundredths=Hundredths(draw.choice(AMOUNTS)),
            category=draw.choice(CATEGORIES),
            level=draw.choice([4, 5, 5, 6]),
            field=f"f{draw.randrange(10)}",
            code=f"C{draw.randrange(400):03d}",
            earned_on=start + timedelta(days=draw.randrange(1400)),
        )
        for number in range(draw.randint(least, most))
    ]
