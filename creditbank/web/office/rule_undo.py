"""The way back from the last changes of rule tables: what each replaced, kept in the session."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest

from creditbank.queries.rule_drafts import DraftLine

KEY = "office.rules.undo"
MOST_STEPS = 20
MOST_LETTERS = 400_000
"""A step back holds the lines that were replaced; the oldest go first, and a step longer than all is not kept."""


def note_change(request: HttpRequest, draft_id: UUID, before: str, after: str, revision: int) -> None:
    """Keep what a change replaced, which led to a revision of the draft."""
    old, new = before.split("\n"), after.split("\n")
    first = next((at for at, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), None)
    start = first if first is not None else min(len(old), len(new))
    last = 0
    while last < min(len(old), len(new)) - start and old[-1 - last] == new[-1 - last]:
        last += 1
    step = {
        "draft": str(draft_id),
        "revision": revision,
        "start": start,
        "count": len(new) - last - start,
        "lines": old[start : len(old) - last],
    }
    steps = _steps(request)[1 - MOST_STEPS :]
    if steps and (steps[-1]["draft"], steps[-1]["revision"]) != (str(draft_id), revision - 1):
        # Another draft, or somebody else saved between: what is older leads to no text that stands.
        steps = []
    steps.append(step)
    while steps and sum(len(line) + 1 for one in steps for line in one["lines"]) > MOST_LETTERS:
        del steps[0]
    request.session[KEY] = steps


def can_go_back(request: HttpRequest, line: DraftLine) -> bool:
    """Whether the draft still stands as this session's last change left it."""
    return _last(request, line) is not None


def text_before(request: HttpRequest, line: DraftLine, text: str) -> str | None:
    """The text before the last change; nothing where somebody saved the draft since, or nothing is kept."""
    step = _last(request, line)
    if step is None:
        return None
    lines = text.split("\n")
    lines[step["start"] : step["start"] + step["count"]] = step["lines"]
    return "\n".join(lines)


def went_back(request: HttpRequest, revision: int) -> None:
    """After a change was undone: the one before it led to the text that now is a later revision."""
    steps = _steps(request)[:-1]
    if steps:
        steps[-1] = {**steps[-1], "revision": revision}
    request.session[KEY] = steps


def _last(request: HttpRequest, line: DraftLine) -> dict[str, Any] | None:
    steps = _steps(request)
    if not steps or steps[-1]["draft"] != str(line.draft_id) or steps[-1]["revision"] != line.revision:
        return None
    return steps[-1]


def _steps(request: HttpRequest) -> list[dict[str, Any]]:
    return list(request.session.get(KEY, ()))
