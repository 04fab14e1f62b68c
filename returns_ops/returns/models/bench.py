from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from returns_ops.accounts.models import User
from returns_ops.messaging.models import Command
from returns_ops.returns.models.contents import Package, RmaItem
from returns_ops.returns.models.rma import Rma
from returns_ops.returns.states import Decision


class BoxArrival(models.Model):
    """A box of this return stood at our dock: our own scan, not the carrier's word."""

    rma = models.ForeignKey(Rma, models.CASCADE, related_name="arrivals", db_index=False)
    package = models.ForeignKey(
        Package, models.PROTECT, null=True, related_name="arrivals", help_text="Which box, if told"
    )
    at = models.DateTimeField(db_default=Now())
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    bench = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rma", "package"], nulls_distinct=False, name="box_arrives_once"
            )
        ]
        ordering = ["rma", "at"]

    def __str__(self) -> str:
        return f"{self.rma} arrived"


class ReceiptLine(models.Model):
    """What became of some units of a return: did they come, how are they, what do we decide.

    Units of one item that differ in any of these are lines of their own. Once a command carries
    a line to Narvar the line is frozen; it is free again when that command ends without effect.
    """

    rma = models.ForeignKey(Rma, models.CASCADE, related_name="receipt_lines")
    item = models.ForeignKey(
        RmaItem,
        models.PROTECT,
        null=True,
        related_name="receipt_lines",
        help_text="Empty: not in this return",
    )
    package = models.ForeignKey(Package, models.PROTECT, null=True, related_name="receipt_lines")
    sku = models.CharField(max_length=255, blank=True, help_text="As scanned, if not in the return")
    quantity = models.PositiveIntegerField()
    in_hand = models.BooleanField(help_text="These units were at our bench")
    grade = models.CharField(max_length=16, blank=True)
    decision = models.CharField(
        max_length=32, blank=True, choices=Decision, help_text="Empty: not decided yet"
    )
    reason = models.CharField(max_length=120, blank=True)
    note = models.CharField(max_length=500, blank=True)
    command = models.ForeignKey(
        Command, models.PROTECT, null=True, related_name="receipt_lines", help_text="Told by it"
    )
    entered_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    entered_at = models.DateTimeField(db_default=Now())
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(name="receipt_has_units", condition=Q(quantity__gt=0)),
            models.CheckConstraint(
                name="receipt_decision_is_known", condition=Q(decision__in=["", *Decision.values])
            ),
            models.CheckConstraint(
                name="receipt_missing_is_not_in_hand",
                condition=~Q(decision=Decision.NOT_RECEIVED) | Q(in_hand=False),
            ),
            models.CheckConstraint(
                name="receipt_stranger_is_named",
                condition=Q(item__isnull=False)
                | (Q(decision=Decision.INVALID_ITEM, in_hand=True) & ~Q(sku="")),
            ),
            models.CheckConstraint(
                name="receipt_told_is_decided",
                condition=Q(command__isnull=True) | ~Q(decision=""),
            ),
        ]
        ordering = ["rma", "id"]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.item or self.sku}: {self.decision or 'undecided'}"


class Scan(models.Model):
    """One code that was scanned or typed, and what came of it. The same scan twice counts once."""

    class Result(models.TextChoices):
        OPENED = "opened", "Opened the return"
        COUNTED = "counted", "Counted one unit"
        COMMAND = "command", "A command card"
        CHOICE = "choice", "Several fit"
        STRANGE = "strange", "Not in this return"
        TOO_MANY = "too_many", "More than expected"
        UNKNOWN = "unknown", "Nothing found"
        REFUSED = "refused", "Not possible now"

    scan_id = models.UUIDField(unique=True, help_text="Made by the device, kept over a replay")
    raw = models.CharField(max_length=500)
    result = models.CharField(max_length=16, choices=Result)
    said = models.TextField(blank=True)
    rma = models.ForeignKey(Rma, models.CASCADE, null=True, related_name="scans")
    line = models.ForeignKey(ReceiptLine, models.SET_NULL, null=True, related_name="scans")
    by = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    bench = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["by", "-id"], name="scan_of_person"),
        ]

    def __str__(self) -> str:
        return self.raw


class Viewing(models.Model):
    """Who has a return, or a parcel, on the screen. After half a minute a row means nothing."""

    rma = models.ForeignKey(Rma, models.CASCADE, null=True, related_name="viewings", db_index=False)
    parcel = models.ForeignKey(
        "Parcel", models.CASCADE, null=True, related_name="viewings", db_index=False
    )
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    editing = models.BooleanField(default=False)
    seen_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rma", "user"], name="person_views_once"),
            models.UniqueConstraint(fields=["parcel", "user"], name="person_views_parcel_once"),
            models.CheckConstraint(
                name="viewing_is_of_one_thing",
                condition=Q(rma__isnull=True, parcel__isnull=False)
                | Q(rma__isnull=False, parcel__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} at {self.rma or self.parcel}"
