"""The ledger's and the log's tables: SQL by declaration, no Django models."""

from __future__ import annotations

from creditbank.records.declaration import Declared, Distribution, Rows, Table, View

_ENUMS = {
    "lot_state": (
        "issued",
        "pending",
        "available",
        "held",
        "suspended",
        "converted",
        "redeemed",
        "transferred_out",
        "expired",
        "revoked",
    ),
    "posting_kind": (
        "deposit",
        "hold",
        "release",
        "split",
        "convert",
        "redeem",
        "transfer_out",
        "transfer_in",
        "expire",
        "revalidate",
        "suspend",
        "resume",
        "revoke",
        "reinstate",
        "reverse",
    ),
}


# The database keeps the balances: whoever adds postings adds nothing else, and what a posting says it left behind must
# follow from what stood there. One look at all rows of a statement costs less than foreign keys and constraints, which
# are begun anew for each row or table, and it can see other tables. Sub-queries by a whole key keep the plan, which is
# made while the tables are empty and kept for ever, from going through a table row by row; so does the loop. It runs
# with its owner's rights, so every name is written out in full and every look-up names the institution itself.
_BOOKS = """
CREATE FUNCTION posting_books() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $body$
DECLARE
  broken boolean;
  moving bigint;
  leg record;
BEGIN
SELECT
  bool_or(
    amount <= 0
    OR from_state = to_state
    OR (kind = 'reverse') <> (reverses IS NOT NULL)
    OR (kind = 'convert') <> (conversion_id IS NOT NULL)
    OR (kind = 'hold') <> (to_state = 'held')
    OR (kind = 'release') <> (from_state = 'held')
    OR (kind = 'release') <> (resolves IS NOT NULL)
    OR (resolves IS NOT NULL AND (
      SELECT hold.kind = 'hold' AND hold.lot_id = added.lot_id AND hold.amount = added.amount
      FROM public.posting AS hold WHERE hold.learner_id = added.learner_id AND hold.posting_id = added.resolves
    ) IS NOT TRUE)
    OR reason !~ '^[a-z][a-z0-9_.]{0,63}$'
    OR (SELECT id FROM public.institution WHERE id = added.institution_id) IS NULL
    OR (
      SELECT lot.institution_id = added.institution_id AND (from_state <> 'issued'
        OR (lot.amount = added.amount AND coalesce(lot.expires_on > lot.earned_on, true)))
      FROM public.lot WHERE lot.learner_id = added.learner_id AND lot.lot_id = added.lot_id
    ) IS NOT TRUE
    OR CASE WHEN from_state = 'issued' THEN num_nonnulls(from_version, from_after) > 0
      ELSE (from_version > 1 AND from_after >= 0) IS NOT TRUE END
    OR CASE WHEN to_state = 'issued' THEN num_nonnulls(to_version, to_after) > 0
      ELSE (to_version >= 1 AND to_after >= amount AND (to_version > 1 OR to_after = amount)) IS NOT TRUE END
  ),
  count(from_version) + count(*) FILTER (WHERE to_version > 1)
INTO broken, moving FROM added;
IF broken THEN
  RAISE EXCEPTION 'posting_books: a posting has its lot, its institution, two legs and a reason that is a code'
    USING ERRCODE = '23514';
END IF;
INSERT INTO public.balance (learner_id, lot_id, state, institution_id, amount, version, posting_id)
SELECT learner_id, lot_id, to_state, institution_id, to_after, to_version, posting_id FROM added WHERE to_version = 1;
IF moving > 0 THEN
  FOR leg IN
    SELECT learner_id, lot_id, institution_id, posting_id, from_state AS state, from_version AS version,
      from_after AS after, -amount AS moved FROM added WHERE from_version IS NOT NULL
    UNION ALL
    SELECT learner_id, lot_id, institution_id, posting_id, to_state, to_version, to_after, amount
    FROM added WHERE to_version > 1
    ORDER BY learner_id, lot_id, state, version
  LOOP
    UPDATE public.balance SET amount = leg.after, version = leg.version, posting_id = leg.posting_id
    WHERE balance.learner_id = leg.learner_id AND balance.lot_id = leg.lot_id AND balance.state = leg.state
      AND balance.institution_id = leg.institution_id AND balance.version = leg.version - 1
      AND balance.amount + leg.moved = leg.after;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'posting_books: a balance is not what a posting says it was' USING ERRCODE = '23514';
    END IF;
  END LOOP;
END IF;
RETURN NULL;
END $body$
""".strip()


LOT = Table(
    "lot",
    Distribution.LEARNER,
    Rows.AWARDED,
    declared=Declared(
        columns=(
            ("learner_id", "uuid NOT NULL"),
            ("lot_id", "uuid NOT NULL"),
            ("institution_id", "uuid NOT NULL"),
            ("parent_lot_id", "uuid"),
            ("source_kind", "text NOT NULL"),
            ("source_id", "uuid"),
            ("outcome_type", "text NOT NULL"),
            ("title", "text NOT NULL"),
            ("title_en", "text NOT NULL DEFAULT ''"),
            ("code", "text NOT NULL DEFAULT ''"),
            ("category", "text NOT NULL"),
            ("level", "smallint"),
            ("field", "text NOT NULL DEFAULT ''"),
            ("unit", "text NOT NULL DEFAULT 'credit'"),
            ("amount", "integer NOT NULL"),
            ("grade", "text"),
            ("earned_on", "date NOT NULL"),
            ("term", "text NOT NULL DEFAULT ''"),
            ("academic_year", "text NOT NULL DEFAULT ''"),
            ("expires_on", "date"),
            ("rule_version_id", "uuid"),
            ("rule_row", "text NOT NULL DEFAULT ''"),
            ("evidence_hash", "bytea"),
        ),
        key=("learner_id", "lot_id"),
        constraints=(
            "CONSTRAINT lot_parent FOREIGN KEY (learner_id, parent_lot_id) REFERENCES lot (learner_id, lot_id)",
        ),
    ),
)
POSTING = Table(
    "posting",
    Distribution.LEARNER,
    Rows.AWARDED,
    declared=Declared(
        columns=(
            ("learner_id", "uuid NOT NULL"),
            ("posting_id", "uuid NOT NULL"),
            ("institution_id", "uuid NOT NULL"),
            ("kind", "posting_kind NOT NULL"),
            ("lot_id", "uuid NOT NULL"),
            ("amount", "integer NOT NULL"),
            ("effective_on", "date NOT NULL"),
            ("recorded_at", "timestamptz NOT NULL"),
            ("actor_id", "uuid NOT NULL"),
            ("reason", "text NOT NULL"),
            ("rule_version_id", "uuid"),
            ("resolves", "uuid"),
            ("reverses", "uuid"),
            ("batch_id", "uuid"),
            ("from_state", "lot_state NOT NULL"),
            ("from_version", "integer"),
            ("from_after", "integer"),
            ("to_state", "lot_state NOT NULL"),
            ("to_version", "integer"),
            ("to_after", "integer"),
            ("conversion_id", "uuid"),
        ),
        key=("learner_id", "posting_id"),
        indexes=(
            "CREATE UNIQUE INDEX posting_resolved_once ON posting (learner_id, resolves) WHERE resolves IS NOT NULL",
            "CREATE UNIQUE INDEX posting_reversed_once ON posting (learner_id, reverses) WHERE reverses IS NOT NULL",
        ),
        triggers=(
            _BOOKS,
            """
CREATE TRIGGER posting_books AFTER INSERT ON posting REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION posting_books()
""".strip(),
        ),
    ),
)
BALANCE = Table(
    "balance",
    Distribution.LEARNER,
    Rows.KEPT,
    # A lock asks for the right to change a column; the row policy refuses the change itself.
    app="SELECT, UPDATE (version)",
    declared=Declared(
        columns=(
            ("learner_id", "uuid NOT NULL"),
            ("lot_id", "uuid NOT NULL"),
            ("state", "lot_state NOT NULL"),
            ("institution_id", "uuid NOT NULL"),
            ("amount", "integer NOT NULL"),
            ("version", "integer NOT NULL"),
            ("posting_id", "uuid NOT NULL"),
        ),
        key=("learner_id", "lot_id", "state"),
    ),
)
IDEMPOTENCY = Table(
    "idempotency",
    Distribution.LEARNER,
    Rows.AWARDED,
    declared=Declared(
        columns=(
            ("learner_id", "uuid NOT NULL"),
            ("institution_id", "uuid NOT NULL"),
            ("key", "text NOT NULL"),
            ("request_hash", "bytea NOT NULL CHECK (octet_length(request_hash) = 32)"),
            ("posting_id", "uuid NOT NULL"),
        ),
        key=("learner_id", "institution_id", "key"),
    ),
)
LEAF_SALT = Table(
    "leaf_salt",
    Distribution.LEARNER,
    Rows.AWARDED,
    app="SELECT, INSERT, DELETE",
    auditor="SELECT",
    declared=Declared(
        columns=(
            ("learner_id", "uuid NOT NULL"),
            ("leaf_ref", "uuid NOT NULL"),
            ("institution_id", "uuid NOT NULL"),
            ("salt", "bytea NOT NULL CHECK (octet_length(salt) = 32)"),
        ),
        key=("learner_id", "leaf_ref"),
    ),
)
DIRTY = Table(
    "dirty",
    Distribution.LEARNER,
    Rows.AWARDED,
    app="SELECT, INSERT, DELETE",
    declared=Declared(
        columns=(
            ("learner_id", "uuid NOT NULL"),
            ("cause", "uuid NOT NULL"),
            ("institution_id", "uuid NOT NULL"),
        ),
        key=("learner_id", "cause"),
    ),
)
LOG_OUTBOX = Table(
    "log_outbox",
    Distribution.LOCAL,
    Rows.OPAQUE,
    app="INSERT, SELECT",
    sequencer="SELECT, DELETE",
    declared=Declared(
        columns=(
            ("stream", "text NOT NULL"),
            ("leaf_ref", "text NOT NULL"),
            ("subject_id", "uuid"),
            ("commitment", "bytea NOT NULL CHECK (octet_length(commitment) = 32)"),
            ("queued_at", "timestamptz NOT NULL DEFAULT now()"),
        ),
        key=("stream", "leaf_ref"),
    ),
)
LOG_LEAF = Table(
    "log_leaf",
    Distribution.LOCAL,
    Rows.OPAQUE,
    app="SELECT",
    sequencer="SELECT, INSERT, DELETE",
    declared=Declared(
        columns=(
            ("log_index", "bigint NOT NULL"),
            ("stream", "text NOT NULL"),
            ("leaf_ref", "text NOT NULL"),
            ("commitment", "bytea NOT NULL CHECK (octet_length(commitment) = 32)"),
        ),
        key=("log_index",),
        constraints=("CONSTRAINT log_leaf_once UNIQUE (stream, leaf_ref)",),
    ),
)

LEDGER = (LOT, POSTING, BALANCE, IDEMPOTENCY, LEAF_SALT, DIRTY, LOG_OUTBOX, LOG_LEAF)
"""The tables that are no Django models, in the order they are created."""

ENTRY = View(
    "entry",
    POSTING,
    """
SELECT learner_id, posting_id, 1::smallint AS leg, institution_id, lot_id, from_state AS state, -amount AS amount,
  from_version AS version, from_after AS balance_after FROM posting
UNION ALL
SELECT learner_id, posting_id, 2::smallint AS leg, institution_id, lot_id, to_state AS state, amount,
  to_version AS version, to_after AS balance_after FROM posting
""".strip(),
)
"""The two legs of every posting, each as a row: the double entry that a posting is."""

VIEWS = (ENTRY,)


def enum_types() -> list[str]:
    """The SQL of the ledger's enumerations."""
    return [
        f"CREATE TYPE {name} AS ENUM ({', '.join(repr(label) for label in labels)})" for name, labels in _ENUMS.items()
    ]
