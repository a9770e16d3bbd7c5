"""Words of the account pages: why somebody opened a record."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

_PURPOSES = {
    "learner.read": _("Opened your record"),
    "masterdata.read": _("Opened your entry in the school's roster"),
    "recognition.read": _("Read one of your requests"),
    "recognition.review": _("Worked on one of your requests"),
    "evidence.read": _("Opened a file of yours"),
}


def purpose_said(purpose: str) -> object:
    """The purpose in words; one nobody has named is said as it is stored."""
    return _PURPOSES.get(purpose, purpose)
