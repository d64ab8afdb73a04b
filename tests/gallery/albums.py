"""A small world for the album's tests, and a client of the endpoint over real HTTP."""

from datetime import datetime, timedelta
from typing import Any

import httpx
from django.utils import timezone

from accounts.keys import Limits, issue_key
from accounts.models import User
from accounts.services import add_identity
from characters.models import Character
from gallery.models import ImageLog
from media import services as media
from tests.factories import make_character, make_image, make_person, make_source
from tests.media import samples
from upstream.models import Source

PATH = "/api/list-character-images"
FOREIGN = "https://foreign.example"


class Gallery:
    """The endpoint. `key` None calls it as a guest."""

    def __init__(self, url: str) -> None:
        self.url = url

    def post(self, body: Any, key: str | None = None, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        headers |= options.pop("headers", {})
        payload = {"content": body} if isinstance(body, bytes) else {"json": body}
        return httpx.post(self.url + PATH, headers=headers, timeout=20, **payload, **options)

    def page(self, character: Character | str, key: str | None = None, **more: Any) -> Any:
        """The answer's JSON, which has to be a success."""
        character_id = character if isinstance(character, str) else character.upstream_id
        answer = self.post({"characterId": character_id, **more}, key)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ids(self, character: Character | str, key: str | None = None, **more: Any) -> list[str]:
        return [item["id"] for item in self.page(character, key, **more)["items"]]

    def walk(self, character: Character | str, key: str, **more: Any) -> list[Any]:
        """The pages of a member, from the first to the one that ends it."""
        pages = [self.page(character, key, **more)]
        while cursor := pages[-1]["nextCursor"]:
            pages.append(self.page(character, key, cursor=cursor, **more))
            assert len(pages) < 50, "the album does not end"
        return pages


class World:
    """A characters source and a gallery at one base URL, with one public character."""

    def __init__(self) -> None:
        self.characters = make_source("characters", kind="characters")
        self.gallery = make_source("gallery", kind="gallery")
        self.mira = make_character(
            source=self.characters,
            upstream_id="mira",
            author_id="author",
            review_status="approved",
        )

    def picture(
        self, name: str, *, minutes: float = 0, data: bytes = b"", **fields: Any
    ) -> ImageLog:
        """One approved picture of Mira, made so many minutes ago; `data` are its bytes."""
        image = make_image(
            **{
                "source": self.gallery,
                "upstream_id": name,
                "character_id": "mira",
                "user_id": "somebody",
                "review_status": "approved",
                "created_at": timezone.now() - timedelta(minutes=minutes),
                **fields,
            }
        )
        if data:
            media.store_bytes(data=data, subject_type=image.subject_type(), subject_id=image.pk)
        return image

    def pictures(self, count: int, *, at: datetime | None = None, **fields: Any) -> list[str]:
        """Their ids, newest first; a minute apart, or all of the time `at`."""
        when: dict[str, Any] = {"created_at": at} if at else {}
        made = [
            self.picture(f"picture-{number:03}", minutes=number + 1, **when, **fields)
            for number in range(count)
        ]
        newest = sorted(made, key=lambda image: (image.created_at, image.pk), reverse=True)
        return [image.upstream_id for image in newest]


def member(name: str, **key: Any) -> str:
    """A key of a new member with the scope public."""
    return key_of(make_person(name, member_until=timezone.now() + timedelta(days=9)), **key)


def key_of(user: User, *identities: tuple[Source, str], **key: Any) -> str:
    """A key with the scope public of a person who is these upstream users."""
    for source, upstream_user_id in identities:
        add_identity(user=user, source=source.name, upstream_user_id=upstream_user_id)
    scopes = key.pop("scopes", ["public"])
    source = key.pop("source", "")
    return issue_key(user=user, scopes=scopes, source=source, limits=Limits(**key)).plain


def png(seed: int = 0) -> bytes:
    return samples.png(seed=seed)
