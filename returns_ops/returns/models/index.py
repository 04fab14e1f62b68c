from django.db import models

from returns_ops.accounts.models import Shop
from returns_ops.returns.models.rma import Rma


class SearchToken(models.Model):
    """One word by which an RMA can be found: exact or by its beginning, at any table size."""

    class Kind(models.TextChoices):
        RMA = "rma", "RMA number"
        ORDER = "order", "Order number"
        EMAIL = "email", "E-mail"
        TRACKING = "tracking", "Tracking number"
        TAIL = "tail", "End of a tracking number"
        SKU = "sku", "SKU"

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=8, choices=Kind)
    token = models.CharField(max_length=255)
    rma = models.ForeignKey(Rma, models.CASCADE, related_name="tokens", db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rma", "kind", "token"], name="token_is_unique")
        ]
        indexes = [
            models.Index(
                fields=["shop", "token", "rma"],
                opclasses=["int8_ops", "text_pattern_ops", "int8_ops"],
                name="token_prefix",
            )
        ]

    def __str__(self) -> str:
        return self.token


class WorkCount(models.Model):
    """How many RMAs stand in a queue, as a sum of deltas.

    A trigger adds a row per statement, so that two writers never wait for one counter; a
    periodic job folds the rows into one.
    """

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="work_counts", db_index=False)
    work = models.CharField(max_length=16)
    delta = models.IntegerField()

    class Meta:
        indexes = [models.Index(fields=["shop", "work"], include=["delta"], name="work_count_sum")]

    def __str__(self) -> str:
        return f"{self.work} {self.delta:+d}"
