"""Sources: where they are and how they want to be called, and adding or changing one."""

from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.identities import LOCAL
from core.http import TransferError, check_url
from upstream.clients.endpoint import Endpoint
from upstream.enums import Backend, SourceKind
from upstream.models import Source

_DEFAULT_PORTS = {"http": 80, "https": 443}


def endpoint_of(source: Source, *, save_tokens: bool = True) -> Endpoint:
    """What a client needs to know about a source.

    Whoever configures a source names its host, so that host may be on a private network; nothing
    else there is reached through it. The source's options may set `timeout` (seconds), `attempts`
    and `retry_wait` (seconds). A refreshed token is kept unless `save_tokens` is off.
    """

    def keep(token: str) -> None:
        source.token = token
        source.save(update_fields=["token"])

    numbers = {
        name: source.options[name]
        for name in ("timeout", "attempts", "retry_wait")
        if isinstance(source.options.get(name), int | float)
    }
    return Endpoint(
        base_url=source.base_url,
        token=source.token,
        key=source.key,
        secret=source.secret,
        refresh_token=source.refresh_token,
        rate=source.per_second,
        allow_private=True,
        allow_hosts=_own_host(source.base_url),
        on_token_refreshed=keep if save_tokens else None,
        **numbers,
    )


def _own_host(base_url: str) -> frozenset[tuple[str, int]]:
    """The URL's own (host, port); an unreachable pair for a URL that cannot be read."""
    try:
        parts = urlsplit(base_url)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
    except ValueError:
        return frozenset({("", 0)})
    return frozenset({((parts.hostname or "").lower(), port)})


@transaction.atomic
def add_source(*, name: str, kind: SourceKind | str, base_url: str, **fields: Any) -> Source:
    """A new source; `fields` are those of the model. Raises ValidationError."""
    return _saved(Source(name=name, kind=kind, base_url=base_url.rstrip("/"), **fields), fields)


@transaction.atomic
def change_source(*, source: Source, **fields: Any) -> Source:
    """Sets the given fields. Raises ValidationError.

    A source that may be called again after a correction is: its circuit closes.
    """
    if "base_url" in fields:
        fields["base_url"] = fields["base_url"].rstrip("/")
    for name, value in fields.items():
        setattr(source, name, value)
    source.failures_in_row, source.circuit_open_until = 0, None
    return _saved(source, fields)


def _saved(source: Source, fields: dict[str, Any]) -> Source:
    try:
        check_url(source.base_url)
    except TransferError as error:
        raise ValidationError({"base_url": error.message}) from error
    generates = source.kind == SourceKind.GENERATION
    if generates and not source.backend:
        source.backend = Backend.SANDBOX
    if source.backend and not generates:
        raise ValidationError({"backend": _("Only a generation source has a backend.")})
    if source.is_default and not generates:
        raise ValidationError({"is_default": _("Only a generation source can be the default.")})
    if source.is_default:
        # One default: the newest word counts.
        Source.objects.exclude(pk=source.pk).filter(is_default=True).update(is_default=False)
    unknown = set(source.characters_sources) - set(
        Source.objects.filter(kind=SourceKind.CHARACTERS).values_list("name", flat=True)
    )
    if unknown:
        names = ", ".join(sorted(unknown))
        text = _("There is no characters source %(names)s.") % {"names": names}
        raise ValidationError({"characters_sources": text})
    if source.name == LOCAL:
        raise ValidationError({"name": _("This name stands for Gatehouse itself.")})
    source.full_clean()
    source.save()
    return source
