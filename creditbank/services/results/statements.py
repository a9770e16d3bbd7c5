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

_SAID = "{0}.term, {0}.starts_on, {0}.earned_on, {0}.outcome, {0}.mark, {0}.credit, {0}.level, {0}.field, {0}.grade"

# The fact that counts, and the fact of the sheet's own day if there is one. Each is looked up by its key: a join that
# was planned on an empty table would go through all of it for ever.
STORED = f"""
SELECT given.place, newest.as_of, newest.lot_id, same.as_of IS NOT NULL, {_SAID.format("newest")},
  {_SAID.format("same")}
FROM unnest(%(learner_id)b::uuid[], %(course)b::text[], %(presentation)b::text[], %(sitting)b::text[]) WITH ORDINALITY
  AS given(learner_id, course, presentation, sitting, place)
CROSS JOIN LATERAL (
  SELECT * FROM result
  WHERE result.learner_id = given.learner_id AND result.institution_id = %(institution_id)s
    AND result.course = given.course AND result.presentation = given.presentation AND result.sitting = given.sitting
  ORDER BY as_of DESC LIMIT 1
) AS newest
LEFT JOIN LATERAL (
  SELECT * FROM result
  WHERE result.learner_id = given.learner_id AND result.institution_id = %(institution_id)s
    AND result.course = given.course AND result.presentation = given.presentation AND result.sitting = given.sitting
    AND result.as_of = %(as_of)s::date
  LIMIT 1
) AS same ON true
"""  # noqa: S608 - the pieces are the constant above

# The deposit behind each lot that a correction takes back.
POSTED = """
SELECT given.lot_id, posting.posting_id, posting.effective_on
FROM unnest(%(learner_id)b::uuid[], %(lot_id)b::uuid[]) AS given(learner_id, lot_id)
JOIN posting ON posting.learner_id = given.learner_id AND posting.lot_id = given.lot_id AND posting.kind = 'deposit'
  AND posting.institution_id = %(institution_id)s
WHERE NOT EXISTS (
  SELECT FROM posting AS mirror
  WHERE mirror.learner_id = posting.learner_id AND mirror.reverses = posting.posting_id
)
"""

# What counts of every sitting of a course, with the credit it has or had.
SITTINGS_OF = """
SELECT given.place, newest.as_of, row_explanation.rule_version_id,
  ARRAY(SELECT jsonb_array_elements_text(row_explanation.composed_of)), newest.row_explanation_id, newest.lot_id,
  posting.posting_id, posting.effective_on,
  (SELECT mirror.reason FROM posting AS mirror
    WHERE mirror.learner_id = posting.learner_id AND mirror.reverses = posting.posting_id),
  newest.presentation, newest.sitting, newest.term, newest.starts_on, newest.earned_on, newest.outcome, newest.mark,
  newest.grade, newest.credit, newest.level, newest.field, newest.repeat
FROM unnest(%(learner_id)b::uuid[], %(course)b::text[]) WITH ORDINALITY AS given(learner_id, course, place)
CROSS JOIN LATERAL (
  SELECT DISTINCT ON (presentation, sitting) * FROM result
  WHERE result.learner_id = given.learner_id AND result.institution_id = %(institution_id)s
    AND result.course = given.course
  ORDER BY presentation, sitting, as_of DESC
) AS newest
LEFT JOIN row_explanation ON row_explanation.id = newest.row_explanation_id
LEFT JOIN posting ON posting.learner_id = newest.learner_id AND posting.lot_id = newest.lot_id
  AND posting.kind = 'deposit' AND posting.institution_id = %(institution_id)s
"""

GIVE_LOTS = """
UPDATE result SET lot_id = given.lot_id
FROM unnest(
  %(learner_id)b::uuid[], %(course)b::text[], %(presentation)b::text[], %(sitting)b::text[], %(as_of)b::date[],
  %(lot_id)b::uuid[]
) AS given(learner_id, course, presentation, sitting, as_of, lot_id)
WHERE result.learner_id = given.learner_id AND result.institution_id = %(institution_id)s
  AND result.course = given.course AND result.presentation = given.presentation AND result.sitting = given.sitting
  AND result.as_of = given.as_of
RETURNING 1
"""

NEW_RESULTS = """
INSERT INTO result (learner_id, institution_id, course, presentation, sitting, as_of, term, starts_on, earned_on,
  outcome, mark, grade, credit, level, field, run_id, line, row_explanation_id, lot_id, repeat)
SELECT learner_id, %(institution_id)s::uuid, course, presentation, sitting, %(as_of)s::date, term, starts_on, earned_on,
  outcome, mark::numeric, grade, credit, level, field, %(run_id)s::uuid, line, row_explanation_id, lot_id, repeat
FROM unnest(
  %(learner_id)b::uuid[], %(course)b::text[], %(presentation)b::text[], %(sitting)b::text[], %(term)b::text[],
  %(starts_on)b::date[], %(earned_on)b::date[], %(outcome)b::text[], %(mark)b::text[], %(grade)b::text[],
  %(credit)b::int[], %(level)b::smallint[], %(field)b::text[], %(line)b::int[],
  %(row_explanation_id)b::uuid[], %(lot_id)b::uuid[], %(repeat)b::text[]
) AS given(learner_id, course, presentation, sitting, term, starts_on, earned_on, outcome, mark, grade, credit, level,
  field, line, row_explanation_id, lot_id, repeat)
RETURNING 1
"""

NEW_PROBLEMS = """
INSERT INTO import_problem (institution_id, run_id, sequence, line, "column", code, facts)
SELECT %(institution_id)s::uuid, %(run_id)s::uuid, sequence, line, col, code, facts::jsonb
FROM unnest(%(sequence)b::int[], %(line)b::int[], %(col)b::text[], %(code)b::text[], %(facts)b::text[])
  AS given(sequence, line, col, code, facts)
RETURNING 1
"""
