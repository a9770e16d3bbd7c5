"""Verification without an account: a proof file in, each check on its own line out."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from creditbank.domain.explanation import Line, Verdict, worst
from creditbank.domain.log.proof import ProofUnreadableError, judge, read_proof
from creditbank.gateways.clock import now
from creditbank.gateways.log_files import read_small_text
from creditbank.gateways.problem import Problem
from creditbank.gateways.signing import read_log_key, verify_ed25519
from creditbank.queries.verification import standing_of
from creditbank.web.design.forms import DesignForm
from creditbank.web.doors import door
from creditbank.web.public.navigation import frame

_MOST_BYTES = 100_000


class ProofForm(DesignForm):
    """A proof as a file or as text; one of the two."""

    file = forms.FileField(label=_("Proof file"), required=False, help_text=_("A file that ends in .proof.json"))
    text = forms.CharField(
        label=_("or its text"), required=False, max_length=_MOST_BYTES, widget=forms.Textarea(attrs={"rows": 4})
    )

    def clean(self) -> dict[str, Any]:
        """Take the file's text, or the text itself."""
        cleaned = super().clean() or {}
        file = cleaned.get("file")
        if file is not None and file.size > _MOST_BYTES:
            self.add_error("file", _("A proof file has less than 100 KB; this one is larger."))
            return cleaned
        if file is not None:
            cleaned["proof"] = file.read().decode("utf-8", "replace")
        elif cleaned.get("text"):
            cleaned["proof"] = cleaned["text"]
        elif not self.errors:
            self.add_error("file", _("Choose a proof file, or paste its text."))
        return cleaned


@door("proof.verify")
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """The form, and with a proof its result."""
    form = ProofForm(request.POST or None, request.FILES or None)
    context = frame(request) | {"form": form}
    if request.method != "POST" or not form.is_valid():
        return render(request, "public/verify.html", context)
    try:
        result = _result(form.cleaned_data["proof"])
    except ProofUnreadableError as unreadable:
        result = {"tone": "bad", "checks": (unreadable.line,), "record": None}
    return render(request, "public/verified.html", context | result | {"at": now()})


def _result(text: str) -> dict[str, Any]:
    """Judge a proof under this bank's own key, then ask the ledger where the credit stands now."""
    file = read_proof(text)
    try:
        pinned = [read_log_key(read_small_text(settings.BANK.log / "vkey", 10_000))]
    except (Problem, OSError):
        pinned = []
    checks: tuple[Line, ...] = judge(file, pinned, verify_ed25519)
    # Nothing in the record is believed, or looked up, before the signature over it holds.
    standing = standing_of(file.record) if worst(checks) is Verdict.YES or worst(checks) is Verdict.NOTE else None
    if standing is not None:
        checks = (*checks, standing.line)
    tone = {Verdict.NO: "bad", Verdict.ASK: "warn"}.get(worst(checks), "ok")
    return {
        "tone": tone,
        "checks": checks,
        "record": dict(file.record),
        "institution": standing.institution if standing else None,
        "log_index": file.index,
    }
