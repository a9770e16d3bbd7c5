"""Every way in which a sheet leaves the bank, found in the code itself."""

from __future__ import annotations

import ast
from pathlib import Path

import creditbank

HOUSE = Path(creditbank.__file__).parent
WRITER = "creditbank.exchange.spreadsheets"
WRITES = frozenset(f"{WRITER}.{name}" for name in ("write_sheet", "write_workbook", "sheet_bytes", "workbook_bytes"))


READ_AT_ONCE = frozenset({"creditbank.cli.catalogue._import"})
"""Commands that write a document as a sheet only to read it as one; it never leaves."""


def sheets_out():
    """The functions of pages and commands through which something written by the one writer leaves.

    A page is a function behind a door. Of a command it is the function that asks the floors below.
    """
    calls = _calls()
    reaching = set(WRITES)
    while more := {name for name, called in calls.items() if name not in reaching and called & reaching}:
        reaching |= more
    found = set()
    for name in reaching - WRITES - READ_AT_ONCE:
        floor = name.split(".")[1]
        if (floor == "web" and name in _DOORS) or (
            floor == "cli" and any(not one.startswith("creditbank.cli.") for one in calls[name] & reaching)
        ):
            found.add(name)
    return {name.removeprefix("creditbank.") for name in found}


_DOORS: set[str] = set()


def _calls():
    """By function, every function of the house that it names, wherever in it that stands."""
    found = {}
    for path in sorted(HOUSE.rglob("*.py")):
        if "migrations" in path.parts:
            continue
        module = ".".join(("creditbank", *path.relative_to(HOUSE).with_suffix("").parts)).removesuffix(".__init__")
        tree = ast.parse(path.read_text(encoding="utf-8"))
        whole = _imports(tree.body)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                name = f"{module}.{node.name}"
                own = {one.name: f"{module}.{one.name}" for one in tree.body if isinstance(one, ast.FunctionDef)}
                known = own | whole | _imports(ast.walk(node))
                found[name] = found.get(name, set()) | {_named(one, known) for one in ast.walk(node)} - {""}
                if any("door(" in ast.unparse(mark) for mark in node.decorator_list):
                    _DOORS.add(name)
    return found


def _imports(nodes):
    known = {}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module:
            known |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return known


def _named(node, known):
    if isinstance(node, ast.Name):
        return known.get(node.id, "")
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return f"{known[node.value.id]}.{node.attr}" if node.value.id in known else ""
    return ""
