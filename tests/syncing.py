"""Sources at a sandbox, runs over them, and what is in the tables afterwards."""

from typing import Any

from assets.models import Asset
from characters.models import Character
from gallery.models import ImageLog
from media.models import Attachment
from moderation.models import Case, Reviewable
from tests.factories import make_source
from upstream.models import Source, SyncRun
from upstream.runs import run_sync, start_run
from upstream.sandbox import credentials
from upstream.sandbox.process import SandboxProcess

TOKENS = {
    "characters": credentials.MEMBER_TOKEN,
    "gallery": credentials.MEMBER_TOKEN,
    "assets": credentials.ASSETS_TOKEN,
}
MODELS: dict[str, type[Reviewable]] = {
    "characters": Character,
    "gallery": ImageLog,
    "assets": Asset,
}
# Retries without long waits, pages small enough that there are several.
OPTIONS = {"retry_wait": 0.01, "patience": 0.001, "page_size": 7, "portion": 20}


def source_at(sandbox: SandboxProcess | str, kind: str, name: str = "", **fields: Any) -> Source:
    """A source of the sandbox with the fitting token and no rate limit worth noticing."""
    options = OPTIONS | fields.pop("options", {})
    fields = {"token": TOKENS[kind], "per_second": 1000.0, "options": options, **fields}
    url = sandbox if isinstance(sandbox, str) else sandbox.url
    return make_source(name or kind, kind=kind, base_url=url, **fields)


def sync(source: Source, *, full: bool = False) -> SyncRun:
    """One run, worked through here."""
    return run_sync(run_id=start_run(source=source, full=full).pk)


def counts(run: SyncRun) -> dict[str, int]:
    names = ("seen", "created", "updated", "unchanged", "failed")
    return {name: getattr(run, name) for name in names}


def balances(run: SyncRun) -> bool:
    return run.seen == run.created + run.updated + run.unchanged + run.failed


def state_of(source: Source) -> list[tuple[Any, ...]]:
    """What a source's records have come to, without ids and times made here: equal for two sources
    that were synced equally."""
    model = MODELS[source.kind]
    subjects = model.objects.filter(source=source)
    details = model._meta.get_field("details" if source.kind != "characters" else "texts")
    rows = []
    for subject in subjects.order_by("upstream_id"):
        attachment = Attachment.objects.filter(subject_id=subject.pk).first()
        case = Case.objects.filter(subject_id=subject.pk).first()
        own = [
            getattr(subject, field.attname)
            for field in model._meta.local_concrete_fields
            if field.attname not in {"group_id", "deleted_at"}
        ]
        rows.append(
            (
                subject.upstream_id,
                subject.review_status,
                subject.seed,
                subject.upstream_status,
                bytes(subject.content_digest or b""),
                subject.missing_at is None,
                *own[_inherited(model) :],
                getattr(subject, details.get_accessor_name()).count(),  # type: ignore[union-attr, arg-type]
                attachment and (attachment.state, bytes(attachment.origin_key or b"")),
                case and (case.queue, case.kind, case.why, case.ready),
            )
        )
    return rows


def _inherited(model: type[Reviewable]) -> int:
    """How many of a model's columns come from Reviewable."""
    return len(Reviewable._meta.local_concrete_fields)
