"""Rule tables as the editor shows them: columns, rows as words, and what the check says of each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from creditbank.domain.conversions.row_words import ConversionWords
from creditbank.domain.explanation import Verdict
from creditbank.domain.rule_documents import AnyRules, lint_rules, rules_data, table_words, tables_of
from creditbank.domain.rules.cell_words import any_word, cell_words
from creditbank.domain.rules.finding import Finding
from creditbank.domain.rules.model import Hit
from creditbank.domain.rules.row_edits import row_at
from creditbank.domain.rules.row_words import CLAUSE_EN, CLAUSE_ZH, CREDIT, RowWords, TableWords, WordColumn
from creditbank.domain.values import Text
from creditbank.gateways import wording
from creditbank.web.office.rule_words import language_now

HITS = {
    Hit.UNIQUE: _("Every outcome should fit one row only; where two fit, a person decides."),
    Hit.FIRST: _("The first row that fits decides."),
    Hit.PRIORITY: _("Of the rows that fit, the one of the highest priority decides."),
    Hit.COLLECT_MAX: _("Of the rows that fit, the one that gives most decides."),
    Hit.COLLECT_SUM: _("What the rows that fit give is added up."),
}
WAYS = _("Every row is a way of its own; a learner chooses among those that fit.")
_OF_CREDIT = frozenset({"lint.over_limit", "lint.target_over_limit", "lint.unit_one_to_one"})
TONES = {Verdict.NO: "bad", Verdict.ASK: "warn", Verdict.NOTE: "info", Verdict.YES: "ok"}
_SIGNS = {Verdict.NO: "✗", Verdict.ASK: "!", Verdict.NOTE: "i", Verdict.YES: "✓"}
CHECKED_AT_ONCE = 200
"""A page of more rows is shown first and checked then."""


@dataclass(frozen=True, slots=True)
class Said:
    """A finding in words: where it stands, and how many rows would close it."""

    number: int
    tone: str
    sign: str
    sentence: str
    table: str
    rows: tuple[tuple[str, int], ...]
    key: str
    closes: int

    @property
    def row_names(self) -> str:
        """The rows it is about, for the script."""
        return " ".join(name for name, _number in self.rows)


@dataclass(frozen=True, slots=True)
class TableShown:
    """One table of the editor."""

    code: str
    number: int
    title: str
    hit: str
    columns: tuple[dict[str, Any], ...]
    body: SafeString
    count: int


def findings_said(rules: AnyRules, found: Sequence[Finding] | None = None) -> tuple[Said, ...]:
    """What the check finds, in the reader's language, with the rows each finding is about.

    ``found`` is what was found where the rules stand; without it rules are checked by themselves.
    """
    document, language = rules_data(rules), language_now()
    tables = [table_words(rules, code) for code in tables_of(rules)]
    places = {row.id: at for words in tables for at, row in enumerate(words.rows, start=1)}
    found = lint_rules(rules) if found is None else found
    return tuple(_said(number, finding, tables, document, places, language) for number, finding in enumerate(found))


def _said(
    number: int,
    finding: Finding,
    tables: Sequence[TableWords],
    document: Mapping[str, Any],
    places: Mapping[str, int],
    language: str,
) -> Said:
    line = finding.line
    names = [row_at(document, path) for path in finding.places]
    label = line.facts.get("fact")
    # The cell that a finding is about: the place inside its row says it, or the fact that it names.
    asked = ""
    if len(finding.places) == 1 and isinstance(tables[0], ConversionWords):
        asked = tables[0].key_of(finding.places[0].partition(".")[2])
    elif isinstance(label, Text):
        asked = next((one.key for words in tables for one in words.known if one.fact and one.fact.label == label), "")
    return Said(
        number=number,
        tone=TONES[line.verdict],
        sign=_SIGNS[line.verdict],
        sentence=wording.say(line, language),
        table=str(line.facts.get("table", "")),
        rows=tuple((name, places[name]) for name in dict.fromkeys(names) if name),
        key=CREDIT if line.code in _OF_CREDIT else asked,
        closes=len(finding.close),
    )


def tables_shown(
    rules: AnyRules, draft_id: UUID, *, editable: bool, findings: Sequence[Said] = ()
) -> tuple[TableShown, ...]:
    """Every table with its rows as words."""
    return tuple(
        _table(rules, code, number, draft_id, editable=editable, findings=findings)
        for number, code in enumerate(tables_of(rules), start=1)
    )


def _table(
    rules: AnyRules, code: str, number: int, draft_id: UUID, *, editable: bool, findings: Sequence[Said]
) -> TableShown:
    words, language = table_words(rules, code), language_now()
    marks: dict[str, list[Said]] = {}
    for finding in findings:
        for name, _number in finding.rows:
            marks.setdefault(name, []).append(finding)
    row_page = reverse("office:rule-table-row", args=[draft_id]) if editable else ""
    shown = shown_columns(words)
    body = "".join(
        row_markup(words, row, at, row_page=row_page, marks=marks.get(row.id, ()), columns=shown)
        for at, row in enumerate(words.rows, start=1)
    )
    conditions, hit = [], str(WAYS)
    if isinstance(words, RowWords):
        facts, hit = words.facts, str(HITS[words.table.hit])
        conditions = [
            f"{facts[cell.fact].label.said_in(language)}{_t(': ')}{cell_words(facts[cell.fact], cell.accept, language)}"
            for cell in words.table.when
        ]
    return TableShown(
        code=code,
        number=number,
        title=_t("; ").join(conditions) or rules.name.said_in(language),
        hit=hit,
        columns=tuple(
            {
                "key": column.key,
                "head": column.head.said_in(language),
                "suggested": words.suggested(column, language),
                "long": column.long,
                "figure": column.figure,
            }
            for column in shown
        ),
        body=mark_safe(body),  # noqa: S308 - made of escaped words only
        count=len(words.rows),
    )


def shown_columns(words: TableWords) -> tuple[WordColumn, ...]:
    """The columns the page shows: the clause in the reader's language alone."""
    other = CLAUSE_EN if language_now().lower().startswith("zh") else CLAUSE_ZH
    return tuple(column for column in words.columns if column.key != other)


def row_markup(
    words: TableWords,
    row: Any,
    number: int,
    *,
    row_page: str,
    marks: Sequence[Said] = (),
    columns: Sequence[WordColumn] = (),
) -> str:
    """One row of a table as HTML; it is written here because a page has hundreds of them."""
    language = language_now()
    said, blank = words.said(row, language), any_word(language)
    cells, reached = [], ' tabindex="-1"' if row_page else ""
    for column in columns or shown_columns(words):
        text = said[column.key]
        kind = "any" if column.fact is not None and text == blank else "num" if column.figure else ""
        kind = "clause" if column.long else kind
        shaped = f' class="{kind}"' if kind else ""
        cells.append(f'<td{shaped}{reached} data-c="{escape(column.key)}">{escape(text)}</td>')
    name = escape(row.id)
    head = f'<span class="n">{number}</span>'
    if row_page:
        address = f"{row_page}?{urlencode({'table': words.code, 'row': row.id})}"
        spoken = f'<span class="hidden">{escape(_t("Edit row"))} </span>'
        head = f'<a href="{escape(address)}" title="{name}">{spoken}{head}</a>'
    found = "".join(
        f'<a class="mark {mark.tone}" href="#finding-{mark.number}" title="{escape(mark.sentence)}">'
        f'<span aria-hidden="true">{mark.sign}</span><span class="hidden">{escape(mark.sentence)}</span></a>'
        for mark in marks
    )
    clash = f' class="clash {marks[0].tone}"' if marks else ""
    head = f'<th scope="row">{head}<span class="marks">{found}</span></th>'
    return f'<tr id="row-{name}" data-row="{name}"{clash}>{head}{"".join(cells)}</tr>'
