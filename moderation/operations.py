"""Migration operations that content apps share: what makes a table a subject's table."""

from collections.abc import Sequence

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


# Rows of `table` are (or belong to) subjects whose texts are searched. A row trigger with a WHEN
# clause costs nothing for an update that changes none of the columns: decisions never pay for it.
_SEARCH_INSERTED = """
CREATE TRIGGER {table}_search_insert AFTER INSERT ON {table}
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION
    moderation_search_inserted('{type}', '{key}');
"""
_SEARCH_CHANGED = """
CREATE TRIGGER {table}_search_update AFTER UPDATE OF {columns} ON {table} FOR EACH ROW
    WHEN (({old}) IS DISTINCT FROM ({new})) EXECUTE FUNCTION
    moderation_search_changed('{type}');
"""
# A subject's own row that goes takes its texts along.
_SEARCH_DELETED = """
CREATE TRIGGER {table}_search_delete AFTER DELETE ON {table}
    REFERENCING OLD TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION
    moderation_search_inserted('{type}', '{key}');
"""
# What was there before the search was.
_SEARCH_PRESENT = """
INSERT INTO moderation_searchdue (subject_type, subject_id) SELECT DISTINCT '{type}', {key}
    FROM {table};
"""


def search_texts(
    *, table: str, subject_type: str, key: str = "id", changing: Sequence[str] = ()
) -> migrations.RunSQL:
    """Triggers that tell the search when texts of a subject come, or one of `changing` changes.

    `table` is the subject's own, or a side table whose column `key` names the subject.
    """
    names = {"table": table, "type": subject_type, "key": key, "columns": ", ".join(changing)}
    names |= {
        side: ", ".join(f"{side}.{column}" for column in (*changing, "id"))
        for side in ("old", "new")
    }
    parts = [_SEARCH_INSERTED, _SEARCH_PRESENT]
    parts += [_SEARCH_CHANGED] if changing else []
    parts += [_SEARCH_DELETED] if key == "id" else []
    forward = "".join(parts)
    backward = "".join(
        f"DROP TRIGGER IF EXISTS {{table}}_search_{event} ON {{table}};"
        for event in ("insert", "update", "delete")
    )
    return migrations.RunSQL(forward.format(**names), backward.format(**names))
