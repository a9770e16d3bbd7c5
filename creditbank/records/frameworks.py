"""Rows of frameworks, crosswalks and units as everybody reads them; a projection of master data."""

from __future__ import annotations

from django.db import models

from creditbank.records.institutions import Institution


class FrameworkRow(models.Model):
    """One row of a data set of frameworks, as its institution states it."""

    pk = models.CompositePrimaryKey("institution_id", "data_set", "key")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    data_set = models.TextField()
    key = models.TextField()
    content = models.JSONField()
    published = models.BooleanField()
    """Whether it, or what it belongs to, is stated to be published and not retired."""

    class Meta:
        db_table = "framework_row"
