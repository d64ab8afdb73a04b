"""The search table, what is due to enter it, and the functions that content apps' triggers call."""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
from django.db import migrations, models

_FUNCTIONS = """
CREATE FUNCTION moderation_search_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(
        'INSERT INTO moderation_searchdue (subject_type, subject_id) SELECT %L, %I FROM new_rows',
        TG_ARGV[0], TG_ARGV[1]);
    RETURN NULL;
END $$;
CREATE FUNCTION moderation_search_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO moderation_searchdue (subject_type, subject_id) VALUES (TG_ARGV[0], NEW.id);
    RETURN NULL;
END $$;
"""
_DROP = """
DROP FUNCTION moderation_search_inserted();
DROP FUNCTION moderation_search_changed();
"""


class Migration(migrations.Migration):
    dependencies = [("moderation", "0006_assignment")]

    operations = [
        migrations.CreateModel(
            name="SearchDue",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("subject_type", models.CharField(max_length=64)),
                ("subject_id", models.UUIDField()),
            ],
        ),
        migrations.CreateModel(
            name="SearchEntry",
            fields=[
                ("subject_id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("subject_type", models.CharField(max_length=64)),
                ("text", models.TextField()),
                ("terms", django.contrib.postgres.search.SearchVectorField()),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(fields=["terms"], name="search_terms")
                ],
            },
        ),
        migrations.RunSQL(_FUNCTIONS, _DROP),
    ]
