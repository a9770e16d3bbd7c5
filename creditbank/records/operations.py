"""What happened around the ledger: operation log, notices, access lines, throttles."""

from __future__ import annotations

from django.db import models

from creditbank.records.institutions import Institution


class Operation(models.Model):
    """One act, also a refused one, without personal data."""

    id = models.UUIDField(primary_key=True)
    institution = models.ForeignKey(Institution, null=True, on_delete=models.PROTECT)
    actor_id = models.UUIDField(null=True)
    request_id = models.TextField()
    action = models.TextField()
    object_kind = models.TextField(blank=True, default="")
    object_id = models.UUIDField(null=True)
    outcome = models.TextField()
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "operation"
        indexes = [models.Index(fields=["institution", "recorded_at"], name="operation_time")]


class AccessLine(models.Model):
    """Who opened a learner's record and why; the learner can read it."""

    pk = models.CompositePrimaryKey("learner_id", "line_id")
    learner_id = models.UUIDField()
    line_id = models.UUIDField()
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    actor_id = models.UUIDField()
    purpose = models.TextField()
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "access_line"


class Notice(models.Model):
    """A message to a learner inside the bank; the text is made from the code when it is read."""

    pk = models.CompositePrimaryKey("learner_id", "notice_id")
    learner_id = models.UUIDField()
    notice_id = models.UUIDField()
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    code = models.TextField()
    facts = models.JSONField(default=dict)
    claim_id = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "notice"


class DeskNotice(models.Model):
    """A message to the office people of an institution who hold a permission; one for each matter and day."""

    pk = models.CompositePrimaryKey("institution_id", "code", "subject", "due_on")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    code = models.TextField()
    subject = models.TextField()
    """What it is about: a data set, or the id of an edition."""
    due_on = models.DateField()
    permission = models.TextField()
    """Who reads it: whoever holds this."""
    facts = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.UUIDField(null=True)
    """Who set it aside; nobody where the matter settled itself."""

    class Meta:
        db_table = "desk_notice"


class Throttle(models.Model):
    """Attempts within a window, keyed by an opaque hash; the rate limit of every door."""

    key = models.TextField(primary_key=True)
    attempts = models.IntegerField()
    window_ends_at = models.DateTimeField()

    class Meta:
        db_table = "throttle"
