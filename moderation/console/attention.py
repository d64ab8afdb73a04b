"""What somebody should look at: late work, broken syncs, unsealed decisions, lost pictures."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from media.enums import AttachmentState
from media.models import Attachment
from moderation.console.access import LEAD
from moderation.console.freshness import kept_for
from moderation.console.navigation import fresh_counts
from moderation.models import Decision, Seal, Tombstone
from moderation.queues import ESCALATIONS
from upstream.enums import RunStatus
from upstream.models import Fault, Source, SyncRun

COUNTED = 1_000
# The sealer runs each minute, the eraser every five; this much later something is wrong with it.
SEAL_LATE = timedelta(minutes=5)
ERASE_LATE = timedelta(minutes=15)
# Pictures that were given up longer ago are no news.
LOST_SINCE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Notice:
    """One line: a Material symbol, the tone of its state, a sentence, and where to go."""

    tone: str
    icon: str
    text: str
    link: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """What the notices are made of; counts end at COUNTED."""

    runs: list[SyncRun]
    circuits: list[Source]
    faults: int
    lost: int
    unerased: int
    unsealed_since: datetime | None


@kept_for(10)
def trouble() -> Trouble:
    """A fixed number of queries, each by an index that holds little else."""
    now = timezone.now()
    last = SyncRun.objects.order_by("source_id", "-pk").distinct("source_id")
    broken = {RunStatus.FAILED, RunStatus.PARTIAL}
    given_up = Attachment.objects.filter(
        state=AttachmentState.FAILED, created_at__gte=now - LOST_SINCE
    )
    unerased = Tombstone.objects.filter(finished_at__isnull=True, erase_after__lt=now - ERASE_LATE)
    sealed = Seal.objects.order_by("-pk").values_list("last_id", flat=True).first() or 0
    unsealed = Decision.objects.filter(pk__gt=sealed).order_by("pk")
    return Trouble(
        runs=[run for run in last.select_related("source") if run.status in broken],
        circuits=list(Source.objects.filter(circuit_open_until__gt=now)),
        faults=_counted(Fault.objects.filter(resolved_at__isnull=True)),
        lost=_counted(given_up),
        unerased=_counted(unerased),
        unsealed_since=unsealed.values_list("at", flat=True).first(),
    )


def _counted(rows: "QuerySet[Fault] | QuerySet[Attachment] | QuerySet[Tombstone]") -> int:
    return rows.order_by().values("pk")[:COUNTED].count()


def attention(request: HttpRequest) -> list[Notice]:
    """Most urgent first."""
    found = trouble()
    return [
        *_work(request), *_runs(found), *_circuits(found), *_records(found), *_evidence(found)
    ]  # fmt: skip


def _work(request: HttpRequest) -> Iterator[Notice]:
    counts = fresh_counts()
    overdue = sum(count.overdue for count in counts)
    if overdue:
        text = ngettext("%(n)s case is overdue.", "%(n)s cases are overdue.", overdue)
        yield Notice("pending", "alarm", text % {"n": overdue}, reverse("console:queues"))
    waiting = sum(count.open for count in counts if count.slug == ESCALATIONS)
    if waiting and request.user.has_perm(LEAD):
        text = ngettext(
            "%(n)s escalation waits for a lead.", "%(n)s escalations wait for a lead.", waiting
        )
        link = reverse("console:review", args=[ESCALATIONS])
        yield Notice("pending", "priority_high", text % {"n": waiting}, link)


def _runs(found: Trouble) -> Iterator[Notice]:
    for run in found.runs:
        failed = run.status == RunStatus.FAILED
        text = (
            _("The last run of %(source)s failed.")
            if failed
            else _("The last run of %(source)s is partial.")
        )
        link = reverse("console:run", args=[run.pk])
        tone, icon = ("rejected", "cancel") if failed else ("pending", "error")
        yield Notice(tone, icon, text % {"source": run.source.name}, link)


def _circuits(found: Trouble) -> Iterator[Notice]:
    for source in found.circuits:
        text = _("%(source)s is not being asked until %(time)s: it failed repeatedly.") % {
            "source": source.name,
            "time": timezone.localtime(source.circuit_open_until).strftime("%H:%M"),
        }
        link = reverse("admin:upstream_source_change", args=[source.pk])
        yield Notice("rejected", "power_off", text, link)


def _records(found: Trouble) -> Iterator[Notice]:
    if found.faults:
        text = ngettext(
            "%(n)s failed record is kept.", "%(n)s failed records are kept.", found.faults
        )
        link = reverse("admin:upstream_fault_changelist")
        yield Notice("pending", "report", text % {"n": _capped(found.faults)}, link)
    if found.lost:
        text = ngettext(
            "%(n)s picture could not be fetched since yesterday.",
            "%(n)s pictures could not be fetched since yesterday.",
            found.lost,
        )
        link = f"{reverse('admin:media_attachment_changelist')}?state={AttachmentState.FAILED}"
        yield Notice("pending", "broken_image", text % {"n": _capped(found.lost)}, link)


def _evidence(found: Trouble) -> Iterator[Notice]:
    if found.unerased:
        text = ngettext(
            "The bytes of %(n)s purge should have been erased by now.",
            "The bytes of %(n)s purges should have been erased by now.",
            found.unerased,
        )
        link = reverse("admin:moderation_tombstone_changelist")
        yield Notice("rejected", "delete_forever", text % {"n": _capped(found.unerased)}, link)
    since = found.unsealed_since
    if since is not None and timezone.now() - since > SEAL_LATE:
        text = _("Decisions since %(time)s are not sealed.") % {
            "time": timezone.localtime(since).strftime("%Y-%m-%d %H:%M")
        }
        yield Notice("pending", "verified", text, reverse("admin:moderation_seal_changelist"))


def _capped(number: int) -> str:
    return f"{number}+" if number == COUNTED else str(number)
