"""The house rules that no linter knows: names, sizes, docstrings, and who may touch the world outside."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

import creditbank

HOUSE = Path(creditbank.__file__).parent
ROOT = HOUSE.parent
MODULES = sorted(path for path in HOUSE.rglob("*.py") if "migrations" not in path.parts)
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in MODULES}

LONG = {
    "records/migrations/0001_first.py": "a migration is written once, by Django",
}
"""Files of more than 500 lines, each with the reason why it is not divided."""

OTHER_NAMES = {
    "apps": "Django's own name",
    "canonical": "canonical JSON, which hashes stand on; no noun of the field",
    "declaration": "what is declared of a table",
    "logins": "the four logins of the database",
    "models": "Django's own name",
    "registrar": "the registrar's own system, to which results go out and which answers",
    "rule_context": "what rules need to know of a learner beyond the outcome",
    "scope": "on whose behalf the bank acts",
    "tables": "the one declaration of every table",
    "values": "amounts and bilingual text, which everything is made of",
}
"""Modules that are named by no word of the glossary, each with the reason."""

OPENERS = {"exchange/workbooks.py": "a member of an archive, whose file the gateway has looked at"}


def inside(path: Path) -> str:
    return path.relative_to(HOUSE).as_posix()


def floor_of(path: Path) -> str:
    return path.relative_to(HOUSE).parts[0]


def called(tree: ast.Module) -> list[str]:
    """Every call as it is written, ``module.function`` or ``function``."""
    return [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]


def imported(tree: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def glossary() -> set[str]:
    cells = re.findall(r"^\|([^|]*`[^|]*)\|", (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8"), re.MULTILINE)
    return {word for cell in cells for word in re.findall(r"`([a-z_0-9]+)`", cell)}


def test_every_module_begins_with_one_sentence():
    wrong = []
    for path, tree in TREES.items():
        first = (ast.get_docstring(tree) or "").split("\n\n")[0]
        if not first.endswith(".") or len(first) > 100 or "\n" in first:
            wrong.append(f"{inside(path)}: {len(first)} letters: {first}")
    assert wrong == []


def test_modules_are_named_by_the_glossary():
    words = glossary()
    assert len(words) > 100
    named = {
        (path.stem if path.suffix == ".py" else path.name)
        for floor in ("domain", "services", "queries", "projections", "records")
        for path in (HOUSE / floor).iterdir()
        if path.name not in ("__init__.py", "__pycache__", "migrations")
    }
    unknown = {name for name in named if not {name, name.removesuffix("s")} & words}
    assert unknown == OTHER_NAMES.keys()


def test_nothing_is_called_utils():
    assert [inside(path) for path in MODULES if re.search(r"util|helper|common|misc", path.stem)] == []


def test_no_file_grows_past_500_lines():
    lines = {inside(path): len(path.read_text(encoding="utf-8").splitlines()) for path in HOUSE.rglob("*.py")}
    assert {path for path, count in lines.items() if count > 500} == LONG.keys()


def test_queries_never_write():
    writes = re.compile(r"\.(create|update|save|delete|bulk_create|bulk_update|get_or_create|update_or_create)$")
    wrong = [
        f"{inside(path)}: {call}"
        for path, tree in TREES.items()
        if floor_of(path) == "queries"
        for call in called(tree)
        if writes.search(call) and not re.match(r"(whole|hasher|digest|found|counts)\.update$", call)
    ]
    wrong += [
        f"{inside(path)}: {node.value.strip()[:60]}"
        for path, tree in TREES.items()
        if floor_of(path) == "queries"
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.search(r"\b(INSERT INTO|UPDATE \w+ SET|DELETE FROM|TRUNCATE)\b", node.value)
    ]
    assert wrong == []


def test_only_the_clock_reads_the_time_and_makes_ids():
    reads = re.compile(
        r"\b(datetime\.(now|utcnow|today)|date\.today|timezone\.now|localtime\(\)|monotonic|perf_counter|uuid[1-8]"
        r"|time\.(time|time_ns|monotonic|perf_counter|monotonic_ns|perf_counter_ns))$"
    )
    wrong = [
        f"{inside(path)}: {call}"
        for path, tree in TREES.items()
        if inside(path) != "gateways/clock.py"
        for call in called(tree)
        if reads.search(call) and not call.endswith("clock.monotonic")
    ]
    assert wrong == []


def test_randomness_comes_from_gateways_only():
    users = {
        inside(path)
        for path, tree in TREES.items()
        if floor_of(path) != "gateways" and imported(tree) & {"random", "secrets", "os.urandom"}
    }
    assert users == set()


def test_files_are_opened_by_gateways_and_commands_only():
    opens = re.compile(r"(^|\.)(open|read_text|read_bytes|write_text|write_bytes|unlink|mkdir|rename|touch)$")
    users = {
        inside(path)
        for path, tree in TREES.items()
        if floor_of(path) not in ("gateways", "cli")
        for call in called(tree)
        if opens.search(call)
    }
    assert users == OPENERS.keys()


def test_only_the_log_takes_from_the_outbox():
    takes = re.compile(r"(DELETE FROM log_outbox|TRUNCATE[^;]*log_outbox|FROM log_outbox ORDER BY)")
    texts = {inside(path): path.read_text(encoding="utf-8") for path in MODULES}
    assert {path for path, text in texts.items() if takes.search(text)} == {"services/log.py"}


def test_nothing_writes_the_ledger_but_its_own_package():
    tables = "lot|posting|entry|balance|idempotency"
    writes = re.compile(rf"\b(INSERT INTO|UPDATE|DELETE FROM|COPY) ({tables})\b(?! \()|INSERT INTO ({tables}) \(")
    texts = {inside(path): path.read_text(encoding="utf-8") for path in MODULES}
    assert {path for path, text in texts.items() if writes.search(text)} == {"services/ledger/statements.py"}


@pytest.mark.parametrize("group", ["runtime", "dev"])
def test_every_dependency_says_why_it_is_here(group):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = project["project"]["dependencies"] if group == "runtime" else project["dependency-groups"]["dev"]
    names = [re.match(r"[A-Za-z0-9_.-]+", item)[0].lower() for item in listed]
    runtime, dev = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8").split("## While it is made")
    said = re.findall(r"^\| `([^`]+)` \| (\S[^|]*) \|$", runtime if group == "runtime" else dev, re.MULTILINE)
    assert [name for name, _why in said] == names


def test_no_link_of_the_documents_leads_nowhere():
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
    link = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
    wrong = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in link.findall(page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert wrong == []


def test_every_command_that_the_documents_name_exists():
    from creditbank.cli.main import commands

    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
    named = {
        word
        for page in pages
        for code in re.findall(r"`[^`]*`|```.*?```", page.read_text(encoding="utf-8"), re.DOTALL)
        for word in re.findall(r"\bcreditbank ([a-z]+)\b", code)
    }
    assert {"check", "verify", "institution"} <= named
    assert named - set(commands()) == set()
