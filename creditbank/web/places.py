"""Where a learner can go: the five places of the bottom bar, known to the portals that show it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from creditbank.web.design.navigation import Place

LEARNER = (
    Place(_("Passbook"), "learner:passbook", "book-open", "p"),
    Place(_("Progress"), "learner:progress", "chart-pie", "g"),
    Place(_("Deposit"), "learner:deposit", "plus-circle", "d"),
    Place(_("Requests"), "learner:requests", "inbox", "r"),
    Place(_("Mine"), "account:mine", "user-circle", "m"),
)
