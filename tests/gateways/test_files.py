"""The door for files judges by content, and no archive unpacks into more than it may."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import struct
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creditbank.gateways.files import MESSAGES, FileRefused, Kind, Limits, open_upload

WORKBOOK = {"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"}


def archive(parts, compression=zipfile.ZIP_DEFLATED):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", compression) as zipped:
        for name, content in parts.items():
            zipped.writestr(name, content)
    return made.getvalue()


def refusal(content, limits=None, name="results.csv"):
    with pytest.raises(FileRefused) as refused:
        open_upload(io.BytesIO(content), limits or Limits(), name=name).close()
    assert refused.value.code in MESSAGES
    assert "{" not in str(refused.value)
    return refused.value


def test_a_text_is_a_csv_file_whatever_its_name_says(tmp_path):
    path = tmp_path / "results.xlsx"
    path.write_bytes(b"a,b\n1,2\n")
    with open_upload(path) as upload:
        assert (upload.kind, upload.size, upload.name) == (Kind.CSV, 8, "results.xlsx")
        assert upload.sha256 == hashlib.sha256(b"a,b\n1,2\n").hexdigest()


def test_a_workbook_is_known_by_its_parts():
    with open_upload(io.BytesIO(archive(WORKBOOK)), name="results.csv") as upload:
        assert upload.kind is Kind.XLSX


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "files.empty"),
        (b"%PDF-1.7 ...", "files.kind"),
        (b"\x89PNG\r\n\x1a\n", "files.kind"),
        (b"\x00\x01\x02\x03" * 100, "files.kind"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "files.old_workbook"),
        (b"\xef\xbb\xbf  <html><table>", "files.web_page"),
        (b"<?xml version='1.0'?><elmo/>", "files.kind"),
        (b"PK\x03\x04 and no archive after all", "files.archive_damaged"),
    ],
)
def test_what_is_no_sheet_is_refused_by_its_first_bytes(content, code):
    assert refusal(content).code == code


def test_one_stray_nul_does_not_make_a_text_a_program():
    with open_upload(io.BytesIO(b"number,course\n1,\x00AAA\n2,BBB\n"), name="a.csv") as upload:
        assert upload.kind is Kind.CSV


def test_utf_16_text_is_text_though_half_of_it_is_nul():
    with open_upload(io.BytesIO("\ufeffa,b\n1,2\n".encode("utf-16-le")), name="a.csv") as upload:
        assert upload.kind is Kind.CSV


def test_a_missing_file_a_folder_and_a_pipe_are_refused(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path, code in (
        (tmp_path / "none.csv", "files.missing"),
        (tmp_path, "files.not_a_file"),
        (pipe, "files.not_a_file"),
    ):
        with pytest.raises(FileRefused) as refused:
            open_upload(path)
        assert refused.value.code == code


def test_a_file_over_the_limit_is_refused_with_both_sizes(tmp_path):
    path = tmp_path / "large.csv"
    with path.open("wb") as stream:
        stream.write(b"a,b\n" * 3_000)
        stream.truncate(100_000_001)
    with pytest.raises(FileRefused) as refused:
        open_upload(path)
    assert refused.value.code == "files.too_large"
    assert refused.value.facts == {
        "name": "large.csv",
        "size": 100_000_001,
        "limit": 100_000_000,
        "kind": "CSV",
    }


def test_a_file_at_the_limit_is_taken():
    with open_upload(io.BytesIO(b"a,b\n"), Limits(csv_bytes=4, xlsx_bytes=4), name="a.csv") as upload:
        assert upload.size == 4


def test_a_workbook_over_fifty_megabytes_is_refused():
    content = archive({**WORKBOOK, "xl/media/noise.bin": os.urandom(50_000_000)}, zipfile.ZIP_STORED)
    assert refusal(content).code == "files.too_large"


def test_an_endless_stream_ends_at_the_limit():
    class Endless(io.RawIOBase):
        taken = 0

        def read(self, size=-1):
            self.taken += size
            return b"a" * size

    stream = Endless()
    with pytest.raises(FileRefused) as refused:
        open_upload(stream, Limits(csv_bytes=1000, xlsx_bytes=1000), name="pipe")
    assert refused.value.code == "files.too_large"
    assert stream.taken == 1001


def test_an_archive_over_a_hundred_to_one_is_refused():
    content = archive({**WORKBOOK, "xl/worksheets/sheet1.xml": b"0" * 20_000_000})
    assert len(content) * 100 < 20_000_000
    assert refusal(content, name="results.xlsx").code == "files.archive_ratio"


def test_noise_beside_a_bomb_does_not_hide_it():
    content = archive(
        {**WORKBOOK, "xl/media/noise.bin": os.urandom(400_000), "xl/worksheets/sheet1.xml": b"0" * 20_000_000}
    )
    assert len(content) * 100 > 20_000_000
    assert refusal(content).code == "files.archive_ratio"


def test_an_archive_that_lies_about_its_sizes_is_refused():
    content = bytearray(archive({**WORKBOOK, "xl/worksheets/sheet1.xml": os.urandom(5_000)}))
    true_size = struct.pack("<I", 5_000)
    assert content.count(true_size) >= 2
    lied = bytes(content).replace(true_size, struct.pack("<I", 50))
    assert refusal(lied).code == "files.archive_damaged"


def test_a_bomb_that_declares_a_small_size_is_still_refused():
    content = archive({**WORKBOOK, "xl/worksheets/sheet1.xml": b"0" * 20_000_000})
    lied = content.replace(struct.pack("<I", 20_000_000), struct.pack("<I", 1_000))
    assert lied != content
    assert refusal(lied).code == "files.archive_ratio"


def test_an_archive_may_not_unpack_beyond_the_limit_in_all():
    content = archive({**WORKBOOK, "xl/a.bin": os.urandom(2_000), "xl/b.bin": os.urandom(2_000)})
    assert refusal(content, Limits(unpacked_bytes=3_000)).code == "files.archive_too_large"
    with open_upload(io.BytesIO(content), Limits(unpacked_bytes=5_000), name="b.xlsx") as upload:
        assert upload.kind is Kind.XLSX


def test_parts_that_overlap_share_one_body_and_are_refused():
    whole = archive({**WORKBOOK, "xl/a.bin": os.urandom(2_000)})
    start = whole.index(b"PK\x01\x02", 2_000)
    entry_end = whole.index(b"PK\x05\x06")
    directory = whole[start:entry_end]
    last = directory[directory.rindex(b"PK\x01\x02") :]
    twin = last.replace(b"xl/a.bin", b"xl/b.bin")
    end = bytearray(whole[entry_end:])
    struct.pack_into("<HHI", end, 8, 4, 4, len(directory) + len(twin))
    refused = refusal(whole[:start] + directory + twin + bytes(end))
    assert (refused.code, refused.facts["reason"].en) == ("files.archive_damaged", "its parts overlap")


def test_an_archive_without_a_workbook_and_one_of_very_many_parts_are_refused():
    assert refusal(archive({"readme.txt": b"hello"})).code == "files.archive_not_a_workbook"
    many = archive({**WORKBOOK, **{f"xl/{number}": b"" for number in range(30)}})
    assert refusal(many, Limits(entries=20)).code == "files.archive_entries"


def test_a_part_given_twice_and_an_encrypted_part_are_refused():
    twice = archive({**WORKBOOK, "xl/Workbook.xml": b"<a/>"})
    assert refusal(twice).facts["reason"].en == "two parts have one name"
    locked = bytearray(archive(WORKBOOK))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.index(mark) + at] |= 1
    assert refusal(bytes(locked)).code == "files.archive_damaged"


def test_readers_do_not_disturb_each_other_and_never_pass_the_judged_end(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"abcdef")
    with open_upload(path) as upload:
        one, other = upload.reader(), upload.reader()
        assert one.read(3) == b"abc"
        assert other.read() == b"abcdef"
        assert not upload.changed()
        with path.open("ab") as stream:
            stream.write(b"grown")
        assert one.read() == b"def"
        assert upload.changed()


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_whatever_comes_after_the_mark_of_an_archive_is_judged_without_a_crash(tail):
    with pytest.raises(FileRefused) as refused:
        open_upload(io.BytesIO(b"PK\x03\x04" + tail), name="fuzz")
    assert refused.value.code.startswith("files.archive")


@settings(deadline=None)
@given(st.data())
def test_a_workbook_with_bytes_changed_is_judged_without_a_crash(data):
    content = bytearray(archive({**WORKBOOK, "xl/worksheets/sheet1.xml": b"<row/>" * 20}))
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(FileRefused), open_upload(io.BytesIO(bytes(content)), name="fuzz") as upload:
        assert upload.size == len(content)
