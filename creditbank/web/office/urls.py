"""Addresses of the office pages."""

from __future__ import annotations

app_name = "office"
urlpatterns: list[object] = []
