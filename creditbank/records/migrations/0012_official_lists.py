"""Official lists: uploads, lines, choices, what they say of learners, and proposals."""

from django.db import migrations

FORWARD = [
    """CREATE TABLE official_list (
  institution_id uuid NOT NULL,
  list_id uuid NOT NULL,
  kind text NOT NULL,
  series text NOT NULL,
  title text NOT NULL,
  issuer text NOT NULL DEFAULT '',
  issued_on date NOT NULL,
  outcome_type text NOT NULL,
  all_ours boolean NOT NULL,
  file_name text NOT NULL,
  file_hash text NOT NULL,
  mapping_hash text NOT NULL,
  encoding text NOT NULL DEFAULT '',
  rows_total integer NOT NULL,
  rows_refused integer NOT NULL,
  rows_left integer NOT NULL,
  state text NOT NULL,
  actor_id uuid NOT NULL,
  recorded_at timestamptz NOT NULL,
  matched_at timestamptz NOT NULL,
  withdrawn_at timestamptz,
  withdrawn_by uuid,
  PRIMARY KEY (institution_id, list_id)
)""",
    "CREATE INDEX official_list_series ON official_list (institution_id, series)",
    """CREATE TABLE official_list_line (
  institution_id uuid NOT NULL,
  list_id uuid NOT NULL,
  line integer NOT NULL CHECK (line > 0),
  member integer NOT NULL CHECK (member > 0),
  found text NOT NULL,
  learner_id uuid,
  outcome_key text NOT NULL,
  person_index bytea NOT NULL,
  explanation jsonb NOT NULL DEFAULT '[]',
  stated jsonb,
  outcome jsonb,
  candidates jsonb NOT NULL DEFAULT '[]',
  PRIMARY KEY (institution_id, list_id, line, member),
  CONSTRAINT official_list_line_of FOREIGN KEY (institution_id, list_id) REFERENCES official_list (institution_id, list_id)
)""",
    "CREATE INDEX official_list_line_found ON official_list_line (institution_id, found, list_id)",
    """CREATE TABLE official_list_problem (
  institution_id uuid NOT NULL,
  list_id uuid NOT NULL,
  sequence integer NOT NULL,
  line integer NOT NULL,
  column_name text NOT NULL DEFAULT '',
  code text NOT NULL,
  facts jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (institution_id, list_id, sequence),
  CONSTRAINT official_list_problem_of FOREIGN KEY (institution_id, list_id) REFERENCES official_list (institution_id, list_id)
)""",
    """CREATE TABLE official_list_choice (
  institution_id uuid NOT NULL,
  person_index bytea NOT NULL,
  learner_id uuid,
  actor_id uuid NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (institution_id, person_index)
)""",
    """CREATE TABLE listed_outcome (
  learner_id uuid NOT NULL,
  list_id uuid NOT NULL,
  line integer NOT NULL,
  member integer NOT NULL,
  institution_id uuid NOT NULL,
  outcome_type text NOT NULL,
  outcome_key text NOT NULL,
  title text NOT NULL,
  list_title text NOT NULL,
  issuer text NOT NULL DEFAULT '',
  issued_on date NOT NULL,
  content jsonb NOT NULL,
  recorded_at timestamptz NOT NULL,
  withdrawn_at timestamptz,
  PRIMARY KEY (learner_id, list_id, line, member)
)""",
    "CREATE INDEX listed_outcome_list ON listed_outcome (institution_id, list_id)",
    """CREATE TABLE list_proposal (
  learner_id uuid NOT NULL,
  proposal_id uuid NOT NULL,
  institution_id uuid NOT NULL,
  outcome_key text NOT NULL,
  state text NOT NULL,
  reason text NOT NULL DEFAULT '',
  claim_id uuid,
  created_at timestamptz NOT NULL,
  settled_at timestamptz,
  PRIMARY KEY (learner_id, proposal_id),
  CONSTRAINT list_proposal_once UNIQUE (learner_id, institution_id, outcome_key)
)""",
]


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0011_education_resources'),
    ]

    operations = [migrations.RunSQL(FORWARD)]
