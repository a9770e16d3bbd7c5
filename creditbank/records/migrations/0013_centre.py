"""Editions that a level publishes for those below, how they are taken up, and notices to a desk."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0012_official_lists'),
    ]

    operations = [
        migrations.AddField(
            model_name='datasource',
            name='term_day',
            field=models.SmallIntegerField(null=True),
        ),
        migrations.CreateModel(
            name='DeskNotice',
            fields=[
                ('pk', models.CompositePrimaryKey('institution_id', 'code', 'subject', 'due_on', blank=True, editable=False, primary_key=True, serialize=False)),
                ('code', models.TextField()),
                ('subject', models.TextField()),
                ('due_on', models.DateField()),
                ('permission', models.TextField()),
                ('facts', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(null=True)),
                ('closed_by', models.UUIDField(null=True)),
                ('institution', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='records.institution')),
            ],
            options={
                'db_table': 'desk_notice',
            },
        ),
        migrations.CreateModel(
            name='Adoption',
            fields=[
                ('pk', models.CompositePrimaryKey('institution_id', 'publisher_id', 'edition_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('publisher_id', models.UUIDField()),
                ('edition_id', models.UUIDField()),
                ('seen_at', models.DateTimeField()),
                ('acknowledged_at', models.DateTimeField(null=True)),
                ('acknowledged_by', models.UUIDField(null=True)),
                ('conflicts', models.IntegerField()),
                ('counted_at', models.DateTimeField()),
                ('institution', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='records.institution')),
            ],
            options={
                'db_table': 'adoption',
                'indexes': [models.Index(fields=['publisher_id', 'edition_id'], name='adoption_publisher')],
            },
        ),
        migrations.CreateModel(
            name='Edition',
            fields=[
                ('pk', models.CompositePrimaryKey('institution_id', 'edition_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('edition_id', models.UUIDField()),
                ('kind', models.TextField()),
                ('label', models.TextField()),
                ('source', models.TextField(blank=True, default='')),
                ('note', models.TextField(blank=True, default='')),
                ('effective_on', models.DateField()),
                ('rows', models.JSONField()),
                ('content_hash', models.TextField()),
                ('made_by', models.UUIDField()),
                ('made_at', models.DateTimeField()),
                ('published_by', models.UUIDField(null=True)),
                ('published_at', models.DateTimeField(null=True)),
                ('withdrawn_by', models.UUIDField(null=True)),
                ('withdrawn_at', models.DateTimeField(null=True)),
                ('institution', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='records.institution')),
            ],
            options={
                'db_table': 'edition',
                'constraints': [models.UniqueConstraint(condition=models.Q(('published_at__isnull', False), ('withdrawn_at__isnull', True)), fields=('institution', 'kind', 'effective_on'), name='edition_day')],
            },
        ),
        migrations.RunSQL(
            # Whose editions an institution reads: the tree is open to everybody, so no more rights than the reader's.
            """CREATE FUNCTION institutions_above(place uuid) RETURNS SETOF uuid
LANGUAGE sql STABLE SET search_path = pg_catalog, public AS $body$
WITH RECURSIVE above (id) AS (
  SELECT parent_id FROM institution WHERE institution.id = place
  UNION SELECT institution.parent_id FROM institution JOIN above ON institution.id = above.id
) SELECT id FROM above WHERE id IS NOT NULL
$body$""",
            "DROP FUNCTION institutions_above(uuid)",
        ),
        migrations.RunSQL("REVOKE ALL ON FUNCTION institutions_above(uuid) FROM PUBLIC", migrations.RunSQL.noop),
    ]
