"""Results are told apart by sitting, and a correction is a new fact of a later day."""

from django.db import migrations, models

FORWARD = [
    "ALTER TABLE result ADD COLUMN sitting text NOT NULL DEFAULT 'normal', ADD COLUMN grade text NOT NULL DEFAULT '',"
    " ADD COLUMN as_of date",
    """UPDATE result SET as_of = (
  SELECT started_at::date FROM import_run
  WHERE import_run.institution_id = result.institution_id AND import_run.run_id = result.run_id
)""",
    "ALTER TABLE result ALTER COLUMN as_of SET NOT NULL, DROP CONSTRAINT result_pkey,"
    " ADD PRIMARY KEY (learner_id, institution_id, course, presentation, sitting, as_of)",
]


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0006_masterdata'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(FORWARD)],
            state_operations=[
                migrations.AddField('result', 'sitting', models.TextField(default='normal', db_default='normal')),
                migrations.AddField('result', 'grade', models.TextField(blank=True, default='', db_default='')),
                migrations.AddField('result', 'as_of', models.DateField()),
                migrations.AlterField(
                    'result', 'pk',
                    models.CompositePrimaryKey(
                        'learner_id', 'institution_id', 'course', 'presentation', 'sitting', 'as_of',
                        blank=True, editable=False, primary_key=True, serialize=False,
                    ),
                ),
            ],
        ),
    ]
