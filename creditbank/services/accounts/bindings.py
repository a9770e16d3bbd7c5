"""Binding a school's student number to a lifelong account, with a code that the school's office gave."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db.models import F

from creditbank.domain.access import Actor
from creditbank.domain.accounts import BINDING_DAYS, BINDING_TRIES, Binding, binding_of, same_name
from creditbank.gateways.keys import new_letters
from creditbank.records.accounts import BindingCode, Contact, ExternalIdentity, Factor
from creditbank.records.declaration import Distribution
from creditbank.records.people import Account, Enrolment, LearnerNumber, Membership
from creditbank.records.scope import Scope, acting_for
from creditbank.records.tables import TABLES
from creditbank.services.accounts.limits import DAY, Throttled, count_attempt, key_of, keyed, note_attempt
from creditbank.services.operations import note_operation

MOST_CODES = 20_000
"""Codes made at once."""
MOST_BY_PERSON = 10
"""Numbers tried by one account within the window."""
MOST_FOR_NUMBER = 15
"""Tries of one number in a day, by whomever."""
_LETTERS = 10
_MADE_ANEW = frozenset({"learner", "enrolment", "progress", "dirty"})
"""What of a learner stands there before anything was earned or asked, or is computed again."""
_HOLDING = (
    *(table.name for table in TABLES if table.distribution is Distribution.LEARNER and table.name not in _MADE_ANEW),
    "export_line",
    "official_list_line",
    "official_list_choice",
)
_ONE = "(SELECT 1 FROM {} WHERE learner_id = %s LIMIT 1)"
_HELD = " UNION ALL ".join(map(_ONE.format, _HOLDING)) + " LIMIT 1"


@dataclass(frozen=True, slots=True)
class Issued:
    """One line of the sheet that the office hands out; the code stands nowhere else."""

    student_number: str
    name: str
    code: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Bound:
    """What binding came to; ``account`` is the one to be signed in with from now on."""

    outcome: Binding
    account: Account | None = None


_KEEP = """
INSERT INTO binding_code (institution_id, student_number, code_hash, issued_by, issued_at, expires_at)
SELECT %(place)s, given.number, given.hash, %(actor)s, %(at)s, %(ends)s
FROM unnest(%(numbers)s::text[], %(hashes)s::bytea[]) AS given (number, hash)
ON CONFLICT (institution_id, student_number) DO UPDATE SET code_hash = excluded.code_hash, tries = 0,
  issued_by = excluded.issued_by, issued_at = excluded.issued_at, expires_at = excluded.expires_at, used_at = NULL
RETURNING 1
"""


def issue_codes(
    *, scope: Scope, actor: Actor, cohort: int | None, at: datetime, request_id: str = ""
) -> tuple[Issued, ...]:
    """New codes for every learner of a cohort to whom no account belongs yet; older codes of them end.

    Args:
        scope: acts for the school.
        actor: somebody of its office; of a college, they reach that college only.
        cohort: the year of entry; None for learners without one.
        at: now.
        request_id: of the request.
    """
    rows = scope.rows(Enrolment).filter(institution_id=scope.institution, cohort=cohort).exclude(name="")
    if actor.college is not None:
        rows = rows.filter(college_id=actor.college)
    open_accounts = Account.objects.using(scope.using).filter(is_active=True).values("id")
    found = rows.exclude(learner_id__in=open_accounts).order_by("student_number")
    people = list(found.values_list("student_number", "name")[:MOST_CODES])
    ends = at + timedelta(days=BINDING_DAYS)
    issued = tuple(Issued(number, name, new_letters(_LETTERS), ends) for number, name in people)
    if issued:
        values = {
            "place": scope.institution,
            "actor": actor.person,
            "at": at,
            "ends": ends,
            "numbers": [one.student_number for one in issued],
            "hashes": [_hash(scope.institution, one.student_number, one.code) for one in issued],
        }
        scope.fetch(_KEEP, values)
    note_operation(
        scope=scope, actor=actor.person, action="binding.issue", outcome="done", at=at, request_id=request_id
    )
    return issued


def bind_school(
    *,
    scope: Scope,
    account: Account,
    student_number: str,
    name: str,
    code: str,
    at: datetime,
    request_id: str = "",
) -> Bound | Throttled | None:
    """Bind the number of the scope's school to an account; None where number, name and code do not fit together.

    Args:
        scope: acts for the person and for the school whose number it is.
        account: the person's.
        student_number: as the school writes it.
        name: as the school knows it.
        code: from the school's office; good once.
        at: now.
        request_id: of the request.

    Raises:
        ValueError: the scope acts for no school, or not for this person.
    """
    if scope.institution is None or scope.person != account.id:
        raise ValueError("a person binds a number of one school to their own account")
    number = student_number.strip()[:100]
    until = count_attempt(scope, key_of("bind", str(account.id)), MOST_BY_PERSON, at) or count_attempt(
        scope, key_of("bind-number", f"{scope.institution}:{number}"), MOST_FOR_NUMBER, at, window=DAY
    )
    if until is not None:
        note_attempt(scope, account.id, "throttled", at, request_id, action="account.bind")
        return Throttled(until)
    learner = _learner_of(scope, number, name, code, at)
    if learner is None:
        note_attempt(scope, account.id, "refused", at, request_id, action="account.bind")
        return None
    bound = settle(scope=scope, account=account, number=number, learner=learner, at=at)
    if bound.account is not None:
        codes = scope.rows(BindingCode).filter(institution_id=scope.institution, student_number=number)
        codes.update(used_at=at)
    outcome = "done" if bound.account else "refused"
    note_attempt(scope, account.id, outcome, at, request_id, action="account.bind")
    return bound


def settle(*, scope: Scope, account: Account, number: str, learner: UUID, at: datetime) -> Bound:
    """Let a number come to an account once it was shown to be theirs, as far as nothing of worth is joined."""
    outcome = binding_of(
        same=learner == account.id,
        taken=Account.objects.using(scope.using).filter(id=learner).exists(),
        account_holds=_enrolled(scope, account.id) or _holds(scope, account.id) or _works(scope, account.id),
        number_holds=_holds(scope, learner) or _enrolled(scope, learner, elsewhere=True),
    )
    done = None
    if outcome is Binding.BECOME:
        done = _become(scope, account, learner, at)
    elif outcome is Binding.MOVE:
        _move(scope, number, learner, account.id, at)
        done = account
    return Bound(outcome, done)


def _learner_of(scope: Scope, number: str, name: str, code: str, at: datetime) -> UUID | None:
    """Whom a number means, once name and code have shown that it is theirs; every try of a code is counted."""
    codes = scope.rows(BindingCode).filter(institution_id=scope.institution, student_number=number)
    kept = codes.filter(used_at=None, tries__lt=BINDING_TRIES, expires_at__gt=at).select_for_update().first()
    plain = "".join(letter for letter in code.lower() if letter.isalnum())
    digest = _hash(scope.institution, number, plain)
    right = compare_digest(bytes(kept.code_hash) if kept is not None else bytes(32), digest)
    known = scope.rows(LearnerNumber).filter(institution_id=scope.institution, student_number=number).first()
    learner: UUID | None = known.learner_id if known is not None else None
    enrolment = scope.rows(Enrolment).filter(institution_id=scope.institution, learner_id=learner).first()
    named = enrolment is not None and same_name(name, enrolment.name)
    if kept is not None and not (right and named):
        codes.update(tries=F("tries") + 1)
    return learner if right and named else None


def _holds(scope: Scope, learner: UUID) -> bool:
    """Whether anything of lasting worth stands under a learner, at any institution."""
    with acting_for(person=learner, institution=scope.institution, purpose="binding", using=scope.using) as whole:
        return bool(whole.fetch(_HELD, [learner] * len(_HOLDING)))


def _enrolled(scope: Scope, learner: UUID, *, elsewhere: bool = False) -> bool:
    with acting_for(person=learner, purpose="binding", using=scope.using) as own:
        rows = own.rows(Enrolment).filter(learner_id=learner)
        rows = rows.exclude(institution_id=scope.institution) if elsewhere else rows
        return rows.exists()  # type: ignore[no-any-return]


def _works(scope: Scope, person: UUID) -> bool:
    with acting_for(person=person, purpose="binding", using=scope.using) as own:
        return own.rows(Membership).filter(account_id=person).exists()  # type: ignore[no-any-return]


def _become(scope: Scope, account: Account, learner: UUID, at: datetime) -> Account:
    """Let the account be the learner whom the school knows; the former one stays as a name that leads here."""
    rows = Account.objects.using(scope.using)
    rows.filter(id=account.id).update(
        sign_in=f"former-{account.id.hex}",
        is_active=False,
        password=make_password(None),
        became=learner,
        sessions_since=F("sessions_since") + 1,
    )
    made: Account = rows.create(
        id=learner,
        sign_in=account.sign_in,
        name=account.name,
        name_en=account.name_en,
        password=account.password,
        created_at=at,
    )
    Contact.objects.using(scope.using).filter(account_id=account.id).update(account_id=learner)
    ExternalIdentity.objects.using(scope.using).filter(account_id=account.id).update(account_id=learner)
    factors = list(scope.rows(Factor).filter(account_id=account.id))
    scope.rows(Factor).filter(account_id=account.id).delete()
    with acting_for(person=learner, purpose="binding", using=scope.using) as own:
        for factor in factors:
            factor.account_id = learner
        own.rows(Factor).bulk_create(factors)
    return made


def _move(scope: Scope, number: str, learner: UUID, person: UUID, at: datetime) -> None:
    """Let the school's number and enrolment be those of the person; under the number nothing stands yet."""
    place = scope.institution
    scope.rows(LearnerNumber).filter(institution_id=place, student_number=number).update(learner_id=person)
    scope.rows(Enrolment).filter(institution_id=place, learner_id=learner).update(learner_id=person)
    scope.fetch("DELETE FROM progress WHERE institution_id = %s AND learner_id = %s RETURNING 1", [place, learner])
    scope.fetch(
        "WITH opened AS (INSERT INTO learner (learner_id, institution_id, opened_at) VALUES (%s, %s, %s)"
        " ON CONFLICT DO NOTHING) SELECT 1",
        [person, place, at],
    )


def _hash(institution: UUID | None, number: str, code: str) -> bytes:
    return keyed("binding code", f"{institution}:{number}:{code}")
