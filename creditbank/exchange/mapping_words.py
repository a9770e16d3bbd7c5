"""What can be wrong with a mapping of results beyond the shape of its document."""

from __future__ import annotations

from creditbank.domain.explanation import Fact, Sentence

MESSAGES: dict[str, str] = {
    "mapping.column_and_aggregate": "a column gives {fact} too; keep the column or the aggregate",
    "mapping.credit_limits": "at_most must be more than more_than",
    "mapping.mark_limits": "at_most must be more than at_least, both with at most three digits before the point",
    "mapping.marks_without_column": "no column gives the mark that these words and the pass mark are about",
    "mapping.mark_out_of_limits": "expected a mark from {low} to {high}",
    "mapping.related_dot": "the name of a related sheet has no dot; a dot stands between sheet and column",
    "mapping.related_where": "say the file, or the name of another sheet in the same workbook",
    "mapping.related_folder": "expected the name of a file beside the sheet of results, without a folder",
    "mapping.reference": "expected a sheet, a dot and a column; the sheets possible here: {sheets}",
    "mapping.join": "expected one column of the sheet with the values and one of another sheet",
    "mapping.credit_out_of_limits": "{credit} is not more than {low} and at most {high} credits; widen "
    "credit_limits if that is meant",
    "mapping.too_early": "no course lies before {day}",
    "mapping.ends_before_start": "it ends before it starts on {day}",
    "mapping.wide": "a wide sheet needs courses, marks that say what a cell means, and no aggregate",
    "mapping.no_outcome": "a column gives the outcome, or marks say what each mark means",
    "mapping.no_source": "neither a column nor the mapping says {facts}",
}
"""Sentences by code."""


def mapping_problem(code: str, **facts: Fact) -> Sentence:
    """The sentence of a code without its ``mapping.``, filled with its facts."""
    return Sentence(MESSAGES, f"mapping.{code}", **facts)
