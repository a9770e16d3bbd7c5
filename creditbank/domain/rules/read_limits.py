"""Reads exclusions, prerequisites, families, caps and days; everything wrong is named with its path."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from creditbank.domain.rules.model import (
    Cap,
    Choose,
    Count,
    Exclude,
    Expires,
    FactType,
    FromFact,
    NeedsCourses,
    NeedsCredit,
    Portion,
    Prerequisite,
    Ruling,
    Scope,
    Until,
    Validity,
    Within,
)
from creditbank.domain.rules.places import Place
from creditbank.domain.rules.read_cells import MOST_FACTS, Cells, no_doubles
from creditbank.domain.values import Hundredths

MOST_COURSES = 1_000
LONGEST = 1_200
"""Months: a hundred years."""


@dataclass(frozen=True, slots=True)
class Limits(Cells):
    """Reads the parts that take credit away, or bind it to days and to what came before."""

    categories: tuple[str, ...]

    def exclude(self, place: Place) -> Exclude:
        """Outcomes that bring nothing."""
        place.object(("id", "when", "clause"), ("otherwise",))
        when = self.condition(place.named("when"))
        if not when:
            place.named("when").fail(
                "an exclusion without a condition would leave nothing; say which outcomes it means"
            )
        return Exclude(place.named("id").code(), when, _otherwise(place), place.named("clause").both())

    def prerequisite(self, place: Place) -> Prerequisite:
        """What must be there before."""
        place.object(("id", "needs", "clause"), ("when", "otherwise"))
        return Prerequisite(
            place.named("id").code(),
            self.condition(place.named("when")),
            self._needs(place.named("needs")),
            _otherwise(place),
            place.named("clause").both(),
        )

    def _needs(self, place: Place) -> NeedsCredit | NeedsCourses:
        place.object((), ("credit", "category", "courses", "least"))
        if place.given("credit") == place.given("courses"):
            place.fail("a prerequisite asks for exactly one of credit, courses")
        if place.given("credit"):
            if place.given("least"):
                place.named("least").fail("`least` belongs to `courses`")
            category = place.named("category").one_of(self.categories) if place.given("category") else None
            return NeedsCredit(category, place.named("credit").amount())
        if place.given("category"):
            place.named("category").fail("`category` belongs to `credit`")
        courses = place.named("courses").each(Place.code, MOST_COURSES)
        no_doubles(place.named("courses"), list(courses))
        if not courses:
            place.named("courses").fail("this list is empty")
        least = place.named("least").whole(1, len(courses)) if place.given("least") else len(courses)
        return NeedsCourses(courses, least)

    def choose(self, place: Place) -> Choose:
        """A family of which the highest counts."""
        place.object(("id", "family", "keep", "clause"), ("when",))
        place.named("keep").one_of(("highest",))
        family = place.named("family").each(lambda item: self.fact(item).name, MOST_FACTS)
        no_doubles(place.named("family"), list(family))
        if not family:
            place.named("family").fail("a family is made of at least one fact")
        when = self.condition(place.named("when"))
        return Choose(place.named("id").code(), when, family, place.named("clause").both())

    def cap(self, place: Place) -> Cap:
        """A limit on an amount, a share or a count."""
        place.object(("id", "scope", "maximum", "clause"), ("category", "when", "by", "whole", "locked", "beside"))
        category = place.named("category")
        if isinstance(category.value, list):
            categories = category.each(lambda item: item.one_of(self.categories))
            no_doubles(category, list(categories))
        else:
            categories = (category.one_of(self.categories),) if place.given("category") else ()
        by = place.named("by").each(lambda item: self.fact(item).name, MOST_FACTS)
        no_doubles(place.named("by"), list(by))
        scope = Scope(place.named("scope").one_of(tuple(Scope)))
        if by and scope is Scope.CLAIM:
            place.named("by").fail("one claim has one value of each fact; `by` needs a wider scope")
        maximum, when = self.maximum(place.named("maximum"), scope), self.condition(place.named("when"))
        beside = self._beside(place.named("beside"), categories) if place.given("beside") else ()
        if beside and (when or by or scope is Scope.CLAIM or isinstance(maximum, Count)):
            place.named("beside").fail(
                "a limit beside other credit has no when, by or count, and a scope wider than a claim"
            )
        return Cap(
            place.named("id").code(),
            categories,
            scope,
            maximum,
            place.named("clause").both(),
            when,
            tuple(name for name in self.facts if name in by),
            place.named("whole").flag(),
            place.named("locked").flag(),
            beside,
        )

    def _beside(self, place: Place, limited: tuple[str, ...]) -> tuple[str, ...]:
        """Categories of which there must be credit for the limit to hold: some of those it is about, not all."""
        known = limited or self.categories
        listed = (
            place.each(lambda item: item.one_of(known)) if isinstance(place.value, list) else (place.one_of(known),)
        )
        no_doubles(place, list(listed))
        if not listed or len(listed) == len(known):
            place.fail("name some of the categories that the limit is about, and not all of them")
        return listed

    @staticmethod
    def maximum(place: Place, scope: Scope) -> Hundredths | Portion | Count:
        """What a limit lets through: an amount, a share or a count."""
        if not isinstance(place.value, dict):
            return place.amount()
        place.object((), ("share", "of", "count"))
        if place.given("count"):
            if place.given("share") or place.given("of"):
                place.fail("a maximum says exactly one of an amount, share and of, count")
            if scope is Scope.CLAIM:
                place.named("count").fail("one claim is one outcome; a count needs a wider scope")
            return Count(place.named("count").whole(0, 10_000))
        place.object(("share", "of"))
        share = place.named("share").factor()
        if not 0 < share <= 1:
            place.named("share").fail("a share lies above zero and is at most the whole")
        return Portion(share, place.named("of").code())

    def validity(self, place: Place) -> Validity:
        """A rule about days."""
        place.object(("id", "fact", "clause"), ("when", "within", "otherwise", "expires", "until", "locked"))
        if sum(place.given(kind) for kind in ("within", "expires", "until")) != 1:
            place.fail("validity says exactly one of within, expires, until")
        name, clause = place.named("id").code(), place.named("clause").both()
        fact = self.fact(place.named("fact"), (FactType.DATE,)).name
        when, locked = self.condition(place.named("when")), place.named("locked").flag()
        if place.given("expires"):
            if place.given("otherwise"):
                place.named("otherwise").fail("`otherwise` belongs to `within` and `until`")
            return Expires(name, when, fact, self.period(place.named("expires")), clause, locked)
        if place.given("until"):
            ends = place.named("until").one_of(("credit_expires", "credit_stays")) == "credit_expires"
            return Until(name, when, fact, ends, _otherwise(place), clause, locked)
        return Within(name, when, fact, months(place.named("within")), _otherwise(place), clause, locked)

    def period(self, place: Place) -> int | FromFact:
        """A period, or the fact that says its months."""
        if not isinstance(place.value, dict) or "months_of" not in place.value:
            return months(place)
        place.object(("months_of",))
        fact = self.fact(place.named("months_of"), (FactType.INTEGER,))
        ends = (fact.range.low, fact.range.high) if fact.range else (None, None)
        if not all(isinstance(end, Decimal) and 1 <= end <= LONGEST for end in ends):
            place.named("months_of").fail(f"{fact.name} says months, so it must have a range within 1 to {LONGEST}")
        return FromFact(fact.name)


def _otherwise(place: Place) -> Ruling:
    if not place.given("otherwise"):
        return Ruling.REFUSE
    return Ruling(place.named("otherwise").one_of(("manual", "refuse")))


def months(place: Place) -> int:
    """A period of years and months, in months."""
    place.object((), ("years", "months"))
    years = place.named("years").whole(0, 100) if place.given("years") else 0
    more = place.named("months").whole(0, LONGEST) if place.given("months") else 0
    if not 0 < years * 12 + more <= LONGEST:
        place.fail("a period needs years or months, and at most a hundred years")
    return years * 12 + more
