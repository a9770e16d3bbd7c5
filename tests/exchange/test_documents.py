"""The safe part of YAML, and JSON: what is read, and how a refusal names the place."""

from __future__ import annotations

import json
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creditbank.exchange.documents import MOST_DEPTH, DocumentError, expect_schema, locate, read_document
from creditbank.exchange.rules import load_rule_set
from creditbank.gateways.documents import pack_bytes


def _refusal(data: bytes, name: str = "file.yaml", **more: int) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        read_document(data, name=name, **more)
    return caught.value


def test_values_are_exact_and_words_stay_words() -> None:
    text = """
    whole: 12
    exact: 3.50
    quoted: "007"
    word: yes
    day: 2026-03-01
    clock: 12:30
    nothing: ~
    empty:
    truth: true
    list: [1, {a: b}]
    5: a number as a name
    """
    assert read_document(text.encode(), name="x") == {
        "whole": 12,
        "exact": Decimal("3.50"),
        "quoted": "007",
        "word": "yes",
        "day": "2026-03-01",
        "clock": "12:30",
        "nothing": None,
        "empty": None,
        "truth": True,
        "list": [1, {"a": "b"}],
        "5": "a number as a name",
    }


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("a: 1\nb: &x 2", (2, 4, "b"), "anchors"),
        ("a: [1, *x]", (1, 8, "a[1]"), "aliases"),
        ("a: !!int '1'", (1, 4, "a"), "tags"),
        ("a: !python/object:os.system {}", (1, 4, "a"), "tags"),
        ("a: {<<: {b: 1}}", (1, 5, "a"), "merge keys"),
        ("a:\n  - b: 1\n    c: 2\n    b: 3", (4, 5, "a[0].b"), "given twice, first for line 2"),
        ("a: 007", (1, 4, "a"), "write it in quotes"),
        ("a: 1e5", (1, 4, "a"), "write it in quotes"),
        ("a: .inf", (1, 4, "a"), "write it in quotes"),
        ("a: 1_000", (1, 4, "a"), "write it in quotes"),
        ("a: 0x1F", (1, 4, "a"), "write it in quotes"),
        ("a: 110101199001011234", (1, 4, "a"), "more than 15 digits"),
        ('a: "\\0"', (1, 4, "a"), "U+0000"),
        ("a: 1\n---\nb: 2", (2, 1, ""), "second one begins here"),
        ("%YAML 1.1\n---\na: 1", (1, 1, ""), "directives"),
        ("? [a]\n: 1", (1, 3, ""), "a name must be text"),
        ("- a", (1, 1, ""), "a document is an object"),
        ("a: [1,", (2, 1, ""), "not YAML"),
        ("学分: [1, 2\nb: 3", (2, 2, ""), "not YAML"),
    ],
)
def test_what_is_not_safe_or_not_clear_is_refused_with_its_place(
    text: str, place: tuple[int, int, str], says: str
) -> None:
    error = _refusal(text.encode())
    assert says in error.message
    assert (error.line, error.column, error.path) == place
    assert str(error).startswith(f"file.yaml, line {place[0]}, column {place[1]}")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"a": {"b": 1, "b": 2}}', "given twice"),
        ('{"a": NaN}', "NaN"),
        ('{"a": 1e5}', "write it in quotes"),
        ('{"a": 1.5e-3}', "write it in quotes"),
        ('{"a": 1,}', "not JSON"),
        ('{"a": "\\ud800"}', "U+D800"),
        ('{"a": 123456789012345678901234567890}', "more than 15 digits"),
        ('{"a": 1} {"b": 2}', "not JSON"),
        ("[1]", "a document is an object"),
    ],
)
def test_json_is_held_to_the_same(text: str, says: str) -> None:
    assert says in str(_refusal(text.encode(), "file.json"))


def test_a_double_in_json_is_found_with_its_line_and_path() -> None:
    error = _refusal(b'{"a": {\n  "b": 1,\n  "b": 2}}', "file.json")
    assert (error.line, error.path) == (3, "a.b")


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "a: " + "{a: " * 100_000, "- " * 50_000])
def test_deep_nesting_is_refused_quickly(text: str) -> None:
    for name in ("deep.yaml", "deep.json"):
        assert "nested deeper" in str(_refusal(text.encode(), name)) or "not JSON" in str(_refusal(text.encode(), name))


def test_the_depth_allowed_is_the_same_for_both_kinds() -> None:
    def nested(depth: int) -> bytes:
        return ('{"a":' * depth + "1" + "}" * depth).encode()

    assert read_document(nested(MOST_DEPTH), name="x.json") == read_document(nested(MOST_DEPTH), name="x.json")
    for name in ("x.json", "x.yaml"):
        assert "nested deeper" in str(_refusal(nested(MOST_DEPTH + 1), name))


def test_size_and_encoding_are_checked_first() -> None:
    assert "at most 10" in str(_refusal(b"a: 123456789", most_bytes=10))
    error = _refusal("a: 1\nb: 学分".encode("gb18030"))
    assert (error.line, "byte 10 is not UTF-8" in error.message) == (2, True)
    assert "U+0007" in str(_refusal(b"a: b\x07"))
    assert "the document is empty" in str(_refusal(b"# nothing\n"))
    assert read_document(b"\xef\xbb\xbfa: 1", name="x") == {"a": 1}


def test_the_schema_of_a_document_is_asked_for() -> None:
    assert expect_schema({"schema": "creditbank.rules/1"}, "rules") == {"schema": "creditbank.rules/1"}
    for wrong in ({}, {"schema": "creditbank.rules/2"}, {"schema": 1}):
        with pytest.raises(DocumentError, match=r"creditbank\.rules/1"):
            expect_schema(wrong, "rules", name="x.yaml")


def test_a_path_leads_to_its_line() -> None:
    data = b"a:\n  - b: 1\n  - b: 2\n    c: {d: 3}\n"
    assert locate(data, "a[1].c.d") == (4, 12)
    assert locate(data, "a[1].missing") == (3, 5)
    assert locate(data, "") == (1, 1)
    assert locate(b"a: [", "a") is None


def test_every_problem_of_a_rule_set_comes_with_its_line() -> None:
    text = pack_bytes("cn-innovation")
    assert text is not None
    broken = text.replace(b"tier: national, award: first", b"tier: nationl, award: first").replace(
        b'credit: "3.5"', b"credit: x"
    )
    with pytest.raises(DocumentError) as caught:
        load_rule_set(broken, name="broken.yaml")
    lines = broken.decode().splitlines()
    errors = [caught.value, *caught.value.more]
    assert [error.path for error in errors] == [
        "tables[0].rows[1].when.tier",
        "tables[0].rows[5].give.credit",
    ]
    assert ["nationl" in lines[errors[0].line - 1], "credit: x" in lines[errors[1].line - 1]] == [True, True]


steady = settings(deadline=None)  # a busy machine is no failure
words = st.text("学分aé𝄞 :{}[]-#'\"\\/\n\t")
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**14), 10**14) | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)


@steady
@given(st.dictionaries(st.text("abcdef", min_size=1), plain, max_size=5))
def test_any_json_object_is_read_as_it_was_written(data: dict[str, object]) -> None:
    assert read_document(json.dumps(data).encode(), name="x.json") == data
    assert read_document(json.dumps(data, ensure_ascii=False).encode(), name="x.json") == data


@steady
@given(st.binary(max_size=200))
def test_no_bytes_whatever_do_anything_but_read_or_refuse(data: bytes) -> None:
    for name in ("x.yaml", "x.json"):
        with suppress(DocumentError):
            assert isinstance(read_document(data, name=name), dict)


@steady
@given(st.text("ab:-[]{}&*!|>'\"#%@`,?\n \t<019.", max_size=60))
def test_no_text_of_yaml_signs_does_anything_but_read_or_refuse(text: str) -> None:
    with suppress(DocumentError):
        assert isinstance(read_document(text.encode(), name="x.yaml"), dict)
