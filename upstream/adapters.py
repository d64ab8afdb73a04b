"""What a run asks of each kind of sync: read a portion, store it, say what is missing."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Self

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from upstream.clients.base import UpstreamClient
from upstream.errors import NotSyncable
from upstream.ledger import Counts, Ledger
from upstream.models import Source, SyncRun
from upstream.sources import endpoint_of

# A run's place, as JSON: kept in SyncRun.cursor, empty at the start.
State = dict[str, Any]


@dataclass(kw_only=True)
class Step:
    """One portion read from upstream: what to store, and the place behind it."""

    items: list[Any]
    state: State
    done: bool = False
    # Whatever the adapter's store() needs besides.
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(kw_only=True)
class Progress:
    """What storing a portion came to. `expected` None: upstream does not tell.

    `notes` are sentences for the run's page; `partial` says that one of them means incompleteness.
    """

    counts: Counts
    state: State
    done: bool
    expected: int | None = None
    notes: list[str] = field(default_factory=list)
    partial: bool = False


class Adapter(ABC):
    """One kind of sync at work on one run. All that must survive a kill is in the state.

    `read()` talks to the upstream, outside any transaction; `store()` writes what it gave, inside
    the page's transaction, together with the state. Both raise UpstreamError or SyncError.
    """

    client_class: ClassVar[type[UpstreamClient]]
    needs_token: ClassVar[bool] = False

    def __init__(self, *, source: Source, run: SyncRun, ledger: Ledger) -> None:
        self.source = source
        self.run = run
        self.ledger = ledger

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if "client" in self.__dict__:
            self.client.close()

    @cached_property
    def client(self) -> Any:
        """A `client_class`, made when first needed. Raises NotSyncable without its credentials."""
        if self.needs_token and not self.source.token:
            raise NotSyncable(f"{self.source.name} has no token: set one with addsource --update.")
        return self.client_class(endpoint_of(self.source, save_tokens=not self.ledger.dry))

    def option(self, name: str, default: int, *, low: int, high: int) -> int:
        """A whole number of the source's options, within bounds."""
        value = self.source.options.get(name, default)
        return min(max(value, low), high) if isinstance(value, int) else default

    @abstractmethod
    def read(self, state: State) -> Step:
        """The portion that follows `state`."""

    @abstractmethod
    def store(self, step: Step) -> Progress:
        """Takes the portion over."""

    @abstractmethod
    def mark_missing(self, state: State) -> int:
        """Marks what a whole pass did not meet; returns how many. Called once, at the end."""

    @abstractmethod
    def take_again(self, raw: Any, context: dict[str, Any]) -> None:
        """Takes one kept record over again; the ledger hears when it still cannot be."""


def adapter_class(source: Source) -> type[Adapter]:
    """The class that settings.SYNCS names for the source's kind. Raises NotSyncable."""
    path = settings.SYNCS.get(source.kind)
    if path is None:
        raise NotSyncable(
            _("%(source)s is a %(kind)s source: there is nothing to sync.")
            % {"source": source.name, "kind": source.kind}
        )
    found: type[Adapter] = import_string(path)
    return found
