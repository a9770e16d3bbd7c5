"""The deposit wizard: what, facts with a live proposal, evidence, check answers, number."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from creditbank.domain.catalogue.life import State as CatalogueState
from creditbank.domain.explanation import Refusal
from creditbank.domain.recognition import Act, State, Who, acts_from
from creditbank.domain.rules.facts import Field
from creditbank.gateways.clock import now
from creditbank.gateways.vault import MOST_BYTES
from creditbank.queries.catalogue.items import ItemLine, find_item, items_found, takes_item
from creditbank.queries.catalogue.search import search_items
from creditbank.queries.claims import ClaimPage, claim_of, claims_of, fields_of, offers_of
from creditbank.queries.masterdata.inheritance import chain_of
from creditbank.queries.passbook import enrolments_of
from creditbank.queries.recognition import Proposed, propose
from creditbank.records.recognition import Claim
from creditbank.records.scope import Scope
from creditbank.services.recognition.begin import begin_draft, begin_from_item
from creditbank.services.recognition.claim import Draft, add_evidence, keep_draft, submit_claim
from creditbank.web.doors import door
from creditbank.web.learner.answers import answers_shown
from creditbank.web.learner.forms import EvidenceForm, FactsForm, StartForm, SubmitForm
from creditbank.web.learner.frame import day_in, found, own_scope, show
from creditbank.web.learner.words import STATES, lines_said
from creditbank.web.questions import posted_answers

_MOST_FOUND = 12
"""So many items of the catalogue are offered; who does not find theirs types more, or begins without."""


@door("recognition.claim")
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """What is it? Drafts that were begun can be taken up again."""
    actor = request.visitor.actor
    with own_scope(request) as scope:
        asked = request.GET.get("q", "").replace("\x00", "").strip()[:100]
        form = StartForm(request.POST or None, offers=_offers(scope, actor.person))
        if request.method == "POST" and form.is_valid():
            institution, _bar, code = form.cleaned_data["offer"].partition("|")
            draft = begin_draft(scope=scope, actor=actor, institution=UUID(institution), outcome_type=code, at=now())
            return redirect("learner:deposit_facts", draft.claim_id)
        begun = claims_of(scope, actor.person, states=frozenset({State.DRAFT, State.SUPPLEMENT_REQUESTED}))
        drafts = [(line, STATES[line.state]) for line in begun if line.title.zh]
        context = {
            "form": form,
            "drafts": drafts,
            "steps": _steps(),
            "asked": asked,
            "found": _found_items(scope, actor.person, asked) if asked else (),
        }
        return show(request, scope, "deposit_start", context, status=422 if form.errors else 200)


@door("recognition.claim")
@require_http_methods(["GET", "HEAD", "POST"])
def pick(request: HttpRequest, institution: str, code: str) -> HttpResponse:
    """Begin with an item of the catalogue: its name and what it fixes are filled in."""
    actor = request.visitor.actor
    with own_scope(request) as scope:
        line = found(find_item(scope, institution, code))
        places = [
            place for place in enrolments_of(scope, actor.person) if takes_item(scope, place.institution_id, line)
        ]
        if request.method == "POST":
            chosen = request.POST.get("place", "")
            place = next((one for one in places if str(one.institution_id) == chosen), None)
            draft: Claim | Refusal = Refusal.because("catalogue.not_offered")
            if place is not None:
                draft = begin_from_item(
                    scope=scope, actor=actor, institution=place.institution_id, item_of=line.institution, code=code,
                    at=now(),
                )  # fmt: skip
            if not isinstance(draft, Refusal):
                return redirect("learner:deposit_facts", draft.claim_id)
            messages.warning(request, " ".join(lines_said(draft.explanation)))
        status = 422 if request.method == "POST" else 200
        return show(request, scope, "deposit_item", {"line": line, "places": places, "steps": _steps()}, status=status)


@door("recognition.claim")
@require_http_methods(["GET", "HEAD", "POST"])
def facts(request: HttpRequest, claim_id: UUID) -> HttpResponse:
    """The facts, beside them what they would give; every sending keeps the draft."""
    with own_scope(request) as scope:
        claim, fields = _open(request, scope, claim_id)
        if request.method == "POST":
            form = _posted(fields, request)
            _keep(request, scope, claim, form)
            if _asked_before(request) != form.asked_names:
                # Questions that the page did not show yet come first, without blame.
                form = FactsForm(fields, title=form.data["title"], answers=form.kept, bound=False)
            elif _fits(scope, claim, form):
                return redirect("learner:deposit_evidence", claim_id)
        else:
            form = FactsForm(fields, title=claim.line.title.zh, answers=claim.answers, bound=False)
        context = {"claim": claim, "form": form, "steps": _steps(), **_proposal(scope, claim, form)}
        return show(request, scope, "deposit_facts", context, status=422 if form.errors else 200)


@door("recognition.claim")
@require_POST
def proposal(request: HttpRequest, claim_id: UUID) -> HttpResponse:
    """The proposal for what is on the page now, and the questions anew when others are to be asked."""
    with own_scope(request) as scope:
        claim, fields = _open(request, scope, claim_id)
        form = _posted(fields, request)
        unbound = FactsForm(fields, title=request.POST.get("title", "")[:120], answers=form.answers, bound=False)
        context = {"form": unbound, "again": _asked_before(request) != form.asked_names}
        return render(request, "learner/parts/proposal_answer.html", context | _proposal(scope, claim, form))


@door("recognition.claim")
@require_http_methods(["GET", "HEAD", "POST"])
def evidence(request: HttpRequest, claim_id: UUID) -> HttpResponse:
    """Files that support the claim; each is kept as soon as it arrives."""
    with own_scope(request) as scope:
        claim, _fields = _open(request, scope, claim_id)
        form = EvidenceForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            problems = _store(request, scope, claim)
            claim = found(claim_of(scope, request.visitor.actor.person, claim_id))
            leaving = request.POST.get("then") == "check"
            if leaving and not problems and claim.evidence_needed and not claim.files:
                problems = [_("Add at least one file. The draft is kept.")]
            if not problems:
                return redirect("learner:deposit_check" if leaving else "learner:deposit_evidence", claim_id)
            for problem in problems:
                form.add_error("files", problem)
        context = {"claim": claim, "form": form, "steps": _steps()}
        return show(request, scope, "deposit_evidence", context, status=422 if form.errors else 200)


@door("recognition.claim")
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest, claim_id: UUID) -> HttpResponse:
    """All answers on one page; sending it hands the claim in, a second sending changes nothing."""
    actor = request.visitor.actor
    with own_scope(request) as scope:
        claim = found(claim_of(scope, actor.person, claim_id))
        if Act.SUBMIT not in acts_from(claim.line.state, Who.LEARNER):
            return redirect("learner:deposit_done", claim_id)
        form = SubmitForm(request.POST if request.method == "POST" else None)
        on = day_in(scope, claim.institution_id)
        if request.method == "POST":
            answer = submit_claim(
                scope=scope, actor=actor, claim_id=claim_id, at=now(), on=on, request_id=request.request_id
            )
            if not isinstance(answer, Refusal):
                return redirect("learner:deposit_done", claim_id)
            for sentence in lines_said(answer.explanation):
                form.add_error(None, sentence)
        proposed = _ask(scope, claim, claim.answers)
        context = {
            "claim": claim,
            "form": form,
            "steps": _steps(),
            "rows": answers_shown(scope, claim, change=True),
            "proposed": None if isinstance(proposed, Refusal) else proposed,
        }
        return show(request, scope, "deposit_check", context, status=422 if form.errors else 200)


@door("recognition.claim")
@require_safe
def done(request: HttpRequest, claim_id: UUID) -> HttpResponse:
    """The number, and what happens next."""
    with own_scope(request) as scope:
        claim = found(claim_of(scope, request.visitor.actor.person, claim_id))
        if claim.line.state is State.DRAFT:
            return redirect("learner:deposit_facts", claim_id)
        return show(request, scope, "deposit_done", {"claim": claim, "tag": STATES[claim.line.state]})


def _steps() -> tuple[str, ...]:
    return (_("Kind"), _("Facts"), _("Evidence"), _("Check answers"))


def _offers(scope: Scope, person: UUID) -> list[tuple[str, str]]:
    language = get_language() or "zh-hans"
    places = enrolments_of(scope, person)
    offers = []
    for place in places:
        for offer in offers_of(scope, place.institution_id, day_in(scope, place.institution_id)):
            name = offer.name.said_in(language)
            said = f"{name} · {place.institution.said_in(language)}" if len(places) > 1 else name
            offers.append((f"{place.institution_id}|{offer.code}", said))
    return offers


def _found_items(scope: Scope, person: UUID, asked: str) -> list[ItemLine]:
    """What of the catalogues of a learner's institutions, and of those above them, answers a search."""
    places = {above for place in enrolments_of(scope, person) for above, _name in chain_of(scope, place.institution_id)}
    if not places:
        return []
    lines = items_found(scope, search_items(scope, asked, institutions=sorted(places), most=_MOST_FOUND * 3))
    return [line for line in lines if line.shown_state is CatalogueState.IN_FORCE][:_MOST_FOUND]


def _open(request: HttpRequest, scope: Scope, claim_id: UUID) -> tuple[ClaimPage, tuple[Field, ...]]:
    """A claim that can still be edited, and what the rules in force ask."""
    claim = found(claim_of(scope, request.visitor.actor.person, claim_id))
    if Act.SUBMIT not in acts_from(claim.line.state, Who.LEARNER):
        raise Http404
    on = day_in(scope, claim.institution_id)
    fields = fields_of(scope, institution=claim.institution_id, outcome_type=claim.outcome_type_code, on=on)
    return claim, fields or ()


def _posted(fields: tuple[Field, ...], request: HttpRequest) -> FactsForm:
    answers = posted_answers(fields, request.POST)
    return FactsForm(fields, title=request.POST.get("title", "").strip()[:120], answers=answers, bound=True)


def _asked_before(request: HttpRequest) -> str:
    return str(request.POST.get("asked", ""))


def _keep(request: HttpRequest, scope: Scope, claim: ClaimPage, form: FactsForm) -> None:
    draft = Draft(
        institution=claim.institution_id,
        outcome_type=claim.outcome_type_code,
        title=str(form.data["title"]),
        facts=form.kept,
        title_en=claim.line.title.en,
    )
    keep_draft(scope=scope, actor=request.visitor.actor, draft=draft, at=now(), claim_id=claim.claim_id)


def _fits(scope: Scope, claim: ClaimPage, form: FactsForm) -> bool:
    """Whether the answers can stand; what the rules say against them goes to its question."""
    form.is_valid()
    proposed = _ask(scope, claim, form.kept)
    if isinstance(proposed, Refusal):
        for line, sentence in zip(proposed.explanation, lines_said(proposed.explanation), strict=True):
            form.blame(str(line.facts.get("name", "")), sentence)
    return not form.errors


def _ask(scope: Scope, claim: ClaimPage, answers: dict[str, str]) -> Proposed | Refusal:
    return propose(
        scope,
        institution=claim.institution_id,
        outcome_type=claim.outcome_type_code,
        raw=answers,
        on=day_in(scope, claim.institution_id),
        learner=scope.person,
        excluding=claim.claim_id,
    )


def _proposal(scope: Scope, claim: ClaimPage, form: FactsForm) -> dict[str, Any]:
    """What the answers so far would give, or what is still needed to say so."""
    proposed = _ask(scope, claim, form.kept)
    if not isinstance(proposed, Refusal):
        return {"proposed": proposed}
    missing = [line.facts["fact"] for line in proposed.explanation if line.code == "rules.fact_missing"]
    others = tuple(line for line in proposed.explanation if line.code != "rules.fact_missing")
    return {"missing": missing, "problems": lines_said(others)}


def _store(request: HttpRequest, scope: Scope, claim: ClaimPage) -> list[str]:
    """Keep each file that came; tells about those that were not kept."""
    problems = []
    kept = 0
    for file in [*request.FILES.getlist("files"), *request.FILES.getlist("photo")]:
        # What is too large is not read into memory; the service says why it was not kept.
        content = file.read() if file.size <= MOST_BYTES else b""
        answer = add_evidence(
            scope=scope,
            actor=request.visitor.actor,
            bank=settings.BANK,
            claim_id=claim.claim_id,
            name=file.name,
            content=content,
            at=now(),
        )
        if isinstance(answer, Refusal):
            problems += lines_said(answer.explanation)
        else:
            kept += 1
    if kept:
        messages.success(request, _("Files kept: %(count)s") % {"count": kept})
    return problems
