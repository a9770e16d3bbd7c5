"""Verify a proof file offline: exit 0 valid, 1 not valid, 2 unreadable, 3 its key is not pinned."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

from creditbank.domain.explanation import Explanation, Line, Verdict, to_data, worst
from creditbank.domain.log.checkpoint import VerifierKey
from creditbank.domain.log.proof import ProofUnreadableError, judge, read_proof
from creditbank.gateways.log_files import read_small_text
from creditbank.gateways.problem import Problem
from creditbank.gateways.signing import read_log_key, verify_ed25519
from creditbank.gateways.wording import say

VALID, INVALID, UNREADABLE, UNPINNED = 0, 1, 2, 3
_MARKS = {Verdict.YES: "✓", Verdict.NO: "✗", Verdict.ASK: "!", Verdict.NOTE: "·"}
_ENDS = {
    VALID: ("valid", "log.verdict_valid"),
    INVALID: ("invalid", "log.verdict_invalid"),
    UNPINNED: ("unpinned", "log.verdict_unpinned"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The file, the keys to trust, and the language of the answer."""
    parser.add_argument("file", metavar="FILE", help="a creditbank.proof/1 file")
    parser.add_argument(
        "--log-key",
        metavar="VKEY",
        action="append",
        default=[],
        help="the key the log must have, as the bank publishes it (name+id+key), or a file that holds it; "
        "may be given several times",
    )
    parser.add_argument("--lang", choices=["en", "zh"], help="language of the answer (default: from LANG)")


def run(args: argparse.Namespace) -> int:
    """Judge the file by itself: no database, no network, no bank."""
    language = args.lang or language_of(os.environ)
    try:
        pinned = [_key(given) for given in args.log_key]
        file = read_proof(read_small_text(Path(args.file)))
    except (ProofUnreadableError, Problem) as error:
        return _unreadable(error, language, as_json=args.json)
    explanation = judge(file, pinned, verify_ed25519)
    status = {Verdict.NO: INVALID, Verdict.ASK: UNPINNED}.get(worst(explanation), VALID)
    name, code = _ENDS[status]
    if args.json:
        _print_json(name, explanation, language, record=file.record)
    else:
        for line in explanation:
            print(_MARKS[line.verdict], say(line, language))
        print(say(Line(code), language))
    return status


def language_of(environment: os._Environ[str] | dict[str, str]) -> str:
    """The language a terminal asks for: Chinese or English."""
    asked = environment.get("LC_ALL") or environment.get("LC_MESSAGES") or environment.get("LANG") or ""
    return "zh" if asked.lower().startswith("zh") else "en"


def _key(given: str) -> VerifierKey:
    path = Path(given)
    try:
        from_file = path.is_file()
    except OSError:
        from_file = False
    return read_log_key(read_small_text(path, 10_000) if from_file else given)


def _unreadable(error: ProofUnreadableError | Problem, language: str, *, as_json: bool) -> int:
    if isinstance(error, ProofUnreadableError):
        said = say(error.line, language)
    else:
        said = error.zh if language == "zh" else error.en
    if as_json:
        print(json.dumps({"verdict": "unreadable", "reason": said}, ensure_ascii=False, indent=2))
    else:
        print(_MARKS[Verdict.NO], said)
    return UNREADABLE


def _print_json(verdict: str, explanation: Explanation, language: str, *, record: Any) -> None:
    checks = [
        {**data, "said": say(line, language)} for data, line in zip(to_data(explanation), explanation, strict=True)
    ]
    print(json.dumps({"verdict": verdict, "checks": checks, "record": record}, ensure_ascii=False, indent=2))
