"""Decision letters: which there are, what each one says, and the hash of what it said."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from creditbank.domain.canonical import content_hash
from creditbank.domain.values import Text

SCHEMA = "creditbank.letter/1"

MESSAGES = {
    "letter.recognised": "“{title}” is recognised: {credit} credits in the category {category}.",
    "letter.refused": "“{title}” is not recognised.",
    "letter.converted": "The conversion into {title} is approved: {credit} credits.",
    "letter.not_converted": "The conversion into {title} is not approved; the credit held for it is available again.",
    "letter.appeal_upheld": "Appeal {number} does not change the decision: it stands.",
    "letter.appeal_amended": "Appeal {number} is granted in part: {credit} credits of the {asked} asked for.",
    "letter.appeal_granted": "Appeal {number} is granted: {credit} credits.",
    "letter.appeal_inadmissible": "Appeal {number} is not admitted; the decision stands.",
    "letter.final_at_once": "The decision is final from {day}.",
    "letter.final_after": "It is on public notice and becomes final on {day} unless somebody objects.",
    "letter.how_to_appeal": "You can appeal until {until}, once, on the page of this letter: people who had no part in"
    " the decision look at it again. An appeal costs nothing.",
    "letter.no_appeal": "No further appeal inside this institution is open against this decision.",
    "letter.corrects": "This letter takes the place of letter {number}, which stays readable.",
    "letter.follows": "The earlier decision, letter {number}, stays readable beside this one.",
    "letter.reason_not_in_catalogue": "This outcome is not in the catalogue of what is recognised.",
    "letter.reason_evidence_insufficient": "The files do not show what was claimed.",
    "letter.reason_already_recognised": "This outcome was recognised before.",
    "letter.reason_outside_period": "The outcome was earned outside the period that counts.",
    "letter.reason_below_minimum": "The outcome is below the lowest level that is recognised.",
    "letter.reason_not_equivalent": "What you learnt does not cover the course.",
    "letter.reason_course_required": "Your programme requires that this course is studied.",
    "letter.reason_course_in_progress": "You are studying this course or have selected it.",
    "letter.reason_limit_reached": "What may be converted is used up.",
    "letter.reason_evidence_behind_credit": "The evidence behind the credit does not suffice.",
    "letter.reason_credit_in_doubt": "The credit itself is being examined.",
    "letter.reason_no_grounds": "The appeal gives no reason that speaks against the decision.",
    "letter.reason_other_matter": "The appeal is about another matter than this decision.",
    "letter.reason_other_way": "What is asked for is reached in another way; ask at the office.",
    "letter.word_number": "Number",
    "letter.word_reasons": "Reasons",
    "letter.word_why": "What the rules say",
    "letter.word_rules": "Rules",
    "letter.word_appeal": "Appeal",
    "letter.word_hash": "Content SHA-256",
    "letter.nothing_to_correct": "This letter says what it would say today. No letter was written.",
}


class CaseKind(StrEnum):
    """What a decision is about: the two are never one case."""

    CLAIM = "claim"
    APPLICATION = "application"


class Kind(StrEnum):
    """What a letter tells."""

    RECOGNISED = "recognised"
    REFUSED = "refused"
    CONVERTED = "converted"
    NOT_CONVERTED = "not_converted"
    APPEAL_UPHELD = "appeal_upheld"
    APPEAL_AMENDED = "appeal_amended"
    APPEAL_GRANTED = "appeal_granted"
    APPEAL_INADMISSIBLE = "appeal_inadmissible"


APPEALABLE = frozenset({Kind.REFUSED, Kind.NOT_CONVERTED})
"""The letters against whose decision an appeal is open, until the day they name."""

NAMES: Mapping[Kind, Text] = {
    Kind.RECOGNISED: Text("学分认定决定书", "Recognition decision"),
    Kind.REFUSED: Text("不予认定决定书", "Decision not to recognise"),
    Kind.CONVERTED: Text("学分置换决定书", "Conversion decision"),
    Kind.NOT_CONVERTED: Text("不予置换决定书", "Decision not to convert"),
    Kind.APPEAL_UPHELD: Text("申诉复核决定书", "Decision on an appeal"),
    Kind.APPEAL_AMENDED: Text("申诉复核决定书", "Decision on an appeal"),
    Kind.APPEAL_GRANTED: Text("申诉复核决定书", "Decision on an appeal"),
    Kind.APPEAL_INADMISSIBLE: Text("申诉不予受理决定书", "Decision not to admit an appeal"),
}


def reason_code(kind: CaseKind, reason: str) -> str:
    """The code of the sentence that a reason's code stands for; empty where no reason was given."""
    if kind is CaseKind.APPLICATION and reason == "evidence_insufficient":
        return "letter.reason_evidence_behind_credit"
    code = f"letter.reason_{reason}"
    return code if code in MESSAGES else ""


def letter_number(case: str, sequence: int) -> str:
    """The number of the letter that is written so many-th about a case."""
    return f"{case}-{sequence}"


def sealed_hash(content: Mapping[str, Any]) -> str:
    """The SHA-256 of a letter's content in canonical JSON: equal only where every word is."""
    return content_hash(dict(content))
