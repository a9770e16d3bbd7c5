"""Whose a line is: certain, doubtful with its reasons, or nobody of ours."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditbank.domain.official_lists.lines import Person
from creditbank.domain.official_lists.matching import (
    Candidate,
    Found,
    chosen,
    is_ours,
    make_roster,
    match_person,
)
from creditbank.domain.rules.sameness import normal_words

LIN, MEI, ONE, OTHER, AILI = (UUID(int=place) for place in range(1, 6))


def learner(who, number, name, identity="", college=""):
    names = frozenset({normal_words(name)})
    return Candidate(who, number, names, identity, frozenset({normal_words(college)} if college else ()))


LEARNERS = (
    learner(LIN, "2023040117", "林晓", "id-lin"),
    learner(MEI, "2023050101", "梅雨"),
    learner(ONE, "2024010001", "张伟", "id-one", "软件学院"),
    learner(OTHER, "2024010002", "张伟", "", "设计学院"),
    learner(AILI, "S2024A", "买买提·艾力"),
)
ROSTER = make_roster(
    LEARNERS, numbers={one.number: one.learner for one in LEARNERS} | {"2022990001": MEI}, identities={"id-far": MEI}
)


def match(name="", number="", identity="", *, ours=True, **more):
    return match_person(Person(name=name, number=number, **more), identity, ROSTER, ours=ours)


def codes(found):
    return [line.code for line in found.explanation]


@pytest.mark.parametrize(
    ("said", "who", "code"),
    [
        ({"name": "林晓", "identity": "id-lin"}, LIN, "lists.by_id"),
        ({"name": "梅雨", "identity": "id-far"}, MEI, "lists.by_id"),
        ({"identity": "id-lin"}, LIN, "lists.by_id"),
        ({"name": "林晓", "number": "2023040117"}, LIN, "lists.by_number"),
        ({"name": "买买提艾力", "number": "s2024a"}, AILI, "lists.by_number"),
        ({"name": "林晓"}, LIN, "lists.by_name"),
        ({"name": "林晓", "number": "2023040117", "ours": None}, LIN, "lists.by_number"),
        # The roster knows no number of the second one, so a number that is not the first one's may be hers.
        ({"name": "张伟", "identity": "id-unknown"}, OTHER, "lists.by_name"),
    ],
)
def test_a_line_that_can_only_be_one_learner_is_certain(said, who, code):
    found = match(**said)
    assert (found.found, found.learner, codes(found)) == (Found.CERTAIN, who, [code])


@pytest.mark.parametrize(
    ("said", "reasons", "first"),
    [
        ({"name": "张伟"}, ["lists.namesakes"], ONE),
        ({"name": "张伟", "college": "设计学院"}, ["lists.namesakes"], OTHER),
        ({"name": "林晓", "ours": None}, ["lists.name_alone"], LIN),
        ({"name": "林小", "identity": "id-lin"}, ["lists.name_differs"], LIN),
        ({"name": "梅雨", "number": "2023040117"}, ["lists.name_differs"], LIN),
        ({"name": "林晓", "number": "2023050101", "identity": "id-lin"}, ["lists.numbers_disagree"], LIN),
        ({"name": "林晓", "number": "2023040117", "identity": "id-else"}, ["lists.id_differs"], LIN),
        ({"name": "梅雨", "number": "2022990001"}, ["lists.former_number"], MEI),
        ({"name": "林晓", "number": "999"}, ["lists.number_unknown"], LIN),
        ({"number": "2023040117", "ours": None}, ["lists.number_alone"], LIN),
        ({"name": "林晓", "number": "2023040117", "id_fault": "masterdata.id_check"}, ["lists.id_fault"], LIN),
        ({"name": "林晓", "id_fault": "masterdata.id_check"}, ["lists.id_fault"], LIN),
    ],
)
def test_a_line_that_may_be_several_or_contradicts_itself_is_doubtful(said, reasons, first):
    found = match(**said)
    assert (found.found, found.learner, codes(found)) == (Found.DOUBTFUL, None, reasons)
    assert found.candidates[0] == first


@pytest.mark.parametrize(
    "said",
    [
        {"name": "王远方"},
        {"name": "王远方", "number": "5551", "identity": "id-nobody"},
        # The name is Lin's, and the identity number says that it is somebody else.
        {"name": "林晓", "identity": "id-somebody-else"},
        {"name": "王远方", "id_fault": "masterdata.id_check"},
        {"name": "林晓", "number": "2023040117", "ours": False},
    ],
)
def test_a_line_of_somebody_else_is_nobodys(said):
    assert match(**said).found is Found.NOBODY


def test_what_a_person_chose_is_certain_and_says_who_did():
    assert (chosen(LIN).found, chosen(LIN).learner, codes(chosen(LIN))) == (Found.CERTAIN, LIN, ["lists.by_choice"])
    assert (chosen(None).found, codes(chosen(None))) == (Found.NOBODY, ["lists.nobody_by_choice"])


def test_a_school_is_ours_by_its_whole_name():
    schools = frozenset({normal_words("示范职业学院"), "svc"})
    said = [
        is_ours(Person(school=school), schools, all_ours=True)
        for school in ("示范职业学院", "示范 职业学院", "示范职业学院附属中学", "别的职业学院", "")
    ]
    assert said == [True, True, None, False, True]
    assert is_ours(Person(), schools, all_ours=False) is None


_NOISE = st.sampled_from(["", " ", "·", "　", "•", "."])


@given(st.sampled_from(LEARNERS), st.lists(_NOISE, min_size=12, max_size=12), st.booleans())
def test_spaces_dots_and_width_in_a_name_change_nothing(one, noise, wide):
    plain = {LIN: "林晓", MEI: "梅雨", ONE: "张伟", OTHER: "张伟", AILI: "买买提艾力"}[one.learner]
    name = "".join(letter + mark for letter, mark in zip(plain, noise, strict=False))
    number = "".join(chr(ord(letter) + 0xFEE0) if wide else letter for letter in one.number)
    from creditbank.domain.masterdata.reading import normal

    found = match(name=name, number=normal(number))
    assert (found.found, found.learner) == (Found.CERTAIN, one.learner)


@given(st.permutations(LEARNERS))
def test_the_order_of_the_roster_changes_no_match(learners):
    roster = make_roster(learners, numbers={one.number: one.learner for one in learners}, identities={})
    for name in ("林晓", "张伟", "王远方"):
        known = match_person(Person(name=name), "", ROSTER, ours=True)
        assert match_person(Person(name=name), "", roster, ours=True) == known
