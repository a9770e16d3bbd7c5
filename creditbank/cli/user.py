"""Add an account that can sign in, with a role in an institution."""

from __future__ import annotations

import argparse
import getpass
import sys

from creditbank.cli.boot import opened


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Who, where, as what."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    add = actions.add_parser("add", help="add an account")
    add.add_argument("sign_in", help="the name or address to sign in with")
    add.add_argument("name", help="the person's name")
    add.add_argument("--institution", required=True, metavar="CODE", help="where they work or study")
    add.add_argument("--role", choices=["reviewer", "registrar", "auditor", "operator"], help="a role there")
    add.add_argument("--student-number", help="enrol the person as a learner under this number")


def run(arguments: argparse.Namespace) -> int:
    """The password is asked for, or read from the first line of standard input."""
    if sys.stdin.isatty():
        password = getpass.getpass("Password (15 characters or more): ")
    else:
        password = sys.stdin.readline().rstrip("\n")
    with opened(arguments, "user"):
        from django.contrib.auth.password_validation import validate_password
        from django.core.exceptions import ValidationError

        from creditbank.domain.access import Role
        from creditbank.gateways import clock
        from creditbank.gateways.problem import Problem
        from creditbank.queries.institutions import institution_named
        from creditbank.records.scope import acting_for
        from creditbank.services.people import enrol_learner, give_role, open_account

        place = institution_named(arguments.institution)
        if place is None:
            raise Problem(
                en=f"There is no institution with the code {arguments.institution}. Nothing was added.",
                zh=f"没有代码为 {arguments.institution} 的机构。没有添加任何内容。",
            )
        try:
            validate_password(password)
            with acting_for(institution=place.id, purpose="user") as scope:
                now = clock.now()
                account = open_account(
                    scope=scope, sign_in=arguments.sign_in, name=arguments.name, password=password, at=now
                )
                if arguments.role:
                    since = clock.today(place.zone)
                    give_role(scope=scope, account=account.id, role=Role(arguments.role), since=since)
                if arguments.student_number:
                    enrol_learner(
                        scope=scope,
                        learner_id=account.id,
                        student_number=arguments.student_number,
                        name=arguments.name,
                        at=now,
                    )
        except (ValueError, ValidationError) as error:
            said = "; ".join(getattr(error, "messages", [str(error)]))
            raise Problem(en=f"{said} Nothing was added.", zh=f"{said} 没有添加任何内容。") from error
        print(f"{account.sign_in} can sign in.")
        return 0
