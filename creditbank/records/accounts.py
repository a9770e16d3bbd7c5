"""What an account signs in with: proven addresses, codes on their way, and second factors."""

from __future__ import annotations

from django.db import models

from creditbank.records.institutions import Institution
from creditbank.records.people import Account


class Contact(models.Model):
    """An e-mail address or mobile number whose owner has shown that messages reach them."""

    class Kind(models.TextChoices):
        """By which way a message goes."""

        EMAIL = "email"
        PHONE = "phone"

    id = models.UUIDField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="contacts")
    kind = models.TextField()
    address_index = models.BinaryField()
    """Keyed blind index of the address; nobody else has the same one."""
    sealed = models.BinaryField()
    """Envelope of the address; opened only to send a message or to show its owner a masked form."""
    confirmed_at = models.DateTimeField()

    class Meta:
        db_table = "account_contact"
        constraints = [models.UniqueConstraint(fields=["kind", "address_index"], name="contact_once")]


class AccountCode(models.Model):
    """A code sent to an address, and what came of it; the code itself is kept nowhere."""

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField(null=True)
    """Who asked for it while signed in; nobody where somebody registers or has lost the password."""
    kind = models.TextField()
    address_index = models.BinaryField()
    sealed = models.BinaryField()
    code_hash = models.BinaryField()
    tries = models.SmallIntegerField(default=0)
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    proven_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "account_code"
        indexes = [models.Index(fields=["expires_at"], name="account_code_expiry")]


class Factor(models.Model):
    """One thing beside the password by which a person shows that it is them."""

    class Kind(models.TextChoices):
        """What it is."""

        TOTP = "totp"
        PASSKEY = "passkey"
        RECOVERY = "recovery"

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField()
    kind = models.TextField()
    name = models.TextField(blank=True, default="")
    secret = models.BinaryField()
    """Of an authenticator: its sealed key. Of a passkey: its public credential. Of a recovery code: its hash."""
    counter = models.BigIntegerField(default=0)
    """Of an authenticator the last step taken, of a passkey the last count it sent: neither goes back."""
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "account_factor"
        indexes = [models.Index(fields=["account_id", "kind"], name="account_factor_owner")]


class BindingCode(models.Model):
    """The code that a school gave for one student number; whoever has it binds the number to their account."""

    pk = models.CompositePrimaryKey("institution_id", "student_number")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    student_number = models.TextField()
    code_hash = models.BinaryField()
    tries = models.SmallIntegerField(default=0, db_default=0)
    issued_by = models.UUIDField()
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "binding_code"


class ExternalIdentity(models.Model):
    """A person's sign-in at a provider; its name for them is kept as a keyed index only."""

    id = models.UUIDField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="identities")
    provider = models.TextField()
    subject_index = models.BinaryField()
    linked_at = models.DateTimeField()

    class Meta:
        db_table = "external_identity"
        constraints = [
            models.UniqueConstraint(fields=["provider", "subject_index"], name="external_identity_once"),
            models.UniqueConstraint(fields=["provider", "account"], name="external_identity_one_each"),
        ]
