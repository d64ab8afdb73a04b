"""Which characters sources belong together with other sources, and which of them a key reaches."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from upstream.enums import SourceKind
from upstream.models import Source


def characters_sources_of(source: Source, *, among: Sequence[Source]) -> list[Source]:
    """Of `among`, characters sources all: those a gallery names, else those with its base URL, else
    those on its host."""
    if source.characters_sources:
        return [one for one in among if one.name in source.characters_sources]
    return [one for one in among if one.base_url == source.base_url] or [
        one for one in among if _host(one.base_url) == _host(source.base_url)
    ]


def _host(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def reached_by(only: str, *, among: Sequence[Source]) -> list[Source]:
    """The characters sources that a key narrowed to the source `only` ("": to none) reaches, in
    the order of `among`: sources of any kind."""
    characters = [one for one in among if one.kind == SourceKind.CHARACTERS]
    if not only:
        return characters
    named = next((one for one in among if one.name == only), None)
    if named is None:
        return []
    if named.kind == SourceKind.CHARACTERS:
        return [named]
    return characters_sources_of(named, among=characters)
