"""Puts rules and overlays into a bank and reads them back for ``creditbank rules``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from creditbank.cli.shown import said
from creditbank.domain.conversions.read import KIND as CONVERSION
from creditbank.domain.explanation import Refusal, Verdict
from creditbank.domain.rule_documents import (
    AnyRules,
    DecidingRules,
    answer_cases,
    lint_rules,
    read_cases_of,
    read_rules,
    rules_data,
    rules_hash,
)
from creditbank.domain.rules.overlay import Overlay
from creditbank.exchange.documents import read_document, write_document
from creditbank.gateways.disk import write_whole
from creditbank.gateways.problem import Problem
from creditbank.gateways.wording import messages

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence
    from datetime import date
    from typing import Any

    from creditbank.queries.rule_sets import Version
    from creditbank.records.institutions import Institution

DONE, RED = 0, 1


def take_in(args: argparse.Namespace, rules: DecidingRules, cases: tuple[bytes, str] | None) -> int:
    """Put rules in force at an institution from a day on, as when a bank is set up: without a review, and recorded so.

    Cases that are red, findings that forbid the rules and parts of an overlay that do not hold with what is inherited
    are said, and then nothing is done. Green cases are attached to the rule set, whose test-bench asks them of every
    later draft; those of an overlay are asked of the rules as it is laid.

    Raises:
        Problem: the institution decided a version of these rules by its own review, or keeps another kind of that code.
    """
    documents = read_document(cases[0], name=cases[1])["cases"] if cases is not None else []
    wrong = [] if isinstance(rules, Overlay) else _wrong(rules, documents)
    if wrong:
        return _nothing_done(wrong)
    # Commands on files need neither a database nor what speaks to one.
    from creditbank.cli.boot import actor_of, opened, place_of

    with opened(args, "rules"):
        from creditbank.gateways import clock
        from creditbank.queries.overlays import standing_of
        from creditbank.queries.rule_sets import list_versions
        from creditbank.records.scope import acting_for
        from creditbank.services.rule_cases import take_in_cases
        from creditbank.services.rules import publish_rule_version

        place = place_of(args)
        actor = actor_of(args, place)
        with acting_for(institution=place.id, purpose="rules.import") as scope:
            since: date = args.since or clock.today(place.zone)
            _refuse_later(list_versions(scope, kind=rules.kind, on=since), place, rules, since)
            decides: DecidingRules = rules
            if isinstance(rules, Overlay):
                for day in sorted({since, max(since, clock.today(place.zone))}):
                    laid = standing_of(scope, rules, institution=place.id, on=day)
                    wrong = said(laid.refused, messages())
                    wrong += _wrong(laid.rules, documents) if laid.rules is not None and not wrong else []
                    if wrong:
                        return _nothing_done(wrong)
                    decides = laid.rules or decides
            try:
                version = publish_rule_version(
                    scope=scope,
                    document=rules_data(rules),
                    effective_from=since,
                    actor=actor,
                    at=clock.now(),
                )
                attached = take_in_cases(
                    scope=scope,
                    actor=actor,
                    rule_set_id=version.rule_set_id,
                    rules=decides,
                    documents=documents,
                    at=clock.now(),
                    source={"file": cases[1]} if cases is not None else {},
                )
            except ValueError as error:
                raise Problem(en=f"{error}. Nothing was done.", zh=f"{error}。没有任何操作。") from error
            if isinstance(attached, Refusal):
                lines = " ".join(said(attached.explanation, messages()))
                raise Problem(en=f"{lines} Nothing was done.", zh=f"{lines}没有任何操作。")
            answer = {
                "code": rules.code,
                "kind": rules.kind,
                "number": version.number,
                "hash": version.content_hash,
                "effective_from": version.effective_from.isoformat(),
                "cases": attached,
            }
    if args.json:
        print(json.dumps(answer, ensure_ascii=False))
    else:
        print(
            f"{rules.code} ({rules.kind}) version {answer['number']} {rules_hash(rules)[:12]}:"
            f" in force at {place.code} from {answer['effective_from']}; {attached} test cases attached or changed"
        )
    return DONE


def read_back(args: argparse.Namespace) -> int:
    """Write the document of a version that an institution has or inherits, the one in force unless a number is given.

    With ``laid`` the rules that decide there today: what is inherited, with every overlay laid on it.

    Raises:
        LookupError: there is no such version.
    """
    from creditbank.cli.boot import opened, place_of

    with opened(args, "rules"):
        from creditbank.gateways import clock
        from creditbank.queries.rule_sets import find_content
        from creditbank.queries.rules import rules_in_force, version_in_force
        from creditbank.records.scope import acting_for

        place = place_of(args)
        on: date = clock.today(place.zone)
        with acting_for(institution=place.id, purpose="rules.show") as scope:
            if args.laid:
                asked: dict[str, Any] = {"institution": place.id, "code": args.rules, "on": on}
                found = version_in_force(scope, **asked)
                converts = rules_in_force(scope, kind=CONVERSION, **asked)
                decides = found.compiled.rules if found else converts.rules if converts else None
                content = rules_data(decides) if decides is not None else None
            else:
                content = find_content(scope, args.rules, number=args.version, on=on)
    if content is None:
        which = f"version {args.version}" if args.version else "version in force"
        raise LookupError(f"{place.code} has no {which} of rules {args.rules}")
    # The database keeps objects in an order of its own; the normal form has the one that people read.
    document = rules_data(read_rules(content))
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n" if args.json else write_document(document)
    if args.output:
        write_whole(Path(args.output), text.encode(), mode=0o644)
    else:
        sys.stdout.write(text)
    return DONE


def _refuse_later(versions: Sequence[Version], place: Institution, rules: AnyRules, since: date) -> None:
    """Nothing is taken in past a review of the institution, nor before what begins on that day or later."""
    own = [one for one in versions if (one.institution_id, one.code) == (place.id, rules.code)]
    if any(not one.taken_in for one in own):
        raise Problem(
            en=f"{rules.code} was reviewed at {place.code}: a new version is begun there as a draft. Nothing was done.",
            zh=f"{rules.code} 的版本已在 {place.code} 经过审核：新版本请在该处起草。没有任何操作。",
        )
    later = [one for one in own if one.effective_from is not None and one.effective_from >= since]
    if later and later[0].content_hash != rules_hash(rules):
        number, first = later[0].number, later[0].effective_from
        raise Problem(
            en=f"Version {number} of {rules.code} begins on {first}: name a later day. Nothing was done.",
            zh=f"{rules.code} 第 {number} 版自 {first} 起生效：请指定更晚的日期。没有任何操作。",
        )


def _nothing_done(wrong: Sequence[str]) -> int:
    print("\n".join(wrong), file=sys.stderr)
    print("Nothing was done.", file=sys.stderr)
    return RED


def _wrong(rules: DecidingRules, documents: Sequence[Mapping[str, Any]]) -> list[str]:
    """What forbids rules: findings, and cases that are red."""
    lines = [finding.line for finding in lint_rules(rules) if finding.line.verdict is Verdict.NO]
    wrong = said(lines, messages())
    asked = read_cases_of(rules, documents) if documents else ()
    for case, answer in zip(asked, answer_cases(rules, asked) if asked else (), strict=True):
        wrong += [f"{case.id} is red: {one.what}: {one.expected}, {one.found}" for one in answer.differences]
    return wrong
