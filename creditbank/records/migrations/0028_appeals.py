"""Decision letters, appeals with their panels, and objections; an appeal holds its credit anew."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0027_conversion_overlays'),
    ]

    operations = [
        migrations.CreateModel(
            name='Appeal',
            fields=[
                ('pk', models.CompositePrimaryKey('learner_id', 'appeal_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('learner_id', models.UUIDField()),
                ('appeal_id', models.UUIDField()),
                ('case_kind', models.TextField()),
                ('case_id', models.UUIDField()),
                ('letter_id', models.UUIDField()),
                ('number', models.TextField()),
                ('state', models.TextField()),
                ('title', models.TextField()),
                ('title_en', models.TextField(blank=True, default='')),
                ('before', models.IntegerField(default=0)),
                ('asked', models.IntegerField()),
                ('granted', models.IntegerField(null=True)),
                ('grounds', models.TextField()),
                ('reason', models.TextField(blank=True, default='')),
                ('filed_at', models.DateTimeField()),
                ('seats', models.SmallIntegerField(default=0)),
                ('seated_by', models.UUIDField(null=True)),
                ('seated_at', models.DateTimeField(null=True)),
                ('decided_at', models.DateTimeField(null=True)),
                ('version', models.IntegerField(default=1)),
                ('college', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.institution')),
                ('institution', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='records.institution')),
            ],
            options={
                'db_table': 'appeal',
            },
        ),
        migrations.CreateModel(
            name='Letter',
            fields=[
                ('pk', models.CompositePrimaryKey('learner_id', 'letter_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('learner_id', models.UUIDField()),
                ('letter_id', models.UUIDField()),
                ('case_kind', models.TextField()),
                ('case_id', models.UUIDField()),
                ('sequence', models.SmallIntegerField()),
                ('number', models.TextField()),
                ('kind', models.TextField()),
                ('content', models.JSONField()),
                ('content_hash', models.TextField()),
                ('appeal_until', models.DateField(null=True)),
                ('replaces_id', models.UUIDField(null=True)),
                ('actor_id', models.UUIDField(null=True)),
                ('issued_at', models.DateTimeField()),
                ('college', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.institution')),
                ('institution', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='records.institution')),
            ],
            options={
                'db_table': 'letter',
            },
        ),
        migrations.CreateModel(
            name='Objection',
            fields=[
                ('pk', models.CompositePrimaryKey('learner_id', 'objection_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('learner_id', models.UUIDField()),
                ('objection_id', models.UUIDField()),
                ('case_kind', models.TextField()),
                ('case_id', models.UUIDField()),
                ('number', models.TextField()),
                ('title', models.TextField()),
                ('title_en', models.TextField(blank=True, default='')),
                ('state', models.TextField()),
                ('said', models.TextField()),
                ('reply', models.TextField(blank=True, default='')),
                ('answer', models.TextField(blank=True, default='')),
                ('raised_at', models.DateTimeField()),
                ('raised_on', models.DateField()),
                ('replied_at', models.DateTimeField(null=True)),
                ('answered_by', models.UUIDField(null=True)),
                ('answered_at', models.DateTimeField(null=True)),
                ('college', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.institution')),
                ('institution', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='records.institution')),
            ],
            options={
                'db_table': 'objection',
            },
        ),
        migrations.CreateModel(
            name='ObjectionSource',
            fields=[
                ('pk', models.CompositePrimaryKey('institution_id', 'objection_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('objection_id', models.UUIDField()),
                ('person_id', models.UUIDField(null=True)),
                ('sealed', models.BinaryField(null=True)),
                ('institution', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='records.institution')),
            ],
            options={
                'db_table': 'objection_source',
            },
        ),
        migrations.CreateModel(
            name='PanelMember',
            fields=[
                ('pk', models.CompositePrimaryKey('institution_id', 'appeal_id', 'person_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('appeal_id', models.UUIDField()),
                ('person_id', models.UUIDField()),
                ('learner_id', models.UUIDField()),
                ('stepped_aside', models.BooleanField(db_default=False, default=False)),
                ('credit', models.IntegerField(null=True)),
                ('category', models.TextField(blank=True, default='')),
                ('grade', models.TextField(blank=True, default='')),
                ('reason', models.TextField(blank=True, default='')),
                ('named_at', models.DateTimeField()),
                ('voted_at', models.DateTimeField(null=True)),
                ('institution', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='records.institution')),
            ],
            options={
                'db_table': 'panel_member',
            },
        ),
        migrations.RemoveConstraint(
            model_name='conversionapplication',
            name='application_open_once',
        ),
        migrations.AddField(
            model_name='institution',
            name='appeal_days',
            field=models.SmallIntegerField(db_default=10, default=10),
        ),
        migrations.AddField(
            model_name='institution',
            name='appeal_panel',
            field=models.SmallIntegerField(db_default=3, default=3),
        ),
        migrations.AddConstraint(
            model_name='conversionapplication',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ('submitted', 'under_review', 'approved', 'objected', 'appealed'))), fields=('learner_id', 'institution', 'target'), name='application_open_once'),
        ),
        migrations.AddIndex(
            model_name='appeal',
            index=models.Index(fields=['institution', 'state', 'filed_at'], name='appeal_queue'),
        ),
        migrations.AddConstraint(
            model_name='appeal',
            constraint=models.UniqueConstraint(fields=('learner_id', 'letter_id'), name='appeal_once_a_letter'),
        ),
        migrations.AddConstraint(
            model_name='letter',
            constraint=models.UniqueConstraint(fields=('learner_id', 'case_id', 'sequence'), name='letter_sequence'),
        ),
        migrations.AddIndex(
            model_name='objection',
            index=models.Index(fields=['institution', 'state', 'raised_at'], name='objection_queue'),
        ),
        migrations.AddIndex(
            model_name='objection',
            index=models.Index(fields=['learner_id', 'case_id'], name='objection_of_case'),
        ),
        migrations.AddIndex(
            model_name='panelmember',
            index=models.Index(fields=['institution', 'person_id'], name='panel_member_person'),
        ),
    ]
