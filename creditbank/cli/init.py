"""Make a bank: folder, keys, database, and its centre."""

from __future__ import annotations

import argparse

from creditbank.cli.boot import opened


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The centre's names."""
    parser.add_argument("--code", default="centre", help="the centre's short code, for instance centre")
    parser.add_argument("--name", default="学分银行管理中心", help="the centre's Chinese name")
    parser.add_argument("--name-en", default="Credit Bank Centre", help="the centre's English name")


def run(arguments: argparse.Namespace) -> int:
    """Lay the bank out; an existing one is kept as it is."""
    with opened(arguments, "init", migrated=False) as bank:
        from creditbank.gateways.clock import new_id
        from creditbank.records.institutions import Institution
        from creditbank.services.bank import found_institution, migrate_bank

        migrate_bank()
        centre = found_institution(
            institution_id=new_id(),
            kind=Institution.Kind.CENTRE,
            code=arguments.code,
            name=arguments.name,
            name_en=arguments.name_en,
        )
        print(f"The bank in {bank.home} is ready. Its centre is {centre.code} ({centre.name}).")
    return 0
