"""Second figures beside the credit: so many credits times a ratio, or times the weight of their level."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from creditbank.domain.explanation import Fact as Said
from creditbank.domain.explanation import Line, Verdict
from creditbank.domain.rules.decision import FigureGiven
from creditbank.domain.rules.finding import Finding
from creditbank.domain.rules.model import FactType, Figure, FromFact, Give, RuleSet
from creditbank.domain.rules.places import Place
from creditbank.domain.values import Amount, Hundredths, Text, round_fraction

MESSAGES: dict[str, str] = {
    "rules.figure_times": "{credit} credits × {factor} = {amount} {figure}.",
    "rules.figure_weighed": "{credit} credits × {factor} (level {level}) = {amount} {figure}.",
    "rules.figure_unweighed": "For {figure} the rules weigh levels, and this credit has no level with a weight.",
    "lint.level_without_weight": "Row {row} of table {table} can give level {level}, for which {figure} has no weight.",
    "lint.row_without_level": "Row {row} of table {table} may give no level, so {figure} may be missing.",
}

MOST_WEIGHTS = 1_000


def read_figure(place: Place) -> Figure:
    """A figure that follows from the credit, and where it is weighed from the level of the credit."""
    place.object(("id", "name", "times", "rounding", "clause"))
    times = place.named("times")
    weights: tuple[tuple[str, Fraction], ...] = ()
    if isinstance(times.value, dict):
        listed = times.object(("level",)).named("level")
        read = [(Place(code, at.path).code(), at.factor()) for code, at in listed.names()]
        # The names of an object have no order that every store keeps, so the weights have one of their own.
        weights = tuple(sorted(read, key=lambda pair: (pair[1], pair[0])))
        if not 0 < len(weights) <= MOST_WEIGHTS:
            listed.fail(f"weights are listed for at least one level and at most {MOST_WEIGHTS}")
    rounding = place.named("rounding").object(("step", "mode"))
    step = rounding.named("step").amount()
    if step <= 0:
        rounding.named("step").fail("a rounding step must be above zero")
    return Figure(
        id=place.named("id").code(),
        name=place.named("name").both(),
        times=weights or times.factor(),
        step=int(step),
        mode=rounding.named("mode").one_of(("down", "up", "half_up")),
        clause=place.named("clause").both(),
    )


def figures_given(
    figures: tuple[Figure, ...], credit: Hundredths, level: str | None, said: list[Line] | None = None
) -> tuple[FigureGiven, ...]:
    """Each figure of a recognised amount, exact and rounded once; one that has no weight for the level is missing.

    Credit and level are all that is asked, so whoever holds credit can reckon its figures again.
    """
    found = []
    for figure in figures:
        factor = figure.times if isinstance(figure.times, Fraction) else dict(figure.times).get(level or "")
        if factor is None:
            if said is not None:
                said.append(Line("rules.figure_unweighed", Verdict.NOTE, {"figure": figure.name}, figure.clause))
            continue
        exact = credit * factor
        amount = round_fraction(exact, figure.step, figure.mode)
        found.append(FigureGiven(figure.id, figure.name, amount))
        if said is not None:
            facts: dict[str, Said] = {"credit": Amount(credit), "factor": weight_shown(factor), "figure": figure.name}
            facts["amount"] = Amount(amount) if amount == exact else weight_shown(exact / 100)
            weighed = not isinstance(figure.times, Fraction)
            below = () if amount == exact else (Line("rules.rounded", Verdict.NOTE, {"amount": Amount(amount)}),)
            code = "rules.figure_weighed" if weighed else "rules.figure_times"
            facts |= {"level": level or ""} if weighed else {}
            said.append(Line(code, Verdict.NOTE, facts, figure.clause, below))
    return tuple(found)


def figure_shown(figure: Figure) -> Text:
    """How a figure is reckoned, in words."""
    zh, en = figure.name.zh, figure.name.en or figure.name.zh
    if isinstance(figure.times, Fraction):
        factor = weight_shown(figure.times)
        return Text(f"{zh} = 学分 × {factor}", f"{en} = credits × {factor}")
    weights = [(level, weight_shown(weight)) for level, weight in figure.times]
    return Text(
        f"{zh} = 学分 × 等级系数（" + "，".join(f"{level} 级 {weight}" for level, weight in weights) + "）",
        f"{en} = credits × the weight of their level ("
        + ", ".join(f"{one}: {weight}" for one, weight in weights)
        + ")",
    )


def weight_shown(weight: Fraction) -> str:
    """An exact number as a decimal where it has an end, else as a fraction."""
    rest, places = weight.denominator, 0
    while rest % 10 == 0 or rest % 5 == 0 or rest % 2 == 0:
        rest //= 10 if rest % 10 == 0 else 5 if rest % 5 == 0 else 2
        places += 1
    if rest != 1:
        return str(weight)
    whole, part = divmod(weight.numerator * 10**places // weight.denominator, 10**places)
    tail = f"{part:0{places}d}".rstrip("0") if places else ""
    return f"{whole}.{tail}" if tail else str(whole)


def weights_missing(rules: RuleSet) -> Iterator[Finding]:
    """Rows that give a level without a weight, or none."""
    facts = {fact.name: fact for fact in rules.facts}
    for figure in rules.figures:
        if isinstance(figure.times, Fraction):
            continue
        weighed = {level for level, _weight in figure.times}
        for at, table in enumerate(rules.tables):
            for number, row in enumerate(table.rows):
                if not isinstance(row.give, Give):
                    continue
                said: dict[str, Said] = {"table": table.code, "row": row.id, "figure": figure.name}
                place = (f"tables[{at}].rows[{number}]",)
                level = row.give.level
                fact = facts[level.fact] if isinstance(level, FromFact) else None
                if level is None or (fact is not None and (fact.type is not FactType.ENUM or fact.optional)):
                    yield Finding(Line("lint.row_without_level", Verdict.ASK, said), place)
                    continue
                given = [level] if isinstance(level, str) else [one.code for one in fact.choices] if fact else []
                for code in given:
                    if code not in weighed:
                        facts_said: dict[str, Said] = said | {"level": code}
                        yield Finding(Line("lint.level_without_weight", Verdict.ASK, facts_said), place)


def figure_data(figure: Figure) -> dict[str, Any]:
    """A figure as a document writes it."""

    def exact(share: Fraction) -> str:
        return f"{share.numerator}/{share.denominator}"

    times: Any = figure.times
    return {
        "id": figure.id,
        "name": {"zh": figure.name.zh, "en": figure.name.en},
        "times": exact(times) if isinstance(times, Fraction) else {"level": {code: exact(one) for code, one in times}},
        "rounding": {"step": f"{figure.step // 100}.{figure.step % 100:02d}", "mode": figure.mode},
        "clause": {"zh": figure.clause.zh, "en": figure.clause.en},
    }
