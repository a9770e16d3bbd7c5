"""The migrations say what the models say, in whatever language the process speaks."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from django.utils import translation


@pytest.mark.parametrize("language", ["zh-hans", "en", None])
def test_no_migration_is_missing(language):
    with translation.override(language, deactivate=True):
        loader = MigrationLoader(None)
        assert loader.detect_conflicts() == {}
        detector = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps))
        changes = detector.changes(graph=loader.graph)
    # The framework's own tables are its own affair.
    missing = {label: [op.describe() for step in found for op in step.operations] for label, found in changes.items()}
    assert missing.get("records", []) == []
