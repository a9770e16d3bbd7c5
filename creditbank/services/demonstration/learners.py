"""The learners of the demonstration, their course results and their claims in every state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from creditbank.domain.access import Actor, Role
from creditbank.domain.recognition import REFUSAL_REASONS, REVERSAL_REASONS, SUPPLEMENT_REASONS
from creditbank.domain.results import CourseResult
from creditbank.domain.values import Hundredths, Text
from creditbank.gateways.bank import Bank
from creditbank.gateways.chance import Chance
from creditbank.gateways.clock import new_id
from creditbank.records.scope import acting_for
from creditbank.services.demonstration.places import Person
from creditbank.services.people import enrol_learner, open_account
from creditbank.services.recognition.batch import schedule_approval
from creditbank.services.recognition.claim import Draft, add_evidence, keep_draft, submit_claim, withdraw_claim
from creditbank.services.recognition.review import (
    CaseKey,
    Judgement,
    approve_claim,
    refuse_claim,
    request_supplement,
    reverse_claim,
    take_claim,
)
from creditbank.services.results.deciding import Deciding
from creditbank.services.results.imports import begin_run, finish_run, store_batch

FAMILIES = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何高林罗"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰文建云慧晓雨欣怡子涵宇轩梓睿"
Told = tuple[str, str, dict[str, str]]
"""Outcome type, title and facts of a claim."""
_TOUR: Told = (
    "innovation",
    "网页设计大赛 · 省级二等奖",
    {
        "kind": "contest",
        "activity": "网页设计大赛2026",
        "tier": "provincial",
        "award": "second",
        "organiser": "government",
        "role": "lead",
        "earned_on": "2026-06-15",
    },
)
_KNOWN = {0: "魏然", 2: "何欢"}
"""Those who can sign in have names that are known before."""
_WISHES: Mapping[str, tuple[tuple[str, Told], ...]] = {
    "lin": (
        ("submitted", ("practice", "志愿服务 64 小时", {"kind": "volunteering", "hours": "64"})),
        (
            "supplement_requested",
            ("innovation", "全国计算机等级考试二级", {"kind": "computer", "rank": "rank2", "computing_major": "yes"}),
        ),
    ),
    "jiang": (
        ("deposited", ("practice", "志愿服务 96 小时", {"kind": "volunteering", "hours": "96"})),
        (
            "deposited",
            ("innovation", "全国计算机等级考试三级", {"kind": "computer", "rank": "rank3", "computing_major": "no"}),
        ),
    ),
}
"""What the learners of the tour have filed beside the first claim of all, with the state it has come to."""
COURSES = (
    ("CS101", "Python 程序设计", "Programming in Python", 600, 4, "stem"),
    ("CS102", "网页设计", "Web design", 600, 4, "stem"),
    ("CS201", "数据库原理", "Databases", 800, 5, "stem"),
    ("CS202", "软件测试", "Software testing", 400, 5, "stem"),
    ("CS301", "Web 前端工程", "Front-end engineering", 1000, 6, "stem"),
    ("MA101", "高等数学", "Calculus", 1000, 4, "stem"),
    ("SO101", "经济学基础", "Foundations of economics", 600, 4, "social-sciences"),
    ("SO102", "社会调查方法", "Social survey methods", 600, 5, "social-sciences"),
    ("SO201", "管理学原理", "Principles of management", 800, 5, "social-sciences"),
    ("DE101", "设计素描", "Drawing for design", 400, 4, "arts"),
    ("DE201", "交互设计", "Interaction design", 800, 5, "arts"),
    ("EN101", "大学英语", "College English", 800, 4, "languages"),
)
CONTESTS = ("职业院校技能大赛", "网页设计大赛", "数学建模竞赛", "互联网创新创业大赛", "电子设计竞赛", "工业设计大赛")
_STATES = (
    ["deposited"] * 10 + ["submitted"] * 7 + ["under_review"] * 3 + ["draft"] * 2 + ["refused"] * 2
    + ["supplement_requested"] * 2 + ["withdrawn", "reversed", "scheduled"]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Learner:
    """A learner of the demonstration and where they are enrolled."""

    id: UUID
    number: str
    name: str
    place: str


def enrol_learners(
    places: Mapping[str, UUID],
    chance: Chance,
    count: int,
    *,
    sort_key: Callable[[str], str],
    romanised: Callable[[str], str],
    at: datetime,
) -> list[Learner]:
    """Enrol invented people: two thirds at the university, the rest at the company."""
    enrolled = []
    for index in range(count):
        place = "tco" if index % 3 == 2 else "dou"
        drawn = chance.choice(FAMILIES) + "".join(chance.sample(GIVEN, chance.choice((1, 2))))
        name = _KNOWN.get(index, drawn)
        cohort = chance.choice((2023, 2024, 2025))
        number = f"{cohort}07{index:04d}"
        learner = new_id()
        with acting_for(institution=places[place], purpose="demo") as scope:
            enrol_learner(
                scope=scope,
                learner_id=learner,
                student_number=number,
                name=name,
                name_en=romanised(name),
                name_sort=sort_key(name),
                cohort=cohort,
                at=at,
            )
        enrolled.append(Learner(learner, number, name, place))
    return enrolled


def college_learners(institution: UUID, place: str, stars: Mapping[str, str], count: int) -> list[Learner]:
    """Learners of the college who have results: those of the tour first, then some of every class."""
    with acting_for(institution=institution, purpose="demo") as scope:
        rows = list(
            scope.fetch(
                "SELECT learner_id, student_number, name FROM enrolment WHERE institution_id = %s AND name <> ''"
                " AND EXISTS (SELECT FROM result WHERE result.learner_id = enrolment.learner_id"
                " AND result.institution_id = enrolment.institution_id)"
                " ORDER BY right(student_number, 2), student_number",
                [institution],
            )
        )
    found = [Learner(learner, number, name, place) for learner, number, name in rows]
    first = [learner for number in stars.values() for learner in found if learner.number == number]
    return [*first, *[learner for learner in found if learner not in first][:count]]


def open_learner_accounts(
    places: Mapping[str, UUID],
    chosen: Mapping[str, Learner],
    password: Callable[[str], str],
    romanised: Callable[[str], str],
    at: datetime,
) -> list[Person]:
    """Accounts by sign-in; the very first one is Lin Xiao, whom the tour follows."""
    people = []
    for sign_in, learner in chosen.items():
        with acting_for(institution=places[learner.place], purpose="demo") as scope:
            open_account(
                scope=scope,
                account_id=learner.id,
                sign_in=sign_in,
                name=learner.name,
                name_en=romanised(learner.name),
                password=password(sign_in),
                at=at,
            )
        people.append(Person(learner.id, sign_in, learner.name, learner.place, "learner"))
    return people


def import_results(places: Mapping[str, UUID], learners: list[Learner], chance: Chance, at: datetime) -> None:
    """Course results of two academic years for the university, as one import run."""
    for place in ("dou",):
        rows = [
            _result(line, learner, course, chance)
            for line, (learner, course) in enumerate(
                (
                    (learner, course)
                    for learner in learners
                    if learner.place == place
                    for course in chance.sample(COURSES, chance.randint(4, len(COURSES)))
                ),
                2,
            )
        ]
        with acting_for(institution=places[place], purpose="demo") as scope:
            run = begin_run(
                scope=scope,
                kind="results",
                file_name=f"{place}-results.csv",
                file_hash=f"demonstration:{place}",
                mapping_hash="demonstration",
                encoding="UTF-8",
                rows_total=len(rows),
                actor=places[place],
                at=at,
            )
            store_batch(scope=scope, import_run=run, items=rows, deciding=Deciding(), skipped=0, at=at)
            finish_run(scope=scope, run_id=run.run_id, at=at)


def _result(line: int, learner: Learner, course: tuple[Any, ...], chance: Chance) -> CourseResult:
    code, zh, en, credit, level, field = course
    year = chance.choice((2024, 2025))
    outcome = chance.choices(("pass", "distinction", "fail", "withdrawn"), (70, 15, 10, 5))[0]
    return CourseResult(
        line=line,
        learner_number=learner.number,
        course=code,
        course_name=Text(zh, en),
        presentation=f"{year}A",
        term=f"{year}-{year + 1}-1",
        starts_on=date(year, 9, 1),
        earned_on=date(year + 1, 1, 20),
        outcome=outcome,
        mark=None,
        credit=Hundredths(credit),
        level=level,
        field=field,
        rule_set="transfer-courses",
    )


def file_claims(
    places: Mapping[str, UUID],
    learners: list[Learner],
    staff: Mapping[str, Person],
    bank: Bank,
    chance: Chance,
    *,
    at: datetime,
    on: date,
) -> dict[str, int]:
    """Claims in every state a claim can reach; tells how many of each. The first learner is the one of the tour."""
    counts: dict[str, int] = {}
    filed: dict[str, list[CaseKey]] = {}
    known = {person.id: sign_in for sign_in, person in staff.items()}

    def take(learner: Learner, state: str, told: Told, when: datetime) -> None:
        key = _file(places[learner.place], learner, bank, told, state, at=when, on=on)
        if state == "scheduled":
            filed.setdefault(learner.place, []).append(key)
        elif state not in ("draft", "withdrawn"):
            _review(places, learner.place, staff, key, state, chance, at=at, on=on)
        counts[state] = counts.get(state, 0) + 1

    for index, learner in enumerate(item for item in learners if item.place != "tco"):
        sign_in = known.get(learner.id, "")
        for state, (kind, title, facts) in _WISHES.get(sign_in, ()):
            earned = (on - timedelta(days=70)).isoformat()
            take(learner, state, (kind, title, {**facts, "earned_on": earned}), at - timedelta(hours=30))
        if index and (sign_in in _WISHES or index % 5 == 4):
            continue
        state = _STATES[index % len(_STATES)] if index else "deposited"
        take(learner, state, _facts(chance, state, on) if index else _TOUR, at - timedelta(hours=index))
    # Scheduled for as long as nobody looks: the worker of a served bank runs them, as it should.
    for place, keys in filed.items():
        with acting_for(institution=places[place], purpose="demo") as scope:
            schedule_approval(scope=scope, actor=_actor(places, staff, place, Role.REVIEWER), keys=keys, at=at)
    return counts


def _facts(chance: Chance, state: str, on: date) -> Told:
    """Outcome type, title and facts of one claim."""
    earned = (on - timedelta(days=chance.randint(20, 170))).isoformat()
    if chance.random() < 0.25:
        hours = chance.choice((16, 32, 64, 96))
        return "practice", f"志愿服务 {hours} 小时", {"kind": "volunteering", "hours": str(hours), "earned_on": earned}
    if chance.random() < 0.2:
        rank = chance.choice(("rank2", "rank3", "rank4"))
        title = f"全国计算机等级考试{ {'rank2': '二级', 'rank3': '三级', 'rank4': '四级'}[rank] }"
        return "innovation", title, {"kind": "computer", "rank": rank, "computing_major": "no", "earned_on": earned}
    contest = chance.choice(CONTESTS)
    tier = chance.choice(("provincial", "provincial", "national", "school"))
    award = chance.choice(("first", "second", "third"))
    organiser = "association" if state in ("submitted", "under_review") and chance.random() < 0.3 else "government"
    if organiser == "association" and chance.random() < 0.5:
        tier = "school"  # nothing is below it, so the rules leave the case to a person
    words = {"national": "国家级", "provincial": "省级", "school": "校级"}[tier]
    prize = {"first": "一等奖", "second": "二等奖", "third": "三等奖"}[award]
    facts = {
        "kind": "contest",
        "activity": f"{contest}{earned[:4]}",
        "tier": tier,
        "award": award,
        "organiser": organiser,
        "role": chance.choice(("lead", "equal", "member")),
        "earned_on": earned,
    }
    return "innovation", f"{contest} · {words}{prize}", facts


def _file(place: UUID, learner: Learner, bank: Bank, told: Told, state: str, *, at: datetime, on: date) -> CaseKey:
    kind, title, facts = told
    actor = Actor(learner.id)
    with acting_for(person=learner.id, purpose="demo") as scope:
        draft = Draft(institution=place, outcome_type=kind, title=title, facts=facts)
        claim = keep_draft(scope=scope, actor=actor, draft=draft, at=at)
        add_evidence(
            scope=scope,
            actor=actor,
            bank=bank,
            claim_id=claim.claim_id,
            name="certificate.pdf",
            content=certificate(claim.number),
            at=at,
        )
        if state != "draft":
            submit_claim(scope=scope, actor=actor, claim_id=claim.claim_id, at=at, on=on)
        if state == "withdrawn":
            withdraw_claim(scope=scope, actor=actor, claim_id=claim.claim_id, at=at)
    return CaseKey(learner.id, claim.claim_id)


def _review(
    places: Mapping[str, UUID],
    place: str,
    staff: Mapping[str, Person],
    key: CaseKey,
    state: str,
    chance: Chance,
    *,
    at: datetime,
    on: date,
) -> None:
    reviewer = _actor(places, staff, place, Role.REVIEWER)
    with acting_for(institution=places[place], purpose="demo") as scope:
        match state:
            case "under_review":
                take_claim(scope=scope, actor=reviewer, key=key, at=at)
            case "supplement_requested":
                reason = chance.choice(SUPPLEMENT_REASONS)
                request_supplement(scope=scope, actor=reviewer, key=key, reason=reason, at=at)
            case "refused":
                refuse_claim(scope=scope, actor=reviewer, key=key, reason=chance.choice(REFUSAL_REASONS), at=at)
            case "deposited" | "reversed":
                decided = approve_claim(scope=scope, actor=reviewer, key=key, at=at, on=on)
                if decided.refusal is not None:
                    # The rules leave some cases to a person; this one recognises half a credit.
                    judgement = Judgement(Hundredths(50), "innovation")
                    approve_claim(scope=scope, actor=reviewer, key=key, at=at, on=on, judgement=judgement)
        if state == "reversed":
            registrar = _actor(places, staff, place, Role.REGISTRAR)
            reason = chance.choice(REVERSAL_REASONS)
            reverse_claim(scope=scope, actor=registrar, key=key, reason=reason, at=at, on=on)


def _actor(places: Mapping[str, UUID], staff: Mapping[str, Person], place: str, role: Role) -> Actor:
    person = next(item for item in staff.values() if item.place == place and item.role == role.value)
    return Actor(person.id, places[place], None, frozenset({role}))


def certificate(number: str) -> bytes:
    """A one-page PDF that says it is invented."""
    text = f"BT /F1 18 Tf 60 700 Td (Invented certificate {number}) Tj 0 -28 Td (For demonstration only) Tj ET".encode()
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
            b" /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>"
        ),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
    )
    body, places = b"%PDF-1.4\n", []
    for index, content in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (index, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    tail = b"xref\n0 %d\n0000000000 65535 f \n%strailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return body + tail % (len(objects) + 1, table, len(objects) + 1, len(body))
