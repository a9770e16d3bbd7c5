"""The ground of imports of results: the rules that decide them, in force."""

from __future__ import annotations

import pytest

from tests.exchange.small_import import publish_transfer_rules


@pytest.fixture
def ready(cast):
    """The cast, and the rules their centre publishes."""
    publish_transfer_rules(cast)
    return cast
