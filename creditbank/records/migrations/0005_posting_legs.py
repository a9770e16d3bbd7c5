"""A posting carries its two legs; what a foreign key asked of each row is asked of each statement."""

from django.db import migrations

FORWARD = [
    "ALTER TABLE posting DROP CONSTRAINT posting_lot, DROP CONSTRAINT posting_reason",
    "ALTER TABLE balance DROP CONSTRAINT balance_lot",
    "ALTER TABLE lot DROP CONSTRAINT lot_institution_id_fkey",
    """ALTER TABLE posting ADD COLUMN from_state lot_state, ADD COLUMN from_version integer, ADD COLUMN from_after integer,
  ADD COLUMN to_state lot_state, ADD COLUMN to_version integer, ADD COLUMN to_after integer""",
    """UPDATE posting SET from_state = giving.state, from_version = giving.version, from_after = giving.balance_after,
  to_state = taking.state, to_version = taking.version, to_after = taking.balance_after
FROM entry AS giving JOIN entry AS taking USING (learner_id, posting_id)
WHERE giving.learner_id = posting.learner_id AND giving.posting_id = posting.posting_id
  AND giving.amount < 0 AND taking.amount > 0""",
    "ALTER TABLE posting ALTER COLUMN from_state SET NOT NULL, ALTER COLUMN to_state SET NOT NULL",
    "ALTER TABLE posting ADD CONSTRAINT posting_states CHECK (from_state <> to_state)",
    "ALTER TABLE posting ADD CONSTRAINT posting_from CHECK ((from_state = 'issued') = (from_version IS NULL) AND (from_version IS NULL) = (from_after IS NULL))",
    "ALTER TABLE posting ADD CONSTRAINT posting_to CHECK ((to_state = 'issued') = (to_version IS NULL) AND (to_version IS NULL) = (to_after IS NULL))",
    "ALTER TABLE balance ADD COLUMN posting_id uuid",
    """UPDATE balance SET posting_id = last.posting_id FROM entry AS last
WHERE last.learner_id = balance.learner_id AND last.lot_id = balance.lot_id AND last.state = balance.state
  AND last.version = balance.version""",
    "ALTER TABLE balance ALTER COLUMN posting_id SET NOT NULL",
    "DROP TABLE entry",
    "DROP FUNCTION entry_legs()",
    """CREATE VIEW entry WITH (security_invoker = true) AS
SELECT learner_id, posting_id, 1::smallint AS leg, institution_id, lot_id, from_state AS state, -amount AS amount,
  from_version AS version, from_after AS balance_after FROM posting
UNION ALL
SELECT learner_id, posting_id, 2::smallint AS leg, institution_id, lot_id, to_state AS state, amount,
  to_version AS version, to_after AS balance_after FROM posting""",
    """CREATE FUNCTION posting_whole() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
IF EXISTS (
SELECT FROM added
WHERE (SELECT lot_id FROM lot WHERE lot.learner_id = added.learner_id AND lot.lot_id = added.lot_id) IS NULL
  OR from_state <> 'issued' AND (
    SELECT (posting_id, version, amount) = (added.posting_id, from_version, from_after) FROM balance
    WHERE balance.learner_id = added.learner_id AND balance.lot_id = added.lot_id AND balance.state = from_state
  ) IS NOT TRUE
  OR to_state <> 'issued' AND (
    SELECT (posting_id, version, amount) = (added.posting_id, to_version, to_after) FROM balance
    WHERE balance.learner_id = added.learner_id AND balance.lot_id = added.lot_id AND balance.state = to_state
  ) IS NOT TRUE
UNION ALL
SELECT FROM (SELECT DISTINCT institution_id, reason FROM added OFFSET 0) AS named
WHERE reason !~ '^[a-z][a-z0-9_.]{0,63}$'
  OR (SELECT id FROM institution WHERE id = named.institution_id) IS NULL
) THEN
  RAISE EXCEPTION 'posting_whole: a posting has its lot, the balances it left, its institution, and a reason that is a code' USING ERRCODE = '23514';
END IF;
RETURN NULL;
END $body$""",
    "CREATE TRIGGER posting_whole AFTER INSERT ON posting REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION posting_whole()",
    """CREATE FUNCTION balance_begun() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
IF EXISTS (
SELECT FROM added
WHERE (
  SELECT (lot_id, to_state, to_version, to_after, amount, 1) =
    (added.lot_id, added.state, added.version, added.amount, added.amount, added.version)
  FROM posting WHERE posting.learner_id = added.learner_id AND posting.posting_id = added.posting_id
) IS NOT TRUE
) THEN
  RAISE EXCEPTION 'balance_begun: a balance begins with the first posting that brings credit to it' USING ERRCODE = '23514';
END IF;
RETURN NULL;
END $body$""",
    "CREATE TRIGGER balance_begun AFTER INSERT ON balance REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION balance_begun()",
    """CREATE FUNCTION balance_moved() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
IF (
  SELECT NEW.version = OLD.version + 1 AND lot_id = NEW.lot_id AND amount = abs(NEW.amount - OLD.amount)
    AND (NEW.state, NEW.version, NEW.amount) = (
      CASE WHEN NEW.amount > OLD.amount THEN to_state ELSE from_state END,
      CASE WHEN NEW.amount > OLD.amount THEN to_version ELSE from_version END,
      CASE WHEN NEW.amount > OLD.amount THEN to_after ELSE from_after END)
  FROM posting WHERE posting.learner_id = NEW.learner_id AND posting.posting_id = NEW.posting_id
) IS NOT TRUE THEN
  RAISE EXCEPTION 'balance_moved: a balance moves by one posting of its lot and by its amount' USING ERRCODE = '23514';
END IF;
RETURN NULL;
END $body$""",
    "CREATE TRIGGER balance_moved AFTER UPDATE ON balance FOR EACH ROW EXECUTE FUNCTION balance_moved()",
]


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0004_institution_contact'),
    ]

    operations = [migrations.RunSQL(FORWARD)]
