"""Decision letters, appeals with the panels that hear them, and objections."""

from __future__ import annotations

from django.db import models

from creditbank.records.institutions import Institution


class Letter(models.Model):
    """What a learner was told of one decision, word for word; never changed, a correction is another one."""

    pk = models.CompositePrimaryKey("learner_id", "letter_id")
    learner_id = models.UUIDField()
    letter_id = models.UUIDField()
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    college = models.ForeignKey(Institution, null=True, on_delete=models.PROTECT, related_name="+")
    case_kind = models.TextField()
    """``domain.letters.CaseKind``: claim or application."""
    case_id = models.UUIDField()
    sequence = models.SmallIntegerField()
    number = models.TextField()
    kind = models.TextField()
    content = models.JSONField()
    content_hash = models.TextField()
    """SHA-256 of the content in canonical JSON."""
    appeal_until = models.DateField(null=True)
    replaces_id = models.UUIDField(null=True)
    """The letter that this one corrects."""
    actor_id = models.UUIDField(null=True)
    issued_at = models.DateTimeField()

    class Meta:
        db_table = "letter"
        constraints = [models.UniqueConstraint(fields=["learner_id", "case_id", "sequence"], name="letter_sequence")]


class Appeal(models.Model):
    """A learner's appeal against the decision of one letter."""

    pk = models.CompositePrimaryKey("learner_id", "appeal_id")
    learner_id = models.UUIDField()
    appeal_id = models.UUIDField()
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    college = models.ForeignKey(Institution, null=True, on_delete=models.PROTECT, related_name="+")
    case_kind = models.TextField()
    case_id = models.UUIDField()
    letter_id = models.UUIDField()
    number = models.TextField()
    state = models.TextField()
    title = models.TextField()
    title_en = models.TextField(blank=True, default="")
    before = models.IntegerField(default=0)
    """Hundredths that stand without the appeal."""
    asked = models.IntegerField()
    """Hundredths that the learner asks for."""
    granted = models.IntegerField(null=True)
    grounds = models.TextField()
    """What the learner said; erased with the person."""
    reason = models.TextField(blank=True, default="")
    """Why it was not admitted, as a code."""
    filed_at = models.DateTimeField()
    seats = models.SmallIntegerField(default=0)
    """How many people hear it, fixed when the panel is named."""
    seated_by = models.UUIDField(null=True)
    seated_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    version = models.IntegerField(default=1)

    class Meta:
        db_table = "appeal"
        constraints = [models.UniqueConstraint(fields=["learner_id", "letter_id"], name="appeal_once_a_letter")]
        indexes = [models.Index(fields=["institution", "state", "filed_at"], name="appeal_queue")]


class PanelMember(models.Model):
    """A seat on the panel of one appeal, and how it voted."""

    pk = models.CompositePrimaryKey("institution_id", "appeal_id", "person_id")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    appeal_id = models.UUIDField()
    person_id = models.UUIDField()
    learner_id = models.UUIDField()
    stepped_aside = models.BooleanField(default=False, db_default=False)
    credit = models.IntegerField(null=True)
    category = models.TextField(blank=True, default="")
    grade = models.TextField(blank=True, default="")
    reason = models.TextField(blank=True, default="")
    named_at = models.DateTimeField()
    voted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "panel_member"
        indexes = [models.Index(fields=["institution", "person_id"], name="panel_member_person")]


class Objection(models.Model):
    """Something said against a decision while it is on public notice; who said it stands in another table."""

    pk = models.CompositePrimaryKey("learner_id", "objection_id")
    learner_id = models.UUIDField()
    objection_id = models.UUIDField()
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    college = models.ForeignKey(Institution, null=True, on_delete=models.PROTECT, related_name="+")
    case_kind = models.TextField()
    case_id = models.UUIDField()
    number = models.TextField()
    title = models.TextField()
    title_en = models.TextField(blank=True, default="")
    state = models.TextField()
    said = models.TextField()
    reply = models.TextField(blank=True, default="")
    """What the learner concerned answers."""
    answer = models.TextField(blank=True, default="")
    """Why the office found as it did."""
    raised_at = models.DateTimeField()
    raised_on = models.DateField()
    replied_at = models.DateTimeField(null=True)
    answered_by = models.UUIDField(null=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "objection"
        indexes = [
            models.Index(fields=["institution", "state", "raised_at"], name="objection_queue"),
            models.Index(fields=["learner_id", "case_id"], name="objection_of_case"),
        ]


class ObjectionSource(models.Model):
    """Who raised an objection: an account, or a name and contact, sealed."""

    pk = models.CompositePrimaryKey("institution_id", "objection_id")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    objection_id = models.UUIDField()
    person_id = models.UUIDField(null=True)
    sealed = models.BinaryField(null=True)
    """Name and contact in an envelope kid|nonce|ciphertext; services open it for the office."""

    class Meta:
        db_table = "objection_source"
