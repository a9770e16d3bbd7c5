"""Bring a bank's database to the shape this program knows, and found its centre."""

from __future__ import annotations

from uuid import UUID

from django.core.management import call_command
from django.db import connections, transaction
from django.db.migrations.executor import MigrationExecutor

from creditbank.gateways.database import DatabaseProblem
from creditbank.gateways.database_roles import user_of
from creditbank.records.institutions import Institution
from creditbank.records.logins import apply_access
from creditbank.records.scope import acting_for
from creditbank.services.official_lists.marks import mark_claims


def migrate_bank() -> None:
    """Run what is missing of the migration history as the owner, put policies and grants in place, fill what is new."""
    call_command("migrate", database="owner", verbosity=0, interactive=False)
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        apply_access(cursor, {login: user_of(login) for login in ("app", "sequencer", "auditor")})
        cursor.execute("SELECT DISTINCT institution_id FROM official_list")
        with_lists = [institution for (institution,) in cursor.fetchall()]
    for institution in with_lists:
        # What an older program did not keep; a second time it finds nothing to do.
        with acting_for(institution=institution, purpose="migrate") as scope:
            mark_claims(scope=scope)


def require_migrated() -> None:
    """Refuse to work on a database of another shape.

    Raises:
        DatabaseProblem: migrations are missing; nothing was changed.
    """
    executor = MigrationExecutor(connections["owner"])
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        raise DatabaseProblem(
            en=f"The bank's database is older than this program: {len(missing)} migrations to go. Nothing was changed."
            " Run: creditbank migrate",
            zh=f"学分银行的数据库缺少 {len(missing)} 个迁移。没有任何改动。请运行：creditbank migrate",
        )


def found_institution(
    *,
    institution_id: UUID,
    kind: Institution.Kind,
    code: str,
    name: str,
    name_en: str,
    parent: UUID | None = None,
    zone: str = "Asia/Shanghai",
    publicity_days: int = 0,
) -> Institution:
    """Add an institution, or return the one that has this code already.

    Raises:
        ValueError: a second centre, or a code that is no short name of letters, digits and hyphens.
    """
    if not code or not code.replace("-", "").isalnum():
        raise ValueError(f"an institution's code has letters, digits and hyphens, not {code!r}")
    with acting_for(institution=institution_id if parent is None else parent, purpose="found") as scope:
        known = scope.rows(Institution).filter(code=code).first()
        if known is not None:
            return known  # type: ignore[no-any-return]
        if parent is None and scope.rows(Institution).filter(kind=Institution.Kind.CENTRE).exists():
            raise ValueError("a bank has one centre; name the institution it belongs under")
        return scope.rows(Institution).create(  # type: ignore[no-any-return]
            id=institution_id,
            kind=kind,
            code=code,
            name=name,
            name_en=name_en,
            parent_id=parent,
            zone=zone,
            publicity_days=publicity_days,
        )
