"""What a school takes over from the levels above it: layers of rows, locks, and what may be tightened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from creditbank.domain.masterdata.facts import Change, Stored
from creditbank.domain.values import Text

MESSAGES: dict[str, str] = {
    "inheritance.locked": "{key} comes from {publisher}, which has locked it: {field} stays {above}, not {own}. "
    "Write the same or leave the row out.",
    "inheritance.locked_empty": "{key} comes from {publisher}, which has locked it: {field} stays empty, not {own}. "
    "Leave it out.",
    "inheritance.fixed": "{publisher} says of {key} that {field} is {above}; a school cannot change it to {own}. "
    "Write the same or leave it out.",
    "inheritance.more": "{publisher} says of {key} that {field} is {above}; a school may lower it, but it cannot be "
    "{own}.",
    "inheritance.later": "{publisher} says of {key} that {field} is {above}; a school may set an earlier day only, "
    "not {own}.",
    "inheritance.opened": "{publisher} says of {key} that {field} is {above}; a school cannot take that back.",
}
"""Why a row of a school is held back by the levels above it; publisher, row and field are named."""

Contents = Mapping[str, Mapping[str, Stored]]
"""The values of rows by key."""


class Tighten(StrEnum):
    """What a lower level may do with a field of an open row; anything else is refused."""

    FIXED = "fixed"
    """Nothing, where the level above says something; where it says nothing, something may be added."""
    LESS = "less"
    """The same or a lower number."""
    EARLIER = "earlier"
    """The same or an earlier day."""
    CLOSE = "close"
    """Yes where the level above says no, never the other way round."""
    MORE = "more"
    """Further words beside those of the level above, which all stay."""
    OWN = "own"
    """Whatever it likes: its own affair."""


TIGHTENINGS: Mapping[str, Mapping[str, Tighten]] = MappingProxyType(
    {
        "courses": MappingProxyType(
            {
                "credit": Tighten.LESS,
                "hours": Tighten.LESS,
                "theory_hours": Tighten.OWN,
                "practice_hours": Tighten.OWN,
                "term": Tighten.OWN,
                "college": Tighten.OWN,
                "retired": Tighten.CLOSE,
                "locked": Tighten.CLOSE,
            }
        ),
        "outcome_types": MappingProxyType(
            {
                # Where the level above needs no file, a school may ask for one; never the other way round.
                "evidence": Tighten.CLOSE,
                "retired": Tighten.CLOSE,
                "locked": Tighten.CLOSE,
            }
        ),
        # What a school's own sheets call things is its own affair, unless a level above has locked it.
        "mapping": MappingProxyType(
            {
                "field": Tighten.OWN,
                "meaning": Tighten.OWN,
                "name": Tighten.OWN,
                "retired": Tighten.CLOSE,
                "locked": Tighten.CLOSE,
            }
        ),
        "codes": MappingProxyType(
            {
                "aliases": Tighten.MORE,
                "until": Tighten.EARLIER,
                "retired": Tighten.CLOSE,
                "locked": Tighten.CLOSE,
            }
        ),
    }
)
"""By kind of inherited rows and by field, what tightening means; a field that is not named is fixed."""

_REMARKS = frozenset({"retired_reason"})
"""What stands beside the declared fields: a remark is nobody's to refuse, and goes with its row."""
_NO_ROWS: Contents = MappingProxyType({})
_APART = "、"


def inherits(kind: str) -> bool:
    """Whether rows of a kind (``courses``, ``codes.sex``) are published from level to level."""
    return kind.partition(".")[0] in TIGHTENINGS


def tightening(kind: str, name: str) -> Tighten:
    """What a lower level may do with a field."""
    return TIGHTENINGS[kind.partition(".")[0]].get(name, Tighten.FIXED)


@dataclass(frozen=True, slots=True)
class Edition:
    """Rows that one level published together, in force from a day until its next edition."""

    edition_id: UUID | None
    effective_on: date
    rows: Contents
    label: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Level:
    """One institution on the way from the top of the tree to a school, with its editions of one kind."""

    institution: UUID | None
    name: Text
    editions: tuple[Edition, ...] = ()


@dataclass(frozen=True, slots=True)
class Inherited:
    """A row as the levels above settle it: its values, who said it first, and who has locked it."""

    content: Mapping[str, Stored]
    publisher: Text
    locked_by: Text | None = None

    @property
    def locked(self) -> bool:
        """Whether every change below is refused."""
        return self.locked_by is not None

    @property
    def retired(self) -> bool:
        """Whether the row is no longer offered."""
        return self.content.get("retired") is True


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field of which a lower level says what it may not; the sentence of ``code`` says why."""

    field: str
    code: str
    publisher: Text
    above: Stored
    own: Stored


@dataclass(frozen=True, slots=True)
class Settled:
    """Rows after a level was laid on those above it, and by key what of it does not hold."""

    rows: Mapping[str, Inherited]
    conflicts: Mapping[str, tuple[Conflict, ...]]


def valid_rows(editions: Iterable[Edition], day: date) -> Contents:
    """One level's rows on a day: those of its latest edition, and as retired what only earlier ones had.

    The order in which editions are given does not matter; of one day there is one edition.
    """
    due = sorted((one for one in editions if one.effective_on <= day), key=lambda one: one.effective_on)
    if not due:
        return _NO_ROWS
    found = dict(due[-1].rows)
    for edition in reversed(due[:-1]):
        for key, content in edition.rows.items():
            if key not in found:
                found[key] = {**content, "retired": True}
    return found


def judge_row(
    kind: str, above: Inherited, stated: Mapping[str, Stored]
) -> tuple[Mapping[str, Stored], tuple[Conflict, ...]]:
    """Lay what a lower level states of a row on the row above: the values that hold, and what does not hold."""
    made: dict[str, Stored] = dict(above.content)
    conflicts: list[Conflict] = []
    for name, own in stated.items():
        theirs = above.content.get(name)
        if _same(own, theirs):
            continue
        if name in _REMARKS:
            if above.locked_by is None:
                made[name] = own
            continue
        if above.locked_by is not None:
            code = "inheritance.locked" if _said(theirs) else "inheritance.locked_empty"
            conflicts.append(Conflict(name, code, above.locked_by, theirs, own))
            continue
        fault = _fault(tightening(kind, name), theirs, own)
        if fault:
            conflicts.append(Conflict(name, fault, above.publisher, theirs, own))
        elif tightening(kind, name) is Tighten.MORE:
            made[name] = _joined(theirs, own)
        else:
            made[name] = own
    return made, tuple(conflicts)


def lay(kind: str, above: Mapping[str, Inherited], own: Contents, name: Text) -> Settled:
    """Lay a level's rows on those above: it adds rows and tightens open ones, and everything else stays."""
    rows = dict(above)
    conflicts: dict[str, tuple[Conflict, ...]] = {}
    for key, content in own.items():
        known = above.get(key)
        if known is None:
            rows[key] = Inherited(content, name, name if content.get("locked") is True else None)
            continue
        made, wrong = judge_row(kind, known, content)
        locked = known.locked_by or (name if made.get("locked") is True else None)
        rows[key] = replace(known, content=made, locked_by=locked)
        if wrong:
            conflicts[key] = wrong
    return Settled(rows, conflicts)


def inherit(kind: str, levels: Sequence[Level], day: date) -> Mapping[str, Inherited]:
    """The rows that levels hand down on a day, the topmost level first."""
    rows: Mapping[str, Inherited] = {}
    for level in levels:
        rows = lay(kind, rows, valid_rows(level.editions, day), level.name).rows
    return rows


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """A row that says something else after an update."""

    key: str
    before: Inherited
    after: Inherited
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Differences:
    """What an update does to the rows a school takes over, and to what the school itself says of them."""

    new: Mapping[str, Inherited] = field(default_factory=lambda: MappingProxyType({}))
    changed: tuple[ChangedRow, ...] = ()
    retired: Mapping[str, Inherited] = field(default_factory=lambda: MappingProxyType({}))
    collisions: Mapping[str, tuple[Conflict, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """The school's own additions that the level above now has too and says otherwise."""
    too_wide: Mapping[str, tuple[Conflict, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Rows the school had tightened, which now say more than is allowed."""

    @property
    def conflicts(self) -> int:
        """How many rows of the school itself will not hold."""
        return len(self.collisions) + len(self.too_wide)


def compare(
    kind: str, before: Mapping[str, Inherited], after: Mapping[str, Inherited], own: Contents, name: Text
) -> Differences:
    """What changes for a school between two states of the levels above it."""
    held, holds = lay(kind, before, own, name).conflicts, lay(kind, after, own, name).conflicts
    fresh = {key: found for key, found in holds.items() if found != held.get(key)}
    changed = []
    for key in sorted(before.keys() & after.keys()):
        old, new = before[key], after[key]
        if _ends(old, new):
            continue
        names = sorted({*old.content, *new.content})
        found = tuple(
            Change(one, old.content.get(one), new.content.get(one))
            for one in names
            if not _same(old.content.get(one), new.content.get(one))
        )
        if found:
            changed.append(ChangedRow(key, old, new, found))
    return Differences(
        new={key: after[key] for key in sorted(after) if key not in before and not after[key].retired},
        changed=tuple(changed),
        retired={key: after[key] for key in sorted(after.keys() & before) if _ends(before[key], after[key])},
        collisions={key: found for key, found in fresh.items() if key not in before},
        too_wide={key: found for key, found in fresh.items() if key in before},
    )


def _ends(before: Inherited, after: Inherited) -> bool:
    return after.retired and not before.retired


def _said(value: Stored) -> bool:
    """Whether a value says anything; a truth that is not so says the same as none."""
    return value not in (None, "", False)


def _same(one: Stored, other: Stored) -> bool:
    return one == other or not (_said(one) or _said(other))


def _fault(allowed: Tighten, theirs: Stored, own: Stored) -> str:
    """Why this is no tightening, or nothing."""
    if allowed is Tighten.OWN or allowed is Tighten.MORE or not _said(theirs):
        return ""
    match allowed:
        case Tighten.LESS:
            return "" if _said(own) and own <= theirs else "inheritance.more"
        case Tighten.EARLIER:
            # Days are stored so that their texts sort as they do.
            return "" if _said(own) and own <= theirs else "inheritance.later"
        case Tighten.CLOSE:
            return "inheritance.opened"
        case _:
            return "inheritance.fixed"


def _joined(theirs: Stored, own: Stored) -> str:
    said = [word for text in (theirs, own) for word in str(text or "").split(_APART) if word]
    return _APART.join(dict.fromkeys(said))
