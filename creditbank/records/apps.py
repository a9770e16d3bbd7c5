"""The one Django application that stores the bank."""

from __future__ import annotations

from django.apps import AppConfig


class RecordsConfig(AppConfig):
    """All tables live in this application, with one migration history."""

    name = "creditbank.records"
    label = "records"
    default_auto_field = "django.db.models.BigAutoField"
