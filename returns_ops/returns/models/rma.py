from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse

from returns_ops.accounts.models import Shop, User
from returns_ops.accounts.permissions import Permission
from returns_ops.returns.states import Money, Receipt, Work


class RmaQuerySet(models.QuerySet["Rma"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(shop__in=Shop.objects.where(user, Permission.VIEW_RMAS))

    def in_queue(self, work: str) -> Self:
        return self.filter(work=work)


class Rma(models.Model):
    """One authorised return, known by (shop, RMA number).

    The first block is Narvar's and is replaced by each newer snapshot; the second is ours and
    no snapshot touches it. Money is in major units.
    """

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="rmas", db_index=False)
    rma_number = models.CharField(max_length=255)

    narvar_status = models.TextField()
    order_number = models.TextField(blank=True)
    created_at = models.DateTimeField(help_text="At Narvar; when unknown, when we first heard")
    retailer_name = models.TextField(blank=True)
    return_method = models.TextField(blank=True)
    gift = models.BooleanField(default=False)
    is_shop_now_return = models.BooleanField(default=False)
    email = models.TextField(blank=True)
    locale = models.TextField(blank=True)
    origin_postal_code = models.TextField(blank=True)
    origin_city = models.TextField(blank=True)
    origin_country = models.TextField(blank=True)
    estimated_refund = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    restocking_fee = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    refund_method = models.TextField(blank=True)
    label_url = models.TextField(blank=True)
    currency = models.CharField(max_length=8, blank=True)
    shop_currency = models.CharField(max_length=8, blank=True)
    shopify_order_id = models.TextField(blank=True)
    original_shopify_order_id = models.TextField(blank=True)
    charge_payment_id = models.TextField(blank=True)
    transaction_id = models.TextField(blank=True)
    # Replaced as a set and never joined on: kept as documents. See returns/documents.py.
    policy = models.JSONField(default=list)
    fees = models.JSONField(default=list)
    errors = models.JSONField(default=list)
    versions = models.JSONField(default=list)
    extra = models.JSONField(default=dict)

    # What orders snapshots, and how fresh we are.
    versions_at = models.DateTimeField(null=True, help_text="The newest edit it speaks of")
    version_count = models.PositiveIntegerField(default=0)
    newest_instant = models.DateTimeField(null=True, help_text="The newest time in its content")
    sent_at = models.DateTimeField(null=True, help_text="The header: the attempt's, perhaps")
    content_sha256 = models.BinaryField(max_length=32, null=True)
    as_of = models.DateTimeField(help_text="When the snapshot we show was received")
    as_of_source = models.CharField(max_length=16, default="webhook")
    verified_at = models.DateTimeField(
        null=True, help_text="When Narvar itself last told us of it by our own call"
    )
    needs_refetch = models.BooleanField(default=False)
    refetch_tries = models.PositiveSmallIntegerField(
        default=0, help_text="How often Narvar was asked in vain which news is the newest"
    )
    refetch_at = models.DateTimeField(
        null=True, help_text="In the background, Narvar is not asked again before"
    )

    # Kept on the row so that a list needs no join.
    item_count = models.PositiveIntegerField(default=0, help_text="Units in all lines")
    total = models.DecimalField(max_digits=18, decimal_places=4, default=0)
    items_text = models.TextField(blank=True, help_text="What a list row says of the items")
    deadline_at = models.DateTimeField(null=True, help_text="The next automation to run out")

    # Ours.
    first_cap = models.DecimalField(
        max_digits=18,
        decimal_places=4,
        null=True,
        help_text="The refund calculated at the time of return: the first we were told",
    )
    first_cap_order = models.CharField(max_length=64, blank=True)
    refunded = models.DecimalField(max_digits=18, decimal_places=4, default=0)
    receipt = models.CharField(max_length=16, choices=Receipt, default=Receipt.EXPECTED)
    money = models.CharField(max_length=16, choices=Money, default=Money.NONE)
    work = models.CharField(max_length=16, choices=Work, default=Work.TO_RECEIVE)
    left_to_decide = models.PositiveIntegerField(
        default=0, help_text="Units without a decision; meaningful once the bench began"
    )
    claimed_by = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="+", help_text="Works on it, until…"
    )
    claimed_until = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1, help_text="Counts every change")
    first_seen_at = models.DateTimeField(db_default=Now())
    changed_at = models.DateTimeField(db_default=Now())

    objects = RmaQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "rma_number"], name="rma_number_is_unique_in_its_shop"
            ),
            models.CheckConstraint(name="rma_has_a_number", condition=~Q(rma_number="")),
            models.CheckConstraint(name="rma_work_is_known", condition=Q(work__in=Work.values)),
            models.CheckConstraint(name="rma_money_is_known", condition=Q(money__in=Money.values)),
            models.CheckConstraint(
                name="rma_receipt_is_known", condition=Q(receipt__in=Receipt.values)
            ),
        ]
        indexes = [
            models.Index(fields=["shop", "work", "-created_at", "-id"], name="rma_queue"),
            models.Index(fields=["shop", "-created_at", "-id"], name="rma_newest"),
            models.Index(
                fields=["shop", "narvar_status", "-created_at", "-id"], name="rma_by_status"
            ),
            models.Index(
                fields=["shop", "money", "-created_at", "-id"],
                name="rma_by_money",
                condition=~Q(money=Money.NONE),
            ),
            models.Index(
                fields=["shop", "return_method", "-created_at", "-id"],
                name="rma_by_method",
                condition=~Q(return_method="mail"),
            ),
            models.Index(fields=["shop", "order_number"], name="rma_by_order"),
            models.Index(
                fields=["shop", "deadline_at"],
                name="rma_by_deadline",
                condition=~Q(work=Work.DONE) & Q(deadline_at__isnull=False),
            ),
            models.Index(
                name="rma_by_origin",
                fields=["shop", "origin_postal_code", "-id"],
                opclasses=["int8_ops", "text_pattern_ops", "int8_ops"],
                condition=~Q(work=Work.DONE) & ~Q(origin_postal_code=""),
            ),
            models.Index(
                name="rma_doubtful", fields=["shop", "id"], condition=Q(needs_refetch=True)
            ),
        ]

    def __str__(self) -> str:
        return self.rma_number

    def get_absolute_url(self) -> str:
        return reverse("rma", args=[self.shop.domain, self.rma_number])
