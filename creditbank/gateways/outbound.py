"""The one door out: a request to an address that a person wrote down, with limits on all of it."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from creditbank.gateways.problem import Problem

MOST_BYTES = 1_000_000
_SECONDS = 10
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class OutboundProblem(Problem):
    """Another server could not be asked, or gave an answer that is not taken."""


def ask(
    address: str,
    *,
    known: str,
    form: bytes | None = None,
    headers: Mapping[str, str] = _NO_HEADERS,
) -> bytes:
    """The body of a server's answer; a redirect, an error and a long one are no answer.

    Args:
        address: https, or http to this machine.
        known: an address that the operator wrote down. Its host may lie in a private network; any other host may
            not, and is asked at exactly the address that was looked at.
        form: what is posted; None to get.
        headers: of the request.

    Raises:
        OutboundProblem: there is no answer that may be taken.
    """
    host = urlsplit(address).hostname or ""
    try:
        body, status = _asked(address, urlsplit(known).hostname == host, form, headers)
    except (OSError, http.client.HTTPException, ValueError) as error:
        said = f"{type(error).__name__}: {error}"[:120]
        raise OutboundProblem(
            en=f"{host} could not be asked ({said}). Nothing was changed.",
            zh=f"无法向 {host} 请求数据（{said}）。没有任何改动。",
        ) from error
    if status != 200 or len(body) > MOST_BYTES:
        raise OutboundProblem(
            en=f"{host} gave no answer that is taken (status {status}). Nothing was changed.",
            zh=f"{host} 的应答不可用（状态 {status}）。没有任何改动。",
        )
    return body


def _asked(address: str, trusted: bool, form: bytes | None, headers: Mapping[str, str]) -> tuple[bytes, int]:  # noqa: FBT001 - read once above
    at = urlsplit(address)
    host = at.hostname or ""
    if at.scheme not in ("https", "http") or (at.scheme == "http" and host not in _LOOPBACK):
        raise ValueError("not https")
    port = at.port or (443 if at.scheme == "https" else 80)
    line = _Line(host, port, number=_number_of(host, port, trusted=trusted), safe=at.scheme == "https")
    try:
        path = (at.path or "/") + (f"?{at.query}" if at.query else "")
        line.request("GET" if form is None else "POST", path, body=form, headers=dict(headers))
        answer = line.getresponse()
        return answer.read(MOST_BYTES + 1), answer.status
    finally:
        line.close()


class _Line(http.client.HTTPConnection):
    """A connection to one number of a host, whatever its name means a moment later."""

    def __init__(self, host: str, port: int, *, number: str, safe: bool) -> None:
        super().__init__(host, port, timeout=_SECONDS)
        self._number, self._safe = number, safe

    def connect(self) -> None:
        """Connect to the number, and for https show the name."""
        plain = socket.create_connection((self._number, self.port), self.timeout)
        self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host) if self._safe else plain


def _number_of(host: str, port: int, *, trusted: bool) -> str:
    found = [str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    allowed = [one for one in found if trusted or ipaddress.ip_address(one.partition("%")[0]).is_global]
    if len(allowed) != len(found) or not found:
        raise ValueError("an address of a private network")
    # A name of this machine may mean two numbers, of which one is listened at.
    return next((one for one in allowed if ":" not in one), allowed[0])
