"""Recognition claims, their history and evidence, and commands waiting for their time."""

from __future__ import annotations

from django.db import models

from creditbank.records.institutions import Institution


class JsonPathExists(models.Func):
    """Whether a path leads anywhere in a JSON value."""

    function = "jsonb_path_exists"
    output_field = models.BooleanField()


class Claim(models.Model):
    """A learner's claim that an outcome be recognised by an institution."""

    pk = models.CompositePrimaryKey("learner_id", "claim_id")
    learner_id = models.UUIDField()
    claim_id = models.UUIDField()
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    college = models.ForeignKey(Institution, null=True, on_delete=models.PROTECT, related_name="+")
    number = models.TextField()
    state = models.TextField()
    outcome_type = models.TextField()
    title = models.TextField(blank=True, default="")
    title_en = models.TextField(blank=True, default="")
    facts = models.JSONField(default=dict)
    families = models.JSONField(default=dict)
    """By choose id of the rule version, the key that outcomes of one family share."""
    row = models.TextField(blank=True, default="")
    earned_on = models.DateField(null=True)
    rule_version = models.ForeignKey("records.RuleVersion", null=True, on_delete=models.PROTECT)
    composed_of = models.JSONField(default=list, db_default=[])
    """The versions that an overlay's version was laid on when it decided, as ids from the top down."""
    verdict = models.TextField(blank=True, default="")
    credit = models.IntegerField(default=0)
    category = models.TextField(blank=True, default="")
    level = models.SmallIntegerField(null=True)
    expires_on = models.DateField(null=True)
    proposal = models.JSONField(default=list)
    """The explanation of the proposal, as ``domain.explanation.to_data`` writes it."""
    note = models.TextField(blank=True, default="")
    """What the learner or the reviewer added in words; erased with the person."""
    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.UUIDField(null=True)
    reason = models.TextField(blank=True, default="")
    final_on = models.DateField(null=True)
    lot_id = models.UUIDField(null=True)
    posting_id = models.UUIDField(null=True)
    version = models.IntegerField(default=1)
    standing = models.GeneratedField(
        expression=models.Case(
            models.When(verdict="manual", then=models.Value("judgement")),
            models.When(
                models.Q(verdict="recognise")
                & ~models.Q(JsonPathExists("proposal", models.Value('$.**.verdict ? (@ == "no")'))),
                then=models.Value("suggested"),
            ),
            default=models.Value("incomplete"),
        ),
        output_field=models.TextField(),
        db_persist=True,
    )
    """What the proposal says before a person looks; kept by the database, so that a long queue is counted quickly."""
    listed = models.TextField(blank=True, default="", db_default="")
    """What official lists say of it while it waits: verified, differs, or nothing; narrows a long queue quickly."""
    item = models.JSONField(null=True)
    """The catalogue item it was taken from: ``institution``, ``code`` and ``number`` of the version; none for most."""

    class Meta:
        db_table = "claim"
        indexes = [
            models.Index(fields=["institution", "state", "submitted_at"], name="claim_queue"),
            models.Index(
                fields=["institution", "standing", "submitted_at", "claim_id"],
                include=["college", "state", "outcome_type", "learner_id"],
                condition=models.Q(state__in=("submitted", "under_review")),
                name="claim_open",
            ),
            models.Index(
                fields=["institution", "submitted_at", "claim_id"],
                include=["college", "state", "outcome_type", "learner_id", "standing", "listed"],
                condition=models.Q(state__in=("submitted", "under_review")),
                name="claim_waiting",
            ),
            models.Index(
                fields=["institution", "listed", "submitted_at", "claim_id"],
                condition=models.Q(state__in=("submitted", "under_review")) & ~models.Q(listed=""),
                name="claim_listed",
            ),
        ]


class ClaimEvent(models.Model):
    """One step in a claim's life; the list is its timeline."""

    pk = models.CompositePrimaryKey("learner_id", "claim_id", "sequence")
    learner_id = models.UUIDField()
    claim_id = models.UUIDField()
    sequence = models.SmallIntegerField()
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    kind = models.TextField()
    state = models.TextField()
    actor_id = models.UUIDField(null=True)
    reason = models.TextField(blank=True, default="")
    note = models.TextField(blank=True, default="")
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "claim_event"


class Evidence(models.Model):
    """A file that supports a claim, stored under the hash of its content."""

    pk = models.CompositePrimaryKey("learner_id", "evidence_id")
    learner_id = models.UUIDField()
    evidence_id = models.UUIDField()
    claim_id = models.UUIDField()
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    name = models.TextField()
    media_type = models.TextField()
    size = models.IntegerField()
    sha256 = models.TextField()
    added_at = models.DateTimeField()

    class Meta:
        db_table = "evidence"


class ScheduledCommand(models.Model):
    """A decision that waits ten seconds so that it can be undone; nothing posts before."""

    pk = models.CompositePrimaryKey("institution_id", "command_id")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    command_id = models.UUIDField()
    kind = models.TextField()
    payload = models.JSONField()
    actor_id = models.UUIDField()
    scheduled_at = models.DateTimeField()
    execute_at = models.DateTimeField()
    executed_at = models.DateTimeField(null=True)
    outcome = models.JSONField(null=True)

    class Meta:
        db_table = "scheduled_command"
