"""The check of a whole bank: nothing is found on a sound one, and whatever a superuser changes is named."""

from __future__ import annotations

import json
import shutil

import pytest
from django.db import connections

from creditbank.cli.main import main
from creditbank.domain.check import MESSAGES
from creditbank.domain.explanation import Verdict
from creditbank.exchange.documents import read_document
from creditbank.gateways.database_roles import user_of
from creditbank.projections.progress import drain_progress, rebuild_progress
from creditbank.queries.check.access import check_access
from creditbank.queries.check.digest import digest
from creditbank.queries.check.whole import check_bank
from creditbank.records.scope import acting_for
from creditbank.services.log import publish_waiting
from creditbank.services.programmes import publish_programme
from creditbank.services.recognition.review import approve_claim, reverse_claim
from tests.cast import AT, ON
from tests.embedded import clone_database, drop_database
from tests.exchange.small_import import PACKS, many_rows, publish_transfer_rules, run_import, write_sheets
from tests.intruder import change, superuser
from tests.services.bookings import deposit, post, reverse
from tests.services.test_recognition import submitted

USERS = {login: user_of(login) for login in ("app", "sequencer", "auditor")}


def work_in(name):
    connections.close_all()
    for alias in ("default", "owner", "sequencer", "auditor"):
        connections[alias].settings_dict["NAME"] = name


@pytest.fixture(scope="module")
def filled(server, template, tmp_path_factory):
    """A bank in which everything has happened, kept as a database to clone and as copies of its folders."""
    name, cast = template
    clone_database(server, name, "sound")
    work_in("sound")
    for folder in (server.files, server.log):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)
    publish_transfer_rules(cast)
    keys = [submitted(server, cast), submitted(server, cast, who=cast.mei), submitted(server, cast)]
    with acting_for(institution=cast.college, purpose="test") as scope:
        for key in keys[:2]:
            assert approve_claim(scope=scope, actor=cast.chen, key=key, at=AT, on=ON).refusal is None
        reverse_claim(scope=scope, actor=cast.zhao, key=keys[1], reason="duplicate", at=AT, on=ON)
    post(
        cast,
        deposit(cast.wei.person, "a"),
        deposit(cast.wei.person, "b", 100, field="arts"),
        institution=cast.university,
    )
    (late,) = post(cast, deposit(cast.mei.person, "later"))
    reverse(cast, (cast.mei.person, late.posting_id))
    folder = tmp_path_factory.mktemp("sheets")
    run_import(cast, write_sheets(folder, [*many_rows(40), ("ZZZ", "2013J", "1", "Pass")], [("1", "1000", "80")]))
    document = read_document((PACKS / "programmes" / "demo-award-60.yaml").read_bytes(), name="award")
    with acting_for(institution=cast.college, purpose="test") as scope:
        publish_programme(scope=scope, document=document, actor=cast.zhao.person, at=AT, invented=True)
        rebuild_progress(scope=scope, at=AT, on=ON)
        drain_progress(scope=scope, at=AT, on=ON)
    connections["sequencer"].ensure_connection()
    publish_waiting(connections["sequencer"].connection, server)
    # What came after the last run of the sequencer still waits.
    post(cast, deposit(cast.lin.person, "waiting"))
    connections.close_all()
    copy = tmp_path_factory.mktemp("folders")
    shutil.copytree(server.log, copy / "log")
    shutil.copytree(server.files, copy / "files")
    yield server, cast, copy
    connections.close_all()
    drop_database(server, "sound")


@pytest.fixture
def sound(filled):
    """A fresh copy of that bank; with the cast."""
    bank, cast, copy = filled
    clone_database(bank, "sound", "checked")
    work_in("checked")
    for folder in ("log", "files"):
        shutil.rmtree(bank.home / folder)
        shutil.copytree(copy / folder, bank.home / folder)
    yield bank, cast
    connections.close_all()
    drop_database(bank, "checked")


def found(bank):
    """The codes of what is broken, each with its facts."""
    lines, _ = check_bank(bank, USERS)
    return {(line.code, *map(str, line.facts.values())) for line in lines if line.verdict is Verdict.NO}


def codes(bank):
    return {line[0] for line in found(bank)}


def some(bank, sql):
    with superuser(bank) as connection:
        return connection.execute(sql).fetchone()


def test_a_sound_bank_is_called_sound_and_everything_in_it_was_looked_at(sound):
    bank, _ = sound
    lines, counts = check_bank(bank, USERS)
    assert lines == []
    assert counts["log_leaf"] > 30
    assert counts["posting"] - counts["lot"] == 2
    assert counts["result"] == 54
    assert counts["progress"] > 40
    assert counts["claim"] == 3


LOT = (
    "(SELECT lot_id FROM lot JOIN progress USING (learner_id) WHERE source_kind = 'result' AND source_id IS NOT NULL"
    " AND short_by > 0 AND counted > 0 ORDER BY lot_id LIMIT 1)"
)
POSTING = f"(SELECT posting_id FROM posting WHERE lot_id = {LOT})"
UNGUARDED = "SET session_replication_role = replica"
"""What a superuser says before changing what triggers keep."""
EVERYWHERE = [
    f"UPDATE lot SET amount = amount + 500 WHERE lot_id = {LOT}",
    f"UPDATE posting SET amount = amount + 500, to_after = to_after + 500 WHERE lot_id = {LOT}",
    f"UPDATE balance SET amount = amount + 500 WHERE lot_id = {LOT}",
]
REMOVED = [
    f"DELETE FROM balance WHERE lot_id = {LOT}",
    f"UPDATE result SET lot_id = NULL WHERE lot_id = {LOT}",
    f"DELETE FROM idempotency WHERE posting_id = {POSTING}",
    f"UPDATE import_run SET lots_posted = lots_posted - 1 WHERE run_id = (SELECT source_id FROM lot WHERE lot_id = {LOT})",
    f"DELETE FROM posting WHERE posting_id = {POSTING}",
    f"DELETE FROM lot WHERE lot_id = {LOT}",
]
FORGED = [
    ("INSERT INTO posting SELECT learner_id, gen_random_uuid(), institution_id, kind, lot_id, amount, effective_on,"
    " recorded_at, actor_id, reason, NULL, NULL, NULL, NULL, from_state, NULL, NULL, to_state, 2, 2 * amount"
    f" FROM posting WHERE lot_id = {LOT}")
]  # fmt: skip


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([f"UPDATE posting SET amount = amount + 1 WHERE lot_id = {LOT}"], {"check.balance", "check.chain", "check.lot", "check.commitment", "check.request"}),
        (EVERYWHERE, {"check.commitment", "check.request", "check.progress"}),
        ([f"UPDATE posting SET recorded_at = recorded_at - interval '1 year' WHERE lot_id = {LOT}"], {"check.commitment"}),
        ([f"UPDATE posting SET effective_on = effective_on + 1 WHERE lot_id = {LOT}"], {"check.commitment", "check.request"}),
        ([f"UPDATE lot SET title = 'x' WHERE lot_id = {LOT}"], {"check.commitment", "check.request"}),
        ([f"UPDATE lot SET field = 'arts' WHERE lot_id = {LOT}"], {"check.request"}),
        ([f"UPDATE lot SET grade = 'distinction', rule_row = 'x' WHERE lot_id = {LOT}"], {"check.request"}),
        ([f"UPDATE balance SET amount = amount + 1 WHERE lot_id = {LOT}"], {"check.balance", "check.progress"}),
        ([f"DELETE FROM balance WHERE lot_id = {LOT}"], {"check.balance", "check.progress"}),
        ([f"UPDATE posting SET to_state = 'held' WHERE lot_id = {LOT}", f"UPDATE balance SET state = 'held' WHERE lot_id = {LOT}"], {"check.entry_kind", "check.progress"}),
        ([f"UPDATE posting SET to_after = to_after + 1 WHERE lot_id = {LOT}"], {"check.chain"}),
        ([f"UPDATE posting SET to_version = 2 WHERE lot_id = {LOT}"], {"check.chain"}),
        ([f"DELETE FROM posting WHERE lot_id = {LOT}"], {"check.lot", "check.balance", "check.log_without_posting", "check.idempotency", "check.run"}),
        (REMOVED, {"check.log_without_posting", "check.progress"}),
        (FORGED, {"check.balance", "check.idempotency", "check.not_in_log", "check.salt", "check.lot"}),
        ([f"DELETE FROM log_leaf WHERE leaf_ref = {POSTING}::text"], {"check.not_in_log", "log.leaves_gap"}),
        ([f"UPDATE log_leaf SET commitment = sha256('x') WHERE leaf_ref = {POSTING}::text"], {"check.commitment", "log.leaf_differs", "log.root_differs"}),
        ([f"DELETE FROM leaf_salt WHERE leaf_ref = {POSTING}"], {"check.salt"}),
        ([f"UPDATE leaf_salt SET salt = sha256('x') WHERE leaf_ref = {POSTING}"], {"check.commitment"}),
        (["DELETE FROM log_outbox"], {"check.not_in_log"}),
        (["INSERT INTO log_outbox VALUES ('posting', 'nonsense', NULL, sha256('x'))"], {"check.log_without_posting"}),
        ([f"UPDATE posting SET institution_id = (SELECT id FROM institution WHERE code = 'dou') WHERE lot_id = {LOT}"], {"check.institution", "check.commitment"}),
        ([f"UPDATE balance SET institution_id = (SELECT id FROM institution WHERE code = 'dou') WHERE lot_id = {LOT}"], {"check.institution", "check.progress"}),
        (["UPDATE posting SET reverses = posting_id WHERE kind = 'reverse'"], {"check.reversal", "check.commitment", "check.claim"}),
        ([f"DELETE FROM idempotency WHERE posting_id = {POSTING}"], {"check.idempotency", "check.commitment"}),
        (["UPDATE claim SET credit = credit + 1 WHERE state = 'deposited'"], {"check.claim"}),
        (["UPDATE claim SET state = 'deposited' WHERE state = 'reversed'"], {"check.claim"}),
        (["UPDATE claim SET posting_id = gen_random_uuid() WHERE state = 'deposited'"], {"check.claim"}),
        (["UPDATE result SET lot_id = gen_random_uuid() WHERE lot_id IS NOT NULL"], {"check.result", "check.more"}),
        (["UPDATE import_run SET lots_posted = lots_posted + 1"], {"check.run"}),
        ([UNGUARDED, "UPDATE rule_version SET content = jsonb_set(content, '{unit}', '\"x\"')"], {"check.rule_version"}),
        ([UNGUARDED, "UPDATE rule_version SET content_hash = 'x'"], {"check.rule_version", "check.rule_version_log"}),
        ([UNGUARDED, "UPDATE rule_version SET effective_from = effective_from - 1"], {"check.rule_version_log", "check.rule_version_life"}),
        (["UPDATE rule_version SET state = 'suspended'"], {"check.rule_version_life"}),
        (["DELETE FROM rule_act"], {"check.rule_version_life"}),
        (["DELETE FROM log_leaf WHERE stream = 'rule_version'"], {"check.rule_version_log", "log.checkpoint_ahead"}),
        (["UPDATE progress SET counted = counted + 1"], {"check.progress", "check.more"}),
        (["UPDATE progress SET answer = '{}'"], {"check.progress", "check.more"}),
        ([f"DELETE FROM progress WHERE learner_id = (SELECT learner_id FROM lot WHERE lot_id = {LOT})"], {"check.progress"}),
    ],
)  # fmt: skip
def test_a_superusers_change_is_named(sound, statements, expected):
    bank, _ = sound
    change(bank, *statements)
    assert codes(bank) == expected


ACCESS = [
    ("DROP POLICY reads ON lot", "check.policy"),
    ("ALTER POLICY reads ON balance USING (true)", "check.policy"),
    ("ALTER POLICY adds ON claim WITH CHECK (institution_id IS NOT NULL)", "check.policy"),
    ("CREATE POLICY more ON posting FOR SELECT TO PUBLIC USING (true)", "check.policy"),
    ("ALTER TABLE notice DISABLE ROW LEVEL SECURITY", "check.policy"),
    (f"GRANT UPDATE ON posting TO {USERS['app']}", "check.grant_added"),
    (f"GRANT UPDATE (amount) ON lot TO {USERS['app']}", "check.grant_added"),
    (f"GRANT SELECT ON learner TO {USERS['sequencer']}", "check.grant_added"),
    (f"GRANT DELETE ON result TO {USERS['auditor']}", "check.grant_added"),
    ("GRANT SELECT ON django_session TO PUBLIC", "check.grant_added"),
    (f"REVOKE INSERT ON operation FROM {USERS['app']}", "check.grant_lacking"),
    ("ALTER TABLE lot DROP CONSTRAINT lot_parent", "check.key"),
    ("DROP INDEX posting_reversed_once", "check.key"),
    ("CREATE OR REPLACE FUNCTION posting_books() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'", "check.key"),
    ("ALTER VIEW entry SET (security_invoker = false)", "check.key"),
    (f"GRANT INSERT ON entry TO {USERS['app']}", "check.grant_added"),
    ("CREATE TABLE copied AS SELECT * FROM learner", "check.table_undeclared"),
    ("DROP TABLE throttle", "check.table_missing"),
]  # fmt: skip


def test_every_loosened_lock_is_named(sound):
    bank, _ = sound
    connections["auditor"].ensure_connection()

    def loosened():
        with connections["auditor"].cursor() as cursor:
            return [(line.code, *line.facts.values()) for line in check_access(cursor, USERS)]

    change(bank, "ALTER TABLE posting DISABLE TRIGGER posting_books")
    assert loosened() == [("check.key", "posting", "posting_books")]
    change(bank, "ALTER TABLE posting ENABLE TRIGGER posting_books")
    known = loosened()
    assert known == []
    for statement, expected in ACCESS:
        change(bank, statement)
        now = loosened()
        (new,) = set(now) - set(known) or {("nothing",)}
        assert new[0] == expected, statement
        assert new[1] in statement or "posting_books" in statement
        known = now
    assert codes(bank) >= {expected for _, expected in ACCESS}


def test_what_is_named_is_the_posting_that_was_changed(sound):
    bank, _ = sound
    posting, learner, lot = some(bank, f"SELECT posting_id, learner_id, lot_id FROM posting WHERE lot_id = {LOT}")
    change(bank, *EVERYWHERE)
    broken = found(bank)
    assert ("check.commitment", str(posting), str(learner)) in broken
    assert {line[1] for line in broken if line[0] == "check.commitment"} == {str(posting)}
    change(bank, f"UPDATE posting SET to_after = to_after + 7 WHERE lot_id = '{lot}'")
    (after, amount) = some(bank, f"SELECT to_after, amount FROM posting WHERE lot_id = '{lot}'")
    assert ("check.chain", "2", str(posting), str(learner), str(after), str(amount)) in found(bank)


def test_more_than_twenty_of_a_kind_are_counted(sound):
    bank, _ = sound
    (lots,) = some(bank, "SELECT count(*) FROM balance")
    change(bank, "UPDATE balance SET amount = amount + 1")
    lines, _ = check_bank(bank, USERS)
    of_balances = [line for line in lines if line.code == "check.balance"]
    assert len(of_balances) == 20
    assert lines[lines.index(of_balances[-1]) + 1].facts == {"count": lots - 20}


def test_a_corrupted_tile_and_a_removed_one_are_named(sound):
    bank, _ = sound
    tile = next(path for path in sorted((bank.log / "tile").rglob("*")) if path.is_file())
    kept = tile.read_bytes()
    tile.write_bytes(bytes([kept[0] ^ 1]) + kept[1:])
    assert codes(bank) <= {"log.tile_damaged", "log.file_damaged", "log.leaf_differs", "log.root_differs"}
    assert codes(bank)
    tile.unlink()
    assert codes(bank)
    tile.write_bytes(kept)
    assert codes(bank) == set()


def test_a_log_that_is_gone_is_not_taken_for_one_that_never_was(sound):
    bank, _ = sound
    shutil.rmtree(bank.log)
    bank.log.mkdir(mode=0o700)
    assert codes(bank) == {"check.log_key"}


def test_a_log_signed_anew_with_another_key_is_named(sound):
    bank, _ = sound
    vkey = (bank.log / "vkey").read_text()
    (bank.log / "vkey").write_text(vkey.replace("creditbank.local", "creditbank.local2"))
    assert codes(bank) == {"check.log_key"}


def test_a_damaged_or_missing_evidence_file_is_named_and_a_stray_one_only_counted(sound):
    bank, _ = sound
    (sha256, claims) = some(bank, "SELECT sha256, count(*) FROM evidence GROUP BY 1")
    assert claims == 3
    file = bank.files / sha256[:2] / sha256[2:4] / sha256
    kept = file.read_bytes()
    file.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
    assert {line[:2] for line in found(bank)} == {("check.evidence", sha256)}
    file.unlink()
    assert {line[:2] for line in found(bank)} == {("check.evidence", sha256)}
    file.write_bytes(kept)
    stray = bank.files / "ab" / "cd" / ("abcd" + "0" * 60)
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"an upload that was never finished")
    lines, _ = check_bank(bank, USERS)
    assert [(line.code, line.verdict, line.facts) for line in lines] == [
        ("check.files_without_record", Verdict.NOTE, {"count": 1})
    ]


def test_a_lost_data_key_is_named_and_not_replaced(sound):
    bank, _ = sound
    key = bank.keys / "data.json"
    kept = key.read_bytes()
    key.unlink()
    try:
        assert codes(bank) == {"check.evidence"}
        assert not key.exists()
    finally:
        key.write_bytes(kept)
        key.chmod(0o600)


def test_a_learner_whose_ledger_moved_on_is_not_compared_before_the_projection_is(sound):
    bank, cast = sound
    with superuser(bank) as connection:
        (learner,) = connection.execute(f"SELECT learner_id FROM lot WHERE lot_id = {LOT}").fetchone()
    post(cast, deposit(learner, "more", 6000))
    assert codes(bank) == set()
    with acting_for(institution=cast.college, purpose="test") as scope:
        drain_progress(scope=scope, at=AT, on=ON)
    assert codes(bank) == set()


def test_the_digest_tells_what_is_held_and_nothing_of_ids_or_times(sound):
    bank, _ = sound
    before = digest(connections["auditor"])
    assert len(before) == 64
    change(
        bank,
        "UPDATE posting SET recorded_at = recorded_at + interval '1 day'",
        "UPDATE import_run SET run_id = gen_random_uuid()",
    )
    assert digest(connections["auditor"]) == before
    seen = {before}
    for statement in (
        f"UPDATE balance SET amount = amount - 1 WHERE lot_id = {LOT}",
        f"UPDATE lot SET field = 'arts' WHERE lot_id = {LOT}",
        "UPDATE result SET mark = 80.01 WHERE mark = 80",
        "UPDATE claim SET state = 'withdrawn' WHERE state = 'submitted'",
        "UPDATE enrolment SET student_number = student_number || 'x'",
        f"{UNGUARDED}; UPDATE rule_version SET content_hash = content_hash || 'x'",
        "DELETE FROM posting WHERE kind = 'reverse'",
        "DELETE FROM enrolment WHERE institution_id = (SELECT id FROM institution WHERE code = 'dou')",
    ):
        change(bank, statement)
        seen.add(digest(connections["auditor"]))
    assert len(seen) == 9


def test_the_command_says_what_is_broken_and_exits_with_1(sound, capsys):
    bank, _ = sound

    def said(*words):
        status = main(["--bank", str(bank.home), "check", *words])
        return status, capsys.readouterr().out

    status, out = said()
    assert (status, out.count("\n")) == (0, 1)
    assert out.endswith("Every promise holds.\n")
    status, out = said("--json")
    assert (status, json.loads(out)["sound"], json.loads(out)["found"]) == (0, True, [])
    status, out = said("--digest")
    assert (status, out.strip()) == (0, digest(connections["auditor"]))
    posting, learner = some(bank, f"SELECT posting_id, learner_id FROM posting WHERE lot_id = {LOT}")
    change(bank, *EVERYWHERE[:3])
    status, out = said()
    assert status == 1
    assert f"✗ Posting {posting} of learner {learner} is not what the log committed to" in out
    assert out.endswith("promises are broken.\n")
    status, out = said("--json")
    answer = json.loads(out)
    assert (status, answer["sound"]) == (1, False)
    assert "check.commitment" in {line["code"] for line in answer["found"]}
    assert all("{" not in line["said"] for line in answer["found"])


def test_every_sentence_of_the_check_can_be_reached_by_name():
    assert all(code.startswith("check.") and sentence for code, sentence in MESSAGES.items())
