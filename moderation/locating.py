"""From what people have at hand (ids of either side, links of ours) to the subject it means."""

import uuid
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import Resolver404, resolve

from media.services import subject_behind
from moderation.errors import UnknownSubject, UnknownSubjectType
from moderation.registry import queue_for

SubjectKey = tuple[str, uuid.UUID]


def subject_named(subject_type: str, name: str, *, source: str = "") -> SubjectKey:
    """By our id, else by the upstream's own; of several sources `source` decides, else the one
    added first. Raises UnknownSubject.
    """
    try:
        rows = queue_for(subject_type).queryset()
    except UnknownSubjectType:
        raise UnknownSubject from None
    try:
        found = rows.filter(pk=uuid.UUID(name)).values_list("pk", flat=True).first()
    except ValueError:
        found = None
    if found is None:
        rows = rows.filter(upstream_id=name) if name else rows.none()
        rows = rows.filter(source__name=source) if source else rows
        found = rows.order_by("source_id").values_list("pk", flat=True).first()
    if found is None:
        raise UnknownSubject
    return subject_type, found


def subject_at(url: str) -> SubjectKey:
    """Behind a link of ours: a picture's (also one that is expired or dead) or a subject's page.

    Raises UnknownSubject.
    """
    path = path_of(url)
    if found := subject_behind(path):
        return found
    try:
        match = resolve(path)
    except Resolver404:
        raise UnknownSubject from None
    if match.view_name != "console:subject":
        raise UnknownSubject
    return subject_named(match.kwargs["subject_type"], str(match.kwargs["subject_id"]))


def path_of(url: str) -> str:
    """The path of a link to this installation. Raises UnknownSubject for any other address."""
    try:
        parts, ours = urlsplit(url), urlsplit(settings.PUBLIC_URL)
    except ValueError:
        raise UnknownSubject from None
    if parts.netloc and parts.netloc.lower() != ours.netloc.lower():
        raise UnknownSubject
    return parts.path.removeprefix(ours.path)
