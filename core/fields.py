"""Encrypted model fields: secrets leave the process only as ciphertext."""

from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models


@lru_cache(maxsize=4)
def _ring(keys: tuple[str, ...]) -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError as error:
        raise ImproperlyConfigured(
            "ENCRYPTION_KEYS must be a comma-separated list of Fernet keys"
            " (44 URL-safe base64 characters each)"
        ) from error


def encrypt(plain: str) -> str:
    """Ciphertext under the first of ENCRYPTION_KEYS; the empty string stays empty."""
    return _ring(tuple(settings.ENCRYPTION_KEYS)).encrypt(plain.encode()).decode() if plain else ""


def decrypt(token: str) -> str:
    """The plain text, under any of ENCRYPTION_KEYS. Raises ImproperlyConfigured when none fits."""
    if not token:
        return ""
    try:
        return _ring(tuple(settings.ENCRYPTION_KEYS)).decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise ImproperlyConfigured(
            "A stored secret opens with none of ENCRYPTION_KEYS; was a key dropped too early?"
        ) from error


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]  # not generic at runtime
    """Text that is ciphertext in the database and plain text in Python."""

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return value if value is None else encrypt(value)

    def from_db_value(self, value: str | None, *_: Any) -> str | None:
        return value if value is None else decrypt(value)
