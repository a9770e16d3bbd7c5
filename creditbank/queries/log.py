"""What the log can tell: where a record stands, its proof, and whether everything still fits."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from psycopg import Cursor
from psycopg.rows import tuple_row

from creditbank.domain.explanation import Line, Verdict
from creditbank.domain.log.check import SHOWN, compare, no, some
from creditbank.domain.log.checkpoint import Checkpoint, NoteFormatError, VerifierKey, read_checkpoint
from creditbank.domain.log.leaf import STREAMS
from creditbank.domain.log.proof import LeafProof, ProofFile
from creditbank.domain.log.tiles import TreeReader
from creditbank.gateways.problem import Problem
from creditbank.gateways.signing import verify_ed25519

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from psycopg import Connection, Cursor

    from creditbank.domain.explanation import Explanation
    from creditbank.gateways.log_files import TileStore


class LogProblem(Problem):
    """The log refuses to sign or to answer; the message says why, what stands, and what to do."""


def find_index(connection: Connection[Any], stream: str, leaf_ref: str) -> int | None:
    """The index of a record's leaf, or None while it waits, or when it was never logged."""
    with _plain_cursor(connection) as cursor:
        cursor.execute("SELECT log_index FROM log_leaf WHERE stream = %s AND leaf_ref = %s", (stream, leaf_ref))
        row = cursor.fetchone()
    return None if row is None else int(row[0])


def read_state(store: TileStore, vkey: VerifierKey) -> tuple[Checkpoint, str]:
    """The published checkpoint, its signature checked, and its signed text.

    Raises:
        LogProblem: there is none, it cannot be read, or the key did not sign it.
    """
    state = read_published(store, vkey)
    text = store.read_checkpoint()
    if state is None or text is None:
        raise LogProblem(
            en=f"The log in {store.folder} has no checkpoint yet. Run the worker once, then ask again.",
            zh=f"{store.folder} 中的日志尚无检查点。请先运行一次后台任务，再重新查询。",
        )
    return state, text


def prove_leaves(store: TileStore, vkey: VerifierKey, indexes: Iterable[int]) -> list[LeafProof]:
    """Proofs of leaves under the published checkpoint; every tile they come from is hashed.

    Raises:
        LogProblem: as for :func:`read_state`.
        TileDamagedError: a tile is missing or damaged; it is named.
        ValueError: the checkpoint covers no such leaf.
    """
    state, text = read_state(store, vkey)
    tree = TreeReader(state.size, state.root, store.fetch)
    return [LeafProof(index, tree.inclusion(index), text) for index in indexes]


def prove_leaf(store: TileStore, vkey: VerifierKey, index: int) -> LeafProof:
    """The proof of one leaf; see :func:`prove_leaves`."""
    return prove_leaves(store, vkey, [index])[0]


def prove_record(
    store: TileStore, vkey: VerifierKey, *, index: int, record: Mapping[str, Any], salt: bytes
) -> ProofFile:
    """The ``creditbank.proof/1`` file of a record; see :func:`prove_leaves` for what may fail."""
    return ProofFile.of(record=record, salt=salt, proof=prove_leaf(store, vkey, index), log_key=str(vkey))


def prove_growth(store: TileStore, vkey: VerifierKey, old: int) -> tuple[Checkpoint, tuple[bytes, ...]]:
    """The published state, and the proof that it grew out of the log of ``old`` leaves."""
    state, _ = read_state(store, vkey)
    return state, TreeReader(state.size, state.root, store.fetch).consistency(old)


def check_log(connection: Connection[Any], store: TileStore, vkey: VerifierKey) -> Explanation:
    """Every problem of the log, none when all is well: leaves dense; files, root and signature right.

    Leaves that were trimmed from ``log_leaf`` are taken from the entry bundles, and so checked against the
    root alone. NO is damage, NOTE is only unfinished.
    """
    # The checkpoint first: the database is never behind it, whatever the sequencer does meanwhile.
    text = store.read_checkpoint()
    with log_cursor(connection) as cursor:
        size = database_size(cursor)
        problems = _odd_rows(cursor)
        if text is None:
            return (*problems, *([no("log.no_checkpoint", size=size)] if size else []))
        try:
            state, note = read_checkpoint(text)
        except NoteFormatError as error:
            return (*problems, no("log.checkpoint_unreadable", reason=str(error)))
        if state.origin != vkey.name or vkey not in note.signed_by([vkey], verify_ed25519):
            problems.append(no("log.checkpoint_foreign", key=str(vkey)))
        if state.size > size:
            return (*problems, no("log.checkpoint_ahead", published=state.size, size=size))
        if size > state.size:
            problems.append(Line("log.leaves_unpublished", Verdict.NOTE, {"count": size - state.size}))
        found = compare(state, store.fetch, lambda low, high: read_commitments(cursor, low, high))
        leaves = _named_leaves(cursor, found.leaves[: SHOWN + 1])
        return (*problems, *found.root, *some(leaves), *some(found.missing), *some(found.damaged))


def read_published(store: TileStore, vkey: VerifierKey) -> Checkpoint | None:
    """The checkpoint on disk, if there is one, signed by this key and of its origin."""
    text = store.read_checkpoint()
    if text is None:
        return None
    place = store.folder / "checkpoint"
    try:
        state, note = read_checkpoint(text)
    except NoteFormatError as error:
        raise LogProblem(
            en=f"{place} is damaged: {error}. Nothing was signed. Restore it from a backup or from a public copy.",
            zh=f"{place} 已损坏：{error}。没有签名。请从备份或公开副本恢复它。",
        ) from None
    if state.origin != vkey.name or vkey not in note.signed_by([vkey], verify_ed25519):
        raise LogProblem(
            en=f"{place} is not signed by the key {vkey}. Nothing was signed. Log and keys must come from one bank.",
            zh=f"{place} 不是由密钥 {vkey} 签名的。没有签名。日志与密钥必须出自同一家学分银行。",
        )
    return state


@contextmanager
def log_cursor(connection: Connection[Any]) -> Iterator[Cursor[tuple[Any, ...]]]:
    """A cursor in a transaction of its own, whatever rows and cursors the connection is set to give."""
    with connection.transaction(), _plain_cursor(connection) as cursor:
        yield cursor


def _plain_cursor(connection: Connection[Any]) -> Cursor[tuple[Any, ...]]:
    # Django's connections make cursors that bind on the client and know no binary results.
    return Cursor(connection, row_factory=tuple_row)


def database_size(cursor: Cursor[tuple[Any, ...]]) -> int:
    """How many leaves the database has numbered."""
    cursor.execute("SELECT coalesce(max(log_index) + 1, 0) FROM log_leaf")
    row = cursor.fetchone()
    return int(row[0]) if row else 0


def read_commitments(cursor: Cursor[tuple[Any, ...]], low: int, high: int) -> dict[int, bytes]:
    """The commitments that the database keeps of the leaves from ``low`` up to ``high``, by index."""
    cursor.execute(
        "SELECT log_index, commitment FROM log_leaf WHERE log_index >= %s AND log_index < %s",
        (low, high),
        binary=True,
    )
    return dict(cursor.fetchall())


def _odd_rows(cursor: Cursor[tuple[Any, ...]]) -> list[Line]:
    cursor.execute(
        "SELECT log_index + 1 FROM (SELECT log_index, lead(log_index) OVER (ORDER BY log_index) AS next"
        " FROM log_leaf) AS pairs WHERE next <> log_index + 1 ORDER BY 1 LIMIT %s",
        (SHOWN + 1,),
    )
    gaps = [no("log.leaves_gap", index=index) for (index,) in cursor.fetchall()]
    cursor.execute(
        "SELECT log_index, stream FROM log_leaf WHERE stream <> ALL(%s) ORDER BY 1 LIMIT %s",
        (sorted(STREAMS), SHOWN + 1),
    )
    strange = [no("log.leaf_of_no_stream", index=index, stream=stream) for index, stream in cursor.fetchall()]
    cursor.execute(
        "SELECT stream, leaf_ref, log_index FROM log_outbox JOIN log_leaf USING (stream, leaf_ref)"
        " WHERE log_outbox.commitment <> log_leaf.commitment ORDER BY 3 LIMIT %s",
        (SHOWN + 1,),
    )
    waiting = [
        no("log.waiting_differs", stream=stream, leaf_ref=leaf_ref, index=index)
        for stream, leaf_ref, index in cursor.fetchall()
    ]
    return [*some(gaps), *some(strange), *some(waiting)]


def _named_leaves(cursor: Cursor[tuple[Any, ...]], indexes: Sequence[int]) -> list[Line]:
    cursor.execute(
        "SELECT log_index, stream, leaf_ref FROM log_leaf WHERE log_index = ANY(%s) ORDER BY 1",
        (list(indexes),),
    )
    return [
        no("log.leaf_differs", index=index, stream=stream, leaf_ref=leaf_ref)
        for index, stream, leaf_ref in cursor.fetchall()
    ]
