"""The JSON Schema of an outcome type's document, for editors and other programs."""

from __future__ import annotations

from typing import Any

from creditbank.domain.catalogue.outcome_types import FORMATS, ITEM_KINDS, MOST_FIELDS, SCHEMA
from creditbank.domain.rules.model import FactType
from creditbank.domain.rules.schema import SHARED, WORDS, document, list_of, object_of, ref_to

_FLAG = {"type": "boolean"}
_END = {"anyOf": [{"type": "number"}, {"type": "string"}]}
_FILES = {"type": "integer", "minimum": 0, "maximum": 10}


def outcome_type_schema() -> dict[str, Any]:
    """The JSON Schema of ``creditbank.outcome-type/1``."""
    text, code, name = ref_to("text"), ref_to("code"), ref_to("name")
    value = {"type": ["string", "boolean"]}
    when = {
        "type": "object",
        "propertyNames": SHARED["name"],
        "additionalProperties": {"anyOf": [value, list_of(value, 40, 1)]},
    }
    field = object_of(
        {"name": name, "type": {"enum": [kind.value for kind in FactType]}, "label": text},
        {
            "values": list_of(object_of({"code": code, "zh": WORDS, "en": WORDS}), 1_000, 1),
            "ordered": _FLAG,
            "required": _FLAG,
            "range": {**object_of({}, {"from": _END, "to": _END}), "minProperties": 1},
            "when": when,
            "help": text,
            "scale": code,
        },
    )
    evidence = object_of(
        {"code": code, "label": text},
        {"least": _FILES, "most": _FILES | {"minimum": 1}, "formats": list_of({"enum": list(FORMATS)}, len(FORMATS))},
    )
    shape = object_of(
        {"schema": {"const": SCHEMA}, "code": code},
        {
            "note": WORDS,
            "fields": list_of(field, MOST_FIELDS),
            "evidence": list_of(evidence, 10),
            "identity": list_of(name, 10),
            "catalogue": object_of(
                {}, {"kinds": list_of({"enum": list(ITEM_KINDS)}, len(ITEM_KINDS)), "required": _FLAG}
            ),
        },
    )
    return document("outcome-type", "An outcome type", shape, {one: SHARED[one] for one in ("text", "code", "name")})
