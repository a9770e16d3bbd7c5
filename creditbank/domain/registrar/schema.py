"""The JSON Schema of the registrar's sheet, for editors and other programs."""

from __future__ import annotations

from typing import Any

from creditbank.domain.registrar.sheet import ACCEPTED, CREDIT_FORMS, DATE_FORMS, FIELDS, REFUSED, SCHEMA
from creditbank.domain.rules.schema import SHARED, WORDS, document, list_of, object_of, ref_to


def registrar_sheet_schema() -> dict[str, Any]:
    """The JSON Schema of ``creditbank.registrar_sheet/1``."""
    text, name = ref_to("text"), ref_to("name")
    column = {
        **object_of(
            {"head": WORDS},
            {
                "field": {"enum": list(FIELDS)},
                "constant": WORDS,
                "values": {"type": "object", "additionalProperties": WORDS},
                "empty": WORDS,
            },
        ),
        "oneOf": [{"required": ["field"]}, {"required": ["constant"]}],
    }
    returned = object_of(
        {},
        {
            "heads": {"type": "object", "additionalProperties": WORDS},
            "status": WORDS,
            "status_required": {"type": "boolean"},
            "words": {"type": "object", "additionalProperties": {"enum": [ACCEPTED, REFUSED]}},
            "reason": WORDS,
            "compare": list_of(WORDS, 100),
        },
    )
    shape = object_of(
        {"schema": {"const": SCHEMA}, "name": text, "columns": list_of(column, 100, 1)},
        {
            "note": text,
            "title": WORDS,
            "dates": {"enum": list(DATE_FORMS)},
            "credit": {"enum": list(CREDIT_FORMS)},
            "offset": {"enum": ["neither", "both"]},
            "leave_out": list_of(name, 20),
            "returned": returned,
        },
    )
    title = "The sheet that a registrar's system takes"
    return document("registrar_sheet", title, shape, {one: SHARED[one] for one in ("text", "name")})
