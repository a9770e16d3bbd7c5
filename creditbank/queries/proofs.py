"""The record behind a posting's leaf, rebuilt as it was posted, and the file that proves it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from creditbank.domain.ledger import lot_facts, posting_record
from creditbank.domain.log.proof import ProofFile
from creditbank.gateways.bank import Bank
from creditbank.gateways.log_files import TileStore, read_small_text
from creditbank.gateways.signing import read_log_key
from creditbank.queries.log import prove_record, read_published
from creditbank.records.scope import Scope

_RECORD = """
SELECT posting.kind::text, posting.lot_id, institution.code, posting.amount, posting.effective_on, posting.recorded_at,
  posting.reverses, posting.actor_id, posting.reason, idempotency.request_hash,
  posting.conversion_id, posting.resolves,
  lot.title, lot.title_en, lot.category, lot.level, lot.earned_on, lot.expires_on, lot.unit
FROM posting
JOIN institution ON institution.id = posting.institution_id
JOIN lot ON lot.learner_id = posting.learner_id AND lot.lot_id = posting.lot_id
JOIN idempotency ON idempotency.learner_id = posting.learner_id AND idempotency.posting_id = posting.posting_id
WHERE posting.learner_id = %(learner)s AND posting.posting_id = %(posting)s
  AND (posting.learner_id = %(person)s OR posting.institution_id = %(institution)s)
"""


def posting_record_of(scope: Scope, learner: UUID, posting: UUID) -> dict[str, Any] | None:
    """The ``creditbank.posting/1`` record that the posting's commitment was made of; None without such a posting."""
    rows = scope.fetch(_RECORD, _values(scope, learner, posting))
    if not rows:
        return None
    kind, lot, code, amount, effective_on, recorded_at, reverses, *rest = rows[0]
    (actor, reason, request, conversion, resolves), about = rest[:5], rest[5:]
    names = ("title", "title_en", "category", "level", "earned_on", "expires_on", "unit")
    facts = lot_facts(**dict(zip(names, about, strict=True)))
    facts |= {"reverses": str(reverses)} if reverses else {}
    facts |= {"conversion": str(conversion)} if conversion else {}
    facts |= {"resolves": str(resolves)} if resolves else {}
    return posting_record(
        posting_id=posting,
        kind=kind,
        lot_id=lot,
        learner_id=learner,
        institution=code,
        amount=amount,
        effective_on=effective_on,
        recorded_at=recorded_at,
        actor_id=actor,
        reason=reason,
        request_hash=request,
        facts=facts,
    )


_LEAF = """
SELECT leaf_salt.salt, log_leaf.log_index FROM leaf_salt
JOIN log_leaf ON log_leaf.stream = 'posting' AND log_leaf.leaf_ref = leaf_salt.leaf_ref::text
WHERE leaf_salt.learner_id = %(learner)s AND leaf_salt.leaf_ref = %(posting)s
  AND (leaf_salt.learner_id = %(person)s OR leaf_salt.institution_id = %(institution)s)
"""


def proof_of_posting(scope: Scope, bank: Bank, learner: UUID, posting: UUID) -> ProofFile | None:
    """The file that proves a posting, or None while its leaf waits for the log, or when its salt was erased.

    Raises:
        LogProblem: the published log cannot be read; see ``queries.log.prove_leaf``.
    """
    rows = scope.fetch(_LEAF, _values(scope, learner, posting))
    record = posting_record_of(scope, learner, posting)
    if not rows or record is None:
        return None
    salt, index = rows[0]
    store = TileStore(bank.log)
    vkey = read_log_key(read_small_text(bank.log / "vkey", 10_000))
    state = read_published(store, vkey)
    if state is None or index >= state.size:
        return None
    return prove_record(store, vkey, index=index, record=record, salt=bytes(salt))


def _values(scope: Scope, learner: UUID, posting: UUID) -> dict[str, Any]:
    return {"learner": learner, "posting": posting, "person": scope.person, "institution": scope.institution}
