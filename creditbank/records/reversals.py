"""Requests to take an import's postings back: who asked, and who confirmed or withdrew."""

from __future__ import annotations

from django.db import models

from creditbank.records.institutions import Institution


class ReversalRequest(models.Model):
    """One person's wish to take a run back, which a second one carries out; it is decided once."""

    pk = models.CompositePrimaryKey("institution_id", "request_id")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    request_id = models.UUIDField()
    """Also the batch of the mirrors that it posts."""
    run_id = models.UUIDField()
    reason = models.TextField()
    state = models.TextField()
    asked_by = models.UUIDField()
    asked_at = models.DateTimeField()
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)
    postings = models.IntegerField(default=0, db_default=0)
    """How many mirrors it posted."""

    class Meta:
        db_table = "reversal_request"
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "run_id"], condition=models.Q(state="asked"), name="reversal_asked_once"
            )
        ]
