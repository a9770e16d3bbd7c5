"""The learner's side of a conversion: apply with what is held for it, and withdraw."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from uuid import UUID

from creditbank.domain.access import Actor
from creditbank.domain.conversions.application import Act, State, decide
from creditbank.domain.explanation import Refusal, to_data
from creditbank.domain.ledger import Hold
from creditbank.domain.rules.model import Ruling
from creditbank.queries.conversion_options import (
    Holdings,
    Option,
    holdings_of,
    made_titles,
    option_of,
    pinned,
    target_key,
)
from creditbank.records.conversions import ConversionApplication, ConversionUse
from creditbank.records.people import Enrolment
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.conversions.history import move_application, note_step, release_credit
from creditbank.services.ledger.hold import hold_credit
from creditbank.services.recognition.history import lock_learners


@dataclass(frozen=True, slots=True)
class Wish:
    """What a learner chose and saw: a row of a rule set, its course where it leads to several, and what it said."""

    application_id: UUID
    """Made by the page that asked, so that the same wish sent twice is one application."""
    rules: str
    row: str
    course: str
    seen: str
    lots: tuple[str, ...] | None = None
    """The lots that alone may be used, where the learner chose among them; else the first to expire go first."""


def apply_for_conversion(
    *, scope: Scope, actor: Actor, wish: Wish, at: datetime, on: date, request_id: str = ""
) -> ConversionApplication | Refusal:
    """Apply, and hold what the conversion would use, in one transaction.

    Args:
        scope: acts for the learner and the institution that awarded the credit.
        actor: the learner.
        wish: what they chose; a wish that was an application before returns it and writes nothing.
        at: the moment, for what was known.
        on: the same day in the institution's zone, for what counts.
        request_id: the request that asked.

    Raises:
        NotVisible: the learner is not enrolled at the scope's institution.
    """
    learner = actor.person
    enrolment = scope.rows(Enrolment).filter(learner_id=learner, institution_id=scope.institution).first()
    if learner is None or enrolment is None or scope.institution is None:
        raise NotVisible
    lock_learners(scope, {learner})
    before = scope.rows(ConversionApplication).filter(learner_id=learner, application_id=wish.application_id).first()
    if before is not None:
        return before  # type: ignore[no-any-return]
    held = pinned(holdings_of(scope, learner, on=on), wish.lots)
    chosen = option_of(held, wish.rules, wish.row, wish.course)
    if refusal := _refused(chosen, wish, on):
        return refusal
    assert chosen is not None
    number = f"{on:%Y%m%d}-{wish.application_id.hex[-6:].upper()}"
    uses = [(UUID(use.item), use.credit) for use in chosen.one.uses if use.credit]
    posted = hold_credit(
        scope=scope,
        holds=[Hold(learner, f"application:{wish.application_id}:{lot}", lot, credit, on) for lot, credit in uses],
        reason="conversion.applied",
        actor=learner,
        at=at,
    )
    if isinstance(posted, Refusal):
        return posted
    application = _stored(scope, learner, enrolment.college_id, wish, chosen, held, number, at)
    scope.rows(ConversionUse).bulk_create(
        [
            ConversionUse(
                learner_id=learner,
                application_id=wish.application_id,
                lot_id=lot,
                institution_id=scope.institution,
                amount=credit,
                hold_id=hold.posting_id,
            )
            for (lot, credit), hold in zip(uses, posted, strict=True)
        ]
    )
    note_step(
        scope=scope, application=application, act=Act.SUBMIT, actor=learner, at=at, request_id=request_id
    )  # fmt: skip
    return application


def withdraw_application(
    *, scope: Scope, actor: Actor, application_id: UUID, at: datetime, on: date, request_id: str = ""
) -> ConversionApplication | Refusal:
    """Take an application back while nobody has decided it; what was held for it is available again.

    Raises:
        NotVisible: the application is not the actor's, or not of the scope's institution.
    """
    rows = scope.rows(ConversionApplication).filter(
        learner_id=actor.person, application_id=application_id, institution_id=scope.institution
    )
    application = rows.select_for_update().first()
    if application is None or actor.person is None:
        raise NotVisible
    target = decide(
        act=Act.WITHDRAW, state=State(application.state), learner=application.learner_id, actor=actor.person
    )
    if isinstance(target, Refusal):
        return target
    release_credit(scope, application, reason="conversion.withdrawn", actor=actor.person, at=at, on=on)
    return move_application(
        scope=scope, application=application, act=Act.WITHDRAW, target=target, actor=actor.person, at=at,
        request_id=request_id,
    )  # fmt: skip


def _refused(chosen: Option | None, wish: Wish, on: date) -> Refusal | None:
    if chosen is None:
        return Refusal.because("application.no_rules", day=on.isoformat())
    if chosen.open:
        return Refusal.because("application.open_before", number=chosen.open)
    if chosen.one.ruling is Ruling.REFUSE:
        return Refusal((*Refusal.because("application.not_possible").explanation, *chosen.one.explanation))
    if not chosen.one.made or not chosen.credit or not any(use.credit for use in chosen.one.uses):
        return Refusal.because("application.uses_nothing")
    if chosen.seen != wish.seen:
        return Refusal.because("application.changed")
    return None


def _stored(
    scope: Scope, learner: UUID, college: UUID | None, wish: Wish, chosen: Option, held: Holdings, number: str,
    at: datetime,
) -> ConversionApplication:  # fmt: skip
    titles = made_titles(held, chosen.one, chosen.regulation.compiled)
    application: ConversionApplication = scope.rows(ConversionApplication).create(
        learner_id=learner,
        application_id=wish.application_id,
        institution_id=scope.institution,
        college_id=college,
        number=number,
        state=State.SUBMITTED.value,
        rule_version_id=chosen.regulation.version_id,
        composed_of=list(chosen.regulation.composed_of),
        row=wish.row,
        course=wish.course,
        target=target_key(chosen.one.targets),
        title=chosen.targets.zh,
        title_en=chosen.targets.en,
        verdict=chosen.one.ruling.value,
        credit=chosen.credit,
        grade=chosen.one.grade,
        made=[
            {
                "kind": made.target.kind.value,
                "code": made.target.code,
                "category": made.category,
                "credit": made.credit,
                "title": title.zh,
                "title_en": title.en,
            }
            for made, title in zip(chosen.one.made, titles, strict=True)
        ],
        counts=asdict(chosen.one.counts),
        proposal=to_data(chosen.one.explanation),
        submitted_at=at,
    )
    return application
