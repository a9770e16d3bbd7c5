"""The JSON Schema of a kind of official list, for editors and other programs."""

from __future__ import annotations

from typing import Any

from creditbank.domain.official_lists.kind import COLUMN_KINDS, PERSON, SCHEMA
from creditbank.domain.rules.schema import SHARED, WORDS, document, list_of, object_of, ref_to

_NAME = {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,39}$"}
_HEADINGS = list_of(WORDS, 40)
_EXAMPLES = list_of({"type": "string", "maxLength": 4000}, 2)
_FLAG = {"type": "boolean"}
_WHOLE = {"type": "integer", "minimum": 0, "maximum": 1_000_000}


def list_mapping_schema() -> dict[str, Any]:
    """The JSON Schema of ``creditbank.list_mapping/1``."""
    text, code = ref_to("text"), ref_to("code")
    named = {"type": "string"}
    word = object_of({"zh": WORDS, "en": WORDS}, {"also": list_of(WORDS, 40)})
    person = object_of({}, {"headings": _HEADINGS, "several": _FLAG, "required": _FLAG, "examples": _EXAMPLES})
    column = object_of(
        {"label": text},
        {
            "kind": {"enum": list(COLUMN_KINDS)},
            "headings": _HEADINGS,
            "required": _FLAG,
            "words": {"type": "object", "additionalProperties": word, "minProperties": 1},
            "absent": list_of(WORDS, 20),
            "examples": _EXAMPLES,
            "least": _WHOLE,
            "most": _WHOLE,
        },
    )
    values = list_of(WORDS, 10)
    fact = {
        **object_of(
            {},
            {
                "is": WORDS,
                "column": named,
                "days": {"type": "integer", "minimum": 0, "maximum": 1000},
                "place": object_of({"alone": values, "first": values, "other": values}),
            },
        ),
        "oneOf": [{"required": [one]} for one in ("is", "column", "place")],
    }
    condition = {
        **object_of({"column": named}, {"at_least": _WHOLE, "one_of": list_of(WORDS, 40)}),
        "oneOf": [{"required": [one]} for one in ("at_least", "one_of")],
    }
    shape = object_of(
        {
            "schema": {"const": SCHEMA},
            "code": code,
            "name": text,
            "outcome_type": code,
            "title": WORDS,
            "person": object_of({}, dict.fromkeys(PERSON, person)),
            "columns": {"type": "object", "propertyNames": _NAME, "additionalProperties": column, "minProperties": 1},
            "identity": list_of(named, 10, 1),
            "facts": {"type": "object", "propertyNames": _NAME, "additionalProperties": fact},
        },
        {
            "note": text,
            "about": list_of(named, 10),
            "all_ours": _FLAG,
            "separators": WORDS,
            "certificate": named,
            "conditions": list_of(condition, 10),
        },
    )
    return document("list_mapping", "A kind of official list", shape, {name: SHARED[name] for name in ("text", "code")})
