"""The build step of the interface: compiles the translations of every room."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from creditbank.gateways import wording

if TYPE_CHECKING:
    from pathlib import Path


def compile_messages(locale: Path = wording.LOCALE) -> list[Path]:
    """Write ``django.mo`` beside each ``django.po`` that is newer, and return those written.

    Raises:
        ValueError: a file cannot be read as a catalogue; its name is in the message.
    """
    import polib

    written = []
    for source in sorted(locale.glob("*/zh_Hans/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            continue
        try:
            polib.pofile(str(source)).save_as_mofile(str(target))
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"{source}: {error}") from error
        written.append(target)
    wording.forget()
    return written


def main() -> int:
    """Compile, say what was written, and return the exit status."""
    try:
        written = compile_messages()
    except ValueError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    sys.stdout.write(f"translations: {len(written)} compiled\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
