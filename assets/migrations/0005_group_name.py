"""Lists are sorted by group, and names searched by their parts, both by an index."""

import core.grams
import django.contrib.postgres.indexes
from django.conf import settings
from django.db import migrations, models

# Whoever writes the row, whatever they say: of the group, as the group is called.
_TRIGGER = """
CREATE FUNCTION assets_name_group() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT upstream_id INTO NEW.group_name FROM assets_assetgroup WHERE id = NEW.group_id;
    NEW.group_name := coalesce(NEW.group_name, '');
    RETURN NEW;
END $$;
CREATE TRIGGER assets_asset_name_group BEFORE INSERT OR UPDATE OF group_id, group_name
    ON assets_asset FOR EACH ROW EXECUTE FUNCTION assets_name_group();
UPDATE assets_asset SET group_name = '';
"""
_DROP = """
DROP TRIGGER assets_asset_name_group ON assets_asset;
DROP FUNCTION assets_name_group();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('assets', '0004_listed'),
        ('core', '0002_grams'),
        ('upstream', '0004_labels'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='asset',
            name='group_name',
            field=models.CharField(db_default='', default='', editable=False, max_length=255, verbose_name='group'),
        ),
        migrations.RunSQL(_TRIGGER, _DROP),
        migrations.AddIndex(
            model_name='asset',
            index=models.Index(fields=['group_name', 'created_at', 'id'], include=('source', 'group', 'status', 'review_status', 'hidden', 'held'), name='asset_by_group'),
        ),
        migrations.AddIndex(
            model_name='asset',
            index=django.contrib.postgres.indexes.GinIndex(core.grams.Grams('name'), name='asset_name_grams'),
        ),
    ]
