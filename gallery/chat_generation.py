"""What generating a chat image needs, and the image log that it ends in."""

import json
import uuid
from typing import Any

import orjson
from django.conf import settings
from django.utils import timezone

from characters.models import ImageConfig
from characters.owners import owner_of
from characters.pictures import data_uri, keep, prepare_png
from gallery.models import ImageDetail, ImageLog
from media import services as media
from moderation.flagging import read_soon
from upstream.enums import GenerationKind
from upstream.generation.backends import Backend, ChatImageJob, GenerationFailed
from upstream.generation.kinds import LONGER, Generation, PictureRefused
from upstream.models import GenerationRequest


class ChatImageGeneration(Generation):
    kind = GenerationKind.CHAT_IMAGE

    @property
    def seconds(self) -> int:
        return settings.CHAT_IMAGE_SECONDS

    def source_id(self, request: GenerationRequest) -> int | None:
        return _config(request).source_id

    def job(self, request: GenerationRequest) -> ChatImageJob:
        asked = request.parameters
        return ChatImageJob(
            id=request.pk.hex,
            user_id=request.user_id,
            seconds=self.seconds + LONGER,
            text=asked["text"],
            backend_id=request.backend_id,
            agent_id=asked["agent_id"],
            conversation_id=asked["conversation_id"],
            language=asked["language"],
            metadata=json.loads(asked["metadata"]),
            workflow=_config(request).comfy_prompt,
        )

    def make(self, backend: Backend, job: ChatImageJob) -> bytes:
        return backend.chat_image(job)

    def prepare(self, data: bytes) -> media.Prepared:
        return prepare_png(data)

    def complete(
        self, request: GenerationRequest, prepared: media.Prepared
    ) -> dict[str, Any] | PictureRefused:
        asked = request.parameters
        image = ImageLog.objects.create(
            pk=request.pk,
            user_id=request.user_id,
            account_id=owner_of(key=request.key, user_id=request.user_id),
            archive_id=asked["conversation_id"],
            message_id=request.request_id,
            character_id=asked["agent_id"],
            created_at=timezone.now(),
        )
        ImageDetail.objects.create(
            image=image, prompt=asked["text"], params={"language": asked["language"]}
        )
        refused = keep(image, prepared)
        read_soon(subject_type=ImageLog.subject_type(), subject_ids=[image.pk])
        return refused or {"metadata": asked["metadata"]}

    def data(self, request: GenerationRequest, stored: dict[str, Any]) -> dict[str, Any]:
        image = ImageLog.objects.filter(pk=request.pk).first()
        return {
            "base64Image": data_uri(image, subject_id=request.pk),
            "metadata": orjson.Fragment(stored["metadata"]),
        }


def _config(request: GenerationRequest) -> ImageConfig:
    """Raises GenerationFailed when it was taken away meanwhile."""
    character = uuid.UUID(request.parameters["character"])
    config = ImageConfig.objects.filter(character=character).first()
    if config is None:
        raise GenerationFailed("config_gone", "the image configuration was removed meanwhile")
    return config
