"""What is wrong with a document somebody wrote, as places with sentences that any language can say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from creditbank.domain.explanation import Fact, Sentence
from creditbank.domain.rules.places import UnreadableError
from creditbank.exchange import document_words, mapping_words
from creditbank.exchange.documents import DocumentError

MESSAGES: dict[str, str] = {
    "place.object_with": "expected an object with {names}",
    "place.unknown_key_with_comma": "unknown key; known are {names}. If this is part of a text with a comma, put the "
    "text in quotes",
    "place.unknown_key": "unknown key; known are {names}",
    "place.missing_key": "the key {name} is missing",
    "place.object": "expected an object",
    "place.list": "expected a list",
    "place.most_items": "at most {most} items are allowed here, not {count}",
    "place.text": "expected a text; numbers that are meant as text are written in quotes",
    "place.long_text": "a text of at most {most} characters is allowed here",
    "place.code": "expected a code of letters, digits and _ . : - (at most 80, in quotes if it is a number)",
    "place.name": "expected a name of small letters, digits and _ that begins with a letter (at most 40)",
    "place.one_of": "expected one of {words}",
    "place.flag": "expected true or false",
    "place.whole": "expected a whole number from {least} to {most}",
    "place.amount_decimals": 'expected an amount of credit with at most two decimals, such as "3.5"',
    "place.amount_negative": "an amount of credit below zero is not allowed here",
    "place.amount": 'expected an amount of credit, such as "3.5"',
    "place.factor": 'expected a factor such as "1/2" or "0.75"',
    "place.number": "expected a number",
    "place.day": "expected a day such as 2026-03-01",
    "place.something": "this cannot stand here",
}
"""What a place of a document can be refused for, by code; the language of rules says the same in English only."""

ALL_MESSAGES: Mapping[str, str] = MappingProxyType({**document_words.MESSAGES, **mapping_words.MESSAGES, **MESSAGES})

_FACT = re.compile(r"\\\{([a-z_]+)\\\}")
_KNOWN = tuple(
    (code, re.compile(_FACT.sub(r"(?P<\1>.*)", re.escape(said)), re.DOTALL))
    for code, said in MESSAGES.items()
    if code != "place.something"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong: the line and column from 1 (0 where they are not known), the path, and a sentence's code."""

    line: int
    column: int
    path: str
    code: str
    facts: Mapping[str, Fact]


def faults_of(error: DocumentError | UnreadableError) -> tuple[Fault, ...]:
    """Everything an unreadable document is refused for, in the order it was found."""
    return tuple(_faults(error))


def _faults(error: DocumentError | UnreadableError) -> Iterator[Fault]:
    if isinstance(error, UnreadableError):
        for problem in error.problems:
            yield Fault(0, 0, problem.path, *said_by(problem.message))
        return
    yield Fault(error.line, error.column, error.path, *said_by(error.message))
    for more in error.more:
        yield from _faults(more)


def said_by(message: str) -> tuple[str, Mapping[str, Fact]]:
    """The code and the facts of a message: its own, or those of the sentence about a place that it is."""
    if isinstance(message, Sentence):
        return message.code, message.facts
    for code, sentence in _KNOWN:
        if (found := sentence.fullmatch(message)) is not None:
            return code, found.groupdict()
    return "place.something", {}
