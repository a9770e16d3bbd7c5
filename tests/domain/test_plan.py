"""Plans: credit by term, what they ask for, and an audit that counts credit as it came."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from creditbank.domain.audit.decide import audit
from creditbank.domain.audit.model import Credit, Proof
from creditbank.domain.canonical import content_hash
from creditbank.domain.programmes.derived import requirement_of
from creditbank.domain.programmes.fields import ProgrammeError
from creditbank.domain.programmes.plan import (
    Module,
    Nature,
    Plan,
    PlannedCourse,
    credit_in_term,
    faults,
    remarks,
)
from creditbank.domain.programmes.plan_document import plan_data, programme_document, read_plan
from creditbank.domain.programmes.reading import read_programme
from creditbank.domain.values import Hundredths, Text
from creditbank.exchange.documents import read_document
from creditbank.gateways.documents import programme_bytes, programme_codes
from tests.domain.audit.milp import least_shortage
from tests.exchange.plans_made import college_document, college_plan, plans

R, E = Nature.REQUIRED, Nature.ELECTIVE


def course(code, credit=300, nature=R, terms=(1,)):
    return PlannedCourse(code, Text(code), nature, Hundredths(credit), terms=terms)


def module(name, minimum, *courses, modules=(), categories=()):
    return Module(name, Text(name), Hundredths(minimum), courses, tuple(modules), frozenset(categories))


def lot(number, code="", amount=300, category=""):
    return Credit(
        id=f"c{number}", hundredths=Hundredths(amount), category=category, level=None, field="", code=code, source=""
    )


def answered(plan, *lots):
    document = programme_document(code="P", title=Text("方案"), plan=plan)
    return audit(read_programme(document), [lot(number, *one) for number, one in enumerate(lots)])


MIXED = Plan((module("m", 1000, course("A"), course("B"), course("X", 300, E), course("Y", 200, E)),))


@pytest.mark.parametrize(
    ("lots", "met", "missing"),
    [
        ([], False, 1000),
        ([("A",), ("B",), ("X",)], False, 100),
        ([("A",), ("B",), ("X",), ("Y", 200)], True, 0),
        # A required course that brought more than planned makes up for the elective, one that brought less does not.
        ([("A", 400), ("B",), ("X",)], True, 0),
        ([("A", 200), ("B",), ("X",), ("Y", 200)], True, 0),
        ([("A", 200), ("B",), ("X",)], False, 200),
        # However much credit there is, a required course is required.
        ([("A", 2000), ("X",), ("Y", 200)], False, 300),
        # The same course twice is one course.
        ([("A",), ("A",), ("X",), ("Y", 200)], False, 300),
    ],
)
def test_a_module_asks_for_its_minimum_and_for_every_required_course(lots, met, missing):
    answer = answered(MIXED, *lots)
    assert (answer.met, answer.missing) == (met, missing)


def test_recognised_outcomes_count_in_a_module_that_accepts_their_category():
    plan = Plan((module("m", 600, course("A"), categories=["innovation"]), module("n", 300, course("B"))))
    assert answered(plan, ("A",), ("B",), ("", 300, "innovation")).met
    assert not answered(plan, ("A",), ("B",), ("", 300, "certificate")).met
    assert not answered(plan, ("B",), ("", 900, "innovation")).met


def test_inner_modules_keep_their_own_minima_and_the_outer_one_asks_for_more():
    inner = (module("core", 300, course("A")), module("choice", 200, course("X", 200, E), course("Y", 200, E)))
    plan = Plan((module("m", 700, modules=inner),))
    assert answered(plan, ("A",), ("X", 200)).missing == 200
    assert answered(plan, ("A",), ("X", 200), ("Y", 200)).met
    assert not answered(plan, ("X", 200), ("Y", 200), ("A", 0)).met


def test_the_programme_may_ask_for_more_than_its_modules():
    plan = Plan((module("m", 300, course("A"), course("X", 200, E)),), Hundredths(500))
    assert (answered(plan, ("A",)).missing, answered(plan, ("A",), ("X", 200)).met) == (200, True)


def test_a_course_of_several_terms_is_shared_without_a_rest():
    shared = course("A", 100, terms=(1, 2, 5))
    assert [credit_in_term(shared, term) for term in shared.terms] == [34, 33, 33]
    plan = Plan((module("m", 0, shared, course("B", 200, E, terms=(2,))),))
    assert plan.credit_by_term() == {1: 34, 2: 233, 3: 0, 4: 0, 5: 33}
    assert plan.required_by_term() == {1: 34, 2: 33, 3: 0, 4: 0, 5: 33}


@settings(max_examples=60)
@given(plans())
def test_planned_credit_adds_up_and_every_plan_reads_back(plan):
    assume(plan is not None)
    with_terms = sum(one.credit for one in plan.courses() if one.terms)
    assert sum(plan.credit_by_term().values()) == with_terms
    assert read_plan(plan_data(plan)) == plan
    document = programme_document(code="P", title=Text("方案"), plan=plan)
    programme = read_programme(document)
    assert programme.requirement == requirement_of(plan, Text("方案"))
    del document["requirement"]
    assert read_programme(document) == programme


@settings(max_examples=60)
@given(plans(), st.data())
def test_who_has_every_course_has_met_the_plan_and_who_lacks_a_required_one_has_not(plan, data):
    assume(plan is not None)
    categories = sorted({category for one in plan.walk() for category in one.categories})
    lots = [lot(number, one.code, one.credit) for number, one in enumerate(plan.courses())]
    more = [lot(f"o{number}", "", 100_000_000, category) for number, category in enumerate(categories * 9)]
    document = programme_document(code="P", title=Text("方案"), plan=plan)
    programme = read_programme(document)
    assert audit(programme, [*lots, *more]).met
    required = [one.code for one in plan.courses() if one.nature is R]
    if required:
        left_out = data.draw(st.sampled_from(required))
        assert not audit(programme, [*(one for one in lots if one.code != left_out), *more]).met


WRONG = [
    (Plan((module("a", 0, course("A"), course("A")),)), "plan.course_twice"),
    (Plan((module("a", 0, course("A")), module("b", 300))), "plan.module_empty"),
    (Plan((module("a", 301, course("A")),)), "plan.module_unreachable"),
    (Plan((module("a", 0, course("A")),), Hundredths(301)), "plan.total_unreachable"),
    (Plan((module("a", 0, course("A", nature=E)),)), "plan.asks_nothing"),
]


@pytest.mark.parametrize(("plan", "code"), WRONG)
def test_a_plan_nobody_could_fulfil_is_a_fault(plan, code):
    assert [found.code for found in faults(plan)] == [code]


def test_two_modules_side_by_side_need_two_names():
    twins = tuple(Module(name, Text("选修"), Hundredths(0), (course(name),)) for name in ("a", "b"))
    assert [(found.code, found.module) for found in faults(Plan(twins))] == [("plan.modules_alike", "b")]
    apart = (
        module("a", 0, modules=[twins[0]]),
        module("b", 0, modules=[Module("c", Text("选修"), Hundredths(0), (course("z"),))]),
    )
    assert faults(Plan(apart)) == ()


def test_what_is_worth_a_look():
    plan = Plan((module("a", 100, course("A", terms=())),), Hundredths(200))
    assert [found.code for found in remarks(plan)] == [
        "plan.minimum_below_required",
        "plan.total_below_modules",
        "plan.course_without_term",
    ]


PLACES = [
    (("modules", 0, "colour"), 1, "plan.modules[0].colour"),
    (("modules", 0, "minimum"), None, "plan.modules[0].minimum"),
    (("modules", 0, "id"), "programme", "plan.modules[0].id"),
    (("modules", 0, "id"), "a-required", "plan.modules[0].id"),
    (("modules", 1, "id"), "m1", "plan.modules[1].id"),
    (("modules", 0, "courses", 2, "credit"), "2.125", "plan.modules[0].courses[2].credit"),
    (("modules", 0, "courses", 2, "nature"), "必修", "plan.modules[0].courses[2].nature"),
    (("modules", 0, "courses", 2, "terms"), [2, 1], "plan.modules[0].courses[2].terms"),
    (("modules", 0, "courses", 2, "terms"), [13], "plan.modules[0].courses[2].terms[0]"),
    (("modules", 0, "courses", 2, "code"), "ＡＢ", "plan.modules[0].courses[2].code"),
    (("modules", 0, "courses", 2, "code"), "SZ101", "plan.modules[0].courses[2]"),
    (("modules", 0, "courses", 2, "title"), " 名", "plan.modules[0].courses[2].title"),
    (("modules", 0, "courses", 2, "hours"), -1, "plan.modules[0].courses[2].hours"),
    (("modules", 0, "courses", 2, "weeks"), 2, "plan.modules[0].courses[2].weeks"),
    (("modules", 2, "minimum"), "99", "plan.modules[2]"),
]


@pytest.mark.parametrize(("keys", "value", "path"), PLACES)
def test_a_mistake_in_a_document_is_named_with_its_path(keys, value, path):
    document = college_document()
    place = document["plan"]
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    with pytest.raises(ProgrammeError) as caught:
        read_programme(document)
    assert caught.value.path == path


def test_documents_without_a_plan_are_what_they_were():
    known = {
        "demo-award-60": "ba35ec049ecc5671a5c67d4f253046963fc963713e0536e187f00d107572a06b",
        "demo-certificate-120": "18b6076ca48127cf43a5bd4443597dbff61a96a8e2bc50d3537ea92c6c465381",
        "demo-levels-360": "04c0de9485ec8610c73bc8a676d597fab7211b5f1a21aa1a8ad246b660c62422",
    }
    found = {}
    for code in programme_codes():
        document = read_document(programme_bytes(code), name=f"{code}.yaml")
        assert read_programme(document).plan is None
        found[code] = content_hash(document)
    assert found == known


def test_an_audit_of_sixty_courses_agrees_with_an_independent_solver():
    courses_, programme, random = list(college_plan().courses()), read_programme(college_document()), Random(1)
    for _ in range(20):
        held = [
            lot(number, one.code, max(50, one.credit + random.choice((0, 0, 50, -50))))
            for number, one in enumerate(random.sample(courses_, 36))
        ]
        held += [lot(f"o{number}", "", random.choice((50, 100, 200)), "innovation") for number in range(4)]
        answer = audit(programme, held)
        assert answer.shortage == answer.bound == least_shortage(programme, held)
        assert answer.proof is Proof.BOUND
