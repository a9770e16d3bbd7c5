"""A published course as structured data (schema.org, JSON-LD) that search engines read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from creditbank.domain.education_resources import Standing
from creditbank.queries.education_resources import OfferingLine, ResourceLine

# A data block ends at the first "</script", whatever stands around it; JSON may write these letters otherwise.
_ESCAPES = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026", 0x2028: "\\u2028", 0x2029: "\\u2029"}


def structured(resource: ResourceLine, offerings: Sequence[OfferingLine], address: str) -> SafeString:
    """The data block of a course; nothing for what is no course or is not accredited today.

    A browser never runs a block of this type, and the content security policy, which forbids scripts in a page,
    does not look at it (HTML, "prepare the script element": a data block ends before the policy is asked).
    """
    if resource.kind != "course" or not resource.accreditation.stands:
        return SafeString("")
    text = json.dumps(course_data(resource, offerings, address), ensure_ascii=False, separators=(",", ":"))
    return format_html('<script type="application/ld+json">{}</script>', SafeString(text.translate(_ESCAPES)))


def course_data(resource: ResourceLine, offerings: Sequence[OfferingLine], address: str) -> dict[str, Any]:
    """A course and those of its offerings that are really offered. Source: schema.org/Course, CourseInstance."""
    provider = resource.provider.name if resource.provider else resource.institution_name
    found: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Course",
        "@id": address,
        "url": address,
        "courseCode": resource.code,
        "name": resource.name.zh,
        "description": resource.about.zh or resource.name.zh,
        "provider": {"@type": "Organization", "name": provider.zh},
    }
    if resource.name.en:
        found["alternateName"] = resource.name.en
    taken = [one for one in offerings if one.standing in (Standing.OPEN, Standing.CLOSED)]
    if taken:
        found["hasCourseInstance"] = [_instance(one) for one in taken]
    return found


def _instance(one: OfferingLine) -> dict[str, Any]:
    found: dict[str, Any] = {"@type": "CourseInstance", "@id": one.code}
    if one.decided.starts_on:
        found["startDate"] = one.decided.starts_on.isoformat()
    if one.decided.ends_on:
        found["endDate"] = one.decided.ends_on.isoformat()
    if one.decided.seats is not None:
        found["maximumAttendeeCapacity"] = one.decided.seats
    if one.place:
        found["location"] = one.place
    if one.fee is not None:
        whole, part = divmod(one.fee, 100)
        found["offers"] = {
            "@type": "Offer", "price": f"{whole}.{part:02d}", "priceCurrency": one.currency,
            "category": "Paid" if one.fee else "Free",
        }  # fmt: skip
        if one.decided.apply_until:
            found["offers"]["validThrough"] = one.decided.apply_until.isoformat()
    return found
