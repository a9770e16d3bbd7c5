"""The sheet a registrar's system takes: its columns, read from ``creditbank.registrar_sheet/1``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from creditbank.domain.canonical import content_hash
from creditbank.domain.explanation import Sentence
from creditbank.domain.rules.places import Place
from creditbank.domain.values import Text

SCHEMA = "creditbank.registrar_sheet/1"

MESSAGES: dict[str, str] = {
    "registrar_sheet.field_or_constant": "a column has either a field or a constant",
    "registrar_sheet.constant_as_is": "a constant is written as it is; this belongs to a field",
    "registrar_sheet.voucher_as_is": "the voucher names the line when the sheet comes back; it is written as it is",
    "registrar_sheet.heading_twice": "the heading {head} is given to more than one column",
    "registrar_sheet.one_voucher": "exactly one column has the field voucher, by which a line is found again when the "
    "sheet comes back",
    "registrar_sheet.no_student_number": "no column has the field student_number",
    "registrar_sheet.no_credit": "no column has the field credit",
    "registrar_sheet.no_such_heading": "there is no column with the heading {head}",
    "registrar_sheet.status_and_words": "status and words belong together: the column, and which of its words mean "
    "accepted or refused",
}
"""What can be wrong with a mapping beyond the shape of its document, by code."""

FIELDS = (
    "student_number", "name", "name_en", "college", "college_code", "cohort", "programme",
    "course_code", "course_name", "course_name_en", "category", "outcome_type", "outcome_type_name", "level", "field",
    "credit", "amount", "grade", "term", "academic_year", "earned_on", "recognised_on", "recorded_on",
    "document_number", "kind", "reason", "voucher", "original", "batch", "line", "mark", "grade_scale", "sitting",
)  # fmt: skip
"""What a column can show. ``credit`` is negative in a correction, ``amount`` never; ``voucher`` names the line and
``original`` the line that a correction or a re-send is about; ``document_number`` is the number of the request.
``mark``, ``grade_scale`` and ``sitting`` are what the school reported, where the credit came from a course result,
and empty elsewhere; ``sitting`` is ``exempt`` 免修 for a course into which credit was converted."""

NUMBERS = ("credit", "amount", "cohort", "level", "line", "batch", "mark")
"""Fields that are numbers in a workbook; everything else is text there, so that a code keeps its zeros."""

GRADE_SCALES = ("percent", "five", "two", "words")
"""How a mark was given: 百分制, 五级制, 二级制, or in other words; a mapping puts its own words for them."""

DAYS = ("earned_on", "recognised_on", "recorded_on")

DATE_FORMS = ("YYYY-MM-DD", "YYYY/M/D", "YYYY.M.D", "YYYYMMDD", "YYYY年M月D日")
CREDIT_FORMS = ("one_place", "two_places", "shortest")
"""3 credits are 3.0, 3.00 or 3; a second decimal that counts is never left out."""

NEW, CORRECTION, RESEND = "new", "correction", "resend"
KINDS = (NEW, CORRECTION, RESEND)

ACCEPTED, REFUSED = "accepted", "refused"

_MOST_COLUMNS = 100


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading, and either the field it shows or one text for all lines.

    ``values`` replaces what the field says, ``empty`` stands where it says nothing.
    """

    head: str
    field: str = ""
    constant: str = ""
    values: Mapping[str, str] | None = None
    empty: str = ""


@dataclass(frozen=True, slots=True)
class Returned:
    """How the sheet that comes back is read: its headings, and what its words for a line's fate mean.

    ``heads`` gives, for a heading of ours, theirs where it differs. ``compare`` names the headings that must agree;
    None stands for every one of ours that the sheet has. Without a status column, or where the sheet has none and
    ``status_required`` is not set, a line that came back counts as accepted.
    """

    heads: Mapping[str, str]
    status: str = ""
    status_required: bool = False
    words: Mapping[str, str] | None = None
    reason: str = ""
    compare: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class RegistrarSheet:
    """A whole mapping; ``digest`` is the SHA-256 of its canonical JSON.

    ``both_of_offset`` says whether a deposit and its reversal that wait together are both written, or neither;
    ``leave_out`` names the kinds of source whose credit the other system has already.
    """

    name: Text
    digest: str
    title: str
    date_form: str
    credit_form: str
    both_of_offset: bool
    leave_out: tuple[str, ...]
    columns: tuple[Column, ...]
    returned: Returned

    @property
    def heads(self) -> tuple[str, ...]:
        """The headings in order."""
        return tuple(column.head for column in self.columns)

    @property
    def voucher_head(self) -> str:
        """The heading of the column that names a line."""
        return next(column.head for column in self.columns if column.field == "voucher")

    @property
    def numbers(self) -> frozenset[int]:
        """The places of the columns that are numbers in a workbook."""
        return frozenset(place for place, column in enumerate(self.columns) if column.field in NUMBERS)


def read_registrar_sheet(document: Mapping[str, Any]) -> RegistrarSheet:
    """Make a mapping of the data of a document with ``schema: creditbank.registrar_sheet/1``.

    Raises:
        UnreadableError: keys are unknown, missing or of the wrong kind, or a statement is impossible; each of its
            problems has the path.
    """
    root = Place(document).object(
        ("schema", "name", "columns"), ("note", "title", "dates", "credit", "offset", "leave_out", "returned")
    )
    root.named("schema").one_of((SCHEMA,))
    name = root.named("name").both()
    if root.given("note"):
        root.named("note").both()
    columns = root.named("columns").each(_column, _MOST_COLUMNS)
    _check_columns(root.named("columns"), columns)
    return RegistrarSheet(
        name=name,
        digest=content_hash(dict(document)),
        title=root.named("title").text()[:31] if root.given("title") else "Sheet1",
        date_form=root.named("dates").one_of(DATE_FORMS) if root.given("dates") else DATE_FORMS[0],
        credit_form=root.named("credit").one_of(CREDIT_FORMS) if root.given("credit") else CREDIT_FORMS[0],
        both_of_offset=root.given("offset") and root.named("offset").one_of(("neither", "both")) == "both",
        leave_out=root.named("leave_out").each(lambda place: place.name(), 20),
        columns=columns,
        returned=_returned(root.named("returned"), {column.head for column in columns}),
    )


def _said(code: str, **facts: str) -> Sentence:
    return Sentence(MESSAGES, f"registrar_sheet.{code}", **facts)


def _column(place: Place) -> Column:
    place.object(("head",), ("field", "constant", "values", "empty"))
    head = place.named("head").text().strip()
    if place.given("field") == place.given("constant"):
        place.fail(_said("field_or_constant"))
    if place.given("constant"):
        for name in ("values", "empty"):
            if place.given(name):
                place.named(name).fail(_said("constant_as_is"))
        return Column(head, constant=place.named("constant").text())
    field = place.named("field").one_of(FIELDS)
    values = None
    if place.given("values"):
        if field == "voucher":
            place.named("values").fail(_said("voucher_as_is"))
        values = {said: below.text() for said, below in place.named("values").names()}
    return Column(head, field, values=values, empty=place.named("empty").text() if place.given("empty") else "")


def _check_columns(place: Place, columns: tuple[Column, ...]) -> None:
    heads = [column.head for column in columns]
    for head in dict.fromkeys(head for head in heads if heads.count(head) > 1):
        place.fail(_said("heading_twice", head=head))
    fields = [column.field for column in columns]
    if fields.count("voucher") != 1:
        place.fail(_said("one_voucher"))
    if "student_number" not in fields:
        place.fail(_said("no_student_number"))
    if not {"credit", "amount"} & set(fields):
        place.fail(_said("no_credit"))


def _returned(place: Place, heads: set[str]) -> Returned:
    if place.value is None:
        return Returned({})
    place.object((), ("heads", "status", "status_required", "words", "reason", "compare"))

    def ours(item: Place) -> str:
        head = item.text()
        return head if head in heads else item.fail(_said("no_such_heading", head=head))

    theirs: dict[str, str] = {}
    if place.given("heads"):
        for head, below in place.named("heads").names():
            if head not in heads:
                below.fail(_said("no_such_heading", head=head))
            theirs[head] = below.text().strip()
    words = None
    if place.given("words"):
        words = {said: below.one_of((ACCEPTED, REFUSED)) for said, below in place.named("words").names()}
    status = place.named("status").text().strip() if place.given("status") else ""
    if bool(status) != bool(words):
        place.fail(_said("status_and_words"))
    return Returned(
        heads=theirs,
        status=status,
        status_required=place.named("status_required").flag(),
        words=words,
        reason=place.named("reason").text().strip() if place.given("reason") else "",
        compare=place.named("compare").each(ours, _MOST_COLUMNS) if place.given("compare") else None,
    )
