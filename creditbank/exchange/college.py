"""The demonstration college's sheets: written as files, and brought in as a registrar's are."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from uuid import UUID

from creditbank.domain.explanation import Refusal
from creditbank.domain.masterdata.sets import data_set_named
from creditbank.domain.programmes.model import Programme
from creditbank.domain.programmes.plan_document import programme_document
from creditbank.domain.programmes.reading import read_programme
from creditbank.domain.values import Text
from creditbank.exchange.documents import MOST_BYTES, expect_schema, read_document
from creditbank.exchange.imports import import_results, open_results
from creditbank.exchange.mapping import read_mapping
from creditbank.exchange.masterdata.imports import import_sheet, read_sheet
from creditbank.exchange.official_lists import packaged_kind, read_list
from creditbank.exchange.opening_lots import import_sheet as import_opening
from creditbank.exchange.opening_lots import read_opening
from creditbank.exchange.plan_workbooks import programme_workbook
from creditbank.exchange.plans import missing_courses, read_plan_workbook
from creditbank.exchange.spreadsheets import Form, SheetContent, sheet_bytes
from creditbank.gateways import chance as chances
from creditbank.gateways import clock
from creditbank.gateways.bank import Bank
from creditbank.gateways.clock import day_in
from creditbank.gateways.disk import make_folder, write_whole
from creditbank.gateways.documents import file_bytes, packaged
from creditbank.gateways.files import open_upload
from creditbank.gateways.identities import Identities
from creditbank.queries.programmes import unknown_courses
from creditbank.records.scope import acting_for
from creditbank.services.demonstration.college.calendar import Calendar
from creditbank.services.demonstration.college.library import FACULTIES, Library, read_library
from creditbank.services.demonstration.college.sheets import College, PlanSheet, make_college, results_mapping
from creditbank.services.official_lists.imports import About, apply_list
from creditbank.services.programmes import publish_plan

MAPPING = "10-成绩导入映射.json"
PLANS = "培养方案"
_SECONDS = 3


@dataclass(frozen=True, slots=True)
class Simulated:
    """What a college is made of: equal values give equal sheets."""

    seed: int
    students: int
    results: int
    present: int


@dataclass(frozen=True, slots=True)
class Bringing:
    """Where the sheets lie, whose they become, and who brings them in."""

    college: College
    folder: Path
    bank: Bank
    institution: UUID
    zone: str
    actor: UUID
    now: Callable[[], datetime]

    def sheet(self, key: str, form: Form = Form.XLSX) -> Path:
        """The file of a sheet."""
        return self.folder / f"{self.college.sheets[key].name}.{form.ending}"


@dataclass(frozen=True, slots=True)
class Brought:
    """What a step did: rows in the files, of them stored, known already, refused; and what else there is to say."""

    rows: int
    stored: int
    repeated: int
    refused: int
    note: Text = field(default_factory=lambda: Text(""))


@dataclass(frozen=True, slots=True)
class Step:
    """One kind of sheet, in the order in which a school sends them."""

    code: str
    title: Text
    bring: Callable[[Bringing], Brought]


@dataclass(frozen=True, slots=True)
class Done:
    """A step that was taken, with the seconds it took."""

    step: Step
    brought: Brought
    seconds: float


def packaged_library() -> Library:
    """What the invented college teaches, from the documents that come with the program."""

    def read(name: str) -> dict[str, object]:
        document = read_document(packaged(f"college/{name}.yaml"), name=name)
        return expect_schema(document, "college", name=name)

    return read_library(read("general"), [read(name) for name in FACULTIES])


def simulate(asked: Simulated) -> College:
    """The college that is asked for."""
    return make_college(
        packaged_library(),
        present=asked.present,
        students=asked.students,
        results=asked.results,
        draw=lambda part: chances.seeded(asked.seed, part),
        romanised=chances.romanised,
    )


def write_college(college: College, folder: Path) -> list[Path]:
    """Write every sheet as XLSX and as CSV, each plan as a workbook, and the mapping of the results.

    Raises:
        DiskProblem: the disk is full or refused.
    """
    made_at = datetime.combine(college.calendar.later_day, time(8), UTC)
    make_folder(folder, mode=0o755)
    make_folder(folder / PLANS, mode=0o755)
    written: list[Path] = []

    def write(path: Path, content: bytes) -> None:
        write_whole(path, content, mode=0o644)
        written.append(path)

    for sheet in college.sheets.values():
        for form in (Form.XLSX, Form.CSV):
            content = SheetContent(sheet.title, sheet.head, sheet.rows, numbers=sheet.numbers)
            write(folder / f"{sheet.name}.{form.ending}", sheet_bytes(form, content, made_at=made_at))
    for plan in college.plans:
        write(folder / PLANS / f"{plan.code}.xlsx", programme_workbook(_programme(plan)))
    document = read_document(packaged("mappings/school-long.yaml"), name="school-long")
    mapping = results_mapping(college.calendar, document)
    write(folder / MAPPING, json.dumps(mapping, ensure_ascii=False, indent=1, default=str).encode())
    return written


def bring_college(
    bringing: Bringing,
    *,
    steps: Sequence[Step] | None = None,
    told: Callable[[Done], None] = lambda _done: None,
) -> list[Done]:
    """Bring the files in, step by step; each is told as soon as it is done.

    A second time the same files find everything known.

    Raises:
        SheetProblem, FileRefused: a file is no sheet that can be read.
        RuntimeError: a plan was refused.
    """
    done = []
    for step in STEPS if steps is None else steps:
        began = clock.monotonic()
        done.append(Done(step, step.bring(bringing), round(clock.monotonic() - began, _SECONDS)))
        told(done[-1])
    return done


def _programme(plan: PlanSheet) -> Programme:
    return read_programme(programme_document(code=plan.code, title=plan.title, plan=plan.plan))


def _master(code: str, day: Callable[[Calendar], date]) -> Callable[[Bringing], Brought]:
    """A sheet of master data as of a day of the calendar."""
    data_set = data_set_named(code)
    assert data_set is not None

    def bring(at: Bringing) -> Brought:
        today = day_in(at.now(), at.zone)
        with open_upload(at.sheet(code)) as upload:
            read = read_sheet(upload, data_set, institution=at.institution, today=today, as_of=day(at.college.calendar))
        run = import_sheet(
            read,
            institution=at.institution,
            identities=Identities(at.bank),
            as_of=day(at.college.calendar),
            actor=at.actor,
            now=at.now,
        )
        return Brought(run.rows_total, run.rows_stored, run.rows_repeated, run.rows_refused)

    return bring


def _results(key: str, day: Callable[[Calendar], date]) -> Callable[[Bringing], Brought]:
    """A sheet of results as of a day of the calendar."""

    def bring(at: Bringing) -> Brought:
        path, as_of = at.sheet(key, Form.CSV), day(at.college.calendar)
        document = read_document(file_bytes(at.folder / MAPPING, most_bytes=MOST_BYTES), name=MAPPING)
        mapping = read_mapping(document)
        reading, uploads = open_results(path, mapping, encoding=None, at=at.now())
        try:
            run = import_results(
                reading=reading,
                mapping=mapping,
                path=path,
                institution=at.institution,
                actor=at.actor,
                as_of=as_of,
                now=at.now,
            )
        finally:
            for upload in uploads:
                upload.close()
        note = Text(f"记入 {run.lots_posted:,} 笔学分", f"{run.lots_posted:,} lots posted")
        return Brought(run.rows_total, run.rows_stored, run.rows_repeated, run.rows_refused, note)

    return bring


def _plans(at: Bringing) -> Brought:
    """All plans, each published as the next version of its programme."""
    courses = remarks = 0
    for plan in at.college.plans:
        with open_upload(at.folder / PLANS / f"{plan.code}.xlsx") as upload:
            reading = read_plan_workbook(upload)
        if reading.document is None:
            raise RuntimeError(f"{plan.code}: {', '.join(error.code for error in reading.errors)}")
        with acting_for(institution=at.institution, purpose="programme") as scope:
            found = missing_courses(reading, unknown_courses(scope, reading.places, day_in(at.now(), at.zone)))
            remarks += len(reading.remarks) + len(found)
            made = publish_plan(scope=scope, document=reading.document, replaces=None, actor=at.actor, at=at.now())
        if isinstance(made, Refusal):
            raise RuntimeError(f"{plan.code}: {made.explanation[0].code}")  # noqa: TRY004 - a refusal is no type error
        courses += len(reading.places)
    note = Text(
        f"{len(at.college.plans)} 份培养方案，{remarks} 条提示",
        f"{len(at.college.plans)} plans, {remarks} remarks",
    )
    return Brought(courses, courses, 0, 0, note)


def _opening(at: Bringing) -> Brought:
    """The office's old workbook of recognitions and conversions."""
    with open_upload(at.sheet("opening")) as upload:
        read = read_opening(upload, today=day_in(at.now(), at.zone))
    run = import_opening(read, institution=at.institution, actor=at.actor, now=at.now)
    note = Text(f"记入 {run.lots_posted:,} 笔学分", f"{run.lots_posted:,} lots posted")
    return Brought(run.rows_total, run.rows_stored, run.rows_repeated, run.rows_refused, note)


def _list(key: str, kind: str, every: Mapping[str, str]) -> Callable[[Bringing], Brought]:
    """An issuer's list as of the day on which the later sheets came."""

    def bring(at: Bringing) -> Brought:
        today = day_in(at.now(), at.zone)
        with open_upload(at.sheet(key)) as upload:
            read = read_list(upload, packaged_kind(kind), institution=at.institution, every=every, today=today)
        title = at.college.sheets[key].title
        about = About(title, title, min(today, at.college.calendar.later_day), all_ours=True)
        with acting_for(institution=at.institution, purpose="lists.import") as scope:
            done = apply_list(
                scope=scope, identities=Identities(at.bank), brought=read.brought(), about=about, actor=at.actor,
                at=at.now(),
            )  # fmt: skip
        if isinstance(done, Refusal):
            raise RuntimeError(f"{key}: {done.explanation[0].code}")  # noqa: TRY004 - a refusal is no type error
        refused = len({fault.line for fault in read.refused})
        note = Text(
            f"待确认 {done.doubtful} 人，非本校 {done.nobody} 人，通知 {done.proposed} 项未申报成果",
            f"{done.doubtful} doubtful, {done.nobody} not of the school, {done.proposed} outcomes proposed",
        )
        return Brought(
            read.rows, 0 if done.repeated else done.certain, done.certain if done.repeated else 0, refused, note
        )

    return bring


def _steps() -> Iterable[Step]:
    for code, zh, en in (
        ("years", "学年", "academic years"), ("terms", "校历", "calendar"), ("colleges", "院系部门", "units"),
        ("majors", "专业", "majors"), ("staff", "教职工", "staff"), ("classes", "班级", "classes"),
        ("courses", "课程库", "courses"), ("students", "学生名册", "students"),
    ):  # fmt: skip
        yield Step(code, Text(zh, en), _master(code, lambda calendar: calendar.roster_day))
    yield Step(
        "changes", Text("学籍异动", "changes of enrolment"), _master("changes", lambda calendar: calendar.later_day)
    )
    for code, zh, en in (
        ("providers", "资源机构", "providers"), ("resources", "教育资源", "education resources"),
        ("offerings", "开课", "offerings"),
    ):  # fmt: skip
        yield Step(code, Text(zh, en), _master(code, lambda calendar: calendar.roster_day))
    yield Step("plans", Text("培养方案", "programme plans"), _plans)
    yield Step("results", Text("成绩", "results"), _results("results", lambda calendar: calendar.results_day))
    yield Step(
        "corrections", Text("成绩更正", "corrections"), _results("corrections", lambda calendar: calendar.later_day)
    )
    yield Step("opening", Text("期初学分", "opening lots"), _opening)
    for code, kind, zh, en in (
        ("awards", "contest", "竞赛获奖名单", "awards"),
        ("certificates", "one-plus-x", "1+X证书名单", "certificates"),
        ("cet", "cet", "四六级成绩", "language tests"),
    ):
        # An issuer's list of certificates holds only those who passed.
        every = {"conclusion": "合格"} if kind == "one-plus-x" else {}
        yield Step(code, Text(zh, en), _list(code, kind, every))


STEPS: tuple[Step, ...] = tuple(_steps())
"""Everything that is brought in, in order."""
