"""A member's page of an album over HTTP: deep against first, DRF's own way, and a constant."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from accounts.keys import issue_key
from accounts.models import User
from bench import cluster
from bench.report import Figure
from bench.rounds import interleaved, median, ratio
from bench.serving import Call, rate, server
from bench.sizes import Size
from characters.models import Character
from gallery.cursors import Place, write_cursor
from gallery.models import ImageLog
from media.enums import AttachmentState
from media.models import Attachment, File

CHARACTER = "synthetic-character-0"
OURS = "/api/list-character-images"
PLAIN = "/plain/images/"
CONSTANT = "/plain/constant/"


class Album:
    """One character with every picture of the database, a member's key, and two places in it."""

    def __init__(self, size: Size) -> None:
        images, pending = size.large
        self.database = cluster.template(
            "album", images=images, pending=pending, people=size.people, characters=1
        )
        cluster.use(self.database)
        Character.objects.filter(upstream_id=CHARACTER).update(is_public=True)
        self.depth = min(500_000, images // 2)
        self.headers = {"Content-Type": "application/json", "Authorization": f"Bearer {_key()}"}
        self.deep = _place(self.depth)
        _store_pictures(Place(timezone.now(), ImageLog.objects.latest("created_at").pk), self.deep)
        cluster.leave()

    def page(self, place: Place | None = None) -> Call:
        body = {"characterId": CHARACTER}
        if place is not None:
            body["cursor"] = write_cursor(place, album=CHARACTER)
        return Call(OURS, json.dumps(body).encode(), self.headers, _check_page)

    def get(self, path: str) -> Call:
        return Call(path, None, self.headers)


def gallery_page_deep_vs_first(size: Size) -> Iterator[Figure]:
    """The same member's page, half a million pictures down."""
    album = Album(size)
    with server(album.database) as port:
        deep, first = interleaved(
            size.rounds,
            lambda: 1000 / rate(port, album.page(album.deep), seconds=size.seconds, threads=1),
            lambda: 1000 / rate(port, album.page(), seconds=size.seconds, threads=1),
        )
    yield Figure(
        "gallery_page_deep_vs_first", ratio(deep, first), 1.3, at_most=True, ours=median(deep),
        baseline=median(first), measured="ms",
        note=f"{settings.GALLERY_PAGE_SIZE} pictures at depth {album.depth:,} of {size.large[0]:,}",
    )  # fmt: skip


def gallery_vs_others(size: Size) -> Iterator[Figure]:
    """Pages a second: ours, a ModelSerializer with CursorPagination, and a constant."""
    album = Album(size)
    with server(album.database) as port:

        def side(call: Call) -> float:
            return rate(port, call, seconds=size.seconds)

        calls = album.page(), album.get(PLAIN), album.get(CONSTANT)
        ours, plain, constant = interleaved(
            size.rounds, *(lambda call=call: side(call) for call in calls)
        )
    yield Figure(
        "gallery_vs_drf_cursor", ratio(ours, plain), 3, ours=median(ours),
        baseline=median(plain), measured="requests/s",
        note="the same rows, links, key and page size by a ModelSerializer and CursorPagination",
    )  # fmt: skip
    yield Figure(
        "gallery_vs_static", ratio(ours, constant), 0.18, ours=median(ours),
        baseline=median(constant), measured="requests/s",
        note="a view that checks the same key and answers a constant of the same size",
    )  # fmt: skip


def _key() -> str:
    until = timezone.now() + timedelta(days=1)
    user, _ = User.objects.update_or_create(
        username="bench-member", defaults={"member_until": until}
    )
    return issue_key(user=user, scopes=["public"]).plain


def _rows() -> Any:
    since = timezone.now() - timedelta(days=90)
    return (
        ImageLog.objects.visible()
        .filter(character_id=CHARACTER, created_at__gte=since)
        .order_by("-created_at", "-id")
    )


def _place(depth: int) -> Place:
    return Place.of(_rows()[depth])


def _store_pictures(*places: Place) -> None:
    """The pictures of the pages at these places have bytes, as far as their links know."""
    file, _ = File.objects.get_or_create(
        sha256=b"bench".ljust(32, b"\0"),
        defaults={"size": 1, "mime": "image/jpeg", "thumb": True, "view_mime": "image/webp"},
    )
    for place in places:
        below = _rows().filter(created_at__lte=place.created_at)[: settings.GALLERY_PAGE_SIZE + 5]
        ids = list(below.values_list("pk", flat=True))
        Attachment.objects.filter(subject_id__in=ids).update(
            state=AttachmentState.STORED, file=file
        )


def _check_page(body: bytes) -> None:
    page = json.loads(body)
    assert len(page["items"]) == settings.GALLERY_PAGE_SIZE, len(page["items"])
    assert page["nextCursor"] and "url" in page["items"][0] and "url" in page["items"][-1]
