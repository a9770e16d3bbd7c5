"""The test-bench: cases of a rule set, green or red on its newest draft or version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.views.decorators.http import require_GET, require_POST

from creditbank.domain.conversions.read import KIND as CONVERSION
from creditbank.domain.explanation import Refusal
from creditbank.domain.rule_documents import KINDS, OVERLAYS, AnyRules, DecidingRules, read_rules
from creditbank.domain.rule_life.states import Act
from creditbank.domain.rules.read import KIND as RECOGNITION
from creditbank.exchange.documents import DocumentError
from creditbank.exchange.rule_cases import cases_text, save_cases_text
from creditbank.gateways import clock
from creditbank.queries.overlays import standing_of
from creditbank.queries.rule_cases import CaseRun, StoredCase, case_history, list_cases, run_cases
from creditbank.queries.rule_drafts import find_draft, list_drafts
from creditbank.records.rules import RuleSet, RuleVersion
from creditbank.records.scope import Scope
from creditbank.services.access import NotVisible
from creditbank.services.conversions.cases import attach_conversion
from creditbank.services.conversions.review import ApplicationKey
from creditbank.services.rule_cases import attach_decision, remove_case
from creditbank.web.doors import door
from creditbank.web.office.desk import actor_of, at_desk, minute_of, show, today_at
from creditbank.web.office.rule_words import HOMES, may_act, sentences

_MOST_LETTERS = 2_000_000
_FIRST = {
    RECOGNITION: (
        'cases:\n  - id: \n    name: \n    claimed_on: \n    facts: {}\n    expect: {ruling: recognise, credit: "1"}\n'
    ),
    CONVERSION: (
        'cases:\n  - id: \n    name: \n    on: \n    row: \n    items: [{id: x1, facts: {}, credit: "1"}]\n'
        '    courses: []\n    expect: {ruling: recognise, uses: {x1: "1"}}\n'
    ),
}
"""A case to begin with, by kind of rules."""
_FIRST |= {overlay: _FIRST[kind] for kind, overlay in OVERLAYS.items()}


@door("rules.approve")
@require_GET
def bench(request: HttpRequest, rule_set_id: UUID) -> HttpResponse:
    """Every case of a rule set with its result, and a field to write one."""
    with at_desk(request, "rules.approve") as scope:
        rule_set = _rule_set(request, scope, rule_set_id)
        return _page(request, scope, rule_set, _asked_for(request, scope, rule_set))


@door("rules.edit")
@require_POST
def save(request: HttpRequest, rule_set_id: UUID) -> HttpResponse:
    """Write cases as a document says them; those that are there already are written anew."""
    with at_desk(request, "rules.edit") as scope:
        rule_set = _rule_set(request, scope, rule_set_id)
        actor = actor_of(request)
        if not may_act(actor, Act.SAVE):
            raise NotVisible
        given = request.FILES.get("file")
        text = request.POST.get("text", "")[: _MOST_LETTERS + 1]
        if given is not None:
            text = given.read(_MOST_LETTERS + 1).decode("utf-8-sig", "replace")
        saved = save_cases_text(
            scope=scope,
            actor=actor,
            rule_set_id=rule_set_id,
            kind=rule_set.kind,
            code=rule_set.code,
            text=text,
            at=clock.now(),
        )
        if isinstance(saved, DocumentError):
            return _page(request, scope, rule_set, text, [str(saved)])
        if isinstance(saved, Refusal):
            return _page(request, scope, rule_set, text, sentences(saved.explanation))
        messages.success(request, _t("%(count)s cases were written.") % {"count": saved})
        return HttpResponseRedirect(reverse("office:rule-cases", args=[rule_set_id]))


@door("rules.edit")
@require_POST
def remove(request: HttpRequest, rule_set_id: UUID) -> HttpResponse:
    """Take a case off the test-bench."""
    with at_desk(request, "rules.edit") as scope:
        _rule_set(request, scope, rule_set_id)
        gone = remove_case(
            scope=scope, actor=actor_of(request), rule_set_id=rule_set_id, code=request.POST.get("case", ""),
            at=clock.now(),
        )  # fmt: skip
        if gone is not None:
            messages.warning(request, " ".join(sentences(gone.explanation)))
        else:
            messages.success(request, _t("The case was removed. Its history is kept."))
        return HttpResponseRedirect(reverse("office:rule-cases", args=[rule_set_id]))


@door("rules.approve")
@require_GET
def document(request: HttpRequest, rule_set_id: UUID) -> HttpResponse:
    """The cases as a document, which can be brought in again."""
    with at_desk(request, "rules.approve") as scope:
        rule_set = _rule_set(request, scope, rule_set_id)
        text = cases_text(rule_set.kind, rule_set.code, list_cases(scope, rule_set_id))
        return HttpResponse(
            text,
            content_type="application/yaml; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{rule_set.code}.cases.yaml"'},
        )


@door("rules.edit")
@require_POST
def attach(request: HttpRequest, learner_id: UUID, claim_id: UUID) -> HttpResponse:
    """Attach a decision that was made to the rules that made it, as a case, without the person."""
    with at_desk(request, "rules.edit") as scope:
        made = attach_decision(
            scope=scope, actor=actor_of(request), learner_id=learner_id, claim_id=claim_id, at=clock.now()
        )
        if isinstance(made, Refusal):
            messages.warning(request, " ".join(sentences(made.explanation)))
            return HttpResponseRedirect(reverse("office:case", args=[learner_id, claim_id]))
        rule_set_id, code = made
        messages.success(request, _t("The decision was attached as case %(code)s.") % {"code": code})
        return HttpResponseRedirect(f"{reverse('office:rule-cases', args=[rule_set_id])}#case-{code}")


@door("rules.edit")
@require_POST
def attach_application(request: HttpRequest, learner_id: UUID, application_id: UUID) -> HttpResponse:
    """Attach a conversion that was decided to the rules that decided it, as a case, without the person."""
    with at_desk(request, "rules.edit") as scope:
        key = ApplicationKey(learner_id, application_id)
        made = attach_conversion(scope=scope, actor=actor_of(request), key=key, at=clock.now())
        if isinstance(made, Refusal):
            messages.warning(request, " ".join(sentences(made.explanation)))
            return HttpResponseRedirect(reverse("office:application", args=[learner_id, application_id]))
        rule_set_id, code = made
        messages.success(request, _t("The decision was attached as case %(code)s.") % {"code": code})
        return HttpResponseRedirect(f"{reverse('office:rule-cases', args=[rule_set_id])}#case-{code}")


def run_rows(runs: Sequence[CaseRun]) -> list[dict[str, Any]]:
    """The results of cases as pages show them, the red ones first."""
    rows = [
        {
            "code": run.case.code,
            "name": run.case.name,
            "green": run.green,
            "tag": ("ok", _t("Green")) if run.green else ("bad", _t("Red")),
            "differences": run.differences,
            "problems": run.problems,
            "explanation": run.explanation,
            "number": run.case.number,
            "at": minute_of(run.case.at),
            "expected": _expected(run.case),
        }
        for run in runs
    ]
    return sorted(rows, key=lambda row: (bool(row["green"]), str(row["code"])))


def _expected(case: StoredCase) -> str:
    said = dict(case.document.get("expect", {}))
    return " · ".join(
        f"{name}: {', '.join(value) if isinstance(value, list) else value}" for name, value in said.items()
    )


def _page(request: HttpRequest, scope: Scope, rule_set: RuleSet, text: str, wrong: Sequence[str] = ()) -> HttpResponse:
    cases = list_cases(scope, rule_set.id)
    rules, label, draft = _newest(scope, rule_set)
    runs = run_cases(rules, cases) if rules is not None else ()
    history = case_history(scope, rule_set.id, request.GET.get("case", "")) if request.GET.get("case") else ()
    context = {
        "home": HOMES[rule_set.kind],
        "nav_path": HOMES[rule_set.kind].url,
        "rule_set": rule_set,
        "asked_of": label,
        "draft": draft,
        "runs": run_rows(runs),
        "green_count": sum(run.green for run in runs),
        "red_count": sum(not run.green for run in runs),
        "text": text,
        "wrong": wrong,
        "history": [
            {
                "at": minute_of(one.at),
                "title": _t("Removed") if one.removed else _t("Written"),
                "detail": _expected(one),
            }
            for one in history
        ],
        "editing": request.GET.get("case", ""),
        "may_write": may_act(actor_of(request), Act.SAVE),
    }
    return show(request, scope, "office/rule_cases.html", context, status=422 if wrong else 200)


def _newest(scope: Scope, rule_set: RuleSet) -> tuple[DecidingRules | None, str, UUID | None]:
    """What the cases are asked of: the newest draft that can be read, else the newest version."""
    for line in list_drafts(scope, kind=rule_set.kind):
        if line.rule_set_id == rule_set.id:
            found = find_draft(scope, line.draft_id)
            if found is not None and found.rules is not None:
                return (
                    _decides(scope, found.rules, found.line.origin),
                    _t("the draft, revision %(number)s") % {"number": line.revision},
                    line.draft_id,
                )
    row = scope.rows(RuleVersion).filter(rule_set=rule_set).order_by("-number").first()
    if row is None:
        return None, "", None
    return _decides(scope, read_rules(row.content)), _t("version %(number)s") % {"number": row.number}, None


def _decides(scope: Scope, rules: AnyRules, origin: Mapping[str, Any] | None = None) -> DecidingRules | None:
    """What is asked: an overlay together with the rules it is to be laid on."""
    assert scope.institution is not None
    return standing_of(scope, rules, institution=scope.institution, on=today_at(scope), laid_on=origin).rules


def _asked_for(request: HttpRequest, scope: Scope, rule_set: RuleSet) -> str:
    """The case that is to be changed as a document, or one to begin with."""
    wanted = request.GET.get("case", "")
    for one in list_cases(scope, rule_set.id):
        if one.code == wanted:
            return cases_text(rule_set.kind, rule_set.code, [one])
    return f"schema: {KINDS[rule_set.kind].cases}\nrules: {rule_set.code}\n{_FIRST[rule_set.kind]}"


def _rule_set(request: HttpRequest, scope: Scope, rule_set_id: UUID) -> RuleSet:
    rows = scope.rows(RuleSet).filter(pk=rule_set_id, institution_id=scope.institution)
    found = rows.first() if may_act(actor_of(request), Act.SIGN) else None
    if found is None:
        raise NotVisible
    return found  # type: ignore[no-any-return]
