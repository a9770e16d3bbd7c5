"""Master data: facts, rows, mappings, owners, and what the typed tables say more of them."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0005_posting_legs'),
    ]

    operations = [
        migrations.AddField(
            model_name='course',
            name='assessment',
            field=models.TextField(blank=True, db_default='', default=''),
        ),
        migrations.AddField(
            model_name='course',
            name='category',
            field=models.TextField(blank=True, db_default='', default=''),
        ),
        migrations.AddField(
            model_name='course',
            name='hours',
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name='course',
            name='nature',
            field=models.TextField(blank=True, db_default='', default=''),
        ),
        migrations.AddField(
            model_name='course',
            name='retired',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='enrolment',
            name='class_code',
            field=models.TextField(blank=True, db_default='', default=''),
        ),
        migrations.AddField(
            model_name='enrolment',
            name='major_code',
            field=models.TextField(blank=True, db_default='', default=''),
        ),
        migrations.AddField(
            model_name='enrolment',
            name='status',
            field=models.TextField(blank=True, db_default='', default=''),
        ),
        migrations.AddField(
            model_name='importrun',
            name='as_of',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='importrun',
            name='reverted_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='importrun',
            name='reverted_by',
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name='importrun',
            name='rows_changed',
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='importrun',
            name='rows_missing',
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='importrun',
            name='rows_new',
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='term',
            name='claims_from',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='term',
            name='claims_until',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='term',
            name='resits_from',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='term',
            name='resits_until',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='term',
            name='weeks',
            field=models.SmallIntegerField(null=True),
        ),
        migrations.CreateModel(
            name='DataSource',
            fields=[
                ('pk', models.CompositePrimaryKey('institution_id', 'data_set', blank=True, editable=False, primary_key=True, serialize=False)),
                ('data_set', models.TextField()),
                ('owner', models.TextField(blank=True, default='')),
                ('contact', models.TextField(blank=True, default='')),
                ('every_days', models.SmallIntegerField(null=True)),
                ('note', models.TextField(blank=True, default='')),
                ('actor_id', models.UUIDField()),
                ('recorded_at', models.DateTimeField()),
                ('institution', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='records.institution')),
            ],
            options={
                'db_table': 'data_source',
            },
        ),
        migrations.CreateModel(
            name='SheetMapping',
            fields=[
                ('pk', models.CompositePrimaryKey('institution_id', 'data_set', blank=True, editable=False, primary_key=True, serialize=False)),
                ('data_set', models.TextField()),
                ('headings', models.JSONField()),
                ('values', models.JSONField()),
                ('actor_id', models.UUIDField()),
                ('recorded_at', models.DateTimeField()),
                ('institution', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='records.institution')),
            ],
            options={
                'db_table': 'sheet_mapping',
            },
        ),
        migrations.CreateModel(
            name='DataFact',
            fields=[
                ('pk', models.CompositePrimaryKey('institution_id', 'data_set', 'key', 'fact_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('data_set', models.TextField()),
                ('key', models.TextField()),
                ('fact_id', models.UUIDField()),
                ('as_of', models.DateField()),
                ('recorded_at', models.DateTimeField()),
                ('run_id', models.UUIDField(null=True)),
                ('line', models.IntegerField(null=True)),
                ('actor_id', models.UUIDField()),
                ('content', models.JSONField()),
                ('institution', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='records.institution')),
            ],
            options={
                'db_table': 'data_fact',
                'indexes': [models.Index(fields=['institution', 'run_id'], name='data_fact_run')],
            },
        ),
        migrations.CreateModel(
            name='DataRow',
            fields=[
                ('pk', models.CompositePrimaryKey('institution_id', 'data_set', 'key', blank=True, editable=False, primary_key=True, serialize=False)),
                ('data_set', models.TextField()),
                ('key', models.TextField()),
                ('content', models.JSONField()),
                ('since', models.JSONField()),
                ('contested', models.JSONField(default=list)),
                ('retired', models.BooleanField()),
                ('label', models.TextField()),
                ('label_sort', models.TextField()),
                ('institution', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='records.institution')),
            ],
            options={
                'db_table': 'data_row',
                'indexes': [models.Index(fields=['institution', 'data_set', 'label'], name='data_row_label')],
            },
        ),
        migrations.AddIndex(
            model_name='learner',
            index=models.Index(fields=['national_id_index'], name='learner_identity'),
        ),
        migrations.AddIndex(
            model_name='learnernumber',
            index=models.Index(fields=['institution', 'learner_id'], name='learner_number_learner'),
        ),
        migrations.RunSQL(
            # A school that enrols somebody learns which account a number belongs to, and nothing else of it.
            """CREATE FUNCTION learner_of_identity(wanted bytea[]) RETURNS TABLE (found_index bytea, found_learner uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $body$
SELECT national_id_index, min(learner_id::text)::uuid FROM learner WHERE national_id_index = ANY(wanted) GROUP BY 1
$body$""",
            "DROP FUNCTION learner_of_identity(bytea[])",
        ),
        migrations.RunSQL("REVOKE ALL ON FUNCTION learner_of_identity(bytea[]) FROM PUBLIC", migrations.RunSQL.noop),
    ]
