"""Pictures that were refused before they left."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("moderation", "0016_entries_by_hand")]

    operations = [
        migrations.CreateModel(
            name="KeptBack",
            fields=[
                (
                    "subject_id",
                    models.UUIDField("subject id", primary_key=True, serialize=False),
                ),
                ("subject_type", models.CharField("subject type", max_length=64)),
                ("at", models.DateTimeField("at", auto_now_add=True)),
            ],
            options={
                "verbose_name": "picture kept back",
                "verbose_name_plural": "pictures kept back",
            },
        ),
    ]
