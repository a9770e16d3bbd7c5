"""An institution says in one line where its learners ask."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0003_claim_standing'),
    ]

    operations = [
        migrations.AddField(
            model_name='institution',
            name='contact',
            field=models.TextField(blank=True, db_default='', default=''),
        ),
    ]
