"""The JSON Schemas of rule sets, outcomes and cases, for editors and other programs."""

from __future__ import annotations

from typing import Any

from creditbank.domain.rules.model import FactType, Hit, RoundAt, Ruling, Scope
from creditbank.domain.rules.read import KIND, MOST_FACTS, MOST_ROWS, MOST_STEPS, MOST_TABLES

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_BASE = "https://creditbank.example/schema/"


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def _list(of: dict[str, Any], most: int, least: int = 0) -> dict[str, Any]:
    return {"type": "array", "items": of, "minItems": least, "maxItems": most}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/$defs/{name}"}


def _amount(pattern: str) -> dict[str, Any]:
    return {"anyOf": [{"type": "string", "pattern": pattern}, {"type": "number", "multipleOf": 0.01}]}


_WORDS = {"type": "string", "minLength": 1, "maxLength": 4000}
_DAY = {"type": "string", "format": "date"}
_PERIOD = {
    **_object({}, {"years": {"type": "integer", "minimum": 0}, "months": {"type": "integer", "minimum": 0}}),
    "minProperties": 1,
}
_BELOW = {"enum": ["manual", "refuse"]}
_END = {"type": ["string", "number"]}

_SHARED: dict[str, Any] = {
    "text": _object({"zh": _WORDS, "en": _WORDS}),
    "code": {"type": "string", "pattern": r"^[A-Za-z0-9][A-Za-z0-9_.:\-]{0,79}$"},
    "name": {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,39}$"},
    "amount": _amount(r"^\d{1,9}(\.\d{1,2})?$"),
    "signed": _amount(r"^-?\d{1,9}(\.\d{1,2})?$"),
}


def _rules_definitions() -> dict[str, Any]:
    code, text, when = _ref("code"), _ref("text"), {"when": _ref("when")}
    codes = {"anyOf": [code, _list(code, 1_000, 1)]}
    taken = {"anyOf": [code, _object({"fact": _ref("name")})]}
    interval = _object({}, {"from": _END, "above": _END, "to": _END, "below": _END})
    return {
        **_SHARED,
        "choice": _object({"code": code, "zh": _WORDS, "en": _WORDS}),
        "interval": {**interval, "minProperties": 1},
        "cell": {
            "description": "any, one value, a list of values, an interval, or a stretch of an ordered scale",
            "anyOf": [codes, {"type": ["boolean", "number", "null"]}, _ref("interval")],
        },
        "when": {"type": "object", "propertyNames": _ref("name"), "additionalProperties": _ref("cell")},
        "fact": _object(
            {"name": _ref("name"), "type": {"enum": [kind.value for kind in FactType]}, "label": text},
            {
                "values": _list(_ref("choice"), 1_000, 1),
                "ordered": {"type": "boolean", "description": "values run from the lowest to the highest"},
                "optional": {"type": "boolean"},
                **when,
                "range": _ref("interval"),
                "help": text,
            },
        ),
        "give": {
            "anyOf": [
                _BELOW,
                _object(
                    {
                        "credit": {"anyOf": [_ref("amount"), _object({"fact": _ref("name")})]},
                        "category": code,
                    },
                    {"level": taken, "field": taken},
                ),
            ]
        },
        "row": _object({"id": code, "give": _ref("give"), "clause": text}, when),
        "table": _object(
            {
                "code": code,
                "columns": _list(_ref("name"), MOST_FACTS),
                "rows": _list(_ref("row"), MOST_ROWS, 1),
            },
            {**when, "hit": {"enum": [hit.value for hit in Hit]}, "on_gap": _BELOW},
        ),
        "step": {
            **_object(
                {"id": code, "clause": text},
                {
                    **when,
                    "lower": _object(
                        {"fact": _ref("name"), "steps": {"type": "integer", "minimum": 1}, "below": _BELOW}
                    ),
                    "add": {
                        "anyOf": [
                            _ref("signed"),
                            _object(
                                {
                                    "amount": _ref("signed"),
                                    "each": _ref("name"),
                                    "above": {"type": "integer", "minimum": 0},
                                }
                            ),
                        ]
                    },
                    "multiply": {"type": ["string", "number"], "description": 'a factor such as "1/2"'},
                },
            ),
            "oneOf": [{"required": ["lower"]}, {"required": ["add"]}, {"required": ["multiply"]}],
        },
        "choose": _object(
            {
                "id": code,
                "family": _list(_ref("name"), MOST_FACTS, 1),
                "keep": {"const": "highest"},
                "clause": text,
            },
            when,
        ),
        "cap": _object(
            {
                "id": code,
                "scope": {"enum": [scope.value for scope in Scope]},
                "maximum": _ref("amount"),
                "clause": text,
            },
            {"category": code},
        ),
        "validity": {
            **_object(
                {"id": code, "fact": _ref("name"), "clause": text},
                {**when, "within": _PERIOD, "otherwise": _BELOW, "expires": _PERIOD},
            ),
            "oneOf": [{"required": ["within"]}, {"required": ["expires"]}],
        },
    }


def rules_schema() -> dict[str, Any]:
    """The JSON Schema of ``creditbank.rules/1``."""
    rounding = _object(
        {
            "step": _ref("amount"),
            "mode": {"enum": ["down", "up", "half_up"]},
            "place": {"enum": [place.value for place in RoundAt]},
        }
    )
    return {
        "$schema": _DIALECT,
        "$id": f"{_BASE}rules-1.json",
        "title": "A rule set for recognition",
        **_object(
            {
                "schema": {"const": "creditbank.rules/1"},
                "code": _ref("code"),
                "kind": {"const": KIND},
                "name": _ref("text"),
                "source": _ref("text"),
                "unit": _ref("code"),
                "rounding": rounding,
                "categories": _list(_ref("choice"), 1_000, 1),
                "facts": _list(_ref("fact"), MOST_FACTS, 1),
                "tables": _list(_ref("table"), MOST_TABLES, 1),
            },
            {
                "adjust": _list(_ref("step"), MOST_STEPS),
                "choose": _list(_ref("choose"), MOST_STEPS),
                "cap": _list(_ref("cap"), MOST_STEPS),
                "validity": _list(_ref("validity"), MOST_STEPS),
            },
        ),
        "$defs": _rules_definitions(),
    }


def _outcome(*, expects: bool) -> dict[str, Any]:
    amounts = {"type": "object", "additionalProperties": _ref("amount")}
    expect = _object(
        {},
        {
            "ruling": {"enum": [ruling.value for ruling in Ruling]},
            "credit": _ref("amount"),
            "row": _ref("code"),
            "category": _ref("code"),
            "level": _ref("code"),
            "expires_on": _DAY,
            "codes": _list(_ref("code"), 1_000),
            "problems": _list(_ref("name"), 1_000),
        },
    )
    facts = {"type": "object", "propertyNames": _ref("name")}
    asked: dict[str, Any] = {"id": _ref("code"), "facts": facts, "claimed_on": _DAY}
    return _object(
        {**asked, "expect": expect} if expects else asked,
        {"name": _WORDS, "used": amounts, "earlier": amounts},
    )


def outcomes_schema() -> dict[str, Any]:
    """The JSON Schema of ``creditbank.outcomes/1``."""
    return {
        "$schema": _DIALECT,
        "$id": f"{_BASE}outcomes-1.json",
        "title": "Learning outcomes to evaluate",
        **_object(
            {
                "schema": {"const": "creditbank.outcomes/1"},
                "outcomes": {"type": "array", "items": _outcome(expects=False)},
            }
        ),
        "$defs": _SHARED,
    }


def cases_schema() -> dict[str, Any]:
    """The JSON Schema of ``creditbank.cases/1``."""
    return {
        "$schema": _DIALECT,
        "$id": f"{_BASE}cases-1.json",
        "title": "Golden cases of a rule set",
        **_object(
            {
                "schema": {"const": "creditbank.cases/1"},
                "rules": _ref("code"),
                "cases": {"type": "array", "items": _outcome(expects=True)},
            }
        ),
        "$defs": _SHARED,
    }
