"""Add an institution, list those there are, say where learners ask and how appeals are heard."""

from __future__ import annotations

import argparse
import json

from creditbank.cli.boot import opened


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Four actions."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    add = actions.add_parser("add", help="add an institution or a college")
    add.add_argument("code", help="a short code of letters, digits and hyphens")
    add.add_argument("name", help="the Chinese name")
    add.add_argument("--name-en", default="", help="the English name")
    add.add_argument("--under", default="", metavar="CODE", help="the institution above (default: the centre)")
    add.add_argument("--kind", choices=["institution", "college", "department"], default="institution")
    contact = actions.add_parser("contact", help="set the line that tells learners where to ask")
    contact.add_argument("code", help="the institution's code")
    contact.add_argument("line", help="one line of text; an empty one takes the former line away")
    appeals = actions.add_parser("appeals", help="set how long an appeal can be filed and how many people hear it")
    appeals.add_argument("code", help="the institution's code")
    appeals.add_argument("--days", type=int, default=10, help="working days after a letter (default: 10)")
    appeals.add_argument("--panel", type=int, default=3, help="members of a panel, odd; 1: a deputy (default: 3)")
    listed = actions.add_parser("list", help="list all institutions")
    listed.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print the answer as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Exit 2 when the institution above does not exist or the code is no code."""
    with opened(arguments, "institution"):
        from creditbank.gateways.clock import new_id, now
        from creditbank.gateways.problem import Problem
        from creditbank.queries.institutions import all_institutions, institution_named
        from creditbank.records.institutions import Institution
        from creditbank.records.scope import acting_for
        from creditbank.services.bank import found_institution
        from creditbank.services.masterdata.existing import take_existing

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
        if arguments.action == "contact":
            return _set_contact(arguments.code, arguments.line)
        if arguments.action == "appeals":
            return _set_appeals(arguments.code, arguments.days, arguments.panel)
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
        if arguments.kind != "institution":
            with acting_for(institution=above.id, purpose="institution") as scope:
                take_existing(scope=scope, actor=above.id, at=now())
        print(f"{made.code} ({made.name}) is in the bank.")
        return 0


def _set_appeals(code: str, days: int, panel: int) -> int:
    from creditbank.gateways import clock, wording
    from creditbank.gateways.problem import Problem
    from creditbank.queries.institutions import institution_named
    from creditbank.records.scope import acting_for
    from creditbank.services.institutions import set_appeals

    place = institution_named(code)
    if place is None:
        raise Problem(
            en=f"There is no institution with the code {code}. Nothing was changed.",
            zh=f"没有代码为 {code} 的机构。没有任何改动。",
        )
    with acting_for(institution=place.id, purpose="institution") as scope:
        answer = set_appeals(scope=scope, days=days, panel=panel, actor=place.id, at=clock.now())
    if answer is not None:
        said = answer.explanation[0]
        raise Problem(en=wording.say(said, "en"), zh=wording.say(said, "zh-hans"))
    print(f"{code}: {days} working days, {panel} members")
    return 0


def _set_contact(code: str, line: str) -> int:
    from creditbank.domain.explanation import Refusal
    from creditbank.gateways import clock, wording
    from creditbank.gateways.problem import Problem
    from creditbank.queries.institutions import institution_named
    from creditbank.records.scope import acting_for
    from creditbank.services.institutions import set_contact

    place = institution_named(code)
    if place is None:
        raise Problem(
            en=f"There is no institution with the code {code}. Nothing was changed.",
            zh=f"没有代码为 {code} 的机构。没有任何改动。",
        )
    with acting_for(institution=place.id, purpose="institution") as scope:
        answer = set_contact(scope=scope, contact=line, actor=place.id, at=clock.now())
    if isinstance(answer, Refusal):
        said = answer.explanation[0]
        raise Problem(en=wording.say(said, "en"), zh=wording.say(said, "zh-hans"))
    print(f"{code}: {answer or 'no contact line'}")
    return 0
