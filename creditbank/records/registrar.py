"""The tables of what went out to the registrar's system and what came back of it, by declaration."""

from __future__ import annotations

from creditbank.records.declaration import FILE, WHO_AND_WHEN, institution_table, refers

EXPORT_BATCH = institution_table(
    "export_batch",
    key=("batch_id",),
    columns=(
        ("batch_id", "uuid NOT NULL"),
        ("number", "integer NOT NULL CHECK (number > 0)"),
        ("until", "date NOT NULL"),
        ("mapping", "jsonb NOT NULL"),
        ("mapping_hash", "text NOT NULL"),
        *WHO_AND_WHEN,
        ("line_count", "integer NOT NULL"),
        ("offset_count", "integer NOT NULL"),
        ("resent_count", "integer NOT NULL"),
        ("hundredths", "bigint NOT NULL"),
        ("content_hash", "text NOT NULL"),
    ),
    constraints=("CONSTRAINT export_batch_number UNIQUE (institution_id, number)",),
)
EXPORT_LINE = institution_table(
    "export_line",
    key=("batch_id", "line"),
    columns=(
        ("batch_id", "uuid NOT NULL"),
        ("line", "integer NOT NULL CHECK (line > 0)"),
        ("learner_id", "uuid NOT NULL"),
        ("posting_id", "uuid NOT NULL"),
        ("kind", "text NOT NULL"),
        ("written", "boolean NOT NULL"),
        ("hundredths", "integer NOT NULL"),
        ("names_batch", "uuid"),
        ("names_line", "integer"),
        ("cells", "jsonb NOT NULL"),
    ),
    constraints=(
        refers("export_line_batch", ("batch_id",), "export_batch"),
        refers("export_line_names", ("names_batch", "names_line"), "export_line", ("batch_id", "line")),
        "CONSTRAINT export_line_named CHECK ((names_batch IS NULL) = (names_line IS NULL))",
    ),
    indexes=(
        # A posting goes out once; sending a line again is another thing, and happens once for each line.
        "CREATE UNIQUE INDEX export_line_once ON export_line (institution_id, posting_id) WHERE kind <> 'resend'",
        (
            "CREATE UNIQUE INDEX export_line_resent_once ON export_line (institution_id, names_batch,"
            " names_line) WHERE kind = 'resend'"
        ),
    ),
)
EXPORT_RESEND = institution_table(
    "export_resend",
    key=("batch_id", "line"),
    columns=(("batch_id", "uuid NOT NULL"), ("line", "integer NOT NULL"), *WHO_AND_WHEN),
    constraints=(refers("export_resend_line", ("batch_id", "line"), "export_line"),),
)
RECONCILIATION = institution_table(
    "reconciliation",
    key=("reconciliation_id",),
    columns=(
        ("reconciliation_id", "uuid NOT NULL"),
        ("batch_id", "uuid NOT NULL"),
        *FILE,
        ("encoding", "text NOT NULL"),
        ("status_head", "text NOT NULL DEFAULT ''"),
        ("sheet_on", "date NOT NULL"),
        *WHO_AND_WHEN,
    ),
    constraints=(
        refers("reconciliation_batch", ("batch_id",), "export_batch"),
        "CONSTRAINT reconciliation_once UNIQUE (institution_id, batch_id, file_hash, mapping_hash)",
    ),
)
RECONCILIATION_LINE = institution_table(
    "reconciliation_line",
    key=("reconciliation_id", "sequence"),
    columns=(
        ("reconciliation_id", "uuid NOT NULL"),
        ("sequence", "integer NOT NULL"),
        ("outcome", "text NOT NULL"),
        ("sheet_row", "integer"),
        ("voucher", "text NOT NULL DEFAULT ''"),
        ("batch_id", "uuid"),
        ("line", "integer"),
        ("reason", "text NOT NULL DEFAULT ''"),
        ("detail", "jsonb NOT NULL DEFAULT '{}'"),
    ),
    constraints=(
        refers("reconciliation_line_of", ("reconciliation_id",), "reconciliation"),
        refers("reconciliation_line_names", ("batch_id", "line"), "export_line"),
        "CONSTRAINT reconciliation_line_named CHECK ((batch_id IS NULL) = (line IS NULL))",
    ),
    indexes=(
        (
            "CREATE INDEX reconciliation_line_batch ON reconciliation_line (institution_id, batch_id, line)"
            " WHERE batch_id IS NOT NULL"
        ),
    ),
)

REGISTRAR = (EXPORT_BATCH, EXPORT_LINE, EXPORT_RESEND, RECONCILIATION, RECONCILIATION_LINE)
"""In the order they are created. Rows are only ever added: no login may change or remove one."""
