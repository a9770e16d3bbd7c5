"""Words of the learner's portal: states, steps, reasons and notices."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from creditbank.domain.appeals.life import State as Appealed
from creditbank.domain.appeals.objection import State as Objected
from creditbank.domain.conversions.application import Act as ConversionAct
from creditbank.domain.conversions.application import State as Applied
from creditbank.domain.explanation import Explanation
from creditbank.domain.ledger import State as Account
from creditbank.domain.recognition import State
from creditbank.domain.values import format_credit
from creditbank.gateways import wording
from creditbank.queries.notices import NoticeLine

STATES: dict[State, tuple[str, object]] = {
    State.DRAFT: ("plain", _("Draft")),
    State.SUBMITTED: ("info", _("Submitted")),
    State.UNDER_REVIEW: ("info", _("In review")),
    State.SUPPLEMENT_REQUESTED: ("warn", _("More material needed")),
    State.SCHEDULED: ("info", _("In review")),
    State.RECOGNISED: ("ok", _("Recognised, on public notice")),
    State.OBJECTED: ("warn", _("Recognised, an objection is being answered")),
    State.DEPOSITED: ("ok", _("Deposited")),
    State.REFUSED: ("bad", _("Not recognised")),
    State.APPEALED: ("info", _("Your appeal is being heard")),
    State.WITHDRAWN: ("plain", _("Withdrawn")),
    State.REVERSED: ("bad", _("Reversed")),
}
"""Tone and word of each state of a request."""

ACTS: dict[str, tuple[str, object]] = {
    "submit": ("info", _("You submitted the request")),
    "withdraw": ("", _("You withdrew the request")),
    "take": ("info", _("The review began")),
    "request_supplement": ("warn", _("More material was asked for")),
    "approve": ("ok", _("The outcome was recognised")),
    "refuse": ("bad", _("The outcome was not recognised")),
    "object": ("warn", _("Somebody objected; it becomes final once that is answered")),
    "resume": ("ok", _("The objection was answered; public notice goes on")),
    "reopen": ("warn", _("An objection was found right; the review begins again")),
    "appeal": ("info", _("You appealed")),
    "stand": ("bad", _("The decision stands")),
    "grant": ("ok", _("Your appeal changed the decision")),
    "deposit": ("ok", _("The credit was deposited")),
    "reverse": ("bad", _("The deposit was reversed")),
}
"""Tone and word of each step that concerns the learner; the office's own steps are left out."""

REASONS: dict[str, object] = {
    "corrected": _("The school has corrected the result."),
    "repeated": _("Another pass of the same course brings its credit."),
    "not_in_catalogue": _("This outcome is not in the catalogue of what is recognised."),
    "evidence_insufficient": _("The files do not show what was claimed."),
    "already_recognised": _("This outcome was recognised before."),
    "outside_period": _("The outcome was earned outside the period that counts."),
    "below_minimum": _("The outcome is below the lowest level that is recognised."),
    "evidence_missing": _("A file is missing."),
    "evidence_unreadable": _("A file cannot be read; please send it again, sharp and complete."),
    "certificate_number_missing": _("The number of the certificate is missing."),
    "facts_differ": _("What you entered differs from what the files say."),
    "recognised_by_mistake": _("It was recognised by mistake."),
    "evidence_invalid": _("The evidence turned out to be invalid."),
    "duplicate": _("The same outcome had been deposited before."),
}

CONVERSION_STATES: dict[Applied, tuple[str, object]] = {
    Applied.SUBMITTED: ("info", _("In review")),
    Applied.UNDER_REVIEW: ("info", _("In review")),
    Applied.APPROVED: ("ok", _("Approved, on public notice")),
    Applied.OBJECTED: ("warn", _("Approved, an objection is being answered")),
    Applied.POSTED: ("ok", _("Converted")),
    Applied.REFUSED: ("bad", _("Not converted")),
    Applied.APPEALED: ("info", _("Your appeal is being heard")),
    Applied.WITHDRAWN: ("plain", _("Withdrawn")),
    Applied.REVERSED: ("bad", _("Reversed")),
}
"""Tone and word of each state of a conversion application."""

CONVERSION_ACTS: dict[ConversionAct, tuple[str, object]] = {
    ConversionAct.SUBMIT: ("info", _("You applied; the credit was held")),
    ConversionAct.WITHDRAW: ("", _("You withdrew the application; the credit is available again")),
    ConversionAct.TAKE: ("info", _("The review began")),
    ConversionAct.APPROVE: ("ok", _("The conversion was approved")),
    ConversionAct.REFUSE: ("bad", _("The conversion was refused; the credit is available again")),
    ConversionAct.OBJECT: ("warn", _("Somebody objected; it becomes final once that is answered")),
    ConversionAct.RESUME: ("ok", _("The objection was answered; public notice goes on")),
    ConversionAct.REOPEN: ("warn", _("An objection was found right; the review begins again")),
    ConversionAct.APPEAL: ("info", _("You appealed; the credit is held again")),
    ConversionAct.STAND: ("bad", _("The decision stands; the credit is available again")),
    ConversionAct.GRANT: ("ok", _("Your appeal changed the decision")),
    ConversionAct.POST: ("ok", _("The credit was converted")),
    ConversionAct.REVERSE: ("bad", _("The conversion was reversed")),
}
"""Tone and word of each step of a conversion application."""

CONVERSION_REASONS: dict[str, object] = {
    "not_equivalent": _("What you learnt does not cover the course."),
    "course_required": _("Your programme requires that this course is studied."),
    "course_in_progress": _("You are studying this course or have selected it."),
    "limit_reached": _("What may be converted is used up."),
    "evidence_insufficient": _("The evidence behind the credit does not suffice."),
    "credit_in_doubt": _("The credit itself is being examined."),
    "recognised_by_mistake": _("It was recognised by mistake."),
    "evidence_invalid": _("The evidence turned out to be invalid."),
    "duplicate": _("The same outcome had been deposited before."),
}

APPEALS: dict[Appealed, tuple[str, object]] = {
    Appealed.FILED: ("info", _("Filed")),
    Appealed.HEARD: ("info", _("Before the panel")),
    Appealed.UPHELD: ("bad", _("The decision stands")),
    Appealed.AMENDED: ("ok", _("Granted in part")),
    Appealed.GRANTED: ("ok", _("Granted")),
    Appealed.INADMISSIBLE: ("bad", _("Not admitted")),
    Appealed.WITHDRAWN: ("plain", _("Withdrawn")),
}
"""Tone and word of each state of an appeal."""

OBJECTIONS: dict[Objected, tuple[str, object]] = {
    Objected.OPEN: ("warn", _("Waits for its answer")),
    Objected.ACCEPTED: ("bad", _("Found right")),
    Objected.DISMISSED: ("ok", _("Dismissed")),
    Objected.OVERTAKEN: ("plain", _("Settled with the new review")),
}
"""Tone and word of each state of an objection."""

_APPEAL_NOTICES: dict[str, tuple[str, object]] = {
    "appeal.heard": ("info", _("Your appeal about “%(title)s” is before a panel")),
    "appeal.upheld": ("bad", _("Your appeal about “%(title)s”: the decision stands")),
    "appeal.amended": ("ok", _("Your appeal about “%(title)s” is granted in part")),
    "appeal.granted": ("ok", _("Your appeal about “%(title)s” is granted")),
    "appeal.inadmissible": ("bad", _("Your appeal about “%(title)s” is not admitted")),
    "objection.raised": ("warn", _("Somebody objected to “%(title)s”")),
    "objection.dismissed": ("ok", _("An objection to “%(title)s” was dismissed")),
    "objection.accepted": ("warn", _("An objection to “%(title)s” was found right; it is reviewed again")),
}

KINDS: dict[str, object] = {
    "deposit": _("Recognised and deposited"),
    "hold": _("Held for an application"),
    "release": _("Hold ended"),
    "convert": _("Obtained by conversion"),
    "reverse": _("Reversal"),
}
"""Kinds of posting."""


def kind_said(kind: str, amount: int) -> object:
    """What a posting did, in words; a conversion takes here and gives there."""
    return _("Used in a conversion") if kind == "convert" and amount < 0 else KINDS.get(kind, kind)


ACCOUNTS: dict[Account, object] = {
    Account.ISSUED: _("Given by the institution"),
    Account.PENDING: _("Pending"),
    Account.AVAILABLE: _("Available"),
    Account.HELD: _("Held"),
    Account.SUSPENDED: _("Suspended"),
    Account.CONVERTED: _("Converted"),
    Account.REDEEMED: _("Redeemed"),
    Account.TRANSFERRED_OUT: _("Transferred out"),
    Account.EXPIRED: _("Expired"),
    Account.REVOKED: _("Revoked"),
}
"""The accounts that a posting moves credit between."""


DECLINED: dict[str, object] = {
    "not_mine": _("This is not me, or not my outcome"),
    "no_need": _("It is mine, but I do not want to claim it"),
    "facts_wrong": _("What the list says is wrong; I will ask the academic office"),
}
"""Why a learner does not claim what an official list says."""

PROPOSALS: dict[str, tuple[str, object]] = {
    "open": ("info", _("Waits for your answer")),
    "claimed": ("ok", _("You have made a request of it")),
    "declined": ("plain", _("You declined it")),
    "gone": ("plain", _("The school has withdrawn the list")),
    "settled": ("ok", _("Settled otherwise")),
}
"""Tone and word of what became of a proposal."""


def reason_said(code: str) -> object:
    """A reason code in words; codes of the ledger carry their noun in front."""
    return REASONS.get(code.rpartition(".")[2], "")


def lines_said(explanation: Explanation) -> list[str]:
    """Each line of a refusal as a sentence in the reader's language."""
    return [wording.say(line, get_language() or "zh-hans") for line in explanation]


def notice_said(notice: NoticeLine) -> dict[str, Any]:
    """Tone, title and detail of a notice."""
    title = notice.facts.get("title", "")
    reason = reason_said(notice.facts.get("reason", ""))
    match notice.code:
        case "recognition.supplement_requested":
            tone, said = "warn", gettext("“%(title)s” needs more material") % {"title": title}
        case "recognition.refused":
            tone, said = "bad", gettext("“%(title)s” was not recognised") % {"title": title}
        case "recognition.reversed":
            tone, said = "bad", gettext("The deposit of “%(title)s” was reversed") % {"title": title}
        case "conversion.reversed":
            tone, said = "bad", gettext("The conversion into “%(title)s” was reversed") % {"title": title}
        case "conversion.posted":
            tone, said = "ok", gettext("Your credit became %(title)s") % {"title": title}
        case "conversion.refused":
            tone, said = "bad", gettext("The conversion into %(title)s was refused") % {"title": title}
            reason = CONVERSION_REASONS.get(notice.facts.get("reason", ""), "")
        case "imports.reversed":
            tone, said = "bad", gettext("The deposit of “%(title)s” was reversed") % {"title": title}
        case "recognition.deposited":
            amount = format_credit(int(notice.facts.get("credit", 0)))
            tone = "ok"
            said = gettext("“%(title)s” was recognised: %(amount)s credits") % {"title": title, "amount": amount}
        case code if code in _APPEAL_NOTICES:
            tone, words = _APPEAL_NOTICES[code]
            said = str(words) % {"title": title}
            if notice.facts.get("final_on"):
                reason = gettext("It becomes final on %(day)s.") % {"day": notice.facts["final_on"]}
        case "lists.unclaimed":
            tone = "info"
            said = gettext("“%(title)s” is on an official list and you have not claimed it yet") % {"title": title}
        case _:
            tone, said = "info", title or notice.code
    url, word = "", ""
    if notice.claim_id is not None:
        url, word = reverse("learner:request", args=[notice.claim_id]), gettext("Open the request")
    elif notice.facts.get("application"):
        url, word = reverse("learner:application", args=[notice.facts["application"]]), gettext("Open the application")
    elif notice.facts.get("letter"):
        url, word = reverse("learner:appeal", args=[notice.facts["letter"]]), gettext("Open the appeal")
    elif notice.facts.get("objection"):
        url, word = reverse("learner:objection", args=[notice.facts["objection"]]), gettext("Open the objection")
    elif notice.code == "lists.unclaimed":
        url, word = reverse("learner:proposals"), gettext("Look at it")
    return {"notice": notice, "tone": tone, "title": said, "detail": reason, "url": url, "word": word}
