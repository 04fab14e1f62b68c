from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from returns_ops.accounts.models import Shop, User


class Barcode(models.Model):
    """What a code on a product means in a shop, as somebody said at a bench: Narvar tells none."""

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="barcodes", db_index=False)
    code = models.CharField(
        max_length=64, help_text="An EAN or UPC with all 14 digits; any other code as scanned"
    )
    sku = models.CharField(max_length=255)
    taught_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    taught_at = models.DateTimeField(db_default=Now())
    bench = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["shop", "code"], name="barcode_means_one_sku"),
            models.CheckConstraint(
                name="barcode_says_something", condition=~Q(code="") & ~Q(sku="")
            ),
        ]
        ordering = ["shop", "code"]

    def __str__(self) -> str:
        return f"{self.code} is {self.sku}"
