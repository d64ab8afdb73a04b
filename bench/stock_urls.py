"""A stock admin of image logs, as a tutorial makes one: a list, a picture's page, actions."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import include, path
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.models import User
from config import health
from gallery.models import ImageLog
from media.services import pictures
from moderation.actors import Actor
from moderation.services import Request, decide


def _decide(request: HttpRequest, rows: QuerySet[ImageLog], action: str, reason: str) -> None:
    user = request.user
    assert isinstance(user, User)
    asked = [Request(action=action, subject=row.subject_key, reason=reason) for row in rows]
    decide(requests=asked, actor=Actor.person(user))
    messages.success(request, f"{len(asked)} done")


def _action(name: str, action: str, reason: str = "") -> Any:
    @admin.action(description=name)
    def run(_admin: Any, request: HttpRequest, rows: QuerySet[ImageLog]) -> None:
        _decide(request, rows, action, reason)

    run.__name__ = name
    return run


class Images(admin.ModelAdmin[ImageLog]):
    list_display = ("message_id", "review_status", "user_id", "character_id", "created_at")
    list_filter = ("review_status",)
    list_per_page = 100
    readonly_fields = fields = ("message_id", "review_status", "picture")
    actions = (
        _action("approve", "approve"),
        *(
            _action(reason, "reject", reason)
            for reason in ("violence", "hate", "self-harm", "protected-work", "broken-picture")
        ),
    )

    @admin.display
    def picture(self, image: ImageLog) -> SafeString:
        found = pictures(subject_ids=[image.pk], purpose="claim", user_id=None, ttl=600)
        return format_html(
            '<img id="picture" style="max-height: 80vh" src="{}">', found[image.pk].url
        )


site = admin.AdminSite(name="admin")
site.register(ImageLog, Images)
urlpatterns = [
    path("healthz", health.alive),
    path("", include("media.urls")),
    path("admin/", site.urls),
]
