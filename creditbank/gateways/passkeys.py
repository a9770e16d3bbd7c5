"""Passkeys: options for a browser, and what an authenticator signed, checked by the FIDO2 library."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from creditbank.gateways.keys import new_secret

MOST_TEXT = 20_000
"""The longest answer of a browser that is read."""
_VERIFIED = UserVerificationRequirement.REQUIRED


@dataclass(frozen=True, slots=True)
class Made:
    """A new passkey: what is kept of it, which is public, and how often it has signed."""

    credential: bytes
    counter: int


@dataclass(frozen=True, slots=True)
class Asserted:
    """What a passkey signed: whose it says it is, which passkey, and how often it has signed."""

    account: UUID | None
    credential_id: bytes
    counter: int


@dataclass(frozen=True, slots=True)
class Passkeys:
    """Passkeys of one site: ``host`` without its port, ``origin`` as browsers write it, ``name`` for people."""

    host: str
    origin: str
    name: str

    def options_to_make(self, account: UUID, called: str, known: list[bytes]) -> tuple[str, str]:
        """The options for a new passkey as JSON, and the challenge in them."""
        user = PublicKeyCredentialUserEntity(id=account.bytes, name=called, display_name=called)
        options, state = self._server().register_begin(
            user,
            [AttestedCredentialData(one) for one in known],
            resident_key_requirement=ResidentKeyRequirement.REQUIRED,
            user_verification=_VERIFIED,
            challenge=new_secret(),
        )
        return json.dumps(dict(options.public_key)), state["challenge"]

    def options_to_sign(self) -> tuple[str, str]:
        """The options for signing in with any passkey of this site as JSON, and the challenge in them."""
        options, state = self._server().authenticate_begin(user_verification=_VERIFIED, challenge=new_secret())
        return json.dumps(dict(options.public_key)), state["challenge"]

    def made(self, answer: str, challenge: str) -> Made | None:
        """The passkey that a browser made for this challenge; None where anything about it is not as it must be."""
        try:
            read = RegistrationResponse.from_dict(_read(answer))
            data = self._server().register_complete(_state(challenge), read)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError, AssertionError, OverflowError):
            return None
        if data.credential_data is None:
            return None
        return Made(bytes(data.credential_data), int(data.counter))

    def claimed(self, answer: str) -> UUID | None:
        """Whose passkey an answer says it is; nothing of it has been checked yet."""
        try:
            handle = AuthenticationResponse.from_dict(_read(answer)).response.user_handle
            return UUID(bytes=bytes(handle)) if handle is not None else None
        except (ValueError, KeyError, TypeError, AttributeError, IndexError):
            return None

    def asserted(self, answer: str, challenge: str, known: list[bytes]) -> Asserted | None:
        """What one of these passkeys signed for this challenge; None where anything is not as it must be."""
        try:
            read = AuthenticationResponse.from_dict(_read(answer))
            credentials = [AttestedCredentialData(one) for one in known]
            found = self._server().authenticate_complete(_state(challenge), credentials, read)
            counter = int(read.response.authenticator_data.counter)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError):
            return None
        return Asserted(self.claimed(answer), bytes(found.credential_id), counter)

    def _server(self) -> Fido2Server:
        entity = PublicKeyCredentialRpEntity(id=self.host, name=self.name)
        return Fido2Server(entity, verify_origin=lambda origin: origin == self.origin)


def id_of(credential: bytes) -> bytes:
    """The id of a kept passkey."""
    return bytes(AttestedCredentialData(credential).credential_id)


def _state(challenge: str) -> dict[str, Any]:
    return {"challenge": challenge, "user_verification": _VERIFIED}


def _read(answer: str) -> dict[str, Any]:
    if len(answer) > MOST_TEXT:
        raise ValueError("too long")
    value = json.loads(answer)
    if not isinstance(value, dict):
        raise TypeError("not an object")
    return value


def base32_of(secret: bytes) -> str:
    """A key as authenticator programs take it when it is typed."""
    return base64.b32encode(secret).decode().rstrip("=")
