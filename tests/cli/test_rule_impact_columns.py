"""What a change does to outcomes in columns is what asking both versions one by one finds."""

from __future__ import annotations

import json
import random

import yaml

from creditbank.cli.main import main
from creditbank.cli.rule_impact import counted
from creditbank.domain.rules.compile import compile_rules
from creditbank.domain.rules.impact import Group, impact
from creditbank.domain.rules.read import read_rule_set
from creditbank.exchange.documents import read_document
from creditbank.gateways.columns import write_columns
from creditbank.gateways.documents import packaged

PACKS = ("cn-innovation", "cn-innovation-e", "kr-acbs", "example-language", "uk-cats", "in-abc")


def document(pack):
    return read_document(packaged(f"{pack}.yaml"), name=pack)


def answers(fact, chance):
    """Answers to a fact: its values, numbers and days around, and such as cannot be read."""
    if "values" in fact:
        return [value["code"] for value in fact["values"]] + ["?"]
    if fact["type"] in ("integer", "number"):
        return [*sorted({str(chance.randrange(0, 300)) for _ in range(40)}), "1.5", "many", "１２"]
    return {"boolean": ["yes", "true", "no", "perhaps"], "date": ["2024-03-01", "2026-02-29", "2026-03-01"]}.get(
        fact["type"], ["x", "y", "第十届"]
    )


def test_columns_give_what_each_outcome_gives_by_itself(tmp_path):
    told = 0
    for seed, pack in enumerate(PACKS):
        chance = random.Random(seed)
        old = document(pack)
        new = json.loads(json.dumps(old))
        rows = [row for table in new["tables"] for row in table["rows"] if isinstance(row["give"], dict)]
        for row in chance.sample(rows, min(3, len(rows))):
            row["give"] = chance.choice(["refuse", "manual", {"credit": "7.5", "category": row["give"]["category"]}])
        before, after = compile_rules(read_rule_set(old)), compile_rules(read_rule_set(new))
        count = 1_500
        columns = {fact["name"]: answers(fact, chance) for fact in old["facts"]}
        columns |= {"programme": ["P1", "P2"], "cohort": ["2023", "2024", "2025"]}
        codes = {
            name: [chance.choice((0, 1, 2, chance.randrange(len(values) + 1))) for _ in range(count)]
            for name, values in columns.items()
        }
        write_columns(tmp_path / pack, count, {name: (columns[name], codes[name]) for name in columns})

        def said(name, at, columns=columns, codes=codes):
            return columns[name][codes[name][at] - 1] if codes[name][at] else ""

        names = [fact["name"] for fact in old["facts"]]
        single = [
            Group(
                {name: said(name, at) for name in names if said(name, at)}, said("programme", at), said("cohort", at), 1
            )
            for at in range(count)
        ]
        expected = impact(before, after, single)
        found, _names, _idle = counted(before, after, tmp_path / pack)
        told += len(expected.effects) > 1
        assert (found.effects, found.programmes, found.cohorts) == (
            expected.effects,
            expected.programmes,
            expected.cohorts,
        )
    assert told >= 4  # of the packs, so many saw a change


def test_the_command_counts_a_folder_and_says_what_it_leaves_out(tmp_path, capsys):
    old = document("cn-innovation")
    new = json.loads(json.dumps(old))
    row = next(row for table in new["tables"] for row in table["rows"] if row["id"] == "provincial-second")
    row["give"]["credit"] = "5"
    for name, of in (("old", old), ("new", new)):
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(of, allow_unicode=True))
    values = {"kind": ["contest"], "tier": ["provincial", "national"], "award": ["second"], "organiser": ["government"],
              "role": ["lead"], "shoe_size": ["42"], "cohort": ["2024", "2025"]}  # fmt: skip
    codes = {name: [1, 1, 1] for name in values} | {"tier": [1, 1, 2], "cohort": [1, 2, 2]}
    write_columns(tmp_path / "columns", 3, {name: (values[name], codes[name]) for name in values})
    files = [str(tmp_path / "old.yaml"), str(tmp_path / "new.yaml")]
    assert main(["rules", "impact", *files, "--columns", str(tmp_path / "columns"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["effects"] == {"up": {"outcomes": 2, "credit": "4.0"}, "same": {"outcomes": 1, "credit": "0.0"}}
    assert said["cohorts"] == {name: {"outcomes": 1, "credit": "2.0"} for name in ("2024", "2025")}
    assert said["not_counted"]["after"] == ["choose same-activity"]
    assert said["columns_without_effect"] == ["shoe_size"]
    assert main(["rules", "impact", *files, "--columns", str(tmp_path / "columns")]) == 0
    (tmp_path / "columns" / "tier.codes").write_bytes(b"\x01")
    assert main(["rules", "impact", *files, "--columns", str(tmp_path / "columns")]) == 2
    assert "tier.codes: it has 1 bytes" in capsys.readouterr().err
    assert main(["rules", "impact", *files]) == 2
    assert "--columns" in capsys.readouterr().err
