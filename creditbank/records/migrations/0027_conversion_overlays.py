"""What an overlay on conversion rules was laid on stands beside its version in applications."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0026_conversion_applications'),
    ]

    operations = [
        migrations.AddField(
            model_name='conversionapplication',
            name='composed_of',
            field=models.JSONField(db_default=[], default=list),
        ),
    ]
