"""RMAs in Django's admin, to look at and never to touch, and a shop's rules for its bench."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import ForeignKey, QuerySet
from django.forms.models import model_to_dict
from django.http import HttpRequest

from returns_ops.accounts import audit
from returns_ops.accounts.admin import ManagedAdmin, own_shops, staff
from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.records import ReadOnlyAdmin, ReadOnlyInline
from returns_ops.returns.documents import plain
from returns_ops.returns.models import (
    Barcode,
    BenchRules,
    DecisionReason,
    DeskRules,
    Grade,
    Package,
    RefundLimit,
    Rma,
    RmaEvent,
    RmaItem,
    Transaction,
)
from returns_ops.returns.money import exponent, is_known
from returns_ops.returns.rules import EACH
from returns_ops.returns.search import find

if TYPE_CHECKING:  # Django's forms are generic for the type checker only
    LimitModelForm = forms.ModelForm[RefundLimit]
else:
    LimitModelForm = forms.ModelForm

OF_A_SHOP = ("shop", admin.RelatedOnlyFieldListFilter)


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


class RulesAdmin(ManagedAdmin):
    """What a shop's security admins settle for its bench. They need no right to money for it."""

    list_select_related = ("shop",)

    def shop_of(self, obj: Any) -> Shop:
        return Shop.objects.get(pk=obj.shop_id)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(shop__in=own_shops(staff(request)))

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> "forms.ModelChoiceField[Any] | None":
        kwargs["queryset"] = own_shops(staff(request)).order_by("domain")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = () if obj is None else ("shop",)
        return (*super().get_readonly_fields(request, obj), *fixed)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def _audit(self, request: HttpRequest, obj: Any, verb: str, message: Any) -> None:
        """These values are no secret, and who set which limit must be known later."""
        audit.record(
            f"admin.{obj._meta.model_name}_{verb}",
            str(obj)[:255],
            shop=self.shop_of(obj),
            actor=staff(request),
            id=obj.pk,
            changes=message,
            values=plain(model_to_dict(obj)),
        )


@admin.register(BenchRules)
class BenchRulesAdmin(RulesAdmin):
    list_display = (
        "shop",
        "scanned_is_good",
        "all_as_expected",
        "tell_received",
        "bad_grade_needs_photo",
        "bad_grade_needs_note",
        "request_hours",
    )
    list_filter = (OF_A_SHOP,)
    ordering = ("shop__domain",)


@admin.register(DeskRules)
class DeskRulesAdmin(RulesAdmin):
    list_display = ("shop", "opens", "closes", "due_hours", "money_due_hours", "warn_hours")
    list_filter = (OF_A_SHOP,)
    ordering = ("shop__domain",)


@admin.register(Grade)
class GradeAdmin(RulesAdmin):
    list_display = ("name", "shop", "code", "bad", "position")
    list_filter = (OF_A_SHOP, "bad")
    ordering = ("shop__domain", "position", "code")


@admin.register(Barcode)
class BarcodeAdmin(RulesAdmin):
    """What was taught wrongly is deleted here; the next scan asks again."""

    list_display = ("code", "sku", "shop", "taught_by", "taught_at", "bench")
    list_filter = (OF_A_SHOP,)
    search_fields = ("code", "sku")
    ordering = ("shop__domain", "code")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("taught_by")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (
            *super().get_readonly_fields(request, obj),
            "code",
            "taught_by",
            "taught_at",
            "bench",
        )


@admin.register(DecisionReason)
class DecisionReasonAdmin(RulesAdmin):
    list_display = ("text", "shop", "decision", "position")
    list_filter = (OF_A_SHOP, "decision")
    search_fields = ("text",)
    ordering = ("shop__domain", "decision", "position", "pk")


class RefundLimitForm(LimitModelForm):
    """Amounts as the currency can have them; a day allows at least one refund of the largest."""

    editor: User

    def clean_currency(self) -> str:
        currency = str(self.cleaned_data["currency"]).strip().upper()
        if not is_known(currency):
            raise ValidationError("This is not a currency we know. Use its code, such as USD.")
        return currency

    def clean(self) -> dict[str, Any]:
        clean: dict[str, Any] = super().clean() or self.cleaned_data
        each, day, currency = (clean.get(name) for name in ("each", "day", "currency"))
        for name in ("each", "day"):
            if currency and _is_finer(clean.get(name), currency):
                self.add_error(name, f"{currency} has {exponent(currency)} decimals, not more.")
        if each is not None and day is not None and day < each:
            self.add_error("day", "Less than one refund: enter at least as much as for each.")
        shop = clean.get("shop", getattr(self.instance, "shop", None))
        if _is_own(self.editor, shop, clean.get("role")):
            self.add_error("role", "You refund under this limit yourself: somebody else sets it.")
        return clean


def _is_finer(amount: Decimal | None, currency: str) -> bool:
    return amount is not None and amount != round(amount, exponent(currency))


def _is_own(user: User, shop: Shop | None, role: str | None) -> bool:
    """That of everybody is the limit of each who may refund."""
    roles = EACH if role == RefundLimit.EVERYBODY else [role or ""]
    held = user.memberships.filter(shop=shop, role__in=roles)
    return not user.is_superuser and held.exists()


@admin.register(RefundLimit)
class RefundLimitAdmin(RulesAdmin):
    """Nobody but a superuser sets the limit that they refund under."""

    form = RefundLimitForm
    list_display = ("shop", "role", "currency", "each", "day")
    list_filter = (OF_A_SHOP, "role", "currency")
    ordering = ("shop__domain", "role", "currency")

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.editor = staff(request)  # a class made for this request
        return form

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or not _is_own(staff(request), obj.shop, obj.role))
