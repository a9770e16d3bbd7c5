"""Evaluate, test, check and compare rules on files; put them into a bank and read them back."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from creditbank.cli import conversion_rules, rule_impact, rule_scan
from creditbank.cli.rule_answers import answer_data, finding_data, result_data
from creditbank.cli.shown import said
from creditbank.domain.conversions import composition as conversion_composition
from creditbank.domain.conversions.compile import compile_conversions
from creditbank.domain.conversions.differences import conversion_differences
from creditbank.domain.conversions.loops import NO_CARRIERS
from creditbank.domain.conversions.model import ConversionRules
from creditbank.domain.explanation import Refusal, Verdict, to_data
from creditbank.domain.rule_documents import kind_decided, lay_any
from creditbank.domain.rules import composition, counterfactuals, differences, facts, figures, lint_limits, trace
from creditbank.domain.rules import lint as rules_lint
from creditbank.domain.rules.cases import answer_case, run_case
from creditbank.domain.rules.compile import compile_rules
from creditbank.domain.rules.model import RuleSet
from creditbank.domain.rules.overlay import Overlay
from creditbank.domain.rules.places import UnreadableError
from creditbank.domain.rules.write import condition_data, rule_set_data, rule_set_hash
from creditbank.exchange import jdm
from creditbank.exchange.documents import MOST_BYTES, DocumentError
from creditbank.exchange.rules import (
    load_any_pack,
    load_any_rules,
    load_carriers,
    load_cases,
    load_courses,
    load_outcomes,
    load_overlay,
)
from creditbank.gateways.columns import ColumnProblem
from creditbank.gateways.disk import write_whole
from creditbank.gateways.documents import conversion_pack_codes, file_bytes, pack_cases_bytes, pack_codes
from creditbank.gateways.files import FileRefused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from creditbank.domain.conversions.compile import CompiledConversions
    from creditbank.domain.conversions.composition import ComposedConversions
    from creditbank.domain.explanation import Explanation, Line
    from creditbank.domain.rule_documents import AnyRules
    from creditbank.domain.rules.cases import Case
    from creditbank.domain.rules.compile import Compiled
    from creditbank.domain.rules.composition import Composed

GREEN, RED, UNREADABLE = 0, 1, 2
_MESSAGES = {
    **facts.MESSAGES,
    **trace.MESSAGES,
    **counterfactuals.MESSAGES,
    **figures.MESSAGES,
    **rules_lint.MESSAGES,
    **lint_limits.MESSAGES,
    **differences.MESSAGES,
    **composition.MESSAGES,
    **conversion_composition.MESSAGES,
}
_MOST_OUTCOME_BYTES = 50_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Actions on files."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    evaluate = actions.add_parser("evaluate", help="say what each outcome would give, and why")
    evaluate.add_argument("rules", metavar="RULES", help="a file with a rule set, or the code of a pack")
    evaluate.add_argument("outcomes", metavar="OUTCOMES", help="a file with outcomes (creditbank schema outcomes)")
    test = actions.add_parser("test", help="run the golden cases of a rule set")
    test.add_argument("rules", metavar="PACK", help="the code of a pack, or a file with a rule set")
    test.add_argument("--cases", metavar="FILE", help="the file with the cases (default: PACK.cases.yaml beside it)")
    lint = actions.add_parser("lint", help="say what is wrong with a rule set, whatever is claimed under it")
    lint.add_argument(
        "rules",
        metavar="RULES",
        nargs="+",
        help="a file with a rule set, or the code of a pack; of rules for conversion several that stand together",
    )
    lint.add_argument("--units", metavar="FILE", help="certification units and what carries them, for conversion")
    lint.add_argument("--courses", metavar="FILE", help="the courses that rules for conversion may name")
    lint.add_argument("--strict", action="store_true", help="exit status 1 also for what somebody should look at")
    diff = actions.add_parser("diff", help="say in words what changed from one rule set to another")
    diff.add_argument("rules", metavar="BEFORE", help="a file with a rule set, or the code of a pack")
    diff.add_argument("after", metavar="AFTER", nargs="?", help="the other one; with --base it may be left out")
    for action in (evaluate, lint, diff):
        action.add_argument(
            "--base", metavar="BASE", help="rules (file or pack) on which the overlays that are named are laid first"
        )
    export = actions.add_parser("export", help="write the tables for another engine (GoRules JDM), or as a workbook")
    export.add_argument(
        "rules", metavar="RULES", help="a file with a rule set (YAML, JSON, XLSX), or the code of a pack"
    )
    form = export.add_mutually_exclusive_group()
    form.add_argument(
        "--xlsx", action="store_true", help="the whole rule set as a workbook, to be changed and read back"
    )
    form.add_argument("--yaml", action="store_true", help="the whole rule set as its document, also from a workbook")
    export.add_argument("--language", choices=["zh-hans", "en"], default="zh-hans", help="of the workbook")
    export.add_argument("--output", metavar="FILE", help="where to write it (default: the terminal; not a workbook)")
    change = actions.add_parser("impact", help="say what changes for outcomes when one rule set follows another")
    change.add_argument("rules", metavar="BEFORE", help="a file with a rule set, or the code of a pack")
    change.add_argument("after", metavar="AFTER", help="the other one")
    change.add_argument(
        "outcomes", metavar="OUTCOMES", nargs="?", help="a file with outcomes (creditbank schema outcomes)"
    )
    change.add_argument("--columns", metavar="DIR", help="a folder with outcomes as column files, for millions of them")
    ask = actions.add_parser("scan", help="say which transfer agreements answer one question differently")
    ask.add_argument("files", metavar="FILE", nargs="+", help="sheets of agreements, CSV or XLSX")
    ask.add_argument("--most", metavar="N", type=int, default=100, help="list at most so many pairs (default: 100)")
    bring = actions.add_parser("import", help="put rules in force at an institution, as when a bank is set up")
    bring.add_argument(
        "rules", metavar="RULES", help="a file with rules of any kind or an overlay, or the code of a pack"
    )
    bring.add_argument("--cases", metavar="FILE", help="golden cases that must be green (default: those beside it)")
    bring.add_argument("--institution", required=True, metavar="CODE", help="whose rules they become")
    bring.add_argument(
        "--from", dest="since", type=date.fromisoformat, metavar="DAY", help="first day (default: today)"
    )
    bring.add_argument("--by", metavar="SIGN-IN", help="who decides it (default: the institution itself)")
    show = actions.add_parser("show", help="write the document of a version in a bank")
    show.add_argument("rules", metavar="CODE", help="the code of the rule set")
    show.add_argument("--institution", required=True, metavar="CODE", help="who has or inherits it")
    which = show.add_mutually_exclusive_group()
    which.add_argument("--version", type=int, metavar="NUMBER", help="which version (default: the one in force)")
    which.add_argument("--laid", action="store_true", help="the rules that decide, with overlays laid on them")
    show.add_argument("--output", metavar="FILE", help="where to write it (default: the terminal)")
    for action in (evaluate, test, lint, diff, export, change, ask, bring, show):
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print the answer as JSON")


def run(args: argparse.Namespace) -> int:
    """Exit status 0: evaluated, green, nothing wrong, no difference; 1: not so; 2: a document cannot be read."""
    try:
        return _ACTIONS[args.action](args)
    except _ConflictError as error:
        return _tell_conflicts(error, as_json=args.json)
    except DocumentError as error:
        for problem in (error, *error.more):
            print(problem, file=sys.stderr)
    except (ColumnProblem, FileRefused) as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
    except LookupError as error:
        if args.action == "show":
            print(error.args[0], file=sys.stderr)
            return UNREADABLE
        print(f"{error.args[0]}; the packs are {', '.join((*pack_codes(), *conversion_pack_codes()))}", file=sys.stderr)
    return UNREADABLE


def _told(lines: Iterable[Line], depth: int) -> list[str]:
    return said(lines, _MESSAGES, depth)


def _laid(args: argparse.Namespace, named: str) -> RuleSet | ConversionRules:
    """The rules that are named; with ``--base`` an overlay laid on them.

    Raises:
        _ConflictError: some of the overlay does not hold on them.
    """
    if args.base is None:
        return _rules(named)
    base = _rules(args.base)
    overlay = load_overlay(file_bytes(named, most_bytes=MOST_BYTES), name=named)
    if kind_decided(overlay.kind) != base.kind:
        raise LookupError(f"{named} is laid on rules for {kind_decided(overlay.kind)}, {args.base} is for {base.kind}")
    composed = lay_any(base, overlay)
    if composed.conflicts:
        raise _ConflictError(named, composed)
    return composed.rules


class _ConflictError(Exception):
    """An overlay that does not fit the rules it is laid on."""

    def __init__(self, named: str, composed: Composed | ComposedConversions) -> None:
        super().__init__(named)
        self.named = named
        self.refused = composed.refused


def _tell_conflicts(error: _ConflictError, *, as_json: bool) -> int:
    if as_json:
        _print_json({"overlay": error.named, "conflicts": to_data(error.refused)})
    else:
        print("\n".join(_told(error.refused, 0)))
    return RED


def _document(named: str) -> AnyRules:
    """A file is meant where the word looks like one, else a pack."""
    if Path(named).suffix.lower() == ".xlsx":
        return _of_workbook(named)
    if Path(named).suffix or "/" in named:
        return load_any_rules(file_bytes(named, most_bytes=MOST_BYTES), name=named)
    return load_any_pack(named)


def _rules(named: str) -> RuleSet | ConversionRules:
    """Rules that answer by themselves."""
    rules = _document(named)
    if isinstance(rules, Overlay):
        raise DocumentError(named, "an overlay is told with the rules it is laid on: --base BASE")
    return rules


def _of_workbook(named: str) -> RuleSet:
    """The rules of a workbook; what cannot be read is named by sheet, row and column."""
    from creditbank.exchange import rule_sheet_reading
    from creditbank.gateways.files import open_upload
    from creditbank.gateways.wording import say_code

    with open_upload(Path(named)) as upload:
        reading = rule_sheet_reading.read_rules_workbook(upload)
    if reading.rules is not None:
        return reading.rules
    problems = []
    for fault in reading.faults:
        place = ", ".join((fault.sheet, *([f"row {fault.row}"] if fault.row else []), fault.column)).rstrip(", ")
        why = say_code(fault.line.code, fault.line.facts, "en", rule_sheet_reading.ALL_MESSAGES)
        problems.append(DocumentError(named, why, path=place))
    problems[0].more = tuple(problems[1:])
    raise problems[0]


def _cases(args: argparse.Namespace) -> tuple[bytes, str]:
    """The document with the golden cases, and what it is called."""
    file = args.cases or _cases_beside(args.rules)
    if file is not None:
        return file_bytes(file, most_bytes=MOST_BYTES), file
    data = pack_cases_bytes(args.rules)
    if data is None:
        raise LookupError(f"there are no cases of a rule pack {args.rules}")
    return data, f"{args.rules}.cases.yaml"


def _evaluate(args: argparse.Namespace) -> int:
    rules = _laid(args, args.rules)
    if isinstance(rules, ConversionRules):
        data = file_bytes(args.outcomes, most_bytes=_MOST_OUTCOME_BYTES)
        return conversion_rules.evaluate(rules, data, name=args.outcomes, as_json=args.json)
    compiled = compile_rules(rules)
    # A set of outcomes is data, not a document a person writes, so it may be larger.
    data = file_bytes(args.outcomes, most_bytes=_MOST_OUTCOME_BYTES)
    cases = load_outcomes(data, compiled.rules, name=args.outcomes, most_bytes=_MOST_OUTCOME_BYTES)
    answers = [(case.id, answer_case(compiled, case), _nearest(compiled, case)) for case in cases]
    if args.json:
        head = {"code": compiled.rules.code, "hash": compiled.hash, "unit": compiled.rules.unit}
        listed = [{"id": name, **answer_data(answer), "nearest": to_data(more)} for name, answer, more in answers]
        _print_json({"rules": head, "outcomes": listed})
        return GREEN
    for name, answer, more in answers:
        print(name)
        print("\n".join(_told((*answer.explanation, *more), 1)))
    return GREEN


def _nearest(compiled: Compiled, case: Case) -> Explanation:
    """What would have given more; nothing where the facts cannot be read."""
    outcome = facts.read_outcome(compiled.rules, case.facts)
    return () if isinstance(outcome, Refusal) else counterfactuals.what_would_give_more(compiled, outcome)


def _test(args: argparse.Namespace) -> int:
    rules = _rules(args.rules)
    data, file = _cases(args)
    if isinstance(rules, ConversionRules):
        return conversion_rules.test(rules, data, name=file, as_json=args.json)
    compiled = compile_rules(rules)
    results = [run_case(compiled, case) for case in load_cases(data, compiled.rules, name=file).cases]
    found = [finding.line for finding in rules_lint.lint(compiled.rules) if finding.line.verdict is Verdict.NO]
    red = [result for result in results if result.differences]
    if args.json:
        _print_json(
            {
                "rules": {"code": compiled.rules.code, "hash": compiled.hash},
                "cases": len(results),
                "red": [result_data(result) for result in red],
                "wrong": to_data(tuple(found)),
            }
        )
    else:
        for result in red:
            print(f"{result.case.id} is red{f': {result.case.name}' if result.case.name else ''}")
            for difference in result.differences:
                print(f"  {difference.what}: expected {difference.expected}, found {difference.found or 'nothing'}")
            print("\n".join(_told(result.answer.explanation, 2)))
        print("\n".join(_told(found, 0)), end="\n" if found else "")
        print(f"{compiled.rules.code} {compiled.hash[:12]}: {len(results)} cases, {len(red)} red, {len(found)} wrong")
    return RED if red or found else GREEN


_HEADS = {Verdict.NO: "wrong", Verdict.ASK: "look", Verdict.NOTE: "note"}


def _lint(args: argparse.Namespace) -> int:
    read, *more = [_laid(args, named) for named in args.rules]
    if isinstance(read, ConversionRules):
        return _lint_conversions(args, [read, *more])
    if more or args.units or args.courses:
        raise LookupError("only rules for conversion are checked together, with units and courses")
    compiled = compile_rules(read)
    found = rules_lint.lint(compiled.rules)
    if args.json:
        rules = {"code": compiled.rules.code, "hash": compiled.hash}
        _print_json({"rules": rules, "findings": [finding_data(finding) for finding in found]})
    else:
        for finding in found:
            (sentence,) = _told([finding.line], 0)
            print(f"{_HEADS[finding.line.verdict]:<6}{finding.places[0]}: {sentence}")
            for condition in finding.close:
                print(f"      a row with {json.dumps(condition_data(condition), ensure_ascii=False)} would close it")
        counts = [sum(finding.line.verdict is verdict for finding in found) for verdict in _HEADS]
        print(
            f"{compiled.rules.code} {compiled.hash[:12]}: {counts[0]} wrong, {counts[1]} to look at, {counts[2]} notes"
        )
    grave = {Verdict.NO, Verdict.ASK} if args.strict else {Verdict.NO}
    return RED if any(finding.line.verdict in grave for finding in found) else GREEN


def _lint_conversions(args: argparse.Namespace, read: list[RuleSet | ConversionRules]) -> int:
    together = [one for one in read if isinstance(one, ConversionRules)]
    if len(together) < len(read):
        raise LookupError("rules for recognition are not checked together with rules for conversion")
    units = load_carriers(file_bytes(args.units, most_bytes=MOST_BYTES), name=args.units) if args.units else NO_CARRIERS
    courses = load_courses(file_bytes(args.courses, most_bytes=MOST_BYTES), name=args.courses) if args.courses else None
    return conversion_rules.lint_rules(together, courses, units, as_json=args.json, strict=args.strict)


def _diff(args: argparse.Namespace) -> int:
    if args.after is None and args.base is None:
        raise LookupError("diff compares two rule sets, or with --base what an overlay changes")
    first = _laid(args, args.rules)
    read = (_rules(args.base), first) if args.after is None else (first, _laid(args, args.after))
    if isinstance(read[0], ConversionRules) and isinstance(read[1], ConversionRules):
        before, after = (compile_conversions(one) for one in read if isinstance(one, ConversionRules))
        return _tell_differences(conversion_differences(read[0], read[1]), before, after, as_json=args.json)
    if isinstance(read[0], RuleSet) and isinstance(read[1], RuleSet):
        old, new = compile_rules(read[0]), compile_rules(read[1])
        return _tell_differences(differences.differences(read[0], read[1]), old, new, as_json=args.json)
    raise LookupError(f"{args.rules} and {args.after} are of two kinds, recognition and conversion")


def _tell_differences(
    found: Explanation, before: Compiled | CompiledConversions, after: Compiled | CompiledConversions, *, as_json: bool
) -> int:
    if as_json:
        sides = {
            name: {"code": one.rules.code, "hash": one.hash} for name, one in (("before", before), ("after", after))
        }
        _print_json({**sides, "differences": to_data(found)})
    else:
        print("\n".join(_told(found, 0)) or f"{before.hash[:12]}: the same rules")
    return RED if found else GREEN


def _export(args: argparse.Namespace) -> int:
    rules = _rules(args.rules)
    if not isinstance(rules, RuleSet):
        print(
            f"{args.rules} are rules for conversion; the format knows tables of single outcomes only", file=sys.stderr
        )
        return UNREADABLE
    if args.xlsx or args.yaml:
        return _export_whole(args, rules)
    exported = jdm.rule_set_jdm(rules)
    text = json.dumps(exported.document, ensure_ascii=False, indent=2) + "\n"
    if args.output:
        write_whole(Path(args.output), text.encode(), mode=0o644)
    else:
        sys.stdout.write(text)
    if args.json:
        print(json.dumps(to_data(exported.left_out), ensure_ascii=False), file=sys.stderr)
    else:
        print("\n".join(said(exported.left_out, jdm.MESSAGES)), file=sys.stderr)
    return GREEN


def _export_whole(args: argparse.Namespace, rules: RuleSet) -> int:
    """The whole rule set as a workbook or as its document; both are read back as rules of the same hash."""
    from creditbank.exchange.rule_sheets import rules_workbook
    from creditbank.exchange.rule_texts import rules_text

    data = rules_workbook(rules, args.language) if args.xlsx else rules_text(rule_set_data(rules)).encode()
    if args.output:
        write_whole(Path(args.output), data, mode=0o644)
    elif args.xlsx:
        print("a workbook goes into a file: --output FILE.xlsx", file=sys.stderr)
        return UNREADABLE
    else:
        sys.stdout.write(data.decode())
    digest = rule_set_hash(rules)
    if args.json:
        print(json.dumps({"code": rules.code, "hash": digest}), file=sys.stderr)
    else:
        print(f"{rules.code} {digest[:12]}", file=sys.stderr)
    return GREEN


def _impact(args: argparse.Namespace) -> int:
    if (args.outcomes is None) == (args.columns is None):
        raise LookupError("say either a file with outcomes or a folder with --columns")
    before, after = (_recognition(named) for named in (args.rules, args.after))
    if args.columns is not None:
        return rule_impact.of_columns(before, after, Path(args.columns), as_json=args.json)
    data = file_bytes(args.outcomes, most_bytes=_MOST_OUTCOME_BYTES)
    cases = load_outcomes(data, before.rules, name=args.outcomes, most_bytes=_MOST_OUTCOME_BYTES)
    return rule_impact.of_cases(before, after, cases, as_json=args.json)


def _scan(args: argparse.Namespace) -> int:
    return rule_scan.scan(args.files, most=args.most, as_json=args.json)


def _recognition(named: str) -> Compiled:
    rules = _rules(named)
    if not isinstance(rules, RuleSet):
        raise LookupError(f"{named} are rules for conversion; the impact is told of rules for recognition")  # noqa: TRY004
    return compile_rules(rules)


# What stands on files needs neither Django nor a database, so that what opens a bank is loaded only where it is asked.


def _import(args: argparse.Namespace) -> int:
    from creditbank.cli import stored_rules

    rules = _document(args.rules)
    try:
        cases: tuple[bytes, str] | None = _cases(args)
    except (LookupError, FileNotFoundError):
        if args.cases:
            raise
        cases = None
    try:
        return stored_rules.take_in(args, rules, cases)
    except UnreadableError as unreadable:
        for problem in unreadable.problems:
            print(problem, file=sys.stderr)
        return UNREADABLE


def _show(args: argparse.Namespace) -> int:
    from creditbank.cli import stored_rules

    return stored_rules.read_back(args)


_ACTIONS = {
    "import": _import,
    "show": _show,
    "evaluate": _evaluate,
    "test": _test,
    "lint": _lint,
    "diff": _diff,
    "export": _export,
    "impact": _impact,
    "scan": _scan,
}


def _cases_beside(named: str) -> str | None:
    path = Path(named)
    return str(path.with_suffix(f".cases{path.suffix}")) if path.suffix or "/" in named else None


def _print_json(data: Any) -> None:
    print(json.dumps(data, ensure_ascii=False, indent=2))
