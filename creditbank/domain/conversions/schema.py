"""The JSON Schemas of conversion rules and their cases, for editors and other programs."""

from __future__ import annotations

from typing import Any

from creditbank.domain.conversions.model import CARRIERS, UNIT_CARRIERS, Standing, Surplus, TargetKind
from creditbank.domain.conversions.overlay import ADDED, CHANGES, STRICTER
from creditbank.domain.conversions.overlay import KIND as OVERLAY
from creditbank.domain.conversions.overlay import SCHEMA as OVERLAY_SCHEMA
from creditbank.domain.conversions.read import (
    KIND,
    MOST_CODES,
    MOST_GROUPS,
    MOST_ITEMS,
    MOST_ROWS,
    MOST_SOURCES,
    MOST_TARGETS,
    SCHEMA,
)
from creditbank.domain.rules.model import Ruling
from creditbank.domain.rules.overlay import MOST_ITEMS as MOST_OVERLAID
from creditbank.domain.rules.read import MOST_STEPS
from creditbank.domain.rules.read_cells import MOST_FACTS
from creditbank.domain.rules.schema import (
    ROUNDING,
    SHARED,
    WORDS,
    document,
    list_of,
    object_of,
    ref_to,
    rules_definitions,
)

_FLAG = {"type": "boolean"}
_SHARED_PARTS = ("choice", "interval", "cell", "when", "fact", "cap", "validity", "exclude", "prerequisite", "factor")


def _definitions() -> dict[str, Any]:
    code = ref_to("code")
    shared = rules_definitions()
    del shared["cap"]["properties"]["beside"]  # what stands beside an outcome is known of recognition alone
    unit = {"anyOf": [code, list_of(code, MOST_CODES, 1)]}
    source = {"when": ref_to("when"), "credit": ref_to("amount"), "unit": unit}
    many = {
        "count": {"anyOf": [{"type": "integer", "minimum": 1, "maximum": MOST_ITEMS}, {"const": "as_needed"}]},
        "together": ref_to("amount"),
    }
    named = [kind.value for kind in TargetKind if kind is not TargetKind.ELECTIVE]
    return {
        **SHARED,
        **{name: shared[name] for name in _SHARED_PARTS},
        "group": {
            "anyOf": [
                object_of({}, {**source, **many}),
                object_of({"any": list_of(object_of({}, source), MOST_SOURCES, 1)}, many),
            ]
        },
        "target": {"anyOf": [{"const": TargetKind.ELECTIVE.value}, *(object_of({kind: code}) for kind in named)]},
        "worth": {
            "anyOf": [
                {"enum": ["full", "held"]},
                ref_to("amount"),
                object_of({"full": {"const": "even_if_short"}}),
                object_of({"held": ref_to("factor")}),
            ]
        },
        "grade": {
            "anyOf": [
                {"const": "credit_only"},
                object_of({"fixed": WORDS}),
                object_of({"keep": ref_to("name")}),
                object_of({"map": list_of(object_of({"grade": WORDS}, {"when": ref_to("when")}), MOST_CODES, 1)}),
            ]
        },
        "row": object_of(
            {
                "id": code,
                "from": list_of(ref_to("group"), MOST_GROUPS, 1),
                "to": list_of(ref_to("target"), MOST_TARGETS, 1),
                "credit": ref_to("worth"),
                "grade": ref_to("grade"),
                "clause": ref_to("text"),
            },
            {
                "counts": object_of({}, {"gpa": _FLAG, "rank": _FLAG, "transcript": _FLAG, "graduation": _FLAG}),
                "surplus": {"enum": [policy.value for policy in Surplus]},
                "ruling": {"enum": [ruling.value for ruling in Ruling]},
                "locked": {"type": "boolean", "description": "overlays further down may not tighten it"},
            },
        ),
        "closed": object_of(
            {"id": code, "clause": ref_to("text")},
            {name: list_of(code, MOST_CODES) for name in ("courses", "natures", "categories")},
        ),
    }


def conversion_rules_schema() -> dict[str, Any]:
    """The JSON Schema of ``creditbank.conversion_rules/1``."""
    ruling = {"enum": [ruling.value for ruling in Ruling]}
    rulings = {"anyOf": [ruling, object_of({"ruling": ruling, "clause": ref_to("text")})]}
    return document(
        "conversion_rules",
        "A rule set for conversion",
        object_of(
            {
                "schema": {"const": SCHEMA},
                "code": ref_to("code"),
                "kind": {"const": KIND},
                "name": ref_to("text"),
                "source": ref_to("text"),
                "unit": ref_to("code"),
                "rounding": ROUNDING,
                "categories": list_of(ref_to("choice"), 1_000),
                "facts": list_of(ref_to("fact"), MOST_FACTS, 1),
                "rules": list_of(ref_to("row"), MOST_ROWS, 1),
            },
            {
                "held_unit": ref_to("code"),
                "carriers": object_of({}, {name: ref_to("name") for name in CARRIERS}),
                "standings": object_of({}, {one.value: rulings for one in Standing if one is not Standing.OPEN}),
                "surplus": {"enum": [policy.value for policy in Surplus]},
                "open": {"type": "boolean", "description": "overlays further down may add rows"},
                **{name: list_of(ref_to(name), MOST_STEPS) for name in ("exclude", "prerequisite", "cap", "validity")},
                "closed": list_of(ref_to("closed"), MOST_STEPS),
            },
        ),
        _definitions(),
    )


def conversion_overlay_schema() -> dict[str, Any]:
    """The JSON Schema of ``creditbank.conversion-overlay/1``."""
    named = {"id": ref_to("code"), "clause": ref_to("text")}
    stricter = {"enum": [ruling.value for ruling in STRICTER]}
    definitions = _definitions()
    row, cap, days = (definitions[name]["properties"] for name in ("row", "cap", "validity"))
    changes: dict[str, dict[str, Any]] = {
        "rules": {
            **{name: row[name] for name in ("from", "credit")},
            "surplus": {"const": Surplus.LOST.value},
            "counts": object_of({"graduation": {"const": False}}),
            "ruling": stricter,
        },
        "standings": {"ruling": stricter},
        "cap": {"maximum": cap["maximum"]},
        "validity": {name: days[name] for name in ("within", "expires")},
    }
    added = {name: ref_to("row" if name == "rules" else name) for name in ADDED}
    return document(
        "conversion-overlay",
        "What a school adds to inherited rules for conversion, and tightens",
        object_of(
            {
                "schema": {"const": OVERLAY_SCHEMA},
                "code": ref_to("code"),
                "kind": {"const": OVERLAY},
                "name": ref_to("text"),
                "source": ref_to("text"),
            },
            {
                "add": object_of({}, {name: list_of(one, MOST_OVERLAID) for name, one in added.items()}),
                "tighten": object_of(
                    {}, {name: list_of(object_of(named, changes[name]), MOST_OVERLAID) for name in CHANGES}
                ),
            },
        ),
        definitions,
    )


def courses_schema() -> dict[str, Any]:
    """The JSON Schema of ``creditbank.courses/1``."""
    parts = {"schema": {"const": "creditbank.courses/1"}, "courses": list_of(_course(), 100_000)}
    return document("courses", "Courses that rules are checked against", object_of(parts), SHARED)


def _course() -> dict[str, Any]:
    return object_of(
        {"code": ref_to("code"), "credit": ref_to("amount")},
        {
            "category": ref_to("code"),
            "nature": ref_to("code"),
            "retired": _FLAG,
            "standing": {"enum": [standing.value for standing in Standing]},
        },
    )


def conversion_cases_schema() -> dict[str, Any]:
    """The JSON Schema of ``creditbank.conversion_cases/1``."""
    code = ref_to("code")
    day = {"type": "string", "format": "date"}
    amounts = {"type": "object", "additionalProperties": ref_to("amount")}
    facts = {"type": "object", "propertyNames": ref_to("name")}
    item = object_of({"id": ref_to("code"), "facts": facts, "credit": ref_to("amount")}, {"expires_on": day})
    expect = object_of(
        {"ruling": {"enum": [ruling.value for ruling in Ruling]}},
        {
            "row": ref_to("code"),
            "uses": amounts,
            "makes": amounts,
            "grade": WORDS,
            "surplus": ref_to("amount"),
            "codes": list_of(ref_to("code"), 1_000),
        },
    )
    case = object_of(
        {"id": ref_to("code"), "on": day, "items": list_of(item, 1_000), "expect": expect},
        {
            "name": WORDS,
            "row": ref_to("code"),
            "to": ref_to("target"),
            "course": ref_to("code"),
            "courses": list_of(_course(), 1_000),
            "complete": _FLAG,
            "used": amounts,
            "held": amounts,
            "planned": amounts,
            "units": list_of(object_of({"unit": code, "kind": {"enum": list(UNIT_CARRIERS)}, "code": code}), 10_000),
            "passed": list_of(ref_to("code"), 1_000),
        },
    )
    return document(
        "conversion_cases",
        "Golden cases of conversion rules",
        object_of(
            {
                "schema": {"const": "creditbank.conversion_cases/1"},
                "rules": ref_to("code"),
                "cases": {"type": "array", "items": {**case, "oneOf": [{"required": ["row"]}, {"required": ["to"]}]}},
            }
        ),
        {**SHARED, "target": _definitions()["target"]},
    )
