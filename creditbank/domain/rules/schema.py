"""The JSON Schemas of rule sets, outcomes and cases, for editors and other programs."""

from __future__ import annotations

from typing import Any

from creditbank.domain.rules.figures import MOST_WEIGHTS
from creditbank.domain.rules.model import FactType, Hit, RoundAt, Ruling, Scope
from creditbank.domain.rules.overlay import ADDED, MOST_ITEMS, TIGHTENED
from creditbank.domain.rules.overlay import KIND as OVERLAY
from creditbank.domain.rules.overlay import SCHEMA as OVERLAY_SCHEMA
from creditbank.domain.rules.read import KIND, MOST_STEPS, MOST_TABLES
from creditbank.domain.rules.read_amounts import MOST_ROWS, MOST_TIERS, STEP_KINDS
from creditbank.domain.rules.read_cells import MOST_FACTS
from creditbank.domain.rules.read_limits import MOST_COURSES

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_BASE = "https://creditbank.example/schema/"


def document(name: str, title: str, shape: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """The whole schema of ``creditbank.NAME/1``, of the shape of its object and what that refers to."""
    return {"$schema": _DIALECT, "$id": f"{_BASE}{name}-1.json", "title": title, **shape, "$defs": definitions}


def object_of(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    """An object of these keys and no others."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def list_of(of: dict[str, Any], most: int, least: int = 0) -> dict[str, Any]:
    """A list of one kind of things, from ``least`` to ``most`` of them."""
    return {"type": "array", "items": of, "minItems": least, "maxItems": most}


def ref_to(name: str) -> dict[str, str]:
    """What is defined under a name."""
    return {"$ref": f"#/$defs/{name}"}


def _amount(pattern: str) -> dict[str, Any]:
    return {"anyOf": [{"type": "string", "pattern": pattern}, {"type": "number", "multipleOf": 0.01}]}


WORDS = {"type": "string", "minLength": 1, "maxLength": 4000}
_DAY = {"type": "string", "format": "date"}
_PERIOD = {
    **object_of({}, {"years": {"type": "integer", "minimum": 0}, "months": {"type": "integer", "minimum": 0}}),
    "minProperties": 1,
}
_BELOW = {"enum": ["manual", "refuse"]}
_END = {"type": ["string", "number"]}

SHARED: dict[str, Any] = {
    "text": object_of({"zh": WORDS, "en": WORDS}),
    "code": {"type": "string", "pattern": r"^[A-Za-z0-9][A-Za-z0-9_.:\-]{0,79}$"},
    "name": {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,39}$"},
    "amount": _amount(r"^\d{1,9}(\.\d{1,2})?$"),
    "signed": _amount(r"^-?\d{1,9}(\.\d{1,2})?$"),
}


ROUNDING = object_of(
    {
        "step": ref_to("amount"),
        "mode": {"enum": ["down", "up", "half_up"]},
        "place": {"enum": [place.value for place in RoundAt]},
    }
)


FIGURE: dict[str, Any] = {
    "description": "a second figure beside the credit: credit times a ratio, or times the weight of its level",
    **object_of(
        {
            "id": ref_to("code"),
            "name": ref_to("text"),
            "times": {
                "anyOf": [
                    ref_to("factor"),
                    object_of(
                        {
                            "level": {
                                "type": "object",
                                "propertyNames": ref_to("code"),
                                "additionalProperties": ref_to("factor"),
                                "minProperties": 1,
                                "maxProperties": MOST_WEIGHTS,
                            }
                        }
                    ),
                ]
            },
            "rounding": object_of({"step": ref_to("amount"), "mode": {"enum": ["down", "up", "half_up"]}}),
            "clause": ref_to("text"),
        }
    ),
}


def rules_definitions() -> dict[str, Any]:
    """The parts of a rule set, by name."""
    code, text, when = ref_to("code"), ref_to("text"), {"when": ref_to("when")}
    codes = {"anyOf": [code, list_of(code, 1_000, 1)]}
    taken = {"anyOf": [code, object_of({"fact": ref_to("name")})]}
    locked = {"locked": {"type": "boolean", "description": "overlays further down may not tighten it"}}
    several = {**list_of(ref_to("name"), MOST_FACTS, 1), "description": "several facts are counted together"}
    together = {"anyOf": [ref_to("name"), several]}
    interval = object_of({}, {"from": _END, "above": _END, "to": _END, "below": _END})
    return {
        **SHARED,
        "choice": object_of({"code": code, "zh": WORDS, "en": WORDS}),
        "interval": {**interval, "minProperties": 1},
        "cell": {
            "description": "any, one value, a list of values, an interval, or a stretch of an ordered scale",
            "anyOf": [codes, {"type": ["boolean", "number", "null"]}, ref_to("interval")],
        },
        "when": {"type": "object", "propertyNames": ref_to("name"), "additionalProperties": ref_to("cell")},
        "fact": object_of(
            {"name": ref_to("name"), "type": {"enum": [kind.value for kind in FactType]}, "label": text},
            {
                "values": list_of(ref_to("choice"), 1_000, 1),
                "ordered": {"type": "boolean", "description": "values run from the lowest to the highest"},
                "optional": {"type": "boolean"},
                **when,
                "range": ref_to("interval"),
                "help": text,
            },
        ),
        "give": {
            "anyOf": [
                _BELOW,
                object_of({"credit": ref_to("credit"), "category": code}, {"level": taken, "field": taken}),
            ]
        },
        "credit": {
            "description": "fixed; taken over or a share of a fact; so much for each portion of a fact; tiers over one",
            "anyOf": [
                ref_to("amount"),
                object_of({"fact": ref_to("name")}, {"times": ref_to("factor")}),
                object_of({"each": _END, "of": together, "gives": ref_to("amount")}, {"whole": {"type": "boolean"}}),
                object_of(
                    {
                        "of": ref_to("name"),
                        "tiers": list_of(object_of({"from": _END, "gives": ref_to("amount")}), MOST_TIERS, 1),
                    },
                    {"below": _BELOW},
                ),
            ],
        },
        "factor": {"type": ["string", "number"], "description": 'an exact share such as "1/2" or "0.75"'},
        "row": object_of(
            {"id": code, "give": ref_to("give"), "clause": text},
            {**when, "priority": {"type": "integer", "minimum": 0}, **locked},
        ),
        "table": object_of(
            {
                "code": code,
                "columns": list_of(ref_to("name"), MOST_FACTS),
                "rows": list_of(ref_to("row"), MOST_ROWS, 1),
            },
            {
                **when,
                "hit": {"enum": [hit.value for hit in Hit]},
                "on_gap": _BELOW,
                "open": {"type": "boolean", "description": "overlays further down may add rows"},
                **locked,
            },
        ),
        "step": {
            **object_of(
                {"id": code, "clause": text},
                {
                    **when,
                    "lower": object_of(
                        {"fact": ref_to("name"), "steps": {"type": "integer", "minimum": 1}, "below": _BELOW}
                    ),
                    "add": {
                        "anyOf": [
                            ref_to("signed"),
                            object_of(
                                {
                                    "amount": ref_to("signed"),
                                    "each": ref_to("name"),
                                    "above": {"type": "integer", "minimum": 0},
                                }
                            ),
                        ]
                    },
                    "multiply": ref_to("factor"),
                    "divide": object_of({"by": ref_to("name")}),
                    "share": object_of(
                        {
                            "fact": ref_to("name"),
                            "parts": list_of(ref_to("factor"), MOST_TIERS, 1),
                            "rest": ref_to("factor"),
                        }
                    ),
                    "rank": object_of(
                        {
                            "fact": ref_to("name"),
                            "place": ref_to("name"),
                            "among": ref_to("name"),
                            "bands": list_of(object_of({"value": code}, {"up_to": _END}), MOST_TIERS, 1),
                        }
                    ),
                },
            ),
            "oneOf": [{"required": [kind]} for kind in STEP_KINDS],
        },
        "choose": object_of(
            {
                "id": code,
                "family": list_of(ref_to("name"), MOST_FACTS, 1),
                "keep": {"const": "highest"},
                "clause": text,
            },
            when,
        ),
        "cap": object_of(
            {
                "id": code,
                "scope": {"enum": [scope.value for scope in Scope]},
                "maximum": {
                    "anyOf": [
                        ref_to("amount"),
                        object_of({"share": ref_to("factor"), "of": code}),
                        object_of({"count": {"type": "integer", "minimum": 0}}),
                    ]
                },
                "clause": text,
            },
            {
                "category": codes,
                **when,
                "by": list_of(ref_to("name"), MOST_FACTS),
                "whole": {"type": "boolean"},
                "beside": {**codes, "description": "holds only where there is credit of one of these in its scope"},
                **locked,
            },
        ),
        "validity": {
            **object_of(
                {"id": code, "fact": ref_to("name"), "clause": text},
                {
                    **when,
                    "within": _PERIOD,
                    "otherwise": _BELOW,
                    "expires": {"anyOf": [_PERIOD, object_of({"months_of": ref_to("name")})]},
                    "until": {"enum": ["credit_expires", "credit_stays"]},
                    **locked,
                },
            ),
            "oneOf": [{"required": [kind]} for kind in ("within", "expires", "until")],
        },
        "exclude": object_of({"id": code, "when": ref_to("when"), "clause": text}, {"otherwise": _BELOW}),
        "prerequisite": object_of(
            {
                "id": code,
                "needs": {
                    "anyOf": [
                        object_of({"credit": ref_to("amount")}, {"category": code}),
                        object_of(
                            {"courses": list_of(code, MOST_COURSES, 1)}, {"least": {"type": "integer", "minimum": 1}}
                        ),
                    ]
                },
                "clause": text,
            },
            {**when, "otherwise": _BELOW},
        ),
    }


def rules_schema() -> dict[str, Any]:
    """The JSON Schema of ``creditbank.rules/1``."""
    return document(
        "rules",
        "A rule set for recognition",
        object_of(
            {
                "schema": {"const": "creditbank.rules/1"},
                "code": ref_to("code"),
                "kind": {"const": KIND},
                "name": ref_to("text"),
                "source": ref_to("text"),
                "unit": ref_to("code"),
                "rounding": ROUNDING,
                "categories": list_of(ref_to("choice"), 1_000, 1),
                "facts": list_of(ref_to("fact"), MOST_FACTS, 1),
                "tables": list_of(ref_to("table"), MOST_TABLES, 1),
            },
            {
                "adjust": list_of(ref_to("step"), MOST_STEPS),
                "choose": list_of(ref_to("choose"), MOST_STEPS),
                "cap": list_of(ref_to("cap"), MOST_STEPS),
                "validity": list_of(ref_to("validity"), MOST_STEPS),
                "exclude": list_of(ref_to("exclude"), MOST_STEPS),
                "prerequisite": list_of(ref_to("prerequisite"), MOST_STEPS),
                "figures": list_of(FIGURE, MOST_STEPS),
                "abbreviations": list_of(object_of({"short": WORDS, "full": WORDS}), 1_000),
            },
        ),
        rules_definitions(),
    )


def rules_overlay_schema() -> dict[str, Any]:
    """The JSON Schema of ``creditbank.rules-overlay/1``."""
    definitions = rules_definitions()
    row, cap, days = (definitions[name]["properties"] for name in ("row", "cap", "validity"))
    named = {"id": ref_to("code"), "clause": ref_to("text")}
    changes: dict[str, dict[str, Any]] = {
        "rows": {"credit": ref_to("credit"), "give": {"const": "refuse"}},
        "cap": {"maximum": cap["maximum"]},
        "validity": {name: days[name] for name in ("within", "expires")},
    }
    needed = {name: row[name] for name in definitions["row"]["required"]}
    added: dict[str, dict[str, Any]] = {name: ref_to(name) for name in ADDED} | {
        "rows": object_of({"table": ref_to("code"), **needed}, {name: row[name] for name in row if name not in needed})
    }
    tightened = {
        name: object_of(named, changes[name]) | {"oneOf": [{"required": [one]} for one in changes[name]]}
        for name in TIGHTENED
    }
    return document(
        "rules-overlay",
        "What a school adds to inherited rules for recognition, and tightens",
        object_of(
            {
                "schema": {"const": OVERLAY_SCHEMA},
                "code": ref_to("code"),
                "kind": {"const": OVERLAY},
                "name": ref_to("text"),
                "source": ref_to("text"),
            },
            {
                "add": object_of({}, {name: list_of(one, MOST_ITEMS) for name, one in added.items()}),
                "tighten": object_of({}, {name: list_of(one, MOST_ITEMS) for name, one in tightened.items()}),
            },
        ),
        definitions,
    )


def _outcome(*, expects: bool) -> dict[str, Any]:
    amounts = {"type": "object", "additionalProperties": ref_to("amount")}
    expect = object_of(
        {},
        {
            "ruling": {"enum": [ruling.value for ruling in Ruling]},
            "credit": ref_to("amount"),
            "row": ref_to("code"),
            "category": ref_to("code"),
            "level": ref_to("code"),
            "expires_on": _DAY,
            "figures": amounts,
            "codes": list_of(ref_to("code"), 1_000),
            "problems": list_of(ref_to("name"), 1_000),
        },
    )
    facts = {"type": "object", "propertyNames": ref_to("name")}
    asked: dict[str, Any] = {"id": ref_to("code"), "facts": facts, "claimed_on": _DAY}
    return object_of(
        {**asked, "expect": expect} if expects else asked,
        {
            "name": WORDS,
            "used": amounts,
            "beside": amounts,
            "earlier": amounts,
            "held": amounts,
            "planned": amounts,
            "passed": list_of(ref_to("code"), MOST_COURSES),
        },
    )


def outcomes_schema() -> dict[str, Any]:
    """The JSON Schema of ``creditbank.outcomes/1``."""
    return document(
        "outcomes",
        "Learning outcomes to evaluate",
        object_of(
            {
                "schema": {"const": "creditbank.outcomes/1"},
                "outcomes": {"type": "array", "items": _outcome(expects=False)},
            }
        ),
        SHARED,
    )


def cases_schema() -> dict[str, Any]:
    """The JSON Schema of ``creditbank.cases/1``."""
    return document(
        "cases",
        "Golden cases of a rule set",
        object_of(
            {
                "schema": {"const": "creditbank.cases/1"},
                "rules": ref_to("code"),
                "cases": {"type": "array", "items": _outcome(expects=True)},
            }
        ),
        SHARED,
    )
