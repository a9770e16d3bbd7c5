"""A decision letter on a page or as a file, the same for whoever may read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from creditbank.domain.explanation import Verdict
from creditbank.exchange.letters import letter_data, letter_pdf
from creditbank.gateways.typesetting import FontProblem
from creditbank.queries.letters import LetterPage
from creditbank.web.design.templatetags.design import Said


def letter_shown(letter: LetterPage) -> dict[str, Any]:
    """What ``design/parts/letter.html`` needs: every text in the reader's language, as it was written."""
    language = get_language() or "zh-hans"
    side = "zh" if language.startswith("zh") else "en"
    data = letter_data(letter, language)
    return {"letter": letter, "said": data, "why": tuple(_said(line, side) for line in letter.content["why"])}


def letter_file(request: HttpRequest, letter: LetterPage) -> HttpResponse:
    """The letter as a PDF to keep, in the language that the address names, else in the reader's."""
    asked = request.GET.get("language", "") or get_language() or "zh-hans"
    language = "en" if asked.startswith("en") else "zh-hans"
    try:
        content = letter_pdf(letter, language, fonts=settings.FONTS)
    except FontProblem as problem:
        return HttpResponse(problem.said.said_in(language), status=503, content_type="text/plain; charset=utf-8")
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{letter.line.number}.pdf"'
    response["Cache-Control"] = "no-store, private"
    return response


def _said(line: Mapping[str, Any], side: str) -> Said:
    words = {
        Verdict.YES: _("Met:"),
        Verdict.NO: _("Not met:"),
        Verdict.ASK: _("A person decides:"),
        Verdict.NOTE: "",
    }
    return Said(
        sentence=line[side],
        verdict=line["verdict"],
        word=words[Verdict(line["verdict"])],
        clause=line["clause"][side] if line["clause"] else "",
        lines=tuple(_said(below, side) for below in line["lines"]),
    )
