"""The function behind the indexes of names (core.grams)."""

from django.db import migrations

# Only what pg_catalog has: it runs with an empty search path too, when a dump is restored.
_GRAMS = """
CREATE FUNCTION gatehouse_grams(words text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 600 AS $$
DECLARE
    upper_case text := upper(words);
    found text[] := '{}';
BEGIN
    FOR place IN 1 .. length(upper_case) LOOP
        found := found || substr(upper_case, place, 1);
        IF place < length(upper_case) THEN
            found := found || substr(upper_case, place, 2);
        END IF;
    END LOOP;
    RETURN found;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0001_cache")]
    operations = [migrations.RunSQL(_GRAMS, "DROP FUNCTION gatehouse_grams(text);")]
