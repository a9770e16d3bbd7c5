"""Master data: dated facts as sources stated them, the rows they make, mappings and owners."""

from __future__ import annotations

from django.db import models

from creditbank.records.institutions import Institution


class DataFact(models.Model):
    """What one source stated of one row as of a day; never changed, left out of the row when its run is reverted."""

    pk = models.CompositePrimaryKey("institution_id", "data_set", "key", "fact_id")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    data_set = models.TextField()
    key = models.TextField()
    fact_id = models.UUIDField()
    as_of = models.DateField()
    recorded_at = models.DateTimeField()
    run_id = models.UUIDField(null=True)
    """The import that brought it; none where it was typed in a form."""
    line = models.IntegerField(null=True)
    actor_id = models.UUIDField()
    content = models.JSONField()
    """Only the fields that were stated; a national id as ``{"index": ..., "sealed": ...}``."""

    class Meta:
        db_table = "data_fact"
        indexes = [models.Index(fields=["institution", "run_id"], name="data_fact_run")]


class DataRow(models.Model):
    """The row in force, a projection of its facts."""

    pk = models.CompositePrimaryKey("institution_id", "data_set", "key")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    data_set = models.TextField()
    key = models.TextField()
    content = models.JSONField()
    since = models.JSONField()
    """By field, the rank of the fact it comes from: its day, and whether it was typed."""
    contested = models.JSONField(default=list)
    """Fields of which two sources of one day say different things."""
    retired = models.BooleanField()
    label = models.TextField()
    label_sort = models.TextField()
    """The label as pinyin, in lower case."""

    class Meta:
        db_table = "data_row"
        indexes = [
            # References are read with ordinary brackets and digits, names stay as they were typed. The data set stands
            # last: a planner without statistics would take the index for the look-up of a key otherwise.
            models.Index(
                "institution",
                models.Func("label", template="normalize(%(expressions)s, NFKC)", output_field=models.TextField()),
                "data_set",
                name="data_row_named",
            )
        ]


class SheetMapping(models.Model):
    """What an office has said that headings and values of its sheets mean."""

    pk = models.CompositePrimaryKey("institution_id", "data_set")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    data_set = models.TextField()
    headings = models.JSONField()
    """From heading to field; empty text for a column that is left out."""
    values = models.JSONField()
    """By field, from a sheet's text to what it stands for."""
    actor_id = models.UUIDField()
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "sheet_mapping"


class DataSource(models.Model):
    """Who keeps a data set true, and how often it should be refreshed."""

    pk = models.CompositePrimaryKey("institution_id", "data_set")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    data_set = models.TextField()
    owner = models.TextField(blank=True, default="")
    """The department that answers for it, in words."""
    contact = models.TextField(blank=True, default="")
    every_days = models.SmallIntegerField(null=True)
    """After how many days the data are called stale."""
    term_day = models.SmallIntegerField(null=True)
    """By which day of every term they are refreshed, counted from its first day as 1."""
    note = models.TextField(blank=True, default="")
    actor_id = models.UUIDField()
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "data_source"
