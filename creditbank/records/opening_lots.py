"""Opening lots: the sheet's line behind each lot that an earlier decision made, with its document."""

from __future__ import annotations

from django.db import models

from creditbank.records.institutions import Institution


class OpeningLot(models.Model):
    """What an office had recognised or converted before it came to the bank, and the lot it became."""

    pk = models.CompositePrimaryKey("learner_id", "lot_id")
    learner_id = models.UUIDField()
    lot_id = models.UUIDField()
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    document = models.TextField()
    """The number of the paper on which it was decided, as the sheet writes it."""
    act = models.TextField()
    outcome = models.TextField()
    course = models.TextField(blank=True, default="")
    decided_on = models.DateField()
    content_hash = models.TextField()
    """Of everything the line said; another line of the same document, outcome and course is a contradiction."""
    run_id = models.UUIDField()
    line = models.IntegerField()
    taken_back = models.IntegerField(default=0, db_default=0)
    """0 while its posting stands; else the how manieth of the same line it was whose posting was reversed."""

    class Meta:
        db_table = "opening_lot"
        constraints = [
            models.UniqueConstraint(
                fields=["learner_id", "institution", "document", "act", "outcome", "course", "taken_back"],
                name="opening_lot_once",
            )
        ]
        indexes = [models.Index(fields=["institution", "run_id"], name="opening_lot_run")]
