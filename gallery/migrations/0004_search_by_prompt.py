"""Prompts are searched: every new version of them is noted for the search."""

from django.db import migrations

from moderation.operations import search_texts


class Migration(migrations.Migration):
    dependencies = [("gallery", "0003_search_by_message"), ("moderation", "0007_search")]
    operations = [
        search_texts(table="gallery_imagedetail", subject_type="gallery.imagelog", key="image_id")
    ]
