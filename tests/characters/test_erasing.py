"""What happens to a deleted character after the grace, and what is kept as evidence."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from characters import erasing, tasks
from characters.avatars import REFUSED_ROLE
from characters.models import Character, CharacterText, KnowledgeBaseLink
from media.models import Attachment, File
from media.naming import path_of
from media.storage import storage
from moderation.models import Decision, Receipt, SearchEntry, Tombstone
from moderation.search.filling import fill
from tests.characters.clients import act, own
from tests.characters.test_avatars import uploaded
from tests.media import samples

pytestmark = pytest.mark.django_db(transaction=True)
BASE = "660e8400-e29b-41d4-a716-446655440000"


def deleted(client, key, *, decide=(), public=True):
    made = client.create(key, name="Secretive", bio="b", isPublic=public)
    uploaded(client, made, key, samples.png(seed=Character.objects.count()))
    path = f"/characters/{made['id']}"
    client.call("POST", f"{path}/knowledge-bases", key, json={"knowledgeBaseId": BASE})
    for action, words in decide:
        act(action, own(made), **words)
    assert client.status("DELETE", path, key) == 204
    return own(made)


def later(**grace):
    return timezone.now() + timedelta(**(grace or {"hours": 25}))


def stored(character):
    files = File.objects.filter(attachments__subject_id=character.pk)
    return any(storage().exists(path_of(bytes(file.sha256))) for file in files)


def test_texts_and_bytes_go_after_the_grace_and_the_row_stays(client5, alice):
    row = deleted(client5, alice, decide=[("approve", {})])
    assert erasing.erase_due(at=later(hours=23)) == 0
    assert row.texts.exists() and stored(row)
    assert erasing.erase_due(at=later()) == 1
    row.refresh_from_db()
    assert (row.name, bool(row.erased_at), bool(row.deleted_at)) == ("", True, True)
    assert not CharacterText.objects.exists() and not KnowledgeBaseLink.objects.exists()
    assert not stored(row)
    assert File.objects.get().erased_at is not None
    assert Tombstone.objects.get().subject_id == row.pk
    assert Receipt.objects.get().outcome == "erased"
    assert Decision.objects.filter(subject_id=row.pk).count() == 1
    assert not LogEntry.objects.filter(object_repr__contains="Secretive").exists()
    fill()
    assert not SearchEntry.objects.filter(subject_id=row.pk).exists()
    assert erasing.erase_due(at=later()) == 0
    tasks.erase_deleted()
    assert client5.status("GET", f"/characters/{row.pk}", alice) == 404


KEPT = {
    "an open case": [],
    "rejected": [("reject", {"reason": "spam"})],
    "escalated": [("escalate", {"note": "?"})],
    "escalated and then approved": [("escalate", {"note": "?"}), ("approve", {})],
    "held": [("approve", {})],
}


def test_evidence_is_kept(client5, alice):
    rows = {name: deleted(client5, alice, decide=steps) for name, steps in KEPT.items()}
    act("hold", rows["held"], note="court order")
    assert erasing.erase_due(at=later(days=400)) == 0
    assert CharacterText.objects.count() == len(rows)
    act("approve", rows["an open case"])
    act("release", rows["held"], note="over")
    assert erasing.erase_due(at=later(days=400)) == 2
    assert set(Character.objects.filter(erased_at=None)) == {
        rows["rejected"], rows["escalated"], rows["escalated and then approved"],
    }  # fmt: skip


def test_a_private_one_without_any_case_goes_too(client5, alice):
    row = deleted(client5, alice, public=False)
    assert erasing.erase_due(at=later()) == 1
    assert not row.texts.exists()


def test_a_kill_between_texts_and_bytes_loses_nothing(client5, alice, monkeypatch):
    row = deleted(client5, alice, public=False)
    with monkeypatch.context() as patch:
        patch.setattr("media.services.erase", lambda **_: 1 / 0)
        patch.setattr("moderation.purging.media.erase", lambda **_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            erasing.erase_due(at=later())
    assert not row.texts.exists() and stored(row)
    from moderation import purging

    purging.erase_due(at=later())
    assert not stored(row)
    assert Receipt.objects.get().outcome == "erased"


def test_a_refused_avatar_is_kept_when_its_author_replaces_it(client5, alice):
    made = client5.create(alice, isPublic=True)
    uploaded(client5, made, alice, samples.png(seed=1))
    refused = File.objects.get()
    act("reject", own(made), reason="spam")
    for seed in (2, 3):
        files = {"file": ("a.png", samples.png(seed=seed))}
        answer = client5.call("PUT", f"/characters/{made['id']}/avatar", alice, files=files)
        assert answer.status_code == 200
    kept = Attachment.objects.get(subject_id=made["id"], role=REFUSED_ROLE)
    assert kept.file_id == refused.pk
