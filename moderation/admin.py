"""Model admins of the engine: the log and open cases, to be read. The policy is in
admin_policy.py.
"""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from core.admin_base import LEAD, ConsoleAdmin
from moderation.admin_bank_entries import BankEntryAdmin
from moderation.admin_banks import BankAdmin, BankMatchAdmin, BankScanAdmin
from moderation.admin_base import ExportableAdmin, names_of
from moderation.admin_policy import ReasonAdmin, ReasonVersionAdmin, TermAdmin, TermVersionAdmin
from moderation.console.access import person
from moderation.console.badges import action_badge, status_badge
from moderation.console.reasons import reason_words
from moderation.filters import CaseFilterSet, DecisionFilterSet, TombstoneFilterSet
from moderation.listing import filters_in_words
from moderation.models import Case, Decision, Export, Receipt, Seal, Tombstone
from moderation.queues import ESCALATIONS
from moderation.registry import get_queue, queues
from moderation.templatetags.console import why
from moderation.visibility import without_held

__all__ = [
    "BankAdmin", "BankEntryAdmin", "BankMatchAdmin", "BankScanAdmin", "ReasonAdmin",
    "ReasonVersionAdmin", "TermAdmin", "TermVersionAdmin",
]  # fmt: skip


def _subject_link(row: Any) -> SafeString:
    link = reverse("console:subject", args=[row.subject_type, row.subject_id])
    return format_html('<a class="gh-link gh-mono" href="{}">{}</a>', link, row.subject_id)


class _Log(ExportableAdmin):
    """Rows of the log about one subject each."""

    def prepare_rows(self, request: HttpRequest, rows: Any) -> None:
        people = names_of(row.actor_id for row in rows)
        for row in rows:
            row.who = people.get(row.actor_id, "") or str(row.actor_id or "")

    @display(description=_("Subject"))
    def subject(self, row: Any) -> SafeString:
        return _subject_link(row)

    @display(description=_("Who"))
    def who(self, row: Any) -> str:
        return getattr(row, "who", "") or getattr(row, "actor_name", "") or "–"


@admin.register(Decision)
class DecisionAdmin(_Log):
    """The log, to be read; its triggers refuse every change."""

    filterset_class = DecisionFilterSet
    export_fields = (
        "id", "at", "batch", "subject_type", "subject_id", "action", "from_status", "to_status",
        "to_hidden", "to_held", "reason", "reason_version", "severity", "note", "actor_kind",
        "actor_id", "actor_name", "actor_role", "reverses", "seen", "case_queue", "case_kind",
        "case_opened_at", "case_claimed_at", "case_due_at", "case_why",
    )  # fmt: skip
    list_display = ("id", "at", "action_column", "subject", "change", "reason_column", "who")
    list_display_links = ("id",)
    search_fields = ("id",)
    search_help_text = _("Number, subject id or batch")
    readonly_fields = ("subject", "who", "batch_link", "queue_title", "causes")
    fieldsets = (
        (None, {"fields": (("at", "batch_link"), "subject", ("action", "seen"))}),
        (
            _("Status change"),
            {
                "fields": (
                    ("from_status", "to_status"),
                    ("from_hidden", "to_hidden"),
                    ("from_held", "to_held"),
                    ("from_guarded", "to_guarded"),
                )
            },
        ),
        (_("Why"), {"fields": (("reason", "reason_version", "severity"), "note", "reverses")}),
        (_("Who"), {"fields": (("who", "actor_role"), ("actor_kind", "actor_name", "actor_id"))}),
        (
            _("Case"),
            {
                "fields": (
                    ("queue_title", "case_kind", "case_priority"),
                    ("case_opened_at", "case_claimed_at", "case_due_at"),
                    "causes",
                )
            },
        ),
    )

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Decision | None:
        found: Decision | None = super().get_object(request, object_id, from_field)
        if found is not None:
            self.prepare_rows(request, [found])
        return found

    def get_queryset(self, request: HttpRequest) -> QuerySet[Decision]:
        return without_held(super().get_queryset(request), person(request))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Decision], search_term: str
    ) -> tuple[QuerySet[Decision], bool]:
        return DecisionFilterSet.search(queryset, search_term), False

    @display(description=_("Action"))
    def action_column(self, decision: Decision) -> SafeString:
        return action_badge(decision.action)

    @display(description=_("Status change"))
    def change(self, decision: Decision) -> SafeString | str:
        if decision.from_status == decision.to_status:
            return decision.get_to_status_display()
        return format_html(
            "{} → {}", decision.get_from_status_display(), status_badge(decision.to_status)
        )

    @display(description=_("Batch"))
    def batch_link(self, decision: Decision) -> SafeString:
        link = reverse("console:batch", args=[decision.batch])
        return format_html('<a class="gh-link gh-mono" href="{}">{}</a>', link, decision.batch)

    @display(description=_("Queue"))
    def queue_title(self, decision: Decision) -> str:
        known = queues().get(decision.case_queue)
        return str(known.title) if known else decision.case_queue or "–"

    @display(description=_("Why"))
    def causes(self, decision: Decision) -> str:
        return " · ".join(why(decision.case_why or [])) or "–"

    @display(description=_("Reason"))
    def reason_column(self, decision: Decision) -> SafeString | str:
        return reason_words(decision.reason, decision.reason_version)


@admin.register(Seal)
class SealAdmin(ConsoleAdmin):
    list_display = ("id", "first_id", "last_id", "count", "at")
    exclude = ("mac",)


@admin.register(Tombstone)
class TombstoneAdmin(_Log):
    filterset_class = TombstoneFilterSet
    list_display = (
        "id", "purged_at", "subject", "reason_column", "who", "erase_after", "erased_at",
    )  # fmt: skip
    list_display_links = ("id",)
    exclude = ("hashes",)
    readonly_fields = ("fingerprints", "receipts")

    @display(description=_("Reason"))
    def reason_column(self, tombstone: Tombstone) -> SafeString | str:
        return reason_words(tombstone.reason)

    @display(description=_("SHA-256"))
    def fingerprints(self, tombstone: Tombstone) -> str:
        return " ".join(bytes(each).hex() for each in tombstone.hashes) or "–"

    @display(description=_("Receipts"))
    def receipts(self, tombstone: Tombstone) -> str:
        rows = Receipt.objects.filter(tombstone_id=tombstone.pk).order_by("pk")
        return (
            "\n".join(f"{row.at:%Y-%m-%d %H:%M} {row.path}: {row.outcome}" for row in rows) or "–"
        )


@admin.register(Export)
class ExportAdmin(ConsoleAdmin):
    """Who took what out of the console, to be read."""

    view_permission = LEAD
    list_display = ("started_at", "user", "list_name", "filter_words", "format", "rows", "state")
    list_display_links = ("started_at",)
    list_select_related = ("user",)
    exclude = ("listing", "filters")
    readonly_fields = ("list_name", "filter_words")

    @display(description=_("List"))
    def list_name(self, export: Export) -> str:
        return str(apps.get_model(export.listing)._meta.verbose_name_plural)

    @display(description=_("Filters"))
    def filter_words(self, export: Export) -> str:
        told = filters_in_words(apps.get_model(export.listing), export.filters)
        return ", ".join(f"{label}: {value}" for label, value in told) or str(_("None"))


@admin.register(Receipt)
class ReceiptAdmin(ConsoleAdmin):
    list_display = ("id", "at", "tombstone_id", "path", "outcome")
    exclude = ("sha256",)
    readonly_fields = ("fingerprint",)

    @display(description=_("SHA-256"))
    def fingerprint(self, receipt: Receipt) -> str:
        return bytes(receipt.sha256).hex()


@admin.register(Case)
class CaseAdmin(ExportableAdmin):
    """Open work, to be read; it is done on the review page or on the subject's page."""

    filterset_class = CaseFilterSet
    export_fields = (
        "id", "queue", "kind", "subject_type", "subject_id", "priority", "why", "opened_at",
        "due_at", "claimed_by_id", "claimed_until",
    )  # fmt: skip
    list_display = (
        "opened_at",
        "queue_column",
        "kind",
        "subject",
        "why_column",
        "priority",
        "due_at",
        "holder",
    )
    list_display_links = ("opened_at",)
    list_select_related = ("claimed_by",)
    exclude = ("claim_token", "ready_at", "ready", "not_for")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Case]:
        rows: QuerySet[Case] = super().get_queryset(request)
        return rows if request.user.has_perm(LEAD) else rows.exclude(queue=ESCALATIONS)

    @display(description=_("Queue"))
    def queue_column(self, case: Case) -> str:
        return str(get_queue(case.queue).title)

    @display(description=_("Subject"))
    def subject(self, case: Case) -> SafeString:
        return _subject_link(case)

    @display(description=_("Why"))
    def why_column(self, case: Case) -> str:
        return ", ".join(why(case.why))

    @display(description=_("Held by"))
    def holder(self, case: Case) -> str:
        return str(case.claimed_by or "–")
