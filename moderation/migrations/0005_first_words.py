"""Versions of terms are append-only; and the first word list, for a database that has none yet."""

from django.db import migrations

from moderation.first_words import FIRST_WORDS

REFUSE = """
CREATE TRIGGER termversion_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON moderation_termversion
    FOR EACH STATEMENT EXECUTE FUNCTION moderation_refuse_change();
"""
REFUSE_BACK = "DROP TRIGGER termversion_append_only ON moderation_termversion;"


def create(apps, schema_editor):
    Reason = apps.get_model("moderation", "Reason")
    Term = apps.get_model("moderation", "Term")
    TermVersion = apps.get_model("moderation", "TermVersion")
    reasons = {reason.slug: reason for reason in Reason.objects.all()}
    for first in FIRST_WORDS:
        if first.reason in reasons and not Term.objects.filter(text=first.text).exists():
            content = first._asdict()
            term = Term.objects.create(**content | {"reason": reasons[first.reason]})
            TermVersion.objects.create(term=term, version=1, content=content | {"active": True})


class Migration(migrations.Migration):
    dependencies = [("moderation", "0004_word_list")]
    operations = [
        migrations.RunSQL(REFUSE, REFUSE_BACK),
        migrations.RunPython(create, migrations.RunPython.noop),
    ]
