"""What a draft changes for 100,000 stored claims: python -m tests.perf.bench impact."""

from __future__ import annotations

from datetime import date
from time import perf_counter, process_time

from django.db import connections

from creditbank.domain.access import Actor, Role
from creditbank.domain.rules.compile import compile_rules
from creditbank.domain.rules.impact import Group, impact
from creditbank.domain.rules.read import read_rule_set
from creditbank.exchange.documents import read_document
from creditbank.gateways import clock
from creditbank.gateways.documents import packaged
from creditbank.queries.rule_impact import affected_by, first_affected
from creditbank.records.scope import acting_for
from creditbank.services.rules import publish_rule_version

CLAIMS, LEARNERS = 100_000, 20_000
FIRST, COMPLETE = 1.0, 2.0

_ENROL = """
INSERT INTO enrolment (learner_id, institution_id, student_number, name, name_en, name_sort, cohort,
  programme_code)
SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, %(institution)s, 'I' || n, '学生' || n, '', '', 2020 + n %% 4,
  'P' || n %% 30
FROM generate_series(1, %(learners)s) AS n RETURNING 1
"""

_CLAIM = """
INSERT INTO claim (learner_id, claim_id, institution_id, number, state, outcome_type, title, title_en, facts, families,
  row, verdict, credit, category, proposal, note, reason, rule_version_id, created_at, submitted_at, version)
SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(1 + n %% %(learners)s), 12, '0'))::uuid, uuidv7(), %(institution)s,
  'I' || n, 'deposited', 'innovation', '大赛', '', jsonb_build_object(
    'kind', CASE WHEN n %% 10 < 7 THEN 'contest' ELSE 'vocational' END, 'activity', '程序设计大赛第' || n || '场',
    'tier', (ARRAY['school', 'provincial', 'national'])[1 + n %% 3],
    'award', (ARRAY['third', 'second', 'first'])[1 + n / 3 %% 3],
    'organiser', (ARRAY['government', 'association'])[1 + n / 9 %% 2], 'role', (ARRAY['lead', 'member'])[1 + n / 18 %% 2],
    'certificate_level', 'level' || 3 + n %% 3, 'earned_on', '2026-05-' || 10 + n %% 20),
  '{{}}', '', 'recognise', 300, 'innovation', '[]', '', '', %(version)s,
  %(at)s, %(at)s - n * interval '4 minutes', 1
FROM generate_series(1, %(claims)s) AS n RETURNING 1
""".replace("{{}}", "{}")


def measure_impact(table, institution):
    """Store the claims, change one row of their rules, and count what that changes: first figures, then all."""
    with acting_for(institution=institution, purpose="bench") as scope:
        document = read_document(packaged("cn-innovation.yaml"), name="cn-innovation")
        version = publish_rule_version(
            scope=scope, document=document, effective_from=date(2010, 1, 1), actor=institution, at=clock.now()
        )
        values = {"institution": institution, "learners": LEARNERS, "claims": CLAIMS, "at": clock.now()}
        scope.fetch(_ENROL, values)
        scope.fetch(_CLAIM, values | {"version": version.id})
    with connections["owner"].cursor() as cursor:
        cursor.execute("ANALYZE claim, enrolment")
    before = compile_rules(read_rule_set(document))
    row = next(row for one in document["tables"] for row in one["rows"] if row["id"] == "provincial-second")
    row["give"] = row["give"] | {"credit": "5"}
    on, desk = clock.today("Asia/Shanghai"), Actor(None, institution, None, frozenset({Role.REGISTRAR}))
    asked = {"code": "cn-innovation", "before": before, "on": on}
    for name, ask, limit in (("first figures of them", first_affected, FIRST), ("all of them", affected_by, COMPLETE)):
        spent, used, found = [], [], None
        for _ in range(3):  # each time compiled anew, as after each change of a cell
            after = compile_rules(read_rule_set(document))
            with acting_for(institution=institution, purpose="bench") as scope:
                began, cpu = perf_counter(), process_time()
                found = ask(scope, desk, after=after, **asked)
                spent.append(perf_counter() - began)
                used.append(process_time() - cpu)
        note = f"{found.impact.count:,} claims, {len(found.impact.changed):,} groups change; {min(used):.2f} s CPU here"
        table.add(
            f"impact over {CLAIMS:,} stored claims, {name}", min(spent), "s", limit=limit, least=False, note=note,
            baseline=_one_by_one(institution, before, after) if ask is affected_by else "",
        )  # fmt: skip


def _one_by_one(institution, before, after):
    """Seconds of the same answer with each claim fetched and asked by itself, as the baseline."""
    began = perf_counter()
    with acting_for(institution=institution, purpose="bench") as scope:
        rows = scope.fetch(
            "SELECT facts FROM claim WHERE institution_id = %s AND number LIKE 'I%%' LIMIT 20000", [institution]
        )
    import json

    impact(
        before, after, (Group(json.loads(facts) if isinstance(facts, str) else facts, "", "", 1) for (facts,) in rows)
    )
    return f"20,000 claims, each by itself {perf_counter() - began:.2f} s"
