"""Writes decision tables as GoRules JDM, so that a stranger re-runs them in another engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from creditbank.domain.explanation import Line, Verdict
from creditbank.domain.rules.amounts import plain_number
from creditbank.domain.rules.model import (
    Accept,
    CreditOf,
    Fact,
    FromFact,
    Give,
    Hit,
    Interval,
    OneOf,
    PerUnit,
    Row,
    RuleSet,
    Table,
    Tiers,
)
from creditbank.domain.rules.write import credit_data, rule_set_hash

MESSAGES: dict[str, str] = {
    "jdm.part_left_out": "{part} {id} is not in the file: the tables are asked before or after it.",
    "jdm.amount_left_out": "Row {row} of table {table} has no amount there: that engine cannot say it exactly.",
    "jdm.many_rows": "Table {table} answers with all rows that fit: {hit} is applied to that list by the reader.",
}

_CONTENT_TYPE = "application/vnd.gorules.decision"
_PARTS = ("exclude", "prerequisite", "adjust", "choose", "cap", "validity", "figures")


@dataclass(frozen=True, slots=True)
class Exported:
    """The JDM document, and a line for everything of the rule set that it does not hold."""

    document: dict[str, Any]
    left_out: tuple[Line, ...]


def rule_set_jdm(rules: RuleSet) -> Exported:
    """The tables of a rule set as one JDM decision: facts in, under each table's code the rows that fit out.

    Facts are given under ``facts`` as the tables see them; days as ``2026-03-01``, what is not answered is left out.
    A table whose first row decides answers with that row, every other with the list of all that fit. The order of a
    table with priorities is that of the priorities.
    """
    head = {"id": "facts", "type": "inputNode", "name": "facts", "position": {"x": 0, "y": 0}}
    end = {"id": "answer", "type": "outputNode", "name": "answer", "position": {"x": 800, "y": 0}}
    facts = {fact.name: fact for fact in rules.facts}
    nodes = [_node(table, number, facts) for number, table in enumerate(rules.tables)]
    edges = []
    for node in nodes:
        edges.append({"id": f"to-{node['id']}", "type": "edge", "sourceId": "facts", "targetId": node["id"]})
        edges.append({"id": f"from-{node['id']}", "type": "edge", "sourceId": node["id"], "targetId": "answer"})
    document = {
        "contentType": _CONTENT_TYPE,
        "nodes": [head, *nodes, end],
        "edges": edges,
        "creditbank": {"code": rules.code, "content_hash": rule_set_hash(rules), "unit": rules.unit},
    }
    return Exported(document, tuple(_left_out(rules)))


def _left_out(rules: RuleSet) -> Iterator[Line]:
    facts = {fact.name: fact for fact in rules.facts}
    for part in _PARTS:
        for one in getattr(rules, part):
            yield Line("jdm.part_left_out", Verdict.NOTE, {"part": part, "id": one.id})
    for table in rules.tables:
        if table.hit is not Hit.FIRST:
            yield Line("jdm.many_rows", Verdict.NOTE, {"table": table.code, "hit": table.hit.value})
        for row in table.rows:
            if isinstance(row.give, Give) and _credit(row.give.credit, facts) is None:
                yield Line("jdm.amount_left_out", Verdict.NOTE, {"table": table.code, "row": row.id})


def _node(table: Table, number: int, facts: Mapping[str, Fact]) -> dict[str, Any]:
    asked = tuple(dict.fromkeys([*(cell.fact for cell in table.when), *table.columns]))
    rows = sorted(table.rows, key=lambda row: -row.priority)
    outputs = ("row", "ruling", "credit", "category", "level", "field", "clause")
    return {
        "id": f"table-{number}",
        "type": "decisionTableNode",
        "name": table.code,
        "position": {"x": 400, "y": number * 120},
        "content": {
            "hitPolicy": "first" if table.hit is Hit.FIRST else "collect",
            "outputPath": f"tables.{_path(table.code)}",
            "passThrough": False,
            "inputs": [{"id": f"i-{name}", "name": name, "field": f"facts.{name}"} for name in asked],
            "outputs": [{"id": f"o-{name}", "name": name, "field": name} for name in outputs],
            "rules": [_rule(table, row, facts) for row in rows],
        },
    }


def table_path(table: Table) -> str:
    """Under which name of ``tables`` the answer of a table stands."""
    return _path(table.code)


def _path(code: str) -> str:
    """A code as a name of the expression language."""
    return "t_" + "".join(letter if letter.isalnum() else f"_{ord(letter):x}_" for letter in code)


def _rule(table: Table, row: Row, facts: Mapping[str, Fact]) -> dict[str, Any]:
    cells = {cell.fact: cell.accept for cell in table.when}
    cells = {cell.fact: cell.accept for cell in row.when} | cells
    written = {f"i-{name}": _cell(accept) for name, accept in cells.items()}
    # A fact that the table's condition and a row both name must fulfil both.
    for cell in row.when:
        other = next((one.accept for one in table.when if one.fact == cell.fact), None)
        if other is not None:
            written[f"i-{cell.fact}"] = f"({_asked(other)}) and ({_asked(cell.accept)})"
    rule: dict[str, Any] = {"_id": row.id, **written, "o-row": _text(row.id), "o-clause": _text(row.clause.en)}
    if not isinstance(row.give, Give):
        return rule | {"o-ruling": _text(row.give.value)}
    rule["o-ruling"] = _text("recognise")
    rule["o-category"] = _text(row.give.category)
    for name in ("level", "field"):
        value = getattr(row.give, name)
        if value is not None:
            rule[f"o-{name}"] = f"facts.{value.fact}" if isinstance(value, FromFact) else _text(value)
    credit = _credit(row.give.credit, facts)
    return rule if credit is None else rule | {"o-credit": credit}


def _credit(credit: CreditOf, facts: Mapping[str, Fact]) -> str | None:
    """The amount as an expression; ``None`` where the other engine's decimals could not say it exactly."""
    match credit:
        case FromFact(times=times):
            return f"facts.{credit.fact}" if times == 1 else None
        case PerUnit():
            if not credit.whole:
                return None
            # A fact that is not answered is missing there, and what is missing cannot be added up.
            if len(credit.of) > 1 and any(facts[name].when or facts[name].optional for name in credit.of):
                return None
            counted = " + ".join(f"facts.{name}" for name in credit.of)
            counted = f"({counted})" if len(credit.of) > 1 else counted
            return f"floor({counted} / {plain_number(credit.each)}) * {credit_data(credit.gives)}"
        case Tiers():
            said = "null"
            for least, gives in credit.tiers:
                said = f"facts.{credit.of} >= {plain_number(least)} ? {credit_data(gives)} : ({said})"
            # The highest tier must be asked first, so it is written last and stands outermost.
            return said
    return credit_data(credit)


def _cell(accept: Accept) -> str:
    """A cell in the unary form of the other engine: what is asked of the column's own value."""
    if isinstance(accept, OneOf):
        if isinstance(accept.values[0], bool):
            return "true" if accept.values[0] else "false"
        return ", ".join(_text(str(value)) for value in accept.values)
    return " and ".join(f"{sign} {_end(end)}" for sign, end in _signs(accept))


def _asked(accept: Accept) -> str:
    """The same, with the column's value named, for cells that are joined."""
    if isinstance(accept, OneOf):
        if isinstance(accept.values[0], bool):
            return f"$ == {'true' if accept.values[0] else 'false'}"
        return f"$ in [{', '.join(_text(str(value)) for value in accept.values)}]"
    return " and ".join(f"$ {sign} {_end(end)}" for sign, end in _signs(accept))


def _signs(interval: Interval) -> Iterator[tuple[str, Decimal | date]]:
    if interval.low is not None:
        yield (">" if interval.low_open else ">="), interval.low
    if interval.high is not None:
        yield ("<" if interval.high_open else "<="), interval.high


def _end(end: Decimal | date) -> str:
    return f'd("{end.isoformat()}")' if isinstance(end, date) else plain_number(end)


def _text(text: str) -> str:
    """A text of the expression language, which knows no way to write a quotation mark inside one."""
    plain = text.replace('"', "”").replace("\\", "/").replace("\n", " ")
    return f'"{plain}"'
