"""The policy in the admin: reasons and the word list. Leads edit; each save is a new version."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import Field, Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from core.admin_base import LEAD, ConsoleAdmin
from moderation.admin_base import names_of
from moderation.console.access import person
from moderation.console.badges import severity_badge
from moderation.errors import BadTerm
from moderation.filters import ReasonVersionFilterSet, TermFilterSet, TermVersionFilterSet
from moderation.models import Reason, ReasonVersion, Term, TermVersion
from moderation.policy import save_reason
from moderation.terms import check_term, save_term


class _Versions(ConsoleAdmin):
    """What was changed, when and by whom; to be read."""

    def prepare_rows(self, request: HttpRequest, rows: Any) -> None:
        people = names_of(row.created_by for row in rows)
        for row in rows:
            row.author_name = people.get(row.created_by, "")

    @display(description=_("created by"))
    def author(self, version: Any) -> str:
        return getattr(version, "author_name", "") or str(version.created_by or "–")


@admin.register(Reason)
class ReasonAdmin(ConsoleAdmin):
    """Leads edit the policy; each save is a new version, and decisions name the one in force."""

    is_small = show_full_result_count = True
    change_permission = add_permission = LEAD
    list_display = ("label", "slug", "severity_column", "digit", "versions", "active")
    list_display_links = ("label",)
    fieldsets = (
        (None, {"fields": (("slug", "severity"), ("digit", "active"))}),
        (_("English"), {"fields": ("label_en", "guide_en", "notice_en")}),
        (_("Chinese"), {"fields": ("label_zh", "guide_zh", "notice_zh")}),
    )

    def get_readonly_fields(
        self, request: HttpRequest, obj: Model | None = None
    ) -> tuple[str, ...]:
        # Decisions name the slug: it stays once a reason exists.
        return ("slug",) if obj else ()

    def formfield_for_dbfield(self, db_field: Field[Any, Any], request: Any, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        for ending, language in (("_en", "en"), ("_zh", "zh-Hans")):
            if db_field.name.endswith(ending):
                field.widget.attrs["lang"] = language
        return field

    def save_model(self, request: HttpRequest, obj: Reason, form: Any, change: Any) -> None:
        save_reason(reason=obj, by=person(request))

    @display(description=_("Label"))
    def label(self, reason: Reason) -> str:
        return reason.label

    @display(description=_("Version"))
    def versions(self, reason: Reason) -> SafeString:
        link = reverse("admin:moderation_reasonversion_changelist")
        return format_html(
            '<a class="gh-link" href="{}?slug={}">{}</a>', link, reason.slug, reason.version
        )

    @display(description=_("Severity"))
    def severity_column(self, reason: Reason) -> SafeString:
        return severity_badge(reason.severity)


@admin.register(ReasonVersion)
class ReasonVersionAdmin(_Versions):
    filterset_class = ReasonVersionFilterSet
    list_display = ("slug", "version", "created_at", "author")


class TermForm(forms.ModelForm[Term]):
    """Refuses what cannot be matched, beside the field."""

    class Meta:
        model = Term
        fields: ClassVar = (
            "text", "kind", "language", "severity", "action", "reason", "active",
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if {"text", "kind"} <= data.keys():
            try:
                check_term(Term(text=data["text"], kind=data["kind"]))
            except BadTerm as error:
                self.add_error("text", str(error))
        return data


@admin.register(Term)
class TermAdmin(ConsoleAdmin):
    """Nothing is deleted: a term is switched off, and its versions say by whom."""

    change_permission = add_permission = LEAD
    form = TermForm
    filterset_class = TermFilterSet
    list_display = ("text", "kind", "language", "severity_column", "action", "versions", "active")
    list_display_links = ("text",)
    search_fields = ("text",)
    fieldsets = (
        (None, {"fields": ("text", ("kind", "language"), ("severity", "action"), "reason")}),
        (None, {"fields": ("active",)}),
    )

    def save_model(self, request: HttpRequest, obj: Term, form: Any, change: Any) -> None:
        job = save_term(term=obj, by=person(request))
        if job is not None:
            link = reverse("console:job", args=[job.pk])
            text = _("Open cases are read against it: those it finds come sooner.")
            messages.info(
                request,
                format_html('{} <a class="gh-link" href="{}">{}</a>', text, link, _("Show")),
            )

    @display(description=_("Severity"))
    def severity_column(self, term: Term) -> SafeString:
        return severity_badge(term.severity)

    @display(description=_("Version"))
    def versions(self, term: Term) -> SafeString:
        link = reverse("admin:moderation_termversion_changelist")
        return format_html(
            '<a class="gh-link" href="{}?term={}">{}</a>', link, term.pk, term.version
        )


@admin.register(TermVersion)
class TermVersionAdmin(_Versions):
    filterset_class = TermVersionFilterSet
    list_display = ("created_at", "term", "version", "author")
    list_select_related = ("term",)
