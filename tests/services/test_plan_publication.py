"""Publishing plans: versions with history, nothing from bad documents, and what the audit makes of them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from creditbank.domain.explanation import Refusal
from creditbank.gateways.clock import new_id
from creditbank.queries.programmes import list_programmes, newest_version, read_version, unknown_courses
from creditbank.records.catalogue import Course
from creditbank.records.operations import Operation
from creditbank.records.programmes import Programme
from creditbank.records.scope import acting_for
from creditbank.services.programmes import publish_plan
from tests.cast import AT
from tests.exchange.plans_made import CODE, college_document, college_plan
from tests.services.editions import DAY, published


def publish(cast, document, *, replaces=None, place=None):
    with acting_for(institution=place or cast.college, purpose="test") as scope:
        return publish_plan(scope=scope, document=document, replaces=replaces, actor=cast.zhao.person, at=AT)


def versions(cast):
    with acting_for(institution=cast.college, purpose="test") as scope:
        return list(scope.rows(Programme).filter(code=CODE).order_by("version").values_list("version", "content_hash"))


def changed():
    document = college_document()
    document["plan"]["minimum"] = "141.0"
    del document["requirement"]
    return document


def test_a_later_version_keeps_the_former_one_as_it_was(bank, cast):
    first = publish(cast, college_document())
    second = publish(cast, changed(), replaces=first.content_hash)
    assert (first.version, second.version) == (1, 2)
    with acting_for(institution=cast.college, purpose="test") as scope:
        former, newest = read_version(scope, first.id), newest_version(scope, CODE)
        assert [line.version for line in list_programmes(scope) if line.code == CODE] == [2]
        assert scope.rows(Operation).filter(action="programme.publish", object_id=second.id).count() == 1
    assert former.programme.plan == college_plan()
    assert former.content_hash == first.content_hash
    assert [one.version for one in newest.versions] == [2, 1]
    assert newest.programme.plan.minimum == 14_100


def test_the_same_plan_again_is_no_new_version(bank, cast):
    first = publish(cast, college_document())
    assert publish(cast, college_document(), replaces=first.content_hash).id == first.id
    assert len(versions(cast)) == 1


def test_a_plan_that_somebody_overtook_is_refused(bank, cast):
    publish(cast, college_document(), replaces="")
    answer = publish(cast, changed(), replaces="")
    assert isinstance(answer, Refusal)
    assert answer.explanation[0].code == "plan.changed_meanwhile"
    assert [number for number, _hash in versions(cast)] == [1]


@pytest.mark.parametrize("spoil", ["course", "minimum", "key", "nothing"])
def test_nothing_is_published_of_a_bad_plan(bank, cast, spoil):
    document = college_document()
    module = document["plan"]["modules"][2]
    if spoil == "course":
        module["courses"].append(dict(module["courses"][0]))
    elif spoil == "minimum":
        module["minimum"] = "60"
    elif spoil == "key":
        module["colour"] = "red"
    else:
        document["plan"]["modules"] = []
    with pytest.raises(ValueError, match=r"plan\.modules"):
        publish(cast, document)
    assert versions(cast) == []


def test_a_programme_without_a_plan_is_not_taken_for_one(bank, cast):
    document = college_document()
    del document["plan"]
    answer = publish(cast, document)
    assert isinstance(answer, Refusal)
    assert answer.explanation[0].code == "plan.missing"
    assert versions(cast) == []


def test_courses_are_looked_for_in_the_own_library_and_in_what_is_handed_down_that_day(bank, cast):
    for place, code in ((cast.college, "SZ101"), (cast.university, "SZ103")):
        with acting_for(institution=place, purpose="test") as scope:
            scope.rows(Course).create(id=new_id(), institution_id=place, code=code, name=code, credit=300)
    published(cast.centre, "courses", [{"code": "SZ102", "name": "x", "credit": 300}])
    wanted = ["SZ101", "SZ102", "SZ103", "SZ104"]
    with acting_for(institution=cast.college, purpose="test") as scope:
        assert unknown_courses(scope, wanted, DAY) == ("SZ103", "SZ104")
        assert unknown_courses(scope, wanted, DAY - timedelta(days=1)) == ("SZ102", "SZ103", "SZ104")


def test_another_institution_has_its_own_versions(bank, cast):
    publish(cast, college_document())
    theirs = publish(cast, changed(), place=cast.university)
    assert theirs.version == 1
    with acting_for(institution=cast.college, purpose="test") as scope:
        assert read_version(scope, theirs.id) is None
