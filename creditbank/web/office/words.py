"""Words of the office: states, standings, acts and reasons, each with its tone."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from creditbank.domain.conversions.application import Act as ConversionAct
from creditbank.domain.conversions.application import State as Applied
from creditbank.domain.recognition import REFUSAL_REASONS, REVERSAL_REASONS, SUPPLEMENT_REASONS, Act, State
from creditbank.queries.official_lists.claims import DIFFERS, VERIFIED
from creditbank.queries.queue import Standing

STANDINGS = {
    Standing.SUGGESTED: ("ok", _("Rules agree")),
    Standing.JUDGEMENT: ("warn", _("Needs judgement")),
    Standing.INCOMPLETE: ("bad", _("Incomplete or contradicting")),
}

LISTED = {
    VERIFIED: ("ok", _("Verified by list")),
    DIFFERS: ("warn", _("Differs from list")),
}
"""What official lists say of an open case."""

STATES = {
    State.SUBMITTED: ("info", _("Submitted")),
    State.UNDER_REVIEW: ("info", _("Under review")),
    State.SUPPLEMENT_REQUESTED: ("warn", _("Supplement requested")),
    State.SCHEDULED: ("info", _("About to be approved")),
    State.RECOGNISED: ("ok", _("Recognised, in publicity period")),
    State.OBJECTED: ("warn", _("Recognised, an objection waits")),
    State.DEPOSITED: ("ok", _("Deposited")),
    State.REFUSED: ("bad", _("Refused")),
    State.APPEALED: ("warn", _("Refused, under appeal")),
    State.WITHDRAWN: ("plain", _("Withdrawn")),
    State.REVERSED: ("warn", _("Reversed")),
}

ACTS = {
    Act.SUBMIT: ("", _("Submitted by the learner")),
    Act.WITHDRAW: ("", _("Withdrawn by the learner")),
    Act.TAKE: ("info", _("Review begun")),
    Act.REQUEST_SUPPLEMENT: ("warn", _("Supplement requested")),
    Act.SCHEDULE: ("info", _("Set aside for approval")),
    Act.UNDO: ("warn", _("Put back under review")),
    Act.APPROVE: ("ok", _("Approved")),
    Act.REFUSE: ("bad", _("Refused")),
    Act.OBJECT: ("warn", _("Objected to; it does not become final")),
    Act.RESUME: ("info", _("Objection answered; public notice goes on")),
    Act.REOPEN: ("warn", _("Objection found right; under review again")),
    Act.APPEAL: ("warn", _("Appealed against by the learner")),
    Act.STAND: ("info", _("Appeal ended; the decision stands")),
    Act.GRANT: ("ok", _("Recognised on appeal")),
    Act.DEPOSIT: ("ok", _("Credit deposited")),
    Act.REVERSE: ("bad", _("Deposit reversed")),
}

REASONS = {
    "not_in_catalogue": _("This outcome is not in the catalogue"),
    "evidence_insufficient": _("The evidence does not prove the outcome"),
    "already_recognised": _("This outcome has been recognised before"),
    "outside_period": _("The outcome lies outside the period that counts"),
    "below_minimum": _("The outcome is below the minimum of the rules"),
    "evidence_missing": _("Evidence is missing"),
    "evidence_unreadable": _("The evidence cannot be read"),
    "certificate_number_missing": _("The certificate number is missing"),
    "facts_differ": _("What was entered differs from the evidence"),
    "recognised_by_mistake": _("It was recognised by mistake"),
    "evidence_invalid": _("The evidence has turned out to be invalid"),
    "duplicate": _("It was recognised twice"),
}
"""What a learner is told; the codes are those of ``creditbank.domain.recognition``."""

REASONS_FOR = {
    Act.REFUSE: REFUSAL_REASONS,
    Act.REQUEST_SUPPLEMENT: SUPPLEMENT_REASONS,
    Act.REVERSE: REVERSAL_REASONS,
}
"""The reasons that each act offers."""

APPLICATION_STATES = {
    Applied.SUBMITTED: ("info", _("Submitted")),
    Applied.UNDER_REVIEW: ("info", _("Under review")),
    Applied.APPROVED: ("ok", _("Approved, in publicity period")),
    Applied.OBJECTED: ("warn", _("Approved, an objection waits")),
    Applied.POSTED: ("ok", _("Converted")),
    Applied.REFUSED: ("bad", _("Refused")),
    Applied.APPEALED: ("warn", _("Refused, under appeal")),
    Applied.WITHDRAWN: ("plain", _("Withdrawn")),
    Applied.REVERSED: ("warn", _("Reversed")),
}

APPLICATION_ACTS = {
    ConversionAct.SUBMIT: ("", _("Submitted by the learner; the credit was held")),
    ConversionAct.WITHDRAW: ("", _("Withdrawn by the learner")),
    ConversionAct.TAKE: ("info", _("Review begun")),
    ConversionAct.APPROVE: ("ok", _("Approved")),
    ConversionAct.REFUSE: ("bad", _("Refused")),
    ConversionAct.OBJECT: ("warn", _("Objected to; it does not become final")),
    ConversionAct.RESUME: ("info", _("Objection answered; public notice goes on")),
    ConversionAct.REOPEN: ("warn", _("Objection found right; under review again")),
    ConversionAct.APPEAL: ("warn", _("Appealed against by the learner; the credit is held again")),
    ConversionAct.STAND: ("info", _("Appeal ended; the decision stands")),
    ConversionAct.GRANT: ("ok", _("Approved on appeal")),
    ConversionAct.POST: ("ok", _("Credit converted")),
    ConversionAct.REVERSE: ("bad", _("Conversion reversed")),
}

APPLICATION_REASONS = {
    "not_equivalent": _("What was learnt does not cover the course"),
    "course_required": _("The programme requires that the course is studied"),
    "course_in_progress": _("The course is being studied or has been selected"),
    "limit_reached": _("What may be converted is used up"),
    "evidence_insufficient": _("The evidence behind the credit does not suffice"),
    "credit_in_doubt": _("The credit itself is being examined"),
}
"""What a learner is told; the codes are those of ``creditbank.domain.conversions.application``."""

POSTINGS = {
    "deposit": _("Deposit"),
    "hold": _("Hold"),
    "release": _("Release"),
    "split": _("Split"),
    "convert": _("Conversion"),
    "redeem": _("Redemption"),
    "transfer_out": _("Transfer out"),
    "transfer_in": _("Transfer in"),
    "expire": _("Expiry"),
    "revalidate": _("Revalidation"),
    "suspend": _("Suspension"),
    "resume": _("Resumption"),
    "revoke": _("Revocation"),
    "reinstate": _("Reinstatement"),
    "reverse": _("Reversal"),
}

RESULTS = {
    "pass": _("Pass"),
    "distinction": _("Distinction"),
    "fail": _("Fail"),
    "withdrawn": _("Withdrawn from the course"),
    "absent": _("Absent from the examination"),
    "deferred": _("Examination deferred"),
    "misconduct": _("Annulled for misconduct"),
    "exempt": _("Exempt from the course"),
}
"""Results as imports store them; any other word is shown as the school wrote it."""

LINE_STANDINGS = {
    "accepted": ("ok", _("Accepted")),
    "refused": ("bad", _("Refused by them")),
    "missing": ("bad", _("Missing there")),
    "different": ("warn", _("Different there")),
    "waiting": ("info", _("No answer yet")),
}
"""How a line that went out stands, by the last sheet that spoke of it."""

ROW_OUTCOMES = {
    "accepted": ("ok", _("Accepted")),
    "refused": ("bad", _("Refused by them")),
    "missing": ("bad", _("Missing there")),
    "different": ("warn", _("Different there")),
    "unknown": ("warn", _("Never sent by us")),
    "unread": ("plain", _("Not read")),
}
"""What a row of a returned sheet came to."""

LINE_KINDS = {"new": _("New line"), "correction": _("Correction"), "resend": _("Re-send")}
