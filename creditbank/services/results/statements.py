"""The SQL of an import: every step of a batch is set-based."""

from __future__ import annotations

LEARNERS = """
SELECT student_number, learner_id FROM learner_number
WHERE institution_id = %(institution_id)s AND student_number = ANY(%(numbers)s)
"""

# A number that another import brought in meanwhile is skipped here and read again by the caller.
NEW_NUMBERS = """
INSERT INTO learner_number (institution_id, student_number, learner_id)
SELECT %(institution_id)s::uuid, given.number, given.learner_id
FROM unnest(%(number)b::text[], %(learner_id)b::uuid[]) AS given(number, learner_id)
ORDER BY given.number
ON CONFLICT DO NOTHING RETURNING student_number, learner_id
"""

NEW_LEARNERS = """
WITH given AS (
  SELECT * FROM unnest(%(number)b::text[], %(learner_id)b::uuid[]) AS given(number, learner_id)
), opened AS (
  INSERT INTO learner (learner_id, institution_id, opened_at)
  SELECT learner_id, %(institution_id)s::uuid, %(at)s::timestamptz FROM given
)
INSERT INTO enrolment (learner_id, institution_id, student_number, name, name_en, name_sort, programme_code)
SELECT learner_id, %(institution_id)s::uuid, number, '', '', '', '' FROM given
RETURNING 1
"""

STORED = """
SELECT given.place, result.term, result.starts_on, result.earned_on, result.outcome, result.mark, result.credit,
  result.level, result.field
FROM unnest(%(learner_id)b::uuid[], %(course)b::text[], %(presentation)b::text[]) WITH ORDINALITY
  AS given(learner_id, course, presentation, place)
JOIN result ON result.learner_id = given.learner_id AND result.course = given.course
  AND result.presentation = given.presentation AND result.institution_id = %(institution_id)s
"""

NEW_RESULTS = """
INSERT INTO result (learner_id, institution_id, course, presentation, term, starts_on, earned_on, outcome, mark,
  credit, level, field, run_id, line, row_explanation_id, lot_id)
SELECT learner_id, %(institution_id)s::uuid, course, presentation, term, starts_on, earned_on, outcome,
  mark::numeric, credit, level, field, %(run_id)s::uuid, line, row_explanation_id, lot_id
FROM unnest(
  %(learner_id)b::uuid[], %(course)b::text[], %(presentation)b::text[], %(term)b::text[], %(starts_on)b::date[],
  %(earned_on)b::date[], %(outcome)b::text[], %(mark)b::text[], %(credit)b::int[], %(level)b::smallint[],
  %(field)b::text[], %(line)b::int[], %(row_explanation_id)b::uuid[], %(lot_id)b::uuid[]
) AS given(learner_id, course, presentation, term, starts_on, earned_on, outcome, mark, credit, level, field, line,
  row_explanation_id, lot_id)
RETURNING 1
"""

NEW_PROBLEMS = """
INSERT INTO import_problem (institution_id, run_id, sequence, line, "column", code, facts)
SELECT %(institution_id)s::uuid, %(run_id)s::uuid, sequence, line, col, code, facts::jsonb
FROM unnest(%(sequence)b::int[], %(line)b::int[], %(col)b::text[], %(code)b::text[], %(facts)b::text[])
  AS given(sequence, line, col, code, facts)
RETURNING 1
"""
