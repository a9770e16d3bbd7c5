"""Programmes and learners' records from documents, with the line of a problem."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from creditbank.domain.audit.record import read_record
from creditbank.domain.programmes.fields import ProgrammeError
from creditbank.domain.programmes.reading import read_programme
from creditbank.exchange.documents import DocumentError, expect_schema, locate, read_document
from creditbank.gateways.documents import programme_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from creditbank.domain.audit.record import Record
    from creditbank.domain.programmes.model import Programme

_T = TypeVar("_T")


def load_programme(data: bytes, *, name: str) -> Programme:
    """The programme of a document.

    Raises:
        DocumentError: the problem with its line, column and path.
    """
    return _load(data, "programme", name, read_programme)


def load_record(data: bytes, *, name: str) -> Record:
    """The learner's record of a document.

    Raises:
        DocumentError: the problem with its line, column and path.
    """
    return _load(data, "record", name, read_record)


def load_packaged_programme(code: str) -> Programme:
    """A demonstration programme that comes with the program.

    Raises:
        LookupError: there is no such programme.
    """
    data = programme_bytes(code)
    if data is None:
        raise LookupError(f"there is no programme {code}")
    return load_programme(data, name=f"{code}.yaml")


def _load(data: bytes, noun: str, name: str, read: Callable[[dict[str, Any]], _T]) -> _T:
    document = expect_schema(read_document(data, name=name), noun, name=name)
    try:
        return read(document)
    except ProgrammeError as error:
        line, column = locate(data, error.path) or (0, 0)
        raise DocumentError(name, error.reason, line=line, column=column, path=error.path) from None
