"""Whom the conformance suite speaks to: an address with keys and ids that are known there."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
from django.test import override_settings
from django.utils import timezone

from accounts.keys import issue_key
from accounts.models import User
from accounts.services import add_identity, ban_user
from assets.models import Asset
from characters.image_config import set_image_config
from characters.models import Character
from gallery.models import ImageLog
from media import services as media
from media.models import Attachment
from moderation.actors import Actor
from moderation.models import Reviewable
from moderation.services import Request, decide
from tests.factories import make_person
from tests.syncing import source_at, sync
from upstream.sandbox import credentials
from upstream.sandbox.process import SandboxProcess
from upstream.sandbox.workflows import TEXT_TO_IMAGE
from upstream.sandbox.world import Options, World


@dataclass(frozen=True, kw_only=True)
class Target:
    """`album`: a public character with several pages of pictures; `private`: somebody else's."""

    name: str
    url: str
    member: str
    guest_like: str
    banned: str
    assets: str
    other: str
    album: str
    private: str
    own_private: str
    signed_key: str
    secret: str
    agent: str
    agent_without_config: str

    def call(
        self, method: str, path: str, token: str | None = None, **options: Any
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        headers |= options.pop("headers", {})
        return httpx.request(method, self.url + path, headers=headers, timeout=60, **options)


def at_sandbox(sandbox: SandboxProcess, **ids: str) -> Target:
    return Target(
        name="sandbox",
        url=sandbox.url,
        member=credentials.MEMBER_TOKEN,
        guest_like=credentials.NON_MEMBER_TOKEN,
        banned=credentials.BANNED_TOKEN,
        assets=credentials.ASSETS_TOKEN,
        other=credentials.NON_MEMBER_TOKEN,
        signed_key=credentials.SIGNED_KEY,
        secret=credentials.SIGNED_SECRET,
        **ids,
    )


def known_ids(options: Options) -> dict[str, str]:
    """Ids that mean the same at a sandbox with these options and wherever it was synced to."""
    cast = World(options).cast
    public = cast.listing(None, own=False)
    private = [name for name in cast.order if not cast.rows[name]["isPublic"]]
    own = [name for name in private if cast.rows[name]["authorId"] == credentials.MEMBER.id]
    return {
        "album": next(name for name in cast.album_ids() if name in public),
        "own_private": own[0],
        "private": next(name for name in private if name not in own),
        "agent": next(name for name in public if cast.configured(name)),
        "agent_without_config": next(name for name in public if not cast.configured(name)),
    }


def at_gatehouse(url: str, sandbox: SandboxProcess, ids: dict[str, str]) -> Target:
    """Everything of the sandbox, synced and approved, with people who are its users."""
    sources = [source_at(sandbox, kind) for kind in ("characters", "gallery", "assets")]
    for source in sources:
        sync(source)
    with override_settings(MEDIA_ALLOW_PRIVATE_NETWORKS=True):
        _mirror(ids["album"])
    _approve()
    agent = Character.objects.get(upstream_id=ids["agent"])
    set_image_config(character=agent, comfy_prompt=TEXT_TO_IMAGE)
    until = timezone.now() + timedelta(days=9)
    member = make_person("conform-member", member_until=until)
    other = make_person("conform-other")
    banned = make_person("conform-banned", member_until=until)
    for user, who in ((member, credentials.MEMBER), (other, credentials.NON_MEMBER)):
        for source in sources[:2]:
            add_identity(user=user, source=source.name, upstream_user_id=who.id)
    signed = issue_key(user=member, scopes=["generation"], signed=True)
    banned_key = _key(banned)
    ban_user(user=banned, reason="for the suite")
    return Target(
        name="gatehouse",
        url=url,
        member=_key(member),
        guest_like=_key(other),
        banned=banned_key,
        assets=issue_key(user=member, scopes=["assets"]).plain,
        other=_key(other),
        signed_key=signed.plain,
        secret=signed.secret,
        **ids,
    )


def _key(user: User) -> str:
    return issue_key(user=user, scopes=["public", "characters"]).plain


def _mirror(album: str) -> None:
    """Of one album the pictures and the avatar; the rest stays without bytes."""
    pictures = ImageLog.objects.filter(character_id=album).order_by("-created_at")[:8]
    subjects = [*pictures, *Character.objects.filter(upstream_id=album)]
    wanted = Attachment.objects.filter(subject_id__in=[each.pk for each in subjects])
    media.mirror_all([each.pk for each in wanted])


def _approve() -> None:
    lead = Actor.person(make_person("conform-lead", role="lead"))
    models: tuple[type[Reviewable], ...] = (Character, ImageLog, Asset)
    rows = [row for model in models for row in model._default_manager.pending()]
    requests = [Request("approve", subject=row.subject_key) for row in rows]
    results = decide(requests=requests, actor=lead).results if requests else []
    assert all(each.status == "applied" for each in results), results
