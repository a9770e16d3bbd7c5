"""Whom the bank believes about where a visitor comes from: the proxies it was told of, and nobody else."""

from __future__ import annotations

import pytest

from creditbank.config.wsgi import believing


def seen(proxies: str, address: str, **headers: str) -> tuple[str, str]:
    """The visitor's address and scheme as the application finds them."""
    found = {}
    environ = {"REMOTE_ADDR": address, "wsgi.url_scheme": "http"} | {
        f"HTTP_X_FORWARDED_{k}": v for k, v in headers.items()
    }
    believing(lambda environ, _start: found.update(environ) or [], proxies)(environ, None)
    return found["REMOTE_ADDR"], found["wsgi.url_scheme"]


def test_a_trusted_proxy_tells_who_the_visitor_is_and_that_they_came_by_https():
    assert seen("127.0.0.1, 10.0.0.0/8", "127.0.0.1", FOR="198.51.100.7", PROTO="https") == ("198.51.100.7", "https")
    assert seen("127.0.0.1, 10.0.0.0/8", "10.1.2.3", FOR="198.51.100.7", PROTO="https") == ("198.51.100.7", "https")


def test_nobody_else_can_say_so():
    assert seen("127.0.0.1", "203.0.113.9", FOR="198.51.100.7", PROTO="https") == ("203.0.113.9", "http")
    assert seen("", "127.0.0.1", FOR="198.51.100.7", PROTO="https") == ("127.0.0.1", "http")


def test_of_several_addresses_the_last_one_that_no_proxy_of_ours_has_counts():
    assert seen("127.0.0.1", "127.0.0.1", FOR="1.1.1.1, 198.51.100.7, 127.0.0.1")[0] == "198.51.100.7"


def test_believing_everybody_is_refused():
    with pytest.raises(ValueError, match="CREDITBANK_PROXIES"):
        believing(lambda _environ, _start: [], "*")
