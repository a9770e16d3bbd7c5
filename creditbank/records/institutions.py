"""Institutions as a tree, and the academic years and terms each one owns."""

from __future__ import annotations

from django.db import models


class Institution(models.Model):
    """A centre, an institution, a college or a department; a bank has one centre at the top."""

    class Kind(models.TextChoices):
        CENTRE = "centre"
        INSTITUTION = "institution"
        COLLEGE = "college"
        DEPARTMENT = "department"

    id = models.UUIDField(primary_key=True)
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    kind = models.TextField(choices=Kind.choices)
    code = models.TextField(unique=True)
    name = models.TextField()
    name_en = models.TextField(blank=True, default="")
    zone = models.TextField(default="Asia/Shanghai")
    publicity_days = models.SmallIntegerField(default=0)
    """Days between a decision and its posting, counted in the institution's zone."""
    appeal_days = models.SmallIntegerField(default=10, db_default=10)
    """Working days after a letter in which an appeal can be filed."""
    appeal_panel = models.SmallIntegerField(default=3, db_default=3)
    """How many people hear an appeal; an odd number, 1 for a deputy who decides alone."""
    contact = models.TextField(blank=True, default="", db_default="")
    """Where a learner asks: one line, shown to everybody; empty where there is none."""

    class Meta:
        db_table = "institution"


class AcademicYear(models.Model):
    """An academic year of one institution, for instance 2026—2027."""

    id = models.UUIDField(primary_key=True)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    code = models.TextField()
    starts_on = models.DateField()
    ends_on = models.DateField()

    class Meta:
        db_table = "academic_year"
        constraints = [
            models.UniqueConstraint(fields=["institution", "code"], name="academic_year_code"),
            models.CheckConstraint(condition=models.Q(ends_on__gt=models.F("starts_on")), name="academic_year_days"),
        ]


class Term(models.Model):
    """A term within an academic year; lots store it, so that caps never compute a year."""

    id = models.UUIDField(primary_key=True)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    academic_year = models.ForeignKey(AcademicYear, on_delete=models.PROTECT, related_name="terms")
    code = models.TextField()
    name = models.TextField()
    name_en = models.TextField(blank=True, default="")
    starts_on = models.DateField()
    ends_on = models.DateField()
    weeks = models.SmallIntegerField(null=True)
    """Teaching weeks."""
    resits_from = models.DateField(null=True)
    resits_until = models.DateField(null=True)
    claims_from = models.DateField(null=True)
    """The window in which learners file claims; open where none is set."""
    claims_until = models.DateField(null=True)

    class Meta:
        db_table = "term"
        constraints = [
            models.UniqueConstraint(fields=["institution", "code"], name="term_code"),
            models.CheckConstraint(condition=models.Q(ends_on__gt=models.F("starts_on")), name="term_days"),
        ]
