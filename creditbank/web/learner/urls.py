"""Addresses of the learner pages."""

from __future__ import annotations

app_name = "learner"
urlpatterns: list[object] = []
