"""Long tasks that read open cases against new words."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("moderation", "0017_kept_back")]

    operations = [
        migrations.AlterField(
            "job",
            "kind",
            models.CharField(
                "kind",
                choices=[
                    ("decide", "Bulk decision"),
                    ("undo", "Undo of a batch"),
                    ("replay", "Replay of failed records"),
                    ("reread", "Open cases against new words"),
                ],
                max_length=10,
            ),
        ),
    ]
