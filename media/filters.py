"""Filters of the lists of files, attachments and logged views."""

from django.utils.translation import gettext_lazy as _
from django_filters import BooleanFilter, CharFilter, ChoiceFilter, FilterSet

from media.enums import AttachmentState, Purpose
from media.models import Attachment, File, ViewLog
from media.naming import EXTENSIONS


class FileFilterSet(FilterSet):
    mime = ChoiceFilter(
        choices=[(mime, mime) for mime in EXTENSIONS], label=_("Type"), empty_label=_("Any type")
    )
    erased = BooleanFilter("erased_at", "isnull", exclude=True, label=_("Erased"))

    class Meta:
        model = File
        fields = ["mime", "animated"]


class AttachmentFilterSet(FilterSet):
    state = ChoiceFilter(choices=AttachmentState.choices, empty_label=_("Any state"))
    subject_type = CharFilter()

    class Meta:
        model = Attachment
        fields = ["state", "role", "subject_type", "sensitive", "held"]


class ViewLogFilterSet(FilterSet):
    purpose = ChoiceFilter(choices=Purpose.choices, empty_label=_("Any purpose"))

    class Meta:
        model = ViewLog
        fields = ["purpose", "user_id", "subject_type"]
