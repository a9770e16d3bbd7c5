"""The commands rules and schema: on files, without a database or Django."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from creditbank.cli.main import main
from creditbank.cli.schema import SCHEMAS, schema_of
from creditbank.domain.rules import places, read
from creditbank.domain.rules.model import Add, Cap, Choose, Fact, Row, RuleSet, Table
from creditbank.domain.rules.overlay import overlay_data, read_overlay
from creditbank.domain.rules.schema import rules_schema
from creditbank.domain.rules.write import rule_set_data, rule_set_hash
from creditbank.exchange.documents import read_document
from creditbank.exchange.rules import load_pack, load_rule_set
from creditbank.exchange.spreadsheets import SheetContent, workbook_bytes
from creditbank.gateways.documents import pack_bytes, pack_codes

OUTCOMES = """
schema: creditbank.outcomes/1
outcomes:
  - id: robots
    claimed_on: 2024-06-30
    earlier: {same-activity: "2"}
    facts: {kind: contest, activity: 机器人 2024, tier: national, award: second, organiser: association, role: lead, earned_on: 2024-05-01}
  - id: nothing
    claimed_on: 2024-06-30
    facts: {kind: contest, activity: 歌咏, tier: school, award: third, organiser: government, role: member, earned_on: 2024-05-01}
  - id: unclear
    claimed_on: 2024-06-30
    facts: {kind: computer, rank: rank9, earned_on: 2024-05-01}
"""


@pytest.fixture
def outcomes(tmp_path: Path) -> str:
    file = tmp_path / "outcomes.yaml"
    file.write_text(OUTCOMES)
    return str(file)


def test_outcomes_are_explained_in_sentences(outcomes: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "evaluate", "cn-innovation", outcomes]) == 0
    said = capsys.readouterr().out
    assert "Would give 1.0 credits (innovation and practice)." in said
    assert "Contest level counts as provincial instead of national.  [A contest run by an association" in said
    assert "Only the best counts: 2.0 before, so 1.0 of 3.0 is added." in said
    assert "0.5 taken off 0.5 leaves 0.0." in said
    assert "Examination rank" not in said
    assert "Rank of the examination: rank9 is none of rank1, rank2, rank3, rank4." in said
    assert "{" not in said


def test_the_same_as_json(outcomes: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "evaluate", "cn-innovation", outcomes, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert re.fullmatch("[0-9a-f]{64}", answer["rules"]["hash"])
    robots, nothing, unclear = answer["outcomes"]
    assert (robots["ruling"], robots["credit"], robots["row"]) == ("recognise", "1.0", "provincial-second")
    assert (nothing["ruling"], nothing["credit"], nothing["category"]) == ("refuse", "0.0", None)
    assert unclear["ruling"] is None
    assert [problem["facts"]["name"] for problem in unclear["problems"]] == ["rank", "computing_major"]


def test_json_may_be_asked_for_before_the_action(outcomes: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "--json", "evaluate", "cn-innovation", outcomes]) == 0
    assert json.loads(capsys.readouterr().out)["rules"]["code"] == "cn-innovation"


def test_the_cases_of_every_pack_are_green(capsys: pytest.CaptureFixture[str]) -> None:
    for code in pack_codes():
        assert main(["rules", "test", code]) == 0
        assert ", 0 red, 0 wrong" in capsys.readouterr().out


def test_a_red_case_and_an_overlap_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules = (pack_bytes("transfer-courses") or b"").replace(b"when: {result: fail}", b"when: {result: [fail, pass]}")
    (tmp_path / "mine.yaml").write_bytes(rules)
    (tmp_path / "mine.cases.yaml").write_text(
        "schema: creditbank.cases/1\nrules: transfer-courses\ncases:\n"
        "  - {id: p, claimed_on: 2024-01-01, facts: {result: pass, credits: 3}, expect: {ruling: recognise}}\n"
    )
    assert main(["rules", "test", str(tmp_path / "mine.yaml")]) == 1
    said = capsys.readouterr().out
    assert "ruling: expected recognise, found manual" in said
    assert "Rows passed and failed of table result both fit Result: pass" in said


def test_what_cannot_be_read_is_told_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(
        "schema: creditbank.outcomes/1\noutcomes:\n  - id: a\n    claimed_on: soon\n    facts: {}\n    used: {no-cap: 1}\n"
    )
    assert main(["rules", "evaluate", "cn-innovation", str(bad)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "line 4" in said.err
    assert "outcomes[0].claimed_on" in said.err
    assert main(["rules", "evaluate", "cn-inovation", str(bad)]) == 2
    assert "the packs are cn-certificates, cn-innovation, " in capsys.readouterr().err
    assert main(["rules", "evaluate", "cn-innovation", str(tmp_path / "none.yaml")]) == 2
    assert "No such file" in capsys.readouterr().err


def test_neither_django_nor_a_database_is_needed(outcomes: str) -> None:
    program = (
        "import sys; from creditbank.cli.main import main; status = main(sys.argv[1:]);"
        "loaded = {name.split('.')[0] for name in sys.modules} & {'django', 'psycopg', 'cryptography'};"
        "sys.exit(f'loaded {loaded}' if loaded else status)"
    )
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", program, "rules", "evaluate", "cn-innovation", outcomes],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={"PYTHONPATH": root, "PATH": os.environ["PATH"]},
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_schema_is_printed_for_every_noun(capsys: pytest.CaptureFixture[str]) -> None:
    for name in SCHEMAS:
        assert main(["schema", name]) == 0
        assert json.loads(capsys.readouterr().out) == schema_of(name)
        assert schema_of(name)["properties"]["schema"]


def _check(value: object, schema: dict, top: dict, path: str = "") -> list[str]:
    """A small validator of the part of JSON Schema that the schemas use."""
    if "$ref" in schema:
        return _check(value, top["$defs"][schema["$ref"].rsplit("/", 1)[1]], top, path)
    if "anyOf" in schema:
        tried = [_check(value, one, top, path) for one in schema["anyOf"]]
        return [] if any(not problems for problems in tried) else min(tried, key=len)
    problems = []
    if "const" in schema and value != schema["const"]:
        problems.append(f"{path} is not {schema['const']}")
    if "enum" in schema and value not in schema["enum"]:
        problems.append(f"{path} is none of {schema['enum']}")
    kinds = {
        "object": dict,
        "array": list,
        "string": str,
        "integer": int,
        "boolean": bool,
        "null": type(None),
        "number": (int, float),
    }
    wanted = schema.get("type", [])
    wanted = [wanted] if isinstance(wanted, str) else wanted
    if wanted and not any(isinstance(value, kinds[kind]) for kind in wanted):
        return [f"{path} is not {wanted}"]
    if "pattern" in schema and not re.search(schema["pattern"], str(value)):
        problems.append(f"{path} does not match")
    if isinstance(value, dict):
        known = schema.get("properties", {})
        problems += [f"{path}.{name} is missing" for name in schema.get("required", []) if name not in value]
        if "oneOf" in schema and sum(set(one["required"]) <= value.keys() for one in schema["oneOf"]) != 1:
            problems.append(f"{path} is not exactly one")
        for name, below in value.items():
            if name in known:
                problems += _check(below, known[name], top, f"{path}.{name}")
            elif schema.get("additionalProperties") is False:
                problems.append(f"{path}.{name} is unknown")
            elif isinstance(schema.get("additionalProperties"), dict):
                problems += _check(below, schema["additionalProperties"], top, f"{path}.{name}")
    if isinstance(value, list) and "items" in schema:
        problems += [p for i, item in enumerate(value) for p in _check(item, schema["items"], top, f"{path}[{i}]")]
    return problems


def test_every_pack_and_its_normal_form_fit_the_schema() -> None:
    schema = rules_schema()
    for code in pack_codes():
        document = read_document(pack_bytes(code) or b"", name=code)
        assert _check(json.loads(json.dumps(document, default=float)), schema, schema) == []
        assert _check(rule_set_data(load_pack(code)), schema, schema) == []
    broken = rule_set_data(load_pack("cn-innovation"))
    broken["tables"][0]["rows"][0]["give"]["credits"] = "3"
    assert _check(broken, schema, schema) != []


def test_an_overlay_that_the_reader_takes_fits_its_schema_and_what_it_refuses_does_not() -> None:
    said = {"zh": "本校办法", "en": "ours"}
    pack = rule_set_data(load_pack("example-limits"))
    row = {**pack["tables"][0]["rows"][0], "id": "own", "table": pack["tables"][0]["code"]}
    head = {"schema": "creditbank.rules-overlay/1", "code": "example-limits", "kind": "overlay", "name": said}
    document = {
        **head,
        "source": said,
        "add": {"rows": [row], "cap": [pack["cap"][0]], "exclude": [{"id": "x", "when": {}, "clause": said}]},
        "tighten": {
            "rows": [{"id": "a", "credit": "1", "clause": said}, {"id": "b", "give": "refuse", "clause": said}],
            "validity": [{"id": "v", "within": {"years": 2}, "clause": said}],
        },
    }
    schema = schema_of("rules-overlay")
    assert _check(overlay_data(read_overlay(document)), schema, schema) == []
    for half, name, number, wrong in (
        ("tighten", "rows", 0, {"give": "refuse"}),
        ("tighten", "rows", 1, {"give": "manual"}),
        ("tighten", "validity", 0, {"otherwise": "manual"}),
        ("add", "rows", 0, {"table": None}),
    ):
        broken = json.loads(json.dumps(document))
        broken[half][name][number] |= wrong
        assert _check(broken, schema, schema) != [], (half, name, wrong)
        with pytest.raises(places.UnreadableError):
            read_overlay(broken)


def test_the_schema_knows_exactly_the_keys_the_reader_knows() -> None:
    """Each object of the schema is offered to the reader with one key too many; the refusal lists the same keys."""
    schema = rules_schema()
    pack = rule_set_data(load_pack("example-limits"))
    at = {
        "fact": pack["facts"][0],
        "table": pack["tables"][0],
        "row": pack["tables"][0]["rows"][0],
        "step": pack["adjust"][0],
        "cap": pack["cap"][0],
        "validity": pack["validity"][0],
        "choice": pack["categories"][0],
    }
    for name, place in at.items():
        place["surplus"] = 1
        with pytest.raises(places.UnreadableError) as caught:
            read.read_rule_set(pack)
        del place["surplus"]
        [message] = [p.message for p in caught.value.problems if p.path.endswith(".surplus")]
        assert set(message.split("known are ")[1].split(", ")) == set(schema["$defs"][name]["properties"]), name
    assert {Fact, Table, Row, Add, Cap, Choose, RuleSet}  # the model these keys stand for


def test_lint_names_places_and_the_rows_that_would_close_a_gap(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "lint", "cn-innovation"]) == 0
    said = capsys.readouterr().out
    assert "tables[2]: No row of table computer fits" in said
    assert 'a row with {"rank": ["rank1"]} would close it' in said
    assert main(["rules", "lint", "cn-innovation", "--strict", "--json"]) == 1
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [(one["code"], one["places"], one["close"]) for one in findings][1] == (
        "lint.gap", ["tables[2]"], [{"rank": ["rank1"]}],
    )  # fmt: skip
    assert findings[1]["example"] == {"kind": "computer", "rank": "rank1", "computing_major": True}


def test_what_changed_from_one_file_to_another_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "next.yaml"
    other.write_bytes(pack_bytes("cn-innovation").replace(b'credit: "4"', b'credit: "5"'))
    assert main(["rules", "diff", "cn-innovation", "cn-innovation"]) == 0
    assert "the same rules" in capsys.readouterr().out
    assert main(["rules", "diff", "cn-innovation", str(other)]) == 1
    assert "It gave 4.0 credits (innovation and practice), now it gives 5.0 credits" in capsys.readouterr().out
    assert main(["rules", "diff", "cn-innovation", str(other), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["before"]["hash"] != told["after"]["hash"]
    assert {line["code"] for line in told["differences"]} == {"diff.table_changed"}


def test_the_impact_of_a_changed_row_is_told_outcome_by_outcome(
    tmp_path: Path, outcomes: str, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = (pack_bytes("cn-innovation") or b"").replace(
        b'credit: "3", category: innovation', b'credit: "5", category: innovation'
    )
    (tmp_path / "draft.yaml").write_bytes(changed)
    assert main(["rules", "impact", "cn-innovation", "cn-innovation", outcomes, "--json"]) == 0
    same = json.loads(capsys.readouterr().out)
    assert (set(same["counts"]), same["changed"]) == ({"same"}, [])
    assert main(["rules", "impact", "cn-innovation", str(tmp_path / "draft.yaml"), outcomes, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert sum(told["counts"].values()) == same["counts"]["same"]
    assert {one["effect"] for one in told["changed"]} == {"up"}
    assert all(float(one["after"]["credit"]) > float(one["before"]["credit"]) for one in told["changed"])
    assert told["changed"]


def test_rules_go_into_a_workbook_and_are_read_back_from_it_without_a_database(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book, file = tmp_path / "out.xlsx", tmp_path / "back.yaml"
    for language in ("zh-hans", "en"):
        said = ["rules", "export", "example-limits", "--xlsx", "--language", language, "--output", str(book), "--json"]
        assert main(said) == 0
        told = json.loads(capsys.readouterr().err)
        assert told == {"code": "example-limits", "hash": rule_set_hash(load_pack("example-limits"))}
        assert main(["rules", "diff", "example-limits", str(book)]) == 0
        assert main(["rules", "export", str(book), "--yaml", "--output", str(file)]) == 0
        assert load_rule_set(file.read_bytes(), name="x") == load_pack("example-limits")
        capsys.readouterr()
    assert main(["rules", "export", "example-limits", "--xlsx"]) == 2
    assert "--output" in capsys.readouterr().err
    wrong = workbook_bytes((SheetContent("其他", ("x",), (("1",),)),))
    book.write_bytes(wrong)
    assert main(["rules", "lint", str(book)]) == 2
    assert "The workbook has no sheet" in capsys.readouterr().err


def test_tables_are_exported_and_what_is_left_out_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "out.json"
    assert main(["rules", "export", "cn-innovation", "--output", str(file)]) == 0
    assert "same-activity is not in the file" in capsys.readouterr().err
    assert json.loads(file.read_text())["contentType"] == "application/vnd.gorules.decision"
    assert main(["rules", "export", "cn-conversion-a"]) == 2
