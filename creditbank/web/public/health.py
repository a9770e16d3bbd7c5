"""Whether the server lives, and whether it can work."""

from __future__ import annotations

from django.db import DatabaseError, connections
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from creditbank.web.doors import door


@door("health.read")
@never_cache
@require_safe
def alive(_request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    return JsonResponse({"alive": True})


@door("health.read")
@never_cache
@require_safe
def ready(_request: HttpRequest) -> HttpResponse:
    """The database answers too; 503 while it does not."""
    try:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"ready": False, "database": "unreachable"}, status=503)
    return JsonResponse({"ready": True, "database": "answers"})
