"""Published education resources: pages of them, one with its offerings, and their filters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from creditbank.domain import education_resources as decided
from creditbank.domain.education_resources import Accreditation, Standing, accreditation_on, standing_on
from creditbank.domain.explanation import Explanation
from creditbank.domain.values import Hundredths, Text
from creditbank.records.scope import Scope

MOST_CHOICES = 300
"""Of more providers or categories than this nobody chooses one from a list."""


@dataclass(frozen=True, slots=True)
class ProviderLine:
    """Who provides a resource, and what that provider's accreditation is on the day."""

    code: str
    name: Text
    decided: decided.Provider
    member: Text | None
    """The institution of the bank that it is itself."""


@dataclass(frozen=True, slots=True)
class ResourceLine:
    """One published resource on a day: what it is, who provides it, and whether that provider is accredited."""

    institution: str
    """The code of the institution that lists it."""
    institution_name: Text
    code: str
    name: Text
    kind: str
    category: str
    credit: Hundredths | None
    hours: int | None
    contact: str
    address: str
    about: Text
    provider: ProviderLine | None
    accreditation: Accreditation
    reasons: Explanation


@dataclass(frozen=True, slots=True)
class OfferingLine:
    """One offering on a day: its term, days, seats and fee, and whether it can be taken up, with the reason."""

    code: str
    term: str
    term_name: Text
    decided: decided.Offering
    fee: int | None
    """In hundredths of the currency; 0 is free, none is not stated."""
    currency: str
    contact: str
    place: str
    standing: Standing
    reasons: Explanation


@dataclass(frozen=True, slots=True)
class Offered:
    """How many offerings there are, and how many of them one can apply for."""

    total: int
    open: int


@dataclass(frozen=True, slots=True)
class Choices:
    """What a list of resources can be narrowed by: pairs of value and word, none where they are too many."""

    institutions: tuple[tuple[str, Text], ...]
    providers: tuple[tuple[str, Text], ...]
    """The value is the code of the institution, a bar, and the code of the provider."""
    categories: tuple[str, ...]
    terms: tuple[tuple[str, Text], ...]


_FROM = """
FROM education_resource AS one
JOIN institution AS place ON place.id = one.institution_id
LEFT JOIN education_provider AS provider
  ON provider.institution_id = one.institution_id AND provider.code = one.provider AND provider.published
LEFT JOIN institution AS member ON member.code = provider.bank_code AND member.kind = 'institution'
"""

_COLUMNS = """
SELECT place.code, place.name, place.name_en, one.code, one.name, one.name_en, one.kind, one.category, one.credit,
  one.hours, one.contact, one.address, one.about, one.about_en, provider.code, provider.name, provider.name_en,
  provider.kind, provider.accredited_from, provider.accredited_until, provider.retired, member.name, member.name_en
"""

# The database's word for what domain/education_resources.py decides; a test holds the two together.
ACCREDITED = """coalesce(NOT provider.retired AND coalesce(provider.accredited_until, 'infinity') >= %(day)s
  AND CASE WHEN provider.kind = 'internal' THEN coalesce(provider.accredited_from, '-infinity')
      ELSE provider.accredited_from END <= %(day)s, false)"""

_LIVE = """offered.published
  AND coalesce(offered.ends_on, term.ends_on, offered.starts_on, 'infinity') >= %(day)s"""

_TERM = "LEFT JOIN term ON term.institution_id = offered.institution_id AND term.code = offered.term"


def page_of_resources(
    scope: Scope, *, day: date, filters: Mapping[str, str], offset: int = 0, limit: int = 20
) -> tuple[tuple[ResourceLine, ...], int]:
    """A page of published resources, those accredited on the day first, and how many there are in all.

    Args:
        scope: any; what is published is for everybody.
        day: on which accreditation is asked for, and from which on terms are current or coming.
        filters: any of ``q`` (words), ``kind``, ``category``, ``side`` (``internal`` or ``external``),
            ``provider`` and ``institution`` as :class:`Choices` has them, ``term`` (a code), and ``accredited``
            (``yes`` or ``no``); others are not looked at.
        offset: how many come before the page.
        limit: how many it holds at most.
    """
    values: dict[str, Any] = {"day": day}
    where = " AND ".join(["one.published", *_conditions(filters, values)])
    total = int(scope.fetch(f"SELECT count(*) {_FROM} WHERE {where}", values)[0][0])
    start = min(offset, max(0, (total - 1) // limit * limit))
    values |= {"offset": start, "limit": limit}
    found = scope.fetch(
        f"{_COLUMNS}{_FROM} WHERE {where} ORDER BY {ACCREDITED} DESC, one.name_sort, place.code, one.code"
        " OFFSET %(offset)s LIMIT %(limit)s",
        values,
    )
    return tuple(_resource(row, day) for row in found), total


def find_resource(scope: Scope, institution: str, code: str, *, day: date) -> ResourceLine | None:
    """One published resource by the code of the institution that lists it and its own; none that is not published."""
    found = scope.fetch(
        f"{_COLUMNS}{_FROM} WHERE one.published AND place.code = %(place)s AND one.code = %(code)s",
        {"place": institution, "code": code},
    )
    return _resource(found[0], day) if found else None


def offerings_of(
    scope: Scope, resource: ResourceLine, *, day: date, offset: int = 0, limit: int = 50
) -> tuple[tuple[OfferingLine, ...], int]:
    """The offerings of a resource in current and coming terms, the earliest first, and how many there are."""
    values = {"day": day, "place": [resource.institution], "code": [resource.code]}
    where = f"FROM education_offering AS offered {_OF_RESOURCES} {_TERM} WHERE {_LIVE}"
    total = int(scope.fetch(f"SELECT count(*) {where}", values)[0][0])
    start = min(offset, max(0, (total - 1) // limit * limit))
    found = scope.fetch(
        f"{_OFFERED} {where} {_IN_TIME} OFFSET %(offset)s LIMIT %(limit)s", values | {"offset": start, "limit": limit}
    )
    return tuple(_offering(row, resource, day) for row in found), total


def offered_by_resource(
    scope: Scope, resources: Sequence[ResourceLine], *, day: date
) -> Mapping[tuple[str, str], Offered]:
    """How often each resource of a page is offered in current and coming terms, by institution and code.

    Offerings of the same days are judged once, so that one that is offered a thousand times costs little more.
    """
    by_key = {(one.institution, one.code): one for one in resources}
    values = {"day": day, "place": [place for place, _code in by_key], "code": [code for _place, code in by_key]}
    found: dict[tuple[str, str], Offered] = {}
    if by_key:
        rows = scope.fetch(
            "SELECT asked.place_code, offered.resource, offered.starts_on, coalesce(offered.ends_on, term.ends_on),"  # noqa: S608 - fixed
            " CASE WHEN offered.seats = 0 THEN 0 END, offered.apply_until, count(*)"
            f" FROM education_offering AS offered {_OF_RESOURCES} {_TERM} WHERE {_LIVE} GROUP BY 1, 2, 3, 4, 5, 6",
            values,
        )
        for place, code, starts_on, ends_on, seats, apply_until, count in rows:
            provider = by_key[place, code].provider
            offering = decided.Offering(starts_on=starts_on, ends_on=ends_on, seats=seats, apply_until=apply_until)
            standing, _reasons = standing_on(provider.decided if provider else None, offering, day)
            before = found.get((place, code), Offered(0, 0))
            found[place, code] = Offered(before.total + count, before.open + (standing is Standing.OPEN) * count)
    return found


def resource_choices(scope: Scope, *, day: date) -> Choices:
    """What published resources can be narrowed by on a day."""
    places = scope.fetch(
        "SELECT DISTINCT place.code, place.name, place.name_en FROM education_resource AS one"
        " JOIN institution AS place ON place.id = one.institution_id WHERE one.published ORDER BY place.code"
    )
    providers = scope.fetch(
        "SELECT place.code || '|' || provider.code, provider.name, provider.name_en"
        " FROM education_provider AS provider JOIN institution AS place ON place.id = provider.institution_id"
        " WHERE provider.published ORDER BY provider.search, 1 LIMIT %(most)s",
        {"most": MOST_CHOICES + 1},
    )
    categories = scope.fetch(
        "SELECT DISTINCT category FROM education_resource WHERE published AND category <> '' ORDER BY 1 LIMIT %(most)s",
        {"most": MOST_CHOICES + 1},
    )
    terms = scope.fetch(
        "SELECT term.code, min(term.name), min(term.name_en) FROM term WHERE term.ends_on >= %(day)s AND EXISTS ("
        " SELECT FROM education_offering AS offered WHERE offered.institution_id = term.institution_id"
        " AND offered.term = term.code AND offered.published) GROUP BY term.code ORDER BY min(term.starts_on), 1",
        {"day": day},
    )
    return Choices(
        institutions=_named(places),
        providers=_named(providers) if len(providers) <= MOST_CHOICES else (),
        categories=tuple(category for (category,) in categories) if len(categories) <= MOST_CHOICES else (),
        terms=_named(terms),
    )


_OF_RESOURCES = """
JOIN (SELECT place.id, place.code AS place_code, asked.code
  FROM unnest(%(place)s::text[], %(code)s::text[]) AS asked(place, code)
  JOIN institution AS place ON place.code = asked.place) AS asked
  ON asked.id = offered.institution_id AND asked.code = offered.resource
"""

_OFFERED = """
SELECT asked.place_code, offered.resource, offered.code, offered.term, term.name, term.name_en, offered.starts_on,
  coalesce(offered.ends_on, term.ends_on), offered.seats, offered.fee, offered.currency, offered.apply_until,
  offered.contact, offered.place
"""

_IN_TIME = "ORDER BY coalesce(offered.starts_on, term.starts_on, offered.ends_on, 'infinity'), offered.code"


def _conditions(filters: Mapping[str, str], values: dict[str, Any]) -> Iterable[str]:
    """The conditions of filters that are set; what they bind is added to ``values``."""
    plain = {"kind": "one.kind", "category": "one.category", "side": "provider.kind", "institution": "place.code"}
    for name, column in plain.items():
        if filters.get(name):
            values[name] = filters[name]
            yield f"{column} = %({name})s"
    if filters.get("provider"):
        values["provider"] = filters["provider"]
        yield "place.code || '|' || provider.code = %(provider)s"
    if filters.get("term"):
        values["term"] = filters["term"]
        yield (
            "EXISTS (SELECT FROM education_offering AS offered WHERE offered.institution_id = one.institution_id"
            " AND offered.resource = one.code AND offered.published AND offered.term = %(term)s)"
        )
    if filters.get("accredited") in ("yes", "no"):
        yield ACCREDITED if filters["accredited"] == "yes" else f"NOT {ACCREDITED}"
    for place, word in enumerate(filters.get("q", "").lower().split()[:5]):
        escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        values[f"word{place}"] = f"%{escaped}%"
        yield f"(one.search LIKE %(word{place})s OR provider.search LIKE %(word{place})s)"


def _resource(row: tuple[Any, ...], day: date) -> ResourceLine:
    provider = None
    if row[14] is not None:
        kind = decided.Kind(row[17]) if row[17] else None
        provider = ProviderLine(
            row[14],
            Text(row[15], row[16]),
            decided.Provider(kind, row[18], row[19], row[20]),
            Text(row[21], row[22]) if row[21] is not None else None,
        )
    accreditation, reasons = accreditation_on(provider.decided if provider else None, day)
    return ResourceLine(
        institution=row[0],
        institution_name=Text(row[1], row[2]),
        code=row[3],
        name=Text(row[4], row[5]),
        kind=row[6],
        category=row[7],
        credit=None if row[8] is None else Hundredths(row[8]),
        hours=row[9],
        contact=row[10],
        address=row[11],
        about=Text(row[12], row[13]),
        provider=provider,
        accreditation=accreditation,
        reasons=reasons,
    )


def _offering(row: tuple[Any, ...], resource: ResourceLine, day: date) -> OfferingLine:
    offering = decided.Offering(starts_on=row[6], ends_on=row[7], seats=row[8], apply_until=row[11])
    standing, reasons = standing_on(resource.provider.decided if resource.provider else None, offering, day)
    return OfferingLine(
        code=row[2],
        term=row[3],
        term_name=Text(row[4] or row[3], row[5] or ""),
        decided=offering,
        fee=row[9],
        currency=row[10],
        contact=row[12],
        place=row[13],
        standing=standing,
        reasons=reasons,
    )


def _named(rows: Iterable[tuple[Any, ...]]) -> tuple[tuple[str, Text], ...]:
    return tuple((code, Text(name, name_en)) for code, name, name_en in rows)
