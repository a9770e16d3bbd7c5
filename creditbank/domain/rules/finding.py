"""What lint finds: the line that says it, where it stands, an example."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from creditbank.domain.explanation import Line
from creditbank.domain.rules.model import Condition, Value


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    ``line`` says it: NO where the rule set must not be used like this, ASK where somebody should look, NOTE else.
    ``places`` are paths in the document, the rows first. ``example`` is an outcome that shows it, by fact. ``close``
    are conditions that rows would need to close a gap, empty where cells cannot say it.
    """

    line: Line
    places: tuple[str, ...]
    example: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))
    close: tuple[Condition, ...] = ()
