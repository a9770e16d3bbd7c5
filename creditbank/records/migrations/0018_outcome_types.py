"""What an institution itself says of a type of outcome; accounts that a reverted roster opened are withdrawn."""

from django.db import migrations, models

# No login may delete a learner. A school takes back what its own roster opened and nobody has used since, anywhere:
# whether somebody has is asked of every table that names learners, of all schools, and nothing else of it is told.
WITHDRAW = """CREATE FUNCTION withdraw_learners(place uuid, since timestamptz, numbers text[])
RETURNS TABLE (number text, withdrawn boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $body$
DECLARE
  found uuid[];
  used uuid[] := '{}';
  more uuid[];
  named record;
BEGIN
IF place IS DISTINCT FROM NULLIF(current_setting('bank.institution', true), '')::uuid THEN
  RAISE EXCEPTION 'withdraw_learners: an institution withdraws its own' USING ERRCODE = '42501';
END IF;
SELECT coalesce(array_agg(learner.learner_id), '{}') INTO found
FROM learner_number AS known JOIN learner USING (learner_id)
WHERE known.institution_id = place AND known.student_number = ANY(numbers)
  AND learner.institution_id = place AND learner.opened_at >= since
  AND NOT EXISTS (SELECT FROM data_row WHERE data_row.institution_id = place AND data_set = 'students'
    AND key = known.student_number);
FOR named IN
  SELECT relname FROM pg_class JOIN pg_namespace AS space ON space.oid = relnamespace
  JOIN pg_attribute ON attrelid = pg_class.oid AND attname = 'learner_id' AND NOT attisdropped
  WHERE nspname = 'public' AND relkind IN ('r', 'p')
    AND relname NOT IN ('learner', 'learner_number', 'enrolment', 'progress', 'access_line')
LOOP
  EXECUTE format('SELECT coalesce(array_agg(DISTINCT learner_id), ''{}'') FROM %I WHERE learner_id = ANY($1)',
    named.relname) INTO more USING found;
  used := used || more;
END LOOP;
used := used || ARRAY(SELECT id FROM account WHERE id = ANY(found))
  || ARRAY(SELECT learner_id FROM enrolment WHERE learner_id = ANY(found) AND institution_id <> place)
  || ARRAY(SELECT learner_id FROM learner_number WHERE learner_id = ANY(found)
    AND (institution_id <> place OR student_number <> ALL(numbers)));
RETURN QUERY SELECT known.student_number, known.learner_id <> ALL(used) FROM learner_number AS known
  WHERE known.institution_id = place AND known.learner_id = ANY(found) AND known.student_number = ANY(numbers)
  ORDER BY 1;
SELECT coalesce(array_agg(one), '{}') INTO found FROM unnest(found) AS one WHERE one <> ALL(used);
DELETE FROM progress WHERE learner_id = ANY(found);
DELETE FROM enrolment WHERE learner_id = ANY(found);
DELETE FROM learner_number WHERE learner_id = ANY(found);
DELETE FROM learner WHERE learner_id = ANY(found);
END $body$"""

# A plan is audited for those who follow it; what was kept of others is of nobody any more.
FOLLOWED = """DELETE FROM progress USING programme
WHERE programme.id = progress.programme_id AND programme.content ? 'plan' AND NOT EXISTS (
  SELECT FROM enrolment WHERE enrolment.learner_id = progress.learner_id
    AND enrolment.institution_id = programme.institution_id AND enrolment.programme_code = programme.code)"""


class Migration(migrations.Migration):
    """Adds the column; types that are there keep their columns, which say everything. Adds the function."""

    dependencies = [("records", "0017_listed_claims")]

    operations = [
        migrations.AddField(model_name="outcometype", name="stated", field=models.JSONField(null=True)),
        migrations.RunSQL(FOLLOWED, migrations.RunSQL.noop),
        migrations.RunSQL(WITHDRAW, "DROP FUNCTION withdraw_learners(uuid, timestamptz, text[])"),
        migrations.RunSQL(
            "REVOKE ALL ON FUNCTION withdraw_learners(uuid, timestamptz, text[]) FROM PUBLIC", migrations.RunSQL.noop
        ),
    ]
