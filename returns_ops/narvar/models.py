from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from returns_ops.accounts.models import Shop


class Connection(models.Model):
    """How we call Narvar for a shop. The password is stored encrypted and never shown."""

    class StatusPlace(models.TextChoices):
        QUERY = "query", "In the address"
        FORM = "form", "As a form"
        JSON = "json", "As JSON"

    class Feature(models.TextChoices):
        UNKNOWN = "unknown", "Not known yet"
        ON = "on", "Enabled"
        OFF = "off", "Not enabled for this account"

    shop = models.OneToOneField(Shop, models.CASCADE, related_name="connection")
    narvar_url = models.CharField(max_length=255, help_text="https://szero.narvar.com")
    narvar_username = models.CharField(max_length=255)
    narvar_password_encrypted = models.TextField(editable=False)
    auto_approve = models.BooleanField(
        default=False, help_text="Narvar approves as soon as all items are approved"
    )
    status_place = models.CharField(
        max_length=8,
        choices=StatusPlace,
        default=StatusPlace.QUERY,
        help_text="Where the parameters of a shipment status go; Narvar does not say",
    )
    location_nested = models.BooleanField(
        default=False, help_text="All of a return location goes inside `location`"
    )
    paused = models.BooleanField(default=False, help_text="On: nothing is sent for this shop")
    paused_kinds = ArrayField(
        models.CharField(max_length=32),
        default=list,
        blank=True,
        help_text="Kinds of command that are not sent",
    )
    problem = models.TextField(blank=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    # Narvar enables the management of return locations account by account.
    locations_feature = models.CharField(
        max_length=8, choices=Feature, default=Feature.UNKNOWN, editable=False
    )
    locations_wanted_at = models.DateTimeField(
        null=True, editable=False, help_text="When somebody last asked to read them"
    )
    locations_tried_at = models.DateTimeField(null=True, editable=False)
    locations_read_at = models.DateTimeField(null=True, editable=False)
    locations_problem = models.TextField(
        blank=True, editable=False, help_text="Why they could not be read the last time"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="connection_locations_feature_is_known",
                condition=Q(locations_feature__in=["unknown", "on", "off"]),
            ),
            models.CheckConstraint(
                name="connection_status_place_is_known",
                condition=Q(status_place__in=["query", "form", "json"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.shop} at {self.narvar_url}"


class WebhookCredential(models.Model):
    """A name and password that Narvar may show at our door. Two may be valid, for rotation."""

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="webhook_credentials")
    username = models.CharField(max_length=24)
    password_sha256 = models.BinaryField(
        max_length=32, editable=False, help_text="Of a random password; shown once, at its making"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["shop", "username"],
                condition=Q(retired_at__isnull=True),
                name="webhook_username_is_unique",
            )
        ]

    def __str__(self) -> str:
        return f"{self.username} at {self.shop}"


class ShopRhythm(models.Model):
    """How many events a shop sent in an hour: what the usual gap is computed from."""

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="+", db_index=False)
    hour = models.DateTimeField(help_text="Its beginning")
    events = models.PositiveIntegerField()
    last_event = models.BigIntegerField(help_text="The newest event that is counted")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["shop", "hour"], name="rhythm_counts_an_hour_once")
        ]

    def __str__(self) -> str:
        return f"{self.events} at {self.hour:%d %b %H:%M}"


class Outage(models.Model):
    """A time in which nobody could knock at our door, as far as we can tell."""

    began_at = models.DateTimeField(help_text="When the door was last seen open before")
    ended_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.began_at:%d %b %H:%M} to {self.ended_at:%d %b %H:%M}"


class Budget(models.Model):
    """What Narvar lets us call, as its headers say, and whether calling makes sense at all."""

    class Breaker(models.TextChoices):
        CLOSED = "closed", "Calls go out"
        OPEN = "open", "Narvar does not answer; calls wait"

    shop = models.OneToOneField(Shop, models.CASCADE, related_name="budget")
    limit = models.PositiveIntegerField(default=60, help_text="Until Narvar says otherwise")
    remaining = models.IntegerField(default=60)
    reset_at = models.DateTimeField(db_default=Now())
    learned_at = models.DateTimeField(null=True, help_text="When a header last told us")
    breaker = models.CharField(max_length=8, choices=Breaker, default=Breaker.CLOSED)
    failures = models.PositiveSmallIntegerField(default=0, help_text="In a row")
    successes = models.PositiveSmallIntegerField(default=0, help_text="Of probes, in a row")
    opened_at = models.DateTimeField(null=True)
    open_seconds = models.PositiveSmallIntegerField(default=0)
    probe_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="budget_breaker_is_known", condition=Q(breaker__in=["closed", "open"])
            )
        ]

    def __str__(self) -> str:
        return f"{self.remaining} of {self.limit}"
