"""Who may do what: one table of permissions, and the one function that reads it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """What a membership makes a person in an institution."""

    REVIEWER = "reviewer"
    REGISTRAR = "registrar"
    AUDITOR = "auditor"
    OPERATOR = "operator"


class Tenant(StrEnum):
    """Whose objects a permission reaches."""

    PUBLIC = "public"
    SIGNED_IN = "signed in"
    SELF = "self"
    INSTITUTION = "institution"


@dataclass(frozen=True, slots=True)
class Permission:
    """One line of the table: a name, the kind of object, whose objects, and the roles that hold it."""

    name: str
    kind: str
    tenant: Tenant
    roles: frozenset[Role] = frozenset()
    own_case_allowed: bool = True


_STAFF = frozenset({Role.REVIEWER, Role.REGISTRAR})
_DESK = frozenset(Role)

PERMISSIONS: tuple[Permission, ...] = (
    Permission("public.read", "page", Tenant.PUBLIC),
    Permission("log.read", "log", Tenant.PUBLIC),
    Permission("proof.verify", "proof", Tenant.PUBLIC),
    Permission("health.read", "health", Tenant.PUBLIC),
    Permission("account.sign_in", "account", Tenant.PUBLIC),
    Permission("account.set_appearance", "account", Tenant.PUBLIC),
    Permission("account.own", "account", Tenant.SIGNED_IN),
    Permission("passbook.read", "lot", Tenant.SELF),
    Permission("recognition.claim", "claim", Tenant.SELF),
    Permission("evidence.read_own", "evidence", Tenant.SELF),
    Permission("lists.answer", "list_proposal", Tenant.SELF),
    Permission("programme.read_progress", "progress", Tenant.SELF),
    Permission("office.read", "page", Tenant.INSTITUTION, _DESK),
    Permission("recognition.read", "claim", Tenant.INSTITUTION, _STAFF | {Role.AUDITOR}),
    Permission("recognition.review", "claim", Tenant.INSTITUTION, _STAFF, own_case_allowed=False),
    Permission(
        "recognition.reverse",
        "claim",
        Tenant.INSTITUTION,
        frozenset({Role.REGISTRAR}),
        own_case_allowed=False,
    ),
    Permission("conversion.apply", "application", Tenant.SELF),
    Permission("conversion.read", "application", Tenant.INSTITUTION, _STAFF | {Role.AUDITOR}),
    Permission("conversion.review", "application", Tenant.INSTITUTION, _STAFF, own_case_allowed=False),
    Permission("objection.raise", "objection", Tenant.PUBLIC),
    Permission("objection.reply", "objection", Tenant.SELF),
    Permission("objection.answer", "objection", Tenant.INSTITUTION, _STAFF, own_case_allowed=False),
    Permission("appeal.file", "appeal", Tenant.SELF),
    Permission("appeal.read", "appeal", Tenant.INSTITUTION, _STAFF | {Role.AUDITOR}, own_case_allowed=False),
    Permission(
        "appeal.conduct",
        "appeal",
        Tenant.INSTITUTION,
        frozenset({Role.REGISTRAR}),
        own_case_allowed=False,
    ),
    Permission("appeal.vote", "appeal", Tenant.INSTITUTION, _STAFF, own_case_allowed=False),
    Permission("letter.read_own", "letter", Tenant.SELF),
    Permission("letter.read", "letter", Tenant.INSTITUTION, _STAFF | {Role.AUDITOR}),
    Permission("letter.correct", "letter", Tenant.INSTITUTION, frozenset({Role.REGISTRAR}), own_case_allowed=False),
    Permission("evidence.read", "evidence", Tenant.INSTITUTION, _STAFF | {Role.AUDITOR}),
    Permission("learner.read", "learner", Tenant.INSTITUTION, _STAFF | {Role.AUDITOR}),
    Permission("binding.issue", "binding_code", Tenant.INSTITUTION, frozenset({Role.REGISTRAR})),
    Permission("results.read_imports", "import_run", Tenant.INSTITUTION, frozenset({Role.REGISTRAR, Role.AUDITOR})),
    Permission("results.write", "import_run", Tenant.INSTITUTION, frozenset({Role.REGISTRAR})),
    Permission("opening.write", "import_run", Tenant.INSTITUTION, frozenset({Role.REGISTRAR})),
    Permission("export.read", "export_batch", Tenant.INSTITUTION, frozenset({Role.REGISTRAR, Role.AUDITOR})),
    Permission("export.make", "export_batch", Tenant.INSTITUTION, frozenset({Role.REGISTRAR})),
    Permission("masterdata.read", "data_row", Tenant.INSTITUTION, _STAFF | {Role.AUDITOR}),
    Permission("masterdata.write", "data_row", Tenant.INSTITUTION, frozenset({Role.REGISTRAR})),
    Permission("catalogue.read", "catalogue_version", Tenant.INSTITUTION, _STAFF | {Role.AUDITOR}),
    Permission("catalogue.write", "catalogue_version", Tenant.INSTITUTION, frozenset({Role.REGISTRAR})),
    Permission("catalogue.approve", "catalogue_version", Tenant.INSTITUTION, _STAFF),
    Permission("lists.read", "official_list", Tenant.INSTITUTION, frozenset({Role.REGISTRAR, Role.AUDITOR})),
    Permission("lists.write", "official_list", Tenant.INSTITUTION, frozenset({Role.REGISTRAR})),
    Permission("edition.read", "edition", Tenant.INSTITUTION, _STAFF | {Role.AUDITOR}),
    Permission("edition.publish", "edition", Tenant.INSTITUTION, frozenset({Role.REGISTRAR})),
    Permission("edition.acknowledge", "edition", Tenant.INSTITUTION, frozenset({Role.REGISTRAR})),
    Permission("rules.read", "rule_version", Tenant.INSTITUTION, _DESK),
    Permission("rules.edit", "rule_draft", Tenant.INSTITUTION, frozenset({Role.REGISTRAR})),
    Permission("rules.approve", "rule_draft", Tenant.INSTITUTION, _STAFF),
    Permission("programme.read", "programme", Tenant.INSTITUTION, _DESK),
    Permission("programme.publish", "programme", Tenant.INSTITUTION, frozenset({Role.REGISTRAR})),
)

_BY_NAME = {permission.name: permission for permission in PERMISSIONS}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person, and for staff the tenant, perhaps one college of it, and the roles held there."""

    person: UUID | None = None
    institution: UUID | None = None
    college: UUID | None = None
    roles: frozenset[Role] = frozenset()


@dataclass(frozen=True, slots=True)
class Thing:
    """What is acted on: its learner, the institution that handles it, and the college, where it has them."""

    learner: UUID | None = None
    institution: UUID | None = None
    college: UUID | None = None


NOBODY = Actor()


def permission(name: str) -> Permission:
    """The table's line of that name.

    Raises:
        KeyError: there is no such permission.
    """
    return _BY_NAME[name]


def may_enter(actor: Actor, name: str) -> bool:
    """Whether the actor may use the door at all, before any object is known."""
    rule = _BY_NAME[name]
    match rule.tenant:
        case Tenant.PUBLIC:
            return True
        case Tenant.SIGNED_IN | Tenant.SELF:
            return actor.person is not None
        case Tenant.INSTITUTION:
            return actor.institution is not None and bool(actor.roles & rule.roles)


def may(actor: Actor, name: str, thing: Thing) -> bool:
    """Whether the actor may do this to this object; what you may not do to it, you may not see either."""
    if not may_enter(actor, name):
        return False
    rule = _BY_NAME[name]
    match rule.tenant:
        case Tenant.PUBLIC | Tenant.SIGNED_IN:
            return True
        case Tenant.SELF:
            return thing.learner is not None and thing.learner == actor.person
        case Tenant.INSTITUTION:
            within = thing.institution == actor.institution and actor.college in (None, thing.college)
            return within and (rule.own_case_allowed or thing.learner != actor.person)
