"""How fast the log takes leaves to a durable signed checkpoint, and how fast proofs are verified."""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from pathlib import Path

from creditbank.domain.log.merkle import leaf_hash, verify_inclusion
from creditbank.domain.log.tiles import Edge, grow
from creditbank.gateways import clock
from creditbank.gateways.log_files import TileStore
from creditbank.gateways.signing import LogSigner
from creditbank.queries.log import check_log, prove_leaves, read_state
from creditbank.services.log import sequence_once

LEAST_LEAVES, LEAST_PROOFS, LONGEST_BATCH = 25_000, 25_000, 1.0


def measure_log(connection, folder, leaves=50_000):
    """Sequence, prove and verify; the connection may fill ``log_outbox``, and both tables are empty.

    Returns:
        Rows of name, value, unit, limit, and whether more or less is better. Filling the outbox is not timed: the
        ledger's batch does that in its own benchmark.
    """
    signer = LogSigner.from_seed("bench.example/log", bytes(32))
    store = TileStore(Path(folder) / "log")
    with (
        connection.cursor() as cursor,
        cursor.copy("COPY log_outbox (stream, leaf_ref, commitment) FROM STDIN") as rows,
    ):
        for number in range(leaves):
            rows.write_row(("posting", str(clock.new_id()), hashlib.sha256(b"%d" % number).digest()))
    connection.commit()
    longest, size, began = 0.0, 0, clock.monotonic()
    while size < leaves:
        start = clock.monotonic()
        size = sequence_once(connection=connection, store=store, signer=signer).size
        longest = max(longest, clock.monotonic() - start)
    sequenced = clock.monotonic() - began

    commitments = [hashlib.sha256(b"%d" % number).digest() for number in range(leaves)]
    start = clock.monotonic()
    grow(Edge(), commitments)
    tiles_alone = clock.monotonic() - start

    step = max(1, leaves // 10_000)
    start = clock.monotonic()
    proofs = prove_leaves(store, signer.vkey, range(0, leaves, step))
    proving = clock.monotonic() - start
    state, _ = read_state(store, signer.vkey)
    found = dict(connection.execute("SELECT log_index, commitment FROM log_leaf").fetchall())
    asked = [(leaf_hash(bytes(found[proof.index])), proof.index, proof.path) for proof in proofs]
    start = clock.monotonic()
    held = sum(verify_inclusion(leaf, index, state.size, path, state.root) for leaf, index, path in asked)
    verifying = clock.monotonic() - start
    if held != len(asked):
        raise AssertionError(f"{len(asked) - held} proofs of {len(asked)} do not hold")

    start = clock.monotonic()
    if problems := check_log(connection, store, signer.vkey):
        raise AssertionError(problems)
    checking = clock.monotonic() - start
    return [
        _row("leaves to a durable signed checkpoint, database included", leaves / sequenced, "/s", LEAST_LEAVES),
        _row("longest wait for a checkpoint", longest, "s", LONGEST_BATCH, better="less"),
        _row("tiles alone", leaves / tiles_alone, "leaves/s"),
        _row("proofs verified", len(asked) / verifying, "/s", LEAST_PROOFS),
        _row("proofs made from tiles", len(proofs) / proving, "/s"),
        _row("leaves checked against files and root", leaves / checking, "/s"),
    ]


def run(leaves=50_000):
    """Measure on a fresh database of the session's embedded server, durable as in a bank."""
    from creditbank.gateways import database
    from creditbank.gateways.bank import Bank

    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        bank = Bank(Path(folder) / "bank")
        with (
            database.lease(bank, "bench", tell=lambda _said: None),
            database.superuser(bank).connect() as connection,
        ):
            connection.execute(
                "CREATE TABLE log_outbox (stream text NOT NULL, leaf_ref text NOT NULL, subject_id uuid, commitment bytea"
                " NOT NULL CHECK (octet_length(commitment)=32), queued_at timestamptz NOT NULL DEFAULT now(),"
                " PRIMARY KEY (stream, leaf_ref))"
            )
            connection.execute(
                "CREATE TABLE log_leaf (log_index bigint PRIMARY KEY, stream text NOT NULL, leaf_ref text NOT NULL,"
                " commitment bytea NOT NULL, UNIQUE (stream, leaf_ref))"
            )
            connection.commit()
            return measure_log(connection, folder, leaves)


def _row(name, value, unit, limit=None, better="more"):
    return {"name": name, "value": round(value, 3), "unit": unit, "limit": limit, "better": better}


if __name__ == "__main__":
    for row in run(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000):
        sys.stdout.write(json.dumps(row) + "\n")
