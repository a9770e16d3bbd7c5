"""Reversals: requests to take an import back, and opening lots that were taken back."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds one table, and a column by which a line can be posted again after it was taken back."""

    dependencies = [("records", "0015_result_repeats")]

    operations = [
        migrations.AddField("openinglot", "taken_back", models.IntegerField(db_default=0, default=0)),
        migrations.RemoveConstraint("openinglot", "opening_lot_once"),
        migrations.AddConstraint(
            "openinglot",
            models.UniqueConstraint(
                fields=("learner_id", "institution", "document", "act", "outcome", "course", "taken_back"),
                name="opening_lot_once",
            ),
        ),
        migrations.CreateModel(
            name="ReversalRequest",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "institution_id", "request_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("request_id", models.UUIDField()),
                ("run_id", models.UUIDField()),
                ("reason", models.TextField()),
                ("state", models.TextField()),
                ("asked_by", models.UUIDField()),
                ("asked_at", models.DateTimeField()),
                ("decided_by", models.UUIDField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                ("postings", models.IntegerField(db_default=0, default=0)),
                (
                    "institution",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="records.institution"),
                ),
            ],
            options={
                "db_table": "reversal_request",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "asked")),
                        fields=("institution", "run_id"),
                        name="reversal_asked_once",
                    )
                ],
            },
        ),
    ]
