"""What people write differently and mean alike is one; what they mean differently stays two."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_rules import both, compiled, outcome

from creditbank.domain.rules.evaluate import family_keys
from creditbank.domain.rules.sameness import normal_words

SHORT = {normal_words("数模"): normal_words("数学建模"), normal_words("MCM"): normal_words("Mathematical Contest")}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("第十届 技能大赛", "第10届技能大赛"),
        ("第二十一届技能大赛", "第21届 技能大赛。"),
        ("第一百零五次", "第105次"),
        ("第二〇次", "第20次"),
        ("The Tenth Design Contest", "the 10th design-contest"),
        ("ＮＣＲＥ　二级", "ncre二级"),
        ("1st prize", "First prize"),
        ("数模竞赛", "数学建模竞赛"),
        ("数学建模（数模）", "数学建模数学建模"),
    ],
)
def test_two_ways_to_write_one_title_are_one(one: str, other: str) -> None:
    assert normal_words(one, SHORT) == normal_words(other, SHORT)


@pytest.mark.parametrize(
    ("one", "other"),
    [("第十届", "第十一届"), ("第2届", "第20届"), ("一等奖", "二等奖"), ("10th", "11th"), ("数学", "数模")],
)
def test_different_titles_stay_two(one: str, other: str) -> None:
    assert normal_words(one, SHORT) != normal_words(other, SHORT)


@given(st.integers(1, 9999))
def test_every_chinese_ordinal_is_its_number(number: int) -> None:
    digits = "零一二三四五六七八九"
    said, gap = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // unit % 10
        if digit:
            said += ("零" if gap and said else "") + digits[digit] + name
        gap = not digit
    assert normal_words(f"第{said}届") == normal_words(f"第{number}届") == f"{number}届"


def test_a_family_takes_an_abbreviation_for_what_it_stands_for() -> None:
    family = [{"id": "same", "family": ["title"], "keep": "highest", "clause": both("once")}]
    of = compiled(choose=family, abbreviations=[{"short": "数模", "full": "数学建模"}])
    keys = [
        family_keys(of, outcome(of, grade="low", hours=10, title=t))["same"] for t in ("第9届数模", "第九届 数学建模")
    ]
    assert keys[0] == keys[1]
