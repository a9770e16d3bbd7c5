"""Uploaded sheets between the steps of their import, as the bank's folder keeps them."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest

from creditbank.gateways import clock, staging
from creditbank.gateways.files import Upload, open_upload
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.operations import note_operation
from creditbank.web.office.desk import actor_of, request_id


@dataclass(slots=True)
class Staged:
    """An uploaded sheet and what has been said of it so far."""

    institution: UUID
    upload_id: UUID
    state: dict[str, Any]

    @property
    def name(self) -> str:
        """What the file is called."""
        return str(self.state["name"])

    @property
    def given(self) -> dict[str, str] | None:
        """What the headings mean, once somebody has said it."""
        return cast("dict[str, str] | None", self.state.get("given"))

    @property
    def values(self) -> dict[str, dict[str, str]]:
        """What words stand for, as far as somebody has said it."""
        return cast("dict[str, dict[str, str]]", self.state.get("values", {}))

    def note(self, **more: Any) -> None:
        """Keep what has been said."""
        self.state = self.state | more
        staging.note_state(settings.BANK, self.institution, self.upload_id, self.state)

    def taken(self, then: Callable[[Any], Any]) -> Any:
        """Do something with the file as an upload; it is closed afterwards.

        Raises:
            NotVisible: the file is not kept any more.
        """
        content = staging.sheet_content(settings.BANK, self.institution, self.upload_id)
        if content is None:
            raise NotVisible
        with open_upload(io.BytesIO(content), name=self.name) as upload:
            return then(upload)


def keep_upload(
    request: HttpRequest,
    scope: Scope,
    file: Any,
    *,
    look: Callable[[Upload], object],
    state: Mapping[str, Any],
    action: str,
) -> UUID:
    """Keep the file of a form, once a first look finds nothing against it; the id it is kept under.

    Raises:
        FileRefused: it is no sheet, or ``look`` finds that it cannot be read.
    """
    actor = actor_of(request)
    institution, upload_id = cast("UUID", actor.institution), clock.new_id()
    with open_upload(file.file, name=file.name[:200]) as taken:
        look(taken)
        content = taken.reader().read()
    staging.keep_sheet(settings.BANK, institution, upload_id, content, {**state, "name": file.name[:200]})
    note_operation(
        scope=scope,
        actor=actor.person,
        action=action,
        outcome="kept",
        at=clock.now(),
        object_kind="sheet",
        object_id=upload_id,
        request_id=request_id(request),
    )
    return upload_id


def kept_state(request: HttpRequest, upload_id: UUID) -> tuple[UUID, dict[str, Any]]:
    """The institution and the state of a kept sheet; what another institution uploaded is not there.

    Raises:
        NotVisible: there is none.
    """
    institution = cast("UUID", actor_of(request).institution)
    state = staging.state_of(settings.BANK, institution, upload_id)
    if state is None:
        raise NotVisible
    return institution, state
