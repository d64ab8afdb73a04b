"""Which characters sources a gallery's pictures belong to."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from upstream.models import Source


def characters_sources_of(gallery: Source, *, among: Sequence[Source]) -> list[Source]:
    """Of `among`, characters sources all: those the gallery names, else those with its base URL,
    else those on its host."""
    if gallery.characters_sources:
        return [one for one in among if one.name in gallery.characters_sources]
    return [one for one in among if one.base_url == gallery.base_url] or [
        one for one in among if _host(one.base_url) == _host(gallery.base_url)
    ]


def _host(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc
