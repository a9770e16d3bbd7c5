"""Opening lots: what was recognised and converted before the bank opened, with its documents."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds one table."""

    dependencies = [("records", "0009_conversions")]

    operations = [
        migrations.CreateModel(
            name="OpeningLot",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "learner_id", "lot_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("learner_id", models.UUIDField()),
                ("lot_id", models.UUIDField()),
                ("document", models.TextField()),
                ("act", models.TextField()),
                ("outcome", models.TextField()),
                ("course", models.TextField(blank=True, default="")),
                ("decided_on", models.DateField()),
                ("content_hash", models.TextField()),
                ("run_id", models.UUIDField()),
                ("line", models.IntegerField()),
                (
                    "institution",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="records.institution"),
                ),
            ],
            options={
                "db_table": "opening_lot",
                "indexes": [models.Index(fields=["institution", "run_id"], name="opening_lot_run")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("learner_id", "institution", "document", "act", "outcome", "course"),
                        name="opening_lot_once",
                    )
                ],
            },
        ),
    ]
