from decimal import Decimal

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Replace, Upper

from returns_ops.accounts.models import Shop
from returns_ops.messaging.models import Command
from returns_ops.returns.models.rma import Rma


class RmaItem(models.Model):
    """One line of an RMA. A line that vanished from a newer snapshot is marked, not deleted."""

    rma = models.ForeignKey(Rma, models.CASCADE, related_name="items", db_index=False)
    line_key = models.CharField(
        max_length=300, help_text="What names this line in every snapshot: item id, else SKU"
    )
    position = models.PositiveSmallIntegerField()
    sku = models.TextField(blank=True)
    item_id = models.TextField(blank=True)
    quantity = models.PositiveIntegerField()
    reason = models.TextField(blank=True)
    reason_code = models.TextField(blank=True)
    child_reason = models.TextField(blank=True)
    child_reason_code = models.TextField(blank=True)
    comment = models.TextField(blank=True)
    transaction_type = models.TextField(blank=True)
    keep_the_item = models.BooleanField(default=False)
    unit_price = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    total_price = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    unit_final = models.DecimalField(
        max_digits=18, decimal_places=4, null=True, help_text="Paid by the customer, with tax"
    )
    prices = models.JSONField(default=dict, help_text="presentment and shop, as text")
    exchange = models.JSONField(default=dict)
    exchange_quantity = models.PositiveIntegerField(null=True)
    states = models.JSONField(default=list, help_text="status, quantity, at: Narvar's, as given")
    extra = models.JSONField(default=dict)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rma", "line_key"], name="item_line_is_unique")
        ]
        ordering = ["rma", "position"]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.sku or self.item_id}"


class Package(models.Model):
    rma = models.ForeignKey(Rma, models.CASCADE, related_name="packages", db_index=False)
    package_key = models.CharField(max_length=300)
    position = models.PositiveSmallIntegerField()
    letter = models.TextField(blank=True)
    tracking_number = models.TextField(blank=True)
    carrier = models.TextField(blank=True)
    service = models.TextField(blank=True)
    tracking_link = models.TextField(blank=True)
    return_method = models.TextField(blank=True)
    destination_id = models.TextField(blank=True)
    destination_city = models.TextField(blank=True)
    destination_postal_code = models.TextField(blank=True)
    destination_country = models.TextField(blank=True)
    shipping_fee = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    extra = models.JSONField(default=dict)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rma", "package_key"], name="package_is_unique")
        ]
        indexes = [
            models.Index(
                fields=["destination_id", "-rma"],
                name="package_by_destination",
                condition=Q(removed_at=None) & ~Q(destination_id=""),
            ),
            models.Index(
                Replace(Upper("destination_postal_code"), Value(" ")),
                F("rma").desc(),
                name="package_by_postal_code",
                condition=Q(removed_at=None) & ~Q(destination_postal_code=""),
            ),
        ]
        ordering = ["rma", "position"]

    def __str__(self) -> str:
        return self.tracking_number or self.letter


class Transaction(models.Model):
    """Money that moved, as Narvar told it. Only ever added; each can confirm one command."""

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="transactions")
    rma = models.ForeignKey(Rma, models.PROTECT, related_name="transactions", db_index=False)
    narvar_id = models.CharField(max_length=255)
    amount = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    currency = models.CharField(max_length=8, blank=True)
    source = models.TextField(blank=True)
    refund_method = models.TextField(blank=True)
    at = models.DateTimeField(null=True)
    gift_card_id = models.TextField(blank=True)
    gateway = models.TextField(blank=True)
    authorization = models.TextField(blank=True)
    conversion_rate_to_shop = models.DecimalField(max_digits=18, decimal_places=8, null=True)
    extra = models.JSONField(default=dict)
    first_seen_at = models.DateTimeField()
    confirms = models.OneToOneField(Command, models.PROTECT, null=True, related_name="confirmed_by")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rma", "narvar_id"], name="transaction_is_unique"),
            models.CheckConstraint(
                name="transaction_confirms_with_an_amount",
                condition=Q(confirms__isnull=True) | Q(amount__isnull=False, amount__gt=0),
            ),
        ]
        ordering = ["rma", "at", "id"]

    def __str__(self) -> str:
        return f"{self.amount or Decimal(0)} {self.currency}"
