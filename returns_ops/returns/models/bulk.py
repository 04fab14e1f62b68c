from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from returns_ops.accounts.models import Shop, User
from returns_ops.messaging.models import Command
from returns_ops.returns.models.cases import Case


class BulkJob(models.Model):
    """One action for many cases of a shop: the list is frozen at the start, each row stands for
    itself, a worker does it by and by."""

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Every case had its turn"
        STOPPED = "stopped", "Stopped"

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="bulk_jobs", db_index=False)
    action = models.CharField(max_length=32)
    arguments = models.JSONField(default=dict)
    selection = models.CharField(
        max_length=500, blank=True, help_text="The query of *all that match*; empty: picked rows"
    )
    started_by = models.ForeignKey(User, models.PROTECT, related_name="bulk_jobs")
    by_badge = models.BooleanField(
        default=False, help_text="Started by a badge: its limits hold for each row too"
    )
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    submission_token = models.UUIDField(unique=True)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="bulk_counts_its_rows",
                condition=Q(total__gte=models.F("done") + models.F("refused")),
            ),
            models.CheckConstraint(
                name="bulk_state_is_known", condition=Q(state__in=["running", "done", "stopped"])
            ),
            models.CheckConstraint(
                name="bulk_says_when_it_ended",
                condition=Q(state="running", finished_at__isnull=True)
                | ~Q(state="running") & Q(finished_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["shop", "-id"], name="bulk_newest"),
            models.Index(fields=["id"], name="bulk_running", condition=Q(state="running")),
        ]

    def __str__(self) -> str:
        return f"bulk job {self.pk}"

    @property
    def left(self) -> int:
        return self.total - self.done - self.refused


class BulkRow(models.Model):
    """One case of a job, as it was seen when the job was started.

    A trigger keeps it, its case and its command within the shop of the job.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DONE = "done", "Done"
        REFUSED = "refused", "Refused"
        LEFT = "left", "Not done: the job was stopped"

    job = models.ForeignKey(BulkJob, models.CASCADE, related_name="rows", db_index=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="+")
    case_version = models.PositiveIntegerField()
    rma_version = models.PositiveIntegerField(null=True)
    submission_token = models.UUIDField(unique=True)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    said = models.TextField(blank=True, help_text="What came of it, in words")
    command = models.ForeignKey(
        Command, models.PROTECT, null=True, related_name="+", db_index=False
    )
    at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "case"], name="bulk_takes_a_case_once"),
            models.CheckConstraint(
                name="bulk_row_state_is_known",
                condition=Q(state__in=["waiting", "done", "refused", "left"]),
            ),
            models.CheckConstraint(
                name="bulk_row_says_when", condition=Q(state="waiting") | Q(at__isnull=False)
            ),
            models.CheckConstraint(
                name="bulk_row_told_is_done", condition=Q(state="done") | Q(command=None)
            ),
            models.CheckConstraint(
                name="bulk_refusal_says_why", condition=~Q(state="refused") | ~Q(said="")
            ),
        ]
        indexes = [
            models.Index(
                fields=["job", "id"], name="bulk_row_waiting", condition=Q(state="waiting")
            ),
        ]
        ordering = ["job", "id"]

    def __str__(self) -> str:
        return f"{self.case} in {self.job}"
