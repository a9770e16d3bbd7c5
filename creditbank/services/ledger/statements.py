"""The ledger's SQL: each posting of any number of learners is one statement and one round trip."""

from __future__ import annotations

_OWN = {
    "learner_id": "uuid",
    "key": "text",
    "request_hash": "bytea",
    "lot_id": "uuid",
    "posting_id": "uuid",
    "amount": "int",
    "source_id": "uuid",
    "evidence_hash": "bytea",
    "salt": "bytea",
    "commitment": "bytea",
    "wording": "int",
}
"""What differs from deposit to deposit, and its type; ``wording`` is the place of what it shares with others."""

_SHARED = {
    "source_kind": "text",
    "outcome_type": "text",
    "title": "text",
    "title_en": "text",
    "code": "text",
    "category": "text",
    "level": "smallint",
    "field": "text",
    "unit": "text",
    "grade": "text",
    "earned_on": "date",
    "effective_on": "date",
    "term": "text",
    "academic_year": "text",
    "expires_on": "date",
    "rule_version_id": "uuid",
    "rule_row": "text",
}
"""What the deposits of a batch mostly share, and its type."""


def _new(own: dict[str, str]) -> str:
    arrays = ", ".join(f"%({name})b::{kind}[]" for name, kind in own.items())
    return f"""
WITH input AS (
  SELECT * FROM unnest({arrays}) AS given({", ".join(own)})
), fresh AS (
  INSERT INTO idempotency (learner_id, institution_id, key, request_hash, posting_id)
  SELECT learner_id, %(institution_id)s::uuid, key, request_hash, posting_id FROM input ORDER BY learner_id, key
  ON CONFLICT DO NOTHING RETURNING posting_id
), new AS MATERIALIZED (
  SELECT input.* FROM input JOIN fresh USING (posting_id)
)""".strip()  # noqa: S608 - the pieces are the constants above


_NEW_ONE = """
WITH fresh AS (
  INSERT INTO idempotency (learner_id, institution_id, key, request_hash, posting_id)
  VALUES ({learner_id}, %(institution_id)s::uuid, {key}, {request_hash}, {posting_id})
  ON CONFLICT DO NOTHING RETURNING posting_id
)""".strip()

# What every posting leaves beside the books: its salt, its leaf on the way to the log, and whom it concerns.
_TRACES = """), new_salt AS (
  INSERT INTO leaf_salt (learner_id, leaf_ref, institution_id, salt)
  SELECT {learner_id}, {posting_id}, %(institution_id)s::uuid, {salt} FROM {rows}
), new_leaf AS (
  INSERT INTO log_outbox (stream, leaf_ref, subject_id, commitment, queued_at)
  SELECT 'posting', {posting_id}::text, {posting_id}, {commitment}, %(recorded_at)s::timestamptz FROM {rows}
), new_dirty AS (
  INSERT INTO dirty (learner_id, cause, institution_id)
  SELECT {learner_id}, {posting_id}, %(institution_id)s::uuid FROM {rows}
)
"""

# Everything a deposit writes hangs on the idempotency rows that were really new (``fresh``), so a repeated
# request inserts nothing anywhere. The balances follow from the postings: the database keeps them.
_DEPOSIT = """
{new}, new_lot AS (
  INSERT INTO lot (learner_id, lot_id, institution_id, source_kind, source_id, outcome_type, title, title_en, code,
    category, level, field, unit, amount, grade, earned_on, term, academic_year, expires_on, rule_version_id,
    rule_row, evidence_hash)
  SELECT {learner_id}, {lot_id}, %(institution_id)s::uuid, {source_kind}, {source_id}, {outcome_type}, {title},
    {title_en}, {code}, {category}, {level}, {field}, {unit}, {amount}, {grade}, {earned_on}, {term}, {academic_year},
    {expires_on}, {rule_version_id}, {rule_row}, {evidence_hash} FROM {rows}
), new_posting AS (
  INSERT INTO posting (learner_id, posting_id, institution_id, kind, lot_id, amount, effective_on, recorded_at,
    actor_id, reason, rule_version_id, batch_id, conversion_id, from_state, to_state, to_version, to_after)
  SELECT {learner_id}, {posting_id}, %(institution_id)s::uuid, {kind}, {lot_id}, {amount}, {effective_on},
    %(recorded_at)s::timestamptz, %(actor_id)s::uuid, %(reason)s, {rule_version_id}, %(batch_id)s::uuid,
    {conversion_id}, 'issued', 'available', 1, {amount} FROM {rows}
{traces}SELECT count(*) FROM fresh
"""

_OF_NEW = _TRACES.format(rows="new", **{name: name for name in _OWN})
_OF_DEPOSIT = {"kind": "'deposit'", "conversion_id": "NULL::uuid"}
_SAID = {name: f"(%({name})b::{kind}[])[wording]" for name, kind in _SHARED.items()}
DEPOSIT = _DEPOSIT.format(
    new=_new(_OWN), rows="new", traces=_OF_NEW, **_OF_DEPOSIT, **{name: name for name in _OWN}, **_SAID
)
"""Any number of deposits: a list for each column of their own, and one for each of those they share."""

_VALUES = {name: f"%({name})s::{kind}" for name, kind in (_OWN | _SHARED).items()}
DEPOSIT_ONE = _DEPOSIT.format(
    new=_NEW_ONE.format(**_VALUES),
    rows="fresh",
    traces=_TRACES.format(rows="fresh", **_VALUES),
    **_OF_DEPOSIT,
    **_VALUES,
)
"""One deposit, each column a value: arrays of one cost more than all its rows."""

_MADE = _OWN | {"conversion_id": "uuid"}
MADE = _DEPOSIT.format(
    new=_new(_MADE), rows="new", traces=_OF_NEW, kind="'convert'", **{name: name for name in _MADE}, **_SAID
)
"""What conversions make: lots like those of deposits, whose postings name the conversion."""

# Postings that move credit of lots from one state to another: each lot at most once in one statement. A later one
# into the same state adds to what went there before.
_MOVED = f"""
WITH input AS (
  SELECT * FROM unnest(
    %(learner_id)b::uuid[], %(key)b::text[], %(request_hash)b::bytea[], %(lot_id)b::uuid[], %(posting_id)b::uuid[],
    %(amount)b::int[], %(effective_on)b::date[], %({{refers}})b::uuid[], %(salt)b::bytea[], %(commitment)b::bytea[]
  ) AS given(learner_id, key, request_hash, lot_id, posting_id, amount, effective_on, {{refers}}, salt, commitment)
), fresh AS (
  INSERT INTO idempotency (learner_id, institution_id, key, request_hash, posting_id)
  SELECT learner_id, %(institution_id)s::uuid, key, request_hash, posting_id FROM input ORDER BY learner_id, key
  ON CONFLICT DO NOTHING RETURNING posting_id
), new AS MATERIALIZED (
  SELECT input.*, gives.version + 1 AS version, gives.amount - input.amount AS balance_after,
    coalesce(takes.version, 0) + 1 AS to_version, coalesce(takes.amount, 0) + input.amount AS to_after
  FROM input JOIN fresh USING (posting_id)
  JOIN balance AS gives ON gives.learner_id = input.learner_id AND gives.lot_id = input.lot_id
    AND gives.state = '{{gives}}' AND gives.institution_id = %(institution_id)s AND gives.amount >= input.amount
  LEFT JOIN balance AS takes ON takes.learner_id = input.learner_id AND takes.lot_id = input.lot_id
    AND takes.state = '{{takes}}'
), new_posting AS (
  INSERT INTO posting (learner_id, posting_id, institution_id, kind, lot_id, amount, effective_on, recorded_at,
    actor_id, reason, batch_id, {{refers}}, from_state, from_version, from_after, to_state, to_version, to_after)
  SELECT learner_id, posting_id, %(institution_id)s::uuid, '{{kind}}', lot_id, amount, effective_on,
    %(recorded_at)s::timestamptz, %(actor_id)s::uuid, %(reason)s, %(batch_id)s::uuid, {{refers}},
    '{{gives}}', version, balance_after, '{{takes}}', to_version, to_after FROM new
{_OF_NEW}SELECT count(*) FROM new
"""  # noqa: S608 - the piece is the constant above

USED = _MOVED.format(kind="convert", gives="available", takes="converted", refers="conversion_id")
"""What conversions use."""
HOLD = _MOVED.format(kind="hold", gives="available", takes="held", refers="resolves")
"""What open applications reserve; it resolves nothing."""
RELEASE = _MOVED.format(kind="release", gives="held", takes="available", refers="resolves")
"""What is reserved no longer; it names the hold that it resolves."""

# The balance rows of the lots to be used are locked in the order of their key, before anything is read.
LOCK_LOTS = """
SELECT 1 FROM unnest(%(learner_id)b::uuid[], %(lot_id)b::uuid[]) AS input(learner_id, lot_id)
JOIN balance ON balance.learner_id = input.learner_id AND balance.lot_id = input.lot_id
  AND balance.state = 'available' AND balance.institution_id = %(institution_id)s
ORDER BY balance.learner_id, balance.lot_id
FOR UPDATE OF balance
"""

# The balance rows of the lots whose holds are to be resolved, locked in the order of their key.
LOCK_HOLDS = """
SELECT 1 FROM unnest(%(learner_id)b::uuid[], %(posting_id)b::uuid[]) AS input(learner_id, posting_id)
JOIN posting ON posting.learner_id = input.learner_id AND posting.posting_id = input.posting_id
  AND posting.institution_id = %(institution_id)s
JOIN balance ON balance.learner_id = posting.learner_id AND balance.lot_id = posting.lot_id
  AND balance.state IN ('available', 'held')
ORDER BY balance.learner_id, balance.lot_id, balance.state
FOR UPDATE OF balance
"""

# What is needed to decide a release: each hold, and whether it was resolved.
HOLDS = """
SELECT hold.learner_id, hold.posting_id, hold.lot_id, hold.amount, resolved.posting_id IS NOT NULL,
  lot.title, lot.title_en, lot.category, lot.level, lot.earned_on, lot.expires_on, lot.unit
FROM unnest(%(learner_id)b::uuid[], %(posting_id)b::uuid[]) AS input(learner_id, posting_id)
JOIN posting AS hold ON hold.learner_id = input.learner_id AND hold.posting_id = input.posting_id
  AND hold.institution_id = %(institution_id)s AND hold.kind = 'hold'
JOIN lot ON lot.learner_id = hold.learner_id AND lot.lot_id = hold.lot_id
LEFT JOIN posting AS resolved ON resolved.learner_id = hold.learner_id AND resolved.resolves = hold.posting_id
"""

# What is needed to decide a conversion: each lot with what is available of it and the day its credit counts from.
TO_CONVERT = """
SELECT lot.learner_id, lot.lot_id, coalesce(balance.amount, 0), posting.effective_on,
  lot.title, lot.title_en, lot.category, lot.level, lot.earned_on, lot.expires_on, lot.unit
FROM unnest(%(learner_id)b::uuid[], %(lot_id)b::uuid[]) AS input(learner_id, lot_id)
JOIN lot ON lot.learner_id = input.learner_id AND lot.lot_id = input.lot_id
  AND lot.institution_id = %(institution_id)s
JOIN posting ON posting.learner_id = lot.learner_id AND posting.lot_id = lot.lot_id AND posting.from_state = 'issued'
LEFT JOIN balance ON balance.learner_id = lot.learner_id AND balance.lot_id = lot.lot_id
  AND balance.state = 'available'
"""

# The balance rows that the reversal of conversions touches, locked in the order of their key.
LOCK_SIDES = """
SELECT 1 FROM unnest(%(learner_id)b::uuid[], %(conversion_id)b::uuid[]) AS input(learner_id, conversion_id)
JOIN posting ON posting.learner_id = input.learner_id AND posting.conversion_id = input.conversion_id
  AND posting.institution_id = %(institution_id)s
JOIN balance ON balance.learner_id = posting.learner_id AND balance.lot_id = posting.lot_id
  AND balance.state IN ('available', 'converted')
ORDER BY balance.learner_id, balance.lot_id, balance.state
FOR UPDATE OF balance
"""

# What is needed to decide the reversal of conversions: every side, what is available of its lot, its mirror.
SIDES = """
SELECT input.place, posting.posting_id, posting.lot_id, posting.from_state = 'issued', posting.amount,
  posting.effective_on, coalesce(balance.amount, 0), mirror.effective_on,
  lot.title, lot.title_en, lot.category, lot.level, lot.earned_on, lot.expires_on, lot.unit
FROM unnest(%(learner_id)b::uuid[], %(conversion_id)b::uuid[]) WITH ORDINALITY
  AS input(learner_id, conversion_id, place)
JOIN posting ON posting.learner_id = input.learner_id AND posting.conversion_id = input.conversion_id
  AND posting.institution_id = %(institution_id)s
JOIN lot ON lot.learner_id = posting.learner_id AND lot.lot_id = posting.lot_id
LEFT JOIN posting AS mirror ON mirror.learner_id = posting.learner_id AND mirror.reverses = posting.posting_id
LEFT JOIN balance ON balance.learner_id = posting.learner_id AND balance.lot_id = posting.lot_id
  AND balance.state = 'available'
ORDER BY input.place, posting.posting_id
"""

# Mirrors of both kinds of sides: of what was used, from converted back to available; of what was made, from available
# back to the issuer. No two rows of one statement touch a balance together.
UNDO = f"""
WITH input AS (
  SELECT * FROM unnest(
    %(learner_id)b::uuid[], %(key)b::text[], %(request_hash)b::bytea[], %(reverses)b::uuid[], %(lot_id)b::uuid[],
    %(posting_id)b::uuid[], %(amount)b::int[], %(effective_on)b::date[], %(from_state)b::text[], %(salt)b::bytea[],
    %(commitment)b::bytea[]
  ) AS given(learner_id, key, request_hash, reverses, lot_id, posting_id, amount, effective_on, from_state, salt,
    commitment)
), fresh AS (
  INSERT INTO idempotency (learner_id, institution_id, key, request_hash, posting_id)
  SELECT learner_id, %(institution_id)s::uuid, key, request_hash, posting_id FROM input ORDER BY learner_id, key
  ON CONFLICT DO NOTHING RETURNING posting_id
), new AS MATERIALIZED (
  SELECT input.*, gives.version + 1 AS version, gives.amount - input.amount AS balance_after,
    takes.version + 1 AS to_version, takes.amount + input.amount AS to_after
  FROM input JOIN fresh USING (posting_id)
  JOIN balance AS gives ON gives.learner_id = input.learner_id AND gives.lot_id = input.lot_id
    AND gives.state = input.from_state::lot_state AND gives.institution_id = %(institution_id)s
    AND gives.amount >= input.amount
  LEFT JOIN balance AS takes ON takes.learner_id = input.learner_id AND takes.lot_id = input.lot_id
    AND takes.state = 'available' AND input.from_state = 'converted'
), new_posting AS (
  INSERT INTO posting (learner_id, posting_id, institution_id, kind, lot_id, amount, effective_on, recorded_at,
    actor_id, reason, reverses, batch_id, from_state, from_version, from_after, to_state, to_version, to_after)
  SELECT learner_id, posting_id, %(institution_id)s::uuid, 'reverse', lot_id, amount, effective_on,
    %(recorded_at)s::timestamptz, %(actor_id)s::uuid, %(reason)s, reverses, %(batch_id)s::uuid,
    from_state::lot_state, version, balance_after,
    CASE from_state WHEN 'converted' THEN 'available' ELSE 'issued' END::lot_state, to_version, to_after
  FROM new
{_OF_NEW}SELECT count(*) FROM new
"""  # noqa: S608 - the piece is the constant above

REPEATED = """
SELECT input.place, idempotency.posting_id, posting.lot_id,
  idempotency.request_hash = input.request_hash AS same
FROM unnest(%(learner_id)b::uuid[], %(key)b::text[], %(request_hash)b::bytea[]) WITH ORDINALITY
  AS input(learner_id, key, request_hash, place)
JOIN idempotency ON idempotency.learner_id = input.learner_id AND idempotency.key = input.key
  AND idempotency.institution_id = %(institution_id)s
JOIN posting ON posting.learner_id = idempotency.learner_id AND posting.posting_id = idempotency.posting_id
"""

# The balance rows are locked in the order of their key, before anything is read: what is read in the same
# statement could be older than what the lock waited for.
LOCK = """
SELECT 1 FROM unnest(%(learner_id)b::uuid[], %(posting_id)b::uuid[]) AS input(learner_id, posting_id)
JOIN posting ON posting.learner_id = input.learner_id AND posting.posting_id = input.posting_id
  AND posting.institution_id = %(institution_id)s
JOIN balance ON balance.learner_id = posting.learner_id AND balance.lot_id = posting.lot_id
  AND balance.state = 'available'
ORDER BY balance.learner_id, balance.lot_id
FOR UPDATE OF balance
"""

# What is needed to decide a reversal.
TO_REVERSE = """
SELECT posting.learner_id, posting.posting_id, posting.kind::text, posting.lot_id, posting.amount,
  posting.effective_on, coalesce(balance.amount, 0), reversal.posting_id,
  lot.title, lot.title_en, lot.category, lot.level, lot.earned_on, lot.expires_on, lot.unit
FROM unnest(%(learner_id)b::uuid[], %(posting_id)b::uuid[]) AS input(learner_id, posting_id)
JOIN posting ON posting.learner_id = input.learner_id AND posting.posting_id = input.posting_id
  AND posting.institution_id = %(institution_id)s
JOIN lot ON lot.learner_id = posting.learner_id AND lot.lot_id = posting.lot_id
LEFT JOIN posting AS reversal ON reversal.learner_id = posting.learner_id
  AND reversal.reverses = posting.posting_id
LEFT JOIN balance ON balance.learner_id = posting.learner_id AND balance.lot_id = posting.lot_id
  AND balance.state = 'available'
"""

REVERSE = f"""
WITH input AS (
  SELECT * FROM unnest(
    %(learner_id)b::uuid[], %(key)b::text[], %(request_hash)b::bytea[], %(reverses)b::uuid[], %(lot_id)b::uuid[],
    %(posting_id)b::uuid[], %(amount)b::int[], %(salt)b::bytea[], %(commitment)b::bytea[]
  ) AS given(learner_id, key, request_hash, reverses, lot_id, posting_id, amount, salt, commitment)
), fresh AS (
  INSERT INTO idempotency (learner_id, institution_id, key, request_hash, posting_id)
  SELECT learner_id, %(institution_id)s::uuid, key, request_hash, posting_id FROM input
  ON CONFLICT DO NOTHING RETURNING posting_id
), new AS MATERIALIZED (
  SELECT input.*, balance.version + 1 AS version, balance.amount - input.amount AS balance_after
  FROM input JOIN fresh USING (posting_id)
  JOIN balance ON balance.learner_id = input.learner_id AND balance.lot_id = input.lot_id
    AND balance.state = 'available' AND balance.institution_id = %(institution_id)s AND balance.amount >= input.amount
), new_posting AS (
  INSERT INTO posting (learner_id, posting_id, institution_id, kind, lot_id, amount, effective_on, recorded_at,
    actor_id, reason, reverses, batch_id, from_state, from_version, from_after, to_state)
  SELECT learner_id, posting_id, %(institution_id)s::uuid, 'reverse', lot_id, amount, %(effective_on)s::date,
    %(recorded_at)s::timestamptz, %(actor_id)s::uuid, %(reason)s, reverses, %(batch_id)s::uuid,
    'available', version, balance_after, 'issued' FROM new
{_OF_NEW}SELECT posting_id FROM new
"""  # noqa: S608 - the piece is the constant above
