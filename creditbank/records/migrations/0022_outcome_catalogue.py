"""The outcome catalogue: versions of items, their acts and search keys; schemas of outcome types; items of claims."""

from django.db import migrations, models

FORWARD = [
    """CREATE TABLE catalogue_version (
  institution_id uuid NOT NULL,
  code text NOT NULL,
  number integer NOT NULL CHECK (number > 0),
  outcome_type text NOT NULL,
  content jsonb NOT NULL,
  digest text NOT NULL,
  state text NOT NULL,
  published boolean NOT NULL,
  authors jsonb NOT NULL,
  actor_id uuid NOT NULL,
  recorded_at timestamptz NOT NULL,
  approved_by uuid,
  approved_at timestamptz,
  public_until date,
  in_force_at timestamptz,
  ended_at timestamptz,
  PRIMARY KEY (institution_id, code, number)
)""",
    """CREATE INDEX catalogue_version_state ON catalogue_version (institution_id, state)""",
    """CREATE TABLE catalogue_act (
  institution_id uuid NOT NULL,
  code text NOT NULL,
  number integer NOT NULL,
  sequence integer NOT NULL CHECK (sequence > 0),
  act text NOT NULL,
  state text NOT NULL,
  words text NOT NULL DEFAULT '',
  actor_id uuid NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (institution_id, code, number, sequence)
)""",
    """CREATE TABLE catalogue_item (
  institution_id uuid NOT NULL,
  code text NOT NULL,
  number integer NOT NULL,
  shown_state text NOT NULL,
  content jsonb NOT NULL,
  outcome_type text NOT NULL,
  kind text NOT NULL,
  tier text NOT NULL,
  name text NOT NULL,
  name_en text NOT NULL,
  name_sort text NOT NULL,
  state text NOT NULL,
  changed boolean NOT NULL,
  published boolean NOT NULL,
  provider text NOT NULL,
  provider_name text NOT NULL,
  provider_name_en text NOT NULL,
  provider_kind text NOT NULL,
  accredited_from date,
  accredited_until date,
  provider_retired boolean NOT NULL,
  PRIMARY KEY (institution_id, code)
)""",
    """CREATE INDEX catalogue_item_sorted ON catalogue_item (institution_id, name_sort, code)""",
    """CREATE TABLE catalogue_key (
  institution_id uuid NOT NULL,
  code text NOT NULL,
  outcome_type text NOT NULL,
  kind text NOT NULL,
  tier text NOT NULL,
  keys jsonb NOT NULL,
  grams integer[] NOT NULL DEFAULT '{}',
  PRIMARY KEY (institution_id, code)
)""",
    """CREATE INDEX catalogue_key_grams ON catalogue_key USING gin (grams) WITH (gin_pending_list_limit = 64)""",
    """CREATE TABLE outcome_schema (
  institution_id uuid NOT NULL,
  code text NOT NULL,
  number integer NOT NULL CHECK (number > 0),
  document jsonb NOT NULL,
  digest text NOT NULL,
  actor_id uuid NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (institution_id, code, number)
)""",
]


class Migration(migrations.Migration):

    dependencies = [
        ("records", "0021_frameworks"),
    ]

    operations = [
        migrations.AddField(model_name="claim", name="item", field=models.JSONField(null=True)),
        migrations.RunSQL(FORWARD),
    ]
