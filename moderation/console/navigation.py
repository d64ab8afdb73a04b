"""The sidebar: what a person may open, with the open cases of each queue."""

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from moderation.assignments import assigned, works
from moderation.console.access import LEAD, VIEW, person
from moderation.console.freshness import kept_for
from moderation.counts import QueueCount, queue_counts
from moderation.registry import ReviewQueue, queues

Item = dict[str, Any]


@kept_for(5)
def fresh_counts() -> list[QueueCount]:
    """The queues' counts, at most five seconds old."""
    return queue_counts()


@kept_for(5)
def fresh_assignments() -> dict[str, set[int]]:
    """Who works which queue, at most five seconds old; a claim looks itself."""
    return assigned()


def works_queue(request: HttpRequest, queue: ReviewQueue) -> bool:
    """Whether the queue's review page is this person's, for links and lists."""
    return works(person(request), queue, fresh_assignments().get(queue.slug, set()))


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """unfold's navigation: groups of items; empty groups are left out by unfold."""
    if not request.user.has_perm(VIEW):
        return []
    return [
        {"title": "", "items": _work(request)},
        {"title": _("Queues"), "separator": True, "items": _queues(request)},
        {
            "title": _("Content"),
            "separator": True,
            "items": _models(request, _content()),
        },
        {
            "title": _("Policy and log"),
            "separator": True,
            "items": _models(
                request,
                [
                    ("moderation.Case", "list_alt"),
                    ("moderation.Reason", "gavel"),
                    ("moderation.Term", "match_word"),
                    ("moderation.Bank", "fingerprint"),
                    ("moderation.BankEntry", "image_search"),
                    ("moderation.BankMatch", "join"),
                    ("moderation.BankScan", "radar"),
                    ("moderation.Decision", "history"),
                    ("moderation.Seal", "verified"),
                    ("moderation.Tombstone", "delete_forever"),
                    ("moderation.Export", "download"),
                ],
            ),
        },
        {
            "title": _("Operation"),
            "separator": True,
            "items": _models(
                request,
                [
                    ("upstream.Source", "cloud_download"),
                    ("upstream.Fault", "report"),
                    ("upstream.GenerationRequest", "draw"),
                    ("media.Attachment", "attach_file"),
                    ("media.ViewLog", "visibility"),
                    ("accounts.User", "group"),
                    ("accounts.ApiKey", "key"),
                ],
            ),
        },
    ]


def _work(request: HttpRequest) -> list[Item]:
    items = [
        {"title": _("Dashboard"), "icon": "dashboard", "link": reverse("admin:index")},
        {"title": _("All queues"), "icon": "inbox", "link": reverse("console:queues"),
         "active": request.path == reverse("console:queues")},
        {"title": _("Search"), "icon": "search", "link": reverse("console:search")},
        {"title": _("Hand-over"), "icon": "swap_horiz", "link": reverse("console:handover")},
        {"title": _("Sync runs"), "icon": "sync", "link": reverse("console:runs")},
        {"title": _("Long tasks"), "icon": "hourglass_top", "link": reverse("console:jobs")},
    ]  # fmt: skip
    if request.user.has_perm(LEAD):
        link = reverse("console:month")
        items.append({"title": _("The month"), "icon": "calendar_month", "link": link})
    return items


def _queues(request: HttpRequest) -> list[Item]:
    counts = {count.slug: count for count in fresh_counts()}
    items = []
    for queue in queues().values():
        if not works_queue(request, queue):
            continue
        count = counts.get(queue.slug)
        item: Item = {
            "title": queue.title,
            "icon": queue.icon,
            "link": reverse("console:review", args=[queue.slug]),
        }
        if count is not None and count.open:
            # Amber only where something is late: colour means state.
            variant = "warning" if count.overdue else "primary"
            item |= {"badge": str(count.open), "badge_variant": variant}
        items.append(item)
    return items


def _content() -> list[tuple[str, str]]:
    """The subjects, each followed by what else its app has registered."""
    found: list[tuple[str, str]] = []
    subjects = {queue.model for queue in queues().values()}
    for queue in queues().values():
        if queue.model is None:
            continue
        found.append((queue.model._meta.label, queue.icon))
        others = apps.get_app_config(queue.model._meta.app_label).get_models()
        found += [(model._meta.label, "folder") for model in others if model not in subjects]
    # An app with two subjects brings its other models once.
    return list(dict.fromkeys(found))


def _models(request: HttpRequest, wanted: Iterable[tuple[str, str]]) -> list[Item]:
    """Changelists of those models that are registered and that the person may open."""
    items = []
    for label, icon in wanted:
        model = apps.get_model(label)
        if not admin.site.is_registered(model):
            continue
        if admin.site.get_model_admin(model).has_view_permission(request):
            meta = model._meta
            link = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
            title = str(meta.verbose_name_plural)
            items.append({"title": title[:1].upper() + title[1:], "icon": icon, "link": link})
    return items
