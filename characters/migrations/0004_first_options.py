"""The first options, for a database that has none yet."""

from django.db import migrations

from characters.first_options import FIRST_OPTIONS


def create(apps, schema_editor):
    Option = apps.get_model("characters", "Option")
    if Option.objects.exists():
        return
    Option.objects.bulk_create(
        [
            Option(**first._asdict(), position=position)
            for position, first in enumerate(FIRST_OPTIONS)
        ]
    )


class Migration(migrations.Migration):
    dependencies = [("characters", "0003_options")]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
