"""Model admins of sources (credentials are write-only), runs, failed records and generations."""

from typing import Any, ClassVar, cast

from django import forms
from django.contrib import admin
from django.db.models import Field, Model
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from core.admin_base import OPERATE, ConsoleAdmin
from core.badges import badge
from upstream.badges import generation_badge, run_badge
from upstream.filters import FaultFilterSet, GenerationFilterSet, SyncRunFilterSet
from upstream.models import Fault, GenerationRequest, Source, SyncRun

SECRETS = ("token", "refresh_token", "key", "secret")


class SecretField(forms.CharField):
    """Never shows what is stored; left empty it keeps it."""

    def __init__(self, **kwargs: Any) -> None:
        widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})
        super().__init__(**{"required": False, "strip": True, "widget": widget, **kwargs})


class SourceForm(forms.ModelForm[Source]):
    """A source; its four secrets are write-only."""

    class Meta:
        model = Source
        fields = (
            "name", "kind", "base_url", *SECRETS, "enabled", "every_minutes", "characters_sources",
            "trust_approvals", "backend", "is_default", "per_second", "options",
        )  # fmt: skip
        widgets: ClassVar[dict[str, forms.Widget]] = {
            "characters_sources": UnfoldAdminTextInputWidget()
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in SECRETS:
            if name not in self.fields:
                continue
            stored = getattr(self.instance, name)
            help_text = _("Stored. Leave empty to keep it.") if stored else _("None stored.")
            field = cast(Field[Any, Any], Source._meta.get_field(name))
            label = capfirst(str(field.verbose_name))
            self.fields[name] = SecretField(label=label, help_text=help_text)
            self.initial.pop(name, None)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        for name in SECRETS:
            if name in self.fields and not cleaned.get(name):
                cleaned[name] = getattr(self.instance, name)
        return cleaned


@admin.register(Source)
class SourceAdmin(ConsoleAdmin):
    """Operators add and edit sources; a name never changes, keys and identities use it."""

    form = SourceForm
    is_small = show_full_result_count = True
    change_permission = add_permission = OPERATE
    list_display = ("name", "kind", "base_url", "state", "schedule", "runs_link")
    list_display_links = ("name",)
    readonly_fields = ("failures_in_row", "circuit_open_until", "last_full_at", "created_at")
    fieldsets = (
        (None, {"fields": (("name", "kind"), "base_url", ("enabled", "every_minutes"))}),
        (_("Credentials"), {"fields": (("token", "refresh_token"), ("key", "secret"))}),
        (_("Reviewing"), {"fields": ("trust_approvals", "characters_sources")}),
        (_("Generation"), {"fields": (("backend", "is_default"),)}),
        (_("Limits"), {"fields": ("per_second", "options")}),
        (
            _("State"),
            {"fields": (("failures_in_row", "circuit_open_until"), ("last_full_at", "created_at"))},
        ),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if self.has_change_permission(request, obj):
            return fieldsets if obj else fieldsets[:-1]
        # Without the right to change them, not even the fields of secrets are shown.
        return [part for part in fieldsets if part[0] != _("Credentials")]

    def get_readonly_fields(
        self, request: HttpRequest, obj: Model | None = None
    ) -> tuple[str, ...]:
        return (*self.readonly_fields, "name", "kind") if obj else self.readonly_fields

    @display(description=_("State"))
    def state(self, source: Source) -> SafeString:
        if not source.enabled:
            return badge(_("Switched off"), tone="purged", icon="pause_circle")
        if source.circuit_open_until and source.circuit_open_until > timezone.now():
            return badge(_("Failing"), tone="rejected", icon="power_off")
        return badge(_("On"), tone="approved", icon="check_circle")

    @display(description=_("Schedule"))
    def schedule(self, source: Source) -> str:
        if not source.every_minutes:
            return str(_("By hand"))
        return str(_("every %(minutes)s min") % {"minutes": source.every_minutes})

    @display(description=_("Runs"))
    def runs_link(self, source: Source) -> SafeString:
        link = reverse("console:runs")
        return format_html(
            '<a class="gh-link" href="{}?source={}">{}</a>', link, source.name, _("Show")
        )


@admin.register(SyncRun)
class SyncRunAdmin(ConsoleAdmin):
    """Past runs by source and status; a row opens the run's page."""

    filterset_class = SyncRunFilterSet
    list_display = (
        "started_at", "source", "status_badge", "seen", "created", "updated", "unchanged", "failed",
        "missing",
    )  # fmt: skip
    list_display_links = ("started_at",)
    list_select_related = ("source",)

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        run = self.get_object(request, object_id)
        if run is None:
            missing: HttpResponseBase = super().change_view(request, object_id, *args, **kwargs)
            return missing
        return HttpResponseRedirect(reverse("console:run", args=[run.pk]))

    @display(description=_("Status"))
    def status_badge(self, run: SyncRun) -> SafeString:
        return run_badge(run.status)


@admin.register(Fault)
class FaultAdmin(ConsoleAdmin):
    """Failed records over all runs, to be read; they are replayed on their run's page."""

    filterset_class = FaultFilterSet
    list_display = ("created_at", "source", "upstream_id", "short_error", "state", "run_link")
    list_display_links = ("created_at",)
    list_select_related = ("source",)
    readonly_fields = ("run_link",)
    exclude = ("run",)

    @display(description=_("Error"))
    def short_error(self, fault: Fault) -> SafeString:
        # What went wrong is kept as it was said then, in English.
        short = fault.error if len(fault.error) <= 120 else f"{fault.error[:119]}…"
        return format_html('<span lang="en">{}</span>', short)

    @display(description=_("State"))
    def state(self, fault: Fault) -> SafeString:
        if fault.resolved_at:
            return badge(_("Taken"), tone="approved", icon="check_circle")
        return badge(_("Not taken"), tone="pending", icon="error")

    @display(description=_("Run"))
    def run_link(self, fault: Fault) -> SafeString:
        link = reverse("console:run", args=[fault.run_id])
        return format_html(
            '<a class="gh-link" href="{}#fault-{}">{}</a>', link, fault.pk, _("Show")
        )


@admin.register(GenerationRequest)
class GenerationRequestAdmin(ConsoleAdmin):
    """Calls for pictures and what became of them, to be read: without prompts and pictures."""

    filterset_class = GenerationFilterSet
    list_display = (
        "created_at", "kind", "state_badge", "user_id", "key", "source", "seconds", "error",
    )  # fmt: skip
    list_display_links = ("created_at",)
    list_select_related = ("key", "source")

    @display(description=_("State"))
    def state_badge(self, request: GenerationRequest) -> SafeString:
        return generation_badge(request.state)

    @display(description=_("Seconds"))
    def seconds(self, request: GenerationRequest) -> str:
        if request.ended_at is None:
            return "–"
        return f"{(request.ended_at - request.created_at).total_seconds():.1f}"
