"""Model admins of picture banks: leads set their rules; matches and scans are read. Entries are in
admin_bank_entries.py.
"""

from collections.abc import Sequence
from typing import Any

import django_filters
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from core.admin_base import LEAD, ConsoleAdmin
from core.badges import choice_badge
from moderation.admin_base import names_of
from moderation.banks import rules, scans
from moderation.banks.counting import BankCount, counts
from moderation.console.access import person
from moderation.console.badges import bank_action_badge
from moderation.enums import BankAction, ScanState
from moderation.models import Bank, BankMatch, BankScan, Reason
from moderation.registry import model_for
from moderation.templatetags.console import moment

_STATES: dict[str, tuple[str, str]] = {
    ScanState.WAITING: ("purged", "schedule"),
    ScanState.RUNNING: ("pending", "sync"),
    ScanState.DONE: ("approved", "check_circle"),
    ScanState.CANCELLED: ("purged", "cancel"),
}
# Lines of a bank's trail on its page.
TRAIL_SHOWN = 20


class BankForm(forms.ModelForm[Bank]):
    """Reasons are chosen, not typed."""

    reason = forms.ChoiceField(
        required=False, label=_("Reason of its rejections"), widget=UnfoldAdminSelectWidget(),
        help_text=_("Needed where the bank rejects."),
    )  # fmt: skip
    reasons = forms.MultipleChoiceField(
        required=False, label=_("Reasons that join"), widget=forms.CheckboxSelectMultiple,
        help_text=_("Of a bank of own rejections; none chosen: all."),
    )  # fmt: skip

    class Meta:
        model = Bank
        fields = (
            "slug", "own", "reasons", "action", "reason", "threshold", "turned",
            "sample_percent", "active", "note",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [(row.slug, row.label) for row in Reason.objects.filter(active=True)]
        if "reason" in self.fields:
            self.fields["reason"].choices = [("", "–"), *known]  # type: ignore[attr-defined]
        if "reasons" in self.fields:
            self.fields["reasons"].choices = known  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("action") == BankAction.REJECT and not cleaned.get("reason"):
            self.add_error("reason", _("A bank that rejects needs a reason."))
        return cleaned


@admin.register(Bank)
class BankAdmin(ConsoleAdmin):
    """Nothing is deleted: a bank is switched off."""

    change_permission = add_permission = LEAD
    form = BankForm
    list_display = (
        "slug", "kind_column", "action_column", "entries_column", "matches_column",
        "distance_column", "sampled_column", "active",
    )  # fmt: skip
    list_display_links = ("slug",)
    actions = ("compare_again",)
    readonly_fields = ("entries_column", "matches_column", "scans_column", "trail_column")
    fieldsets = (
        (None, {"fields": (("slug", "active"), "note")}),
        (
            _("What it does"),
            {"fields": (("action", "reason"), ("threshold", "sample_percent"), "turned")},
        ),
        (_("Own rejections"), {"fields": ("own", "reasons")}),
        (_("What it holds"), {"fields": (("entries_column", "matches_column"), "scans_column")}),
        (_("Who did what"), {"fields": ("trail_column",)}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:  # nothing is held yet, and nothing was done
            return self.fieldsets[:3]
        return [each for each in self.fieldsets if obj.own or "own" not in each[1]["fields"]]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        # The log names the bank, and what it holds came by its kind.
        return (*self.readonly_fields, "slug", "own") if obj else self.readonly_fields

    def prepare_rows(self, request: HttpRequest, rows: Sequence[Bank]) -> None:
        known = counts()
        for row in rows:
            row.held = known.get(row.pk, BankCount(0, 0))  # type: ignore[attr-defined]

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Bank | None:
        found: Bank | None = super().get_object(request, object_id, from_field)
        if found is not None:
            self.prepare_rows(request, [found])
        return found

    def save_model(self, request: HttpRequest, obj: Bank, form: Any, change: Any) -> None:
        super().save_model(request, obj, form, change)
        by = person(request).pk
        if rules.changed(bank=obj, fields=form.changed_data, by=by, is_new=not change):
            messages.info(request, _("All pictures held are compared with it anew."))

    @admin.action(description=_("Compare with all pictures again"), permissions=["change"])
    def compare_again(self, request: HttpRequest, banks: QuerySet[Bank]) -> None:
        for bank in banks.filter(active=True):
            scans.scan_whole(bank=bank, by=person(request).pk)
        messages.info(request, _("The comparison starts within seconds; see the scans of banks."))

    @display(description=_("Action"))
    def action_column(self, bank: Bank) -> SafeString:
        return bank_action_badge(bank.action)

    @display(description=_("Entries"))
    def entries_column(self, bank: Bank) -> SafeString | str:
        return _rows_of(bank, "bankentry", "entries")

    @display(description=_("Matches"))
    def matches_column(self, bank: Bank) -> SafeString | str:
        return _rows_of(bank, "bankmatch", "matches")

    @display(description=_("Kind"))
    def kind_column(self, bank: Bank) -> str:
        return str(_("Own rejections") if bank.own else _("Imported"))

    @display(description=_("Distance"))
    def distance_column(self, bank: Bank) -> str:
        return f"≤ {bank.threshold}"

    @display(description=_("Sampled"))
    def sampled_column(self, bank: Bank) -> str:
        return f"{bank.sample_percent} %" if bank.action == BankAction.REJECT else "–"

    @display(description=_("The latest"))
    def trail_column(self, bank: Bank) -> SafeString | str:
        """Rules that were changed, and imports; what was added by hand stands with its entry."""
        rows = LogEntry.objects.select_related("user").filter(
            content_type=ContentType.objects.get_for_model(Bank), object_id=str(bank.pk)
        )[:TRAIL_SHOWN]
        lines = ((moment(row.action_time), row.user, row.get_change_message()) for row in rows)
        return format_html_join(mark_safe("<br>"), "{} · {} · {}", lines) or "–"

    @display(description=_("Scans"))
    def scans_column(self, bank: Bank) -> SafeString | str:
        if bank.pk is None:
            return "–"
        link = reverse("admin:moderation_bankscan_changelist")
        return format_html('<a class="gh-link" href="{}?bank={}">{}</a>', link, bank.pk, _("Show"))


def _rows_of(bank: Bank, model: str, name: str) -> SafeString | str:
    """How many there are, kept and not counted, as a link to them."""
    held = getattr(bank, "held", None)
    if held is None:
        return "–"
    link = reverse(f"admin:moderation_{model}_changelist")
    text = f"{getattr(held, name):,}"
    return format_html('<a class="gh-link" href="{}?bank={}">{}</a>', link, bank.pk, text)


def _banks(request: Any) -> QuerySet[Bank]:
    return Bank.objects.all()


class OfABank(django_filters.FilterSet):
    bank = django_filters.ModelChoiceFilter(
        queryset=_banks, label=_("Bank"), empty_label=_("Any bank")
    )


class MatchFilterSet(OfABank):
    action = django_filters.ChoiceFilter(
        choices=BankAction.choices, label=_("Action"), empty_label=_("Any action")
    )
    sampled = django_filters.BooleanFilter(label=_("Sampled for a human check"))

    class Meta:
        model = BankMatch
        fields: list[str] = []


class AboutSubjects(ConsoleAdmin):
    """Rows that may name a subject; a held one is named to leads alone."""

    list_select_related: tuple[str, ...] = ("bank",)
    list_display_links = ("id",)

    def prepare_rows(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        hidden = set() if request.user.has_perm(LEAD) else _held(rows)
        people = names_of(
            getattr(row, name, None) for row in rows for name in ("added_by", "removed_by")
        )
        for row in rows:
            row.remover = people.get(getattr(row, "removed_by", None), "")
            row.is_hidden = row.subject_id in hidden
            row.who = people.get(getattr(row, "added_by", None), "")

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            self.prepare_rows(request, [found])
        return found

    @display(description=_("Subject"))
    def subject(self, row: Any) -> SafeString | str:
        if row.subject_id is None or row.is_hidden:
            return "–"
        link = reverse("console:subject", args=[row.subject_type, row.subject_id])
        name = str(row.subject_id)
        return format_html(
            '<a class="gh-link gh-mono gh-short" href="{}" title="{}">{}…{}</a>',
            link, name, name[:8], name[-4:],
        )  # fmt: skip


def _held(rows: Sequence[Any]) -> set[Any]:
    held: set[Any] = set()
    for subject_type in {row.subject_type for row in rows if row.subject_id}:
        ids = [row.subject_id for row in rows if row.subject_type == subject_type]
        subjects = model_for(subject_type).objects.filter(pk__in=ids, held=True)
        held |= set(subjects.values_list("pk", flat=True))
    return held


@admin.register(BankMatch)
class BankMatchAdmin(AboutSubjects):
    """What banks found, and what followed; a batch is undone on its page."""

    filterset_class = MatchFilterSet
    list_display = (
        "id", "at", "bank", "label_column", "subject", "distance", "action_column",
        "sampled_column", "batch_column",
    )  # fmt: skip
    list_select_related = ("bank", "entry")
    exclude = ("batch", "file_id", "scan", "entry", "subject_type", "subject_id")
    readonly_fields = ("label_column", "subject", "batch_column")

    @display(description=_("label"))
    def label_column(self, match: BankMatch) -> str:
        return match.entry.label or "–"

    @display(description=_("Action"))
    def action_column(self, match: BankMatch) -> SafeString:
        return bank_action_badge(match.action)

    @display(description=_("Sampled"))
    def sampled_column(self, match: BankMatch) -> str:
        return str(_("Yes")) if match.sampled else "–"

    @display(description=_("Batch"))
    def batch_column(self, match: BankMatch) -> SafeString | str:
        if match.batch is None:
            return "–"
        link = reverse("console:batch", args=[match.batch])
        return format_html('<a class="gh-link" href="{}">{}</a>', link, _("Show or undo"))


class ScanFilterSet(OfABank):
    class Meta:
        model = BankScan
        fields: list[str] = []


@admin.register(BankScan)
class BankScanAdmin(ConsoleAdmin):
    """New entries against what is held; each row is the progress of one comparison."""

    filterset_class = ScanFilterSet
    list_display = (
        "id", "bank", "state_column", "progress", "seen", "expected", "hits", "created_at",
        "finished_at",
    )  # fmt: skip
    list_display_links = ("id",)
    list_select_related = ("bank",)
    actions = ("cancel",)

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(LEAD)

    @admin.action(description=_("Cancel"), permissions=["cancel"])
    def cancel(self, request: HttpRequest, rows: QuerySet[BankScan]) -> None:
        ended = sum(scans.cancel(scan=scan) for scan in rows)
        messages.info(request, _("%(count)s cancelled.") % {"count": ended})

    @display(description=_("State"))
    def state_column(self, scan: BankScan) -> SafeString:
        return choice_badge(ScanState.choices, _STATES, scan.state)

    @display(description=_("Progress"))
    def progress(self, scan: BankScan) -> SafeString:
        return format_html(
            '<progress class="gh-progress" max="100" value="{0}" aria-label="{1}"></progress>'
            '<span class="gh-progress-text">{0} %</span>',
            scan.percent, _("Progress"),
        )  # fmt: skip
