"""Overlays and sets of one's own stand in one line of versions; each version says which of them it is."""

from django.db import migrations, models
from django.db.models.fields.json import KeyTextTransform


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0024_overlays'),
    ]

    operations = [
        migrations.AddField(
            model_name='ruleversion',
            name='kind',
            field=models.GeneratedField(db_persist=True, expression=KeyTextTransform('kind', 'content'), output_field=models.TextField()),
        ),
        migrations.RunSQL("UPDATE rule_set SET kind = 'recognition' WHERE kind = 'overlay'", "SELECT 1"),
    ]
