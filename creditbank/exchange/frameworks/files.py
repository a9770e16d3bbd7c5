"""Frameworks, crosswalks and units as files: documents in YAML or JSON, and CASE packages."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from creditbank.domain.explanation import Line
from creditbank.domain.frameworks.model import Crosswalk, Framework
from creditbank.domain.frameworks.read import Document, read_any
from creditbank.domain.frameworks.write import write_any
from creditbank.domain.rules.places import UnreadableError
from creditbank.exchange.documents import DocumentError, locate, read_document, write_document
from creditbank.exchange.frameworks.case_packages import case_package
from creditbank.exchange.frameworks.case_reading import is_case, read_case
from creditbank.gateways.documents import packaged, packaged_codes

FOLDER = "frameworks"
MOST_BYTES = 4_000_000


class FileForm(StrEnum):
    """The forms a framework is offered in."""

    YAML = "yaml"
    JSON = "json"
    CASE = "case"

    @property
    def ending(self) -> str:
        """The ending of its file's name."""
        return {FileForm.YAML: "yaml", FileForm.JSON: "json", FileForm.CASE: "case.json"}[self]

    @property
    def media_type(self) -> str:
        """The media type of its file."""
        return "application/yaml" if self is FileForm.YAML else "application/json"


@dataclass(frozen=True, slots=True)
class FileReading:
    """What a file holds: its documents, the framework first, and what of a CASE package was left out."""

    documents: tuple[Document, ...]
    remarks: tuple[Line, ...] = ()


def read_file(data: bytes, *, name: str) -> FileReading:
    """The documents of a file: one of this bank's own, or a CASE package, which may hold crosswalks too.

    Raises:
        DocumentError: the first problem with its line, column and path; the others in its ``more``.
    """
    document = read_document(data, name=name, most_bytes=MOST_BYTES)
    try:
        if is_case(document):
            found = read_case(document)
            return FileReading((found.framework, *found.crosswalks), found.remarks)
        return FileReading((read_any(document),))
    except UnreadableError as unreadable:
        raise placed(unreadable, data, name) from None


def placed(unreadable: UnreadableError, data: bytes, name: str) -> DocumentError:
    """The problems of a document with their lines and columns, as one error."""
    errors = []
    for problem in unreadable.problems:
        line, column = locate(data, problem.path) or (0, 0)
        errors.append(DocumentError(name, problem.message, line=line, column=column, path=problem.path))
    first, *more = errors
    return DocumentError(name, first.message, line=first.line, column=first.column, path=first.path, more=tuple(more))


def write_file(document: Document, form: FileForm) -> bytes:
    """A document as a file that :func:`read_file` reads back as the same.

    Raises:
        UnreadableError: it holds what no document may, for instance codes with Chinese letters in them.
        ValueError: CASE is asked for, which :func:`write_case` writes.
    """
    data = write_any(document)
    read_any(data)
    if form is FileForm.YAML:
        return write_document(data).encode()
    if form is FileForm.JSON:
        return (json.dumps(data, ensure_ascii=False, indent=2) + "\n").encode()
    raise ValueError("a CASE package has a creator and a moment; write_case asks for them")


def write_case(
    framework: Framework,
    *,
    creator: str,
    at: datetime,
    crosswalks: Iterable[Crosswalk] = (),
    others: Iterable[Framework] = (),
) -> bytes:
    """A framework as a CASE package in JSON; the arguments are those of :func:`case_package`."""
    made = case_package(framework, creator=creator, at=at, crosswalks=crosswalks, others=others)
    return (json.dumps(made, ensure_ascii=False, indent=2) + "\n").encode()


def packaged_names() -> tuple[str, ...]:
    """The frameworks, crosswalks and units that come with the program."""
    return packaged_codes(FOLDER)


def read_packaged(name: str) -> Document:
    """One of them by its name.

    Raises:
        LookupError: there is none of that name.
    """
    if name not in packaged_names():
        raise LookupError(f"there is no packaged framework, crosswalk or table of units called {name}")
    return read_file(packaged(f"{FOLDER}/{name}.yaml"), name=f"{name}.yaml").documents[0]
