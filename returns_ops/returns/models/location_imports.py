from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from returns_ops.accounts.models import Shop, User
from returns_ops.messaging.models import Command
from returns_ops.returns.models.locations import ReturnLocation


class LocationImport(models.Model):
    """A file of locations: read and shown, then, once confirmed, done row by row."""

    class State(models.TextChoices):
        PREVIEW = "preview", "Waits for your yes"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        STOPPED = "stopped", "Stopped"

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="location_imports", db_index=False)
    file_name = models.CharField(max_length=255, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.PREVIEW)
    started_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    submission_token = models.UUIDField(unique=True)
    rules_confirmed = models.BooleanField(
        default=False, help_text="Rules in Narvar fit the addresses that change"
    )
    created_at = models.DateTimeField(db_default=Now())
    confirmed_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="location_import_state_fits",
                condition=Q(state="preview", confirmed_at__isnull=True, finished_at__isnull=True)
                | Q(state="running", confirmed_at__isnull=False, finished_at__isnull=True)
                | Q(state="done", confirmed_at__isnull=False, finished_at__isnull=False)
                | Q(state="stopped", finished_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["shop", "-id"], name="location_import_newest"),
            models.Index(
                name="location_import_running", fields=["id"], condition=Q(state="running")
            ),
        ]

    def __str__(self) -> str:
        return f"import {self.pk}"


class LocationImportRow(models.Model):
    """One line of the file: what it says, what it would change, what came of it."""

    class Verdict(models.TextChoices):
        NEW = "new", "New"
        CHANGED = "changed", "Changed"
        SAME = "same", "Same"
        ERROR = "error", "Error"

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        ASKED = "asked", "Asked for"
        REFUSED = "refused", "Not done"
        SKIPPED = "skipped", "Nothing to do"

    job = models.ForeignKey(LocationImport, models.CASCADE, related_name="rows", db_index=False)
    line = models.PositiveIntegerField(help_text="In the file; 1 is its heading")
    values = models.JSONField(help_text="As the file says")
    wanted = models.JSONField(default=dict, help_text="The location it makes, in our words")
    verdict = models.CharField(max_length=8, choices=Verdict)
    problems = models.JSONField(default=dict, help_text="field: a sentence; empty for all of it")
    changes = models.JSONField(default=dict, help_text="field: [before, after]")
    moves = models.BooleanField(default=False, help_text="The address of a known location changes")
    location = models.ForeignKey(ReturnLocation, models.PROTECT, null=True, related_name="+")
    version = models.PositiveIntegerField(default=0, help_text="Of the location, as compared")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    result = models.TextField(blank=True, help_text="Why it was not done, for a person")
    command = models.ForeignKey(
        Command, models.PROTECT, null=True, related_name="+", db_index=False
    )
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "line"], name="location_import_line_is_unique"),
            models.CheckConstraint(
                name="location_import_row_fits",
                condition=Q(state="waiting", done_at__isnull=True)
                | Q(state="asked", command__isnull=False, done_at__isnull=False)
                | (Q(state="refused", done_at__isnull=False) & ~Q(result=""))
                | Q(state="skipped", done_at__isnull=False),
            ),
            models.CheckConstraint(
                name="location_import_asks_for_what_is_right",
                condition=~Q(state="asked") | Q(verdict__in=["new", "changed"]),
            ),
        ]
        ordering = ["job", "line"]

    def __str__(self) -> str:
        return f"line {self.line}"
