"""Pictures of subjects, and copies of them that are near but not the same bytes."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from gallery.models import ImageLog
from media import services
from media.models import Fingerprint
from moderation import outbox
from moderation.models import Bank, BankEntry
from tests.factories import make_image, make_reason
from tests.media import samples


@pytest.fixture(autouse=True)
def own_place(settings: Any, tmp_path: Any) -> None:
    settings.STORAGE_URL = f"file:{tmp_path / 'bytes'}"


def picture(seed: int = 1, *, side: int = 480) -> Image.Image:
    return samples.rich(512, 512, seed=seed).resize((side, side))


def data(seed: int = 1, *, side: int = 480, quality: int = 88) -> bytes:
    """The same number gives pictures near each other, also at other sides and qualities."""
    return samples.encoded(picture(seed, side=side), "JPEG", quality=quality)


@pytest.fixture
def arrive() -> Callable[..., ImageLog]:
    """A new image log whose picture arrives; by itself pending with a case."""

    def make(content: bytes, *, subject: ImageLog | None = None, **fields: Any) -> ImageLog:
        subject = subject or make_image(**fields)
        services.store_bytes(
            data=content, subject_type=subject.subject_type(), subject_id=subject.pk
        )
        subject.refresh_from_db()
        return subject

    return make


@pytest.fixture
def bank() -> Callable[..., Bank]:
    """A bank that rejects for violence unless told otherwise, never sampled."""

    def make(slug: str = "imported", **fields: Any) -> Bank:
        make_reason("violence")
        fields = {"action": "reject", "reason": "violence", "sample_percent": 0, **fields}
        return Bank.objects.create(slug=slug, **fields)

    return make


def add(bank: Bank, *, pdq: bytes | None = None, sha256: bytes | None = None, **fields: Any):
    return BankEntry.objects.create(
        bank=bank, key=uuid.uuid4(), pdq=pdq, sha256=sha256, **{"label": "known", **fields}
    )


def hash_of(subject: ImageLog) -> bytes:
    found = Fingerprint.objects.get(file__attachments__subject_id=subject.pk).pdq
    assert found is not None
    return bytes(found)


def deliver() -> None:
    """What a worker does every two seconds."""
    while outbox.deliver():
        pass
