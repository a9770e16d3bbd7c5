"""``creditbank rules import|show`` puts rules of either kind into a bank and reads them back."""

from __future__ import annotations

import json
from contextlib import contextmanager

import pytest

from creditbank.cli import boot
from creditbank.cli.main import main
from creditbank.domain.rule_documents import read_rules, rules_hash
from creditbank.exchange.documents import read_document, write_document
from creditbank.exchange.rule_drafts import begin_from_version
from creditbank.gateways.documents import pack_bytes, pack_cases_bytes
from creditbank.queries.rule_cases import list_cases, run_cases
from creditbank.queries.rule_drafts import find_draft
from creditbank.records.rules import RuleAct, RuleSet, RuleVersion
from creditbank.records.scope import acting_for
from creditbank.services.rules import publish_rule_version
from tests.cast import AT, ON
from tests.services.rule_drafts import at
from tests.services.test_overlays import CODE as LIMITS
from tests.services.test_overlays import both, overlay

CODE = "cn-conversion-a"


@pytest.fixture
def ask(bank, cast, capsys, monkeypatch, tmp_path):
    """Runs the command in a folder of its own; gives status, output and errors."""

    # The suite's server is held by its own fixture; what is tested is what the command does with a bank that is open.
    @contextmanager
    def opened(_arguments, _purpose):
        yield bank

    monkeypatch.setattr(boot, "opened", opened)
    monkeypatch.chdir(tmp_path)

    def ask(*words):
        status = main(["rules", *words, "--institution", "svc"])
        said = capsys.readouterr()
        return status, said.out, said.err

    return ask


def test_a_conversion_pack_goes_in_and_comes_out_as_it_was(ask, cast, tmp_path):
    status, out, _ = ask("import", CODE, "--from", "2026-09-01", "--json")
    answer = json.loads(out)
    pack = read_rules(read_document(pack_bytes(CODE) or b"", name=CODE))
    assert (status, answer["kind"], answer["number"], answer["hash"]) == (0, "conversion", 1, rules_hash(pack))
    with at(cast.zhao) as scope:
        version = scope.rows(RuleVersion).get(rule_set__code=CODE)
        assert (version.taken_in, version.effective_from.isoformat()) == (True, "2026-09-01")
        assert [act.act for act in scope.rows(RuleAct).filter(version=version)] == ["take_in"]
    assert ask("show", CODE, "--output", "back.yaml")[0] == 0
    assert read_rules(read_document((tmp_path / "back.yaml").read_bytes(), name="back")) == pack
    assert ask("show", CODE, "--version", "1")[1] == (tmp_path / "back.yaml").read_text(encoding="utf-8")
    assert ask("import", "back.yaml", "--from", "2026-09-01")[0] == 0
    status, _, err = ask("show", CODE, "--version", "2")
    assert (status, "no version 2" in err) == (2, True)


def test_the_cases_come_in_with_the_rules_and_the_bench_of_a_draft_runs_them(ask, cast):
    answer = json.loads(ask("import", CODE, "--from", "2026-09-01", "--json")[1])
    assert answer["cases"] == len(read_document(pack_cases_bytes(CODE) or b"", name=CODE)["cases"])
    with at(cast.zhao) as scope:
        version = scope.rows(RuleVersion).get(rule_set__code=CODE)
        cases = list_cases(scope, version.rule_set_id)
        assert {one.source["file"] for one in cases} == {f"{CODE}.cases.yaml"}
        made = begin_from_version(scope=scope, actor=cast.zhao, version_id=version.id, at=AT)
        runs = run_cases(find_draft(scope, made.id).rules, list_cases(scope, made.rule_set_id))
    assert len(runs) == answer["cases"]
    assert all(run.green for run in runs)
    # The same again changes nothing.
    assert json.loads(ask("import", CODE, "--from", "2026-09-01", "--json")[1])["cases"] == 0


def test_what_is_red_or_begins_too_early_does_not_go_in(ask, cast, tmp_path):
    worse = (pack_bytes(CODE) or b"").replace(b'fixed: "90"', b'fixed: "60"')
    (tmp_path / "worse.yaml").write_bytes(worse)
    cases = read_document((pack_bytes(CODE) or b""), name=CODE)
    assert cases["code"] == CODE
    (tmp_path / "worse.cases.yaml").write_text(
        f"schema: creditbank.conversion_cases/1\nrules: {CODE}\ncases:\n"
        "  - {id: one, on: 2026-09-10, to: {course: X1}, items: [{id: x, facts: {kind: contest}, credit: '3'}],"
        " courses: [{code: X1, credit: '3', category: public}], planned: {public: '40'},"
        " expect: {ruling: recognise, grade: '90'}}\n",
        encoding="utf-8",
    )
    status, _, err = ask("import", "worse.yaml")
    assert (status, "one is red: grade: 90, 60" in err) == (1, True)
    assert ask("import", CODE, "--from", "2026-09-01")[0] == 0
    (tmp_path / "worse.cases.yaml").unlink()
    status, _, err = ask("import", "worse.yaml", "--from", "2026-09-01")
    assert (status, "name a later day" in err) == (2, True)
    with at(cast.zhao) as scope:
        assert scope.rows(RuleVersion).filter(rule_set__code=CODE).count() == 1


def written_overlay(folder, name="ours.yaml", cases=(), **halves):
    """A file with an overlay of the centre's pack, and beside it its cases."""
    (folder / name).write_text(write_document(overlay(**halves)), encoding="utf-8")
    document = {"schema": "creditbank.cases/1", "rules": LIMITS, "cases": list(cases)}
    (folder / name).with_suffix(".cases.yaml").write_text(write_document(document), encoding="utf-8")
    return name


def overlays(cast):
    """The versions of the college's overlay."""
    with at(cast.zhao) as scope:
        return list(scope.rows(RuleVersion).filter(institution_id=cast.college, kind="overlay").order_by("number"))


def test_an_overlay_goes_in_once_and_comes_out_as_it_was(ask, cast, tmp_path):
    case = {
        "id": "forty", "facts": {"kind": "volunteering", "hours": 40, "earned_on": "2026-10-01"},
        "claimed_on": "2026-11-18", "expect": {"ruling": "recognise", "credit": "0.5", "row": "hours-32"},
    }  # fmt: skip
    name = written_overlay(tmp_path, cases=[case])
    status, out, err = ask("import", name, "--from", "2026-09-01", "--json")
    assert (status, err) == (0, "")
    answer = json.loads(out)
    assert (answer["kind"], answer["number"], answer["effective_from"]) == ("overlay", 1, "2026-09-01")
    # Again, from another day too: nothing new comes of what is in force already.
    assert [ask("import", name, "--from", day)[0] for day in ("2026-09-01", "2026-10-01")] == [0, 0]
    (version,) = overlays(cast)
    assert (version.effective_from.isoformat(), version.effective_until) == ("2026-09-01", None)
    assert ask("show", LIMITS, "--output", "back.yaml")[0] == 0
    back = read_rules(read_document((tmp_path / "back.yaml").read_bytes(), name="back"))
    assert rules_hash(back) == answer["hash"] == rules_hash(read_rules(overlay()))
    laid = read_rules(json.loads(ask("show", LIMITS, "--laid", "--json")[1]))
    row = next(row for row in laid.tables[0].rows if row.id == "hours-32")
    assert (laid.kind, row.give.credit, row.clause.en) == ("recognition", 50, "half a credit here")


def test_an_overlay_that_does_not_hold_is_refused_with_its_paths_and_nothing_is_written(ask, cast, tmp_path):
    more = {"id": "hours-32", "credit": "2", "clause": both("two here")}
    gone = {"id": "hours-33", "credit": "0.5", "clause": both("no such row")}
    name = written_overlay(tmp_path, tighten={"rows": [more, gone]})
    status, out, err = ask("import", name, "--from", "2026-09-01")
    assert (status, out) == (1, "")
    assert "tighten.rows[0]: 1.0 credits became 2.0 credits" in err
    assert "tighten.rows[1]:" in err
    assert "hours-33" in err
    assert "Nothing was done." in err
    # A case is asked of the rules as they would decide.
    wrong = {
        "id": "forty", "facts": {"kind": "volunteering", "hours": 40, "earned_on": "2026-10-01"},
        "claimed_on": "2026-11-18", "expect": {"ruling": "recognise", "credit": "1", "row": "hours-32"},
    }  # fmt: skip
    status, _, err = ask("import", written_overlay(tmp_path, cases=[wrong]), "--from", "2026-09-01")
    assert (status, "forty is red: credit: 1.0, 0.5" in err) == (1, True)
    # Nothing is inherited on a day before the centre's rules, and an unknown key has its line.
    status, _, err = ask("import", written_overlay(tmp_path), "--from", "2019-09-01")
    assert (status, "example-limits" in err, "2019-09-01" in err) == (1, True, True)
    (tmp_path / "odd.yaml").write_text(write_document(overlay() | {"raise": {}}), encoding="utf-8")
    status, _, err = ask("import", "odd.yaml")
    assert (status, "raise" in err, "odd.yaml" in err) == (2, True, True)
    assert overlays(cast) == []
    with at(cast.zhao) as scope:
        assert not scope.rows(RuleSet).filter(institution_id=cast.college, code=LIMITS).exists()


def test_an_overlay_on_conversion_rules_goes_in_and_the_rules_come_out_as_they_are_laid(ask, cast, tmp_path):
    base = read_document(pack_bytes(CODE) or b"", name=CODE)
    with acting_for(institution=cast.centre, purpose="test") as scope:
        publish_rule_version(scope=scope, document=base, effective_from=ON, actor=cast.centre, at=AT)
    head = {"schema": "creditbank.conversion-overlay/1", "code": CODE, "kind": "conversion_overlay"}
    head |= {"name": both("ours"), "source": both("minutes 3")}
    half = {"id": "professional", "ruling": "manual", "clause": both("a person looks")}
    more = {"id": "professional", "credit": {"full": "even_if_short"}, "clause": both("more")}
    for name, items in (("half.yaml", [half]), ("more.yaml", [more])):
        (tmp_path / name).write_text(write_document(head | {"tighten": {"rules": items}}), encoding="utf-8")
    (tmp_path / "base.yaml").write_text(write_document(base), encoding="utf-8")
    status, _, err = ask("import", "more.yaml", "--from", ON.isoformat())
    assert (status, "tighten.rules[0]: the course's own credit" in err) == (1, True)
    status, out, _ = ask("import", "half.yaml", "--from", ON.isoformat(), "--json")
    assert (status, json.loads(out)["kind"]) == (0, "conversion_overlay")
    laid = read_rules(json.loads(ask("show", CODE, "--laid", "--json")[1]))
    assert (laid.kind, [row.ruling.value for row in laid.rows][:2]) == ("conversion", ["manual", "recognise"])
    # On files the same is told without a bank.
    assert main(["rules", "lint", "half.yaml", "--base", "base.yaml"]) == 0
    assert main(["rules", "lint", "more.yaml", "--base", "base.yaml"]) == 1
    assert main(["rules", "diff", "half.yaml", "--base", "base.yaml"]) == 1
    assert main(["rules", "lint", "half.yaml", "--base", "cn-innovation"]) == 2
