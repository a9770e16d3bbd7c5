"""Addresses as people type them, and codes that change with time against the vectors of RFC 6238."""

from __future__ import annotations

import pytest

from creditbank.domain.accounts import Address, read_address, read_digits, totp_code, totp_step

SECRET = b"12345678901234567890"
"""The key of the vectors in appendix B of RFC 6238."""


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("Lin@Example.CN ", Address("email", "lin@example.cn")),
        ("ｌｉｎ＠ｅｘａｍｐｌｅ．ｃｎ", Address("email", "lin@example.cn")),
        ("138 0013 8000", Address("phone", "+8613800138000")),
        ("１３８００１３８０００", Address("phone", "+8613800138000")),
        ("+86 138-0013-8000", Address("phone", "+8613800138000")),
        ("0044 7911 123456", Address("phone", "+447911123456")),
    ],
)
def test_one_address_is_read_the_same_however_it_is_typed(typed, read):
    assert read_address(typed) == read


@pytest.mark.parametrize(
    "typed",
    ["", "lin", "lin@", "lin@localhost", "a@b.cn\nBcc: c@d.cn", "a b@c.cn", "<a@b.cn>", "a@b.cn,c@d.cn", "12345",
     "2023040117", "010-62770000", "a@" + "b" * 250 + ".cn"],
)  # fmt: skip
def test_what_is_no_address_is_none(typed):
    assert read_address(typed) is None


def test_a_masked_address_shows_its_owner_enough_and_others_nothing():
    assert read_address("linxiao@example.cn").masked == "l***@example.cn"
    assert read_address("13800138000").masked == "+86*******8000"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_the_codes_of_an_authenticator_are_those_of_the_standard(seconds, code):
    assert totp_code(SECRET, seconds // 30) == code
    assert totp_step(SECRET, code, seconds=seconds, after=0) == seconds // 30


def test_a_code_is_good_one_step_early_or_late_and_never_twice():
    step = 1111111109 // 30
    code = totp_code(SECRET, step)
    for late in (-1, 0, 1):
        assert totp_step(SECRET, code, seconds=(step + late) * 30, after=0) == step
    assert totp_step(SECRET, code, seconds=(step + 2) * 30, after=0) is None
    assert totp_step(SECRET, code, seconds=step * 30, after=step) is None


def test_a_code_is_read_with_spaces_and_nothing_else_is_taken_for_one():
    assert read_digits(" 1234 5678") == read_digits("１２３４-5678") == "12345678"
    assert read_digits("1234x678") == read_digits("") == read_digits("²²²")[:0] == ""
