"""The things a route can be asked about: samples of each kind from the world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from creditbank.domain.access import Actor, Thing
from tests.contract.matrix_things import World


@dataclass(frozen=True)
class Sample:
    """One address to try: its arguments, the thing behind it, and what else has to hold to reach it."""

    label: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    thing: Thing | None = None
    also: Callable[[Actor], bool] = lambda actor: True


def of_learner(**names: str) -> Callable[[World], list[Sample]]:
    """Samples of each learner's things: argument name -> attribute of ``Owned``."""

    def samples(world: World) -> list[Sample]:
        return [
            Sample(owned.label, {name: getattr(owned, attribute) for name, attribute in names.items()}, owned.thing)
            for owned in world.owned
        ]

    return samples


def of_cases(**more: str) -> Callable[[World], list[Sample]]:
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


def of_records(world: World) -> list[Sample]:
    return [Sample(owned.label, {"learner_id": owned.thing.learner}, owned.thing) for owned in world.owned]


def of_conversions(world: World) -> list[Sample]:
    return [
        Sample(owned.label, {"learner_id": owned.thing.learner, "conversion_id": owned.conversion}, owned.thing)
        for owned in world.owned
    ]


def of_applications(world: World) -> list[Sample]:
    return [
        Sample(owned.label, {"learner_id": owned.thing.learner, "application_id": owned.application}, owned.thing)
        for owned in world.owned
    ]


def of_owned(**names: str) -> Callable[[World], list[Sample]]:
    """Things of each learner as the office addresses them: argument name -> attribute of ``Owned``."""

    def samples(world: World) -> list[Sample]:
        return [
            Sample(
                owned.label,
                {"learner_id": owned.thing.learner}
                | {name: getattr(owned, attribute) for name, attribute in names.items()},
                owned.thing,
            )
            for owned in world.owned
        ]

    return samples


def of_public_notice(world: World) -> list[Sample]:
    """What everybody may object to."""
    return [
        Sample(owned.label, {"institution": owned.thing.institution, "kind": "claim", "case_id": owned.published})
        for owned in world.owned
    ]


def of_runs(world: World) -> list[Sample]:
    return [Sample(run.label, {"run_id": run.run}, run.thing) for run in world.runs]


def of_opening_runs(world: World) -> list[Sample]:
    return [Sample(run.label, {"run_id": run.run}, run.thing) for run in world.opening_runs]


def of_exports(**names: str) -> Callable[[World], list[Sample]]:
    """Export batches; one belongs to a whole institution."""

    def samples(world: World) -> list[Sample]:
        return [Sample(one.label, {"batch_id": one.batch} | names, one.thing) for one in world.exports]

    return samples


def of_returned(world: World) -> list[Sample]:
    return [
        Sample(one.label, {"batch_id": one.batch, "reconciliation_id": one.reconciliation}, one.thing)
        for one in world.exports
    ]


def of_batches(world: World) -> list[Sample]:
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


def of_versions(world: World) -> list[Sample]:
    """What an institution publishes is read there and in every place below it."""
    return [
        Sample(
            version.label,
            {"version_id": version.identity},
            also=lambda actor, place=version.institution: place in world.above.get(actor.institution, ()),
        )
        for version in world.versions
    ]


def of_files_of(samples: Callable[[World], list[Sample]]) -> Callable[[World], list[Sample]]:
    """The same things, each as a workbook."""
    return lambda world: [replace(one, arguments={**one.arguments, "form": "xlsx"}) for one in samples(world)]


def of_published_versions(world: World) -> list[Sample]:
    """What was approved anywhere is for everybody."""
    return [Sample(one.label, {"version_id": one.identity}) for one in world.versions]


def of_own_versions(world: World) -> list[Sample]:
    """The life of a version is led by the desk of the whole institution that it belongs to."""
    return [
        Sample(one.label, {"version_id": one.identity}, Thing(institution=one.institution)) for one in world.versions
    ]


def of_versions_to_copy(world: World) -> list[Sample]:
    return [
        replace(sample, also=lambda actor, also=sample.also: actor.college is None and also(actor))
        for sample in of_versions(world)
    ]


def of_drafts(world: World) -> list[Sample]:
    return [Sample(one.label, {"draft_id": one.identity}, Thing(institution=one.institution)) for one in world.drafts]


def of_drafts_looked_at(world: World) -> list[Sample]:
    """What a draft changes is seen in each college of the institution too, of its own learners."""
    return [
        Sample(
            one.label,
            {"draft_id": one.identity},
            also=lambda actor, place=one.institution: actor.institution == place,
        )
        for one in world.drafts
    ]


def of_drafts_with_cases(world: World) -> list[Sample]:
    """A draft beside a case: both of one institution, the case of the desk that looks."""
    return [
        replace(
            case,
            label=f"draft {draft.label}, case {case.label}",
            arguments=case.arguments | {"draft_id": draft.identity},
            also=lambda actor, place=draft.institution: actor.institution == place,
        )
        for draft in world.drafts
        for case in of_cases()(world)
    ]


def of_rule_sets(world: World) -> list[Sample]:
    return [
        Sample(one.label, {"rule_set_id": one.identity}, Thing(institution=one.institution)) for one in world.rule_sets
    ]


def of_cases_to_attach(world: World) -> list[Sample]:
    """A decision is attached by whoever reads the case and writes the rules of the whole institution."""
    return [replace(sample, also=lambda actor: actor.college is None) for sample in of_cases()(world)]


def of_applications_to_attach(world: World) -> list[Sample]:
    """As a decided claim: by whoever reads the application and writes the rules of the whole institution."""
    return [replace(sample, also=lambda actor: actor.college is None) for sample in of_applications(world)]


def of_programmes(world: World) -> list[Sample]:
    """Programmes are published for everybody; the progress shown is the reader's own."""
    return [Sample(programme.label, {"programme_id": programme.identity}) for programme in world.programmes]


def of_published_programmes(world: World) -> list[Sample]:
    """The office reads the programmes of its own place and of those above it."""
    return [
        Sample(
            programme.label,
            {"programme_id": programme.identity},
            also=lambda actor, place=programme.institution: place in world.above.get(actor.institution, ()),
        )
        for programme in world.programmes
    ]


def of_data_sets(**more: Any) -> Callable[[World], list[Sample]]:
    """A data set about no person, and one about people: the latter is not for the desk of one college."""

    def samples(_world: World) -> list[Sample]:
        return [
            Sample("courses", {"data_set": "courses"} | more),
            Sample("students", {"data_set": "students"} | more, also=lambda actor: actor.college is None),
        ]

    return samples


def of_kept_sets(_world: World) -> list[Sample]:
    """Data sets are kept by a desk of the whole school."""
    return [Sample("courses", {"data_set": "courses"}, also=lambda actor: actor.college is None)]


def of_data_rows(world: World) -> list[Sample]:
    """A row about no person is read by every desk of its school."""
    return [
        Sample(one.label, one.row, also=lambda actor, place=one.institution: actor.institution == place)
        for one in world.master_data
    ]


def of_whole_school(kind: str) -> Callable[[World], list[Sample]]:
    """Rows, sheets and runs of master data, as a desk of the whole school reaches them."""

    def samples(world: World) -> list[Sample]:
        return [Sample(one.label, getattr(one, kind), Thing(institution=one.institution)) for one in world.master_data]

    return samples


def of_resources(world: World) -> list[Sample]:
    """What is published is for everybody; what is not is on no public page, not even for who keeps it."""
    return [
        Sample("published", {"institution": world.resources, "code": "R1"}),
        Sample("not published", {"institution": world.resources, "code": "R2"}, also=lambda _actor: False),
    ]


def of_published(first: str, second: str, **more: str) -> Callable[[World], list[Sample]]:
    """Of two things the first is published; the second is on no public page, not even for who keeps it."""

    def samples(world: World) -> list[Sample]:
        _place, institution = world.frameworks
        return [
            Sample("published", {"institution": institution, "code": first} | more),
            Sample("not published", {"institution": institution, "code": second} | more, also=lambda _actor: False),
        ]

    return samples


def of_on_shelf(code: str, *, whole: bool = False, **more: str) -> Callable[[World], list[Sample]]:
    """Something of the frameworks of one school, as its desks reach it, or only those of the whole school."""

    def samples(world: World) -> list[Sample]:
        place, institution = world.frameworks
        own = Sample("", {"institution": institution, "code": code} | more)
        if whole:
            return [replace(own, thing=Thing(institution=place))]
        return [replace(own, also=lambda actor: actor.institution == place)]

    return samples


def of_own_units(world: World) -> list[Sample]:
    place, _institution = world.frameworks
    return [Sample(arguments={"form": "yaml"}, also=lambda actor: actor.institution == place)]


def of_outcomes(world: World) -> list[Sample]:
    """A published item is for everybody; what is typed and not published is on no public page."""
    return [
        Sample("published", {"institution": world.resources, "code": "I1"}),
        Sample("not published", {"institution": world.resources, "code": "I2"}, also=lambda _actor: False),
    ]


def of_items(world: World) -> list[Sample]:
    """An item with its versions is read by every desk of the school whose catalogue it is in."""
    return [
        Sample("item", {"key": "I2"}, also=lambda actor: actor.institution == world.catalogue),
    ]


def of_outcome_types(_world: World) -> list[Sample]:
    return [Sample(arguments={"code": "innovation"})]


def of_bring_list(_world: World) -> list[Sample]:
    """A list is brought in by a desk of the whole school."""
    return [Sample(also=lambda actor: actor.college is None)]


def of_own_kind(name: str) -> Callable[[World], list[Sample]]:
    """A kind of list of the program, of which a desk of the whole school makes its own."""
    return lambda _world: [Sample(arguments={name: "contest"}, also=lambda actor: actor.college is None)]


def of_lists(*names: str) -> Callable[[World], list[Sample]]:
    """Official lists and uploads, as a desk of the whole school reaches them."""

    def samples(world: World) -> list[Sample]:
        return [
            Sample(one.label, {name: getattr(one, name) for name in names}, Thing(institution=one.institution))
            for one in world.lists
        ]

    return samples


def of_proposals(world: World) -> list[Sample]:
    return [Sample(one.label, {"proposal_id": one.proposal}, one.thing) for one in world.proposals]


def of_editions(world: World) -> list[Sample]:
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


def of_own_editions(world: World) -> list[Sample]:
    """An edition is published and withdrawn by the desk of the whole place that made it."""
    return [
        Sample(one.label, {"edition_id": one.identity}, Thing(institution=one.institution)) for one in world.editions
    ]


def of_editions_from_above(world: World) -> list[Sample]:
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


def of_whole_desk(arguments: dict[str, Any]) -> Callable[[World], list[Sample]]:
    """Something a desk of a whole institution does for itself."""
    return lambda _world: [Sample(arguments=arguments, also=lambda actor: actor.college is None)]
