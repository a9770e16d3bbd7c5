"""The one declaration of every table: distribution, tenant column, policy, grants, keys."""

from __future__ import annotations

from creditbank.domain.masterdata.sets import OUTCOME_TYPES
from creditbank.records.declaration import Distribution, Rows, Table, View
from creditbank.records.ledger import LEDGER, VIEWS
from creditbank.records.official_lists import OFFICIAL_LISTS
from creditbank.records.outcome_catalogue import OUTCOME_CATALOGUE
from creditbank.records.registrar import REGISTRAR

# A scalar sub-query is evaluated once for a statement, the bare function once for every row.
PERSON = "(SELECT NULLIF(current_setting('bank.person', true), '')::uuid)"
INSTITUTION = "(SELECT NULLIF(current_setting('bank.institution', true), '')::uuid)"
# Most statements add one row, where beginning a sub-query costs more than asking once for each row.
ADDER = "NULLIF(current_setting('bank.institution', true), '')::uuid"

PUBLIC_KIND = OUTCOME_TYPES.code
"""The kind of edition that everybody reads once it is published."""

_L, _I, _R, _O = Distribution.LEARNER, Distribution.INSTITUTION, Distribution.REFERENCE, Distribution.LOCAL

TABLES: tuple[Table, ...] = (
    # An institution never moves itself below another one, where it would read what is published there.
    Table(
        "institution",
        _R,
        Rows.TREE,
        app="SELECT, INSERT, UPDATE (kind, code, name, name_en, zone, publicity_days, contact, appeal_days,"
        " appeal_panel)",
    ),
    Table("academic_year", _R, Rows.PUBLISHED, app="SELECT, INSERT, UPDATE, DELETE"),
    Table("term", _R, Rows.PUBLISHED, app="SELECT, INSERT, UPDATE, DELETE"),
    Table("account", _O, Rows.OPAQUE, app="SELECT, INSERT, UPDATE", auditor="SELECT (id, is_active, created_at)"),
    # Asked before anybody is known: by a keyed index, never by an address. Nothing of them is for the auditor.
    Table("account_contact", _O, Rows.OPAQUE, app="SELECT, INSERT, DELETE, UPDATE (account_id)", auditor=""),
    Table("external_identity", _O, Rows.OPAQUE, app="SELECT, INSERT, DELETE, UPDATE (account_id)", auditor=""),
    Table(
        "account_code",
        _O,
        Rows.OPAQUE,
        app="SELECT, INSERT, DELETE, UPDATE (tries, proven_at, used_at)",
        auditor="",
    ),
    Table("account_factor", _O, Rows.PERSONAL, app="SELECT, INSERT, DELETE, UPDATE (counter, used_at)", auditor=""),
    Table("membership", _R, Rows.MEMBER, app="SELECT, INSERT, UPDATE"),
    Table("learner", _L, Rows.AWARDED, app="SELECT, INSERT, UPDATE (national_id, national_id_index)"),
    Table("enrolment", _L, Rows.AWARDED, app="SELECT, INSERT, UPDATE"),
    Table("learner_number", _I, Rows.INSTITUTION, app="SELECT, INSERT, UPDATE (learner_id)"),
    Table(
        "binding_code",
        _I,
        Rows.INSTITUTION,
        app="SELECT, INSERT, UPDATE (code_hash, tries, issued_by, issued_at, expires_at, used_at)",
        auditor="",
    ),
    Table("outcome_type", _R, Rows.PUBLISHED, app="SELECT, INSERT, UPDATE"),
    Table("course", _R, Rows.PUBLISHED, app="SELECT, INSERT, UPDATE"),
    Table("rule_set", _R, Rows.PUBLISHED),
    Table(
        "rule_version",
        _R,
        Rows.PUBLISHED,
        app="SELECT, INSERT, UPDATE (state, effective_from, effective_until)",
    ),
    Table(
        "rule_draft",
        _R,
        Rows.INSTITUTION,
        app="SELECT, INSERT, UPDATE (text, content, content_hash, applies, state, revision, authors, version_id,"
        " saved_at, saved_by)",
    ),
    Table("rule_draft_act", _R, Rows.INSTITUTION),
    Table("rule_act", _R, Rows.PUBLISHED),
    Table("rule_case", _R, Rows.INSTITUTION),
    Table("row_explanation", _R, Rows.PUBLISHED),
    Table("programme", _R, Rows.PUBLISHED),
    Table("claim", _L, Rows.LEARNER, app="SELECT, INSERT, UPDATE"),
    Table("claim_event", _L, Rows.LEARNER),
    Table("evidence", _L, Rows.LEARNER),
    Table("conversion_application", _L, Rows.AWARDED, app="SELECT, INSERT, UPDATE"),
    # An appeal holds the same credit anew.
    Table("conversion_use", _L, Rows.AWARDED, app="SELECT, INSERT, UPDATE (hold_id)"),
    Table("conversion_event", _L, Rows.AWARDED),
    Table("letter", _L, Rows.AWARDED),
    Table(
        "appeal",
        _L,
        Rows.AWARDED,
        app="SELECT, INSERT, UPDATE (state, reason, seats, seated_by, seated_at, decided_at, granted, version)",
    ),
    # Who sits and how they voted is the office's alone.
    Table(
        "panel_member",
        _I,
        Rows.INSTITUTION,
        app="SELECT, INSERT, UPDATE (stepped_aside, credit, category, grade, reason, voted_at)",
    ),
    Table(
        "objection",
        _L,
        Rows.AWARDED,
        app="SELECT, INSERT, UPDATE (state, reply, replied_at, answer, answered_by, answered_at)",
    ),
    # Who raised it is never the learner's to read.
    Table("objection_source", _I, Rows.INSTITUTION),
    Table("scheduled_command", _I, Rows.INSTITUTION, app="SELECT, INSERT, DELETE, UPDATE (executed_at, outcome)"),
    Table("import_run", _I, Rows.INSTITUTION, app="SELECT, INSERT, UPDATE"),
    Table("import_problem", _I, Rows.INSTITUTION),
    # Only which lot stands for a result moves: of the passes of one course, one has the credit.
    Table("result", _L, Rows.AWARDED, app="SELECT, INSERT, UPDATE (lot_id)"),
    Table("opening_lot", _L, Rows.AWARDED, app="SELECT, INSERT, UPDATE (taken_back)"),
    Table(
        "reversal_request",
        _I,
        Rows.INSTITUTION,
        app="SELECT, INSERT, UPDATE (state, decided_by, decided_at, postings)",
    ),
    Table("data_fact", _I, Rows.INSTITUTION),
    Table("data_row", _I, Rows.INSTITUTION, app="SELECT, INSERT, UPDATE, DELETE"),
    Table("sheet_mapping", _I, Rows.INSTITUTION, app="SELECT, INSERT, UPDATE"),
    Table("data_source", _I, Rows.INSTITUTION, app="SELECT, INSERT, UPDATE"),
    Table("framework_row", _R, Rows.ANNOUNCED, app="SELECT, INSERT, UPDATE, DELETE"),
    Table("education_provider", _R, Rows.ANNOUNCED, app="SELECT, INSERT, UPDATE, DELETE"),
    Table("education_resource", _R, Rows.ANNOUNCED, app="SELECT, INSERT, UPDATE, DELETE"),
    Table("education_offering", _R, Rows.ANNOUNCED, app="SELECT, INSERT, UPDATE, DELETE"),
    Table(
        "edition",
        _R,
        Rows.INHERITED,
        app="SELECT, INSERT, UPDATE (published_by, published_at, withdrawn_by, withdrawn_at)",
    ),
    Table("adoption", _R, Rows.REPORTED, app="SELECT, INSERT, UPDATE"),
    Table("progress", _L, Rows.AWARDED, app="SELECT, INSERT, UPDATE, DELETE"),
    Table("operation", _R, Rows.JOURNAL),
    Table("access_line", _L, Rows.AWARDED),
    Table("notice", _L, Rows.LEARNER, app="SELECT, INSERT, UPDATE (read_at)"),
    Table("desk_notice", _I, Rows.INSTITUTION, app="SELECT, INSERT, UPDATE (closed_at, closed_by)"),
    Table("throttle", _O, Rows.OPAQUE, app="SELECT, INSERT, UPDATE, DELETE", auditor=""),
    *LEDGER,
    *REGISTRAR,
    *OFFICIAL_LISTS,
    *OUTCOME_CATALOGUE,
)

FRAMEWORK_TABLES = (
    "django_session",
    "django_content_type",
    "django_migrations",
    "auth_permission",
    "auth_group",
    "auth_group_permissions",
)
"""Tables that Django keeps for itself; only the session is written while the bank runs."""


def policies(table: Table) -> list[str]:
    """The SQL that puts a table's row-level policies in place, for the logins ``{app}`` and ``{auditor}``."""
    own = f"institution_id = {INSTITUTION}"
    learner = f"learner_id = {PERSON} OR {own}"
    adds = left = None
    match table.rows:
        case Rows.OPAQUE:
            return [f"ALTER TABLE {table.name} DISABLE ROW LEVEL SECURITY"]
        case Rows.LEARNER:
            reads, writes = learner, learner
        case Rows.AWARDED:
            # A learner's own session can never give itself credit, a result or an enrolment.
            reads, writes = learner, own
            adds = f"institution_id = {ADDER}"
        case Rows.KEPT:
            # What may be changed may be locked; nothing passes the check of what it was changed to.
            reads, writes, adds, left = learner, own, "false", "false"
        case Rows.INSTITUTION:
            reads, writes = own, own
        case Rows.MEMBER:
            reads, writes = f"account_id = {PERSON} OR {own}", own
        case Rows.PERSONAL:
            reads = writes = f"account_id = {PERSON}"
        case Rows.PUBLISHED:
            reads, writes = "true", own
        case Rows.ANNOUNCED:
            reads, writes = f"published OR {own}", own
        case Rows.INHERITED:
            above = f"institution_id IN (SELECT institutions_above({INSTITUTION}) AS institutions_above)"
            # Which outcomes a school takes is read by whoever claims one, as the table of outcome types is.
            public = f"kind = '{PUBLIC_KIND}'"
            reads, writes = f"{own} OR (published_at IS NOT NULL AND ({public} OR {above}))", own
        case Rows.REPORTED:
            reads, writes = f"{own} OR publisher_id = {INSTITUTION}", own
        case Rows.TREE:
            reads, writes = "true", f"id = {INSTITUTION} OR parent_id = {INSTITUTION}"
        case Rows.JOURNAL:
            reads = f"actor_id = {PERSON} OR {own}"
            # A line carries the names that were acted for: no other institution's, no other person's.
            here = f"({own} OR (institution_id IS NULL AND {INSTITUTION} IS NULL))"
            writes = f"{here} AND ({PERSON} IS NULL OR actor_id = {PERSON})"
    sql = [f"ALTER TABLE {table.name} ENABLE ROW LEVEL SECURITY"]
    sql += [
        f"DROP POLICY IF EXISTS {name} ON {table.name}" for name in ("reads", "adds", "changes", "removes", "audits")
    ]
    sql += [
        f"CREATE POLICY reads ON {table.name} FOR SELECT TO {{app}} USING ({reads})",
        f"CREATE POLICY adds ON {table.name} FOR INSERT TO {{app}} WITH CHECK ({adds or writes})",
        f"CREATE POLICY changes ON {table.name} FOR UPDATE TO {{app}} USING ({writes}) WITH CHECK ({left or writes})",
        f"CREATE POLICY removes ON {table.name} FOR DELETE TO {{app}} USING ({writes})",
        f"CREATE POLICY audits ON {table.name} FOR SELECT TO {{auditor}} USING (true)",
    ]
    return sql


def grants(table: Table) -> list[str]:
    """The SQL that gives each login exactly what the table declares, and nothing else."""
    sql = [f"REVOKE ALL ON {table.name} FROM PUBLIC, {{app}}, {{sequencer}}, {{auditor}}"]
    sql += [
        f"GRANT {privileges} ON {table.name} TO {{{login}}}"
        for login, privileges in (
            ("app", table.app),
            ("sequencer", table.sequencer),
            ("auditor", table.auditor),
        )
        if privileges
    ]
    return sql


def definition(table: Table) -> list[str]:
    """The SQL that creates a declared table with its keys and indexes.

    Raises:
        ValueError: the table is a Django model, whose shape its migration holds.
    """
    if table.declared is None:
        raise ValueError(f"{table.name} is a Django model")
    shape = table.declared
    lines = [f"{name} {kind}" for name, kind in shape.columns]
    lines += [f"PRIMARY KEY ({', '.join(shape.key)})", *shape.constraints]
    return [f"CREATE TABLE {table.name} (\n  " + ",\n  ".join(lines) + "\n)", *shape.indexes, *shape.triggers]


def view_definition(view: View) -> str:
    """The SQL that creates a view; the policies of its table hold for whoever reads it."""
    return f"CREATE VIEW {view.name} WITH (security_invoker = true) AS\n{view.query}"


def access_statements() -> list[str]:
    """All policies and grants, safe to run again after each migration."""
    sql: list[str] = []
    for table in TABLES:
        sql += policies(table) + grants(table)
    for view in VIEWS:
        sql.append(f"REVOKE ALL ON {view.name} FROM PUBLIC, {{app}}, {{sequencer}}, {{auditor}}")
        sql.append(f"GRANT SELECT ON {view.name} TO {{app}}, {{auditor}}")
    for name in FRAMEWORK_TABLES:
        sql.append(f"REVOKE ALL ON {name} FROM PUBLIC, {{app}}, {{sequencer}}, {{auditor}}")
        sql.append(f"GRANT SELECT ON {name} TO {{app}}")
    sql.append("GRANT SELECT, INSERT, UPDATE, DELETE ON django_session TO {app}")
    sql.append("GRANT EXECUTE ON FUNCTION learner_of_identity(bytea[]) TO {app}")
    sql.append("GRANT EXECUTE ON FUNCTION institutions_above(uuid) TO {app}")
    sql.append("GRANT EXECUTE ON FUNCTION withdraw_learners(uuid, timestamptz, text[]) TO {app}")
    return sql
