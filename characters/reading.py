"""Characters as a client may read them: pages with totals, single ones, texts, avatars."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from characters.avatars import Avatars, avatars_of, link
from characters.cards import newest_texts
from characters.errors import NoSuchCharacter, PrivateCharacter
from characters.models import Character, CharacterText, KnowledgeBaseLink
from characters.versions import Approval, approvals, approved_text, approved_texts
from characters.viewers import Viewer
from characters.visibility import (
    SHOWN,
    Standing,
    find_character,
    is_pre,
    own,
    public,
    standing,
)  # fmt: skip
from core.contracts import NUL
from core.grams import named
from core.totals import total_of
from moderation.enums import ReviewStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A character for one viewer, in the version that is theirs. `avatar` is a link of ours, None
    without bytes to show; `origin_prompt` is the author's alone."""

    character: Character
    name: str
    bio: str
    origin_prompt: str
    avatar: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Page `number` (from 1) of `limit` characters, newest first, and how many there are in all."""

    items: list[Shown]
    total: int
    number: int
    limit: int

    @property
    def pages(self) -> int:
        return -(-self.total // self.limit)


@dataclass(frozen=True, slots=True)
class List:
    """A list as one viewer may read it; `key` says what it was chosen by."""

    rows: QuerySet[Character]
    viewer: Viewer
    key: tuple[object, ...]

    def page(self, number: int, limit: int) -> Page:
        """At most six queries (in `pre` eight), however deep, beside a count of large lists and
        what a search asked before."""
        total = total_of(self.rows, *self.key)
        start = (number - 1) * limit
        ids: list[uuid.UUID] = []
        if start < total:
            ordered = self.rows.order_by("-created_at", "-id").values_list("pk", flat=True)
            ids = list(ordered[start : start + limit])
        items = show(self.rows, ids, viewer=self.viewer)
        return Page(items=items, total=total, number=number, limit=limit)


def public_list(viewer: Viewer) -> List:
    return List(public(viewer), viewer, _key("public", viewer.source_ids))


def own_list(viewer: Viewer) -> List:
    return List(own(viewer), viewer, _key("own", viewer.own))


def search(words: str, viewer: Viewer) -> List:
    """Of public and own ones, those whose name holds `words`, in whatever case; "" is all.

    The name is the one that the viewer is shown: nobody finds a name that is still to be approved.
    """
    rows = public(viewer) | own(viewer)
    if words:
        holding = Q(named(Character.objects.all(), "name", words), name__icontains=words)
        rows = rows.filter(holding)
        if is_pre() and not viewer.is_staff:
            rows = public(viewer).filter(_served_as(words, holding)) | own(viewer).filter(holding)
    key = _key("search", words, viewer.source_ids, viewer.own, viewer.is_staff)
    return List(rows, viewer, key)


def _served_as(words: str, holding: Q) -> Q:
    """The name of the version that strangers are served in `pre`: the newest of what is approved,
    an older one of what is pending again."""
    served = CharacterText.objects.filter(
        character=OuterRef("pk"), pk=approved_text(), name__icontains=words
    )
    among = named(CharacterText.objects.all(), "name", words, key="character")
    older = Q(among, Exists(served), review_status=ReviewStatus.PENDING)
    return Q(holding, review_status=ReviewStatus.APPROVED) | older


def _key(*parts: object) -> tuple[object, ...]:
    in_order = (sorted(part, key=repr) if isinstance(part, frozenset) else part for part in parts)
    return ("characters", is_pre(), *in_order)


def show(rows: QuerySet[Character], ids: Sequence[uuid.UUID], *, viewer: Viewer) -> list[Shown]:
    """Those of `ids` that are among `rows`, in their order.

    Links come first: a decision changes the status and ends all links in one transaction, so a
    status that is read afterwards is never older than its link.
    """
    if not ids:
        return []
    pictures = avatars_of(ids)
    found = {row.pk: row for row in rows.filter(pk__in=ids)}
    ordered = [found[pk] for pk in ids if pk in found]
    strangers = [row.pk for row in ordered if is_pre() and not _sees_newest(row, viewer)]
    approved = approvals(strangers) if strangers else {}
    texts = newest_texts([row.pk for row in ordered if row.pk not in approved])
    texts |= approved_texts(approved)
    return [
        _one(row, texts.get(row.pk), _avatar(row, pictures, approved.get(row.pk)), viewer)
        for row in ordered
    ]


def _sees_newest(character: Character, viewer: Viewer) -> bool:
    return viewer.is_staff or viewer.owns(character)


def _avatar(character: Character, pictures: Avatars, approval: Approval | None) -> str | None:
    if character.hidden or character.review_status not in SHOWN:
        return None
    if approval is None:
        return link(pictures.newest(character.pk))
    return link(pictures.approved(character.pk, approval))


def _one(
    character: Character, text: CharacterText | None, avatar: str | None, viewer: Viewer
) -> Shown:
    return Shown(
        character=character,
        name=text.name if text else character.name,
        bio=text.bio if text else "",
        origin_prompt=text.origin_prompt if text and viewer.owns(character) else "",
        avatar=avatar,
    )


def read_one(character_id: str, viewer: Viewer) -> Shown:
    """One character. Raises NoSuchCharacter or PrivateCharacter."""
    character = readable(character_id, viewer)
    shown = show(Character.objects.all(), [character.pk], viewer=viewer)
    # Between the two it may have been held, deleted or rejected.
    check_standing(shown[0].character if shown else None, viewer)
    return shown[0]


def readable(character_id: str, viewer: Viewer) -> Character:
    """The character that the id means. Raises NoSuchCharacter or PrivateCharacter."""
    if NUL in character_id:
        raise NoSuchCharacter
    character = find_character(character_id, source_ids=viewer.source_ids)
    return check_standing(character, viewer)


def check_standing(character: Character | None, viewer: Viewer) -> Character:
    if character is None:
        raise NoSuchCharacter
    seen = standing(character, own=viewer.own, is_staff=viewer.is_staff)
    if seen == Standing.UNKNOWN:
        raise NoSuchCharacter
    if seen == Standing.PRIVATE:
        raise PrivateCharacter
    return character


def show_own(character: Character, user: User | None) -> Shown:
    """What its author is shown, whatever identities the caller had before it was made."""
    own = (character.source_id, character.author_id)
    viewer = Viewer(user=user, own=frozenset({own}))
    return show(Character.objects.all(), [character.pk], viewer=viewer)[0]


def links_of(character_id: str, viewer: Viewer) -> list[KnowledgeBaseLink]:
    """By priority. Raises as `read_one` does."""
    return list(readable(character_id, viewer).knowledge_bases.all())
