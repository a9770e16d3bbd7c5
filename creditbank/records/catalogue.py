"""The catalogue: types of learning outcome and the courses of each institution."""

from __future__ import annotations

from django.db import models

from creditbank.records.institutions import Institution


class OutcomeType(models.Model):
    """A kind of learning outcome that a rule set can recognise."""

    id = models.UUIDField(primary_key=True)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    code = models.TextField()
    name = models.TextField()
    name_en = models.TextField(blank=True, default="")
    rule_set_code = models.TextField(blank=True, default="")
    evidence_required = models.BooleanField(default=True)
    is_open = models.BooleanField(default=True)
    stated = models.JSONField(null=True)
    """What the institution itself says of a type that is handed down to it, or of its own; the columns say the same
    laid on what is handed down. Nothing for a type that was made before outcome types were master data."""

    class Meta:
        db_table = "outcome_type"
        constraints = [models.UniqueConstraint(fields=["institution", "code"], name="outcome_type_code")]


class Course(models.Model):
    """A course of an institution's library."""

    id = models.UUIDField(primary_key=True)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    code = models.TextField()
    name = models.TextField()
    name_en = models.TextField(blank=True, default="")
    credit = models.IntegerField()
    level = models.SmallIntegerField(null=True)
    field = models.TextField(blank=True, default="")
    nature = models.TextField(blank=True, default="", db_default="")
    """A code of the code table of course natures."""
    hours = models.IntegerField(null=True)
    assessment = models.TextField(blank=True, default="", db_default="")
    category = models.TextField(blank=True, default="", db_default="")
    retired = models.BooleanField(default=False, db_default=False)
    """No longer offered; what was earned in it stands."""

    class Meta:
        db_table = "course"
        constraints = [
            models.UniqueConstraint(fields=["institution", "code"], name="course_code"),
            models.CheckConstraint(condition=models.Q(credit__gt=0), name="course_credit"),
        ]
