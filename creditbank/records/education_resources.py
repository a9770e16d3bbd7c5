"""Education resources as everybody reads them; projections of master data."""

from __future__ import annotations

from django.db import models

from creditbank.records.institutions import Institution


class EducationProvider(models.Model):
    """A unit of a school or an outside body that offers education, as one institution of the bank lists it.

    It is no tenant: it has no scope, no accounts, no ledger and no rows of its own, and two institutions that
    work with one company each list it. A provider that is itself an institution of the bank says so in
    ``bank_code``, and nothing else follows from that: no right, no membership, no shared row.
    """

    pk = models.CompositePrimaryKey("institution_id", "code")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    code = models.TextField()
    name = models.TextField()
    name_en = models.TextField()
    kind = models.TextField()
    """``internal``, ``external``, or empty where nobody said."""
    bank_code = models.TextField()
    """The code of the institution of the bank that it is; empty for most."""
    accredited_from = models.DateField(null=True)
    accredited_until = models.DateField(null=True)
    retired = models.BooleanField()
    published = models.BooleanField()
    """Whether a published resource names it."""
    search = models.TextField()

    class Meta:
        db_table = "education_provider"


class EducationResource(models.Model):
    """A course, a practice base or another place to learn."""

    pk = models.CompositePrimaryKey("institution_id", "code")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    code = models.TextField()
    name = models.TextField()
    name_en = models.TextField()
    name_sort = models.TextField()
    kind = models.TextField()
    provider = models.TextField()
    """The code of its provider; empty where that is not known."""
    category = models.TextField()
    credit = models.IntegerField(null=True)
    """In hundredths, as its provider states it; what it becomes is for the rules to say."""
    hours = models.IntegerField(null=True)
    course = models.TextField()
    contact = models.TextField()
    address = models.TextField()
    about = models.TextField()
    about_en = models.TextField()
    published = models.BooleanField()
    """Stated to be published, and not retired."""
    search = models.TextField()
    """Code, names, pinyin and category in lower case."""

    class Meta:
        db_table = "education_resource"
        indexes = [models.Index(fields=["institution", "provider"], name="education_resource_provider")]


class EducationOffering(models.Model):
    """One time that a resource is offered."""

    pk = models.CompositePrimaryKey("institution_id", "code")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    code = models.TextField()
    resource = models.TextField()
    """The code of its resource; empty where that is not known."""
    term = models.TextField()
    """As stated: the code of a term, else other words."""
    starts_on = models.DateField(null=True)
    ends_on = models.DateField(null=True)
    seats = models.IntegerField(null=True)
    fee = models.IntegerField(null=True)
    """In hundredths of the currency, for each learner; none where nobody stated it, 0 where it is free."""
    currency = models.TextField()
    """Three letters of ISO 4217."""
    apply_until = models.DateField(null=True)
    contact = models.TextField()
    place = models.TextField()
    published = models.BooleanField()
    """Whether its resource is published and it is not retired itself."""

    class Meta:
        db_table = "education_offering"
        indexes = [models.Index(fields=["institution", "resource"], name="education_offering_resource")]
