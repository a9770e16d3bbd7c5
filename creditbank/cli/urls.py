"""List every address with its method, permission, kind of object and whose objects it reaches."""

from __future__ import annotations

import argparse
import json
import os
import re
from typing import Any


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Takes no arguments of its own."""


def run(arguments: argparse.Namespace) -> int:
    """Print the table; it needs no database."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "creditbank.config.settings")
    import django

    django.setup()
    found = routes()
    if arguments.json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        for route in found:
            print(f"{','.join(route['methods']):<10} {route['path']:<55} {route['permission']:<26} {route['tenant']}")
    return 0


def routes() -> list[dict[str, Any]]:
    """Every route of the resolver; one without a door has an empty permission, which fails the build."""
    from django.urls import get_resolver

    return sorted(_walk(get_resolver().url_patterns, "/", ""), key=lambda route: route["path"])


def _walk(patterns: list[Any], before: str, namespace: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for entry in patterns:
        path = before + re.sub(r"^\^|\$$", "", str(entry.pattern))
        if hasattr(entry, "url_patterns"):
            found += _walk(entry.url_patterns, path, entry.namespace or namespace)
            continue
        rule = getattr(entry.callback, "door", None)
        found.append(
            {
                "path": path,
                "name": f"{namespace}:{entry.name}" if namespace else entry.name,
                "methods": list(_methods(entry.callback)),
                "permission": rule.name if rule else "",
                "kind": rule.kind if rule else "",
                "tenant": rule.tenant.value if rule else "",
                "roles": sorted(rule.roles) if rule else [],
            }
        )
    return found


def _methods(view: Any) -> tuple[str, ...]:
    """The methods a view takes, as Django's method decorators keep them in their closure."""
    while view is not None:
        names, cells = view.__code__.co_freevars, view.__closure__ or ()
        for name, cell in zip(names, cells, strict=False):
            if name == "request_method_list":
                return tuple(cell.cell_contents)
        view = getattr(view, "__wrapped__", None)
    return ("GET", "HEAD", "POST")
