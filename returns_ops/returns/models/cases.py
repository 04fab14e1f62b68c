from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from returns_ops.accounts.models import Shop, User
from returns_ops.returns.models.evidence import Parcel
from returns_ops.returns.models.rma import Rma
from returns_ops.returns.states import CaseState, Cause

OPEN = Q(state=CaseState.OPEN)


class Case(models.Model):
    """One return, or one parcel, that needs a person for one cause.

    It is opened and closed by rule (`returns/causes.py`) and stays the same row when the cause
    comes back. `present` says whether the cause holds now, whatever a person made of it: what a
    person resolved stays resolved while it does, unless it comes anew.
    """

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="cases")
    rma = models.ForeignKey(Rma, models.CASCADE, null=True, related_name="cases", db_index=False)
    parcel = models.ForeignKey(
        Parcel, models.CASCADE, null=True, related_name="cases", db_index=False
    )
    cause = models.CharField(max_length=20, choices=Cause)
    state = models.CharField(max_length=8, choices=CaseState, default=CaseState.OPEN)
    text = models.TextField(help_text="Why it is here, in a sentence")
    group = models.CharField(max_length=200, blank=True, help_text="The text without its numbers")
    fingerprint = models.CharField(max_length=16, help_text="Of the cause and its group")
    marker = models.CharField(max_length=120, blank=True, help_text="Tells one coming from another")
    present = models.BooleanField(default=True)

    value = models.DecimalField(max_digits=18, decimal_places=4, default=0)
    currency = models.CharField(max_length=8, blank=True)
    deadline_at = models.DateTimeField(null=True, help_text="The automation that runs out")
    due_at = models.DateTimeField(help_text="By the shop's working hours")
    rank_at = models.DateTimeField(help_text="The order of work: due, or deadline, less for value")

    owner = models.ForeignKey(User, models.PROTECT, null=True, related_name="cases")
    held_by = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="+", help_text="Was given it to work on"
    )
    held_until = models.DateTimeField(null=True)
    snoozed_until = models.DateTimeField(null=True)
    snoozed_sign = models.CharField(
        max_length=200, blank=True, help_text="Sleeps until what is known differs from this"
    )
    findings = models.TextField(blank=True, help_text="What was found out so far, edited by all")

    opened_at = models.DateTimeField(db_default=Now(), help_text="The last time it opened")
    first_opened_at = models.DateTimeField(db_default=Now())
    times_opened = models.PositiveIntegerField(default=1)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", help_text="Empty: by itself"
    )
    closed_because = models.CharField(max_length=500, blank=True)
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rma", "cause"], name="case_is_one_per_cause"),
            models.UniqueConstraint(fields=["parcel", "cause"], name="case_is_one_per_parcel"),
            models.CheckConstraint(
                name="case_is_about_one_thing",
                condition=Q(rma__isnull=False, parcel__isnull=True)
                | Q(rma__isnull=True, parcel__isnull=False),
            ),
            models.CheckConstraint(name="case_cause_is_known", condition=Q(cause__in=Cause.values)),
            models.CheckConstraint(
                name="case_state_fits",
                condition=Q(state="open", closed_at__isnull=True, snoozed_until__isnull=True)
                | Q(state="resolved", closed_at__isnull=False, snoozed_until__isnull=True)
                | Q(state="snoozed", closed_at__isnull=True)
                & (Q(snoozed_until__isnull=False) | ~Q(snoozed_sign="")),
            ),
            models.CheckConstraint(
                name="case_without_cause_is_resolved",
                condition=Q(present=True) | Q(state="resolved"),
            ),
        ]
        indexes = [
            models.Index(
                fields=["shop", "rank_at", "id"],
                include=["cause", "owner"],
                name="case_queue",
                condition=OPEN,
            ),
            models.Index(
                fields=["shop", "cause", "rank_at", "id"], name="case_by_cause", condition=OPEN
            ),
            models.Index(
                fields=["owner", "rank_at", "id"],
                name="case_of_person",
                condition=OPEN & Q(owner__isnull=False),
            ),
            models.Index(
                fields=["shop", "rank_at", "id"],
                name="case_unassigned",
                condition=OPEN & Q(owner__isnull=True),
            ),
            models.Index(fields=["shop", "due_at"], name="case_late", condition=OPEN),
            models.Index(
                fields=["shop", "rank_at", "id"],
                name="case_snoozed",
                condition=Q(state=CaseState.SNOOZED),
            ),
            models.Index(
                fields=["snoozed_until"],
                name="case_wakes",
                condition=Q(state=CaseState.SNOOZED, snoozed_until__isnull=False),
            ),
            models.Index(
                fields=["shop", "cause", "fingerprint", "currency"],
                include=["value", "opened_at"],
                name="case_cards",
                condition=OPEN,
            ),
            models.Index(
                fields=["shop", "-closed_at", "-id"],
                name="case_resolved",
                condition=Q(state=CaseState.RESOLVED),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rma or self.parcel}: {self.get_cause_display()}"


class CaseEvent(models.Model):
    """One line of a case's history. Only added."""

    class Verb(models.TextChoices):
        OPENED = "opened", "Opened"
        REOPENED = "reopened", "Opened again"
        CHANGED = "changed", "Changed"
        CLOSED = "closed", "Closed by itself"
        RESOLVED = "resolved", "Resolved"
        ASSIGNED = "assigned", "Assigned"
        TAKEN = "taken", "Taken over"
        SNOOZED = "snoozed", "Snoozed"
        WOKE = "woke", "Woke up"
        SKIPPED = "skipped", "Skipped"
        NOTED = "noted", "Note"
        EDITED = "edited", "Findings edited"
        ACTED = "acted", "Acted"

    case = models.ForeignKey(Case, models.CASCADE, related_name="history", db_index=False)
    shop = models.ForeignKey(Shop, models.PROTECT, related_name="+")
    cause = models.CharField(max_length=20, choices=Cause)
    at = models.DateTimeField(db_default=Now())
    verb = models.CharField(max_length=8, choices=Verb)
    text = models.TextField(help_text="One sentence for a person, or the note itself")
    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    data = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["case", "-id"], name="case_event_newest"),
            models.Index(
                fields=["shop", "at", "cause"],
                name="case_event_trend",
                condition=Q(verb__in=["opened", "reopened"]),
            ),
            models.Index(
                fields=["actor", "at", "case"],
                name="case_event_skips",
                condition=Q(verb="skipped"),
            ),
        ]

    def __str__(self) -> str:
        return self.text


class CaseWatch(models.Model):
    """Somebody wants to hear of a case without owning it."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="watches")
    user = models.ForeignKey(User, models.CASCADE, related_name="+", db_index=False)
    since = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "case"], name="case_watched_once")]

    def __str__(self) -> str:
        return f"{self.user} watches {self.case}"


class CaseCount(models.Model):
    """How many unresolved cases there are, as a sum of deltas that a trigger writes."""

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="+", db_index=False)
    cause = models.CharField(max_length=20)
    state = models.CharField(max_length=8)
    owner = models.ForeignKey(User, models.CASCADE, null=True, related_name="+")
    delta = models.IntegerField()

    class Meta:
        indexes = [
            models.Index(
                fields=["shop", "state", "cause", "owner"],
                include=["delta"],
                name="case_count_sum",
            )
        ]

    def __str__(self) -> str:
        return f"{self.cause} {self.state} {self.delta:+d}"
