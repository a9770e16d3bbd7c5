"""Addresses of the public pages."""

from __future__ import annotations

app_name = "public"
urlpatterns: list[object] = []
