"""Sample data for the demo: a sandbox upstream, accounts, keys and sources, made once and kept."""

import io
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.core.management import CommandError, call_command
from django.db.models import Count, Exists, OuterRef

from accounts.models import ApiKey, User
from accounts.roles import role_of
from characters.image_config import set_image_config
from characters.models import Character, ImageConfig
from characters.visibility import find_character
from config.machine import child_environment
from config.supervisor import Service, python
from core.launcher.home import folder, read_json, write_json
from gallery.models import ImageLog
from media.enums import AttachmentState
from media.models import Attachment
from moderation.enums import ReviewStatus
from upstream import tasks
from upstream.enums import RunStatus
from upstream.errors import RunAlreadyActive
from upstream.models import Source, SyncRun
from upstream.runs import start_run
from upstream.sandbox import credentials
from upstream.sandbox.server import HOST, free_port, is_taken
from upstream.sandbox.workflows import TEXT_TO_IMAGE

PEOPLE = ("moderator", "lead", "operator", "admin")
CHARACTERS, GALLERY, ASSETS = "demo-characters", "demo-gallery", "demo-assets"
SYNCED = (CHARACTERS, GALLERY, ASSETS)
GENERATION = "demo-generation"
# Fewer pictures than this make an empty first impression.
ENOUGH_PICTURES = 60


@dataclass
class Amounts:
    """How much the sandbox has."""

    images: int
    characters: int
    assets: int


@dataclass
class Demo:
    """What the demo has made and has to remember, in a 0600 file of the home."""

    path: Path = field(default_factory=lambda: folder(settings.GATEHOUSE_HOME) / "demo.json")
    notes: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.notes = read_json(self.path)

    def remember(self, **found: str) -> None:
        self.notes |= found
        write_json(self.path, self.notes)

    @property
    def sandbox_url(self) -> str:
        return f"http://{HOST}:{self.notes['sandbox_port']}"

    def choose_port(self) -> None:
        """The sandbox's port of last time when it is free: stored links lead there."""
        port = int(self.notes.get("sandbox_port", 0))
        if not port or is_taken(port):
            self.remember(sandbox_port=str(free_port()))

    def sandbox(self, amounts: Amounts, *, logs: Path) -> Service:
        """Ends after the services that ask it."""
        return Service(
            name="sandbox",
            command=python(
                "manage.py", "sandbox", "--port", self.notes["sandbox_port"],
                "--images", str(amounts.images), "--characters", str(amounts.characters),
                "--assets", str(amounts.assets),
            ),
            environment=child_environment(),
            stage=1,
            log=folder(logs) / "sandbox.log",
        )  # fmt: skip

    def allowed_hosts(self) -> Mapping[str, str]:
        """What services need in their environment to fetch from the sandbox, and from it alone."""
        return {
            "MEDIA_ALLOW_PRIVATE_NETWORKS": "1",
            "MEDIA_ALLOWED_PRIVATE_HOSTS": f"{HOST}:{self.notes['sandbox_port']}",
        }

    def character(self) -> str:
        """The showcase, the same each time."""
        if not self.notes.get("character"):
            self.remember(character=showcase())
        return self.notes["character"]

    def configure_images(self) -> None:
        """The showcase can be drawn in conversations, by a workflow that anybody may replace."""
        character = find_character(self.character(), source_ids=_ids_of(CHARACTERS))
        if character is not None and not ImageConfig.objects.filter(character=character).exists():
            set_image_config(character=character, comfy_prompt=TEXT_TO_IMAGE)

    def make_people(self) -> None:
        for name in PEOPLE:
            user = User.objects.filter(username=name).first()
            if user is not None and role_of(user) == name and f"password_{name}" in self.notes:
                continue
            answer = _call("adduser", name, "--role", name, "--update", "--generate")
            self.remember(**{f"password_{name}": answer["password"]})

    def make_keys(self) -> None:
        """A member's key, who is also a user of the sandbox, and a signing one."""
        if not self._has_key("member_key"):
            identities = [
                part
                for source in (CHARACTERS, GALLERY)
                for part in ("--identity", f"{source}:{credentials.MEMBER.id}")
            ]
            answer = _call(
                "createapikey", "--user", "demo-member", "--create", "--member", *identities,
                "--scopes", "public,characters,assets", "--name", "demo",
            )  # fmt: skip
            self.remember(member_key=answer["key"])
        if not self._has_key("signed_key"):
            answer = _call(
                "createapikey", "--user", "demo-client", "--create", "--signed",
                "--scopes", "generation", "--name", "demo",
            )  # fmt: skip
            self.remember(signed_key=answer["key"], signed_secret=answer["secret"])

    def _has_key(self, name: str) -> bool:
        prefix = self.notes.get(name, "").removeprefix("gh_").partition("_")[0]
        return ApiKey.objects.filter(prefix=prefix, revoked_at__isnull=True).exists()

    def make_sources(self) -> None:
        tokens = {
            CHARACTERS: ("characters", credentials.MEMBER_TOKEN),
            GALLERY: ("gallery", credentials.MEMBER_TOKEN),
            ASSETS: ("assets", credentials.ASSETS_TOKEN),
        }
        for name, (kind, token) in tokens.items():
            _call(
                "addsource", name, "--kind", kind, "--url", self.sandbox_url, "--token", token,
                "--every", "60", "--update",
            )  # fmt: skip
        _call(
            "addsource", GENERATION, "--kind", "generation", "--url", self.sandbox_url,
            "--key", credentials.SIGNED_KEY, "--secret", credentials.SIGNED_SECRET,
            "--backend", "sandbox", "--default", "--update",
        )  # fmt: skip


def refuse_real_data() -> None:
    """Raises CommandError on a database that is somebody's: the demo adds accounts and pictures."""
    foreign = Source.objects.exclude(name__startswith="demo-").first()
    if foreign is not None and not settings.EMBEDDED:
        raise CommandError(
            f"This database has the source {foreign}: it is in use. Unset DATABASE_URL, so that "
            "the demo gets a database of its own."
        )


def start_syncs(*names: str) -> None:
    """Sends the runs to the worker; a run that is under way goes on."""
    for source in Source.objects.filter(name__in=names):
        with suppress(RunAlreadyActive):
            tasks.run_sync.delay(str(start_run(source=source, full=True).pk))


def _ids_of(*names: str) -> list[int]:
    return list(Source.objects.filter(name__in=names).values_list("pk", flat=True))


def synced(*names: str) -> bool:
    """Whether each of the sources has had a run that took in records."""
    done = SyncRun.objects.filter(
        source__name__in=names, status__in=(RunStatus.SUCCEEDED, RunStatus.PARTIAL)
    )
    return done.values("source").distinct().count() == len(names)


def settled(*names: str) -> bool:
    """Whether none of the sources has a run under way, and each has had one."""
    runs = SyncRun.objects.filter(source__name__in=names)
    if runs.filter(status=RunStatus.RUNNING).exists():
        return False
    return runs.values("source").distinct().count() == len(names)


def has_pictures(images: int) -> bool:
    """Whether enough pictures are held, or none is missing."""
    held = Attachment.objects.filter(state=AttachmentState.STORED)[: min(images, ENOUGH_PICTURES)]
    if len(held) >= min(images, ENOUGH_PICTURES):
        return True
    return held.exists() and not Attachment.objects.filter(state=AttachmentState.WANTED).exists()


def showcase() -> str:
    """The upstream id of the public character with the most to show; "" without any."""
    public = Character.objects.filter(
        is_public=True, deleted_at=None, hidden=False, held=False,
        review_status__in=(ReviewStatus.APPROVED, ReviewStatus.PENDING),
    )  # fmt: skip
    held = Attachment.objects.filter(subject_id=OuterRef("pk"), state=AttachmentState.STORED)
    pictures = ImageLog.objects.filter(character_id__in=public.values("upstream_id"))
    albums = (
        pictures.filter(Exists(held), review_status=ReviewStatus.APPROVED)
        .values("character_id")
        .annotate(size=Count("pk"))
        .order_by("-size", "character_id")
    )
    album = albums.first() or pictures.values("character_id").first()
    return str(album["character_id"]) if album else ""


def _call(name: str, *arguments: str) -> dict[str, str]:
    """Runs a command quietly; the `name=value` lines that it prints for scripts."""
    output = io.StringIO()
    call_command(name, *arguments, stdout=output, stderr=io.StringIO())
    pairs = (line.partition("=") for line in output.getvalue().splitlines())
    return {key: value for key, equals, value in pairs if equals and key.isidentifier()}
