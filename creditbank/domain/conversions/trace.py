"""The sentences of a conversion: which items serve, what is used, made, left over, and why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from creditbank.domain.conversions.model import (
    Closed,
    ConversionRow,
    Counts,
    Course,
    Group,
    Item,
    Made,
    Standing,
    Surplus,
    Target,
    TargetKind,
)
from creditbank.domain.conversions.words import COUNTED, NO_NAMES, sources_said, target_said
from creditbank.domain.explanation import Explanation, Line, Verdict
from creditbank.domain.explanation import Fact as Said
from creditbank.domain.rules.model import Ruling
from creditbank.domain.values import Amount, Hundredths, Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from creditbank.domain.rules.model import Exclude, Fact

MESSAGES: dict[str, str] = {
    "conversion.would_become": "Would become {targets}, {amount} credits.",
    "conversion.would_waive": "Would exempt from {targets}, without credit.",
    "conversion.would_ask": "Whether this can become {targets} is for a person to decide.",
    "conversion.would_not": "Cannot become {targets}.",
    "conversion.no_row": "No row of these rules converts into {targets}.",
    "conversion.row": "Row {row} applies.",
    "conversion.row_asks": "What row {row} converts is for a person to decide.",
    "conversion.row_refused": "Row {row} is not granted.",
    "conversion.used": "{title}: {amount} of {held} credits are used.",
    "conversion.by_unit": "It carries the certification unit {unit}.",
    "conversion.needs": "It takes {count} of: {what}. Found: {found}.",
    "conversion.needs_credit": "It takes {least} credits of: {what}. Found: {found}.",
    "conversion.not_together": "What was found does not suffice together: {need} credits are needed, {held} are held.",
    "conversion.not_all_tried": "There are more ways to choose than were looked at; another may lose less.",
    "conversion.worth_full": "The targets' own credit is granted: {amount}.",
    "conversion.worth_held": "{factor} of the {held} held makes {amount}.",
    "conversion.worth_fixed": "The rules grant {amount} credits for it.",
    "conversion.short": "The items hold {held} of {need} credits; the rules grant it all the same.",
    "conversion.rounded": "Rounded to {amount}.",
    "conversion.nothing": "Nothing is left to convert.",
    "conversion.surplus_lost": "{amount} credits beyond what is needed are not carried over.",
    "conversion.surplus_kept": "{amount} credits stay where they are.",
    "conversion.surplus_elective": "{amount} credits beyond what is needed become unspecified elective credit.",
    "conversion.course": "{course}: {amount} credits.",
    "conversion.course_unknown": "There is no course {code} in the library.",
    "conversion.not_offered": "The course {code} is not offered here, so nothing can become it.",
    "conversion.course_retired": "{course} is no longer offered.",
    "conversion.course_closed": "Nothing converts into {course}.",
    "conversion.passed": "{course} is passed already.",
    "conversion.failed": "{course} was failed before.",
    "conversion.in_progress": "{course} is being studied now.",
    "conversion.selected": "{course} is selected for the next term.",
    "conversion.converted": "{course} was converted before.",
    "conversion.excluded": "{title} cannot be converted.",
    "conversion.doubted": "Whether {title} can be converted is for a person to decide.",
    "conversion.grade_fixed": "Recorded with the grade {grade}.",
    "conversion.grade_credit_only": "Recorded as credit, without a grade.",
    "conversion.grade_kept": "The grade is taken over: {grade}.",
    "conversion.grade_mapped": "The grade becomes {grade}.",
    "conversion.grade_missing": "The rules say no grade for this, so a person decides.",
    "conversion.counts": "Counts for: {what}.",
    "conversion.counts_nowhere": "Counts for none of GPA, rank, transcript and graduation.",
}


def targets_said(targets: Sequence[Target], courses: Mapping[str, Course], categories: Mapping[str, Text]) -> Text:
    """The targets of a row in words."""
    said = [_target_said(target, courses, categories) for target in targets]
    return Text("、".join(one.zh for one in said), ", ".join(one.en or one.zh for one in said))


def _target_said(target: Target, courses: Mapping[str, Course], categories: Mapping[str, Text]) -> Text:
    if target.kind not in (TargetKind.COURSE, TargetKind.WAIVER):
        return target_said(target, NO_NAMES, categories)
    course = courses.get(target.code)
    named = course.title if course is not None else Text(target.code, target.code)
    return Text(f"“{named.zh}”", f"“{named.en or named.zh}”")


def summary(ruling: Ruling, targets: Text, credit: int, reasons: list[Line]) -> Explanation:
    """The one line that answers, with the reasons underneath."""
    if ruling is Ruling.RECOGNISE:
        code = "conversion.would_become" if credit else "conversion.would_waive"
        facts: dict[str, Said] = {"targets": targets}
        return (Line(code, Verdict.YES, facts | ({"amount": Amount(credit)} if credit else {}), None, tuple(reasons)),)
    code, verdict = (
        ("conversion.would_ask", Verdict.ASK) if ruling is Ruling.MANUAL else ("conversion.would_not", Verdict.NO)
    )
    return (Line(code, verdict, {"targets": targets}, None, tuple(reasons)),)


def no_row(targets: Text) -> Line:
    """Nothing in the rules leads there."""
    return Line("conversion.no_row", Verdict.NO, {"targets": targets})


def applies(row: ConversionRow, below: list[Line]) -> Line:
    """The row with the items it uses."""
    return Line("conversion.row", Verdict.YES, {"row": row.id}, row.clause, tuple(below))


def ruled(row: ConversionRow) -> Line:
    """That a row is left to a person or refused, whatever is held."""
    code, verdict = (
        ("conversion.row_asks", Verdict.ASK) if row.ruling is Ruling.MANUAL else ("conversion.row_refused", Verdict.NO)
    )
    return Line(code, verdict, {"row": row.id}, row.clause)


def used(item: Item, amount: int, units: Sequence[str] = ()) -> Line:
    """How much of an item is used, and by which certification units it serves."""
    said: dict[str, Said] = {"title": item.title, "amount": Amount(amount), "held": Amount(item.credit)}
    below = tuple(Line("conversion.by_unit", Verdict.NOTE, {"unit": unit}) for unit in units)
    return Line("conversion.used", Verdict.NOTE, said, None, below)


def wanting(row: ConversionRow, group: Group, facts: Mapping[str, Fact], found: Sequence[Item]) -> Line:
    """A group for which too little was found."""
    said: dict[str, Said] = {"what": sources_said(group.sources, facts), "found": _titles(found)}
    if group.count is None:
        said["least"] = Amount(group.credit or 0)
        return Line("conversion.needs_credit", Verdict.NO, said, row.clause)
    return Line("conversion.needs", Verdict.NO, said | {"count": group.count}, row.clause)


def not_together(row: ConversionRow, need: int, held: int) -> Line:
    """Each group has its items, and together they hold too little."""
    return Line("conversion.not_together", Verdict.NO, {"need": Amount(need), "held": Amount(held)}, row.clause)


def _titles(items: Sequence[Item]) -> Text:
    if not items:
        return Text("无", "none")
    return Text("、".join(item.title.zh for item in items), ", ".join(item.title.en or item.title.zh for item in items))


def worth(code: str, amount: int, held: int = 0, factor: str = "") -> Line:
    """How much is made, and of what."""
    said: dict[str, Said] = {"amount": Amount(amount)}
    if factor:
        said |= {"held": Amount(held), "factor": factor}
    return Line(code, Verdict.NOTE, said)


def not_all_tried() -> Line:
    """Another choice of items may lose less."""
    return Line("conversion.not_all_tried")


def short(need: int, held: int) -> Line:
    """The items hold less than is granted."""
    return Line("conversion.short", Verdict.NOTE, {"need": Amount(need), "held": Amount(held)})


def surplus_said(policy: Surplus, amount: int) -> Line:
    """What becomes of the rest."""
    return Line(f"conversion.surplus_{policy.value}", Verdict.NOTE, {"amount": Amount(amount)})


def excluded(item: Item, part: Exclude | None, below: list[Line]) -> Line:
    """An item that must not be used."""
    return Line("conversion.excluded", Verdict.NO, {"title": item.title}, part.clause if part else None, tuple(below))


def doubted(item: Item, part: Exclude | None, below: list[Line]) -> Line:
    """An item of which a person says whether it may be used."""
    return Line("conversion.doubted", Verdict.ASK, {"title": item.title}, part.clause if part else None, tuple(below))


def course_said(course: Course) -> Line:
    """A target course with its credit."""
    return Line("conversion.course", Verdict.NOTE, {"course": course.title, "amount": Amount(course.credit)})


def course_unknown(code: str) -> Line:
    """A target that is not in the library."""
    return Line("conversion.course_unknown", Verdict.ASK, {"code": code})


def not_offered(code: str) -> Line:
    """A target that the whole library does not hold."""
    return Line("conversion.not_offered", Verdict.NO, {"code": code})


def course_retired(course: Course) -> Line:
    """A target that is no longer offered."""
    return Line("conversion.course_retired", Verdict.NO, {"course": course.title})


def course_closed(course: Course, part: Closed) -> Line:
    """A target that nothing converts into."""
    return Line("conversion.course_closed", Verdict.NO, {"course": course.title}, part.clause)


def stands(course: Course, standing: Standing, ruling: Ruling, clause: Text | None = None) -> Line:
    """How the learner stands to a target course."""
    verdicts = {Ruling.RECOGNISE: Verdict.NOTE, Ruling.MANUAL: Verdict.ASK, Ruling.REFUSE: Verdict.NO}
    return Line(f"conversion.{standing.value}", verdicts[ruling], {"course": course.title}, clause)


def grade_said(code: str, grade: str = "") -> Line:
    """Which grade is recorded."""
    return Line(code, Verdict.NOTE, {"grade": grade} if grade else {})


def grade_missing() -> Line:
    """The map of grades does not say one."""
    return Line("conversion.grade_missing", Verdict.ASK)


def counts_said(counts: Counts) -> Line:
    """Where it counts."""
    words = [label for name, label in COUNTED.items() if getattr(counts, name)]
    if not words:
        return Line("conversion.counts_nowhere")
    what = Text("、".join(word.zh for word in words), ", ".join(word.en for word in words))
    return Line("conversion.counts", Verdict.NOTE, {"what": what})


def nothing() -> Line:
    """Limits or rounding left nothing."""
    return Line("conversion.nothing", Verdict.NO)


def total(made: Sequence[Made]) -> Hundredths:
    """All credit that is made."""
    return Hundredths(sum(one.credit for one in made))
