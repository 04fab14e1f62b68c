from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from returns_ops.accounts.models import Shop


class ReturnLocation(models.Model):
    """Where returns may go. The fields are what we want it to be; once in sync, what Narvar shows.

    Three versions are kept: ours (the fields), Narvar's (`shown`), and the last that both agreed
    on (`agreed`). What is gone stays as a tombstone: old returns point at it.
    """

    class Sync(models.TextChoices):
        IN_SYNC = "in_sync", "As at Narvar"
        SENDING = "sending", "Being saved"
        NOT_SAVED = "not_saved", "Not saved"
        CONFLICT = "conflict", "Changed here and at Narvar"
        DELETED = "deleted", "Removed"

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="return_locations")
    narvar_id = models.CharField(max_length=255, blank=True, help_text="Empty until Narvar told it")
    name = models.TextField()
    address1 = models.TextField(blank=True)
    address2 = models.TextField(blank=True)
    city = models.TextField(blank=True)
    state = models.TextField(blank=True)
    state_code = models.TextField(blank=True)
    postal_code = models.TextField(blank=True)
    country = models.TextField(blank=True)
    country_code = models.TextField(blank=True)
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    phone = models.TextField(blank=True, help_text="E.164 when we wrote it")
    accepts_mail = models.BooleanField(default=False)
    accepts_in_store = models.BooleanField(default=False)
    sync = models.CharField(max_length=16, choices=Sync, default=Sync.IN_SYNC)
    problem = models.TextField(blank=True, help_text="In words, for a person")
    document = models.JSONField(default=dict, help_text="As last read from Narvar")
    shown = models.JSONField(default=dict, help_text="The same in our words")
    agreed = models.JSONField(default=dict, help_text="What both sides last agreed on")
    followed = models.JSONField(
        default=dict,
        help_text="field: {ours, why}. Narvar has it otherwise, and we followed",
    )
    gone_at = models.DateTimeField(null=True, help_text="Narvar lost what was changed here")
    other_ids = ArrayField(
        models.CharField(max_length=255),
        default=list,
        blank=True,
        help_text="Other names on parcels: of Shopify, or earlier ones of Narvar",
    )
    read_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1, help_text="Counts every change")
    created_at = models.DateTimeField(db_default=Now())
    changed_at = models.DateTimeField(default=timezone.now)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "narvar_id"],
                condition=~Q(narvar_id=""),
                name="location_id_is_unique_in_its_shop",
            ),
            models.CheckConstraint(
                name="location_sync_is_known",
                condition=Q(sync__in=["in_sync", "sending", "not_saved", "conflict", "deleted"]),
            ),
            models.CheckConstraint(
                name="location_deleted_says_since_when",
                condition=Q(sync="deleted", removed_at__isnull=False)
                | (~Q(sync="deleted") & Q(removed_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="location_gone_is_a_conflict",
                condition=Q(gone_at__isnull=True) | Q(sync="conflict"),
            ),
        ]
        ordering = ["shop", "name", "id"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("location", args=[self.pk])

    @property
    def subject(self) -> str:
        """What a command about it is about."""
        return f"location {self.pk}"
