"""A school's sheet of results: its columns and words, and the mapping that a person's answers make."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

from creditbank.domain.masterdata.declaration import Choice, CodeTable, DataSet, Field, Kind
from creditbank.domain.results import EARNS_ONCE, SITTINGS
from creditbank.domain.values import Text, format_credit
from creditbank.exchange.aggregates import exact_number
from creditbank.exchange.documents import expect_schema, read_document
from creditbank.exchange.mapping import DATE_FORMS, SCHEMA, ResultMapping, read_mapping
from creditbank.exchange.masterdata.imports import open_mapped
from creditbank.exchange.masterdata.reading import Table, heading_key
from creditbank.exchange.masterdata.writing import template_bytes
from creditbank.exchange.sheets import Row, SheetPlace, open_sheet
from creditbank.gateways.documents import packaged
from creditbank.gateways.files import Upload
from creditbank.queries.results import LibraryCourse, RuleChoice, TermDays, list_library, list_rule_choices, list_terms
from creditbank.records.scope import acting_for

LONG, WIDE = SHAPES = ("long", "wide")
"""One row for each result, or one row for each learner with a column for each course."""

COURSE = "course_marks"
"""What a column of a wide sheet is that holds the marks of one course."""

MOST_WORDS = 60
"""So many different words of one column can be explained; rows with others are refused."""

_WORDED = ("mark", "outcome", "sitting", "presentation")
_FULL_WIDTH = str.maketrans("０１２３４５６７８９．", "0123456789.")
_DATES = tuple(form for form in DATE_FORMS if form not in {"D/M/YYYY", "M/D/YYYY"})


def _choice(code: str, zh: str, en: str, *aliases: str) -> Choice:
    return Choice(code, Text(zh, en), aliases)


SITTING = CodeTable(
    "result_sitting", Text("考试性质", "Sitting"), "2026-1", "credit bank",
    (_choice("normal", "正考", "First sitting"), _choice("resit", "补考", "Resit"),
     _choice("retake", "重修", "Retake"), _choice("deferred", "缓考", "Deferred sitting")),
)  # fmt: skip

MEANING = CodeTable(
    "result_meaning", Text("成绩含义", "What it means"), "2026-1", "credit bank",
    (_choice("excellent", "优秀，记95分", "Excellent, counted as 95"),
     _choice("good", "良好，记85分", "Good, counted as 85"),
     _choice("medium", "中等，记75分", "Medium, counted as 75"),
     _choice("passing", "及格，记65分", "Passed, counted as 65"),
     _choice("pass", "通过，不记分数", "Passed, without a mark"), _choice("fail", "未通过", "Failed"),
     _choice("absent", "缺考", "Absent"), _choice("deferred", "缓考", "Deferred"),
     _choice("misconduct", "作弊或违纪", "Misconduct"), _choice("exempt", "免修", "Exempt"),
     _choice("withdrawn", "退课", "Withdrawn")),
)  # fmt: skip
"""What a word in the place of a mark can declare."""

MEANS: Mapping[str, Mapping[str, Any]] = {
    "excellent": {"outcome": "distinction", "mark": 95},
    "good": {"outcome": "pass", "mark": 85},
    "medium": {"outcome": "pass", "mark": 75},
    "passing": {"outcome": "pass", "mark": 65},
} | {code: {"outcome": code} for code in ("pass", "fail", "absent", "deferred", "misconduct", "exempt", "withdrawn")}
"""From a code of :data:`MEANING` to what a mapping declares."""


def _field(name: str, zh: str, en: str, kind: Kind, aliases: str, *examples: str, **more: Any) -> Field:
    return Field(name, Text(zh, en), kind, tuple(aliases.split()), examples=(*examples, "", "")[:2], **more)


_NUMBER = _field("learner_number", "学号", "Student number", Kind.CODE, "学生学号 学籍号 学生编号", "2023010101",
                 "2023010102", required=True)  # fmt: skip
RESULTS = DataSet(
    "results",
    Text("课程成绩", "Course results"),
    Text("教务系统导出的成绩，每行一个成绩。", "Results as a school's system exports them, one row for each."),
    ("learner_number", "course", "presentation"),
    (
        _NUMBER,
        _field("course", "课程代码", "Course code", Kind.CODE, "课程号 课程编号 课程编码", "MA101", "EN101",
               required=True),
        _field("course_name", "课程名称", "Name of the course", Kind.TEXT, "课程 课程名", "高等数学", "大学英语"),
        _field("presentation", "学年学期", "Term", Kind.CHOICE, "学期 开课学期 修读学期 学年/学期", "2025-2026-1",
               "2025-2026-1"),
        _field("credit", "学分", "Credits", Kind.AMOUNT, "课程学分 学分数", "4", "3"),
        _field("mark", "成绩", "Mark", Kind.CHOICE, "总评成绩 最终成绩 总成绩 期末总评 百分制成绩 分数", "85", "缺考",
               required=True, table=MEANING),
        _field("sitting", "考试性质", "Sitting", Kind.CHOICE, "成绩性质 修读性质 考试类型 修读方式 考试类别", "正考",
               "正考", table=SITTING),
        _field("outcome", "备注", "Remark", Kind.CHOICE, "成绩备注 成绩标志 成绩标识 特殊原因 考试状态", "", "",
               table=MEANING),
        _field("earned_on", "考试日期", "Day of the examination", Kind.DATE, "考试时间 成绩日期", "2026-01-12",
               "2026-01-13"),
    ),
    label="course",
    personal=True,
)  # fmt: skip
"""What a sheet with one row for each result can say."""

RESULTS_WIDE = DataSet(
    "results_wide",
    Text("成绩总表", "Table of results"),
    Text("每名学生一行，每门课程一列。", "One row for each student, one column for each course."),
    ("learner_number",),
    (_NUMBER,),
    label="learner_number",
    personal=True,
)


@dataclass(frozen=True, slots=True)
class School:
    """What a sheet of a school is read by: its terms, its course library, the rule sets that can decide."""

    terms: tuple[TermDays, ...]
    library: Mapping[str, LibraryCourse]
    rules: tuple[RuleChoice, ...]

    def columns(self, shape: str) -> DataSet:
        """The columns of a shape, with the terms of this school as words of the term's column."""
        if shape == WIDE:
            return RESULTS_WIDE
        terms = CodeTable(
            "result_term", Text("学年学期", "Term"), "", "calendar", tuple(Choice(t.code, t.name) for t in self.terms)
        )
        fields = tuple(
            replace(field, table=terms) if field.name == "presentation" else field for field in RESULTS.fields
        )
        return DataSet(
            RESULTS.code, RESULTS.name, RESULTS.about, RESULTS.key, fields, label=RESULTS.label, personal=True
        )

    def said(self, shape: str) -> DataSet:
        """What a sheet of a shape says in its columns and cells: the cells of a wide one are marks."""
        if shape == LONG:
            return self.columns(shape)
        return replace(RESULTS_WIDE, fields=(*RESULTS_WIDE.fields, replace(RESULTS.field("mark"), required=False)))

    def course_of(self, heading: str) -> str:
        """The code of the library's course that a heading names, by code or by name; empty for none or several."""
        said = heading_key(heading)
        found = [c.code for c in self.library.values() if said in (heading_key(c.code), heading_key(c.name.zh))]
        return found[0] if len(found) == 1 else ""


@dataclass(frozen=True, slots=True)
class Answers:
    """What a person said of a sheet.

    ``given`` goes from heading to field; ``courses`` from heading to course code, of a wide sheet; ``words`` by field
    from a word to what it stands for; ``every`` holds what is so for every row: presentation, sitting, rule_set,
    pass_mark, level, field, repeat.
    """

    shape: str
    given: Mapping[str, str]
    courses: Mapping[str, str]
    words: Mapping[str, Mapping[str, str]]
    every: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Scan:
    """The rows of a sheet, and the words in it that are no numbers, by field with how often each occurs."""

    rows: int
    words: Mapping[str, Mapping[str, int]]


def read_school(institution: UUID, day: date) -> School:
    """What sheets of an institution are read by on a day."""
    with acting_for(institution=institution, purpose="results.plan") as scope:
        library = {course.code: course for course in list_library(scope, day)}
        return School(list_terms(scope), library, list_rule_choices(scope, day))


def open_result_sheet(
    upload: Upload, data_set: DataSet, *, institution: UUID, given: Mapping[str, str] | None = None
) -> tuple[Table, Mapping[str, Mapping[str, str]]]:
    """The opened sheet with what its columns mean, and what the office has said of words and defaults before.

    Raises:
        SheetProblem: the file cannot be read as such a sheet.
    """
    return open_mapped(upload, data_set, institution=institution, given=given, as_of=None)


def scan_sheet(upload: Upload, table: Table, given: Mapping[str, str], courses: Mapping[str, str]) -> Scan:
    """Go through a sheet once and collect its words.

    Raises:
        SheetProblem: it cannot be read as one sheet with one head.
    """
    sheet = open_sheet(upload, _place(table))
    meant = {heading: "mark" if heading in courses else given.get(heading, "") for heading in sheet.head}
    fields = {place: meant[heading] for place, heading in enumerate(sheet.head) if meant[heading] in _WORDED}
    found: dict[str, Counter[str]] = {field: Counter() for field in fields.values()}
    rows = 0
    for row in sheet.rows(fields):
        rows += 1
        if not isinstance(row, Row):
            continue
        for place, field in fields.items():
            word = row.cells[place].strip()
            if word and (field != "mark" or exact_number(word.translate(_FULL_WIDTH)) is None):
                found[field][word] += 1
    return Scan(
        rows * max(1, len(courses)), {field: dict(said.most_common(MOST_WORDS)) for field, said in found.items()}
    )


def known_words(school: School) -> dict[str, dict[str, str]]:
    """What words stand for before anybody says otherwise: by field, from a word to its code."""
    document = _shipped()
    codes = {(means["outcome"], Decimal(means.get("mark", 0))): code for code, means in MEANS.items()}
    marks = {
        word: codes[said["outcome"], Decimal(said.get("mark", 0))] for word, said in document["marks"]["words"].items()
    }
    terms = {term.code: term.code for term in school.terms} | {term.name.zh: term.code for term in school.terms}
    sittings = {code: code for code in SITTINGS} | dict(document["values"]["sitting"])
    return {"mark": marks, "outcome": marks, "sitting": sittings, "presentation": terms}


def default_every() -> dict[str, str]:
    """What holds for every row before anybody says otherwise."""
    said = _shipped()["defaults"]
    return {
        "sitting": SITTINGS[0],
        "rule_set": str(said["rule_set"]),
        "pass_mark": str(_shipped()["marks"]["pass_mark"]),
        "level": str(said["level"]),
        "field": str(said["field"]),
        "repeat": EARNS_ONCE,
    }


def make_document(table: Table, school: School, answers: Answers) -> dict[str, Any]:
    """The ``creditbank.mapping/1`` document that a person's answers make of a sheet."""
    columns = {field: heading for heading, field in answers.given.items() if field and field != COURSE}
    every = answers.every
    sheet: dict[str, Any] = {"head_line": table.head_line}
    if table.sheet:
        sheet["name"] = table.sheet
    marks = {**answers.words.get("outcome", {}), **answers.words.get("mark", {})}
    values = {"sitting": dict(answers.words.get("sitting", {}))}
    if "presentation" in columns:
        values["presentation"] = {
            word: code for word, code in answers.words.get("presentation", {}).items() if word != code
        }
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "name": {"zh": table.data_set.name.zh, "en": table.data_set.name.en},
        "sheet": sheet,
        "columns": columns,
        "values": {fact: said for fact, said in values.items() if fact in columns},
        "dates": list(_DATES),
        "marks": {"pass_mark": every["pass_mark"], "words": {word: dict(MEANS[code]) for word, code in marks.items()}},
        "defaults": {
            "rule_set": every["rule_set"],
            "level": int(every["level"]),
            "field": every["field"],
            "repeat": every["repeat"],
        },
        "presentations": {
            term.code: {"term": term.code, "starts_on": str(term.starts_on), "ends_on": str(term.ends_on)}
            for term in school.terms
        },
        "every": {} if "sitting" in columns else {"sitting": every["sitting"]},
    }
    if answers.shape == WIDE:
        document["wide"] = {"presentation": every["presentation"], "courses": dict(answers.courses)}
    elif "presentation" not in columns:
        document["every"]["presentation"] = every["presentation"]
    if "credit" not in columns:
        named = set(answers.courses.values())
        document["courses"] = {
            course.code: _course_data(course) for course in school.library.values() if not named or course.code in named
        }
    return document


def read_answers(document: dict[str, Any]) -> ResultMapping:
    """The mapping of a document that :func:`make_document` made.

    Raises:
        UnreadableError: something in it is impossible; each problem has its path.
    """
    return read_mapping(document)


def results_template(language: str) -> bytes:
    """The workbook to fill in, with drop-downs, examples and what each column means."""
    return template_bytes(RESULTS, language)


def lacking_words(found: Mapping[str, Mapping[str, int]], said: Mapping[str, Mapping[str, str]]) -> Sequence[str]:
    """The words of a sheet that nobody has explained."""
    return [word for field, words in found.items() for word in words if word not in said.get(field, {})]


def _course_data(course: LibraryCourse) -> dict[str, Any]:
    name = {"zh": course.name.zh, "en": course.name.en or course.name.zh}
    return {"name": name, "credit": format_credit(course.credit)}


@cache
def _shipped() -> dict[str, Any]:
    name = "mappings/school-long.yaml"
    return expect_schema(read_document(packaged(name), name=name), "mapping", name=name)


def _place(table: Table) -> SheetPlace:
    return SheetPlace(table.sheet or None, table.head_line)
