"""The log's sequencer: takes waiting leaves, numbers them, publishes tiles and a signed checkpoint."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from psycopg import OperationalError
from psycopg.errors import LockNotAvailable, UniqueViolation
from psycopg.pq import TransactionStatus

from creditbank.domain.log.check import CHUNK
from creditbank.domain.log.checkpoint import Checkpoint
from creditbank.domain.log.merkle import EMPTY_ROOT, leaf_hash
from creditbank.domain.log.tiles import TreeReader, all_paths, filled, grow, read_edge
from creditbank.gateways import keys
from creditbank.gateways.bank import Bank
from creditbank.gateways.clock import new_id
from creditbank.gateways.log_files import TileStore
from creditbank.gateways.log_files import export_log as _copy
from creditbank.gateways.signing import open_or_create_log_key
from creditbank.queries.log import (
    LogProblem,
    database_size,
    log_cursor,
    read_commitments,
    read_published,
    read_state,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from psycopg import Connection, Cursor

    from creditbank.domain.log.checkpoint import VerifierKey

STEPS = (
    "locked",
    "inserted",
    "committed",
    "files_begun",
    "files_synced",
    "files_renamed",
    "tiles_written",
    "signed",
    "checkpoint_begun",
    "checkpoint_synced",
    "checkpoint_renamed",
    "published",
    "deleted",
    "done",
)
"""Where a run may be stopped and lose nothing, in order; ``at`` is called with each."""

_LOCK = 0x63726564_6C6F6700
"""The advisory lock that makes the sequencer one."""
_PATIENCE = "30s"
_COMPARED = 1 << 18
"""So many of the newest leaves are compared with the checkpoint before a process first signs."""


class Signer(Protocol):
    """What the sequencer needs of the log's key."""

    @property
    def vkey(self) -> VerifierKey:
        """The public key."""

    def sign(self, message: bytes) -> bytes:
        """The Ed25519 signature of a message."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the log stands: its published size and root, and how many leaves this run took in."""

    size: int
    root: bytes
    taken: int


def _nothing(_step: str) -> None:
    """No failpoint."""


def sequence_once(
    *,
    connection: Connection[Any],
    store: TileStore,
    signer: Signer,
    batch: int = 16_384,
    at: Callable[[str], None] = _nothing,
) -> Progress:
    """Take one batch from ``log_outbox`` into the log, and publish a signed checkpoint over it.

    The connection is the sequencer's own, outside any transaction. A run that was stopped anywhere is
    finished by the next one: leaves are numbered once and for ever, files are a function of the leaves, and
    an outbox row goes only when the checkpoint covers its leaf. Without anything new, nothing is signed.

    Raises:
        LogProblem: another sequencer does not finish; the checkpoint is not this key's; it counts
            leaves that the database does not have (an older backup was restored), or their root differs.
        TileDamagedError: the files that the next leaves are added to are damaged.
        LogStoreProblem: the disk refuses; nothing is lost, the next run goes on.
    """
    if connection.info.transaction_status != TransactionStatus.IDLE:
        raise ValueError("the sequencer needs a connection that is not in a transaction")
    with store.exclusive(), _alone(connection):
        at("locked")
        published = read_published(store, signer.vkey)
        start = published or Checkpoint(signer.vkey.name, 0, EMPTY_ROOT)
        edge = read_edge(start.size, start.root, store.fetch)
        with log_cursor(connection) as cursor:
            size = database_size(cursor)
            if start.size > size:
                raise LogProblem(
                    en=f"The published log has {start.size} leaves, the database only {size}: it was "
                    "probably restored from an older backup. Nothing was signed or changed. Restore the "
                    "newest backup; never remove the checkpoint: others may hold it already.",
                    zh=f"已公布的日志有 {start.size} 个叶子，数据库中只有 {size} 个："
                    "数据库很可能是从较旧的备份恢复的。没有签名，也没有任何改动。"
                    "请恢复最新的备份；切勿删除检查点，他人可能已持有它。",
                )
            fresh = store.confirmed != start.size
            if fresh:
                _compare(cursor, start, store)
            # Leaves that a stopped run has numbered come first; only the rest of the batch is taken anew.
            taken = _take(cursor, size, max(0, batch - (size - start.size)))
            at("inserted")
        at("committed")

        with log_cursor(connection) as cursor:
            commitments = _leaves(cursor, start.size, min(start.size + batch, database_size(cursor)))
        grown, files = grow(edge, commitments)
        if files or published is None:
            store.write(files, at)
            at("tiles_written")
            store.discard_partials(filled(start.size, grown.size))
            state = Checkpoint(signer.vkey.name, grown.size, grown.root())
            text = state.signed([signer.vkey], [signer.sign(state.text().encode())])
            at("signed")
            store.write_checkpoint(text, at)
            at("published")
        store.confirmed = grown.size
        if files or fresh:
            with log_cursor(connection) as cursor:
                _forget(cursor, 0 if fresh else start.size, grown.size)
                at("deleted")
        at("done")
    return Progress(grown.size, grown.root(), taken)


def publish_waiting(connection: Connection[Any], bank: Bank) -> int:
    """Take everything that waits into the log, batch by batch; tells how many leaves the log has then.

    The connection is the sequencer's, outside any transaction. For commands that end; a worker keeps one store.
    """
    store, signer = TileStore(bank.log), open_or_create_log_key(bank, log_origin(bank))
    while True:
        progress = sequence_once(connection=connection, store=store, signer=signer)
        if not progress.taken:
            return progress.size


def log_origin(bank: Bank) -> str:
    """The name the log signs under: CREDITBANK_ORIGIN, else the one its key was made with, else a new local one."""
    known = keys.read(bank, "log")
    return os.environ.get("CREDITBANK_ORIGIN") or (known or {}).get("origin") or f"creditbank.local/{new_id()}"


def export_log(store: TileStore, vkey: VerifierKey, folder: Path) -> Checkpoint:
    """Copy the published log into a new folder that can be served as it is; see :func:`read_state`."""
    state, text = read_state(store, vkey)
    _copy(store, all_paths(state.size), text, folder)
    return state


def _first_kept(cursor: Cursor[tuple[Any, ...]]) -> int:
    cursor.execute("SELECT coalesce(min(log_index), 0) FROM log_leaf")
    row = cursor.fetchone()
    return int(row[0]) if row else 0


@contextmanager
def _alone(connection: Connection[Any]) -> Iterator[None]:
    """Be the one sequencer of this database; wait a while for the turn."""
    try:
        with log_cursor(connection) as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", (_PATIENCE,))
            cursor.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
    except LockNotAvailable as error:
        raise LogProblem(
            en=f"Another sequencer has been at work for {_PATIENCE}. Nothing was changed; the next run tries again.",
            zh=f"另一个日志定序进程已占用 {_PATIENCE}。没有任何改动；下次运行会重试。",
        ) from error
    try:
        yield
    finally:
        # A lost connection has lost the lock with it.
        with suppress(OperationalError), log_cursor(connection) as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))


def _leaves(cursor: Cursor[tuple[Any, ...]], low: int, high: int) -> list[bytes]:
    """The commitments of a range of leaves, none of which may be missing."""
    rows = read_commitments(cursor, low, high)
    try:
        return [rows[index] for index in range(low, high)]
    except KeyError as error:
        raise LogProblem(
            en=f"Leaf {error} is missing in the database. Nothing was signed. Restore the newest backup.",
            zh=f"数据库缺少叶子 {error}。没有签名。请恢复最新的备份。",
        ) from None


def _compare(cursor: Cursor[tuple[Any, ...]], state: Checkpoint, store: TileStore) -> None:
    """Refuse unless the newest leaves of the database, put upon the older tiles, make the published root."""
    low = max(_first_kept(cursor), state.size - _COMPARED, 0)
    if low > state.size:
        _leaves(cursor, state.size, low)
    frontier = TreeReader(state.size, state.root, store.fetch).frontier(low)
    for start in range(low, state.size, CHUNK):
        frontier.extend(map(leaf_hash, _leaves(cursor, start, min(start + CHUNK, state.size))))
    if frontier.root() != state.root:
        raise LogProblem(
            en=f"The {state.size} published leaves are not those of the database. Nothing was signed. "
            "Run: creditbank check. It names the leaves that differ; restore the newest backup.",
            zh=f"已公布的 {state.size} 个叶子与数据库不一致。没有签名。"
            "请运行 creditbank check 查看不一致的叶子，并恢复最新的备份。",
        )


# Only nested loops: both tables may hold millions of rows of which a run needs thousands, and the planner
# knows nothing of a queue that was empty when it was last analysed.
_BY_INDEX = (
    "SELECT set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),"
    " set_config('synchronous_commit', 'on', true)"
)

_TAKE = """
INSERT INTO log_leaf (log_index, stream, leaf_ref, commitment)
SELECT %s::bigint + row_number() OVER (ORDER BY stream, leaf_ref) - 1, stream, leaf_ref, commitment FROM (
  SELECT stream, leaf_ref, commitment FROM log_outbox ORDER BY stream, leaf_ref LIMIT %s) AS waiting
"""

_TAKE_WHAT_IS_NEW = """
INSERT INTO log_leaf (log_index, stream, leaf_ref, commitment)
SELECT %s::bigint + row_number() OVER (ORDER BY stream, leaf_ref) - 1, stream, leaf_ref, commitment FROM (
  SELECT stream, leaf_ref, commitment FROM log_outbox WHERE NOT EXISTS (
    SELECT FROM log_leaf
    WHERE log_leaf.stream = log_outbox.stream AND log_leaf.leaf_ref = log_outbox.leaf_ref)
  ORDER BY stream, leaf_ref LIMIT %s) AS waiting
"""

_FORGET_RANGE = """
DELETE FROM log_outbox USING log_leaf WHERE log_leaf.log_index >= %s AND log_leaf.log_index < %s
  AND log_outbox.stream = log_leaf.stream AND log_outbox.leaf_ref = log_leaf.leaf_ref
  AND log_outbox.commitment = log_leaf.commitment
"""


def _take(cursor: Cursor[tuple[Any, ...]], size: int, room: int) -> int:
    """Number waiting records that have no leaf yet, and say how many."""
    cursor.execute(_BY_INDEX)
    if room:
        try:
            # Rarely has a waiting record its leaf already (after a stop, or queued twice): do not ask first.
            with cursor.connection.transaction():
                cursor.execute(_TAKE, (size, room))
                return cursor.rowcount
        except UniqueViolation:
            cursor.execute(_TAKE_WHAT_IS_NEW, (size, room))
            return cursor.rowcount
    return 0


def _forget(cursor: Cursor[tuple[Any, ...]], low: int, high: int) -> None:
    """Let go of the waiting rows whose leaves are published; one with another content stays, and is found."""
    cursor.execute(_BY_INDEX)
    cursor.execute(_FORGET_RANGE, (low, high))
