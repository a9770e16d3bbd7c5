"""Frameworks, crosswalks, credit units and certification units as everybody reads them."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0020_claim_waiting'),
    ]

    operations = [
        migrations.CreateModel(
            name='FrameworkRow',
            fields=[
                ('pk', models.CompositePrimaryKey('institution_id', 'data_set', 'key', blank=True, editable=False, primary_key=True, serialize=False)),
                ('institution', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='records.institution')),
                ('data_set', models.TextField()),
                ('key', models.TextField()),
                ('content', models.JSONField()),
                ('published', models.BooleanField()),
            ],
            options={'db_table': 'framework_row'},
        ),
    ]
