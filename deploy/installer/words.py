"""What the installer says: each step one line, in Chinese or in English."""

from __future__ import annotations

import os
import sys


class Stop(Exception):  # noqa: N818 - it ends the work, and is not always an error
    """Why the installer goes no further: what happened, what was kept, what to do next."""

    def __init__(self, *, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


class Speaker:
    """Says each line in the language chosen, or in that of the environment."""

    def __init__(self, language: str | None = None) -> None:
        around = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
        self.chinese = (language or around).lower().startswith("zh")

    def say(self, *, zh: str, en: str) -> None:
        """One line, at once."""
        print(zh if self.chinese else en, flush=True)

    def refuse(self, stop: Stop) -> None:
        """Why nothing more is done."""
        print(stop.zh if self.chinese else stop.en, file=sys.stderr, flush=True)
