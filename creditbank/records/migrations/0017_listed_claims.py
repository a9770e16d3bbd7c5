"""A waiting claim keeps what official lists say of it, with an index of those of which they speak."""

from django.db import migrations, models


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
    ]
