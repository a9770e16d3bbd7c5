"""Canonical JSON: equal content has equal bytes, whatever wrote it."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, timedelta, timezone
from enum import IntEnum, StrEnum
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditbank.domain.canonical import canonical
from creditbank.domain.ledger import Deposit, deposit_writer, lot_facts, posting_record, request_bytes, wordings
from creditbank.domain.values import Hundredths

texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]))
plain = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts
data = st.recursive(plain, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=20)


def reference(value):
    """RFC 8785 from its text: names by UTF-16 code units, the shortest escapes, no spaces."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(f"{reference(name)}:{reference(value[name])}" for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(reference, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


@given(data)
def test_the_bytes_are_those_of_the_standard_and_read_back_as_the_same_data(value):
    written = canonical(value)
    assert written == reference(value).encode()
    assert json.loads(written) == value


def test_names_are_ordered_by_utf_16_units_and_escapes_are_the_shortest():
    assert canonical({"\ufb33": 1, "\U0001f600": 2, "a": '\b\u001f\u2028"\\学'}) == (
        '{"a":"\\b\\u001f\u2028\\"\\\\学","\U0001f600":2,"\ufb33":1}'.encode()
    )


class _Said(StrEnum):
    YES = "yes"


class _Counted(IntEnum):
    TWO = 2


def test_a_member_of_an_enumeration_is_its_plain_value():
    assert canonical([_Said.YES, _Counted.TWO, {_Said.YES: True}]) == b'["yes",2,{"yes":true}]'


@pytest.mark.parametrize("value", [1.0, {"a": [1.5]}, {1: "a"}, {True: 1}, b"x", {"a": {1, 2}}, object()])
def test_what_has_no_single_exact_form_is_refused(value):
    with pytest.raises(TypeError):
        canonical(value)


@pytest.mark.parametrize("value", [2**53, -(2**53), {"a": [2**60]}, "\ud800", {"\udfff": 1}])
def test_what_no_reader_keeps_exact_is_refused(value):
    with pytest.raises(ValueError):
        canonical(value)


deposits = st.builds(
    Deposit,
    learner_id=st.uuids(), key=texts, amount=st.integers(1, 6000).map(Hundredths), outcome_type=texts, title=texts,
    category=texts, earned_on=st.dates(), effective_on=st.dates(), title_en=texts, code=texts,
    level=st.none() | st.integers(-1, 10), field=texts, unit=texts, grade=st.none() | texts, term=texts,
    academic_year=texts, expires_on=st.none() | st.dates(), source_kind=texts, source_id=st.none() | st.uuids(),
    rule_version_id=st.none() | st.uuids(), rule_row=texts, evidence_hash=st.none() | st.binary(max_size=32),
)  # fmt: skip


@given(
    deposit=deposits, posting=st.uuids(), lot=st.uuids(), institution=texts, reason=texts, actor=st.uuids(),
    at=st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=8))])),
)  # fmt: skip
def test_the_fast_writer_of_a_deposit_writes_the_bytes_of_its_record(
    deposit, posting, lot, institution, reason, actor, at
):
    write = deposit_writer(institution=institution, recorded_at=at, actor_id=actor, reason=reason)
    request_hash = hashlib.sha256(request_bytes(deposit)).digest()
    record = posting_record(
        posting_id=posting, kind="deposit", lot_id=lot, learner_id=deposit.learner_id, institution=institution,
        amount=deposit.amount, effective_on=deposit.effective_on, recorded_at=at, actor_id=actor, reason=reason,
        request_hash=request_hash,
        facts=lot_facts(
            title=deposit.title, title_en=deposit.title_en, category=deposit.category, level=deposit.level,
            earned_on=deposit.earned_on, expires_on=deposit.expires_on, unit=deposit.unit,
        ),
    )  # fmt: skip
    (wording,), _ = wordings([deposit])
    assert write(deposit, wording, posting, lot) == (request_hash, canonical(record))


@given(deposits)
def test_a_request_is_every_field_but_the_key_in_their_order(deposit):
    said = [getattr(deposit, name) for name in Deposit.__slots__ if name != "key"]
    assert request_bytes(deposit) == canonical(
        [value if value is None or type(value) is int else str(value) for value in said]
    )


def test_two_requests_that_differ_in_one_field_differ_in_their_bytes():
    one = Deposit(
        learner_id=UUID(int=1), key="k", amount=Hundredths(300), outcome_type="course", title="a", category="b",
        earned_on=date(2026, 1, 1), effective_on=date(2026, 1, 1),
    )  # fmt: skip
    seen = {request_bytes(one)}
    other = {
        "learner_id": UUID(int=2), "amount": 301, "outcome_type": "x", "title": 'a","b', "category": "null", "level": 0,
        "earned_on": date(2026, 1, 2), "effective_on": date(2026, 1, 2), "title_en": "x", "code": "x", "field": "x",
        "unit": "x", "grade": "null", "term": "x", "academic_year": "x", "expires_on": date(2027, 1, 1),
        "source_kind": "x", "source_id": UUID(int=1), "rule_version_id": UUID(int=1), "rule_row": "x", "evidence_hash": b"",
    }  # fmt: skip
    assert other.keys() == set(Deposit.__slots__) - {"key"}
    for name, value in other.items():
        given_ = {slot: getattr(one, slot) for slot in Deposit.__slots__} | {name: value}
        seen.add(request_bytes(Deposit(**given_)))
    assert len(seen) == len(other) + 1
