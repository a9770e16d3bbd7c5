"""Programme and record documents are read strictly, and every mistake is named with its path."""

from __future__ import annotations

from decimal import Decimal

import pytest

from creditbank.domain.audit.record import RecordError, read_record
from creditbank.domain.programmes.fields import ProgrammeError
from creditbank.domain.programmes.model import Kind
from creditbank.domain.programmes.reading import MAX_DEPTH, read_programme
from creditbank.exchange.documents import DocumentError
from creditbank.exchange.programmes import load_packaged_programme, load_programme
from creditbank.gateways.documents import programme_codes
from tests.domain.audit.made import courses_from, credits_from, group, part, programme


def nested(depth):
    node = credits_from("leaf", 1)
    for number in range(depth):
        node = group(f"g{number}", "all", [node])
    return node


def test_a_programme_keeps_what_the_document_says():
    asked = programme(
        group(
            "root",
            "n_of",
            [
                credits_from("a", "22.5", {"levels": [5, 6], "except": [{"codes": ["X"]}]}),
                courses_from("b", 2),
            ],
            n=1,
        ),
        course_credits=2,
        repeats="count_each",
    )
    a, b = asked.requirement.children
    assert (asked.requirement.kind, asked.requirement.n, asked.repeats) == (Kind.N_OF, 1, True)
    assert (a.minimum, a.accepts.levels, a.accepts.besides[0].codes) == (2250, {5, 6}, {"X"})
    assert (b.kind, b.n, asked.course_credits) == (Kind.COURSES_FROM, 2, 200)
    assert programme(credits_from("a", Decimal("0.25"))).requirement.minimum == 25


WRONG = [
    (credits_from("a", -1), "requirement.minimum", "negative"),
    (credits_from("a", "1.234"), "requirement.minimum", "two decimals"),
    (credits_from("a", True), "requirement.minimum", "amount"),
    (credits_from("a", None), "requirement.minimum", "amount"),
    (credits_from("A b", 1), "requirement.id", "small letters"),
    ({**credits_from("a", 1), "colour": 1}, "requirement.colour", "not known"),
    ({**credits_from("a", 1), "n": 1}, "requirement.n", "not known"),
    ({**credits_from("a", 1), "all": []}, "requirement", "exactly one"),
    ({"id": "a", "title": "a"}, "requirement", "found none"),
    (credits_from("a", 1, {"field": ["x"]}), "requirement.credits_from.field", "not known"),
    (credits_from("a", 1, {"fields": "x"}), "requirement.credits_from.fields", "a list"),
    (credits_from("a", 1, {"fields": []}), "requirement.credits_from.fields", "accept nothing"),
    (credits_from("a", 1, {"codes": [101]}), "requirement.credits_from.codes[0]", "quote"),
    (credits_from("a", 1, {"levels": ["6"]}), "requirement.credits_from.levels[0]", "whole number"),
    (credits_from("a", 1, {"except": [{}]}), "requirement.credits_from.except", "leave nothing"),
    (credits_from("a", 1, {"earned_from": "2023-02-29"}), "requirement.credits_from.earned_from", "a day"),
    (credits_from("a", 1, {"grade_at_least": "NaN"}), "requirement.credits_from.grade_at_least", "a mark"),
    (group("g", "all", []), "requirement.all", "empty"),
    (group("g", "n_of", [credits_from("a", 1)], n=2), "requirement.n", "only 1"),
    (group("g", "all", [credits_from("a", 1), credits_from("a", 1)]), "requirement", "used twice"),
    (credits_from("a", 1, of_which=[part("a", minimum=1)]), "requirement", "used twice"),
    (credits_from("a", 1, of_which=[part("p")]), "requirement.of_which[0]", "minimum, a maximum"),
    (
        credits_from("a", 1, of_which=[part("p", minimum=3, maximum=2)]),
        "requirement.of_which[0].minimum",
        "greater",
    ),
    (
        group("g", "any", [credits_from("a", 1)], of_which=[part("p", minimum=3)]),
        "requirement.of_which[0].minimum",
        "over a choice",
    ),
    (
        group("g", "any", [group("h", "all", [credits_from("a", 1)], shared=True)]),
        "requirement.any[0].shared",
        "",
    ),
    (
        group("g", "all", [credits_from("a", 1)], shared=True, of_which=[part("p", maximum=3)]),
        "requirement.of_which",
        "shared",
    ),
    (nested(MAX_DEPTH), "requirement" + ".all[0]" * MAX_DEPTH, "deeper"),
]


@pytest.mark.parametrize(("requirement", "path", "reason"), WRONG, ids=[f"{path}-{why}" for _, path, why in WRONG])
def test_a_mistake_in_a_programme_is_named_with_its_path(requirement, path, reason):
    with pytest.raises(ProgrammeError) as caught:
        programme(requirement)
    assert caught.value.path == path
    assert reason in caught.value.reason


def test_another_schema_is_refused():
    with pytest.raises(ProgrammeError, match="schema"):
        read_programme({"schema": "creditbank.programme/2"})


def test_a_mistake_in_a_file_is_named_with_its_line():
    text = "schema: creditbank.programme/1\ncode: P\ntitle: 甲\nrequirement:\n  id: a\n  title: 乙\n  credits_from: {}\n  minimum: x\n"
    with pytest.raises(DocumentError) as caught:
        load_programme(text.encode(), name="p.yaml")
    assert (caught.value.line, caught.value.path) == (8, "requirement.minimum")


def test_the_programmes_that_come_along_are_read_and_say_that_they_are_invented():
    assert len(programme_codes()) == 3
    for code in programme_codes():
        asked = load_packaged_programme(code)
        assert "虚构" in asked.note.zh
        assert "Invented" in asked.note.en


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"credits": {}}, "credits"),
        ({"credits": [{"id": "a"}]}, "credits[0].amount"),
        ({"credits": [{"amount": 1}]}, "credits[0].id"),
        ({"credits": [{"id": "a", "amount": 1}, {"id": "a", "amount": 1}]}, "credits[1].id"),
        ({"credits": [{"id": "a", "amount": 1, "level": "5"}]}, "credits[0].level"),
        ({"credits": [{"id": "a", "amount": 1, "code": 5}]}, "credits[0].code"),
        ({"credits": [{"id": "a", "amount": 1, "colour": 5}]}, "credits[0].colour"),
        (
            {"credits": [{"id": "a", "amount": 1, "earned_on": "2024-01-02", "expires_on": "2024-01-01"}]},
            "credits[0].expires_on",
        ),
        ({"on": "yesterday"}, "on"),
        ({"previous": ["a"]}, "previous"),
        ({"learned": 1}, "learned"),
    ],
)
def test_a_mistake_in_a_record_is_named_with_its_path(change, path):
    with pytest.raises(RecordError) as caught:
        read_record({"schema": "creditbank.record/1", "learner": "L", "credits": [], **change})
    assert caught.value.path == path
