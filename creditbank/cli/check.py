"""Check the whole bank: ledger, log, files and access rules; exit 1 names what is broken."""

from __future__ import annotations

import argparse
import json

from creditbank.cli.boot import opened


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Checking, or one hash of what the bank holds."""
    parser.add_argument("--digest", action="store_true", help="print one hash over business keys and amounts")


def run(arguments: argparse.Namespace) -> int:
    """Exit status 0: all promises hold; 1: some do not, each named."""
    with opened(arguments, "check") as bank:
        from django.db import connections

        from creditbank.queries.check.digest import digest

        auditor = connections["auditor"]
        if arguments.digest:
            print(json.dumps({"digest": digest(auditor)}) if arguments.json else digest(auditor))
            return 0
        from creditbank.gateways.database_roles import user_of
        from creditbank.gateways.wording import say
        from creditbank.queries.check.whole import check_bank

        found, counts = check_bank(bank, {login: user_of(login) for login in ("app", "sequencer", "auditor")})
        broken = [line for line in found if line.verdict.value == "no"]
        if arguments.json:
            print(
                json.dumps(
                    {
                        "sound": not broken,
                        "counts": counts,
                        "found": [
                            {"code": line.code, "verdict": line.verdict.value, "said": say(line, "en")}
                            for line in found
                        ],
                    },
                    ensure_ascii=False,
                )
            )
        else:
            for line in found:
                print(("✗ " if line.verdict.value == "no" else "· ") + say(line, "en"))
            shown = ", ".join(f"{count:,} {name}" for name, count in counts.items())
            print(f"Checked {shown}. " + (f"{len(broken)} promises are broken." if broken else "Every promise holds."))
        return 1 if broken else 0
