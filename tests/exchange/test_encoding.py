"""One encoding for a whole file, or the byte from which it is another."""

from __future__ import annotations

import io
import random

import pytest

from creditbank.exchange.encoding import SheetProblem, find_encoding
from creditbank.gateways.files import open_upload

HEAD = "学号,姓名,成绩\n"
ROWS = "".join(f"{number},学员{number}号张三丰,合格\n" for number in range(200))


def found(content, override=None):
    with open_upload(io.BytesIO(content), name="成绩.csv") as upload:
        return find_encoding(upload, override)


def problem(content, override=None):
    with pytest.raises(SheetProblem) as refused:
        found(content, override)
    return refused.value


@pytest.mark.parametrize(
    ("written", "codec", "shown"),
    [
        ("utf-8", "utf-8", "UTF-8"),
        ("utf-8-sig", "utf-8", "UTF-8 BOM"),
        ("gb18030", "gb18030", "GB18030"),
        ("gbk", "gb18030", "GB18030"),
        ("utf-16", "utf-16-le", "UTF-16 LE BOM"),
    ],
)
def test_the_encoding_is_found_and_named(written, codec, shown):
    content = (HEAD + ROWS).encode(written)
    encoding = found(content)
    assert (encoding.codec, encoding.shown) == (codec, shown)
    assert content[encoding.skip :].decode(encoding.codec) == HEAD + ROWS


def test_plain_ascii_is_utf_8():
    assert found(b"a,b\n1,2\n").shown == "UTF-8"


def test_a_sheet_of_utf_8_with_gb18030_lines_names_the_first_byte_that_differs():
    begin = (HEAD + ROWS).encode()
    line = "9001,李四光,不合格\n".encode("gb18030")
    refused = problem(begin + line + ROWS.encode())
    assert refused.code == "encoding.mixed"
    assert refused.facts["encoding"] == "UTF-8"
    assert refused.facts["offset"] == len(begin) + len("9001,")
    assert refused.facts["line"] == 202


def test_a_sheet_of_gb18030_with_one_utf_8_line_names_the_byte_where_that_begins():
    begin = (HEAD + ROWS).encode("gb18030")
    line = "9001,欧阳修文正公,不合格\n".encode()
    (begin + line).decode("gb18030", "replace")
    refused = problem(begin + line + ROWS.encode("gb18030"))
    assert (refused.code, refused.facts["encoding"]) == ("encoding.mixed", "GB18030")
    assert (refused.facts["offset"], refused.facts["line"]) == (len(begin) + len("9001,"), 202)


def test_a_mixture_that_is_valid_gb18030_from_end_to_end_is_found_all_the_same():
    mixed = "1,中国\n".encode("gb18030") + "2,中国中国中国\n".encode()
    mixed.decode("gb18030")
    assert problem(mixed).code == "encoding.mixed"


def test_short_gb18030_words_that_look_like_utf_8_by_accident_do_not_disturb():
    "女,毛".encode("gb18030").decode("utf-8")
    content = HEAD.encode("gb18030") + "1,女,毛\n2,男,合格\n".encode("gb18030")
    assert found(content).codec == "gb18030"


def test_many_random_chinese_names_in_gb18030_are_never_taken_for_a_mixture():
    chance = random.Random(7)
    letters = [bytes([lead, trail]).decode("gb18030") for lead in range(0xB0, 0xF7) for trail in range(0xA1, 0xFA)]
    rows = "".join(f"{n},{''.join(chance.choices(letters, k=chance.randint(2, 6)))},合格\n" for n in range(50_000))
    assert found((HEAD + rows).encode("gb18030")).codec == "gb18030"


def test_bytes_that_fit_neither_encoding_are_named():
    refused = problem(b"a,b\n1,2\n3,\xff\xff\n")
    assert (refused.code, refused.facts["offset"], refused.facts["line"]) == ("encoding.undecodable", 10, 3)


def test_a_file_cut_in_the_middle_of_a_character_is_refused():
    content = (HEAD + ROWS).encode()
    refused = problem(content[: content.rindex("合格".encode()) + 2])
    assert refused.code == "encoding.mixed"
    assert refused.facts["line"] == 201


def test_a_mark_binds_the_file_to_its_encoding():
    refused = problem(b"\xef\xbb\xbfa,b\n1,\xc4\xd0\n")
    assert (refused.code, refused.facts["offset"]) == ("encoding.undecodable", 9)


def test_a_misfit_at_the_seam_of_two_chunks_is_named_exactly():
    begin = b"\xef\xbb\xbf" + b"a" * ((1 << 18) - 4) + b"\n" + "中".encode()[:2]
    assert problem(begin + b"\n").facts["offset"] == len(begin) - 2


def test_a_person_can_name_the_encoding_and_then_it_must_fit():
    latin = "id,name\n1,José\n".encode("latin-1")
    assert found(latin, "latin-1").codec == "iso8859-1"
    assert found((HEAD + ROWS).encode("gbk"), "GB2312").codec == "gb18030"
    assert problem(latin, "utf-8").code == "encoding.undecodable"
    assert found(HEAD.encode("utf-8-sig"), "utf-8").skip == 3


@pytest.mark.parametrize("name", ["klingon", "rot13", "hex", "idna", "unicode_escape", "", "utf\x00-8"])
def test_only_encodings_of_text_can_be_named(name):
    assert problem(b"a,b\n", name).code == "encoding.unknown"
