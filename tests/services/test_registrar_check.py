"""The check of export batches: a sound one is called sound, and whatever a superuser changes is named."""

from __future__ import annotations

import pytest
from django.db import connections

from creditbank.gateways.database_roles import user_of
from creditbank.queries.check.registrar import check_exports
from creditbank.queries.check.whole import check_bank
from tests.intruder import change
from tests.services.bookings import deposit, post, reverse
from tests.services.exports import csv_file, export, resend, sheet_rows, take_back


@pytest.fixture
def exported(bank, cast, tmp_path):
    """Two batches: three new lines; a correction, a re-send, and a pair that offsets itself."""
    first, *_ = post(cast, *(deposit(cast.lin.person, f"k{place}", 100) for place in range(3)))
    export(cast)
    head, *rows = sheet_rows(cast, 1)
    fate = [[*row, "失败" if place == 1 else "成功"] for place, row in enumerate(rows)]
    take_back(cast, bank, 1, csv_file(tmp_path, [[*head, "处理结果"], *fate]))
    assert resend(cast, bank, 1, 2) == 1
    (gone,) = post(cast, deposit(cast.mei.person, "gone"))
    reverse(cast, (cast.lin.person, first.posting_id), (cast.mei.person, gone.posting_id))
    made = export(cast)
    assert (made.lines, made.offsets, made.resent, made.credit) == (2, 2, 1, -100)
    return bank


def codes():
    return {line.code for line in check_exports(connections["auditor"])}


def test_sound_batches_are_called_sound_and_counted(exported):
    assert codes() == set()
    lines, counts = check_bank(exported, {login: user_of(login) for login in ("app", "sequencer", "auditor")})
    assert counts["export_line"] == 7
    assert [line.code for line in lines if line.code.startswith("check.export") or "export" in str(line.facts)] == []


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (
            "UPDATE posting SET amount = amount + 1 WHERE posting_id = (SELECT posting_id FROM export_line LIMIT 1)",
            {"check.export_line"},
        ),
        (
            "DELETE FROM posting WHERE posting_id = (SELECT posting_id FROM export_line ORDER BY posting_id LIMIT 1)",
            {"check.export_line"},
        ),
        (
            "UPDATE export_line SET posting_id = gen_random_uuid() WHERE kind = 'correction' AND written",
            {"check.export_line"},
        ),
        (
            "UPDATE export_line SET hundredths = -hundredths WHERE kind = 'correction' AND written",
            {"check.export_line", "check.export_batch"},
        ),
        ("UPDATE export_batch SET hundredths = hundredths + 100 WHERE number = 2", {"check.export_batch"}),
        ("UPDATE export_batch SET line_count = line_count - 1 WHERE number = 1", {"check.export_batch"}),
        (
            "UPDATE export_line SET cells = jsonb_set(cells, '{4}', '\"9.0\"') WHERE line = 1",
            {"check.export_content"},
        ),
        ("UPDATE export_line SET written = true WHERE NOT written", {"check.export_batch", "check.export_content"}),
        ("DELETE FROM export_line WHERE NOT written", {"check.export_batch", "check.export_content"}),
        ("DELETE FROM export_batch WHERE number = 1", {"check.export_line"}),
    ],
)
def test_whatever_is_changed_behind_the_banks_back_is_named(exported, statement, expected):
    change(exported, statement)
    assert codes() == expected
