from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from returns_ops.accounts.models import Shop
from returns_ops.accounts.permissions import Role
from returns_ops.returns.states import Decision


class BenchRules(models.Model):
    """How a shop wants its bench to work. A shop without a row works by the defaults."""

    shop = models.OneToOneField(Shop, models.CASCADE, related_name="bench_rules")
    scanned_is_good = models.BooleanField(
        default=True, help_text="A scanned unit counts as good until somebody says otherwise"
    )
    all_as_expected = models.BooleanField(
        default=True, help_text="One key may receive everything without scanning each unit"
    )
    tell_received = models.BooleanField(
        default=False, help_text="Tell Narvar when everything expected was received"
    )
    bad_grade_needs_photo = models.BooleanField(default=False)
    bad_grade_needs_note = models.BooleanField(default=False)
    request_hours = models.PositiveSmallIntegerField(
        default=24,
        validators=[MinValueValidator(1), MaxValueValidator(168)],
        help_text="A request for approval ends after so many hours",
    )

    class Meta:
        verbose_name_plural = "bench rules"

    def __str__(self) -> str:
        return f"Bench rules of {self.shop}"


class Grade(models.Model):
    """A condition in which goods come back, in the shop's words."""

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="grades", db_index=False)
    code = models.CharField(max_length=16)
    name = models.CharField(max_length=60)
    bad = models.BooleanField(default=False, help_text="May need a photo and a note")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["shop", "code"], name="grade_is_unique_in_its_shop")
        ]
        ordering = ["shop", "position", "code"]

    def __str__(self) -> str:
        return self.name


class DecisionReason(models.Model):
    """A reason to choose from, for decisions that need one."""

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="decision_reasons", db_index=False)
    decision = models.CharField(
        max_length=32, choices=[*Decision.choices, ("partial", "Partial refund")]
    )
    text = models.CharField(max_length=120)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "decision", "text"], name="reason_is_unique_in_its_shop"
            )
        ]
        ordering = ["shop", "decision", "position", "id"]

    def __str__(self) -> str:
        return self.text


class RefundLimit(models.Model):
    """How much a role may refund alone, or all together: in one refund, in a day. Major units."""

    EVERYBODY = "everybody"
    ROLES = (
        *((one.value, one.label) for one in (Role.WAREHOUSE, Role.AGENT, Role.APPROVER)),
        (EVERYBODY, "Everybody of the shop, together"),
    )
    shop = models.ForeignKey(Shop, models.CASCADE, related_name="refund_limits", db_index=False)
    role = models.CharField(max_length=16, choices=ROLES)
    currency = models.CharField(max_length=3, help_text="ISO 4217, upper case")
    each = models.DecimalField(
        max_digits=18, decimal_places=4, validators=[MinValueValidator(Decimal(0))]
    )
    day = models.DecimalField(
        max_digits=18, decimal_places=4, validators=[MinValueValidator(Decimal(0))]
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "role", "currency"], name="refund_limit_is_unique"
            ),
            models.CheckConstraint(
                name="refund_limit_is_not_negative", condition=Q(each__gte=0, day__gte=0)
            ),
            models.CheckConstraint(
                name="refund_limit_currency_is_iso_4217", condition=Q(currency__regex="^[A-Z]{3}$")
            ),
        ]
        ordering = ["shop", "role", "currency"]

    def __str__(self) -> str:
        return f"{self.role} {self.each} {self.currency}"
