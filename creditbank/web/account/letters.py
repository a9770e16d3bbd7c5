"""Letters to the owner of an account, in the language of the page they were at."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest

from creditbank.domain.accounts import CODE_MINUTES, Address
from creditbank.gateways.couriers import CourierProblem, Letter
from creditbank.gateways.identities import Identities
from creditbank.gateways.wording import say_code
from creditbank.queries.accounts import contacts_of
from creditbank.records.scope import acting_for


def send_code(request: HttpRequest, address: Address, code: str) -> bool:
    """Send a code; False when nobody took it."""
    shown = f"{code[:4]} {code[4:]}" if address.kind == "email" else code
    return _carry(request, address, "accounts.code", {"code": shown, "minutes": CODE_MINUTES})


def tell_owner(request: HttpRequest, account: UUID, code: str, *, but: Iterable[Address] = ()) -> None:
    """Tell the owner of an account of a change at every address but those that were in the change."""
    with acting_for(person=account, purpose="account") as scope:
        addresses = contacts_of(scope, Identities(settings.BANK), account)
    for address in addresses:
        if address not in but:
            # The change stands: a letter that nobody takes does not undo it.
            _carry(request, address, code, {})


def _carry(request: HttpRequest, address: Address, code: str, facts: dict[str, str | int]) -> bool:
    language = request.html_language
    subject = "accounts.code_subject" if code == "accounts.code" else "accounts.changed_subject"
    letter = Letter(address.kind, address.value, say_code(subject, {}, language), say_code(code, facts, language))
    try:
        settings.COURIERS.carry(letter)
    except CourierProblem:
        return False
    return True
