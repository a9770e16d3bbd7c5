"""Postings of conversions; one look at the rows of a statement holds what two constraints of each held."""

from django.db import migrations

FORWARD = [
    "ALTER TABLE posting ADD COLUMN conversion_id uuid",
    """CREATE OR REPLACE FUNCTION posting_whole() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
IF EXISTS (
SELECT FROM added
WHERE (SELECT lot_id FROM lot WHERE lot.learner_id = added.learner_id AND lot.lot_id = added.lot_id) IS NULL
  OR CASE WHEN from_state = 'issued' THEN num_nonnulls(from_version, from_after) > 0 ELSE (
    SELECT (posting_id, version, amount) = (added.posting_id, from_version, from_after) FROM balance
    WHERE balance.learner_id = added.learner_id AND balance.lot_id = added.lot_id AND balance.state = from_state
  ) IS NOT TRUE END
  OR CASE WHEN to_state = 'issued' THEN num_nonnulls(to_version, to_after) > 0 ELSE (
    SELECT (posting_id, version, amount) = (added.posting_id, to_version, to_after) FROM balance
    WHERE balance.learner_id = added.learner_id AND balance.lot_id = added.lot_id AND balance.state = to_state
  ) IS NOT TRUE END
  OR (kind = 'convert') <> (conversion_id IS NOT NULL)
  OR reason !~ '^[a-z][a-z0-9_.]{0,63}$'
  OR (SELECT id FROM institution WHERE id = added.institution_id) IS NULL
) THEN
  RAISE EXCEPTION 'posting_whole: a posting has its lot, its institution, the balances it left and a reason that is a code' USING ERRCODE = '23514';
END IF;
RETURN NULL;
END $body$""",
    "ALTER TABLE posting DROP CONSTRAINT posting_from, DROP CONSTRAINT posting_to",
]


class Migration(migrations.Migration):
    """Changes the books' trigger and names what belongs to one conversion."""

    dependencies = [("records", "0008_registrar_export")]

    operations = [migrations.RunSQL(FORWARD)]
