"""Accessibility in a real browser: axe-core from a package, its rules for WCAG 2.2 AA, its findings in words."""

from __future__ import annotations

import os
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Page

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def location() -> Path | None:
    """Where axe.min.js is: ``CREDITBANK_AXE``, or the package axe-playwright-python; nothing without both."""
    if named := os.environ.get("CREDITBANK_AXE"):
        return Path(named)
    package = find_spec("axe_playwright_python")
    if package is None or package.origin is None:
        return None
    found = Path(package.origin).with_name("axe.min.js")
    return found if found.is_file() else None


@cache
def _script() -> str:
    found = location()
    if found is None:
        raise FileNotFoundError("axe.min.js: install axe-playwright-python or set CREDITBANK_AXE")
    return found.read_text(encoding="utf-8")


def violations(page: Page) -> list[str]:
    """What axe finds wrong on the page as it stands, scrolled to its top; an empty list is a clean page.

    The script is evaluated by the debugger, so it works under the strict content security policy. A picture of the
    page is kept where ``CREDITBANK_PICTURES`` names a folder for them.
    """
    page.evaluate("() => { document.activeElement?.blur?.(); window.scrollTo(0, 0); }")
    keep_picture(page)
    page.evaluate(_script() + ";0")
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    return [
        f"{one['id']}: {one['help']}: " + "; ".join(str(node["target"]) for node in one["nodes"][:5])
        for one in found["violations"]
    ]


def keep_picture(page: Page, name: str = "") -> None:
    """Keep what the page looks like, under its address or a name, in the folder ``CREDITBANK_PICTURES`` if there is one."""
    folder = os.environ.get("CREDITBANK_PICTURES")
    if not folder:
        return
    place = name or re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "id", urlsplit(page.url).path.strip("/")).replace("/", "_")
    chosen = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    width = page.viewport_size["width"] if page.viewport_size else 0
    look = f"{width}-{chosen.get('theme', 'auto')}-{chosen.get('language', 'auto')}"
    taken = len(list(Path(folder).glob(f"{place or 'home'}-{look}*.png")))
    page.screenshot(path=Path(folder) / f"{place or 'home'}-{look}-{taken}.png", full_page=True)


def overflow(page: Page) -> int:
    """How many CSS pixels the page is wider than its window; 0 when nothing scrolls sideways."""
    return int(page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth"))
