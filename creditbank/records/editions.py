"""Editions of master data that a level publishes for those below, and how each of these takes them up."""

from __future__ import annotations

from django.db import models

from creditbank.records.institutions import Institution


class Edition(models.Model):
    """Rows of one kind published together; never changed, in force from its day until the next one's."""

    pk = models.CompositePrimaryKey("institution_id", "edition_id")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    edition_id = models.UUIDField()
    kind = models.TextField()
    """A data set, or ``codes.`` and a code table."""
    label = models.TextField()
    source = models.TextField(blank=True, default="")
    note = models.TextField(blank=True, default="")
    """What changes, in the publisher's words."""
    effective_on = models.DateField()
    rows = models.JSONField()
    """The whole content, a list of rows."""
    content_hash = models.TextField()
    made_by = models.UUIDField()
    made_at = models.DateTimeField()
    published_by = models.UUIDField(null=True)
    published_at = models.DateTimeField(null=True)
    """Before this only the publisher sees it."""
    withdrawn_by = models.UUIDField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "edition"
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "kind", "effective_on"],
                condition=models.Q(published_at__isnull=False, withdrawn_at__isnull=True),
                name="edition_day",
            )
        ]


class Adoption(models.Model):
    """That an institution has seen an edition from above, and what of its own then did not hold."""

    pk = models.CompositePrimaryKey("institution_id", "publisher_id", "edition_id")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    publisher_id = models.UUIDField()
    edition_id = models.UUIDField()
    seen_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.UUIDField(null=True)
    conflicts = models.IntegerField()
    """Rows of the institution's own that do not hold, a number and nothing of them."""
    counted_at = models.DateTimeField()

    class Meta:
        db_table = "adoption"
        indexes = [models.Index(fields=["publisher_id", "edition_id"], name="adoption_publisher")]
