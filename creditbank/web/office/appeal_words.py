"""Words of appeals and objections in the office: states and reasons, each with its tone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from creditbank.domain.appeals.life import State as Appealed
from creditbank.domain.appeals.objection import State as Objected
from creditbank.queries.appeals import appeals_of_case, objections_of_case
from creditbank.records.scope import Scope

APPEALS = {
    Appealed.FILED: ("warn", _("Waits for its panel")),
    Appealed.HEARD: ("info", _("Before the panel")),
    Appealed.UPHELD: ("plain", _("The decision stands")),
    Appealed.AMENDED: ("ok", _("Granted in part")),
    Appealed.GRANTED: ("ok", _("Granted")),
    Appealed.INADMISSIBLE: ("plain", _("Not admitted")),
    Appealed.WITHDRAWN: ("plain", _("Withdrawn")),
}

OBJECTIONS = {
    Objected.OPEN: ("warn", _("Waits for its answer")),
    Objected.ACCEPTED: ("bad", _("Found right")),
    Objected.DISMISSED: ("ok", _("Dismissed")),
    Objected.OVERTAKEN: ("plain", _("Settled with the new review")),
}

REJECTIONS = {
    "no_grounds": _("It gives no reason against the decision"),
    "other_matter": _("It is about another matter"),
    "other_way": _("What is asked for is reached in another way"),
}
"""Why an appeal is not admitted; the codes are those of ``creditbank.domain.appeals.life``."""


def matters_of(scope: Scope, learner: UUID, case: UUID) -> list[dict[str, Any]]:
    """The appeals and objections about a case, each with its address."""
    appeals = [
        {"word": _("Appeal"), "url": reverse("office:appeal", args=[learner, one.appeal_id])}
        for one in appeals_of_case(scope, learner, case)
    ]
    return appeals + [
        {"word": _("Objection"), "url": reverse("office:objection", args=[learner, one.objection_id])}
        for one in objections_of_case(scope, learner, case)
    ]
