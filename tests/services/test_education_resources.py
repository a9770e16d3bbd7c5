"""Education resources: what everybody reads follows the school's sheets, and what is not published stays inside."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from creditbank.domain.masterdata.sets import OFFERINGS, PROVIDERS, RESOURCES, STUDENTS
from creditbank.gateways.identities import Identities
from creditbank.queries.masterdata.pages import dependants_of
from creditbank.queries.masterdata.rows import page_of_rows
from creditbank.queries.masterdata.sources import figure_named, source_of
from creditbank.records.education_resources import EducationOffering, EducationProvider, EducationResource
from creditbank.records.institutions import Institution
from creditbank.records.masterdata import DataFact, DataRow
from creditbank.records.people import Enrolment
from creditbank.records.scope import Scope, acting_for
from creditbank.services.masterdata.facts import retire_row, state_row
from creditbank.services.masterdata.imports import revert_run
from tests.cast import AT
from tests.intruder import superuser
from tests.services.masterdata_rows import bring

MODELS = (EducationProvider, EducationResource, EducationOffering)
TABLES = [model._meta.db_table for model in MODELS]
PROVIDER = {
    "code": "P2",
    "name": "云帆智能",
    "kind": "校外",
    "accredited_from": "2026-01-01",
    "accredited_until": "2026-12-31",
}
RESOURCE = {
    "code": "R1",
    "name": "软件测试",
    "kind": "实践基地",
    "provider": "P2",
    "contact": "0571",
    "published": "是",
}
OFFERING = {
    "code": "R1-1",
    "resource": "R1",
    "term": "2026-2027-1",
    "ends_on": "2026-12-01",
    "seats": "40人",
    "fee": "360元",
}


def everything(institution=None):
    """All rows of the three tables, as a scope sees them."""
    with acting_for(institution=institution, purpose="test") as scope:
        return [sorted(scope.rows(model).values_list(), key=str) for model in MODELS]


def codes(institution=None):
    with acting_for(institution=institution, purpose="test") as scope:
        return [set(scope.rows(model).values_list("code", flat=True)) for model in MODELS]


def bring_all(bank, place, *, published="是", as_of="2026-09-01"):
    bring(bank, place, "providers", [PROVIDER], as_of, "p")
    bring(bank, place, "resources", [RESOURCE | {"published": published}], as_of, "r")
    bring(bank, place, "offerings", [OFFERING], as_of, "o")


def test_sheets_become_what_everybody_reads(bank, cast):
    bring_all(bank, cast.college)
    with acting_for(purpose="public") as scope:
        provider, resource, offering = (scope.rows(model).get() for model in MODELS)
    assert (provider.institution_id, provider.name, provider.kind) == (cast.college, "云帆智能", "external")
    assert (provider.accredited_from, provider.accredited_until) == (date(2026, 1, 1), date(2026, 12, 31))
    assert (resource.provider, resource.kind, resource.contact) == ("P2", "practice_base", "0571")
    assert "ruan jian ce shi" in resource.search
    assert (offering.resource, offering.seats, offering.fee, offering.currency) == ("R1", 40, 36000, "CNY")


def test_a_resource_that_is_not_published_is_read_by_its_institution_only(bank, cast):
    bring_all(bank, cast.college, published="否")
    assert codes(cast.college) == [{"P2"}, {"R1"}, {"R1-1"}]
    assert codes() == codes(cast.university) == [set(), set(), set()]
    bring(bank, cast.college, "resources", [{"code": "R1", "published": "是"}], "2026-09-02", "later")
    assert codes() == codes(cast.university) == [{"P2"}, {"R1"}, {"R1-1"}]


@pytest.mark.parametrize("floor", ["row security", "the scope's filter"])
def test_either_of_the_two_walls_alone_hides_what_is_not_published(bank, cast, monkeypatch, floor):
    bring_all(bank, cast.college, published="否")
    if floor == "row security":
        monkeypatch.setattr(Scope, "rows", lambda self, model: model._default_manager.using(self.using).all())
    else:
        with superuser(bank) as administrator:
            for table in TABLES:
                administrator.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    assert codes() == codes(cast.university) == [set(), set(), set()]
    assert codes(cast.college) == [{"P2"}, {"R1"}, {"R1-1"}]


def test_the_scopes_condition_for_statements_says_the_same(bank, cast):
    bring_all(bank, cast.college, published="否")
    for place, count in ((None, 0), (cast.university, 0), (cast.college, 1)):
        with acting_for(institution=place, purpose="test") as scope:
            condition, values = scope.condition("education_resource", "one")
            assert scope.fetch(f"SELECT count(*) FROM education_resource AS one WHERE {condition}", values) == [
                (count,)
            ]


def test_what_is_retired_is_no_longer_shown_and_comes_back(bank, cast):
    bring_all(bank, cast.college)

    def retire(data_set, key, retired, day):
        with acting_for(institution=cast.college, purpose="test") as scope:
            retire_row(scope=scope, data_set=data_set, key=key, retired=retired, as_of=date(2026, 9, day),
                       actor=cast.zhao.person, at=AT)  # fmt: skip

    retire(OFFERINGS, "R1-1", True, 2)
    assert codes() == [{"P2"}, {"R1"}, set()]
    retire(OFFERINGS, "R1-1", False, 3)
    retire(RESOURCES, "R1", True, 4)
    assert codes() == [set(), set(), set()]
    retire(RESOURCES, "R1", False, 5)
    retire(PROVIDERS, "P2", True, 6)
    assert codes() == [{"P2"}, {"R1"}, {"R1-1"}]
    with acting_for(purpose="public") as scope:
        assert scope.rows(EducationProvider).get().retired


def test_a_reverted_sheet_takes_back_what_it_showed(bank, cast):
    bring_all(bank, cast.college)
    before = everything(cast.college)
    later = bring(bank, cast.college, "resources", [RESOURCE | {"name": "改名", "provider": "P9"}, RESOURCE | {"code": "R2"}],
                  "2026-10-01", "later")  # fmt: skip
    assert codes() == [{"P2"}, {"R1", "R2"}, {"R1-1"}]
    with acting_for(institution=cast.college, purpose="test") as scope:
        revert_run(scope=scope, run_id=later.run_id, actor=cast.zhao.person, at=AT)
    assert everything(cast.college) == before


def test_references_by_name_follow_their_row_whatever_comes_first(bank, cast):
    bring(bank, cast.college, "offerings", [OFFERING | {"resource": "软件测试"}], "2026-09-01", "o")
    assert codes() == [set(), set(), set()]
    bring(bank, cast.college, "resources", [RESOURCE | {"provider": "云帆智能"}], "2026-09-01", "r")
    bring(bank, cast.college, "providers", [PROVIDER], "2026-09-01", "p")
    assert codes() == [{"P2"}, {"R1"}, {"R1-1"}]
    # A second one of the same name: nobody knows any more which one is meant.
    bring(bank, cast.college, "providers", [PROVIDER | {"code": "P3"}], "2026-09-01", "p3")
    with acting_for(institution=cast.college, purpose="test") as scope:
        assert scope.rows(EducationResource).get().provider == ""
        assert set(scope.rows(EducationProvider).values_list("code", "published")) == {("P2", False), ("P3", False)}
    bring(bank, cast.college, "providers", [{"code": "P3", "name": "别家"}], "2026-09-02", "p4")
    assert codes() == [{"P2"}, {"R1"}, {"R1-1"}]


def test_a_name_with_full_width_brackets_is_found_by_its_name(bank, cast):
    """A reference is read with ordinary brackets, a name stays as it was typed; they are the same name."""
    name = "云帆（上海）科技"
    bring(bank, cast.college, "resources", [RESOURCE | {"provider": name}], "2026-09-01", "r")
    bring(bank, cast.college, "providers", [PROVIDER | {"name": name}], "2026-09-01", "p")
    bring(
        bank,
        cast.college,
        "students",
        [{"number": "S1", "name": "甲", "college": "会计学院（示范）"}],
        "2026-09-01",
        "s",
    )
    bring(
        bank, cast.college, "colleges", [{"code": "acc", "name": "会计学院（示范）", "kind": "学院"}], "2026-09-01", "c"
    )
    with acting_for(institution=cast.college, purpose="test") as scope:
        assert scope.rows(EducationResource).get().provider == "P2"
        assert scope.rows(EducationProvider).get().name == name
        assert "unknown.provider" not in figures(scope, RESOURCES)
        assert "unknown.college" not in figures(scope, STUDENTS)
        assert (
            scope.rows(Enrolment).get(student_number="S1").college_id == scope.rows(Institution).get(code="svc-acc").pk
        )
        assert [one.count for one in dependants_of(scope, PROVIDERS, "P2", name)] == [1]


FILES = [
    ("providers", [PROVIDER], "2026-09-01"),
    ("providers", [{"code": "P2", "name": "云帆", "accredited_until": "2027-12-31"}], "2026-10-01"),
    ("resources", [RESOURCE | {"provider": "云帆智能"}, RESOURCE | {"code": "R2", "published": "否"}], "2026-09-01"),
    ("resources", [{"code": "R1", "provider": "云帆"}, {"code": "R2", "published": "是"}], "2026-10-02"),
    ("offerings", [OFFERING | {"resource": "软件测试"}, OFFERING | {"code": "R2-1", "resource": "R2"}], "2026-09-01"),
    ("offerings", [OFFERING | {"resource": "R1", "seats": "30"}], "2026-11-01"),
]


def clear(bank):
    with superuser(bank) as administrator:
        for table in ("data_fact", "data_row", "import_problem", "import_run", *TABLES):
            administrator.execute(f"DELETE FROM {table}")


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(len(FILES))), reverted=st.sampled_from([None, 0, 2, 5]))
def test_files_of_any_days_in_any_order_give_the_same_resources(bank, cast, order, reverted):
    """The day a sheet speaks of decides, also when one of the sheets is taken back in between."""
    clear(bank)
    for place in order:
        code, rows, as_of = FILES[place]
        run = bring(bank, cast.college, code, rows, as_of, f"file {place}")
        if place == reverted:
            with acting_for(institution=cast.college, purpose="test") as scope:
                revert_run(scope=scope, run_id=run.run_id, actor=cast.zhao.person, at=AT)
            bring(bank, cast.college, code, rows, as_of, f"file {place} again")
    providers, resources, offerings = everything(cast.college)
    assert [row[2] for row in providers] == ["云帆"]
    with acting_for(purpose="public") as scope:
        assert scope.rows(EducationProvider).get().accredited_until == date(2027, 12, 31)
        shown = dict(scope.rows(EducationResource).values_list("code", "provider"))
        seats = dict(scope.rows(EducationOffering).values_list("code", "seats"))
    assert (shown, seats) == ({"R1": "P2", "R2": "P2"}, {"R1-1": 30, "R2-1": 40})
    assert (len(resources), len(offerings)) == (2, 2)


def figures(scope, data_set):
    return {figure.code: figure.count for figure in source_of(scope, data_set, today=date(2026, 11, 22)).figures}


def test_the_register_counts_what_the_portal_could_not_show_well(bank, cast):
    bring(bank, cast.college, "providers", [
        PROVIDER, {"code": "P3", "name": "无证", "kind": "校外"}, {"code": "P1", "name": "软件学院", "kind": "校内"},
        {"code": "P4", "name": "兄弟学校", "kind": "校外", "accredited_from": "2026-01-01", "bank_code": "nowhere"},
        {"code": "P5", "name": "在行", "kind": "校外", "accredited_from": "2026-01-01", "bank_code": "svc"},
    ], "2026-09-01", "p")  # fmt: skip
    bring(bank, cast.college, "resources", [RESOURCE, RESOURCE | {"code": "R2", "name": "网页", "provider": "云帆智能"},
                                            RESOURCE | {"code": "R3", "provider": "nobody"}], "2026-09-01", "r")  # fmt: skip
    bring(bank, cast.college, "offerings", [
        OFFERING, OFFERING | {"code": "late", "ends_on": "2027-01-15", "seats": ""},
        OFFERING | {"code": "late-by-name", "resource": "网页", "ends_on": "2027-06-01"},
        OFFERING | {"code": "early", "resource": "R2", "starts_on": "2025-12-01", "fee": ""},
    ], "2026-09-01", "o")  # fmt: skip
    with acting_for(institution=cast.college, purpose="test") as scope:
        found = figures(scope, OFFERINGS)
        past = "order.ends_on.resource.provider.accredited_until"
        assert found[past] == 2
        assert [row.key for row in page_of_rows(scope, OFFERINGS, figure=figure_named(OFFERINGS, past))[0]] == [
            "late", "late-by-name",
        ]  # fmt: skip
        assert found["order.resource.provider.accredited_from.starts_on"] == 1
        assert (found["missing.seats"], found["missing.fee"], found["unknown.term"]) == (1, 1, 4)
        assert figures(scope, RESOURCES)["unknown.provider"] == 1
        providers = figures(scope, PROVIDERS)
        # A unit of the school needs no dates; outside bodies without them are named.
        assert (providers["missing.accredited_from"], providers["missing.accredited_until"]) == (1, 3)
        assert providers["unplaced.bank_code"] == 1
        unplaced = page_of_rows(scope, PROVIDERS, figure=figure_named(PROVIDERS, "unplaced.bank_code"))[0]
        assert [row.key for row in unplaced] == ["P4"]


def test_a_form_changes_one_field_and_the_portal_follows(bank, cast):
    bring_all(bank, cast.college)
    with acting_for(institution=cast.college, purpose="test") as scope:
        state_row(scope=scope, identities=Identities(bank), data_set=OFFERINGS, texts={"code": "R1-1", "seats": "12"},
                  as_of=date(2026, 9, 1), actor=cast.zhao.person, at=AT)  # fmt: skip
    with acting_for(purpose="public") as scope:
        assert scope.rows(EducationOffering).get().seats == 12
        assert scope.rows(EducationOffering).get().fee == 36000


def test_two_schools_that_list_one_company_share_nothing(bank, cast):
    bring_all(bank, cast.college)
    bring_all(bank, cast.university, published="否")
    with acting_for(institution=cast.university, purpose="test") as scope:
        own = dict(scope.rows(EducationResource).values_list("institution_id", "published"))
    assert own == {cast.college: True, cast.university: False}
    assert [len(rows) for rows in everything()] == [1, 1, 1]
    for model in (DataFact, DataRow):
        with acting_for(institution=cast.university, purpose="test") as scope:
            assert set(scope.rows(model).values_list("institution_id", flat=True)) == {cast.university}
