"""Records in Django's admin: shown as they are, to superusers; nobody edits what happened."""

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest
from django.utils.functional import cached_property

if TYPE_CHECKING:  # Django's admin is generic for the type checker only
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
    PageOf = Paginator[Any]
else:
    ModelAdmin, TabularInline, PageOf = admin.ModelAdmin, admin.TabularInline, Paginator


class CappedPaginator(PageOf):
    """Counts no further than it shows: counting a million rows takes longer than reading a page."""

    LONGEST = 5000

    @cached_property
    def count(self) -> int:
        rows = cast("models.QuerySet[Any]", self.object_list)
        return rows.order_by()[: self.LONGEST].count()


def readable_fields(model: type[models.Model]) -> list[str]:
    """All that a person can read: raw bytes are shown by other means, or not at all."""
    return [f.name for f in model._meta.fields if not isinstance(f, models.BinaryField)]


class NewestFirst(ChangeList):
    """A list in one order, whatever its address says: no other has an index."""

    def get_ordering(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> list[Any]:
        return list(self.model_admin.ordering or ())


class ReadOnlyAdmin(ModelAdmin):
    actions = None
    list_per_page = 100
    show_full_result_count = False
    paginator = CappedPaginator
    sortable_by = ()
    ordering = ("-id",)
    view_on_site = False
    shown: tuple[str, ...] = ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[NewestFirst]:
        return NewestFirst

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only the filters that are offered: any other reads the whole table."""
        return lookup.split("__")[0] in self.list_filter

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*readable_fields(self.model), *self.shown]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.get_fields(request, obj)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_active and request.user.is_superuser

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyInline(TabularInline):
    """Shown to whoever may see the record it hangs on."""

    extra = 0
    can_delete = False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields or ()

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
