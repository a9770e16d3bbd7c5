"""Hostile and mistaken rule documents are refused with their place, in little time and memory."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
import time
from typing import Any

import pytest
import yaml

from creditbank.domain.conversions.model import ConversionRules
from creditbank.domain.rules.compile import compile_rules
from creditbank.domain.rules.decision import Context, Outcome
from creditbank.domain.rules.evaluate import evaluate, family_keys
from creditbank.domain.rules.facts import read_outcome
from creditbank.domain.rules.lint import lint
from creditbank.exchange.documents import MOST_BYTES, DocumentError
from creditbank.exchange.rule_drafts import reading_of
from creditbank.exchange.rules import load_any_rules
from tests.domain.rules.small_rules import CLAIMED, rules

SECONDS, BYTES = 6.0, 300_000_000
"""Loose bounds, so that a busy machine breaks no test: each of these takes two seconds at most where it is quiet."""


def refused(data: bytes | dict[str, Any]) -> DocumentError:
    """How a document is refused; the time and memory it takes are bounded."""
    content = data if isinstance(data, bytes) else json.dumps(data).encode()
    begun = time.process_time()
    with pytest.raises(DocumentError) as found:
        load_any_rules(content, name="hostile")
    assert time.process_time() - begun < SECONDS
    return found.value


def with_cap(**cap: Any) -> dict[str, Any]:
    return rules(cap=[{"id": "c", "scope": "term", "maximum": "2", "clause": {"zh": "c", "en": "c"}} | cap])


def with_row(**when: Any) -> dict[str, Any]:
    data = rules()
    data["tables"][0]["rows"][0]["when"] |= when
    return data


def with_fact(**changes: Any) -> dict[str, Any]:
    data = rules()
    data["facts"][1] |= changes
    return data


def circle() -> dict[str, Any]:
    """Two facts each of which is asked only after the other."""
    data = rules()
    data["facts"][0]["when"] = {"club": "x"}
    data["facts"].append({"name": "club", "type": "code", "label": {"zh": "c", "en": "c"}, "when": {"grade": "low"}})
    return data


MISTAKES: dict[str, tuple[dict[str, Any], str, str]] = {
    "a typo in a level": (with_row(grade="midle"), "tables[0].rows[0].when.grade", "middle"),
    "a fact misspelt in a row": (with_row(huors={"from": 1}), "tables[0].rows[0].when", "hours"),
    "a limit of a category that is none": (with_cap(category="mian"), "cap[0].category", "main"),
    "a limit about a fact that is none": (with_cap(by=["grad"]), "cap[0].by[0]", "grade"),
    "a limit of a share of nothing": (with_cap(maximum={"share": "0", "of": "programme"}), "cap[0].maximum", ""),
    "a family of a fact that is none": (
        rules(choose=[{"id": "f", "family": ["titel"], "keep": "highest", "clause": {"zh": "f", "en": "f"}}]),
        "choose[0].family[0]", "title",
    ),
    "a circle of questions": (circle(), "facts[0].when", ""),
    "a step that lowers after one that adds": (
        rules(adjust=[
            {"id": "a", "when": {"grade": "high"}, "add": "1", "clause": {"zh": "a", "en": "a"}},
            {"id": "l", "when": {"grade": "high"}, "lower": {"fact": "grade", "steps": 1, "below": "refuse"}, "clause": {"zh": "l", "en": "l"}},
        ]),
        "adjust[1]", "first",
    ),
    "an unknown key": (rules(tabels=[]), "tabels", "tables"),
    "a huge amount": (with_cap(maximum="9" * 400), "cap[0].maximum", ""),
    "a huge end of a range": (with_fact(range={"from": 0, "to": 10**400}), "facts[1].range", ""),
    "a regular expression for a code": (rules(code="(a+)+$"), "code", "letters"),
    "a step of no size": (
        rules(adjust=[{"id": "s", "when": {}, "divide": {"by": "hours"}, "clause": {"zh": "s", "en": "s"}}]),
        "adjust[0]", "begins at 1",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", MISTAKES)
def test_a_mistake_is_told_with_its_path_and_what_was_meant(kind):
    data, path, meant = MISTAKES[kind]
    found = refused(data)
    told = [one for one in (found, *found.more) if one.path.startswith(path)]
    assert told, [str(one) for one in (found, *found.more)]
    assert any(meant in one.message for one in told), [one.message for one in told]


def billion() -> bytes:
    """Aliases that would become a thousand million letters."""
    lines = ["a0: &a0 [" + ", ".join(["x"] * 10) + "]"]
    lines += [f"a{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * 10) + "]" for n in range(1, 10)]
    return "\n".join(lines).encode()


def as_yaml(data: dict[str, Any]) -> bytes:
    return yaml.safe_dump(data, allow_unicode=True).encode()


def million_rows() -> bytes:
    """A million rows, each as short as it may be."""
    head = json.dumps(rules())
    cut = head.index('"rows": [') + len('"rows": [')
    return (head[:cut] + ",".join(["0"] * 1_000_000) + head[head.index("]}]", cut) :]).encode()


def many_rows() -> bytes:
    """As many real rows as fit into a document."""
    data = rules()
    row = data["tables"][0]["rows"][0]
    data["tables"][0]["rows"] = [row | {"id": f"r{n}"} for n in range(24_000)]
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode()[:MOST_BYTES]


FLOODS = {
    "twenty megabytes": lambda: b"# " + b"x" * 20_000_000,
    "a million rows": million_rows,
    "rows without end": many_rows,
    "deep lists": lambda: b"[" * 100_000,
    "deep YAML": lambda: b"tables: " + b"[" * 2_000 + b"]" * 2_000,
    "deep by indentation": lambda: b"".join(b" " * n + b"a:\n" for n in range(1_500)),
    "aliases": billion,
    "an anchor": lambda: as_yaml(rules()) + b"extra: &a 1\n",
    "a merge": lambda: b"a: {b: 1}\nc:\n  <<: {d: 1}\n",
    "a tag": lambda: b"schema: !!python/object/apply:os.system ['true']\n",
    "a name twice": lambda: as_yaml(rules()) + b"unit: credit\n",
    "a name twice in JSON": lambda: json.dumps(rules())[:-1].encode() + b', "unit": "credit"}',
    "a number of a million digits": lambda: b"unit: " + b"9" * 1_000_000 + b"\n",
    "a number of a million digits in JSON": lambda: b'{"unit": ' + b"9" * 1_000_000 + b"}",
    "an exponent": lambda: b'{"unit": 1e999999999}',
    "a million names": lambda: b"{" + b",".join(b'"k%d":1' % n for n in range(300_000)) + b"}",
    "a key of a megabyte": lambda: b"{" + b"a" * 1_000_000 + b": 1}",
    "NUL": lambda: b"schema: \x00",
    "half a letter": lambda: "schema: 学".encode()[:-1],
    "nothing": lambda: b"",
    "a list": lambda: b"- 1\n- 2\n",
    "a scalar of three megabytes": lambda: b"unit: '" + b"''" * 1_500_000 + b"'\n",
}


@pytest.mark.parametrize("kind", FLOODS)
def test_a_flood_is_refused_in_little_time_and_memory(kind):
    data = FLOODS[kind]()
    assert str(refused(data)).startswith("hostile")


def test_the_largest_floods_take_little_memory(tmp_path):
    (tmp_path / "rows.json").write_bytes(million_rows())
    (tmp_path / "bomb.yaml").write_bytes(billion())
    script = """
import re, sys
from creditbank.exchange.documents import DocumentError
from creditbank.exchange.rules import load_any_rules
for file in sys.argv[1:]:
    try:
        load_any_rules(open(file, "rb").read(), name=file)
    except DocumentError as error:
        print(error)
print(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
"""
    files = [str(tmp_path / name) for name in ("rows.json", "bomb.yaml")]
    done = subprocess.run([sys.executable, "-c", script, *files], capture_output=True, text=True, check=True)
    rows, bomb, kilobytes = done.stdout.splitlines()
    assert "tables[0].rows[" in rows
    assert "400000" in rows
    assert "line 1" in bomb
    assert int(kilobytes) < BYTES / 1_000


def test_codes_that_would_choke_a_regular_expression_are_only_text():
    bomb = "a" * 79 + "."
    data = rules()
    data["facts"].append({"name": "place", "type": "code", "label": {"zh": "p", "en": "p"}, "optional": True})
    data["choose"] = [{"id": "f", "family": ["title"], "keep": "highest", "clause": {"zh": "f", "en": "f"}}]
    data["tables"][0]["columns"].append("place")
    data["tables"][0]["rows"][0]["when"]["place"] = bomb
    data["abbreviations"] = [{"short": "aa", "full": "a" * 100}]
    begun = time.process_time()
    of = load_any_rules(json.dumps(data).encode(), name="bomb")
    assert not isinstance(of, ConversionRules)
    compiled = compile_rules(of)
    lint(of)
    title = ("第" + "十" * 40 + "a" * 400)[:400]
    outcome = read_outcome(of, {"grade": "low", "hours": 12, "place": "(a+)+$" + "a" * 300 + "!", "title": title})
    assert isinstance(outcome, Outcome)
    assert evaluate(compiled, outcome, Context(CLAIMED)).row is None
    assert family_keys(compiled, outcome).keys() == {"f"}
    assert time.process_time() - begun < SECONDS


@pytest.mark.parametrize("kind", ["a typo", "aliases", "deep YAML", "a name twice"])
def test_a_draft_says_what_is_wrong_with_what_was_typed(kind):
    data = as_yaml(with_row(grade="midle")) if kind == "a typo" else FLOODS[kind]()
    reading = reading_of(data.decode())
    assert reading.rules is None
    assert reading.problems
    assert reading.problems[0].line > 0 or reading.problems[0].path


def test_reading_changes_nothing_of_what_it_reads():
    data = rules()
    before = copy.deepcopy(data)
    load_any_rules(json.dumps(data).encode(), name="small")
    assert data == before
