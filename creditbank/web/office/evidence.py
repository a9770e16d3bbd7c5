"""One file of evidence, shown or handed out so that nothing in it can run."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from creditbank.gateways import clock, vault
from creditbank.queries.cases import find_evidence
from creditbank.queries.queue import find_cases
from creditbank.services.access import NotVisible
from creditbank.services.operations import note_access
from creditbank.web.doors import door
from creditbank.web.office.desk import actor_of, at_desk

POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"
"""Nothing loads, nothing runs, nobody frames it."""


@door("evidence.read")
@require_GET
def piece(request: HttpRequest, learner_id: UUID, claim_id: UUID, evidence_id: UUID) -> HttpResponse:
    """A picture is shown, anything else is handed out as a file; the learner can read who opened it."""
    with at_desk(request, "evidence.read") as scope:
        actor = actor_of(request)
        file = find_evidence(scope, learner=learner_id, claim=claim_id, evidence=evidence_id)
        if file is None or actor.person is None or not find_cases(scope, actor, [(learner_id, claim_id)]):
            raise NotVisible
        content = vault.read(settings.BANK, file.sha256)
        note_access(scope=scope, learner=learner_id, actor=actor.person, purpose="evidence.read", at=clock.now())
    way = "inline" if file.media_type.startswith("image/") and "file" not in request.GET else "attachment"
    response = HttpResponse(content, content_type=file.media_type)
    response.headers["Content-Disposition"] = f"{way}; filename*=UTF-8''{quote(file.name, safe='')}"
    # Set here, the policy is the whole one: the middleware only adds its own where there is none.
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
