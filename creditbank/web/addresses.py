"""Keys of any letters as parts of addresses."""

from __future__ import annotations

import base64
import re


class RowKey:
    """A row's key in an address: as it is where it is plain, else as letters that any address can hold."""

    regex = r"[A-Za-z0-9][A-Za-z0-9_.-]*|~[A-Za-z0-9_-]+"

    def to_python(self, value: str) -> str:
        """The key of an address.

        Raises:
            ValueError: the address holds no key.
        """
        if not value.startswith("~"):
            return value
        packed = value[1:]
        return base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)).decode()

    def to_url(self, value: str) -> str:
        """The key as a part of an address."""
        if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", value):
            return value
        return "~" + base64.urlsafe_b64encode(value.encode()).decode().rstrip("=")
