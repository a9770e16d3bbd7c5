"""What is declared of a data set: its fields, their kinds and headings, and its checks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from creditbank.domain.values import Text


class Kind(StrEnum):
    """What a field's cell says; in a fact every value is text, a whole number, a truth or nothing."""

    TEXT = "text"
    CODE = "code"
    """A short name without spaces; full-width letters and digits are read as ordinary ones."""
    CHOICE = "choice"
    """A code of a code table; labels and aliases are read as their code."""
    DATE = "date"
    """A day, stored as ``2026-09-01``."""
    INTEGER = "integer"
    AMOUNT = "amount"
    """A number with at most two decimals, stored in hundredths: credit, years of schooling."""
    YES_NO = "yes_no"
    PERSON_ID = "person_id"
    """A national identity number; stored sealed, found by its blind index, shown masked."""
    REFERENCE = "reference"
    """The key, or failing that the name, of a row in another data set; it may be unknown there yet."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One code of a code table, what it is called, and what else sheets call it.

    A retired code is still said where it stands, and no longer taken from a sheet or a form.
    """

    code: str
    label: Text
    aliases: tuple[str, ...] = ()
    parent: str = ""
    retired: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class CodeTable:
    """An editioned list of codes with its source."""

    code: str
    name: Text
    edition: str
    source: str
    choices: tuple[Choice, ...]

    @property
    def in_use(self) -> tuple[Choice, ...]:
        """The codes that may be chosen."""
        return tuple(choice for choice in self.choices if not choice.retired)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a data set.

    ``aliases`` are headings that sheets use besides the two labels; ``expected`` fields are counted as missing
    where a row lacks them; ``personal`` fields are about a person and shown by role; ``examples`` fill the
    template's example rows; ``least`` and ``most`` bound whole numbers and amounts (in hundredths); a ``long``
    text is a paragraph, in which line breaks are read as spaces.
    """

    name: str
    label: Text
    kind: Kind = Kind.TEXT
    aliases: tuple[str, ...] = ()
    required: bool = False
    expected: bool = False
    personal: bool = False
    table: CodeTable | None = None
    data_set: str = ""
    least: int = 0
    most: int = 0
    units: tuple[str, ...] = ()
    examples: tuple[str, ...] = ("", "")
    long: bool = False


class CheckKind(StrEnum):
    """What a figure of the source register counts."""

    MISSING = "missing"
    UNKNOWN = "unknown"
    ORDER = "order"
    TWICE = "twice"
    CONTESTED = "contested"
    UNPLACED = "unplaced"


@dataclass(frozen=True, slots=True)
class Check:
    """A figure of the source register: rows that lack a field, name an unknown row, or contradict themselves.

    ``fields`` are fields of the row; those of ``ORDER`` may also be paths through references to a field of the
    row that is named, for instance ``resource.provider.accredited_until``. ``where`` narrows the figure to rows
    whose code field has one code.
    """

    kind: CheckKind
    fields: tuple[str, ...] = ()
    where: tuple[str, str] | None = None

    @property
    def code(self) -> str:
        """The name of the figure in addresses and answers, for instance ``missing.class_code``."""
        return ".".join([self.kind.value, *self.fields])


@dataclass(frozen=True, slots=True, eq=False)
class DataSet:
    """One kind of master data; its key is one or more of its fields. Each exists once and is equal to itself only."""

    code: str
    name: Text
    about: Text
    key: tuple[str, ...]
    fields: tuple[Field, ...]
    checks: tuple[Check, ...] = ()
    label: str = "name"
    personal: bool = False

    def field(self, name: str) -> Field:
        """The field of that name.

        Raises:
            KeyError: there is no such field.
        """
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)

    @property
    def references(self) -> tuple[Field, ...]:
        """The fields that name rows of other data sets."""
        return tuple(field for field in self.fields if field.kind is Kind.REFERENCE)

    def figures(self) -> tuple[Check, ...]:
        """Everything that is counted of this data set: missing, unknown, declared checks, contested."""
        missing = tuple(Check(CheckKind.MISSING, (field.name,)) for field in self.fields if field.expected)
        unknown = tuple(Check(CheckKind.UNKNOWN, (field.name,)) for field in self.references)
        return (*missing, *unknown, *self.checks, Check(CheckKind.CONTESTED))
