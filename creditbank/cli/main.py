"""The command line: finds one module per command and hands over."""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import sys
from collections.abc import Sequence

from creditbank import cli
from creditbank.gateways.problem import Problem

_NOT_COMMANDS = {
    "main",
    "boot",
    "shown",
    "conversion_rules",
    "rule_answers",
    "rule_impact",
    "rule_scan",
    "stored_rules",
}


def commands() -> list[str]:
    """The names of all commands, each a module of this package with ``add_arguments`` and ``run``."""
    return sorted(module.name for module in pkgutil.iter_modules(cli.__path__) if module.name not in _NOT_COMMANDS)


def build_parser(wanted: Sequence[str] | None = None) -> argparse.ArgumentParser:
    """The parser of the given commands, or of all; loading only what is asked keeps the start quick."""
    parser = argparse.ArgumentParser(prog="creditbank", description="An open credit bank (学分银行).")
    parser.add_argument("--bank", metavar="FOLDER", help="the bank's folder (default: $CREDITBANK_HOME or ./bank)")
    below = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in wanted or commands():
        module = importlib.import_module(f"creditbank.cli.{name}")
        summary = (module.__doc__ or "").splitlines()[0].rstrip(".")
        sub = below.add_parser(name, help=summary, description=module.__doc__)
        sub.add_argument("--json", action="store_true", help="print the answer as JSON")
        module.add_arguments(sub)
        sub.set_defaults(run=module.run)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    named = [word for word in words if word in commands()][:1]
    arguments = build_parser(named or None).parse_args(words)
    try:
        return int(arguments.run(arguments))
    except Problem as problem:
        print(problem.zh if _speaks_chinese() else problem.en, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130


def _speaks_chinese() -> bool:
    language = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return language.lower().startswith("zh")


if __name__ == "__main__":
    sys.exit(main())
