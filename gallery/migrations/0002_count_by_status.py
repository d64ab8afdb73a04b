"""Counts by review status are logged by triggers."""

from django.db import migrations

from moderation.operations import count_by_status


class Migration(migrations.Migration):
    dependencies = [("gallery", "0001_initial"), ("moderation", "0002_triggers")]
    operations = [count_by_status(table="gallery_imagelog", subject_type="gallery.imagelog")]
