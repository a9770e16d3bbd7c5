"""The database keeps what a claim's proposal says of it, and an index of the open ones."""

import creditbank.records.recognition
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0002_ledger'),
    ]

    operations = [
        migrations.AddField(
            model_name='claim',
            name='standing',
            field=models.GeneratedField(db_persist=True, expression=models.Case(models.When(then=models.Value('judgement'), verdict='manual'), models.When(models.Q(('verdict', 'recognise'), models.Q(creditbank.records.recognition.JsonPathExists('proposal', models.Value('$.**.verdict ? (@ == "no")')), _negated=True)), then=models.Value('suggested')), default=models.Value('incomplete')), output_field=models.TextField()),
        ),
        migrations.AddIndex(
            model_name='claim',
            index=models.Index(condition=models.Q(('state__in', ('submitted', 'under_review'))), fields=['institution', 'standing', 'submitted_at', 'claim_id'], include=('college', 'state', 'outcome_type', 'learner_id'), name='claim_open'),
        ),
    ]
