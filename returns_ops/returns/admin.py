"""RMAs in Django's admin: to look at, never to touch."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from returns_ops.accounts.models import Shop
from returns_ops.accounts.records import ReadOnlyAdmin, ReadOnlyInline
from returns_ops.returns.models import Package, Rma, RmaEvent, RmaItem, Transaction
from returns_ops.returns.search import find


class ItemInline(ReadOnlyInline):
    model = RmaItem
    fields = ("sku", "item_id", "quantity", "reason", "comment", "unit_final", "removed_at")


class PackageInline(ReadOnlyInline):
    model = Package
    fields = ("tracking_number", "carrier", "service", "return_method", "removed_at")


class TransactionInline(ReadOnlyInline):
    model = Transaction
    fields = ("narvar_id", "amount", "currency", "source", "at", "first_seen_at", "confirms")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Transaction]:
        return super().get_queryset(request).select_related("confirms")


class HistoryInline(ReadOnlyInline):
    model = RmaEvent
    verbose_name_plural = "history"
    fields = ("at", "source", "verb", "text", "actor", "applied")
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[RmaEvent]:
        return super().get_queryset(request).select_related("actor")


@admin.register(Rma)
class RmaAdmin(ReadOnlyAdmin):
    list_display = ("rma_number", "shop", "created_at", "narvar_status", "receipt", "money", "work")
    list_select_related = ("shop",)
    list_filter = ("shop",)
    search_fields = ("rma_number",)
    search_help_text = (
        "An RMA, order or tracking number, SKU or e-mail, or how it begins. "
        "The newest 5,000 are listed; search finds older ones."
    )
    inlines = (ItemInline, PackageInline, TransactionInline, HistoryInline)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term.strip():
            return queryset, False
        return queryset.filter(pk__in=find(search_term, Shop.objects.all()).values("pk")), False
