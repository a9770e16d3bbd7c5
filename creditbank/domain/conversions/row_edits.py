"""One edit of the rows or parts of conversion rules, as a document read anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from creditbank.domain.conversions.model import UNIT_CARRIERS, ConversionRow, ConversionRules
from creditbank.domain.conversions.read import MOST_ROWS, read_conversion_rules, row_reader
from creditbank.domain.conversions.row_words import TABLE, ConversionWords
from creditbank.domain.conversions.write import conversion_row_data, conversion_rules_data
from creditbank.domain.rules.places import Place, UnreadableError
from creditbank.domain.rules.row_edits import Edited, Misfit, OpenTable, put_part


class ConversionTable(OpenTable[ConversionRules]):
    """The rows of conversion rules opened for an edit."""

    def __init__(self, rules: ConversionRules, code: str = TABLE) -> None:
        """Open the rows.

        Raises:
            LookupError: another table is named.
        """
        if code != TABLE:
            raise LookupError(f"there is no table {code}")
        self.rules = rules
        self.words = ConversionWords.of(rules)
        self.document = conversion_rules_data(rules)
        self.data = self.document["rules"]

    def names(self) -> list[str]:
        """The names of the rows."""
        return [row["id"] for row in self.data]

    def with_rows(self, made: Mapping[int, Mapping[str, Any]]) -> Edited[ConversionRules] | Misfit:
        """The rules with new or changed rows.

        Where a row names certification units and nothing says what carries them, the rules as a whole are read.
        """
        rules = self.rules
        names = tuple(str(row["id"]) for row in made.values())
        if len(self.data) > MOST_ROWS:
            return self.read_whole(names)
        reads = row_reader(rules.facts, [one.code for one in rules.categories])

        def read(at: int) -> ConversionRow:
            return reads(Place(self.data[at], f"rules[{at}]"))

        rows = self._read_rows(made, {row.id: row for row in rules.rows}, read)
        if isinstance(rows, Misfit):
            return rows
        carried = any(name in rules.carriers for name in UNIT_CARRIERS)
        if not carried and any(one.units for at in made for group in rows[at].groups for one in group.sources):
            return self.read_whole(names)
        # The rows that were read are written again in their normal form; the others are in it already.
        data = [conversion_row_data(row) if at in made else self.data[at] for at, row in enumerate(rows)]
        self.document["rules"] = data
        return Edited(self.document, replace(rules, rows=rows), names)

    def read_whole(self, rows: tuple[str, ...]) -> Edited[ConversionRules] | Misfit:
        """The rules that the whole document says."""
        return _read(self.document, rows)


def change_conversion_part(
    rules: ConversionRules, path: Sequence[str | int], part: Any
) -> Edited[ConversionRules] | Misfit:
    """Put something else at a place of the document, such as ``("cap", 0)``; ``None`` takes it out of its list."""
    return _read(put_part(conversion_rules_data(rules), path, part), ())


def _read(document: dict[str, Any], rows: tuple[str, ...]) -> Edited[ConversionRules] | Misfit:
    try:
        rules = read_conversion_rules(document)
    except UnreadableError as unreadable:
        return Misfit(unreadable=unreadable)
    return Edited(conversion_rules_data(rules), rules, rows)
