"""The file in which an operator names the sign-ins of others that the bank takes."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from creditbank.domain.accounts import Provider
from creditbank.domain.values import Text
from creditbank.exchange.documents import expect_schema, read_document

MOST_BYTES = 100_000
_KEYS = {"code", "kind", "name", "name_en", "address", "client", "school", "number"}
_NEEDED = {"oidc": ("code", "name", "address", "client"), "cas": ("code", "name", "address")}
_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def read_providers(data: bytes, *, name: str) -> tuple[Provider, ...]:
    """The providers of a ``creditbank.sign_in/1`` document.

    Raises:
        DocumentError: it is no such document.
        ValueError: an entry says something else than it may; the message names its place.
    """
    document = expect_schema(read_document(data, name=name, most_bytes=MOST_BYTES), "sign_in", name=name)
    strange = sorted(set(document) - {"schema", "providers"})
    listed = document.get("providers")
    if strange or not isinstance(listed, list):
        raise ValueError(f"{name}: providers is a list, and nothing else stands beside it ({', '.join(strange)})")
    found = tuple(_provider(one, f"{name}: providers[{place}]") for place, one in enumerate(listed))
    codes = [one.code for one in found]
    if len(set(codes)) < len(codes):
        raise ValueError(f"{name}: two providers have one code")
    return found


def _provider(one: Any, place: str) -> Provider:
    if not isinstance(one, dict) or set(one) - _KEYS or not all(isinstance(value, str) for value in one.values()):
        raise ValueError(f"{place}: an entry has texts under {', '.join(sorted(_KEYS))} and nothing else")
    kind = one.get("kind", "")
    missing = [key for key in _NEEDED.get(kind, ("kind",)) if not one.get(key)]
    if kind not in _NEEDED or missing:
        raise ValueError(f"{place}: kind is oidc or cas, and these are missing: {', '.join(missing)}")
    if not _CODE.fullmatch(one["code"]):
        raise ValueError(f"{place}.code: small letters, digits and hyphens, at most 32")
    at = urlsplit(one["address"])
    if at.scheme != "https" and not (at.scheme == "http" and at.hostname in _LOOPBACK):
        raise ValueError(f"{place}.address: an https address")
    if bool(one.get("school")) != bool(one.get("number")):
        raise ValueError(f"{place}: school and number come together")
    return Provider(
        code=one["code"],
        kind=kind,
        name=Text(one["name"], one.get("name_en", "")),
        address=one["address"],
        client=one.get("client", ""),
        school=one.get("school", ""),
        number=one.get("number", ""),
    )
