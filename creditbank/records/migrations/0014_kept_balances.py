"""The database keeps the balances: a posting moves them, and nobody else does."""

from django.db import migrations

FORWARD = [
    "DROP TRIGGER posting_whole ON posting",
    "DROP FUNCTION posting_whole()",
    "DROP TRIGGER balance_begun ON balance",
    "DROP FUNCTION balance_begun()",
    "DROP TRIGGER balance_moved ON balance",
    "DROP FUNCTION balance_moved()",
    """CREATE FUNCTION posting_books() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $body$
DECLARE
  broken boolean;
  moving bigint;
  leg record;
BEGIN
SELECT
  bool_or(
    amount <= 0
    OR from_state = to_state
    OR (kind = 'reverse') <> (reverses IS NOT NULL)
    OR (kind = 'convert') <> (conversion_id IS NOT NULL)
    OR reason !~ '^[a-z][a-z0-9_.]{0,63}$'
    OR (SELECT id FROM public.institution WHERE id = added.institution_id) IS NULL
    OR (
      SELECT lot.institution_id = added.institution_id AND (from_state <> 'issued'
        OR (lot.amount = added.amount AND coalesce(lot.expires_on > lot.earned_on, true)))
      FROM public.lot WHERE lot.learner_id = added.learner_id AND lot.lot_id = added.lot_id
    ) IS NOT TRUE
    OR CASE WHEN from_state = 'issued' THEN num_nonnulls(from_version, from_after) > 0
      ELSE (from_version > 1 AND from_after >= 0) IS NOT TRUE END
    OR CASE WHEN to_state = 'issued' THEN num_nonnulls(to_version, to_after) > 0
      ELSE (to_version >= 1 AND to_after >= amount AND (to_version > 1 OR to_after = amount)) IS NOT TRUE END
  ),
  count(from_version) + count(*) FILTER (WHERE to_version > 1)
INTO broken, moving FROM added;
IF broken THEN
  RAISE EXCEPTION 'posting_books: a posting has its lot, its institution, two legs and a reason that is a code'
    USING ERRCODE = '23514';
END IF;
INSERT INTO public.balance (learner_id, lot_id, state, institution_id, amount, version, posting_id)
SELECT learner_id, lot_id, to_state, institution_id, to_after, to_version, posting_id FROM added WHERE to_version = 1;
IF moving > 0 THEN
  FOR leg IN
    SELECT learner_id, lot_id, institution_id, posting_id, from_state AS state, from_version AS version,
      from_after AS after, -amount AS moved FROM added WHERE from_version IS NOT NULL
    UNION ALL
    SELECT learner_id, lot_id, institution_id, posting_id, to_state, to_version, to_after, amount
    FROM added WHERE to_version > 1
    ORDER BY learner_id, lot_id, state, version
  LOOP
    UPDATE public.balance SET amount = leg.after, version = leg.version, posting_id = leg.posting_id
    WHERE balance.learner_id = leg.learner_id AND balance.lot_id = leg.lot_id AND balance.state = leg.state
      AND balance.institution_id = leg.institution_id AND balance.version = leg.version - 1
      AND balance.amount + leg.moved = leg.after;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'posting_books: a balance is not what a posting says it was' USING ERRCODE = '23514';
    END IF;
  END LOOP;
END IF;
RETURN NULL;
END $body$""",
    "CREATE TRIGGER posting_books AFTER INSERT ON posting REFERENCING NEW TABLE AS added"
    " FOR EACH STATEMENT EXECUTE FUNCTION posting_books()",
    "ALTER TABLE posting DROP CONSTRAINT posting_amount_check, DROP CONSTRAINT posting_reverse,"
    " DROP CONSTRAINT posting_states",
    "ALTER TABLE lot DROP CONSTRAINT lot_amount_check, DROP CONSTRAINT lot_life",
    "ALTER TABLE balance DROP CONSTRAINT balance_not_negative, DROP CONSTRAINT balance_not_contra",
]


class Migration(migrations.Migration):
    """Replaces three triggers and seven constraints by one trigger that also writes the balances."""

    dependencies = [("records", "0013_centre")]

    operations = [migrations.RunSQL(FORWARD)]
