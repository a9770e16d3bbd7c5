"""Education resources as everybody reads them; rows of master data are found by their name as references say it."""

import django.db.models.deletion
from django.db import migrations, models


def table(name, db_table, *fields, indexes=()):
    return migrations.CreateModel(
        name=name,
        fields=[
            ('pk', models.CompositePrimaryKey('institution_id', 'code', blank=True, editable=False, primary_key=True, serialize=False)),
            ('institution', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='records.institution')),
            *fields,
        ],
        options={'db_table': db_table, 'indexes': list(indexes)},
    )


def texts(*names):
    return [(name, models.TextField()) for name in names]


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0010_opening_lots'),
    ]

    operations = [
        migrations.RemoveIndex(model_name='datarow', name='data_row_label'),
        migrations.AddIndex(
            model_name='datarow',
            index=models.Index(
                'institution',
                models.Func('label', template='normalize(%(expressions)s, NFKC)', output_field=models.TextField()),
                'data_set',
                name='data_row_named',
            ),
        ),
        table(
            'EducationProvider', 'education_provider',
            *texts('code', 'name', 'name_en', 'kind', 'bank_code'),
            ('accredited_from', models.DateField(null=True)),
            ('accredited_until', models.DateField(null=True)),
            ('retired', models.BooleanField()),
            ('published', models.BooleanField()),
            ('search', models.TextField()),
        ),
        table(
            'EducationResource', 'education_resource',
            *texts('code', 'name', 'name_en', 'name_sort', 'kind', 'provider', 'category'),
            ('credit', models.IntegerField(null=True)),
            ('hours', models.IntegerField(null=True)),
            *texts('course', 'contact', 'address', 'about', 'about_en'),
            ('published', models.BooleanField()),
            ('search', models.TextField()),
            indexes=[models.Index(fields=['institution', 'provider'], name='education_resource_provider')],
        ),
        table(
            'EducationOffering', 'education_offering',
            *texts('code', 'resource', 'term'),
            ('starts_on', models.DateField(null=True)),
            ('ends_on', models.DateField(null=True)),
            ('seats', models.IntegerField(null=True)),
            ('fee', models.IntegerField(null=True)),
            ('currency', models.TextField()),
            ('apply_until', models.DateField(null=True)),
            *texts('contact', 'place'),
            ('published', models.BooleanField()),
            indexes=[models.Index(fields=['institution', 'resource'], name='education_offering_resource')],
        ),
    ]
