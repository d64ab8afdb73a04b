"""Shared bases of our model admins: rights by role, keyset lists, django-filter FilterSets."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin.options import ShowFacets
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.forms import NullBooleanField
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _
from django_filters import FilterSet
from unfold.admin import ModelAdmin, TabularInline
from unfold.views import ChangeList

from core.keyset import PARAMETERS, Count, KeysetPage, count_rows, read_page

# Permissions of accounts, by name: this layer knows no other app.
VIEW, LEAD, OPERATE = "accounts.view_console", "accounts.lead", "accounts.operate"


class FilterSetSpec:
    """Lets Django's changelist apply a django-filter FilterSet as if it were one list filter."""

    def __init__(self, filterset: FilterSet) -> None:
        self.filterset = filterset

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return (
            self.filterset.filter_queryset(queryset) if self.filterset.form.is_valid() else queryset
        )


class KeysetPaginator(Paginator[Any]):
    """Names the pager's template; the page itself is read by KeysetChangeList."""

    template_name = "core/pager.html"


class KeysetChangeList(ChangeList):
    """A changelist whose first and last page cost the same at 10,000 rows and at a million."""

    keyset: KeysetPage
    count: Count
    filterset: FilterSet | None = None

    def get_queryset(
        self, request: HttpRequest, exclude_parameters: list[str | None] | None = None
    ) -> QuerySet[Any]:
        # A changed filter or search starts at the first page again.
        for name in PARAMETERS:
            self.params.pop(name, None)
            self.filter_params.pop(name, None)
        queryset: QuerySet[Any] = super().get_queryset(request, exclude_parameters)
        return queryset

    def get_filters(self, request: HttpRequest) -> tuple[Any, bool, dict[str, Any], bool, bool]:
        filterset_class = self.model_admin.filterset_class
        if filterset_class is None:
            return [], False, {}, False, False
        # `q` is the changelist's own search box.
        data = {name: value for name, value in request.GET.items() if name != "q" and value}
        self.filterset = filterset_class(data, queryset=self.root_queryset, request=request)
        self.filterset.form.fields.pop("q", None)
        for field in self.filterset.form.fields.values():
            if isinstance(field, NullBooleanField):
                # Django calls it "Unknown", which asks for rows where it is not known.
                field.widget.choices = [("", _("Any")), *field.widget.choices[1:]]
        is_active = any(name in data for name in self.filterset.form.fields)
        return [FilterSetSpec(self.filterset)], False, {}, False, is_active

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[str]:
        return ["-pk"]

    def get_results(self, request: HttpRequest) -> None:
        self.keyset = read_page(self.queryset, request.GET, size=self.list_per_page)
        filtered = self.has_active_filters or bool(self.query) or self.model_admin.always_filtered
        self.count = count_rows(self.queryset, filtered=filtered)
        self.result_list = self.keyset.rows
        self.result_count = self.full_result_count = self.count.rows
        self.show_full_result_count = False
        self.show_admin_actions = True
        self.can_show_all = self.multi_page = False
        self.paginator = KeysetPaginator(self.keyset.rows, self.list_per_page)
        self.model_admin.prepare_rows(request, self.keyset.rows)


class ConsoleAdmin(ModelAdmin):
    """Rights by role, keyset lists; nobody adds, edits or deletes unless a class says so."""

    filterset_class: ClassVar[type[FilterSet] | None] = None
    # The permission that opens each right; None: nobody.
    view_permission: ClassVar[str] = VIEW
    add_permission: ClassVar[str | None] = None
    change_permission: ClassVar[str | None] = None
    delete_permission: ClassVar[str | None] = None
    # Whether get_queryset() hides rows, so that the table's size says nothing.
    always_filtered: ClassVar[bool] = False
    # A table of a few rows keeps Django's own list, in the model's order.
    is_small: ClassVar[bool] = False
    list_per_page = 50
    list_fullwidth = True
    sortable_by = ()
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_disable_select_all = True
    list_before_template = "core/filters.html"
    actions: Any = None

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ChangeList if self.is_small else KeysetChangeList

    def prepare_rows(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        """Loads for a whole page what its cells show; the default needs nothing."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(self.view_permission)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm(self.view_permission)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._allows(request, self.add_permission)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._allows(request, self.change_permission)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._allows(request, self.delete_permission)

    @staticmethod
    def _allows(request: HttpRequest, permission: str | None) -> bool:
        return permission is not None and request.user.has_perm(permission)

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponseBase | None:
        # The list offers no "all pages"; a crafted request does not get it either.
        if request.POST.get("select_across", "0") != "0":
            messages.error(request, _("Select the rows on the page; there is no “all pages”."))
            return None
        answer: HttpResponseBase | None = super().response_action(request, queryset)
        return answer


class ConsoleInline(TabularInline):
    """Rows of a parent, to be read."""

    extra = 0
    can_delete = False
    show_change_link = False

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return self.fields or ()

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm(VIEW)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
