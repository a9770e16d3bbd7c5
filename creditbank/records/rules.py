"""Rule sets and their immutable versions."""

from __future__ import annotations

from django.db import models

from creditbank.records.institutions import Institution


class RuleSet(models.Model):
    """The regulation behind a kind of decision; its versions hold the rows."""

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
    """One version: content, hash and the days it is effective; never edited."""

    id = models.UUIDField(primary_key=True)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    rule_set = models.ForeignKey(RuleSet, on_delete=models.PROTECT, related_name="versions")
    number = models.IntegerField()
    content = models.JSONField()
    content_hash = models.TextField()
    effective_from = models.DateField()
    effective_until = models.DateField(null=True)
    published_at = models.DateTimeField()
    published_by = models.UUIDField()

    class Meta:
        db_table = "rule_version"
        constraints = [models.UniqueConstraint(fields=["rule_set", "number"], name="rule_version_number")]


class RowExplanation(models.Model):
    """Why a row of a rule version gives what it gives, stored once for all decisions of an import."""

    id = models.UUIDField(primary_key=True)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    rule_version = models.ForeignKey(RuleVersion, on_delete=models.PROTECT)
    row = models.TextField()
    facts_hash = models.TextField()
    explanation = models.JSONField()

    class Meta:
        db_table = "row_explanation"
        constraints = [
            models.UniqueConstraint(fields=["rule_version", "row", "facts_hash"], name="row_explanation_once"),
        ]
