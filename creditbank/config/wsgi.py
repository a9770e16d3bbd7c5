"""The entry for the web server."""

from __future__ import annotations

import gc
import os
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "creditbank.config.settings")


def believing(bare: Any, proxies: str) -> Any:
    """The application; from these addresses it believes who the visitor is and whether they came by HTTPS.

    Anybody else may send such headers too, to look like another visitor: theirs are not read.

    Raises:
        ValueError: everybody would be believed.
    """
    trusted = [address.strip() for address in proxies.split(",") if address.strip()]
    if "*" in trusted:
        raise ValueError("CREDITBANK_PROXIES names addresses or networks; * would let every visitor forge theirs")
    if not trusted:
        return bare
    from granian.utils.proxies import wrap_wsgi_with_proxy_headers

    return wrap_wsgi_with_proxy_headers(bare, trusted_hosts=trusted)


def _application() -> Any:
    bare = get_wsgi_application()
    from django.urls import get_resolver

    from creditbank.config.settings import value  # the settings can be read now

    # What is loaded lives as long as the server. Kept out of the collector's sight it is not walked again and again
    # while pages make many small objects; a page of reasons takes a third less time. The pages are loaded first.
    _ = get_resolver().url_patterns
    gc.collect()
    gc.freeze()
    return believing(bare, value("CREDITBANK_PROXIES"))


application = _application()
