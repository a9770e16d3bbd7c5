"""Words for decisions: says the lines of an explanation in the reader's language."""

from __future__ import annotations

import gettext
import importlib
import pkgutil
import re
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import creditbank
from creditbank import domain
from creditbank.domain.values import Amount, Text, format_credit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from creditbank.domain.explanation import Explanation, Fact, Line

LOCALE = Path(creditbank.__file__).resolve().parent / "locale"
"""One room per part of the house, each with ``zh_Hans/LC_MESSAGES/django.mo``."""

_PLACE = re.compile(r"\{([a-z_][a-z0-9_]*)\}")


def say(line: Line, language: str) -> str:
    """One line as a sentence for a language tag such as ``zh-hans`` or ``en``; its reasons are not included.

    A code without a sentence is shown as it is, and a place without a fact keeps its braces: both are seen at
    once and neither hides a decision from the reader.
    """
    sentence = translate(messages().get(line.code, line.code), language)
    return _PLACE.sub(lambda place: _place(place, line.facts, language), sentence)


def say_code(
    code: str, facts: Mapping[str, Fact], language: str, sentences: Mapping[str, str] = MappingProxyType({})
) -> str:
    """The sentence of a code with its facts; ``sentences`` adds those of a module outside the domain."""
    said = translate(sentences.get(code) or messages().get(code, code), language)
    return _PLACE.sub(lambda place: _place(place, facts, language), said)


def say_all(explanation: Explanation, language: str, *, indent: str = "  ") -> list[str]:
    """The whole tree as indented sentences, for terminals and plain text."""
    said: list[str] = []
    for line in explanation:
        said.append(say(line, language))
        if line.clause is not None:
            said.append(f"{indent}“{line.clause.said_in(language)}”")
        said.extend(f"{indent}{below}" for below in say_all(line.lines, language, indent=indent))
    return said


def say_fact(fact: Fact, language: str) -> str:
    """One fact in words: amounts with one or two decimals, texts in the reader's language."""
    match fact:
        case Amount(hundredths):
            return format_credit(hundredths)
        case Text():
            return fact.said_in(language)
        case _:
            return str(fact)


@cache
def messages() -> Mapping[str, str]:
    """Every sentence of the domain by its code.

    Raises:
        ValueError: two modules give one code different sentences.
    """
    found: dict[str, str] = {}
    for module in pkgutil.walk_packages(domain.__path__, f"{domain.__name__}."):
        for code, sentence in getattr(importlib.import_module(module.name), "MESSAGES", {}).items():
            if found.setdefault(code, sentence) != sentence:
                raise ValueError(f"{code} has two sentences; the second one is in {module.name}")
    return MappingProxyType(found)


def translate(sentence: str, language: str) -> str:
    """An English sentence of any room in the given language; English where nobody has translated it."""
    for catalogue in _catalogues(language.lower().split("-")[0]):
        said = catalogue.gettext(sentence)
        if said != sentence:
            return said
    return sentence


def forget() -> None:
    """Read the compiled translations again at the next sentence."""
    _catalogues.cache_clear()


@cache
def _catalogues(language: str) -> tuple[gettext.NullTranslations, ...]:
    if language != "zh":
        return ()
    rooms = sorted(room.name for room in LOCALE.iterdir() if room.is_dir()) if LOCALE.is_dir() else []
    return tuple(gettext.translation("django", LOCALE / room, ["zh_Hans"], fallback=True) for room in rooms)


def _place(place: re.Match[str], facts: Mapping[str, Fact], language: str) -> str:
    name = place.group(1)
    return say_fact(facts[name], language) if name in facts else place.group(0)
