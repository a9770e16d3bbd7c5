"""Conversion applications, what each of them holds, and their history."""

from __future__ import annotations

from django.db import models

from creditbank.records.institutions import Institution

TOWARDS_AWARDS = """(lot.source_kind <> 'conversion' OR NOT EXISTS (SELECT FROM conversion_application AS asked
  WHERE asked.learner_id = lot.learner_id AND asked.application_id = lot.source_id
    AND asked.counts ->> 'graduation' = 'false'))"""
"""Of ``lot`` those that an audit looks at: what a conversion made counts towards awards unless its rules said not."""


class ConversionApplication(models.Model):
    """A learner's application that credit they hold become something else at the institution that awarded it."""

    pk = models.CompositePrimaryKey("learner_id", "application_id")
    learner_id = models.UUIDField()
    application_id = models.UUIDField()
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    college = models.ForeignKey(Institution, null=True, on_delete=models.PROTECT, related_name="+")
    number = models.TextField()
    state = models.TextField()
    rule_version = models.ForeignKey("records.RuleVersion", on_delete=models.PROTECT)
    composed_of = models.JSONField(default=list, db_default=[])
    """The versions beneath an overlay as it was laid when this was submitted, from the top down; else nothing."""
    row = models.TextField()
    course = models.TextField(blank=True, default="")
    """The course it was applied for, where the row leads into any course of a category."""
    target = models.TextField()
    """The row's targets, as ``domain.conversions.model.Target`` writes them, joined by spaces; open once a learner."""
    title = models.TextField()
    title_en = models.TextField(blank=True, default="")
    verdict = models.TextField()
    """What the rules said when it was submitted, and again when it was decided: recognise or manual."""
    credit = models.IntegerField(default=0)
    grade = models.TextField(null=True)
    made = models.JSONField(default=list)
    """What it makes: target, hundredths, category and title of each."""
    counts = models.JSONField(default=dict)
    proposal = models.JSONField(default=list)
    """The explanation, as ``domain.explanation.to_data`` writes it."""
    submitted_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.UUIDField(null=True)
    reason = models.TextField(blank=True, default="")
    final_on = models.DateField(null=True)
    conversion_id = models.UUIDField(null=True)
    version = models.IntegerField(default=1)

    class Meta:
        db_table = "conversion_application"
        constraints = [
            models.UniqueConstraint(
                fields=["learner_id", "institution", "target"],
                condition=models.Q(state__in=("submitted", "under_review", "approved")),
                name="application_open_once",
            )
        ]
        indexes = [
            models.Index(fields=["institution", "state", "submitted_at"], name="application_queue"),
        ]


class ConversionUse(models.Model):
    """So much of one lot that an application uses; ``hold`` is the posting that reserves it."""

    pk = models.CompositePrimaryKey("learner_id", "application_id", "lot_id")
    learner_id = models.UUIDField()
    application_id = models.UUIDField()
    lot_id = models.UUIDField()
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    amount = models.IntegerField()
    hold_id = models.UUIDField()

    class Meta:
        db_table = "conversion_use"
        constraints = [models.UniqueConstraint(fields=["learner_id", "hold_id"], name="use_of_hold_once")]


class ConversionEvent(models.Model):
    """One step in an application's life; the list is its timeline."""

    pk = models.CompositePrimaryKey("learner_id", "application_id", "sequence")
    learner_id = models.UUIDField()
    application_id = models.UUIDField()
    sequence = models.SmallIntegerField()
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    kind = models.TextField()
    state = models.TextField()
    actor_id = models.UUIDField(null=True)
    reason = models.TextField(blank=True, default="")
    note = models.TextField(blank=True, default="")
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "conversion_event"
