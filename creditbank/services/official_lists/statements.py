"""The SQL of official lists: every step takes a whole list."""

from __future__ import annotations

ROSTER = """
SELECT enrolment.learner_id, enrolment.student_number, enrolment.name, enrolment.name_en,
  coalesce(encode(learner.national_id_index, 'hex'), ''), coalesce(college.name, ''), coalesce(college.name_en, ''),
  coalesce(college.code, '')
FROM enrolment
LEFT JOIN learner ON learner.learner_id = enrolment.learner_id
LEFT JOIN institution AS college ON college.id = enrolment.college_id
WHERE enrolment.institution_id = %(institution_id)s
"""

NUMBERS = "SELECT student_number, learner_id FROM learner_number WHERE institution_id = %(institution_id)s"

IDENTITIES = "SELECT encode(found_index, 'hex'), found_learner FROM learner_of_identity(%(wanted)b::bytea[])"

CHOICES = """
SELECT choice.person_index, choice.learner_id
FROM unnest(%(wanted)b::bytea[]) AS given(person_index)
JOIN official_list_choice AS choice ON choice.institution_id = %(institution_id)s
  AND choice.person_index = given.person_index
"""

SAME_LIST = """
SELECT list_id FROM official_list
WHERE institution_id = %(institution_id)s AND series = %(series)s AND issued_on = %(issued_on)s
  AND file_hash = %(file_hash)s AND mapping_hash = %(mapping_hash)s AND all_ours = %(all_ours)s AND state = 'applied'
ORDER BY recorded_at LIMIT 1
"""

NEW_LIST = """
INSERT INTO official_list (institution_id, list_id, kind, series, title, issuer, issued_on, outcome_type, all_ours,
  file_name, file_hash, mapping_hash, encoding, rows_total, rows_refused, rows_left, state, actor_id, recorded_at,
  matched_at)
VALUES (%(institution_id)s, %(list_id)s, %(kind)s, %(series)s, %(title)s, %(issuer)s, %(issued_on)s, %(outcome_type)s,
  %(all_ours)s, %(file_name)s, %(file_hash)s, %(mapping_hash)s, %(encoding)s, %(rows_total)s, %(rows_refused)s,
  %(rows_left)s, 'applied', %(actor_id)s, %(at)s, %(at)s)
RETURNING list_id
"""

MATCHED_AGAIN = """
UPDATE official_list SET matched_at = %(at)s WHERE institution_id = %(institution_id)s AND list_id = %(list_id)s
RETURNING list_id
"""

# A line that found its learner keeps it, whoever else has come to the school since.
LINES = """
INSERT INTO official_list_line (institution_id, list_id, line, member, found, learner_id, outcome_key, person_index,
  explanation, stated, outcome, candidates)
SELECT %(institution_id)s::uuid, %(list_id)s::uuid, line, member, found, learner_id, outcome_key, person_index,
  explanation::jsonb, stated::jsonb, outcome::jsonb, candidates::jsonb
FROM unnest(%(line)b::int[], %(member)b::int[], %(found)b::text[], %(learner_id)b::uuid[], %(outcome_key)b::text[],
  %(person_index)b::bytea[], %(explanation)b::text[], %(stated)b::text[], %(outcome)b::text[], %(candidates)b::text[])
  AS given(line, member, found, learner_id, outcome_key, person_index, explanation, stated, outcome, candidates)
ON CONFLICT (institution_id, list_id, line, member) DO UPDATE SET found = EXCLUDED.found,
  learner_id = EXCLUDED.learner_id, explanation = EXCLUDED.explanation, stated = EXCLUDED.stated,
  outcome = EXCLUDED.outcome, candidates = EXCLUDED.candidates
WHERE official_list_line.found <> 'certain'
RETURNING line, member
"""

PROBLEMS = """
INSERT INTO official_list_problem (institution_id, list_id, sequence, line, column_name, code, facts)
SELECT %(institution_id)s::uuid, %(list_id)s::uuid, sequence, line, column_name, code, facts::jsonb
FROM unnest(%(sequence)b::int[], %(line)b::int[], %(column_name)b::text[], %(code)b::text[], %(facts)b::text[])
  AS given(sequence, line, column_name, code, facts)
RETURNING 1
"""

OUTCOMES = """
INSERT INTO listed_outcome (learner_id, list_id, line, member, institution_id, outcome_type, outcome_key, title,
  list_title, issuer, issued_on, content, recorded_at)
SELECT learner_id, %(list_id)s::uuid, line, member, %(institution_id)s::uuid, %(outcome_type)s, outcome_key, title,
  %(list_title)s, %(issuer)s, %(issued_on)s::date, content::jsonb, %(at)s::timestamptz
FROM unnest(%(learner_id)b::uuid[], %(line)b::int[], %(member)b::int[], %(outcome_key)b::text[], %(title)b::text[],
  %(content)b::text[]) AS given(learner_id, line, member, outcome_key, title, content)
ON CONFLICT (learner_id, list_id, line, member) DO UPDATE SET withdrawn_at = NULL
WHERE listed_outcome.withdrawn_at IS NOT NULL
RETURNING learner_id
"""

OTHER_LEARNERS_OUTCOMES = """
UPDATE listed_outcome SET withdrawn_at = %(at)s::timestamptz
FROM unnest(%(line)b::int[], %(member)b::int[], %(learner_id)b::uuid[]) AS given(line, member, learner_id)
WHERE listed_outcome.institution_id = %(institution_id)s AND listed_outcome.list_id = %(list_id)s
  AND listed_outcome.line = given.line AND listed_outcome.member = given.member
  AND listed_outcome.learner_id IS DISTINCT FROM given.learner_id AND listed_outcome.withdrawn_at IS NULL
RETURNING 1
"""

PROPOSALS = """
INSERT INTO list_proposal (learner_id, proposal_id, institution_id, outcome_key, state, created_at)
SELECT learner_id, proposal_id, %(institution_id)s::uuid, outcome_key, 'open', %(at)s::timestamptz
FROM unnest(%(learner_id)b::uuid[], %(proposal_id)b::uuid[], %(outcome_key)b::text[])
  AS given(learner_id, proposal_id, outcome_key)
ON CONFLICT (learner_id, institution_id, outcome_key) DO NOTHING
RETURNING learner_id, outcome_key
"""

SETTLED = """
UPDATE list_proposal SET state = %(state)s, reason = %(reason)s, claim_id = %(claim_id)s, settled_at = %(at)s
WHERE learner_id = %(learner_id)s AND proposal_id = %(proposal_id)s AND state = 'open'
RETURNING proposal_id
"""

CHOSEN = """
INSERT INTO official_list_choice (institution_id, person_index, learner_id, actor_id, recorded_at)
SELECT %(institution_id)s::uuid, person_index, learner_id, %(actor_id)s::uuid, %(at)s::timestamptz
FROM unnest(%(person_index)b::bytea[], %(learner_id)b::uuid[]) AS given(person_index, learner_id)
ON CONFLICT (institution_id, person_index) DO UPDATE SET learner_id = EXCLUDED.learner_id,
  actor_id = EXCLUDED.actor_id, recorded_at = EXCLUDED.recorded_at
RETURNING 1
"""

# The same person and outcome on another list of the series waits for the same choice.
WAITING_LINES = """
SELECT line.list_id, line.line, line.member, line.found, line.outcome_key, line.person_index, line.stated::text,
  line.outcome::text, line.candidates::text
FROM official_list_line AS line
JOIN official_list AS list ON list.institution_id = line.institution_id AND list.list_id = line.list_id
WHERE line.institution_id = %(institution_id)s AND line.outcome IS NOT NULL AND list.state = 'applied'
  AND (line.list_id, line.line, line.member) IN (
    SELECT other.list_id, other.line, other.member FROM official_list_line AS other
    JOIN official_list_line AS asked ON asked.institution_id = other.institution_id
      AND asked.person_index = other.person_index
    JOIN unnest(%(line)b::int[], %(member)b::int[]) AS given(line, member)
      ON given.line = asked.line AND given.member = asked.member
    WHERE asked.institution_id = %(institution_id)s AND asked.list_id = %(list_id)s)
ORDER BY line.list_id, line.line, line.member
FOR UPDATE OF line
"""

CHOSEN_LINES = """
UPDATE official_list_line SET found = given.found, learner_id = given.learner_id, explanation = given.explanation::jsonb
FROM unnest(%(line)b::int[], %(member)b::int[], %(found)b::text[], %(learner_id)b::uuid[], %(explanation)b::text[])
  AS given(line, member, found, learner_id, explanation)
WHERE official_list_line.institution_id = %(institution_id)s AND official_list_line.list_id = %(list_id)s
  AND official_list_line.line = given.line AND official_list_line.member = given.member
RETURNING 1
"""

ENROLLED = """
SELECT learner_id FROM enrolment
WHERE institution_id = %(institution_id)s AND learner_id = ANY(%(learner_id)b::uuid[])
"""

LIST = """
SELECT list_id, title, issuer, issued_on, outcome_type, state FROM official_list
WHERE institution_id = %(institution_id)s AND list_id = ANY(%(list_id)b::uuid[])
"""

WITHDRAWN = """
UPDATE official_list SET state = 'withdrawn', withdrawn_at = %(at)s, withdrawn_by = %(actor_id)s
WHERE institution_id = %(institution_id)s AND list_id = %(list_id)s AND state = 'applied'
RETURNING list_id
"""

WITHDRAWN_OUTCOMES = """
UPDATE listed_outcome SET withdrawn_at = %(at)s
WHERE institution_id = %(institution_id)s AND list_id = %(list_id)s AND withdrawn_at IS NULL
RETURNING 1
"""

FORGOTTEN_NAMES = """
UPDATE official_list_line SET stated = NULL, outcome = NULL, candidates = '[]'
WHERE institution_id = %(institution_id)s AND list_id = %(list_id)s AND stated IS NOT NULL
RETURNING 1
"""
