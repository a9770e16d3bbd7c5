"""The first page and the help page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from creditbank.queries.public import bank_at_a_glance
from creditbank.web.doors import door
from creditbank.web.public.navigation import frame


@door("public.read")
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What a credit bank is, who takes part, and the three doors."""
    return render(request, "public/home.html", frame(request) | {"glance": bank_at_a_glance()})


@door("public.read")
@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    """How to deposit, review and verify, in a few steps each."""
    return render(request, "public/help.html", frame(request))
