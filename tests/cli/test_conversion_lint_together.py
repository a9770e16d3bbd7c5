"""``creditbank rules lint`` looks at several conversion rule sets with the units and courses between them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from creditbank.cli.main import main
from creditbank.domain.conversions.read import read_conversion_rules
from creditbank.domain.conversions.write import conversion_rules_data
from tests.domain.conversions.small_conversions import both, row, rules

CODE = {"name": "course", "type": "code", "label": both("course"), "optional": True}


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """Two rule sets, each of which makes a course of what carries a unit; the courses carry each other's unit."""

    def written(name: str, data: object) -> str:
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(data), encoding="utf-8")
        return str(path)

    found = {}
    for code, unit, course, worth in (("ours", "U1", "C3", {"full": "even_if_short"}), ("theirs", "U2", "C2", "full")):
        one = row("r", to=[{"course": course}], credit=worth, **{"from": [{"unit": unit}]})
        data = rules(one, code=code, facts=[*rules()["facts"], CODE], carriers={"course": "course"})
        found[code] = written(code, conversion_rules_data(read_conversion_rules(data)))
    units = [
        {
            "code": code, "name": both(code), "framework": "levels-10", "level": "5", "credit": "1", "unit": "cn-course",
            "skill": both("skill"), "carriers": [{"kind": "course", "code": course}],
        }
        for code, course in (("U1", "C2"), ("U2", "C3"))
    ]  # fmt: skip
    found["units"] = written("units", {"schema": "creditbank.certification-units/1", "units": units})
    courses = [{"code": "C2", "credit": "2"}, {"code": "C3", "credit": "3"}]
    found["courses"] = written("courses", {"schema": "creditbank.courses/1", "courses": courses})
    return found


def test_a_circle_across_files_is_told_with_its_path_and_gain(
    files: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["rules", "lint", files["ours"], files["theirs"], "--units", files["units"], "--courses", files["courses"]]
    assert main(asked) == 1
    said = capsys.readouterr().out
    assert "credit becomes 3/2 times as much" in said
    assert "C3 (U2) → theirs/r → C2" in said
    assert "1 wrong, 0 to look at" in said
    assert main([*asked, "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert [one["code"] for one in answer["rules"]] == ["ours", "theirs"]
    [finding] = answer["findings"]
    assert (finding["code"], finding["facts"]["gain"]) == ("lint.loop", "3/2")
    # Each alone is in order, and so are both where nothing says what carries the units.
    assert main([*asked[:3], *asked[4:]]) == 0
    assert main(asked[:4]) == 0


def test_rules_of_two_kinds_are_not_checked_together(files: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "lint", files["ours"], "cn-innovation"]) == 2
    assert main(["rules", "lint", "cn-innovation", "--units", files["units"]]) == 2
    assert "checked together" in capsys.readouterr().err
    Path(files["courses"]).write_text('{"schema": "creditbank.courses/1", "courses": [{"code": "C2"}]}')
    assert main(["rules", "lint", files["ours"], "--courses", files["courses"]]) == 2
    assert "courses[0]" in capsys.readouterr().err
