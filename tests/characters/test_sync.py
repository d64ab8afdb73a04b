"""The characters' sync: both lists, texts, avatars, knowledge-base links, what is missing."""

from collections.abc import Iterator

import pytest

from characters.models import Character, CharacterText, KnowledgeBaseLink
from media.models import Attachment
from moderation.models import Case
from tests.factories import make_character
from tests.syncing import source_at, sync
from upstream.models import Source
from upstream.sandbox.process import SandboxProcess

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sandbox() -> Iterator[SandboxProcess]:
    with SandboxProcess(images=0, characters=30, assets=0) as sandbox:
        yield sandbox


@pytest.fixture
def source(sandbox: SandboxProcess) -> Source:
    return source_at(sandbox, "characters")


def links() -> set[tuple[str, str, int]]:
    rows = KnowledgeBaseLink.objects.values_list(
        "character__upstream_id", "knowledge_base_id", "priority"
    )
    return set(rows)


def test_a_token_brings_the_private_characters_with_their_prompts(sandbox, source):
    totals = sandbox.stats()["totals"]["characters"]
    run = sync(source)
    assert (run.status, run.seen, run.expected) == ("succeeded", totals["listed"], totals["listed"])
    private = Character.objects.filter(is_public=False)
    assert private.count() == totals["listed"] - totals["public"] > 0
    own = CharacterText.objects.filter(character__in=private)
    assert own.exclude(origin_prompt="").exists()
    assert CharacterText.objects.count() == Character.objects.count()


def test_without_a_token_only_public_ones_are_read_and_the_run_says_so(sandbox):
    run = sync(source_at(sandbox, "characters", token=""))
    assert run.status == "succeeded"
    assert run.seen == sandbox.stats()["totals"]["characters"]["public"]
    assert any("only public characters" in note for note in run.notes)


def test_the_prompts_that_the_public_list_leaves_out_are_no_change(sandbox, source):
    sync(source)
    run = sync(source, full=True)
    assert (run.updated, run.unchanged) == (0, run.seen)


def test_avatars_are_wanted_in_their_own_role(sandbox, source):
    sync(source)
    avatars = Attachment.objects.filter(subject_type="characters.character", role="avatar")
    assert avatars.count() == Attachment.objects.count() > 0
    assert Case.objects.filter(queue="characters").exists()


def test_knowledge_bases_are_linked_updated_and_unlinked(sandbox, source):
    sync(source)
    first = links()
    assert first
    owner, base, priority = min(first)
    KnowledgeBaseLink.objects.filter(knowledge_base_id=base).update(priority=priority + 1)
    KnowledgeBaseLink.objects.create(
        character=Character.objects.get(upstream_id=owner), knowledge_base_id="stale"
    )
    sync(source)
    assert links() != first
    sync(source, full=True)
    assert links() == first


def test_a_new_characters_links_come_with_a_short_run(sandbox, source):
    sync(source)
    KnowledgeBaseLink.objects.all().delete()
    [added] = sandbox.control(add={"kind": "characters", "count": 1})
    sync(source)
    assert {owner for owner, _, _ in links()} <= {added}


def test_a_character_that_became_private_is_updated_without_a_second_look(sandbox, source):
    sync(source)
    chosen = Character.objects.filter(is_public=False).first()
    sandbox.control(
        change={"kind": "characters", "ids": [chosen.upstream_id], "fields": {"isPublic": True}}
    )
    run = sync(source)
    chosen.refresh_from_db()
    assert (run.updated, chosen.is_public) == (1, True)
    assert not Case.objects.filter(subject_id=chosen.pk, why__contains=["changed"]).exists()


def test_a_long_name_is_cut_in_the_row_and_whole_in_the_upstream_object(sandbox, source):
    name = "长" * 140
    [added] = sandbox.control(add={"kind": "characters", "fields": {"name": name}})
    sync(source)
    character = Character.objects.get(upstream_id=added)
    assert character.name == name[:100]
    assert character.texts.get().raw["name"] == name


def test_a_character_that_is_gone_is_marked_and_one_made_here_is_not(sandbox, source):
    sync(source)
    made_here = Character.objects.get(pk=make_character(source=source).pk)
    Character.objects.filter(pk=made_here.pk).update(source=None)
    gone = Character.objects.filter(source=source).first()
    sandbox.control(remove={"kind": "characters", "ids": [gone.upstream_id]})
    run = sync(source)
    assert run.missing == 1
    gone.refresh_from_db()
    made_here.refresh_from_db()
    assert (gone.missing_at is None, made_here.missing_at) == (False, None)


def test_a_run_that_sees_public_ones_only_misses_no_private_one(sandbox, source):
    sync(source)
    Source.objects.filter(pk=source.pk).update(token="")
    source.refresh_from_db()
    run = sync(source, full=True)
    assert (run.status, run.missing) == ("succeeded", 0)


def test_bad_rows_without_a_readable_id_mark_nothing_as_missing(sandbox, source):
    sync(source)
    sandbox.control(faults=["badrows"])
    run = sync(source, full=True)
    assert (run.status, run.missing) == ("partial", 0)
