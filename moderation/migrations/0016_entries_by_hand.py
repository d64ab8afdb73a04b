"""Why an entry was removed from its bank."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("moderation", "0015_labels")]

    operations = [
        migrations.AddField(
            "bankentry",
            "removed_why",
            models.CharField(
                "why it was removed", blank=True, db_default="", default="", max_length=300
            ),
        ),
    ]
