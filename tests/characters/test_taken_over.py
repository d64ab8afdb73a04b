"""Characters from upstream that their authors change or delete here, and what a sync then does."""

from collections.abc import Iterator

import pytest

from characters.models import Character, KnowledgeBaseLink
from media.models import Attachment
from moderation.models import Case
from tests.characters.clients import key
from tests.syncing import balances, source_at, sync
from upstream.sandbox.process import SandboxProcess

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sandbox() -> Iterator[SandboxProcess]:
    with SandboxProcess(images=0, characters=12, assets=0) as sandbox:
        yield sandbox


def change(sandbox, row, **fields):
    sandbox.control(change={"kind": "characters", "ids": [row.upstream_id], "fields": fields})


def test_what_its_author_made_of_it_here_stays(sandbox, client5):
    source = source_at(sandbox, "characters")
    sync(source)
    rows = list(Character.objects.filter(is_public=True, knowledge_bases__isnull=False).distinct())
    edited, deleted, untouched = rows[:3]
    for row in (edited, deleted):
        author = key(f"author-{row.pk}", (source, row.author_id))
        path = f"/characters/{row.upstream_id}"
        if row is edited:
            client5.put(row.upstream_id, author, name="Mine now", isPublic=False)
            base = row.knowledge_bases.first().knowledge_base_id
            assert client5.status("DELETE", f"{path}/knowledge-bases/{base}", author) == 204
        else:
            assert client5.status("DELETE", path, author) == 204
    texts, links = edited.texts.count(), edited.knowledge_bases.count()
    wanted = Attachment.objects.count()
    for row in (edited, deleted, untouched):
        change(sandbox, row, name="Upstream's", avatar="/media/avatars/new.png", isPublic=True)
    run = sync(source, full=True)
    assert run.status == "succeeded" and balances(run)
    assert (run.updated, run.created) == (1, 0)
    for row in (edited, deleted, untouched):
        row.refresh_from_db()
    assert (edited.name, edited.is_public, edited.texts.count()) == ("Mine now", False, texts)
    assert edited.knowledge_bases.count() == links
    assert deleted.deleted_at is not None and deleted.name != "Upstream's"
    assert untouched.name == "Upstream's"
    assert Attachment.objects.count() == wanted
    assert client5.status("GET", f"/characters/{deleted.upstream_id}") == 404


def test_upstreams_purge_is_followed_all_the_same(sandbox, client5):
    source = source_at(sandbox, "characters")
    sync(source)
    row = Character.objects.filter(is_public=True).first()
    client5.put(row.upstream_id, key("author", (source, row.author_id)), name="Mine now")
    change(sandbox, row, reviewStatus="purged")
    sync(source, full=True)
    row.refresh_from_db()
    assert row.review_status == "purged"


def test_private_ones_wait_for_their_first_look_until_they_are_public(sandbox):
    source = source_at(sandbox, "characters")
    sync(source)
    private = Character.objects.filter(is_public=False, review_status="pending")
    assert private.exists()
    assert not Case.objects.filter(subject_id__in=private.values("pk")).exists()
    chosen = private.first()
    change(sandbox, chosen, isPublic=True)
    sync(source)
    assert Case.objects.get(subject_id=chosen.pk).kind == "first_look"
    assert KnowledgeBaseLink.objects.exists()
