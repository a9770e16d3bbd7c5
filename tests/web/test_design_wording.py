"""Explanations are said in both languages, from values and from stored data."""

from __future__ import annotations

import html
import re

import pytest
from django.template import Context, Template
from django.utils import translation

from creditbank.domain.explanation import Line, Verdict, to_data
from creditbank.domain.values import Amount, Text
from creditbank.gateways import wording
from tests.web import design_site

SENTENCES = {
    "sample.capped": "At most {most} credits of {category}; {left} are left",
    "sample.level": "Level {level}",
}
CHINESE = {
    "At most {most} credits of {category}; {left} are left": "{category}上限 {most} 学分，剩余 {left}",
    "Level {level}": "等级：{level}",
}


@pytest.fixture
def room(tmp_path, monkeypatch):
    """A room of translations of our own, compiled by the build step."""
    import polib

    from creditbank.web.design.assets import compile_messages

    folder = tmp_path / "sample" / "zh_Hans" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    catalogue = polib.POFile()
    catalogue.metadata = {"Content-Type": "text/plain; charset=UTF-8"}
    catalogue.extend(polib.POEntry(msgid=source, msgstr=said) for source, said in CHINESE.items())
    catalogue.save(str(folder / "django.po"))
    assert compile_messages(tmp_path) == [folder / "django.mo"]
    assert compile_messages(tmp_path) == []
    monkeypatch.setattr(wording, "LOCALE", tmp_path)
    monkeypatch.setattr(wording, "messages", lambda: SENTENCES)
    wording.forget()
    yield tmp_path
    wording.forget()


def tree():
    below = Line("sample.level", Verdict.NO, {"level": 3}, clause=Text("三级以上。", "Level 3 or above."))
    facts = {"most": Amount(800), "left": Amount(225), "category": Text("证书类", "certificates")}
    return (Line("sample.capped", Verdict.YES, facts, lines=(below,)),)


def test_a_line_is_said_in_english_and_in_chinese(room):
    (line,) = tree()
    assert wording.say(line, "en") == "At most 8.0 credits of certificates; 2.25 are left"
    assert wording.say(line, "zh-hans") == "证书类上限 8.0 学分，剩余 2.25"


def test_the_whole_tree_is_said_for_a_terminal(room):
    assert wording.say_all(tree(), "zh-hans") == [
        "证书类上限 8.0 学分，剩余 2.25",
        "  等级：3",
        "    “三级以上。”",
    ]


def test_a_fact_cannot_smuggle_in_another_place(room):
    line = Line("sample.level", Verdict.NOTE, {"level": "{most}", "most": 9})
    assert wording.say(line, "en") == "Level {most}"


def test_an_unknown_code_and_a_missing_fact_are_seen_rather_than_hidden(room):
    assert wording.say(Line("sample.unknown"), "en") == "sample.unknown"
    assert wording.say(Line("sample.level"), "en") == "Level {level}"


def test_a_sentence_nobody_translated_is_said_in_english(room):
    assert wording.translate("Not in any room", "zh-hans") == "Not in any room"


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize(("language", "sentence"), [("zh-hans", "等级：3"), ("en", "Level 3")])
def test_the_page_shows_the_tree_with_its_verdicts_and_clauses(room, language, sentence, stored):
    design_site.compile_translations()
    lines = to_data(tree()) if stored else tree()
    with translation.override(language):
        page = Template("{% load design %}{% explanation lines %}").render(Context({"lines": lines}))
    assert re.findall(r'<li class="(\w+)"', page) == ["yes", "no"]
    said = html.unescape(re.sub(r"<[^>]+>", "", page))
    assert sentence in said
    assert ("三级以上。" if language == "zh-hans" else "Level 3 or above.") in said
    assert ("不符合：" if language == "zh-hans" else "Not met:") in said


def test_words_of_people_are_escaped_in_the_tree(room):
    line = Line("sample.level", Verdict.NOTE, {"level": "<b>x</b>"})
    page = Template("{% load design %}{% explanation lines %}").render(Context({"lines": (line,)}))
    assert "<b>x" not in page


def test_every_sentence_of_the_domain_has_one_meaning():
    assert all(code.count(".") >= 1 and sentence for code, sentence in wording.messages().items())


def test_a_room_that_cannot_be_compiled_is_named(tmp_path):
    from creditbank.web.design.assets import compile_messages

    folder = tmp_path / "broken" / "zh_Hans" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.po").write_text('msgid "a"\nnonsense here\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"broken.*django\.po"):
        compile_messages(tmp_path)
