"""Names and texts of characters are searched; a character that was deleted is found no more."""

from django.db import migrations

from moderation.operations import search_texts


class Migration(migrations.Migration):
    dependencies = [("characters", "0004_first_options"), ("moderation", "0007_search")]
    operations = [
        search_texts(
            table="characters_charactertext",
            subject_type="characters.character",
            key="character_id",
        ),
        search_texts(
            table="characters_character",
            subject_type="characters.character",
            changing=("name", "deleted_at"),
        ),
    ]
