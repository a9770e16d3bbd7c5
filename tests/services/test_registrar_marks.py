"""Results that go out carry the mark as the school reported it, and how it was given."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from creditbank.domain.registrar.lines import grade_scale_of, mark_said
from creditbank.exchange.documents import read_document
from creditbank.exchange.mapping import read_mapping
from tests.exchange.sheet_files import csv_bytes
from tests.exchange.small_import import PACKS, publish_transfer_rules, run_import
from tests.services.bookings import deposit, post
from tests.services.exports import changed_mapping, export, sheet_rows

HEAD = ("学号", "课程代码", "课程名称", "学年学期", "学分", "成绩", "考试性质", "备注")
WITH_MARKS = (
    ("leave_out: [result, opening]", "leave_out: [opening]"),
    ("  - {head: 成绩, field: grade, empty: 合格}\n", ("  - {head: 成绩, field: mark, empty: 合格}\n"
     "  - head: 成绩类型\n    field: grade_scale\n"
     "    values: {percent: 百分制, five: 五级制, two: 二级制, words: 其他}\n"
     "  - head: 考试性质\n    field: sitting\n    values: {normal: 正考, resit: 补考, retake: 重修, deferred: 缓考}\n")),
)  # fmt: skip


@pytest.mark.parametrize(
    ("mark", "word", "said", "scale"),
    [
        (Decimal("85.00"), "", "85", "percent"),
        (Decimal("85.50"), "", "85.5", "percent"),
        (Decimal(100), "", "100", "percent"),
        (Decimal(95), "优秀", "优秀", "five"),
        (None, "合格", "合格", "two"),
        (None, "Pass", "Pass", "two"),
        (None, "免修", "免修", "words"),
        (None, "", "", ""),
    ],
)
def test_a_mark_is_said_as_the_school_wrote_it_with_the_scale_it_stands_on(mark, word, said, scale):
    assert (mark_said(mark, word), grade_scale_of(mark, word)) == (said, scale)


def test_a_line_of_a_course_result_carries_its_mark_and_a_recognised_outcome_has_none(bank, cast, tmp_path):
    publish_transfer_rules(cast)
    mapping = read_mapping(read_document((PACKS / "mappings" / "school-long.yaml").read_bytes(), name="school-long"))
    rows = [
        ["2023040117", "MA101", "高等数学", "2023-2024-1", "4", "88.5", "补考", ""],
        ["2023040117", "PE101", "体育", "2023-2024-1", "1", "优秀", "正考", ""],
        ["2023040117", "LA101", "劳动教育", "2023-2024-1", "1", "合格", "正考", ""],
    ]
    (tmp_path / "results.csv").write_bytes(csv_bytes(*rows, head=HEAD))
    run_import(cast, tmp_path / "results.csv", mapping=mapping)
    post(cast, deposit(cast.lin.person, "a"))
    export(cast, mapping=changed_mapping(*WITH_MARKS))
    head, *lines = sheet_rows(cast, 1)
    places = [head.index(name) for name in ("课程代码", "成绩", "成绩类型", "考试性质")]
    assert sorted([line[place] for place in places] for line in lines) == [
        ["", "合格", "", ""],
        ["LA101", "合格", "二级制", "正考"],
        ["MA101", "88.5", "百分制", "补考"],
        ["PE101", "优秀", "五级制", "正考"],
    ]


def test_a_corrected_mark_goes_out_as_it_is_now(bank, cast, tmp_path):
    publish_transfer_rules(cast)
    mapping = read_mapping(read_document((PACKS / "mappings" / "school-long.yaml").read_bytes(), name="school-long"))
    for name, mark, day in (("a", "70", date(2026, 9, 1)), ("b", "75", date(2026, 10, 1))):
        path = tmp_path / f"{name}.csv"
        path.write_bytes(
            csv_bytes(["2023040117", "MA101", "高等数学", "2023-2024-1", "4", mark, "正考", ""], head=HEAD)
        )
        run_import(cast, path, mapping=mapping, as_of=day)
    export(cast, mapping=changed_mapping(*WITH_MARKS))
    head, *lines = sheet_rows(cast, 1)
    assert [line[head.index("成绩")] for line in lines] == ["75"]
