"""Addresses of an account: whose one is, and keeping one that was proven."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from creditbank.domain.accounts import Address
from creditbank.gateways.clock import new_id
from creditbank.gateways.identities import Identities
from creditbank.records.accounts import Contact
from creditbank.records.people import Account
from creditbank.records.scope import Scope


def account_at(scope: Scope, identities: Identities, address: Address) -> Account | None:
    """The open account that has proven this address."""
    found = Contact.objects.using(scope.using).filter(**_whose(identities, address), account__is_active=True)
    contact = found.select_related("account").first()
    return contact.account if contact is not None else None


def is_taken(scope: Scope, identities: Identities, address: Address) -> bool:
    """Whether any account has this address, a closed one too."""
    return Contact.objects.using(scope.using).filter(**_whose(identities, address)).exists()  # type: ignore[no-any-return]


def give_contact(*, scope: Scope, identities: Identities, account: UUID, address: Address, at: datetime) -> bool:
    """Keep a proven address for an account; False when another account took it in the meantime."""
    try:
        with transaction.atomic(using=scope.using):
            Contact.objects.using(scope.using).create(
                id=new_id(),
                account_id=account,
                sealed=identities.seal(address.value),
                confirmed_at=at,
                **_whose(identities, address),
            )
    except IntegrityError:
        return False
    return True


def _whose(identities: Identities, address: Address) -> dict[str, object]:
    return {"kind": address.kind, "address_index": identities.index(f"{address.kind}:{address.value}")}
