"""Sheets between upload and import: sealed in the bank's files folder, each with its state."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag

from creditbank.gateways import clock, disk, vault
from creditbank.gateways.bank import Bank

KEPT_SECONDS = 7 * 24 * 3600
"""How long a sheet that nobody applied is kept."""


def keep_sheet(bank: Bank, institution: UUID, upload: UUID, content: bytes, state: dict[str, Any]) -> None:
    """Keep an uploaded sheet and what is known of it; sheets of this institution that are too old go.

    Raises:
        DiskProblem: the disk refused; nothing half-written is left.
    """
    folder = _folder(bank, institution)
    disk.make_folder(folder.parent, mode=0o700)
    disk.make_folder(folder, mode=0o700)
    _forget_old(folder)
    path = folder / upload.hex
    disk.write_whole(path, vault.seal(bank, content, f"sheet:{institution.hex}:{upload.hex}"), mode=0o600)
    note_state(bank, institution, upload, state)


def sheet_content(bank: Bank, institution: UUID, upload: UUID) -> bytes | None:
    """The bytes of a kept sheet, or nothing when this institution has none of that id."""
    return _read(bank, institution, upload, "sheet", "")


def note_state(bank: Bank, institution: UUID, upload: UUID, state: dict[str, Any]) -> None:
    """Replace what is known of a kept sheet.

    Raises:
        DiskProblem: the disk refused; the former state stands.
    """
    sealed = vault.seal(bank, json.dumps(state).encode(), f"state:{institution.hex}:{upload.hex}")
    disk.write_whole(_folder(bank, institution) / f"{upload.hex}.state", sealed, mode=0o600)


def state_of(bank: Bank, institution: UUID, upload: UUID) -> dict[str, Any] | None:
    """What is known of a kept sheet, or nothing when this institution has none of that id."""
    found = _read(bank, institution, upload, "state", ".state")
    return None if found is None else dict(json.loads(found))


def keep_report(bank: Bank, institution: UUID, upload: UUID, part: str, content: bytes) -> None:
    """Keep a part of what was found out about a sheet; it goes with the sheet.

    Raises:
        DiskProblem: the disk refused; the former part stands.
    """
    sealed = vault.seal(bank, content, f"report.{part}:{institution.hex}:{upload.hex}")
    disk.write_whole(_folder(bank, institution) / f"{upload.hex}.report-{part}", sealed, mode=0o600)


def report_of(bank: Bank, institution: UUID, upload: UUID, part: str) -> bytes | None:
    """A part of what was found out about a sheet, or nothing where it was not kept."""
    return _read(bank, institution, upload, f"report.{part}", f".report-{part}")


def _folder(bank: Bank, institution: UUID) -> Path:
    # Beside the vault, whose folders have names of two letters.
    return bank.files / "sheets" / institution.hex


def _read(bank: Bank, institution: UUID, upload: UUID, kind: str, ending: str) -> bytes | None:
    path = _folder(bank, institution) / f"{upload.hex}{ending}"
    try:
        return vault.unseal(bank, path.read_bytes(), f"{kind}:{institution.hex}:{upload.hex}")
    except (FileNotFoundError, InvalidTag):
        # A damaged sheet is as gone as a deleted one: the person has it and uploads it again.
        return None


def _forget_old(folder: Path) -> None:
    before = clock.now().timestamp() - KEPT_SECONDS
    for path in folder.iterdir():
        if path.stat().st_mtime < before:
            path.unlink(missing_ok=True)
