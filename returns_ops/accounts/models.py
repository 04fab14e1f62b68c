import uuid
from typing import Self

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from returns_ops.accounts.permissions import BY_PASSWORD_ONLY, Permission, Role, roles_with


class User(AbstractUser):
    class Theme(models.TextChoices):
        SYSTEM = "system", "System"
        LIGHT = "light", "Light"
        DARK = "dark", "Dark"

    theme = models.CharField(max_length=8, choices=Theme, default=Theme.SYSTEM)
    badge_sha256 = models.BinaryField(max_length=32, unique=True, null=True, editable=False)
    badge_made_at = models.DateTimeField(null=True, editable=False)
    # Of the session in which this object acts, not of the person: nothing stores it.
    by_badge: bool = False

    @property
    def known_as(self) -> str:
        """The name that colleagues read."""
        return self.get_full_name() or self.get_username()

    def may(self, permission: Permission, shop: "Shop") -> bool:
        held = shop.memberships.granting(permission).filter(user=self)
        return self.can_hold(permission) and held.exists()

    def can_hold(self, permission: Permission) -> bool:
        """Whether a role can give it to this person, as logged in now."""
        return self.is_active and not (self.by_badge and permission in BY_PASSWORD_ONLY)


class ShopQuerySet(models.QuerySet["Shop"]):
    def where(self, user: User, permission: Permission) -> Self:
        """The shops in which this person holds the permission."""
        if not user.is_active:
            return self.none()
        return self.filter(
            memberships__user=user, memberships__role__in=roles_with(permission)
        ).distinct()

    def answering_to(self, domain: str) -> Self:
        return self.filter(Q(domain=domain.lower()) | Q(aliases__contains=[domain.lower()]))


class Shop(models.Model):
    """One Shopify shop: the border that no person, event or command crosses."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    domain = models.CharField(max_length=255, help_text="As Shopify knows it: x.myshopify.com")
    aliases = ArrayField(
        models.CharField(max_length=255),
        default=list,
        blank=True,
        help_text="Other names that Narvar may send for this shop",
    )
    currency = models.CharField(max_length=3, default="USD", help_text="ISO 4217, upper case")
    timezone = models.CharField(max_length=64, default="UTC")
    active = models.BooleanField(
        default=True, help_text="Off: webhooks are still stored, but set aside"
    )
    hold_seconds = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(600)],
        help_text="How long a decision can be undone; empty: HOLD_SECONDS",
    )
    door_version = models.PositiveIntegerField(
        default=1,
        db_default=1,
        editable=False,
        help_text="Counts changes of who may knock; the database counts, and never back",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ShopQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("domain"), name="shop_domain_is_unique"),
            models.CheckConstraint(
                name="shop_currency_is_iso_4217", condition=Q(currency__regex=r"^[A-Z]{3}$")
            ),
        ]
        ordering = ["domain"]

    def __str__(self) -> str:
        return self.domain


class MembershipQuerySet(models.QuerySet["Membership"]):
    def granting(self, permission: Permission) -> Self:
        return self.filter(role__in=roles_with(permission))


class Membership(models.Model):
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships", db_index=False)
    shop = models.ForeignKey(Shop, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "shop", "role"], name="membership_is_held_once"
            ),
            models.CheckConstraint(
                name="membership_role_is_known", condition=Q(role__in=Role.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.get_role_display()} at {self.shop}"


class AuditEntry(models.Model):
    """Who did what, and with which right. The database refuses to change or delete a row."""

    shop = models.ForeignKey(
        Shop, models.PROTECT, null=True, related_name="audit_entries", db_index=False
    )
    at = models.DateTimeField(auto_now_add=True)
    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    action = models.CharField(max_length=64)
    subject = models.CharField(max_length=255)
    data = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["shop", "-id"], name="audit_by_shop"),
            models.Index(
                name="audit_refused_badges",
                fields=["actor", "-at"],
                condition=Q(action="badge.refused"),
            ),
        ]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"
