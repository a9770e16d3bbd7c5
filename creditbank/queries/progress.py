"""A learner's progress: programmes audited live from the lots that can be used today."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from creditbank.domain.audit.answer import NodeAnswer
from creditbank.domain.audit.compiled import Compiled, compile_programme
from creditbank.domain.audit.decide import audit
from creditbank.domain.audit.explain import explain
from creditbank.domain.audit.model import Credit
from creditbank.domain.explanation import Explanation, Line, Verdict
from creditbank.domain.programmes.model import LEAVES
from creditbank.domain.programmes.plan import Nature, Plan, credit_in_term
from creditbank.domain.programmes.reading import read_programme
from creditbank.domain.values import Hundredths, Text
from creditbank.records.conversions import TOWARDS_AWARDS
from creditbank.records.programmes import Programme, Progress
from creditbank.records.scope import Scope

_MARK = re.compile(r"\d{1,3}(\.\d{1,4})?")


@dataclass(frozen=True, slots=True)
class Ring:
    """One requirement group as a ring: hundredths that count, of hundredths asked."""

    label: Text
    counted: int
    asked: int
    met: bool


@dataclass(frozen=True, slots=True)
class PlannedCourse:
    """A course of a plan in one of its terms; ``credit`` is what falls in that term, ``earned`` whether it is there."""

    code: str
    title: Text
    required: bool
    credit: int
    earned: bool


@dataclass(frozen=True, slots=True)
class PlannedTerm:
    """One planned term with its courses and their credit in hundredths; term 0 holds courses without one."""

    term: int
    credit: int
    earned: int
    courses: tuple[PlannedCourse, ...]


@dataclass(frozen=True, slots=True)
class ProgrammeProgress:
    """One programme and how far the learner is; ``explanation`` is the whole tree, ``terms`` the plan if any."""

    programme_id: UUID
    code: str
    title: Text
    institution: Text
    invented: bool
    met: bool
    counted: int
    missing: int
    asked: int
    rings: tuple[Ring, ...]
    explanation: Explanation
    terms: tuple[PlannedTerm, ...] = ()


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change of the credit held does to one programme: hundredths that count and are missing, then and after."""

    title: Text
    counted: int
    counted_after: int
    missing: int
    missing_after: int


def rings_of(scope: Scope, learner: UUID, *, on: date, most: int = 2) -> list[ProgrammeProgress]:
    """The programmes whose progress is followed for a learner, computed now; the stored row may lag behind."""
    followed = scope.rows(Progress).filter(learner_id=learner).order_by("-met", "short_by")
    wanted = list(followed.values_list("programme_id", flat=True)[:most])
    return [one for identity in wanted if (one := progress_of(scope, learner, identity, on=on)) is not None]


def programmes_of(
    scope: Scope, learner: UUID, *, on: date, most: int = 20, candidates: bool = False
) -> list[ProgrammeProgress]:
    """The newest version of each programme of the learner's institutions and what stands above them, audited.

    Plans of a school that does not say which one the learner follows are left out.

    Args:
        scope: acts for the learner.
        learner: whose.
        on: the day.
        most: how many at most.
        candidates: those plans instead, and nothing else.
    """
    values = {"learner": learner, "person": scope.person, "most": most, "candidates": candidates}
    rows = scope.fetch(_PROGRAMMES, values)
    credits_, titles = _credits(scope, learner)
    found = [_progress(scope, row[0], credits_, titles, on) for row in rows]
    return [one for one in found if one is not None]


def without_programme(scope: Scope, learner: UUID) -> list[Text]:
    """The learner's institutions that have plans and do not say which of them the learner follows."""
    found = scope.fetch(
        "SELECT institution.name, institution.name_en FROM enrolment"
        " JOIN institution ON institution.id = enrolment.institution_id"
        " WHERE enrolment.learner_id = %(learner)s AND enrolment.learner_id = %(person)s AND programme_code = ''"
        " AND EXISTS (SELECT FROM programme WHERE programme.institution_id = institution.id AND content ? 'plan')"
        " ORDER BY institution.code",
        {"learner": learner, "person": scope.person},
    )
    return [Text(name, name_en) for name, name_en in found]


def effects_of(
    scope: Scope, learner: UUID, *, on: date, used: Mapping[UUID, int], made: Sequence[Credit], most: int = 3
) -> list[Effect]:
    """What turning credit into other credit would do to the programmes the learner follows.

    Args:
        scope: acts for the learner.
        learner: whose.
        on: the day.
        used: by lot the hundredths that would be used up.
        made: the credit that would be there instead.
        most: how many programmes at most.
    """
    now, _titles = _credits(scope, learner)
    left = [replace(one, hundredths=Hundredths(one.hundredths - used.get(UUID(one.id), 0))) for one in now]
    then = (*(one for one in left if one.hundredths > 0), *made)
    rows = scope.fetch(_PROGRAMMES, {"learner": learner, "person": scope.person, "most": most, "candidates": False})
    found = scope.rows(Programme).filter(pk__in=[row[0] for row in rows]).order_by("code")
    effects = []
    for row in found:
        compiled = _compiled(row.content_hash, row.content)
        before, after = audit(compiled, now, on=on), audit(compiled, then, on=on)
        effects.append(
            Effect(Text(row.name, row.name_en), before.counted, after.counted, before.missing, after.missing)
        )
    return effects


def planned_courses(scope: Scope, learner: UUID, institution: UUID) -> frozenset[str]:
    """The codes of the courses of the plan that an institution says a learner follows; none where it says none."""
    rows = scope.fetch(_FOLLOWED, {"learner": learner, "institution": institution})
    found = scope.rows(Programme).filter(pk=rows[0][0]).first() if rows else None
    plan = None if found is None else _compiled(found.content_hash, found.content).programme.plan
    return frozenset() if plan is None else frozenset(course.code for course in plan.courses())


def progress_of(scope: Scope, learner: UUID, programme_id: UUID, *, on: date) -> ProgrammeProgress | None:
    """One programme audited for a learner; None when there is no such programme."""
    return _progress(scope, programme_id, *_credits(scope, learner), on)


def only_missing(explanation: Explanation) -> Explanation:
    """The tree without what is met and without notes: only what is short, and what would help."""
    kept = (line for line in explanation if line.worst() in (Verdict.NO, Verdict.ASK))
    return tuple(replace(line, lines=only_missing(line.lines)) for line in kept)


# A programme is found by its institution: the learner's own ones, and every one above these. Where an institution says
# which programme the learner follows, its others are none of theirs; where it does not, none of its plans is.
_PROGRAMMES = """
WITH RECURSIVE place AS (
  SELECT institution.id, institution.parent_id, enrolment.programme_code AS followed FROM enrolment
  JOIN institution ON institution.id = enrolment.institution_id
  WHERE enrolment.learner_id = %(learner)s AND enrolment.learner_id = %(person)s
  UNION
  SELECT above.id, above.parent_id, '' FROM place JOIN institution AS above ON above.id = place.parent_id
)
SELECT programme.id FROM programme
JOIN place ON place.id = programme.institution_id AND place.followed IN ('', programme.code)
WHERE (place.followed = '' AND programme.content ? 'plan') = %(candidates)s AND NOT EXISTS (
  SELECT FROM programme AS newer WHERE newer.institution_id = programme.institution_id
    AND newer.code = programme.code AND newer.version > programme.version)
ORDER BY programme.code LIMIT %(most)s
"""

_FOLLOWED = """
SELECT programme.id FROM enrolment
JOIN programme ON programme.institution_id = enrolment.institution_id AND programme.code = enrolment.programme_code
WHERE enrolment.learner_id = %(learner)s AND enrolment.institution_id = %(institution)s
ORDER BY programme.version DESC LIMIT 1
"""

_LOTS = f"""
SELECT lot.lot_id, lot.title, lot.title_en, balance.amount, lot.category, lot.level, lot.field, lot.code,
  institution.code, lot.grade, lot.earned_on, lot.expires_on
FROM lot
JOIN balance ON balance.learner_id = lot.learner_id AND balance.lot_id = lot.lot_id
  AND balance.state = 'available' AND balance.amount > 0
JOIN institution ON institution.id = lot.institution_id
WHERE lot.learner_id = %(learner)s AND (lot.learner_id = %(person)s OR lot.institution_id = %(institution)s)
  AND {TOWARDS_AWARDS}
ORDER BY lot.lot_id
"""  # noqa: S608 - fixed fragments only


def _credits(scope: Scope, learner: UUID) -> tuple[tuple[Credit, ...], dict[str, Text]]:
    values = {"learner": learner, "person": scope.person, "institution": scope.institution}
    credits_: list[Credit] = []
    titles: dict[str, Text] = {}
    for lot, title, title_en, amount, category, level, field, code, source, grade, earned, expires in scope.fetch(
        _LOTS, values
    ):
        titles[str(lot)] = Text(title, title_en)
        titles.setdefault(code, Text(title, title_en))
        credits_.append(
            Credit(
                id=str(lot),
                hundredths=Hundredths(amount),
                category=category,
                level=level,
                field=field,
                code=code,
                source=source,
                grade=Decimal(grade) if grade and _MARK.fullmatch(grade) else None,
                earned_on=earned,
                # The ledger keeps the first day without the credit, an audit asks for the last one with it.
                expires_on=expires - timedelta(days=1) if expires else None,
            )
        )
    return tuple(credits_), titles


def _progress(
    scope: Scope, programme_id: UUID, credits_: tuple[Credit, ...], titles: Mapping[str, Text], on: date
) -> ProgrammeProgress | None:
    row = scope.rows(Programme).filter(pk=programme_id).select_related("institution").first()
    if row is None:
        return None
    compiled = _compiled(row.content_hash, row.content)
    answer = audit(compiled, credits_, on=on)
    plan = compiled.programme.plan
    rings = tuple(_rings(answer.tree, plan))
    return ProgrammeProgress(
        programme_id=row.id,
        code=row.code,
        title=Text(row.name, row.name_en),
        institution=Text(row.institution.name, row.institution.name_en),
        invented=row.invented,
        met=answer.met,
        counted=answer.counted,
        missing=answer.missing,
        asked=sum(ring.asked for ring in rings),
        rings=rings,
        explanation=_named(explain(answer), titles),
        terms=() if plan is None else tuple(_terms(plan, credits_, on)),
    )


def _terms(plan: Plan, credits_: tuple[Credit, ...], on: date) -> Iterator[PlannedTerm]:
    """The plan's terms in order; a course is there once any credit that counts today carries its code."""
    held = {credit.code for credit in credits_ if credit.expires_on is None or credit.expires_on >= on}
    courses = list(plan.courses())
    for term in (*plan.credit_by_term(), 0):
        here = tuple(
            PlannedCourse(
                code=course.code,
                title=course.title,
                required=course.nature is Nature.REQUIRED,
                credit=credit_in_term(course, term) if term else course.credit,
                earned=course.code in held,
            )
            for course in courses
            if (term in course.terms if term else not course.terms)
        )
        if here:
            earned = sum(course.credit for course in here if course.earned)
            yield PlannedTerm(term, sum(course.credit for course in here), earned, here)


_compiled_before: dict[str, Compiled] = {}


def _compiled(content_hash: str, content: Any) -> Compiled:
    """A version never changes, so each process compiles it once."""
    if content_hash not in _compiled_before:
        _compiled_before[content_hash] = compile_programme(read_programme(content))
    return _compiled_before[content_hash]


def _rings(tree: NodeAnswer, plan: Plan | None) -> Iterator[Ring]:
    modules = {} if plan is None else {module.id: module for module in plan.modules}
    for node in tree.children or (tree,):
        module = modules.get(node.id)
        if module is not None and module.title == node.title:
            # A plan knows the credit of its required courses, which the tree only counts.
            if module.asked:
                yield Ring(node.title, min(node.counted, module.asked), module.asked, node.met)
            continue
        if node.wanted and (asked := _sum(node, "minimum")):
            yield Ring(node.title, min(_sum(node, "counted"), asked), asked, node.met)


def _sum(node: NodeAnswer, name: str) -> int:
    """A figure of a requirement, or of what is wanted underneath it."""
    if node.kind in LEAVES:
        return int(getattr(node, name))
    return sum(_sum(child, name) for child in node.children if child.wanted)


def _named(explanation: Explanation, titles: Mapping[str, Text]) -> Explanation:
    """The tree with outcomes called by their names instead of by ids and codes."""
    return tuple(_named_line(line, titles) for line in explanation)


def _named_line(line: Line, titles: Mapping[str, Text]) -> Line:
    facts = line.facts
    credit = facts.get("credit")
    if isinstance(credit, str) and credit in titles:
        facts = {**facts, "credit": titles[credit]}
    return replace(line, facts=facts, lines=_named(line.lines, titles))
