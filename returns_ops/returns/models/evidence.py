from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse

from returns_ops.accounts.models import Shop, User
from returns_ops.returns.models.bench import ReceiptLine
from returns_ops.returns.models.contents import RmaItem
from returns_ops.returns.models.rma import Rma


class Parcel(models.Model):
    """A box without a known return: what is to be seen of it, until somebody finds where it
    belongs."""

    class State(models.TextChoices):
        OPEN = "open", "Unknown"
        MATCHED = "matched", "Matched"
        CLOSED = "closed", "Closed without match"

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="parcels", db_index=False)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    carrier = models.CharField(max_length=64, blank=True)
    tracking_number = models.CharField(max_length=255, blank=True)
    origin_postal_code = models.CharField(max_length=32, blank=True)
    origin_country = models.CharField(max_length=64, blank=True)
    text = models.TextField(blank=True, help_text="What else is to be seen: names, slips, marks")
    rma = models.ForeignKey(
        Rma,
        models.PROTECT,
        null=True,
        related_name="parcels",
        help_text="The first return that something of it went into",
    )
    closed_because = models.CharField(max_length=500, blank=True)
    owner = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    found_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    found_at = models.DateTimeField(db_default=Now())
    bench = models.CharField(max_length=64, blank=True)
    settled_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    settled_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)
    submission_token = models.UUIDField(unique=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="parcel_state_fits",
                condition=Q(state="open", settled_at__isnull=True)
                | Q(state="matched", rma__isnull=False, settled_at__isnull=False)
                | (
                    Q(state="closed", rma__isnull=True, settled_at__isnull=False)
                    & ~Q(closed_because="")
                ),
            ),
        ]
        indexes = [models.Index(fields=["shop", "state", "found_at", "id"], name="parcel_queue")]
        ordering = ["shop", "found_at"]

    def __str__(self) -> str:
        return f"Parcel {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("parcel", args=[self.pk])


class ParcelItem(models.Model):
    """What lies in a box without a return."""

    parcel = models.ForeignKey(Parcel, models.CASCADE, related_name="items")
    sku = models.CharField(max_length=255)
    quantity = models.PositiveIntegerField(default=1)
    matched = models.PositiveIntegerField(default=0, help_text="Units that went into a return")

    class Meta:
        constraints = [
            models.CheckConstraint(name="parcel_item_has_units", condition=Q(quantity__gt=0)),
            models.CheckConstraint(
                name="parcel_item_matched_within", condition=Q(matched__lte=models.F("quantity"))
            ),
        ]
        ordering = ["parcel", "id"]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.sku}"

    @property
    def left(self) -> int:
        """Units that belong to no return yet."""
        return self.quantity - self.matched


class ParcelMatch(models.Model):
    """So many units of a box went into a return."""

    parcel = models.ForeignKey(Parcel, models.PROTECT, related_name="matches")
    of = models.ForeignKey(
        ParcelItem,
        models.PROTECT,
        null=True,
        related_name="matches",
        help_text="Empty: it was not on the parcel's list",
    )
    rma = models.ForeignKey(Rma, models.PROTECT, related_name="parcel_matches")
    item = models.ForeignKey(
        RmaItem,
        models.PROTECT,
        null=True,
        related_name="+",
        help_text="Empty: it came in this box, but is not in this return",
    )
    line = models.ForeignKey(ReceiptLine, models.SET_NULL, null=True, related_name="+")
    quantity = models.PositiveIntegerField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(name="parcel_match_has_units", condition=Q(quantity__gt=0)),
            models.CheckConstraint(
                name="parcel_match_says_what",
                condition=Q(of__isnull=False) | Q(item__isnull=False),
            ),
        ]
        ordering = ["parcel", "id"]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.item or self.of} of {self.parcel} in {self.rma}"


class Photo(models.Model):
    """Evidence. The picture is stored as we re-encoded it, under the hash of those bytes."""

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="photos")
    rma = models.ForeignKey(Rma, models.PROTECT, null=True, related_name="photos", db_index=False)
    parcel = models.ForeignKey(
        Parcel, models.PROTECT, null=True, related_name="photos", db_index=False
    )
    line = models.ForeignKey(ReceiptLine, models.SET_NULL, null=True, related_name="photos")
    file = models.FileField(max_length=200)
    sha256 = models.BinaryField(max_length=32)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size = models.PositiveIntegerField(help_text="Bytes")
    taken_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    taken_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="photo_shows_something",
                condition=Q(rma__isnull=False) | Q(parcel__isnull=False),
            ),
            models.UniqueConstraint(fields=["rma", "sha256"], name="photo_is_kept_once_per_rma"),
            models.UniqueConstraint(
                fields=["parcel", "sha256"], name="photo_is_kept_once_per_parcel"
            ),
        ]
        indexes = [models.Index(fields=["sha256"], name="photo_by_content")]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"photo {self.pk}"

    @property
    def mark(self) -> str:
        """How people tell it from others: the beginning of its hash."""
        return bytes(self.sha256).hex()[:8]
