"""Names of assets are searched."""

from django.db import migrations

from moderation.operations import search_texts


class Migration(migrations.Migration):
    dependencies = [("assets", "0002_count_by_status"), ("moderation", "0007_search")]
    operations = [
        search_texts(table="assets_asset", subject_type="assets.asset", changing=("name",))
    ]
