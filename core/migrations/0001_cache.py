"""The cache table of CACHES; unlogged, because losing it in a crash costs nothing."""

from django.db import migrations


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.RunSQL(
            sql="""
                CREATE UNLOGGED TABLE IF NOT EXISTS core_cache (
                    cache_key varchar(255) PRIMARY KEY,
                    value text NOT NULL,
                    expires timestamptz NOT NULL
                );
                CREATE INDEX IF NOT EXISTS core_cache_expires ON core_cache (expires);
            """,
            reverse_sql="DROP TABLE IF EXISTS core_cache",
        ),
    ]
