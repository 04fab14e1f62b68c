from django.db import models
from django.db.models.functions import Now

from returns_ops.accounts.models import User
from returns_ops.messaging.models import Command, Event
from returns_ops.returns.models.rma import Rma


class RmaEvent(models.Model):
    """One line of an RMA's timeline: what happened, by whom, before and after. Only added."""

    class Source(models.TextChoices):
        WEBHOOK = "webhook", "Webhook"
        API = "api", "Read from Narvar"
        PERSON = "person", "Person"
        SYSTEM = "system", "System"

    rma = models.ForeignKey(Rma, models.CASCADE, related_name="history", db_index=False)
    at = models.DateTimeField(db_default=Now())
    source = models.CharField(max_length=8, choices=Source)
    verb = models.CharField(max_length=32, help_text="snapshot, approve, accepted, confirmed…")
    text = models.TextField(help_text="One sentence for a person")
    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    applied = models.BooleanField(default=True, help_text="No: an older snapshot, history only")
    event = models.ForeignKey(
        Event,
        models.DO_NOTHING,
        null=True,
        db_constraint=False,
        related_name="rma_events",
        help_text="It may be gone: history is kept for longer than messages",
    )
    command = models.ForeignKey(Command, models.PROTECT, null=True, related_name="rma_events")
    changes = models.JSONField(default=dict, help_text="field: [before, after]")

    class Meta:
        indexes = [models.Index(fields=["rma", "-id"], name="rma_event_newest")]

    def __str__(self) -> str:
        return self.text
