"""An authenticator in software: makes one passkey and signs with it, as WebAuthn level 2 asks."""

from __future__ import annotations

import hashlib
import json
import os

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

PRESENT, VERIFIED, WITH_KEY = 0x01, 0x04, 0x40


class SoftPasskey:
    """One passkey; ``counter`` is what it says it has signed."""

    def __init__(self, origin="http://localhost", host="localhost"):
        self.origin, self.host, self.counter = origin, host, 0
        self.id, self.key = os.urandom(16), ec.generate_private_key(ec.SECP256R1())
        self.handle = b""

    def make(self, options):
        self.handle = options["user"]["id"]
        known = AttestedCredentialData.create(b"\0" * 16, self.id, ES256.from_cryptography_key(self.key.public_key()))
        data = self._data(PRESENT | VERIFIED | WITH_KEY, bytes(known))
        attestation = AttestationObject.create("none", AuthenticatorData(data), {})
        response = {
            "clientDataJSON": websafe_encode(self._client("webauthn.create", options)),
            "attestationObject": websafe_encode(cbor.encode(cbor.decode(bytes(attestation)))),
        }
        return self._answer(response)

    def sign(self, options, flags=PRESENT | VERIFIED):
        self.counter += 1
        client, data = self._client("webauthn.get", options), self._data(flags, b"")
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        response = {
            "clientDataJSON": websafe_encode(client),
            "authenticatorData": websafe_encode(data),
            "signature": websafe_encode(signature),
            "userHandle": self.handle,
        }
        return self._answer(response)

    def _client(self, kind, options):
        return json.dumps({"type": kind, "challenge": options["challenge"], "origin": self.origin}).encode()

    def _data(self, flags, rest):
        return hashlib.sha256(self.host.encode()).digest() + bytes([flags]) + self.counter.to_bytes(4, "big") + rest

    def _answer(self, response):
        name = websafe_encode(self.id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})
