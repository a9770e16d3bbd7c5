"""A result says what its course brings when it is passed again."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0014_kept_balances'),
    ]

    operations = [
        migrations.AddField(
            model_name='result',
            name='repeat',
            field=models.TextField(default='earns_once', db_default='earns_once'),
        ),
    ]
