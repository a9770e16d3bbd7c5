"""Conversion applications with what they hold; the database keeps holds and their releases one to one."""

import django.db.models.deletion
from django.db import migrations, models


FORWARD = """CREATE OR REPLACE FUNCTION posting_books() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $body$
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
    OR (kind = 'hold') <> (to_state = 'held')
    OR (kind = 'release') <> (from_state = 'held')
    OR (kind = 'release') <> (resolves IS NOT NULL)
    OR (resolves IS NOT NULL AND (
      SELECT hold.kind = 'hold' AND hold.lot_id = added.lot_id AND hold.amount = added.amount
      FROM public.posting AS hold WHERE hold.learner_id = added.learner_id AND hold.posting_id = added.resolves
    ) IS NOT TRUE)
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
END $body$"""

BACK = """CREATE OR REPLACE FUNCTION posting_books() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $body$
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
END $body$"""


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0025_overlay_versions'),
    ]

    operations = [
        migrations.RunSQL(FORWARD, BACK),
        migrations.CreateModel(
            name='ConversionEvent',
            fields=[
                ('pk', models.CompositePrimaryKey('learner_id', 'application_id', 'sequence', blank=True, editable=False, primary_key=True, serialize=False)),
                ('learner_id', models.UUIDField()),
                ('application_id', models.UUIDField()),
                ('sequence', models.SmallIntegerField()),
                ('kind', models.TextField()),
                ('state', models.TextField()),
                ('actor_id', models.UUIDField(null=True)),
                ('reason', models.TextField(blank=True, default='')),
                ('note', models.TextField(blank=True, default='')),
                ('recorded_at', models.DateTimeField()),
                ('institution', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='records.institution')),
            ],
            options={
                'db_table': 'conversion_event',
            },
        ),
        migrations.CreateModel(
            name='ConversionApplication',
            fields=[
                ('pk', models.CompositePrimaryKey('learner_id', 'application_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('learner_id', models.UUIDField()),
                ('application_id', models.UUIDField()),
                ('number', models.TextField()),
                ('state', models.TextField()),
                ('row', models.TextField()),
                ('course', models.TextField(blank=True, default='')),
                ('target', models.TextField()),
                ('title', models.TextField()),
                ('title_en', models.TextField(blank=True, default='')),
                ('verdict', models.TextField()),
                ('credit', models.IntegerField(default=0)),
                ('grade', models.TextField(null=True)),
                ('made', models.JSONField(default=list)),
                ('counts', models.JSONField(default=dict)),
                ('proposal', models.JSONField(default=list)),
                ('submitted_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(null=True)),
                ('decided_by', models.UUIDField(null=True)),
                ('reason', models.TextField(blank=True, default='')),
                ('final_on', models.DateField(null=True)),
                ('conversion_id', models.UUIDField(null=True)),
                ('version', models.IntegerField(default=1)),
                ('college', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.institution')),
                ('institution', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='records.institution')),
                ('rule_version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='records.ruleversion')),
            ],
            options={
                'db_table': 'conversion_application',
                'indexes': [models.Index(fields=['institution', 'state', 'submitted_at'], name='application_queue')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ('submitted', 'under_review', 'approved'))), fields=('learner_id', 'institution', 'target'), name='application_open_once')],
            },
        ),
        migrations.CreateModel(
            name='ConversionUse',
            fields=[
                ('pk', models.CompositePrimaryKey('learner_id', 'application_id', 'lot_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('learner_id', models.UUIDField()),
                ('application_id', models.UUIDField()),
                ('lot_id', models.UUIDField()),
                ('amount', models.IntegerField()),
                ('hold_id', models.UUIDField()),
                ('institution', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='records.institution')),
            ],
            options={
                'db_table': 'conversion_use',
                'constraints': [models.UniqueConstraint(fields=('learner_id', 'hold_id'), name='use_of_hold_once')],
            },
        ),
    ]
