"""The office through its pages: who sees what, decisions, batches, evidence, filters."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest

from creditbank.exchange.documents import read_document
from creditbank.gateways import clock, queue
from creditbank.jobs import schedule
from creditbank.queries.queue import list_cases
from creditbank.records.operations import AccessLine
from creditbank.records.recognition import Evidence, ScheduledCommand
from creditbank.records.scope import acting_for
from creditbank.services.recognition.review import approve_claim
from creditbank.services.rules import publish_rule_version
from tests.cast import AT, ON, PACKS
from tests.web.office_cases import (
    FACTS,
    JUDGED,
    PNG,
    available,
    case_url,
    client_of,
    handed_in,
    selected,
    stored,
)

QUEUE = "/office/recognition/"


@pytest.fixture(autouse=True, scope="module")
def _contexts():
    """Django's own instrumentation: a response knows the context of its templates."""
    from django.test.utils import setup_test_environment, teardown_test_environment

    setup_test_environment()
    yield
    teardown_test_environment()


def numbers(response):
    """The numbers of the cases on a page, as its rows link to them."""
    return sorted(row["key"] for row in response.context["rows"])


def keys(*cases):
    return sorted(selected(*cases))


def commands(cast):
    with acting_for(institution=cast.college, purpose="test") as scope:
        return list(scope.rows(ScheduledCommand))


# Who sees what: 200 it is there, 404 it is not for you, 302 sign in first.
PAGES = {
    "/office/": (200, 200, 200, 200, 404, 302),
    QUEUE: (200, 200, 200, 200, 404, 302),
    "case": (200, 200, 404, 404, 404, 302),
    "design case": (200, 200, 200, 404, 404, 302),
    "evidence": (200, 200, 404, 404, 404, 302),
    "refuse": (200, 200, 404, 404, 404, 302),
    "reverse": (200, 404, 404, 404, 404, 302),
    "learner": (200, 200, 404, 404, 404, 302),
    "/office/learners/": (200, 200, 200, 200, 404, 302),
    "/office/imports/": (200, 404, 404, 200, 404, 302),
    "/office/rules/": (200, 200, 200, 200, 404, 302),
    "/office/programmes/": (200, 200, 200, 200, 404, 302),
}


def test_each_person_sees_exactly_what_is_theirs_to_see(bank, cast):
    key, design = handed_in(bank, cast), handed_in(bank, cast, who=cast.mei)
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        file = scope.rows(Evidence).get(claim_id=key.claim_id).evidence_id
    addresses = {
        "case": case_url(key),
        "design case": case_url(design),
        "evidence": case_url(key, f"evidence/{file}/"),
        "refuse": case_url(key, "refuse/"),
        "reverse": case_url(key, "reverse/"),
        "learner": f"/office/learners/{cast.lin.person}/",
    }
    people = [client_of(one) for one in (cast.zhao, cast.chen, cast.qian, cast.sun, cast.lin, None)]
    seen = {page: tuple(person.get(addresses.get(page, page)).status_code for person in people) for page in PAGES}
    assert seen == PAGES


def test_the_queue_of_a_college_holds_its_own_cases_only(bank, cast):
    software, design = handed_in(bank, cast), handed_in(bank, cast, who=cast.mei)
    assert numbers(client_of(cast.chen).get(QUEUE)) == keys(software, design)
    assert numbers(client_of(cast.qian).get(QUEUE)) == keys(design)
    assert client_of(cast.sun).get(QUEUE).context["rows"] == []


def test_a_draft_is_the_learners_own(bank, cast):
    from creditbank.services.recognition.claim import Draft, keep_draft

    with acting_for(person=cast.lin.person, purpose="test") as scope:
        draft = Draft(institution=cast.college, outcome_type="innovation", title="draft", facts=FACTS)
        claim = keep_draft(scope=scope, actor=cast.lin, draft=draft, at=clock.now())
    chen = client_of(cast.chen)
    assert chen.get(f"{QUEUE}{cast.lin.person}/{claim.claim_id}/").status_code == 404
    assert chen.get(QUEUE).context["rows"] == []


@pytest.mark.parametrize("act", ["take", "approve", "supplement", "refuse", "reverse"])
def test_who_may_not_decide_a_case_finds_nothing_there(bank, cast, act):
    key = handed_in(bank, cast)
    for who in (cast.qian, cast.sun, cast.lin):
        posted = client_of(who).post(case_url(key, f"{act}/"), {f"{act}-reason": "duplicate", "seen": "300"})
        assert posted.status_code == 404
    assert stored(key).state == "submitted"


def test_nobody_sees_or_can_undo_the_batch_of_a_colleague(bank, cast):
    key = handed_in(bank, cast)
    client_of(cast.chen).post(f"{QUEUE}batch/approve/", {"selected": selected(key)})
    command = commands(cast)[0].command_id
    for rest in ("", "result.csv"):
        assert client_of(cast.zhao).get(f"{QUEUE}batch/{command}/{rest}").status_code == 404
    assert client_of(cast.zhao).get(f"{QUEUE}batch/{command}/progress/").content == b""
    assert client_of(cast.zhao).post(f"{QUEUE}batch/{command}/undo/").status_code == 404
    assert stored(key).state == "scheduled"


def test_the_three_groups_are_told_apart_and_counted(bank, cast):
    plain = handed_in(bank, cast)
    judged = handed_in(bank, cast, facts=JUDGED)
    repeat = dict(FACTS)
    first = handed_in(bank, cast, who=cast.mei, facts=repeat)
    with acting_for(institution=cast.college, purpose="test") as scope:
        assert approve_claim(scope=scope, actor=cast.chen, key=first, at=clock.now(), on=clock.today("Asia/Shanghai"))
    counted = handed_in(bank, cast, who=cast.mei, facts=repeat)
    chen = client_of(cast.chen)
    page = chen.get(QUEUE)
    assert [group["count"] for group in page.context["groups"]] == [1, 1, 1]
    for standing, case in (("suggested", plain), ("judgement", judged), ("incomplete", counted)):
        assert numbers(chen.get(QUEUE, {"standing": standing})) == keys(case)
    boxes = {row["key"]: bool(row["id"]) for row in page.context["rows"]}
    assert [boxes[selected(case)[0]] for case in (plain, judged, counted)] == [True, False, False]
    assert numbers(chen.get(QUEUE, {"state": "deposited"})) == keys(first)


def test_a_case_that_lacks_required_evidence_is_incomplete_and_never_in_a_batch(bank, cast):
    key = handed_in(bank, cast)
    with acting_for(institution=cast.college, purpose="test") as scope, connection_owner() as owner:
        owner.execute("DELETE FROM evidence WHERE claim_id = %s", [key.claim_id])
        del scope
    chen = client_of(cast.chen)
    assert numbers(chen.get(QUEUE, {"standing": "incomplete"})) == keys(key)
    assert b"Evidence is missing." in chen.get(case_url(key)).content
    chen.post(f"{QUEUE}batch/approve/", {"selected": selected(key)})
    assert (stored(key).state, commands(cast)) == ("submitted", [])


def connection_owner():
    from django.db import connections

    return connections["owner"].cursor()


def test_cases_are_found_by_number_student_number_and_name(bank, cast):
    lin, mei = handed_in(bank, cast), handed_in(bank, cast, who=cast.mei)
    chen = client_of(cast.chen)
    for words, found in (
        (stored(lin).number, [lin]), ("20230501", [mei]), ("mei", [mei]), ("2023", [lin, mei]), ("%", []), ("nobody", []),
    ):  # fmt: skip
        assert numbers(chen.get(QUEUE, {"q": words})) == keys(*found), words


def test_pages_of_the_queue_hold_every_case_once_in_the_order_asked_for(bank, cast):
    made = [handed_in(bank, cast, ago=days % 7) for days in range(23)]
    chen = client_of(cast.chen)
    pages = [chen.get(QUEUE, {"sort": "-submitted", "page": page}).context["rows"] for page in (1, 2, 9)]
    assert [len(page) for page in pages] == [20, 3, 3]
    assert sorted(row["key"] for row in pages[0] + pages[1]) == keys(*made)
    days = [row["submitted"] for row in pages[0] + pages[1]]
    assert days == sorted(days, reverse=True)


def test_an_approved_case_is_posted_and_the_next_one_stands_beside_the_list(bank, cast):
    first, second = handed_in(bank, cast, ago=2), handed_in(bank, cast, ago=1)
    chen = client_of(cast.chen)
    page = chen.get(QUEUE)
    assert page.context["key"] == selected(first)[0]
    answer = chen.post(
        case_url(first, "approve/"), {"seen": "300", "from": "queue", "next": page.context["next"]}, follow=True
    )
    assert (stored(first).state, available(first)) == ("deposited", 300)
    assert answer.context["key"] == selected(second)[0]
    assert "3.0" in str(next(iter(answer.context["messages"])))


def test_a_proposal_that_changed_is_shown_with_both_amounts_and_approved_only_as_seen(bank, cast):
    late = handed_in(bank, cast, facts=FACTS | {"award": "first"})
    early = handed_in(bank, cast, facts=FACTS)
    chen = client_of(cast.chen)
    assert b"The proposal has changed" not in chen.get(case_url(late)).content
    chen.post(case_url(early, "approve/"), {"seen": "300"})
    refused = chen.post(case_url(late, "approve/"), {"seen": "350"}, follow=True)
    said = str(list(refused.context["messages"])[-1])
    assert "3.5" in said
    assert "0.5" in said
    assert stored(late).state == "submitted"
    page = refused.content.decode()
    assert "The proposal has changed" in page
    assert 'name="seen" value="50"' in page
    chen.post(case_url(late, "approve/"), {"seen": "50"})
    assert (stored(late).state, available(late)) == ("deposited", 350)


def test_what_the_rules_leave_to_a_person_needs_an_amount_and_a_category(bank, cast):
    key = handed_in(bank, cast, facts=JUDGED)
    chen = client_of(cast.chen)
    page = chen.get(case_url(key))
    assert "judgement-credit" in page.content.decode()
    wrong = chen.post(case_url(key, "approve/"), {"judgement-credit": "61", "judgement-category": "innovation"})
    assert (wrong.status_code, stored(key).state) == (422, "submitted")
    assert b"between 0.01 and 60.0" in wrong.content
    chen.post(case_url(key, "approve/"), {"judgement-credit": "1.5", "judgement-category": "innovation"})
    assert (stored(key).state, available(key)) == ("deposited", 150)


@pytest.mark.parametrize(
    ("act", "prefix", "reason", "state"),
    [
        ("refuse", "refuse", "evidence_insufficient", "refused"),
        ("supplement", "request_supplement", "evidence_unreadable", "supplement_requested"),
    ],
)
def test_a_case_goes_back_only_with_a_reason_that_the_learner_reads(bank, cast, act, prefix, reason, state):
    key = handed_in(bank, cast)
    chen = client_of(cast.chen)
    without = chen.post(case_url(key, f"{act}/"), {f"{prefix}-note": "x"})
    assert b"Choose a reason" in without.content
    assert stored(key).state == "submitted"
    strange = chen.post(case_url(key, f"{act}/"), {f"{prefix}-reason": "duplicate"})
    assert strange.status_code == 200
    assert stored(key).state == "submitted"
    chen.post(case_url(key, f"{act}/"), {f"{prefix}-reason": reason, f"{prefix}-note": "看不到姓名"})
    assert (stored(key).state, stored(key).reason) == (state, reason)
    assert "看不到姓名" in chen.get(case_url(key)).content.decode()


def test_a_deposit_is_reversed_by_a_second_person_only(bank, cast):
    own, other = handed_in(bank, cast), handed_in(bank, cast)
    zhao = client_of(cast.zhao)
    zhao.post(case_url(own, "approve/"), {"seen": "300"})
    client_of(cast.chen).post(case_url(other, "approve/"), {"seen": "300"})
    zhao.post(case_url(own, "reverse/"), {"reverse-reason": "duplicate"})
    assert stored(own).state == "deposited"
    assert b"only a second person" in zhao.get(case_url(own)).content
    zhao.post(case_url(other, "reverse/"), {"reverse-reason": "duplicate"})
    assert (stored(other).state, available(other)) == ("reversed", 300)


def test_a_batch_asks_once_waits_and_is_posted_by_the_job(bank, cast):
    fit = [handed_in(bank, cast), handed_in(bank, cast, who=cast.mei)]
    judged = handed_in(bank, cast, facts=JUDGED)
    chen = client_of(cast.chen)
    question = chen.post(f"{QUEUE}batch/", {"selected": selected(*fit, judged)})
    assert (question.context["count"], question.context["credit"]) == (2, 600)
    assert [one["number"] for one in question.context["rest"]] == [stored(judged).number]
    shown = chen.post(f"{QUEUE}batch/approve/", {"selected": selected(*fit, judged)}, follow=True)
    assert {stored(key).state for key in fit} == {"scheduled"}
    assert stored(judged).state == "submitted"
    assert shown.context["pending"].count == 2
    assert 'data-key="u"' in shown.content.decode()
    command = commands(cast)[0]
    jobs = jobs_waiting()
    assert [(name, arguments["command_id"]) for name, arguments in jobs] == [
        (queue.EXECUTE_SCHEDULED, str(command.command_id))
    ]
    assert set(jobs[0][1]) == {"institution_id", "command_id"}
    assert schedule.run_command(cast.college, command.command_id, at=command.execute_at - timedelta(seconds=1)) == 0
    assert [available(key) for key in fit] == [0, 0]
    assert schedule.run_command(cast.college, command.command_id, at=command.execute_at) == 2
    assert schedule.run_command(cast.college, command.command_id, at=command.execute_at) == 0
    assert [available(key) for key in fit] == [300, 300]
    done = chen.get(f"{QUEUE}batch/{command.command_id}/progress/")
    assert (done.status_code, done.headers["HX-Retarget"]) == (286, "#batch-toast")
    rows = list(csv.reader(io.StringIO(chen.get(f"{QUEUE}batch/{command.command_id}/result.csv").content.decode())))
    assert sorted(row[0] for row in rows[1:]) == sorted(stored(key).number for key in fit)
    assert {row[4] for row in rows[1:]} == {"Approved"}


def jobs_waiting():
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, args FROM procrastinate_jobs ORDER BY id")
        import json

        return [(name, json.loads(args) if isinstance(args, str) else args) for name, args in cursor.fetchall()]


def test_a_lost_job_loses_no_decision(bank, cast):
    key = handed_in(bank, cast)
    client_of(cast.chen).post(f"{QUEUE}batch/approve/", {"selected": selected(key)})
    assert schedule.run_overdue(at=clock.now()) == 0
    assert schedule.run_overdue(at=clock.now() + timedelta(seconds=11)) == 1
    assert available(key) == 300


def test_a_batch_is_undone_while_it_waits_and_not_after(bank, cast):
    key = handed_in(bank, cast)
    chen = client_of(cast.chen)
    chen.post(f"{QUEUE}batch/approve/", {"selected": selected(key)})
    command = commands(cast)[0].command_id
    chen.post(f"{QUEUE}batch/{command}/undo/")
    assert (stored(key).state, commands(cast)) == ("under_review", [])
    assert schedule.run_overdue(at=clock.now() + timedelta(seconds=60)) == 0
    chen.post(f"{QUEUE}batch/approve/", {"selected": selected(key)})
    later = commands(cast)[0].command_id
    schedule.run_overdue(at=clock.now() + timedelta(seconds=60))
    late = chen.post(f"{QUEUE}batch/{later}/undo/", follow=True)
    assert "Too late" in str(list(late.context["messages"])[-1])
    assert available(key) == 300


def test_a_case_whose_proposal_changed_in_a_batch_comes_back_with_its_reason(bank, cast):
    early, late = handed_in(bank, cast, facts=FACTS), handed_in(bank, cast, facts=FACTS | {"award": "first"})
    chen = client_of(cast.chen)
    chen.post(f"{QUEUE}batch/approve/", {"selected": selected(late)})
    chen.post(case_url(early, "approve/"), {"seen": "300"})
    schedule.run_overdue(at=clock.now() + timedelta(seconds=11))
    command = commands(cast)[0].command_id
    row = chen.get(f"{QUEUE}batch/{command}/").context["rows"][0]
    assert row["status"][0] == "bad"
    assert "3.5" in row["why"]
    assert "0.5" in row["why"]
    assert stored(late).state == "under_review"


def test_publicity_periods_end_by_the_clock_in_every_institution(bank, cast):
    key = handed_in(bank, cast)
    with acting_for(institution=cast.centre, purpose="test") as scope:
        scope.fetch("UPDATE institution SET publicity_days = 5 WHERE id = %s RETURNING 1", [cast.college])
    client_of(cast.chen).post(case_url(key, "approve/"), {"seen": "300"})
    assert stored(key).state == "recognised"
    assert schedule.finalise_all(at=clock.now() + timedelta(days=4)) == 0
    assert schedule.finalise_all(at=clock.now() + timedelta(days=5)) == 1
    assert available(key) == 300


def test_evidence_is_served_so_that_nothing_in_it_runs_and_the_learner_sees_who_opened_it(bank, cast):
    key = handed_in(bank, cast, evidence=(("获奖.png", PNG), ("b.pdf", b"%PDF-1.4 b")))
    chen = client_of(cast.chen)
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        files = {one.name: one.evidence_id for one in scope.rows(Evidence).filter(claim_id=key.claim_id)}
        assert not scope.rows(AccessLine).exists()
    picture = chen.get(case_url(key, f"evidence/{files['获奖.png']}/"))
    assert picture.content == PNG
    assert picture.headers["Content-Type"] == "image/png"
    assert picture.headers["Content-Disposition"].startswith("inline; filename*=UTF-8''%E8%8E%B7")
    document = chen.get(case_url(key, f"evidence/{files['b.pdf']}/"))
    assert document.headers["Content-Disposition"].startswith("attachment;")
    for answer in (picture, document):
        policy = answer.headers["Content-Security-Policy"]
        assert policy == "default-src 'none'; frame-ancestors 'none'; sandbox"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "no-store" in answer.headers["Cache-Control"]
    other = handed_in(bank, cast, who=cast.mei)
    assert chen.get(case_url(other, f"evidence/{files['b.pdf']}/")).status_code == 404
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        lines = list(scope.rows(AccessLine).values_list("actor_id", "purpose"))
    assert lines == [(cast.chen.person, "evidence.read")] * 2


def test_opening_a_record_leaves_a_line_and_shows_what_the_school_awarded(bank, cast):
    key = handed_in(bank, cast)
    chen = client_of(cast.chen)
    chen.post(case_url(key, "approve/"), {"seen": "300"})
    page = chen.get(f"/office/learners/{cast.lin.person}/")
    assert page.context["available"] == 300
    assert [row["key"] for row in page.context["cases"]] == selected(key)
    assert [posting["amount"] for posting in page.context["postings"]] == [300]
    with acting_for(person=cast.lin.person, purpose="test") as scope:
        lines = list(scope.rows(AccessLine).values_list("actor_id", "purpose"))
    assert lines == [(cast.chen.person, "learner.read")]


def test_learners_are_listed_for_the_desk_and_found_by_number_or_name(bank, cast):
    def listed(who, **query):
        return [row["number"] for row in client_of(who).get("/office/learners/", query).context["rows"]]

    assert sorted(listed(cast.chen)) == ["2023040117", "2023050101"]
    assert listed(cast.qian) == ["2023050101"]
    assert listed(cast.sun) == ["K20230001"]
    assert listed(cast.chen, q="0117") == ["2023040117"]
    assert listed(cast.chen, q="_") == []


def test_an_import_run_says_how_far_it_came_and_why_rows_were_refused(bank, cast):
    from creditbank.records.results import ImportProblem, ImportRun

    run = clock.new_id()
    with acting_for(institution=cast.college, purpose="test") as scope:
        scope.rows(ImportRun).create(
            institution_id=cast.college, run_id=run, kind="results", file_name="grades.csv", file_hash="0" * 64,
            mapping_hash="0" * 64, actor_id=cast.zhao.person, state="interrupted", started_at=clock.now(),
            rows_total=100, rows_done=40, rows_stored=15, rows_refused=25,
        )  # fmt: skip
        for at in range(25):
            scope.rows(ImportProblem).create(
                institution_id=cast.college, run_id=run, sequence=at, line=at + 2, column="=cmd",
                code="results.contradiction", facts={"other": at + 3},
            )  # fmt: skip
    zhao = client_of(cast.zhao)
    assert zhao.get("/office/").context["imports"][0]["status"] == ("warn", "Interrupted, 40 of 100")
    page = zhao.get(f"/office/imports/{run}/")
    assert page.context["total"] == 25
    assert len(page.context["rows"]) == 20
    assert page.context["rows"][0]["reason"].startswith("Line 3 has another result")
    assert len(zhao.get(f"/office/imports/{run}/", {"page": 2}).context["rows"]) == 5
    sheet = zhao.get(f"/office/imports/{run}/problems.csv")
    rows = list(csv.reader(io.StringIO(sheet.content.decode("utf-8-sig"))))
    assert len(rows) == 26
    assert rows[1][1] == "'=cmd"
    assert client_of(cast.sun).get(f"/office/imports/{run}/").status_code == 404


def test_a_rule_version_shows_every_row_with_its_clause(bank, cast):
    chen = client_of(cast.chen)
    listed = chen.get("/office/rules/").context["current"]
    assert sorted(row["number"] for row in listed) == [1] * len(listed)
    assert len(listed) >= 2
    address = next(row["url"] for row in listed if "innovation" in row["name"].lower())
    page = chen.get(address)
    first = page.context["found"].tables[0]
    assert [column.en for column in first.columns] == ["Contest level", "Award"]
    row = next(row for row in first.rows if row.id == "provincial-second")
    assert (row.credit, [cell.en for cell in row.cells]) == (300, ["provincial", "second prize"])
    assert row.clause.en in page.content.decode()
    assert 'id="row-provincial-second"' in page.content.decode()
    gaps = [line.facts["table"] for line in page.context["found"].findings if line.code == "lint.gap"]
    assert gaps == ["vocational", "computer"]
    assert "No row of table vocational fits" in page.content.decode()


def test_a_new_version_says_in_words_what_changed(bank, cast):
    document = (PACKS / "cn-innovation.yaml").read_bytes().replace(b'credit: "4"', b'credit: "5"')
    with acting_for(institution=cast.centre, purpose="test") as scope:
        version = publish_rule_version(
            scope=scope, document=read_document(document, name="next"), effective_from=ON, actor=cast.centre, at=AT
        )
    page = client_of(cast.chen).get(f"/office/rules/{version.id}/")
    assert page.context["found"].before == 1
    assert "Changed since version 1" in page.content.decode()
    assert "It gave 4.0 credits (innovation and practice), now it gives 5.0 credits" in page.content.decode()


def test_the_queue_asks_the_case_alone_for_its_pane(bank, cast):
    key = handed_in(bank, cast)
    pane = client_of(cast.chen).get(case_url(key), headers={"HX-Request": "true", "HX-Target": "case"}).content.decode()
    assert pane.lstrip().startswith('<section id="case"')
    assert "<html" not in pane


def test_a_page_beyond_the_end_of_a_narrowed_queue_is_the_last_one_and_counted_alike(bank, cast):
    keys = [handed_in(bank, cast, title=f"大赛 {n}") for n in range(5)]
    with acting_for(institution=cast.college, purpose="test") as scope:
        for search in ("", "大赛", "2023040117"):
            pages = [list_cases(scope, cast.chen, search=search, offset=start, limit=2) for start in (0, 2, 4, 6, 98)]
            count = 0 if search == "大赛" else len(keys)
            assert [one.total for one in pages] == [count] * 5
            assert [len(one.cases) for one in pages] == ([2, 2, 1, 1, 1] if count else [0] * 5)
            assert pages[4] == pages[2]
    known = [case.claim_id for one in pages[:3] for case in one.cases]
    assert sorted(known) == sorted(key.claim_id for key in keys)
