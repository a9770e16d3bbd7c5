"""Names are compared without width, punctuation, numerals, editions and years, and found by pinyin and with mistakes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditbank.domain.catalogue.items import Item
from creditbank.domain.catalogue.names import lasting_name, normal_name, spoken_name
from creditbank.domain.catalogue.search import Found, asked_grams, grams_of, match, question_of, rare_grams
from creditbank.domain.values import Text
from creditbank.gateways.pinyin import readings
from creditbank.services.masterdata.catalogue import search_keys

CHINESE = st.text(
    st.sampled_from("全国大学生数学建模程序设计竞赛技能等级证书一二三十届年级第语文行长重乐"), min_size=1, max_size=18
)
MIXED = st.text(min_size=1, max_size=30)
MODELLING = Item(
    "sxjm", Text("全国大学生数学建模竞赛", "Mathematical Modelling Contest"), aliases=("数模国赛", "CUMCM-示例")
)


def found(text, item=MODELLING):
    asked = question_of(text)
    answer = match(asked, search_keys(item)) if asked else None
    return answer.found if answer else None


@given(st.one_of(CHINESE, MIXED))
def test_a_compared_name_is_its_own(text):
    for step in (normal_name, lasting_name, spoken_name):
        assert step(step(text)) == step(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("第十届数学建模竞赛", "第10届 数学建模竞赛"),
        ("第二十一届数学建模竞赛", "数学建模竞赛"),
        ("2026年数学建模竞赛", "数学建模竞赛（2025）"),
        ("2026-2027学年程序设计大赛", "程序设计大赛"),
        ("英语四级", "英语４级"),
        ("Ｐｙｔｈｏｎ（二级）", "python 2级"),
        ("The 12th Robot Contest", "robot contest"),
        ("１＋Ｘ证书", "1+X 证书"),
    ],
)
def test_what_people_write_differently_is_the_same_name(one, other):
    assert lasting_name(one) == lasting_name(other)


def test_a_name_that_is_only_an_edition_stays_a_name():
    assert lasting_name("第十届") == "第10届"
    assert lasting_name("2026") == "2026"
    assert lasting_name("二次开发大赛") != lasting_name("开发大赛")


@given(st.lists(CHINESE, min_size=1, max_size=4))
def test_every_name_and_alias_finds_its_item(names):
    item = Item("x", Text(names[0]), aliases=tuple(names[1:]))
    for name in names:
        assert found(name, item) in (Found.SAME, Found.SAME_SERIES)


@given(CHINESE)
def test_pinyin_and_initials_of_any_name_find_it(name):
    item = Item("code-1", Text(name))
    for full, initials in readings(spoken_name(name)):
        assert found(full, item) is not None
        assert found(initials, item) is not None


@given(CHINESE, st.data())
def test_what_an_item_answers_to_is_found_by_its_grams(name, data):
    """Each way to ask only wants grams that an item has whose name, or part of it, was typed."""
    keys = search_keys(Item("code-1", Text(name)))
    series = lasting_name(name)
    start = data.draw(st.integers(0, len(series) - 1))
    end = data.draw(st.integers(start + 1, len(series)))
    asked = question_of(series[start:end])
    if asked is None or asked.series not in series:
        return
    held = set(grams_of(keys))
    ways = [set(way.grams) <= held for way in (*asked.within, *asked.starts)]
    assert any(ways) or len(asked.series) == 1 or (len(asked.series) < 3 and asked.series.isascii())


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("全国大学生数学建模竞赛", Found.SAME),
        ("2026年第35届全国大学生数学建模竞赛", Found.SAME_SERIES),
        ("全国大学生数学", Found.STARTS),
        ("数学建模", Found.CONTAINS),
        ("数模国赛", Found.SAME),
        ("sxjm", Found.SAME),
        ("qgdxssxjmjs", Found.INITIALS),
        ("dxssxjm", Found.INITIALS),
        ("shuxuejianmo", Found.SPELLED),
        ("mathematical modelling", Found.STARTS),
        ("全国大学生数学建莫竞赛", Found.NEAR),
        ("全国大学数学建模赛", Found.NEAR),
        ("建模数学竞赛", Found.NEAR),
        ("mathematical modeling contest", Found.NEAR),
        ("quanguodaxueshengshuxuejianmu", Found.NEAR),
        ("烹饪大赛", None),
        ("zzzz", None),
        ("，。！", None),
    ],
)
def test_how_an_item_answers(typed, kind):
    assert found(typed) is kind


def test_a_whole_name_is_better_than_a_beginning_and_a_beginning_than_a_part():
    item = Item("z9", Text("数学建模"))
    longer = Item("z8", Text("数学建模竞赛"))
    within = Item("z7", Text("全国数学建模竞赛"))
    asked = question_of("数学建模")
    scores = [match(asked, search_keys(one)).score for one in (item, longer, within)]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == 3


def test_a_reading_of_several_is_found_by_each():
    item = Item("z9", Text("重庆银行业知识竞赛"))
    assert found("cqyhyzsjs", item) is Found.INITIALS
    assert found("chongqing", item) is Found.SPELLED


def test_of_frequent_grams_none_is_asked_while_rare_ones_decide():
    asked = question_of("全国大学生数学建莫竞赛")
    counts = dict.fromkeys(asked.grams, 900)
    rare = [gram for gram in asked.grams if gram in grams_of(search_keys(Item("a", Text("数学建"))))]
    counts |= dict.fromkeys(rare, 1)
    chosen = asked_grams(rare_grams(asked, counts, 1000))
    assert set(rare) <= set(chosen)
    assert len(chosen) < len(asked.grams)


@given(MIXED)
def test_nothing_that_is_typed_breaks_a_search(text):
    asked = question_of(text)
    assert (asked is None) == (normal_name(text) == "")
    if asked is not None:
        match(asked, search_keys(MODELLING))
        assert all(-(2**31) <= gram < 2**31 for way in (*asked.within, *asked.starts) for gram in way.grams)
