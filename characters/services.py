"""What authors do to their characters here: each a transaction with what the review needs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from django.db import OperationalError
from django.utils import timezone
from psycopg.errors import DeadlockDetected, SerializationFailure

from accounts.audit import ADDITION, CHANGE, DELETION, record
from accounts.identities import local_author
from accounts.models import User
from characters.avatars import ROLE, avatars_of, keep_approved, keep_refused
from characters.cards import newest_texts
from characters.covers import CoverUnavailable, take_cover
from characters.errors import ChangedMeanwhile, InvalidField, NoSuchLink, NotTheAuthor, Removed
from characters.models import Character, CharacterText, KnowledgeBaseLink
from characters.reading import check_standing, readable
from characters.reviewing import author_changed, open_first_look
from characters.viewers import Viewer
from core.contracts import NUL
from media import services as media
from media.enums import AttachmentState
from moderation.enums import ReviewStatus
from moderation.registry import queues
from moderation.services import retrying

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """What a client says of a character; None is what it left out. `avatar` is a link."""

    name: str
    avatar: str | None = None
    bio: str | None = None
    origin_prompt: str | None = None
    is_public: bool | None = None


def create(*, fields: Fields, viewer: Viewer, cover_id: str | None = None) -> Character:
    """A new character of the caller; a cover of theirs becomes its avatar. Raises InvalidField for
    a cover that is not there for them."""
    return written(lambda: _create(fields, viewer, cover_id))


def _create(fields: Fields, viewer: Viewer, cover_id: str | None) -> Character:
    user, now = author_of(viewer), timezone.now()
    character = Character.objects.create(
        author_id=local_author(user=user, prefer=[source.name for source in viewer.sources]),
        name=fields.name,
        is_public=bool(fields.is_public),
        created_at=now,
        updated_at=now,
    )
    _add_text(character, (fields.name, fields.bio or "", fields.origin_prompt or ""))
    if cover_id is not None:
        _take_cover(cover_id, character, user)
    elif fields.avatar:
        _want_avatar(character, fields.avatar)
    if character.is_public:
        open_first_look(character, waits=bool(fields.avatar) and cover_id is None)
    note(character, by=user, what="Made by its author", flag=ADDITION)
    return character


def update(*, character_id: str, fields: Fields, viewer: Viewer) -> Character:
    """Sets what the client said; the rest stays. Raises as `locked_own` does."""
    return written(lambda: _update(character_id, fields, viewer))


def _update(character_id: str, fields: Fields, viewer: Viewer) -> Character:
    character = locked_own(character_id, viewer)
    was_public = character.is_public
    changed = _set(character, fields)
    if changed:
        touch(character, "name", "is_public")
        author_changed(
            character,
            by=author_of(viewer),
            content=changed != ["isPublic"],
            published=character.is_public and not was_public,
        )
        what = f"Changed by its author: {', '.join(changed)}"
        note(character, by=author_of(viewer), what=what)
    return character


def _set(character: Character, fields: Fields) -> list[str]:
    """Writes texts and avatar, sets the columns; the contract's names of what differs now."""
    old = newest_texts([character.pk]).get(character.pk)
    before = (character.name, old.bio if old else "", old.origin_prompt if old else "")
    given = (fields.name, fields.bio, fields.origin_prompt)
    after = tuple(was if said is None else said for was, said in zip(before, given, strict=True))
    names = ("name", "bio", "originPrompt")
    changed = [name for name, was, now in zip(names, before, after, strict=True) if was != now]
    if changed:
        _add_text(character, after)
        character.name = fields.name
    if fields.avatar and _is_another(fields.avatar, character):
        keep_approved([character.pk])
        keep_refused(character)
        _want_avatar(character, fields.avatar)
        changed.append("avatar")
    if fields.is_public is not None and fields.is_public != character.is_public:
        character.is_public = fields.is_public
        changed.append("isPublic")
    return changed


def delete(*, character_id: str, viewer: Viewer) -> None:
    """Gone for everybody at once, with its links and those of its album; `erasing` takes texts and
    bytes after the grace.

    What is open on it stays open: whoever looks at it sees that it was deleted.
    """
    written(lambda: _delete(character_id, viewer))


def _delete(character_id: str, viewer: Viewer) -> None:
    character = locked_own(character_id, viewer, purged=True)
    character.deleted_at = timezone.now()
    touch(character, "deleted_at")
    _end_links(character)
    note(character, by=author_of(viewer), what="Deleted by its author", flag=DELETION)


def _end_links(character: Character) -> None:
    """Also those of what other queues have under its id: the pictures of its album."""
    media.end_links(subject_ids=[character.pk])
    key = character.upstream_id or str(character.pk)
    for queue in queues().values():
        if queue.character_field and queue.model is not None:
            rows = queue.narrow(queue.model.objects.all(), character=key, user=None)
            media.end_links(subject_ids=rows.values("pk"))


def link(*, character_id: str, base: str, priority: int, viewer: Viewer) -> KnowledgeBaseLink:
    """Links a knowledge base, or gives the link another priority. Raises as `locked_own` does."""
    return written(lambda: _link(character_id, base, priority, viewer))


def _link(character_id: str, base: str, priority: int, viewer: Viewer) -> KnowledgeBaseLink:
    character = locked_own(character_id, viewer)
    row, _ = KnowledgeBaseLink.objects.update_or_create(
        character=character, knowledge_base_id=base, defaults={"priority": priority}
    )
    _take_over(character)
    note(character, by=author_of(viewer), what=f"Knowledge base {base} linked: {priority}")
    return row


def unlink(*, character_id: str, base: str, viewer: Viewer) -> None:
    """Raises NoSuchLink, and as `locked_own` does."""
    written(lambda: _unlink(character_id, base, viewer))


def _unlink(character_id: str, base: str, viewer: Viewer) -> None:
    character = locked_own(character_id, viewer)
    rows = character.knowledge_bases.filter(knowledge_base_id=base)
    if NUL in base or not rows.delete()[0]:
        raise NoSuchLink
    _take_over(character)
    note(character, by=author_of(viewer), what=f"Knowledge base {base} unlinked")


def written(work: Callable[[], T]) -> T:
    """Runs `work` in a transaction, again after a deadlock. Raises ChangedMeanwhile in the end."""
    try:
        return retrying(work)
    except OperationalError as error:
        if isinstance(error.__cause__, DeadlockDetected | SerializationFailure):
            raise ChangedMeanwhile from error
        raise


def author_of(viewer: Viewer) -> User:
    assert viewer.user is not None
    return viewer.user


def locked_own(character_id: str, viewer: Viewer, *, purged: bool = False) -> Character:
    """The caller's character, locked until the transaction's end: of two writers, or a writer and
    a decision, the second sees what the first did.

    Raises NoSuchCharacter, PrivateCharacter or NotTheAuthor, and Removed for a purged one unless
    `purged`.
    """
    found = readable(character_id, viewer)
    rows = Character.objects.select_for_update(no_key=True, of=("self",))
    character = check_standing(rows.filter(pk=found.pk).first(), viewer)
    if not viewer.owns(character):
        raise NotTheAuthor
    if character.review_status == ReviewStatus.PURGED and not purged:
        raise Removed
    return character


def check_own(character_id: str, viewer: Viewer) -> None:
    """Raises what `locked_own` would; nothing is locked."""
    if not viewer.owns(readable(character_id, viewer)):
        raise NotTheAuthor


def touch(character: Character, *columns: str) -> None:
    """Saves the columns, as changed now."""
    character.updated_at = timezone.now()
    character.save(update_fields=[*columns, "updated_at"])
    _take_over(character)


def _take_over(character: Character) -> None:
    """A record from upstream is its author's from now on: no sync changes it again."""
    if character.source_id is not None and not character.edited_here:
        character.edited_here = True
        character.save(update_fields=["edited_here"])


def note(character: Character, *, by: User, what: str, flag: int = CHANGE) -> None:
    """An entry in the trail; by the id, because names can be anything."""
    record(by=by, about=character, message=what, flag=flag, name=str(character.pk))


def _add_text(character: Character, texts: tuple[str, ...]) -> None:
    name, bio, origin_prompt = texts
    CharacterText.objects.create(
        character=character, name=name, bio=bio, origin_prompt=origin_prompt
    )


def _take_cover(cover_id: str, character: Character, user: User) -> None:
    try:
        take_cover(cover_id=cover_id, owner=user, character=character)
    except CoverUnavailable as error:
        raise InvalidField(coverId=str(error)) from error


def _is_another(url: str, character: Character) -> bool:
    """Whether a link leads to another avatar than the newest. A client that sends back what it read
    sends a link of ours."""
    attachments = avatars_of([character.pk])
    if behind := media.attachment_behind(url):
        return behind not in {row.pk for row in attachments.rows.values()}
    newest = attachments.newest(character.pk)
    if newest is None or newest.state == AttachmentState.FAILED:
        return True
    return bytes(newest.origin_key or b"") != media.origin_key(url)


def _want_avatar(character: Character, url: str) -> None:
    """It is fetched as any upstream's; until it is here there is no avatar."""
    kind, key = character.subject_key
    media.want(rows=[media.Wanted(subject_type=kind, subject_id=key, role=ROLE, url=url)])
    media.let_go(subject_id=key, role=ROLE)
