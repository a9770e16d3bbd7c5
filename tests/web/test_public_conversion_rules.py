"""The public pages of rules: for recognition by outcome type, for conversion by who sends and who receives."""

from __future__ import annotations

import re

from creditbank.domain.rule_documents import read_rules
from creditbank.exchange.documents import read_document
from creditbank.exchange.frameworks.files import read_packaged
from creditbank.gateways.documents import pack_bytes
from creditbank.queries.conversion_rules import passages, sending
from creditbank.queries.frameworks import library_at, whole_units
from creditbank.records.scope import acting_for
from creditbank.services.frameworks import store_documents
from creditbank.services.rules import publish_rule_version
from tests.cast import AT, ON
from tests.web.office_cases import client_of

CODE = "cn-conversion-a"


def document(sender=None):
    """The pack, taking credit from one institution only where one is named."""
    data = read_document(pack_bytes(CODE) or b"", name=CODE)
    if sender is not None:
        label = {"zh": "授予学校", "en": "Awarding institution"}
        data["facts"].append({"name": "awarded_by", "type": "code", "label": label})
        data["carriers"]["institution"] = "awarded_by"
        for row in data["rules"]:
            row["from"][0]["when"]["awarded_by"] = sender
    return data


def published(place, sender=None, since=ON):
    with acting_for(institution=place, purpose="test") as scope:
        return publish_rule_version(scope=scope, document=document(sender), effective_from=since, actor=place, at=AT)


def page(address, language="en"):
    answer = client_of(None, language).get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_rules_say_whose_credit_they_take():
    assert sending(read_rules(document())) == (frozenset(), True)
    assert sending(read_rules(document("dou"))) == (frozenset({"dou"}), False)
    both = document("dou")
    both["rules"][1]["from"][0]["when"].pop("awarded_by")
    assert sending(read_rules(both)) == (frozenset({"dou"}), True)


def test_conversion_rules_are_found_by_sending_and_receiving_institution(bank, cast):
    published(cast.college, "elsewhere")
    [found] = passages(on=ON)
    receiver = found.receivers[0].code
    assert [one.code for one in found.senders] == ["elsewhere"]
    assert found.serves("elsewhere", receiver)
    assert found.serves("", "")
    assert not found.serves("another", receiver)
    assert not found.serves("elsewhere", "another")
    listed = page("/rules/conversions/")
    assert "pattern A" in listed
    assert "elsewhere" in listed
    assert "pattern A" in page(f"/rules/conversions/?from=elsewhere&to={receiver}")
    assert "pattern A" not in page("/rules/")


def test_rules_of_the_centre_are_received_by_every_institution_below_it_and_take_from_anywhere(bank, cast):
    published(cast.centre)
    [found] = passages(on=ON)
    assert (found.senders, found.anywhere) == ((), True)
    assert len(found.receivers) > 1
    assert "任何机构" in page("/rules/conversions/", "zh-hans")


def test_every_version_is_read_with_what_changed_since_the_one_before(bank, cast):
    published(cast.college)
    second = published(cast.college, "elsewhere", since=ON.replace(year=ON.year + 1))
    listed = page("/rules/conversions/")
    assert len(re.findall(r"pattern A", listed)) == 2
    shown = page(f"/rules/{second.id}/")
    assert "Changed since version 1" in shown
    assert "awarded_by" in shown
    assert "any course of professional courses" in shown
    assert 'href="/rules/conversions/"' in shown


def test_rules_for_recognition_are_found_by_outcome_type(bank, cast):
    with acting_for(institution=cast.college, purpose="test") as scope:
        pack = read_document(pack_bytes("uk-cats") or b"", name="uk-cats")
        publish_rule_version(scope=scope, document=pack, effective_from=ON, actor=cast.college, at=AT)
    every = page("/rules/")
    types = re.findall(r'<option value="([^"]+)"', every)
    assert len(types) > 0
    kept = page(f"/rules/?type={types[0]}")
    assert 1 < kept.count("<tr") < every.count("<tr")


def test_the_table_of_units_says_what_carries_a_unit_whole(bank, cast):
    with acting_for(institution=cast.college, purpose="test") as scope:
        units = read_packaged("example-certification-units")
        store_documents(scope=scope, actor=cast.zhao.person, documents=(units,), published=False, as_of=ON, at=AT)
        found = whole_units(library_at(scope))
    assert found["certificate", "x-web-mid"] >= {"U-WEB-1", "U-WEB-2"}
    assert found["course", "SW2101"] >= {"U-WEB-1", "U-WEB-2"}
    assert ("outcome", "contest-web") not in found
