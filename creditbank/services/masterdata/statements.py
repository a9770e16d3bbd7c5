"""The SQL of master data: every step takes a whole batch."""

from __future__ import annotations

FACTS = """
SELECT fact.key, fact.as_of, fact.run_id IS NULL, fact.recorded_at, fact.content::text
FROM unnest(%(keys)b::text[]) AS given(key)
JOIN data_fact AS fact ON fact.institution_id = %(institution_id)s AND fact.data_set = %(data_set)s
  AND fact.key = given.key
LEFT JOIN import_run AS run ON run.institution_id = fact.institution_id AND run.run_id = fact.run_id
WHERE run.state IS DISTINCT FROM 'reverted'
"""

FACTS_OF_DAY = (
    FACTS
    + """
  AND fact.as_of = %(as_of)s AND run.file_hash = %(file_hash)s
"""
)

ROWS = """
SELECT stored.key, stored.content::text, stored.since::text, stored.label
FROM unnest(%(keys)b::text[]) AS given(key)
JOIN data_row AS stored ON stored.institution_id = %(institution_id)s AND stored.data_set = %(data_set)s
  AND stored.key = given.key
"""

NEW_FACTS = """
INSERT INTO data_fact (institution_id, data_set, key, fact_id, as_of, recorded_at, run_id, line, actor_id, content)
SELECT %(institution_id)s::uuid, %(data_set)s, key, fact_id, %(as_of)s::date, %(at)s::timestamptz, %(run_id)s::uuid,
  line, %(actor_id)s::uuid, content::jsonb
FROM unnest(%(key)b::text[], %(fact_id)b::uuid[], %(line)b::int[], %(content)b::text[])
  AS given(key, fact_id, line, content)
RETURNING 1
"""

NEW_ROWS = """
INSERT INTO data_row (institution_id, data_set, key, content, since, contested, retired, label, label_sort)
SELECT %(institution_id)s::uuid, %(data_set)s, key, content::jsonb, since::jsonb, contested::jsonb, retired = 1, label,
  label_sort
FROM unnest(%(key)b::text[], %(content)b::text[], %(since)b::text[], %(contested)b::text[], %(retired)b::smallint[],
  %(label)b::text[], %(label_sort)b::text[])
  AS given(key, content, since, contested, retired, label, label_sort)
ON CONFLICT (institution_id, data_set, key) DO UPDATE SET content = EXCLUDED.content, since = EXCLUDED.since,
  contested = EXCLUDED.contested, retired = EXCLUDED.retired, label = EXCLUDED.label, label_sort = EXCLUDED.label_sort
WHERE (data_row.content, data_row.since, data_row.contested)
  IS DISTINCT FROM (EXCLUDED.content, EXCLUDED.since, EXCLUDED.contested)
RETURNING 1
"""

GONE_ROWS = """
DELETE FROM data_row WHERE institution_id = %(institution_id)s AND data_set = %(data_set)s
  AND key = ANY(%(keys)b::text[])
RETURNING 1
"""

CHANGES_OF = """
SELECT content->>'student', content::text FROM data_row
WHERE institution_id = %(institution_id)s AND data_set = 'changes' AND content->>'student' = ANY(%(keys)b::text[])
"""

MISSING = """
SELECT key, label FROM data_row
WHERE institution_id = %(institution_id)s AND data_set = %(data_set)s AND NOT retired
  AND NOT EXISTS (SELECT FROM unnest(%(keys)b::text[]) AS given(key) WHERE given.key = data_row.key)
ORDER BY key
"""

NEW_PROBLEMS = """
INSERT INTO import_problem (institution_id, run_id, sequence, line, "column", code, facts)
SELECT %(institution_id)s::uuid, %(run_id)s::uuid, sequence, line, col, code, facts::jsonb
FROM unnest(%(sequence)b::int[], %(line)b::int[], %(col)b::text[], %(code)b::text[], %(facts)b::text[])
  AS given(sequence, line, col, code, facts)
RETURNING 1
"""

LEARNERS = """
SELECT number.student_number, number.learner_id
FROM unnest(%(keys)b::text[]) AS given(key)
JOIN learner_number AS number ON number.institution_id = %(institution_id)s AND number.student_number = given.key
"""

NUMBERS = """
SELECT number.learner_id, number.student_number
FROM unnest(%(learner_id)b::uuid[]) AS given(learner_id)
JOIN learner_number AS number ON number.institution_id = %(institution_id)s AND number.learner_id = given.learner_id
"""

IDENTITIES = "SELECT found_index, found_learner FROM learner_of_identity(%(wanted)b::bytea[])"

NEW_NUMBERS = """
INSERT INTO learner_number (institution_id, student_number, learner_id)
SELECT %(institution_id)s::uuid, number, learner_id
FROM unnest(%(number)b::text[], %(learner_id)b::uuid[]) AS given(number, learner_id)
RETURNING 1
"""

# Another school may have opened the account; its row is not ours to see.
NEW_LEARNERS = """
INSERT INTO learner (learner_id, institution_id, opened_at)
SELECT learner_id, %(institution_id)s::uuid, %(at)s::timestamptz
FROM unnest(%(learner_id)b::uuid[]) AS given(learner_id)
RETURNING 1
"""

SEALED = """
UPDATE learner SET national_id = given.national_id, national_id_index = given.found
FROM unnest(%(learner_id)b::uuid[], %(national_id)b::bytea[], %(found)b::bytea[])
  AS given(learner_id, national_id, found)
WHERE learner.learner_id = given.learner_id AND learner.institution_id = %(institution_id)s
  AND learner.national_id_index IS DISTINCT FROM given.found
RETURNING 1
"""

ENROLMENTS = """
INSERT INTO enrolment (learner_id, institution_id, college_id, student_number, name, name_en, name_sort, cohort,
  programme_code, major_code, class_code, status)
SELECT learner_id, %(institution_id)s::uuid, college_id, number, name, name_en, name_sort, cohort, programme, major,
  class, status
FROM unnest(%(learner_id)b::uuid[], %(college_id)b::uuid[], %(with_college)b::smallint[], %(number)b::text[],
  %(name)b::text[], %(name_en)b::text[], %(name_sort)b::text[], %(cohort)b::smallint[], %(programme)b::text[],
  %(major)b::text[], %(class)b::text[], %(status)b::text[])
  AS given(learner_id, college_id, with_college, number, name, name_en, name_sort, cohort, programme, major, class,
    status)
ON CONFLICT (learner_id, institution_id) DO NOTHING
RETURNING 1
"""

# What the roster does not say stays as it was made known otherwise.
ENROLMENTS_CHANGED = """
UPDATE enrolment SET
  college_id = CASE WHEN with_college = 1 THEN given.college_id ELSE enrolment.college_id END,
  student_number = number,
  name = coalesce(nullif(given.name, ''), enrolment.name),
  name_en = coalesce(nullif(given.name_en, ''), enrolment.name_en),
  name_sort = coalesce(nullif(given.name_sort, ''), enrolment.name_sort),
  cohort = coalesce(given.cohort, enrolment.cohort),
  programme_code = coalesce(nullif(programme, ''), programme_code),
  major_code = major, class_code = class, status = given.status
FROM unnest(%(learner_id)b::uuid[], %(college_id)b::uuid[], %(with_college)b::smallint[], %(number)b::text[],
  %(name)b::text[], %(name_en)b::text[], %(name_sort)b::text[], %(cohort)b::smallint[], %(programme)b::text[],
  %(major)b::text[], %(class)b::text[], %(status)b::text[])
  AS given(learner_id, college_id, with_college, number, name, name_en, name_sort, cohort, programme, major, class,
    status)
WHERE enrolment.learner_id = given.learner_id AND enrolment.institution_id = %(institution_id)s
  AND (
    (with_college = 1 AND enrolment.college_id IS DISTINCT FROM given.college_id)
    OR (student_number, major_code, class_code, enrolment.status) <> (number, major, class, given.status)
    OR given.name NOT IN ('', enrolment.name) OR given.name_en NOT IN ('', enrolment.name_en)
    OR given.name_sort NOT IN ('', enrolment.name_sort)
    OR enrolment.cohort IS DISTINCT FROM coalesce(given.cohort, enrolment.cohort)
    OR programme NOT IN ('', programme_code)
  )
RETURNING 1
"""

COURSES = """
INSERT INTO course (id, institution_id, code, name, name_en, credit, level, field, nature, hours, assessment, category,
  retired)
SELECT id, %(institution_id)s::uuid, code, name, name_en, credit, level, field, nature, hours, assessment, category,
  retired = 1
FROM unnest(%(id)b::uuid[], %(code)b::text[], %(name)b::text[], %(name_en)b::text[], %(credit)b::int[],
  %(level)b::smallint[], %(field)b::text[], %(nature)b::text[], %(hours)b::int[], %(assessment)b::text[],
  %(category)b::text[], %(retired)b::smallint[])
  AS given(id, code, name, name_en, credit, level, field, nature, hours, assessment, category, retired)
ON CONFLICT (institution_id, code) DO UPDATE SET name = EXCLUDED.name, name_en = EXCLUDED.name_en,
  credit = EXCLUDED.credit, level = EXCLUDED.level, field = EXCLUDED.field, nature = EXCLUDED.nature,
  hours = EXCLUDED.hours, assessment = EXCLUDED.assessment, category = EXCLUDED.category, retired = EXCLUDED.retired
RETURNING 1
"""

COURSES_GONE = """
UPDATE course SET retired = true
WHERE institution_id = %(institution_id)s AND code = ANY(%(code)b::text[]) AND NOT retired
RETURNING 1
"""

OUTCOME_TYPES = """
INSERT INTO outcome_type (id, institution_id, code, name, name_en, rule_set_code, evidence_required, is_open, stated)
SELECT id, %(institution_id)s::uuid, code, name, name_en, rule_set, evidence = 1, is_open = 1, stated::jsonb
FROM unnest(%(id)b::uuid[], %(code)b::text[], %(name)b::text[], %(name_en)b::text[], %(rule_set)b::text[],
  %(evidence)b::smallint[], %(is_open)b::smallint[], %(stated)b::text[])
  AS given(id, code, name, name_en, rule_set, evidence, is_open, stated)
ON CONFLICT (institution_id, code) DO UPDATE SET name = EXCLUDED.name, name_en = EXCLUDED.name_en,
  rule_set_code = EXCLUDED.rule_set_code, evidence_required = EXCLUDED.evidence_required,
  is_open = EXCLUDED.is_open, stated = EXCLUDED.stated
RETURNING 1
"""

OUTCOME_TYPES_GONE = """
UPDATE outcome_type SET is_open = false, stated = '{}'
WHERE institution_id = %(institution_id)s AND code = ANY(%(code)b::text[])
RETURNING 1
"""

YEAR_ROWS = """
SELECT key, content::text FROM data_row
WHERE institution_id = %(institution_id)s AND data_set = 'years' AND key = ANY(%(keys)b::text[])
"""

TERM_ROWS = """
SELECT key, content::text FROM data_row WHERE institution_id = %(institution_id)s AND data_set = 'terms'
"""

YEARS = """
INSERT INTO academic_year (id, institution_id, code, starts_on, ends_on)
SELECT id, %(institution_id)s::uuid, code, starts_on, ends_on
FROM unnest(%(id)b::uuid[], %(code)b::text[], %(starts_on)b::date[], %(ends_on)b::date[])
  AS given(id, code, starts_on, ends_on)
ON CONFLICT (institution_id, code) DO UPDATE SET starts_on = EXCLUDED.starts_on, ends_on = EXCLUDED.ends_on
RETURNING code, id
"""

TERMS = """
INSERT INTO term (id, institution_id, academic_year_id, code, name, name_en, starts_on, ends_on, weeks, resits_from,
  resits_until, claims_from, claims_until)
SELECT id, %(institution_id)s::uuid, year, code, name, name_en, starts_on, ends_on, weeks, resits_from, resits_until,
  claims_from, claims_until
FROM unnest(%(id)b::uuid[], %(year)b::uuid[], %(code)b::text[], %(name)b::text[], %(name_en)b::text[],
  %(starts_on)b::date[], %(ends_on)b::date[], %(weeks)b::smallint[], %(resits_from)b::date[],
  %(resits_until)b::date[], %(claims_from)b::date[], %(claims_until)b::date[])
  AS given(id, year, code, name, name_en, starts_on, ends_on, weeks, resits_from, resits_until, claims_from,
    claims_until)
ON CONFLICT (institution_id, code) DO UPDATE SET academic_year_id = EXCLUDED.academic_year_id, name = EXCLUDED.name,
  name_en = EXCLUDED.name_en, starts_on = EXCLUDED.starts_on, ends_on = EXCLUDED.ends_on, weeks = EXCLUDED.weeks,
  resits_from = EXCLUDED.resits_from, resits_until = EXCLUDED.resits_until, claims_from = EXCLUDED.claims_from,
  claims_until = EXCLUDED.claims_until
RETURNING 1
"""

TERMS_GONE = """
DELETE FROM term WHERE institution_id = %(institution_id)s AND code = ANY(%(code)b::text[]) RETURNING 1
"""
YEARS_GONE = """
DELETE FROM academic_year WHERE institution_id = %(institution_id)s AND code = ANY(%(code)b::text[])
  AND NOT EXISTS (SELECT FROM term WHERE term.academic_year_id = academic_year.id)
RETURNING 1
"""

STUDENTS_OF_COLLEGES = """
SELECT key FROM data_row WHERE institution_id = %(institution_id)s AND data_set = 'students'
  AND content->>'college' = ANY(%(said)b::text[])
"""
"""Students whose college is named by one of these texts, a code or a name."""
