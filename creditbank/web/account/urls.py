"""Addresses of the account pages."""

from __future__ import annotations

app_name = "account"
urlpatterns: list[object] = []
