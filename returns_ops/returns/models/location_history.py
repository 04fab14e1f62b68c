from django.db import models
from django.db.models.functions import Now

from returns_ops.accounts.models import User
from returns_ops.messaging.models import Command
from returns_ops.returns.models.locations import ReturnLocation


class LocationChange(models.Model):
    """One line of a location's history: who changed what, from where. Only added."""

    class Source(models.TextChoices):
        HERE = "here", "Here"
        ADMIN = "admin", "Admin"
        FILE = "file", "CSV file"
        NARVAR = "narvar", "Narvar"

    location = models.ForeignKey(
        ReturnLocation, models.PROTECT, related_name="history", db_index=False
    )
    at = models.DateTimeField(db_default=Now())
    source = models.CharField(max_length=8, choices=Source)
    verb = models.CharField(max_length=32, help_text="created, saved, removed, followed, undone…")
    text = models.TextField(help_text="One sentence for a person")
    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    command = models.ForeignKey(
        Command, models.PROTECT, null=True, related_name="+", db_index=False
    )
    version = models.PositiveIntegerField(help_text="Of the location, afterwards")
    changes = models.JSONField(default=dict, help_text="field: [before, after]")
    facts = models.JSONField(default=dict, help_text="The whole location, afterwards")

    class Meta:
        indexes = [models.Index(fields=["location", "-id"], name="location_change_newest")]

    def __str__(self) -> str:
        return self.text
