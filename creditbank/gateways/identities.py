"""Identity numbers at rest: sealed with the data key, found by a keyed blind index."""

from __future__ import annotations

import base64
import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from creditbank.gateways import keys
from creditbank.gateways.bank import Bank
from creditbank.gateways.problem import KeyProblem

_PURPOSE = b"creditbank.identity/1"


class Identities:
    """Seals, finds and opens identity numbers with the keys of one bank."""

    def __init__(self, bank: Bank) -> None:
        """Read the keys, or make them when the bank has none yet.

        Raises:
            KeyProblem: a key file is damaged or open to others, or lost although something was sealed with it.
        """
        self._index = keys.sealing_key(bank, "index")[1]
        self._key_id, data = keys.sealing_key(bank, "data")
        # Files and numbers are never sealed with the same key.
        self._key = hmac.digest(data, _PURPOSE, hashlib.sha256)
        self._cipher = AESGCM(self._key)

    def index(self, number: str) -> bytes:
        """The blind index: thirty-two bytes, equal for equal numbers, meaningless without the key."""
        return hmac.digest(self._index, _PURPOSE + number.encode(), hashlib.sha256)

    def seal(self, number: str) -> bytes:
        """The envelope kid|nonce|ciphertext.

        The nonce is a keyed digest of the number (a synthetic nonce): equal numbers have equal envelopes, which
        the index tells anyhow, and no nonce is used for two numbers.
        """
        nonce = hmac.digest(self._key, number.encode(), hashlib.sha256)[:12]
        return bytes([self._key_id]) + nonce + self._cipher.encrypt(nonce, number.encode(), _PURPOSE)

    def unsealed(self, envelope: bytes) -> str:
        """The number or address in an envelope.

        Raises:
            KeyProblem: it was sealed with another key, or damaged.
        """
        return self.opened({"sealed": base64.b64encode(envelope).decode()})

    def stored(self, number: str) -> dict[str, str]:
        """The form in which a fact holds a number: its index and its envelope as text."""
        return {"index": self.index(number).hex(), "sealed": base64.b64encode(self.seal(number)).decode()}

    def opened(self, stored: dict[str, str]) -> str:
        """The number of a stored form.

        Raises:
            KeyProblem: it was sealed with another key, or damaged.
        """
        envelope = base64.b64decode(stored["sealed"])
        try:
            return self._cipher.decrypt(envelope[1:13], envelope[13:], _PURPOSE).decode()
        except (InvalidTag, IndexError) as error:
            raise KeyProblem(
                en="An identity number cannot be opened with the data key of this bank. Nothing was changed."
                " Restore keys/data.json from the backup of the keys folder.",
                zh="无法用本学分银行的数据密钥解开身份证件号。没有任何改动。"
                "请从 keys 文件夹的备份中恢复 keys/data.json。",
            ) from error
