"""What goes out to the registrar's system in batches, and what came back of it."""

from django.db import migrations

FORWARD = [
    """CREATE TABLE export_batch (
  institution_id uuid NOT NULL,
  batch_id uuid NOT NULL,
  number integer NOT NULL CHECK (number > 0),
  until date NOT NULL,
  mapping jsonb NOT NULL,
  mapping_hash text NOT NULL,
  actor_id uuid NOT NULL,
  recorded_at timestamptz NOT NULL,
  line_count integer NOT NULL,
  offset_count integer NOT NULL,
  resent_count integer NOT NULL,
  hundredths bigint NOT NULL,
  content_hash text NOT NULL,
  PRIMARY KEY (institution_id, batch_id),
  CONSTRAINT export_batch_number UNIQUE (institution_id, number)
)""",
    """CREATE TABLE export_line (
  institution_id uuid NOT NULL,
  batch_id uuid NOT NULL,
  line integer NOT NULL CHECK (line > 0),
  learner_id uuid NOT NULL,
  posting_id uuid NOT NULL,
  kind text NOT NULL,
  written boolean NOT NULL,
  hundredths integer NOT NULL,
  names_batch uuid,
  names_line integer,
  cells jsonb NOT NULL,
  PRIMARY KEY (institution_id, batch_id, line),
  CONSTRAINT export_line_batch FOREIGN KEY (institution_id, batch_id) REFERENCES export_batch (institution_id, batch_id),
  CONSTRAINT export_line_names FOREIGN KEY (institution_id, names_batch, names_line) REFERENCES export_line (institution_id, batch_id, line),
  CONSTRAINT export_line_named CHECK ((names_batch IS NULL) = (names_line IS NULL))
)""",
    "CREATE UNIQUE INDEX export_line_once ON export_line (institution_id, posting_id) WHERE kind <> 'resend'",
    "CREATE UNIQUE INDEX export_line_resent_once ON export_line (institution_id, names_batch, names_line) WHERE kind = 'resend'",
    """CREATE TABLE export_resend (
  institution_id uuid NOT NULL,
  batch_id uuid NOT NULL,
  line integer NOT NULL,
  actor_id uuid NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (institution_id, batch_id, line),
  CONSTRAINT export_resend_line FOREIGN KEY (institution_id, batch_id, line) REFERENCES export_line (institution_id, batch_id, line)
)""",
    """CREATE TABLE reconciliation (
  institution_id uuid NOT NULL,
  reconciliation_id uuid NOT NULL,
  batch_id uuid NOT NULL,
  file_name text NOT NULL,
  file_hash text NOT NULL,
  mapping_hash text NOT NULL,
  encoding text NOT NULL,
  status_head text NOT NULL DEFAULT '',
  sheet_on date NOT NULL,
  actor_id uuid NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (institution_id, reconciliation_id),
  CONSTRAINT reconciliation_batch FOREIGN KEY (institution_id, batch_id) REFERENCES export_batch (institution_id, batch_id),
  CONSTRAINT reconciliation_once UNIQUE (institution_id, batch_id, file_hash, mapping_hash)
)""",
    """CREATE TABLE reconciliation_line (
  institution_id uuid NOT NULL,
  reconciliation_id uuid NOT NULL,
  sequence integer NOT NULL,
  outcome text NOT NULL,
  sheet_row integer,
  voucher text NOT NULL DEFAULT '',
  batch_id uuid,
  line integer,
  reason text NOT NULL DEFAULT '',
  detail jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (institution_id, reconciliation_id, sequence),
  CONSTRAINT reconciliation_line_of FOREIGN KEY (institution_id, reconciliation_id) REFERENCES reconciliation (institution_id, reconciliation_id),
  CONSTRAINT reconciliation_line_names FOREIGN KEY (institution_id, batch_id, line) REFERENCES export_line (institution_id, batch_id, line),
  CONSTRAINT reconciliation_line_named CHECK ((batch_id IS NULL) = (line IS NULL))
)""",
    "CREATE INDEX reconciliation_line_batch ON reconciliation_line (institution_id, batch_id, line) WHERE batch_id IS NOT NULL",
]


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0007_result_facts'),
    ]

    operations = [migrations.RunSQL(FORWARD)]
