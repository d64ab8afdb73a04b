"""The album of a character as a client may see it: which pictures, in pages, with links."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from accounts.identities import LOCAL, Pair, identities_of
from accounts.models import User
from characters.models import Character
from characters.sources import characters_sources_of, reached_by
from characters.viewers import Owner
from characters.visibility import find_character, may_see
from gallery.cursors import EPOCH, MILLISECOND, Place
from gallery.models import ImageDetail
from gallery.queues import newest_details
from gallery.reading import Image, read_images
from media.linking import client_links
from moderation.enums import ReviewStatus
from upstream.enums import SourceKind
from upstream.models import Source

VISIBLE = timedelta(days=90)
LINK_SECONDS = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who asks; `user` None is a guest. `source` is what the key is narrowed to, "" for nothing."""

    user: User | None = None
    source: str = ""

    @property
    def is_member(self) -> bool:
        return self.user is not None and self.user.is_member

    @property
    def is_staff(self) -> bool:
        return self.user is not None and self.user.is_staff


@dataclass(frozen=True, slots=True, kw_only=True)
class Album:
    """What one viewer may see of one character's pictures. `key` is the pictures' character_id.

    `is_open` False: the character is unknown, or not for this viewer; which one is not told.
    """

    key: str
    is_open: bool
    source_ids: Sequence[int]
    own: frozenset[Owner]
    is_staff: bool
    # None: somebody without identities, who owns nothing.
    account: int | None

    def owns(self, image: Image) -> bool:
        if image.source_id is None:
            return image.account_id is not None and image.account_id == self.account
        return (image.source_id, image.user_id) in self.own

    def reads(self, image: Image) -> bool:
        """Whether prompt and parameters are for this viewer."""
        return self.is_staff or self.owns(image)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A picture for one viewer. `url` None: rejected, hidden, kept back, or its bytes are not here.

    `prompt` and `params` are None for those who may not read them.
    """

    image: Image
    url: str | None
    prompt: str | None
    params: dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlbumPage:
    """`end` is the place to go on from, None when nothing follows."""

    items: list[Shown]
    end: Place | None


def open_album(*, character_id: str, viewer: Viewer) -> Album:
    """The album that the id (upstream's or ours) means for this viewer. At most three queries."""
    sources = _sources()
    walked = _walked(sources, viewer.source)
    known = identities_of(viewer.user) if viewer.user else []
    reached = [one.pk for one in reached_by(viewer.source, among=sources)]
    character = find_character(character_id, source_ids=reached)
    # A character made here has a local author; a picture made here says whose it is.
    authors = _owners(known, {LOCAL: None, **{one.name: one.pk for one in sources}})
    seen = character is not None and may_see(character, own=authors, is_staff=viewer.is_staff)
    return Album(
        key=_key(character) if character else character_id,
        is_open=seen,
        source_ids=[pk for pk, ids in walked.items() if character and character.source_id in ids],
        own=frozenset(one for one in authors if one[0] is not None),
        is_staff=viewer.is_staff,
        account=viewer.user.pk if viewer.user and known else None,
    )


def _key(character: Character) -> str:
    return character.upstream_id or str(character.pk)


def _sources() -> list[Source]:
    kinds = (SourceKind.CHARACTERS, SourceKind.GALLERY)
    columns = ("name", "kind", "base_url", "characters_sources")
    return list(Source.objects.filter(kind__in=kinds).order_by("id").only(*columns))


def _walked(sources: Sequence[Source], only: str) -> dict[int, set[int]]:
    """By gallery, the characters sources it walks. `only` narrows, if it names a gallery."""
    characters = [one for one in sources if one.kind == SourceKind.CHARACTERS]
    galleries = [one for one in sources if one.kind == SourceKind.GALLERY]
    named = [one for one in galleries if one.name == only]
    return {
        gallery.pk: {one.pk for one in characters_sources_of(gallery, among=characters)}
        for gallery in named or galleries
    }


def _owners(known: Sequence[Pair], ids: dict[str, int | None]) -> frozenset[Owner]:
    return frozenset((ids[source], name) for source, name in known if source in ids)


def read_page(
    *, album: Album, limit: int, below: Place | None = None, created_after: int | None = None
) -> AlbumPage:
    """Up to `limit` pictures of the last 90 days, newest first, from `below` on.

    `created_after` (milliseconds since 1970, inclusive) can only narrow the 90 days. One query, and
    one more for texts that this viewer may read, however deep and however many pictures there are.
    """
    if not album.is_open:
        return AlbumPage(items=[], end=None)
    found = read_images(
        album=album.key,
        sources=album.source_ids,
        own=album.own,
        account=album.account,
        oldest=_oldest(created_after),
        below=below,
        limit=limit + 1,
    )
    page = found[:limit]
    end = Place(page[-1].created_at, page[-1].id) if len(found) > limit else None
    return AlbumPage(items=_shown(page, album), end=end)


def _oldest(created_after: int | None) -> datetime:
    oldest = timezone.now() - VISIBLE
    if created_after is None:
        return oldest
    try:
        return max(oldest, EPOCH + created_after * MILLISECOND)
    except OverflowError:  # before the year 1 or after 9999
        return oldest if created_after < 0 else datetime.max.replace(tzinfo=EPOCH.tzinfo)


def _shown(page: Sequence[Image], album: Album) -> list[Shown]:
    """The rows of a page in their order, with links, and texts for those who may read them."""
    links = client_links([image.picture for image in page], ttl=LINK_SECONDS)
    details = newest_details([image.id for image in page if album.reads(image)])
    return [
        _one(image, link, details.get(image.id)) for image, link in zip(page, links, strict=True)
    ]


def _one(image: Image, link: str | None, detail: ImageDetail | None) -> Shown:
    blocked = image.hidden or image.kept_back or image.review_status == ReviewStatus.REJECTED
    return Shown(
        image=image,
        url=None if blocked else link,
        prompt=detail.prompt if detail else None,
        params=detail.params if detail else None,
    )
