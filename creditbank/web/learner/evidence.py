"""A learner's own evidence files, given out as attachments and never run."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from creditbank.gateways import vault
from creditbank.queries.claims import evidence_of
from creditbank.web.doors import door
from creditbank.web.learner.frame import found, own_scope


@door("evidence.read_own")
@require_safe
def download(request: HttpRequest, evidence_id: UUID) -> HttpResponse:
    """One file, under a policy that lets nothing in it run."""
    with own_scope(request) as scope:
        file = found(evidence_of(scope, request.visitor.actor.person, evidence_id))
    response = HttpResponse(vault.read(settings.BANK, file.sha256), content_type=file.media_type)
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(file.name)}"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Cache-Control"] = "no-store, private"
    return response
