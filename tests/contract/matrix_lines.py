"""The matrix's lines: every route with its permission, and the things it can be asked about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from creditbank.domain.access import Actor, Thing
from tests.contract.matrix_world import World


@dataclass(frozen=True)
class Sample:
    """One address to try: its arguments, the thing behind it, and what else has to hold to reach it."""

    label: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    thing: Thing | None = None
    also: Callable[[Actor], bool] = lambda actor: True


@dataclass(frozen=True)
class Entry:
    """A route's permission, how it is tried, and what it answers those who may: to reading and to sending.

    The permission stands here a second time, so that a weaker one on the page cannot lower the promise unseen.
    """

    permission: str
    samples: Callable[[World], list[Sample]] = lambda world: [Sample()]
    get: frozenset[int] = frozenset({200})
    post: frozenset[int] = frozenset({200, 302, 422})
    data: dict[str, Any] = field(default_factory=dict)
    hidden: frozenset[int] = frozenset({404})
    """What it answers about a thing that is not there for this person."""


def _of_learner(**names: str) -> Callable[[World], list[Sample]]:
    """Samples of each learner's things: argument name -> attribute of ``Owned``."""

    def samples(world: World) -> list[Sample]:
        return [
            Sample(owned.label, {name: getattr(owned, attribute) for name, attribute in names.items()}, owned.thing)
            for owned in world.owned
        ]

    return samples


def _cases(**more: str) -> Callable[[World], list[Sample]]:
    """Cases as the office addresses them."""

    def samples(world: World) -> list[Sample]:
        return [
            Sample(
                owned.label,
                {"learner_id": owned.thing.learner, "claim_id": owned.claim}
                | {name: getattr(owned, attribute) for name, attribute in more.items()},
                owned.thing,
            )
            for owned in world.owned
        ]

    return samples


def _records(world: World) -> list[Sample]:
    return [Sample(owned.label, {"learner_id": owned.thing.learner}, owned.thing) for owned in world.owned]


def _conversions(world: World) -> list[Sample]:
    return [
        Sample(owned.label, {"learner_id": owned.thing.learner, "conversion_id": owned.conversion}, owned.thing)
        for owned in world.owned
    ]


def _runs(world: World) -> list[Sample]:
    return [Sample(run.label, {"run_id": run.run}, run.thing) for run in world.runs]


def _opening_runs(world: World) -> list[Sample]:
    return [Sample(run.label, {"run_id": run.run}, run.thing) for run in world.opening_runs]


def _exports(**names: str) -> Callable[[World], list[Sample]]:
    """Export batches; one belongs to a whole institution."""

    def samples(world: World) -> list[Sample]:
        return [Sample(one.label, {"batch_id": one.batch} | names, one.thing) for one in world.exports]

    return samples


def _returned(world: World) -> list[Sample]:
    return [
        Sample(one.label, {"batch_id": one.batch, "reconciliation_id": one.reconciliation}, one.thing)
        for one in world.exports
    ]


def _batches(world: World) -> list[Sample]:
    """A batch belongs to its author at the desk where it was begun."""
    return [
        Sample(
            batch.label,
            {"command_id": batch.command},
            batch.thing,
            lambda actor, author=batch.author: actor.person == author,
        )
        for batch in world.batches
    ]


def _versions(world: World) -> list[Sample]:
    """What an institution publishes is read there and in every place below it."""
    return [
        Sample(
            version.label,
            {"version_id": version.identity},
            also=lambda actor, place=version.institution: place in world.above.get(actor.institution, ()),
        )
        for version in world.versions
    ]


def _files_of(samples: Callable[[World], list[Sample]]) -> Callable[[World], list[Sample]]:
    """The same things, each as a workbook."""
    return lambda world: [replace(one, arguments={**one.arguments, "form": "xlsx"}) for one in samples(world)]


def _published_versions(world: World) -> list[Sample]:
    """What was approved anywhere is for everybody."""
    return [Sample(one.label, {"version_id": one.identity}) for one in world.versions]


def _own_versions(world: World) -> list[Sample]:
    """The life of a version is led by the desk of the whole institution that it belongs to."""
    return [
        Sample(one.label, {"version_id": one.identity}, Thing(institution=one.institution)) for one in world.versions
    ]


def _versions_to_copy(world: World) -> list[Sample]:
    return [
        replace(sample, also=lambda actor, also=sample.also: actor.college is None and also(actor))
        for sample in _versions(world)
    ]


def _drafts(world: World) -> list[Sample]:
    return [Sample(one.label, {"draft_id": one.identity}, Thing(institution=one.institution)) for one in world.drafts]


def _drafts_looked_at(world: World) -> list[Sample]:
    """What a draft changes is seen in each college of the institution too, of its own learners."""
    return [
        Sample(
            one.label,
            {"draft_id": one.identity},
            also=lambda actor, place=one.institution: actor.institution == place,
        )
        for one in world.drafts
    ]


def _drafts_with_cases(world: World) -> list[Sample]:
    """A draft beside a case: both of one institution, the case of the desk that looks."""
    return [
        replace(
            case,
            label=f"draft {draft.label}, case {case.label}",
            arguments=case.arguments | {"draft_id": draft.identity},
            also=lambda actor, place=draft.institution: actor.institution == place,
        )
        for draft in world.drafts
        for case in _cases()(world)
    ]


def _rule_sets(world: World) -> list[Sample]:
    return [
        Sample(one.label, {"rule_set_id": one.identity}, Thing(institution=one.institution)) for one in world.rule_sets
    ]


def _cases_to_attach(world: World) -> list[Sample]:
    """A decision is attached by whoever reads the case and writes the rules of the whole institution."""
    return [replace(sample, also=lambda actor: actor.college is None) for sample in _cases()(world)]


def _programmes(world: World) -> list[Sample]:
    """Programmes are published for everybody; the progress shown is the reader's own."""
    return [Sample(programme.label, {"programme_id": programme.identity}) for programme in world.programmes]


def _published_programmes(world: World) -> list[Sample]:
    """The office reads the programmes of its own place and of those above it."""
    return [
        Sample(
            programme.label,
            {"programme_id": programme.identity},
            also=lambda actor, place=programme.institution: place in world.above.get(actor.institution, ()),
        )
        for programme in world.programmes
    ]


def _data_sets(**more: Any) -> Callable[[World], list[Sample]]:
    """A data set about no person, and one about people: the latter is not for the desk of one college."""

    def samples(_world: World) -> list[Sample]:
        return [
            Sample("courses", {"data_set": "courses"} | more),
            Sample("students", {"data_set": "students"} | more, also=lambda actor: actor.college is None),
        ]

    return samples


def _kept_sets(_world: World) -> list[Sample]:
    """Data sets are kept by a desk of the whole school."""
    return [Sample("courses", {"data_set": "courses"}, also=lambda actor: actor.college is None)]


def _data_rows(world: World) -> list[Sample]:
    """A row about no person is read by every desk of its school."""
    return [
        Sample(one.label, one.row, also=lambda actor, place=one.institution: actor.institution == place)
        for one in world.master_data
    ]


def _whole_school(kind: str) -> Callable[[World], list[Sample]]:
    """Rows, sheets and runs of master data, as a desk of the whole school reaches them."""

    def samples(world: World) -> list[Sample]:
        return [Sample(one.label, getattr(one, kind), Thing(institution=one.institution)) for one in world.master_data]

    return samples


def _resources(world: World) -> list[Sample]:
    """What is published is for everybody; what is not is on no public page, not even for who keeps it."""
    return [
        Sample("published", {"institution": world.resources, "code": "R1"}),
        Sample("not published", {"institution": world.resources, "code": "R2"}, also=lambda _actor: False),
    ]


def _published(first: str, second: str, **more: str) -> Callable[[World], list[Sample]]:
    """Of two things the first is published; the second is on no public page, not even for who keeps it."""

    def samples(world: World) -> list[Sample]:
        _place, institution = world.frameworks
        return [
            Sample("published", {"institution": institution, "code": first} | more),
            Sample("not published", {"institution": institution, "code": second} | more, also=lambda _actor: False),
        ]

    return samples


def _on_shelf(code: str, *, whole: bool = False, **more: str) -> Callable[[World], list[Sample]]:
    """Something of the frameworks of one school, as its desks reach it, or only those of the whole school."""

    def samples(world: World) -> list[Sample]:
        place, institution = world.frameworks
        own = Sample("", {"institution": institution, "code": code} | more)
        if whole:
            return [replace(own, thing=Thing(institution=place))]
        return [replace(own, also=lambda actor: actor.institution == place)]

    return samples


def _own_units(world: World) -> list[Sample]:
    place, _institution = world.frameworks
    return [Sample(arguments={"form": "yaml"}, also=lambda actor: actor.institution == place)]


def _outcomes(world: World) -> list[Sample]:
    """A published item is for everybody; what is typed and not published is on no public page."""
    return [
        Sample("published", {"institution": world.resources, "code": "I1"}),
        Sample("not published", {"institution": world.resources, "code": "I2"}, also=lambda _actor: False),
    ]


def _items(world: World) -> list[Sample]:
    """An item with its versions is read by every desk of the school whose catalogue it is in."""
    return [
        Sample("item", {"key": "I2"}, also=lambda actor: actor.institution == world.catalogue),
    ]


def _outcome_types(_world: World) -> list[Sample]:
    return [Sample(arguments={"code": "innovation"})]


def _bring_list(_world: World) -> list[Sample]:
    """A list is brought in by a desk of the whole school."""
    return [Sample(also=lambda actor: actor.college is None)]


def _own_kind(name: str) -> Callable[[World], list[Sample]]:
    """A kind of list of the program, of which a desk of the whole school makes its own."""
    return lambda _world: [Sample(arguments={name: "contest"}, also=lambda actor: actor.college is None)]


def _lists(*names: str) -> Callable[[World], list[Sample]]:
    """Official lists and uploads, as a desk of the whole school reaches them."""

    def samples(world: World) -> list[Sample]:
        return [
            Sample(one.label, {name: getattr(one, name) for name in names}, Thing(institution=one.institution))
            for one in world.lists
        ]

    return samples


def _proposals(world: World) -> list[Sample]:
    return [Sample(one.label, {"proposal_id": one.proposal}, one.thing) for one in world.proposals]


def _editions(world: World) -> list[Sample]:
    """An edition is read where it was made, and once published in every place below."""
    return [
        Sample(
            one.label,
            {"edition_id": one.identity},
            also=lambda actor, one=one: (
                one.institution in world.above.get(actor.institution, ())
                if one.published
                else actor.institution == one.institution
            ),
        )
        for one in world.editions
    ]


def _own_editions(world: World) -> list[Sample]:
    """An edition is published and withdrawn by the desk of the whole place that made it."""
    return [
        Sample(one.label, {"edition_id": one.identity}, Thing(institution=one.institution)) for one in world.editions
    ]


def _editions_from_above(world: World) -> list[Sample]:
    """A published edition is acknowledged by the desk of a whole school below its publisher."""
    return [
        Sample(
            one.label,
            {"edition_id": one.identity},
            also=lambda actor, one=one: (
                one.published
                and actor.college is None
                and one.institution in world.above.get(actor.institution, set()) - {actor.institution}
            ),
        )
        for one in world.editions
    ]


def _whole_desk(arguments: dict[str, Any]) -> Callable[[World], list[Sample]]:
    """Something a desk of a whole institution does for itself."""
    return lambda _world: [Sample(arguments=arguments, also=lambda actor: actor.college is None)]


NOT_DEBUGGING = frozenset({404})
REDIRECT = frozenset({302})
DONE = frozenset({200, 302})
"""A page of something that can be done once leads on when it is done."""
REGISTRY: dict[str, Entry] = {
    "public:home": Entry("public.read"),
    "public:verify": Entry("proof.verify"),
    "public:help": Entry("public.read"),
    "public:rules": Entry("public.read"),
    "public:conversion-rules": Entry("public.read"),
    "public:rule": Entry("public.read", _published_versions),
    "public:resources": Entry("public.read"),
    "public:resource": Entry("public.read", _resources),
    "public:frameworks": Entry("public.read"),
    "public:framework-compare": Entry("public.read"),
    "public:credit-units": Entry("public.read"),
    "public:framework": Entry("public.read", _published("F1", "F2")),
    "public:framework-file": Entry("public.read", _published("F1", "F2", form="case")),
    "public:certification-unit": Entry("public.read", _published("U1", "U2")),
    "public:estimate": Entry("public.read"),
    "public:estimate-of": Entry("public.read", lambda _world: [Sample(arguments={"kind": "innovation"})]),
    "public:outcomes": Entry("public.read"),
    "public:outcome": Entry("public.read", _outcomes),
    "public:log": Entry("log.read"),
    "public:checkpoint": Entry("log.read"),
    "public:log_key": Entry("log.read"),
    "public:tile": Entry("log.read", lambda world: [Sample(arguments={"tile": world.tile})]),
    "public:health": Entry("health.read"),
    "public:ready": Entry("health.read"),
    "design:appearance": Entry("account.set_appearance"),
    "design:components": Entry("public.read", get=NOT_DEBUGGING),
    "design:example": Entry(
        "public.read", lambda _world: [Sample(arguments={"example": "passbook"})], get=NOT_DEBUGGING
    ),
    "design:error": Entry("public.read", lambda _world: [Sample(arguments={"status": 404})], get=NOT_DEBUGGING),
    "account:mine": Entry("account.own"),
    "account:password": Entry("account.own"),
    "account:sign_in": Entry("account.sign_in", get=frozenset({200, 302})),
    "account:sign_out": Entry("account.own"),
    "account:desk": Entry("account.own", post=frozenset({302, 404})),  # nobody has the desk that is not named
    "learner:passbook": Entry("passbook.read"),
    "learner:entries": Entry("passbook.read"),
    "learner:entry": Entry("passbook.read", _of_learner(posting_id="posting")),
    "learner:proof": Entry("passbook.read", _of_learner(posting_id="posting")),
    "learner:deposit": Entry("recognition.claim"),
    "learner:deposit_item": Entry("recognition.claim", _outcomes),
    "learner:deposit_facts": Entry("recognition.claim", _of_learner(claim_id="draft")),
    "learner:deposit_proposal": Entry("recognition.claim", _of_learner(claim_id="draft")),
    "learner:deposit_evidence": Entry("recognition.claim", _of_learner(claim_id="draft")),
    "learner:deposit_check": Entry("recognition.claim", _of_learner(claim_id="draft")),
    "learner:deposit_done": Entry("recognition.claim", _of_learner(claim_id="claim")),
    "learner:requests": Entry("recognition.claim"),
    "learner:request": Entry("recognition.claim", _of_learner(claim_id="claim")),
    "learner:withdraw": Entry("recognition.claim", _of_learner(claim_id="draft")),
    "learner:evidence": Entry("evidence.read_own", _of_learner(evidence_id="claim_file")),
    "learner:notices": Entry("account.own"),
    "learner:read_notices": Entry("account.own"),
    "learner:proposals": Entry("lists.answer"),
    "learner:claim_proposal": Entry("lists.answer", _proposals),
    "learner:decline_proposal": Entry("lists.answer", _proposals, get=DONE),
    "learner:progress": Entry("programme.read_progress"),
    "learner:programme": Entry("programme.read_progress", _programmes),
    "office:today": Entry("office.read"),
    "office:notice-aside": Entry("masterdata.write", _whole_desk({})),
    "office:code-tables": Entry("edition.read"),
    "office:code-table": Entry("edition.read", lambda _world: [Sample(arguments={"table": "course_nature"})]),
    "office:code-table-export": Entry("edition.read", lambda _world: [Sample(arguments={"table": "course_nature"})]),
    "office:centre": Entry("edition.read"),
    "office:edition-prepare": Entry("edition.publish", _whole_desk({"kind": "courses"})),
    "office:edition": Entry("edition.read", _editions),
    "office:edition-acknowledge": Entry("edition.acknowledge", _editions_from_above),
    "office:edition-publish": Entry("edition.publish", _own_editions),
    "office:edition-withdraw": Entry("edition.publish", _own_editions),
    "office:queue": Entry("recognition.read"),
    "office:batch-confirm": Entry("recognition.review"),
    "office:batch-approve": Entry("recognition.review"),
    "office:batch": Entry("recognition.review", _batches),
    # 286 and nothing in it: a page that asks each second must be told to stop.
    "office:batch-progress": Entry("recognition.review", _batches, hidden=frozenset({286})),
    "office:batch-csv": Entry("recognition.review", _batches),
    "office:batch-undo": Entry("recognition.review", _batches),
    "office:case": Entry("recognition.read", _cases()),
    "office:take": Entry("recognition.review", _cases()),
    "office:approve": Entry(
        "recognition.review", _cases(), data={"seen": "1"}
    ),  # not what was proposed, so nothing is decided
    "office:supplement": Entry("recognition.review", _cases()),
    "office:refuse": Entry("recognition.review", _cases()),
    "office:reverse": Entry("recognition.reverse", _cases()),
    "office:evidence": Entry("evidence.read", _cases(evidence_id="claim_file")),
    "office:learners": Entry("learner.read"),
    "office:learner": Entry("learner.read", _records),
    "office:conversion": Entry("recognition.reverse", _conversions),
    "office:imports": Entry("results.read_imports"),
    "office:results": Entry("results.write", _whole_desk({})),
    "office:results-template": Entry("results.write", _whole_desk({})),
    "office:results-columns": Entry("results.write", _whole_school("results")),
    "office:results-check": Entry("results.write", _whole_school("results")),
    "office:results-progress": Entry("results.write", _whole_school("results")),
    "office:results-problems": Entry("results.write", _whole_school("results")),
    "office:results-apply": Entry("results.write", _whole_school("results")),
    "office:opening": Entry("opening.write", _whole_desk({})),
    "office:opening-template": Entry("opening.write", _whole_desk({})),
    "office:opening-check": Entry("opening.write", _whole_school("opening")),
    "office:opening-problems": Entry("opening.write", _whole_school("opening")),
    "office:opening-post": Entry("opening.write", _whole_school("opening")),
    "office:import": Entry("results.read_imports", _runs),
    "office:import-csv": Entry("results.read_imports", _runs),
    "office:run-reversal": Entry("opening.write", _opening_runs),
    "office:exports": Entry("export.read"),
    "office:export-make": Entry("export.make"),
    "office:export": Entry("export.read", _exports()),
    "office:export-file": Entry("export.read", _exports(form="csv")),
    "office:export-reconcile": Entry("export.make", _exports()),
    "office:export-resend": Entry("export.make", _exports()),
    "office:reconciliation": Entry("export.read", _returned),
    "office:reconciliation-csv": Entry("export.read", _returned),
    "office:catalogue": Entry("catalogue.read"),
    "office:catalogue-submit-all": Entry("catalogue.write", _whole_desk({})),
    "office:catalogue-approve-all": Entry("catalogue.approve", _whole_desk({})),
    "office:outcome-types": Entry("catalogue.read"),
    "office:outcome-type": Entry("catalogue.read", _outcome_types),
    "office:outcome-type-change": Entry("catalogue.write", _whole_desk({"code": "innovation"})),
    "office:catalogue-item": Entry("catalogue.read", _items),
    "office:catalogue-submit": Entry("catalogue.write", _whole_desk({"key": "none"})),
    "office:catalogue-approve": Entry("catalogue.approve", _whole_desk({"key": "none", "number": 1})),
    "office:catalogue-act": Entry("catalogue.write", _whole_desk({"key": "none", "number": 1, "name": "enact"})),
    "office:data": Entry("masterdata.read"),
    "office:data-list": Entry("masterdata.read", _data_sets()),
    "office:data-template": Entry("masterdata.read", _data_sets()),
    "office:data-export": Entry("masterdata.write", _kept_sets),
    "office:data-source": Entry("masterdata.write", _kept_sets),
    "office:data-add": Entry("masterdata.write", _kept_sets),
    "office:data-row": Entry("masterdata.read", _data_rows),
    "office:data-change": Entry("masterdata.write", _whole_school("row")),
    "office:data-retire": Entry("masterdata.write", _whole_school("row")),
    "office:data-import": Entry("masterdata.write", _kept_sets),
    "office:data-import-columns": Entry("masterdata.write", _whole_school("sheet")),
    "office:data-import-check": Entry("masterdata.write", _whole_school("sheet")),
    "office:data-import-problems": Entry("masterdata.write", _whole_school("sheet")),
    "office:data-import-apply": Entry("masterdata.write", _whole_school("sheet")),
    "office:data-run": Entry("results.read_imports", _whole_school("run")),
    "office:data-run-csv": Entry("results.read_imports", _whole_school("run")),
    "office:data-revert": Entry("masterdata.write", _whole_school("run"), get=frozenset({200, 302})),
    "office:frameworks": Entry("masterdata.read"),
    "office:framework-compare": Entry("masterdata.read"),
    "office:credit-units": Entry("masterdata.read"),
    "office:framework": Entry("masterdata.read", _on_shelf("F2")),
    "office:framework-file": Entry("masterdata.read", _on_shelf("F2", form="case")),
    "office:framework-import": Entry("masterdata.write", _whole_desk({})),
    "office:framework-apply": Entry("masterdata.write", _whole_desk({})),
    "office:crosswalk-new": Entry("masterdata.write", _whole_desk({})),
    "office:crosswalk": Entry("masterdata.read", _on_shelf("W")),
    "office:crosswalk-file": Entry("masterdata.read", _on_shelf("W", form="yaml")),
    "office:crosswalk-cell": Entry("masterdata.write", _on_shelf("W", whole=True, from_level="1", to_level="1")),
    "office:certification-units": Entry("masterdata.read"),
    "office:certification-file": Entry("masterdata.read", _own_units),
    "office:certification-unit": Entry("masterdata.read", _on_shelf("U2")),
    "office:lists": Entry("lists.read"),
    "office:list-template": Entry("lists.read", lambda _world: [Sample(arguments={"kind": "contest"})]),
    "office:list-kinds": Entry("lists.read"),
    "office:list-kind": Entry("lists.read", lambda _world: [Sample(arguments={"code": "contest"})]),
    "office:list-kind-add": Entry("lists.write", _own_kind("start")),
    "office:list-kind-change": Entry("lists.write", _own_kind("code"), get=DONE),
    "office:list-kind-retire": Entry("lists.write", _own_kind("code")),
    "office:list-upload": Entry("lists.write", _bring_list),
    "office:list-columns": Entry("lists.write", _lists("upload_id"), get=DONE),
    "office:list-check": Entry("lists.write", _lists("upload_id"), get=DONE),
    "office:list-problems": Entry("lists.write", _lists("upload_id")),
    "office:list-apply": Entry("lists.write", _lists("upload_id")),
    "office:list": Entry("lists.read", _lists("list_id")),
    "office:list-csv": Entry("lists.read", _lists("list_id")),
    "office:list-choose": Entry("lists.write", _lists("list_id"), get=DONE),
    "office:list-withdraw": Entry("lists.write", _lists("list_id"), get=DONE),
    "office:rules": Entry("rules.read"),
    "office:rule-version": Entry("rules.read", _versions),
    "office:rule-compare": Entry("rules.read", _versions),
    "office:rule-begin": Entry("rules.edit", _whole_desk({})),
    "office:conversion-rules": Entry("rules.read"),
    "office:conversion-rule-begin": Entry("rules.edit", _whole_desk({})),
    "office:rule-begin-from": Entry("rules.edit", _versions_to_copy),
    "office:rule-objection": Entry("rules.edit", _own_versions, data={"object-said": "x"}),
    "office:rule-version-step": Entry("rules.approve", _own_versions, data={"act": "drop"}),
    "office:rule-draft": Entry("rules.approve", _drafts),
    "office:rule-draft-impact": Entry("rules.approve", _drafts_looked_at),
    "office:rule-draft-impact-part": Entry("rules.approve", _drafts_looked_at),
    "office:rule-draft-impact-claims": Entry("rules.approve", _drafts_looked_at),
    "office:rule-draft-impact-claim": Entry("rules.approve", _drafts_with_cases),
    "office:rule-table": Entry("rules.approve", _drafts),
    "office:rule-table-row": Entry("rules.edit", _drafts),
    "office:rule-table-change": Entry("rules.edit", _drafts, data={"revision": "0"}, post=frozenset({409})),
    "office:rule-table-parts": Entry("rules.edit", _drafts, data={"part": "rounding"}, post=frozenset({409})),
    "office:rule-table-checks": Entry("rules.approve", _drafts),
    "office:rule-table-effects": Entry("rules.approve", _drafts),
    "office:rule-table-paste": Entry("rules.edit", _drafts),
    "office:rule-draft-file": Entry("rules.approve", _files_of(_drafts)),
    "office:rule-draft-upload": Entry("rules.edit", _drafts),
    "office:rule-version-file": Entry("rules.read", _files_of(_versions)),
    "office:rule-draft-save": Entry("rules.edit", _drafts, data={"revision": "0", "text": "x"}),
    "office:rule-draft-step": Entry("rules.edit", _drafts, data={"act": "recall"}),
    "office:rule-draft-decide": Entry("rules.approve", _drafts, data={"act": "sign"}),
    "office:rule-cases": Entry("rules.approve", _rule_sets),
    "office:rule-cases-save": Entry("rules.edit", _rule_sets, data={"text": "x"}),
    "office:rule-case-remove": Entry("rules.edit", _rule_sets, data={"case": "x"}),
    "office:rule-cases-file": Entry("rules.approve", _rule_sets),
    "office:rule-case-attach": Entry("rules.edit", _cases_to_attach),
    "office:programmes": Entry("programme.read"),
    "office:programme": Entry("programme.read", _published_programmes),
    "office:programme-workbook": Entry("programme.read", _published_programmes),
    "office:plan-template": Entry("programme.read"),
    "office:plan-upload": Entry("programme.publish"),
    "office:plan-publish": Entry("programme.publish"),
}
"""One entry for each route; a new page adds its line here."""
