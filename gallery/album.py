"""The album of a character as a client may see it: which pictures, in pages, with links."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import BooleanField, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from accounts.identities import LOCAL, Pair, identities_of
from accounts.models import User
from characters.models import Character
from characters.sources import characters_sources_of, reached_by
from characters.viewers import Owner
from characters.visibility import find_character, may_see
from gallery.cursors import EPOCH, MILLISECOND, Place
from gallery.models import ImageLog
from gallery.queues import attach_details
from media import services as media
from moderation.enums import ReviewStatus
from upstream.enums import SourceKind
from upstream.models import Source

VISIBLE = timedelta(days=90)
LINK_SECONDS = 3600
# A constant; the values are parameters. From its place on, however deep, such a comparison is read
# along the index `imagelog_album`.
_BELOW = "(gallery_imagelog.created_at, gallery_imagelog.id) < (%s, %s)"


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

    def owns(self, image: ImageLog) -> bool:
        return (image.source_id, image.user_id) in self.own


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A picture for one viewer. `url` None: rejected, hidden, or its bytes are not here.

    `prompt` and `params` are None for those who may not read them.
    """

    image: ImageLog
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
    # A character made here has a local author; a picture made here belongs to the key's own users.
    authors = _owners(known, {LOCAL: None, **{one.name: one.pk for one in sources}})
    seen = character is not None and may_see(character, own=authors, is_staff=viewer.is_staff)
    return Album(
        key=_key(character) if character else character_id,
        is_open=seen,
        source_ids=[pk for pk, ids in walked.items() if character and character.source_id in ids],
        own=frozenset(one for one in authors if one[0] is not None),
        is_staff=viewer.is_staff,
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

    `created_after` (milliseconds since 1970, inclusive) can only narrow the 90 days. At most four
    queries, however deep and however many pictures there are.
    """
    if not album.is_open:
        return AlbumPage(items=[], end=None)
    rows = _visible(album).filter(
        Q(source=None) | Q(source__in=album.source_ids),
        character_id=album.key,
        created_at__gte=_oldest(created_after),
    )
    if below is not None:
        comparison = RawSQL(_BELOW, [below.created_at, below.id], BooleanField())  # noqa: S611
        rows = rows.filter(comparison)
    found = list(rows.order_by("-created_at", "-id").only("id", "created_at")[: limit + 1])
    page = found[:limit]
    return AlbumPage(
        items=_shown(page, album), end=Place.of(page[-1]) if len(found) > limit else None
    )


def _visible(album: Album) -> QuerySet[ImageLog]:
    """Others' pictures as GALLERY_MODERATION says, own ones but for purged and held."""
    rows: QuerySet[ImageLog] = ImageLog.objects.visible(post=settings.GALLERY_MODERATION == "post")
    users: defaultdict[int | None, list[str]] = defaultdict(list)
    for source_id, user_id in album.own:
        users[source_id].append(user_id)
    for source_id, user_ids in users.items():
        own = ImageLog.objects.unpurged().filter(
            held=False, source_id=source_id, user_id__in=user_ids
        )
        rows = rows | own
    return rows


def _oldest(created_after: int | None) -> datetime:
    oldest = timezone.now() - VISIBLE
    if created_after is None:
        return oldest
    try:
        return max(oldest, EPOCH + created_after * MILLISECOND)
    except OverflowError:  # before the year 1 or after 9999
        return oldest if created_after < 0 else datetime.max.replace(tzinfo=EPOCH.tzinfo)


def _shown(page: Sequence[ImageLog], album: Album) -> list[Shown]:
    """The rows of a page in their order, with links, and texts for those who may read them.

    Links come first: a decision changes the status and ends all links in one transaction, so a
    status that is read afterwards is never older than its link.
    """
    if not page:
        return []
    ids = [image.pk for image in page]
    pictures = media.pictures(subject_ids=ids, purpose="client", user_id=None, ttl=LINK_SECONDS)
    images = {image.pk: image for image in _visible(album).filter(pk__in=ids)}
    ordered = [images[pk] for pk in ids if pk in images]
    readable = [image for image in ordered if album.is_staff or album.owns(image)]
    if readable:
        attach_details(readable)
    return [_one(image, pictures.get(image.pk)) for image in ordered]


def _one(image: ImageLog, picture: media.Picture | None) -> Shown:
    detail = getattr(image, "detail", None)
    blocked = image.hidden or image.review_status == ReviewStatus.REJECTED
    return Shown(
        image=image,
        url=picture.url if picture and not blocked else None,
        prompt=detail.prompt if detail else None,
        params=detail.params if detail else None,
    )
