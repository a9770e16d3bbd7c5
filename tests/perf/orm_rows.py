"""The ledger as an ORM would keep it, row by row: the baseline that the set-based path is measured against."""

from __future__ import annotations

from dataclasses import replace

from django.db import connections, models

from creditbank.records.declaration import Rows
from creditbank.records.ledger import BALANCE, DIRTY, IDEMPOTENCY, LEAF_SALT, LOG_OUTBOX, LOT, POSTING
from creditbank.records.tables import definition, policies

SCHEMA = "by_rows"
REFERENCES = {
    "lot": "FOREIGN KEY (institution_id) REFERENCES public.institution (id)",
    "posting": "FOREIGN KEY (learner_id, lot_id) REFERENCES {schema}.lot (learner_id, lot_id), ADD CHECK (amount > 0)",
    "balance": "FOREIGN KEY (learner_id, lot_id) REFERENCES {schema}.lot (learner_id, lot_id), ADD CHECK (amount >= 0)",
}
"""What the bank's own triggers ask of a whole statement, asked of each row as an ORM declares it."""


def prepare(app):
    """Make the same tables with the same keys, checks and policies in a schema of their own, for one login."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {SCHEMA}")
        cursor.execute(f"GRANT USAGE ON SCHEMA {SCHEMA} TO {app}")
        cursor.execute(f"SET search_path TO {SCHEMA}, public")
        for table in (LOT, POSTING, BALANCE, IDEMPOTENCY, LEAF_SALT, DIRTY, LOG_OUTBOX):
            # Through an ORM the application itself keeps the balances.
            rows = Rows.AWARDED if table is BALANCE else table.rows
            plain = replace(table, rows=rows, declared=replace(table.declared, triggers=()))
            for statement in definition(plain) + policies(plain):
                cursor.execute(statement.format(app=app, auditor=app))
            if table.name in REFERENCES:
                cursor.execute(f"ALTER TABLE {table.name} ADD {REFERENCES[table.name].format(schema=SCHEMA)}")
            cursor.execute(f"GRANT SELECT, INSERT ON {table.name} TO {app}")
        cursor.execute("RESET search_path")


def _model(name, table, keys, **fields):
    meta = type("Meta", (), {"managed": False, "db_table": f'{SCHEMA}"."{table}', "app_label": "records"})
    return type(
        name,
        (models.Model,),
        {"__module__": __name__, "Meta": meta, "pk": models.CompositePrimaryKey(*keys), **fields},
    )


class _Enum(models.TextField):
    """A column of one of the ledger's enumerations."""

    def __init__(self, enum):
        super().__init__()
        self.enum = enum

    def db_type(self, connection):
        return self.enum


def _uuid():
    return models.UUIDField()


BenchLot = _model(
    "BenchLot", "lot", ("learner_id", "lot_id"),
    learner_id=_uuid(), lot_id=_uuid(), institution_id=_uuid(), source_kind=models.TextField(),
    outcome_type=models.TextField(), title=models.TextField(), title_en=models.TextField(), code=models.TextField(),
    category=models.TextField(), field=models.TextField(), unit=models.TextField(), amount=models.IntegerField(),
    earned_on=models.DateField(), term=models.TextField(), academic_year=models.TextField(), rule_row=models.TextField(),
)  # fmt: skip
BenchPosting = _model(
    "BenchPosting", "posting", ("learner_id", "posting_id"),
    learner_id=_uuid(), posting_id=_uuid(), institution_id=_uuid(), kind=_Enum("posting_kind"), lot_id=_uuid(),
    amount=models.IntegerField(), effective_on=models.DateField(), recorded_at=models.DateTimeField(), actor_id=_uuid(),
    reason=models.TextField(), from_state=_Enum("lot_state"), to_state=_Enum("lot_state"),
    to_version=models.IntegerField(), to_after=models.IntegerField(),
)  # fmt: skip
BenchBalance = _model(
    "BenchBalance", "balance", ("learner_id", "lot_id", "state"),
    learner_id=_uuid(), lot_id=_uuid(), state=_Enum("lot_state"), institution_id=_uuid(), amount=models.IntegerField(),
    version=models.IntegerField(), posting_id=_uuid(),
)  # fmt: skip
BenchIdempotency = _model(
    "BenchIdempotency", "idempotency", ("learner_id", "institution_id", "key"),
    learner_id=_uuid(), institution_id=_uuid(), key=models.TextField(), request_hash=models.BinaryField(), posting_id=_uuid(),
)  # fmt: skip
BenchSalt = _model(
    "BenchSalt", "leaf_salt", ("learner_id", "leaf_ref"),
    learner_id=_uuid(), leaf_ref=_uuid(), institution_id=_uuid(), salt=models.BinaryField(),
)  # fmt: skip
BenchOutbox = _model(
    "BenchOutbox", "log_outbox", ("stream", "leaf_ref"),
    stream=models.TextField(), leaf_ref=models.TextField(), subject_id=_uuid(), commitment=models.BinaryField(),
    queued_at=models.DateTimeField(),
)  # fmt: skip
BenchDirty = _model(
    "BenchDirty", "dirty", ("learner_id", "cause"), learner_id=_uuid(), cause=_uuid(), institution_id=_uuid(),
)  # fmt: skip


def deposit_by_rows(*, institution, deposit, lot_id, posting_id, salt, commitment, request_hash, actor, at):
    """One deposit, one statement for each table, in the caller's transaction."""
    learner, amount = deposit.learner_id, deposit.amount
    BenchIdempotency.objects.create(
        learner_id=learner,
        institution_id=institution,
        key=deposit.key,
        request_hash=request_hash,
        posting_id=posting_id,
    )
    BenchLot.objects.create(
        learner_id=learner, lot_id=lot_id, institution_id=institution, source_kind="claim",
        outcome_type=deposit.outcome_type, title=deposit.title, title_en="", code="", category=deposit.category, field="",
        unit="credit", amount=amount, earned_on=deposit.earned_on, term="", academic_year="", rule_row="",
    )  # fmt: skip
    BenchPosting.objects.create(
        learner_id=learner, posting_id=posting_id, institution_id=institution, kind="deposit", lot_id=lot_id,
        amount=amount, effective_on=deposit.effective_on, recorded_at=at, actor_id=actor, reason="bench.row",
        from_state="issued", to_state="available", to_version=1, to_after=amount,
    )  # fmt: skip
    BenchBalance.objects.create(
        learner_id=learner,
        lot_id=lot_id,
        state="available",
        institution_id=institution,
        amount=amount,
        version=1,
        posting_id=posting_id,
    )
    BenchSalt.objects.create(learner_id=learner, leaf_ref=posting_id, institution_id=institution, salt=salt)
    BenchOutbox.objects.create(
        stream="posting", leaf_ref=str(posting_id), subject_id=posting_id, commitment=commitment, queued_at=at
    )
    BenchDirty.objects.create(learner_id=learner, cause=posting_id, institution_id=institution)
