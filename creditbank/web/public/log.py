"""The transparency log for everybody: a page about it, and its files as they lie on disk."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from creditbank.gateways.log_files import TileStore, read_small_text
from creditbank.gateways.problem import Problem
from creditbank.gateways.signing import read_log_key
from creditbank.queries.log import read_state
from creditbank.web.doors import door
from creditbank.web.public.navigation import frame

_FOR_EVER = "public, max-age=31536000, immutable"
_FRESH = "public, max-age=2"


@door("log.read")
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """How many leaves the log has, its root, its key, and how to check it without us."""
    try:
        vkey = read_log_key(read_small_text(settings.BANK.log / "vkey", 10_000))
        state, text = read_state(TileStore(settings.BANK.log), vkey)
    except (Problem, OSError):
        return render(request, "public/log.html", frame(request) | {"state": None})
    shown = {"state": state, "root": state.root.hex(), "vkey": str(vkey), "checkpoint": text}
    return render(request, "public/log.html", frame(request) | shown)


@door("log.read")
@require_safe
def checkpoint(_request: HttpRequest) -> HttpResponse:
    """The newest signed checkpoint."""
    try:
        text = TileStore(settings.BANK.log).read_checkpoint()
    except Problem:
        text = None
    if text is None:
        raise Http404
    return HttpResponse(text, content_type="text/plain; charset=utf-8", headers={"Cache-Control": _FRESH})


@door("log.read")
@require_safe
def key(_request: HttpRequest) -> HttpResponse:
    """The log's public key."""
    try:
        text = read_small_text(settings.BANK.log / "vkey", 10_000)
    except (Problem, OSError):
        raise Http404 from None
    return HttpResponse(text, content_type="text/plain; charset=utf-8", headers={"Cache-Control": _FRESH})


@door("log.read")
@require_safe
def tile(_request: HttpRequest, tile: str) -> HttpResponse:
    """One tile or bundle of entries: a file that never changes once it is there."""
    if ".." in tile:
        raise Http404
    try:
        content = TileStore(settings.BANK.log).read(tile)
    except (Problem, ValueError):
        content = None
    if content is None:
        raise Http404
    return HttpResponse(content, content_type="application/octet-stream", headers={"Cache-Control": _FOR_EVER})
