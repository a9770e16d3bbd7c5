"""The ledger's tables: SQL as the declaration gave it on the day of this migration."""

from django.db import migrations

FORWARD = [
    "CREATE TYPE lot_state AS ENUM ('issued', 'pending', 'available', 'held', 'suspended', 'converted', 'redeemed', 'transferred_out', 'expired', 'revoked')",
    "CREATE TYPE posting_kind AS ENUM ('deposit', 'hold', 'release', 'split', 'convert', 'redeem', 'transfer_out', 'transfer_in', 'expire', 'revalidate', 'suspend', 'resume', 'revoke', 'reinstate', 'reverse')",
    """CREATE TABLE lot (
  learner_id uuid NOT NULL,
  lot_id uuid NOT NULL,
  institution_id uuid NOT NULL REFERENCES institution(id),
  parent_lot_id uuid,
  source_kind text NOT NULL,
  source_id uuid,
  outcome_type text NOT NULL,
  title text NOT NULL,
  title_en text NOT NULL DEFAULT '',
  code text NOT NULL DEFAULT '',
  category text NOT NULL,
  level smallint,
  field text NOT NULL DEFAULT '',
  unit text NOT NULL DEFAULT 'credit',
  amount integer NOT NULL CHECK (amount > 0),
  grade text,
  earned_on date NOT NULL,
  term text NOT NULL DEFAULT '',
  academic_year text NOT NULL DEFAULT '',
  expires_on date,
  rule_version_id uuid,
  rule_row text NOT NULL DEFAULT '',
  evidence_hash bytea,
  PRIMARY KEY (learner_id, lot_id),
  CONSTRAINT lot_life CHECK (expires_on IS NULL OR expires_on > earned_on),
  CONSTRAINT lot_parent FOREIGN KEY (learner_id, parent_lot_id) REFERENCES lot (learner_id, lot_id)
)""",
    """CREATE TABLE posting (
  learner_id uuid NOT NULL,
  posting_id uuid NOT NULL,
  institution_id uuid NOT NULL,
  kind posting_kind NOT NULL,
  lot_id uuid NOT NULL,
  amount integer NOT NULL CHECK (amount > 0),
  effective_on date NOT NULL,
  recorded_at timestamptz NOT NULL,
  actor_id uuid NOT NULL,
  reason text NOT NULL,
  rule_version_id uuid,
  resolves uuid,
  reverses uuid,
  batch_id uuid,
  PRIMARY KEY (learner_id, posting_id),
  CONSTRAINT posting_lot FOREIGN KEY (learner_id, lot_id) REFERENCES lot (learner_id, lot_id),
  CONSTRAINT posting_reason CHECK (reason ~ '^[a-z][a-z0-9_.]{0,63}$'),
  CONSTRAINT posting_reverse CHECK ((kind = 'reverse') = (reverses IS NOT NULL))
)""",
    'CREATE UNIQUE INDEX posting_resolved_once ON posting (learner_id, resolves) WHERE resolves IS NOT NULL',
    'CREATE UNIQUE INDEX posting_reversed_once ON posting (learner_id, reverses) WHERE reverses IS NOT NULL',
    """CREATE TABLE entry (
  learner_id uuid NOT NULL,
  posting_id uuid NOT NULL,
  leg smallint NOT NULL CHECK (leg IN (1, 2)),
  institution_id uuid NOT NULL,
  lot_id uuid NOT NULL,
  state lot_state NOT NULL,
  amount integer NOT NULL CHECK (amount <> 0),
  version integer,
  balance_after integer,
  PRIMARY KEY (learner_id, posting_id, leg),
  CONSTRAINT entry_contra CHECK ((state = 'issued') = (version IS NULL) AND (version IS NULL) = (balance_after IS NULL))
)""",
    """CREATE FUNCTION entry_legs() RETURNS trigger LANGUAGE plpgsql AS $body$
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
END $body$""",
    """CREATE TRIGGER entry_legs AFTER INSERT ON entry REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION entry_legs()""",
    """CREATE TABLE balance (
  learner_id uuid NOT NULL,
  lot_id uuid NOT NULL,
  state lot_state NOT NULL,
  institution_id uuid NOT NULL,
  amount integer NOT NULL,
  version integer NOT NULL,
  PRIMARY KEY (learner_id, lot_id, state),
  CONSTRAINT balance_lot FOREIGN KEY (learner_id, lot_id) REFERENCES lot (learner_id, lot_id),
  CONSTRAINT balance_not_negative CHECK (amount >= 0),
  CONSTRAINT balance_not_contra CHECK (state <> 'issued')
)""",
    """CREATE TABLE idempotency (
  learner_id uuid NOT NULL,
  institution_id uuid NOT NULL,
  key text NOT NULL,
  request_hash bytea NOT NULL CHECK (octet_length(request_hash) = 32),
  posting_id uuid NOT NULL,
  PRIMARY KEY (learner_id, institution_id, key)
)""",
    """CREATE TABLE leaf_salt (
  learner_id uuid NOT NULL,
  leaf_ref uuid NOT NULL,
  institution_id uuid NOT NULL,
  salt bytea NOT NULL CHECK (octet_length(salt) = 32),
  PRIMARY KEY (learner_id, leaf_ref)
)""",
    """CREATE TABLE dirty (
  learner_id uuid NOT NULL,
  cause uuid NOT NULL,
  institution_id uuid NOT NULL,
  PRIMARY KEY (learner_id, cause)
)""",
    """CREATE TABLE log_outbox (
  stream text NOT NULL,
  leaf_ref text NOT NULL,
  subject_id uuid,
  commitment bytea NOT NULL CHECK (octet_length(commitment) = 32),
  queued_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (stream, leaf_ref)
)""",
    """CREATE TABLE log_leaf (
  log_index bigint NOT NULL,
  stream text NOT NULL,
  leaf_ref text NOT NULL,
  commitment bytea NOT NULL CHECK (octet_length(commitment) = 32),
  PRIMARY KEY (log_index),
  CONSTRAINT log_leaf_once UNIQUE (stream, leaf_ref)
)""",
]

BACKWARD = [
    'DROP TABLE log_leaf',
    'DROP TABLE log_outbox',
    'DROP TABLE dirty',
    'DROP TABLE leaf_salt',
    'DROP TABLE idempotency',
    'DROP TABLE balance',
    'DROP TABLE entry',
    'DROP TABLE posting',
    'DROP TABLE lot',
    'DROP FUNCTION entry_legs()',
    'DROP TYPE posting_kind',
    'DROP TYPE lot_state',
]


class Migration(migrations.Migration):
    """Creates what is no Django model."""

    dependencies = [("records", "0001_first")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
