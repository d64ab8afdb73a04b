"""Migration operations that content apps share: what makes a table a subject's table."""

from django.db import migrations

_TRIGGERS = """
CREATE TRIGGER {table}_tally_insert AFTER INSERT ON {table}
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION
    moderation_tally_insert('{type}');
CREATE TRIGGER {table}_tally_update AFTER UPDATE ON {table}
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION moderation_tally_update('{type}');
CREATE TRIGGER {table}_tally_delete AFTER DELETE ON {table}
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION
    moderation_tally_delete('{type}');
ALTER TABLE {table} SET (fillfactor = 80);
"""
_DROP = """
DROP TRIGGER {table}_tally_insert ON {table};
DROP TRIGGER {table}_tally_update ON {table};
DROP TRIGGER {table}_tally_delete ON {table};
"""


def count_by_status(*, table: str, subject_type: str) -> migrations.RunSQL:
    """Statement triggers that log differences by review status, and room for HOT updates."""
    names = {"table": table, "type": subject_type}
    return migrations.RunSQL(_TRIGGERS.format(**names), _DROP.format(**names))
