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


# The contra account of a lot is the sum of its other accounts, so it keeps no balance of its own.
_MOVED = """CASE WHEN {leg}_state = 'issued' THEN num_nonnulls({leg}_version, {leg}_after) > 0 ELSE (
    SELECT (posting_id, version, amount) = (added.posting_id, {leg}_version, {leg}_after) FROM balance
    WHERE balance.learner_id = added.learner_id AND balance.lot_id = added.lot_id AND balance.state = {leg}_state
  ) IS NOT TRUE END"""


def _on_each_statement(name: str, table: str, broken: str, said: str) -> tuple[str, str]:
    """The function and the trigger that refuse a statement if ``broken`` finds a row among those it ``added``.

    One look at all rows of a statement costs less than a foreign key or a constraint, which are begun anew for each
    row or table; and it can see other tables. Sub-queries by a whole key keep the plan, which is made while the
    tables are empty and kept for ever, from going through a table row by row.
    """
    trigger = (
        f"CREATE TRIGGER {name} AFTER INSERT ON {table}"
        f" REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
    )
    return (_refusing(name, f"EXISTS (\n{broken.strip()}\n)", said), trigger)


def _refusing(name: str, broken: str, said: str) -> str:
    return (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $body$\nBEGIN\nIF {broken} THEN\n"
        f"  RAISE EXCEPTION '{name}: {said}' USING ERRCODE = '23514';\nEND IF;\nRETURN NULL;\nEND $body$"
    )


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
            ("amount", "integer NOT NULL CHECK (amount > 0)"),
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
            "CONSTRAINT lot_life CHECK (expires_on IS NULL OR expires_on > earned_on)",
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
            ("amount", "integer NOT NULL CHECK (amount > 0)"),
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
        constraints=(
            "CONSTRAINT posting_reverse CHECK ((kind = 'reverse') = (reverses IS NOT NULL))",
            "CONSTRAINT posting_states CHECK (from_state <> to_state)",
        ),
        indexes=(
            "CREATE UNIQUE INDEX posting_resolved_once ON posting (learner_id, resolves) WHERE resolves IS NOT NULL",
            "CREATE UNIQUE INDEX posting_reversed_once ON posting (learner_id, reverses) WHERE reverses IS NOT NULL",
        ),
        triggers=_on_each_statement(
            "posting_whole",
            "posting",
            f"""
SELECT FROM added
WHERE (SELECT lot_id FROM lot WHERE lot.learner_id = added.learner_id AND lot.lot_id = added.lot_id) IS NULL
  OR {_MOVED.format(leg="from")}
  OR {_MOVED.format(leg="to")}
  OR (kind = 'convert') <> (conversion_id IS NOT NULL)
  OR reason !~ '^[a-z][a-z0-9_.]{{0,63}}$'
  OR (SELECT id FROM institution WHERE id = added.institution_id) IS NULL
""",  # noqa: S608 - the pieces are the constant above
            "a posting has its lot, its institution, the balances it left and a reason that is a code",
        ),
    ),
)
BALANCE = Table(
    "balance",
    Distribution.LEARNER,
    Rows.AWARDED,
    app="SELECT, INSERT, UPDATE (amount, version, posting_id)",
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
        constraints=(
            "CONSTRAINT balance_not_negative CHECK (amount >= 0)",
            "CONSTRAINT balance_not_contra CHECK (state <> 'issued')",
        ),
        triggers=(
            *_on_each_statement(
                "balance_begun",
                "balance",
                """
SELECT FROM added
WHERE (
  SELECT (lot_id, to_state, to_version, to_after, amount, 1) =
    (added.lot_id, added.state, added.version, added.amount, added.amount, added.version)
  FROM posting WHERE posting.learner_id = added.learner_id AND posting.posting_id = added.posting_id
) IS NOT TRUE
""",
                "a balance begins with the first posting that brings credit to it",
            ),
            _refusing(
                "balance_moved",
                """(
  SELECT NEW.version = OLD.version + 1 AND lot_id = NEW.lot_id AND amount = abs(NEW.amount - OLD.amount)
    AND (NEW.state, NEW.version, NEW.amount) = (
      CASE WHEN NEW.amount > OLD.amount THEN to_state ELSE from_state END,
      CASE WHEN NEW.amount > OLD.amount THEN to_version ELSE from_version END,
      CASE WHEN NEW.amount > OLD.amount THEN to_after ELSE from_after END)
  FROM posting WHERE posting.learner_id = NEW.learner_id AND posting.posting_id = NEW.posting_id
) IS NOT TRUE""",
                "a balance moves by one posting of its lot and by its amount",
            ),
            "CREATE TRIGGER balance_moved AFTER UPDATE ON balance FOR EACH ROW EXECUTE FUNCTION balance_moved()",
        ),
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
