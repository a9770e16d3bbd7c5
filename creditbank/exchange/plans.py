"""Programme plans from workbooks: a plan is taken whole, or every error is named with its cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from creditbank.domain.explanation import Fact
from creditbank.domain.programmes import plan as plans
from creditbank.domain.programmes.fields import ProgrammeError
from creditbank.domain.programmes.plan import Finding, Module, Plan, PlannedCourse
from creditbank.domain.programmes.plan_document import course_code, plan_text, programme_document
from creditbank.domain.values import Hundredths, Text
from creditbank.exchange import plan_words as words
from creditbank.exchange import workbooks
from creditbank.exchange.plan_cells import Grid, Head, PlanProblem, find_head, lines_above, plain, read_grids
from creditbank.exchange.plan_modules import Labels, ModuleRow, read_modules
from creditbank.exchange.plan_words import WordProblem
from creditbank.exchange.workbooks import column_letters
from creditbank.gateways import files
from creditbank.gateways.files import Kind, Upload

MESSAGES: dict[str, str] = {
    "plans.not_a_workbook": "A plan is read from an XLSX workbook. Save the sheet as .xlsx and try again.",
    "plans.no_list": "No sheet has a list of courses: one row must hold the headings 课程代码, 课程名称 and 学分. "
    "The template shows them.",
    "plans.two_lists": "Two sheets hold a list of courses: {first} and {second}. Keep one plan in a workbook.",
    "plans.too_long": "The sheet has more than {limit} rows. A plan has at most {most} courses.",
    "plans.heading_twice": "The heading {heading} stands here a second time. Keep one of the columns.",
    "plans.heading_missing": "The list has no column {heading}. Add it; the template shows it.",
    "plans.no_courses": "Below the headings there is no course.",
    "plans.code_missing": "The course has no code. Write the code that the course library and the results use.",
    "plans.code": "“{value}” is no course code: one line of at most 64 characters, and no number that a spreadsheet "
    "has rounded. Format the column as text and write the code again.",
    "plans.name_missing": "The course has no name.",
    "plans.text_long": "The text is longer than {limit} characters. Shorten it.",
    "plans.nature_missing": "The course has no nature. Write 必修, 限选 or 选修.",
    "plans.nature": "“{value}” is no course nature we know. Write 必修, 限选 or 选修.",
    "plans.credit_missing": "The credit is missing. Write a number, 0 if there is none.",
    "plans.credit": "“{value}” is no amount of credit. Write a number with at most two decimals, such as 3 or 2.5.",
    "plans.hours": "“{value}” is no number of hours. Write hours as 48, or weeks of practice as 2周.",
    "plans.terms": "“{value}” is no term. Write a term from 1 to 12, for instance 3, 1-4 or 1,3.",
    "plans.date": "A spreadsheet program has made a date of this cell. Format it as text and write it again, "
    "for instance 1-4.",
    "plans.merged": "The cell is merged with others ({range}), so it is unclear which course it belongs to. "
    "Unmerge it.",
    "plans.formula": "The cell holds a formula, whose stored value may be out of date. Paste the value itself.",
    "plans.error": "The cell shows an error of the spreadsheet program. Correct it.",
    "plans.hidden_row": "The row is hidden. Show it if it counts, delete it if not.",
    "plans.no_module": "The course stands in no module. Name its module in this row.",
    "plans.module_unknown": "There is no module “{value}”. The modules are: {modules}.",
    "plans.module_ambiguous": "Several modules are called “{value}”. Write the module above it too: 上级模块 / 模块.",
    "plans.module_twice": "This module stands in the list of modules twice. Keep one row.",
    "plans.module_id": "“{value}” is no module code: small letters, digits and hyphens, at most 40. "
    "Leave it empty and one is given.",
    "plans.module_above": "There is no module “{value}” above this row. Write the outer module first.",
    "plans.module_deep": "Modules stand in modules at most {limit} deep.",
    "plans.minimum_missing": "The module “{module}” has elective courses and no minimum. Write its minimum credit in "
    "the sheet 模块, or in a row of its own above its courses, for instance: {module}（最低 10 学分）.",
    "plans.code_needed": "The workbook does not say the programme's code. Write it in the sheet 方案 beside 方案代码, "
    "or enter it when you upload the plan.",
    "plans.title_needed": "The workbook does not say the programme's name. Write it in the sheet 方案 beside 方案名称, "
    "or enter it when you upload the plan.",
    "plans.too_many": "A plan has at most {courses} courses and {modules} modules; this one has more.",
    "plans.row_ignored": "The row names no course and no minimum, and was left out: “{value}”.",
    "plans.module_from_above": "The module is not repeated from this row on; “{module}” from above was taken.",
    "plans.courses_unknown": "The course library does not have {count} courses of this plan: {courses}. Results with "
    "these codes count all the same; add the courses so that others can be converted into them.",
    "plans.course_unknown": "The course library does not have the course {course}. Results with this code count all "
    "the same; add the course so that others can be converted into it.",
}
"""Sentences about a plan's workbook, by code; the last four are remarks."""

ALL_MESSAGES: dict[str, str] = {**files.MESSAGES, **workbooks.MESSAGES, **MESSAGES, **plans.MESSAGES}
"""All sentences a reading can say."""

_NEEDED = ("code", "name", "credit")
_FEW = 3
_SINGLE = ("code", "name", "credit", "terms", "hours")


@dataclass(frozen=True, slots=True)
class PlanReading:
    """What a workbook holds. ``document`` is None when there are ``errors``: all of them are listed.

    ``remarks`` stand in nobody's way. ``places`` says in which cell each course code stands.
    """

    document: dict[str, Any] | None
    plan: Plan | None
    code: str
    title: Text
    errors: tuple[PlanProblem, ...]
    remarks: tuple[PlanProblem, ...]
    places: dict[str, tuple[str, str]]


@dataclass(slots=True)
class _Taken:
    """A course with the row it was read from; None where the row has errors."""

    row: int
    course: PlannedCourse | None


@dataclass(slots=True)
class _Reader:
    """One reading in progress."""

    grid: Grid
    head: Head
    labels: Labels
    errors: list[PlanProblem] = field(default_factory=list)
    remarks: list[PlanProblem] = field(default_factory=list)
    taken: dict[int, list[_Taken]] = field(default_factory=dict)

    def column(self, name: str) -> int | None:
        """The column of a heading."""
        return self.head.columns.get(name)

    def say(self, row: int, name: str, code: str, **facts: Fact) -> None:
        """Note an error at a cell."""
        self.errors.append(self.grid.problem(row, self.head.columns.get(name, 0), code, **facts))


def read_plan_workbook(upload: Upload, *, code: str = "", title: Text | None = None) -> PlanReading:
    """Read a plan: the list of courses, and the modules and the programme's name from sheets beside it.

    Args:
        upload: a file that passed the door.
        code: the programme's code; by default the one in the workbook.
        title: the programme's name; by default the one in the workbook, or the line above the list.

    Raises:
        SheetProblem: the workbook itself cannot be read.
    """
    if upload.kind is not Kind.XLSX:
        return _refused("", "plans.not_a_workbook", code, title)
    grids = read_grids(upload)
    lists = [(grid, head) for grid in grids if (head := find_head(grid, words.LIST, _NEEDED)) is not None]
    if not lists:
        return _refused("", "plans.no_list", code, title)
    if len(lists) > 1:
        facts: dict[str, Fact] = {"first": lists[0][0].title, "second": lists[1][0].title}
        return _refused(lists[1][0].title, "plans.two_lists", code, title, **facts)
    grid, head = lists[0]
    others = [one for one in grids if one is not grid]
    labels, problems = read_modules(others)
    reader = _Reader(grid, head, labels, errors=problems)
    _read_head(reader)
    _read_rows(reader)
    about = _About(others)
    reader.errors += about.errors
    named = code or about.code
    told = title or about.title or Text(next(iter(lines_above(grid, head)), "")[:200].strip())
    if not named:
        reader.errors.append(PlanProblem("", "", "plans.code_needed"))
    if not told.zh:
        reader.errors.append(PlanProblem("", "", "plans.title_needed"))
    return _finish(reader, about, named, told)


def missing_courses(reading: PlanReading, codes: Sequence[str]) -> tuple[PlanProblem, ...]:
    """Remarks about courses that the course library does not have: each at its cell, many of them in one."""
    if len(codes) <= _FEW:
        return tuple(PlanProblem(*reading.places[code], "plans.course_unknown", {"course": code}) for code in codes)
    listed = "、".join(codes)
    facts: dict[str, Fact] = {"count": len(codes), "courses": listed if len(listed) <= 400 else f"{listed[:400]}…"}
    return (PlanProblem(reading.places[codes[0]][0], "", "plans.courses_unknown", facts),)


def _refused(sheet: str, problem: str, code: str, title: Text | None, **facts: Fact) -> PlanReading:
    return PlanReading(None, None, code, title or Text(""), (PlanProblem(sheet, "", problem, facts),), (), {})


def _read_head(reader: _Reader) -> None:
    grid, head = reader.grid, reader.head
    if grid.is_cut:
        facts: dict[str, Fact] = {"limit": len(grid.values), "most": plans.MOST_COURSES}
        reader.errors.append(PlanProblem(grid.title, "", "plans.too_long", facts))
    for text, column in head.repeated:
        reader.errors.append(grid.problem(head.last, column, "plans.heading_twice", heading=text))
    for name, said in (("nature", "课程性质"), ("terms", "学期")):
        if name not in head.columns and not (name == "terms" and head.marks):
            problem = PlanProblem(grid.title, "", "plans.heading_missing", {"heading": said})
            reader.errors.append(problem)


def _read_rows(reader: _Reader) -> None:
    """Take every row below the head: courses, rows that name a module, and rows that only add up."""
    grid, head = reader.grid, reader.head
    current: ModuleRow | None = None
    fresh = False
    waiting: list[tuple[int, ModuleRow]] = []
    for row in range(head.last + 1, len(grid.values) + 1):
        texts = [text for column in range(grid.width) if (text := grid.text(row, column))]
        if not texts:
            continue
        code, name = grid.text(row, head.columns["code"]), grid.text(row, head.columns["name"])
        is_course = bool(code and name) and not _is_header(grid, head, row, code, name)
        if not is_course and any(words.is_total(text) for text in (*texts[:2], name)):
            continue
        if grid.faults.row_is_hidden(row):
            reader.say(row, "code", "plans.hidden_row")
            continue
        if _is_header(grid, head, row, code, name):
            current, fresh = _header(reader, row, texts[0]), True
            waiting.append((row, current))
            continue
        module = _module_of(reader, row, current, fresh=fresh)
        fresh = fresh and module is current
        current = module or current
        course = _course(reader, row)
        reader.taken.setdefault(module.place if module else -1, []).append(_Taken(row, course))
    if not reader.taken and not any(one.categories for one in reader.labels.rows):
        reader.errors.append(grid.problem(head.last, head.columns["code"], "plans.no_courses"))
    used = {one.place for place in reader.taken if place >= 0 for one in reader.labels.up_from(place)}
    for row, module in waiting:
        if module.minimum is None and module.place not in used and not module.is_listed:
            module.is_left_out = True
            reader.remarks.append(grid.problem(row, 0, "plans.row_ignored", value=module.title.zh[:60]))


def _is_header(grid: Grid, head: Head, row: int, code: str, name: str) -> bool:
    """Whether a row names a module and no course: nothing stands under code and name but what is merged over them."""
    if not code and not name:
        return True
    first = grid.merge(row, head.columns["code"])
    second = grid.merge(row, head.columns["name"])
    return first is not None and first is second


def _header(reader: _Reader, row: int, text: str) -> ModuleRow:
    title, minimum = words.read_header(text)
    column = reader.head.columns["credit"]
    beside = reader.grid.text(row, column)
    if minimum is None and beside and beside != text:
        fault = reader.grid.fault(row, column)
        try:
            minimum = words.read_credit(beside)
        except WordProblem as problem:
            reader.say(row, "credit", problem.code, value=beside[:60])
        if fault:
            reader.say(row, "credit", f"plans.{fault}")
    known = reader.labels.find(title)
    if isinstance(known, ModuleRow):
        if known.minimum is None:
            known.minimum = minimum
        return known
    return reader.labels.add(Text(title[:200]), None, minimum, reader.grid, row, 0)


def _module_of(reader: _Reader, row: int, current: ModuleRow | None, *, fresh: bool) -> ModuleRow | None:
    """The module of a course's row: its own, or the one above where the cell is empty."""
    grid, labels = reader.grid, reader.labels
    outer, name = grid.text(row, reader.column("parent")), grid.text(row, reader.column("module"))
    if not name:
        outer, name = "", outer
    if not name:
        if current is None:
            reader.say(row, "module", "plans.no_module")
        elif not fresh and reader.column("module") is not None and reader.taken.get(current.place, [])[-1:]:
            before = reader.taken[current.place][-1].row
            if grid.text(before, reader.column("module")):
                reader.remarks.append(
                    grid.problem(row, reader.head.columns["module"], "plans.module_from_above", module=current.title)
                )
        return current
    at = "module" if reader.column("module") is not None else "parent"
    found = labels.find(name, outer)
    if isinstance(found, ModuleRow):
        return found
    if found == "ambiguous":
        reader.say(row, at, "plans.module_ambiguous", value=name[:60])
        return None
    if labels.is_closed:
        reader.say(row, at, "plans.module_unknown", value=name[:60], modules=labels.shown())
        return None
    above = None
    if outer and outer != name:
        outermost = labels.find(outer)
        column = reader.head.columns["parent"]
        above = (
            outermost if isinstance(outermost, ModuleRow) else labels.add(Text(outer), None, None, grid, row, column)
        )
    return labels.add(Text(name[:200]), above, None, grid, row, reader.head.columns[at])


def _course(reader: _Reader, row: int) -> PlannedCourse | None:
    """One course, or None when its row has errors, all of which are noted."""
    grid, head = reader.grid, reader.head
    before = len(reader.errors)
    for name, column in head.columns.items():
        merged = grid.merge(row, column)
        if name in _SINGLE and merged is not None and merged.first_row != merged.last_row:
            reader.say(row, name, "plans.merged", range=merged.shown)
        elif fault := grid.fault(row, column):
            reader.say(row, name, f"plans.{fault}")
    if len(reader.errors) > before:
        return None
    code, title = _code(reader, row), _title(reader, row)
    nature = _worded(reader, row, "nature", words.read_nature) if "nature" in head.columns else None
    credit = _worded(reader, row, "credit", words.read_credit)
    length = _worded(reader, row, "hours", words.read_hours) or (None, None)
    terms = _terms(reader, row)
    assessment = grid.text(row, reader.column("assessment"))
    if len(assessment) > 64:
        reader.say(row, "assessment", "plans.text_long", limit=64)
    if len(reader.errors) > before or nature is None or credit is None:
        return None
    return PlannedCourse(code, title, nature, credit, length[0], length[1], terms, assessment)


def _code(reader: _Reader, row: int) -> str:
    shown = reader.grid.text(row, reader.head.columns["code"])
    code = plain(shown)
    if not code:
        reader.say(row, "code", "plans.code_missing")
        return ""
    rounded = isinstance(reader.grid.value(row, reader.head.columns["code"]), float) and not code.isdigit()
    try:
        code = course_code(code, "")
    except ProgrammeError:
        rounded = True
    if rounded or reader.grid.is_date(row, reader.head.columns["code"]):
        reader.say(row, "code", "plans.code", value=shown[:60])
    return code


def _title(reader: _Reader, row: int) -> Text:
    texts = {name: reader.grid.text(row, reader.column(name)) for name in ("name", "name_en")}
    if not texts["name"]:
        reader.say(row, "name", "plans.name_missing")
    for name, text in texts.items():
        if len(text) > 200:
            reader.say(row, name, "plans.text_long", limit=200)
    return Text(texts["name"], texts["name_en"])


def _worded(reader: _Reader, row: int, name: str, read: Any) -> Any:
    """What a cell says, or None with an error at it."""
    column = reader.column(name)
    if column is None:
        return None
    text = reader.grid.text(row, column)
    if reader.grid.is_date(row, column):
        reader.say(row, name, "plans.date")
        return None
    try:
        return read(text)
    except WordProblem as problem:
        reader.say(row, name, problem.code, **({"value": text[:60]} if text else {}))
        return None


def _terms(reader: _Reader, row: int) -> tuple[int, ...]:
    if "terms" in reader.head.columns:
        return _worded(reader, row, "terms", words.read_terms) or ()
    ticked = (term for column, term in reader.head.marks.items() if not words.is_nothing(reader.grid.text(row, column)))
    return tuple(sorted(set(ticked)))


class _About:
    """What the sheet about the programme says."""

    def __init__(self, grids: list[Grid]) -> None:
        self.errors: list[PlanProblem] = []
        self.code = ""
        self.title: Text | None = None
        self.note = Text("")
        self.minimum: Hundredths | None = None
        self.at = ("", "")
        for grid in grids:
            found = {
                name: row
                for row in range(1, min(len(grid.values), 40) + 1)
                if (name := words.ABOUT.get(plain(grid.text(row, 0)).replace(" ", "").casefold())) is not None
            }
            if "code" in found or "title" in found:
                self._take(grid, found)
                return

    def _take(self, grid: Grid, found: dict[str, int]) -> None:
        said = {name: grid.text(row, 1) for name, row in found.items()}
        for name, row in found.items():
            if fault := grid.fault(row, 1):
                self.errors.append(grid.problem(row, 1, f"plans.{fault}"))
            elif len(said[name]) > 200:
                self.errors.append(grid.problem(row, 1, "plans.text_long", limit=200))
        self.code = plain(said.get("code", ""))
        if said.get("title"):
            self.title = Text(said["title"], said.get("title_en", ""))
        self.note = Text(said.get("note", ""), said.get("note_en", ""))
        if said.get("minimum"):
            self.at = (grid.title, f"B{found['minimum']}")
            try:
                self.minimum = words.read_credit(said["minimum"])
            except WordProblem as problem:
                row = found["minimum"]
                self.errors.append(grid.problem(row, 1, problem.code, value=said["minimum"][:60]))


def _finish(reader: _Reader, about: _About, code: str, title: Text) -> PlanReading:
    """Put the plan together and judge it as a whole."""
    labels, grid = reader.labels, reader.grid
    column = reader.head.columns["code"]
    rows: list[_Taken] = []
    spoiled = {place for place, taken in reader.taken.items() if any(one.course is None for one in taken)}
    spoiled_up = {one.place for place in spoiled if place >= 0 for one in labels.up_from(place)}

    def build(row: ModuleRow) -> Module:
        taken = [one for one in reader.taken.get(row.place, []) if one.course is not None]
        rows.extend(taken)
        courses = tuple(one.course for one in taken if one.course is not None)
        inner = tuple(build(below) for below in labels.below(row) if not below.is_left_out)
        found = Module(row.id, row.title, row.minimum or Hundredths(0), courses, inner, row.categories)
        if row.minimum is not None:
            return found
        chosen = any(course.nature is not plans.Nature.REQUIRED for course in courses) or bool(row.categories)
        if chosen and row.place not in spoiled_up:
            reader.errors.append(PlanProblem(*row.at, "plans.minimum_missing", {"module": row.title}))
        return Module(row.id, row.title, Hundredths(found.required), courses, inner, row.categories)

    plan = Plan(tuple(build(row) for row in labels.below(None) if not row.is_left_out), about.minimum)
    by_id = {row.id: row for row in labels.rows}

    def at(finding: Finding) -> PlanProblem:
        if finding.course is not None:
            return grid.problem(rows[finding.course].row, column, finding.code, **finding.facts)
        place = by_id[finding.module].at if finding.module else about.at
        return PlanProblem(*place, finding.code, finding.facts)

    incomplete = {row.id for row in labels.rows if row.place in spoiled_up}
    for finding in plans.faults(plan):
        # What a row with errors would have added is unknown: sums over it are not judged.
        summed = finding.code not in {"plan.course_twice", "plan.modules_alike"}
        if not (summed and spoiled and (finding.module in incomplete or not finding.module)):
            reader.errors.append(at(finding))
    count = sum(len(taken) for taken in reader.taken.values())
    if count > plans.MOST_COURSES or len(labels.rows) > plans.MOST_MODULES:
        most: dict[str, Fact] = {"courses": plans.MOST_COURSES, "modules": plans.MOST_MODULES}
        reader.errors.append(PlanProblem(grid.title, "", "plans.too_many", most))
    if code:
        try:
            plan_text(code, "code", most=64)
        except ProgrammeError:
            reader.errors.append(PlanProblem("", "", "plans.code", {"value": code[:60]}))
    errors = tuple(reader.errors)
    remarks = () if errors else (*reader.remarks, *(at(finding) for finding in plans.remarks(plan)))
    document = None if errors else programme_document(code=code, title=title, plan=plan, note=about.note)
    places = {
        one.course.code: (grid.title, f"{column_letters(column)}{one.row}") for one in rows if one.course is not None
    }
    return PlanReading(document, None if errors else plan, code, title, errors, remarks, places)
