"""What an ingest means for the review: first looks, upstream's word, second looks at changes."""

import uuid
from collections.abc import Sequence

from django.db import connection
from django.utils import timezone

from core.keys import uuid7_text
from moderation import cases
from moderation.actors import Actor
from moderation.enums import Action, CaseKind, Priority, ReviewStatus, Why
from moderation.ingest.spec import IngestSpec, R
from moderation.ingest.staging import Met
from moderation.models import Case
from moderation.registry import queue_for
from moderation.services import Request, decide
from upstream.models import Source

_COLUMNS = (
    "id", "queue", "kind", "subject_type", "subject_id", "source_id", "priority", "why",
    "opened_at", "due_at", "ready_at", "ready",
)  # fmt: skip


def open_first_looks(created: Sequence[Met[R]], spec: IngestSpec[R], source: Source) -> None:
    """A case for each new pending subject that can be reviewed; it waits for the bytes to come."""
    pending = [
        one
        for one in created
        if one.review_status == ReviewStatus.PENDING and spec.complete(one.row.record)
    ]
    if not pending:
        return
    queue, now = queue_for(spec.model.subject_type()), timezone.now()
    # Ids, times and enumerations as text: psycopg takes much longer to adapt the objects.
    kind, subject_type, why = (
        CaseKind.FIRST_LOOK.value,
        spec.model.subject_type(),
        f"{{{Why.FIRST_LOOK}}}",
    )
    times = [moment.isoformat() for moment in (now, now + queue.sla, now + cases.WAIT_FOR_BYTES)]
    opened, due, late = times
    priority = Priority.NORMAL.value
    with (
        connection.cursor() as cursor,
        cursor.copy(f'COPY "{Case._meta.db_table}" ({", ".join(_COLUMNS)}) FROM STDIN') as copy,
    ):
        for one in pending:
            ready = one.row.url is None
            copy.write_row(
                (
                    uuid7_text(), queue.slug, kind, subject_type, one.key, source.pk, priority, why,
                    opened, due, opened if ready else late, ready,
                )
            )  # fmt: skip


def follow(met: Sequence[Met[R]], spec: IngestSpec[R], source: Source) -> None:
    """Known subjects: upstream's steps while nobody here has decided, and changes of content."""
    subject_type = spec.model.subject_type()
    requests: list[Request] = []
    opened: list[cases.NewCase] = []
    pending: list[Met[R]] = []
    for one in met:
        assert one.id is not None
        action, follows = _action(one, source)
        if action:
            requests.append(Request(action, subject=(subject_type, one.id), follow=follows))
        elif _may_need_a_case(one) and spec.complete(one.row.record):
            pending.append(one)
        if _disowned(one):
            opened.append(_second_look(one.id, spec, source, Why.UPSTREAM_REJECTED))
    if requests:
        decide(requests=requests, actor=Actor.sync(source))
    opened += _of_pending(pending, spec, source)
    cases.open_cases(opened)


def _action(one: Met[R], source: Source) -> tuple[str, str]:
    """The sync's decision and what it follows, "" for none; see contracts/README.md."""
    told, status = one.row.told, one.review_status
    if told == ReviewStatus.PURGED and status != ReviewStatus.PURGED:
        return Action.PURGE, ""
    distrusted = told == ReviewStatus.APPROVED and not source.trust_approvals
    if one.stepped and not one.decided and told != status and not distrusted:
        return Action.FOLLOW, told or ""
    if one.changed and status == ReviewStatus.APPROVED:
        return Action.REOPEN, ""
    return "", ""


def _may_need_a_case(one: Met[R]) -> bool:
    return one.review_status == ReviewStatus.PENDING and one.touched and not one.reserved


def _disowned(one: Met[R]) -> bool:
    """Upstream now rejects what was approved here."""
    rejects = one.stepped and one.row.told == ReviewStatus.REJECTED
    return rejects and one.decided and one.review_status == ReviewStatus.APPROVED


def _of_pending(met: Sequence[Met[R]], spec: IngestSpec[R], source: Source) -> list[cases.NewCase]:
    """Open cases learn that the content changed; a subject that became complete gets its case."""
    ids = [one.id for one in met]
    open_ids = set(Case.objects.filter(subject_id__in=ids).values_list("subject_id", flat=True))
    found = []
    for one in met:
        assert one.id is not None
        if one.id not in open_ids:
            found.append(_first_look(one, spec, source))
        elif one.changed:
            found.append(_second_look(one.id, spec, source, Why.CHANGED))
    return found


def _first_look(one: Met[R], spec: IngestSpec[R], source: Source) -> cases.NewCase:
    assert one.id is not None
    waits = one.row.url is not None and one.state != "stored"
    return cases.NewCase(spec.model.subject_type(), one.id, source.pk, ready=not waits)


def _second_look(
    subject_id: uuid.UUID, spec: IngestSpec[R], source: Source, why: Why
) -> cases.NewCase:
    return cases.NewCase(
        spec.model.subject_type(), subject_id, source.pk, kind=CaseKind.SECOND_LOOK, why=[str(why)]
    )
