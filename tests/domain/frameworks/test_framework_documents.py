"""Documents of frameworks, crosswalks and units: read, written, refused with their paths."""

from __future__ import annotations

import copy
from datetime import date

import pytest
from hypothesis import given, settings

from creditbank.domain.frameworks.read import read_any
from creditbank.domain.frameworks.rows import (
    certification_units_from,
    crosswalks_from,
    frameworks_from,
    rows_of,
    units_from,
)
from creditbank.domain.frameworks.write import write_any
from creditbank.domain.masterdata.facts import Stated, project
from creditbank.domain.rules.places import UnreadableError
from creditbank.exchange.frameworks.files import packaged_names, read_packaged
from tests.domain.frameworks.made import DOCUMENTS, FRAMEWORKS

BACK = {
    "creditbank.framework/1": lambda rows: frameworks_from(rows)[0],
    "creditbank.crosswalk/1": lambda rows: crosswalks_from(rows)[0],
    "creditbank.units/1": units_from,
    "creditbank.certification-units/1": certification_units_from,
}


@settings(max_examples=50)
@given(DOCUMENTS)
def test_what_is_written_is_read_back_equal(document):
    assert read_any(write_any(document)) == document


def as_rows(document):
    made = {}
    for row in rows_of(document):
        content = project([Stated(date(2026, 1, 1), row.content)]).content
        made.setdefault(row.data_set.code, []).append(content)
    return made


@pytest.mark.parametrize("name", packaged_names())
def test_what_comes_with_the_program_goes_through_rows_without_loss(name):
    document = read_packaged(name)
    back = BACK[write_any(document)["schema"]](as_rows(document))

    def plain(one):
        data = write_any(one)
        for listed in ("rows", "systems", "ratios", "units"):
            if listed in data:
                data[listed] = sorted(data[listed], key=str)
        for unit in data.get("units", ()):
            if "carriers" in unit:
                unit["carriers"] = sorted(unit["carriers"], key=str)
        return data

    assert plain(back) == plain(document)


@settings(max_examples=40)
@given(FRAMEWORKS)
def test_a_framework_goes_through_rows_without_loss(framework):
    assert frameworks_from(as_rows(framework)) == (framework,)


def changed(name, change):
    data = copy.deepcopy(write_any(read_packaged(name)))
    change(data)
    with pytest.raises(UnreadableError) as refused:
        read_any(data)
    return [(problem.path, problem.message) for problem in refused.value.problems]


def put(*way, value):
    def change(data):
        here = data
        for step in way[:-1]:
            here = here[step]
        here[way[-1]] = value

    return change


@pytest.mark.parametrize(
    ("name", "change", "path", "word"),
    [
        ("eqf", put("colour", value="red"), "colour", "unknown key"),
        ("eqf", put("levels", 3, "skil", value={"zh": "x"}), "levels[3].skil", "unknown key"),
        ("eqf", put("levels", 2, "knowledge", "fr", value="x"), "levels[2].knowledge.fr", "unknown key"),
        ("eqf", put("levels", 2, "ordinal", value="high"), "levels[2].ordinal", "factor"),
        ("eqf", put("levels", 5, "ordinal", value="1"), "levels[5].ordinal", "lowest to the highest"),
        ("eqf", put("levels", 1, "code", value="1"), "levels[1].code", "stands in item [0] already"),
        ("eqf", put("levels", value=[]), "levels", "at least one level"),
        ("eqf", put("schema", value="creditbank.rules/1"), "schema", "expected one of"),
        ("crosswalk-levels-10-eqf", put("rows", 0, "confidence", value=101), "rows[0].confidence", "0 to 100"),
        ("crosswalk-levels-10-eqf", put("rows", 0, "confidence", value=0.5), "rows[0].confidence", "whole number"),
        ("crosswalk-levels-10-eqf", put("rows", 0, "match", value="same"), "rows[0].match", "one of exact"),
        ("crosswalk-levels-10-eqf", put("to", value="levels-10"), "to", "another one"),
        ("units", put("systems", 0, "hours", value={"from": "30", "to": "25"}), "systems[0].hours.to", "above its"),
        ("units", put("systems", 0, "full_year", value="0"), "systems[0].full_year", "above zero"),
        ("units", put("ratios", 0, "to", value="none"), "ratios[0].to", "no unit none"),
        ("example-certification-units", put("units", 0, "carriers", 0, "share", value="3/2"),
         "units[0].carriers[0].share", "at most 1"),
        ("example-certification-units", put("units", 0, "carriers", 0, "kind", value="book"),
         "units[0].carriers[0].kind", "one of"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_path(name, change, path, word):
    problems = changed(name, change)
    assert [found for found, _message in problems] == [path]
    assert word in problems[0][1]


def test_a_thousand_levels_are_refused_before_they_are_read():
    problems = changed("eqf", put("levels", value=[{}] * 1000))
    assert problems == [("levels", "at most 100 items are allowed here, not 1000")]


def test_a_number_that_rows_cannot_keep_is_refused_with_its_path():
    data = write_any(read_packaged("units"))
    data["ratios"][0]["to_amount"] = "1/3"
    with pytest.raises(UnreadableError, match=r"ratios\[0\]\.to_amount: 1/3 cannot be kept in rows"):
        rows_of(read_any(data))
