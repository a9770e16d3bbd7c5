"""A waiting claim keeps what official lists say of it; a school keeps kinds of lists of its own."""

from django.db import migrations, models


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
        ('records', '0016_reversals'),
    ]

    operations = [
        migrations.AddField(
            model_name='claim',
            name='listed',
            field=models.TextField(blank=True, db_default='', default=''),
        ),
        migrations.AddIndex(
            model_name='claim',
            index=models.Index(condition=models.Q(('state__in', ('submitted', 'under_review')), models.Q(('listed', ''), _negated=True)), fields=['institution', 'listed', 'submitted_at', 'claim_id'], name='claim_listed'),
        ),
        migrations.RunSQL(FORWARD),
    ]
