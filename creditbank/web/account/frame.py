"""The frame of a page of one's own: the learner's bar for a learner, else a plain page."""

from __future__ import annotations

from django.http import HttpRequest

from creditbank.web.places import LEARNER


def frame_of(request: HttpRequest) -> dict[str, object]:
    """What the templates of the account pages extend, and where they lead back to."""
    learner = request.visitor.is_learner
    return {
        "frame": "design/learner_base.html" if learner else "design/base.html",
        "nav": LEARNER if learner else (),
        "home": "/learner/" if learner else "/office/" if request.visitor.desk else "/account/",
    }
