"""One way through documents of every kind: read, written, hashed, checked, compared, tested."""

from __future__ import annotations

import pytest

from creditbank.domain.rule_documents import (
    KINDS,
    answer_cases,
    cases_document,
    kind_of,
    lint_rules,
    read_cases_of,
    read_rules,
    rules_data,
    rules_differences,
    rules_hash,
)
from creditbank.domain.rules.places import UnreadableError
from creditbank.exchange.documents import read_document
from creditbank.gateways.documents import conversion_pack_codes, pack_bytes, pack_cases_bytes, pack_codes

PACKS = (*pack_codes(), *conversion_pack_codes())


def document(code):
    return read_document(pack_bytes(code) or b"", name=code)


@pytest.mark.parametrize("code", PACKS)
def test_a_document_of_any_kind_is_written_as_what_reads_back_as_the_same(code):
    rules = read_rules(document(code))
    again = read_rules(rules_data(rules))
    assert again == rules
    assert rules_hash(again) == rules_hash(rules)
    assert rules_differences(rules, again) == ()
    assert (rules.code, kind_of(rules).schema) == (code, document(code)["schema"])


@pytest.mark.parametrize("code", PACKS)
def test_the_cases_of_every_pack_are_answered_green_through_its_kind(code):
    rules = read_rules(document(code))
    said = read_document(pack_cases_bytes(code) or b"", name=code)
    assert cases_document(kind_of(rules), code, said["cases"])["schema"] == said["schema"]
    answers = answer_cases(rules, read_cases_of(rules, said["cases"]))
    assert len(answers) == len(said["cases"]) > 0
    assert [one.differences for one in answers if one.differences] == []


def test_what_is_wrong_with_a_conversion_is_found_with_the_circles_in_it():
    data = document("cn-course-certificate")
    assert lint_rules(read_rules(data)) == ()
    first = data["rules"][0]
    data["rules"].append(first | {"id": "again", "grade": {"fixed": "60"}})
    assert [one.line.code for one in lint_rules(read_rules(data))] == ["lint.two_answers"]


def test_an_unknown_schema_is_refused_with_its_path_and_two_kinds_are_not_compared():
    with pytest.raises(UnreadableError) as refused:
        read_rules({"schema": "creditbank.menus/1"})
    assert [problem.path for problem in refused.value.problems] == ["schema"]
    for kind in KINDS.values():
        assert kind.schema in str(refused.value)
    one, other = (read_rules(document(code)) for code in ("cn-innovation", "cn-conversion-a"))
    with pytest.raises(ValueError, match="not compared"):
        rules_differences(one, other)
