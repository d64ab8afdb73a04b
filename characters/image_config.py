"""Setting how a character's pictures are drawn, with a trace of who did it."""

from typing import Any

from django.db import transaction

from accounts.audit import ADDITION, CHANGE, record
from accounts.models import User
from characters.models import Character, ImageConfig


@transaction.atomic
def set_image_config(
    *, character: Character, comfy_prompt: Any, by: User | None = None
) -> ImageConfig:
    """Sets the workflow; its generation source stays. Raises ValidationError. `by` None: a
    command."""
    config = ImageConfig.objects.filter(character=character).first()
    flag = CHANGE if config else ADDITION
    config = config or ImageConfig(character=character)
    config.comfy_prompt = comfy_prompt
    config.full_clean(validate_unique=False)
    config.save()
    record(by=by, about=config, message=f"{len(comfy_prompt)} nodes", flag=flag)
    return config
