"""Rows for tests: sources, people, and one function for each kind of subject."""

import itertools
import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from accounts.enums import Role
from accounts.models import User
from accounts.roles import give_role
from assets.enums import AssetStatus, AssetType, GroupType
from assets.models import Asset, AssetDetail, AssetGroup
from characters.models import Character, CharacterText, Cover
from gallery.models import ImageDetail, ImageLog
from media.enums import AttachmentState
from media.models import Attachment, File, Fingerprint
from moderation.cases import NewCase, open_cases
from moderation.enums import CaseKind, Priority, ReviewStatus, Why
from moderation.models import Case, Reason, ReasonVersion, Reviewable
from moderation.registry import queue_for
from upstream.enums import RunStatus, SourceKind
from upstream.models import Fault, Source, SyncRun

_numbers = itertools.count(1)


def make_person(username: str = "", *, role: Role | str = "", **fields: Any) -> User:
    """A user; with a role also staff. The password is the user's name."""
    name = username or f"person-{next(_numbers)}"
    user = User.objects.create_user(username=name, password=name, **fields)
    if role:
        give_role(user=user, role=Role(role))
    return User.objects.get(pk=user.pk)


def make_source(
    name: str = "", *, kind: SourceKind | str = SourceKind.GALLERY, **fields: Any
) -> Source:
    fields = {"base_url": "http://127.0.0.1:9", **fields}
    return Source.objects.create(name=name or f"source-{next(_numbers)}", kind=kind, **fields)


def make_reason(slug: str = "violence", *, severity: str = "medium", **fields: Any) -> Reason:
    """A reason and its first version; the same slug twice gives the same reason."""
    label = slug.replace("-", " ").capitalize()
    fields = {"severity": severity, "label_en": label, "label_zh": label, **fields}
    reason, made = Reason.objects.get_or_create(slug=slug, defaults=fields)
    if made:
        ReasonVersion.objects.create(slug=slug, version=reason.version, content={"label_en": label})
    return reason


def make_image(
    *, source: Source | None = None, case: bool | None = None, **fields: Any
) -> ImageLog:
    """An image log with its detail. `prompt`, `params` and `raw` go to the detail.

    `case`: whether a first-look case is opened; by default when the picture is pending.
    """
    number = next(_numbers)
    details = {name: fields.pop(name) for name in ("prompt", "params", "raw") if name in fields}
    now = timezone.now()
    image = ImageLog.objects.create(
        source=source or _a_source(SourceKind.GALLERY),
        **{
            "upstream_id": f"image-{number}",
            "user_id": f"user-{number % 7}",
            "archive_id": f"archive-{number % 5}",
            "message_id": f"message-{number}",
            "character_id": f"character-{number % 3}",
            "created_at": now - timedelta(minutes=number % 600),
            **fields,
        },
    )
    ImageDetail.objects.create(
        image=image,
        **{
            "prompt": f"a landscape with {number} shapes, soft light",
            "params": {"steps": 28, "sampler": "euler", "seed": number},
            "raw": {"id": image.upstream_id, "userId": image.user_id},
            **details,
        },
    )
    _open_case(image, case)
    return image


def make_character(
    *, source: Source | None = None, case: bool | None = None, **fields: Any
) -> Character:
    """A character with its texts. `bio`, `origin_prompt` and `raw` go to the texts."""
    number = next(_numbers)
    texts = {name: fields.pop(name) for name in ("bio", "origin_prompt", "raw") if name in fields}
    now = timezone.now()
    character = Character.objects.create(
        source=source or _a_source(SourceKind.CHARACTERS),
        **{
            "upstream_id": f"character-{number}",
            "author_id": f"user-{number % 7}",
            "name": f"Character {number}",
            "is_public": True,
            "created_at": now,
            "updated_at": now,
            **fields,
        },
    )
    CharacterText.objects.create(
        character=character,
        name=character.name,
        **{
            "bio": "An adult sailor who paints geometric shapes.",
            "origin_prompt": "You are a calm adult sailor.",
            "raw": {"id": character.upstream_id, "name": character.name},
            **texts,
        },
    )
    _open_case(character, case)
    return character


def make_cover(*, case: bool | None = None, **fields: Any) -> Cover:
    """A cover that nobody has kept yet, good for half an hour."""
    number = next(_numbers)
    now = timezone.now()
    cover = Cover.objects.create(
        **{
            "user_id": f"user-{number % 7}",
            "options": {
                "gender": "male", "age": "26-35", "ethnicity": "European", "bodyType": "Slim",
                "hairColor": "brown", "hairStyle": "Short",
            },
            "created_at": now,
            "expires_at": now + timedelta(minutes=30),
            **fields,
        }
    )  # fmt: skip
    _open_case(cover, case)
    return cover


def make_group(*, source: Source | None = None, **fields: Any) -> AssetGroup:
    fields = {"upstream_id": f"group-{next(_numbers)}", "group_type": GroupType.AIGC, **fields}
    return AssetGroup.objects.create(source=source or _a_source(SourceKind.ASSETS), **fields)


def make_asset(
    *,
    source: Source | None = None,
    group: AssetGroup | None = None,
    case: bool | None = None,
    **fields: Any,
) -> Asset:
    """An active asset in a group of its own unless one is given."""
    number = next(_numbers)
    group = group or make_group(source=source)
    raw = fields.pop("raw", None)
    now = timezone.now()
    asset = Asset.objects.create(
        source=source or group.source,
        group=group,
        **{
            "upstream_id": f"asset-{number}",
            "name": f"Portrait {number}",
            "asset_type": AssetType.IMAGE,
            "status": AssetStatus.ACTIVE,
            "created_at": now,
            "updated_at": now,
            **fields,
        },
    )
    AssetDetail.objects.create(
        asset=asset, raw=raw or {"Id": asset.upstream_id, "Name": asset.name}
    )
    _open_case(asset, case)
    return asset


def make_look(subject: Reviewable, pdq: bytes | None, **fields: Any) -> Attachment:
    """Gives the subject a stored picture that has this hash, without any bytes."""
    file = File.objects.create(sha256=os.urandom(32), size=1, mime="image/png", width=8, height=8)
    Fingerprint.objects.create(file=file, pdq=pdq, quality=100 if pdq else 0)
    return Attachment.objects.create(
        **{
            "subject_type": subject.subject_type(),
            "subject_id": subject.pk,
            "role": queue_for(subject.subject_type()).picture_role,
            "file": file,
            "state": AttachmentState.STORED,
            "next_try_at": None,
            **fields,
        }
    )


def case_of(subject: Reviewable) -> Case:
    """The subject's open case. Raises Case.DoesNotExist."""
    return Case.objects.get(subject_id=subject.pk)


def make_case(
    subject: Reviewable,
    *,
    queue: str | None = None,
    kind: CaseKind = CaseKind.FIRST_LOOK,
    priority: int = Priority.NORMAL,
    why: Sequence[str] = (Why.FIRST_LOOK,),
    opened_at: datetime | None = None,
    due_at: datetime | None = None,
) -> Case:
    """Opens (or raises) the subject's case; in its own queue and with its due time unless given."""
    open_cases(
        [
            NewCase(
                subject_type=subject.subject_type(),
                subject_id=subject.pk,
                source_id=subject.source_id,
                queue=queue,
                kind=kind,
                why=list(why),
                priority=priority,
                opened_at=opened_at,
            )
        ]
    )
    if due_at is not None:
        Case.objects.filter(subject_id=subject.pk).update(due_at=due_at)
    return case_of(subject)


def make_run(
    *, source: Source | None = None, status: RunStatus = RunStatus.SUCCEEDED, **fields: Any
) -> SyncRun:
    """A run that has ended, unless `status` is running; its sums balance unless given otherwise."""
    ended = None if status == RunStatus.RUNNING else timezone.now()
    counts = {"expected": 10, "seen": 10, "created": 4, "updated": 1, "unchanged": 5}
    return SyncRun.objects.create(
        source=source or _a_source(SourceKind.GALLERY),
        status=status,
        **{"finished_at": ended, **counts, **fields},
    )


def make_fault(run: SyncRun, **fields: Any) -> Fault:
    number = next(_numbers)
    return Fault.objects.create(
        run=run,
        source=run.source,
        **{
            "upstream_id": f"bad-{number}",
            "payload": f'{{"id": "bad-{number}", "createdAt": "yesterday"}}',
            "error": "createdAt: not a time",
            **fields,
        },
    )


def _open_case(subject: Reviewable, wanted: bool | None) -> None:
    if subject.review_status == ReviewStatus.PENDING if wanted is None else wanted:
        make_case(subject)


def _a_source(kind: SourceKind) -> Source:
    """One source for each kind is enough for most tests."""
    return Source.objects.filter(kind=kind).order_by("id").first() or make_source(kind=kind)
