"""What the tests of the log do again and again: put records into the queue, run the sequencer, read the log."""

from __future__ import annotations

import hashlib

from creditbank.domain.log.checkpoint import read_checkpoint
from creditbank.domain.log.tiles import Edge, all_paths, grow
from creditbank.gateways.signing import LogSigner
from creditbank.services.log import sequence_once

SIGNER = LogSigner.from_seed("bank.example/log", bytes(range(32)))


class StoppedError(Exception):
    """What a test raises in the middle."""


def commitment(name):
    return hashlib.sha256(str(name).encode()).digest()


def queue(clerk, names, stream="posting"):
    with (
        clerk.cursor() as cursor,
        cursor.copy("COPY log_outbox (stream, leaf_ref, commitment) FROM STDIN") as copy,
    ):
        for name in names:
            copy.write_row((stream, str(name), commitment(name)))


def waiting(clerk):
    return clerk.execute("SELECT count(*) FROM log_outbox").fetchone()[0]


def leaves(clerk):
    rows = clerk.execute("SELECT log_index, stream, leaf_ref, commitment FROM log_leaf ORDER BY 1").fetchall()
    assert [row[0] for row in rows] == list(range(len(rows)))
    return rows


def files(store):
    return {
        path.relative_to(store.folder).as_posix(): path.read_bytes()
        for path in store.folder.glob("**/*")
        if path.is_file() and path.name != ".lock"
    }


def run(connection, store, **more):
    return sequence_once(connection=connection, store=store, signer=SIGNER, **more)


def expected_tree(clerk):
    edge, tree = grow(Edge(), [row[3] for row in leaves(clerk)])
    wanted = set(all_paths(edge.size))
    return edge, {path: data for path, data in tree.items() if path in wanted}


def settled(clerk, store):
    """The files of the log without the partial ones of earlier checkpoints, after a full comparison."""
    edge, tree = expected_tree(clerk)
    state, _ = read_checkpoint(store.read_checkpoint())
    assert (state.size, state.root) == (edge.size, edge.root())
    found = files(store)
    assert tree.items() <= found.items()
    return found
