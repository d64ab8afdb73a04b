"""What the engine does when bytes arrive, fail, or turn out equal to others: media's observer."""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection

from media.models import Attachment
from moderation import cases, comparing
from moderation.actors import Actor
from moderation.banks import acting, own
from moderation.enums import Action, CaseKind, Priority, ReviewStatus, Why
from moderation.registry import model_for, queue_for, subject_types
from moderation.services import Request, decide

_VERDICTS = {ReviewStatus.REJECTED: Why.SAME_AS_REJECTED, ReviewStatus.PURGED: Why.SAME_AS_PURGED}


class Observer:
    """media tells it what became of attachments (settings.MEDIA_OBSERVER)."""

    def stored(self, attachment_ids: Sequence[uuid.UUID]) -> None:
        """Bytes are here: the cases can be offered; what equals a rejected picture comes first."""
        attachments = list(Attachment.objects.filter(pk__in=attachment_ids))
        keep_held(attachments)
        own.arrived(attachments)
        mark_known_bytes(attachments)
        acting.look_up(attachments)
        _offer(attachments)

    def failed(self, attachment_ids: Sequence[uuid.UUID]) -> None:
        """No bytes, for good: a moderator sees the text and that the picture could not be had."""
        subject_ids = list(
            Attachment.objects.filter(pk__in=attachment_ids).values_list("subject_id", flat=True)
        )
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE moderation_case SET why = why || %s::varchar, family = NULL"
                " WHERE subject_id = ANY(%s) AND NOT %s = ANY(why)",
                [Why.MIRROR_FAILED, subject_ids, Why.MIRROR_FAILED],
            )
        cases.bytes_settled(subject_ids)

    def changing(self, attachment_ids: Sequence[uuid.UUID]) -> None:
        """A queue whose approved pictures stay in use keeps them before they go."""
        by_type: dict[str, list[uuid.UUID]] = {}
        for each in Attachment.objects.filter(pk__in=attachment_ids):
            if each.subject_type in set(subject_types()):
                by_type.setdefault(each.subject_type, []).append(each.subject_id)
        for subject_type, subject_ids in by_type.items():
            queue_for(subject_type).picture_changes(subject_ids)

    def replaced(self, attachment_ids: Sequence[uuid.UUID]) -> None:
        """Other bytes than before: changed content. An approved subject is looked at again."""
        attachments = list(Attachment.objects.filter(pk__in=attachment_ids))
        content_changed([(each.subject_type, each.subject_id) for each in attachments])
        mark_known_bytes(attachments)
        acting.look_up(attachments)
        _offer(attachments)

    def hashed(self, attachment_ids: Sequence[uuid.UUID]) -> None:
        """Pictures from before there were hashes meet the banks now."""
        attachments = list(Attachment.objects.filter(pk__in=attachment_ids))
        acting.look_up(attachments)
        own.refresh_soon((each.subject_type, each.subject_id) for each in attachments)
        comparing.compare([each.subject_id for each in attachments])

    def fresh_urls(self, attachment_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, str]:
        """New links by attachment for those whose origin link expired; what has none is left
        out.
        """
        by_type: dict[str, dict[uuid.UUID, uuid.UUID]] = {}
        for each in Attachment.objects.filter(pk__in=attachment_ids):
            by_type.setdefault(each.subject_type, {})[each.subject_id] = each.pk
        fresh: dict[uuid.UUID, str] = {}
        for subject_type, attachments in by_type.items():
            for subject_id, url in queue_for(subject_type).fresh_urls(list(attachments)).items():
                fresh[attachments[subject_id]] = url
        return fresh


def _offer(attachments: Sequence[Attachment]) -> None:
    """The cases can be claimed, those of look-alikes together; last, as it locks whole queues."""
    subject_ids = [each.subject_id for each in attachments]
    cases.bytes_settled(subject_ids)
    comparing.compare(subject_ids)


def content_changed(keys: Iterable[tuple[str, uuid.UUID]], *, by: Actor | None = None) -> None:
    """Approved subjects are reopened (by their sync, or their author where there is none, unless
    `by` says who); on the others' cases the change is noted.

    Whoever holds such a case has not seen what it is about now, and loses it.
    """
    by_type: dict[str, list[uuid.UUID]] = {}
    for subject_type, subject_id in keys:
        by_type.setdefault(subject_type, []).append(subject_id)
    for subject_type, ids in by_type.items():
        rows = model_for(subject_type).objects.select_related("source").filter(pk__in=ids)
        for subject in rows:
            if subject.review_status == ReviewStatus.APPROVED:
                teller = Actor.sync(subject.source) if subject.source else Actor.author()
                request = Request(Action.REOPEN, subject=subject.subject_key)
                decide(requests=[request], actor=by or teller)
    changed = [key for ids in by_type.values() for key in ids]
    cases.end_claims(changed)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE moderation_case SET family = NULL, compared = false,"
            " why = CASE WHEN %(why)s = ANY(why) THEN why ELSE why || %(why)s::varchar END"
            " WHERE subject_id = ANY(%(ids)s)",
            {"why": Why.CHANGED, "ids": changed},
        )


def keep_held(attachments: Sequence[Attachment]) -> None:
    """Bytes that arrive for a subject under a hold are for leads, like the subject itself."""
    for subject_type in {each.subject_type for each in attachments}:
        ids = [each.subject_id for each in attachments if each.subject_type == subject_type]
        held = model_for(subject_type).objects.filter(pk__in=ids, held=True).values("pk")
        Attachment.objects.filter(subject_id__in=held).update(held=True)


def mark_known_bytes(attachments: Sequence[Attachment]) -> None:
    """An arrival equal to a rejected or purged picture opens first, marked with that verdict."""
    by_file: dict[uuid.UUID, list[Attachment]] = {}
    for each in attachments:
        if each.file_id is not None:
            by_file.setdefault(each.file_id, []).append(each)
    verdicts = _verdicts_on(by_file)
    raised = [
        cases.NewCase(
            subject_type=each.subject_type, subject_id=each.subject_id,
            why=[_VERDICTS[ReviewStatus(verdict)]], priority=Priority.TOP,
        )
        for file_id, verdict in verdicts.items()
        for each in by_file[file_id]
    ]  # fmt: skip
    cases.raise_cases(raised)


def _verdicts_on(by_file: dict[uuid.UUID, list[Attachment]]) -> dict[uuid.UUID, str]:
    """The gravest verdict that another subject with the same file has; one query per type."""
    found: dict[uuid.UUID, str] = {}
    if not by_file:
        return found
    for subject_type in subject_types():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT a.file_id, s.review_status FROM media_attachment a"
                f' JOIN "{model_for(subject_type)._meta.db_table}" s ON s.id = a.subject_id'
                " WHERE a.file_id = ANY(%s) AND s.review_status IN ('rejected', 'purged')",
                [list(by_file)],
            )
            for file_id, status in cursor.fetchall():
                if found.get(file_id) != ReviewStatus.PURGED:
                    found[file_id] = status
    return found


def raise_same_bytes(payload: dict[str, Any]) -> None:
    """Outbox handler: subjects just rejected or purged; everything with the same bytes comes
    first.
    """
    rejected = {uuid.UUID(subject_id) for _, subject_id in payload["subjects"]}
    files = (
        Attachment.objects.filter(subject_id__in=rejected, file__isnull=False)
        .values_list("file_id", flat=True)
        .distinct()
    )
    others = Attachment.objects.filter(file__in=list(files)).exclude(subject_id__in=rejected)
    raised = [
        cases.NewCase(
            subject_type=each.subject_type, subject_id=each.subject_id, kind=CaseKind.SECOND_LOOK,
            why=[Why.SAME_AS_REJECTED], priority=Priority.TOP,
        )
        for each in others
    ]  # fmt: skip
    cases.raise_cases(raised)
