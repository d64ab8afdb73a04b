"""Other subjects that hold the same bytes as one."""

import uuid
from typing import Any

from accounts.models import User
from media.models import Attachment
from moderation.models import Reviewable
from moderation.registry import ReviewQueue, queue_for, subject_types
from moderation.visibility import may_see

SHOWN = 12


def elsewhere(subject: Reviewable, *, viewer: User) -> list[tuple[ReviewQueue, Any]]:
    """At most SHOWN others, newest first, without what is held from this person; two queries and
    a few for each type.
    """
    files = Attachment.objects.filter(subject_id=subject.pk, file__isnull=False).values("file")
    rows = (
        Attachment.objects.filter(file__in=files)
        .exclude(subject_id=subject.pk)
        .order_by("-subject_id")
        .values_list("subject_type", "subject_id")
    )
    by_type: dict[str, list[uuid.UUID]] = {}
    for subject_type, pk in rows[: SHOWN * 2]:
        by_type.setdefault(subject_type, []).append(pk)
    found = [
        (queue_for(subject_type), other)
        for subject_type in by_type.keys() & set(subject_types())
        for other in queue_for(subject_type).load(by_type[subject_type])
        if may_see(other, viewer)
    ]
    return sorted(found, key=lambda pair: pair[1].pk, reverse=True)[:SHOWN]
