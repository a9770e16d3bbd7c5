"""What the access matrix needs: the people in every role, and a thing of every kind in every place."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from django.db import connections
from django.test import Client

from creditbank.domain.access import NOBODY, Actor, Role, Thing
from creditbank.domain.letters import Kind
from creditbank.exchange.documents import read_document
from creditbank.exchange.official_lists import packaged_kind, read_list
from creditbank.exchange.registrar import default_mapping
from creditbank.exchange.result_imports import DRY_RUN, find_kept, keep_results
from creditbank.exchange.rule_drafts import begin_from_pack
from creditbank.gateways import clock, staging
from creditbank.gateways.files import open_upload
from creditbank.gateways.identities import Identities
from creditbank.queries.official_lists.proposals import proposals_of
from creditbank.records.appeals import Appeal, Objection
from creditbank.records.institutions import Institution
from creditbank.records.people import Account
from creditbank.records.recognition import Claim, Evidence, ScheduledCommand
from creditbank.records.results import ImportProblem, ImportRun
from creditbank.records.rules import RuleVersion
from creditbank.records.scope import acting_for
from creditbank.services.letters import Told, case_of_claim, write_letter
from creditbank.services.log import publish_waiting
from creditbank.services.masterdata.editions import prepare_edition, publish_edition
from creditbank.services.official_lists.imports import apply_list
from creditbank.services.people import enrol_learner, give_role, open_account
from creditbank.services.programmes import publish_programme
from creditbank.services.recognition.claim import Draft, add_evidence, keep_draft, submit_claim
from creditbank.services.registrar.export import make_batch
from creditbank.services.registrar.reconcile import ReturnedSheet, keep_returned
from creditbank.services.rules import publish_rule_version
from creditbank.web.doors import STAFF_SESSION_KEY
from tests.cast import AT, ON, PACKS, PASSWORD, Cast
from tests.contract.matrix_things import (
    Batch,
    Export,
    MasterData,
    OfEdition,
    OfficialList,
    Owned,
    Proposal,
    Published,
    Run,
    Visitor,
    World,
)
from tests.services.bookings import deposit, post
from tests.services.catalogue_items import MODELLING, enacted, typed
from tests.services.conversion_applications import apply_for, found_rules
from tests.services.list_sheets import about, brought_of, contest
from tests.services.masterdata_rows import bring
from tests.services.test_conversions import conversion, convert
from tests.web.office_cases import FACTS, PDF


def build_world(bank, cast: Cast) -> World:
    """Gather everybody and give each learner, desk and institution something of its own."""
    actors = _actors(cast)
    wu = actors["registrar with an own case"]
    learners = (
        ("of a software learner", actors["learner of software"], cast.college, cast.software),
        ("of a design learner", actors["learner of design"], cast.college, cast.design),
        ("of the university's learner", actors["learner of the university"], cast.university, None),
        ("of a registrar", wu, cast.college, cast.software),
    )
    owned = tuple(_own(bank, cast, label, actor, place, college) for label, actor, place, college in learners)
    lists = tuple(
        _list(bank, label, place)
        for label, place in (("of the college", cast.college), ("of the university", cast.university))
    )
    with connections["sequencer"].cursor():
        publish_waiting(connections["sequencer"].connection, bank)
    drafts, rule_sets = _drafts(cast)
    tile = next(path for path in bank.log.glob("tile/0/**/*") if path.is_file())
    return World(
        tile=tile.relative_to(bank.log).as_posix(),
        drafts=drafts,
        rule_sets=rule_sets,
        people=tuple(_visitor(label, actor) for label, actor in actors.items()),
        owned=owned,
        runs=tuple(
            _run(label, place)
            for label, place in (("of the college", cast.college), ("of the university", cast.university))
        ),
        opening_runs=tuple(
            _run(label, place, "opening_lots")
            for label, place in (("of the college", cast.college), ("of the university", cast.university))
        ),
        exports=(_export("of the college", cast.zhao), _export("of the university", cast.sun)),
        batches=tuple(
            _batch(label, actors[who])
            for label, who in (
                ("of its reviewer", "reviewer"),
                ("of the reviewer of design", "reviewer of design"),
                ("of the university's registrar", "registrar of the university"),
            )
        ),
        versions=_versions(cast),
        programmes=_programmes(cast),
        above={
            cast.centre: {cast.centre},
            cast.college: {cast.college, cast.centre},
            cast.university: {cast.university, cast.centre},
        },
        master_data=tuple(
            _master_data(bank, label, place)
            for label, place in (("of the college", cast.college), ("of the university", cast.university))
        ),
        resources=_resources(bank, cast.college),
        frameworks=(cast.college, _frameworks(bank, cast.college)),
        catalogue=_catalogue(bank, cast),
        lists=lists,
        proposals=tuple(_proposal(label, actor.person, place, college) for label, actor, place, college in learners),
        editions=(
            _edition("published by the centre", cast.centre, published=True),
            _edition("draft of the centre", cast.centre, published=False),
            _edition("draft of the college", cast.college, published=False),
            _edition("published by the university", cast.university, published=True),
        ),
    )


def _actors(cast: Cast) -> dict[str, Actor]:
    """The cast, and the roles it lacks."""

    def hire(name: str, *desks: tuple[UUID, UUID | None, Role]) -> list[Actor]:
        with acting_for(institution=cast.college, purpose="test") as scope:
            person = open_account(scope=scope, sign_in=name, name=name, password=PASSWORD, at=AT).id
        for place, college, role in desks:
            with acting_for(institution=place, purpose="test") as scope:
                give_role(scope=scope, account=person, role=role, since=AT.date() - timedelta(900), college=college)
        return [Actor(person, place, college, frozenset({role})) for place, college, role in desks]

    (wu,) = hire("wu", (cast.college, None, Role.REGISTRAR))
    with acting_for(institution=cast.college, purpose="test") as scope:
        enrol_learner(
            scope=scope, learner_id=wu.person, student_number="2023990001", name="wu", at=AT, college=cast.software
        )
    two_here, two_there = hire(
        "two-desks", (cast.college, None, Role.REVIEWER), (cast.university, None, Role.REGISTRAR)
    )
    (former,) = hire("former", (cast.college, None, Role.REGISTRAR))
    with acting_for(institution=cast.college, purpose="test") as scope:
        scope.fetch(
            "UPDATE membership SET until = %s WHERE account_id = %s RETURNING 1",
            [AT.date() - timedelta(10), former.person],
        )
    return {
        "anonymous": NOBODY,
        "account without anything": cast.stranger,
        "learner of software": cast.lin,
        "learner of design": cast.mei,
        "learner of the university": cast.wei,
        "registrar": cast.zhao,
        "reviewer": cast.chen,
        "reviewer of design": cast.qian,
        "registrar of design": hire("feng", (cast.college, cast.design, Role.REGISTRAR))[0],
        "auditor": hire("gao", (cast.college, None, Role.AUDITOR))[0],
        "auditor of software": hire("han", (cast.college, cast.software, Role.AUDITOR))[0],
        "operator": hire("jin", (cast.college, None, Role.OPERATOR))[0],
        "registrar with an own case": wu,
        "registrar of the university": cast.sun,
        "reviewer at one of two desks": two_here,
        "registrar at the other desk": two_there,
        "registrar whose role has ended": Actor(former.person),
    }


def _visitor(label: str, actor: Actor) -> Visitor:
    client = Client(headers={"accept-language": "en"}, SERVER_NAME="localhost")
    if actor.person is not None:
        client.force_login(Account.objects.get(pk=actor.person))
        if actor.institution is not None:
            session = client.session
            session[STAFF_SESSION_KEY] = str(actor.college or actor.institution)
            session.save()
    return Visitor(label, actor, client)


def _own(bank, cast: Cast, label: str, actor: Actor, place: UUID, college: UUID | None) -> Owned:
    learner, at = replace(NOBODY, person=actor.person), clock.now()
    claims, files = [], []
    for nth in (1, 2, 3):
        facts = FACTS | {"activity": f"大赛 {actor.person.hex[-8:]} {nth}"}
        with acting_for(person=learner.person, purpose="test") as scope:
            draft = Draft(institution=place, outcome_type="innovation", title="省级技能大赛二等奖", facts=facts)
            claim = keep_draft(scope=scope, actor=learner, draft=draft, at=at).claim_id
            add_evidence(scope=scope, actor=learner, bank=bank, claim_id=claim, name="a.pdf", content=PDF, at=at)
            if nth >= 2:
                submit_claim(scope=scope, actor=learner, claim_id=claim, at=at, on=at.date())
            files.append(scope.rows(Evidence).get(claim_id=claim).evidence_id)
        claims.append(claim)
    posted, used = post(
        cast, deposit(actor.person, key=label), deposit(actor.person, key=f"{label} to use"), institution=place
    )
    (converted,) = convert(cast, conversion(actor.person, (used.lot_id, 100), key=label), institution=place)
    return Owned(
        label, Thing(actor.person, place, college), claims[0], files[0], claims[1], files[1], posted.posting_id,
        converted.conversion_id, _application(cast, label, learner, place), claims[2],
        *_decided(learner.person, place, college, claims[1], claims[2]),
    )  # fmt: skip


def _decided(learner: UUID, place: UUID, college: UUID | None, claim: UUID, published: UUID) -> list[UUID]:
    """A letter, an appeal and an objection about a claim; another claim stands on public notice."""
    with acting_for(institution=place, purpose="test") as scope:
        case = case_of_claim(scope, scope.rows(Claim).get(claim_id=claim))
        letter = write_letter(scope=scope, case=case, told=Told(Kind.REFUSED), actor=None, at=AT).letter_id
        about = {"learner_id": learner, "institution_id": place, "college_id": college, "case_kind": "claim",
                 "case_id": claim, "number": "1", "title": "x"}  # fmt: skip
        appeal, objection = clock.new_id(), clock.new_id()
        scope.rows(Appeal).create(
            **about, appeal_id=appeal, letter_id=letter, state="filed", asked=100, grounds="x", filed_at=AT
        )
        scope.rows(Objection).create(
            **about, objection_id=objection, state="open", said="x", raised_at=AT, raised_on=ON
        )
        scope.rows(Claim).filter(claim_id=published).update(state="recognised", final_on=ON)
    return [letter, appeal, objection]


def _application(cast: Cast, label: str, learner: Actor, place: UUID) -> UUID:
    """An application that waits, with credit held for it."""
    found_rules(cast, place=place)
    post(cast, deposit(learner.person, key=f"{label} to hold", amount=500), institution=place)
    return apply_for(cast, learner=learner, place=place).application_id


def _run(label: str, place: UUID, kind: str = "results") -> Run:
    run = clock.new_id()
    with acting_for(institution=place, purpose="test") as scope:
        scope.rows(ImportRun).create(
            institution_id=place, run_id=run, kind=kind, file_name="grades.csv", file_hash="0" * 64,
            mapping_hash="0" * 64, actor_id=place, state="finished", started_at=AT, rows_total=1, rows_refused=1,
        )  # fmt: skip
        scope.rows(ImportProblem).create(
            institution_id=place, run_id=run, sequence=1, line=2, code="results.contradiction", facts={"other": 3}
        )
    return Run(label, Thing(None, place, None), run)


def _export(label: str, registrar: Actor) -> Export:
    """The postings of ``_own`` as a batch, and an answer that lacks every line."""
    sheet, document = default_mapping()
    with acting_for(institution=registrar.institution, purpose="test") as scope:
        made = make_batch(
            scope=scope, actor=registrar, sheet=sheet, document=document, until=None, at=max(clock.now(), AT)
        )
        kept = keep_returned(
            scope=scope, actor=registrar, batch_id=made.batch_id, sheet=sheet, sheet_on=AT.date(), at=clock.now(),
            returned=ReturnedSheet("back.csv", "0" * 64, "UTF-8", "", (), ()),
        )  # fmt: skip
    return Export(label, Thing(None, registrar.institution, None), made.batch_id, kept.reconciliation_id)


def _master_data(bank, label: str, place: UUID) -> MasterData:
    # Two schools may have one code; here each has its own, so that nobody finds a row at the other's address.
    key = f"C{place.hex[-8:]}"
    run = bring(bank, place, "courses", [{"code": key, "name": "course"}], "2026-09-01")
    upload, content = clock.new_id(), "课程代码,课程名称\nSW1002,another\n".encode()
    staging.keep_sheet(bank, place, upload, content, {"set": "courses", "name": "a.csv", "as_of": "2026-09-02"})
    opening, head = clock.new_id(), "学号,处理类别,文号,认定日期,成果名称,学分\n404,认定,甲,2020-01-01,成果,1\n"
    staging.keep_sheet(bank, place, opening, head.encode(), {"set": "opening_lots", "name": "b.csv"})
    return MasterData(
        label,
        place,
        {"data_set": "courses", "key": key},
        {"run_id": run.run_id},
        {"data_set": "courses", "upload_id": upload},
        {"upload_id": opening},
        {"upload_id": _results_sheet(bank, place)},
    )


def _results_sheet(bank, place: UUID) -> UUID:
    """A sheet of results whose dry run has been made, too large to be imported by the page itself."""
    upload = clock.new_id()
    content = "学号,课程代码,成绩\n1,C1,85\n".encode()
    keep_results(bank, place, upload, content, name="c.csv", as_of=AT.date(), shape="long")
    kept = find_kept(bank, place, upload)
    kept.note(digest="d", mapping={})
    counts = dict.fromkeys(("new", "corrections", "same", "repeated", "earning", "strangers"), 0)
    plan = {**counts, "rows": 60_000, "encoding": "UTF-8", "outcomes": {}, "sittings": {}, "some_strangers": []}
    refused = [[2, "成绩", "results.empty", {}]]
    report = json.dumps({"digest": "d", "plan": plan | {"refused": refused}}).encode()
    staging.keep_report(bank, place, upload, DRY_RUN, report)
    return upload


def _resources(bank, place: UUID) -> str:
    rows = [{"code": "R1", "name": "one", "published": "yes"}, {"code": "R2", "name": "two", "published": "no"}]
    bring(bank, place, "resources", rows, "2026-09-01")
    with acting_for(institution=place, purpose="test") as scope:
        return scope.rows(Institution).get(pk=place).code


def _frameworks(bank, place: UUID) -> str:
    """Two frameworks of one level each and a crosswalk between them, and two units; the first of each published."""
    heads = [{"code": "F1", "name": "one", "published": "yes"}, {"code": "F2", "name": "two"}]
    bring(bank, place, "frameworks", heads, "2026-09-01")
    levels = [{"framework": code, "level": "1", "name": "one", "ordinal": "1"} for code in ("F1", "F2")]
    bring(bank, place, "framework_levels", levels, "2026-09-01")
    row = {"crosswalk": "W", "from_framework": "F1", "from_level": "1", "to_framework": "F2", "to_level": "1"}
    bring(bank, place, "crosswalks", [row | {"match": "exact"}], "2026-09-01")
    unit = {"framework": "F1", "level": "1", "credit": "2", "unit": "x"}
    units = [unit | {"code": "U1", "name": "one", "published": "yes"}, unit | {"code": "U2", "name": "two"}]
    bring(bank, place, "certification_units", units, "2026-09-01")
    with acting_for(institution=place, purpose="test") as scope:
        return scope.rows(Institution).get(pk=place).code


def _catalogue(bank, cast: Cast) -> UUID:
    enacted(bank, cast, MODELLING | {"code": "I1"})
    typed(bank, cast, MODELLING | {"code": "I2"})
    return cast.college


def _list(bank, label: str, place: UUID) -> OfficialList:
    """A list that has an outcome of every learner of the place, and a line under a number that nobody has."""
    with acting_for(institution=place, purpose="test") as scope:
        numbers = scope.fetch("SELECT student_number, name FROM enrolment WHERE institution_id = %s", [place])
        rows = [(name, number, "", "三等奖") for number, name in numbers]
        text = contest(*rows, (numbers[0][1], "9999", "", "三等奖"))
        with open_upload(io.BytesIO(text.encode()), name="list.csv") as upload:
            read = read_list(upload, packaged_kind("contest"), institution=place)
        applied = apply_list(
            scope=scope, identities=Identities(bank), brought=brought_of(read), about=about(all_ours=True),
            actor=place, at=AT,
        )  # fmt: skip
    upload_id = clock.new_id()
    state = {
        "list_kind": "contest", "name": "list.csv", "title": "another", "issuer": "", "issued_on": "2026-06-30",
        "all_ours": True, "also_called": [],
    }  # fmt: skip
    staging.keep_sheet(bank, place, upload_id, contest(("nobody", "1", "", "三等奖")).encode(), state)
    return OfficialList(label, place, applied.list_id, upload_id)


def _proposal(label: str, learner: UUID, place: UUID, college: UUID | None) -> Proposal:
    with acting_for(person=learner, purpose="test") as scope:
        (found,) = proposals_of(scope, learner)
    return Proposal(label, Thing(learner, place, college), found.proposal_id)


def _edition(label: str, place: UUID, *, published: bool) -> OfEdition:
    """Courses to come; nothing of it is in force, so that no other page changes."""
    day = clock.today("Asia/Shanghai") + timedelta(days=30)
    with acting_for(institution=place, purpose="test") as scope:
        made = prepare_edition(
            scope=scope, kind="courses", rows=[{"code": "E1", "name": "course"}], label=label, source="", note="",
            effective_on=day, actor=place, at=AT,
        )  # fmt: skip
        if published:
            publish_edition(scope=scope, edition_id=made.edition_id, actor=place, at=AT, today=AT.date())
    return OfEdition(label, place, made.edition_id, published)


def _batch(label: str, author: Actor) -> Batch:
    """A command that waits; it names no case, so that undoing it changes nothing else."""
    command = clock.new_id()
    with acting_for(institution=author.institution, purpose="test") as scope:
        scope.rows(ScheduledCommand).create(
            institution_id=author.institution,
            command_id=command,
            kind="recognition.approve",
            payload={"cases": [], "seen": {}, "college": str(author.college or "") or None, "roles": []},
            actor_id=author.person,
            scheduled_at=clock.now(),
            execute_at=clock.now() + timedelta(days=1),
        )
    return Batch(label, Thing(None, author.institution, author.college), author.person, command)


def _versions(cast: Cast) -> tuple[Published, ...]:
    with acting_for(purpose="test") as scope:
        found = [Published("of the centre", cast.centre, scope.rows(RuleVersion).order_by("id").first().id)]
    for label, place in (("of the college", cast.college), ("of the university", cast.university)):
        document = read_document((PACKS / "cn-innovation.yaml").read_bytes(), name="cn-innovation")
        with acting_for(institution=place, purpose="test") as scope:
            publish_rule_version(
                scope=scope, document=document, effective_from=AT.date() - timedelta(900), actor=place, at=AT
            )
            version = scope.rows(RuleVersion).get(institution_id=place, rule_set__code="cn-innovation")
        found.append(Published(label, place, version.id))
    return tuple(found)


def _drafts(cast: Cast) -> tuple[tuple[Published, ...], tuple[Published, ...]]:
    """A draft of rules in two institutions, and the rule sets that they belong to."""
    drafts, rule_sets = [], []
    for label, writer in (("of the college", cast.zhao), ("of the university", cast.sun)):
        with acting_for(institution=writer.institution, purpose="test") as scope:
            draft = begin_from_pack(scope=scope, actor=writer, pack="example-limits", at=AT)
            drafts.append(Published(label, writer.institution, draft.id))
            rule_sets.append(Published(label, writer.institution, draft.rule_set_id))
    return tuple(drafts), tuple(rule_sets)


def _programmes(cast: Cast) -> tuple[Published, ...]:
    document = read_document((PACKS / "programmes" / "demo-award-60.yaml").read_bytes(), name="demo-award-60")
    found = []
    for label, place in (("of the centre", cast.centre), ("of the university", cast.university)):
        with acting_for(institution=place, purpose="test") as scope:
            made = publish_programme(scope=scope, document=document, actor=place, at=AT)
        found.append(Published(label, place, made.id))
    return tuple(found)
