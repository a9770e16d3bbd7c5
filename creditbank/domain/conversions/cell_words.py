"""What people write into the cells of conversion rules: said in words, and read back as the cell."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from creditbank.domain.conversions.model import (
    CreditOnly,
    FixedGrade,
    Full,
    Grade,
    Group,
    Held,
    KeptGrade,
    Source,
    Target,
    TargetKind,
    Worth,
)
from creditbank.domain.conversions.write import grade_data, group_data, source_data, target_data
from creditbank.domain.explanation import Refusal
from creditbank.domain.rules.amount_words import bracketed, read_bracketed
from creditbank.domain.rules.cell_words import choice_words, plain, read_choice_words
from creditbank.domain.rules.condition_words import coded_condition, condition_words, read_condition
from creditbank.domain.rules.model import Choice, Condition, Fact
from creditbank.domain.values import Text, format_credit

MESSAGES: dict[str, str] = {
    "cell.targets": "“{typed}” is nothing that credit becomes. Expected: a course's code; any of CATEGORY; credit of "
    "CATEGORY; requirement CODE; waiver CODE; elective credit; several with +.",
    "cell.worth": "“{typed}” is no amount. Expected: course credit; course credit, even if short; credit held; credit "
    "held × 1/2; or 3.",
    "cell.grade": "“{typed}” is no grade. Expected: credit only; 90; [fact]; or [fact] value → 95; else → 75.",
    "cell.sources": "“{typed}” cannot be read. Expected: {[fact] value; [fact] value | unit U1 | at least 2} or {…}.",
    "cell.groups": "“{typed}” cannot be read. Expected: {[fact] value} × 2 together 3 + {[fact] value} or {…}.",
    "cell.one_of": "“{typed}” does not fit here. Expected: {values}.",
    "cell.count": "“{typed}” is no count. Expected: 1 to {most}, or as needed.",
    "cell.credit": "“{typed}” is no amount of credit. Expected: 2 or 0.5, or nothing.",
    "cell.units": "“{typed}” is no code of a certification unit. Expected: letters, digits and _ . : -, several with "
    "commas.",
}

FULL = Text("课程学分", "course credit")
SHORT = Text("课程学分，不足亦可", "course credit, even if short")
HELD = Text("所持学分", "credit held")
ONLY = Text("只记学分", "credit only")
ELSE = Text("其余", "else")
AS_NEEDED = Text("够用为止", "as needed")
UNIT, LEAST = Text("认证单元", "unit"), Text("至少", "at least")
_OR, _TOGETHER = Text("或", "or"), Text("合计", "together")
_TARGETS = {
    TargetKind.COURSE: Text("课程", "course"),
    TargetKind.COURSE_OF: Text("任一课程", "any of"),
    TargetKind.CATEGORY: Text("类别学分", "credit of"),
    TargetKind.REQUIREMENT: Text("毕业要求", "requirement"),
    TargetKind.WAIVER: Text("免修", "waiver"),
}
ELECTIVE = Text("任选学分", "elective credit")
_ELECTIVES = frozenset({ELECTIVE.zh, ELECTIVE.en, "elective", "任选"})
_BEGINS = tuple(
    (kind, re.compile(rf"(?:{word.zh}|(?:{word.en}|{kind.value})\b)\s*:?\s*(?=\S)", re.IGNORECASE))
    for kind, word in _TARGETS.items()
)

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,79}")
_AMOUNT = r"\d{1,9}(?:\.\d{1,2})?"
_FIXED = re.compile(rf"({_AMOUNT})(?:\s*(?:学分|credits?))?")
_TIMES = re.compile(r"(?:所持学分|credit held|held)\s*[×x*]\s*(\d{1,9}(?:/[1-9]\d{0,8}|\.\d{1,6})?)")
_COMMA = re.compile(r"\s*[,，、;；]\s*")
_PLUS = re.compile(r"\s*[+＋]\s*")
_ARROW = re.compile(r"→|->")
_BRACE = r"\{[^{}]*\}"
_SOURCES = rf"{_BRACE}(?:\s*(?:或者|或|or)\s*{_BRACE})*"
_GROUP = re.compile(
    rf"\s*(?P<sources>{_SOURCES})\s*(?:[×xX*]\s*(?P<count>\d{{1,3}}|够用为止|若干|as needed))?"
    rf"\s*(?:(?:合计至少|合计|together at least|together)\s*(?P<together>{_AMOUNT}))?\s*"
)
_QUOTED = re.compile(r'\s*"((?:[^"]|"")*)"\s*')
_GRADE_END = re.compile(r"[;；\n]")
_UNPLAIN = re.compile(r'[;；→"\n\t{}\[\]]|->')


def worth_words(worth: Worth, language: str) -> str:
    """How much is made, in words that :func:`read_worth` reads back."""
    match worth:
        case Full():
            return (SHORT if worth.short else FULL).said_in(language)
        case Held(times=times):
            said = HELD.said_in(language)
            return said if times == 1 else f"{said} × {times}"
    return format_credit(worth)


def read_worth(typed: str) -> Any:
    """How much is made, as a document writes it, or a Refusal that says what is expected."""
    text = plain(typed)
    if text in (plain(FULL.zh), plain(FULL.en), "full", "课程全部学分"):
        return "full"
    if text in (plain(SHORT.zh), plain(SHORT.en), "even if short", "even_if_short", "不足亦可"):
        return {"full": "even_if_short"}
    if text in (plain(HELD.zh), plain(HELD.en), "held"):
        return "held"
    if found := _TIMES.fullmatch(text):
        return {"held": found[1]} if Fraction(found[1]) != 1 else "held"
    found = _FIXED.fullmatch(text)
    return found[1] if found else _refused("cell.worth", typed)


def grade_words(grade: Grade, facts: Mapping[str, Fact], language: str) -> str:
    """The grade that is recorded, in words that :func:`read_grade` reads back."""
    wanted = grade_data(grade)
    match grade:
        case CreditOnly():
            return ONLY.said_in(language)
        case KeptGrade(fact=fact):
            return bracketed(fact, facts, language)
        case FixedGrade(grade=text):
            clear = not _UNPLAIN.search(text) and read_grade(facts, text) == wanted
            return text if clear else _quoted(text)
    said = _map_words(grade.rows, language, lambda when: condition_words(when, facts, language))
    if read_grade(facts, said) == wanted:
        return said
    return _map_words(grade.rows, language, lambda when: coded_condition(when, facts))


def _map_words(rows: Sequence[tuple[Condition, str]], language: str, asked: Callable[[Condition], str]) -> str:
    between = "；" if _zh(language) else "; "
    said = []
    for when, grade in rows:
        word = grade if not _UNPLAIN.search(grade) and grade == grade.strip() else _quoted(grade)
        said.append(f"{asked(when) if when else ELSE.said_in(language)} → {word}")
    return between.join(said)


def read_grade(facts: Mapping[str, Fact], typed: str) -> Any:
    """The grade that words mean, as a document writes it, or a Refusal."""
    text = typed.strip()
    if plain(text) in (plain(ONLY.zh), plain(ONLY.en), "credit_only", "cr"):
        return "credit_only"
    if quoted := _QUOTED.fullmatch(typed):
        return {"fixed": quoted[1].replace('""', '"')}
    if text.startswith("[") and text.endswith("]") and "[" not in text[1:] and "]" not in text[:-1]:
        fact = read_bracketed(text[1:-1], facts)
        return fact if isinstance(fact, Refusal) else {"keep": fact}
    if _ARROW.search(text):
        return _read_map(facts, text)
    return {"fixed": text} if text and not _UNPLAIN.search(text) else _refused("cell.grade", typed)


def _read_map(facts: Mapping[str, Fact], text: str) -> Any:
    rows: list[dict[str, Any]] = []
    at = 0
    while text[at:].strip():
        arrow = _ARROW.search(text, at)
        if arrow is None:
            return _refused("cell.grade", text)
        asked = text[at : arrow.start()].strip()
        when: Any = {}
        if plain(asked) not in (plain(ELSE.zh), plain(ELSE.en), "otherwise", "其他", ""):
            when = read_condition(facts, asked)
            if isinstance(when, Refusal):
                return when
        quoted = _QUOTED.match(text, arrow.end())
        end = _GRADE_END.search(text, quoted.end() if quoted else arrow.end())
        stop = end.start() if end else len(text)
        if quoted and text[quoted.end() : stop].strip():
            return _refused("cell.grade", text)
        grade = quoted[1].replace('""', '"') if quoted else text[arrow.end() : stop].strip()
        if not grade:
            return _refused("cell.grade", text)
        rows.append(({"when": when} if when else {}) | {"grade": grade})
        at = end.end() if end else len(text)
    return {"map": rows}


def targets_words(targets: Sequence[Target], categories: Sequence[Choice], language: str) -> str:
    """What credit becomes, in words that :func:`read_targets` reads back."""
    wanted = [target_data(target) for target in targets]
    said = " + ".join(_target_words(target, categories, language) for target in targets)
    if read_targets(categories, said) == wanted:
        return said
    return " + ".join(_target_words(target, (), language) for target in targets)


def _target_words(target: Target, categories: Sequence[Choice], language: str) -> str:
    if target.kind is TargetKind.ELECTIVE:
        return ELECTIVE.said_in(language)
    if target.kind is TargetKind.COURSE and read_targets((), target.code) == [{"course": target.code}]:
        return target.code
    named = target.kind in (TargetKind.COURSE_OF, TargetKind.CATEGORY) and categories
    code = choice_words(categories, target.code, language) if named else target.code
    return f"{_TARGETS[target.kind].said_in(language)} {code}"


def read_targets(categories: Sequence[Choice], typed: str) -> Any:
    """What credit becomes, as a document writes it, or a Refusal."""
    found: list[Any] = []
    for part in _PLUS.split(typed.strip()):
        one = _read_target(categories, part)
        codes = [code for code in _COMMA.split(part) if code]
        if one is None and len(codes) > 1 and all(_CODE.fullmatch(code) for code in codes):
            found += [{TargetKind.COURSE.value: code} for code in codes]
        elif one is None:
            return _refused("cell.targets", typed)
        else:
            found.append(one)
    return found


def _read_target(categories: Sequence[Choice], typed: str) -> Any:
    text = " ".join(unicodedata.normalize("NFKC", typed).split())
    if text.casefold() in _ELECTIVES:
        return TargetKind.ELECTIVE.value
    for kind, begins in _BEGINS:
        begun = begins.match(text)
        rest = text[begun.end() :] if begun else ""
        if not rest:
            continue
        if kind in (TargetKind.COURSE_OF, TargetKind.CATEGORY):
            code = read_choice_words(categories, rest) or (rest if _CODE.fullmatch(rest) and not categories else None)
            if code is not None:
                return {kind.value: code}
        elif _CODE.fullmatch(rest):
            return {kind.value: rest}
    return {TargetKind.COURSE.value: text} if _CODE.fullmatch(text) else None


def sources_words(sources: Sequence[Source], facts: Mapping[str, Fact], language: str) -> str:
    """Sources of which any serves, each in braces, in words that :func:`read_sources` reads back."""
    wanted = [source_data(source) for source in sources]
    said = _sources_said(sources, language, lambda when: condition_words(when, facts, language))
    if read_sources(facts, said) == wanted:
        return said
    return _sources_said(sources, language, lambda when: coded_condition(when, facts))


def _sources_said(sources: Sequence[Source], language: str, asked: Callable[[Condition], str]) -> str:
    said = []
    for source in sources:
        parts = [asked(source.when)] if source.when else []
        parts += [f"{UNIT.said_in(language)} {', '.join(source.units)}"] if source.units else []
        parts += [f"{LEAST.said_in(language)} {format_credit(source.credit)}"] if source.credit is not None else []
        said.append("{" + " | ".join(parts) + "}")
    return f" {_OR.said_in(language)} ".join(said)


def read_sources(facts: Mapping[str, Fact], typed: str) -> Any:
    """The sources that words in braces mean, as a document writes them; a Refusal where they cannot be read."""
    text = typed.strip()
    if not text:
        return []
    if re.fullmatch(_SOURCES, text) is None:
        return _refused("cell.sources", typed)
    found = []
    for part in re.findall(_BRACE, text):
        source = _read_source(facts, part[1:-1])
        if isinstance(source, Refusal):
            return source
        found.append(source)
    return found


def _read_source(facts: Mapping[str, Fact], typed: str) -> Any:
    source: dict[str, Any] = {}
    when: dict[str, Any] | Refusal = {}
    for part in typed.split("|"):
        text = part.strip()
        if named := re.fullmatch(r"(?:认证单元|单元|units?\b)\s*[:：]?\s*(.+)", text, re.IGNORECASE):
            units = read_units(named[1])
            if isinstance(units, Refusal):
                return units
            source["unit"] = units
        elif least := re.fullmatch(rf"(?:至少|at least|≥)\s*({_AMOUNT})(?:\s*(?:学分|credits?))?", text, re.IGNORECASE):
            source["credit"] = f"{_hundredths(least[1])}"
        elif text and when:
            return _refused("cell.sources", typed)
        else:
            when = read_condition(facts, text)
            if isinstance(when, Refusal):
                return when
    return ({"when": when} if when else {}) | {key: source[key] for key in ("credit", "unit") if key in source}


def groups_words(groups: Sequence[Group], facts: Mapping[str, Fact], language: str) -> str:
    """Groups that are all needed, in words that :func:`read_groups` reads back."""
    return " + ".join(_group_words(group, facts, language) for group in groups)


def _group_words(group: Group, facts: Mapping[str, Fact], language: str) -> str:
    said = sources_words(group.sources, facts, language)
    if group.count != 1:
        said += f" × {count_words(group.count, language)}"
    if group.credit is not None:
        said += f" {_TOGETHER.said_in(language)} {format_credit(group.credit)}"
    return said


def read_groups(facts: Mapping[str, Fact], typed: str) -> Any:
    """The groups that words mean, as a document writes them; a Refusal where they cannot be read."""
    found: list[Any] = []
    at = 0
    while typed[at:].strip():
        group = _GROUP.match(typed, at)
        if group is None:
            return _refused("cell.groups", typed)
        sources = read_sources(facts, group["sources"])
        if isinstance(sources, Refusal):
            return sources
        data: dict[str, Any] = dict(sources[0]) if len(sources) == 1 else {"any": sources}
        count = group["count"]
        if count is not None and count != "1":
            data["count"] = int(count) if count.isdecimal() else "as_needed"
        if group["together"] is not None:
            data["together"] = _hundredths(group["together"])
        found.append(data)
        at = group.end()
        joint = re.compile(r"[+＋和]|and\b").match(typed, at)
        if typed[at:].strip() and joint is None:
            return _refused("cell.groups", typed)
        if joint is not None:
            at = joint.end()
            if not typed[at:].strip():
                return _refused("cell.groups", typed)
    return found


def count_words(count: int | None, language: str) -> str:
    """How many items a group takes."""
    return AS_NEEDED.said_in(language) if count is None else str(count)


def read_count(typed: str, most: int) -> Any:
    """How many items a group takes, as a document writes it; nothing is one."""
    text = plain(typed)
    if text in (plain(AS_NEEDED.zh), plain(AS_NEEDED.en), "as_needed", "若干"):
        return "as_needed"
    if not text or (text.isdecimal() and text.isascii() and 1 <= int(text) <= most):
        return int(text or 1)
    return _refused("cell.count", typed, most=most)


def read_least(typed: str) -> str | Refusal | None:
    """An amount of credit as a document writes it, or none."""
    text = plain(typed).removeprefix("≥").strip()
    if text in ("", "any", "任意", "不限", "-", "—"):
        return None
    found = _FIXED.fullmatch(text)
    return _hundredths(found[1]) if found else _refused("cell.credit", typed)


def read_units(typed: str) -> Any:
    """Codes of certification units as a document writes them: one, or a list; none for nothing."""
    text = unicodedata.normalize("NFKC", typed).strip()
    if plain(text) in ("", "any", "任意", "不限", "-", "—"):
        return None
    codes = sorted({code for code in _COMMA.split(text) if code})
    if not codes or not all(_CODE.fullmatch(code) for code in codes):
        return _refused("cell.units", typed)
    return codes if len(codes) > 1 else codes[0]


def group_parts(data: Mapping[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """A group as a document writes it, as its sources and what it says of all of them."""
    shared = {key: data[key] for key in ("count", "together") if key in data}
    sources = data["any"] if "any" in data else [{key: one for key, one in data.items() if key not in shared}]
    return [dict(source) for source in sources], shared


def joined_group(sources: Sequence[Mapping[str, Any]], shared: Mapping[str, Any]) -> dict[str, Any]:
    """A group of sources, as :func:`group_parts` takes it apart."""
    return (dict(sources[0]) if len(sources) == 1 else {"any": [dict(one) for one in sources]}) | dict(shared)


def same_groups(groups: Sequence[Group], data: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a document says these groups."""
    return [group_data(group) for group in groups] == list(data)


def _hundredths(typed: str) -> str:
    """An amount as documents in normal form write it."""
    whole, _dot, part = typed.partition(".")
    return f"{int(whole)}.{part:0<2}"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _zh(language: str) -> bool:
    return language.lower().startswith("zh")


def _refused(code: str, typed: str, **facts: Any) -> Refusal:
    return Refusal.because(code, typed=typed if len(typed) <= 80 else f"{typed[:79]}…", **facts)
