"""The tables of the outcome catalogue: versions, their acts, search keys, schemas of outcome types."""

from __future__ import annotations

from creditbank.records.declaration import WHO_AND_WHEN, Declared, Distribution, Rows, Table, institution_table

_HEAD = (("institution_id", "uuid NOT NULL"), ("code", "text NOT NULL"))

CATALOGUE_VERSION = Table(
    "catalogue_version",
    Distribution.REFERENCE,
    Rows.ANNOUNCED,
    # What a version says never changes: only where it stands does.
    app="SELECT, INSERT, UPDATE (state, published, approved_by, approved_at, public_until, in_force_at, ended_at)",
    declared=Declared(
        columns=(
            *_HEAD,
            ("number", "integer NOT NULL CHECK (number > 0)"),
            ("outcome_type", "text NOT NULL"),
            ("content", "jsonb NOT NULL"),
            ("digest", "text NOT NULL"),
            ("state", "text NOT NULL"),
            # Whether everybody reads it: while it is published for objections and from then on.
            ("published", "boolean NOT NULL"),
            # Who wrote what it says, as a list of ids: none of them approves it.
            ("authors", "jsonb NOT NULL"),
            *WHO_AND_WHEN,
            ("approved_by", "uuid"),
            ("approved_at", "timestamptz"),
            ("public_until", "date"),
            ("in_force_at", "timestamptz"),
            ("ended_at", "timestamptz"),
        ),
        key=("institution_id", "code", "number"),
        indexes=("CREATE INDEX catalogue_version_state ON catalogue_version (institution_id, state)",),
    ),
)
CATALOGUE_ACT = institution_table(
    "catalogue_act",
    key=("code", "number", "sequence"),
    columns=(
        ("code", "text NOT NULL"),
        ("number", "integer NOT NULL"),
        ("sequence", "integer NOT NULL CHECK (sequence > 0)"),
        ("act", "text NOT NULL"),
        ("state", "text NOT NULL"),
        ("words", "text NOT NULL DEFAULT ''"),
        *WHO_AND_WHEN,
    ),
)
CATALOGUE_ITEM = Table(
    "catalogue_item",
    Distribution.REFERENCE,
    Rows.ANNOUNCED,
    app="SELECT, INSERT, UPDATE, DELETE",
    declared=Declared(
        columns=(
            *_HEAD,
            # What is shown: the version in force, else the one that is published for objections, else the newest
            # (0 for what was typed and is no version yet).
            ("number", "integer NOT NULL"),
            ("shown_state", "text NOT NULL"),
            ("content", "jsonb NOT NULL"),
            ("outcome_type", "text NOT NULL"),
            ("kind", "text NOT NULL"),
            ("tier", "text NOT NULL"),
            ("name", "text NOT NULL"),
            ("name_en", "text NOT NULL"),
            ("name_sort", "text NOT NULL"),
            # Where the newest version stands, and whether something else was typed since.
            ("state", "text NOT NULL"),
            ("changed", "boolean NOT NULL"),
            ("published", "boolean NOT NULL"),
            ("provider", "text NOT NULL"),
            ("provider_name", "text NOT NULL"),
            ("provider_name_en", "text NOT NULL"),
            ("provider_kind", "text NOT NULL"),
            ("accredited_from", "date"),
            ("accredited_until", "date"),
            ("provider_retired", "boolean NOT NULL"),
        ),
        key=("institution_id", "code"),
        indexes=("CREATE INDEX catalogue_item_sorted ON catalogue_item (institution_id, name_sort, code)",),
    ),
)
CATALOGUE_KEY = Table(
    "catalogue_key",
    Distribution.REFERENCE,
    # Only what is published has keys. A policy with a condition would keep the index of grams from being used: their
    # operators are none that the database trusts with rows which somebody may not see.
    Rows.PUBLISHED,
    app="SELECT, INSERT, UPDATE, DELETE",
    declared=Declared(
        columns=(
            *_HEAD,
            ("outcome_type", "text NOT NULL"),
            ("kind", "text NOT NULL"),
            ("tier", "text NOT NULL"),
            ("keys", "jsonb NOT NULL"),
            ("grams", "integer[] NOT NULL DEFAULT '{}'"),
        ),
        key=("institution_id", "code"),
        indexes=(
            "CREATE INDEX catalogue_key_grams ON catalogue_key USING gin (grams) WITH (gin_pending_list_limit = 64)",
        ),
    ),
)
OUTCOME_SCHEMA = Table(
    "outcome_schema",
    Distribution.REFERENCE,
    # What an outcome type asks is read by whoever claims one.
    Rows.PUBLISHED,
    app="SELECT, INSERT",
    declared=Declared(
        columns=(
            *_HEAD,
            ("number", "integer NOT NULL CHECK (number > 0)"),
            ("document", "jsonb NOT NULL"),
            ("digest", "text NOT NULL"),
            *WHO_AND_WHEN,
        ),
        key=("institution_id", "code", "number"),
    ),
)

OUTCOME_CATALOGUE = (CATALOGUE_VERSION, CATALOGUE_ACT, CATALOGUE_ITEM, CATALOGUE_KEY, OUTCOME_SCHEMA)
"""In the order they are created."""
