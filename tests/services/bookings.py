"""Deposits and reversals as tests write them, and what the ledger then holds."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager

from django.db import connections

from creditbank.domain.ledger import Deposit
from creditbank.domain.values import Hundredths
from creditbank.records.scope import acting_for
from creditbank.services.ledger.post import Reversal, post_deposits, reverse_postings
from tests.cast import AT, ON
from tests.intruder import superuser

CONTENT = {
    "lot": "amount, title, title_en, code, category, level, field, unit, grade, earned_on, term, academic_year,"
    " expires_on, outcome_type, source_kind, rule_row, evidence_hash",
    "posting": "kind::text, amount, effective_on, recorded_at, actor_id, reason",
    "entry": "leg, state::text, amount, version, balance_after",
    "balance": "state::text, amount, version",
    "idempotency": "key, request_hash",
    "leaf_salt": "octet_length(salt)",
    "dirty": "1",
}
"""What each table says about a learner's credit, ids and salts aside."""


def deposit(learner, key="k1", amount=300, **more):
    given = {
        "outcome_type": "innovation", "title": "省级技能大赛二等奖", "title_en": "Second prize", "category": "innovation",
        "level": 3, "field": "stem", "earned_on": ON, "effective_on": ON,
    }  # fmt: skip
    return Deposit(learner_id=learner, key=key, amount=Hundredths(amount), **(given | more))


def post(cast, *deposits, at=AT, institution=None, **more):
    """Post deposits in a transaction of their own."""
    with acting_for(institution=institution or cast.college, purpose="test") as scope:
        return post_deposits(
            scope=scope, deposits=deposits, reason="recognition.approved", actor=cast.zhao.person, at=at, **more
        )


def reverse(cast, *postings, key="r1", at=AT, on=ON, institution=None):
    """Reverse postings ``(learner, posting)`` in a transaction of their own."""
    with acting_for(institution=institution or cast.college, purpose="test") as scope:
        return reverse_postings(
            scope=scope,
            reversals=[Reversal(learner, posting, f"{key}-{place}") for place, (learner, posting) in enumerate(postings)],
            reason="duplicate", actor=cast.chen.person, effective_on=on, at=at,
        )  # fmt: skip


def counts(bank):
    """Rows of every table a posting writes."""
    with superuser(bank) as connection:
        return {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in (*CONTENT, "log_outbox")
        }


def content(bank, *learners):
    """What the ledger's tables say about learners, ids and salts aside, in an order of its own."""
    with superuser(bank) as connection:
        return {
            table: sorted(
                connection.execute(
                    f"SELECT array_position(%s::uuid[], learner_id), {columns} FROM {table} WHERE learner_id = ANY(%s)",
                    [list(learners), list(learners)],
                ).fetchall(),
                key=repr,
            )
            for table, columns in CONTENT.items()
        }


def held(bank, learner):
    """Every balance of a learner by lot and state."""
    with superuser(bank) as connection:
        rows = connection.execute(
            "SELECT lot_id, state::text, amount FROM balance WHERE learner_id = %s", [learner]
        ).fetchall()
    return {(lot, state): amount for lot, state, amount in rows}


@contextmanager
def overtaken(bank, act):
    """While the block's transaction is open ``act`` runs on another connection and must wait for it.

    Yields a list that holds what ``act`` returned (or raised) once the block has ended.
    """
    answers = []

    def other():
        try:
            answers.append(act())
        except BaseException as error:  # noqa: BLE001 - handed to the test
            answers.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=other)
    yield answers, lambda: _start_and_wait(bank, thread)
    thread.join(timeout=30)
    assert not thread.is_alive()


def _start_and_wait(bank, thread):
    thread.start()
    with superuser(bank) as connection:
        for _ in range(600):
            waiting = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ).fetchone()[0]
            if waiting:
                return
            time.sleep(0.02)
    raise AssertionError("the second connection never had to wait")
