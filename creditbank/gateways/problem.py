"""What went wrong outside, said in both languages: what happened, what was kept, what to do next."""

from __future__ import annotations

from creditbank.domain.values import Text


class Problem(Exception):  # noqa: N818 - people read it, and it is not always an error of theirs
    """Something outside the program is not as it must be; ``str()`` is the English message."""

    def __init__(self, *, en: str, zh: str) -> None:
        super().__init__(en)
        self.en = en
        self.zh = zh

    @property
    def said(self) -> Text:
        """The message in both languages."""
        return Text(zh=self.zh, en=self.en)


class BankProblem(Problem):
    """The bank's folder cannot be used as it stands."""


class DiskProblem(Problem):
    """The disk refused a write; nothing half-written is left."""


class KeyProblem(Problem):
    """A key file is missing, open to others or not readable."""


class DatabaseProblem(Problem):
    """The database server cannot be started, reached or used safely."""
