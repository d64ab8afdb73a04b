"""The first policy, for a database that has none yet."""

from django.db import migrations

from moderation.first_policy import FIRST_POLICY


def create(apps, schema_editor):
    Reason = apps.get_model("moderation", "Reason")
    ReasonVersion = apps.get_model("moderation", "ReasonVersion")
    for first in FIRST_POLICY:
        content = first._asdict()
        _, made = Reason.objects.get_or_create(slug=first.slug, defaults=content)
        if made:
            ReasonVersion.objects.create(slug=first.slug, version=1, content=content | {"active": True})


class Migration(migrations.Migration):
    dependencies = [("moderation", "0002_triggers")]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
