"""What a draft of conversion rules would change for conversions that were posted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from creditbank.domain.conversions.credit_lots import Lot, carried, item_of
from creditbank.domain.conversions.impact import (
    ConversionImpact,
    PastConversion,
    comparing,
    conversion_impact,
)
from creditbank.domain.conversions.model import Around, Target, TargetKind
from creditbank.domain.conversions.read import read_conversion_rules
from creditbank.domain.rules.cases import codes_of
from creditbank.domain.rules.impact import Effect
from creditbank.domain.values import Hundredths, Text
from tests.domain.conversions.small_conversions import ON, around, both, row, rules

CARRIED = {"category": "kind"}


def read(*rows: dict[str, Any], **changes: Any) -> Any:
    return read_conversion_rules(rules(*rows, **({"carriers": CARRIED} | changes)))


def past(number: int, credit: int = 300, course: str = "C3", *, cohort: str = "2023", **known: Any) -> PastConversion:
    lot = Lot(f"lot{number}", Text("证书", "certificate"), Hundredths(credit), None, known, {}, {"category": ("a",)})
    target = Target(TargetKind.COURSE, course)
    return PastConversion(
        UUID(int=number), UUID(int=number), ON, (lot,), (target,), Text(course, course), "soft", cohort
    )


def impact(before: Any, after: Any, *pasts: PastConversion) -> ConversionImpact:
    library: Around = replace(around(), complete=True)
    return conversion_impact(comparing(before, after, library), pasts)


def effects(found: ConversionImpact) -> dict[str, tuple[int, int]]:
    return {effect.value: (tally.count, tally.gain) for effect, tally in found.impact.effects.items()}


def test_the_same_rules_change_nothing() -> None:
    found = impact(read(row("r")), read(row("r")), past(1), past(2))
    assert effects(found) == {"same": (2, 0)}
    assert (found.changed, found.impact.changed, found.elsewhere) == ((), (), 0)


def test_conversions_that_are_newly_refused_left_open_or_possible_are_counted() -> None:
    open_row, shut = row("r"), {"id": "shut", "courses": ["C3"], "clause": both("shut")}
    assert effects(impact(read(open_row), read(open_row, closed=[shut]), past(1))) == {"refused": (1, -300)}
    assert effects(impact(read(open_row, closed=[shut]), read(open_row), past(1))) == {"gained": (1, 300)}
    mapped = row("r", grade={"map": [{"when": {"kind": "b"}, "grade": "90"}]})
    assert effects(impact(read(open_row), read(mapped), past(1))) == {"manual": (1, -300)}


def test_less_that_is_used_is_better_more_is_worse_and_another_grade_is_told() -> None:
    lost, kept = read(row("r", surplus="lost")), read(row("r", surplus="kept"))
    assert effects(impact(lost, kept, past(1, 500), past(2, 300))) == {"up": (1, 0), "same": (1, 0)}
    assert effects(impact(kept, lost, past(1, 500))) == {"down": (1, 0)}
    graded = read(row("r", grade={"fixed": "90"}))
    assert effects(impact(read(row("r", grade={"fixed": "60"})), graded, past(1))) == {"moved": (1, 0)}


def test_what_neither_version_goes_into_is_counted_apart() -> None:
    found = impact(read(row("r")), read(row("r")), past(1), past(2, course="C5"))
    assert (effects(found), found.elsewhere) == ({"same": (1, 0)}, 1)
    more = read(row("r"), row("s", to=[{"course": "C5"}]))
    found = impact(read(row("r")), more, past(1), past(2, 500, course="C5"))
    assert effects(found) == {"same": (1, 0), "gained": (1, 500)}
    [(changed, _one)] = found.changed
    assert changed.conversion_id == UUID(int=2)


def test_totals_are_by_programme_and_cohort_and_conversions_that_are_alike_are_one_group() -> None:
    gone = read(row("r", to=[{"course": "C1"}]))
    found = impact(read(row("r")), gone, past(1), past(2), past(3, cohort="2024"), past(4, 400))
    assert effects(found) == {"refused": (4, -1200)}
    assert {name: tally.count for name, tally in found.impact.cohorts.items()} == {"2023": 3, "2024": 1}
    assert {name: tally.count for name, tally in found.impact.programmes.items()} == {"soft": 4}
    assert len(found.examples) == 2
    assert found.impact.changed[0].effect is Effect.REFUSED


def test_facts_come_from_what_carriers_mean_from_the_claim_and_from_the_lot_itself() -> None:
    of = read(row("r"))
    lot = Lot(
        "x", Text("x", "x"), Hundredths(300), None, {"earned_on": ON, "score": "90"}, {"score": 70, "kind": "c"},
        {"category": ("b",)},
    )  # fmt: skip
    assert item_of(of, lot).outcome.values == ("b", 70, ON)
    # A category that the rules do not know gives way to the kind of outcome, that to the claim, and then to nothing.
    assert item_of(of, replace(lot, of={"category": ("x", "c")})).outcome.values[0] == "c"
    assert item_of(of, replace(lot, of={}, claimed={"score": "many"})).outcome.values == (None, 90, ON)
    found = impact(read(row("r"), carriers={}), of, past(1))
    assert effects(found) == {"gained": (1, 300)}


def test_credit_is_of_its_course_or_of_its_certificate_and_never_of_both() -> None:
    said = {"category": "practice", "institution": "nmc"}
    course = carried(outcome_type="course", code="C1", **said)
    assert course == {
        "category": ("practice", "course"), "institution": ("nmc",), "outcome": ("course",), "course": ("C1",)
    }  # fmt: skip
    certificate = carried(outcome_type="certificate", code="x-web", **said)
    assert certificate["certificate"] == ("x-web",)
    assert certificate["outcome"] == ("x-web", "certificate")
    assert "course" not in certificate
    made = carried(outcome_type="certificate", code="C1", made=True, **said)
    assert made["course"] == ("C1",)
    assert "certificate" not in made
    assert carried(outcome_type="contest", code="", category="", institution="nmc")["category"] == ("contest",)


def test_a_row_of_several_targets_is_asked_for_all_of_them() -> None:
    two = read(row("r", to=[{"course": "C1"}, {"course": "C2"}]))
    both_made = replace(past(1), targets=(Target(TargetKind.COURSE, "C1"), Target(TargetKind.COURSE, "C2")))
    found = impact(two, read(row("r", to=[{"course": "C1"}])), both_made)
    assert effects(found) == {"refused": (1, -300)}
    comparison = comparing(two, read(row("r", to=[{"course": "C1"}])), replace(around(), complete=True))
    before, after = comparison.answers(both_made)
    assert "conversion.worth_full" in codes_of(before.explanation)
    assert "conversion.no_row" in codes_of(after.explanation)


def test_limits_are_left_out_because_they_depend_on_what_else_a_learner_holds() -> None:
    cap = {"id": "c", "scope": "ever", "maximum": "2", "clause": both("c")}
    assert effects(impact(read(row("r")), read(row("r"), cap=[cap]), past(1))) == {"same": (1, 0)}
