"""Words of official lists: what became of a line, what it means for claims, and faults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from creditbank.domain.access import Thing, may
from creditbank.domain.explanation import Explanation, Fact
from creditbank.domain.official_lists.matching import Found
from creditbank.domain.official_lists.outcomes import Standing
from creditbank.exchange.official_lists import ALL_MESSAGES
from creditbank.gateways import wording
from creditbank.services.access import NotVisible
from creditbank.web.office.desk import actor_of

FOUND: Mapping[Found, tuple[str, Any]] = {
    Found.CERTAIN: ("ok", _("Found")),
    Found.DOUBTFUL: ("warn", _("Doubtful")),
    Found.NOBODY: ("plain", _("Nobody of ours")),
}

STANDINGS: Mapping[Standing, tuple[str, Any]] = {
    Standing.VERIFIED: ("ok", _("Claim verified")),
    Standing.DIFFERS: ("warn", _("Claim differs")),
    Standing.CLAIMED: ("plain", _("Decided before")),
    Standing.KNOWN: ("plain", _("Credited already")),
    Standing.PROPOSED: ("info", _("Proposed")),
    Standing.TAKEN_UP: ("info", _("Draft begun")),
    Standing.DECLINED: ("plain", _("Declined")),
    Standing.UNSAID: ("info", _("Nobody claimed it")),
}
"""Tone and word of what a certain line means."""

NAMES: Mapping[str, Any] = {
    "name": _("Name"),
    "number": _("Student number"),
    "identity": _("Identity number"),
    "school": _("School"),
    "college": _("College"),
}
"""What a list says of a person, in the order in which it is shown."""


def language_now() -> str:
    """The reader's language."""
    return get_language() or "zh-hans"


def fault_said(code: str, facts: Mapping[str, Fact]) -> str:
    """Why a cell, a row or a file is refused."""
    return wording.say_code(code, facts, language_now(), ALL_MESSAGES)


def reasons_said(lines: Explanation) -> str:
    """The sentences of an explanation, one after another."""
    return " ".join(wording.say(line, language_now()) for line in lines)


def may_write(request: HttpRequest) -> bool:
    """Whether this desk brings lists in: one of the whole school."""
    actor = actor_of(request)
    return may(actor, "lists.write", Thing(institution=actor.institution))


def to_write(request: HttpRequest) -> None:
    """Let only a desk pass that brings lists in.

    Raises:
        NotVisible: this desk does not.
    """
    if not may_write(request):
        raise NotVisible


def stated_said(stated: Mapping[str, str]) -> list[dict[str, Any]]:
    """Who stands on a line, for a summary list."""
    return [{"label": label, "value": stated[name]} for name, label in NAMES.items() if stated.get(name)]
