"""Documents on disk: files a person names, and the rule packs that come with the program."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

_CONVERSION = "conversion"
_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


def file_bytes(path: str | Path, *, most_bytes: int) -> bytes:
    """The bytes of a file, at most one more than ``most_bytes`` so that a reader sees it is too large.

    Raises:
        OSError: there is no such file, or it may not be read.
    """
    with Path(path).open("rb") as file:
        return file.read(most_bytes + 1)


def pack_codes() -> tuple[str, ...]:
    """The codes of the packs for recognition that come with the program, sorted."""
    return _codes(_packs())


def conversion_pack_codes() -> tuple[str, ...]:
    """The codes of the packs for conversion that come with the program, sorted."""
    return _codes(_packs().joinpath(_CONVERSION))


def _codes(folder: Traversable) -> tuple[str, ...]:
    names = [entry.name for entry in folder.iterdir()]
    return tuple(sorted(name[:-5] for name in names if name.endswith(".yaml") and name.count(".") == 1))


def pack_bytes(code: str) -> bytes | None:
    """The document of a pack, or ``None`` where there is no such pack."""
    return _pack(code, f"{code}.yaml")


def pack_cases_bytes(code: str) -> bytes | None:
    """The document with the golden cases of a pack, or ``None``."""
    return _pack(code, f"{code}.cases.yaml")


def _pack(code: str, name: str) -> bytes | None:
    """A document of a pack of either kind; codes are one namespace."""
    if _CODE.fullmatch(code) is None:
        return None
    found = _packaged(name)
    return _packaged(f"{_CONVERSION}/{name}") if found is None else found


def packaged(name: str) -> bytes:
    """A document that comes with the program, by its path under ``packs``.

    Raises:
        FileNotFoundError: the program has no such document.
    """
    content = _packaged(name)
    if content is None:
        raise FileNotFoundError(name)
    return content


def packaged_codes(folder: str) -> tuple[str, ...]:
    """The names of the documents in a folder under ``packs``, sorted and without their ending."""
    names = (entry.name for entry in _packs().joinpath(folder).iterdir())
    return tuple(sorted(name[:-5] for name in names if name.endswith(".yaml")))


def _packs() -> Traversable:
    return resources.files("creditbank").joinpath("packs")


def _packaged(name: str) -> bytes | None:
    entry = _packs().joinpath(name)
    return entry.read_bytes() if entry.is_file() else None


def programme_codes() -> tuple[str, ...]:
    """The names of the demonstration programmes that come with the program, sorted."""
    return packaged_codes("programmes")


def programme_bytes(code: str) -> bytes | None:
    """The document of a demonstration programme, or ``None`` where there is no such programme."""
    return _packaged(f"programmes/{code}.yaml") if _CODE.fullmatch(code) else None
