"""The demonstration college comes into a bank by its files, as a registrar's sheets do."""

from __future__ import annotations

from collections import Counter

import pytest
from django.db import connections

from creditbank.domain.values import Text
from creditbank.exchange.college import (
    STEPS,
    Bringing,
    Brought,
    Simulated,
    Step,
    bring_college,
    simulate,
    write_college,
)
from creditbank.exchange.documents import read_document
from creditbank.gateways.database_roles import user_of
from creditbank.gateways.documents import packaged
from creditbank.projections.progress import rebuild_progress
from creditbank.queries.check.digest import digest
from creditbank.queries.check.whole import check_bank
from creditbank.queries.masterdata.sources import source_register
from creditbank.records.education_resources import EducationOffering, EducationResource
from creditbank.records.people import Enrolment, LearnerNumber
from creditbank.records.programmes import Programme, Progress
from creditbank.records.results import ImportProblem
from creditbank.records.scope import acting_for
from creditbank.services.demonstration.founding import found_college
from tests.cast import AT
from tests.embedded import clone_database, drop_database

ASKED = Simulated(seed=5, students=300, results=3_600, present=2025)


USERS = {login: user_of(login) for login in ("app", "sequencer", "auditor")}


@pytest.fixture(scope="module")
def sheets(tmp_path_factory):
    """A small college and the folder in which its files lie."""
    folder = tmp_path_factory.mktemp("college")
    made = simulate(ASKED)
    write_college(made, folder)
    return made, folder


@pytest.fixture(scope="module")
def brought(server, sheets):
    """A bank into which the files came once, for tests that only look; the place, and what each step did."""
    clone_database(server, "creditbank", "college")
    work_in("college")
    answer = bring(server, sheets)
    connections.close_all()
    yield answer
    drop_database(server, "college")


@pytest.fixture
def filled(brought, server):
    """That bank, ready to be read."""
    work_in("college")
    yield brought
    connections.close_all()


def work_in(name):
    connections.close_all()
    for alias in ("default", "owner", "sequencer", "auditor"):
        connections[alias].settings_dict["NAME"] = name


def bring(bank, sheets, steps=None):
    """Found the institution and bring the files in: the place, and what each step did."""
    made, folder = sheets
    place = found_college("nmc", made.name, pack, since=made.calendar.terms[0].starts_on, at=AT)
    bringing = Bringing(made, folder, bank, place.id, place.zone, place.id, lambda: AT)
    return place, {done.step.code: done.brought for done in bring_college(bringing, steps=steps)}


def pack(name):
    return read_document(packaged(f"{name}.yaml"), name=name)


def test_a_small_college_comes_in_by_its_files(filled, sheets):
    place, done = filled
    assert [step.code for step in STEPS] == list(done)
    assert (done["terms"].stored, done["colleges"].stored, done["majors"].stored) == (8, 10, 14)
    assert (done["students"].rows, done["students"].repeated) == (304, 3)
    assert (done["results"].rows, done["results"].stored, done["results"].repeated) == (3_600, 3_600 - 9 - 5, 5)
    assert done["corrections"].stored == len(sheets[0].sheets["corrections"].rows)
    with acting_for(institution=place.id, purpose="test") as scope:
        assert scope.rows(Programme).filter(institution_id=place.id).count() == 28
        # Two numbers of one person, twice; four impossible identity numbers and one number with two names.
        assert scope.rows(LearnerNumber).filter(institution_id=place.id).count() == 295
        assert scope.rows(Enrolment).filter(institution_id=place.id).count() == 293


def test_every_student_is_audited_against_their_own_plan_and_every_promise_holds(filled, server):
    place, _done = filled
    with acting_for(institution=place.id, purpose="test") as scope:
        rebuild_progress(scope, at=AT, on=AT.date())
        plans = {one.code: one.id for one in scope.rows(Programme)}
        followed = set(scope.rows(Progress).values_list("learner_id", "programme_id"))
        for learner, code in (
            scope.rows(Enrolment).exclude(programme_code="").values_list("learner_id", "programme_code")
        ):
            assert (learner, plans[code]) in followed
    broken = [line.code for line in check_bank(server, USERS)[0] if line.verdict.value == "no"]
    assert broken == []


def test_faulty_rows_are_named_and_everything_beside_them_comes_in(filled):
    place, done = filled
    assert (done["students"].refused, done["results"].refused) == (6, 9)
    with acting_for(institution=place.id, purpose="test") as scope:
        codes = Counter(scope.rows(ImportProblem).filter(institution_id=place.id).values_list("code", flat=True))
        register = {line.data_set.code: line for line in source_register(scope, today=AT.date())}
    assert codes == {
        "masterdata.id_check": 1, "masterdata.id_shape": 1, "masterdata.id_date": 1, "masterdata.id_region": 1,
        "masterdata.same_key": 2, "results.mark_out_of_range": 1, "results.mark_not_number": 1,
        "results.sitting_unknown": 1, "results.key_empty": 1, "results.credit_not_number": 1,
        "results.presentation_unknown": 1, "results.date_impossible": 1, "results.contradiction": 2,
        "masterdata.no_date": 1,
    }  # fmt: skip
    figures = {f"{code}:{figure.code}": figure.count for code, line in register.items() for figure in line.figures}
    assert figures["students:missing.class_code"] == 8
    assert figures["courses:missing.credit"] == 6
    assert figures["students:twice.national_id"] == 4
    assert figures["resources:unknown.provider"] == 1
    # Courses of a partner whose accreditation ends while they run.
    assert figures["offerings:order.ends_on.resource.provider.accredited_until"] >= 1
    assert {"classes:unknown.adviser", "students:unknown.class_code", "students:missing.programme"} <= figures.keys()


def test_the_resources_of_the_college_are_offered_to_everybody(filled, sheets):
    place, done = filled
    assert (done["providers"].stored, done["resources"].stored, done["offerings"].refused) == (13, 35, 1)
    with acting_for(purpose="public") as scope:
        published = set(scope.rows(EducationResource).filter(institution_id=place.id).values_list("code", flat=True))
        offered = scope.rows(EducationOffering).filter(institution_id=place.id).count()
    assert published == {row[0] for row in sheets[0].sheets["resources"].rows if row[-1] == "是"}
    assert offered == done["offerings"].stored


def test_corrections_take_credit_back_and_give_it(filled):
    with connections["auditor"].cursor() as cursor:
        cursor.execute("SELECT kind::text, count(*) FROM posting GROUP BY 1")
        kinds = dict(cursor.fetchall())
    assert kinds["reverse"] >= 1
    assert int(filled[1]["corrections"].note.en.split()[0]) >= 1


def test_a_second_time_everything_is_known_and_no_credit_is_posted(empty_bank, sheets):
    bring(empty_bank, sheets)
    before = digest(connections["auditor"])
    _place, done = bring(empty_bank, sheets)
    assert {code: one.stored for code, one in done.items() if code != "plans"} == dict.fromkeys(
        [code for code in done if code != "plans"], 0
    )
    assert digest(connections["auditor"]) == before


def test_the_same_seed_gives_equal_banks(server, sheets):
    found = set()
    for name in ("one", "other"):
        clone_database(server, "creditbank", name)
        work_in(name)
        bring(server, sheets)
        found.add(digest(connections["auditor"]))
        connections.close_all()
        drop_database(server, name)
    assert len(found) == 1


def test_the_same_seed_gives_the_same_bytes(sheets, tmp_path):
    _made, folder = sheets
    write_college(simulate(ASKED), tmp_path)
    names = sorted(path.relative_to(folder) for path in folder.rglob("*.*"))
    assert len(names) == 2 * 18 + 28 + 1
    assert [name for name in names if (tmp_path / name).read_bytes() != (folder / name).read_bytes()] == []


def test_a_step_more_is_a_line_more(empty_bank, sheets):
    def lists(at):
        assert at.sheet("opening").is_file()
        return Brought(len(at.college.sheets["opening"].rows), 0, 0, 0)

    step = Step("opening", Text("期初学分", "opening lots"), lists)
    _place, done = bring(empty_bank, sheets, [*STEPS[:2], step])
    assert list(done) == ["years", "terms", "opening"]
    assert done["opening"].rows > 10
