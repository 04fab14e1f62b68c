"""Django admin's own change list of returns, as a few lines of `ModelAdmin` make it."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.test import RequestFactory

from returns_ops.accounts.models import User
from returns_ops.returns.models import Rma

if TYPE_CHECKING:
    Stock = admin.ModelAdmin[Rma]
else:
    Stock = admin.ModelAdmin


class StockAdmin(Stock):
    list_display = ("rma_number", "shop", "narvar_status", "work", "order_number", "created_at")
    list_filter = ("narvar_status", "work")
    search_fields = ("rma_number", "order_number", "email")
    list_select_related = ("shop",)
    list_per_page = 50
    ordering = ("-created_at",)


def admin_page(query: str) -> None:
    request = RequestFactory().get("/", {"q": query} if query else {})
    request.htmx = False  # type: ignore[attr-defined]
    request.user = User.objects.get(username="bench")
    answer = StockAdmin(Rma, admin.site).changelist_view(request)
    assert answer.status_code == 200
    answer.render()  # type: ignore[attr-defined]
