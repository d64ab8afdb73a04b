"""A group for every role with its permissions; `accounts.roles.sync_groups` makes the same later."""

from django.db import migrations

PERMISSIONS = {
    "view_console": "May open the console and read",
    "moderate": "May claim, decide and undo own decisions",
    "lead": "May purge, hold, decide escalations and undo any decision",
    "operate": "May run sources, syncs and keys",
}
ROLES = {
    "viewer": ["view_console"],
    "moderator": ["view_console", "moderate"],
    "lead": ["view_console", "moderate", "lead"],
    "operator": ["view_console", "operate"],
    "admin": ["view_console", "moderate", "lead", "operate"],
}


def make_roles(apps, schema_editor):
    """Django adds permissions only after the last migration, so that they are made here too."""
    database = schema_editor.connection.alias
    content_types = apps.get_model("contenttypes", "ContentType").objects.using(database)
    permissions = apps.get_model("auth", "Permission").objects.using(database)
    groups = apps.get_model("auth", "Group").objects.using(database)
    owner, _made = content_types.get_or_create(app_label="accounts", model="user")
    rows = {
        codename: permissions.get_or_create(
            content_type=owner, codename=codename, defaults={"name": name}
        )[0]
        for codename, name in PERMISSIONS.items()
    }
    for role, codenames in ROLES.items():
        group, _made = groups.get_or_create(name=role)
        group.permissions.add(*(rows[codename] for codename in codenames))


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_people_and_keys"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(make_roles, migrations.RunPython.noop, elidable=False)]
