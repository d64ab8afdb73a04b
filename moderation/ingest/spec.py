"""What a content app tells the ingest about its records, and what the ingest reads out of one."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import orjson
from django.db.models import Model

from media.services import origin_key
from moderation.enums import ReviewStatus
from moderation.models import Reviewable


class Record(Protocol):
    """A parsed upstream record (upstream.clients)."""

    @property
    def upstream_id(self) -> str: ...


R = TypeVar("R", bound=Record)
R_contra = TypeVar("R_contra", bound=Record, contravariant=True)


@dataclass(frozen=True, kw_only=True)
class IngestSpec(Generic[R_contra]):
    """How records of one kind become subjects: small functions of a record, no I/O.

    `columns`: the model's database columns beside those of Reviewable, in the order of `values`;
    `tracked`: those of them whose change alone updates the row (the others change with content).
    `content`: the texts whose change is a change of content. `status`: upstream's review status,
    None where it tells none. `complete`: whether it can be reviewed yet.
    `details`: one row of the insert-only side table, whose foreign key column is `detail_link`;
    JSON as text (see `json_text`). `context`: what a replay's parser is told besides the record.
    A value None leaves what is stored as it is; in a new subject it makes a time the present one.
    """

    model: type[Reviewable]
    columns: tuple[str, ...]
    values: Callable[[R_contra], tuple[Any, ...]]
    tracked: tuple[str, ...] = ()
    content: Callable[[R_contra], Sequence[str]]
    status: Callable[[R_contra], str | None] = lambda record: None
    # A boolean column of the model: where it is set, what was made of the record here stays, and
    # only upstream's purge is followed.
    taken_over: str = ""
    complete: Callable[[R_contra], bool] = lambda record: True
    detail_model: type[Model]
    detail_link: str
    detail_columns: tuple[str, ...]
    details: Callable[[R_contra], tuple[Any, ...]]
    url: Callable[[R_contra], str | None]
    role: str = "picture"
    sensitive: Callable[[R_contra], bool] = lambda record: False
    context: Callable[[R_contra], dict[str, Any]] = lambda record: {}


@dataclass(slots=True)
class Row(Generic[R]):
    """A record with what is compared against the stored subject."""

    record: R
    told: str | None
    digest: bytes
    url: str | None
    origin_key: bytes | None

    @property
    def upstream_id(self) -> str:
        return self.record.upstream_id


def read(record: R, spec: IngestSpec[R]) -> Row[R]:
    url = spec.url(record)
    return Row(
        record=record,
        told=spec.status(record),
        digest=hashlib.sha256(orjson.dumps(list(spec.content(record)))).digest(),
        url=url,
        origin_key=origin_key(url) if url else None,
    )


def first_status(told: str | None, *, trust_approvals: bool) -> str:
    """The review status of a new subject: upstream's word, unless its approvals are not trusted."""
    if told is None or (told == ReviewStatus.APPROVED and not trust_approvals):
        return ReviewStatus.PENDING
    return told


def json_text(value: Any) -> str:
    """JSON as COPY takes it. Raises JSONEncodeError (integers beyond 64 bits, lone surrogates)."""
    return orjson.dumps(value).decode()
