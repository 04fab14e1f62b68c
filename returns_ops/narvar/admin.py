"""Shops in Django's admin, with how we call Narvar and how Narvar calls us."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from returns_ops.accounts import audit
from returns_ops.accounts.admin import SHOP_COLUMNS, SHOP_FIELDS, ShopAdmin, own_shops, staff
from returns_ops.accounts.models import Shop
from returns_ops.accounts.records import ReadOnlyInline
from returns_ops.narvar import connections, location_admin, secrets
from returns_ops.narvar.models import Connection, WebhookCredential

__all__ = ["location_admin"]  # found by Django in this module only

if TYPE_CHECKING:  # Django's admin and forms are generic for the type checker only
    StackedInline = admin.StackedInline[Any, Any]
    ConnectionModelForm = forms.ModelForm[Connection]
    ShopModelForm = forms.ModelForm[Shop]
else:
    StackedInline = admin.StackedInline
    ConnectionModelForm = ShopModelForm = forms.ModelForm


class ShopForm(ShopModelForm):
    def clean_domain(self) -> str:
        return connections.stored_name(self.cleaned_data["domain"])

    def clean_currency(self) -> str:
        return str(self.cleaned_data["currency"]).upper()

    def clean_aliases(self) -> list[str]:
        return sorted({connections.stored_name(alias) for alias in self.cleaned_data["aliases"]})

    def clean(self) -> dict[str, Any]:
        clean = super().clean() or self.cleaned_data
        faults = connections.faults_of_shop(
            clean.get("domain", self.instance.domain),
            currency=clean.get("currency", self.instance.currency),
            timezone=clean.get("timezone", self.instance.timezone),
            aliases=clean.get("aliases", []),
            others=Shop.objects.exclude(pk=self.instance.pk),
        )
        if faults:
            raise ValidationError(faults)
        return clean


class ConnectionForm(ConnectionModelForm):
    """The password goes in and never comes out: not on the page, not in the history."""

    narvar_password = forms.CharField(
        label="Narvar's password",
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Leave empty to keep the one in use. It is stored encrypted and never shown.",
    )

    def clean(self) -> dict[str, Any]:
        clean = super().clean() or self.cleaned_data
        if not self.instance.narvar_password_encrypted and not clean.get("narvar_password"):
            self.add_error("narvar_password", "A new connection needs Narvar's password.")
        for fault in connections.faults_of_address(clean.get("narvar_url", "")):
            self.add_error("narvar_url", fault)
        for fault in connections.faults_of_username(clean.get("narvar_username", "")):
            self.add_error("narvar_username", fault)
        return clean

    def save(self, commit: bool = True) -> Connection:
        if password := self.cleaned_data["narvar_password"]:
            self.instance.narvar_password_encrypted = secrets.encrypt(password)
        if {"narvar_url", "narvar_username", "narvar_password"} & set(self.changed_data):
            self.instance.problem = ""  # it was about what has just been replaced
            self.instance.locations_wanted_at = timezone.now()
        return super().save(commit)


class ConnectionInline(StackedInline):
    model = Connection
    form = ConnectionForm
    fields = (
        "narvar_url",
        "narvar_username",
        "narvar_password",
        "auto_approve",
        "status_place",
        "location_nested",
        "paused",
        "problem",
    )
    readonly_fields = ("problem",)
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return own_shops(staff(request)).exists()

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request, obj)


class WebhookCredentialInline(ReadOnlyInline):
    model = WebhookCredential
    verbose_name_plural = "webhook credentials (passwords are shown once, when issued)"
    fields = ("username", "created_at", "retired_at")
    ordering = ("-id",)


@admin.register(Shop)
class ConnectedShopAdmin(ShopAdmin):
    form = ShopForm
    inlines = (ConnectionInline, WebhookCredentialInline)
    actions = ("issue_webhook_password",)
    list_display = (*SHOP_COLUMNS, "sending")
    list_select_related = ("connection",)
    fields = (*SHOP_FIELDS, "webhook_address")
    readonly_fields = ("webhook_address",)

    @admin.display(description="sending to Narvar")
    def sending(self, shop: Shop) -> str:
        link = getattr(shop, "connection", None)
        if link is None:
            return "not connected"
        return link.problem or ("paused" if link.paused else "on")

    @admin.display(description="webhook address")
    def webhook_address(self, shop: Shop) -> str:
        return connections.webhook_url(shop) if shop.pk else "Known once the shop is saved"

    @admin.action(description="Issue a new webhook password", permissions=["change"])
    def issue_webhook_password(
        self, request: HttpRequest, queryset: QuerySet[Shop]
    ) -> HttpResponse | None:
        """Answered by a page of its own: a message would carry the password in a cookie."""
        chosen = list(queryset[:2])
        if len(chosen) != 1:
            self.message_user(
                request, "Choose one shop: each password is shown by itself.", "error"
            )
            return None
        shop = chosen[0]
        if not self.has_change_permission(request, shop):
            raise PermissionDenied
        with transaction.atomic():
            door = connections.issue_webhook_credential(shop)
            audit.record(
                "shop.webhook_password_issued",
                shop.domain,
                shop=shop,
                actor=staff(request),
                username=door.webhook_username,
            )
        context = {**self.admin_site.each_context(request), "title": "New webhook password"}
        page = "admin/webhook_password.html"
        return TemplateResponse(request, page, {**context, "door": door, "shop": shop})
