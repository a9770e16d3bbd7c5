"""The one declaration of every table: distribution, tenant column, policy, grants, keys."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# A scalar sub-query is evaluated once for a statement, the bare function once for every row.
PERSON = "(SELECT NULLIF(current_setting('bank.person', true), '')::uuid)"
INSTITUTION = "(SELECT NULLIF(current_setting('bank.institution', true), '')::uuid)"


class Distribution(StrEnum):
    """Where a table's rows live when the bank spans many servers."""

    LEARNER = "learner_id"
    INSTITUTION = "institution_id"
    REFERENCE = "reference"
    LOCAL = "local"


class Rows(StrEnum):
    """Whose a row is: the rule of its row-level policy."""

    LEARNER = "its learner or its institution"
    AWARDED = "readable by its learner or its institution, written by its institution"
    INSTITUTION = "its institution"
    MEMBER = "the account it names or its institution"
    PUBLISHED = "readable by all, written by its institution"
    TREE = "readable by all, written by itself or its parent"
    JOURNAL = "readable by its institution or actor, added under the names acted for"
    OPAQUE = "no policy: asked before anybody is known, or without a person or tenant in it"


@dataclass(frozen=True, slots=True)
class Declared:
    """The full shape of a table that is no Django model: SQL columns and constraints in order."""

    columns: tuple[tuple[str, str], ...]
    key: tuple[str, ...]
    constraints: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """One table's declaration; ``app``, ``sequencer`` and ``auditor`` are what each login may do."""

    name: str
    distribution: Distribution
    rows: Rows
    app: str = "SELECT, INSERT"
    sequencer: str = ""
    auditor: str = "SELECT"
    declared: Declared | None = None


_L, _I, _R, _O = Distribution.LEARNER, Distribution.INSTITUTION, Distribution.REFERENCE, Distribution.LOCAL

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

LOT = Table(
    "lot",
    _L,
    Rows.AWARDED,
    declared=Declared(
        columns=(
            ("learner_id", "uuid NOT NULL"),
            ("lot_id", "uuid NOT NULL"),
            ("institution_id", "uuid NOT NULL REFERENCES institution(id)"),
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
    _L,
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
        ),
        key=("learner_id", "posting_id"),
        constraints=(
            "CONSTRAINT posting_lot FOREIGN KEY (learner_id, lot_id) REFERENCES lot (learner_id, lot_id)",
            "CONSTRAINT posting_reason CHECK (reason ~ '^[a-z][a-z0-9_.]{0,63}$')",
            "CONSTRAINT posting_reverse CHECK ((kind = 'reverse') = (reverses IS NOT NULL))",
        ),
        indexes=(
            "CREATE UNIQUE INDEX posting_resolved_once ON posting (learner_id, resolves) WHERE resolves IS NOT NULL",
            "CREATE UNIQUE INDEX posting_reversed_once ON posting (learner_id, reverses) WHERE reverses IS NOT NULL",
        ),
    ),
)
# Each posting is looked up by its key, in a sub-query of its own: the plan is kept from the first call, when the
# tables are empty, and a join planned then goes through the whole table for ever.
# One look at all new entries instead of a foreign key's look at each, and it sees what no foreign key can: that the
# legs of every posting are all there and sum to zero.
_LEGS = (
    """
CREATE FUNCTION entry_legs() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  IF EXISTS (
    SELECT FROM (
      SELECT learner_id, posting_id, lot_id, count(*) AS legs, sum(amount) AS total, max(abs(amount)) AS most
      FROM added GROUP BY 1, 2, 3
    ) AS found
    WHERE found.legs <> 2 OR found.total <> 0 OR found.most IS DISTINCT FROM (
      SELECT posting.amount FROM posting
      WHERE posting.learner_id = found.learner_id AND posting.posting_id = found.posting_id
        AND posting.lot_id = found.lot_id
    )
  ) THEN
    RAISE EXCEPTION 'entries without their posting, or legs that do not sum to zero' USING ERRCODE = '23514';
  END IF;
  RETURN NULL;
END $body$
""".strip(),
    """
CREATE TRIGGER entry_legs AFTER INSERT ON entry REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION entry_legs()
""".strip(),
)
ENTRY = Table(
    "entry",
    _L,
    Rows.AWARDED,
    declared=Declared(
        columns=(
            ("learner_id", "uuid NOT NULL"),
            ("posting_id", "uuid NOT NULL"),
            ("leg", "smallint NOT NULL CHECK (leg IN (1, 2))"),
            ("institution_id", "uuid NOT NULL"),
            ("lot_id", "uuid NOT NULL"),
            ("state", "lot_state NOT NULL"),
            ("amount", "integer NOT NULL CHECK (amount <> 0)"),
            ("version", "integer"),
            ("balance_after", "integer"),
        ),
        key=("learner_id", "posting_id", "leg"),
        constraints=(
            # The contra account of a lot is the sum of its other accounts, so it keeps no balance of its own.
            "CONSTRAINT entry_contra CHECK ((state = 'issued') = (version IS NULL) AND (version IS NULL) = (balance_after IS NULL))",  # noqa: E501
        ),
        triggers=_LEGS,
    ),
)
BALANCE = Table(
    "balance",
    _L,
    Rows.AWARDED,
    app="SELECT, INSERT, UPDATE (amount, version)",
    declared=Declared(
        columns=(
            ("learner_id", "uuid NOT NULL"),
            ("lot_id", "uuid NOT NULL"),
            ("state", "lot_state NOT NULL"),
            ("institution_id", "uuid NOT NULL"),
            ("amount", "integer NOT NULL"),
            ("version", "integer NOT NULL"),
        ),
        key=("learner_id", "lot_id", "state"),
        constraints=(
            "CONSTRAINT balance_lot FOREIGN KEY (learner_id, lot_id) REFERENCES lot (learner_id, lot_id)",
            "CONSTRAINT balance_not_negative CHECK (amount >= 0)",
            "CONSTRAINT balance_not_contra CHECK (state <> 'issued')",
        ),
    ),
)
IDEMPOTENCY = Table(
    "idempotency",
    _L,
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
    _L,
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
    _L,
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
    _O,
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
    _O,
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

LEDGER = (LOT, POSTING, ENTRY, BALANCE, IDEMPOTENCY, LEAF_SALT, DIRTY, LOG_OUTBOX, LOG_LEAF)
"""The tables that are no Django models, in the order they are created."""

TABLES: tuple[Table, ...] = (
    Table("institution", _R, Rows.TREE, app="SELECT, INSERT, UPDATE"),
    Table("academic_year", _R, Rows.PUBLISHED, app="SELECT, INSERT, UPDATE"),
    Table("term", _R, Rows.PUBLISHED, app="SELECT, INSERT, UPDATE"),
    Table("account", _O, Rows.OPAQUE, app="SELECT, INSERT, UPDATE", auditor="SELECT (id, is_active, created_at)"),
    Table("membership", _R, Rows.MEMBER, app="SELECT, INSERT, UPDATE"),
    Table("learner", _L, Rows.AWARDED, app="SELECT, INSERT, UPDATE (national_id, national_id_index)"),
    Table("enrolment", _L, Rows.AWARDED, app="SELECT, INSERT, UPDATE"),
    Table("learner_number", _I, Rows.INSTITUTION),
    Table("outcome_type", _R, Rows.PUBLISHED, app="SELECT, INSERT, UPDATE"),
    Table("course", _R, Rows.PUBLISHED, app="SELECT, INSERT, UPDATE"),
    Table("rule_set", _R, Rows.PUBLISHED),
    Table("rule_version", _R, Rows.PUBLISHED, app="SELECT, INSERT, UPDATE (effective_until)"),
    Table("row_explanation", _R, Rows.PUBLISHED),
    Table("programme", _R, Rows.PUBLISHED),
    Table("claim", _L, Rows.LEARNER, app="SELECT, INSERT, UPDATE"),
    Table("claim_event", _L, Rows.LEARNER),
    Table("evidence", _L, Rows.LEARNER),
    Table("scheduled_command", _I, Rows.INSTITUTION, app="SELECT, INSERT, DELETE, UPDATE (executed_at, outcome)"),
    Table("import_run", _I, Rows.INSTITUTION, app="SELECT, INSERT, UPDATE"),
    Table("import_problem", _I, Rows.INSTITUTION),
    Table("result", _L, Rows.AWARDED),
    Table("progress", _L, Rows.AWARDED, app="SELECT, INSERT, UPDATE, DELETE"),
    Table("operation", _R, Rows.JOURNAL),
    Table("access_line", _L, Rows.AWARDED),
    Table("notice", _L, Rows.LEARNER, app="SELECT, INSERT, UPDATE (read_at)"),
    Table("throttle", _O, Rows.OPAQUE, app="SELECT, INSERT, UPDATE, DELETE", auditor=""),
    *LEDGER,
)

FRAMEWORK_TABLES = (
    "django_session",
    "django_content_type",
    "django_migrations",
    "auth_permission",
    "auth_group",
    "auth_group_permissions",
)
"""Tables that Django keeps for itself; only the session is written while the bank runs."""


def policies(table: Table) -> list[str]:
    """The SQL that puts a table's row-level policies in place, for the logins ``{app}`` and ``{auditor}``."""
    own = f"institution_id = {INSTITUTION}"
    learner = f"learner_id = {PERSON} OR {own}"
    match table.rows:
        case Rows.OPAQUE:
            return [f"ALTER TABLE {table.name} DISABLE ROW LEVEL SECURITY"]
        case Rows.LEARNER:
            reads, writes = learner, learner
        case Rows.AWARDED:
            # A learner's own session can never give itself credit, a result or an enrolment.
            reads, writes = learner, own
        case Rows.INSTITUTION:
            reads, writes = own, own
        case Rows.MEMBER:
            reads, writes = f"account_id = {PERSON} OR {own}", own
        case Rows.PUBLISHED:
            reads, writes = "true", own
        case Rows.TREE:
            reads, writes = "true", f"id = {INSTITUTION} OR parent_id = {INSTITUTION}"
        case Rows.JOURNAL:
            reads = f"actor_id = {PERSON} OR {own}"
            # A line carries the names that were acted for: no other institution's, no other person's.
            here = f"({own} OR (institution_id IS NULL AND {INSTITUTION} IS NULL))"
            writes = f"{here} AND ({PERSON} IS NULL OR actor_id = {PERSON})"
    sql = [f"ALTER TABLE {table.name} ENABLE ROW LEVEL SECURITY"]
    sql += [
        f"DROP POLICY IF EXISTS {name} ON {table.name}" for name in ("reads", "adds", "changes", "removes", "audits")
    ]
    sql += [
        f"CREATE POLICY reads ON {table.name} FOR SELECT TO {{app}} USING ({reads})",
        f"CREATE POLICY adds ON {table.name} FOR INSERT TO {{app}} WITH CHECK ({writes})",
        f"CREATE POLICY changes ON {table.name} FOR UPDATE TO {{app}} USING ({writes}) WITH CHECK ({writes})",
        f"CREATE POLICY removes ON {table.name} FOR DELETE TO {{app}} USING ({writes})",
        f"CREATE POLICY audits ON {table.name} FOR SELECT TO {{auditor}} USING (true)",
    ]
    return sql


def grants(table: Table) -> list[str]:
    """The SQL that gives each login exactly what the table declares, and nothing else."""
    sql = [f"REVOKE ALL ON {table.name} FROM PUBLIC, {{app}}, {{sequencer}}, {{auditor}}"]
    sql += [
        f"GRANT {privileges} ON {table.name} TO {{{login}}}"
        for login, privileges in (
            ("app", table.app),
            ("sequencer", table.sequencer),
            ("auditor", table.auditor),
        )
        if privileges
    ]
    return sql


def enum_types() -> list[str]:
    """The SQL of the ledger's enumerations."""
    return [
        f"CREATE TYPE {name} AS ENUM ({', '.join(repr(label) for label in labels)})" for name, labels in _ENUMS.items()
    ]


def definition(table: Table) -> list[str]:
    """The SQL that creates a declared table with its keys and indexes.

    Raises:
        ValueError: the table is a Django model, whose shape its migration holds.
    """
    if table.declared is None:
        raise ValueError(f"{table.name} is a Django model")
    shape = table.declared
    lines = [f"{name} {kind}" for name, kind in shape.columns]
    lines += [f"PRIMARY KEY ({', '.join(shape.key)})", *shape.constraints]
    return [f"CREATE TABLE {table.name} (\n  " + ",\n  ".join(lines) + "\n)", *shape.indexes, *shape.triggers]


def access_statements() -> list[str]:
    """All policies and grants, safe to run again after each migration."""
    sql: list[str] = []
    for table in TABLES:
        sql += policies(table) + grants(table)
    for name in FRAMEWORK_TABLES:
        sql.append(f"REVOKE ALL ON {name} FROM PUBLIC, {{app}}, {{sequencer}}, {{auditor}}")
        sql.append(f"GRANT SELECT ON {name} TO {{app}}")
    sql.append("GRANT SELECT, INSERT, UPDATE, DELETE ON django_session TO {app}")
    return sql
