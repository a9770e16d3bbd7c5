"""The tables of official lists: uploads, lines, what they say of learners, choices and proposals."""

from __future__ import annotations

from creditbank.records.declaration import (
    FILE,
    WHO_AND_WHEN,
    Declared,
    Distribution,
    Rows,
    Table,
    institution_table,
    refers,
)

OFFICIAL_LIST = institution_table(
    "official_list",
    key=("list_id",),
    app="SELECT, INSERT, UPDATE (state, withdrawn_at, withdrawn_by, matched_at)",
    columns=(
        ("list_id", "uuid NOT NULL"),
        ("kind", "text NOT NULL"),
        ("series", "text NOT NULL"),
        ("title", "text NOT NULL"),
        ("issuer", "text NOT NULL DEFAULT ''"),
        ("issued_on", "date NOT NULL"),
        ("outcome_type", "text NOT NULL"),
        ("all_ours", "boolean NOT NULL"),
        *FILE,
        ("encoding", "text NOT NULL DEFAULT ''"),
        ("rows_total", "integer NOT NULL"),
        ("rows_refused", "integer NOT NULL"),
        ("rows_left", "integer NOT NULL"),
        ("state", "text NOT NULL"),
        *WHO_AND_WHEN,
        ("matched_at", "timestamptz NOT NULL"),
        ("withdrawn_at", "timestamptz"),
        ("withdrawn_by", "uuid"),
    ),
    indexes=("CREATE INDEX official_list_series ON official_list (institution_id, series)",),
)
LIST_KIND = institution_table(
    "list_kind",
    key=("code", "number"),
    columns=(
        ("code", "text NOT NULL"),
        # Of a kind each version is kept, with which lists were read; the last one counts unless it is retired.
        ("number", "integer NOT NULL CHECK (number > 0)"),
        ("document", "jsonb NOT NULL"),
        ("digest", "text NOT NULL"),
        ("retired", "boolean NOT NULL"),
        *WHO_AND_WHEN,
    ),
)
LIST_LINE = institution_table(
    "official_list_line",
    key=("list_id", "line", "member"),
    app="SELECT, INSERT, UPDATE (found, learner_id, explanation, stated, outcome, candidates)",
    columns=(
        ("list_id", "uuid NOT NULL"),
        ("line", "integer NOT NULL CHECK (line > 0)"),
        ("member", "integer NOT NULL CHECK (member > 0)"),
        ("found", "text NOT NULL"),
        ("learner_id", "uuid"),
        ("outcome_key", "text NOT NULL"),
        # A keyed digest of the person as the list names them, with the outcome; it says nothing without the key.
        ("person_index", "bytea NOT NULL"),
        ("explanation", "jsonb NOT NULL DEFAULT '[]'"),
        # Who stands on the line, and the outcome: only while a person must choose, and as long as a choice stands.
        ("stated", "jsonb"),
        ("outcome", "jsonb"),
        ("candidates", "jsonb NOT NULL DEFAULT '[]'"),
    ),
    constraints=(refers("official_list_line_of", ("list_id",), "official_list"),),
    indexes=("CREATE INDEX official_list_line_found ON official_list_line (institution_id, found, list_id)",),
)
LIST_PROBLEM = institution_table(
    "official_list_problem",
    key=("list_id", "sequence"),
    columns=(
        ("list_id", "uuid NOT NULL"),
        ("sequence", "integer NOT NULL"),
        ("line", "integer NOT NULL"),
        ("column_name", "text NOT NULL DEFAULT ''"),
        ("code", "text NOT NULL"),
        ("facts", "jsonb NOT NULL DEFAULT '{}'"),
    ),
    constraints=(refers("official_list_problem_of", ("list_id",), "official_list"),),
)
LIST_CHOICE = institution_table(
    "official_list_choice",
    key=("person_index",),
    app="SELECT, INSERT, UPDATE (learner_id, actor_id, recorded_at)",
    columns=(("person_index", "bytea NOT NULL"), ("learner_id", "uuid"), *WHO_AND_WHEN),
)
LISTED_OUTCOME = Table(
    "listed_outcome",
    Distribution.LEARNER,
    Rows.AWARDED,
    app="SELECT, INSERT, UPDATE (withdrawn_at)",
    declared=Declared(
        columns=(
            ("learner_id", "uuid NOT NULL"),
            ("list_id", "uuid NOT NULL"),
            ("line", "integer NOT NULL"),
            ("member", "integer NOT NULL"),
            ("institution_id", "uuid NOT NULL"),
            ("outcome_type", "text NOT NULL"),
            ("outcome_key", "text NOT NULL"),
            ("title", "text NOT NULL"),
            ("list_title", "text NOT NULL"),
            ("issuer", "text NOT NULL DEFAULT ''"),
            ("issued_on", "date NOT NULL"),
            ("content", "jsonb NOT NULL"),
            ("recorded_at", "timestamptz NOT NULL"),
            ("withdrawn_at", "timestamptz"),
        ),
        key=("learner_id", "list_id", "line", "member"),
        indexes=("CREATE INDEX listed_outcome_list ON listed_outcome (institution_id, list_id)",),
    ),
)
LIST_PROPOSAL = Table(
    "list_proposal",
    Distribution.LEARNER,
    Rows.LEARNER,
    app="SELECT, INSERT, UPDATE (state, reason, claim_id, settled_at)",
    declared=Declared(
        columns=(
            ("learner_id", "uuid NOT NULL"),
            ("proposal_id", "uuid NOT NULL"),
            ("institution_id", "uuid NOT NULL"),
            ("outcome_key", "text NOT NULL"),
            ("state", "text NOT NULL"),
            ("reason", "text NOT NULL DEFAULT ''"),
            ("claim_id", "uuid"),
            ("created_at", "timestamptz NOT NULL"),
            ("settled_at", "timestamptz"),
        ),
        key=("learner_id", "proposal_id"),
        constraints=("CONSTRAINT list_proposal_once UNIQUE (learner_id, institution_id, outcome_key)",),
    ),
)

OFFICIAL_LISTS = (OFFICIAL_LIST, LIST_LINE, LIST_PROBLEM, LIST_CHOICE, LISTED_OUTCOME, LIST_PROPOSAL, LIST_KIND)
"""In the order they are created."""
