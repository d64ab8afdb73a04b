"""System checks of the storage's settings."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

from media.storage import connect


@register()
def storage_url_is_usable(
    *, app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    try:
        connect(settings.STORAGE_URL)
    except ImproperlyConfigured as error:
        hint = "file:/var/lib/gatehouse/media keeps the bytes in a folder of this machine."
        return [Error(str(error), hint=hint, id="media.E001")]
    return []
