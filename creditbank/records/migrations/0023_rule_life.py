"""Rule versions get a life: drafts, test cases, the record of every step, and two guards of what was decided."""

import django.db.models.deletion
from django.db import migrations, models

FORWARD = [
    # What stands was put in force without a review: one step each, with the version that it ended. The ids are in
    # the order of the numbers, as those of later steps are in the order of time.
    """INSERT INTO rule_act (id, institution_id, rule_set_id, version_id, act, state, facts, said, actor_id,
  recorded_at)
SELECT (lpad(to_hex(number), 8, '0') || substr(md5(id::text), 9))::uuid, institution_id, rule_set_id, id, 'take_in', 'scheduled',
  jsonb_build_object('from', effective_from, 'closed', CASE
    WHEN lag(effective_until) OVER line = effective_from - 1 THEN jsonb_build_array(lag(id) OVER line)
    ELSE '[]'::jsonb END),
  '', published_by, published_at
FROM rule_version WINDOW line AS (PARTITION BY rule_set_id ORDER BY number)""",
    """CREATE FUNCTION rule_version_kept() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  IF (NEW.id, NEW.institution_id, NEW.rule_set_id, NEW.number, NEW.content, NEW.content_hash, NEW.applies, NEW.meeting,
      NEW.taken_in, NEW.published_at, NEW.published_by)
    IS DISTINCT FROM (OLD.id, OLD.institution_id, OLD.rule_set_id, OLD.number, OLD.content, OLD.content_hash,
      OLD.applies, OLD.meeting, OLD.taken_in, OLD.published_at, OLD.published_by)
    OR (OLD.effective_from IS NOT NULL AND NEW.effective_from IS DISTINCT FROM OLD.effective_from)
  THEN
    RAISE EXCEPTION 'rule version % is approved: what it says is never changed', OLD.id;
  END IF;
  RETURN NEW;
END
$body$""",
    "CREATE TRIGGER rule_version_kept BEFORE UPDATE ON rule_version FOR EACH ROW EXECUTE FUNCTION rule_version_kept()",
    """CREATE FUNCTION rule_draft_kept() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  IF OLD.state NOT IN ('draft', 'tested') AND (NEW.text, NEW.content, NEW.content_hash, NEW.applies, NEW.authors)
      IS DISTINCT FROM (OLD.text, OLD.content, OLD.content_hash, OLD.applies, OLD.authors)
    OR OLD.state IN ('approved', 'discarded') AND NEW.state <> OLD.state
    OR OLD.version_id IS NOT NULL AND NEW.version_id IS DISTINCT FROM OLD.version_id
  THEN
    RAISE EXCEPTION 'rule draft % is %: what it says is not changed', OLD.id, OLD.state;
  END IF;
  RETURN NEW;
END
$body$""",
    "CREATE TRIGGER rule_draft_kept BEFORE UPDATE ON rule_draft FOR EACH ROW EXECUTE FUNCTION rule_draft_kept()",
]


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0022_outcome_catalogue'),
    ]

    operations = [
        migrations.AddField(
            model_name='ruleversion',
            name='applies',
            field=models.JSONField(db_default={}, default=dict),
        ),
        migrations.AddField(
            model_name='ruleversion',
            name='meeting',
            field=models.TextField(blank=True, db_default='', default=''),
        ),
        migrations.AddField(
            model_name='ruleversion',
            name='state',
            field=models.TextField(db_default='scheduled', default='scheduled'),
        ),
        migrations.AddField(
            model_name='ruleversion',
            name='taken_in',
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AlterField(
            model_name='ruleversion',
            name='effective_from',
            field=models.DateField(null=True),
        ),
        migrations.CreateModel(
            name='RuleDraft',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('text', models.TextField()),
                ('content', models.JSONField(null=True)),
                ('content_hash', models.TextField(blank=True, default='')),
                ('applies', models.JSONField(default=dict)),
                ('state', models.TextField()),
                ('revision', models.IntegerField(default=1)),
                ('authors', models.JSONField(default=list)),
                ('origin', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField()),
                ('saved_at', models.DateTimeField()),
                ('saved_by', models.UUIDField()),
                ('institution', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='records.institution')),
                ('rule_set', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='drafts', to='records.ruleset')),
                ('version', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='drafts', to='records.ruleversion')),
            ],
            options={
                'db_table': 'rule_draft',
            },
        ),
        migrations.CreateModel(
            name='RuleCase',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('code', models.TextField()),
                ('number', models.IntegerField()),
                ('document', models.JSONField()),
                ('removed', models.BooleanField(default=False)),
                ('source', models.JSONField(default=dict)),
                ('actor_id', models.UUIDField()),
                ('recorded_at', models.DateTimeField()),
                ('institution', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='records.institution')),
                ('rule_set', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='records.ruleset')),
            ],
            options={
                'db_table': 'rule_case',
                'constraints': [models.UniqueConstraint(fields=('rule_set', 'code', 'number'), name='rule_case_number')],
            },
        ),
        migrations.CreateModel(
            name='RuleDraftAct',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('act', models.TextField()),
                ('state', models.TextField()),
                ('facts', models.JSONField(default=dict)),
                ('said', models.TextField(blank=True, default='')),
                ('actor_id', models.UUIDField()),
                ('recorded_at', models.DateTimeField()),
                ('institution', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='records.institution')),
                ('draft', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='acts', to='records.ruledraft')),
            ],
            options={
                'db_table': 'rule_draft_act',
            },
        ),
        migrations.CreateModel(
            name='RuleAct',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('act', models.TextField()),
                ('state', models.TextField()),
                ('facts', models.JSONField(default=dict)),
                ('said', models.TextField(blank=True, default='')),
                ('actor_id', models.UUIDField()),
                ('recorded_at', models.DateTimeField()),
                ('institution', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='records.institution')),
                ('rule_set', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.ruleset')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='acts', to='records.ruleversion')),
            ],
            options={
                'db_table': 'rule_act',
                'indexes': [models.Index(fields=['rule_set', 'recorded_at'], name='rule_act_order')],
            },
        ),
        migrations.RunSQL(FORWARD),
    ]
