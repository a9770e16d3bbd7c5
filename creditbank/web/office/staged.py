"""Uploads of the office's pages: kept once looked at, found again by their institution, opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest

from creditbank.exchange.kept_sheets import KeptSheet, SheetGone
from creditbank.gateways import clock, staging
from creditbank.gateways.files import Upload, open_upload
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.operations import note_operation
from creditbank.web.office.desk import actor_of, request_id

_Found = TypeVar("_Found")


def taken(kept: KeptSheet, then: Callable[[Upload], _Found]) -> _Found:
    """Do something with the file of a kept sheet.

    Raises:
        NotVisible: the file is not kept any more.
    """
    try:
        with kept.opened() as upload:
            return then(upload)
    except SheetGone as gone:
        raise NotVisible from gone


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
