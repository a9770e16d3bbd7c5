"""Bundles for tests: the builder and the installer imported, and bundles with other contents made from one."""

from __future__ import annotations

import json
import shutil
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy"))

import bundle as builder  # noqa: E402 - found by the line above
from installer import __main__ as main  # noqa: E402
from installer import bank as banks  # noqa: E402
from installer import bundle as bundles  # noqa: E402
from installer import place as places  # noqa: E402
from installer.words import Stop  # noqa: E402

__all__ = ["ROOT", "Stop", "banks", "builder", "bundles", "main", "newer", "places"]


def newer(original: Path, target: Path, *, by: int, files: dict[str, str]) -> Path:
    """A bundle committed ``by`` seconds later whose own wheel holds ``files`` in addition."""
    shutil.copytree(original, target, copy_function=_link)
    wheel = next((target / "wheels").glob("creditbank-*.whl"))
    content = wheel.read_bytes()
    wheel.unlink()  # it is a link to the original's
    wheel.write_bytes(content)
    with zipfile.ZipFile(wheel, "a") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    about = json.loads((target / "bundle.json").read_bytes())
    (target / "bundle.json").unlink()
    (target / "bundle.json").write_text(json.dumps(about | {"committed": about["committed"] + by}))
    (target / builder_manifest()).unlink()
    builder.seal(target)
    return target


def builder_manifest() -> str:
    return bundles.MANIFEST


def _link(source: str, target: str) -> None:
    Path(target).hardlink_to(source)
