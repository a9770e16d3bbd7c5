"""Open the bank for a command: its folder, its database, and Django."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import UUID

from creditbank.gateways import bank as banks
from creditbank.gateways import database, keys
from creditbank.gateways.bank import Bank
from creditbank.gateways.problem import Problem

if TYPE_CHECKING:
    from creditbank.domain.explanation import Refusal
    from creditbank.records.institutions import Institution


def bank_of(arguments: argparse.Namespace) -> Bank:
    """The bank a command means; child processes find the same one."""
    bank = banks.locate(arguments.bank)
    os.environ["CREDITBANK_HOME"] = str(bank.home)
    return bank


@contextmanager
def opened(arguments: argparse.Namespace, purpose: str, *, migrated: bool = True) -> Iterator[Bank]:
    """Hold a lease on the bank's database with Django ready; a login that could do too much is refused.

    Raises:
        Problem: what stands in the way, and what to do next.
    """
    bank = bank_of(arguments)
    with database.lease(bank, purpose):
        keys.read_or_make(bank, "session", lambda: {"secret": keys.new_password()})
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "creditbank.config.settings")
        import django

        django.setup()
        from django.db import connections

        if migrated:
            from creditbank.services.bank import require_migrated

            require_migrated()
            database.refuse_dangerous_login(connections["default"])
        try:
            yield bank
        finally:
            connections.close_all()


def place_of(arguments: argparse.Namespace) -> Institution:
    """The institution that ``--institution`` names.

    Raises:
        Problem: there is none of that code.
    """
    from creditbank.queries.institutions import institution_named

    place = institution_named(arguments.institution)
    if place is None:
        raise Problem(
            en=f"There is no institution with the code {arguments.institution}. Nothing was done.",
            zh=f"没有代码为 {arguments.institution} 的机构。没有任何操作。",
        )
    return place


def actor_of(arguments: argparse.Namespace, place: Institution) -> UUID:
    """Whoever ``--by`` names decides; without it the institution itself.

    Raises:
        Problem: nobody has that sign-in.
    """
    from creditbank.queries.institutions import account_named

    by = getattr(arguments, "by", None)
    actor: UUID | None = account_named(by) if by else place.id
    if actor is None:
        raise Problem(
            en=f"There is no account with the sign-in {by}. Nothing was done.",
            zh=f"没有登录名为 {by} 的账户。没有任何操作。",
        )
    return actor


def id_of(text: str, *, en: str, zh: str) -> UUID:
    """The id that a word of the command line is; ``en`` and ``zh`` say what it would name.

    Raises:
        Problem: it is none.
    """
    try:
        return UUID(text)
    except ValueError as error:
        raise Problem(en=f"{text} is no id of {en}. Nothing was changed.",
                      zh=f"{text} 不是{zh}的编号。没有任何改动。") from error  # fmt: skip


def refused(refusal: Refusal) -> Problem:
    """A refusal of the bank as what stands in the way of a command."""
    from creditbank.gateways import wording

    said = refusal.explanation[0]
    return Problem(en=wording.say(said, "en"), zh=wording.say(said, "zh-hans"))
