"""What generating a cover needs, and the subject that it ends in."""

import re
import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from characters.models import ADULT_AGE, Cover
from characters.owners import account_of
from characters.pictures import data_uri, keep, prepare_png
from media import services as media
from media.enums import Variant
from upstream.enums import GenerationKind
from upstream.generation.backends import Backend, CoverJob, GenerationFailed
from upstream.generation.kinds import LONGER, Generation, PictureRefused
from upstream.models import GenerationRequest

LIFE = timedelta(minutes=30)


class CoverGeneration(Generation):
    kind = GenerationKind.COVER

    @property
    def seconds(self) -> int:
        return settings.COVER_SECONDS

    def job(self, request: GenerationRequest) -> CoverJob:
        options = request.parameters["options"]
        if not re.match(ADULT_AGE, options["age"]):
            raise GenerationFailed("age", "not an adult's age")
        return CoverJob(
            id=request.pk.hex,
            user_id=request.user_id,
            seconds=self.seconds + LONGER,
            text=text_of(options),
            backend_id=request.backend_id,
            options=options,
            reference=_bytes_of(request.parameters["reference"]),
        )

    def make(self, backend: Backend, job: CoverJob) -> bytes:
        return backend.cover(job)

    def prepare(self, data: bytes) -> media.Prepared:
        return prepare_png(data)

    def complete(
        self, request: GenerationRequest, prepared: media.Prepared
    ) -> dict[str, Any] | PictureRefused:
        parameters, now = request.parameters, timezone.now()
        reference = {"refImageId": parameters["reference"]} if parameters["reference"] else {}
        cover = Cover.objects.create(
            pk=request.pk,
            user_id=request.user_id,
            key_id=request.key_id,
            account_id=account_of(key=request.key, user_id=request.user_id),
            options=parameters["options"] | reference,
            created_at=now,
            expires_at=now + LIFE,
        )
        return keep(cover, prepared) or {"coverId": str(cover.pk)}

    def data(self, request: GenerationRequest, stored: dict[str, Any]) -> dict[str, Any]:
        cover = Cover.objects.filter(pk=request.pk).first()
        return stored | {"imageData": data_uri(cover, subject_id=request.pk)}


def text_of(options: dict[str, str]) -> str:
    """The options as a sentence for engines that draw from text: always an adult."""
    said = [
        f"{re.sub('([A-Z])', lambda found: f' {found[1].lower()}', name)} {code}"
        for name, code in options.items()
        if name not in {"gender", "age"}
    ]
    person = "man" if options["gender"] == "male" else "woman"
    return ", ".join([f"portrait of an adult {person}", f"{options['age']} years old", *said])


def _bytes_of(attachment_id: str | None) -> bytes | None:
    if attachment_id is None:
        return None
    try:
        return media.read_bytes(attachment_id=uuid.UUID(attachment_id), variant=Variant.ORIGINAL)
    except FileNotFoundError:
        raise GenerationFailed("reference_gone", "the reference was removed meanwhile") from None
