"""The JSON Schemas of frameworks, crosswalks, credit units and certification units."""

from __future__ import annotations

from typing import Any

from creditbank.domain.frameworks.model import MOST_CONFIDENCE, CarrierKind, Match
from creditbank.domain.frameworks.read import (
    CERTIFICATION_UNITS,
    CROSSWALK,
    DIMENSIONS,
    FRAMEWORK,
    MOST_CARRIERS,
    MOST_LEVELS,
    MOST_ROWS,
    MOST_SYSTEMS,
    MOST_UNITS,
    UNITS,
)
from creditbank.domain.rules.schema import SHARED, WORDS, document, list_of, object_of, ref_to

_NUMBER = {
    "anyOf": [
        {"type": "string", "pattern": r"^\d{1,9}(/[1-9]\d{0,8}|\.\d{1,6})?$"},
        {"type": "number", "minimum": 0, "multipleOf": 0.000001},
    ]
}
_DEFINITIONS = {"code": SHARED["code"], "words": object_of({"zh": WORDS}, {"en": WORDS}), "number": _NUMBER}
_CODE, _WORDS, _EXACT = ref_to("code"), ref_to("words"), ref_to("number")
_DESCRIPTORS = dict.fromkeys(DIMENSIONS, _WORDS)


def framework_schema() -> dict[str, Any]:
    """The JSON Schema of ``creditbank.framework/1``."""
    level = object_of({"code": _CODE, "ordinal": _EXACT, "name": _WORDS}, {**_DESCRIPTORS, "hours": _WORDS})
    shape = object_of(
        {
            "schema": {"const": FRAMEWORK},
            "code": _CODE,
            "name": _WORDS,
            "edition": WORDS,
            "source": _WORDS,
            "levels": list_of(level, MOST_LEVELS, 1),
        },
        {"unit": _CODE},
    )
    return document("framework", "A qualification framework", shape, _DEFINITIONS)


def crosswalk_schema() -> dict[str, Any]:
    """The JSON Schema of ``creditbank.crosswalk/1``."""
    confidence = {"type": "integer", "minimum": 0, "maximum": MOST_CONFIDENCE}
    row = object_of(
        {"from": _CODE, "to": _CODE, "match": {"enum": [one.value for one in Match]}},
        {"confidence": confidence, "note": WORDS},
    )
    shape = object_of(
        {
            "schema": {"const": CROSSWALK},
            "code": _CODE,
            "from": _CODE,
            "to": _CODE,
            "source": _WORDS,
            "rows": list_of(row, MOST_ROWS, 1),
        }
    )
    definitions = {name: _DEFINITIONS[name] for name in ("code", "words")}
    return document("crosswalk", "A crosswalk between two frameworks", shape, definitions)


def units_schema() -> dict[str, Any]:
    """The JSON Schema of ``creditbank.units/1``."""
    hours = {"anyOf": [_EXACT, object_of({"from": _EXACT, "to": _EXACT})]}
    system = object_of({"code": _CODE, "name": _WORDS, "source": _WORDS}, {"hours": hours, "full_year": _EXACT})
    ratio = object_of({"from": _CODE, "to": _CODE, "from_amount": _EXACT, "to_amount": _EXACT, "source": _WORDS})
    shape = object_of(
        {"schema": {"const": UNITS}, "systems": list_of(system, MOST_SYSTEMS, 1)},
        {"ratios": list_of(ratio, MOST_ROWS)},
    )
    return document("units", "Credit units and the ratios between them", shape, _DEFINITIONS)


def certification_units_schema() -> dict[str, Any]:
    """The JSON Schema of ``creditbank.certification-units/1``."""
    carrier = object_of(
        {"kind": {"enum": [one.value for one in CarrierKind]}, "code": _CODE}, {"share": _EXACT, "name": _WORDS}
    )
    unit = object_of(
        {"code": _CODE, "name": _WORDS, "framework": _CODE, "level": _CODE, "credit": _EXACT, "unit": _CODE},
        {"hours": _EXACT, **_DESCRIPTORS, "assessment": _WORDS, "carriers": list_of(carrier, MOST_CARRIERS)},
    )
    shape = object_of({"schema": {"const": CERTIFICATION_UNITS}, "units": list_of(unit, MOST_UNITS, 1)})
    return document("certification-units", "Certification units", shape, _DEFINITIONS)
