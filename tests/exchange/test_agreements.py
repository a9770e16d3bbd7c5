"""Agreements that answer one question differently are found, all of them and no others."""

from __future__ import annotations

import itertools
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from creditbank.cli.main import main
from creditbank.domain.rules.ambiguity import Agreement, ambiguous_pairs
from creditbank.gateways.ambiguity import scan_agreements

HEAD = "sending,course,receiving,target,min_grade,max_grade,from,until,credit\n"


def made(parts):
    question, low, width, since, days, answer = parts
    return Agreement(question, low, low + width, since, since + days, answer)


agreements = st.tuples(
    st.integers(0, 3), st.integers(0, 8), st.integers(0, 8), st.integers(1, 9), st.integers(0, 9), st.integers(0, 2)
).map(made)


@settings(deadline=None, max_examples=50)
@given(st.lists(agreements, max_size=40))
def test_both_sweeps_find_the_pairs_that_comparing_each_with_each_finds(rows):
    def meet(one, other):
        grades = set(range(one.low, one.high + 1)) & set(range(other.low, other.high + 1))
        days = set(range(one.since, one.until + 1)) & set(range(other.since, other.until + 1))
        return one.question == other.question and one.answer != other.answer and bool(grades) and bool(days)

    pairs = [(a, b) for a, b in itertools.combinations(range(len(rows)), 2) if meet(rows[a], rows[b])]
    assert sorted(ambiguous_pairs(rows)) == pairs
    columns = [[getattr(row, name) for row in rows] for name in Agreement.__slots__]
    found = scan_agreements(columns, most=1_000)
    assert (found.count, list(found.pairs), found.unfinished) == (len(pairs), pairs, ())
    assert scan_agreements(columns, most=1).pairs == tuple(pairs[:1])


def test_a_corpus_that_would_take_for_ever_is_told_to_be_unfinished():
    same = [[5] * 3_000, [0] * 3_000, [9] * 3_000, [1] * 3_000, [2] * 3_000, list(range(3_000))]
    found = scan_agreements(same, most=10, compared=100_000)
    assert found.unfinished == (5,)
    assert len(found.pairs) == 10


def test_the_command_names_each_pair_and_each_bad_row_and_reads_on(tmp_path, capsys):
    sheet = tmp_path / "agreements.csv"
    sheet.write_text(
        HEAD + "北山大学,MA101,示范学院,高等数学,60,,2024-09-01,2026-08-31,4\n"
        "北山大学,MA101,示范学院,高等数学,60,,2024-09-01,2026-08-31,x\n"
        "北山大学,MA101,示范学院,高等数学,85,,2025-09-01,,5\n"
        "北山大学,MA101,示范学院,高等数学,0,59.99,,,2\n"
        "北山大学,ＭＡ１０１,示范学院,高等数学,0,59.99,2030-13-01,,2\n"
        "北山大学,MA101,,高等数学,70,60,,,2\n北山大学,MA101,示范学院,高等数学,70,60,,,2\n",
        encoding="utf-8",
    )
    other = tmp_path / "more.csv"
    other.write_text(HEAD + "北山大学,ＭＡ１０１,示范学院,线性代数,50,,2026-08-31,,4\n", encoding="utf-8")
    assert main(["rules", "scan", str(sheet), str(other), "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert [(one["first"]["row"], one["second"]["row"], one["second"]["file"]) for one in said["pairs"]] == [
        (2, 4, "agreements.csv"), (2, 2, "more.csv"), (4, 2, "more.csv"), (5, 2, "more.csv"),
    ]  # fmt: skip
    assert said["pairs"][0]["both"] == {
        "min_grade": "85.0", "max_grade": None, "from": "2025-09-01", "until": "2026-08-31",
    }  # fmt: skip
    assert [(one["row"], one["column"]) for one in said["problems"]] == [
        (3, "credit"), (6, "from"), (7, "receiving"), (8, "min_grade"),
    ]  # fmt: skip
    assert main(["rules", "scan", str(other)]) == 0
    assert "1 rules, 1 questions, 0 pairs" in capsys.readouterr().out
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("sending,course\na,b\n", encoding="utf-8")
    assert main(["rules", "scan", str(wrong)]) == 2
    assert "receiving" in capsys.readouterr().err
