"""Uploaded sheets between the steps of their import, as the bank's folder keeps them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, cast
from uuid import UUID

from creditbank.gateways import staging
from creditbank.gateways.bank import Bank
from creditbank.gateways.files import Upload, open_upload


class SheetGone(LookupError):  # noqa: N818 - what has become of it, named as people name it
    """A sheet that is not kept any more: its time has passed, or somebody took it away."""


@dataclass(slots=True)
class KeptSheet:
    """An uploaded sheet and what has been said of it so far."""

    bank: Bank
    institution: UUID
    upload_id: UUID
    state: dict[str, Any]

    @property
    def name(self) -> str:
        """What the file is called."""
        return str(self.state["name"])

    @property
    def as_of(self) -> date:
        """The day whose state it shows, of a sheet that has one."""
        return date.fromisoformat(self.state["as_of"])

    @property
    def given(self) -> dict[str, str] | None:
        """What the headings mean, once somebody has said it."""
        return cast("dict[str, str] | None", self.state.get("given"))

    @property
    def values(self) -> dict[str, dict[str, str]]:
        """What words stand for, as far as somebody has said it."""
        return cast("dict[str, dict[str, str]]", self.state.get("values", {}))

    @property
    def run_id(self) -> UUID | None:
        """The finished run that applied it."""
        return UUID(self.state["run"]) if self.state.get("run") else None

    def note(self, **more: Any) -> None:
        """Keep what has been said."""
        self.state = self.state | more
        staging.note_state(self.bank, self.institution, self.upload_id, self.state)

    @contextmanager
    def opened(self) -> Iterator[Upload]:
        """The file as an upload; it is closed afterwards.

        Raises:
            SheetGone: it is not kept any more.
        """
        content = staging.sheet_content(self.bank, self.institution, self.upload_id)
        if content is None:
            raise SheetGone(self.name)
        with open_upload(io.BytesIO(content), name=self.name) as upload:
            yield upload
