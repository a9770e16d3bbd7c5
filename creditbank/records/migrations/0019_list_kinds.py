"""A school keeps kinds of official lists of its own, each version of them."""

from django.db import migrations

FORWARD = [
    """CREATE TABLE list_kind (
  institution_id uuid NOT NULL,
  code text NOT NULL,
  number integer NOT NULL CHECK (number > 0),
  document jsonb NOT NULL,
  digest text NOT NULL,
  retired boolean NOT NULL,
  actor_id uuid NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (institution_id, code, number)
)""",
]


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0018_outcome_types'),
    ]

    operations = [migrations.RunSQL(FORWARD)]
