"""What covers show of their options is searched."""

from django.db import migrations

from moderation.operations import search_texts


class Migration(migrations.Migration):
    dependencies = [("characters", "0008_image_config"), ("moderation", "0007_search")]
    operations = [search_texts(table="characters_cover", subject_type="characters.cover")]
