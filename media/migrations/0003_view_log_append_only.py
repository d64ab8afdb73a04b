"""The log of views can only be added to."""

from django.db import migrations

REFUSE = """
CREATE FUNCTION media_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER viewlog_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON media_viewlog
    FOR EACH STATEMENT EXECUTE FUNCTION media_refuse_change();
"""
REFUSE_BACK = """
DROP TRIGGER viewlog_append_only ON media_viewlog;
DROP FUNCTION media_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("media", "0002_variants")]
    operations = [migrations.RunSQL(REFUSE, REFUSE_BACK)]
