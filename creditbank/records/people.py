"""People: accounts that sign in, memberships that give roles, and learners with their enrolments."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.crypto import salted_hmac

from creditbank.records.institutions import Institution


class Account(AbstractBaseUser):
    """A person who can sign in; the id is also their learner id."""

    # The framework's own words for these two change with the language of whoever asks for migrations.
    password = models.CharField("password", max_length=128)
    last_login = models.DateTimeField("last login", blank=True, null=True)
    id = models.UUIDField(primary_key=True)
    sign_in = models.TextField(unique=True)
    name = models.TextField()
    name_en = models.TextField(blank=True, default="")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    became = models.UUIDField(null=True)
    """The account that a school's number made of this one; its passkeys still say this one's name."""
    sessions_since = models.IntegerField(default=0, db_default=0)
    """Counts up when every session of the account has to end: each carries a digest of it."""

    USERNAME_FIELD = "sign_in"
    objects = BaseUserManager()

    def get_session_auth_hash(self) -> str:
        """What a session must still match: the password and the count of endings."""
        said = f"{self.password}:{self.sessions_since}"
        return salted_hmac("creditbank.account.session", said, algorithm="sha256").hexdigest()

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """There are no older secrets, so nothing else matches."""
        return iter(())

    class Meta:
        db_table = "account"


class Membership(models.Model):
    """A role that an account holds in an institution, with a beginning and perhaps an end."""

    id = models.UUIDField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="memberships")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    college = models.ForeignKey(Institution, null=True, on_delete=models.PROTECT, related_name="+")
    """Set where the role reaches one college of the institution only."""
    role = models.TextField()
    since = models.DateField()
    until = models.DateField(null=True)

    class Meta:
        db_table = "membership"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "institution", "college", "role"], nulls_distinct=False, name="membership_once"
            ),
        ]


class Learner(models.Model):
    """One lifelong account of credit; the institution is the one that opened it."""

    learner_id = models.UUIDField(primary_key=True)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    national_id = models.BinaryField(null=True)
    """Envelope kid|nonce|ciphertext; written and read by services only."""
    national_id_index = models.BinaryField(null=True)
    """Keyed blind index of the national id."""
    opened_at = models.DateTimeField()

    class Meta:
        db_table = "learner"
        indexes = [models.Index(fields=["national_id_index"], name="learner_identity")]


class Enrolment(models.Model):
    """A learner as one institution knows them."""

    pk = models.CompositePrimaryKey("learner_id", "institution_id")
    learner_id = models.UUIDField()
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    college = models.ForeignKey(Institution, null=True, on_delete=models.PROTECT, related_name="+")
    student_number = models.TextField()
    name = models.TextField(blank=True, default="")
    name_en = models.TextField(blank=True, default="")
    name_sort = models.TextField(blank=True, default="")
    cohort = models.SmallIntegerField(null=True)
    programme_code = models.TextField(blank=True, default="")
    major_code = models.TextField(blank=True, default="", db_default="")
    class_code = models.TextField(blank=True, default="", db_default="")
    status = models.TextField(blank=True, default="", db_default="")
    """A code of the code table of enrolment status; empty where the school has not said it."""

    class Meta:
        db_table = "enrolment"


class LearnerNumber(models.Model):
    """Which learner an institution's number means; the only way in from a school's sheet."""

    pk = models.CompositePrimaryKey("institution_id", "student_number")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    student_number = models.TextField()
    learner_id = models.UUIDField()

    class Meta:
        db_table = "learner_number"
        indexes = [models.Index(fields=["institution", "learner_id"], name="learner_number_learner")]
