"""What the access matrix is about: people, and things of every kind with whose they are."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.test import Client

from creditbank.domain.access import Actor, Thing


@dataclass(frozen=True)
class Visitor:
    """Somebody in the matrix: a label, what the access table sees of them, and their browser."""

    label: str
    actor: Actor
    client: Client


@dataclass(frozen=True)
class Owned:
    """What one learner has: claims with their files, a posting, a conversion, an application, and what follows on them.

    ``published`` is a claim on public notice; letter, appeal and objection are about the submitted one.
    """

    label: str
    thing: Thing
    draft: UUID
    draft_file: UUID
    claim: UUID
    claim_file: UUID
    posting: UUID
    conversion: UUID
    application: UUID
    published: UUID
    letter: UUID
    appeal: UUID
    objection: UUID


@dataclass(frozen=True)
class Run:
    """An import run of a whole institution."""

    label: str
    thing: Thing
    run: UUID


@dataclass(frozen=True)
class Export:
    """An export batch of a whole institution, and a sheet that came back for it."""

    label: str
    thing: Thing
    batch: UUID
    reconciliation: UUID


@dataclass(frozen=True)
class Batch:
    """A scheduled approval; it concerns its author alone."""

    label: str
    thing: Thing
    author: UUID
    command: UUID


@dataclass(frozen=True)
class Published:
    """A rule version or programme of one place; it is read there and below."""

    label: str
    institution: UUID
    identity: UUID


@dataclass(frozen=True)
class MasterData:
    """A row of an institution's master data, the run that brought it, and a sheet between upload and import."""

    label: str
    institution: UUID
    row: dict[str, str]
    run: dict[str, UUID]
    sheet: dict[str, object]
    opening: dict[str, object]
    results: dict[str, object]


@dataclass(frozen=True)
class OfficialList:
    """An institution's official list with a line that waits for a choice, and one between upload and apply."""

    label: str
    institution: UUID
    list_id: UUID
    upload_id: UUID


@dataclass(frozen=True)
class Proposal:
    """What a list proposed to one learner."""

    label: str
    thing: Thing
    proposal: UUID


@dataclass(frozen=True)
class OfEdition:
    """An edition of one place: a draft of its own, or one that it has published."""

    label: str
    institution: UUID
    identity: UUID
    published: bool


@dataclass(frozen=True)
class World:
    """All of it; ``above`` tells which places each institution inherits from, itself included."""

    tile: str
    people: tuple[Visitor, ...]
    owned: tuple[Owned, ...]
    runs: tuple[Run, ...]
    opening_runs: tuple[Run, ...]
    exports: tuple[Export, ...]
    batches: tuple[Batch, ...]
    versions: tuple[Published, ...]
    programmes: tuple[Published, ...]
    above: dict[UUID, set[UUID]]
    master_data: tuple[MasterData, ...]
    resources: str
    """The code of an institution that published the education resource R1 and keeps R2 to itself."""
    frameworks: tuple[UUID, str]
    """An institution and its code: it published the framework F1 and the unit U1, and keeps F2 and U2 to itself."""
    catalogue: UUID
    """The institution whose catalogue has the published item I1 and keeps I2 to itself."""
    lists: tuple[OfficialList, ...]
    proposals: tuple[Proposal, ...]
    editions: tuple[OfEdition, ...]
    drafts: tuple[Published, ...]
    rule_sets: tuple[Published, ...]
