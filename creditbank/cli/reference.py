"""Write the reference documentation from the code, or check that what is written is current."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import pkgutil
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import creditbank

FOLDER = Path(creditbank.__file__).resolve().parents[1] / "docs" / "reference"
LOCALE = Path(creditbank.__file__).resolve().parent / "locale"
NOTE = "<!-- Made from the code by `make docs`; do not edit. -->\n"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """To write, to check, or by default to list the pages."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--write", action="store_true", help="write the pages that are not current")
    group.add_argument("--check", action="store_true", help="exit 1 when a page is not current")


def run(arguments: argparse.Namespace) -> int:
    """Make every page and compare it with the one that is there; needs no database."""
    made = pages()
    stale = [name for name, text in made.items() if not _is(FOLDER / name, text)]
    extra = sorted({path.name for path in FOLDER.glob("*.md")} - made.keys())
    if arguments.write:
        FOLDER.mkdir(parents=True, exist_ok=True)
        for name in stale:
            (FOLDER / name).write_text(made[name], encoding="utf-8")
    states = {name: ("stale" if name in stale else "current") for name in made} | dict.fromkeys(extra, "unknown")
    if arguments.write:
        states |= dict.fromkeys(stale, "written")
    if arguments.json:
        print(json.dumps(states, indent=2))
    else:
        print("\n".join(f"docs/reference/{name:<16} {state}" for name, state in sorted(states.items())))
    if arguments.check and (stale or extra):
        print("The reference documentation is not what the code says. Run: make docs")
        return 1
    return 0


def pages() -> dict[str, str]:
    """Every page of the reference by its file name."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "creditbank.config.settings")
    import django

    django.setup()
    makers: dict[str, Callable[[], Iterator[str]]] = {
        "settings.md": _settings,
        "commands.md": _commands,
        "permissions.md": _permissions,
        "routes.md": _routes,
        "tables.md": _tables,
        "states.md": _states,
        "errors.md": _errors,
        "packs.md": _packs,
    }
    from django.utils import translation

    with translation.override("en"):
        return {name: NOTE + _plain("\n".join(make())) for name, make in makers.items()}


def _plain(text: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n"


def _is(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    names = list(head)
    yield ""
    yield f"| {' | '.join(names)} |"
    yield f"|{'---|' * len(names)}"
    for row in rows:
        yield f"| {' | '.join(_cell(value) for value in row)} |"
    yield ""


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _settings() -> Iterator[str]:
    from django.conf import settings

    yield "# Settings"
    yield ""
    yield "The bank reads its settings from the environment. Nothing has to be set."
    rows = [
        (
            f"`{setting.name}`",
            {bool: "yes or no", str: "text", int: "number"}[setting.kind],
            f"`{_default(setting.default)}`" if setting.default != "" else "",
            "yes" if setting.secret else "",
            setting.help,
        )
        for setting in settings.SETTINGS
    ]
    yield from _table(("Setting", "Value", "Default", "Secret", "What it does"), rows)


def _default(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _commands() -> Iterator[str]:
    from creditbank.cli.main import build_parser

    parser = build_parser()
    yield "# Commands"
    yield ""
    yield "`creditbank COMMAND`; each takes `--json` for an answer to be read by programs, and"
    yield "`creditbank --bank FOLDER COMMAND` names the bank's folder."
    yield ""
    for name, below in sorted(_parsers(parser).items()):
        yield from _command(name, below, 2)


def _parsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    found: dict[str, argparse.ArgumentParser] = {}
    for action in parser._actions:  # noqa: SLF001 - argparse tells its arguments nowhere else
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            found |= action.choices
    return found


def _command(name: str, parser: argparse.ArgumentParser, depth: int) -> Iterator[str]:
    yield f"{'#' * depth} creditbank {name}"
    yield ""
    if parser.description:
        yield " ".join(parser.description.split())
    rows = []
    for action in parser._actions:  # noqa: SLF001
        if isinstance(action, argparse._SubParsersAction | argparse._HelpAction):  # noqa: SLF001
            continue
        taken = action.metavar or (action.dest.upper() if action.nargs != 0 else "")
        values = taken if isinstance(taken, str) else " ".join(taken)
        names = " or ".join(action.option_strings)
        written = f"`{names} {values}`" if names and values else f"`{names or values}`"
        meaning = (action.help or "").replace("%(default)s", str(action.default))
        rows.append((written, meaning[:1].upper() + meaning[1:]))
    if rows:
        yield from _table(("Argument", "Meaning"), rows)
    else:
        yield ""
    for inner, below in _parsers(parser).items():
        yield from _command(f"{name} {inner}", below, depth + 1)


def _permissions() -> Iterator[str]:
    from creditbank.domain.access import PERMISSIONS, Tenant

    reach = {
        Tenant.PUBLIC: "everybody",
        Tenant.SIGNED_IN: "whoever is signed in",
        Tenant.SELF: "the learner whose it is",
        Tenant.INSTITUTION: "the institution that handles it, by role",
    }
    yield "# Permissions"
    yield ""
    yield "Who may do what: the table of `creditbank/domain/access.py`, which every page asks. A role held in one"
    yield "college reaches that college only. What you may not do to a thing, you may not see either: it is 404."
    rows = [
        (
            f"`{rule.name}`",
            rule.kind,
            reach[rule.tenant],
            ", ".join(sorted(role.value for role in rule.roles)),
            "" if rule.own_case_allowed else "never in an own case",
        )
        for rule in PERMISSIONS
    ]
    yield from _table(("Permission", "Thing", "Who", "Roles", "Limit"), rows)


def _routes() -> Iterator[str]:
    from creditbank.cli.urls import routes

    yield "# Routes"
    yield ""
    yield "Every address, as `creditbank urls` prints it. Errors are in [errors.md](errors.md)."
    rows = [
        (f"`{route['path']}`", " ".join(route["methods"]), f"`{route['permission']}`", route["kind"], route["tenant"])
        for route in routes()
    ]
    yield from _table(("Address", "Methods", "Permission", "Thing", "Whose"), rows)


def _tables() -> Iterator[str]:
    from creditbank.records.tables import TABLES

    yield "# Tables"
    yield ""
    yield "The one declaration of every table (`creditbank/records/tables.py`): where its rows live when a bank spans"
    yield "many servers, whose they are by row-level policy, and what each login may do."
    rows = [
        (f"`{table.name}`", table.distribution.value, table.rows.value, table.app, table.sequencer, table.auditor)
        for table in TABLES
    ]
    yield from _table(("Table", "Distributed by", "Rows", "`app` may", "`sequencer` may", "`auditor` may"), rows)
    for table in TABLES:
        if table.declared is None:
            continue
        yield f"## `{table.name}`"
        yield ""
        yield f"Key: {_code(table.declared.key)}."
        yield from _table(("Column", "Type"), ((f"`{name}`", f"`{kind}`") for name, kind in table.declared.columns))


def _packs() -> Iterator[str]:
    from creditbank.exchange.rules import load_any_pack, load_pack, load_pack_cases
    from creditbank.gateways.documents import conversion_pack_codes, pack_codes

    yield "# Rule packs 规则包"
    yield ""
    yield "Rule sets that come along as data, each with cases from its own clauses: `creditbank rules test CODE`."
    yield "Names are neutral. What a source note calls a default was not verified; set it before use."
    yield ""
    yield "随程序提供的规则，每套附有按其条文编写的用例，运行 `creditbank rules test 代码`。名称均为中性名称。"
    yield "来源说明中称为默认值的，未经核实，启用前请自行设定。"
    yield ""
    recognition = [load_pack(code) for code in pack_codes()]
    conversion = [load_any_pack(code) for code in conversion_pack_codes()]
    for title, packs in (("Recognition 认定", recognition), ("Conversion 置换", conversion)):
        yield f"## {title}"
        yield ""
        rows = [(f"[`{pack.code}`](#{pack.code})", pack.name.said_in("en"), pack.name.zh) for pack in packs]
        yield from _table(("Pack", "English", "中文"), rows)
    for one in recognition:
        rows_of = sum(len(table.rows) for table in one.tables)
        counts = f"{rows_of} rows, {len(load_pack_cases(one.code).cases)} cases."
        yield from (f"## {one.code}", "", one.source.said_in("en"), "", one.source.zh, "", counts, "")
    for pack in conversion:
        yield from (f"## {pack.code}", "", pack.source.said_in("en"), "", pack.source.zh, "")


def _states() -> Iterator[str]:
    from creditbank.domain import ledger, recognition
    from creditbank.domain.appeals import life, objection
    from creditbank.domain.conversions import application

    yield "# States"
    yield ""
    yield from _life("A recognition claim", recognition, recognition.State.DRAFT.value)
    yield "Reasons that the learner is told:"
    yield ""
    yield f"- to refuse: {_code(recognition.REFUSAL_REASONS)}"
    yield f"- to ask for more: {_code(recognition.SUPPLEMENT_REASONS)}"
    yield f"- to reverse: {_code(recognition.REVERSAL_REASONS)}"
    yield ""
    yield from _life("A conversion application", application, f"{application.State.SUBMITTED.value}: submit")
    held = _code(state.value for state in application.State if state in application.OPEN)
    yield f"Credit is held for it while it is {held},"
    yield "and in no other state. Reasons to refuse that the learner is told:"
    yield f"{_code(application.REFUSAL_REASONS)}."
    yield ""
    yield from _life("An appeal", life, f"{life.State.FILED.value}: file")
    yield f"Reasons not to admit one: {_code(life.REJECTION_REASONS)}."
    yield ""
    yield from _life("An objection", objection, f"{objection.State.OPEN.value}: raise")
    yield "A claim or an application is `objected` while one of its objections is open, and `appealed` while an appeal"
    yield "against its refusal is filed or heard; both are in no other state then."
    yield ""
    yield from _rule_states()
    yield "## A lot of credit"
    yield ""
    yield f"Its accounts: {_code(state.value for state in ledger.State)}. Postings are of the kinds"
    yield f"{_code(kind.value for kind in ledger.Kind)}."


def _life(title: str, life: Any, first: str) -> Iterator[str]:
    """A life cycle drawn from the table that runs it; ``life`` is the module that has the table."""
    yield f"## {title}"
    yield ""
    yield "```mermaid"
    yield "stateDiagram-v2"
    yield f"    [*] --> {first}"
    for act, step in life.STEPS.items():
        for origin in life.State:
            if origin in step.origins:
                yield f"    {origin.value} --> {step.target.value}: {act.value}"
    leaving = {origin for step in life.STEPS.values() for origin in step.origins}
    for state in life.State:
        if state not in leaving:
            yield f"    {state.value} --> [*]"
    yield "```"
    yield from _table(
        ("State", "English", "中文"),
        ((f"`{state.value}`", said.en, said.zh) for state, said in life.STATE_NAMES.items()),
    )
    yield from _table(
        ("Act", "Who", "Reason", "English", "中文"),
        (
            (
                f"`{act.value}`",
                step.who.value,
                "needed" if step.reason_needed else "",
                life.ACT_NAMES[act].en,
                life.ACT_NAMES[act].zh,
            )
            for act, step in life.STEPS.items()
        ),
    )


def _rule_states() -> Iterator[str]:
    from creditbank.domain.rule_life.states import ACT_NAMES, STATE_NAMES, STEPS, Act, State

    yield "## A version of a rule set"
    yield ""
    yield "A scheduled version is in force, and later superseded, by its days alone: nobody takes these steps. Saving,"
    yield "agreeing, objections and requests that leave the state as it is are not drawn."
    yield ""
    yield "```mermaid"
    yield "stateDiagram-v2"
    yield f"    [*] --> {State.DRAFT.value}: {Act.SAVE.value}"
    yield f"    [*] --> {State.SCHEDULED.value}: {Act.TAKE_IN.value}"
    for act, step in STEPS.items():
        for origin in State:
            if origin in step.origins and step.target not in (None, origin):
                yield f"    {origin.value} --> {step.target}: {act.value}"
    yield f"    {State.SCHEDULED.value} --> {State.EFFECTIVE.value}: its first day"
    yield f"    {State.EFFECTIVE.value} --> {State.SUPERSEDED.value}: the day after its last"
    for state in (State.DISCARDED, State.SUPERSEDED, State.ABOLISHED):
        yield f"    {state.value} --> [*]"
    yield "```"
    yield from _table(
        ("State", "English", "中文"), ((f"`{state.value}`", said.en, said.zh) for state, said in STATE_NAMES.items())
    )
    limits = {"others": "not an author", "second": "not who asked", "ready": "cases green, lint content"}
    yield from _table(
        ("Act", "From", "Permission", "Limits", "Reason", "English", "中文"),
        (
            (
                f"`{act.value}`",
                _code(state.value for state in State if state in step.origins),
                f"`{step.permission}`" if step.permission else "the bank",
                ", ".join(said for name, said in limits.items() if getattr(step, name)),
                "needed" if step.reason_needed else "",
                ACT_NAMES[act].en,
                ACT_NAMES[act].zh,
            )
            for act, step in STEPS.items()
        ),
    )


def _errors() -> Iterator[str]:
    from creditbank.web.problems import STATUSES, type_of, words_of

    chinese = _chinese()
    yield "# Errors and explanations"
    yield ""
    yield "## Problem details"
    yield ""
    yield "A client that asks for `application/json` or `application/problem+json` rather than for pages gets errors as"
    yield "RFC 9457 problem details: `type`, `title`, `status`, `detail`, `instance` and `request_id`, which is also in"
    yield "the header `X-Request-ID` and in the operation log."
    rows = [(status, f"`{type_of(status)}`", *_both(words_of(status)[0], chinese)) for status in STATUSES]
    yield from _table(("Status", "Type", "Title", "中文"), rows)
    yield "## Sentences"
    yield ""
    yield "What decisions, reports and refusals say, by their code; `{places}` are filled with facts."
    for noun, sentences in _sentences().items():
        yield ""
        yield f"### {noun}"
        rows = [(f"`{code}`", *_both(sentence, chinese)) for code, sentence in sentences]
        yield from _table(("Code", "English", "中文"), rows)


def _both(sentence: str, chinese: dict[str, str]) -> tuple[str, str]:
    return sentence, chinese.get(sentence, "")


def _sentences() -> dict[str, list[tuple[str, str]]]:
    """Every code with its English sentence, by the noun in front of it."""
    found: dict[str, str] = {}
    for floor in ("domain", "gateways", "exchange", "services"):
        package = importlib.import_module(f"creditbank.{floor}")
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            found |= _messages(importlib.import_module(module.name))
    nouns = sorted({code.partition(".")[0] for code in found})
    return {noun: sorted(item for item in found.items() if item[0].startswith(f"{noun}.")) for noun in nouns}


def _messages(module: Any) -> dict[str, str]:
    return dict(getattr(module, "MESSAGES", {}))


def _chinese() -> dict[str, str]:
    """Every translation of every room."""
    import polib

    rooms = sorted(LOCALE.glob("*/zh_Hans/LC_MESSAGES/django.po"))
    return {entry.msgid: entry.msgstr for room in rooms for entry in polib.pofile(str(room)) if entry.msgstr}
