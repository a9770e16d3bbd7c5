"""Signed notes, keys and proof texts: one spelling each, and nothing else is read."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creditbank.domain.explanation import Verdict, worst
from creditbank.domain.log.checkpoint import Checkpoint, Note, NoteFormatError, VerifierKey, decimal, decoded
from creditbank.domain.log.checkpoint import read_checkpoint as read
from creditbank.domain.log.proof import MESSAGES, LeafProof, ProofUnreadableError, judge, read_proof
from creditbank.gateways.signing import LogSigner, verify_ed25519

VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text(encoding="utf-8"))
SIGNED = VECTORS["checkpoint"]
KEY = VerifierKey.parse(VECTORS["key"]["vkey"])
WITNESS = LogSigner.from_seed("witness.example/w", bytes(32))
STATE, NOTE = read(SIGNED)


def test_a_note_with_a_witness_beside_the_log_is_still_the_logs():
    line = f"— witness.example/w {base64.b64encode(WITNESS.vkey.key_id + bytes(72)).decode()}\n"
    note = Note.parse(SIGNED + line)
    assert str(note) == SIGNED + line
    assert note.signed_by([KEY], verify_ed25519) == (KEY,)


def test_a_wrong_signature_of_a_known_key_spoils_the_whole_note():
    good = f"— witness.example/w {base64.b64encode(WITNESS.vkey.key_id + WITNESS.sign(NOTE.text.encode())).decode()}\n"
    bad = f"— witness.example/w {base64.b64encode(WITNESS.vkey.key_id + bytes(64)).decode()}\n"
    keys = [KEY, WITNESS.vkey]
    assert Note.parse(SIGNED + good).signed_by(keys, verify_ed25519) == (KEY, WITNESS.vkey)
    assert Note.parse(SIGNED + bad).signed_by(keys, verify_ed25519) == ()


def test_a_key_of_the_same_name_is_not_the_key():
    other = LogSigner.from_seed(KEY.name, bytes(32)).vkey
    assert NOTE.signed_by([other], verify_ed25519) == ()


@pytest.mark.parametrize(
    "written",
    [
        "",
        "text\n",
        "text\n\n",
        "\n\n— a AAAAAAAA\n",
        SIGNED[:-1],
        SIGNED.replace("—", "-"),
        SIGNED.replace("\n\n", "\n\t\n"),
        SIGNED.replace("\n", "\r\n"),
        SIGNED + "— name\n",
        SIGNED + "— na+me AAAAAAAAAAA=\n",
        SIGNED + "— name AAAA\n",
        SIGNED + "— name AAAAAAAAAAB=\n",
        SIGNED + "— name AAAAAAAAAAA= \n",
        SIGNED + "— name AAAAAAAAAAA=\n" * 70,
        "x" * 1_000_001,
    ],
)
def test_what_is_no_signed_note_is_refused(written):
    with pytest.raises(NoteFormatError):
        Note.parse(written)


@pytest.mark.parametrize(
    "text",
    [
        "origin\n1\n",
        "origin\n1\nAAAA\n",
        f"origin\n01\n{'A' * 43}=\n",
        f"origin\n+1\n{'A' * 43}=\n",
        f"origin\n１\n{'A' * 43}=\n",
        f"origin\n-1\n{'A' * 43}=\n",
        f"\n1\n{'A' * 43}=\n",
        f"origin\n9223372036854775808\n{'A' * 43}=\n",
        f"origin\n1\n{'A' * 42}B=\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text):
    with pytest.raises(NoteFormatError):
        Checkpoint.parse(text)


def test_a_checkpoint_may_have_lines_after_the_root():
    assert Checkpoint.parse(STATE.text() + "extension\n") == STATE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name+00000000",
        f"{KEY.name}+00000000+{str(KEY).rpartition('+')[2]}",
        str(KEY).replace("+AQ", "+Ag"),
        str(KEY)[:-4],
        "na me+" + str(KEY).split("+", 1)[1],
    ],
)
def test_what_is_no_key_is_refused(text):
    with pytest.raises(NoteFormatError):
        VerifierKey.parse(text)


@given(st.integers(0, 2**63 - 1))
def test_a_number_has_one_spelling(number):
    assert decimal(str(number)) == number
    with pytest.raises(NoteFormatError):
        decimal(f"0{number}")


@given(st.binary(max_size=80))
def test_base64_has_one_spelling(data):
    text = base64.b64encode(data).decode()
    assert decoded(text) == data
    with pytest.raises(NoteFormatError):
        decoded(text + "\n")


def test_a_proof_text_comes_back_as_it_was():
    proof = LeafProof.parse(VECTORS["proof_file"]["proof"])
    assert str(proof) == VECTORS["proof_file"]["proof"]
    head, rest = str(proof).split("\n", 1)
    assert LeafProof.parse(f"{head}\nextra AAAA\n{rest}") == proof


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("c2sp.org/tlog-proof@v1", "c2sp.org/tlog-proof@v2"),
        ("index 255", "index 0255"),
        ("index 255", "place 255"),
        ("index 255\n", ""),
        ("index 255\n", "index 255\nAAAA\n"),
        ("index 255\n", "index 255\n" + f"{'A' * 43}=\n" * 64),
        ("index 255\n", "extra !\nindex 255\n"),
        ("\n\n", "\n"),
    ],
)
def test_what_is_no_proof_text_is_refused(old, new):
    with pytest.raises(NoteFormatError):
        LeafProof.parse(VECTORS["proof_file"]["proof"].replace(old, new))


def judged(pinned=(), **changes):
    file = read_proof(json.dumps({**VECTORS["proof_file"], **changes}))
    return judge(file, list(pinned), verify_ed25519)


def codes(explanation, verdict):
    return [line.code for line in explanation if line.verdict is verdict]


def test_a_proof_whose_key_nobody_named_is_only_consistent():
    assert worst(judged()) is Verdict.ASK
    assert codes(judged(), Verdict.ASK) == ["log.key_unpinned"]
    assert worst(judged([KEY])) is Verdict.YES
    assert codes(judged([WITNESS.vkey]), Verdict.NO) == ["log.key_other"]
    assert worst(judged([WITNESS.vkey, KEY])) is Verdict.YES


PROOF = VECTORS["proof_file"]["proof"]
HASH = PROOF.split("\n")[2]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"record": {**VECTORS["proof_file"]["record"], "number": 7}}, "log.record_not_included"),
        ({"record": {"credit": 1.0}}, "log.commitment_impossible"),
        ({"record": {"big": 2**60}}, "log.commitment_impossible"),
        ({"record": {"half": "\ud800"}}, "log.commitment_impossible"),
        ({"salt": "00" * 32}, "log.record_not_included"),
        ({"salt": "00" * 31}, "log.commitment_impossible"),
        ({"salt": VECTORS["proof_file"]["salt"].upper()}, "log.commitment_impossible"),
        ({"index": 254}, "log.parts_differ"),
        ({"index": 254, "proof": PROOF.replace("index 255", "index 254")}, "log.record_not_included"),
        ({"index": 300, "proof": PROOF.replace("index 255", "index 300")}, "log.record_not_included"),
        ({"checkpoint": SIGNED + "\n"}, "log.parts_differ"),
        ({"proof": PROOF.replace(HASH, f"{'A' * 43}=")}, "log.record_not_included"),
        ({"proof": PROOF.replace(HASH + "\n", "")}, "log.record_not_included"),
        ({"proof": PROOF.replace(HASH, "AAAA")}, "log.proof_misshapen"),
        ({"proof": ""}, "log.proof_misshapen"),
        ({"log_key": ""}, "log.key_misshapen"),
        ({"log_key": str(WITNESS.vkey)}, "log.checkpoint_unsigned"),
        (
            {
                "checkpoint": SIGNED.replace("\n300\n", "\n301\n"),
                "proof": PROOF.replace("\n300\n", "\n301\n"),
            },
            "log.checkpoint_unsigned",
        ),
    ],
)
def test_every_change_of_a_proof_file_is_found(changes, code):
    found = judged([KEY], **changes)
    assert worst(found) is Verdict.NO
    assert code in codes(found, Verdict.NO)


def test_a_checkpoint_signed_under_another_origin_is_refused():
    signer = LogSigner.from_seed(KEY.name, bytes.fromhex(VECTORS["key"]["seed"]))
    foreign = Checkpoint("other.example/log", STATE.size, STATE.root)
    signed = foreign.signed([signer.vkey], [signer.sign(foreign.text().encode())])
    found = judged([KEY], checkpoint=signed, proof=PROOF.replace(SIGNED, signed))
    assert codes(found, Verdict.NO) == ["log.origin_differs"]


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_no_changed_character_anywhere_leaves_a_proof_valid(data):
    name = data.draw(st.sampled_from(["salt", "proof", "checkpoint", "log_key"]))
    text = VECTORS["proof_file"][name]
    place = data.draw(st.integers(0, len(text) - 1))
    sign = data.draw(st.characters(codec="utf-8").filter(lambda sign: sign != text[place]))
    assert worst(judged([KEY], **{name: text[:place] + sign + text[place + 1 :]})) is Verdict.NO


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not JSON"),
        ("[]", "does not hold a JSON object"),
        ("{}", "schema is not"),
        ('{"schema": NaN}', "a number that JSON does not have"),
        ('{"schema": "a", "schema": "b"}', "the member schema twice"),
        ("[" * 100_000, "nested"),
        (json.dumps({**VECTORS["proof_file"], "more": 1}), "does not have: more"),
        (json.dumps({**VECTORS["proof_file"], "index": True}), "member index of the file is not a whole"),
        (json.dumps({**VECTORS["proof_file"], "record": []}), "member record of the file is not an object"),
        (
            json.dumps({k: v for k, v in VECTORS["proof_file"].items() if k != "salt"}),
            "lacks the member salt",
        ),
        (
            json.dumps({**VECTORS["proof_file"], "schema": "creditbank.proof/2"}),
            "schema is not creditbank.proof/1",
        ),
        ("9" * 5000, "too long"),
    ],
)
def test_what_is_no_proof_file_is_unreadable(text, reason):
    with pytest.raises(ProofUnreadableError, match=reason):
        read_proof(text)


def test_every_line_has_its_sentence():
    seen = {line.code for changes in ({}, {"salt": ""}, {"proof": ""}) for line in judged(**changes)}
    for explanation in (judged(), judged([KEY]), judged([WITNESS.vkey], index=1), judged(salt="", proof="")):
        for line in explanation:
            assert MESSAGES[line.code].format(**line.facts)
    assert seen <= MESSAGES.keys()
