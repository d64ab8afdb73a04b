"""What must agree between subjects, cases and attachments; `checkqueues` looks and repairs."""

import uuid
from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef

from media.enums import AttachmentState
from media.models import Attachment
from moderation import cases
from moderation.enums import CaseKind, ReviewStatus, Why
from moderation.models import Case
from moderation.registry import model_for, queue_for, subject_types


@dataclass(slots=True)
class Findings:
    """Keys of subjects, ids of cases and of attachments that do not fit together."""

    without_case: list[tuple[str, uuid.UUID]] = field(default_factory=list)
    without_subject: list[uuid.UUID] = field(default_factory=list)
    without_bytes: list[uuid.UUID] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.without_case or self.without_subject or self.without_bytes)


def inspect() -> Findings:
    """Reads only."""
    found = Findings()
    open_case = Case.objects.filter(subject_id=OuterRef("pk"))
    for subject_type in subject_types():
        model = model_for(subject_type)
        pending = queue_for(subject_type).due_for_review(model.objects.pending())
        lonely = pending.filter(~Exists(open_case)).values_list("pk", flat=True)
        found.without_case += [(subject_type, pk) for pk in lonely]
        waiting = model.objects.pending().filter(pk=OuterRef("subject_id"))
        # A case that was raised since (same bytes as a rejected picture) says more than this.
        first_looks = Case.objects.filter(
            subject_type=subject_type, kind=CaseKind.FIRST_LOOK, why=[Why.FIRST_LOOK]
        )
        stray = first_looks.filter(~Exists(waiting)).values_list("pk", flat=True)
        found.without_subject += list(stray)
    stored = Attachment.objects.filter(state=AttachmentState.STORED, file__isnull=True)
    found.without_bytes = list(stored.values_list("pk", flat=True))
    return found


def repair(found: Findings) -> None:
    """Opens missing cases, drops stray ones, and calls attachments without bytes failed."""
    for subject_type in {subject_type for subject_type, _ in found.without_case}:
        ids = [pk for kind, pk in found.without_case if kind == subject_type]
        rows = model_for(subject_type).objects.filter(
            pk__in=ids, review_status=ReviewStatus.PENDING
        )
        cases.open_cases([
            cases.NewCase(subject_type=subject_type, subject_id=pk, source_id=source_id)
            for pk, source_id in rows.values_list("pk", "source_id")
        ])  # fmt: skip
    Case.objects.filter(pk__in=found.without_subject).delete()
    Attachment.objects.filter(pk__in=found.without_bytes).update(state=AttachmentState.FAILED)
