"""Programmes as immutable versions, and each learner's progress in them."""

from __future__ import annotations

from django.db import models

from creditbank.records.institutions import Institution


class Programme(models.Model):
    """A requirement tree that leads to an award."""

    id = models.UUIDField(primary_key=True)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    code = models.TextField()
    version = models.IntegerField(default=1)
    name = models.TextField()
    name_en = models.TextField(blank=True, default="")
    content = models.JSONField()
    content_hash = models.TextField()
    invented = models.BooleanField(default=False)
    published_at = models.DateTimeField()

    class Meta:
        db_table = "programme"
        constraints = [models.UniqueConstraint(fields=["institution", "code", "version"], name="programme_version")]


class Progress(models.Model):
    """The last audit of a learner against a programme; derived, can be rebuilt and compared."""

    pk = models.CompositePrimaryKey("learner_id", "programme_id")
    learner_id = models.UUIDField()
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    met = models.BooleanField()
    counted = models.IntegerField()
    short_by = models.IntegerField()
    answer = models.JSONField()
    """The compact answer: per requirement what counts and what is missing, in hundredths."""
    as_of = models.DateTimeField()

    class Meta:
        db_table = "progress"
