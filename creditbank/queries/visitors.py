"""Who visits: the person's memberships and the institution they work for now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from creditbank.domain.access import NOBODY, Actor, Role
from creditbank.domain.values import Text
from creditbank.records.scope import acting_for


@dataclass(frozen=True, slots=True)
class Desk:
    """A place where a person works: the tenant, perhaps a college of it, and the roles held there."""

    institution: UUID
    college: UUID | None
    name: Text
    roles: frozenset[Role]

    @property
    def key(self) -> str:
        """What a session remembers of the chosen desk."""
        return str(self.college or self.institution)


@dataclass(frozen=True, slots=True)
class Visitor:
    """The actor of a request and what a page says about them."""

    actor: Actor
    name: str = ""
    desk: Desk | None = None
    desks: tuple[Desk, ...] = ()
    is_learner: bool = False


_DESKS = """
SELECT membership.institution_id, membership.college_id, place.name, place.name_en, college.name, college.name_en,
  membership.role
FROM membership JOIN institution AS place ON place.id = membership.institution_id
LEFT JOIN institution AS college ON college.id = membership.college_id
WHERE {condition} AND membership.account_id = %s AND since <= %s AND (until IS NULL OR until >= %s)
ORDER BY place.code, college.code NULLS FIRST
"""


def visitor_of(account: UUID, *, chosen: str | None, on: date, name: str = "") -> Visitor:
    """The visitor of an account: the chosen desk, or the first one, or none for somebody who is a learner only."""
    with acting_for(person=account, purpose="visit") as scope:
        condition, values = scope.condition("membership", "membership")
        rows = scope.fetch(_DESKS.format(condition=condition), [*values, account, on, on])
        learns = bool(scope.fetch("SELECT 1 FROM enrolment WHERE learner_id = %s LIMIT 1", [account]))
    desks: dict[UUID, Desk] = {}
    for institution, college, zh, en, college_zh, college_en, role in rows:
        key = college or institution
        known = desks.get(key)
        desks[key] = Desk(
            institution=institution,
            college=college,
            name=Text(f"{zh} · {college_zh}", f"{en} · {college_en}") if college else Text(zh, en),
            roles=(known.roles if known else frozenset()) | {Role(role)},
        )
    listed = tuple(desks.values())
    desk = next((item for item in listed if item.key == chosen), listed[0] if listed else None)
    actor = Actor(account, desk.institution, desk.college, desk.roles) if desk else Actor(account)
    return Visitor(actor if actor.person else NOBODY, name, desk, listed, learns)
