"""Return locations in Django's admin: each click is the same act as on the staff's screens."""

import uuid
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import AdminTextInputWidget
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import ForeignKey, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from returns_ops.accounts.admin import AuditedAdmin, staff
from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Permission
from returns_ops.accounts.records import ReadOnlyInline
from returns_ops.narvar import decisions, locations
from returns_ops.narvar.location_forms import ConfirmedForm, LocationForm, confirmation
from returns_ops.returns.location_compare import compare
from returns_ops.returns.location_snapshot import FIELDS, facts_of, spoken
from returns_ops.returns.location_use import use_of
from returns_ops.returns.models import LocationChange, ReturnLocation
from returns_ops.returns.transitions import Refused, Source
from returns_ops.returns.transitions.locations import order_of

LIST = "admin:returns_returnlocation_changelist"
MOST_AT_ONCE = 200
ASKED = ("rules_settled", "typed_name", "version", "submission_token")


def managed_by(user: User) -> QuerySet[Shop]:
    return Shop.objects.where(user, Permission.MANAGE_LOCATIONS)


def _said(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else spoken(value)


class ChangeInline(ReadOnlyInline):
    model = LocationChange
    verbose_name_plural = "history"
    fields = ("at", "source", "text", "actor", "changed")
    ordering = ("-id",)

    @admin.display(description="from what to what")
    def changed(self, line: LocationChange) -> str:
        told = line.changes.items()
        return "; ".join(f"{FIELDS.get(k, k)}: {_said(a)} → {_said(b)}" for k, (a, b) in told)

    def get_queryset(self, request: HttpRequest) -> QuerySet[LocationChange]:
        return super().get_queryset(request).select_related("actor")


@admin.register(ReturnLocation)
class LocationAdmin(AuditedAdmin):
    """Nothing here writes a row: saving, removing and settling are transitions and commands."""

    form = LocationForm
    list_display = (
        "name",
        "shop",
        "city",
        "postal_code",
        "country_code",
        "accepts_in_store",
        "accepts_mail",
        "standing",
    )
    list_filter = (
        ("shop", admin.RelatedOnlyFieldListFilter),
        "sync",
        "accepts_in_store",
        "accepts_mail",
        "country_code",
    )
    list_select_related = ("shop",)
    list_per_page = 100
    show_full_result_count = False
    search_fields = ("name", "address1", "city", "postal_code", "narvar_id")
    ordering = ("name", "pk")
    inlines = (ChangeInline,)
    actions = ("enable_in_store", "enable_mail_in", "sync_now", "compare_with_narvar")
    formfield_overrides = {models.TextField: {"widget": AdminTextInputWidget}}
    readonly_fields = ("narvar_id", "other_ids", "standing", "read_at", "changed_at", "removed_at")
    view_on_site = False

    @admin.display(description="sync")
    def standing(self, location: ReturnLocation) -> str:
        words = location.get_sync_display()
        if location.followed and location.sync == ReturnLocation.Sync.IN_SYNC:
            words = "Changed at Narvar"
        return f"{words}. {location.problem}" if location.problem else words

    # Who may see and do what.

    def shop_of(self, obj: ReturnLocation) -> Shop:
        return obj.shop

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReturnLocation]:
        found, user = super().get_queryset(request), staff(request)
        return found if user.is_superuser else found.filter(shop__in=managed_by(user))

    def has_module_permission(self, request: HttpRequest) -> bool:
        user = staff(request)
        return user.is_active and (user.is_superuser or managed_by(user).exists())

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        user = staff(request)
        if obj is None or user.is_superuser:
            return self.has_module_permission(request)
        return user.may(Permission.MANAGE_LOCATIONS, obj.shop)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return managed_by(staff(request)).exists()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is None:
            return self.has_add_permission(request)
        allowed = staff(request).may(Permission.MANAGE_LOCATIONS, obj.shop)
        return allowed and obj.removed_at is None

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    # Forms.

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        may = obj is None or self.has_change_permission(request, obj)
        return ("shop", *FIELDS, *(ASKED if may else ()), *self.readonly_fields)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*self.readonly_fields, *(() if obj is None else ("shop",)))

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> "forms.ModelChoiceField[Any] | None":
        kwargs["queryset"] = managed_by(staff(request)).order_by("domain")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.refusal = getattr(request, "refusal", "")  # a class made for this request
        return form

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """A refusal is said by the form, with all that was typed still in it."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except Refused as refusal:
            cast(Any, request).refusal = str(refusal)
            return super().changeform_view(request, object_id, form_url, extra_context)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        command = decisions.save_location(
            obj.shop,
            by=staff(request),
            order=form.order,
            submission_token=form.cleaned_data["submission_token"],
            location_id=obj.pk if change else None,
            version=form.cleaned_data["version"] or 0,
            confirmed=confirmation(form.cleaned_data),
            source=Source.ADMIN,
        )
        obj.pk = int(command.subject.removeprefix("location "))
        obj.refresh_from_db()

    # Removal: Django's own would delete the row.

    def get_actions(self, request: HttpRequest) -> Any:
        found = super().get_actions(request)
        found.pop("delete_selected", None)
        return found

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        raise PermissionDenied

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        raise PermissionDenied

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        location = self._mine_or_404(request, object_id)
        form = ConfirmedForm.of(location, request.POST if request.method == "POST" else None)
        if form.is_valid() and self._remove(request, location, form):
            messages.success(request, f"{location} is being removed at Narvar.")
            return redirect(LIST)
        context = {"location": location, "form": form, "use": use_of(location)}
        return self._page(request, "admin/remove_location.html", f"Remove {location}", context)

    def _remove(self, request: HttpRequest, location: ReturnLocation, form: ConfirmedForm) -> bool:
        try:
            decisions.remove_location(
                location.pk,
                by=staff(request),
                version=form.cleaned_data["version"] or 0,
                submission_token=form.cleaned_data["submission_token"],
                confirmed=form.confirmed,
                source=Source.ADMIN,
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
            return False
        self.log_deletions(request, [location])
        return True

    # Settling.

    def get_urls(self) -> list[URLPattern]:
        settle = self.admin_site.admin_view(self.settle_view)
        name = "returns_returnlocation_settle"
        return [path("<path:object_id>/settle/", settle, name=name), *super().get_urls()]

    def settle_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        location = self._mine_or_404(request, object_id)
        form = ConfirmedForm.of(location, request.POST)
        if form.is_valid() and self._settle(request, location, form):
            messages.success(request, f"{location} is settled.")
            return redirect(LIST)
        return self._compared(request, [(location, form)])

    def _settle(self, request: HttpRequest, location: ReturnLocation, form: ConfirmedForm) -> bool:
        chosen = {name: request.POST.get(f"choice_{name}", "") for name in (*FIELDS, "gone")}
        try:
            decisions.settle_location(
                location.pk,
                by=staff(request),
                version=form.cleaned_data["version"] or 0,
                submission_token=form.cleaned_data["submission_token"],
                choices={name: side for name, side in chosen.items() if side},
                confirmed=form.confirmed,
                source=Source.ADMIN,
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
            return False
        return True

    # Actions.

    @admin.action(description="Enable returns in store", permissions=["change"])
    def enable_in_store(self, request: HttpRequest, queryset: QuerySet[ReturnLocation]) -> None:
        self._enable(request, queryset, "accepts_in_store")

    @admin.action(description="Enable returns by mail", permissions=["change"])
    def enable_mail_in(self, request: HttpRequest, queryset: QuerySet[ReturnLocation]) -> None:
        self._enable(request, queryset, "accepts_mail")

    @admin.action(description="Read from Narvar now", permissions=["change"])
    def sync_now(self, request: HttpRequest, queryset: QuerySet[ReturnLocation]) -> None:
        for shop in Shop.objects.filter(pk__in=queryset.order_by().values("shop")):
            try:
                locations.ask_to_sync(shop, by=staff(request))
            except Refused as refusal:
                messages.error(request, str(refusal))
            else:
                messages.success(request, f"The locations of {shop} are read within seconds.")

    @admin.action(description="Compare with Narvar, and settle", permissions=["change"])
    def compare_with_narvar(
        self, request: HttpRequest, queryset: QuerySet[ReturnLocation]
    ) -> HttpResponse:
        chosen = list(queryset.select_related("shop")[:MOST_AT_ONCE])
        return self._compared(request, [(one, ConfirmedForm.of(one)) for one in chosen])

    def _enable(self, request: HttpRequest, queryset: QuerySet[ReturnLocation], flag: str) -> None:
        asked = 0
        for location in queryset.filter(**{flag: False}).select_related("shop")[:MOST_AT_ONCE]:
            try:
                decisions.save_location(
                    location.shop,
                    by=staff(request),
                    order=order_of({**facts_of(location), flag: True}),
                    submission_token=uuid.uuid4(),
                    location_id=location.pk,
                    version=location.version,
                    source=Source.ADMIN,
                )
                asked += 1
            except Refused as refusal:
                messages.error(request, f"{location}: {refusal}")
        messages.success(request, f"{asked} asked for, with {FIELDS[flag]}.")

    def _compared(
        self, request: HttpRequest, chosen: list[tuple[ReturnLocation, ConfirmedForm]]
    ) -> HttpResponse:
        rows = [{"location": one, "form": form, "fields": compare(one)} for one, form in chosen]
        title = "Compare with Narvar"
        return self._page(request, "admin/compare_locations.html", title, {"rows": rows})

    def _page(
        self, request: HttpRequest, template: str, title: str, context: dict[str, Any]
    ) -> HttpResponse:
        known = {**self.admin_site.each_context(request), "title": title}
        return TemplateResponse(request, template, {**known, **context})

    def _mine_or_404(self, request: HttpRequest, object_id: str) -> ReturnLocation:
        location = self.get_object(request, unquote(object_id))
        if location is None:
            raise Http404
        if not self.has_change_permission(request, location):
            raise PermissionDenied
        return cast(ReturnLocation, location)
