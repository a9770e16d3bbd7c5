"""Results from other systems, and the import runs that brought them."""

from __future__ import annotations

from django.db import models

from creditbank.records.institutions import Institution


class ImportRun(models.Model):
    """One import: the decision that recognised its rows, and how far it has come."""

    pk = models.CompositePrimaryKey("institution_id", "run_id")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    run_id = models.UUIDField()
    kind = models.TextField()
    file_name = models.TextField()
    file_hash = models.TextField()
    mapping_hash = models.TextField()
    actor_id = models.UUIDField()
    encoding = models.TextField(blank=True, default="")
    state = models.TextField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    rows_total = models.IntegerField(default=0)
    rows_done = models.IntegerField(default=0)
    rows_stored = models.IntegerField(default=0)
    rows_repeated = models.IntegerField(default=0)
    rows_refused = models.IntegerField(default=0)
    lots_posted = models.IntegerField(default=0)
    hundredths_posted = models.BigIntegerField(default=0)
    as_of = models.DateField(null=True)
    """The day whose state a sheet shows; without one, a sheet of results corrects nothing."""
    rows_new = models.IntegerField(default=0, db_default=0)
    rows_changed = models.IntegerField(default=0, db_default=0)
    rows_missing = models.IntegerField(default=0, db_default=0)
    """Rows in the bank that a sheet of master data does not have."""
    reverted_at = models.DateTimeField(null=True)
    reverted_by = models.UUIDField(null=True)

    class Meta:
        db_table = "import_run"


class ImportProblem(models.Model):
    """Why one row of an import was refused."""

    pk = models.CompositePrimaryKey("institution_id", "run_id", "sequence")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    run_id = models.UUIDField()
    sequence = models.IntegerField()
    line = models.IntegerField()
    column = models.TextField(blank=True, default="")
    code = models.TextField()
    facts = models.JSONField(default=dict)

    class Meta:
        db_table = "import_problem"


class Result(models.Model):
    """A course result as the school reported it; a correction is a new fact, and the latest ``as_of`` counts."""

    pk = models.CompositePrimaryKey("learner_id", "institution_id", "course", "presentation", "sitting", "as_of")
    learner_id = models.UUIDField()
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    course = models.TextField()
    presentation = models.TextField()
    sitting = models.TextField(default="normal", db_default="normal")
    as_of = models.DateField()
    """The day whose state the sheet showed."""
    term = models.TextField(blank=True, default="")
    starts_on = models.DateField()
    earned_on = models.DateField()
    outcome = models.TextField()
    mark = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    grade = models.TextField(blank=True, default="", db_default="")
    credit = models.IntegerField()
    level = models.SmallIntegerField(null=True)
    field = models.TextField(blank=True, default="")
    run_id = models.UUIDField()
    line = models.IntegerField()
    row_explanation = models.ForeignKey("records.RowExplanation", null=True, on_delete=models.PROTECT)
    lot_id = models.UUIDField(null=True)
    repeat = models.TextField(default="earns_once", db_default="earns_once")
    """What the course brings when it is passed again, as the mapping of its sheet declares."""

    class Meta:
        db_table = "result"
        indexes = [models.Index(fields=["institution", "run_id"], name="result_run")]
