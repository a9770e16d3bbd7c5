"""The tables of official lists: uploads, lines, what they say of learners, choices and proposals."""

from __future__ import annotations

from creditbank.records.declaration import Declared, Distribution, Rows, Table

OFFICIAL_LIST = Table(
    "official_list",
    Distribution.INSTITUTION,
    Rows.INSTITUTION,
    app="SELECT, INSERT, UPDATE (state, withdrawn_at, withdrawn_by, matched_at)",
    declared=Declared(
        columns=(
            ("institution_id", "uuid NOT NULL"),
            ("list_id", "uuid NOT NULL"),
            ("kind", "text NOT NULL"),
            ("series", "text NOT NULL"),
            ("title", "text NOT NULL"),
            ("issuer", "text NOT NULL DEFAULT ''"),
            ("issued_on", "date NOT NULL"),
            ("outcome_type", "text NOT NULL"),
            ("all_ours", "boolean NOT NULL"),
            ("file_name", "text NOT NULL"),
            ("file_hash", "text NOT NULL"),
            ("mapping_hash", "text NOT NULL"),
            ("encoding", "text NOT NULL DEFAULT ''"),
            ("rows_total", "integer NOT NULL"),
            ("rows_refused", "integer NOT NULL"),
            ("rows_left", "integer NOT NULL"),
            ("state", "text NOT NULL"),
            ("actor_id", "uuid NOT NULL"),
            ("recorded_at", "timestamptz NOT NULL"),
            ("matched_at", "timestamptz NOT NULL"),
            ("withdrawn_at", "timestamptz"),
            ("withdrawn_by", "uuid"),
        ),
        key=("institution_id", "list_id"),
        indexes=("CREATE INDEX official_list_series ON official_list (institution_id, series)",),
    ),
)
LIST_LINE = Table(
    "official_list_line",
    Distribution.INSTITUTION,
    Rows.INSTITUTION,
    app="SELECT, INSERT, UPDATE (found, learner_id, explanation, stated, outcome, candidates)",
    declared=Declared(
        columns=(
            ("institution_id", "uuid NOT NULL"),
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
        key=("institution_id", "list_id", "line", "member"),
        constraints=(
            (
                "CONSTRAINT official_list_line_of FOREIGN KEY (institution_id, list_id)"
                " REFERENCES official_list (institution_id, list_id)"
            ),
        ),
        indexes=("CREATE INDEX official_list_line_found ON official_list_line (institution_id, found, list_id)",),
    ),
)
LIST_PROBLEM = Table(
    "official_list_problem",
    Distribution.INSTITUTION,
    Rows.INSTITUTION,
    declared=Declared(
        columns=(
            ("institution_id", "uuid NOT NULL"),
            ("list_id", "uuid NOT NULL"),
            ("sequence", "integer NOT NULL"),
            ("line", "integer NOT NULL"),
            ("column_name", "text NOT NULL DEFAULT ''"),
            ("code", "text NOT NULL"),
            ("facts", "jsonb NOT NULL DEFAULT '{}'"),
        ),
        key=("institution_id", "list_id", "sequence"),
        constraints=(
            (
                "CONSTRAINT official_list_problem_of FOREIGN KEY (institution_id, list_id)"
                " REFERENCES official_list (institution_id, list_id)"
            ),
        ),
    ),
)
LIST_CHOICE = Table(
    "official_list_choice",
    Distribution.INSTITUTION,
    Rows.INSTITUTION,
    app="SELECT, INSERT, UPDATE (learner_id, actor_id, recorded_at)",
    declared=Declared(
        columns=(
            ("institution_id", "uuid NOT NULL"),
            ("person_index", "bytea NOT NULL"),
            ("learner_id", "uuid"),
            ("actor_id", "uuid NOT NULL"),
            ("recorded_at", "timestamptz NOT NULL"),
        ),
        key=("institution_id", "person_index"),
    ),
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

OFFICIAL_LISTS = (OFFICIAL_LIST, LIST_LINE, LIST_PROBLEM, LIST_CHOICE, LISTED_OUTCOME, LIST_PROPOSAL)
"""In the order they are created."""
