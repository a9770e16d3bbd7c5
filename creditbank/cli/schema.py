"""Print the JSON Schema of one kind of document."""

from __future__ import annotations

import importlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

SCHEMAS = {
    "cases": "creditbank.domain.rules.schema:cases_schema",
    "conversion-overlay": "creditbank.domain.conversions.schema:conversion_overlay_schema",
    "conversion_cases": "creditbank.domain.conversions.schema:conversion_cases_schema",
    "conversion_rules": "creditbank.domain.conversions.schema:conversion_rules_schema",
    "certification-units": "creditbank.domain.frameworks.schema:certification_units_schema",
    "courses": "creditbank.domain.conversions.schema:courses_schema",
    "crosswalk": "creditbank.domain.frameworks.schema:crosswalk_schema",
    "framework": "creditbank.domain.frameworks.schema:framework_schema",
    "list_mapping": "creditbank.domain.official_lists.schema:list_mapping_schema",
    "outcome-type": "creditbank.domain.catalogue.schema:outcome_type_schema",
    "outcomes": "creditbank.domain.rules.schema:outcomes_schema",
    "registrar_sheet": "creditbank.domain.registrar.schema:registrar_sheet_schema",
    "rules": "creditbank.domain.rules.schema:rules_schema",
    "rules-overlay": "creditbank.domain.rules.schema:rules_overlay_schema",
    "units": "creditbank.domain.frameworks.schema:units_schema",
}
"""By the noun in ``schema: creditbank.NOUN/1``, where its JSON Schema is made; loaded only when asked for."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The noun."""
    parser.add_argument("name", choices=sorted(SCHEMAS), metavar="NAME", help=f"one of {', '.join(sorted(SCHEMAS))}")


def run(args: argparse.Namespace) -> int:
    """Print the schema as JSON, with or without --json."""
    print(json.dumps(schema_of(args.name), ensure_ascii=False, indent=2))
    return 0


def schema_of(name: str) -> dict[str, Any]:
    """The JSON Schema of a noun of ``SCHEMAS``."""
    module, function = SCHEMAS[name].split(":")
    make: Callable[[], dict[str, Any]] = getattr(importlib.import_module(module), function)
    return make()
