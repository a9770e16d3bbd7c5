"""Frameworks as CASE 1.1 packages: there and back without loss, and foreign or hostile packages."""

from __future__ import annotations

import contextlib
import copy
import json
from datetime import UTC, datetime
from uuid import UUID, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creditbank.domain.frameworks.model import Dimension, Match
from creditbank.domain.rules.places import UnreadableError
from creditbank.exchange.documents import DocumentError, read_document
from creditbank.exchange.frameworks.case_packages import case_package
from creditbank.exchange.frameworks.case_reading import MESSAGES, read_case
from creditbank.exchange.frameworks.files import (
    FileForm,
    packaged_names,
    read_file,
    read_packaged,
    write_case,
    write_file,
)
from creditbank.gateways.wording import say_code
from tests.domain.frameworks.made import FRAMEWORKS

AT = datetime(2026, 11, 1, 8, 30, tzinfo=UTC)
UK, EQF = read_packaged("uk-levels"), read_packaged("eqf")
WALK = read_packaged("crosswalk-uk-levels-eqf")
SPACE = UUID("3f2c1d7e-0000-5000-8000-000000000001")


def package(framework=UK, **more):
    return case_package(framework, creator="Credit Bank", at=AT, **more)


@settings(max_examples=40)
@given(FRAMEWORKS)
def test_a_framework_goes_through_case_without_loss(framework):
    back = read_case(json.loads(json.dumps(package(framework))))
    assert back.framework == framework
    assert back.remarks == ()


def test_a_crosswalk_goes_with_its_framework_with_confidence_and_kind():
    written = write_case(UK, creator="Credit Bank", at=AT, crosswalks=[WALK], others=[EQF])
    found = read_file(written, name="uk.case.json")
    assert found.documents == (UK, WALK)
    assert found.remarks == ()


def test_a_package_says_what_the_standard_asks_for():
    made = package(crosswalks=[WALK], others=[EQF])
    document = made["CFDocument"]
    assert {"identifier", "uri", "creator", "title", "lastChangeDateTime"} <= document.keys()
    assert (document["caseVersion"], document["lastChangeDateTime"]) == ("1.1", "2026-11-01T08:30:00+00:00")
    for item in made["CFItems"]:
        assert {"identifier", "fullStatement", "uri", "lastChangeDateTime"} <= item.keys()
    kinds = {one["associationType"] for one in made["CFAssociations"]}
    assert kinds == {"isChildOf", "exactMatchOf", "isRelatedTo"}
    for one in made["CFAssociations"]:
        for node in ("originNodeURI", "destinationNodeURI"):
            assert {"title", "identifier", "uri"} == one[node].keys()
    named = [one["identifier"] for listed in ("CFItems", "CFAssociations") for one in made[listed]]
    assert len({UUID(one) for one in named}) == len(named)
    # What CASE cannot say stands in an extension: broader is only related there.
    broader = next(row for row in WALK.rows if row.match is Match.BROADER)
    said = [
        one
        for one in made["CFAssociations"]
        if one.get("extensions", {}).get("creditbank", {}).get("match") == "broader"
    ]
    assert [one["associationType"] for one in said] == ["isRelatedTo"]
    assert said[0]["extensions"]["creditbank"]["confidence"] == broader.confidence


def test_identifiers_are_the_same_for_the_same_content_and_others_for_another_edition():
    first, second = package(), case_package(UK, creator="Another", at=AT.replace(year=2030))
    assert [one["identifier"] for one in first["CFItems"]] == [one["identifier"] for one in second["CFItems"]]
    from dataclasses import replace

    other = package(replace(UK, edition="2"))
    assert not {one["identifier"] for one in first["CFItems"]} & {one["identifier"] for one in other["CFItems"]}


# --- packages of others


def identity(name):
    return str(uuid5(SPACE, name))


def link(name):
    return {"title": name, "identifier": identity(name), "uri": f"urn:uuid:{identity(name)}"}


def child(name, parent, place=1):
    return {"identifier": identity(f"{name}/{parent}"), "associationType": "isChildOf", "sequenceNumber": place,
            "originNodeURI": link(name), "destinationNodeURI": link(parent)}  # fmt: skip


def item(name, **more):
    return {"identifier": identity(name), "fullStatement": f"Statement of {name}", **more}


def foreign():
    """A package as another system might write it, without this project's extension."""
    return {
        "CFDocument": {"identifier": identity("doc"), "title": "Skills Ladder", "creator": "Somebody", "version": "3"},
        "CFItems": [
            item("two", humanCodingScheme="2"),
            item("one", humanCodingScheme="1"),
            item("know", CFItemType="Knowledge and understanding"),
            item("auto", CFItemType="Autonomy"),
        ],
        "CFAssociations": [
            child("two", "doc", 2), child("one", "doc", 1), child("know", "one"), child("auto", "one", 2),
        ],
    }  # fmt: skip


def test_a_package_of_another_system_is_read_as_a_framework():
    found = read_case(foreign())
    one = found.framework
    assert (one.code, one.edition, one.name.en, one.source.en) == ("skills-ladder", "3", "Skills Ladder", "Somebody")
    assert [(level.code, level.ordinal) for level in one.levels] == [("1", 1), ("2", 2)]
    assert {key: words.en for key, words in one.levels[0].descriptors.items()} == {
        Dimension.KNOWLEDGE: "Statement of know", Dimension.COMPETENCE: "Statement of auto",
    }  # fmt: skip
    assert found.remarks == ()


def remarks_of(change):
    data = foreign()
    change(data)
    found = read_case(data)
    for line in found.remarks:
        for language in ("en", "zh-hans"):
            assert "{" not in say_code(line.code, line.facts, language, MESSAGES)
    return [(line.code, dict(line.facts)) for line in found.remarks]


def test_what_a_framework_has_no_place_for_is_left_out_and_named():
    def change(data):
        data["CFRubrics"] = [{}]
        data["surprise"] = 1
        data["CFItems"] += [item("deep"), item("loose"), item("odd", CFItemType="Topic")]
        data["CFAssociations"] += [
            child("deep", "know"), child("odd", "two"), child("know", "two"),
            child("two", "one") | {"associationType": "precedes", "identifier": identity("p")},
            child("two", "one") | {"associationType": "isSortOf", "identifier": identity("q")},
            child("two", "elsewhere") | {"associationType": "exactMatchOf", "identifier": identity("r")},
        ]  # fmt: skip

    found = dict(remarks_of(change))
    assert found["case.other_association"] == {"count": 1, "kind": "precedes"}
    assert found["case.unknown_association"] == {"count": 1, "kind": "isSortOf"}
    assert found["case.elsewhere"] == {"count": 1}
    assert found["case.several_parents"] == {"item": "CFItems[2]"}
    assert found["case.too_deep"] == {"item": "CFItems[4]"}
    assert found["case.loose"] == {"item": "CFItems[5]"}
    assert found["case.no_dimension"] == {"item": "CFItems[6]", "kind": "Topic"}
    assert found["case.unknown_key"] == {"place": "surprise"}
    assert found["case.left_part"] == {"place": "CFRubrics"}


def test_levels_without_usable_codes_get_some_and_it_is_said():
    def change(data):
        data["CFItems"][0]["humanCodingScheme"] = "level two!"
        data["CFItems"][1]["humanCodingScheme"] = None

    found = remarks_of(change)
    assert [facts["name"] for code, facts in found if code == "case.code"] == ["L1", "L2"]
    assert "case.ordinal" in [code for code, _facts in found]


def refused(change):
    data = foreign()
    change(data)
    with pytest.raises(UnreadableError) as error:
        read_case(data)
    return [str(problem) for problem in error.value.problems]


def test_a_circle_of_children_is_refused_with_the_way_round():
    def change(data):
        data["CFAssociations"] = [
            child("two", "doc"),
            child("one", "know"),
            child("know", "auto"),
            child("auto", "one"),
        ]

    (said,) = refused(change)
    assert said.startswith("CFItems[1]: stands under itself: CFItems[1] → CFItems[2] → CFItems[3] → CFItems[1]")


def test_an_item_that_is_its_own_parent_is_refused():
    assert (
        "stands under itself"
        in refused(lambda data: data["CFAssociations"].append(child("x", "x")) or data["CFItems"].append(item("x")))[0]
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: data["CFItems"].append(data["CFItems"][0]), "CFItems[4].identifier: CFItems[0] has this identifier"),
        (lambda data: data["CFItems"].append(item("doc")), "CFItems[4].identifier: CFDocument has this identifier"),
        (lambda data: data["CFAssociations"].append(data["CFAssociations"][0]),
         "CFAssociations[4].identifier: CFAssociations[0] has this identifier"),
        (lambda data: data["CFAssociations"].append(child("ghost", "doc")), "CFAssociations[4].originNodeURI: there is no item"),
        (lambda data: data["CFAssociations"].append(child("one", "ghost")),
         "CFAssociations[4].destinationNodeURI: there is no item"),
        (lambda data: data["CFItems"][0].update(identifier="not-a-uuid"), "CFItems[0].identifier: expected a UUID"),
        (lambda data: data["CFItems"][0].update(fullStatement="x" * 5000), "CFItems[0].fullStatement: a text of at most"),
        (lambda data: data.update(CFItems={"a": 1}), "CFItems: expected a list"),
        (lambda data: data.update(CFItems=[{}] * 5001), "CFItems: at most 5000 items are allowed here, not 5001"),
        (lambda data: data.update(CFAssociations=[{}] * 20001), "CFAssociations: at most 20000 items"),
        (lambda data: data.update(CFAssociations=[]), "CFItems: no item stands under the document"),
        (lambda data: data.update(CFDocument=[]), "CFDocument: expected the CFDocument"),
        (lambda data: data["CFItems"][0].update(extensions={"creditbank": {"ordinal": "high"}}),
         "CFItems[0].extensions.creditbank.ordinal: expected a factor"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_package_is_refused_with_its_path(change, said):
    assert refused(change)[0].startswith(said)


def test_a_chain_of_five_thousand_children_is_read_without_losing_the_ground():
    data = foreign()
    data["CFItems"] = [item(str(place)) for place in range(5000)]
    data["CFAssociations"] = [child(str(place), str(place - 1) if place else "doc") for place in range(5000)]
    assert len(read_case(data).framework.levels) == 1


def test_nesting_without_end_is_refused_before_it_is_looked_at():
    deep = b'{"CFDocument": ' + b"[" * 5000 + b"]" * 5000 + b"}"
    with pytest.raises(DocumentError, match="nested deeper"):
        read_file(deep, name="deep.json")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "x", identity("doc"), "isChildOf"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["identifier", "creditbank", "zh"]), inner),
    max_leaves=6,
)  # fmt: skip


@given(st.data())
def test_whatever_stands_in_a_package_is_read_or_refused_and_nothing_else_happens(data):
    broken = copy.deepcopy(foreign())
    for _ in range(data.draw(st.integers(1, 3))):
        part = data.draw(st.sampled_from(["CFDocument", "CFItems", "CFAssociations"]))
        held = broken[part]
        target = held if isinstance(held, dict) else data.draw(st.sampled_from(held))
        name = data.draw(st.sampled_from([*sorted(target), "extensions", "humanCodingScheme", "notes"]))
        target[name] = data.draw(JSON)
    with contextlib.suppress(UnreadableError):
        assert read_case(broken).framework.levels


# --- this bank's own files


@pytest.mark.parametrize("name", packaged_names())
@pytest.mark.parametrize("form", [FileForm.YAML, FileForm.JSON])
def test_a_file_is_read_back_as_the_same(name, form):
    document = read_packaged(name)
    assert read_file(write_file(document, form), name=f"x.{form.ending}").documents == (document,)


def test_a_wrong_place_in_a_file_is_named_with_its_line():
    text = write_file(EQF, FileForm.YAML).decode().replace("ordinal: '3'", "ordinal: 'third'")
    with pytest.raises(DocumentError) as refused:
        read_file(text.encode(), name="eqf.yaml")
    assert refused.value.path == "levels[2].ordinal"
    assert text.splitlines()[refused.value.line - 1].strip() == "ordinal: 'third'"


def test_a_document_of_another_kind_is_refused_by_its_schema():
    with pytest.raises(DocumentError, match=r"expected one of creditbank\.framework/1"):
        read_file(b"schema: creditbank.rules/1\n", name="rules.yaml")
    assert read_document(b"{}", name="x.json") == {}
