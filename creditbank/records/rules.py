"""Rule sets: their drafts and test cases, their immutable versions, and every step of these."""

from __future__ import annotations

from django.db import models
from django.db.models.fields.json import KeyTextTransform

from creditbank.records.institutions import Institution


class RuleSet(models.Model):
    """The regulation behind a kind of decision; its versions hold the rows.

    Of one code an institution has one line of versions, each a set of rules of its own or an overlay; ``kind`` is that
    of the rules that decide, ``recognition`` or ``conversion``.
    """

    id = models.UUIDField(primary_key=True)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    kind = models.TextField()
    code = models.TextField()
    name = models.TextField()
    name_en = models.TextField(blank=True, default="")

    class Meta:
        db_table = "rule_set"
        constraints = [models.UniqueConstraint(fields=["institution", "code"], name="rule_set_code")]


class RuleVersion(models.Model):
    """One version from its approval on: content, hash and what it applies to are never edited."""

    id = models.UUIDField(primary_key=True)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    rule_set = models.ForeignKey(RuleSet, on_delete=models.PROTECT, related_name="versions")
    number = models.IntegerField()
    content = models.JSONField()
    kind = models.GeneratedField(
        expression=KeyTextTransform("kind", "content"), output_field=models.TextField(), db_persist=True
    )
    """Of its document: that of its rule set, or an overlay."""
    content_hash = models.TextField()
    applies = models.JSONField(default=dict, db_default={})
    """Which claims it decides beside their day, as ``domain.rule_life.applies.applies_data`` writes it."""
    meeting = models.TextField(blank=True, default="", db_default="")
    """The number of the minutes of the meeting that approved it."""
    taken_in = models.BooleanField(default=True, db_default=True)
    """Whether it was put in force when the bank was set up, without a review here."""
    state = models.TextField(default="scheduled", db_default="scheduled")
    """Where its recorded steps have led it; whether it is in force follows from the days."""
    effective_from = models.DateField(null=True)
    """Set once, when a day is set."""
    effective_until = models.DateField(null=True)
    published_at = models.DateTimeField()
    published_by = models.UUIDField()

    class Meta:
        db_table = "rule_version"
        constraints = [models.UniqueConstraint(fields=["rule_set", "number"], name="rule_version_number")]


class RuleDraft(models.Model):
    """What is being written; from its review on its text can no longer be changed."""

    id = models.UUIDField(primary_key=True)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    rule_set = models.ForeignKey(RuleSet, on_delete=models.PROTECT, related_name="drafts")
    text = models.TextField()
    """The document as it was typed, readable or not."""
    content = models.JSONField(null=True)
    """The rule set of the text in its normal form; nothing while the text cannot be read as one."""
    content_hash = models.TextField(blank=True, default="")
    applies = models.JSONField(default=dict)
    state = models.TextField()
    revision = models.IntegerField(default=1)
    authors = models.JSONField(default=list)
    """Everybody who saved it, as ids."""
    origin = models.JSONField(default=dict)
    """What it was made from: a version's number, a pack's code, a file's name, or nothing."""
    version = models.ForeignKey(RuleVersion, null=True, on_delete=models.PROTECT, related_name="drafts")
    """The version it became."""
    created_at = models.DateTimeField()
    saved_at = models.DateTimeField()
    saved_by = models.UUIDField()

    class Meta:
        db_table = "rule_draft"


class RuleDraftAct(models.Model):
    """One step of a draft's life, up to its approval; the institution's own affair."""

    id = models.UUIDField(primary_key=True)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    draft = models.ForeignKey(RuleDraft, on_delete=models.PROTECT, related_name="acts")
    act = models.TextField()
    state = models.TextField()
    """Where it led."""
    facts = models.JSONField(default=dict)
    said = models.TextField(blank=True, default="")
    """The reason in words."""
    actor_id = models.UUIDField()
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "rule_draft_act"


class RuleAct(models.Model):
    """One step of a version's life from its approval on; everybody reads them."""

    id = models.UUIDField(primary_key=True)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    rule_set = models.ForeignKey(RuleSet, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(RuleVersion, on_delete=models.PROTECT, related_name="acts")
    act = models.TextField()
    state = models.TextField()
    """Where it led."""
    facts = models.JSONField(default=dict)
    """Days, numbers and ids; part of what the log commits to."""
    said = models.TextField(blank=True, default="")
    """The reason, objection or answer in words."""
    actor_id = models.UUIDField()
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "rule_act"
        indexes = [models.Index(fields=["rule_set", "recorded_at"], name="rule_act_order")]


class RuleCase(models.Model):
    """One test case of a rule set as it was written once; the highest number of a code is how it stands."""

    id = models.UUIDField(primary_key=True)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    rule_set = models.ForeignKey(RuleSet, on_delete=models.PROTECT, related_name="cases")
    code = models.TextField()
    number = models.IntegerField()
    document = models.JSONField()
    """An item of ``creditbank.cases/1``."""
    removed = models.BooleanField(default=False)
    source = models.JSONField(default=dict)
    actor_id = models.UUIDField()
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "rule_case"
        constraints = [models.UniqueConstraint(fields=["rule_set", "code", "number"], name="rule_case_number")]


class RowExplanation(models.Model):
    """Why a row of a rule version gives what it gives, stored once for all decisions of an import."""

    id = models.UUIDField(primary_key=True)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    rule_version = models.ForeignKey(RuleVersion, on_delete=models.PROTECT)
    composed_of = models.JSONField(default=list, db_default=[])
    """The versions that an overlay's version was laid on, as ids from the top down."""
    row = models.TextField()
    facts_hash = models.TextField()
    explanation = models.JSONField()

    class Meta:
        db_table = "row_explanation"
        constraints = [
            models.UniqueConstraint(
                fields=["rule_version", "composed_of", "row", "facts_hash"], name="row_explanation_once"
            ),
        ]
