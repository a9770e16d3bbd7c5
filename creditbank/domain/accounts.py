"""Accounts: which addresses can be proven, what is written to them, and codes that change with time."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from creditbank.domain.values import Text

CODE_MINUTES = 10
"""For how long a code that was sent can be typed in."""
CODE_TRIES = 5
"""How often a code may be typed in wrongly before it opens nothing any more."""
CODE_DIGITS = 8
PROVEN_MINUTES = 30
"""For how long a proven address may be used to register or to set a password."""

_EMAIL = re.compile(
    r"[^\s@\"(),:;<>\[\]\\\x00-\x20\x7f]{1,64}@([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}"
)
_CHINESE_MOBILE = re.compile(r"1[3-9]\d{9}")
_INTERNATIONAL = re.compile(r"\+[1-9]\d{7,14}")
_FILLERS = str.maketrans("", "", " -().\u2010\u2011\u2013")

MESSAGES = {
    "accounts.code_subject": "Your code for the Credit Bank",
    "accounts.code": "{code} is your code for the Credit Bank, good for {minutes} minutes. We never ask you for it."
    " If you did not ask for a code, nothing has to be done.",
    "accounts.changed_subject": "Your Credit Bank account was changed",
    "accounts.password_set": "The password of your Credit Bank account was set anew, and all devices were signed out."
    " If it was not you, ask for a code on the sign-in page now and set another password.",
    "accounts.contact_added": "Another address was added to your Credit Bank account. If it was not you, set a new"
    " password now and tell your institution's academic office.",
    "accounts.factor_added": "A second step was added to the sign-in of your Credit Bank account. If it was not you,"
    " set a new password now and tell your institution's academic office.",
    "accounts.factor_removed": "A way of signing in was removed from your Credit Bank account. If it was not"
    " you, set a new password now and tell your institution's academic office.",
    "accounts.connected": "A school's sign-in was connected to your Credit Bank account. If it was not you, set a new"
    " password now and tell your institution's academic office.",
    "accounts.recovery_used": "A recovery code was used to sign in to your Credit Bank account. If it was not you,"
    " set a new password now and tell your institution's academic office.",
}


@dataclass(frozen=True, slots=True)
class Address:
    """Where a message reaches a person: ``kind`` is email or phone, ``value`` the one way it is written."""

    kind: str
    value: str

    @property
    def masked(self) -> str:
        """What its owner recognises and nobody else can use: ``l***@example.cn``, ``+86*******1234``."""
        if self.kind == "email":
            name, _, place = self.value.partition("@")
            return f"{name[:1]}***@{place}"
        return f"{self.value[:3]}{'*' * (len(self.value) - 7)}{self.value[-4:]}"


def read_address(text: str) -> Address | None:
    """The address that somebody typed, in one way of writing; None where it is neither e-mail nor mobile number.

    Letters of full width are taken as what they mean, an e-mail address is the same in capitals, and a number of
    the mainland needs no country.
    """
    plain = unicodedata.normalize("NFKC", text).strip().lower()
    if "@" in plain:
        return Address("email", plain) if len(plain) <= 254 and _EMAIL.fullmatch(plain) else None
    number = plain.translate(_FILLERS)
    number = f"+{number[2:]}" if number.startswith("00") else number
    if _CHINESE_MOBILE.fullmatch(number):
        return Address("phone", f"+86{number}")
    return Address("phone", number) if _INTERNATIONAL.fullmatch(number) else None


def read_digits(text: str) -> str:
    """The digits of a code as it was typed, whatever stands between them; nothing where there is anything else."""
    plain = unicodedata.normalize("NFKC", text).translate(_FILLERS)
    return plain if plain.isascii() and plain.isdigit() else ""


BINDING_TRIES = 5
"""How often the code of a school may be typed in wrongly before the office has to give another one."""
BINDING_DAYS = 60
"""For how many days the code of a school is good."""


class Binding(StrEnum):
    """What binding a school's number to an account comes to."""

    DONE_BEFORE = "done_before"
    """The number is bound to this account already."""
    TAKEN = "taken"
    """Another account signs in for it."""
    BECOME = "become"
    """The account, which holds nothing yet, becomes the lifelong account that the school opened."""
    MOVE = "move"
    """The number, under which nothing stands yet, comes to the account."""
    MERGE = "merge"
    """Both hold credit or requests: joining them is a decision of people."""


def binding_of(*, same: bool, taken: bool, account_holds: bool, number_holds: bool) -> Binding:
    """What binding a number comes to; nothing that anybody holds is ever lost or joined unseen."""
    if same:
        return Binding.DONE_BEFORE
    if taken:
        return Binding.TAKEN
    if not account_holds:
        return Binding.BECOME
    return Binding.MERGE if number_holds else Binding.MOVE


def same_name(typed: str, kept: str) -> bool:
    """Whether two ways of writing a name are one: width, capitals, spaces and the dots of names apart."""
    plain, other = (
        "".join(letter for letter in unicodedata.normalize("NFKC", text).casefold() if letter.isalnum())
        for text in (typed, kept)
    )
    return bool(plain) and plain == other


@dataclass(frozen=True, slots=True)
class Provider:
    """Somebody else's sign-in that this bank takes.

    Attributes:
        code: in addresses and in the file of its secret.
        kind: ``oidc`` or ``cas``.
        name: what the button says.
        address: of OpenID Connect the issuer, of CAS the folder above ``login``.
        client: the name that the provider knows the bank by; of CAS nothing.
        school: the code of the institution whose numbers it vouches for; empty for none.
        number: the claim or attribute in which the student number comes.
    """

    code: str
    kind: str
    name: Text
    address: str
    client: str = ""
    school: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class Vouched:
    """What a provider says of somebody who has signed in there: its own lasting name for them, and a number."""

    subject: str
    number: str = ""


TOTP_SECONDS = 30
TOTP_DIGITS = 6


def totp_code(secret: bytes, step: int) -> str:
    """The code of an authenticator in one step of thirty seconds (RFC 6238 with SHA-1, as authenticators do)."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), hashlib.sha1)
    place = digest[-1] & 0xF
    number = int.from_bytes(digest[place : place + 4], "big") & 0x7FFFFFFF
    return str(number % 10**TOTP_DIGITS).zfill(TOTP_DIGITS)


def totp_step(secret: bytes, typed: str, *, seconds: int, after: int) -> int | None:
    """The step whose code was typed: this one or one beside it, and later than the last one that was taken.

    Args:
        secret: the key that the authenticator shares.
        typed: six digits.
        seconds: the present moment in seconds since 1970.
        after: the last step that was taken; a code is good once.
    """
    now = seconds // TOTP_SECONDS
    fitting = [
        step
        for step in (now - 1, now, now + 1)
        if hmac.compare_digest(totp_code(secret, step).encode(), typed.encode()) and step > after
    ]
    return fitting[0] if fitting else None
