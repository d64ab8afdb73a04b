"""Parts of names are found by an index."""

import core.grams
import django.contrib.postgres.indexes
from django.conf import settings
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('characters', '0009_search_covers'),
        ('core', '0002_grams'),
        ('upstream', '0004_labels'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name='character',
            index=django.contrib.postgres.indexes.GinIndex(core.grams.Grams('name'), name='character_name_grams'),
        ),
        migrations.AddIndex(
            model_name='charactertext',
            index=django.contrib.postgres.indexes.GinIndex(core.grams.Grams('name'), name='character_text_name_grams'),
        ),
    ]
