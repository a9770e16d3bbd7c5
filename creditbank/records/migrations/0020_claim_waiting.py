"""A page of the review queue is read in its order from an index, however many cases wait."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0019_list_kinds'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='claim',
            index=models.Index(
                condition=models.Q(('state__in', ('submitted', 'under_review'))),
                fields=['institution', 'submitted_at', 'claim_id'],
                include=('college', 'state', 'outcome_type', 'learner_id', 'standing', 'listed'),
                name='claim_waiting',
            ),
        ),
    ]
