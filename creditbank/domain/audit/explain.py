"""Says an audit's answer in sentences: verdict, proof, requirements, what is left out, what helps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from creditbank.domain.audit.answer import Answer, NodeAnswer, NotUsed, PartAnswer, Reason
from creditbank.domain.audit.model import Proof
from creditbank.domain.explanation import Explanation, Line, Verdict
from creditbank.domain.programmes.model import Kind
from creditbank.domain.values import Amount, Text

if TYPE_CHECKING:
    from creditbank.domain.explanation import Fact

MESSAGES: dict[str, str] = {
    "audit.met": "{programme}: every requirement is met.",
    "audit.not_met": "{programme}: not yet met; {missing} credits are missing.",
    "audit.undecided": "{programme}: the search did not finish; short by {short}, possibly only by {bound}.",
    "audit.proof_bound": "Proved: even all the credit that could count would leave as much missing.",
    "audit.proof_search": "Proved: every other allocation was tried or excluded ({states} states).",
    "audit.proof_solver": "Proved by the solver CP-SAT ({status}).",
    "audit.all_met": "{title}: all parts are met.",
    "audit.all_short": "{title}: some parts are not met yet.",
    "audit.any_met": "{title}: one of {of} is met, as asked.",
    "audit.any_short": "{title}: one of {of} is needed; none is met yet.",
    "audit.n_of_met": "{title}: {n} of {of} are met, as asked.",
    "audit.n_of_short": "{title}: {n} of {of} are needed; not all of them are met yet.",
    "audit.credits_met": "{title}: {counted} of {minimum} credits.",
    "audit.credits_counted": "{title}: {counted} credits.",
    "audit.credits_short": "{title}: {counted} of {minimum} credits, short by {short}.",
    "audit.courses_met": "{title}: {counted} of {n} courses.",
    "audit.courses_short": "{title}: {counted} of {n} courses, short by {short}.",
    "audit.not_needed_branch": "{title}: not needed, because another choice comes nearer.",
    "audit.at_least_met": "{title}: {counted}, at least {minimum} asked.",
    "audit.at_least_short": "{title}: {counted}, at least {minimum} asked, short by {short}.",
    "audit.at_most": "{title}: {counted}, at most {maximum} may count.",
    "audit.at_most_full": "{title}: {counted}, at most {maximum} may count; more could not be used.",
    "audit.used": "{credit} counts here with {amount} credits.",
    "audit.elsewhere": "{credit} ({amount}) would fit here, but counts towards “{where}”.",
    "audit.expired": "{credit} ({amount}) could be used until {day} and has expired.",
    "audit.limit": "{credit} ({amount}) does not count: it would exceed the limit “{where}”.",
    "audit.repeat": "{credit} ({amount}) does not count: it repeats what already counts.",
    "audit.not_needed": "{credit} ({amount}) is not needed here; it stays free.",
    "audit.not_chosen": "{credit} ({amount}) does not count here: this choice is not needed.",
    "audit.not_accepted": "{credit} ({amount}) counts towards no requirement of this programme.",
    "audit.not_accepted_fields": "{credit} ({amount}) is not accepted here: another field is asked.",
    "audit.not_accepted_categories": "{credit} ({amount}) is not accepted here: another category is asked.",
    "audit.not_accepted_levels": "{credit} ({amount}) is not accepted here: another level is asked.",
    "audit.not_accepted_level_at_least": "{credit} ({amount}) is not accepted here: a higher level is asked.",
    "audit.not_accepted_codes": "{credit} ({amount}) is not accepted here: it is not on the list.",
    "audit.not_accepted_sources": "{credit} ({amount}) is not accepted here: another source is asked.",
    "audit.not_accepted_grade_at_least": "{credit} ({amount}) is not accepted here: a better grade is asked.",
    "audit.not_accepted_earned_from": "{credit} ({amount}) is not accepted here: it was earned too early.",
    "audit.not_accepted_earned_until": "{credit} ({amount}) is not accepted here: it was earned too late.",
    "audit.not_accepted_except": "{credit} ({amount}) is not accepted here: it is an exception.",
    "audit.unused": "Credit that counts nowhere in this programme:",
    "audit.cut_one": "{title} needs {needed}; all the credit that could count there comes to {available}.",
    "audit.cut_joint": "These {count} need {needed} together; all that could count in them is {available}:",
    "audit.cut_place": "{title}",
    "audit.fix_credits": "{short} more credits that count towards “{title}” would close this gap.",
    "audit.fix_courses": "{short} more courses that count towards “{title}” would close this gap.",
}

_PROOFS = {
    Proof.BOUND: "audit.proof_bound",
    Proof.SEARCH: "audit.proof_search",
    Proof.SOLVER: "audit.proof_solver",
}


def explain(answer: Answer) -> Explanation:
    """The answer as lines: the verdict with its proof, the tree, the credit left over, what would help."""
    titles = _titles(answer.tree)
    facts: dict[str, Fact] = {"programme": answer.title}
    if answer.met:
        head = Line("audit.met", Verdict.YES, facts)
    elif answer.proof is Proof.OPEN:
        facts |= {"short": Amount(answer.shortage), "bound": Amount(answer.bound)}
        # A person has to look, unless it is certain that something is missing.
        head = Line("audit.undecided", Verdict.NO if answer.bound else Verdict.ASK, facts)
    else:
        lines = (_proof(answer), *_cuts(answer))
        head = Line("audit.not_met", Verdict.NO, facts | {"missing": Amount(answer.missing)}, lines=lines)
    fixes = tuple(_fix(fix.title, fix.hundredths, fix.courses) for fix in answer.fixes)
    told: Explanation = (head, _node(answer.tree, titles), *fixes)
    if answer.unused:
        rest = tuple(_left_out(item, titles) for item in answer.unused)
        told = (*told, Line("audit.unused", lines=rest))
    return told


def _titles(node: NodeAnswer) -> dict[str, Text]:
    titles = {node.id: node.title} | {part.id: part.title for part in node.parts}
    for child in node.children:
        titles |= _titles(child)
    return titles


def _proof(answer: Answer) -> Line:
    facts: dict[str, Fact] = {}
    if answer.proof is Proof.SEARCH:
        facts = {"states": answer.states}
    elif answer.proof is Proof.SOLVER:
        facts = {"status": answer.status}
    return Line(_PROOFS[answer.proof], Verdict.NOTE, facts)


def _cuts(answer: Answer) -> list[Line]:
    lines = []
    for cut in answer.cuts:
        facts: dict[str, Fact] = {"needed": Amount(cut.needed), "available": Amount(cut.available)}
        if len(cut.titles) == 1:
            lines.append(Line("audit.cut_one", Verdict.NO, facts | {"title": cut.titles[0]}))
        else:
            places = tuple(Line("audit.cut_place", facts={"title": title}) for title in cut.titles)
            lines.append(Line("audit.cut_joint", Verdict.NO, facts | {"count": len(cut.titles)}, lines=places))
    return lines


def _fix(title: Text, hundredths: int, courses: int) -> Line:
    if courses:
        return Line("audit.fix_courses", Verdict.ASK, {"short": courses, "title": title})
    return Line("audit.fix_credits", Verdict.ASK, {"short": Amount(hundredths), "title": title})


def _node(node: NodeAnswer, titles: dict[str, Text]) -> Line:
    if not node.wanted:
        return Line("audit.not_needed_branch", Verdict.NOTE, {"title": node.title})
    facts: dict[str, Fact] = {"title": node.title}
    short = not node.met
    match node.kind:
        case Kind.CREDITS_FROM:
            short = bool(node.short_by)
            facts |= {"counted": Amount(node.counted), "minimum": Amount(node.minimum)}
            facts |= {"short": Amount(node.short_by)} if short else {}
            code = "audit.credits"
        case Kind.COURSES_FROM:
            short = bool(node.short_by)
            facts |= {"counted": node.courses, "n": node.n}
            facts |= {"short": node.short_by} if short else {}
            code = "audit.courses"
        case Kind.N_OF:
            facts |= {"n": node.n, "of": len(node.children)}
            code = "audit.n_of"
        case Kind.ANY:
            facts |= {"of": len(node.children)}
            code = "audit.any"
        case Kind.ALL:
            code = "audit.all"
    lines = (
        *(_part(part) for part in node.parts),
        *(
            Line("audit.used", facts={"credit": used.code or used.credit, "amount": Amount(used.hundredths)})
            for used in node.used
        ),
        *(_left_out(item, titles) for item in node.others),
        *(_node(child, titles) for child in node.children),
    )
    if node.kind is Kind.CREDITS_FROM and not node.minimum:
        # Nothing is asked here itself; what stands above looks at it.
        return Line("audit.credits_counted", Verdict.NOTE, facts, lines=lines)
    suffix, verdict = ("_short", Verdict.NO) if short else ("_met", Verdict.YES)
    return Line(code + suffix, verdict, facts, lines=lines)


def _part(part: PartAnswer) -> Line:
    facts: dict[str, Fact] = {"title": part.title, "counted": Amount(part.counted)}
    if part.minimum is not None:
        facts |= {"minimum": Amount(part.minimum)}
        if part.short_by:
            return Line("audit.at_least_short", Verdict.NO, facts | {"short": Amount(part.short_by)})
        return Line("audit.at_least_met", Verdict.YES, facts)
    facts |= {"maximum": Amount(part.maximum or 0)}
    return Line("audit.at_most_full" if part.kept_out else "audit.at_most", Verdict.NOTE, facts)


def _left_out(item: NotUsed, titles: dict[str, Text]) -> Line:
    facts: dict[str, Fact] = {"credit": item.code or item.credit, "amount": Amount(item.hundredths)}
    code = f"audit.{item.reason.value}"
    if item.reason in {Reason.ELSEWHERE, Reason.LIMIT}:
        facts |= {"where": titles[item.detail]}
    elif item.reason is Reason.EXPIRED:
        facts |= {"day": item.detail}
    elif item.reason is Reason.NOT_ACCEPTED and item.detail:
        code = f"{code}_{item.detail}"
    return Line(code, Verdict.NOTE, facts)
