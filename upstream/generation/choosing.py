"""Which source generates, and with which backend."""

from django.db.models import QuerySet
from django.utils.module_loading import import_string

from upstream.enums import Backend as BackendName
from upstream.enums import SourceKind
from upstream.generation.backends import Backend
from upstream.models import Source

BACKENDS = {
    BackendName.SANDBOX: "upstream.generation.placeholder.PlaceholderBackend",
    BackendName.OPEN_PLATFORM: "upstream.generation.open_platform.OpenPlatformBackend",
    BackendName.COMFYUI: "upstream.generation.comfyui.ComfyBackend",
}


def generation_sources() -> QuerySet[Source]:
    return Source.objects.filter(kind=SourceKind.GENERATION, enabled=True)


def choose_source(*, named_id: int | None = None) -> Source | None:
    """The source that is named, else the default, else the one added first; None without any:
    then placeholders are drawn here. One query."""
    sources = list(generation_sources().order_by("-is_default", "id"))
    named = [source for source in sources if source.pk == named_id]
    return next(iter(named or sources), None)


def backend_of(source: Source | None) -> Backend:
    name = BackendName(source.backend) if source and source.backend else BackendName.SANDBOX
    made: Backend = import_string(BACKENDS[name])(source)
    return made
