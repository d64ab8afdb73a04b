"""Append-only tables, and the tally log that counts are read from."""

from django.db import migrations

REFUSE = """
CREATE FUNCTION moderation_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER decision_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON moderation_decision
    FOR EACH STATEMENT EXECUTE FUNCTION moderation_refuse_change();
CREATE TRIGGER seal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON moderation_seal
    FOR EACH STATEMENT EXECUTE FUNCTION moderation_refuse_change();
CREATE TRIGGER receipt_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON moderation_receipt
    FOR EACH STATEMENT EXECUTE FUNCTION moderation_refuse_change();
CREATE TRIGGER reasonversion_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON moderation_reasonversion
    FOR EACH STATEMENT EXECUTE FUNCTION moderation_refuse_change();
"""
REFUSE_BACK = """
DROP TRIGGER decision_append_only ON moderation_decision;
DROP TRIGGER seal_append_only ON moderation_seal;
DROP TRIGGER receipt_append_only ON moderation_receipt;
DROP TRIGGER reasonversion_append_only ON moderation_reasonversion;
DROP FUNCTION moderation_refuse_change();
"""

# Statement triggers with transition tables: one log row per status and statement, however many rows.
STATUS = """
CREATE FUNCTION moderation_tally_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO moderation_tally (scope, name, value, delta)
    SELECT 'status', TG_ARGV[0], review_status, count(*) FROM new_rows GROUP BY review_status;
    RETURN NULL;
END $$;
CREATE FUNCTION moderation_tally_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO moderation_tally (scope, name, value, delta)
    SELECT 'status', TG_ARGV[0], review_status, sum(step) FROM (
        SELECT review_status, 1 AS step FROM new_rows
        UNION ALL SELECT review_status, -1 FROM old_rows) AS steps
    GROUP BY review_status HAVING sum(step) <> 0;
    RETURN NULL;
END $$;
CREATE FUNCTION moderation_tally_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO moderation_tally (scope, name, value, delta)
    SELECT 'status', TG_ARGV[0], review_status, -count(*) FROM old_rows GROUP BY review_status;
    RETURN NULL;
END $$;
"""
STATUS_BACK = """
DROP FUNCTION moderation_tally_insert();
DROP FUNCTION moderation_tally_update();
DROP FUNCTION moderation_tally_delete();
"""

# Claims update cases all day and never their queue: the move's trigger looks at that column alone.
QUEUE = """
CREATE FUNCTION moderation_tally_case_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO moderation_tally (scope, name, value, delta)
    SELECT 'queue', queue, '', count(*) FROM new_rows GROUP BY queue;
    RETURN NULL;
END $$;
CREATE FUNCTION moderation_tally_case_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO moderation_tally (scope, name, value, delta)
    SELECT 'queue', queue, '', -count(*) FROM old_rows GROUP BY queue;
    RETURN NULL;
END $$;
CREATE FUNCTION moderation_tally_case_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO moderation_tally (scope, name, value, delta)
    VALUES ('queue', OLD.queue, '', -1), ('queue', NEW.queue, '', 1);
    RETURN NULL;
END $$;
CREATE TRIGGER case_tally_insert AFTER INSERT ON moderation_case
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION moderation_tally_case_insert();
CREATE TRIGGER case_tally_delete AFTER DELETE ON moderation_case
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION moderation_tally_case_delete();
CREATE TRIGGER case_tally_move AFTER UPDATE OF queue ON moderation_case
    FOR EACH ROW WHEN (OLD.queue IS DISTINCT FROM NEW.queue)
    EXECUTE FUNCTION moderation_tally_case_move();
ALTER TABLE moderation_case SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE moderation_tally SET (autovacuum_vacuum_scale_factor = 0.05);
"""
QUEUE_BACK = """
DROP TRIGGER case_tally_insert ON moderation_case;
DROP TRIGGER case_tally_delete ON moderation_case;
DROP TRIGGER case_tally_move ON moderation_case;
DROP FUNCTION moderation_tally_case_insert();
DROP FUNCTION moderation_tally_case_delete();
DROP FUNCTION moderation_tally_case_move();
"""


class Migration(migrations.Migration):
    dependencies = [("moderation", "0001_initial")]
    operations = [
        migrations.RunSQL(REFUSE, REFUSE_BACK),
        migrations.RunSQL(STATUS, STATUS_BACK),
        migrations.RunSQL(QUEUE, QUEUE_BACK),
    ]
