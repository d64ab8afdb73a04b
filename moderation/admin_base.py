"""The shared base of the content apps' model admins: lists of subjects."""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.models import User
from core.admin_base import ConsoleAdmin
from media.services import Picture
from moderation.console.access import person
from moderation.console.actions import DecideActionForm, SubjectActions
from moderation.console.badges import subject_badges
from moderation.console.pictures import console_pictures
from moderation.enums import ReviewStatus
from moderation.filters import SubjectFilterSet
from moderation.models import Reviewable
from moderation.registry import queue_for
from moderation.search import Search
from moderation.visibility import visible_to

# Where prepare_rows() leaves a row's picture for its cell.
_PICTURE = "list_picture"


class ExportableAdmin(ConsoleAdmin):
    """A list that leads may take out as CSV or JSON, as it is filtered (see moderation.exporting).

    A subclass names its columns: fields, or what its `export_rows` makes of them.
    """

    list_before_template = "moderation/list_tools.html"
    export_fields: ClassVar[tuple[str, ...]] = ()

    def export_columns(self) -> Sequence[str]:
        """Empty where the list is not exported."""
        return self.export_fields

    def exported(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Those of the listed rows that may leave the console."""
        return rows

    def export_rows(self, rows: Sequence[Any]) -> Iterable[dict[str, Any]]:
        """A fixed number of queries for a thousand rows."""
        columns = self.export_columns()
        return ({name: getattr(row, name) for name in columns} for row in rows)


# Of every subject; after them come the model's own fields and the text.
_EXPORTED = (
    "id", "source", "upstream_id", "review_status", "first_seen_at", "reviewed_at",
    "reviewed_by_id", "missing_at",
)  # fmt: skip
_SHARED = frozenset(field.name for field in Reviewable._meta.get_fields())


class SubjectAdmin(SubjectActions, ExportableAdmin):
    """A list of subjects: thumbnails, badges, filters, search, decisions on selected rows.

    A row opens the subject's page. Held subjects are listed to leads only, without their picture.
    """

    filterset_class: ClassVar[type[SubjectFilterSet]] = SubjectFilterSet
    action_form = DecideActionForm
    list_select_related: ClassVar[tuple[str, ...]] = ("source",)
    search_fields = ("id",)
    search_help_text = _("Words, an id or how it begins, or a pasted address")
    # Whether the change page is the record itself instead of the subject's page.
    shows_record: ClassVar[bool] = False

    def export_columns(self) -> Sequence[str]:
        own = [f.attname for f in self.model._meta.concrete_fields if f.name not in _SHARED]
        return [*_EXPORTED, *own, "title", "text"]

    def exported(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """What is held appears in no export, what is escalated not before a lead decided."""
        return rows.filter(held=False, hidden=False)

    def export_rows(self, rows: Sequence[Any]) -> Iterable[dict[str, Any]]:
        queue, columns = queue_for(self.model.subject_type()), self.export_columns()
        loaded = {subject.pk: subject for subject in queue.load([row.pk for row in rows])}
        for subject in (loaded.get(row.pk) for row in rows):
            if subject is None or subject.held or subject.hidden:
                continue  # since the rows were read
            purged = subject.review_status == ReviewStatus.PURGED
            yield {name: getattr(subject, name, None) for name in columns} | {
                "source": subject.source.name if subject.source else None,
                "title": "" if purged else queue.title_of(subject),
                "text": "" if purged else queue.text_of(subject),
            }

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return visible_to(super().get_queryset(request), person(request))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return Search(search_term).narrow(queryset, queue_for(self.model.subject_type())), False

    def prepare_rows(self, request: HttpRequest, rows: Sequence[Reviewable]) -> None:
        role = queue_for(self.model.subject_type()).picture_role
        found = console_pictures(
            subject_ids=[row.pk for row in rows if _may_show_picture(row)],
            role=role,
            user_id=person(request).pk,
        )
        for row in rows:
            setattr(row, _PICTURE, found.get(row.pk))

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        subject = self.get_object(request, object_id)
        if subject is None or (self.shows_record and not subject.held):
            page: HttpResponseBase = super().change_view(request, object_id, *args, **kwargs)
            return page
        return HttpResponseRedirect(subject_url(subject))

    @display(description=_("Picture"))
    def thumbnail(self, subject: Reviewable) -> SafeString:
        return thumbnail(getattr(subject, _PICTURE, None), href=subject_url(subject))

    @display(description=_("Status"))
    def badges(self, subject: Reviewable) -> SafeString:
        return subject_badges(subject)


def _may_show_picture(subject: Reviewable) -> bool:
    """Held pictures stand in no list; purged ones are shown nowhere."""
    return not subject.held and subject.review_status != ReviewStatus.PURGED


def names_of(ids: Iterable[int | None]) -> dict[int | None, str]:
    """User names by id; the log keeps ids, because it outlives accounts."""
    wanted = {each for each in ids if each}
    return dict(User.objects.filter(pk__in=wanted).values_list("pk", "username"))


def subject_url(subject: Reviewable) -> str:
    return reverse("console:subject", args=[subject.subject_type(), subject.pk])


def thumbnail(picture: Picture | None, *, href: str) -> SafeString:
    """A blurred thumbnail that leads to the subject; a word where there is no picture."""
    if picture is None or not picture.thumb_url:
        return format_html('<a class="gh-thumb gh-thumb-none" href="{}">{}</a>', href, _("None"))
    return format_html(
        '<a class="gh-thumb" href="{}"><img src="{}" alt="{}" loading="lazy" decoding="async"></a>',
        href, picture.thumb_url, _("Picture"),
    )  # fmt: skip
