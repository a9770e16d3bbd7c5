"""Add an institution to the bank, or list those there are."""

from __future__ import annotations

import argparse
import json

from creditbank.cli.boot import opened


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Two actions."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    add = actions.add_parser("add", help="add an institution or a college")
    add.add_argument("code", help="a short code of letters, digits and hyphens")
    add.add_argument("name", help="the Chinese name")
    add.add_argument("--name-en", default="", help="the English name")
    add.add_argument("--under", default="", metavar="CODE", help="the institution above (default: the centre)")
    add.add_argument("--kind", choices=["institution", "college", "department"], default="institution")
    listed = actions.add_parser("list", help="list all institutions")
    listed.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print the answer as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Exit 2 when the institution above does not exist or the code is no code."""
    with opened(arguments, "institution"):
        from creditbank.gateways.clock import new_id
        from creditbank.gateways.problem import Problem
        from creditbank.queries.institutions import all_institutions, institution_named
        from creditbank.records.institutions import Institution
        from creditbank.services.bank import found_institution

        if arguments.action == "list":
            found = [
                {"code": place.code, "kind": place.kind, "name": place.name, "name_en": place.name_en}
                for place in all_institutions()
            ]
            if arguments.json:
                print(json.dumps(found, ensure_ascii=False))
            else:
                for place in found:
                    print(f"{place['code']:<16} {place['kind']:<12} {place['name']}  {place['name_en']}")
            return 0
        above = institution_named(arguments.under) if arguments.under else all_institutions()[0]
        if above is None:
            raise Problem(
                en=f"There is no institution with the code {arguments.under}. Nothing was added.",
                zh=f"没有代码为 {arguments.under} 的机构。没有添加任何内容。",
            )
        try:
            made = found_institution(
                institution_id=new_id(),
                kind=Institution.Kind(arguments.kind),
                code=arguments.code,
                name=arguments.name,
                name_en=arguments.name_en,
                parent=above.id,
            )
        except ValueError as error:
            raise Problem(en=f"{error}. Nothing was added.", zh=f"{error}。没有添加任何内容。") from error
        print(f"{made.code} ({made.name}) is in the bank.")
        return 0
