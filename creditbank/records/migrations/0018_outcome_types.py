"""What an institution itself says of a type of outcome, beside what is handed down to it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds the column; types that are there keep their columns, which say everything."""

    dependencies = [("records", "0013_centre")]

    operations = [
        migrations.AddField(model_name="outcometype", name="stated", field=models.JSONField(null=True)),
    ]
