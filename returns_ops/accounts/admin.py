"""Django's admin for people and their roles: who may see what, and each edit leaves its trace."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse

from returns_ops.accounts import audit, badges
from returns_ops.accounts.models import AuditEntry, Membership, Shop, User
from returns_ops.accounts.permissions import Permission
from returns_ops.accounts.records import ReadOnlyAdmin

if TYPE_CHECKING:  # Django's admin is generic for the type checker only
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
    BaseUserAdmin = DjangoUserAdmin[User]
else:
    ModelAdmin, TabularInline = admin.ModelAdmin, admin.TabularInline
    BaseUserAdmin = DjangoUserAdmin

admin.site.site_header = "Returns Ops admin"
admin.site.site_title = "Returns Ops admin"
admin.site.index_title = "People, shops and records"
admin.site.site_url = None  # base_site.html has a link of its own
admin.site.unregister(Group)  # rights come from memberships alone


def staff(request: HttpRequest) -> User:
    return cast(User, request.user)


def own_shops(user: User) -> models.QuerySet[Shop]:
    """Whose people and credentials this person manages: a superuser everybody's."""
    if user.is_superuser:
        return Shop.objects.all()
    return Shop.objects.filter(pk__in=Shop.objects.where(user, Permission.MANAGE_SHOP))


def people_of(user: User) -> models.QuerySet[User]:
    if user.is_superuser:
        return User.objects.all()
    return User.objects.filter(
        pk__in=Membership.objects.filter(shop__in=own_shops(user)).values("user")
    )


class AuditedAdmin(ModelAdmin):
    """Every edit is an audit row too. It names fields; values, which may be secret, stay out."""

    def shop_of(self, obj: Any) -> Shop | None:
        return None

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> LogEntry:
        self._audit(request, obj, "added", message)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> LogEntry:
        self._audit(request, obj, "changed", message)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Iterable[Any]) -> list[LogEntry]:
        for obj in queryset:
            self._audit(request, obj, "deleted", [])
        return super().log_deletions(request, queryset)  # type: ignore[arg-type]

    def _audit(self, request: HttpRequest, obj: Any, verb: str, message: Any) -> None:
        action = f"admin.{obj._meta.model_name}_{verb}"
        actor, shop = staff(request), self.shop_of(obj)
        audit.record(action, str(obj)[:255], shop=shop, actor=actor, id=obj.pk, changes=message)


class ManagedAdmin(AuditedAdmin):
    """For superusers, and for security admins within their own shops."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return staff(request).is_active and own_shops(staff(request)).exists()

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is None:
            return self.has_module_permission(request)
        return self.get_queryset(request).filter(pk=obj.pk).exists()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_module_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a person or shop that acted stays known; it is made inactive


def within_reach(user: User, db_field: models.ForeignKey[Any, Any]) -> models.QuerySet[Any]:
    """What a person may choose for a membership: never another shop, never themselves."""
    if db_field.name == "shop":
        return own_shops(user).order_by("domain")
    people = people_of(user).order_by("username")
    return people if user.is_superuser else people.exclude(pk=user.pk)


class MembershipInline(TabularInline):
    model = Membership
    extra = 0

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Membership]:
        shown = Membership.objects.filter(shop__in=own_shops(staff(request)))
        return shown.select_related("shop").order_by("shop__domain", "role")

    def get_min_num(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        # Without a role in their own shop, a security admin would never see the new person again.
        return 0 if obj is not None or staff(request).is_superuser else 1

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        return super().get_formset(request, obj, validate_min=True, **kwargs)

    def formfield_for_foreignkey(
        self, db_field: models.ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> "forms.ModelChoiceField[Any] | None":
        kwargs["queryset"] = within_reach(staff(request), db_field)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return own_shops(staff(request)).exists()

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        user = staff(request)
        return user.is_superuser or (user != obj and own_shops(user).exists())

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)


@admin.register(User)
class UserAdmin(ManagedAdmin, BaseUserAdmin):
    """A security admin edits those who work in no other shop: a password opens all of them."""

    inlines = (MembershipInline,)
    actions = ("revoke_badge",)
    list_display = (
        "username",
        "first_name",
        "last_name",
        "is_active",
        "is_staff",
        "badge",
        "last_login",
    )
    list_filter = ("is_active", "is_staff")
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[User]:
        return people_of(staff(request)).order_by("username")

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        if obj is None:
            return super().get_fieldsets(request, obj)
        rights = ["is_active", "is_staff"]
        if staff(request).is_superuser:
            rights.append("is_superuser")
        login = (
            ["username", "password"] if self.has_change_permission(request, obj) else ["username"]
        )
        return (
            (None, {"fields": login}),
            ("Person", {"fields": ("first_name", "last_name", "email", "theme")}),
            ("Rights", {"fields": rights, "description": "What they may do, their roles say."}),
            ("Dates", {"fields": ("last_login", "date_joined")}),
        )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        user = staff(request)
        if obj is None or user.is_superuser:
            return super().has_change_permission(request, obj)
        elsewhere = obj.memberships.exclude(shop__in=own_shops(user))
        return (
            super().has_change_permission(request, obj)
            and not obj.is_superuser
            and not elsewhere.exists()
        )

    @admin.display(boolean=True, description="badge")
    def badge(self, user: User) -> bool:
        return user.badge_sha256 is not None

    @admin.action(description="Revoke badge", permissions=["change"])
    def revoke_badge(self, request: HttpRequest, queryset: models.QuerySet[User]) -> None:
        """For those whose login this person may change; of the others it says so."""
        allowed = [user for user in queryset if self.has_change_permission(request, user)]
        revoked = [user for user in allowed if badges.revoke_badge(user, by=staff(request))]
        names = ", ".join(user.username for user in revoked)
        self.message_user(request, f"Badges revoked: {names or 'none'}.")
        if len(allowed) < len(queryset):
            left = "Left as they were: people who work for other shops too."
            self.message_user(request, left, "warning")

    @transaction.atomic
    def user_change_password(
        self, request: HttpRequest, id: str, form_url: str = ""
    ) -> HttpResponse:
        return super().user_change_password(request, id, form_url)


@admin.register(Membership)
class MembershipAdmin(ManagedAdmin):
    list_display = ("user", "shop", "role")
    list_filter = (("shop", admin.RelatedOnlyFieldListFilter), "role")
    list_select_related = ("user", "shop")
    search_fields = ("user__username",)
    ordering = ("user__username", "shop__domain", "role")

    def shop_of(self, obj: Membership) -> Shop:
        return obj.shop

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Membership]:
        return super().get_queryset(request).filter(shop__in=own_shops(staff(request)))

    def formfield_for_foreignkey(
        self, db_field: models.ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> "forms.ModelChoiceField[Any] | None":
        kwargs["queryset"] = within_reach(staff(request), db_field)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody but a superuser edits their own roles."""
        user = staff(request)
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or user.is_superuser or obj.user_id != user.pk)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        found, counts, protected, refused = super().get_deleted_objects(objs, request)
        if not all(self.has_delete_permission(request, obj) for obj in objs):
            protected = {*protected, "your own roles"}
        return found, counts, protected, refused


SHOP_COLUMNS: tuple[str, ...] = ("domain", "active", "currency", "timezone")
SHOP_FIELDS: tuple[str, ...] = (
    "domain",
    "aliases",
    "currency",
    "timezone",
    "active",
    "hold_seconds",
)


class ShopAdmin(ManagedAdmin):
    """What accounts knows of a shop; registered by the layer that knows how to call Narvar."""

    list_display = SHOP_COLUMNS
    search_fields = ("domain",)
    fields = SHOP_FIELDS

    def shop_of(self, obj: Shop) -> Shop:
        return obj

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Shop]:
        return own_shops(staff(request)).order_by("domain")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        # Call references derive from the domain: another one would make old calls new again.
        fixed = () if obj is None else ("domain",)
        return (*super().get_readonly_fields(request, obj), *fixed)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return staff(request).is_superuser


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("at", "shop", "actor", "action", "subject")
    list_select_related = ("shop", "actor")
    list_filter = ("shop",)
