"""A batch approval that waits or has just run, as every page of the office shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from creditbank.domain.access import Actor
from creditbank.domain.values import format_credit
from creditbank.gateways import clock
from creditbank.records.recognition import ScheduledCommand
from creditbank.records.scope import Scope


@dataclass(frozen=True, slots=True)
class Pending:
    """A batch as its toast and its page show it."""

    command_id: UUID
    count: int
    credit: int
    seconds: int
    executed: bool
    failed: int

    @property
    def words(self) -> str:
        """The batch in one sentence."""
        amount = {"count": self.count, "credit": format_credit(self.credit)}
        if not self.executed:
            return (
                ngettext(
                    "%(count)s case, %(credit)s credits: about to be approved.",
                    "%(count)s cases, %(credit)s credits: about to be approved.",
                    self.count,
                )
                % amount
            )
        if self.failed:
            return _("%(failed)s of %(count)s could not be approved; %(credit)s credits recognised.") % (
                amount | {"failed": self.failed}
            )
        return (
            ngettext(
                "%(count)s case approved, %(credit)s credits.",
                "%(count)s cases approved, %(credit)s credits.",
                self.count,
            )
            % amount
        )


def own_commands(scope: Scope, actor: Actor) -> Any:
    """The batches of this person at this desk."""
    return scope.rows(ScheduledCommand).filter(institution_id=scope.institution, actor_id=actor.person)


def pending_of(scope: Scope, actor: Actor, text: str = "") -> Pending | None:
    """The batch that an address names, else the newest one that still waits."""
    commands = own_commands(scope, actor)
    try:
        found = commands.filter(command_id=UUID(text)).first() if text else None
    except ValueError:
        found = None
    found = found or commands.filter(executed_at=None).order_by("-scheduled_at").first()
    return pending_from(found) if found is not None else None


def pending_from(command: Any) -> Pending:
    """What a stored command says now."""
    outcome = command.outcome or []
    done = [item for item in outcome if item["refusal"] is None]
    credit = sum(item["credit"] for item in done) if command.executed_at else sum(command.payload["seen"].values())
    left = (command.execute_at - clock.now()).total_seconds()
    return Pending(
        command_id=command.command_id,
        count=len(command.payload["cases"]),
        credit=credit,
        seconds=max(0, round(left)),
        executed=command.executed_at is not None,
        failed=len(outcome) - len(done),
    )
