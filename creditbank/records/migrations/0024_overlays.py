"""What an overlay's version was laid on when it decided stands beside it in claims and stored reasons."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0023_rule_life'),
    ]

    operations = [
        migrations.AddField(
            model_name='claim',
            name='composed_of',
            field=models.JSONField(db_default=[], default=list),
        ),
        migrations.AddField(
            model_name='rowexplanation',
            name='composed_of',
            field=models.JSONField(db_default=[], default=list),
        ),
        migrations.RemoveConstraint(
            model_name='rowexplanation',
            name='row_explanation_once',
        ),
        migrations.AddConstraint(
            model_name='rowexplanation',
            constraint=models.UniqueConstraint(fields=('rule_version', 'composed_of', 'row', 'facts_hash'), name='row_explanation_once'),
        ),
    ]
