"""The entries of banks in the admin: read by everybody with a role, added and removed by leads."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, cast

import django_filters
from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.forms import ActionForm
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.admin.common import Question, change_url, posted
from accounts.models import User
from core.admin_base import LEAD
from core.badges import badge
from moderation.admin_banks import AboutSubjects, OfABank
from moderation.banks import by_hand
from moderation.banks.digests import digest_of
from moderation.banks.matching import Print
from moderation.console.access import person
from moderation.errors import BadEntry
from moderation.models import Bank, BankEntry
from moderation.registry import queues
from moderation.search.addresses import subjects_named
from moderation.store import SubjectKey

MAX_WHY = 300
REMOVE = Question(
    title=_("Remove from the bank"),
    text=_("It finds nothing any more, at once. The row stays, with who removed it and why."),
    button=_("Remove"),
)


class WhyForm(forms.Form):
    """Why something is done."""

    why = forms.CharField(label=_("Why"), max_length=MAX_WHY, widget=UnfoldAdminTextInputWidget())


class RemoveActionForm(ActionForm):
    """Why the selected entries are removed."""

    why = forms.CharField(
        required=False, max_length=MAX_WHY, label="",
        widget=UnfoldAdminTextInputWidget(
            attrs={"placeholder": _("Why"), "aria-label": _("Why"), "class": "gh-action-note"}
        ),
    )  # fmt: skip


class EntryForm(forms.ModelForm[BankEntry]):
    """One known picture: uploaded (and not kept), by its hashes, or that of a subject."""

    picture = forms.FileField(
        label=_("A picture"), required=False, widget=UnfoldAdminFileFieldWidget(),
        help_text=_("Its hashes are kept, the picture is not."),
    )  # fmt: skip
    subject = forms.CharField(
        label=_("A subject's picture"), required=False, max_length=500,
        widget=UnfoldAdminTextInputWidget(),
        help_text=_("Its id, or the address of its page."),
    )  # fmt: skip
    pdq_text = forms.CharField(
        label="PDQ", required=False, widget=UnfoldAdminTextInputWidget(),
        help_text=_("64 hexadecimal digits."),
    )  # fmt: skip
    sha256_text = forms.CharField(
        label="SHA-256", required=False, widget=UnfoldAdminTextInputWidget(),
        help_text=_("64 hexadecimal digits."),
    )  # fmt: skip
    note = forms.CharField(
        label=_("Why"), max_length=MAX_WHY, widget=UnfoldAdminTextareaWidget(attrs={"rows": 2})
    )

    viewer: User

    class Meta:
        model = BankEntry
        fields = ("bank", "label", "source", "expires_at", "note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "expires_at" in self.fields:
            self.fields["expires_at"].required = False
        if "bank" in self.fields:
            banks = cast(Any, self.fields["bank"])
            banks.queryset = Bank.objects.filter(own=False)
            banks.help_text = _("What people reject here joins the banks of own rejections itself.")

    def clean_pdq_text(self) -> bytes | None:
        return _digest(self.cleaned_data["pdq_text"])

    def clean_sha256_text(self) -> bytes | None:
        return _digest(self.cleaned_data["sha256_text"])

    def clean_expires_at(self) -> Any:
        moment = self.cleaned_data["expires_at"]
        if moment is not None and moment <= timezone.now():
            raise forms.ValidationError(_now("This moment has passed."))
        return moment

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        ways = {
            "picture": bool(cleaned.get("picture")),
            "subject": bool(cleaned.get("subject")),
            "pdq_text": bool(cleaned.get("pdq_text") or cleaned.get("sha256_text")),
        }
        if self.errors.keys() & {*ways, "sha256_text"}:
            return cleaned
        if sum(ways.values()) != 1:
            raise forms.ValidationError(_now("Give one of these: a picture, a subject, or hashes."))
        [way] = [name for name, is_given in ways.items() if is_given]
        try:
            self._read(way, cleaned)
        except BadEntry as error:
            self.add_error(way, str(error))
        return cleaned

    def _read(self, way: str, cleaned: dict[str, Any]) -> None:
        """Gives the entry its hashes. Raises BadEntry."""
        entry, known = self.instance, Print(cleaned.get("pdq_text"), cleaned.get("sha256_text"))
        if way == "picture":
            known, hashed = by_hand.read_picture(cleaned["picture"].read())
            entry.quality = hashed.quality
        elif way == "subject":
            entry.subject_type, entry.subject_id = _subject(cleaned["subject"].strip())
            known, entry.quality = by_hand.read_subject(
                (entry.subject_type, entry.subject_id), viewer=self.viewer
            )
        entry.pdq, entry.sha256 = known
        bank = cleaned.get("bank")
        if bank is not None and by_hand.present(bank_id=bank.pk, known=known):
            raise BadEntry(_now("The bank has this picture already."))


def _digest(text: str) -> bytes | None:
    text = text.strip()
    try:
        return digest_of(text) if text else None
    except ValueError:
        raise forms.ValidationError(_now("This is not 64 hexadecimal digits.")) from None


def _subject(named: str) -> SubjectKey:
    """The one subject that an id or an address leads to. Raises BadEntry."""
    ids = subjects_named(named)
    found: list[SubjectKey] = []
    for queue in queues().values():
        if queue.model is not None and ids:
            rows = queue.model._default_manager.filter(pk__in=ids)
            found += [(queue.model.subject_type(), pk) for pk in rows.values_list("pk", flat=True)]
    if len(found) != 1:
        raise BadEntry(
            _now("Several subjects have this; give the id of one.") if found
            else _now("There is no such subject.")
        )  # fmt: skip
    return found[0]


def _hex(digest: bytes) -> SafeString:
    return format_html('<span class="gh-mono gh-hex">{}</span>', digest.hex())


def _day(moment: datetime) -> SafeString:
    local = timezone.localtime(moment)
    return format_html(
        '<time class="gh-short" datetime="{}" title="{}">{}</time>',
        moment.isoformat(), local.strftime("%Y-%m-%d %H:%M"), local.strftime("%Y-%m-%d"),
    )  # fmt: skip


class EntryFilterSet(OfABank):
    removed = django_filters.BooleanFilter(
        field_name="removed_at", lookup_expr="isnull", exclude=True, label=_("Removed")
    )

    class Meta:
        model = BankEntry
        fields: list[str] = []


@admin.register(BankEntry)
class BankEntryAdmin(AboutSubjects):
    """Hashes, never pictures."""

    add_permission = LEAD
    form = EntryForm
    filterset_class = EntryFilterSet
    list_display = (
        "id", "bank", "label", "pdq_column", "quality", "source", "subject", "who_column",
        "day_column", "state_column",
    )  # fmt: skip
    actions = ("remove",)
    action_form = RemoveActionForm
    actions_detail = ("take_out",)
    fieldsets = (
        (None, {"fields": (("bank", "label"), ("source", "expires_at"), "note")}),
        (_("What it knows"), {"fields": ("whole_pdq", "sha256_column", ("quality", "subject"))}),
        (_("Who and when"), {"fields": (("who_column", "added_at"),)}),
        (_("Removed"), {"fields": (("remover_column", "removed_at"), "removed_why")}),
    )
    add_fieldsets = (
        (None, {"fields": (("bank", "label"), "note")}),
        (
            _("The picture: one of these"),
            {"fields": ("picture", "subject", ("pdq_text", "sha256_text"))},
        ),
        (_("If known"), {"fields": ("source", "expires_at")}),
    )
    readonly_fields = ("whole_pdq", "sha256_column", "subject", "who_column", "remover_column")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return self.add_fieldsets
        return self.fieldsets if obj.removed_at else self.fieldsets[:-1]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        # On the form `subject` is what the lead picks.
        return self.readonly_fields if obj else ()

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, **kwargs)
        form.viewer = person(request)
        return form

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {name: request.GET[name] for name in ("bank", "subject") if name in request.GET}

    def save_model(self, request: HttpRequest, obj: BankEntry, form: Any, change: Any) -> None:
        made = by_hand.add(entry=obj, by=person(request))
        obj.pk, obj.added_by = made.pk, made.added_by
        messages.info(request, _("It is in force. What is held is compared with it in a moment."))
        if obj.pdq is None:
            messages.warning(request, _("Too flat, or no PDQ: it is known by its bytes alone."))

    def has_remove_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(LEAD)

    @admin.action(description=_("Remove from the bank"), permissions=["remove"])
    def remove(self, request: HttpRequest, entries: QuerySet[BankEntry]) -> None:
        why = request.POST.get("why", "").replace("\0", "").strip()[:MAX_WHY]
        if not why:
            messages.error(request, _("Say why they are removed."))
            return
        gone = self._remove(request, list(entries), why)
        messages.info(request, _("%(count)s removed.") % {"count": gone})

    def has_take_out_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        if not request.user.has_perm(LEAD):
            return False
        return BankEntry.objects.filter(pk=object_id, removed_at=None).exists()

    @action(
        description=_("Remove from the bank"), url_path="remove", permissions=["take_out"],
        variant=ActionVariant.DANGER, icon="delete",
    )  # fmt: skip
    def take_out(self, request: HttpRequest, object_id: str) -> HttpResponse:
        entry = self.get_object(request, object_id)
        if entry is None:
            raise Http404
        form = WhyForm(posted(request))
        if not form.is_valid():
            return REMOVE.page(request, about=entry, form=form)
        self._remove(request, [entry], form.cleaned_data["why"])
        messages.success(request, _("Removed from the bank."))
        return redirect(change_url(entry))

    def _remove(self, request: HttpRequest, entries: Collection[BankEntry], why: str) -> int:
        """Each of those that were still in is written into the trail; how many."""
        ids = [entry.pk for entry in entries]
        gone = set(by_hand.remove(entry_ids=ids, by=person(request).pk, why=why))
        for entry in entries:
            if entry.pk in gone:
                self.log_change(request, entry, f"Removed from the bank: {why}")
        return len(gone)

    @display(description="PDQ")
    def pdq_column(self, entry: BankEntry) -> SafeString | str:
        if entry.pdq is None:
            return str(_("by its bytes alone"))
        text = bytes(entry.pdq).hex()
        return format_html('<span class="gh-mono gh-short" title="{}">{}…</span>', text, text[:12])

    @display(description="PDQ")
    def whole_pdq(self, entry: BankEntry) -> SafeString | str:
        return _hex(bytes(entry.pdq)) if entry.pdq else str(_("by its bytes alone"))

    @display(description="SHA-256")
    def sha256_column(self, entry: BankEntry) -> SafeString | str:
        return _hex(bytes(entry.sha256)) if entry.sha256 else "–"

    @display(description=_("Added"))
    def day_column(self, entry: BankEntry) -> SafeString:
        return _day(entry.added_at)

    @display(description=_("State"))
    def state_column(self, entry: BankEntry) -> SafeString:
        if entry.removed_at is not None:
            return badge(_("Removed"), tone="purged", icon="delete")
        if entry.expires_at is None:
            return badge(_("In force"), tone="approved", icon="check_circle")
        if entry.expires_at <= timezone.now():
            return badge(_("Expired"), tone="purged", icon="event_busy")
        until = format_html("{} {}", _("until"), _day(entry.expires_at))
        return badge(until, tone="approved", icon="schedule")

    @display(description=_("Added by"))
    def who_column(self, entry: Any) -> str:
        return entry.who or "–"

    @display(description=_("Removed by"))
    def remover_column(self, entry: Any) -> str:
        return entry.remover or "–"
